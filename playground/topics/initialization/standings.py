"""Standings say who is ahead in a race, and only where the difference is more than chance.

Seed k of each contestant is a pair with seed k of every other, so contestants are compared by Wilcoxon's signed-rank
test (1945) on the training losses, at the end of the race only. Which two are compared depends on the race itself, so
the p value is corrected for all possible pairs (Bonferroni).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...nn import Activation
from ...text import number, percent
from ...training.contestants import Contestant
from ...training.diagnostics import idle_shares
from ...training.findings.headline import Headline, Mood
from ...training.significance import AT_THE_END, FLOOR, LEVEL, WORST_LOSS, compare, quartiles
from .race import FAST, Race, RaceTrainer

HALF = 0.5  # share of the seeds that must have learnt for a contestant to count
PROBE = 64  # training examples on which dead and saturated units are counted


@dataclass(frozen=True)
class Standing:
    """What is known of one contestant at a moment.

    Attributes:
        contestant: who.
        reached: share of the seeds that have reached the accuracy `race.FAST`.
        epochs: median of the epochs that those took; NaN where none has.
        loss, accuracy: training loss and judged accuracy over the seeds: lower quartile, median, upper quartile.
        idle: share of dead or saturated hidden units, median over the seeds; NaN where the activation has neither.
        diverged: number of runs that have diverged.
        verdict: how it compares, in words, once the race is over.
    """

    contestant: Contestant
    reached: float
    epochs: float
    loss: np.ndarray
    accuracy: np.ndarray
    idle: float
    diverged: int
    verdict: str


def standings(trainer: RaceTrainer) -> list[Standing]:
    """The contestants as they stand now, in the order of the race."""
    newest = [len(trainer.lead.history.moments) - 1]
    losses = trainer.losses()
    accuracies = np.nan_to_num(trainer.figures(trainer.judged, newest)[:, 0])
    labels = [contestant.label for contestant in trainer.race.contestants]
    verdicts = decide(losses, labels) if trainer.over else [AT_THE_END] * len(labels)
    return [
        Standing(
            contestant=contestant,
            reached=float(np.mean(~np.isnan(reached))),
            epochs=float(np.nanmedian(reached)) if not np.isnan(reached).all() else np.nan,
            loss=quartiles(loss),
            accuracy=quartiles(accuracy),
            idle=idle_share(trainer, contestant),
            diverged=int(trainer.diverged_runs(contestant).sum()),
            verdict=verdict,
        )
        for contestant, reached, loss, accuracy, verdict in zip(
            trainer.race.contestants, trainer.reached, losses, accuracies, verdicts, strict=True
        )
    ]


def race_headline(trainer: RaceTrainer) -> Headline:
    """How many contestants have learnt, which has the lowest loss, and which have diverged, in one line."""
    contestants, n_seeds = trainer.race.contestants, trainer.race.n_seeds
    if not trainer.lead.steps:
        return Headline(Mood.WAITING, "Not trained yet", f"{len(contestants)} contestants of {n_seeds} seeds each.")
    learnt = int((np.mean(~np.isnan(trainer.reached), axis=-1) >= HALF).sum())
    diverged = {each.label: int(trainer.diverged_runs(each).sum()) for each in contestants}
    medians = np.median(trainer.losses(), axis=-1)
    mood = Mood.FAILED if (medians >= WORST_LOSS).all() else Mood.GOOD if learnt else Mood.BAD
    lowest = int(medians.argmin())
    text = f"lowest median loss {number(medians[lowest])}, {contestants[lowest].label}."
    told = ", ".join(f"{label} in {count} of {n_seeds} seeds" for label, count in diverged.items() if count)
    if told:
        text += f" **Diverged**: {told}."
    return Headline(mood, f"{learnt} of {len(contestants)} have learnt", text)


def decide(losses: np.ndarray, labels: list[str]) -> list[str]:
    """How each contestant compares with the one of the lowest median loss, in words; losses (contestants, seeds)."""
    if (losses >= WORST_LOSS).all():
        return ["all have diverged"] * len(losses)
    others, pairs = len(losses) - 1, len(losses) * (len(losses) - 1) // 2
    first = int(np.argmin(np.median(losses, axis=-1)))
    compared = [compare(losses[first], loss, FLOOR, pairs) for loss in losses]
    verdicts = [
        f"no difference to {labels[first]} shown" if each.lower is None else f"behind {labels[first]} ({each.verdict})"
        for each in compared
    ]
    shown = sum(each.lower is not None for each in compared)
    verdicts[first] = (
        "leads: lower loss than all others"
        if shown == others
        else f"lowest median loss; difference shown to {shown} of {others}"
        if shown
        else "no difference to the others shown"
    )
    return verdicts


def idle_share(trainer: RaceTrainer, contestant: Contestant) -> float:
    """Share of hidden units that are dead, or where the activation can't die, saturated: median over the seeds."""
    network = trainer.stack(contestant)
    with np.errstate(all="ignore"):
        network.forward(trainer.data.X_train[:PROBE])
    pairs = [idle_shares(layer) for layer in network.layers if isinstance(layer, Activation)]
    shares = [saturated if dead is None else dead for dead, saturated in pairs]
    shares = [share for share in shares if share is not None]
    return float(np.median(np.mean(shares, axis=0))) if shares else np.nan


def explanation(race: Race) -> str:
    """How to read the table, and how the verdicts were tested."""
    return (
        f"At {FAST:.0%}: share of the seeds that have reached this accuracy, and the median of the epochs they took. "
        "Loss and accuracy: median over the seeds, with quartiles. Idle units: dead or saturated ones. The verdict "
        "compares training losses at the end of the run, not before: who tests equals again and again finds a leader "
        "sooner or later, with 100 looks in 37 % of the cases (Armitage, McPherson & Rowe 1969). A difference counts "
        "where Wilcoxon's signed-rank test, "
        f"paired by seed, gives p < {LEVEL} after Bonferroni's correction for all pairs of contestants, and where the "
        "medians agree with its direction; median difference: of the pairs. Losses that differ by less than "
        f"{FLOOR:g} count as equal: that is one part in a thousand of the probability of the right class. All this "
        "is about one data set and one order of its mini-batches, and says nothing of others."
    )


def table(trainer: RaceTrainer) -> pd.DataFrame:
    """The standings as a table, one row per contestant."""
    judged = "Test accuracy" if trainer.judged == "held_out_accuracy" else "Training accuracy"
    return pd.DataFrame(
        [
            {
                "Contestant": each.contestant.label,
                "Verdict": each.verdict,
                f"At {FAST:.0%}": f"{each.reached:.0%}",
                "Epochs to it": "–" if np.isnan(each.epochs) else f"{each.epochs:.3g}",
                "Training loss": _with_quartiles(each.loss, number),
                judged: _with_quartiles(each.accuracy, percent),
                "Idle units": "–" if np.isnan(each.idle) else percent(each.idle),
                "Diverged": f"{each.diverged} of {trainer.race.n_seeds}",
            }
            for each in standings(trainer)
        ]
    )


def _with_quartiles(values: np.ndarray, show: Callable[[float], str]) -> str:
    low, median, high = map(show, values)
    return f"{median} ({low} – {high})"
