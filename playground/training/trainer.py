"""A trainer runs an experiment mini-batch by mini-batch, and its history keeps earlier moments to look back at."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..nn import NeuralNetwork
from ..settings import limits
from .experiment import Experiment
from .loop import Training

HISTORY_BYTES = limits.HISTORY_MIB * 2**20  # for the states of one run; older ones are thinned out to stay below
HISTORY_LENGTH = limits.HISTORY_LENGTH  # states at most
FEWEST_STATES = 4  # if the history could not hold more, it keeps none
TO_THE_END = 10**9  # mini-batches: more than any run has


@dataclass(frozen=True)
class Moment:
    """What a run looked like after `step` mini-batches.

    Attributes:
        step: mini-batches since the start.
        epoch: passes through the training set, a fraction within one.
        train_loss, train_accuracy, held_out_loss, held_out_accuracy: in evaluation. Held out are the points for
            validation where there are any, or else those for testing; NaN without either.
        update_ratios: |change of W| / |W| in the last step, for each layer with weights; NaN before the first.
    """

    step: int
    epoch: float
    train_loss: float
    train_accuracy: float
    held_out_loss: float
    held_out_accuracy: float
    update_ratios: tuple[float, ...]


class History:
    """All moments of a run, and the network's state at as many of them as memory allows, evenly thinned.

    Args:
        state_bytes: size of a state.
        most: states at most, however small.

    Attributes:
        moments: every recorded moment, oldest first.
        fingerprints: for each moment, a number that identifies the steps at which it and all before it were recorded.
        kept: the indices of the moments whose state is kept: always with the first and the newest. For a stack so
            large that not even a few states fit, none is kept.
    """

    def __init__(self, state_bytes: int, most: int = HISTORY_LENGTH):
        self.moments: list[Moment] = []
        self.fingerprints: list[int] = []
        self._states: dict[int, dict[str, np.ndarray]] = {}
        self._capacity = min(most, HISTORY_BYTES // state_bytes)
        self._stride = 1

    def add(self, moment: Moment, state: Callable[[], dict[str, np.ndarray]]) -> None:
        """Record a moment, and the state that `state()` gives. At full capacity, every other state is dropped."""
        newest = len(self.moments) - 1
        self.fingerprints.append(hash((self.fingerprints[-1] if self.fingerprints else 0, moment.step)))
        if self._capacity < FEWEST_STATES:
            self.moments.append(moment)
            return
        if newest % self._stride:
            self._states.pop(newest, None)
        self.moments.append(moment)
        self._states[newest + 1] = state()
        while len(self._states) > self._capacity:
            self._stride *= 2
            self._states = {i: s for i, s in self._states.items() if i % self._stride == 0 or i == newest + 1}

    @property
    def kept(self) -> list[int]:
        """Indices of the moments whose state is kept."""
        return list(self._states)

    def state(self, index: int) -> dict[str, np.ndarray]:
        """The network's state at moment `index`, one of `kept`."""
        return self._states[index]


class Loop:
    """Base of all that trains mini-batch by mini-batch, for so many of them or for so long."""

    @property
    def finished(self) -> bool:
        """Whether all epochs are done."""
        raise NotImplementedError

    @property
    def diverged(self) -> str:
        """Why no network trains any more; "" while one still does."""
        raise NotImplementedError

    def step(self) -> None:
        """Train on one mini-batch."""
        raise NotImplementedError

    def run(self, steps: int = TO_THE_END, seconds: float = np.inf) -> None:
        """Train for so many mini-batches, or until the time is over, the last epoch is done, or the run diverges."""
        end = time.monotonic() + seconds
        for _ in range(steps):
            if self.finished or self.diverged:
                break
            self.step()
            if time.monotonic() > end:
                break


class Trainer(Training, Loop):
    """One run of an experiment, with a history.

    Args:
        experiment, network, learning_rates: as those of `Training`.
        states: how many states the history keeps at most.

    Attributes:
        history: moments at the start, after each epoch, and wherever `record` was called.
    """

    def __init__(
        self,
        experiment: Experiment,
        network: NeuralNetwork | None = None,
        learning_rates: np.ndarray | None = None,
        states: int = HISTORY_LENGTH,
    ):
        self._states = states
        super().__init__(experiment, network, learning_rates)

    def step(self) -> None:
        """Train on one mini-batch, unless the run has diverged. At the end of an epoch the moment is recorded."""
        if self.diverged:
            return
        self._before[...] = self.network.parameters
        super().step()

    def record(self) -> None:
        """Record the present moment, if it is a new one and its numbers are valid."""
        if not hasattr(self, "history"):
            self._before = self.network.parameters.copy()
            self.history = History(sum(array.nbytes for array in self.network.state().values()), self._states)
        elif self.history.moments[-1].step == self.steps:
            return
        super().record()
        if np.all(self.overflow):
            return
        with np.errstate(all="ignore"):
            ratios = tuple(self._update_ratios())
        train_loss, train_accuracy, held_out_loss, held_out_accuracy = map(_number, self.figures)
        moment = Moment(
            step=self.steps,
            epoch=self.progress,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            held_out_loss=held_out_loss,
            held_out_accuracy=held_out_accuracy,
            update_ratios=ratios,
        )
        self.history.add(moment, self.network.state)

    @property
    def last_good(self) -> int:
        """The newest moment of `history.kept` with a tolerable loss."""
        kept, moments = self.history.kept, self.history.moments
        return max((i for i in kept if np.all(moments[i].train_loss <= self.tolerable_loss)), default=kept[0])

    def network_at(self, index: int) -> NeuralNetwork:
        """The network as it was at moment `index` of the history, one of `history.kept`; a copy."""
        network = self.network.select()
        network.restore(self.history.state(index))
        return network

    def _update_ratios(self) -> Iterator[Any]:
        """|change of W| / |W| in the last step, layer by layer."""
        start = 0
        for layer in self.network.dense:
            stop = start + math.prod(layer.W.shape[-2:])
            before, after = self._before[..., start:stop], self.network.weights[..., start:stop]
            start = stop
            change = np.linalg.norm(after - before, axis=-1) / np.linalg.norm(before, axis=-1)
            yield _number(change if self.steps else np.full_like(change, np.nan))


def _number(value: np.ndarray) -> Any:
    """A plain number where there is only one; otherwise as it is, shape (*stack)."""
    return float(value) if np.ndim(value) == 0 else value
