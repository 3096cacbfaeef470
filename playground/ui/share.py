"""Share: a link to what is open, as text and as a QR code, and if wished as a lesson."""

import io
from functools import lru_cache
from urllib.parse import urlencode

import segno
import streamlit as st

from ..settings.knobs import Knob
from ..settings.lesson import Lesson
from .session import PageSession

QR_MOST = 2000  # characters of a link: a camera can still read it from a projector


def popover(session: PageSession) -> None:
    """A button that shows the link."""
    with st.popover("Share", icon=":material/link:"):
        st.markdown("This link opens the same, with the same numbers, to the last bit.")
        lesson = lesson_fields(session)
        address = link(session, lesson)
        st.code(address, wrap_lines=True)
        if len(address) > QR_MOST:
            st.caption("This link is too long for a QR code.")
        elif st.toggle("QR code", key="share-qr"):
            st.image(qr_code(address), caption="The link as a QR code", width=280)


def lesson_fields(session: PageSession) -> Lesson:
    """Fields for what else the link may hold: a title, a task, the controls to show, and the presenter view."""
    knobs, shown = Lesson.knobs(), [name for name in session.knobs if session.applies(name)]
    with st.expander("As a lesson", icon=":material/school:"):
        title = st.text_input("Title", key="share-title", max_chars=knobs["title"].most, help=knobs["title"].help)
        task = st.text_input("Task", key="share-task", max_chars=knobs["task"].most, help=knobs["task"].help)
        fixed = st.multiselect(
            "Controls to fix", shown, key="share-fixed", format_func=lambda name: session.knobs[name].label,
            help="They stand as they are now, out of sight. All others stay.",
        )  # fmt: skip
        present = st.toggle(knobs["present"].label, key="share-present", help=knobs["present"].help)
    controls = tuple(name for name in shown if name not in fixed) if fixed else None
    return Lesson(_near(knobs["title"], title), _near(knobs["task"], task), controls, present)


def _near(knob: Knob, text: str) -> str:
    return knob.nearest(text)


def link(session: PageSession, lesson: Lesson) -> str:
    """The address that opens the session's experiment, with the lesson."""
    page = (st.context.url or "").split("?")[0]
    own = {name: text for name, text in session.address.items() if name not in Lesson.knobs()}
    return f"{page}?{urlencode(own | lesson.to_query())}"


@lru_cache(maxsize=64)
def qr_code(address: str) -> bytes:
    """A QR code as PNG, with the margin that cameras ask for."""
    picture = io.BytesIO()
    segno.make(address, error="l").save(picture, kind="png", scale=6, border=4)
    return picture.getvalue()
