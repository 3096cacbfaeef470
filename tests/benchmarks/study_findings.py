"""Are the findings right, and do their remedies help? Random experiments, judged by independent measures.

    python -m tests.benchmarks.study_findings [--runs 200] [--seed 0]

Each experiment is drawn at random from what the knobs allow, and trained. At four moments each rule is compared with
what `causes` measures: right, of its alarms; missed, of the moments at which the measure shows the cause. Each remedy
is tried once in a run, from the start and for as many epochs: it helps if the final training accuracy is higher by 3
points, and harms if it is lower by 3. Beside it stands what another seed does to the same runs.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from playground.data.datasets import PLANE
from playground.nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS
from playground.training.diagnostics import snapshot
from playground.training.experiment import Experiment
from playground.training.findings import RULES, findings_by_rule
from playground.training.trainer import Trainer

from .causes import BETTER, CAUSES
from .look import Look

STEPS = 2000  # mini-batches of a run, at most
FEWEST_EPOCHS, EPOCHS = 20, 100  # of a run
TRAIN_SHARE = 0.7
BY_HEART = {  # what lets a network learn its points by heart
    "noise": 0.5, "hidden": (32, 32), "activation": "relu", "initializer": "he_normal", "optimizer": "adam",
    "learning_rate": 0.01, "batch_size": 32, "l2": 0.0, "epochs": EPOCHS,
}  # fmt: skip
MOMENTS = (0.0, 0.25, 0.5, 1.0)  # shares of a run at which it is looked at


def draw(rng: np.random.Generator) -> Experiment:
    """An experiment, drawn from all that the knobs allow, small enough to be trained in a second.

    One in eight is a large network on noisy points: at random, hardly any run learns its points by heart.
    """
    batch_size = int(rng.choice([1, 2, 3, 4, 8, 16, 32, 32, 32, 64, 128, 1000]))
    most = min(1000, STEPS / FEWEST_EPOCHS * batch_size / TRAIN_SHARE)
    n_points = int(np.exp(rng.uniform(np.log(40), np.log(most))))
    experiment = Experiment(
        dataset=str(rng.choice(list(PLANE))),
        n_classes=int(rng.integers(2, 6)),
        n_points=n_points,
        noise=float(rng.choice([0.0, 0.1, 0.1, 0.2, 0.5])),
        train_share=TRAIN_SHARE,
        hidden=(int(rng.choice([2, 4, 8, 16, 32])),) * int(rng.integers(0, 11)),
        activation=str(rng.choice(list(ACTIVATIONS))),
        initializer=str(rng.choice(list(INITIALIZERS))),
        batch_norm=bool(rng.random() < 0.25),
        seed=int(rng.integers(1000)),
        data_seed=int(rng.integers(1000)),
        optimizer=str(rng.choice(list(OPTIMIZERS))),
        learning_rate=float(np.exp(rng.uniform(np.log(1e-4), np.log(10)))),
        batch_size=batch_size,
        l2=float(rng.choice([0.0, 0.0, np.exp(rng.uniform(np.log(1e-3), np.log(0.1)))])),
        epochs=int(np.clip(STEPS // -(-int(n_points * TRAIN_SHARE) // batch_size), FEWEST_EPOCHS, EPOCHS)),
    )
    if rng.random() < 1 / 8:
        return replace(experiment, **BY_HEART, n_points=int(rng.integers(100, 300)))
    return experiment


@cache
def final_accuracy(experiment: Experiment) -> float:
    """Training accuracy at the end of a run, or at its last good moment, which is what the app shows."""
    trainer = Trainer(experiment)
    trainer.run()
    return trainer.history.moments[trainer.last_good].train_accuracy


@dataclass
class Tally:
    """What is counted of a rule.

    Attributes:
        right, wrong, missed: moments.
        remedy, seed: changes of the final training accuracy, one for each run in which a remedy was offered.
        cases: (experiment, what, remedy, change) to look into.
    """

    right: int = 0
    wrong: int = 0
    missed: int = 0
    remedy: list[float] = field(default_factory=list)
    seed: list[float] = field(default_factory=list)
    cases: list = field(default_factory=list)


class Study:
    """All counts.

    Attributes:
        tallies: by rule.
        runs, poor, silent: runs; those that end below 90 %; those of them of which nothing is said.
    """

    def __init__(self):
        self.tallies: dict[str, Tally] = defaultdict(Tally)
        self.runs = self.poor = self.silent = 0

    def add(self, experiment: Experiment) -> None:
        """Train an experiment, and compare what is told with what is measured."""
        trainer = Trainer(experiment)
        trainer.run()
        kept, tried = trainer.history.kept, set()
        last = trainer.last_good if trainer.diverged else kept[-1]
        shown = [index for index in kept if index <= last]
        for index in sorted({shown[round(share * (len(shown) - 1))] for share in MOMENTS}):
            look, seen = Look(trainer, index), snapshot(trainer, index)
            spoken = findings_by_rule(seen)
            for name, rule in RULES.items():
                alone = all(RULES[other].fallback for other in spoken)
                if alone or not rule.fallback:  # others have said more: then it is to be silent
                    self._judge(name, look, name in spoken)
                if name in spoken and spoken[name].remedy and name not in tried:
                    tried.add(name)
                    self._try(name, experiment, spoken[name].remedy)
        self.runs += 1
        if final_accuracy(experiment) < 0.9:
            self.poor += 1
            self.silent += not spoken

    def _judge(self, name: str, look: Look, told: bool) -> None:
        if name not in CAUSES:
            return
        true, tally = CAUSES[name](look), self.tallies[name]
        if true is None:
            return
        tally.right += told and true
        tally.wrong += told and not true
        tally.missed += true and not told
        if told != bool(true):
            tally.cases.append(("wrong" if told else "missed", look.index, look.experiment))

    def _try(self, name: str, experiment: Experiment, remedy: dict) -> None:
        if "n_points" in remedy:
            return  # accuracies on other training points say nothing
        tally, before = self.tallies[name], final_accuracy(experiment)
        tally.remedy.append(final_accuracy(replace(experiment, **remedy)) - before)
        tally.seed.append(final_accuracy(experiment.moved_on(1, "seed")) - before)
        tally.cases.append((f"remedy {tally.remedy[-1]:+.2f} from {before:.2f}", remedy, experiment))

    def table(self) -> str:
        """A line for each rule."""
        lines = [f"{'rule':26}  alarms  right  missed   remedies  help  harm   another seed helps"]
        for name in RULES:
            tally = self.tallies[name]
            alarms, shown = tally.right + tally.wrong, tally.right + tally.missed
            remedy, seed = np.array(tally.remedy), np.array(tally.seed)
            lines.append(
                f"{name:26}  {alarms:6}  {share(tally.right, alarms)}  {share(tally.missed, shown):>6}  "
                f"{len(remedy):9}  {share((remedy >= BETTER).sum(), len(remedy))}  "
                f"{share((remedy <= -BETTER).sum(), len(remedy))}  {share((seed >= BETTER).sum(), len(seed)):>19}"
            )
        return "\n".join([*lines, f"{self.runs} runs, {self.poor} end below 90 %, of {self.silent} nothing is said"])


def share(part: int, whole: int) -> str:
    """In percent; – of nothing."""
    return f"{100 * part / whole:3.0f} %" if whole else "    –"


def study(runs: int, seed: int = 0) -> Study:
    """The study of so many random experiments."""
    rng, result = np.random.default_rng(seed), Study()
    for _ in range(runs):
        result.add(draw(rng))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    print(study(asked.runs, asked.seed).table())


if __name__ == "__main__":
    main()
