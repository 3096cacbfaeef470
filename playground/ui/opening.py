"""The top of every section: its address, what to do, a button to share it, and what was wrong in the link."""

import re

import streamlit as st

from . import share
from .session import PageSession, show_notices, write_address

# For a projector: larger text, and no captions.
PRESENTER = """<style>
html { font-size: 20px; }
[data-testid="stCaptionContainer"], [data-testid="stExpander"], [data-testid="stSidebarNav"] { display: none; }
[data-testid="stMainBlockContainer"] { padding: 2rem 2rem 1rem; }
</style>"""


def opening(session: PageSession, words: str, section: str = "") -> None:
    """Write into the URL what is open, and say what to do: the lesson's task, or `words`."""
    write_address(session, section)
    lesson = session.lesson
    if lesson.present:
        st.html(PRESENTER)
    with st.container(horizontal=True, vertical_alignment="center", key="opening"):
        if lesson.title or lesson.task:
            with st.container(border=True):
                title = f"**{plain(lesson.title)}**  \n" if lesson.title else ""
                st.markdown(title + plain(lesson.task))
        else:
            st.markdown(words, width="stretch")
        share.popover(session)
        session.show_actions()
    if lesson != type(lesson)():
        st.button("Leave the lesson", icon=":material/logout:", key="leave-lesson", on_click=_leave, args=(session,))
    show_notices(session)


def plain(text: str) -> str:
    """Text of a link, escaped for a page that reads Markdown, so that it is never markup or an address."""
    text = re.sub(r"(//|www|@)", "\\1\u200b", text, flags=re.IGNORECASE)  # addresses are links even where escaped
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def _leave(session: PageSession) -> None:
    session.lesson = type(session.lesson)()
