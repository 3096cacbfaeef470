"""Two ways to split in charts: accuracy by epoch, which digits fail, and how near held-out and training images are."""

from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from ..data.datasets import SPLITS
from ..text import number, percent
from ..topics.digits.splits import PAIR, HeldOut, TwoSplitsTrainer
from ..training.significance import quartiles
from .palette import CONTESTANTS
from .picture import AXIS, Picture, Spec, pack, specification, unpack

POINTS = 60  # of a curve, at most
CURVES, DIGITS, DISTANCES = 340, 400, 260  # pixels of height
BINS = 24
LABELS = tuple(SPLITS[split].label for split in PAIR)


def split_curves(trainer: TwoSplitsTrainer) -> Picture:
    """Validation accuracy by epoch, one colour per way to split: median over seeds, and a band between quartiles.

    It starts at the first epoch: the accuracy of untrained networks would take most of the height.
    """
    accuracies = trainer.accuracies()
    newest = accuracies.shape[-1] - 1
    epochs = np.unique(np.linspace(min(1, newest), newest, POINTS).round().astype(int))
    low, median, high = quartiles(accuracies[..., epochs].swapaxes(1, 2))
    bands = {name: [pack(row) for row in rows] for name, rows in (("low", low), ("median", median), ("high", high))}
    words = ", ".join(f"{label} {_exact(row[-1])}" for label, row in zip(LABELS, median, strict=True))
    return Picture(
        _curves_spec(),
        {"accuracies": pa.table({"epoch": [pack(epochs)] * len(PAIR), "split": LABELS} | bands)},
        f"Validation accuracy by epoch for two ways to split, median over {accuracies.shape[1]} seeds. "
        f"After epoch {epochs[-1]}: {words}.",
    )


@lru_cache(maxsize=1)
def _curves_spec() -> Spec:
    curves = unpack("accuracies", "epoch", "low", "median", "high")
    x = alt.X(
        "epoch:Q",
        scale=alt.Scale(nice=False, domain={"unionWith": [0, 10]}),
        axis=alt.Axis(title="Epoch", tickCount=8, format="~s"),
    )
    scale = alt.Scale(domain={"unionWith": [0.85, 1]}, zero=False, nice=False)
    axis = alt.Axis(title="Validation accuracy", format="%", tickCount=6, minExtent=AXIS)
    band = curves.mark_area(opacity=0.18).encode(
        x, alt.Y("low:Q", scale=scale, axis=axis), alt.Y2("high:Q"), _color("stroke")
    )
    line = curves.mark_line(strokeWidth=2.5).encode(x, alt.Y("median:Q", scale=scale, axis=axis), _color("stroke"))
    return specification(CURVES, band, line)


def split_recalls(recalls: np.ndarray) -> Picture:
    """Which digits fail: share of each digit's validation images that is right, median and quartiles over seeds.

    Args:
        recalls: shape (2 ways to split, seeds, digits).
    """
    low, median, high = quartiles(recalls.swapaxes(1, 2))
    rows, words = [], []
    for which, label in enumerate(LABELS):
        tested = np.flatnonzero(np.isfinite(median[which]))
        figures = {"low": low, "median": median, "high": high}
        packed = {name: pack(values[which, tested]) for name, values in figures.items()}
        rows.append(packed | {"digit": pack(tested), "split": label})
        words.append(f"{label} " + ", ".join(f"{digit}: {percent(median[which, digit])}" for digit in tested))
    return Picture(
        _recalls_spec(recalls.shape[-1]),
        {"recalls": pa.Table.from_pylist(rows)},
        f"Share of each digit's validation images that is right, median over {recalls.shape[1]} seeds. "
        f"{'; '.join(words)}.",
    )


@lru_cache(maxsize=2)
def _recalls_spec(n_digits: int) -> Spec:
    rows = unpack("recalls", "digit", "low", "median", "high")
    y = alt.Y(
        "digit:O",
        scale=alt.Scale(domain=list(range(n_digits))),
        axis=alt.Axis(title="Digit", grid=True, ticks=False, bandPosition=0, labelFontSize=13, minExtent=AXIS),
    )
    offset = alt.YOffset("split:N", scale=alt.Scale(domain=list(LABELS), paddingOuter=0.6))
    scale = alt.Scale(domain={"unionWith": [0.6, 1]}, zero=False, nice=False, padding=6)
    axis = alt.Axis(title="Right of its validation images", format="%", tickCount=6, orient="top")
    spread = rows.mark_rule(strokeWidth=3, opacity=0.4).encode(
        alt.X("low:Q", scale=scale, axis=axis), alt.X2("high:Q"), y, offset, _color("circle")
    )
    dots = rows.mark_point(filled=True, size=80, opacity=1).encode(
        alt.X("median:Q", scale=scale, axis=axis), y, offset, _color("circle")
    )
    return specification(DIGITS, spread, dots)


def split_distances(last: HeldOut, stratified: list[HeldOut]) -> Picture:
    """Distribution of the distances from held-out images to their nearest training images, with medians as dashes.

    Args:
        last: the last part of the file.
        stratified: the stratified splits, shown as one distribution.
    """
    distances = (last.distances, np.concatenate([each.distances for each in stratified]))
    top = max(map(np.max, distances))
    edges = np.linspace(0, top, BINS + 1)
    rows, medians = [], [float(np.median(values)) for values in distances]
    for label, values in zip(LABELS, distances, strict=True):
        shares = np.histogram(values, edges)[0] / len(values)
        rows.append({"distance": pack(edges), "share": pack(np.append(shares, shares[-1])), "split": label})
    words = " and ".join(f"{number(median)} ({label})" for label, median in zip(LABELS, medians, strict=True))
    return Picture(
        _distances_spec(),
        {"distances": pa.Table.from_pylist(rows), "medians": pa.table({"median": medians, "split": LABELS})},
        f"Distance from each held-out image to the nearest training image, as a distribution: medians {words}.",
    )


@lru_cache(maxsize=1)
def _distances_spec() -> Spec:
    curves = unpack("distances", "distance", "share")
    x = alt.X(
        "distance:Q",
        scale=alt.Scale(nice=False),
        axis=alt.Axis(title="Distance to the nearest training image", tickCount=6),
    )
    axis = alt.Axis(title="Share of the held-out images", format="%", tickCount=4, minExtent=AXIS)
    y = alt.Y("share:Q", stack=None, axis=axis)
    areas = curves.mark_area(interpolate="step-after", fillOpacity=0.14).encode(x, y, _color("stroke"))
    lines = curves.mark_line(interpolate="step-after", strokeWidth=2).encode(x, y, _color("stroke"))
    medians = alt.Chart(alt.NamedData("medians"))
    rules = medians.mark_rule(strokeDash=[5, 4], strokeWidth=2).encode(alt.X("median:Q"), _color("stroke"))
    return specification(DISTANCES, areas, lines, rules)


def _color(symbol: str) -> alt.Color:
    legend = alt.Legend(title=None, orient="bottom", symbolType=symbol, symbolStrokeWidth=3, symbolOpacity=1)
    return alt.Color("split:N", scale=alt.Scale(domain=list(LABELS), range=list(CONTESTANTS[:2])), legend=legend)


def _exact(share: float) -> str:
    return f"{100 * share:.1f} %"
