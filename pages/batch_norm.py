"""Batch normalisation: what it does to a batch, what running statistics are for, and what it costs."""

import streamlit as st

from playground.topics.batch_norm.one_batch import one_batch
from playground.ui import controls
from playground.ui.opening import opening
from playground.ui.sections import batch_norm_batch, batch_norm_comparison
from playground.ui.session import choose_section, open_desk

PAGE = {"title": "Batch normalisation", "icon": ":material/equalizer:", "position": 4}


def batch():
    """One batch under a lens."""
    desk = open_desk(batch_norm_batch.BatchDesk)
    controls.sidebar(desk)
    opening(
        desk,
        "A batch goes through a layer and its batch normalisation. **Turn gain, γ and β**: the gain leaves no trace "
        "behind it, unless σ² is as small as ε.",
        "batch",
    )

    seen = one_batch(desk.experiment)
    batch_norm_batch.features(seen)
    batch_norm_batch.choosers(desk, seen)
    left, right = st.columns(2)
    with left:
        batch_norm_batch.equations(seen)
    with right:
        batch_norm_batch.backward(seen)
    batch_norm_batch.checks(seen)
    batch_norm_batch.code()


def evaluation():
    """Running statistics, the noise of an estimate, and the mistake of testing in training mode."""
    desk = open_desk(batch_norm_batch.EvaluationDesk)
    controls.sidebar(desk)
    opening(
        desk,
        "In training, each batch is normalised by **its own** mean and variance. In evaluation, running statistics "
        "take their place.",
        "evaluation",
    )

    batch_norm_batch.running(desk.experiment)
    batch_norm_batch.noise(desk.experiment)
    batch_norm_batch.modes(desk.experiment)


st.title("Batch normalisation: what it does and what it costs", anchor=False)
{"batch": batch, "evaluation": evaluation, "duel": batch_norm_comparison.duel, "sweep": batch_norm_comparison.sweep}[
    choose_section(
        {
            "batch": "One batch",
            "evaluation": "Training and evaluation",
            "duel": "With and without",
            "sweep": "Learning rate and gain",
        }
    )
]()
