"""Before any training, depth alone decides: a signal is multiplied at every layer, and so soon vanishes or explodes.

One pass forward and one back through an untrained network, layer by layer, with statistics of each: the way in
which Glorot & Bengio (2010) looked at networks in their figures 6 and 7. What theory predicts is in `mean_field`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...data.datasets import PLANE
from ...nn import ACTIVATIONS, INITIALIZERS, Activation, BatchNorm, Dense, Layer, weight_gain
from ...server.scheduler import nothing
from ...settings import limits
from ...settings.knobs import Choice, Flag, Integer, Real
from ...settings.record import Record, knob

MAX_DEPTH = limits.DEPTH
MAX_WIDTH = limits.DEPTH_WIDTH
MAX_BATCH = 512
GAINS = (0.01, 100.0)  # the least and the largest factor of a scheme's standard deviation
NOISE = 0.1  # of the datasets, the default of an experiment
BINS = 50  # of the histograms of activations
REACH = 4.0  # of the histograms of an unbounded activation, either way: 4 standard deviations of a signal of unit size
LOST = 0.01  # share of its first size below which a signal has died; above the inverse it has exploded
BYTES_AT_ONCE = 96 * 2**20  # of weights and activations that are held for the way back


@dataclass(frozen=True)
class Noise:
    """The input that is no dataset, with what a student should know about it."""

    label: str = "Gaussian noise"
    meaning: str = "As many features as a layer has units, each independent, with mean 0 and variance 1."


INPUTS = {"noise": Noise(), **PLANE}


# fmt: off
@dataclass(frozen=True)
class Propagation(Record):
    """Every knob of a pass through an untrained network."""

    depth: int = knob(
        Integer, 50, low=1, high=MAX_DEPTH, group="Network", label="Depth",
        help="Number of layers, each with weights and an activation.",
    )
    width: int = knob(
        Integer, 256, low=1, high=MAX_WIDTH, log=True, group="Network", label="Width",
        help="Number of units of every layer.",
    )
    activation: str = knob(
        Choice, "tanh", options=ACTIVATIONS, group="Network", label="Activation",
        help="The function σ in a = σ(z), applied by every unit.",
    )
    initializer: str = knob(
        Choice, "glorot_normal", options=INITIALIZERS, group="Network", label="Initialisation",
        help="The distribution from which the weights W are drawn. Biases are zero.",
    )
    gain: float = knob(
        Real, 1.0, low=GAINS[0], high=GAINS[1], log=True, group="Network", label="Gain",
        help="Factor by which every weight is multiplied, and with it the standard deviation of the scheme.",
    )
    batch_norm: bool = knob(
        Flag, False, group="Network", label="Batch normalisation",
        help="Normalises each z over the batch before the activation.",
    )
    input: str = knob(
        Choice, "noise", options=INPUTS, group="Data", label="Input",
        help="What the first layer gets: noise, or the points of a dataset, standardised.",
    )
    batch_size: int = knob(
        Integer, 256, low=1, high=MAX_BATCH, log=True, minor=True, group="Data", label="Batch size",
        help="Examples that go through the network together.",
    )
    seed: int = knob(
        Integer, 0, low=0, high=999_999, minor=True, group="Network", label="Seed",
        help="Another seed draws other weights, other examples and another gradient at the top.",
    )
    # fmt: on

    def fans(self, i: int) -> tuple[int, int]:
        """fan_in and fan_out of layer i, counted from 0: width and width, except for the first on a dataset."""
        return (2 if i == 0 and self.input in PLANE else self.width), self.width


@dataclass(frozen=True)
class Fate:
    """What depth does to a size.

    Attributes:
        word: "keeps", "dies" or "explodes".
        layer: the first layer, counted from 1, at which it is lost, see `fate`; None where it never is.
    """

    word: str
    layer: int | None = None

    def __str__(self):
        return self.word if self.layer is None else f"{self.word} at layer {self.layer}"


class Curves:
    """What a measurement and a theory have in common: curves over depth, and what becomes of them.

    Attributes:
        a_std: standard deviation of the activations of each layer, input first; None where there is no theory.
        da_std: standard deviation of the gradients with respect to them; None likewise.
        a_std_examples: standard deviation of a unit's activation over the examples, as the root mean square over
            units: the part of `a_std` that tells examples apart. None likewise, and for a single example.
    """

    a_std: np.ndarray | None
    da_std: np.ndarray | None
    a_std_examples: np.ndarray | None

    @property
    def signal(self) -> Fate | None:
        """What becomes of the difference between examples; None for a single example, and where there is no theory.

        Not of `a_std`, most of which may be the scatter between units: with sigmoid units it stays for ever, while all
        inputs come to give the same output. Schoenholz et al. (2017), section 3.
        """
        return None if self.a_std_examples is None else fate(self.a_std_examples)

    @property
    def size(self) -> Fate | None:
        """What becomes of the size of the activations, over all units and examples; None where there is no theory."""
        return None if self.a_std is None else fate(self.a_std)

    @property
    def gradient(self) -> Fate | None:
        """What becomes of the gradient on its way from the top; None where there is no theory."""
        if self.da_std is None:
            return None
        seen = fate(self.da_std[::-1])
        return seen if seen.layer is None else Fate(seen.word, len(self.da_std) + 1 - seen.layer)


def fate(std: np.ndarray) -> Fate:
    """Where a size first falls below 1 % of its first value and so dies, or rises above 100 times it and so explodes.

    What is zero or infinite at the first place is lost there.
    """
    dead = (std == 0) | (std < LOST * std[0])
    exploded = np.isinf(std) | (std > std[0] / LOST)
    lost = dead | exploded
    if not lost.any():
        return Fate("keeps")
    first = int(lost.argmax())
    return Fate("explodes" if exploded[first] else "dies", first + 1)


@dataclass(frozen=True)
class Signal(Curves):
    """What was measured at each layer, input first; arrays of shape (depth,) if nothing else is stated.

    z is what an activation gets (with batch normalisation, the normalised), a what it gives. Statistics run over all
    units and examples. Beyond the largest float64, a standard deviation is infinite and a mean NaN.

    Attributes:
        z_mean, z_std: of the pre-activations.
        a_mean, a_std: of the activations.
        a_std_examples: see `Curves`; None for a single example.
        correlation: of the activations of two examples, see `correlation`. None for a single example.
        da_std, dz_std: of the gradients with respect to a and to z.
        histogram: share of the activations in each bin, shape (depth, BINS); the outermost include all beyond.
        edges: limits of the bins, the same for all layers and all schemes, shape (BINS + 1,).
        saturated: share of the activations near a bound, see `Activation.saturated`; None: there is no bound.
        dead: share of the units with slope 0 for every example; None: a unit can't die.
    """

    z_mean: np.ndarray
    z_std: np.ndarray
    a_mean: np.ndarray
    a_std: np.ndarray
    a_std_examples: np.ndarray | None
    correlation: np.ndarray | None
    da_std: np.ndarray
    dz_std: np.ndarray
    histogram: np.ndarray
    edges: np.ndarray
    saturated: np.ndarray | None
    dead: np.ndarray | None


def propagate(p: Propagation, pause: Callable[..., object] = nothing, draw: int = 0) -> Signal:
    """One pass forward in training mode, and one back from a gradient dL/da at the top that is standard normal noise.

    Noise in place of a loss: the backward pass is linear in the gradient, so only sizes relative to the top matter, and
    no labels or output layer are needed.

    In float64: float32 would take two thirds of the time, but unit normal weights overflow it at layer 36 of 256 ReLUs,
    and with small normal weights the gradient of 256 sigmoids is zero to the last digit 32 layers below the top.

    Args:
        p: the signal and the network.
        pause: called after each layer with the share that is done, so that others get their turns.
        draw: which network: each has other weights, and the same examples and gradient at the top.
    """
    edges = histogram_edges(ACTIVATIONS[p.activation])
    groups = _groups(p)
    layers, forward, backward = [], [], []
    with np.errstate(all="ignore"):  # `Signal` reports what overflows
        A, inputs = batch(p), []
        dA = top_gradient(p, len(A))
        for group in groups:
            inputs.append(A)
            layers.clear()
            for i in group:
                layers.append(build_layer(p, i, draw))
                A = _forward(layers[-1], A)
                forward.append(_statistics(layers[-1], edges))
                pause(len(forward) / (2 * p.depth))

        for group, A in zip(reversed(groups), reversed(inputs), strict=True):
            if group is not groups[-1]:
                layers.clear()
                for i in group:
                    layers.append(build_layer(p, i, draw))
                    A = _forward(layers[-1], A)
                    pause(0.5 + len(backward) / (2 * p.depth))
            for *before, activation in reversed(layers):
                dz = activation.backward(dA)
                backward.append({"da_std": spread(dA), "dz_std": spread(dz)})
                dA = dz
                for part in reversed(before):
                    dA = part.backward(dA)
                pause(0.5 + len(backward) / (2 * p.depth))
    return Signal(edges=edges, **_columns(forward), **_columns(backward[::-1]))


def _groups(p: Propagation) -> list[range]:
    """The layers in groups of as many as `BYTES_AT_ONCE` allows.

    Layers hold what they need on the way back. Of all groups but the last only the input is kept, and the group is
    drawn and run once more when the gradient comes to it: Chen et al. (2016), "sublinear memory cost".
    """
    arrays = 4 if p.batch_norm else 2  # of the shape of the activations; besides, W and dW
    size = max(1, BYTES_AT_ONCE // (8 * p.width * (2 * p.width + arrays * p.batch_size)))
    return [range(start, min(start + size, p.depth)) for start in range(0, p.depth, size)]


def batch(p: Propagation) -> np.ndarray:
    """The examples that are fed to the network, shape (batch, fan_in of the first layer).

    The features of a dataset get mean 0 and variance 1 over many points, of which the batch is a random part.
    """
    rng = _rng(p, 0)
    if p.input not in PLANE:
        return rng.standard_normal((p.batch_size, p.width))
    X, _ = PLANE[p.input].function(rng, MAX_BATCH, NOISE, 2)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return X[rng.permutation(len(X))[: p.batch_size]]


def top_gradient(p: Propagation, n_examples: int) -> np.ndarray:
    """dL/da of the last layer: independent, with mean 0 and variance 1, shape (n_examples, width)."""
    return _rng(p, 1).standard_normal((n_examples, p.width))


def build_layer(p: Propagation, i: int, draw: int = 0) -> list[Layer]:
    """Layer i, counted from 0: Dense with its weights times the gain, BatchNorm if wanted, activation."""
    gain = p.gain * weight_gain(p.activation, p.initializer)
    dense = Dense(*p.fans(i), p.initializer, _rng(p, 2 + i, draw), gain=gain)
    dense.first = i == 0
    norm = [BatchNorm(p.width)] if p.batch_norm else []
    return [dense, *norm, ACTIVATIONS[p.activation]()]


def _rng(p: Propagation, k: int, draw: int = 0) -> np.random.Generator:
    """A generator for each purpose, so that a deeper network begins with the same layers; and others for each draw."""
    return np.random.default_rng(np.random.SeedSequence(p.seed, spawn_key=(k, draw) if draw else (k,)))


def _forward(layer: list[Layer], A: np.ndarray) -> np.ndarray:
    for part in layer:
        A = part.forward(A)
    return A


def _statistics(layer: list[Layer], edges: np.ndarray) -> dict[str, float | np.ndarray | None]:
    """What a `Signal` says about a layer after the forward pass."""
    *_, before, activation = layer
    z, a = before.output, activation.output
    saturated, dead = activation.saturated(), activation.dead()
    return {
        "z_mean": z.mean(),
        "z_std": spread(z),
        "a_mean": a.mean(),
        "a_std": spread(a),
        "a_std_examples": spread(a - a.mean(axis=0)) if len(a) > 1 else None,
        "correlation": correlation(a) if len(a) > 1 else None,
        "histogram": _histogram(a, edges),
        "saturated": None if saturated is None else saturated.mean(),
        "dead": None if dead is None else dead.mean(),
    }


def _columns(rows: list[dict]) -> dict[str, np.ndarray | None]:
    return {name: None if rows[0][name] is None else np.array([row[name] for row in rows]) for name in rows[0]}


def spread(A: np.ndarray) -> float:
    """Standard deviation over all entries; squares don't overflow. Infinite where A itself has overflowed."""
    largest = np.abs(A).max()
    if largest == 0:
        return 0.0
    return float(largest * (A / largest).std()) if np.isfinite(largest) else math.inf


def correlation(A: np.ndarray) -> float:
    """Correlation of two examples, as the mean over all pairs of rows: c = x . y / (|x| |y|), without taking means off.

    1 where all rows point the same way, 0 where they are orthogonal. Schoenholz et al. (2017), equation 3, with sums
    over units in place of their means over weights. Rows that are zero have no direction and are left out; NaN where
    fewer than two are left, or where a number is beyond the largest.
    """
    A = A[A.any(axis=1)]
    n = len(A)
    A = A / np.abs(A).max(axis=1, keepdims=True)  # so that no square overflows, or is lost
    directions = A / np.linalg.norm(A, axis=1, keepdims=True)
    return float((np.sum(directions.sum(axis=0) ** 2) - n) / (n * (n - 1))) if n > 1 else math.nan


def histogram_edges(activation: type[Activation]) -> np.ndarray:
    """Limits of equal bins over the range of an activation, which is cut at -REACH and REACH."""
    low, high = np.clip(activation().forward(np.array([-1e3, 1e3])), -REACH, REACH)
    return np.linspace(low, high, BINS + 1)


def _histogram(a: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Share of the entries in each bin: half the time of `numpy.histogram`, since all bins are of one width."""
    low, high = edges[0], edges[-1]
    places = (np.clip(a[~np.isnan(a)], low, high) - low) * (BINS / (high - low))
    return np.bincount(np.minimum(places.astype(np.intp), BINS - 1), minlength=BINS) / a.size
