"""Training goes through all examples once an epoch, in a new order each time, one mini-batch after the other.

The app, comparisons of many networks, and the script to take home all run this very code. Nothing here depends on time
or on how often somebody looks: a run is the same however it is cut into steps.
"""

from collections import deque

import numpy as np

from ..data.datasets import Data, make_data
from ..nn import ACTIVATIONS, OPTIMIZERS, BatchNorm, Dense, Layer, NeuralNetwork, Softmax
from .experiment import Experiment

LARGEST_WEIGHT = 1e9  # a network with a larger one, or one that is not a number, has diverged
RUNAWAY_LOSS = 10  # times the loss at the start, or that of guessing
RUNAWAY_EPOCHS = 20  # a run whose loss peaks for fewer epochs may still learn


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


def build_network(
    experiment: Experiment, rng: np.random.Generator | None, n_inputs: int, n_classes: int
) -> NeuralNetwork:
    """The untrained network of an experiment: hidden layers, each with its activation; then the classes, by softmax.

    `rng` draws the weights; None: that of the experiment.
    """
    generator = rng or weights_rng(experiment)
    gain = experiment.weight_gain
    layers: list[Layer] = []
    fan_in = n_inputs
    for width in experiment.hidden:
        layers.append(Dense(fan_in, width, experiment.initializer, generator, experiment.DTYPE, gain))
        if experiment.batch_norm:
            layers.append(BatchNorm(width, dtype=experiment.DTYPE))
        layers.append(ACTIVATIONS[experiment.activation]())
        fan_in = width
    output = Dense(fan_in, n_classes, experiment.initializer, generator, experiment.DTYPE, gain)
    return NeuralNetwork([*layers, output, Softmax()])


def initial_network(experiment: Experiment, data: Data) -> NeuralNetwork:
    """The network of an experiment before its first step."""
    return build_network(experiment, None, data.X_train.shape[1], data.n_classes)


class Training:
    """The training of the network of an experiment.

    Args:
        experiment: the experiment.
        network: what to train; by default the network that the experiment describes. With a stack of networks, which
            share data and mini-batches, losses, accuracies and the like are arrays of shape (*stack).
        learning_rates: one for each network of a stack, in place of the experiment's; shape (*stack).

    Attributes:
        experiment: the experiment; `change` replaces it by one with the change in it.
        now: the experiment with the values that its live knobs have now.
        data: the points.
        network: the network as it is now.
        steps: mini-batches so far.
        epoch: full passes so far.
        figures: training loss and accuracy, test loss and accuracy (NaN without test points) at the start or after the
            newest epoch; each of shape (*stack).
        overflow: whether a weight is beyond `LARGEST_WEIGHT`, or not a number; shape (*stack).
        tolerable_loss: the training loss at the start, or that of equal guesses for all classes, ln K, if this is
            larger; shape (*stack).
        runaway: whether the median loss of `RUNAWAY_EPOCHS` epochs has been more than `RUNAWAY_LOSS` times the
            `tolerable_loss`; shape (*stack).
    """

    def __init__(
        self, experiment: Experiment, network: NeuralNetwork | None = None, learning_rates: np.ndarray | None = None
    ):
        self.experiment = experiment
        self.now = experiment
        self.changing_steps = {change.step for change in experiment.changes}
        self.data = data = experiment_data(experiment)
        self.network = network or initial_network(experiment, data)
        self.learning_rates = learning_rates
        self.optimizer = OPTIMIZERS[experiment.optimizer](experiment.learning_rate)
        if learning_rates is not None:
            self.optimizer.learning_rate = learning_rates
        self.rng = batches_rng(experiment)
        self.order = self.rng.permutation(self.data.n_train)
        self.position = 0  # of the next example in this order
        self.steps = 0
        self.epoch = 0
        self.overflow = np.zeros(self.network.stack_shape, bool)
        self.runaway = np.zeros(self.network.stack_shape, bool)
        self.recent_losses: deque[np.ndarray] = deque(maxlen=RUNAWAY_EPOCHS)
        self.record()
        self.tolerable_loss = np.maximum(self.figures[0], np.log(self.data.n_classes))

    def change(self, experiment: Experiment) -> None:
        """Go on with an experiment that differs in its changes from here on, or in its number of epochs."""
        self.experiment = experiment
        self.changing_steps = {change.step for change in experiment.changes}
        if self.steps == 0:  # a change before the first step is simply another value
            self.take_hold()

    def take_hold(self) -> None:
        """Use the values of the live knobs from the next step on; a changed optimiser starts from scratch."""
        now = self.experiment.at(self.steps)
        if now.optimizer != self.now.optimizer:
            self.optimizer = OPTIMIZERS[now.optimizer]()
        self.optimizer.learning_rate = now.learning_rate if self.learning_rates is None else self.learning_rates
        self.now = now

    def step(self) -> None:
        """Train on one mini-batch; at the end of an epoch, measure how well the network does."""
        if self.experiment.changes and self.steps + 1 in self.changing_steps:
            self.take_hold()
        batch = self.order[self.position : self.position + self.now.batch_size]
        with np.errstate(all="ignore"):  # a run that diverges is told by `overflow` and `runaway`
            self.network.step(self.data.X_train[batch], self.data.y_train[batch], self.optimizer, self.now.l2)
        self.overflow |= ~(np.abs(self.network.parameters).max(axis=-1) < LARGEST_WEIGHT)
        self.steps += 1
        self.position += len(batch)
        if self.position >= self.data.n_train:
            self.epoch += 1
            self.position = 0
            self.order = self.rng.permutation(self.data.n_train)
            self.record()
            self.watch_runaway()

    @property
    def finished(self) -> bool:
        """Whether all epochs of the experiment are done."""
        return self.epoch >= self.experiment.epochs

    @property
    def stopped(self) -> np.bool:
        """Whether the run has diverged: no network trains any more."""
        return (self.overflow | self.runaway).all()

    @property
    def diverged(self) -> str:
        """Why the run has stopped, "overflow" or "runaway"; "" while a network still trains."""
        if not self.stopped:
            return ""
        return "overflow" if np.any(self.overflow) else "runaway"

    @property
    def progress(self) -> float:
        """Passes through the training set so far, with the fraction of the present one."""
        return self.epoch + self.position / self.data.n_train

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in a pass through the training set, at the present batch size."""
        return -(-self.data.n_train // self.experiment.at(self.steps).batch_size)

    @property
    def steps_to_epoch_end(self) -> int:
        """Mini-batches until the present pass through the training set is done."""
        return -(-(self.data.n_train - self.position) // self.experiment.at(self.steps).batch_size)

    def record(self) -> None:
        """Measure the network as it is now, as long as its weights are numbers."""
        if np.all(self.overflow):
            return
        network, data = self.network, self.data
        with np.errstate(all="ignore"):
            train = network.measure(data.X_train, data.y_train)
            held_out = network.measure(data.X_held_out, data.y_held_out) if data.n_held_out else (np.nan,) * 2
        self.figures = *train, *held_out

    def watch_runaway(self) -> None:
        """At the end of an epoch: whether the loss has been far too large for long."""
        self.recent_losses.append(self.figures[0])
        if len(self.recent_losses) == RUNAWAY_EPOCHS:
            self.runaway |= np.median(self.recent_losses, axis=0) > RUNAWAY_LOSS * self.tolerable_loss
