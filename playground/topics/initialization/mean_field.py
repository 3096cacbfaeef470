"""In a wide network every z is Gaussian, so one number per layer, its variance, predicts what depth does to signals.

Each z is a sum over fan_in inputs with independent weights: z ~ N(0, q) with q = fan_in Var(W) E[a^2], where E[a^2] is
the Gaussian mean of sigma(z)^2 one layer below. Gradients come back by the same rule, with fan_out for fan_in and
sigma'(z) for sigma(z). Glorot & Bengio (2010) derived it for units that are linear near zero, He et al. (2015) for
ReLU; Poole et al. (2016) and Schoenholz et al. (2017) for any activation, called mean field theory.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from ...data.datasets import PLANE
from ...nn import ACTIVATIONS, INITIALIZERS, BatchNorm, weight_gain
from .critical_gain import bisect
from .gaussian_means import Moments, moments, rms
from .scatter import Scatter, scatter
from .signal_propagation import Curves, Propagation, batch, spread
from .two_inputs import Alike, alike

ZERO, INFINITY = 1e-7, 1e7  # standard deviations of z that stand for the limits 0 and infinity
SAME = 1e-6  # logarithms nearer to zero count as zero: that is rounding
SIZES = 129  # number of sizes of signals, between those limits, at which the growth is computed
EXACT = 1e-3  # largest relative error of a Gaussian mean with half of the nodes for which those with all are trusted
LARGE_BATCH = 16  # examples from which the gradient under batch normalisation is predicted within 2 % per layer


@dataclass(frozen=True)
class Theory(Curves):
    """What theory predicts of a `Signal`, under the same names: arrays of shape (depth,), or None.

    Curves are means over all draws of the weights, of squares. A single network scatters about them, log-normally:
    Hanin & Rolnick (2018) find that the scatter grows as the root of depth / width.

    Attributes:
        z_std: of the pre-activations, whose mean is 0.
        a_mean, a_std, a_rms: of the activations; a_rms is the root of the second moment.
        a_std_examples: the part of a_std that tells examples apart; None for points of a dataset, whose sizes differ.
        da_std, dz_std: of the gradients with respect to a and to z, whose mean is 0.
        a_scatter, da_scatter: of a_std and of da_std, to first order in depth / width; an upper bound for orthogonal
            weights. None with batch normalisation, and where a difference in size grows from layer to layer.
        correlation: of the activations of two examples; None likewise.
        alike: where depth leads it; None likewise.
        reason: why curves are None; "" where none is missing.
    """

    z_std: np.ndarray | None = None
    a_mean: np.ndarray | None = None
    a_std: np.ndarray | None = None
    a_rms: np.ndarray | None = None
    a_std_examples: np.ndarray | None = None
    da_std: np.ndarray | None = None
    dz_std: np.ndarray | None = None
    a_scatter: Scatter | None = None
    da_scatter: Scatter | None = None
    correlation: np.ndarray | None = None
    alike: Alike | None = None
    reason: str = ""


def theory(p: Propagation) -> Theory:
    """Sizes of signals and gradients at each layer, for the examples that `propagate` feeds to the network."""
    scheme = INITIALIZERS[p.initializer]
    if not scheme.variance(1, 1):
        return Theory(
            reason=f"No theory for {scheme.label}: nothing is random in these weights, so there is no mean over them."
        )
    try:
        check_moments(p.activation)
        if p.batch_norm:
            check_growth(
                p.activation, "so a few examples come to stand out from each batch, which is no longer Gaussian"
            )
    except NoTheory as reason:
        return Theory(reason=str(reason))
    with np.errstate(all="ignore"):
        return _normalised(p) if p.batch_norm else _plain(p)


def _plain(p: Propagation) -> Theory:
    """z_std = sqrt(fan_in Var(W)) a_rms of the layer below, and da_std = sqrt(fan_out Var(W)) dz_std of that above.

    As in section 2.2 of He et al. (2015), with Gaussian means in place of their 1/2; each example by itself, since
    examples differ in size.
    """
    X = batch(p)
    size = np.sqrt((X**2).mean(axis=1))
    sizes, layers = [], []
    for i in range(p.depth):
        sizes.append(_factors(p, i)[0] * size)
        layers.append(moments(p.activation, sizes[-1]))
        size = layers[-1].rms
    da, dz = _back(p, np.ones(len(X)), layers, [1.0] * p.depth)
    try:
        check_growth(p.activation, "and with them small differences in size, so no scatter is foretold")
        forward, backward, correlation = scatter(p, X, sizes, layers)
        reason = ""
    except NoTheory as error:
        forward = backward = correlation = None
        reason = str(error)
    a_rms = np.array([rms(layer.rms) for layer in layers])
    alone = correlation is None or len(X) == 1
    differ = None if alone or p.input in PLANE else a_rms * np.sqrt(np.maximum(0, 1 - correlation))
    return Theory(
        z_std=np.array([rms(each) for each in sizes]),
        a_mean=np.array([layer.mean.mean() for layer in layers]),
        a_std=np.array([math.hypot(rms(layer.std), spread(layer.mean)) for layer in layers]),
        a_rms=a_rms,
        a_std_examples=differ,
        da_std=np.array([rms(each) for each in da]),
        dz_std=np.array([rms(each) for each in dz]),
        a_scatter=forward,
        da_scatter=backward,
        correlation=correlation,
        alike=_alike(p),
        reason=reason,
    )


def _alike(p: Propagation) -> Alike | None:
    """Where depth leads the correlation of two inputs; None where it leads their size to no single fixed point."""
    try:
        s = min(max(fixed_point(p.activation, _factors(p, 1)[0]), ZERO), INFINITY)
    except NoTheory:
        return None
    at = moments(p.activation, s)
    return alike(p.activation, s, (_factors(p, 1)[0] * float(at.slope)) ** 2, float(s * at.slope / at.rms) ** 2)


def _normalised(p: Propagation) -> Theory:
    """With batch normalisation z_std is 1 whatever the weights; but a gradient is divided by what z_std was before it.

    So it grows by sqrt(E[sigma'(z)^2] / Var[sigma(z)]) a layer, at any gain: sqrt(pi / (pi - 1)) = 1.21 for ReLU, as
    Yang et al. (2019) found. In a batch of n its square is (n - 2) / (n - 3) times that: of the n - 1 directions beside
    the mean, the backward pass removes that of z itself, which leaves (n - 2) / (n - 1); and the mean over units of
    1 / variance is (n - 1) / (n - 3) times 1 / mean.
    """
    X = batch(p)
    n, epsilon = len(X), BatchNorm(1).epsilon
    size = np.sqrt(X.var(axis=0).mean())
    layers, sizes, through = [], [], []
    for i in range(p.depth):
        variance = (_factors(p, i)[0] * size) ** 2
        sizes.append(np.sqrt(variance / (variance + epsilon)))
        through.append(np.sqrt(_finite(n) / (variance + epsilon)))
        layers.append(moments(p.activation, sizes[-1]))
        size = layers[-1].std
    forward = Theory(
        z_std=np.array(sizes),
        a_mean=np.array([layer.mean for layer in layers]),
        a_std=np.array([layer.std for layer in layers]),
        a_rms=np.array([layer.rms for layer in layers]),
        reason=_no_gradient(p),
    )
    if forward.reason:
        return forward
    da, dz = _back(p, np.ones(()), layers, through)
    return replace(forward, da_std=np.array(da), dz_std=np.array(dz))


def _no_gradient(p: Propagation) -> str:
    """Why the gradient under batch normalisation is not predicted; "" where it is."""
    if p.input != "noise":
        return "No theory for gradients under batch normalisation but for noise: points of two features are too alike."
    if p.batch_size < LARGE_BATCH:
        return f"No theory for gradients under batch normalisation but for batches of {LARGE_BATCH} or more."
    return ""


def _finite(n: int) -> float:
    return (n - 2) / (n - 3) if n > 3 else 0.0


def _factors(p: Propagation, i: int) -> tuple[float, float]:
    """What W of layer i does to a root mean square: sqrt(fan_in Var(W)) forwards, sqrt(fan_out Var(W)) backwards."""
    fan_in, fan_out = p.fans(i)
    gain = p.gain * weight_gain(p.activation, p.initializer)
    std = gain * math.sqrt(INITIALIZERS[p.initializer].variance(fan_in, fan_out))
    return math.sqrt(fan_in) * std, math.sqrt(fan_out) * std


def _back(p, gradient, layers: list[Moments], through: list[float]) -> tuple[list, list]:
    """da and dz of each layer, input first, from the gradient at the top; `through` is the factor of its BatchNorm."""
    da, dz = [], []
    for i in reversed(range(p.depth)):
        da.append(gradient)
        dz.append(gradient * layers[i].slope)
        gradient = dz[-1] * through[i] * _factors(p, i)[1]
    return da[::-1], dz[::-1]


class NoTheory(Exception):
    """An assumption of the theory does not hold; the message says which, in a sentence."""


def fixed_point(activation: str, factor: float) -> float:
    """The standard deviation s of z for which factor * rms(sigma(s x)) = s: the size that depth gives to every signal.

    0 where every signal dies, infinity where it explodes; 1 where any size is kept. Found with Brent's method, on the
    growth from layer to layer.

    Raises:
        NoTheory: where the growth rises with s anywhere. Then there may be several such s, or one from which signals
            move away, and what happens to a signal depends on its size: SiLU, for example, halves small signals, and
            shrinks large ones only by the root of 2.
    """
    check_growth(activation, "so depth does not bring all to one size")

    def growth(log_s):
        return math.log(factor) + log_growth(activation, log_s)

    low, high = math.log(ZERO), math.log(INFINITY)
    if growth(high) > -SAME:
        return 1.0 if abs(growth(low)) < SAME else math.inf
    return 0.0 if growth(low) < SAME else math.exp(brentq(growth, low, high, xtol=1e-12))


def log_growth(activation: str, log_s: np.ndarray | float) -> np.ndarray:
    """log(rms(sigma(s x)) / s), by which an activation changes the size s of a signal; shape of log_s."""
    return np.log(moments(activation, np.exp(log_s)).rms) - log_s


def check_growth(activation: str, consequence: str) -> None:
    """Raise `NoTheory` where larger signals grow more than smaller ones.

    With batch normalisation, too: thirty layers of SiLU bring the kurtosis of z over a batch from 3, that of a normal
    distribution, to 19.
    """
    with np.errstate(all="ignore"):
        growth = log_growth(activation, np.linspace(math.log(ZERO), math.log(INFINITY), SIZES))
    if not (np.diff(growth) < SAME).all():
        raise NoTheory(
            f"No theory for {ACTIVATIONS[activation].label}: large signals grow more than small ones from layer to "
            f"layer, {consequence}."
        )


def check_moments(activation: str) -> None:
    """Raise `NoTheory` where the Gaussian means of an activation are not exact enough: half the nodes give others.

    The nodes are dense only near zero. They can't handle an activation that jumps or oscillates elsewhere.
    """
    sizes = np.logspace(-3, 3, 25)
    with np.errstate(all="ignore"):
        all_nodes, half = moments(activation, sizes), moments(activation, sizes, every=2)
    for name in ("rms", "slope"):
        if not np.allclose(getattr(all_nodes, name), getattr(half, name), rtol=EXACT, atol=0):
            raise NoTheory(
                f"No theory for {ACTIVATIONS[activation].label}: it changes too fast away from zero for its means "
                "over a normal distribution to be computed."
            )


def theoretical_gain(activation: str, initializer: str, width: int) -> float | None:
    """The gain for which chi_1 = 1 at the fixed point: what `critical_gain` would find if layers were very wide.

    None where there is no such gain, or nothing is random in the weights.

    Raises:
        NoTheory: where an assumption of the theory does not hold for the activation.
    """
    if not INITIALIZERS[initializer].variance(1, 1):
        return None
    check_moments(activation)
    forward, back = _factors(Propagation(activation=activation, initializer=initializer, width=width), 1)

    def growth(gain):
        s = min(max(fixed_point(activation, gain * forward), ZERO), INFINITY)
        return math.log(gain * back * moments(activation, s).slope)

    try:
        return bisect(growth, tolerance=1e-7)
    except ValueError:
        return None
