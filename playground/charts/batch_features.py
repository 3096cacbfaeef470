"""Batch normalisation in charts: features before and after, paths of the gradient, and estimates that converge."""

from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from ..text import number, percent
from .palette import CONTESTANTS, NOW, REFERENCE, WRONG
from .picture import AXIS, Picture, Spec, pack, specification, unpack

BINS = 40
ROW = 58  # pixels of height of a feature
PATHS = ("through x̂", "through μ", "through σ²")
MODES = ("evaluation mode", "training mode, random order", "training mode, sorted by class")
BARS = 320  # pixels of height of the paths
CURVE = 280
MODES_HEIGHT = 380
LEAST = 110  # pixels of height of all features, at least
REACH = 3.0  # the axis goes at least from -REACH to REACH, so that a gain, a scale or a shift is visible
TINY = 1e-12  # a mean below this number of standard deviations is a rounding error


def feature_histograms(title: str, values: np.ndarray, chosen: int) -> Picture:
    """The distribution of each feature over the batch, one row each: a dot is the mean, a line the standard deviation.

    Args:
        title: of the axis.
        values: shape (batch, features).
        chosen: the highlighted feature, counted from 0.
    """
    low, high = min(values.min(), -REACH), max(values.max(), REACH)
    edges = np.linspace(low - 0.02 * (high - low), high + 0.02 * (high - low), BINS + 1)
    means, stds = values.mean(axis=0), values.std(axis=0)
    n_features = values.shape[1]
    rows = []
    for feature, column in enumerate(values.T):
        counts, _ = np.histogram(column, edges)
        base = n_features - 1 - feature
        tops = base + 0.66 * np.append(counts, counts[-1]) / counts.max()
        rows.append({"value": pack(edges, digits=10), "top": pack(tops), "base": base, "chosen": feature == chosen})
    base = np.arange(n_features - 1, -1, -1)
    shown = np.where(np.abs(means) > TINY * stds, means, 0)
    notes = [f"μ {number(mean)}, σ {number(std)}" for mean, std in zip(shown, stds, strict=True)]
    about = {"mean": means, "low": means - stds, "high": means + stds, "base": base - 0.1, "top": base + 0.86}
    words = "; ".join(f"feature {feature} {note}" for feature, note in enumerate(notes, start=1))
    return Picture(
        _features_spec(title, n_features),
        {"features": pa.Table.from_pylist(rows), "notes": pa.table(about | {"text": notes})},
        f"{title}, distribution over {len(values)} examples: {words}.",
    )


@lru_cache(maxsize=32)
def _features_spec(title: str, n_features: int) -> Spec:
    y_scale = alt.Scale(domain=[-0.2, n_features - 0.1], nice=False)
    names = alt.Axis(
        title="Feature",
        values=[row + 0.3 for row in range(n_features)],
        labelExpr=f"{n_features} - round(datum.value - 0.3)",
        grid=False,
        ticks=False,
        minExtent=AXIS,
    )
    color = alt.condition("datum.chosen", alt.value(NOW), alt.value(REFERENCE))
    areas = (
        unpack("features", "value", "top")
        .mark_area(interpolate="step-after", fillOpacity=0.45)
        .encode(
            alt.X("value:Q", scale=alt.Scale(nice=False, zero=False), axis=alt.Axis(title=title, tickCount=6)),
            alt.Y("base:Q", scale=y_scale, axis=names),
            alt.Y2("top:Q"),
            color=color,
            detail="base:N",
        )
    )
    notes = alt.Chart(alt.NamedData("notes"))
    y = alt.Y("base:Q", scale=y_scale, axis=names)
    spread = notes.mark_rule(strokeWidth=2, color=REFERENCE).encode(alt.X("low:Q"), alt.X2("high:Q"), y)
    mean = notes.mark_point(filled=True, size=45, color=REFERENCE, opacity=1).encode(alt.X("mean:Q"), y)
    text = notes.mark_text(align="right", baseline="top", color=REFERENCE, fontSize=11).encode(
        alt.Y("top:Q", scale=y_scale, axis=names), x=alt.value("width"), text="text:N"
    )
    return specification(max(ROW * n_features, LEAST) + 60, areas, spread, mean, text)


def gradient_paths(paths: np.ndarray, total: np.ndarray, first: int, chosen: int) -> Picture:
    """The gradient of one feature, example by example: the parts on each of `PATHS`, stacked, and their sum.

    Args:
        paths: shape (3, examples).
        total: the gradient of the backward pass, shape (examples,).
        first: number of the first example.
        chosen: number of the highlighted example.
    """
    examples = np.arange(first, first + len(total))
    table = {
        "example": np.tile(examples, 3),
        "gradient": paths.ravel(),
        "path": np.repeat(PATHS, len(total)),
        "order": np.repeat(np.arange(3), len(total)),
        "chosen": np.tile(examples == chosen, 3),
    }
    parts = ", ".join(f"{number(part[chosen - first])} {name}" for name, part in zip(PATHS, paths, strict=True))
    return Picture(
        _paths_spec(),
        {"paths": pa.table(table), "sum": pa.table({"example": examples, "gradient": total})},
        f"Gradient dL/dz of examples {first} to {examples[-1]} by path. Example {chosen}: {parts}; "
        f"together {number(total[chosen - first])}.",
    )


@lru_cache(maxsize=1)
def _paths_spec() -> Spec:
    x = alt.X("example:O", axis=alt.Axis(title="Example", labelAngle=0, grid=False))
    y_axis = alt.Axis(title="dL/dz", format="~g", tickCount=6, minExtent=AXIS)
    color = alt.Color(
        "path:N",
        scale=alt.Scale(domain=[*PATHS, "sum"], range=[CONTESTANTS[0], CONTESTANTS[2], CONTESTANTS[3], WRONG]),
        legend=alt.Legend(title=None, orient="bottom", columns=2, labelLimit=0),
    )
    bars = (
        alt.Chart(alt.NamedData("paths"))
        .mark_bar()
        .encode(
            x,
            alt.Y("gradient:Q", stack="zero", axis=y_axis),
            color,
            order="order:Q",
            opacity=alt.condition("datum.chosen", alt.value(1), alt.value(0.55)),
        )
    )
    total = (
        alt.Chart(alt.NamedData("sum"))
        .transform_calculate(path="'sum'")
        .mark_point(filled=True, shape="diamond", size=90, opacity=1)
        .encode(x, alt.Y("gradient:Q", axis=y_axis), color)
    )
    return specification(BARS, bars, total)


def running_statistic(title: str, batches: np.ndarray, running: np.ndarray, whole: float) -> Picture:
    """A statistic of each mini-batch as a dot, the running one as a line, the one of all points as dashes.

    Args:
        title: of the axis.
        batches, running: shape (mini-batches,); NaN if a batch has no such statistic.
        whole: the value for all points.
    """
    steps = np.arange(1, len(running) + 1)
    finite = np.flatnonzero(np.isfinite(batches))
    tables = {
        "batches": pa.table({"step": [pack(steps[finite])], "value": [pack(batches[finite])]}),
        "running": pa.table({"step": [pack(steps)], "value": [pack(running)]}),
        "all": pa.table({"value": [whole]}),
    }
    return Picture(
        _running_spec(title),
        tables,
        f"{title} over {len(running)} mini-batches: running {number(running[0])} → {number(running[-1])}, "
        f"over all points {number(whole)}.",
    )


@lru_cache(maxsize=4)
def _running_spec(title: str) -> Spec:
    kinds = ["of a mini-batch", "running", "of all points"]
    x = alt.X("step:Q", scale=alt.Scale(nice=False, zero=False), axis=alt.Axis(title="Mini-batch", tickMinStep=1))
    y = alt.Y("value:Q", scale=alt.Scale(zero=False), axis=alt.Axis(title=title, tickCount=5, minExtent=AXIS))

    def color(kind: int) -> alt.Color:
        scale = alt.Scale(domain=kinds, range=[REFERENCE, NOW, WRONG])
        legend = alt.Legend(title=None, orient="bottom", symbolType="stroke", symbolStrokeWidth=3, symbolOpacity=1)
        return alt.Color(f"kind{kind}:N", scale=scale, legend=legend)

    def named(chart: alt.Chart, kind: int) -> alt.Chart:
        return chart.transform_calculate(**{f"kind{kind}": f"'{kinds[kind]}'"})

    dots = named(unpack("batches", "step", "value"), 0).mark_point(filled=True, size=16, opacity=0.5)
    line = named(unpack("running", "step", "value"), 1).mark_line(strokeWidth=2.5)
    whole = named(alt.Chart(alt.NamedData("all")), 2).mark_rule(strokeDash=[5, 4], strokeWidth=1.5)
    return specification(
        CURVE, dots.encode(x, y, color(0)), line.encode(x, y, color(1)), whole.encode(y=y, color=color(2))
    )


def noise_by_size(title: str, sizes: np.ndarray, measured: np.ndarray, theory: np.ndarray) -> Picture:
    """How much an estimate scatters, over the batch size, both logarithmic: measured as dots, theory as dashes.

    Args:
        title: of the axis.
        sizes: batch sizes, shape (sizes,).
        measured, theory: standard deviations, shape (sizes,); NaN where there is none. A value of 0 is not drawn.
    """
    rows = []
    for kind, values in (("measured", measured), ("theory", theory)):
        shown = np.flatnonzero(np.nan_to_num(values) > 0)
        rows.append({"size": pack(np.asarray(sizes)[shown]), "value": pack(values[shown]), "kind": kind})
    finite = np.flatnonzero(np.isfinite(measured))
    words = ", ".join(f"{sizes[i]}: {number(measured[i])} (theory {number(theory[i])})" for i in finite)
    return Picture(_noise_spec(title), {"noise": pa.Table.from_pylist(rows)}, f"{title} by batch size: {words}.")


@lru_cache(maxsize=4)
def _noise_spec(title: str) -> Spec:
    kinds = ["measured", "theory"]
    curves = unpack("noise", "size", "value")
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(type="log", nice=False, padding=8),
        axis=alt.Axis(title=f"{title} (log scale)", format="~g", tickCount=4, minExtent=AXIS),
    )
    color = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=kinds, range=[NOW, REFERENCE]),
        legend=alt.Legend(title=None, orient="bottom", symbolType="stroke", symbolStrokeWidth=3, symbolOpacity=1),
    )
    theory = curves.transform_filter("datum.kind == 'theory'").mark_line(strokeDash=[5, 4], strokeWidth=2)
    measured = curves.transform_filter("datum.kind == 'measured'").mark_point(filled=True, size=60, opacity=1)
    return specification(CURVE, theory.encode(_sizes(), y, color), measured.encode(_sizes(), y, color))


def _sizes(title: str = "Batch size (log scale)") -> alt.X:
    return alt.X(
        "size:Q",
        scale=alt.Scale(type="log", base=2, nice=False),
        axis=alt.Axis(title=title, format="~d", grid=False, values=[2**power for power in range(12)]),
    )


def mode_accuracies(
    sizes: tuple[int, ...], evaluation: np.ndarray, shuffled: np.ndarray, by_class: np.ndarray
) -> Picture:
    """Accuracy in training mode over the batch size: median and quartiles over the seeds. In evaluation mode, dashed.

    Args:
        sizes: batch sizes.
        evaluation: lower quartile, median and upper quartile in evaluation mode, shape (3,).
        shuffled, by_class: the same in training mode, with the test points in random order and sorted, (3, sizes).
    """
    rows, words = [], []
    for kind, (low, median, high) in zip(MODES[1:], (shuffled, by_class), strict=True):
        rows.append({"size": pack(sizes), "low": pack(low), "median": pack(median), "high": pack(high), "kind": kind})
        shown = ", ".join(f"{size}: {percent(value)}" for size, value in zip(sizes, median, strict=True))
        words.append(f"{kind}, by batch size, {shown}")
    whole = dict(zip(("low", "median", "high"), ([value] for value in evaluation.tolist()), strict=True))
    return Picture(
        _modes_spec(),
        {"modes": pa.Table.from_pylist(rows), "evaluation": pa.table(whole)},
        f"Accuracy on the test points, median over the seeds: {MODES[0]} {percent(evaluation[1])}; {'; '.join(words)}.",
    )


@lru_cache(maxsize=1)
def _modes_spec() -> Spec:
    curves = unpack("modes", "size", "low", "median", "high")
    evaluation = alt.Chart(alt.NamedData("evaluation")).transform_calculate(kind=f"'{MODES[0]}'")
    scale = alt.Scale(domain={"unionWith": [0.5, 1]}, zero=False, nice=False)
    axis = alt.Axis(title="Test accuracy", format="%", tickCount=5, minExtent=AXIS)
    color = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=list(MODES), range=[REFERENCE, NOW, WRONG]),
        legend=alt.Legend(
            title=None, orient="bottom", columns=1, labelLimit=0, symbolType="stroke", symbolStrokeWidth=3,
            symbolOpacity=1,
        ),
    )  # fmt: skip
    x = _sizes("Examples in a batch of the test (log scale)")
    median = alt.Y("median:Q", scale=scale, axis=axis)
    low, high = alt.Y("low:Q", scale=scale, axis=axis), alt.Y2("high:Q")
    return specification(
        MODES_HEIGHT,
        evaluation.mark_rect(opacity=0.15).encode(low, high, color),
        curves.mark_area(opacity=0.18).encode(x, low, high, color),
        evaluation.mark_rule(strokeDash=[5, 4], strokeWidth=2).encode(median, color),
        curves.mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=40)).encode(x, median, color),
    )
