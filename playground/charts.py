"""Pictures of a run: each is a Vega-Lite specification that stays, and small tables that change from frame to frame.

The specification names its tables and is built once for a shape of network, so that a redraw sends data alone: with a
chart built anew each time, the browser paints half as many frames a second. A table has one row a line or area, with
its points packed into text (`_pack`): the browser reads tables cell by cell, and a row a point halves the frames again.
Tables are Arrow's, as they travel: from pandas, making and converting them takes half of a frame's time on the server.
"""

from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from .contours import rings
from .diagnostics import LayerStatistics, Look, class_probabilities, view_limits
from .findings import number, percent
from .palette import CLASSES, NOW, REFERENCE, WRONG

MARGINS = (0.0, 0.4, 0.8)  # by how much the likeliest class leads: each makes its colour a shade stronger
BINS = 32
CURVE_POINTS = 200  # at the most, of a learning curve
AXIS = 40  # pixels for the labels of a vertical axis, so that charts below each other align
SQUARE, CURVE, ROW = 470, 226, 50  # heights in pixels: of the boundary, of a curve, and of a layer's row

Spec = dict


@dataclass(frozen=True)
class Picture:
    """A chart to show.

    Attributes:
        spec: Vega-Lite, which refers to its tables by name.
        tables: the tables.
        alt: what the chart shows, in words, for those who can't see it.
    """

    spec: Spec
    tables: dict[str, pa.Table]
    alt: str


def boundary(look: Look) -> Picture:
    """The plane coloured by class probability, the points over it, and a ring around each that is misclassified."""
    low, high = view_limits(look.data)
    X = np.concatenate([look.data.X_train, look.data.X_test])
    labels = np.concatenate([look.data.y_train, look.data.y_test]).argmax(axis=1)
    wrong = look.network.forward(X, training=False).argmax(axis=-1) != labels
    train = np.arange(len(X)) < look.data.n_train
    points = {"x1": X[:, 0], "x2": X[:, 1], "class": labels, "split": np.where(train, "train", "test")}
    return Picture(
        _boundary_spec(look.data.n_classes, low, high, 42 if len(X) > 50 else 150),
        {
            "regions": _regions(class_probabilities(look.network, low, high), low, high),
            "points": pa.table(points),
            "wrong": pa.table({"x1": X[wrong, 0], "x2": X[wrong, 1]}),
        },
        "Decision boundary: class probabilities over the plane of x1 and x2. "
        f"Misclassified: {(wrong & train).sum()} of {train.sum()} training points, "
        f"{(wrong & ~train).sum()} of {(~train).sum()} test points.",
    )


def loss_curve(look: Look) -> Picture:
    """Loss by epoch on training and test points, on a logarithmic scale."""
    return _curve(look, "loss", "Loss (log scale)", number)


def accuracy_curve(look: Look) -> Picture:
    """Accuracy by epoch on training and test points."""
    return _curve(look, "accuracy", "Accuracy", percent)


def weight_histograms(look: Look) -> Picture:
    """For each layer, the distribution of its weights now, over where they started."""
    now = [layer.weights for layer in look.layers]
    notes = [f"σ {number(layer.weights.std())}" for layer in look.layers]
    spec = _ridge_spec(_names(look), "Weight w", True)
    words = "; ".join(
        f"{layer.name} σ {number(start.std())} → {number(layer.weights.std())}"
        for layer, start in zip(look.layers, look.start, strict=True)
    )
    return Picture(
        spec,
        {"ridges": _ridges({"start": look.start, "now": now}), "notes": _notes(notes)},
        f"Weight histograms, layer by layer, start and now: {words}.",
    )


def activation_histograms(look: Look) -> Picture:
    """For each layer, the distribution of its activations over the training points, with its statistics."""
    notes = [_activation_note(layer) for layer in look.layers]
    words = "; ".join(f"{layer.name} {note}" for layer, note in zip(look.layers, notes, strict=True))
    return Picture(
        _ridge_spec(_names(look), "Activation a", False),
        {"ridges": _ridges({"now": [layer.activations for layer in look.layers]}), "notes": _notes(notes)},
        f"Activations, layer by layer: {words}.",
    )


def gradient_norms(look: Look) -> Picture:
    """For each layer, the norm of its weights' gradient, on a logarithmic scale."""
    return _dots(look, [float(layer.gradient_norm) for layer in look.layers], "|dW| (log scale)")


def update_ratios(look: Look) -> Picture:
    """For each layer, size of the last step over size of the weights, with the usual 0.1 % as a line."""
    return _dots(look, list(look.moment.update_ratios), "|ΔW| / |W| (log scale)", guide=1e-3)


def _names(look: Look) -> tuple[str, ...]:
    return tuple(layer.name for layer in look.layers)


def _regions(probabilities: np.ndarray, low: float, high: float) -> pa.Table:
    """Where each class leads by more than each of `MARGINS`: a filled path a region, its points in order.

    The rings of a region are one path, joined by a line to the first ring's start and back, which encloses nothing.
    Vega-Lite could show an image instead, but loads each one anew, and flickers; rectangles of the grid are 50 times as
    many marks.
    """
    rows = []
    scale = (high - low) / (len(probabilities) - 1)
    for k in range(probabilities.shape[-1]):
        lead = probabilities[..., k] - np.delete(probabilities, k, axis=-1).max(axis=-1)
        for margin in MARGINS:
            found = rings(np.nan_to_num(lead, nan=-1), margin)
            if found:
                closed = [part for ring in found for part in (ring, ring[:1], found[0][:1])]
                x1, x2 = (low + scale * np.concatenate(closed)).T
                rows.append({"x1": _pack(x1), "x2": _pack(x2), "class": k, "region": f"{k} {margin}"})
    return pa.Table.from_pylist(
        rows, pa.schema({"x1": pa.string(), "x2": pa.string(), "class": "int8", "region": "str"})
    )


def _pack(values: np.ndarray | list[float]) -> str:
    """Numbers as text, to four digits: one cell of a table."""
    return " ".join([f"{value:.4g}" for value in values])


def _unpack(table: str, *columns: str, as_text: bool = False) -> alt.Chart:
    """A chart of the named table with a row for each of the numbers packed in `columns`, in order.

    `as_text` leaves them text, which a scale with a given domain reads as well, and which is a third faster.
    """
    split = {column: f"split(datum.{column}, ' ')" for column in columns}
    chart = alt.Chart(alt.NamedData(table)).transform_calculate(**split).transform_flatten(list(columns))
    numbers = {column: f"toNumber(datum.{column})" for column in columns}
    return chart if as_text else chart.transform_calculate(**numbers)


def _specification(height: int, *layers: alt.Chart) -> Spec:
    """The layers as one chart. Marks have no descriptions of their own (`Picture.alt` speaks for all of them)."""
    return alt.layer(*layers).properties(height=height).configure_mark(aria=False).to_dict()


@lru_cache(maxsize=64)
def _boundary_spec(n_classes: int, low: float, high: float, size: int) -> Spec:
    def axis(name):
        return {
            "scale": alt.Scale(domain=[low, high], nice=False, zero=False),
            "axis": alt.Axis(title=name, grid=False),
        }

    classes = list(range(n_classes))
    fill = alt.Fill(
        "class:N",
        scale=alt.Scale(domain=classes, range=list(CLASSES[:n_classes])),
        legend=alt.Legend(
            title=None,
            orient="top",
            symbolType="circle",
            symbolOpacity=1,
            symbolStrokeWidth=1,
            labelExpr="'class ' + datum.label",
        ),
    )
    regions = (
        _unpack("regions", "x1", "x2", as_text=True)
        .transform_window(order="row_number()")
        .mark_line(filled=True, fillOpacity=0.13, strokeWidth=0)
        .encode(alt.X("x1:Q", **axis("x₁")), alt.Y("x2:Q", **axis("x₂")), fill, detail="region:N", order="order:Q")
    )
    points = (
        alt.Chart(alt.NamedData("points"))
        .mark_point(filled=True, stroke="white", strokeWidth=0.8, size=size, opacity=1)
        .encode(
            alt.X("x1:Q"),
            alt.Y("x2:Q"),
            fill,
            shape=alt.Shape(
                "split:N",
                scale=alt.Scale(domain=["train", "test"], range=["circle", "square"]),
                legend=alt.Legend(title=None, orient="bottom", symbolFillColor=REFERENCE, symbolStrokeWidth=1),
            ),
        )
    )
    wrong = (
        alt.Chart(alt.NamedData("wrong"))
        .transform_calculate(mark="'misclassified'")
        .mark_point(shape="circle", size=3 * size, strokeWidth=2, fill="transparent", opacity=1)
        .encode(
            alt.X("x1:Q"),
            alt.Y("x2:Q"),
            stroke=alt.Stroke(
                "mark:N",
                scale=alt.Scale(domain=["misclassified"], range=[WRONG]),
                legend=alt.Legend(title=None, orient="bottom"),
            ),
        )
    )
    return _specification(SQUARE, regions, points, wrong)


def _curve(look: Look, what: str, title: str, show) -> Picture:
    kept = np.unique(np.linspace(0, len(look.moments) - 1, CURVE_POINTS).round().astype(int))
    moments = [look.moments[i] for i in kept]
    splits = ["train", "test"] if len(look.data.X_test) else ["train"]
    values = {split: [getattr(moment, f"{split}_{what}") for moment in moments] for split in splits}
    epochs = _pack([moment.epoch for moment in moments])
    packed = [_pack(values[split]) for split in splits]
    last = [values[split][-1] for split in splits]
    words = ", ".join(f"{split} {show(values[split][0])} → {show(values[split][-1])}" for split in splits)
    return Picture(
        _curve_spec(title, what == "loss"),
        {
            "curve": pa.table({"epoch": [epochs] * len(splits), "value": packed, "split": splits}),
            "now": pa.table({"epoch": [look.moment.epoch] * len(splits), "value": last, "split": splits}),
        },
        f"{what.capitalize()} by epoch, from epoch 0 to {look.moment.epoch:.4g}: {words}.",
    )


@lru_cache(maxsize=8)
def _curve_spec(title: str, log: bool) -> Spec:
    splits = ["train", "test"]
    scale = alt.Scale(type="log", nice=False, domain={"unionWith": [0.1, 1]}) if log else alt.Scale(domain=[0, 1])
    axis = alt.Axis(title=title, tickCount=4, format="~g" if log else "%", minExtent=AXIS)
    encodings = {
        "x": alt.X(
            "epoch:Q",
            scale=alt.Scale(nice=False, domain={"unionWith": [0, 10]}),
            axis=alt.Axis(title="Epoch", tickCount=6, format="~s"),
        ),
        "y": alt.Y("value:Q", scale=scale, axis=axis),
        "color": alt.Color(
            "split:N",
            scale=alt.Scale(domain=splits, range=[NOW, REFERENCE]),
            legend=alt.Legend(
                title=None,
                orient="bottom-left" if log else "bottom-right",
                symbolType="stroke",
                symbolStrokeWidth=2,
                symbolSize=200,
            ),
        ),
    }
    line = (
        _unpack("curve", "epoch", "value")
        .mark_line(strokeWidth=2)
        .encode(
            **encodings,
            strokeDash=alt.StrokeDash("split:N", scale=alt.Scale(domain=splits, range=[[1, 0], [5, 3]])),
        )
    )
    now = alt.Chart(alt.NamedData("now")).mark_point(filled=True, size=60, opacity=1).encode(**encodings)
    return _specification(CURVE, line, now)


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
            rows.append({"value": _pack(edges), "top": _pack(tops), "base": base, "when": name, "layer": layer})
    return pa.Table.from_pylist(rows)


def _notes(texts: list[str], **columns: list) -> pa.Table:
    """A row a layer, the first at the top: `middle` and `top` of the layer's row, and the `text` at its right end."""
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
    """An axis with each layer's name at the middle of its row, the input's side at the top."""
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
        legend=None,  # said once, above the chart: the rows of all charts of layers are to stand side by side
    )
    ridges = (
        _unpack("ridges", "value", "top")
        .mark_area(interpolate="step-after", line={"strokeWidth": 1}, fillOpacity=0.45)
        .encode(
            alt.X("value:Q", axis=alt.Axis(title=title, tickCount=5), scale=alt.Scale(nice=False, zero=False)),
            y, alt.Y2("top:Q"), color, detail=["layer:N", "when:N"],
        )
    )  # fmt: skip
    return _specification(_layer_height(names), ridges, _texts("notes", names))


def _dots(look: Look, values: list[float], title: str, guide: float | None = None) -> Picture:
    names = _names(look)
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
    return _specification(_layer_height(names), *layers)


def _texts(table: str, names: tuple[str, ...]) -> alt.Chart:
    """The notes of a table, each at the upper right of its layer's row."""
    return (
        alt.Chart(alt.NamedData(table))
        .mark_text(align="right", baseline="top", color=REFERENCE, fontSize=11)
        .encode(alt.Y("top:Q", scale=_layer_scale(names)), x=alt.value("width"), text="text:N")
    )
