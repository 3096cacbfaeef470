"""Training goes through all examples once an epoch, in a new order each time, one mini-batch after the other.

One step and one loop: the app, comparisons of many networks, and the script to take home all run this very code.
Nothing here depends on time or on how often somebody looks: a run is the same however it is cut into steps.
"""

import time
from typing import NamedTuple

import numpy as np

from ..data.datasets import Data, make_data
from ..nn import ACTIVATIONS, OPTIMIZERS, BatchNorm, Dense, Layer, NeuralNetwork, Softmax, weight_gain
from .experiment import Experiment

LARGEST_WEIGHT = 1e9  # a network with a larger one, or one that is not a number, has diverged
RUNAWAY_LOSS = 10  # times the loss at the start, or that of guessing
RUNAWAY_EPOCHS = 20  # a run whose loss peaks for fewer epochs may still learn
TO_THE_END = 10**9  # mini-batches: more than any run has


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


def weights_rng(experiment: Experiment) -> np.random.Generator:
    """The generator of the initial weights: independent of that of the mini-batches, even if both seeds are equal."""
    return np.random.default_rng(np.random.SeedSequence(experiment.seed).spawn(2)[0])


def batches_rng(experiment: Experiment) -> np.random.Generator:
    """The generator of the order of the mini-batches."""
    return np.random.default_rng(np.random.SeedSequence(experiment.batch_seed).spawn(2)[1])


def build_network(experiment: Experiment, rng: np.random.Generator, n_inputs: int, n_classes: int) -> NeuralNetwork:
    """The untrained network of an experiment: hidden layers of Dense, BatchNorm if wanted, activation; then softmax."""
    gain = weight_gain(experiment.activation, experiment.initializer)
    layers: list[Layer] = []
    fan_in = n_inputs
    for width in experiment.hidden:
        layers.append(Dense(fan_in, width, experiment.initializer, rng, experiment.DTYPE, gain))
        if experiment.batch_norm:
            layers.append(BatchNorm(width, dtype=experiment.DTYPE))
        layers.append(ACTIVATIONS[experiment.activation]())
        fan_in = width
    output = Dense(fan_in, n_classes, experiment.initializer, rng, experiment.DTYPE, gain)
    return NeuralNetwork([*layers, output, Softmax()])


def initial_network(experiment: Experiment, data: Data) -> NeuralNetwork:
    """The network of an experiment before its first step."""
    return build_network(experiment, weights_rng(experiment), data.X_train.shape[1], data.n_classes)


class Figures(NamedTuple):
    """Loss and accuracy in evaluation, on training points and on those held out: NaN without any. Shape (*stack)."""

    train_loss: np.ndarray
    train_accuracy: np.ndarray
    held_out_loss: np.ndarray
    held_out_accuracy: np.ndarray


class Loop:
    """Base of all that trains mini-batch by mini-batch."""

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


class Training(Loop):
    """The training of the network of an experiment.

    Args:
        experiment: the experiment.
        network: what to train; by default the network that the experiment describes. With a stack of networks, which
            share data and mini-batches, losses, accuracies and the like are arrays of shape (*stack).
        learning_rates: one for each network of a stack, in place of the experiment's; shape (*stack).

    Attributes:
        experiment: the experiment; `change` replaces it by one with the change in it.
        data: the points.
        network: the network as it is now.
        steps: mini-batches so far.
        epoch: full passes so far.
        overflow: whether a weight is beyond `LARGEST_WEIGHT`, or not a number; shape (*stack).
        runaway: whether the median loss of `RUNAWAY_EPOCHS` epochs has been more than `RUNAWAY_LOSS` times the
            `tolerable_loss`; shape (*stack).
    """

    def __init__(
        self, experiment: Experiment, network: NeuralNetwork | None = None, learning_rates: np.ndarray | None = None
    ):
        self.data = experiment_data(experiment)
        self.network = network or initial_network(experiment, self.data)
        self._learning_rates = learning_rates
        self._batches_rng = batches_rng(experiment)
        self._order = self._batches_rng.permutation(self.data.n_train)
        self._position = self.steps = self.epoch = 0
        self.overflow = np.zeros(self.network.stack_shape, bool)
        self.runaway = np.zeros(self.network.stack_shape, bool)
        self._epoch_losses: list[np.ndarray] = []
        self._now = experiment
        self.change(experiment)
        self._take_hold()
        self.record()

    def change(self, experiment: Experiment) -> None:
        """Go on with an experiment that differs in its changes from here on, or in its number of epochs."""
        self.experiment = experiment
        self._changing_steps = {self.steps + 1, *(change.step for change in experiment.changes)}

    def _take_hold(self) -> None:
        """Use the values of the live knobs from the next step on; a changed optimiser starts from scratch."""
        now = self.experiment.at(self.steps)
        if not self.steps or now.optimizer != self._now.optimizer:
            self.optimizer = OPTIMIZERS[now.optimizer]()
        self.optimizer.learning_rate = now.learning_rate if self._learning_rates is None else self._learning_rates
        self._now = now

    def step(self) -> None:
        """Train on one mini-batch, with the values that the live knobs have now; at the end of an epoch, record."""
        if self.steps + 1 in self._changing_steps:
            self._take_hold()
        batch = self._order[self._position : self._position + self._now.batch_size]
        with np.errstate(all="ignore"):  # `overflow` and `runaway` report a run that diverges
            self.network.step(self.data.X_train[batch], self.data.y_train[batch], self.optimizer, self._now.l2)
        self.steps += 1
        self.overflow |= ~(np.abs(self.network.parameters).max(axis=-1) < LARGEST_WEIGHT)
        self._position += len(batch)
        if self._position >= self.data.n_train:
            self.epoch += 1
            self._position = 0
            self._order = self._batches_rng.permutation(self.data.n_train)
            self.record()
            self._watch_runaway()

    @property
    def finished(self) -> bool:
        """Whether all epochs of the experiment are done."""
        return self.epoch >= self.experiment.epochs

    @property
    def diverged(self) -> str:
        """Why the run has stopped, "overflow" or "runaway"; "" while a network still trains."""
        if not (self.overflow | self.runaway).all():
            return ""
        return "overflow" if self.overflow.any() else "runaway"

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

    def record(self) -> None:
        """Evaluate the network as it is now and note the figures, as long as they are numbers."""
        if self.overflow.all():
            return
        with np.errstate(all="ignore"):
            train = self.network.evaluate(self.data.X_train, self.data.y_train)
            X, y = self.data.X_held_out, self.data.y_held_out
            held_out = self.network.evaluate(X, y) if len(X) else (np.nan,) * 2
        self.figures = Figures(*train, *held_out)
        if not self.steps:
            self._first_loss = self.figures.train_loss
        self.note(self.figures)

    def note(self, figures: Figures) -> None:
        """What a subclass does with the figures at the start and after each epoch."""

    @property
    def tolerable_loss(self) -> np.ndarray:
        """The training loss at the start, or that of equal guesses for all classes, ln K, if this is larger."""
        return np.maximum(self._first_loss, np.log(self.data.n_classes))

    def _watch_runaway(self) -> None:
        self._epoch_losses = [*self._epoch_losses, self.figures.train_loss][-RUNAWAY_EPOCHS:]
        if len(self._epoch_losses) == RUNAWAY_EPOCHS:
            self.runaway |= np.median(self._epoch_losses, axis=0) > RUNAWAY_LOSS * self.tolerable_loss
