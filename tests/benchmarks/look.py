"""A look at a moment of a run: what is measured of it, by forward passes and by going on from there."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from playground.nn import Activation, BatchNorm, Layer, NeuralNetwork
from playground.training.experiment import Experiment
from playground.training.trainer import Trainer

from .other_runs import Onward, go_on

LEARNT = 0.95  # training accuracy from which there is nothing to mend
DIRECTIONS = 32  # random ones in which derivatives are taken: a norm is known to 12 %


class Shift(Layer):
    """A layer that adds something to what it is given."""

    def __init__(self, by: np.ndarray):
        self.by = by

    def forward(self, X: np.ndarray) -> np.ndarray:
        self.output = X + self.by
        return self.output


@dataclass(frozen=True)
class Look:
    """A run, and the moment at which it is looked at.

    Attributes:
        trainer: of the whole run.
        index: of the moment, one of `history.kept`.
    """

    trainer: Trainer
    index: int

    @property
    def experiment(self) -> Experiment:
        """The experiment."""
        return self.trainer.experiment

    @property
    def moment(self):
        """The moment."""
        return self.trainer.history.moments[self.index]

    @cached_property
    def network(self) -> NeuralNetwork:
        """The network as it was."""
        return self.trainer.network_at(self.index)

    @property
    def over(self) -> bool:
        """Whether the run goes on no further."""
        return self.index >= min(self.trainer.last_good, len(self.trainer.history.moments) - 1)

    @property
    def learnt(self) -> bool:
        """Whether there is nothing to mend."""
        return self.moment.train_accuracy >= LEARNT

    @cached_property
    def layers(self) -> list[tuple[np.ndarray, np.ndarray, type[Activation]]]:
        """z and a of each hidden layer for all training points, in training, and its activation."""
        network = self.network.select()
        with np.errstate(all="ignore"):
            network.forward(self.trainer.data.X_train)
        return [(each.X, each.output, type(each)) for each in network.layers if isinstance(each, Activation)]

    @cached_property
    def sensitivities(self) -> np.ndarray:
        """Norm of dL/dz of first and last layer, from losses alone: that of the batch, where the z of each point shift.

        Each point's z shifts by itself: a shift that all share is what batch normalisation takes out again.
        """
        return np.array([self._sensitivity(layer) for layer in (0, -1)])

    def _sensitivity(self, layer: int) -> float:
        network = NeuralNetwork.stack([self.network] * DIRECTIONS)
        place = network.layers.index(network.dense[layer]) + 1
        place += isinstance(network.layers[place], BatchNorm)
        self.losses(network)
        z = network.layers[place - 1].output
        tiny = 1e-5 * max(1e-3, float(np.std(z[0])))
        shift = Shift(tiny * np.random.default_rng(0).standard_normal(z.shape))
        network.layers.insert(place, shift)
        above = self.losses(network).mean(axis=-1)
        shift.by = -shift.by
        below = self.losses(network).mean(axis=-1)
        return float(np.sqrt(np.mean(((above - below) / (2 * tiny)) ** 2)))

    def losses(self, network: NeuralNetwork) -> np.ndarray:
        """Loss of each training point, in training, from the logits: exact where a probability rounds to 1."""
        with np.errstate(all="ignore"):
            network.forward(self.trainer.data.X_train)
            z = network.layers[-2].output  # what softmax is given
            z = z - z.max(axis=-1, keepdims=True)
            return np.log(np.exp(z).sum(axis=-1)) - (z * self.trainer.data.y_train).sum(axis=-1)

    @cached_property
    def rates(self) -> Onward:
        """What comes of more epochs from this state with a tenth of the rate, the rate, ten times it."""
        now = self.experiment.at(self.moment.step).started_afresh()
        return go_on(replace(now, epochs=max(10, now.epochs // 2)), [self.network] * 3, (0.1, 1.0, 10.0))
