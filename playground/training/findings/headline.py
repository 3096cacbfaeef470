"""The one line that says what is happening: the most urgent finding, or, where there is none, how the training goes."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from ...text import number, percent
from ..diagnostics import Snapshot
from .evidence import LEARNT
from .finding import Finding, findings

STALLED = 0.99  # of the loss a quarter of the run ago: a loss above it hardly falls
CAUSES = {
    "overflow": "its weights grew beyond all numbers",
    "runaway": "its loss stayed above ten times the first",
}


class Mood(Enum):
    """How good the news is."""

    WAITING = "not trained yet"
    GOOD = "it learns"
    BAD = "it hardly learns"
    FAILED = "it has diverged"


@dataclass(frozen=True)
class Headline:
    """What is happening, in one line.

    Attributes:
        mood: how good the news is.
        title: what it is, in a few words.
        text: the figures that show it.
        finding: the finding whose remedy is offered; None if there is none.
    """

    mood: Mood
    title: str
    text: str = ""
    finding: Finding | None = None


def headline(seen: Snapshot, found: list[Finding] | None = None) -> Headline:
    """The headline of a moment.

    Args:
        seen: the moment.
        found: what to say of it, most urgent first; by default all that the rules find. Only the first one's remedy is
            offered.
    """
    moment, found = seen.moment, findings(seen) if found is None else found
    found = [finding for finding in found if not finding.harmless]
    first = found[0] if found and found[0].remedy else None
    if seen.diverged:
        cause = CAUSES.get(seen.diverged, "it left the numbers")
        rate = f"{seen.experiment.learning_rate:g}"
        text = f"with learning rate {rate} {cause}. Shown: epoch {moment.epoch:.3g}, the last good state."
        return Headline(Mood.FAILED, "Diverged", text, first)
    if found:
        return Headline(Mood.BAD, found[0].title, _progress(seen), first)
    if not moment.step:
        guessing = number(np.log(seen.data.n_classes))
        return Headline(Mood.WAITING, "Not trained yet", f"loss {number(moment.train_loss)}; guessing has {guessing}.")
    if moment.train_accuracy >= LEARNT:
        return Headline(Mood.GOOD, "It has learnt", f"{_accuracy(seen)}.")
    earlier = seen.moments[-1 - -(-len(seen.moments) // 4)] if len(seen.moments) > 1 else moment
    if moment.train_loss > STALLED * earlier.train_loss:
        return Headline(Mood.BAD, "The loss hardly falls", _progress(seen))
    return Headline(Mood.GOOD, "It learns", _progress(seen))


def _progress(seen: Snapshot) -> str:
    return f"loss {number(seen.moments[0].train_loss)} → {number(seen.moment.train_loss)}, {_accuracy(seen)}."


def _accuracy(seen: Snapshot) -> str:
    text = f"{percent(seen.moment.train_accuracy)} of the training set right"
    if np.isfinite(seen.moment.held_out_accuracy):
        text += f", {percent(seen.moment.held_out_accuracy)} of the {seen.data.held_out} set"
    return text
