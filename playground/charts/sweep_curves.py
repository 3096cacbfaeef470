"""A sweep in two charts: training loss, and share of the seeds that train, over the value that is swept."""

import math
from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from ..text import number
from ..topics.batch_norm.sweep import HALF, SWEPT, TRAINS, SweepTrainer, range_words
from ..training.contestants import Contestant
from ..training.significance import quartiles
from .contestant_styles import color_and_dash
from .palette import REFERENCE
from .picture import AXIS, Picture, Spec, pack, specification, unpack

LOSSES, SHARES = 275, 130  # pixels of height
MARGIN = AXIS + 8  # pixels for the labels of the vertical axes
FLOOR, CEILING = 1e-4, 10.0  # losses beyond are drawn at these
LABELS = ("without batch normalisation", "with batch normalisation")


def sweep_losses(trainer: SweepTrainer) -> Picture:
    """Training loss over the swept value: median over the seeds, a band of quartiles, and guessing as dashes."""
    sweep = trainer.experiment
    low, median, high = np.clip(quartiles(trainer.losses()), FLOOR, CEILING)
    guessing = float(np.log(trainer.data.n_classes))
    table = {name: [pack(row) for row in rows] for name, rows in (("low", low), ("median", median), ("high", high))}
    words = "; ".join(
        f"{label} lowest {number(row.min())} at {sweep.values[row.argmin()]:.3g}"
        for label, row in zip(LABELS, median, strict=True)
    )
    return Picture(
        _losses_spec(sweep.swept, sweep.contestants),
        {
            "losses": pa.table({"value": [pack(sweep.values)] * 2, "contestant": LABELS} | table),
            "guessing": pa.table({"loss": [guessing]}),
        },
        f"Training loss against {SWEPT[sweep.swept].label}, median over {sweep.n_seeds} seeds, after "
        f"{trainer.lead.epoch} epochs: {words}.",
    )


def sweep_shares(trainer: SweepTrainer) -> Picture:
    """Share of the seeds that train over the swept value, with one half as dashes."""
    sweep, shares = trainer.experiment, trainer.trained().mean(axis=-1)
    words = "; ".join(
        f"{label} at least half {range_words(sweep.values, row)}" for label, row in zip(LABELS, shares, strict=True)
    )
    return Picture(
        _shares_spec(sweep.swept, sweep.contestants),
        {
            "shares": pa.table(
                {"value": [pack(sweep.values)] * 2, "share": [pack(row) for row in shares], "contestant": LABELS}
            )
        },
        f"Share of {sweep.n_seeds} seeds with a training accuracy of {TRAINS:.0%}, against "
        f"{SWEPT[sweep.swept].label}: {words}.",
    )


def _x(swept: str) -> alt.X:
    about = SWEPT[swept]
    scale = alt.Scale(type="log", nice=False, domain=[about.low, about.high])
    axis = alt.Axis(title=f"{about.label} (log scale)", format="~g", values=_decades(about.low, about.high))
    return alt.X("value:Q", scale=scale, axis=axis)


def _decades(low: float, high: float) -> list[float]:
    """The powers of ten from `low` to `high`."""
    return [10.0**power for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]


@lru_cache(maxsize=32)
def _losses_spec(swept: str, contestants: tuple[Contestant, ...]) -> Spec:
    curves = unpack("losses", "value", "low", "median", "high")
    x = _x(swept)
    scale = alt.Scale(type="log", nice=False, domain={"unionWith": [0.1, CEILING]})
    axis = alt.Axis(title="Training loss (log scale)", values=_decades(FLOOR, CEILING), format="~g", minExtent=MARGIN)
    legend = alt.Legend(
        title=None, orient="top", columns=1, offset=4, labelLimit=0, symbolType="stroke", symbolSize=300,
        symbolOpacity=1,
    )  # fmt: skip
    look = color_and_dash(contestants, LABELS, legend)
    band = curves.mark_area(opacity=0.18).encode(
        x, alt.Y("low:Q", scale=scale, axis=axis), alt.Y2("high:Q"), look["color"]
    )
    line = curves.mark_line(strokeWidth=2.5).encode(x, alt.Y("median:Q", scale=scale, axis=axis), **look)
    table = alt.Chart(alt.NamedData("guessing"))
    rule = table.mark_rule(strokeDash=[4, 3], color=REFERENCE).encode(alt.Y("loss:Q", scale=scale, axis=axis))
    return specification(LOSSES, rule, band, line)


@lru_cache(maxsize=32)
def _shares_spec(swept: str, contestants: tuple[Contestant, ...]) -> Spec:
    scale = alt.Scale(domain=[0, 1.03], nice=False)
    axis = alt.Axis(title=f"Seeds at {TRAINS:.0%}", values=[0, 0.5, 1], format="%", minExtent=MARGIN)
    line = (
        unpack("shares", "value", "share")
        .mark_line(strokeWidth=2, point={"size": 25, "opacity": 1})
        .encode(_x(swept), alt.Y("share:Q", scale=scale, axis=axis), **color_and_dash(contestants, LABELS))
    )
    half = alt.Chart(alt.NamedData("shares")).mark_rule(strokeDash=[4, 3], color=REFERENCE).encode(y=alt.YDatum(HALF))
    return specification(SHARES, half, line)
