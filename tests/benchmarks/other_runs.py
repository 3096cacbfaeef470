"""What comes of other runs: with other learning rates, other seeds, other knobs. They judge what a rule says of one."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from playground.nn import NeuralNetwork
from playground.training.experiment import Experiment
from playground.training.trainer import Moment, Trainer

SEEDS = 3  # networks in each arm of a comparison


class Onward(NamedTuple):
    """What comes of networks with several learning rates.

    Attributes:
        early: median loss of the first quarter of the epochs.
        loss, accuracy, held_out: medians of the last quarter; the last is the accuracy on held-out points.
    """

    early: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray
    held_out: np.ndarray


def go_on(experiment: Experiment, networks: list[NeuralNetwork], rates: Sequence[float]) -> Onward:
    """Train networks as an experiment says, each with so many times its learning rate."""
    trainer = Trainer(experiment, NeuralNetwork.stack(networks), np.array(rates) * experiment.learning_rate, states=1)
    trainer.run()
    return onward(trainer.history.moments)


def onward(moments: Sequence[Moment]) -> Onward:
    """Medians over the quarters of a run."""
    quarter = max(5, len(moments) // 4)
    losses = np.array([np.nan_to_num(moment.train_loss, nan=np.inf) for moment in moments])
    accuracies = np.array([moment.train_accuracy for moment in moments])
    held_out = np.array([moment.held_out_accuracy for moment in moments])
    parts = losses[1:quarter], losses[-quarter:], accuracies[-quarter:], held_out[-quarter:]
    return Onward(*(np.median(part, axis=0) for part in parts))


@cache
def loss_with_rates(experiment: Experiment, rates: Sequence[float]) -> np.ndarray:
    """Final loss of runs from the start with so many times the learning rate."""
    network = Trainer(experiment, states=1).network
    return go_on(experiment, [network] * len(rates), rates).loss


@cache
def finals(experiment: Experiment) -> Onward:
    """What comes of networks with `SEEDS` other seeds; each of shape (SEEDS,)."""
    others = [Trainer(experiment.moved_on(k, "seed"), states=1).network for k in range(1, SEEDS + 1)]
    return go_on(experiment, others, (1.0,) * SEEDS)
