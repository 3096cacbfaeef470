"""The signal through depth: what each scheme does to a signal before any training, in theory and in networks."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import streamlit as st

from ...charts import Profile, correlation_curves, depth_curves, depth_histograms
from ...charts.contestant_styles import name_in_color, style
from ...text import number, percent
from ...topics.initialization.many_networks import (
    BAND,
    foretold,
    foretold_lost,
    foretold_quantiles,
    lost,
    typical,
)
from ...topics.initialization.mean_field import NoTheory, Theory, theoretical_gain
from ...topics.initialization.scheme_comparison import (
    SchemeComparison,
    expected,
    further_signals,
    gain_or_reason,
    signal,
)
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
    """What each contestant does to the signal, measured and by theory, in the order of the contestants.

    Attributes:
        depth: the comparison.
        signals: for each contestant, what was measured in each network, the first one first.
        theories: for each contestant.
    """

    depth: SchemeComparison
    signals: list[list[Signal]]
    theories: list[Theory]

    @property
    def rows(self) -> list[tuple[Contestant, list[Signal], Theory]]:
        """Contestant, signals and theory."""
        return list(zip(self.depth.contestants, self.signals, self.theories, strict=True))

    def profiles(self, name: str, scatter: str = "") -> list[Profile]:
        """The profiles of a quantity, given by its name and that of its scatter in `Signal` and `Theory`."""
        found = []
        for contestant, signals, theory in self.rows:
            curve = getattr(theory, name)
            foretold = None if curve is None else foretold_quantiles(curve, getattr(theory, scatter, None))
            found.append(Profile(contestant.label, np.array([getattr(each, name) for each in signals]), foretold))
        return found


def snapshot(depth: SchemeComparison) -> SignalSnapshot:
    """Theory, and the signal through the first network of each contestant."""
    entries = [(depth.entry(contestant),) for contestant in depth.contestants]
    measured = side_by_side("The signal goes through all layers", signal, entries)
    return SignalSnapshot(depth, [[each] for each in measured], side_by_side("Theory", expected, entries))


def with_all_networks(first: SignalSnapshot) -> SignalSnapshot:
    """The same with the other networks, too; they take longer, and so a page shows the first ones before."""
    depth = first.depth
    entries = [(depth.entry(contestant), depth.n_seeds) for contestant in depth.contestants]
    further = side_by_side(f"{depth.n_seeds} networks for each scheme", further_signals, entries)
    return replace(first, signals=[each + more for each, more in zip(first.signals, further, strict=True)])


class Curves:
    """Places for the curves: size of the activations and of the gradients, and how alike two inputs have become."""

    def __init__(self, seen: SignalSnapshot):
        left, right = st.columns(2)
        left.caption("**Forward**: standard deviation of the activations, from the input on")
        right.caption("**Backward**: standard deviation of the gradients, from the output back")
        self._forward, self._backward = Slot(left), Slot(right)
        st.caption(
            f"**Lines**: median over the networks. **Thin lines**: {percent(BAND)} of them lie between. **Dashes and "
            "shade**: the same by theory, to first order in depth/width."
        )
        alike, words = st.columns(2)
        alike.caption("**Two inputs**: correlation of their activations; at 1 the network can't tell them apart")
        self._alike = Slot(alike) if seen.depth.batch_size > 1 else None
        if not self._alike:
            alike.caption("With a batch of one example there are no two to compare.")
        words.caption("**By theory**: where depth leads this correlation, and how soon")
        words.markdown("\n".join(f"- **{who.label}**: {where(theory)}" for who, _, theory in seen.rows))
        words.caption(
            "χ₁ multiplies the square of a small difference between two inputs, layer by layer. Their correlation "
            "comes to c\\*; its distance from there falls to 1/e in ξ layers. Networks of up to some 6 ξ layers could "
            "be trained: Schoenholz et al. (2017), section 5."
        )
        for reason in dict.fromkeys(theory.reason for theory in seen.theories if theory.reason):
            st.caption(f":material/info: {reason}")

    def show(self, seen: SignalSnapshot) -> None:
        """Replace the curves."""
        self._forward.show(depth_curves("Activations", seen.profiles("a_std", "a_scatter")))
        self._backward.show(depth_curves("Gradients dL/da", seen.profiles("da_std", "da_scatter"), backward=True))
        if self._alike:
            self._alike.show(correlation_curves(seen.profiles("correlation")))


def where(theory: Theory) -> str:
    """Where depth leads the correlation of two inputs by theory, in a line."""
    return "no theory" if theory.alike is None else str(theory.alike).replace("*", "\\*")


def histograms(snapshot: SignalSnapshot) -> None:
    """The distribution of the activations in some layers: figure 6 of Glorot & Bengio (2010)."""
    layers = np.unique(np.linspace(1, snapshot.depth.depth, HISTOGRAMS).round().astype(int)).tolist()
    st.caption("**Distribution** of the activations in some layers of the first network of each scheme")
    columns = st.columns(3)
    firsts = [first for first, *_ in snapshot.signals]
    for place, (contestant, measured) in enumerate(zip(snapshot.depth.contestants, firsts, strict=True)):
        column = columns[place % 3]
        column.caption(name_in_color(contestant))
        shares = measured.histogram[[layer - 1 for layer in layers]]
        Slot(column).show(depth_histograms(contestant.label, style(contestant).color, layers, measured.edges, shares))


def deaths(seen: SignalSnapshot) -> pd.DataFrame:
    """One row per contestant: what becomes of signal, size and gradient in the median network, and in how many.

    The signal is what differs between two inputs. Theory foretells the size over all units and inputs, and so stands
    beside that size as it was measured. A column that has nothing for this activation is left out.
    """
    rows = []
    for contestant, signals, theory in seen.rows:
        measured, predicted, n = typical(signals), foretold(theory), len(signals)
        forward, backward = (np.array([getattr(each, name) for each in signals]) for name in ("a_std", "da_std"))
        rows.append(
            {
                "Scheme": contestant.label,
                "Size, first → last": f"{number(measured.a_std[0])} → {number(measured.a_std[-1])}",
                "Signal": _fates(measured.signal, predicted.signal),
                "Size": _fates(measured.size, predicted.size),
                "Gradient": _fates(measured.gradient, predicted.gradient),
                "Size lost in": _shares(lost(forward), n, foretold_lost(theory.a_std, theory.a_scatter)),
                "Gradient lost in": _shares(
                    lost(backward[:, ::-1]), n, foretold_lost(theory.da_std, theory.da_scatter, backward=True)
                ),
                "Saturated": _share([each.saturated for each in signals]),
                "Dead": _share([each.dead for each in signals]),
            }
        )
    return pd.DataFrame(rows).dropna(axis=1, how="all")


def _fates(measured: Fate | None, predicted: Fate | None) -> str:
    """What becomes of a size, and whether theory foretells the same."""
    if measured is None:
        return "–"
    if predicted is None:
        return str(measured)
    return f"{measured}, as in theory" if measured == predicted else f"{measured} (theory: {predicted})"


def _share(measured: list[np.ndarray | None]) -> str | None:
    """The share of the last layer that is saturated or dead, as a mean over networks; None where nothing can be."""
    return None if measured[0] is None else percent(np.mean([each[-1] for each in measured]))


def _shares(lost: int, n: int, predicted: float | None) -> str:
    """In how many networks a size is lost, and in which share of them by theory."""
    share = "" if predicted is None else f" (theory:\u00a0{percent(predicted)})".replace(" %", "\u00a0%")
    return f"{lost} of {n}{share}"


def theory_in_words(activation: str, scheme: str, width: int) -> str:
    """The gain that theory predicts, in brackets; why there is none, in a sentence; "" for a scheme without one."""
    try:
        gain = theoretical_gain(activation, scheme, width)
    except NoTheory as reason:
        return f".  \n{reason}"
    return f" (theory: {gain:.3f})" if gain else ""


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
