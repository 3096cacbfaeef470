"""The log: one line of JSON for each start, error and long wait; nothing about who visits, or what they do."""

import json
import logging
import os
import sys
import time
from functools import cache

from ..settings.limits import LIMITS, PREFIX
from .scheduler import SCHEDULER

LONG_WAIT = 1.0  # seconds of waiting from which the machine counts as saturated
QUIET = 60.0  # at least so many seconds between two log lines about that


class Lines(logging.Formatter):
    """A record as a line of JSON: when, how bad, what happened, and its figures. For an error, its kind and place."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"time": self.formatTime(record), "level": record.levelname.lower(), "event": record.getMessage()}
        line |= getattr(record, "figures", {})
        if record.exc_info and record.exc_info[1]:
            line |= place_of(record.exc_info[1])
        return json.dumps(line)


def place_of(error: BaseException) -> dict[str, str | int]:
    """The kind of an error, and where it was raised; not its message, which may hold what a visitor sent."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    found = {"error": type(error).__name__}
    if trace:
        code = trace.tb_frame.f_code
        found |= {"module": trace.tb_frame.f_globals.get("__name__", ""), "in": code.co_name, "line": trace.tb_lineno}
    return found


@cache
def logger() -> logging.Logger:
    """The logger of the app. Errors that Streamlit catches on a page go there as well."""
    found = logging.getLogger("playground")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    found.addHandler(handler)
    found.setLevel(logging.INFO)
    found.propagate = False
    errors = logging.getLogger("streamlit.error_util")
    errors.addHandler(handler)
    return found


def log(event: str, level: int = logging.INFO, **figures) -> None:
    """Write a line."""
    logger().log(level, event, extra={"figures": figures})


@cache
def started() -> None:
    """Write, once, that the app has started, and with which limits."""
    log(
        "start",
        turns_at_once=SCHEDULER.at_once,
        limits={PREFIX + name: limit.read(os.environ) for name, limit in LIMITS.items()},
    )


_last_told = -QUIET


def waited(seconds: float) -> None:
    """Write that a session waited long for its turn, but not too often."""
    global _last_told
    now = time.monotonic()
    if seconds >= LONG_WAIT and now - _last_told >= QUIET:
        _last_told = now
        log("saturated", logging.WARNING, waited_seconds=round(seconds, 2), waiting=SCHEDULER.waiting)
