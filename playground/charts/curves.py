"""Learning curves: loss and accuracy by epoch, on the training points and on those held out."""

from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from ..text import number, percent
from ..training.diagnostics import Snapshot
from .palette import NOW, REFERENCE
from .picture import AXIS, Picture, Spec, pack, specification, unpack

POINTS = 200  # of a curve, at most
FLOOR = 1e-9  # a smaller loss, which may be 0, is drawn here
CURVE = 226  # pixels of height


def loss_curve(snapshot: Snapshot) -> Picture:
    """Loss by epoch on training points and those held out, on a logarithmic scale."""
    return _curve(snapshot, "loss", "Loss (log scale)", number)


def accuracy_curve(snapshot: Snapshot) -> Picture:
    """Accuracy by epoch on training points and those held out."""
    return _curve(snapshot, "accuracy", "Accuracy", percent)


def _curve(snapshot: Snapshot, what: str, title: str, show) -> Picture:
    kept = np.unique(np.linspace(0, len(snapshot.moments) - 1, POINTS).round().astype(int))
    moments = [snapshot.moments[i] for i in kept]
    parts = {"train": "train", "held_out": snapshot.data.held_out}  # beginning of its figures -> name on the screen
    if not len(snapshot.data.X_held_out):
        del parts["held_out"]
    floor = FLOOR if what == "loss" else 0.0
    values = [[max(getattr(moment, f"{part}_{what}"), floor) for moment in moments] for part in parts]
    names = list(parts.values())
    epochs = pack([moment.epoch for moment in moments])
    last = [of_part[-1] for of_part in values]
    ends = zip(names, values, strict=True)
    words = ", ".join(f"{name} {show(of_part[0])} → {show(of_part[-1])}" for name, of_part in ends)
    return Picture(
        _curve_spec(title, what == "loss", snapshot.data.held_out),
        {
            "curve": pa.table({"epoch": [epochs] * len(parts), "value": list(map(pack, values)), "part": names}),
            "now": pa.table({"epoch": [snapshot.moment.epoch] * len(parts), "value": last, "part": names}),
        },
        f"{what.capitalize()} by epoch, from epoch 0 to {snapshot.moment.epoch:.4g}: {words}.",
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
