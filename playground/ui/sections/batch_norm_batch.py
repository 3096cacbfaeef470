"""One batch on its way through batch normalisation, in figures, equations and gradients."""

import streamlit as st

from ...charts import feature_histograms, gradient_paths
from ...nn import BatchNorm
from ...text import number
from ...topics.batch_norm.one_batch import Batch, OneBatch, examples
from .. import controls, source
from ..session import PageSession
from ..slots import Slot

EXAMPLES = 12  # whose gradients the page shows side by side


class BatchSession(PageSession):
    """One batch on its way through batch normalisation."""

    kind = OneBatch

    def applies(self, name):
        return name not in ("feature", "example")  # their controls are below the charts

    def highest(self, name):
        p = self.experiment
        return examples(p.dataset, p.seed).n_train if name == "batch_size" else super().highest(name)

    def fans(self):
        return [(2, self.experiment.n_features)]


def features(batch: Batch) -> None:
    """Each feature's distribution over the batch, before and after."""
    left, right = st.columns(2)
    left.caption("**Before**: z = x W + b. Dot and line: mean μ and standard deviation σ")
    Slot(left).show(feature_histograms("z", batch.z, batch.feature))
    right.caption("**After**: y = γ x̂ + β. :violet[Violet]: the chosen feature")
    Slot(right).show(feature_histograms("y", batch.norm.output, batch.feature))
    if len(batch.z) == 1:
        st.info(
            "One example is its own mean: z − μ = 0, so x̂ = 0 and **the output is β, whatever the input**. "
            "No gradient comes back, either.",
            icon=":material/looks_one:",
        )


def choosers(session: BatchSession, batch: Batch) -> None:
    """Which feature's figures are shown, and for which example."""
    n_examples, n_features = batch.z.shape
    choices = {"feature": (n_features, batch.feature), "example": (n_examples, batch.example)}
    choices = {name: choice for name, choice in choices.items() if choice[0] > 1}
    for column, (name, (count, chosen)) in zip(st.columns(2), choices.items(), strict=False):
        knob = session.knobs[name]
        column.slider(knob.label, 1, count, help=knob.help, **controls.bound(session, name, chosen + 1))


def equations(batch: Batch) -> None:
    """The forward pass of the chosen feature and example, with its numbers."""
    n, j, i = len(batch.z), batch.feature, batch.example
    z, x_hat, y = (_tex(array[i, j]) for array in (batch.z, batch.norm.X_hat, batch.norm.output))
    mean, var, epsilon = _tex(batch.mean[j]), _tex(batch.var[j]), _tex(batch.norm.epsilon)
    gamma, beta = _tex(batch.norm.gamma[j]), _tex(batch.norm.beta[j])
    at = f"{{{i + 1}}}"
    st.caption(f"**Forward**: feature {j + 1}, example {i + 1} of {n}")
    st.latex(
        rf"""\begin{{aligned}}
        \mu &= \frac{{1}}{{{n}}} \sum_i z_i = {mean} \\
        \sigma^2 &= \frac{{1}}{{{n}}} \sum_i (z_i - \mu)^2 = {var} \\
        \hat x_{at} &= \frac{{z_{at} - \mu}}{{\sqrt{{\sigma^2 + \epsilon}}}}
            = \frac{{{z} - {_bracketed(mean)}}}{{\sqrt{{{var} + {epsilon}}}}} \\
        &= {x_hat} \\
        y_{at} &= \gamma \hat x_{at} + \beta = {gamma} \cdot {_bracketed(x_hat)} + {_bracketed(beta)} = {y}
        \end{{aligned}}"""
    )


def backward(batch: Batch) -> None:
    """The gradient of the chosen feature on each of the three paths."""
    j, first = batch.feature, batch.example // EXAMPLES * EXAMPLES
    part = slice(first, first + EXAMPLES)
    st.caption("**Backward**: z reaches the loss on three paths, since each z also moves μ and σ²")
    picture = gradient_paths(batch.paths[:, part, j], batch.dz[part, j], first + 1, batch.example + 1)
    Slot(st).show(picture)


def checks(batch: Batch) -> None:
    """What was measured of the gradient, and why it is so."""
    (shift, shift_alone), (stretch, stretch_alone) = batch.shift, batch.stretch
    st.markdown(
        f"- The three paths add up to what `BatchNorm.backward` returns: largest difference **{batch.gap:.1e}**. "
        f"Against numerical gradients (`check_layer`) its relative error is **{batch.errors['X']:.1e}**.\n"
        f"- Over the batch, dL/dz of feature {batch.feature + 1} sums to **{shift:.1e}**; through x̂ alone it would be "
        f"{number(shift_alone)}. To shift all z changes nothing, as μ follows: **a bias before batch normalisation has "
        "no gradient**.\n"
        f"- dL/dz · x̂ sums to **{stretch:.1e}**; through x̂ alone it would be {number(stretch_alone)}. To stretch all z "
        f"changes nothing, as σ follows, but for ε = {batch.norm.epsilon:g} beside σ² = "
        f"{number(batch.var[batch.feature])}."
    )


def code() -> None:
    """The source of the code that computed this."""
    pieces = {"Forward": BatchNorm.forward, "Backward": BatchNorm.backward, "Its three paths": BatchNorm.paths}
    source.expander("The code that did this", pieces)


def _tex(value: float) -> str:
    """A number to four digits, in LaTeX."""
    mantissa, _, exponent = f"{value + 0.0:.4g}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def _bracketed(number: str) -> str:
    return rf"({number})" if number.startswith("-") else number
