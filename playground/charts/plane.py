"""The plane as a network sees it: coloured by class probability, with its training and test points.

One unit of x1 is as long on the screen as one of x2, whatever the width of the picture: angles and distances are true.
"""

from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from ..data.datasets import Data
from ..nn import NeuralNetwork
from ..training.diagnostics import GRID, Snapshot, class_probabilities, view_limits
from .contours import rings
from .palette import CLASSES, REFERENCE, WRONG
from .picture import Picture, Spec, pack, specification, unpack

MARGINS = (0.0, 0.4, 0.8)  # lead of the most probable class: its colour is one shade stronger above each of them
SMALL_MARGINS, SMALL_GRID, SMALL_POINTS = (0.0, 0.6), 26, 100  # of a small picture; a page shows many of them
SQUARE, SMALL = 430, 153  # pixels of height
SIDE = "min(width, height)"  # Vega: the side of the largest square that fits
DIVERGED, UNDECIDED = "diverged", "undecided"  # what a plane says in words that has no colours


def boundary(snapshot: Snapshot) -> Picture:
    """The plane coloured by class probability, the points over it, and a ring around each that is misclassified."""
    return plane(snapshot.data, snapshot.network)


@np.errstate(all="ignore")  # the network may have diverged
def plane(data: Data, network: NeuralNetwork, small: bool = False, diverged: bool = False) -> Picture:
    """The same for any network on any data. A small one has no legends or axes, and only some of the points.

    A network that has diverged (by `diverged`, or as its outputs are no numbers), or for which all classes are equally
    probable, has a word in place of colours.
    """
    low, high = view_limits(data)
    X = np.concatenate([data.X_train, data.X_test])
    labels = np.concatenate([data.y_train, data.y_test]).argmax(axis=1)
    output = network.predict(X)
    wrong = output.argmax(axis=-1) != labels
    train = np.arange(len(X)) < data.n_train
    shown = np.arange(len(X)) % -(-len(X) // SMALL_POINTS) == 0 if small else np.full(len(X), True)
    points = {"x1": X[:, 0], "x2": X[:, 1], "class": labels, "split": np.where(train, "train", "test")}
    diverged = diverged or not np.isfinite(output).all()
    ringed = shown & wrong & (not diverged)
    size = 150 if len(X) < 50 else 42
    probabilities = class_probabilities(network, low, high, SMALL_GRID if small else GRID)
    regions = _regions(probabilities, SMALL_MARGINS if small else MARGINS, low, high)
    word = DIVERGED if diverged else UNDECIDED if not regions.num_rows else ""
    return Picture(
        _boundary_spec(data.n_classes, low, high, size // (2 if small else 1), small),
        {
            "regions": regions.slice(0, 0) if diverged else regions,
            "word": pa.table({"word": [word], "middle": [(low + high) / 2]}),
            "points": pa.table({name: values[shown] for name, values in points.items()}),
            "wrong": pa.table({"x1": X[ringed, 0], "x2": X[ringed, 1]}),
        },
        (f"{word.capitalize()}. " if word else "")
        + "Decision boundary: class probabilities over the plane of x1 and x2. "
        f"Misclassified: {(wrong & train).sum()} of {train.sum()} training points, "
        f"{(wrong & ~train).sum()} of {(~train).sum()} test points.",
    )


def _regions(probabilities: np.ndarray, margins: tuple[float, ...], low: float, high: float) -> pa.Table:
    """Where each class leads by more than each of the margins: one filled path per region, its points in order.

    The rings of a region are one path: a line from the first ring's start and back joins each ring, and encloses
    nothing. Vega-Lite could show an image instead, but it would load each one again, and flicker; rectangles of the
    grid would be 50 times as many marks.
    """
    rows = []
    scale = (high - low) / (len(probabilities) - 1)
    for k in range(probabilities.shape[-1]):
        lead = probabilities[..., k] - np.delete(probabilities, k, axis=-1).max(axis=-1)
        for margin in margins:
            found = rings(np.nan_to_num(lead, nan=-1), margin)
            if found:
                closed = [part for ring in found for part in (ring, ring[:1], found[0][:1])]
                x1, x2 = (low + scale * np.concatenate(closed)).T
                rows.append({"x1": pack(x1), "x2": pack(x2), "class": k, "region": f"{k} {margin}"})
    return pa.Table.from_pylist(
        rows, pa.schema({"x1": pa.string(), "x2": pa.string(), "class": "int8", "region": "str"})
    )


LEVELS = 50  # of the lead of the most probable class, in a byte beside the class
UNKNOWN = 255  # the byte where a network has given no numbers


def leads(probabilities: np.ndarray) -> np.ndarray:
    """The most probable class, and its lead over the next one, in a byte: (LEVELS + 1) class + LEVELS lead.

    Args:
        probabilities: shape (..., classes), for at most five classes.
    """
    order = np.sort(probabilities, axis=-1)
    lead = order[..., -1] - order[..., -2]
    known = np.isfinite(lead)
    level = np.round(LEVELS * np.where(known, lead, 0)).astype(np.uint8)
    return np.where(known, (LEVELS + 1) * probabilities.argmax(axis=-1) + level, UNKNOWN).astype(np.uint8)


@lru_cache(maxsize=64)
def _boundary_spec(n_classes: int, low: float, high: float, size: int, small: bool) -> Spec:
    def axis(name, *ends):
        scale = alt.Scale(domain=[low, high], nice=False, zero=False, range=[{"expr": end} for end in ends])
        return {"scale": scale, "axis": None if small else alt.Axis(title=name, grid=False, titlePadding=4)}

    def legend(**about):
        return None if small else alt.Legend(title=None, **about)

    x1 = alt.X("x1:Q", **axis("x₁", "0", SIDE))
    x2 = alt.Y("x2:Q", **axis("x₂", "height", f"height - {SIDE}"))
    classes = list(range(n_classes))
    fill = alt.Fill(
        "class:N",
        scale=alt.Scale(domain=classes, range=list(CLASSES[:n_classes])),
        legend=legend(
            orient="top",
            offset=4,
            symbolType="circle",
            symbolOpacity=1,
            symbolStrokeWidth=1,
            labelExpr="'class ' + datum.label",
        ),
    )
    regions = (
        unpack("regions", "x1", "x2", as_text=True)
        .transform_window(order="row_number()")
        .mark_line(filled=True, fillOpacity=0.13, strokeWidth=0)
        .encode(x1, x2, fill, detail="region:N", order="order:Q")
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
                legend=legend(orient="bottom", offset=4, symbolFillColor=REFERENCE, symbolStrokeWidth=1),
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
                legend=legend(orient="bottom", offset=4),
            ),
        )
    )
    word = alt.Chart(alt.NamedData("word")).encode(alt.X("middle:Q"), alt.Y("middle:Q"), text="word:N")
    letters = {"fontSize": 18 if small else 26, "fontWeight": "bold"}
    halo = word.mark_text(**letters, color="white", stroke="white", strokeWidth=5)
    colored = word.mark_text(**letters).encode(
        color=alt.condition(f"datum.word == '{DIVERGED}'", alt.value(WRONG), alt.value(REFERENCE))
    )
    return specification(SMALL if small else SQUARE, regions, points, wrong, halo, colored)
