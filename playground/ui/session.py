"""A page session is what one visitor has open: a record whose knobs can be turned, and which the URL describes.

At a click, Streamlit starts the visitor's next script, while the former script may still compute a frame of a run. A
script holds the session's lock while it works, so that the two never train one network at the same time.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

import streamlit as st

from ..settings.knobs import Choice, Knob
from ..settings.lesson import Lesson
from ..settings.record import Record
from .address import SECTION, Query, address_bar, knobs


def alone(method: Callable) -> Callable:
    """A method of a session that holds the session's lock: it waits until the visitor's former script is done."""

    @wraps(method)
    def held(session, *args, **kwargs):
        with session.lock:
            return method(session, *args, **kwargs)

    return held


class PageSession:
    """Base of what a visitor can have open.

    Attributes:
        kind: the kind of record.
        experiment: what the knobs say.
        notices: sentences about what was replaced in the URL.
        message: a sentence about what the last change did; "" if there is nothing to say.
        address: the URL's parameters, all of them.
        lesson: the lesson in the link.
        lock: held by the script that works with the session.
        invalid_fields: see `fields.Session`.
    """

    kind: type[Record]

    def __init__(self, experiment: Record, notices: list[str]):
        self.experiment = experiment
        self.notices = notices
        self.message = ""
        self.address: dict[str, str] = {}
        self.invalid_fields: dict[str, tuple[str, str]] = {}
        self.lesson = Lesson()
        self.lock = threading.RLock()

    @property
    def knobs(self) -> dict[str, Knob]:
        """The knobs of the experiment."""
        return self.kind.knobs()

    @property
    def current(self) -> Record:
        """The experiment with the present values of its knobs."""
        return self.experiment

    def turn(self, **values: Any) -> None:
        """Set knobs."""
        self.notices = []
        self.message = ""
        self.invalid_fields = {}
        self.experiment = replace(self.experiment, **values)

    def shows(self, name: str) -> bool:
        """Whether the page shows the control of a knob: the knob has an effect, and the lesson does not hide it."""
        names = (name, *self.knobs[name].formerly)
        return self.applies(name) and any(map(self.lesson.shows, names))

    def applies(self, name: str) -> bool:
        """Whether a knob does anything as things stand, and has a control."""
        knob = self.knobs[name]
        return self.current.applies(name) and not (isinstance(knob, Choice) and len(knob.options) == 1)

    def highest(self, name: str) -> float:
        """The highest value of a knob that still makes a difference."""
        return self.knobs[name].high

    def show_actions(self) -> None:
        """Show what can be done beside sharing."""

    def fans(self) -> list[tuple[int, int]]:
        """fan_in and fan_out of each layer with weights."""
        raise NotImplementedError


AnySession = TypeVar("AnySession", bound=PageSession)


def read(kind: type[PageSession], query: Query) -> tuple[Record, Lesson, list[str]]:
    """The record and the lesson that an address describes, and what was replaced in it."""
    of_lesson = {name: text for name, text in query.items() if name in Lesson.knobs()}
    record, notices = kind.kind.from_query({name: text for name, text in knobs(query).items() if name not in of_lesson})
    lesson, more = Lesson.from_query(of_lesson)
    return record, lesson, notices + more


def describes(query: Query, session: PageSession) -> bool:
    """Whether an address describes, without a mistake, what the session has open."""
    record, lesson, notices = read(type(session), query)
    return not notices and record.to_query() | lesson.to_query() == knobs(session.address)


def open_session(kind: type[AnySession]) -> AnySession:
    """The visitor's session of this kind; a new one if there is none yet, or if the visitor asks for another one."""
    key, bar = f"open {kind.__name__}", address_bar()
    session, asked = st.session_state.get(key), bar.asked or {}
    if session is None or (knobs(asked) and not describes(asked, session)):
        record, lesson, notices = read(kind, asked)
        session = st.session_state[key] = kind(record, notices)
        session.lesson = lesson
    bar.asked = None
    with session.lock:  # waits until the former script no longer uses it
        return session


def show_notices(session: PageSession) -> None:
    """Show what was replaced in the URL."""
    if session.notices:
        st.warning("  \n".join(session.notices), icon=":material/link_off:")


def write_address(session: PageSession, section: str = "") -> None:
    """Write into the URL the values of the knobs, the section of the page, and the lesson."""
    session.address = (
        session.experiment.to_query() | ({SECTION: section} if section else {}) | session.lesson.to_query()
    )
    bar = address_bar()
    if bar.meaning is None and describes(bar.query, session):
        bar.stands_for(session.address)
    bar.write(session.address)
