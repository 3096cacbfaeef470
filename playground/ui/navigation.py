"""Navigation: every file in `pages/` is a page, described by its constant `PAGE`."""

import ast
from functools import cache
from itertools import pairwise
from pathlib import Path

import streamlit as st

from . import address

PAGES = Path(__file__).parents[2] / "pages"
STYLE = Path(__file__).with_name("screen.css")
ICON = "🧠"  # of the browser's tab


@cache  # Streamlit's own cache copies its entries: 4 ms for the six pages, at every click
def about(path: Path, changed: float) -> dict:
    """The constant `PAGE` of a page's file, read without running the file, which was last changed at `changed`.

    Raises:
        ValueError: if there is none, or if it lacks something; the message says what.
    """
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "PAGE":
            page = ast.literal_eval(node.value)
            if page.keys() != {"title", "icon", "position"}:
                raise ValueError(f"PAGE in {path.name} must have title, icon and position, not {', '.join(page)}.")
            return page
    raise ValueError(f'{path.name} has no constant PAGE = {{"title": ..., "icon": ..., "position": ...}}.')


def described() -> list[tuple[Path, dict]]:
    """The files of the pages with what they say of themselves, in the order of their positions.

    Raises:
        ValueError: if a page does not say what it is, or two have one position.
    """
    found = [(path, about(path, path.stat().st_mtime)) for path in PAGES.glob("*.py")]
    found.sort(key=lambda page: (page[1]["position"], page[0]))
    for (one, here), (other, there) in pairwise(found):
        if here["position"] == there["position"]:
            raise ValueError(f"{one.name} and {other.name} have the same position, {here['position']}.")
    return found


def pages() -> dict[str, st.Page]:
    """The pages by the names of their files; the app opens with the first one."""
    found = described()
    return {
        path.stem: st.Page(path, title=page["title"], icon=page["icon"], default=path == found[0][0])
        for path, page in found
    }


def navigate() -> None:
    """Show the navigation, and run the page that was chosen."""
    # Before `st.navigation`: otherwise a browser fetches the page's own icon, for its tab, from a server of fonts.
    st.set_page_config(page_icon=ICON, layout="wide")
    chosen = st.navigation(list(pages().values()))
    st.set_page_config(page_title=f"{chosen.title} · Neural network playground")
    st.html(STYLE)
    address.arrive()
    chosen.run()
