"""The signal through depth: its size layer by layer, measured and by theory, and its distribution in some layers."""

from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from ..text import number
from .palette import CONTESTANTS
from .picture import AXIS, Picture, Spec, pack, specification, unpack

CURVE = 300  # pixels of height
ROW = 34  # pixels of height of a layer's histogram
FLOOR, CEILING = 1e-12, 1e12  # values beyond are not drawn


@dataclass(frozen=True)
class Profile:
    """One line of a chart over depth.

    Attributes:
        label: the contestant's.
        measured: a value for each layer, shape (depth,); some may be NaN or infinite.
        theory: the predicted values; None if there is no theory.
    """

    label: str
    measured: np.ndarray
    theory: np.ndarray | None


def depth_curves(title: str, profiles: list[Profile]) -> Picture:
    """A quantity layer by layer on a logarithmic scale: measured as a line, predicted as dashes."""
    rows = []
    for profile in profiles:
        for kind, values in (("measured", profile.measured), ("theory", profile.theory)):
            if values is not None:
                shown = np.flatnonzero((values >= FLOOR) & (values <= CEILING))
                line = {"layer": pack(shown + 1), "value": pack(values[shown])}
                rows.append(line | {"kind": kind, "contestant": profile.label})
    words = ", ".join(
        f"{profile.label} {number(profile.measured[0])} → {number(profile.measured[-1])}" for profile in profiles
    )
    return Picture(
        _curves_spec(title, tuple(profile.label for profile in profiles)),
        {"curves": pa.Table.from_pylist(rows)},
        f"{title} from the first layer to the last: {words}.",
    )


def correlation_curves(profiles: list[Profile]) -> Picture:
    """How alike two inputs are to each layer, as measured: 1 where they can't be told apart."""
    rows = []
    for profile in profiles:
        shown = np.flatnonzero(np.isfinite(profile.measured))
        line = {"layer": pack(shown + 1), "value": pack(profile.measured[shown])}
        rows.append(line | {"contestant": profile.label})
    words = ", ".join(
        f"{profile.label} {number(profile.measured[0])} → {number(profile.measured[-1])}"
        if np.isfinite(profile.measured[[0, -1]]).all()
        else f"{profile.label} none in some layers"
        for profile in profiles
    )
    return Picture(
        _correlation_spec(tuple(profile.label for profile in profiles)),
        {"curves": pa.Table.from_pylist(rows)},
        f"Correlation of two inputs from the first layer to the last: {words}.",
    )


def _layer_axis() -> alt.X:
    return alt.X("layer:Q", scale=alt.Scale(nice=False), axis=alt.Axis(title="Layer", tickMinStep=1))


def _contestant_color(labels: tuple[str, ...]) -> alt.Color:
    """Without a legend: the names are above the histograms, in their colours."""
    scale = alt.Scale(domain=list(labels), range=list(CONTESTANTS[: len(labels)]))
    return alt.Color("contestant:N", scale=scale, legend=None)


@lru_cache(maxsize=64)
def _correlation_spec(labels: tuple[str, ...]) -> Spec:
    lines = (
        unpack("curves", "layer", "value")
        .mark_line(strokeWidth=2, opacity=0.75)
        .encode(
            _layer_axis(),
            alt.Y(
                "value:Q",
                scale=alt.Scale(nice=False, domain={"unionWith": [0, 1]}),
                axis=alt.Axis(title="Correlation of two inputs", tickCount=6, minExtent=AXIS),
            ),
            color=_contestant_color(labels),
        )
    )
    return specification(CURVE, lines)


@lru_cache(maxsize=64)
def _curves_spec(title: str, labels: tuple[str, ...]) -> Spec:
    kinds = ["measured", "theory"]
    lines = (
        unpack("curves", "layer", "value")
        .mark_line()
        .encode(
            _layer_axis(),
            alt.Y(
                "value:Q",
                scale=alt.Scale(type="log", nice=False, domain={"unionWith": [0.1, 1]}),
                axis=alt.Axis(title=f"{title} (log scale)", format="~e", tickCount=6, minExtent=AXIS),
            ),
            color=_contestant_color(labels),
            strokeDash=alt.StrokeDash(
                "kind:N",
                scale=alt.Scale(domain=kinds, range=[[1, 0], [4, 3]]),
                legend=alt.Legend(title=None, orient="bottom", symbolType="stroke", symbolSize=300),
            ),
            strokeWidth=alt.StrokeWidth("kind:N", scale=alt.Scale(domain=kinds, range=[2, 1.5]), legend=None),
            opacity=alt.Opacity("kind:N", scale=alt.Scale(domain=kinds, range=[0.75, 1]), legend=None),
        )
    )
    return specification(CURVE, lines)


def depth_histograms(label: str, color: str, layers: list[int], edges: np.ndarray, shares: np.ndarray) -> Picture:
    """The distribution of activations in some layers, one row each; the outermost bins also count all values outside.

    Rows are as high as their second highest bin, at which the highest is cut.

    Args:
        layers: which, counted from 1.
        edges: limits of the bins, shape (bins + 1,).
        shares: share of the activations in each bin, shape (len(layers), bins).
    """
    rows = []
    for row, share in enumerate(shares):
        base = len(layers) - 1 - row
        highest = np.sort(share)[-2] or share.max() or 1  # the highest bin, for ReLU that of all zeros, may be cut
        tops = base + 0.85 * np.minimum(np.append(share, share[-1]) / highest, 1)
        rows.append({"value": pack(edges), "top": pack(tops), "base": base, "layer": layers[row]})
    return Picture(
        _histograms_spec(tuple(layers), float(edges[0]), float(edges[-1]), color),
        {"histograms": pa.Table.from_pylist(rows)},
        f"{label}: distribution of the activations in layers {', '.join(map(str, layers))}, from "
        f"{number(edges[0])} to {number(edges[-1])}.",
    )


@lru_cache(maxsize=128)
def _histograms_spec(layers: tuple[int, ...], low: float, high: float, color: str) -> Spec:
    names = "[" + ",".join(f"'{layer}'" for layer in reversed(layers)) + "]"
    axis = alt.Axis(
        title="Layer",
        values=[row + 0.4 for row in range(len(layers))],
        labelExpr=f"{names}[round(datum.value - 0.4)]",
        grid=False,
        ticks=False,
    )
    areas = (
        unpack("histograms", "value", "top")
        .mark_area(interpolate="step-after", line={"strokeWidth": 1, "color": color}, fillOpacity=0.4, color=color)
        .encode(
            alt.X("value:Q", scale=alt.Scale(domain=[low, high], nice=False), axis=alt.Axis(title="a", tickCount=3)),
            alt.Y("base:Q", scale=alt.Scale(domain=[-0.1, len(layers)], nice=False), axis=axis),
            alt.Y2("top:Q"),
            detail="layer:N",
        )
    )
    return specification(ROW * len(layers) + 50, areas)
