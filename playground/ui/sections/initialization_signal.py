"""The signal through depth: what each scheme does to a signal before any training."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from ...charts import Profile, correlation_curves, depth_curves, depth_histograms
from ...charts.palette import CONTESTANTS
from ...text import number
from ...topics.initialization.mean_field import NoTheory, Theory, theoretical_gain
from ...topics.initialization.scheme_comparison import SchemeComparison, expected, gain_or_reason, signal
from ...topics.initialization.signal_propagation import Fate, Signal
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
        """The profiles of a quantity, given by its name in `Signal` and `Theory`, which may not have it."""
        return [
            Profile(contestant.label, getattr(measured, name), getattr(predicted, name, None))
            for contestant, measured, predicted in zip(self.depth.contestants, self.signals, self.theories, strict=True)
        ]


def snapshot(depth: SchemeComparison) -> SignalSnapshot:
    """Send the signal through all networks."""
    entries = [(depth.entry(contestant),) for contestant in depth.contestants]
    measured = side_by_side("The signal goes through all layers", signal, entries)
    return SignalSnapshot(depth, measured, side_by_side("Theory", expected, entries))


def curves(snapshot: SignalSnapshot) -> None:
    """Size of the activations and of the gradients, and how alike two inputs have become, layer by layer."""
    left, right, alike = st.columns(3)
    left.caption("**Forward**: standard deviation of the activations, from the input on")
    Slot(left).show(depth_curves("Activations", snapshot.profiles("a_std")))
    right.caption("**Backward**: standard deviation of the gradients, from the output back")
    Slot(right).show(depth_curves("Gradients dL/da", snapshot.profiles("da_std")))
    alike.caption("**Two inputs**: correlation of their activations; at 1 the network can't tell them apart")
    if snapshot.depth.batch_size > 1:
        Slot(alike).show(correlation_curves(snapshot.profiles("correlation")))
    else:
        alike.caption("With a batch of one example there are no two to compare.")
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
    """One row per contestant: the size of its activations, and what becomes of signal and gradient.

    The signal is what differs between two inputs. Theory predicts the size over all units and inputs, and so stands
    beside that size as it was measured. A column that has nothing for this activation is left out.
    """
    rows = []
    for contestant, measured, predicted in zip(
        snapshot.depth.contestants, snapshot.signals, snapshot.theories, strict=True
    ):
        rows.append(
            {
                "Scheme": contestant.label,
                "Size, first → last layer": f"{number(measured.a_std[0])} → {number(measured.a_std[-1])}",
                "Signal": _fate(measured.signal),
                "Gradient": _fate(measured.gradient),
                "Gradient, theory": _fate(predicted.gradient),
                "Size": _fate(measured.size),
                "Size, theory": _fate(predicted.size),
                "Saturated, last layer": None if measured.saturated is None else f"{measured.saturated[-1]:.0%}",
                "Dead, last layer": None if measured.dead is None else f"{measured.dead[-1]:.0%}",
            }
        )
    return pd.DataFrame(rows).dropna(axis=1, how="all")


def theory_in_words(activation: str, scheme: str, width: int) -> str:
    """The gain that theory predicts, in brackets; why there is none, in a sentence; "" for a scheme without one."""
    try:
        gain = theoretical_gain(activation, scheme, width)
    except NoTheory as reason:
        return f".  \n{reason}"
    return f" (theory: {gain:.3f})" if gain else ""


def _fate(fate: Fate | None) -> str:
    return "–" if fate is None else str(fate)


def gains(session: SignalSession) -> None:
    """The gain at which chi_1 = 1, found by bisection for each scheme, with a button that sets it."""
    depth = session.experiment
    st.markdown(
        "**At which gain does a small change of the input neither grow nor shrink?** Its squared factor a layer, "
        "$\\chi_1$, is 1 there, for the change on its way forward and for the gradient on its way back (Schoenholz et "
        "al. 2017). Bisection asks again and again whether the gradient grows or shrinks, until it does neither. The "
        "activations keep their size there only if σ treats small and large signals alike, as ReLU does; with tanh "
        "they, and with them the gradient, still shrink, more and more slowly."
    )
    schemes = list(dict.fromkeys(contestant.initializer for contestant in depth.contestants))
    found = side_by_side("Bisection", gain_or_reason, [(depth.activation, scheme, depth.width) for scheme in schemes])
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
                help="At this gain χ₁ = 1, measured where the signal is small.",
                on_click=session.turn, kwargs={"gain": session.knobs["gain"].nearest(float(f"{gain:.3g}"))},
            )  # fmt: skip
