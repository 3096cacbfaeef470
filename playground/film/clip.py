"""A clip is a run at some moments in a row, measured as a stack: as if each moment were a network of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.datasets import Data
from ..nn import NeuralNetwork
from ..training.diagnostics import PROBE, LayerStatistics, Snapshot, at_each, layer_statistics
from ..training.experiment import Experiment
from ..training.loop import initial_network
from ..training.trainer import Moment, Trainer


@dataclass(frozen=True)
class Clip:
    """A run at some moments in a row.

    Attributes:
        experiment: the whole one, with all its changes.
        data: the points.
        moments: all recorded moments of the run up to the last of the clip.
        first: index of the clip's first moment among them.
        network: the networks at the clip's moments, stacked: shape (moments of the clip,).
        layers: statistics of each layer, input first, with the clip's moments as a stack axis.
        start: weights of each layer before the first step.
        diverged: why the run has stopped after the last moment; "" if it goes on, or is done.
    """

    experiment: Experiment
    data: Data
    moments: list[Moment]
    first: int
    network: NeuralNetwork
    layers: list[LayerStatistics]
    start: list[np.ndarray]
    diverged: str

    def __len__(self) -> int:
        return len(self.moments) - self.first

    @property
    def own_moments(self) -> list[Moment]:
        """The clip's moments, without those before."""
        return self.moments[self.first :]

    @property
    def tested(self) -> bool:
        """Whether there are points that only test."""
        return len(self.data.X_test) > 0

    @property
    def names(self) -> tuple[str, ...]:
        """Of the layers."""
        return tuple(layer.name for layer in self.layers)

    def snapshot(self, m: int) -> Snapshot:
        """All there is to know of the clip's m-th moment."""
        moments = self.moments[: self.first + m + 1]
        return Snapshot(
            experiment=self.experiment.at(moments[-1].step),
            data=self.data,
            moments=moments,
            layers=[at_each(layer, lambda figure: figure[m]) for layer in self.layers],
            start=self.start,
            network=self.network.select(m),
            diverged=self.diverged if m == len(self) - 1 else "",
        )


def measured(trainer: Trainer, first: int, states: Sequence[dict[str, np.ndarray]]) -> Clip:
    """The clip of a trainer's moments from index `first` on, with the network's state at each of them."""
    network = NeuralNetwork.stack([trainer.network] * len(states))
    stacked: dict[str, Any] = {name: np.stack([state[name] for state in states]) for name in states[0]}
    network.restore(stacked)
    data = trainer.data
    return Clip(
        experiment=trainer.experiment,
        data=data,
        moments=trainer.history.moments,
        first=first,
        network=network,
        layers=layer_statistics(network.select(), data.X_train[:PROBE], data.y_train[:PROBE]),
        start=[layer.W for layer in initial_network(trainer.experiment, data).dense],
        diverged=trainer.diverged,
    )
