"""Forward and backward, one training step followed by hand: every number, the line that computes it, and its check."""

import streamlit as st

from playground.ui import controls
from playground.ui.opening import opening
from playground.ui.sections import forward_backward_step
from playground.ui.session import choose_section, open_desk

PAGE = {"title": "Forward and backward", "icon": ":material/swap_horiz:", "position": 3}


def step_by_step():
    """One training step, move by move."""
    desk = open_desk(forward_backward_step.WalkDesk)
    controls.sidebar(desk)
    opening(
        desk, "Press **Next**: the numbers go forward, and their gradients back. Point at any unit or link.", "step"
    )

    forward_backward_step.stepper(desk)
    left, right = st.columns([11, 10])
    with left:
        shown = desk.moves[: desk.stage + (not desk.hidden)]
        forward_backward_step.network(desk, shown, desk.move)
    with right:
        forward_backward_step.equation(desk)
        forward_backward_step.code(desk.move)
    forward_backward_step.arrays(desk)

    st.markdown("**Change a number**, and everything follows.")
    forward_backward_step.changes(desk)


def gradient_check():
    """The loss itself says whether the gradients are right."""
    desk = open_desk(forward_backward_step.WalkDesk)
    controls.sidebar(desk)
    opening(desk, "Is the backward pass right? **Ask the loss**: nudge one number, and see how far it moves.", "check")
    forward_backward_step.gradient_check(desk)


st.title("Forward and backward, by hand", anchor=False)
{"step": step_by_step, "check": gradient_check}[choose_section({"step": "Step by step", "check": "Gradient check"})]()
