"""Jobs: work that takes seconds runs on all cores, in slices, so that others get turns, and once for all visitors."""

import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TypeVar

from .scheduler import PATIENCE, Scheduler, nothing

Result = TypeVar("Result")

GRACE = 2.0  # seconds for which a job goes on while nobody waits: a click runs the page again, which then asks again


class Abandoned(Exception):
    """Nobody waits for the result any more."""


class Job:
    """Something that is being computed, or has been.

    Attributes:
        future: its result.
        done: the share that is done, if the job reports it.
        wanted: when somebody last waited for it, by `time.monotonic`.
    """

    def __init__(self):
        self.future: Future
        self.done = 0.0
        self.wanted = time.monotonic()

    def check(self) -> None:
        """Raise `Abandoned` where nobody waits."""
        if time.monotonic() > self.wanted + GRACE:
            raise Abandoned


class Jobs:
    """Computes jobs, for any number of visitors.

    Args:
        cores: how many slices are computed at once.
        begun: how many jobs may have begun: each holds memory, up to about 140 MB.
        kept: how many results are kept.
    """

    def __init__(self, cores: int, begun: int, kept: int):
        self._cores, self._kept = cores, kept
        self._turns = Scheduler(cores)
        self._pool = ThreadPoolExecutor(begun, "job")
        self._jobs: OrderedDict[tuple, Job] = OrderedDict()
        self._lock = threading.Lock()

    def side_by_side(
        self,
        function: Callable[..., Result],
        arguments: Sequence[tuple],
        while_waiting: Callable[[float], object] = nothing,
    ) -> list[Result]:
        """What a function gives for each tuple of arguments, in order; results are kept, and must not be changed.

        Each call has at most as many jobs under way as there are cores, so that a call with many does not delay others.

        Args:
            function: takes the arguments, which are hashable, and then a function that it calls between any two slices
                of its work, optionally with the share that is done.
            while_waiting: called again and again with the share of all that is done. If it raises, the waiting ends.
        """
        jobs: dict[tuple, Job] = {}
        waiting, running = deque(dict.fromkeys(arguments)), []
        while waiting or running:
            while waiting and len(running) < self._cores:
                running.append(waiting.popleft())
                jobs[running[-1]] = self._job(function, running[-1])
            for each in running:
                jobs[each].wanted = time.monotonic()
            wait([jobs[each].future for each in running], PATIENCE, FIRST_COMPLETED)
            for each in [each for each in running if jobs[each].future.done()]:
                running.remove(each)
                if isinstance(jobs[each].future.exception(), Abandoned):  # just before it was asked for again
                    waiting.append(each)
            while_waiting(sum(job.done for job in jobs.values()) / len(arguments))
        return [jobs[each].future.result() for each in arguments]

    def _job(self, function: Callable, arguments: tuple) -> Job:
        """The job that computes this; it is started if there is none yet."""
        key = function, arguments
        with self._lock:
            job = self._jobs.get(key)
            if job is None or (job.future.done() and job.future.exception()):
                job = self._jobs[key] = Job()
                job.future = self._pool.submit(self._compute, job, partial(function, *arguments))
            self._jobs.move_to_end(key)
            job.wanted = time.monotonic()
            while len(self._jobs) > self._kept and next(iter(self._jobs.values())).future.done():
                self._jobs.popitem(last=False)
            return job

    def _compute(self, job: Job, function: Callable[[Callable], Result]) -> Result:
        job.check()
        with self._turns.turn(while_waiting=job.check) as give_way:

            def pause(done: float = 0.0) -> None:
                job.done = done
                give_way()

            result = function(pause)
        job.done = 1.0
        return result


# With their own turns: a job's slices are matrix products, which leave Python free for visitors whose runs play.
CORES = os.cpu_count() or 1
JOBS = Jobs(CORES, begun=4 * CORES, kept=256)
