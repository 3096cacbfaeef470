"""A network layer by layer, one row each: distributions of weights and activations, gradients, and steps."""

from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from ..text import number, percent
from ..training.diagnostics import LayerStatistics, Snapshot
from .palette import NOW, REFERENCE
from .picture import Picture, Spec, pack, specification, unpack

BINS = 32
ROW = 50  # pixels of height of a layer


def weight_histograms(snapshot: Snapshot) -> Picture:
    """For each layer, the distribution of its weights now, in front of the one at the start."""
    now = [layer.weights for layer in snapshot.layers]
    notes = [f"σ {number(layer.weights.std())}" for layer in snapshot.layers]
    spec = _ridge_spec(_names(snapshot), "Weight w", True)
    words = "; ".join(
        f"{layer.name} σ {number(start.std())} → {number(layer.weights.std())}"
        for layer, start in zip(snapshot.layers, snapshot.start, strict=True)
    )
    return Picture(
        spec,
        {"ridges": _ridges({"start": snapshot.start, "now": now}), "notes": _notes(notes)},
        f"Weight histograms, layer by layer, start and now: {words}.",
    )


def activation_histograms(snapshot: Snapshot) -> Picture:
    """For each layer, the distribution of its activations over the training points, with its statistics."""
    notes = [_activation_note(layer) for layer in snapshot.layers]
    words = "; ".join(f"{layer.name} {note}" for layer, note in zip(snapshot.layers, notes, strict=True))
    return Picture(
        _ridge_spec(_names(snapshot), "Activation a", False),
        {"ridges": _ridges({"now": [layer.activations for layer in snapshot.layers]}), "notes": _notes(notes)},
        f"Activations, layer by layer: {words}.",
    )


def gradient_norms(snapshot: Snapshot) -> Picture:
    """For each layer, the norm of its weights' gradient, on a logarithmic scale."""
    return _dots(snapshot, [float(layer.gradient_norm) for layer in snapshot.layers], "|dW| (log scale)")


def update_ratios(snapshot: Snapshot) -> Picture:
    """For each layer, size of the last step divided by size of the weights, with the usual 0.1 % as a line."""
    return _dots(snapshot, list(snapshot.moment.update_ratios), "|ΔW| / |W| (log scale)", guide=1e-3)


def _names(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(layer.name for layer in snapshot.layers)


def _ridges(series: dict[str, list[np.ndarray]]) -> pa.Table:
    """Histograms of each series for each layer, from `base` up to `top` in the layer's row of the chart.

    All share their bins. Each layer's histograms are scaled to the highest of them, so that shapes can be compared.
    """
    finite = np.concatenate([array[np.isfinite(array)].ravel() for arrays in series.values() for array in arrays])
    low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 1.0)
    margin = 0.02 * (high - low) or 0.5
    edges = np.linspace(low - margin, high + margin, BINS + 1)
    n_layers = len(next(iter(series.values())))
    rows = []
    for layer, arrays in enumerate(zip(*series.values(), strict=True)):
        counts = [np.histogram(array, edges)[0] / array.size for array in arrays]
        highest = max(count.max() for count in counts) or 1
        base = n_layers - 1 - layer
        for name, count in zip(series, counts, strict=True):
            tops = base + 0.66 * np.append(count, count[-1]) / highest
            rows.append(
                {"value": pack(edges, digits=10), "top": pack(tops), "base": base, "when": name, "layer": layer}
            )
    return pa.Table.from_pylist(rows)


def _notes(texts: list[str], **columns: list) -> pa.Table:
    """One row per layer, the first at the top: `middle` and `top` of the layer's row, and `text` for its right end."""
    base = np.arange(len(texts) - 1, -1, -1)
    return pa.table({"middle": base + 0.4, "top": base + 0.97, "text": texts, **columns})


def _activation_note(layer: LayerStatistics) -> str:
    parts = [f"μ {number(layer.mean)}", f"σ {number(layer.std)}"]
    if layer.dead is not None:
        parts.append(f"{percent(layer.dead)} dead")
    if layer.saturated is not None:
        parts.append(f"{percent(layer.saturated)} saturated")
    return "  ".join(parts)


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
            alt.X("value:Q", axis=alt.Axis(title=title, tickCount=5), scale=alt.Scale(nice=False, zero=False)),
            y, alt.Y2("top:Q"), color, detail=["layer:N", "when:N"],
        )
    )  # fmt: skip
    return specification(_layer_height(names), ridges, _texts("notes", names))


def _dots(snapshot: Snapshot, values: list[float], title: str, guide: float | None = None) -> Picture:
    names = _names(snapshot)
    shown = [number(value) if np.isfinite(value) else "–" for value in values]
    positive = [value if np.isfinite(value) and value > 0 else None for value in values]
    words = ", ".join(f"{name} {text}" for name, text in zip(names, shown, strict=True))
    return Picture(
        _dot_spec(names, title, guide), {"dots": _notes(shown, value=positive)}, f"{title}, layer by layer: {words}."
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
