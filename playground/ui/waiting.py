"""Waiting on a page: for a turn at computing, or for a job; a click, or a closed tab, ends it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st

from ..jobs import JOBS
from ..turns import TURNS
from . import log

Result = TypeVar("Result")


@contextmanager
def turn(urgent: bool = False) -> Iterator[Callable[[], None]]:
    """A turn at computing; see `Turns.turn`."""
    began = time.monotonic()
    with TURNS.turn(urgent, notice_clicks) as after_you:
        log.waited(time.monotonic() - began)
        yield after_you


def side_by_side(function: Callable[..., Result], arguments: Sequence[tuple]) -> list[Result]:
    """What a function gives for each tuple of arguments; see `Jobs.side_by_side`."""
    return JOBS.side_by_side(function, arguments, notice_clicks)


def notice_clicks() -> None:
    """Let a click end this script, or a closed tab: to read the session's state asks for both."""
    st.session_state.get("any")
