"""A run is what one visitor has open: an experiment, its trainer, and the moment that is looked at."""

import math
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import NamedTuple

from ..server.scheduler import SLICE, nothing
from ..text import number, percent
from ..training.budget import affordable
from ..training.diagnostics import Snapshot, snapshot
from ..training.experiment import IN_RUN, Experiment
from ..training.trainer import Trainer
from .session import PageSession, alone


class Single(NamedTuple):
    """One network of a run, which also trains by itself.

    Attributes:
        experiment: by itself it gives the same numbers.
        trainer: what trains it in the run.
        place: its index in the trainer's stack; () where it is alone.
    """

    experiment: Experiment
    trainer: Trainer
    place: tuple[int, ...] = ()


class Run(PageSession):
    """One visitor's run of an experiment.

    Attributes:
        frames: pictures a second while playing: more than the browser paints would only queue up, and a click would
            wait behind them.
        time_slice: seconds of training in a frame, at most.
        experiment: what the knobs say.
        trainer: the training of it.
        playing: whether it trains on by itself.
        view: the moment of the history that is looked at; None: the newest.
    """

    kind = Experiment
    frames = 18
    time_slice = 0.025

    def __init__(self, experiment: Experiment, notices: list[str]):
        super().__init__(experiment, notices)
        self.playing = False
        self.start(experiment)

    @alone
    def start(self, experiment: Experiment, message: str = "") -> None:
        """Begin anew, with an untrained network; one that would hold up the others is made smaller."""
        self.experiment, smaller = affordable(experiment)
        self.trainer = self.new_trainer(self.experiment)
        self.view = None
        self.message = smaller or message

    def new_trainer(self, experiment: Experiment) -> Trainer:
        """What trains the experiment."""
        return Trainer(experiment)

    @alone
    def reset(self) -> None:
        """The same network before its first step, with the training knobs as they stand now."""
        self.playing = False
        self.start(self.current.started_afresh())

    @alone
    def new_seed(self) -> None:
        """Other initial weights, on the same data and mini-batches."""
        other = self.current.started_afresh().moved_on(1, "seed")
        self.start(other, f"New network with seed {other.seed}, on the same points.")

    @property
    def current(self):
        """The experiment with the values that its live knobs have now."""
        return self.experiment.at(self.trainer.steps)

    def applies(self, name):
        return name != "changes" and super().applies(name)

    def highest(self, name):
        return self.trainer.data.n_train if name == "batch_size" else super().highest(name)

    def fans(self):
        return [layer.W.shape[-2:] for layer in self.trainer.network.dense]

    @alone
    def turn(self, **values):
        """Set knobs. Live ones take hold of the network as it is; any other starts a new one."""
        changed = {name: value for name, value in values.items() if getattr(self.current, name) != value}
        if not changed:
            return
        self.notices = []
        labels = ", ".join(self.knobs[name].label for name in changed)
        if not all(self.knobs[name].live for name in changed):
            trained = self.trainer.steps > 0
            self.start(
                replace(self.current.started_afresh(), **changed), f"{labels} changed: a new network starts." * trained
            )
            return
        if affordable(replace(self.current, **changed))[1]:
            self.start(replace(self.current.started_afresh(), **changed))
            return
        if "epochs" in changed:
            self.experiment = replace(self.experiment, epochs=changed["epochs"])
        in_run = {name: value for name, value in changed.items() if name in IN_RUN}
        try:
            self.experiment = self.experiment.changed(self.trainer.steps, **in_run)
        except ValueError:
            self.start(
                replace(self.current.started_afresh(), **in_run),
                f"A run holds {self.knobs['changes'].most} changes of its knobs at most: a new network starts.",
            )
            return
        self.trainer.change(self.experiment)
        if self.trainer.steps and in_run:
            self.message = f"{labels} changed from step {self.trainer.steps + 1:,} on; the link holds this change too."

    @alone
    def toggle(self) -> None:
        """Play or pause. Playing goes on from the newest moment; a run that is done starts again."""
        self.playing = not self.playing
        self.view = None
        if self.playing and self.done:
            self.start(self.current.started_afresh())
        if self.playing:
            self.message = ""

    @alone
    def step(self, steps: int, give_way: Callable[[], object] = nothing) -> None:
        """Train for so many mini-batches, and pause; `give_way` lets others compute between slices of it."""
        self.playing = False
        self.view = None
        self.message = ""
        end = self.trainer.steps + steps
        while self.trainer.steps < end and not self.done:
            self.trainer.run(end - self.trainer.steps, SLICE)
            give_way()
        self.trainer.record()

    def step_epoch(self, give_way: Callable[[], object] = nothing) -> None:
        """Train to the end of the present epoch, and pause."""
        self.step(self.trainer.steps_to_epoch_end, give_way)

    @alone
    def advance(self, steps: int, seconds: float = math.inf) -> None:
        """Train for so many mini-batches, or for so long, and record where that ends."""
        self.trainer.run(steps, seconds)
        self.trainer.record()
        if self.done:
            self.playing = False

    @property
    def done(self) -> bool:
        """Whether there is nothing left to train."""
        return self.trainer.finished or bool(self.trainer.diverged)

    @property
    def kept(self) -> list[int]:
        """The moments that can be looked back at, oldest first."""
        return self.trainer.history.kept

    @property
    def index(self) -> int:
        """The moment to show: the chosen one, or the newest; of a diverged run, the last good one."""
        if self.view is not None and self.view in self.kept:
            return self.view
        return self.trainer.last_good if self.trainer.diverged else self.kept[-1]

    def epoch(self, index: int) -> str:
        """The epoch of a moment, in figures that no other moment has; "–" for one of a run that was before this one."""
        moments = self.trainer.history.moments
        return epoch_figures(moments[index].epoch) if index < len(moments) else "–"

    @property
    def singles(self) -> dict[str, Single]:
        """The networks that can be taken home, by their labels."""
        return {"": Single(self.experiment, self.trainer)}

    def words(self) -> str:
        """The moment to show, in figures."""
        moment = self.trainer.history.moments[self.index]
        text = f"Epoch {self.epoch(self.index)} of {self.experiment.epochs:,} · loss {number(moment.train_loss)}"
        text += f" · accuracy {percent(moment.train_accuracy)}"
        if not math.isnan(moment.test_loss):
            text += f" (test {number(moment.test_loss)} and {percent(moment.test_accuracy)})"
        return text

    @property
    def key(self) -> Hashable:
        """What all that there is to see follows from, for whoever looks; None where a run adds something of its own."""
        if type(self).snapshot is not Run.snapshot:
            return None
        history, index = self.trainer.history, self.index
        newest = index == len(history.moments) - 1
        return self.experiment, history.fingerprints[index], newest and self.trainer.diverged

    def snapshot(self) -> Snapshot:
        """All there is to see at the moment to show."""
        return snapshot(self.trainer, self.index)


def epoch_figures(epoch: float) -> str:
    """An epoch to a thousandth, so that each mini-batch, of which an epoch has at most as many, has its own."""
    return f"{epoch:,.3f}".rstrip("0").rstrip(".")


class Fans:
    """For a run of several stacks of one shape: a class to derive from first."""

    def fans(self):
        return [layer.W.shape[-2:] for layer in self.trainer.trainers[0].network.dense]
