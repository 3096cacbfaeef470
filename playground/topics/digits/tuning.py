"""What tuning on the test costs: the best of many networks is best on the images that chose it, and less on others.

Candidates that differ by their seed alone train on the same images. A part of the images that did not train chooses the
best of them; all others, fresh ones, tell what it is worth. The difference is the optimism of the choice: Cawley &
Talbot (2010), "On over-fitting in model selection and subsequent selection bias in performance evaluation", Journal of
Machine Learning Research 11; Dwork et al. (2015), "The reusable holdout", Science 349.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import stats

from ...nn import NeuralNetwork
from ...settings.knobs import Integer
from ...settings.record import knob, knob_like
from ...training.loop import experiment_data, initial_network
from ...training.multi_trainer import MultiTrainer
from ...training.significance import AT_THE_END
from ...training.trainer import Trainer
from .analysis import answers
from .digits_experiment import Digits
from .splits import with_seeds

DIVISIONS = 100  # of the images of a repetition, into those that choose and fresh ones
CERTAINTY = 0.95  # of an interval


# fmt: off
@dataclass(frozen=True)
class Tuning(Digits):
    """Every knob of the experiment: those of the project, and how many candidates and images there are."""

    FIRST = "Choice"

    n_candidates: int = knob(
        Integer, 16, low=2, high=32, group="Choice", label="Candidates",
        help="Networks of which the best is chosen: alike, but for their seed.",
    )
    n_images: int = knob(
        Integer, 60, low=10, high=150, group="Choice", label="Images that choose",
        help="All other images that do not train are fresh.",
    )
    n_seeds: int = knob(
        Integer, 8, low=3, high=16, group="Choice", label="Repetitions",
        help="Each with another split and other networks. More of them give narrower intervals.",
    )
    train_share: float = knob_like(
        Digits, "train_share", default=0.5, high=0.8,
        help="Share of the images to train on. Of the others, some choose, and the rest is fresh.",
    )
    split: str = knob_like(Digits, "split", default="stratified")
    hidden: tuple[int, ...] = knob_like(Digits, "hidden", default=(16,))
    epochs: int = knob_like(Digits, "epochs", default=20)
    # fmt: on

    @property
    def n_networks(self):
        return self.n_seeds * self.n_candidates

    def applies(self, name):
        return name == "data_seed" or super().applies(name)  # it draws which images choose, too

    def entry(self, repetition: int, candidate: int = 0) -> Digits:
        """The experiment of one network: by itself it gives the same numbers."""
        values = {name: getattr(self, name) for name in Digits.knobs()}
        return with_seeds(Digits(**values), repetition).moved_on(self.n_seeds * candidate, "seed")


class TuningTrainer(MultiTrainer):
    """Trains all candidates.

    Attributes:
        trainers: one for each repetition, with its candidates as a stack.
    """

    def __init__(self, tuning: Tuning):
        super().__init__(tuning)
        self.trainers = [self._trainer(repetition) for repetition in range(tuning.n_seeds)]
        self._outcomes = lru_cache(maxsize=1)(self._outcomes_at)

    def _trainer(self, repetition: int) -> Trainer:
        entries = [self.experiment.entry(repetition, candidate) for candidate in range(self.experiment.n_candidates)]
        data = experiment_data(entries[0])
        return Trainer(entries[0], NeuralNetwork.stack([initial_network(e, data) for e in entries]), states=0)

    def outcomes(self) -> np.ndarray:
        """Accuracy of the chosen network, now, by the number of candidates from 1 on: mean over the divisions.

        Shape (2, repetitions, candidates): on the images that chose it, then on fresh ones.
        """
        return self._outcomes(self.steps)

    def _outcomes_at(self, steps: int) -> np.ndarray:
        found = []
        for repetition, trainer in enumerate(self.trainers):
            rng = np.random.default_rng([self.experiment.entry(repetition).data_seed, DIVISIONS])
            found.append(chosen_and_fresh(right(trainer), self.experiment.n_images, rng))
        return np.stack(found, axis=1)

    def optimism(self) -> np.ndarray:
        """Accuracy on the images that chose minus that on fresh ones: shape (repetitions, candidates)."""
        chosen, fresh = self.outcomes()
        return chosen - fresh


def right(trainer: Trainer) -> np.ndarray:
    """Whether each network of a stack gets each image right that does not train: shape (networks, images)."""
    data = trainer.data
    X, y = np.concatenate([data.X_validation, data.X_test]), np.concatenate([data.y_validation, data.y_test])
    return answers(trainer.network, X).argmax(axis=-1) == y.argmax(axis=-1)


def chosen_and_fresh(right: np.ndarray, n_images: int, rng: np.random.Generator) -> np.ndarray:
    """Let images that are drawn at random choose the best of the first 1, 2, ... candidates, in `DIVISIONS` ways.

    Args:
        right: whether each candidate gets each image right, (candidates, images).
        n_images: how many images choose; the others are fresh.
        rng: draws these images, and the order of the candidates, anew for each division.

    Returns:
        Mean accuracy of the chosen candidate, (2, candidates): on the images that chose, and on fresh ones.
    """
    n_candidates, n = right.shape
    sums = np.zeros((2, n_candidates))
    for _ in range(DIVISIONS):
        images, candidates = rng.permutation(n), rng.permutation(n_candidates)
        here = right[candidates[:, None], images]
        chooses, fresh = here[:, :n_images].mean(axis=1), here[:, n_images:].mean(axis=1)
        best = best_so_far(chooses)
        sums += chooses[best], fresh[best]
    return sums / DIVISIONS


def best_so_far(values: np.ndarray) -> np.ndarray:
    """For each k, the index of the largest of the first k + 1 values, the first among equals; shape of `values`."""
    before = np.concatenate([[-np.inf], np.maximum.accumulate(values)[:-1]])
    return np.maximum.accumulate(np.where(values > before, np.arange(len(values)), 0))


def mean_interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lower end, mean and upper end of the 95 % interval of a mean (Student 1908); over the first axis."""
    mean, n = values.mean(axis=0), len(values)
    reach = stats.t.ppf((1 + CERTAINTY) / 2, n - 1) * values.std(axis=0, ddof=1) / np.sqrt(n)
    return mean - reach, mean, mean + reach


def reading(trainer: TuningTrainer) -> str:
    """What the choice costs, with its interval."""
    tuning, newest = trainer.experiment, -1
    chosen, fresh = 100 * trainer.outcomes()[..., newest].mean(axis=1)
    low, mean, high = (float(100 * each[newest]) for each in mean_interval(trainer.optimism()))
    text = (
        f"The best of {tuning.n_candidates}, chosen by {tuning.n_images} images, gets {chosen:.1f} % of these right, "
        f"and {fresh:.1f} % of fresh ones: a difference of {mean:.1f} points (95 % interval {low:.1f} to {high:.1f}, "
        f"over {tuning.n_seeds} repetitions)."
    )
    if not trainer.over:
        return f"**What it costs is {AT_THE_END}.** {text}"
    if low > 0:
        return f"**The images that chose promise {mean:.1f} points too much.** {text}"
    return f"**No cost is shown.** {text}"


def table(trainer: TuningTrainer) -> pd.DataFrame:
    """The experiment as a table: a row for each repetition and number of candidates."""
    chosen, fresh = trainer.outcomes()
    return pd.DataFrame(
        {"Repetition": repetition + 1, "Candidates": k + 1, "On images that chose": chosen[repetition, k],
         "On fresh images": fresh[repetition, k]}
        for repetition in range(len(chosen)) for k in range(chosen.shape[1])
    )  # fmt: skip
