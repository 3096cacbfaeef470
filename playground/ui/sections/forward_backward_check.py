"""The gradient check: every gradient beside its numerical one, and the loss as a function of one parameter."""

import numpy as np
import streamlit as st

from ...charts import nudges, slope
from ...topics.forward_backward.mistakes import MISTAKES
from ...topics.forward_backward.step_check import Checked, check
from ..controls import control
from ..slots import Slot
from ..source import without_decorators
from .forward_backward_step import StepSession, network


def mistake_control(session: StepSession) -> None:
    """Break the backward pass on purpose, and show the code that does it."""
    control(session, "mistake", st)
    chosen = MISTAKES[session.experiment.mistake]
    if chosen.function:
        st.code(without_decorators(chosen.function), language="python")


def gradient_check(session: StepSession) -> None:
    """Both gradients of the parameter in play, the loss around it, and the check of all parameters."""
    checked = check(session.step)
    left, right = st.columns([10, 11])
    with left:
        network(session, session.equations)
    with right:
        Slot(st).show(slope(checked))
        i = checked.focus
        for place, (label, value) in zip(
            st.columns(3),
            {
                "Backpropagation": f"{checked.analytic[i]:.6g}", "Numerical": f"{checked.numerical[i]:.6g}",
                "Relative error": f"{checked.errors[i]:.1e}",
            }.items(),
            strict=True,
        ):  # fmt: skip
            place.markdown(f"{label}  \n**{value}**")
        if not checked.wrong.any():
            st.success(checked.verdict, icon=":material/verified:")
        elif checked.kinked:
            st.warning(checked.verdict, icon=":material/turn_sharp_right:")
        else:
            st.error(checked.verdict, icon=":material/bug_report:")
        for sentence in remarks(session, checked):
            st.caption(f":material/info: {sentence}")
        mistake_control(session)
    st.dataframe(
        checked.table(), hide_index=True, height=300, alt="Both gradients of every parameter, with relative error",
        column_config={"Relative error": st.column_config.NumberColumn(format="%.1e"),
                       "Backpropagation": st.column_config.NumberColumn(format="%.6g"),
                       "Numerical": st.column_config.NumberColumn(format="%.6g")},
    )  # fmt: skip
    with st.expander("How large should the nudge h be?", icon=":material/straighten:"):
        st.markdown(
            "The central difference (L(w + h) − L(w − h)) / 2h is wrong by about h²: smaller is better, until L(w + h) "
            "and L(w − h) differ in their last digits only."
        )
        if session.experiment.mistake == "none":
            Slot(st).show(nudges(checked))
        else:
            st.caption("With a broken backward pass, no h helps.")


def remarks(session: StepSession, checked: Checked) -> list[str]:
    """Notes for cases in which the check says less than it seems to."""
    step, found = session.step, []
    mistake = MISTAKES[session.experiment.mistake]
    if mistake.function and not checked.wrong.any():
        found.append(f"“{mistake.label}” makes no difference for this network and batch, so no check can see it.")
    if np.any(step.outputs[-1][step.y == 1] < 1e-300):
        found.append(
            "A probability of the right class is 0 to the computer, and the loss is cut off there: its slope is lost."
        )
    return found
