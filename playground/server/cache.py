"""A cache: what many visitors need is computed once and shared by all of them; nobody may change it.

An experiment gives the same numbers for everyone, so a class that opens one lesson and presses Play sees the same
pictures, moment by moment. The first visitor's request computes them.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Thing = TypeVar("Thing")

MOST = 3000  # pictures, of about 10 kB each


def one(_: object) -> int:
    """The weight of a thing where only their number counts."""
    return 1


class Cache:
    """A store of limited size; what has not been used for the longest time is dropped first.

    Args:
        most: weight of all that is stored, at most.
        weigh: gives the weight of a thing: by default, all weigh 1.
    """

    def __init__(self, most: int = MOST, weigh: Callable[[Any], int] = one):
        self._most, self._weigh, self._weight = most, weigh, 0
        self._things: OrderedDict[Hashable, object] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Thing]) -> Thing:
        """What is stored under the key; if nothing is, the result of `make()`, now stored. It must not be changed."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
                return self._things[key]
        made = make()  # without the lock, so that others can go on
        self.put(key, made)
        return made

    def find(self, key: Hashable) -> Any:
        """What is stored under the key; None if nothing is."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
            return self._things.get(key)

    def put(self, key: Hashable, thing: object) -> None:
        """Store a thing under the key."""
        with self._lock:
            before = self._things.pop(key, None)
            self._weight += self._weigh(thing) - (0 if before is None else self._weigh(before))
            self._things[key] = thing
            while self._weight > self._most:
                self._weight -= self._weigh(self._things.popitem(last=False)[1])

    def __len__(self) -> int:
        return len(self._things)


CACHE = Cache()


def is_shared(view: Callable) -> bool:
    """Whether a function is the same for all visitors: not one that a page has made for this visitor."""
    return getattr(view, "__closure__", True) is None and "<" not in view.__qualname__
