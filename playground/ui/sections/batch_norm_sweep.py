"""A sweep: hundreds of networks at many learning rates or gains, with and without batch normalisation."""

from dataclasses import replace

import streamlit as st

from ...charts import sweep_losses, sweep_shares
from ...charts.sweep_curves import CEILING
from ...topics.batch_norm.sweep import SWEPT, TRAINS, Sweep, SweepTrainer, reading, sweep_headline
from ...topics.batch_norm.sweep import table as sweep_table
from ...training.experiment import KNOBS
from .. import controls, player
from ..run import MultiRun, Single
from ..section import open_section
from ..slots import HeadlineSlot, Slot, TableSlot, WordsSlot
from ..take_home import table_button


class SweepRun(MultiRun):
    """One visitor's sweep."""

    kind = Sweep
    trainer_kind = SweepTrainer

    def applies(self, name):
        here = name == "swept" or (name == "learning_rate" and self.experiment.swept == "learning_rate")
        return not here and super().applies(name)

    @property
    def singles(self):
        """The best network without batch normalisation and with it. There are none for a gain: it is no knob."""
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


def sweep() -> None:
    """The section of sweeps over the learning rate, or over the gain of the first weights."""
    run = open_section(
        SweepRun,
        "Press **Play**: hundreds of networks train at once, each with its own value of what is swept.",
        "sweep",
    )
    knob = run.knobs["swept"]
    st.segmented_control(
        knob.label, list(SWEPT), format_func=lambda name: SWEPT[name].label, required=True,
        label_visibility="collapsed", **controls.bound(run, "swept", run.experiment.swept),
    )  # fmt: skip
    player.buttons(run)
    timeline = player.Timeline(run)
    line = HeadlineSlot(st, run.turn)

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
    player.show(run, timeline, each_frame, {}, {line: sweep_headline, outcome: reading, values: sweep_table})
