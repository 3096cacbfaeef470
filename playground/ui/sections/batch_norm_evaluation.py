"""Batch normalisation in evaluation: running statistics, noisy estimates, and the mistake of the wrong mode."""

import streamlit as st

from ...charts import mode_accuracies, noise_by_size, running_statistic
from ...text import number, percent
from ...topics.batch_norm.running_statistics import (
    DRAWS,
    N_SEEDS,
    SIZES,
    Evaluation,
    Modes,
    estimate_noise,
    stream,
    trained_modes,
)
from ...training.significance import LEVEL, compare, quartiles
from ..session import PageSession
from ..slots import Slot
from ..waiting import side_by_side


class EvaluationSession(PageSession):
    """A stream of mini-batches, and trained networks."""

    kind = Evaluation


def running(p: Evaluation) -> None:
    """How running statistics come near those of all points."""
    st.subheader("Running statistics come near those of all points", anchor=False)
    statistics = stream(p)
    left, right = st.columns(2)
    Slot(left).show(running_statistic("Mean", statistics.batch_mean, statistics.running_mean, statistics.mean))
    Slot(right).show(running_statistic("Variance", statistics.batch_var, statistics.running_var, statistics.var))
    off = number(abs(statistics.running_mean[-1] - statistics.mean))
    usual = number(((statistics.batch_mean - statistics.mean) ** 2).mean() ** 0.5)
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
    """How much batch statistics scatter, by batch size."""
    st.subheader("The smaller the batch, the noisier its statistics", anchor=False)
    measured = estimate_noise(p)
    left, right = st.columns(2)
    Slot(left).show(noise_by_size("σ of the mean", SIZES, measured.mean, measured.mean_theory))
    Slot(right).show(noise_by_size("σ of the variance", SIZES, measured.var, measured.var_theory))
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
    [accuracies] = side_by_side(f"{N_SEEDS} networks train", trained_modes, [(p.experiment,)])
    left, right = st.columns([3, 2], vertical_alignment="center")
    bands = [quartiles(values) for values in (accuracies.evaluation, accuracies.shuffled, accuracies.sorted)]
    left.caption(f"Median of {N_SEEDS} networks, in a band from quartile to quartile")
    Slot(left).show(mode_accuracies(accuracies.sizes, *bands))
    right.markdown(cost(p, accuracies))


def cost(p: Evaluation, accuracies: Modes) -> str:
    """The cost of the mistake, in words."""
    if not p.hidden:
        return "Without a hidden layer there is no batch normalisation, and both modes are the same."
    right, alone = quartiles(accuracies.evaluation)[1], quartiles(accuracies.shuffled[0])[1]
    losers, points = int((accuracies.cost(8) > 0).sum()), 100 * quartiles(accuracies.cost(8))[1]
    by_class = quartiles(accuracies.sorted[accuracies.sizes.index(32)])[1]
    lines = [
        f"In evaluation mode the {N_SEEDS} networks get **{percent(right)}** of the test points right (median).",
        f"In training mode one at a time **{percent(alone)}**: every hidden unit gives the same for every point.",
        f"In batches of 8, {losers} of {N_SEEDS} networks lose; the median cost is **{points:.1f} points**.",
        _all_at_once(accuracies),
        f"Sorted by class, in batches of 32, **{percent(by_class)}**: an answer then depends on its neighbours. Where "
        "all are of one class, normalising takes away what tells that class apart.",
    ]
    if accuracies.diverged:
        lines.append(f":material/warning: {accuracies.diverged} of the networks have diverged.")
    return "\n".join(f"- {line}" for line in lines)


def _all_at_once(accuracies: Modes) -> str:
    """The cost of training mode with the largest batch, and whether that is more than chance."""
    size, points = accuracies.sizes[-1], 100 * quartiles(accuracies.cost(accuracies.sizes[-1]))[1]
    tested = compare(accuracies.evaluation, accuracies.shuffled[-1])
    shown = "no difference" if tested.lower is None else "a difference"
    return (
        f"All {size} at once, in the median **{abs(points):.1f} points** are {'gained' if points < 0 else 'lost'}: "
        f"{shown} shown (Wilcoxon's test over the seeds, level {LEVEL})."
    )
