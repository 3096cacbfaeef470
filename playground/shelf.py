"""The shelf: what many visitors ask for alike is computed once, and shared by all who ask; nobody changes it.

An experiment gives the same numbers for everyone, so a class that opens one lesson and presses Play sees the same
pictures, moment by moment. The first to come computes them.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

from .turns import PATIENCE, nothing

Thing = TypeVar("Thing")


class Shelf:
    """A bounded store; what was not asked for the longest is forgotten first.

    Args:
        most: how many things it holds.
    """

    def __init__(self, most: int):
        self._most = most
        self._things: OrderedDict[Hashable, object] = OrderedDict()
        self._making: dict[Hashable, threading.Event] = {}  # set once it is made, or given up
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Thing], while_waiting: Callable[[], object] = nothing) -> Thing:
        """What stands under the key, or what `make()` gives, which then stands there. It is not to be changed.

        Who asks for what another is making waits for it, and makes it where the other fails.

        Args:
            while_waiting: called again and again while waiting. What it raises ends the waiting.
        """
        while True:
            with self._lock:
                if key in self._things:
                    self._things.move_to_end(key)
                    return self._things[key]
                ready = self._making.setdefault(key, mine := threading.Event())
            if ready is mine:
                return self._make(key, make, ready)
            while not ready.wait(PATIENCE):
                while_waiting()

    def _make(self, key: Hashable, make: Callable[[], Thing], ready: threading.Event) -> Thing:
        try:
            made = make()  # not under the lock: others go on meanwhile
            with self._lock:
                self._things[key] = made
                while len(self._things) > self._most:
                    self._things.popitem(last=False)
            return made
        finally:
            with self._lock:
                del self._making[key]
            ready.set()

    def __len__(self) -> int:
        return len(self._things)
