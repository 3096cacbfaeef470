"""A network of digits in charts: what it confuses, where a layer puts the images, and its answer to one image."""

from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from ..text import percent
from ..topics.digits.analysis import Images, Places, how_sure
from .palette import CLASSES, NOW, REFERENCE, WRONG
from .picture import AXIS, Picture, Spec, pack, specification, unpack

MATRIX, MAP, BARS = 400, 480, 330  # pixels of height
FULL = 5  # a mistake that is made this often, or the most frequent one if that is more, has the full colour
INK = "#24222b"  # text on a light colour


def confusion_heatmap(matrix: np.ndarray, name: str) -> Picture:
    """Which digits are taken for which: true digits in rows, answers in columns. The diagonal, all right, is pale.

    Args:
        matrix: counts, shape (classes, classes).
        name: "validation images".
    """
    off = matrix * (1 - np.eye(len(matrix), dtype=int))
    label, said = np.indices(matrix.shape)
    shown = matrix > 0
    right = np.eye(len(matrix), dtype=int)
    columns = {
        "label": label[shown],
        "said": said[shown],
        "count": matrix[shown],
        "right": right[shown],
        "strength": off[shown] / max(FULL, off.max()),
    }
    words = f"Confusion matrix of {matrix.sum()} {name}: {np.trace(matrix)} are right"
    if off.any():
        worst, instead = np.unravel_index(off.argmax(), off.shape)
        words += f", and the most frequent mistake is a {worst} taken for a {instead}, {off.max()} times"
    return Picture(
        _confusion_spec(len(matrix)),
        {"confusion": pa.table({name: [pack(values)] for name, values in columns.items()})},
        words + ".",
    )


@lru_cache(maxsize=2)
def _confusion_spec(n_classes: int) -> Spec:
    scale = alt.Scale(domain=list(range(n_classes)), paddingInner=0.06, paddingOuter=0)
    axis = {"labelAngle": 0, "labelFlush": False, "labelFontSize": 13, "ticks": False, "domain": False, "grid": False}
    cells = unpack("confusion", "label", "said", "count", "right", "strength")
    at = {
        "x": alt.X("said:O", scale=scale, axis=alt.Axis(title="The network says", orient="top", **axis)),
        "y": alt.Y("label:O", scale=scale, axis=alt.Axis(title="True digit", minExtent=AXIS, **axis)),
    }
    right = cells.transform_filter("datum.right == 1")
    wrong = cells.transform_filter("datum.right == 0")
    # a white background, so that the shades are the same on a light and on a dark page
    on_colour = alt.condition("datum.strength > 0.5", alt.value("white"), alt.value(INK))
    return specification(
        MATRIX,
        right.mark_rect(color=REFERENCE, opacity=0.16, cornerRadius=3).encode(**at),
        wrong.mark_rect(color="white", cornerRadius=3).encode(**at),
        wrong.mark_rect(color=WRONG, cornerRadius=3).encode(
            **at, opacity=alt.Opacity("strength:Q", scale=alt.Scale(domain=[0, 1], range=[0.15, 1]), legend=None)
        ),
        right.mark_text(color=REFERENCE, fontSize=14).encode(**at, text="count:Q"),
        wrong.mark_text(fontSize=14, fontWeight="bold").encode(**at, text="count:Q", color=on_colour),
    )


def image_map(found: Places, images: Images, said: np.ndarray, layer: str) -> Picture:
    """Each image at its place in the plane, drawn as its true digit; a circle marks the misclassified ones.

    Args:
        found: where the images are.
        images: the images.
        said: the answers of the network, shape (images,).
        layer: name of the layer.
    """
    n = len(found.points)
    x, y = found.points.T
    wrong = said[:n] != images.labels[:n]
    tables = {
        "images": {"x": x, "y": y, "digit": images.labels[:n], "colour": images.labels[:n] % len(CLASSES)},
        "wrong": {"x": x[wrong], "y": y[wrong]},
    }
    return Picture(
        _map_spec(),
        {table: pa.table({name: [pack(v)] for name, v in columns.items()}) for table, columns in tables.items()},
        f"{n} {images.name} on the first two principal components of {layer}, which hold {percent(found.share)} of its "
        f"variance; {wrong.sum()} are misclassified.",
    )


@lru_cache(maxsize=1)
def _map_spec() -> Spec:
    scale = alt.Scale(zero=False, nice=False, padding=12)
    at = {
        "x": alt.X("x:Q", scale=scale, axis=alt.Axis(title="Principal plane, horizontal", grid=False, tickCount=5)),
        "y": alt.Y("y:Q", scale=scale, axis=alt.Axis(title="vertical", grid=False, tickCount=5, minExtent=AXIS)),
    }
    colour = alt.Color(
        "colour:N", scale=alt.Scale(domain=list(range(len(CLASSES))), range=list(CLASSES)), legend=None
    )  # fmt: skip
    rings = unpack("wrong", "x", "y").mark_point(size=190, strokeWidth=1.8, color=WRONG, filled=False, opacity=1)
    digits = unpack("images", "x", "y", "digit", "colour").mark_text(fontSize=13, fontWeight="bold")
    return specification(MAP, digits.encode(**at, text="digit:Q", color=colour), rings.encode(**at))


def probability_bars(probabilities: np.ndarray) -> Picture:
    """The network's answer to one image: a bar for each digit, the most probable one highlighted.

    Args:
        probabilities: shape (classes,).
    """
    digits = np.arange(len(probabilities))
    best = int(probabilities.argmax())
    texts = [how_sure(probability) for probability in probabilities]
    table = {"digit": digits, "probability": probabilities, "text": texts, "best": digits == best}
    words = ", ".join(f"{digit}: {text}" for digit, text in zip(digits, texts, strict=True))
    return Picture(_bars_spec(), {"answer": pa.table(table)}, f"Probability of each digit. {words}.")


@lru_cache(maxsize=1)
def _bars_spec() -> Spec:
    chart = alt.Chart(alt.NamedData("answer"))
    y = alt.Y("digit:O", axis=alt.Axis(title="Digit", ticks=False, domain=False, labelFontSize=14, minExtent=20))
    x = alt.X(
        "probability:Q",
        scale=alt.Scale(domain=[0, 1.12], nice=False),
        axis=alt.Axis(title="Probability", format="%", values=[0, 0.25, 0.5, 0.75, 1]),
    )
    bars = chart.mark_bar(color=NOW, cornerRadiusEnd=3).encode(
        x, y, opacity=alt.condition("datum.best", alt.value(1), alt.value(0.4))
    )
    text = chart.mark_text(align="left", dx=5, color=REFERENCE, fontSize=13).encode(
        x, y, text="text:N", opacity=alt.condition("datum.probability >= 0.005", alt.value(1), alt.value(0))
    )
    return specification(BARS, bars, text)
