"""Targets are judged on the test part, which is opened by an explicit act, and each time it was opened counts.

Knobs are turned by the validation part. Whoever turns them by the test part, too, chooses what happens to suit its
images, and its accuracy says less about new ones (Cawley & Talbot 2010; Dwork et al. 2015): so the first look alone is
an honest test. What counts is the end of training, and for the hardest target, several seeds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import binomtest

from ...data.datasets import Data
from ...training.trainer import Trainer
from .digits_experiment import Digits
from .splits import SeedsTrainer, with_seeds

N_PROOF = 5  # seeds of a proof
TEST_SHARE = 0.1  # at least this share of the images is for testing
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
    "course": Target("The course's own", IN_ORDER, 0.93),
    "random": Target("On a random split", AT_RANDOM, 0.97),
    "hard": Target("Hard", AT_RANDOM, 0.988, proven=True),
}


@dataclass(frozen=True)
class Result:
    """What the test part gave for an experiment.

    Attributes:
        experiment: the experiment.
        accuracies: on the test images at the end of training: of the run, or of each seed of a proof.
        look: which look at this test part it was, counted from 1.
    """

    experiment: Digits
    accuracies: tuple[float, ...]
    look: int = 1

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

    @property
    def parts(self) -> set[tuple]:
        """The test parts that were opened."""
        return {part_name(with_seeds(self.experiment, k)) for k in range(len(self.accuracies))}

    @property
    def honest(self) -> bool:
        """Whether nothing can have been chosen by its test images before."""
        return self.look == 1


def part_name(experiment: Digits) -> tuple:
    """Names a test part: the end of one order of the images. A larger share for training leaves less of the same."""
    return experiment.split, experiment.data_seed if experiment.applies("data_seed") else None


def interval(accuracy: float, n: int) -> tuple[float, float]:
    """The 95 % interval of an accuracy that was measured on n images (Wilson 1927)."""
    found = binomtest(round(accuracy * n), n).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def counts(trainer: Trainer) -> bool:
    """Whether a run counts: just done, not diverged, and with enough images for testing."""
    done = trainer.progress == trainer.experiment.epochs  # fewer epochs may have been asked for after more were done
    return done and not trainer.diverged and tests_enough(trainer.data)


def tests_enough(data: Data) -> bool:
    """Whether at least a tenth of the images are for testing."""
    n_test = len(data.X_test)
    return n_test >= TEST_SHARE * (n_test + len(data.X_validation) + data.n_train)


def accuracy_on_test(trainer: Trainer) -> float:
    """Share of the test images that the network gets right, as it is now."""
    return float(trainer.network.evaluate(trainer.data.X_test, trainer.data.y_test)[1])


def run_result(trainer: Trainer) -> Result | None:
    """Open the test part for a run; None if it does not count, or not yet."""
    return Result(trainer.experiment, (accuracy_on_test(trainer),)) if counts(trainer) else None


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
        """Open its test parts; None before it is done, or if it does not count. A network that diverged has 0."""
        if not self.finished or not any(map(counts, self.trainers)):
            return None
        return Result(
            self.experiment,
            tuple(0.0 if trainer.diverged else accuracy_on_test(trainer) for trainer in self.trainers),
        )


class Results:
    """Every result so far, in the order in which the test parts were opened."""

    def __init__(self):
        self._all: list[Result] = []

    def note(self, result: Result) -> Result:
        """Count a result, and give it with the number of its look. The same one again is no new look."""
        known = self.known(result.experiment, result.proven)
        if known:
            return known
        result = replace(result, look=1 + max(self.looks(part, result.experiment) for part in result.parts))
        self._all.append(result)
        return result

    def known(self, experiment: Digits, proven: bool = False) -> Result | None:
        """The result of an experiment, or of its proof; None if its test part has not been opened."""
        return next((each for each in self._all if each.experiment == experiment and each.proven == proven), None)

    def looks(self, part: tuple, by: Digits | None = None) -> int:
        """How many experiments, other than `by`, have opened a test part."""
        return len({each.experiment for each in self._all if part in each.parts} - {by})

    def best(self, kind: str, proven: bool = False) -> Result | None:
        """The best single run on a kind of split, or the best proof."""
        found = [each for each in self._all if (each.kind, each.proven) == (kind, proven)]
        return max(found, key=lambda each: each.accuracy, default=None)

    def reached(self, target: Target) -> Result | None:
        """The first result that reaches a target, an honest one before others; None: none does."""
        found = [each for each in self._all if (each.kind, each.proven) == (target.kind, target.proven)]
        enough = [each for each in found if each.accuracy >= target.accuracy]
        return min(enough, key=lambda each: not each.honest, default=None)
