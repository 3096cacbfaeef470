"""Learning curves: loss and accuracy by epoch, on the training points and on those held out."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import altair as alt
import numpy as np

from ..data.datasets import Data
from ..text import number, percent
from ..training.diagnostics import Snapshot
from ..training.trainer import Moment
from .palette import NOW, REFERENCE
from .picture import AXIS, Picture, Spec, specification, unpack
from .strip import Always, Growing, Strip

POINTS = 200  # of a curve, at most
FLOOR = 1e-9  # a smaller loss, which may be 0, is drawn here
CURVE = 226  # pixels of height


def loss_curve(snapshot: Snapshot) -> Picture:
    """Loss by epoch on training points and those held out, on a logarithmic scale."""
    return _thinned(snapshot, loss_strip)


def accuracy_curve(snapshot: Snapshot) -> Picture:
    """Accuracy by epoch on training points and those held out."""
    return _thinned(snapshot, accuracy_strip)


def loss_strip(moments: Sequence[Moment], data: Data) -> Strip:
    """The curves of the loss at many moments: at each, up to it."""
    return _strip(moments, data, "loss", "Loss (log scale)", number)


def accuracy_strip(moments: Sequence[Moment], data: Data) -> Strip:
    """The curves of the accuracy at many moments."""
    return _strip(moments, data, "accuracy", "Accuracy", percent)


def _thinned(snapshot: Snapshot, strip: Callable[[Sequence[Moment], Data], Strip]) -> Picture:
    """The curve up to a moment, with not more than `POINTS` points."""
    kept = np.unique(np.linspace(0, len(snapshot.moments) - 1, POINTS).round().astype(int))
    return strip([snapshot.moments[i] for i in kept], snapshot.data).picture(-1)


def _strip(moments: Sequence[Moment], data: Data, what: str, title: str, show: Callable[[float], str]) -> Strip:
    parts = {"train": "train", "held_out": data.held_out}  # beginning of its figures -> name on the screen
    if not len(data.X_held_out):
        del parts["held_out"]
    names, floor = list(parts.values()), FLOOR if what == "loss" else 0.0
    values = np.array([[max(getattr(each, f"{part}_{what}"), floor) for part in parts] for each in moments])
    epochs = np.repeat([[each.epoch] for each in moments], len(parts), axis=1)
    words = [
        ", ".join(f"{name} {show(old)} → {show(new)}" for name, old, new in zip(names, values[0], row, strict=True))
        for row in values
    ]
    return Strip(
        _curve_spec(title, what == "loss", data.held_out),
        {
            "curve": {"epoch": Growing(epochs), "value": Growing(values), "part": Always(names)},
            "now": {"epoch": epochs, "value": values, "part": Always(names)},
        },
        [
            f"{what.capitalize()} by epoch, from epoch 0 to {each.epoch:.4g}: {told}."
            for each, told in zip(moments, words, strict=True)
        ],
    )


@lru_cache(maxsize=8)
def _curve_spec(title: str, log: bool, held_out: str) -> Spec:
    parts = ["train", held_out]
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
            "part:N",
            scale=alt.Scale(domain=parts, range=[NOW, REFERENCE]),
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
        unpack("curve", "epoch", "value")
        .mark_line(strokeWidth=2)
        .encode(
            **encodings,
            strokeDash=alt.StrokeDash("part:N", scale=alt.Scale(domain=parts, range=[[1, 0], [5, 3]])),
        )
    )
    now = alt.Chart(alt.NamedData("now")).mark_point(filled=True, size=60, opacity=1).encode(**encodings)
    return specification(CURVE, line, now)
