"""What tuning on the test costs in charts: accuracy and optimism of the chosen network, by number of candidates."""

from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from ..topics.digits.tuning import TuningTrainer, mean_interval
from .palette import CONTESTANTS, NEGATIVE, REFERENCE
from .picture import AXIS, Picture, Spec, pack, specification, unpack

HEIGHT = 320  # pixels
NAMES = ("on the images that chose it", "on fresh images")


def tuning_accuracies(trainer: TuningTrainer) -> Picture:
    """Mean accuracy of the chosen network by number of candidates, on the images that chose it and on fresh ones."""
    means = trainer.outcomes().mean(axis=1)
    candidates = pack(np.arange(1, means.shape[1] + 1))
    words = ", ".join(
        f"{name} {100 * row[0]:.1f} % → {100 * row[-1]:.1f} %" for name, row in zip(NAMES, means, strict=True)
    )
    return Picture(
        _accuracies_spec(),
        {"chosen": pa.table({"candidates": [candidates] * 2, "accuracy": list(map(pack, means)), "images": NAMES})},
        f"Accuracy of the network that is chosen from 1 to {means.shape[1]} candidates: {words}.",
    )


@lru_cache(maxsize=1)
def _accuracies_spec() -> Spec:
    scale = alt.Scale(domain=list(NAMES), range=list(CONTESTANTS[:2]))
    legend = alt.Legend(title=None, orient="bottom", symbolType="stroke", symbolStrokeWidth=3)
    dashes = alt.Scale(domain=list(NAMES), range=[[5, 3], [1, 0]])
    line = (
        unpack("chosen", "candidates", "accuracy")
        .mark_line(strokeWidth=2.5)
        .encode(
            _candidates(),
            alt.Y(
                "accuracy:Q",
                scale=alt.Scale(zero=False, nice=True, domain={"unionWith": [0.9, 1]}),
                axis=alt.Axis(title="Accuracy of the chosen", format="%", tickCount=6, minExtent=AXIS),
            ),
            alt.Color("images:N", scale=scale, legend=legend),
            alt.StrokeDash("images:N", scale=dashes, legend=legend),
        )
    )
    return specification(HEIGHT, line)


def tuning_optimism(trainer: TuningTrainer) -> Picture:
    """How much too good the chosen network looks, in percentage points: mean, and its 95 % interval."""
    low, mean, high = (100 * each for each in mean_interval(trainer.optimism()))
    bands = {"low": low, "mean": mean, "high": high, "candidates": np.arange(1, len(mean) + 1)}
    ends = " and ".join(
        f"{mean[i]:.1f} points ({low[i]:.1f} to {high[i]:.1f}) for {bands['candidates'][i]}" for i in (0, -1)
    )
    return Picture(
        _optimism_spec(),
        {"optimism": pa.table({name: [pack(values)] for name, values in bands.items()})},
        f"Optimism by the number of candidates, with 95 % intervals: {ends}.",
    )


@lru_cache(maxsize=1)
def _optimism_spec() -> Spec:
    rows = unpack("optimism", "candidates", "low", "mean", "high")
    scale = alt.Scale(nice=True, domain={"unionWith": [-1, 1]})
    axis = alt.Axis(title="Optimism (percentage points)", tickCount=6, minExtent=AXIS)
    band = rows.mark_area(color=NEGATIVE, opacity=0.2).encode(
        _candidates(), alt.Y("low:Q", scale=scale, axis=axis), alt.Y2("high:Q")
    )
    line = rows.mark_line(color=NEGATIVE, strokeWidth=2.5).encode(
        _candidates(), alt.Y("mean:Q", scale=scale, axis=axis)
    )
    zero = alt.Chart(alt.NamedData("optimism")).mark_rule(color=REFERENCE, strokeDash=[4, 4]).encode(y=alt.datum(0))
    return specification(HEIGHT, zero, band, line)


def _candidates() -> alt.X:
    axis = alt.Axis(title="Candidates to choose from", tickCount=8, tickMinStep=1, format="d")
    return alt.X("candidates:Q", scale=alt.Scale(nice=False, zero=False), axis=axis)
