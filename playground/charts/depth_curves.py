"""The signal through depth: its size layer by layer, measured and by theory, and its distribution in some layers."""

from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from ..text import number
from ..topics.initialization.many_networks import quantiles
from .contestant_styles import color_of
from .picture import AXIS, Picture, Spec, pack, specification, unpack

CURVE, AROUND = 320, 50  # pixels of height, and those of them that the axis takes
LETTERS = 14  # pixels of height of a name at the end of a line
ROOM = 0.5  # for the names, as a share of the width of all layers
ROW = 34  # pixels of height of a layer's histogram
FLOOR, CEILING = 1e-12, 1e12  # values beyond are not drawn
DOMAIN = {True: [0.1, 1.0], False: [0.0, 1.0]}  # what a vertical axis shows at least, logarithmic or not
NAMES = pa.schema([("contestant", pa.string()), ("layer", pa.float64()), ("value", pa.float64())])


@dataclass(frozen=True)
class Profile:
    """What a chart over depth shows of one contestant.

    Attributes:
        label: the contestant's.
        measured: of each network, shape (networks, depth); some values may be NaN or infinite.
        theory: lower edge of the band, median and upper edge, shape (3, depth); edges are NaN where there are none;
            None if there is no theory.
    """

    label: str
    measured: np.ndarray
    theory: np.ndarray | None

    @property
    def in_words(self) -> str:
        """The first and the last value of the first network, which is there before the others, and of theory."""

        def ends(curve):
            return f"{number(curve[0])} → {number(curve[-1])}" if np.isfinite(curve[[0, -1]]).all() else "none"

        theory = "" if self.theory is None else f", theory {ends(self.theory[1])}"
        return f"{self.label} {ends(self.measured[0])}{theory}"


def depth_curves(title: str, profiles: list[Profile], backward: bool = False) -> Picture:
    """A quantity layer by layer on a logarithmic scale: medians and bands over networks, measured and by theory.

    A line's name is at its end: in the last layer, or if it comes `backward`, in the first.
    """
    return _picture(title, profiles, FLOOR, CEILING, True, backward)


def correlation_curves(profiles: list[Profile]) -> Picture:
    """How alike two inputs are to each layer, measured and by theory: 1 where they can't be told apart."""
    return _picture("Correlation of two inputs", profiles, -1, 1 + 1e-9, False)


def _picture(
    title: str, profiles: list[Profile], low: float, high: float, log: bool, backward: bool = False
) -> Picture:
    """Medians as lines, dashed by theory, and bands about them; a line ends where its value is beyond the bounds."""
    lines, bands, ends, values = [], [], [], [np.array(DOMAIN[log])]
    for profile in profiles:
        for kind, curves in (("measured", quantiles(profile.measured)), ("theory", profile.theory)):
            if curves is None:
                continue
            who = {"contestant": profile.label, "kind": kind}
            shown = np.flatnonzero((curves[1] >= low) & (curves[1] <= high))
            lines.append({"layer": pack(shown + 1), "value": pack(curves[1, shown])} | who)
            held = shown[np.isfinite(curves[:, shown]).all(axis=0)]
            edges = np.clip(curves[:, held], low, high)
            bands.append({"layer": pack(held + 1), "low": pack(edges[0]), "high": pack(edges[2])} | who)
            values += [curves[1, shown], edges[0], edges[2]]
            if kind == "measured" and len(shown):
                end = shown[0 if backward else -1]
                ends.append((profile.label, float(end + 1), float(curves[1, end])))
    reach = np.concatenate(values)
    return Picture(
        _curves_spec(title, log, backward, profiles[0].measured.shape[1], tuple(each.label for each in profiles)),
        {
            "curves": pa.Table.from_pylist(lines),
            "bands": pa.Table.from_pylist(bands),
            "names": pa.Table.from_pylist(_names(ends, reach.min(), reach.max(), log), NAMES),
        },
        f"{title} from the first layer to the last, in the first network of each: "
        f"{'; '.join(profile.in_words for profile in profiles)}.",
    )


def _names(ends: list[tuple[str, float, float]], low: float, high: float, log: bool) -> list[dict]:
    """A place for each name: where its line ends, or if another is there, next to it.

    From the lowest up, each is moved above the one below it; if that leads out of the chart, all are moved down again.

    Args:
        ends: name, layer and value of each line's end.
        low, high: what the vertical axis reaches from and to.
    """
    into, out = (np.log, np.exp) if log else (float, float)
    low, high = into(low), into(high)
    step = (high - low) * LETTERS / (CURVE - AROUND)
    ends = sorted(ends, key=lambda end: end[2])
    places = [into(value) for _, _, value in ends]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + step)
    for i in reversed(range(len(places))):
        places[i] = min(places[i], high - step * (len(places) - 1 - i))
    return [
        {"contestant": label, "layer": layer, "value": float(out(place))}
        for (label, layer, _), place in zip(ends, places, strict=True)
    ]


def _contestant_color(labels: tuple[str, ...]) -> alt.Color:
    """Without a legend: the names are at the ends of the lines."""
    scale = alt.Scale(domain=list(labels), range=[color_of(label) for label in labels])
    return alt.Color("contestant:N", scale=scale, legend=None)


@lru_cache(maxsize=64)
def _curves_spec(title: str, log: bool, backward: bool, depth: int, labels: tuple[str, ...]) -> Spec:
    """Bands of theory are filled, those measured have thin edges."""
    kinds, color, room = ["measured", "theory"], _contestant_color(labels), ROOM * max(1, depth - 1)
    x = alt.X(
        "layer:Q",
        scale=alt.Scale(domain=[1 - room, depth] if backward else [1, depth + room], nice=False),
        axis=alt.Axis(title="Layer", values=_layers(depth)),
    )
    scale = alt.Scale(type="log" if log else "linear", nice=False, domain={"unionWith": DOMAIN[log]})
    axis = alt.Axis(title=title + " (log scale)" * log, tickCount=6, minExtent=AXIS, **{"format": "~e"} if log else {})

    def y(field):
        return alt.Y(f"{field}:Q", scale=scale, axis=axis)

    bands = unpack("bands", "layer", "low", "high")
    foretold = bands.transform_filter("datum.kind === 'theory'").mark_area(opacity=0.16)
    edges = bands.transform_filter("datum.kind === 'measured'")
    lines = (
        unpack("curves", "layer", "value")
        .mark_line()
        .encode(
            x, y("value"), color,
            strokeDash=alt.StrokeDash("kind:N", scale=alt.Scale(domain=kinds, range=[[1, 0], [4, 3]]), legend=None),
            strokeWidth=alt.StrokeWidth("kind:N", scale=alt.Scale(domain=kinds, range=[2, 1.5]), legend=None),
            opacity=alt.Opacity("kind:N", scale=alt.Scale(domain=kinds, range=[0.75, 1]), legend=None),
        )
    )  # fmt: skip
    names = (
        alt.Chart(alt.NamedData("names"))
        .mark_text(align="right" if backward else "left", dx=-5 if backward else 5, fontSize=11)
        .encode(x, y("value"), color, text="contestant:N")
    )
    return specification(
        CURVE,
        foretold.encode(x, y("low"), alt.Y2("high:Q"), color),
        *(edges.mark_line(strokeWidth=0.75, opacity=0.6).encode(x, y(edge), color) for edge in ("low", "high")),
        lines,
        names,
    )


def _layers(depth: int) -> list[int]:
    """Layers that the axis names: multiples of 1, 2 or 5 times a power of ten, at most ten of them."""
    step = next(step for step in (1, 2, 5, 10, 20, 50) if depth <= 10 * step)
    return sorted({1, *range(step, depth + 1, step)})


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
