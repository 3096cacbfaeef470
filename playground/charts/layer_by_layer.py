"""A network layer by layer, one row each: distributions of weights and activations, gradients, and steps."""

from functools import lru_cache

import altair as alt
import numpy as np

from ..text import number, percent
from ..training.diagnostics import LayerStatistics, Snapshot, at_each
from .palette import NOW, REFERENCE
from .picture import Picture, Spec, specification, unpack
from .strip import Always, Column, Strip

BINS = 32
ROW = 50  # pixels of height of a layer


def weight_histograms(snapshot: Snapshot) -> Picture:
    """For each layer, the distribution of its weights now, in front of the one at the start."""
    return weight_strip(alone(snapshot.layers), snapshot.start).picture(0)


def activation_histograms(snapshot: Snapshot) -> Picture:
    """For each layer, the distribution of its activations over the training points, with its statistics."""
    return activation_strip(alone(snapshot.layers)).picture(0)


def gradient_norms(snapshot: Snapshot) -> Picture:
    """For each layer, the norm of its weights' gradient, on a logarithmic scale."""
    return gradient_strip(alone(snapshot.layers)).picture(0)


def update_ratios(snapshot: Snapshot) -> Picture:
    """For each layer, size of the last step divided by size of the weights, with the usual 0.1 % as a line."""
    return step_strip(_names(snapshot.layers), np.array([snapshot.moment.update_ratios])).picture(0)


def alone(layers: list[LayerStatistics]) -> list[LayerStatistics]:
    """The statistics of one moment as those of a stack of moments."""
    return [at_each(layer, lambda value: np.asarray(value)[None]) for layer in layers]


def weight_strip(layers: list[LayerStatistics], start: list[np.ndarray]) -> Strip:
    """The weights' distributions at many moments, which are the stack axis of the statistics."""
    now = [layer.weights for layer in layers]
    deviations = np.array([array.std(axis=(-2, -1)) for array in now]).T
    first = [number(array.std()) for array in start]
    notes = [[f"σ {number(deviation)}" for deviation in moment] for moment in deviations]
    names = _names(layers)
    words = [
        "; ".join(f"{name} σ {then} →{note[1:]}" for name, then, note in zip(names, first, moment, strict=True))
        for moment in notes
    ]
    return Strip(
        _ridge_spec(names, "Weight w", True),
        {"ridges": _ridges({"start": [array[None] for array in start], "now": now}), "notes": _notes(notes)},
        [f"Weight histograms, layer by layer, start and now: {each}." for each in words],
    )


def activation_strip(layers: list[LayerStatistics]) -> Strip:
    """The activations' distributions at many moments."""
    by_layer = [_activation_notes(layer) for layer in layers]
    notes = [list(moment) for moment in zip(*by_layer, strict=True)]
    names = _names(layers)
    words = ["; ".join(f"{name} {note}" for name, note in zip(names, moment, strict=True)) for moment in notes]
    return Strip(
        _ridge_spec(names, "Activation a", False),
        {"ridges": _ridges({"now": [layer.activations for layer in layers]}), "notes": _notes(notes)},
        [f"Activations, layer by layer: {each}." for each in words],
    )


def gradient_strip(layers: list[LayerStatistics]) -> Strip:
    """The gradients' norms at many moments."""
    return _dots(_names(layers), np.array([layer.gradient_norm for layer in layers]).T, "|dW| (log scale)")


def step_strip(names: tuple[str, ...], ratios: np.ndarray) -> Strip:
    """The sizes of steps over sizes of weights at many moments, shape (moments, layers)."""
    return _dots(names, ratios, "|ΔW| / |W| (log scale)", guide=1e-3)


def _names(layers: list[LayerStatistics]) -> tuple[str, ...]:
    return tuple(layer.name for layer in layers)


def _ridges(series: dict[str, list[np.ndarray]]) -> dict[str, Column]:
    """Histograms of each series for each layer, from `base` up to `top` in the layer's row of the chart.

    All of a moment share their bins. Each layer's histograms are scaled to the highest of them, so that shapes can be
    compared.

    Args:
        series: {name: an array for each layer, of shape (moments, ...); or (1, ...), the same at all moments}.
    """
    flat = {name: [array.reshape(len(array), -1) for array in arrays] for name, arrays in series.items()}
    moments = max(len(array) for arrays in flat.values() for array in arrays)
    low, high = np.full(moments, np.inf), np.full(moments, -np.inf)
    for array in (array for arrays in flat.values() for array in arrays):
        finite = np.isfinite(array)
        low = np.minimum(low, np.where(finite, array, np.inf).min(axis=1))
        high = np.maximum(high, np.where(finite, array, -np.inf).max(axis=1))
    low, high = np.where(np.isfinite(low), low, 0.0), np.where(np.isfinite(high), high, 1.0)
    margin = 0.02 * (high - low)
    margin[margin == 0] = 0.5
    low, high = low - margin, high + margin
    counts = {name: [_shares(array, low, high) for array in arrays] for name, arrays in flat.items()}
    n_layers = len(next(iter(flat.values())))
    tops, base, when, of_layer = [], [], [], []
    for layer in range(n_layers):
        highest = np.max([count[layer].max(axis=1) for count in counts.values()], axis=0)
        highest[highest == 0] = 1
        for name, count in counts.items():
            steps = np.concatenate([count[layer], count[layer][:, -1:]], axis=1) / highest[:, None]
            base.append(n_layers - 1 - layer)
            tops.append(base[-1] + 0.66 * steps)
            when.append(name)
            of_layer.append(layer)
    edges = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, BINS + 1)
    return {
        "value": np.repeat(edges[:, None], len(tops), axis=1),
        "top": np.stack(tops, axis=1),
        "base": Always(base),
        "when": Always(when),
        "layer": Always(of_layer),
    }


def _shares(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Of values of shape (moments, n), the share in each of `BINS` bins from low to high: (moments, BINS).

    One count for all moments: `np.histogram`, moment by moment, would take ten times as long.
    """
    moments = len(low)
    place = (values - low[:, None]) / (high - low)[:, None] * BINS
    inside = np.isfinite(place)
    bins = np.clip(np.where(inside, place, 0).astype(int), 0, BINS - 1) + BINS * np.arange(moments)[:, None]
    counts = np.bincount(bins[np.broadcast_to(inside, bins.shape)], minlength=BINS * moments)
    return counts.reshape(moments, BINS) / values.shape[1]


def _notes(texts: list[list[str]], **columns: Column) -> dict[str, Column]:
    """One row per layer, the first at the top: `middle` and `top` of the layer's row, and `text` for its right end."""
    base = np.arange(len(texts[0]) - 1, -1, -1)
    return {"middle": Always(list(base + 0.4)), "top": Always(list(base + 0.97)), "text": texts, **columns}


def _activation_notes(layer: LayerStatistics) -> list[str]:
    """Mean and standard deviation, and the shares of what is idle, at each moment."""
    notes = []
    for m in range(len(layer.mean)):
        parts = [f"μ {number(layer.mean[m])}", f"σ {number(layer.std[m])}"]
        if layer.dead is not None:
            parts.append(f"{percent(layer.dead[m])} dead")
        if layer.saturated is not None:
            parts.append(f"{percent(layer.saturated[m])} saturated")
        notes.append("  ".join(parts))
    return notes


def _layer_axis(names: tuple[str, ...]) -> alt.Axis:
    """An axis with each layer's name at the middle of its row, the first layer at the top."""
    labels = "[" + ",".join(f"'{name}'" for name in reversed(names)) + "]"
    rows = [row + 0.4 for row in range(len(names))]
    return alt.Axis(title=None, values=rows, labelExpr=f"{labels}[round(datum.value - 0.4)]", grid=False, ticks=False)


def _layer_scale(names: tuple[str, ...]) -> alt.Scale:
    return alt.Scale(domain=[-0.1, len(names)], nice=False)


def _layer_height(names: tuple[str, ...]) -> int:
    return ROW * len(names) + 60


@lru_cache(maxsize=64)
def _ridge_spec(names: tuple[str, ...], title: str, start: bool) -> Spec:
    y = alt.Y("base:Q", scale=_layer_scale(names), axis=_layer_axis(names))
    when = ["start", "now"] if start else ["now"]
    color = alt.Color(
        "when:N",
        scale=alt.Scale(domain=when, range=[REFERENCE, NOW] if start else [NOW]),
        legend=None,  # the page says it above the chart, so that the rows of all charts of layers are side by side
    )
    ridges = (
        unpack("ridges", "value", "top")
        .mark_area(interpolate="step-after", line={"strokeWidth": 1}, fillOpacity=0.45)
        .encode(
            alt.X(
                "value:Q",
                axis=alt.Axis(title=title, tickCount=5, labelFlush=True),
                scale=alt.Scale(nice=False, zero=False),
            ),
            y, alt.Y2("top:Q"), color, detail=["layer:N", "when:N"],
        )
    )  # fmt: skip
    return specification(_layer_height(names), ridges, _texts("notes", names))


def _dots(names: tuple[str, ...], values: np.ndarray, title: str, guide: float | None = None) -> Strip:
    """A number for each layer at many moments, shape (moments, layers); those that have no logarithm are not drawn."""
    shown = [[number(value) if np.isfinite(value) else "–" for value in moment] for moment in values]
    positive = np.where(np.isfinite(values) & (values > 0), values, np.nan)
    words = [", ".join(f"{name} {text}" for name, text in zip(names, moment, strict=True)) for moment in shown]
    return Strip(
        _dot_spec(names, title, guide),
        {"dots": _notes(shown, value=positive)},
        [f"{title}, layer by layer: {each}." for each in words],
    )


@lru_cache(maxsize=64)
def _dot_spec(names: tuple[str, ...], title: str, guide: float | None) -> Spec:
    scale = alt.Scale(type="log", nice=False, domain={"unionWith": [1e-3, 1e-2]})
    x = alt.X("value:Q", scale=scale, axis=alt.Axis(title=title, tickCount=3, format="~e", grid=False))
    y = alt.Y("middle:Q", scale=_layer_scale(names), axis=_layer_axis(names))
    table = alt.Chart(alt.NamedData("dots"))
    layers = [table.mark_point(filled=True, size=90, color=NOW, opacity=1).encode(x, y), _texts("dots", names)]
    if guide:
        layers.insert(0, table.mark_rule(strokeDash=[4, 3], color=REFERENCE).encode(x=alt.XDatum(guide)))
    return specification(_layer_height(names), *layers)


def _texts(table: str, names: tuple[str, ...]) -> alt.Chart:
    """The notes of a table, each at the upper right of its layer's row."""
    return (
        alt.Chart(alt.NamedData(table))
        .mark_text(align="right", baseline="top", color=REFERENCE, fontSize=11)
        .encode(alt.Y("top:Q", scale=_layer_scale(names)), x=alt.value("width"), text="text:N")
    )
