"""With batch normalisation and without: how the inputs of the activations change by epoch, and gradients by layer."""

from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from ..text import number
from ..topics.batch_norm.paired_runs import PROBE, PairsTrainer
from ..training.contestants import Contestant
from ..training.diagnostics import layer_statistics
from ..training.significance import quartiles
from .contestant_styles import color_and_dash, style
from .palette import REFERENCE
from .picture import AXIS, Picture, Spec, pack, specification, unpack

POINTS = 60  # of a curve, at most
ROW = 64  # pixels of height of a layer
REACH = 0.48  # of a row, on either side of its middle
GRADIENTS = 190  # pixels of height
ROUND = (1, 1.5, 2, 3, 4, 6, 8, 10, 15)  # limits that leave little of a row empty, and change seldom
SMALLEST = 1e-12  # a smaller gradient, which may be 0, is drawn here


def input_drift(trainer: PairsTrainer, contestant: Contestant, seed: int) -> Picture:
    """Inputs of the activation function by epoch, one row per layer: median, and a band from 15th to 85th percentile.

    Ioffe & Szegedy (2015), figure 1 b and c. All rows of both contestants have one scale.
    """
    indices = np.unique(np.linspace(0, len(trainer.epochs) - 1, POINTS).round().astype(int))
    epochs = np.array(trainer.epochs)[indices]
    percentiles = np.array([trainer.percentiles[i][:, :, seed] for i in indices])  # (moments, 2, layers, 3)
    limit = nice_limit(percentiles)
    which = trainer.race.contestants.index(contestant)
    shown = percentiles[:, which]
    n_layers = shown.shape[1]
    rows = []
    for layer in range(n_layers):
        sound = np.isfinite(shown[:, layer]).all(axis=-1)
        if sound.any():
            zero = n_layers - 1 - layer + 0.5
            low, median, high = map(pack, (zero + REACH * shown[sound, layer] / limit).T)
            curves = {"epoch": pack(epochs[sound]), "low": low, "median": median, "high": high}
            rows.append(curves | {"layer": layer, "zero": zero})
    texts = {name: pa.string() for name in ("epoch", "low", "median", "high")}
    words = "; ".join(
        f"Hidden {layer + 1} {' '.join(map(number, shown[0, layer]))} → {' '.join(map(number, shown[-1, layer]))}"
        for layer in range(n_layers)
    )
    return Picture(
        _drift_spec(n_layers, limit, style(contestant).color),
        {"inputs": pa.Table.from_pylist(rows, pa.schema(texts | {"layer": pa.int64(), "zero": pa.float64()}))},
        f"{contestant.label}: 15th, 50th and 85th percentile of the inputs of the activation function, layer by layer, "
        f"from epoch 0 to {epochs[-1]}: {words}.",
    )


def nice_limit(values: np.ndarray) -> float:
    """The smallest round number that is at least as large as every finite value: `ROUND` times a power of ten."""
    sizes = np.abs(values[np.isfinite(values)])
    largest = max(float(sizes.max(initial=0)), 1e-3)
    power = 10.0 ** np.floor(np.log10(largest))
    return float(f"{next(factor * power for factor in ROUND if factor * power >= largest):.3g}")


@lru_cache(maxsize=128)
def _drift_spec(n_layers: int, limit: float, color: str) -> Spec:
    middles = [row + 0.5 for row in range(n_layers)]
    names = "[" + ",".join(f"'Hidden {i}'" for i in range(n_layers, 0, -1)) + "]"
    scale = alt.Scale(domain=[0, n_layers], nice=False)
    axis = alt.Axis(
        title=f"each row from −{limit:g} to {limit:g}",
        values=middles,
        labelExpr=f"{names}[floor(datum.value)]",
        grid=False,
        ticks=False,
    )
    x = alt.X(
        "epoch:Q",
        scale=alt.Scale(nice=False, domain={"unionWith": [0, 10]}),
        axis=alt.Axis(title="Epoch", tickCount=6, format="~s", grid=False),
    )
    curves = unpack("inputs", "epoch", "low", "median", "high")
    band = curves.mark_area(opacity=0.25, color=color).encode(
        x, alt.Y("low:Q", scale=scale, axis=axis), alt.Y2("high:Q"), detail="layer:N"
    )
    line = curves.mark_line(strokeWidth=2, color=color).encode(
        x, alt.Y("median:Q", scale=scale, axis=axis), detail="layer:N"
    )
    zeros = (
        alt.Chart(alt.NamedData("inputs"))
        .mark_rule(strokeDash=[2, 3], color=REFERENCE)
        .encode(alt.Y("zero:Q", scale=scale, axis=axis))
    )
    return specification(ROW * n_layers + 40, zeros, band, line)


def paired_gradients(trainer: PairsTrainer) -> Picture:
    """Norm of the weights' gradient layer by layer, one colour per contestant: median over the seeds, and quartiles."""
    X, y = trainer.data.X_train[:PROBE], trainer.data.y_train[:PROBE]
    rows, words = [], []
    for contestant in trainer.race.contestants:
        layers = layer_statistics(trainer.stack(contestant), X, y)
        norms = np.array([np.nan_to_num(layer.gradient_norm, nan=np.inf) for layer in layers])
        finite = np.isfinite(norms).all(axis=-1)
        if not finite.any():
            continue
        low, median, high = quartiles(np.maximum(norms[finite], SMALLEST))
        packed = {"low": pack(low), "median": pack(median), "high": pack(high)}
        rows.append(packed | {"layer": pack(np.flatnonzero(finite) + 1), "contestant": contestant.label})
        words.append(f"{contestant.label} {', '.join(map(number, median))}")
    names = ("low", "median", "high", "layer", "contestant")
    return Picture(
        _gradient_spec(trainer.race.contestants, len(trainer.race.hidden) + 1),
        {"gradients": pa.Table.from_pylist(rows, pa.schema({name: pa.string() for name in names}))},
        f"Norm of the gradient dL/dW by layer, median over {trainer.race.n_seeds} seeds: {'; '.join(words)}.",
    )


@lru_cache(maxsize=64)
def _gradient_spec(contestants: tuple[Contestant, ...], n_layers: int) -> Spec:
    curves = unpack("gradients", "layer", "low", "median", "high")
    x = alt.X(
        "layer:Q",
        scale=alt.Scale(domain=[0.8, n_layers + 0.2], nice=False),
        axis=alt.Axis(
            title="Layer",
            values=list(range(1, n_layers + 1)),
            labelExpr=f"datum.value == {n_layers} ? 'Output' : datum.value",
            grid=False,
        ),
    )
    scale = alt.Scale(type="log", nice=False, domain={"unionWith": [1e-3, 0.1]})
    axis = alt.Axis(title="|dL/dW| (log scale)", tickCount=4, format="~e", grid=False, minExtent=AXIS)
    look = color_and_dash(contestants)
    band = curves.mark_area(opacity=0.18).encode(
        x, alt.Y("low:Q", scale=scale, axis=axis), alt.Y2("high:Q"), look["color"]
    )
    line = curves.mark_line(strokeWidth=2, point={"size": 50, "opacity": 1}).encode(
        x, alt.Y("median:Q", scale=scale, axis=axis), **look
    )
    return specification(GRADIENTS, band, line)
