"""Navigation over the pages: every file in `pages/` is one, and tells of itself in its constant `PAGE`."""

import ast
from pathlib import Path

import streamlit as st

st.set_page_config(page_title="Neural network playground", page_icon="🧠", layout="wide")


@st.cache_data
def about(path: Path, changed: float) -> dict:
    """The constant `PAGE` of a page's file, read without running it; `changed` is when the file was."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "PAGE":
            return ast.literal_eval(node.value)
    raise ValueError(f"{path} has no constant PAGE")


pages = [(path, about(path, path.stat().st_mtime)) for path in Path(__file__).parent.glob("pages/*.py")]
pages.sort(key=lambda page: page[1]["position"])
st.navigation(
    [st.Page(path, title=page["title"], icon=page["icon"], default=path == pages[0][0]) for path, page in pages]
).run()
