"""The same networks with and without batch normalisation, side by side."""

from dataclasses import replace

import streamlit as st

from ...charts import Picture, input_drift, paired_gradients, race_curves
from ...charts.contestant_styles import name_in_color
from ...topics.batch_norm.paired_runs import PROBE, Pairs, PairsTrainer, verdict
from ...topics.initialization.standings import race_headline
from ...topics.initialization.standings import table as standings_table
from .. import player
from ..section import open_section
from ..slots import HeadlineSlot, Slot, TableSlot
from ..take_home import table_button
from .initialization_race import RaceRun, RaceSnapshot, planes, seed_control, show_explanation


class PairsRun(RaceRun):
    """One visitor's pairs of networks. The page shows those of one seed, which started with the same weights."""

    kind = Pairs
    trainer_kind = PairsTrainer
    shown = 0


def with_and_without() -> None:
    """The section with and without batch normalisation side by side."""
    run = open_section(
        PairsRun,
        "Press **Play**: both networks of a pair start from the same weights and see the same mini-batches. "
        "Only one has batch normalisation.",
        "pairs",
    )
    player.buttons(run)
    timeline = player.Timeline(run)
    line = HeadlineSlot(st, run.turn)

    left, right = st.columns([1, 1])
    with left:
        pictures = planes(run)
        seed_control(run)
    left.caption("**Gradients**, layer by layer: median over the seeds, with quartiles")
    gradients = Slot(left)
    pictures[Slot(right)] = lambda snapshot: race_curves(snapshot.trainer)

    in_turn = {gradients: lambda snapshot: paired_gradients(snapshot.trainer)}
    if run.experiment.hidden:
        in_turn |= _drifts(run)
    standings = TableSlot(st, "The networks without batch normalisation and with it: loss, accuracy, and a verdict")
    show_explanation(run.experiment)
    table_button("with_and_without.csv", lambda: standings_table(run.trainer))
    words = {
        line: lambda snapshot: replace(race_headline(snapshot.trainer), text=verdict(snapshot.trainer)),
        standings: lambda snapshot: standings_table(snapshot.trainer),
    }
    player.show(run, timeline, pictures, in_turn, words)


def _drifts(run: PairsRun) -> dict[Slot, object]:
    """How the inputs of the activations change, one chart per contestant: slot -> function that makes its chart."""
    st.subheader("What each activation function gets", anchor=False)
    st.caption(
        f"Its inputs in each hidden layer, for {PROBE} training points in training: median, and a band from the 15th "
        "to the 85th percentile. All rows have the same scale."
    )
    views = {}
    columns = st.columns(2)
    for column, contestant in zip(columns, run.experiment.contestants, strict=True):
        column.caption(name_in_color(contestant))

        def view(snapshot: RaceSnapshot, contestant=contestant) -> Picture:
            return input_drift(snapshot.trainer, contestant, snapshot.seeds[contestant])

        views[Slot(column)] = view
    with st.expander("What to look for", icon=":material/menu_book:"):
        st.markdown(
            "Figure 1 of Ioffe & Szegedy (2015) shows this for one unit; here are all units of a layer together. "
            "Without batch normalisation, the inputs of a layer change with the weights of all layers before it. "
            "With it, each unit's inputs have mean β and, but for ε, standard deviation |γ|, whatever these weights "
            "are; β and γ are learnt, and start at 0 and 1. The paper calls the change *internal covariate shift*, "
            "and holds that batch normalisation helps because it is less. That is disputed: Santurkar et al. (2018) "
            "put such a shift back behind batch normalisation, and their networks still trained as fast; they find "
            "that it makes the loss smoother."
        )
    return views
