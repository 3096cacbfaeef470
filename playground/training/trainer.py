"""A trainer runs an experiment mini-batch by mini-batch, and its history keeps what can be looked back at.

Nothing here depends on time or on how often somebody looks: a run is the same however it is cut into steps.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..data.datasets import Data, make_data
from ..nn import ACTIVATIONS, OPTIMIZERS, BatchNorm, Dense, NeuralNetwork, Softmax
from ..settings import limits
from .experiment import Experiment

HISTORY_BYTES = limits.HISTORY_MIB * 2**20  # for the states of one run; older ones are thinned out to stay below
HISTORY_LENGTH = limits.HISTORY_LENGTH  # states at most
FEWEST_STATES = 4  # a network whose history could hold no more is not looked back at


def build_network(experiment: Experiment, rng: np.random.Generator, n_inputs: int, n_classes: int) -> NeuralNetwork:
    """The untrained network of an experiment: hidden layers of Dense, BatchNorm if wanted, activation; then softmax."""
    layers, fan_in = [], n_inputs
    for width in experiment.hidden:
        layers.append(Dense(fan_in, width, experiment.initializer, rng, experiment.DTYPE))
        if experiment.batch_norm:
            layers.append(BatchNorm(width, dtype=experiment.DTYPE))
        layers.append(ACTIVATIONS[experiment.activation]())
        fan_in = width
    return NeuralNetwork([*layers, Dense(fan_in, n_classes, experiment.initializer, rng, experiment.DTYPE), Softmax()])


@dataclass(frozen=True)
class Moment:
    """What a run looked like after `step` mini-batches.

    Attributes:
        step: mini-batches since the start.
        epoch: passes through the training set, a fraction in the midst of one.
        train_loss, train_accuracy, test_loss, test_accuracy: in evaluation; test: NaN without test points.
        update_ratios: |change of W| / |W| in the last step, for each layer with weights; NaN before the first.
    """

    step: int
    epoch: float
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    update_ratios: tuple[float, ...]


class History:
    """All moments of a run, and the network's state at as many of them as memory allows, evenly thinned.

    Args:
        state_bytes: size of a state.
        most: states at most, however small.

    Attributes:
        moments: every recorded moment, oldest first.
        fingerprints: for each moment, a number that tells at which steps it and all before it were recorded.
        kept: the indices of the moments whose state is kept: the first and the newest always among them. Of a stack so
            large that not even a few states fit, none is.
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
        return list(self._states)

    def state(self, index: int) -> dict[str, np.ndarray]:
        """The network's state at moment `index`, one of `kept`."""
        return self._states[index]


class Trainer:
    """One run of an experiment.

    Args:
        experiment: the experiment.
        network: what to train; by default the network that the experiment describes. With a stack of networks, which
            share data and mini-batches, losses, accuracies and the like are arrays of shape (*stack).
        learning_rates: one for each network of a stack, in place of the experiment's; shape (*stack).
        states: how many states the history keeps at most.

    Attributes:
        experiment: the experiment; `change` replaces it by one with the change in it.
        data: the points.
        network: the network as it is now.
        history: moments at the start, after each epoch, and wherever `record` was called.
        steps: mini-batches so far.
        epoch: full passes so far.
        overflow: whether a weight is beyond `LARGEST_WEIGHT`, or no number at all; shape (*stack).
        runaway: whether the median loss of `RUNAWAY_EPOCHS` epochs has been more than `RUNAWAY_LOSS` times what
            the network had at its start, or what guessing would give; shape (*stack).
    """

    LARGEST_WEIGHT = 1e9
    RUNAWAY_LOSS = 10
    RUNAWAY_EPOCHS = 20  # runs that peak for a few epochs, and then learn all the same, are left to go on

    def __init__(
        self,
        experiment: Experiment,
        network: NeuralNetwork | None = None,
        learning_rates: np.ndarray | None = None,
        states: int = HISTORY_LENGTH,
    ):
        self.experiment = experiment
        self.data = experiment_data(experiment)
        self.network = network or initial_network(experiment, self.data)
        self._batches_rng = batches_rng(experiment)
        self._order = self._batches_rng.permutation(self.data.n_train)
        self._position = 0
        self._learning_rates = learning_rates
        self._before = self.network.parameters.copy()
        self.steps = self.epoch = 0
        self.overflow = np.zeros(self.network.stack_shape, bool)
        self.runaway = np.zeros(self.network.stack_shape, bool)
        self._epoch_losses: list[np.ndarray] = []
        self.history = History(sum(array.nbytes for array in self.network.state().values()), states)
        self.change(experiment)
        self._take_hold()
        self.record()

    @property
    def diverged(self) -> str:
        """ "" as long as a network trains on; otherwise why the run stands still: "overflow" or "runaway"."""
        if not (self.overflow | self.runaway).all():
            return ""
        return "overflow" if self.overflow.any() else "runaway"

    @property
    def finished(self) -> bool:
        """Whether all epochs of the experiment are done."""
        return self.epoch >= self.experiment.epochs

    @property
    def progress(self) -> float:
        """Passes through the training set so far, with the fraction of the present one."""
        return self.epoch + self._position / self.data.n_train

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in a pass through the training set, at the present batch size."""
        return -(-self.data.n_train // self.experiment.at(self.steps).batch_size)

    @property
    def steps_to_epoch_end(self) -> int:
        """Mini-batches until the present pass through the training set is done."""
        return -(-(self.data.n_train - self._position) // self.experiment.at(self.steps).batch_size)

    def change(self, experiment: Experiment) -> None:
        """Go on with an experiment that differs in its changes from here on, or in its number of epochs."""
        self.experiment = experiment
        self._changing_steps = {self.steps + 1, *(change.step for change in experiment.changes)}

    def step(self) -> None:
        """Train on one mini-batch. At the end of an epoch the moment is recorded."""
        if self.diverged:
            return
        if self.steps + 1 in self._changing_steps:
            self._take_hold()
        batch = self._order[self._position : self._position + self._now.batch_size]
        self._before[...] = self.network.parameters
        with np.errstate(all="ignore"):  # a run that diverges is told of by `record`
            self.network.step(self.data.X_train[batch], self.data.y_train[batch], self.optimizer, self._now.l2)
        self.steps += 1
        self.overflow |= ~(np.abs(self.network.parameters).max(axis=-1) < self.LARGEST_WEIGHT)
        self._position += len(batch)
        if self._position >= self.data.n_train:
            self.epoch += 1
            self._position = 0
            self._order = self._batches_rng.permutation(self.data.n_train)
            self.record()
            self._watch_runaway()

    def run(self, steps: int, seconds: float = np.inf) -> None:
        """Train for so many mini-batches, or until the time is over, the last epoch is done, or the run diverges."""
        end = time.monotonic() + seconds
        for _ in range(steps):
            if self.finished or self.diverged:
                break
            self.step()
            if time.monotonic() > end:
                break

    def record(self) -> None:
        """Record the present moment, if it is a new one and its numbers are sound."""
        if self.history.moments and self.history.moments[-1].step == self.steps:
            return
        if self.overflow.all():
            return
        with np.errstate(all="ignore"):
            train = self.network.evaluate(self.data.X_train, self.data.y_train)
            test = self.network.evaluate(self.data.X_test, self.data.y_test) if len(self.data.X_test) else (np.nan,) * 2
            ratios = tuple(self._update_ratios())
        moment = Moment(self.steps, self.progress, *map(_number, (*train, *test)), ratios)
        self.history.add(moment, self.network.state)

    @property
    def tolerable_loss(self) -> np.ndarray:
        """The training loss at the start, or that of guessing each class alike, ln K, if this is larger."""
        return np.maximum(self.history.moments[0].train_loss, np.log(self.data.n_classes))

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

    def _watch_runaway(self) -> None:
        self._epoch_losses = [*self._epoch_losses, self.history.moments[-1].train_loss][-self.RUNAWAY_EPOCHS :]
        if len(self._epoch_losses) == self.RUNAWAY_EPOCHS:
            self.runaway |= np.median(self._epoch_losses, axis=0) > self.RUNAWAY_LOSS * self.tolerable_loss

    def _take_hold(self) -> None:
        """Let the values of the live knobs work from the next step on; another optimiser starts afresh."""
        now = self.experiment.at(self.steps)
        if not self.steps or now.optimizer != self._now.optimizer:
            self.optimizer = OPTIMIZERS[now.optimizer]()
        self.optimizer.learning_rate = now.learning_rate if self._learning_rates is None else self._learning_rates
        self._now = now

    def _update_ratios(self) -> Iterator[float | np.ndarray]:
        """|change of W| / |W| in the last step, layer by layer."""
        start = 0
        for layer in self.network.dense:
            stop = start + math.prod(layer.W.shape[-2:])
            before, after = self._before[..., start:stop], self.network.weights[..., start:stop]
            start = stop
            change = np.linalg.norm(after - before, axis=-1) / np.linalg.norm(before, axis=-1)
            yield _number(change if self.steps else np.full_like(change, np.nan))


def _number(value: np.ndarray) -> float | np.ndarray:
    """A plain number where there is only one."""
    return float(value) if np.ndim(value) == 0 else value


def weights_rng(experiment: Experiment) -> np.random.Generator:
    """The source of the initial weights: apart from that of the mini-batches, even where both seeds are alike."""
    return np.random.default_rng(np.random.SeedSequence(experiment.seed).spawn(2)[0])


def batches_rng(experiment: Experiment) -> np.random.Generator:
    """The source of the order of the mini-batches."""
    return np.random.default_rng(np.random.SeedSequence(experiment.batch_seed).spawn(2)[1])


def initial_network(experiment: Experiment, data: Data) -> NeuralNetwork:
    """The network of an experiment before its first step."""
    return build_network(experiment, weights_rng(experiment), data.X_train.shape[1], data.n_classes)


def experiment_data(experiment: Experiment) -> Data:
    """The points of an experiment: they depend on its data knobs alone."""
    rng = np.random.default_rng(experiment.data_seed)
    return make_data(
        experiment.dataset,
        rng,
        experiment.n_points,
        experiment.noise,
        experiment.n_classes,
        experiment.train_share,
        experiment.split,
    )
