"""Batch normalisation on the screen: one batch under a lens, and what running statistics are there for."""

import streamlit as st

from ...charts import feature_histograms, gradient_paths, mode_accuracies, noise_by_size, running_statistic
from ...nn import BatchNorm
from ...topics.batch_norm.one_batch import (
    DRAWS,
    N_SEEDS,
    SIZES,
    Batch,
    Evaluation,
    Modes,
    OneBatch,
    estimate_noise,
    examples,
    stream,
    trained_modes,
)
from ...topics.initialization.standings import LEVEL, p_value, quartiles
from ...training.findings import number, percent
from .. import controls, source
from ..session import Desk
from ..slots import Slot
from ..waiting import side_by_side

EXAMPLES = 12  # whose gradients are shown side by side


class BatchDesk(Desk):
    """One batch on its way through batch normalisation."""

    kind = OneBatch

    def applies(self, name):
        return name not in ("feature", "example")  # they stand beside the figures

    def highest(self, name):
        p = self.experiment
        return examples(p.dataset, p.seed).n_train if name == "batch_size" else super().highest(name)

    def fans(self):
        return [(2, self.experiment.n_features)]


class EvaluationDesk(Desk):
    """A stream of mini-batches, and trained networks."""

    kind = Evaluation


def features(seen: Batch) -> None:
    """Each feature's distribution over the batch, before and after."""
    left, right = st.columns(2)
    left.caption("**Before**: z = x W + b. Dot and line: mean μ and standard deviation σ")
    Slot(left).show(feature_histograms("z", seen.z, seen.feature))
    right.caption("**After**: y = γ x̂ + β. :violet[Violet]: the chosen feature")
    Slot(right).show(feature_histograms("y", seen.norm.output, seen.feature))
    if len(seen.z) == 1:
        st.info(
            "One example is its own mean: z − μ = 0, so x̂ = 0 and **the output is β, whatever the input**. "
            "No gradient comes back, either.",
            icon=":material/looks_one:",
        )


def choosers(desk: BatchDesk, seen: Batch) -> None:
    """Which feature's figures are shown, and for which example."""
    n_examples, n_features = seen.z.shape
    choices = {"feature": (n_features, seen.feature), "example": (n_examples, seen.example)}
    choices = {name: choice for name, choice in choices.items() if choice[0] > 1}
    for column, (name, (count, chosen)) in zip(st.columns(2), choices.items(), strict=False):
        knob = desk.knobs[name]
        column.slider(knob.label, 1, count, help=knob.help, **controls.bound(desk, name, chosen + 1))


def equations(seen: Batch) -> None:
    """The forward pass of the chosen feature and example, with its numbers."""
    n, j, i = len(seen.z), seen.feature, seen.example
    z, x_hat, y = (_tex(array[i, j]) for array in (seen.z, seen.norm.X_hat, seen.norm.output))
    mean, var, epsilon = _tex(seen.mean[j]), _tex(seen.var[j]), _tex(seen.norm.epsilon)
    gamma, beta = _tex(seen.norm.gamma[j]), _tex(seen.norm.beta[j])
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


def backward(seen: Batch) -> None:
    """The paths of the gradient to the chosen feature, and what is known of their sum."""
    j, first = seen.feature, seen.example // EXAMPLES * EXAMPLES
    part = slice(first, first + EXAMPLES)
    st.caption("**Backward**: z reaches the loss on three paths, since each z also moves μ and σ²")
    picture = gradient_paths(seen.paths[:, part, j], seen.dz[part, j], first + 1, seen.example + 1)
    Slot(st).show(picture)


def checks(seen: Batch) -> None:
    """What is measured of the gradient, and why it is so."""
    (shift, shift_alone), (stretch, stretch_alone) = seen.shift, seen.stretch
    st.markdown(
        f"- The three paths add up to what `BatchNorm.backward` returns: largest difference **{seen.gap:.1e}**. "
        f"Against numerical gradients (`check_layer`) its relative error is **{seen.errors['X']:.1e}**.\n"
        f"- Over the batch, dL/dz of feature {seen.feature + 1} sums to **{shift:.1e}**; through x̂ alone it would be "
        f"{number(shift_alone)}. To shift all z changes nothing, as μ follows: **a bias before batch normalisation has "
        "no gradient**.\n"
        f"- dL/dz · x̂ sums to **{stretch:.1e}**; through x̂ alone it would be {number(stretch_alone)}. To stretch all z "
        f"changes nothing, as σ follows, but for ε = {seen.norm.epsilon:g} beside σ² = "
        f"{number(seen.var[seen.feature])}."
    )


def code() -> None:
    """The source of what ran."""
    pieces = {"Forward": BatchNorm.forward, "Backward": BatchNorm.backward, "Its three paths": BatchNorm.paths}
    source.expander("The code that did this", pieces)


def _tex(value: float) -> str:
    """A number to four digits, in LaTeX."""
    mantissa, _, exponent = f"{value + 0.0:.4g}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def _bracketed(number: str) -> str:
    return rf"({number})" if number.startswith("-") else number


def running(p: Evaluation) -> None:
    """Running statistics on their way to those of all points."""
    st.subheader("Running statistics find those of all points", anchor=False)
    seen = stream(p)
    left, right = st.columns(2)
    Slot(left).show(running_statistic("Mean", seen.batch_mean, seen.running_mean, seen.mean))
    Slot(right).show(running_statistic("Variance", seen.batch_var, seen.running_var, seen.var))
    off = number(abs(seen.running_mean[-1] - seen.mean))
    usual = number(((seen.batch_mean - seen.mean) ** 2).mean() ** 0.5)
    start = (1 - p.momentum) ** p.n_batches
    text = (
        f"A mini-batch's mean misses that of all points by {usual} (root mean square), the running mean in the end by "
        f"{off}. Of its start, 0, the running mean still holds a share of $(1 - {p.momentum:g})^{{{p.n_batches}}}$ = "
        f"{number(start)}."
    )
    if p.batch_size == 1:
        text += " **One example has no variance**, so the running variance stays at its start, 1."
    st.markdown(text)


def noise(p: Evaluation) -> None:
    """How much batch statistics scatter against the batch size."""
    st.subheader("The smaller the batch, the noisier its statistics", anchor=False)
    seen = estimate_noise(p)
    left, right = st.columns(2)
    Slot(left).show(noise_by_size("σ of the mean", SIZES, seen.mean, seen.mean_theory))
    Slot(right).show(noise_by_size("σ of the variance", SIZES, seen.var, seen.var_theory))
    with st.expander("The theory, and how this was measured", icon=":material/functions:"):
        st.markdown(
            f"{DRAWS:,} mini-batches of each size go through as many stacked `BatchNorm` with momentum 1, whose "
            r"running statistics are then the batch's. Theory, for independent examples: "
            r"$\sigma(\mu_B) = \sigma / \sqrt{B}$, and for the unbiased variance $\mathrm{Var}(s^2) = \frac{1}{B} "
            r"\left(\mu_4 - \sigma^4 \frac{B - 3}{B - 1}\right)$ with the fourth central moment $\mu_4$ (Mood, "
            "Graybill & Boes, 1974, p. 229). A batch of one has no variance."
        )


def modes(p: Evaluation) -> None:
    """What it costs to test in training mode."""
    st.subheader("The mistake: to test in training mode", anchor=False)
    [seen] = side_by_side(f"{N_SEEDS} networks train", trained_modes, [(p.experiment,)])
    left, right = st.columns([3, 2], vertical_alignment="center")
    bands = [quartiles(values) for values in (seen.evaluation, seen.shuffled, seen.sorted)]
    left.caption(f"Median of {N_SEEDS} networks, in a band from quartile to quartile")
    Slot(left).show(mode_accuracies(seen.sizes, *bands))
    right.markdown(cost(p, seen))


def cost(p: Evaluation, seen: Modes) -> str:
    """The cost of the mistake, in words."""
    if not p.hidden:
        return "Without a hidden layer there is no batch normalisation, and both modes are the same."
    right, alone = quartiles(seen.evaluation)[1], quartiles(seen.shuffled[0])[1]
    losers, points = int((seen.cost(8) > 0).sum()), 100 * quartiles(seen.cost(8))[1]
    by_class = quartiles(seen.sorted[seen.sizes.index(32)])[1]
    lines = [
        f"In evaluation mode the {N_SEEDS} networks get **{percent(right)}** of the test points right (median).",
        f"In training mode one at a time **{percent(alone)}**: every hidden unit gives the same for every point.",
        f"In batches of 8, {losers} of {N_SEEDS} networks lose; the median cost is **{points:.1f} points**.",
        _all_at_once(seen),
        f"Sorted by class, in batches of 32, **{percent(by_class)}**: an answer then depends on its neighbours. Where "
        "all are of one class, normalising takes away what tells that class apart.",
    ]
    if seen.diverged:
        lines.append(f":material/warning: {seen.diverged} of the networks have diverged.")
    return "\n".join(f"- {line}" for line in lines)


def _all_at_once(seen: Modes) -> str:
    """What training mode costs with the largest batch there is, and whether that is more than chance."""
    size, points = seen.sizes[-1], 100 * quartiles(seen.cost(seen.sizes[-1]))[1]
    shown = "a difference" if p_value(seen.evaluation, seen.shuffled[-1]) < LEVEL else "no difference"
    return (
        f"All {size} at once, in the median **{abs(points):.1f} points** are {'gained' if points < 0 else 'lost'}: "
        f"{shown} shown (Wilcoxon's test over the seeds, level {LEVEL})."
    )
