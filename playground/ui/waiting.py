"""Waiting on a page, for a turn at computing or for jobs, until a click or a closed tab ends it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st

from ..server import log
from ..server.jobs import JOBS
from ..server.scheduler import SCHEDULER

Result = TypeVar("Result")

AT_ONCE = 0.3  # seconds: a shorter wait needs no progress bar


@contextmanager
def turn(urgent: bool = False) -> Iterator[Callable[[], None]]:
    """A turn at computing; see `Scheduler.turn`."""
    began = time.monotonic()
    with SCHEDULER.turn(urgent, notice_clicks) as give_way:
        log.waited(time.monotonic() - began)
        yield give_way


def side_by_side(what: str, function: Callable[..., Result], arguments: Sequence[tuple]) -> list[Result]:
    """The results of a function for each tuple of arguments, with progress and time left; see `Jobs.side_by_side`.

    Args:
        what: what the visitor waits for.
    """
    began, first, place = time.monotonic(), None, st.empty()

    def show(done: float) -> None:
        nonlocal first
        notice_clicks()
        took = time.monotonic() - began
        first = done if first is None else first  # others may have asked for the same before
        if took > AT_ONCE:
            left = f", {took * (1 - done) / (done - first):,.0f} s left" if done > first else ""
            place.progress(min(1.0, done), what + left)

    results = JOBS.side_by_side(function, arguments, show)
    place.empty()
    return results


def notice_clicks() -> None:
    """End this script if there was a click, or the tab was closed: Streamlit checks that when the state is read."""
    st.session_state.get("any")
