"""A race: a run of many networks, of which the page shows one for each contestant as a picture."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from ...charts import Picture, plane
from ...charts.contestant_styles import name_in_color
from ...nn import NeuralNetwork
from ...topics.initialization.race import Race, RaceTrainer
from ...topics.initialization.standings import explanation
from ...training.contestants import Contestant
from ...training.significance import seeds_needed
from ..run import MultiRun, Single
from ..session import alone
from ..slots import Slot

MEDIAN = "median"  # in place of a seed: for each contestant the one with the median loss


@dataclass(frozen=True)
class RaceSnapshot:
    """All that the page shows of a race at one moment.

    Attributes:
        trainer: the race.
        seeds: contestant -> the seed whose network is shown.
    """

    trainer: RaceTrainer
    seeds: dict[Contestant, int]

    def network(self, contestant: Contestant) -> NeuralNetwork:
        """The network of a contestant that is shown."""
        return self.trainer.network(contestant, self.seeds[contestant])


class RaceRun(MultiRun):
    """One visitor's race.

    Attributes:
        shown: the seed whose networks are shown, or `MEDIAN`.
    """

    kind = Race
    trainer_kind = RaceTrainer
    frames = 13
    time_slice = 0.02
    shown: int | str = MEDIAN

    @alone
    def start(self, experiment, message=""):
        super().start(experiment, message)
        self._seeds: dict[Contestant, int] = {}
        self._seeds_of_epoch = -1.0

    @property
    def singles(self):
        """For each contestant, the network that is shown."""
        race = self.trainer.race
        return {
            each.label: Single(race.entry(each, seed), *self.trainer.place(each, seed))
            for each, seed in self._shown_seeds().items()
        }

    def snapshot(self):
        return RaceSnapshot(self.trainer, self._shown_seeds())

    def _shown_seeds(self) -> dict[Contestant, int]:
        """The seeds to show. Medians are chosen again only every ten epochs, so that pictures do not jump."""
        contestants = self.trainer.race.contestants
        if self.shown != MEDIAN:
            return dict.fromkeys(contestants, min(int(self.shown), self.trainer.race.n_seeds - 1))
        if not self._seeds or not self.playing or self.trainer.progress >= self._seeds_of_epoch + 10:
            losses = self.trainer.losses()
            order = np.argsort(losses, axis=-1, kind="stable")
            self._seeds = dict(zip(contestants, order[:, (losses.shape[1] - 1) // 2].tolist(), strict=True))
            self._seeds_of_epoch = self.trainer.progress
        return self._seeds


def seed_control(run: RaceRun) -> None:
    """The control for the seed whose networks are shown."""

    def choose():
        run.shown = st.session_state["shown"]

    st.session_state["shown"] = run.shown if run.shown == MEDIAN or run.shown < run.experiment.n_seeds else MEDIAN
    st.select_slider(
        "Seed shown", [MEDIAN, *range(run.experiment.n_seeds)], key="shown", on_change=choose,
        help="For each contestant the network with the median loss, or the networks of one seed.",
    )  # fmt: skip


def show_explanation(race: Race) -> None:
    """How to read the standings: what it takes to see a difference, and the rest behind a click."""
    needed = seeds_needed(len(race.contestants))
    if race.n_seeds < needed:
        st.caption(f"**With {race.n_seeds} seeds no difference can be shown: take at least {needed}.**")
    with st.expander("How to read the standings", icon=":material/help:"):
        st.markdown(explanation(race))


def planes(run: RaceRun) -> dict[Slot, object]:
    """A small picture of the plane for each contestant, below its name: slot -> function that makes its picture."""
    contestants = run.experiment.contestants
    views = {}
    grid = st.container(key="planes")
    for contestant in contestants:
        place = grid.container(gap=None)
        place.caption(name_in_color(contestant))

        def view(snapshot: RaceSnapshot, contestant=contestant) -> Picture:
            diverged = bool(snapshot.trainer.diverged_runs(contestant)[snapshot.seeds[contestant]])
            return plane(snapshot.trainer.data, snapshot.network(contestant), small=True, diverged=diverged)

        views[Slot(place)] = view
    return views
