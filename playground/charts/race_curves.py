"""A race in one chart: the loss of each contestant by epoch, median and quartiles over its seeds."""

from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from ..text import number
from ..topics.initialization.race import RaceTrainer
from ..training.significance import WORST_LOSS, quartiles
from .palette import CONTESTANTS
from .picture import AXIS, Picture, Spec, pack, specification, unpack

POINTS = 60  # of a curve, at most
HEIGHT = 500  # pixels


def race_curves(trainer: RaceTrainer) -> Picture:
    """Training loss by epoch, one colour per contestant: median over the seeds, and a band between quartiles."""
    moments = trainer.lead.history.moments
    indices = np.unique(np.linspace(0, len(moments) - 1, POINTS).round().astype(int)).tolist()
    losses = np.nan_to_num(trainer.figures("train_loss", indices), nan=WORST_LOSS, posinf=WORST_LOSS)
    low, median, high = quartiles(np.clip(losses, 1e-6, WORST_LOSS))
    labels = [contestant.label for contestant in trainer.race.contestants]
    table = pa.table(
        {
            "epoch": [pack([moments[i].epoch for i in indices])] * len(labels),
            "low": [pack(row) for row in low],
            "median": [pack(row) for row in median],
            "high": [pack(row) for row in high],
            "contestant": labels,
        }
    )
    words = ", ".join(
        f"{label} {number(row[0])} → {number(row[-1])}" for label, row in zip(labels, median, strict=True)
    )
    return Picture(
        _spec(tuple(labels)),
        {"race": table},
        f"Training loss by epoch, median over {trainer.race.n_seeds} seeds, to epoch {moments[-1].epoch:.4g}: {words}.",
    )


@lru_cache(maxsize=64)
def _spec(labels: tuple[str, ...]) -> Spec:
    curves = unpack("race", "epoch", "low", "median", "high")
    x = alt.X(
        "epoch:Q",
        scale=alt.Scale(nice=False, domain={"unionWith": [0, 10]}),
        axis=alt.Axis(title="Epoch", tickCount=8, format="~s"),
    )
    scale = alt.Scale(type="log", nice=False, domain={"unionWith": [0.1, 1]})
    axis = alt.Axis(title="Training loss (log scale)", tickCount=5, format="~g", minExtent=AXIS)
    color = alt.Color(
        "contestant:N",
        scale=alt.Scale(domain=list(labels), range=list(CONTESTANTS[: len(labels)])),
        legend=alt.Legend(
            title=None,
            orient="bottom",
            columns=2,
            symbolType="stroke",
            symbolStrokeWidth=3,
            symbolOpacity=1,
            labelLimit=0,
        ),
    )
    band = curves.mark_area(opacity=0.18).encode(x, alt.Y("low:Q", scale=scale, axis=axis), alt.Y2("high:Q"), color)
    line = curves.mark_line(strokeWidth=2.5).encode(x, alt.Y("median:Q", scale=scale, axis=axis), color)
    return specification(HEIGHT, band, line)
