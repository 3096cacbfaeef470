"""A desk is what one visitor has open on a page: a record whose knobs can be turned, and which the URL describes.

At a click, Streamlit starts the visitor's next script while the former one, that plays a run, still finishes what it is
at. So that they don't train one network at the same time, who works at a desk holds its lock.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

import streamlit as st

from ..settings.knobs import Knob
from ..settings.lesson import Lesson
from ..settings.record import Record
from . import navigation

SECTION = "section"  # in the URL and in the session


def alone(method: Callable) -> Callable:
    """A method of a desk that first waits until the visitor's former script has let go of it."""

    @wraps(method)
    def held(desk, *args, **kwargs):
        with desk.lock:
            return method(desk, *args, **kwargs)

    return held


class Desk:
    """Base of what a visitor can have open.

    Attributes:
        kind: the kind of record.
        experiment: what the knobs say.
        notices: sentences on what was replaced in the URL.
        message: a sentence on what the last change did; "" if there is nothing to say.
        address: the URL's parameters as last written.
        lesson: what the link said besides.
        lock: held by the script that works at it.
        mistakes: for each field in which something else than a number stands: what, and a sentence on it.
    """

    kind: type[Record]

    def __init__(self, experiment: Record, notices: list[str]):
        self.experiment = experiment
        self.notices = notices
        self.message = ""
        self.address: dict[str, str] = {}
        self.mistakes: dict[str, tuple[str, str]] = {}
        self.lesson = Lesson()
        self.lock = threading.RLock()

    @property
    def knobs(self) -> dict[str, Knob]:
        """The knobs of the experiment."""
        return self.kind.knobs()

    @property
    def current(self) -> Record:
        """The experiment with the values that its knobs have now."""
        return self.experiment

    def turn(self, **values: Any) -> None:
        """Set knobs."""
        self.notices = []
        self.message = ""
        self.mistakes = {}
        self.experiment = replace(self.experiment, **values)

    def applies(self, name: str) -> bool:
        """Whether a knob does anything as things stand."""
        return True

    def highest(self, name: str) -> float:
        """The highest value of a knob that still makes a difference."""
        return self.knobs[name].high

    def fans(self) -> list[tuple[int, int]]:
        """fan_in and fan_out of each layer with weights."""
        raise NotImplementedError


AnyDesk = TypeVar("AnyDesk", bound=Desk)


def open_desk(kind: type[AnyDesk]) -> AnyDesk:
    """The visitor's desk of this kind; one that the URL describes, where it is new or has changed."""
    navigation.ensure()
    query = {name: text for name, text in st.query_params.items() if name != SECTION}
    key = f"open {kind.__name__}"
    desk = st.session_state.get(key)
    known = {name: text for name, text in desk.address.items() if name != SECTION} if desk else {}
    if desk is None or (query and query != known):
        of_lesson = {name: text for name, text in query.items() if name in Lesson.knobs()}
        own = {name: text for name, text in query.items() if name not in of_lesson}
        desk = st.session_state[key] = kind(*kind.kind.from_query(own))
        desk.lesson, notices = Lesson.from_query(of_lesson)
        desk.notices += notices
    with desk.lock:  # from here on, the former script no longer works at it
        return desk


def choose_section(sections: dict[str, str]) -> str:
    """A page's section: the one in the URL, or the one that was chosen; {name in URLs: name on the screen}."""
    navigation.ensure()
    asked = st.query_params.get(SECTION)  # none where another was just chosen on the page
    if asked in sections:
        st.session_state[SECTION] = asked
    elif st.session_state.get(SECTION) not in sections:  # none yet, or that of another page
        st.session_state[SECTION] = next(iter(sections))
    st.segmented_control(
        "Section", list(sections), format_func=sections.get, key=SECTION, required=True, persist_state="session",
        label_visibility="collapsed", on_change=st.query_params.clear,
    )  # fmt: skip
    return st.session_state[SECTION]


def show_notices(desk: Desk) -> None:
    """What was replaced in the URL."""
    if desk.notices:
        st.warning("  \n".join(desk.notices), icon=":material/link_off:")


def write_address(desk: Desk, section: str = "") -> None:
    """Let the URL say what the knobs say, and in which section of the page."""
    desk.address = desk.experiment.to_query() | ({SECTION: section} if section else {}) | desk.lesson.to_query()
    if st.query_params.to_dict() != desk.address:
        st.query_params.from_dict(desk.address)
