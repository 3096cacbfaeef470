"""Batch normalisation: what it does to a batch, what running statistics are for, and what it costs."""

import streamlit as st

from playground.normalization import one_batch
from playground.ui import batch_norm, batch_norm_race, controls
from playground.ui.desk import choose_section, open_desk
from playground.ui.opening import opening

PAGE = {"title": "Batch normalisation", "icon": ":material/equalizer:", "position": 4}


def batch():
    """One batch under a lens."""
    desk = open_desk(batch_norm.BatchDesk)
    controls.sidebar(desk)
    opening(
        desk,
        "A batch goes through a layer and its batch normalisation. **Turn gain, γ and β**: the gain leaves no trace "
        "behind it, unless σ² is as small as ε.",
        "batch",
    )

    seen = one_batch(desk.experiment)
    batch_norm.features(seen)
    batch_norm.choosers(desk, seen)
    left, right = st.columns(2)
    with left:
        batch_norm.equations(seen)
    with right:
        batch_norm.backward(seen)
    batch_norm.checks(seen)
    batch_norm.code()


def evaluation():
    """Running statistics, the noise of an estimate, and the mistake of testing in training mode."""
    desk = open_desk(batch_norm.EvaluationDesk)
    controls.sidebar(desk)
    opening(
        desk,
        "In training, each batch is normalised by **its own** mean and variance. In evaluation, running statistics "
        "take their place.",
        "evaluation",
    )

    batch_norm.running(desk.experiment)
    batch_norm.noise(desk.experiment)
    batch_norm.modes(desk.experiment)


st.title("Batch normalisation: what it does and what it costs", anchor=False)
{"batch": batch, "evaluation": evaluation, "duel": batch_norm_race.duel, "sweep": batch_norm_race.sweep}[
    choose_section(
        {
            "batch": "One batch",
            "evaluation": "Training and evaluation",
            "duel": "With and without",
            "sweep": "Learning rate and gain",
        }
    )
]()
