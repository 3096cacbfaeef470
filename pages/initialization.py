"""Initialisation schemes side by side: what they do to a signal before training, and to the training itself."""

import streamlit as st

from playground.charts import race_curves
from playground.topics.initialization.standings import race_headline, table
from playground.ui import player
from playground.ui.section import Section, open_section, show_sections
from playground.ui.sections import initialization_papers, initialization_signal
from playground.ui.sections.initialization_race import RaceRun, planes, seed_control, show_explanation
from playground.ui.slots import HeadlineSlot, Slot, TableSlot
from playground.ui.take_home import table_button

PAGE = {"title": "Initialisation", "icon": ":material/casino:", "position": 2}


def race():
    """The race of schemes over many seeds, and the experiments from the papers, which are races."""
    run = open_section(
        RaceRun,
        "Press **Play**: all contestants see the same points and mini-batches. Only their first weights differ.",
        "race",
    )
    player.buttons(run)
    timeline = player.Timeline(run)
    line = HeadlineSlot(st, run.turn)

    left, right = st.columns([1, 1])
    with left:
        pictures = planes(run)
    curves = Slot(right)
    seed_control(run)
    words = {line: lambda snapshot: race_headline(snapshot.trainer)}

    paper = initialization_papers.chooser(run)
    if paper:
        claims = initialization_papers.ClaimsSlot(paper)
        words[claims] = claims.measure

    st.subheader("Standings", anchor=False)
    standings = TableSlot(st, "The contestants, with share of seeds that learnt, loss and accuracy, and a verdict")
    show_explanation(run.experiment)
    table_button("standings.csv", lambda: table(run.trainer))

    each_frame = pictures | {curves: lambda snapshot: race_curves(snapshot.trainer)}
    words[standings] = lambda snapshot: table(snapshot.trainer)
    player.show(run, timeline, each_frame, {}, words)
    if paper:
        claims.ask_other_rates(run)


def signal():
    """The signal through depth."""
    session = open_section(
        initialization_signal.SignalSession,
        "Before any training: what depth does to a signal. **Turn the gain** until it neither dies nor explodes.",
        "signal",
    )

    first = initialization_signal.snapshot(session.experiment)
    curves = initialization_signal.Curves(first)
    curves.show(first)
    table_place = st.container()
    initialization_signal.histograms(first)
    with table_place:  # the other networks take longer than the first ones, which are there already
        seen = initialization_signal.with_all_networks(first)
        curves.show(seen)
        st.table(
            initialization_signal.deaths(seen),
            hide_index=True,
            alt="For each scheme, what becomes of signal, size and gradient, and in how many networks they are lost",
        )
        st.caption(
            "**Size**: standard deviation of the activations over all units and inputs, from the first layer to the "
            "last. **Signal**: that of a unit over the inputs, by which they differ. Either dies below 1 % of its "
            "first value, and explodes above 100 times it; the gradient counts from the top. All are those of the "
            "median network. **Lost in**: networks in whose last layer, or for the gradient first layer, it has died "
            "or exploded."
        )
    initialization_signal.gains(session)


st.title("Initialisation schemes, side by side", anchor=False)
show_sections(race=Section("Race", race), signal=Section("The signal through depth", signal))
