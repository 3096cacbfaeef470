"""Two ways to split the digits, trained over many seeds, and how far the last part of the file differs from the rest.

Seed k of both is a pair: the same initial weights and the same seed for the mini-batches. Each network is the one that
the project trains by itself with these seeds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from ...data.datasets import SPLITS, Data
from ...settings.knobs import Integer
from ...settings.record import knob, knob_like
from ...training.experiment import Experiment
from ...training.loop import experiment_data
from ...training.multi_trainer import MultiTrainer
from ...training.significance import AT_THE_END, LEVEL, compare, seeds_needed
from ...training.trainer import Trainer
from .analysis import answers, confusion
from .digits_experiment import Digits

PAIR = ("last_part", "stratified")  # the ways to split that are compared
SEEDS = ("seed", "batch_seed", "data_seed")


def with_seeds(experiment: Experiment, k: int) -> Experiment:
    """The experiment with other weights, mini-batches, and split where it is drawn: k is added to all its seeds."""
    return experiment.moved_on(k, *SEEDS)


# fmt: off
@dataclass(frozen=True)
class TwoSplits(Digits):
    """Every knob of the comparison: those of the project without its split, which is what differs."""

    WITHOUT = (*Digits.WITHOUT, "split")
    FIRST = "Comparison"

    n_seeds: int = knob(
        Integer, 6, low=2, high=16, group="Comparison", label="Seeds",
        help="Networks for each way to split. More seeds show smaller differences.",
    )
    train_share: float = knob_like(Digits, "train_share", high=0.9)
    epochs: int = knob_like(Digits, "epochs", default=30)
    # fmt: on

    @property
    def n_networks(self):
        return 2 * self.n_seeds

    def applies(self, name):
        return name == "data_seed" or super().applies(name)  # one of the two ways to split is drawn

    def entry(self, split: str, k: int) -> Digits:
        """The experiment of one network: by itself it gives the same numbers."""
        values = {name: getattr(self, name) for name in Digits.knobs()}
        return with_seeds(Digits(**values | {"split": split}), k)


class SeedsTrainer(MultiTrainer):
    """Trains networks that have data of their own.

    Attributes:
        trainers: one for each of the experiments, in their order.
    """

    def __init__(self, experiment: Experiment, entries: Iterable[Experiment]):
        super().__init__(experiment)
        self.trainers = [Trainer(entry, states=0) for entry in entries]

    def figures(self, what: str) -> np.ndarray:
        """A figure of `Moment`, such as "train_loss", at the end of each epoch: shape (networks, epochs + 1).

        A network that has diverged keeps its last one.
        """
        length = len(self.lead.history.moments)
        rows = [[getattr(moment, what) for moment in trainer.history.moments] for trainer in self.trainers]
        return np.array([row + row[-1:] * (length - len(row)) for row in rows])

    @property
    def n_diverged(self) -> int:
        """How many networks have diverged."""
        return sum(bool(trainer.diverged) for trainer in self.trainers)


class TwoSplitsTrainer(SeedsTrainer):
    """Trains the networks of a comparison: those of the first way to split, seed by seed, then those of the second."""

    def __init__(self, comparison: TwoSplits):
        super().__init__(comparison, [comparison.entry(split, k) for split in PAIR for k in range(comparison.n_seeds)])

    def by_split(self, values: np.ndarray | list) -> np.ndarray:
        """Values of each network, (networks, ...), as an array of shape (2 ways to split, seeds, ...)."""
        values = np.asarray(values)
        return values.reshape(len(PAIR), -1, *values.shape[1:])

    def accuracies(self) -> np.ndarray:
        """Validation accuracy at the end of each epoch, shape (2 ways to split, seeds, epochs + 1)."""
        return self.by_split(self.figures("held_out_accuracy"))

    def recalls(self) -> np.ndarray:
        """Share of each digit's validation images that is right, now: shape (2 ways to split, seeds, digits)."""
        return self.by_split([_recalls(trainer) for trainer in self.trainers])


def _recalls(trainer: Trainer) -> np.ndarray:
    """Diagonal of the confusion matrix over the sums of its rows; NaN for a digit without a validation image."""
    data = trainer.data
    counts = confusion(data.y_validation.argmax(axis=1), answers(trainer.network, data.X_validation))
    with np.errstate(invalid="ignore"):
        return counts.diagonal() / counts.sum(axis=1)


def verdict(trainer: TwoSplitsTrainer) -> str:
    """How much validation accuracies differ between two ways to split, tested on pairs of networks at the end."""
    tested = compare(*trainer.accuracies()[..., -1])
    medians, pairs = [100 * median for median in tested.medians], tested.pairs
    text = (
        f"Median validation accuracy {medians[0]:.1f} % on the last part and {medians[1]:.1f} % on a stratified one: "
        f"{abs(medians[1] - medians[0]):.1f} points apart, and {100 * abs(tested.difference):.1f} in the median pair. "
        f"Stratified is ahead in {tested.wins[0]} of {pairs} pairs of networks"
    )
    if not trainer.over:
        return f"**Which part is harder to read is {AT_THE_END}.** {text}, so far."
    if trainer.n_diverged == 2 * pairs:
        return "**All have diverged.** Neither is the harder one."
    text += f" (Wilcoxon's signed-rank test: {tested.test})."
    if trainer.n_diverged:
        text += f" Diverged: {trainer.n_diverged} of {2 * pairs} networks, which count with their last accuracy."
    if tested.lower is not None:
        return f"**The {('last', 'stratified')[tested.lower]} part is harder to read.** {text}"
    needed = seeds_needed(len(PAIR))
    few = f" With {pairs} seeds the test can show none: take at least {needed}." if pairs < needed else ""
    return f"**No difference shown.** {text}{few}"


def explanation() -> str:
    """How the verdict is found, and what it is about."""
    return (
        "The verdict compares validation accuracies at the end of the run, not before: who looks at equals after every "
        "epoch sees a difference sooner or later. A difference counts where Wilcoxon's signed-rank test, paired by "
        f"seed, gives p < {LEVEL}, and where the medians agree with its direction. All this is about one file."
    )


def failing(recalls: np.ndarray, count: int = 3) -> list[tuple[int, float]]:
    """The digits that fail most, worst first, with the median over the seeds of the share that is right.

    Args:
        recalls: of one way to split, shape (seeds, digits).
    """
    medians = np.median(recalls, axis=0)
    order = [int(digit) for digit in np.argsort(medians, kind="stable") if medians[digit] < 1]
    return [(digit, float(medians[digit])) for digit in order[:count]]


def table(trainer: TwoSplitsTrainer) -> pd.DataFrame:
    """The comparison as a table, one row per network."""
    accuracies, recalls = trainer.accuracies()[..., -1], trainer.recalls()
    rows = []
    for split, of_split, by_digit in zip(PAIR, accuracies, recalls, strict=True):
        for k in range(len(of_split)):
            entry = trainer.experiment.entry(split, k)
            seeds = {trainer.experiment.knobs()[name].label: getattr(entry, name) for name in SEEDS}
            right = {f"Right of the {digit}s": share for digit, share in enumerate(by_digit[k])}
            rows.append({"Split": SPLITS[split].label} | seeds | {"Validation accuracy": of_split[k]} | right)
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class HeldOut:
    """How the images that a split holds out, for validation and testing together, compare with its training images.

    Attributes:
        distances: Euclidean, from each of them to the nearest training image, shape (held-out images,).
        own_share: share of them whose nearest other image is held out, too. If they were a random sample, it would be
            about (n_held_out - 1) / (n - 1): Schilling (1986), "Multivariate two-sample tests based on nearest
            neighbors".
        expected_share: this number.
        mean_shift: root mean square, over digits and pixels, of the difference between their mean images.
    """

    distances: np.ndarray
    own_share: float
    expected_share: float
    mean_shift: float


@lru_cache(maxsize=64)
def measured(split: str, train_share: float, data_seed: int) -> HeldOut:
    """Measure one split of the digits."""
    data = experiment_data(Digits(split=split, train_share=train_share, data_seed=data_seed))
    held_out = np.concatenate([data.X_validation, data.X_test])
    distances, _ = NearestNeighbors(n_neighbors=1).fit(data.X_train).kneighbors(held_out)
    others = nearest_others(np.concatenate([data.X_train, held_out]))[data.n_train :]
    first, last = mean_images(data)
    n_held_out = len(held_out)
    return HeldOut(
        distances=distances[:, 0],
        own_share=float((others >= data.n_train).mean()),
        expected_share=(n_held_out - 1) / (n_held_out + data.n_train - 1),
        mean_shift=float(np.sqrt(np.nanmean((last - first) ** 2))),
    )


def nearest_others(X: np.ndarray) -> np.ndarray:
    """For each row of X, (examples, features), the index of the nearest other row; shape (examples,)."""
    return NearestNeighbors(n_neighbors=1).fit(X).kneighbors(return_distance=False)[:, 0]  # without X: itself left out


def compared_parts(comparison: TwoSplits) -> tuple[HeldOut, list[HeldOut]]:
    """The one last part of the file, and what each stratified split holds out, measured."""
    last_part, stratified = PAIR
    entries = [comparison.entry(stratified, k) for k in range(comparison.n_seeds)]
    return (
        measured(last_part, comparison.train_share, 0),  # the same with any seed
        [measured(stratified, comparison.train_share, entry.data_seed) for entry in entries],
    )


def mean_images(data: Data) -> np.ndarray:
    """The mean image of each class among the training images, and among those held out: (2, classes, features).

    NaN for a class without an image.
    """
    held_out = np.concatenate([data.X_validation, data.X_test]), np.concatenate([data.y_validation, data.y_test])
    with np.errstate(invalid="ignore"):
        return np.array([y.T @ X / y.sum(axis=0)[:, None] for X, y in ((data.X_train, data.y_train), held_out)])
