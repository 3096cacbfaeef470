"""Forward and backward, one training step followed by hand: every number, the line that computes it, and its check."""

import streamlit as st

from playground.ui.section import Section, open_section, show_sections
from playground.ui.sections import forward_backward_check, forward_backward_step

PAGE = {"title": "Forward and backward", "icon": ":material/swap_horiz:", "position": 3}


def step_by_step():
    """One training step, equation by equation."""
    session = open_section(
        forward_backward_step.StepSession,
        "Press **Next**: the numbers go forward, and their gradients back. Point at any unit or link.",
        "step",
    )
    forward_backward_step.stepper(session)
    left, right = st.columns([11, 10])
    with left:
        shown = session.equations[: session.stage + (not session.hidden)]
        forward_backward_step.network(session, shown, session.equation)
    with right:
        forward_backward_step.equation(session)
        forward_backward_step.code(session.equation)
    forward_backward_step.arrays(session)

    st.markdown("**Change a number**, and everything follows.")
    forward_backward_step.changes(session)


def gradient_check():
    """The loss itself says whether the gradients are right."""
    session = open_section(
        forward_backward_step.StepSession,
        "Is the backward pass right? **Ask the loss**: nudge one number, and see how far it moves.",
        "check",
    )
    forward_backward_check.gradient_check(session)


st.title("Forward and backward, by hand", anchor=False)
show_sections(step=Section("Step by step", step_by_step), check=Section("Gradient check", gradient_check))
