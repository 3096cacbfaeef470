"""Targets of the digits project, the hardest over several seeds so that luck does not decide, and the best runs.

What counts is the test accuracy at the end of training. The best of all epochs would be chosen with the test images,
and so say less about new ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...data.datasets import Data
from ...training.trainer import Trainer
from .digits_experiment import Digits
from .splits import SeedsTrainer, with_seeds

N_PROOF = 5  # seeds of a proof
TEST_SHARE = 0.2  # at least this share of the images is for testing
IN_ORDER, AT_RANDOM = "last_part", "at_random"  # kinds of splits


@dataclass(frozen=True)
class Target:
    """An accuracy to reach.

    Attributes:
        label: name on the screen.
        kind: of the split: `IN_ORDER` or `AT_RANDOM`.
        accuracy: on the test images, at the end of training.
        proven: whether it is the median of a proof, over `N_PROOF` seeds, that has to reach it.
    """

    label: str
    kind: str
    accuracy: float
    proven: bool = False


TARGETS: Mapping[str, Target] = {
    "course": Target("The course's own", IN_ORDER, 0.91),
    "random": Target("On a random split", AT_RANDOM, 0.97),
    "hard": Target("Hard", AT_RANDOM, 0.988, proven=True),
}


@dataclass(frozen=True)
class Result:
    """The result of an experiment.

    Attributes:
        experiment: the experiment.
        accuracies: on the test images at the end of training: of the run, or of each seed of a proof.
    """

    experiment: Digits
    accuracies: tuple[float, ...]

    @property
    def accuracy(self) -> float:
        """The median over the seeds."""
        return float(np.median(self.accuracies))

    @property
    def proven(self) -> bool:
        """Whether it comes from a proof."""
        return len(self.accuracies) >= N_PROOF

    @property
    def kind(self) -> str:
        """The kind of its split."""
        return IN_ORDER if self.experiment.split == IN_ORDER else AT_RANDOM


def counts(trainer: Trainer) -> bool:
    """Whether a run counts: just done, not diverged, and with enough images for testing."""
    done = trainer.progress == trainer.experiment.epochs  # fewer epochs may have been asked for after more were done
    return done and not trainer.diverged and tests_enough(trainer.data)


def tests_enough(data: Data) -> bool:
    """Whether at least a fifth of the images are for testing."""
    n_test = len(data.X_test)
    return n_test >= TEST_SHARE * (n_test + data.n_train)


def run_result(trainer: Trainer) -> Result | None:
    """The result of a run; None if it does not count, or not yet."""
    if not counts(trainer):
        return None
    return Result(trainer.experiment, (trainer.history.moments[-1].test_accuracy,))


class Proof(SeedsTrainer):
    """Trains an experiment with `N_PROOF` seeds: each draws other weights, mini-batches and, where drawn, a split."""

    def __init__(self, experiment: Digits):
        super().__init__(experiment, [with_seeds(experiment, k) for k in range(N_PROOF)])

    @property
    def finished(self) -> bool:
        """Whether each network has done its epochs, or has diverged."""
        return all(trainer.finished or trainer.diverged for trainer in self.trainers)

    @property
    def result(self) -> Result | None:
        """Its result; None before it is done, or if it does not count. A network that diverged has 0."""
        if not self.finished or not any(map(counts, self.trainers)):
            return None
        newest = [trainer.history.moments[-1].test_accuracy for trainer in self.trainers]
        pairs = zip(self.trainers, newest, strict=True)
        return Result(self.experiment, tuple(0.0 if trainer.diverged else last for trainer, last in pairs))


class Results:
    """The best results so far, and that of the course's own script.

    Attributes:
        course: the result of the course's script, once it has run.
    """

    def __init__(self):
        self._best: dict[tuple[str, bool], Result] = {}
        self.course: Result | None = None

    def note(self, result: Result) -> None:
        """Keep a result that is better than all of its kind before."""
        key = result.kind, result.proven
        if key not in self._best or result.accuracy > self._best[key].accuracy:
            self._best[key] = result
        if result.experiment == Digits() and not result.proven:
            self.course = result

    def best(self, kind: str, proven: bool = False) -> Result | None:
        """The best single run on a kind of split, or the best proof."""
        return self._best.get((kind, proven))

    def reached(self, target: Target) -> Result | None:
        """The best result that counts for a target, if it reaches it."""
        best = self.best(target.kind, target.proven)
        return best if best and best.accuracy >= target.accuracy else None
