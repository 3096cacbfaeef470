"""Navigation: every file in `pages/` is a page, and tells of itself in its constant `PAGE`."""

import ast
from functools import cache
from pathlib import Path

import streamlit as st

PAGES = Path(__file__).parents[2] / "pages"
BY_NAVIGATION = "by navigation"  # in the session, where its scripts begin with `navigate`


@cache  # Streamlit's own cache copies what it holds: 4 ms for the six pages, at every click
def about(path: Path, changed: float) -> dict:
    """The constant `PAGE` of a page's file, read without running it; `changed` is when the file was."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "PAGE":
            return ast.literal_eval(node.value)
    raise ValueError(f"{path.name} has no constant PAGE")


def pages() -> list:
    """The pages in the order of their positions; the first is the one that the app opens on."""
    found = [(path, about(path, path.stat().st_mtime)) for path in PAGES.glob("*.py")]
    found.sort(key=lambda page: page[1]["position"])
    return [st.Page(path, title=page["title"], icon=page["icon"], default=path == found[0][0]) for path, page in found]


def navigate() -> None:
    """Show the navigation, and run the page that was chosen."""
    st.session_state[BY_NAVIGATION] = True
    page = st.navigation(pages())
    # after the navigation, whose icons a browser would otherwise fetch from elsewhere for its tab
    st.set_page_config(page_title=f"{page.title} · Neural network playground", page_icon="🧠", layout="wide")
    page.run()


def ensure() -> None:
    """Run the page from `streamlit_app.py`, even where a link to it is the first thing that a new server is asked for.

    Until a script has called `st.navigation`, Streamlit runs the files in `pages/` by themselves: without navigation,
    titles and layout. One call ends that for all visitors.
    """
    if not st.session_state.get(BY_NAVIGATION):
        st.navigation(pages(), position="hidden")
        st.rerun()
