"""A cache: what many visitors ask for alike is computed once, and shared by all who ask; nobody changes it.

An experiment gives the same numbers for everyone, so a class that opens one lesson and presses Play sees the same
pictures, moment by moment. The first to come computes them.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

Thing = TypeVar("Thing")

MOST = 3000  # pictures, of some 10 kB each


class Cache:
    """A bounded store; what was not asked for the longest is forgotten first."""

    def __init__(self, most: int = MOST):
        self._most = most
        self._things: OrderedDict[Hashable, object] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Thing]) -> Thing:
        """What stands under the key, or what `make()` gives, which then stands there. It is not to be changed."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
                return self._things[key]
        made = make()  # not under the lock: others go on meanwhile
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
