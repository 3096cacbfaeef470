"""A race in one chart: the loss of each contestant by epoch, median and quartiles, with its name at the end."""

from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from ..text import number
from ..topics.initialization.race import RaceTrainer
from ..training.contestants import Contestant
from ..training.significance import WORST_LOSS, quartiles
from .contestant_styles import color_and_dash
from .picture import AXIS, Picture, Spec, pack, specification, unpack

POINTS = 60  # of a curve, at most
HEIGHT = 400  # pixels
NAME = 150  # pixels of width of a name, at most
LINE = 17  # pixels of height of a name, with its share of the axis below the curves
USUAL = (0.1, 1.0)  # losses that the axis always shows


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
    ends = {"epoch": [moments[-1].epoch] * len(labels), "at": spread(median[:, -1], low.min(), high.max())}
    words = ", ".join(
        f"{label} {number(row[0])} → {number(row[-1])}" for label, row in zip(labels, median, strict=True)
    )
    return Picture(
        _spec(trainer.race.contestants),
        {"race": table, "ends": pa.table(ends | {"contestant": labels})},
        f"Training loss by epoch, median over {trainer.race.n_seeds} seeds, to epoch {moments[-1].epoch:.4g}: {words}.",
    )


def spread(losses: np.ndarray, lowest: float, highest: float) -> np.ndarray:
    """Where on the axis the names stand: at the losses, but so far apart that they can be read, and in the same order.

    Args:
        losses: last median of each contestant, shape (contestants,).
        lowest, highest: losses that the chart shows.
    """
    low, high = np.log([min(lowest, USUAL[0]), max(highest, USUAL[1])])
    steps = LINE * (high - low) / HEIGHT * np.arange(len(losses))
    order = np.argsort(losses, kind="stable")
    pushed_up = np.maximum.accumulate(np.log(losses[order]) - steps) + steps
    places = np.empty(len(losses))
    places[order] = np.minimum(pushed_up, high - steps[::-1])
    return np.exp(places)


@lru_cache(maxsize=64)
def _spec(contestants: tuple[Contestant, ...]) -> Spec:
    curves = unpack("race", "epoch", "low", "median", "high")
    x = alt.X(
        "epoch:Q",
        scale=alt.Scale(nice=False, domain={"unionWith": [0, 10]}),
        axis=alt.Axis(title="Epoch", tickCount=6, format="~s"),
    )
    scale = alt.Scale(type="log", nice=False, domain={"unionWith": list(USUAL)})
    axis = alt.Axis(title="Training loss (log scale)", tickCount=5, format="~g", minExtent=AXIS)
    look = color_and_dash(contestants)
    band = curves.mark_area(opacity=0.18).encode(
        x, alt.Y("low:Q", scale=scale, axis=axis), alt.Y2("high:Q"), look["color"]
    )
    line = curves.mark_line(strokeWidth=2.5).encode(x, alt.Y("median:Q", scale=scale, axis=axis), **look)
    names = (
        alt.Chart(alt.NamedData("ends"))
        .mark_text(align="left", dx=6, fontSize=11, fontWeight="bold", limit=NAME)
        .encode(x, alt.Y("at:Q", scale=scale, axis=axis), look["color"], text="contestant:N")
    )
    return specification(HEIGHT, band, line, names)
