"""A run is what one visitor has open: an experiment, its trainer, and the moment that the page shows."""

import math
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import NamedTuple

from ..server.scheduler import SLICE, nothing
from ..text import number, percent
from ..training.budget import affordable
from ..training.diagnostics import Snapshot, snapshot
from ..training.experiment import IN_RUN, Experiment
from ..training.multi_trainer import MultiTrainer
from ..training.trainer import Trainer
from .session import PageSession, alone


class Single(NamedTuple):
    """One network of a run.

    Attributes:
        experiment: trained alone, it gives the same numbers.
        trainer: what trains it in the run.
        place: its index in the trainer's stack; () if the trainer has no other network.
        moment: the moment of the trainer's history that is looked at; None: the newest.
    """

    experiment: Experiment
    trainer: Trainer
    place: tuple[int, ...] = ()
    moment: int | None = None

    @property
    def steps(self) -> int | None:
        """Mini-batches until the moment that is looked at; None: to the end of the experiment."""
        return None if self.moment is None else self.trainer.history.moments[self.moment].step

    @property
    def diverges(self) -> bool:
        """Whether the run to that moment is known to diverge: a moment that can be looked back at is before that."""
        return self.steps is None and bool((self.trainer.overflow | self.trainer.runaway)[self.place])


class Run(PageSession):
    """One visitor's run of an experiment.

    Attributes:
        trainer_kind: the class of its trainer.
        frames: pictures per second while it plays. More than the browser can paint would wait in a queue, and a click
            behind them.
        time_slice: seconds of training in a frame, at most.
        experiment: what the knobs say.
        trainer: what trains the experiment.
        playing: whether it trains on without further clicks.
        view: the moment of the history to show; None: the newest.
    """

    kind = Experiment
    trainer_kind: type[Trainer | MultiTrainer] = Trainer
    frames = 18
    time_slice = 0.025

    def __init__(self, experiment: Experiment, notices: list[str]):
        super().__init__(experiment, notices)
        self.playing = False
        self.start(experiment)

    @alone
    def start(self, experiment: Experiment, message: str = "") -> None:
        """Start again, with an untrained network. An experiment that is too large for the server is made smaller."""
        self.experiment, smaller = affordable(experiment)
        self.trainer = self.trainer_kind(self.experiment)
        self.view = None
        self.message = smaller or message

    @alone
    def reset(self) -> None:
        """The same network before its first step, with the present values of the training knobs."""
        self.playing = False
        self.start(self.current.started_afresh())

    @alone
    def new_seed(self) -> None:
        """Other initial weights, on the same data and mini-batches."""
        other = self.current.started_afresh().moved_on(1, "seed")
        self.start(other, f"New network with seed {other.seed}, on the same points.")

    @property
    def steps(self) -> int:
        """Mini-batches up to where the run goes on."""
        return self.trainer.steps

    @property
    def current(self):
        """The experiment with the present values of its live knobs."""
        return self.experiment.at(self.steps)

    def applies(self, name):
        return name != "changes" and super().applies(name)

    def highest(self, name):
        return self.trainer.data.n_train if name == "batch_size" else super().highest(name)

    def fans(self):
        return [layer.W.shape[-2:] for layer in self.trainer.network.dense]

    @alone
    def turn(self, **values):
        """Set knobs. A live knob changes the training of the present network; any other starts a new network."""
        changed = {name: value for name, value in values.items() if getattr(self.current, name) != value}
        if not changed:
            return
        self.notices = []
        labels = ", ".join(self.knobs[name].label for name in changed)
        if not all(self.knobs[name].live for name in changed):
            trained = self.steps > 0
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
            self.experiment = self.experiment.changed(self.steps, **in_run)
        except ValueError:
            self.start(
                replace(self.current.started_afresh(), **in_run),
                f"A run holds {self.knobs['changes'].most} changes of its knobs at most: a new network starts.",
            )
            return
        self.go_on()
        if self.steps and in_run:
            self.message = f"{labels} changed from step {self.steps + 1:,} on; the link holds this change too."

    def go_on(self) -> None:
        """Train on with the experiment as it has been changed."""
        self.trainer.change(self.experiment)

    @alone
    def toggle(self) -> None:
        """Play or pause. Play goes on from the newest moment; a run that is done starts again."""
        self.playing = not self.playing
        self.view = None
        if self.playing and self.done:
            self.start(self.current.started_afresh())
        if self.playing:
            self.message = ""

    @alone
    def step(self, steps: int, give_way: Callable[[], object] = nothing) -> None:
        """Train for some mini-batches, and pause. Between short slices, `give_way` lets other visitors compute."""
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
        """Train for some mini-batches, but not longer than `seconds`, and record the moment at the end."""
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
        """The moments that the page can show, oldest first."""
        return self.trainer.history.kept

    @property
    def index(self) -> int:
        """The moment to show: the chosen one, or the newest; if the run has diverged, the last good one."""
        if self.view is not None and self.view in self.kept:
            return self.view
        return self.trainer.last_good if self.trainer.diverged else self.kept[-1]

    def epoch(self, index: int) -> str:
        """The epoch of a moment, in figures that no other moment has; "–" if the run has no such moment."""
        moments = self.trainer.history.moments
        return epoch_figures(moments[index].epoch) if index < len(moments) else "–"

    @property
    def singles(self) -> dict[str, Single]:
        """The networks that can be taken home, by their labels."""
        looks_back = self.index != len(self.trainer.history.moments) - 1
        return {"": Single(self.experiment, self.trainer, moment=self.index if looks_back else None)}

    def words(self) -> str:
        """The moment to show, in figures."""
        moments = self.trainer.history.moments
        moment = moments[self.index]
        text = f"Diverged at epoch {epoch_figures(moments[-1].epoch)} · shown: " if self.trainer.diverged else ""
        text += f"Epoch {self.epoch(self.index)} of {self.experiment.epochs:,} · loss {number(moment.train_loss)}"
        text += f" · accuracy {percent(moment.train_accuracy)}"
        if not math.isnan(moment.held_out_loss):
            text += f" ({self.trainer.data.held_out} {number(moment.held_out_loss)}"
            text += f" and {percent(moment.held_out_accuracy)})"
        return text

    @property
    def key(self) -> Hashable:
        """Two runs with equal keys show the same; None if a run shows more than that."""
        if type(self).snapshot is not Run.snapshot:
            return None
        history, index = self.trainer.history, self.index
        newest = index == len(history.moments) - 1
        return self.experiment, history.fingerprints[index], newest and self.trainer.diverged

    def snapshot(self) -> Snapshot:
        """All that the page shows of the moment."""
        return snapshot(self.trainer, self.index)


class MultiRun(Run):
    """One visitor's run of many networks that train side by side. It shows only the newest moment.

    Attributes:
        counted: the words after the number of networks.
    """

    frames = 10
    time_slice = 0.07  # hundreds of networks: an epoch takes about as long
    counted = "networks at once"

    @property
    def kept(self):
        return []

    def fans(self):
        return [layer.W.shape[-2:] for layer in self.trainer.trainers[0].network.dense]  # all have the same layers

    def words(self):
        epoch, epochs = epoch_figures(self.trainer.progress), self.experiment.epochs
        return f"Epoch {epoch} of {epochs:,} · {self.experiment.n_networks} {self.counted}"

    def snapshot(self):
        return self.trainer


def epoch_figures(epoch: float) -> str:
    """An epoch to a thousandth: an epoch has at most a thousand mini-batches, so each has its own figures."""
    return f"{epoch:,.3f}".rstrip("0").rstrip(".")
