"""Learning curves: loss and accuracy by epoch, on the training points and on the test points."""

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
    """Loss by epoch on training and test points, on a logarithmic scale."""
    return _curve(snapshot, "loss", "Loss (log scale)", number)


def accuracy_curve(snapshot: Snapshot) -> Picture:
    """Accuracy by epoch on training and test points."""
    return _curve(snapshot, "accuracy", "Accuracy", percent)


def _curve(snapshot: Snapshot, what: str, title: str, show) -> Picture:
    kept = np.unique(np.linspace(0, len(snapshot.moments) - 1, POINTS).round().astype(int))
    moments = [snapshot.moments[i] for i in kept]
    splits = ["train", "test"] if len(snapshot.data.X_test) else ["train"]
    floor = FLOOR if what == "loss" else 0.0
    values = {split: [max(getattr(moment, f"{split}_{what}"), floor) for moment in moments] for split in splits}
    epochs = pack([moment.epoch for moment in moments])
    packed = [pack(values[split]) for split in splits]
    last = [values[split][-1] for split in splits]
    words = ", ".join(f"{split} {show(values[split][0])} → {show(values[split][-1])}" for split in splits)
    return Picture(
        _curve_spec(title, what == "loss"),
        {
            "curve": pa.table({"epoch": [epochs] * len(splits), "value": packed, "split": splits}),
            "now": pa.table({"epoch": [snapshot.moment.epoch] * len(splits), "value": last, "split": splits}),
        },
        f"{what.capitalize()} by epoch, from epoch 0 to {snapshot.moment.epoch:.4g}: {words}.",
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
        unpack("curve", "epoch", "value")
        .mark_line(strokeWidth=2)
        .encode(
            **encodings,
            strokeDash=alt.StrokeDash("split:N", scale=alt.Scale(domain=splits, range=[[1, 0], [5, 3]])),
        )
    )
    now = alt.Chart(alt.NamedData("now")).mark_point(filled=True, size=60, opacity=1).encode(**encodings)
    return specification(CURVE, line, now)
