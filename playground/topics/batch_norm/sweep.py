"""A sweep trains a network at many learning rates, or gains of the first weights, with batch normalisation and without.

All values and seeds are one stack, so that hundreds of networks take as long as a few. They share data and
mini-batches; seed k has the same first weights at every value, except for the gain.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...nn import NeuralNetwork
from ...settings.knobs import Choice, Integer
from ...settings.record import knob, knob_like
from ...text import number
from ...training.contestants import Contestant, WithAndWithout
from ...training.experiment import Experiment
from ...training.findings.headline import Headline, Mood
from ...training.loop import initial_network
from ...training.multi_trainer import MultiTrainer
from ...training.significance import WORST_LOSS, bounded, quartiles
from ...training.trainer import Trainer

TRAINS = 0.9  # training accuracy from which a network counts as trained
HALF = 0.5  # share of the seeds that must train for a value to count


@dataclass(frozen=True)
class Swept:
    """What a sweep varies, on a logarithmic scale.

    Attributes:
        label: name on the screen.
        meaning: one sentence: what it is.
        low, high: the first value and the last.
    """

    label: str
    meaning: str
    low: float
    high: float


SWEPT: Mapping[str, Swept] = {
    "learning_rate": Swept("Learning rate η", "Each network has a learning rate of its own.", 1e-4, 100.0),
    "gain": Swept("Gain of the first weights", "All first weights W are multiplied by the gain.", 0.01, 100.0),
}


# fmt: off
@dataclass(frozen=True)
class Sweep(WithAndWithout, Experiment):
    """Every knob of a sweep."""

    FIRST = "Sweep"

    swept: str = knob(
        Choice, "learning_rate", options=SWEPT, group="Sweep", label="Sweep",
        help="What differs from network to network, on a logarithmic scale.",
    )
    n_values: int = knob(
        Integer, 25, low=2, high=32, group="Sweep", label="Values",
        help="Number of values from one end of the sweep to the other.",
    )
    n_seeds: int = knob(
        Integer, 8, low=1, high=16, group="Sweep", label="Seeds",
        help="Networks for each value, with batch normalisation and without, each with other initial weights.",
    )
    dataset: str = knob_like(Experiment, "dataset", default="circles")
    train_share: float = knob_like(Experiment, "train_share", default=1.0)
    n_points: int = knob_like(Experiment, "n_points", default=200)
    hidden: tuple[int, ...] = knob_like(
        Experiment, "hidden", default=(16,) * 5, uniform=True,
        help="Number of hidden layers (depth) and their width, for all networks.",
    )
    activation: str = knob_like(Experiment, "activation", default="relu")
    initializer: str = knob_like(Experiment, "initializer", default="he_normal")
    epochs: int = knob_like(Experiment, "epochs", default=60)
    # fmt: on

    @property
    def n_networks(self):
        return 2 * self.n_values * self.n_seeds

    @property
    def values(self) -> np.ndarray:
        """The values that are swept through, to four digits so that they can be written down; shape (n_values,)."""
        swept = SWEPT[self.swept]
        return np.array([float(f"{value:.4g}") for value in np.geomspace(swept.low, swept.high, self.n_values)])


class SweepTrainer(MultiTrainer):
    """Trains all networks of a sweep.

    Attributes:
        trainers: the networks without batch normalisation, and those with it, each a stack of shape (values, seeds).
    """

    def __init__(self, sweep: Sweep):
        super().__init__(sweep)
        self.trainers = [self._trainer(contestant) for contestant in sweep.contestants]

    def _trainer(self, contestant: Contestant) -> Trainer:
        sweep = self.experiment
        seeds = [initial_network(sweep.entry(contestant, k), self.data) for k in range(sweep.n_seeds)]
        network = NeuralNetwork.stack([NeuralNetwork.stack(seeds)] * sweep.n_values)
        if sweep.swept == "gain":
            for layer in network.dense:
                layer.W *= sweep.values[:, None, None, None].astype(layer.W.dtype)
            return Trainer(sweep, network, states=0)
        return Trainer(sweep, network, np.broadcast_to(sweep.values[:, None], network.stack_shape), states=0)

    def best(self, contestant: Contestant) -> tuple[int, int]:
        """Of a contestant, the index of the value with the lowest median loss, and its seed with the lowest loss."""
        losses = self.losses()[self.experiment.contestants.index(contestant)]
        value = int(np.median(losses, axis=-1).argmin())
        return value, int(losses[value].argmin())

    def diverged_runs(self) -> np.ndarray:
        """Which networks have diverged: shape (2 contestants, values, seeds)."""
        return np.array([trainer.overflow | trainer.runaway for trainer in self.trainers])

    def losses(self) -> np.ndarray:
        """Present training loss, at most `WORST_LOSS`, also for a diverged network; shape as above."""
        losses = np.array([trainer.history.moments[-1].train_loss for trainer in self.trainers])
        return np.where(self.diverged_runs(), WORST_LOSS, bounded(losses))

    def trained(self) -> np.ndarray:
        """Which networks have a training accuracy of `TRAINS` or more, and have not diverged; shape as above."""
        accuracies = np.array([trainer.history.moments[-1].train_accuracy for trainer in self.trainers])
        return (accuracies >= TRAINS) & ~self.diverged_runs()


def stretches(shares: np.ndarray) -> list[tuple[int, int]]:
    """Where at least `HALF` of the seeds train: first and last index of each stretch of neighbouring values.

    Args:
        shares: share of the seeds that train, for each value.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], shares >= HALF, [False]])))
    return [(int(first), int(end) - 1) for first, end in edges.reshape(-1, 2)]


def range_words(values: np.ndarray, shares: np.ndarray) -> str:
    """The range of values at which at least `HALF` of the seeds train, in words; says if it may go beyond the sweep."""
    found = stretches(shares)
    last = len(values) - 1
    if not found:
        return f"nowhere from {values[0]:.3g} to {values[-1]:.3g}"
    alone = "only " * (found[0][0] == found[-1][1])
    return alone + ", and again ".join(_stretch_words(values, *stretch, last) for stretch in found)


def _stretch_words(values: np.ndarray, first: int, end: int, last: int) -> str:
    low = f"{values[first]:.3g}" + " or less" * (first == 0)
    high = f"{values[end]:.3g}" + " or more" * (end == last)
    if first == end:
        return f"at {low if first == 0 else high}"
    at_least = "at least " * (first == 0 or end == last)
    factor = float(f"{values[end] / values[first]:.2g}")
    shown = f"{factor:,.0f}" if factor >= 10 else f"{factor:g}"
    return f"from {low} to {high} (a factor of {at_least}{shown})"


def sweep_headline(trainer: SweepTrainer) -> Headline:
    """For which values the networks train, without batch normalisation and with it, in one line."""
    sweep, shares = trainer.experiment, trainer.trained().mean(axis=-1)
    if not trainer.lead.steps:
        words = f"{sweep.n_networks} networks, half of them with batch normalisation."
        return Headline(Mood.WAITING, "Not trained yet", words)
    without, normalised = (range_words(sweep.values, share) for share in shares)
    return Headline(
        Mood.GOOD if (shares >= HALF).any() else Mood.BAD,
        f"After {trainer.lead.epoch} epochs",
        "at least half of the seeds train **without** batch normalisation "
        f"{without}, **with** batch normalisation {normalised}.",
    )


def reading(trainer: SweepTrainer) -> str:
    """How low the loss of a sweep is now, without batch normalisation and with it, and how exact its ranges are."""
    sweep = trainer.experiment
    step = sweep.values[1] / sweep.values[0]
    medians = np.median(trainer.losses(), axis=-1)
    none = "none, as most diverge at each"
    best = [
        f"{number(row.min())} at {sweep.values[row.argmin()]:.3g}" if row.min() < WORST_LOSS else none
        for row in medians
    ]
    return (
        f"Lowest median loss: without {best[0]}, with {best[1]}.  \n"
        f"Neighbouring values differ by a factor of {step:.2g}; no end of a range is known any better."
    )


def table(trainer: SweepTrainer) -> pd.DataFrame:
    """The sweep as a table, a row for each value without batch normalisation, then with."""
    sweep = trainer.experiment
    shares, diverged = trainer.trained().mean(axis=-1), trainer.diverged_runs().sum(axis=-1)
    quarters = quartiles(trainer.losses())  # (3, 2, values)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    SWEPT[sweep.swept].label: sweep.values,
                    "Batch normalisation": "with" if contestant.batch_norm else "without",
                    f"Share at {TRAINS:.0%}": shares[row],
                    "Training loss, median": quarters[1, row],
                    "lower quartile": quarters[0, row],
                    "upper quartile": quarters[2, row],
                    "Diverged": diverged[row],
                    "Seeds": sweep.n_seeds,
                }
            )
            for row, contestant in enumerate(sweep.contestants)
        ],
        ignore_index=True,
    )
