"""With batch normalisation and without, on the screen: side by side, and over learning rates and gains."""

from dataclasses import replace

import streamlit as st

from ...charts import Picture, duel_gradients, input_drift, race_curves, sweep_losses, sweep_shares
from ...charts.palette import CONTESTANTS
from ...charts.sweep_curves import CEILING
from ...topics.batch_norm.paired_runs import PROBE, Duel, DuelTrainer, verdict
from ...topics.batch_norm.sweep import SWEPT, TRAINS, Sweep, SweepTrainer, reading
from ...topics.batch_norm.sweep import table as sweep_table
from ...topics.initialization.standings import explanation
from ...topics.initialization.standings import table as standings_table
from ...training.experiment import KNOBS
from .. import controls, player
from ..opening import opening
from ..run import Run, Single, epoch_figures
from ..session import open_desk
from ..slots import Slot, TableSlot, WordsSlot
from ..take_home import table_button
from .initialization_race import RaceLook, RaceRun, planes, seed_control


class Fans:
    """For a run of several stacks of one shape: a class to derive from first."""

    def fans(self):
        return [layer.W.shape[-2:] for layer in self.trainer.trainers[0].network.dense]


class DuelRun(Fans, RaceRun):
    """One visitor's duel. The networks shown are those of one seed: they began with the same weights."""

    kind = Duel
    shown = 0

    def new_trainer(self, experiment):
        super().new_trainer(experiment)
        return DuelTrainer(experiment)


class SweepRun(Fans, Run):
    """One visitor's sweep."""

    kind = Sweep
    frames = 10
    time_slice = 0.07  # hundreds of networks: an epoch takes about as long

    def new_trainer(self, experiment):
        return SweepTrainer(experiment)

    @property
    def kept(self):
        return []

    def applies(self, name):
        here = name == "swept" or (name == "learning_rate" and self.experiment.swept == "learning_rate")
        return not here and super().applies(name)

    @property
    def singles(self):
        """The best without batch normalisation, and with it; an experiment has no knob for the gain."""
        sweep, found = self.trainer.experiment, {}
        if sweep.swept == "gain":
            return found
        for contestant, trainer in zip(sweep.contestants, self.trainer.trainers, strict=True):
            value, seed = place = self.trainer.best(contestant)
            rate = KNOBS["learning_rate"].nearest(sweep.values[value])
            if rate == sweep.values[value]:
                experiment = replace(sweep.entry(contestant, seed), learning_rate=rate)
                found[contestant.label] = Single(experiment, trainer, place)
        return found

    def words(self):
        sweep = self.experiment
        count = 2 * sweep.n_values * sweep.n_seeds
        return f"Epoch {epoch_figures(self.trainer.progress)} of {sweep.epochs:,} · {count} networks at once"

    def look(self):
        return self.trainer


def duel() -> None:
    """The section with and without batch normalisation side by side."""
    run = open_desk(DuelRun)
    controls.sidebar(run)
    opening(
        run,
        "Press **Play**: both networks of a pair start from the same weights and see the same mini-batches. "
        "Only one has batch normalisation.",
        "duel",
    )
    player.buttons(run)
    timeline = player.Timeline(run)

    left, right = st.columns([11, 10])
    with left:
        pictures = planes(run)
        seed_control(run)
    left.caption("**Gradients**, layer by layer: median over the seeds, with quartiles")
    gradients = Slot(left)
    pictures[Slot(right)] = lambda look: race_curves(look.trainer)
    outcome = WordsSlot(st)

    in_turn = {gradients: lambda look: duel_gradients(look.trainer)}
    if run.experiment.hidden:
        in_turn |= _drifts(run)
    standings = TableSlot(st, "The networks without batch normalisation and with it: loss, accuracy, and a verdict")
    st.caption(explanation(run.experiment))
    table_button("with_and_without.csv", lambda: standings_table(run.trainer))
    words = {
        outcome: lambda look: verdict(look.trainer),
        standings: lambda look: standings_table(look.trainer),
    }
    player.show(run, timeline, pictures, in_turn, words)


def _drifts(run: DuelRun) -> dict[Slot, object]:
    """How the inputs of the activations drift, a chart a contestant: slots, and what they show."""
    st.subheader("What each activation function gets", anchor=False)
    st.caption(
        f"Its inputs in each hidden layer, for {PROBE} training points in training: median, and a band from the 15th "
        "to the 85th percentile. All rows have the same scale."
    )
    views = {}
    columns = st.columns(2)
    for column, contestant, color in zip(columns, run.experiment.contestants, CONTESTANTS, strict=False):
        column.caption(f':color[■]{{foreground="{color}"}} **{contestant.label}**')

        def view(look: RaceLook, contestant=contestant) -> Picture:
            return input_drift(look.trainer, contestant, look.seeds[contestant])

        views[Slot(column)] = view
    with st.expander("What to look for", icon=":material/menu_book:"):
        st.markdown(
            "Figure 1 of Ioffe & Szegedy (2015) shows this for one unit; here are all units of a layer together. "
            "Without batch normalisation, the inputs of a layer change with the weights of all layers before it. "
            "With it, each unit's inputs have mean β and standard deviation γ, whatever these weights are; both are "
            "learnt, and start at 0 and 1."
        )
    return views


def sweep() -> None:
    """The section of sweeps over the learning rate, or over the gain of the first weights."""
    run = open_desk(SweepRun)
    controls.sidebar(run)
    opening(
        run, "Press **Play**: hundreds of networks train at once, each with its own value of what is swept.", "sweep"
    )
    knob = run.knobs["swept"]
    st.segmented_control(
        knob.label, list(SWEPT), format_func=lambda name: SWEPT[name].label, required=True, help=knob.help,
        **controls.bound(run, "swept", run.experiment.swept),
    )  # fmt: skip
    player.buttons(run)
    timeline = player.Timeline(run)

    losses, shares = Slot(st), Slot(st)
    outcome = WordsSlot(st)
    st.caption(
        f"Loss: median over the seeds, with quartiles; dashes: guessing, ln {run.trainer.data.n_classes}. Above "
        f"{CEILING:g}, and where networks diverged, it is drawn at {CEILING:g}. A network trains if its training "
        f"accuracy is {TRAINS:.0%} or more."
    )
    with st.expander("All values", icon=":material/table:"):
        values = TableSlot(st, "For each value, without batch normalisation and with it: seeds that train, and loss")
    table_button("sweep.csv", lambda: sweep_table(run.trainer))
    each_frame = {losses: sweep_losses, shares: sweep_shares}
    player.show(run, timeline, each_frame, {}, {outcome: reading, values: sweep_table})
