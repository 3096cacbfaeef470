"""A cache: what many visitors need is computed once and shared by all of them; nobody may change it.

An experiment gives the same numbers for everyone, so a class that opens one lesson and presses Play sees the same
pictures, moment by moment. The first visitor's request computes them.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

Thing = TypeVar("Thing")

MOST = 3000  # pictures, of about 10 kB each


class Cache:
    """A store of limited size; what has not been used for the longest time is dropped first."""

    def __init__(self, most: int = MOST):
        self._most = most
        self._things: OrderedDict[Hashable, object] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Thing]) -> Thing:
        """What is stored under the key; if nothing is, the result of `make()`, now stored. It must not be changed."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
                return self._things[key]
        made = make()  # without the lock, so that others can go on
        with self._lock:
            self._things[key] = made
            while len(self._things) > self._most:
                self._things.popitem(last=False)
        return made

    def __len__(self) -> int:
        return len(self._things)


CACHE = Cache()


def is_shared(view: Callable) -> bool:
    """Whether a function is the same for all visitors: not one that a page has made for this visitor."""
    return getattr(view, "__closure__", True) is None and "<" not in view.__qualname__
