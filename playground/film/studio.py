"""The studio makes each segment once, whoever asks for it and however many: from caches, or by worker processes.

A film is made in order, segment by segment, because each begins where the one before ends; films take turns. The states
between segments are kept too, so that a film with a change in it goes on from where the unchanged one was.
"""

import asyncio
import hashlib
import math
import os
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..server.cache import Cache
from ..settings import limits
from ..training.experiment import Experiment
from .segment import Made, Recorder, cuts, make, make_batches, taken_up

IN_SERVER = 2  # so many segments of a film are made in the server's process, which has them sooner than a worker
IDLE = 300  # seconds without work after which workers may have ended, and twice as many after which they do
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}  # as in the server's process


class Busy(Exception):
    """More is asked for than can be made soon."""


class State(NamedTuple):
    """A trainer between two segments.

    Attributes:
        pickled: the trainer.
        steps: its mini-batches so far.
    """

    pickled: bytes
    steps: int


def _weight(stored: bytes | State) -> int:
    return len(stored.pickled) if isinstance(stored, State) else len(stored)


@cache
def version() -> str:
    """A name for the code that makes films: other code gives other segments, under other addresses."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


class Studio:
    """Makes segments.

    Args:
        mebibytes: of segments, and of states, to keep at most.
        waiting: how many segments may be asked for at the same time.
    """

    def __init__(self, mebibytes: int = limits.FILM_MIB, waiting: int = limits.FILMS_WAITING):
        self.segments = Cache(mebibytes * 2**20, _weight)
        self.states = Cache(mebibytes * 2**20, _weight)
        self._workers_since = -math.inf  # when they were last used, or began to start
        self._started: Future | None = None
        self._making: dict[Hashable, asyncio.Task] = {}
        self._wanted: dict[Hashable, int] = {}
        self._waiting = waiting
        self._turns = asyncio.Semaphore(max(1, _workers()))  # the others wait in the order in which they came

    async def segment(self, experiment: Experiment, k: int) -> bytes:
        """Segment k of the film of an experiment.

        Raises:
            Busy: if too much is being made already.
        """
        return await self._once((experiment, k), lambda: self._make(experiment, k))

    async def batches(self, experiment: Experiment, epoch: int) -> bytes:
        """The segment of the mini-batches after the end of an epoch. Raises Busy as `segment` does."""
        return await self._once((experiment, "epoch", epoch), lambda: self._make_batches(experiment, epoch))

    def trainer(self, experiment: Experiment, step: int) -> Recorder:
        """The trainer of an experiment after a number of mini-batches: taken up from the nearest state, and trained."""
        state = None
        for k in range(step + 1):  # an epoch has a mini-batch at least
            if cuts(experiment, k)[0] > min(step, experiment.epochs):
                break
            found = self.state(experiment, k)
            if found is not None and found.steps <= step:
                state = found
        trainer = taken_up(experiment, state and state.pickled)
        trainer.run(step - trainer.steps)
        trainer.record()
        return trainer

    def state(self, experiment: Experiment, k: int) -> State | None:
        """The state after segment k, if it is kept; that of the experiment before it was changed will do."""
        changes = experiment.changes
        for known in range(len(changes), -1, -1):
            found = self.states.find(_state_key(experiment, k, known))
            if found is not None and all(change.step > found.steps for change in changes[known:]):
                return found
        return None

    async def _once(self, key: Hashable, make: Callable) -> bytes:
        """What is stored under a key, or is being made for somebody else, or is made now; given up if nobody waits."""
        found = self.segments.find(key)
        if found is not None:
            return found
        if key not in self._making:
            if len(self._making) >= self._waiting:
                raise Busy
            self._making[key] = asyncio.ensure_future(make())
        task = self._making[key]
        self._wanted[key] = self._wanted.get(key, 0) + 1
        try:
            return await asyncio.shield(task)
        finally:
            self._wanted[key] -= 1
            if not self._wanted[key]:
                del self._wanted[key], self._making[key]
                task.cancel()

    async def _make(self, experiment: Experiment, k: int) -> bytes:
        state = None
        if k:
            state = self.state(experiment, k - 1)
            if state is None:
                await self.segment(experiment, k - 1)
                state = self.state(experiment, k - 1)
        made: Made = await self._work(k < IN_SERVER, make, experiment, k, state and state.pickled)
        known = sum(change.step <= made.steps for change in experiment.changes)
        self.states.put(_state_key(experiment, k, known), State(made.state, made.steps))
        self.segments.put((experiment, k), made.segment)
        return made.segment

    async def _make_batches(self, experiment: Experiment, epoch: int) -> bytes:
        k = 0
        while cuts(experiment, k)[1] <= epoch:
            k += 1
        state = None
        if k:
            await self.segment(experiment, k - 1)
            state = self.state(experiment, k - 1)
        made = await self._work(True, make_batches, experiment, epoch, state and state.pickled)
        self.segments.put((experiment, "epoch", epoch), made)
        return made

    async def _work(self, here: bool, function: Callable, *args: Any) -> Any:
        """The result of a function, computed in a thread of this process, or by a worker as soon as one has started."""
        async with self._turns:
            if here or not self._workers_ready():
                return await asyncio.to_thread(function, *args)
            return await asyncio.wrap_future(workers().submit(function, *args))

    def _workers_ready(self) -> bool:
        """Whether workers have started; if they have not, or have ended as there was nothing to do, start them."""
        if not _workers():
            return False
        now = time.monotonic()
        if self._started is None or now - self._workers_since > IDLE:
            self._started = workers().submit(version)  # importing all that a film needs takes a worker seconds
        self._workers_since = now
        return self._started.done()


def _state_key(experiment: Experiment, k: int, known: int) -> Hashable:
    """Of the state after segment k, in which so many of the changes have taken hold."""
    return replace(experiment, changes=experiment.changes[:known], epochs=limits.EPOCHS), k


def _workers() -> int:
    return min(limits.WORKERS, os.cpu_count() or 1)


def workers():
    """The pool of worker processes; they start when they are first needed, and end when they are idle."""
    from joblib.externals.loky import get_reusable_executor  # takes 0.2 s, which the first picture need not wait for

    return get_reusable_executor(max_workers=_workers(), timeout=2 * IDLE, env=ONE_THREAD)


STUDIO = Studio()
