"""Jobs: what takes seconds is computed on all cores, in slices between which others come, and once for all who ask."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from .shelf import Shelf
from .turns import PATIENCE, Turns, nothing

Result = TypeVar("Result")


class Abandoned(Exception):
    """Nobody wants the result any more."""


class Jobs:
    """What computes jobs, for any number of visitors.

    Args:
        cores: how many slices are computed at once.
        begun: how many jobs may have begun: each holds memory, up to some 140 MB.
        kept: how many results are kept.
    """

    def __init__(self, cores: int, begun: int, kept: int):
        self._turns, self._begun = Turns(cores), Turns(begun)
        self._results = Shelf(kept)

    def side_by_side(
        self, function: Callable[..., Result], arguments: Sequence[tuple], while_waiting: Callable[[], object] = nothing
    ) -> list[Result]:
        """What a function gives for each tuple of arguments, in order; results are kept, and not to be changed.

        Args:
            function: takes the arguments, which are hashable, and then a function without arguments, which it calls
                between any two slices of its work.
            while_waiting: called again and again. What it raises ends all.
        """
        abandoned = threading.Event()

        def check() -> None:
            if abandoned.is_set():
                raise Abandoned

        def compute(each: tuple) -> Result:
            with self._begun.turn(while_waiting=check), self._turns.turn(while_waiting=check) as after_you:
                return function(*each, after_you)

        def get(each: tuple) -> Result:
            return self._results.get((function, each), lambda: compute(each), check)

        pool = ThreadPoolExecutor(self._turns.at_once)
        try:
            futures = [pool.submit(get, each) for each in arguments]
            while wait(futures, PATIENCE).not_done:
                while_waiting()
            return [future.result() for future in futures]
        finally:
            abandoned.set()
            pool.shutdown(wait=False, cancel_futures=True)


# A line of its own: a job's slices are matrix products, which leave Python free for those who play.
CORES = os.cpu_count() or 1
JOBS = Jobs(CORES, begun=3 * CORES, kept=256)
