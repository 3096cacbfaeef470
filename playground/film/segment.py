"""A segment is a stretch of a run: from the trainer as it was at its start, bytes to show, and the trainer at its end.

A run is cut at the same epochs whoever asks for it, so a segment is a pure function of its address: the experiment and
the segment's number. The first segments are short, so that the first picture comes at once. A segment of a single epoch
has all its mini-batches, for those who look closer.
"""

import pickle
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..training.budget import operations
from ..training.experiment import KNOBS, Experiment
from ..training.findings import Finding, findings
from ..training.findings.headline import headline
from ..training.loop import experiment_data
from ..training.trainer import Trainer
from .clip import Clip, measured
from .packing import pack
from .tracks import packed, regions, strips

FIRST, LONGEST = 2, 32  # epochs of the first segment and of the longest; each is twice as long as the one before
WORK = 6e9  # floating-point operations to train for a segment, about
STEP = 2e6  # operations that take as long as what NumPy does besides in a step of a small network
MOST_BATCHES = 200  # moments of an epoch whose mini-batches are shown; of more, every second one, or third


class Recorder(Trainer):
    """A trainer that keeps the network's state at each moment noted since it was made or taken up again."""

    def __init__(self, experiment: Experiment):
        self.states: list[dict[str, np.ndarray]] = []
        super().__init__(experiment, states=0)

    def record(self) -> None:
        """Record the present moment, and the network's state, if it is a new one and its numbers are valid."""
        before = len(self.history.moments) if hasattr(self, "history") else 0
        super().record()
        if len(self.history.moments) > before:
            self.states.append(self.network.state())

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"states": [], "data": None}  # which follows from the experiment

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.data = experiment_data(self.experiment)


class Made(NamedTuple):
    """What making a segment gives.

    Attributes:
        segment: bytes, as `packing` describes them.
        state: of the trainer after it.
        steps: mini-batches until then.
    """

    segment: bytes
    state: bytes
    steps: int


def longest(experiment: Experiment) -> int:
    """Epochs of the longest segments of a run: fewer where an epoch is more work."""
    steps = experiment.n_examples * experiment.train_share / experiment.batch_size
    return int(np.clip(WORK / (steps * max(STEP, operations(experiment))), 1, LONGEST))


def cuts(experiment: Experiment, k: int) -> tuple[int, int]:
    """Segment k has the moments after the first of these epochs up to the second; segment 0 has the start, too.

    The changes in a run don't move the cuts: up to a change, two films have the same segments.
    """
    most = longest(experiment)
    first, length = 0, min(FIRST, most)
    for _ in range(k):
        first, length = first + length, min(2 * length, most)
    return first, first + length


def make(experiment: Experiment, k: int, state: bytes | None) -> Made:
    """Make segment k from the state after segment k - 1, or after an earlier one; from None, from the start."""
    first, last = cuts(experiment, k)
    trainer = taken_up(experiment, state, first)
    if k and trainer.epoch == first:
        trainer.states.clear()
    while trainer.epoch < last and not _over(trainer):
        trainer.run(trainer.steps_to_epoch_end)
    return Made(_packed(trainer), pickle.dumps(trainer), trainer.steps)


def make_batches(experiment: Experiment, epoch: int, state: bytes | None) -> bytes:
    """Make the segment of the mini-batches after the end of an epoch, up to that of the next one."""
    trainer = taken_up(experiment, state, epoch)
    trainer.states.clear()
    every = -(-trainer.steps_per_epoch // MOST_BATCHES)
    while trainer.epoch == epoch and not _over(trainer):
        trainer.run(min(every, trainer.steps_to_epoch_end))
        trainer.record()
    return _packed(trainer)


def opening_clip(experiment: Experiment) -> Clip:
    """The clip of the moment before the first step."""
    trainer = Recorder(experiment)
    return measured(trainer, 0, trainer.states)


def taken_up(experiment: Experiment, state: bytes | None, epoch: int = 0) -> Recorder:
    """The trainer that goes on from a state, at the end of an epoch."""
    trainer = Recorder(experiment) if state is None else pickle.loads(state)
    trainer.change(experiment)
    while trainer.epoch < epoch and not _over(trainer):
        trainer.states.clear()
        trainer.run(trainer.steps_to_epoch_end)
    return trainer


def _over(trainer: Trainer) -> bool:
    return trainer.finished or bool(trainer.diverged)


def _packed(trainer: Recorder) -> bytes:
    """The segment of the moments whose states a trainer has."""
    over = {"last": _over(trainer), "diverged": trainer.diverged}
    if not trainer.states:
        return pack({"texts": {}, "told": [], **over}, {})
    clip = measured(trainer, len(trainer.history.moments) - len(trainer.states), trainer.states)
    arrays, texts = packed(strips(clip))
    return pack({"texts": texts, **_told(clip), **over}, dict(_figures(clip)) | regions(clip) | arrays)


def _figures(clip: Clip) -> Iterator[tuple[str, np.ndarray]]:
    """The figures of each moment that the player shows."""
    moments = clip.own_moments
    yield "step", np.array([moment.step for moment in moments], np.int32)
    for name in ("epoch", "train_loss", "train_accuracy", "held_out_loss", "held_out_accuracy"):
        yield name, np.array([getattr(moment, name) for moment in moments], np.float32)


def _told(clip: Clip) -> dict[str, Any]:
    """What is happening: lists of headlines and findings, and for each moment the places of its own in them."""
    headlines: list[dict[str, Any]] = []
    listed: list[dict[str, Any]] = []
    told = []
    for m in range(len(clip)):
        seen = clip.snapshot(m)
        found = findings(seen)
        line = headline(seen, found)
        about = {"mood": line.mood.name.lower(), "title": line.title, "text": line.text, **_remedy(line.finding)}
        now = [{"title": each.title, "text": each.text, **_remedy(each)} for each in found]
        told.append([_place(headlines, about), [_place(listed, each) for each in now]])
    return {"headlines": headlines, "findings": listed, "told": told}


def _remedy(finding: Finding | None) -> dict[str, Any]:
    """The remedy as the label of a button, and as the knobs' texts in a URL; empty where there is none."""
    if finding is None or not finding.remedy:
        return {"remedy": "", "knobs": {}}
    knobs = {name: KNOBS[name].write(value) for name, value in finding.remedy.items()}
    return {"remedy": finding.remedy_label, "knobs": knobs}


def _place(listed: list[dict[str, Any]], about: dict[str, Any]) -> int:
    """The place of something in a list, to which it is added if it is new."""
    if about not in listed:
        listed.append(about)
    return listed.index(about)
