"""Turns: only a few visitors compute at once, in the order in which they came, and clicks come before frames.

Without turns, forty threads share the cores in slices of 5 ms, and all are slow at once: a click then waits for all of
them. With turns a click waits for those who are at work, and goes before those who wait for their next frame.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SLICE = 0.03  # seconds that a turn lasts before others may go first
BREATH = 0.004  # seconds of rest between two checks whether somebody urgent waits
# Seconds between two checks whether a waiting thread still wants its turn. No click waits for that: it starts a script
# of its own. With 80 visitors, checks every 0.05 s take 7 % of Python's time.
PATIENCE = 0.25


def nothing(*_: object) -> None:
    """Do nothing while waiting: the default."""


class Scheduler:
    """A line in which threads wait for their turn.

    Attributes:
        at_once: how many work at the same time.
    """

    def __init__(self, at_once: int):
        self.at_once = self._free = at_once
        self._lock = threading.Lock()
        self._lines = {True: deque(), False: deque()}  # urgent and not, each first come first served

    @contextmanager
    def turn(self, urgent: bool = False, while_waiting: Callable[[], object] = nothing) -> Iterator[Callable[[], None]]:
        """Wait for a turn, and have it as long as the `with` block lasts.

        Yields a function for long work: call it again and again during the work, and it lets waiting threads go first
        once `SLICE` is over.

        Args:
            urgent: whether to go before all that are not urgent.
            while_waiting: called again and again while waiting, also when others go first during the turn. If it
                raises, the turn ends.
        """
        ticket = self._join(urgent)

        def wait() -> None:
            while not ticket.wait(PATIENCE):
                while_waiting()

        def give_way() -> None:
            nonlocal ticket, began
            while_waiting()
            if time.monotonic() < began + SLICE:
                return
            self._leave(ticket, urgent)
            ticket = self._join(urgent)
            wait()
            began = time.monotonic()

        try:
            wait()
            began = time.monotonic()
            yield give_way
        finally:
            self._leave(ticket, urgent)

    def _join(self, urgent: bool) -> threading.Event:
        """Join the line, or get a turn at once if one is free. Returns an event that is set when the turn comes."""
        ticket = threading.Event()
        with self._lock:
            if self._free:
                self._free -= 1
                ticket.set()
            else:
                self._lines[urgent].append(ticket)
        return ticket

    def _leave(self, ticket: threading.Event, urgent: bool) -> None:
        """Give the turn to the next in line; without a turn, just leave the line."""
        with self._lock:
            if not ticket.is_set():
                self._lines[urgent].remove(ticket)
                return
            for line in self._lines.values():
                if line:
                    line.popleft().set()
                    return
            self._free += 1

    def rest(self, seconds: float) -> None:
        """Pause for those who compute without a turn, but only until somebody urgent waits."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._lines[True]:
            time.sleep(BREATH)

    @property
    def waiting(self) -> int:
        """How many wait."""
        with self._lock:
            return sum(map(len, self._lines.values()))


# Python runs one thread at a time, on any number of cores: with 40 visitors, one at work instead of two halves the time
# from a click to its answer, from 0.33 to 0.17 s in the median, and shows more frames. A second core serves a replica.
SCHEDULER = Scheduler(1)
