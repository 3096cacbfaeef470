"""Batch normalisation: what it does to a batch, what running statistics are for, and what it costs."""

import streamlit as st

from playground.topics.batch_norm.one_batch import one_batch
from playground.ui.section import Section, open_section, show_sections
from playground.ui.sections import batch_norm_batch, batch_norm_comparison, batch_norm_evaluation, batch_norm_sweep

PAGE = {"title": "Batch normalisation", "icon": ":material/equalizer:", "position": 4}


def batch():
    """One batch under a lens."""
    session = open_section(
        batch_norm_batch.BatchSession,
        "A batch goes through a layer and its batch normalisation. **Turn gain, γ and β**: the gain leaves no trace "
        "behind it, unless σ² is as small as ε.",
        "batch",
    )
    seen = one_batch(session.experiment)
    batch_norm_batch.features(seen)
    batch_norm_batch.choosers(session, seen)
    left, right = st.columns(2)
    with left:
        batch_norm_batch.equations(seen)
    with right:
        batch_norm_batch.backward(seen)
    batch_norm_batch.checks(seen)
    batch_norm_batch.code()


def evaluation():
    """Running statistics, the noise of an estimate, and the mistake of testing in training mode."""
    session = open_section(
        batch_norm_evaluation.EvaluationSession,
        "In training, each batch is normalised by **its own** mean and variance. In evaluation, running statistics "
        "take their place.",
        "evaluation",
    )
    batch_norm_evaluation.running(session.experiment)
    batch_norm_evaluation.noise(session.experiment)
    batch_norm_evaluation.modes(session.experiment)


st.title("Batch normalisation: what it does and what it costs", anchor=False)
show_sections(
    batch=Section("One batch", batch),
    evaluation=Section("Training and evaluation", evaluation),
    pairs=Section("With and without", batch_norm_comparison.with_and_without, formerly=("duel",)),
    sweep=Section("Learning rate and gain", batch_norm_sweep.sweep),
)
