"""The signal through depth: what each scheme does to a signal before any training."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from ...charts import Profile, depth_curves, depth_histograms
from ...charts.palette import CONTESTANTS
from ...text import number
from ...topics.initialization.mean_field import NoTheory, Theory, theoretical_gain
from ...topics.initialization.scheme_comparison import SchemeComparison, expected, keeping_gain, signal
from ...topics.initialization.signal_propagation import Signal
from ...training.contestants import Contestant
from ..session import PageSession
from ..slots import Slot
from ..waiting import side_by_side

HISTOGRAMS = 6  # layers whose distribution the page shows


class SignalSession(PageSession):
    """A comparison through depth."""

    kind = SchemeComparison

    def fans(self):
        return [self.experiment.entry(self.experiment.contestants[0]).fans(0)]


@dataclass(frozen=True)
class SignalSnapshot:
    """What each contestant does to the signal, measured and by theory, in the order of the contestants."""

    depth: SchemeComparison
    signals: list[Signal]
    theories: list[Theory]

    def profiles(self, name: str) -> list[Profile]:
        """The profiles of a quantity, given by its name in `Signal` and `Theory`."""
        return [
            Profile(contestant.label, getattr(measured, name), getattr(predicted, name))
            for contestant, measured, predicted in zip(self.depth.contestants, self.signals, self.theories, strict=True)
        ]


def snapshot(depth: SchemeComparison) -> SignalSnapshot:
    """Send the signal through all networks."""
    entries = [(depth.entry(contestant),) for contestant in depth.contestants]
    measured = side_by_side("The signal goes through all layers", signal, entries)
    return SignalSnapshot(depth, measured, side_by_side("Theory", expected, entries))


def curves(snapshot: SignalSnapshot) -> None:
    """Size of the activations and of the gradients, layer by layer."""
    left, right = st.columns(2)
    left.caption("**Forward**: standard deviation of the activations, from the input on")
    Slot(left).show(depth_curves("Activations", snapshot.profiles("a_std")))
    right.caption("**Backward**: standard deviation of the gradients, from the output back")
    Slot(right).show(depth_curves("Gradients dL/da", snapshot.profiles("da_std")))
    for reason in dict.fromkeys(theory.reason for theory in snapshot.theories if theory.reason):
        st.caption(f":material/info: {reason}")


def histograms(snapshot: SignalSnapshot) -> None:
    """The distribution of the activations in some layers: figure 6 of Glorot & Bengio (2010)."""
    layers = np.unique(np.linspace(1, snapshot.depth.depth, HISTOGRAMS).round().astype(int)).tolist()
    columns = st.columns(3)
    for place, (contestant, color, measured) in enumerate(
        zip(snapshot.depth.contestants, CONTESTANTS, snapshot.signals, strict=False)
    ):
        column = columns[place % 3]
        column.caption(f':color[■]{{foreground="{color}"}} **{contestant.label}**')
        shares = measured.histogram[[layer - 1 for layer in layers]]
        Slot(column).show(depth_histograms(contestant.label, color, layers, measured.edges, shares))


def deaths(snapshot: SignalSnapshot) -> pd.DataFrame:
    """One row per contestant: the size of its activations, and the layer at which signal and gradient die."""
    rows = []
    for contestant, measured, predicted in zip(
        snapshot.depth.contestants, snapshot.signals, snapshot.theories, strict=True
    ):
        entry = snapshot.depth.entry(contestant)
        rows.append(
            {
                "Scheme": contestant.label,
                "Activations, first → last layer": f"{number(measured.a_std[0])} → {number(measured.a_std[-1])}",
                "Signal dies at layer": _layer(measured.signal_lost_at),
                "by theory": "–" if predicted.reason else _layer(predicted.signal_lost_at),
                "Gradient dies at layer": _layer(measured.gradient_lost_at),
                "Saturated, last layer": "–" if measured.saturated is None else f"{measured.saturated[-1]:.0%}",
                "Dead, last layer": "–" if measured.dead is None else f"{measured.dead[-1]:.0%}",
                "Gain": f"{entry.gain:g}",
            }
        )
    return pd.DataFrame(rows)


def theory_in_words(activation: str, scheme: str, width: int) -> str:
    """The gain that theory predicts, in brackets; why there is none, in a sentence; "" for a scheme without one."""
    try:
        gain = theoretical_gain(activation, scheme, width)
    except NoTheory as reason:
        return f".  \n{reason}"
    return f" (theory: {gain:.3f})" if gain else ""


def _layer(layer: int | None) -> str:
    return "never" if layer is None else str(layer)


def gains(session: SignalSession) -> None:
    """The gain that keeps the signal's size, found by bisection for each scheme, with a button that sets it."""
    depth = session.experiment
    st.markdown(
        "**Which gain keeps the signal's size?** Bisection asks again and again whether the gradient grows or shrinks "
        "from layer to layer, until it does neither."
    )
    schemes = list(dict.fromkeys(contestant.initializer for contestant in depth.contestants))
    found = side_by_side("Bisection", keeping_gain, [(depth.activation, scheme, depth.width) for scheme in schemes])
    columns = st.columns(3)
    for place, (scheme, gain) in enumerate(zip(schemes, found, strict=True)):
        with columns[place % 3].container(border=True):
            label = Contestant(scheme).label
            if isinstance(gain, str):
                st.markdown(f"**{label}**: none.  \n{gain}")
                continue
            st.markdown(f"**{label}**: gain **{gain:.3f}**{theory_in_words(depth.activation, scheme, depth.width)}")
            st.button(
                f"Set the gain to {gain:.3g}", key=f"gain-{scheme}", icon=":material/tune:",
                on_click=session.turn, kwargs={"gain": session.knobs["gain"].nearest(float(f"{gain:.3g}"))},
            )  # fmt: skip
