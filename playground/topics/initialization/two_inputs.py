"""Two inputs through one network: how alike they become, and how much of a network's scatter they share.

z of both is Gaussian, with a size and a correlation c. The correlation of the activations is a function of the two, and
so the next layer's c follows from the last one's: Cho & Saul (2009) for ReLU, Poole et al. (2016) for any activation.
It ends at a fixed point c*, which it approaches by the factor chi a layer: Schoenholz et al. (2017), section 3.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from ...nn import ACTIVATIONS
from ...text import number

PANEL = 16  # nodes between two directions in which an activation may have a kink
ALL, SAME = 1e-9, 1e-5  # correlations nearer to each other than the first are the same; factors, than the second

# E[f(x, y)] for independent x, y ~ N(0, 1) in polar coordinates: both inputs lie in a plane, at the angle that has
# their correlation as its cosine. Radii by the trapezoidal rule in u with r = e^u; directions by Gauss & Legendre
# between those in which one of the two is zero, so that a kink at zero does no harm, however alike they are.
_u = np.arange(-8, math.log(9), 0.2)
RADII = np.exp(_u)
RADIAL = RADII**2 * np.exp(-(RADII**2) / 2)
LEGENDRE = np.polynomial.legendre.leggauss(PANEL)

NORMAL = np.linspace(-6, 6, 49)  # of one normal number: the trapezoidal rule, for functions that are smooth
SHARES = np.exp(-(NORMAL**2) / 2) / np.exp(-(NORMAL**2) / 2).sum()


@dataclass(frozen=True)
class Pair:
    """Means over one unit, f for one input and g for the other, in units of E[f^2] = E[g^2]; arrays of the shape of c.

    Attributes:
        m11: E[f g] / E[f^2], the correlation of the two.
        m31, m22, m4: E[f^3 g], E[f^2 g^2] and E[f^4], each over E[f^2]^2.
    """

    m11: np.ndarray
    m31: np.ndarray
    m22: np.ndarray
    m4: np.ndarray

    @property
    def excess(self) -> np.ndarray:
        """Var(f^2) / E[f^2]^2: that of the logarithm of one input's mean of f^2 over n units is this over n."""
        return self.m4 - 1

    @property
    def shared(self) -> np.ndarray:
        """Cov(f^2, g^2) / E[f^2]^2: the covariance of both inputs' logarithms is this over n."""
        return self.m22 - 1

    @property
    def noise(self) -> np.ndarray:
        """The variance of the correlation over n units is this over n: that of f g - m11 (f^2 + g^2) / 2."""
        return (
            self.m22
            - self.m11**2
            + self.m11**2 / 2 * (self.excess + self.shared)
            - 2 * self.m11 * (self.m31 - self.m11)
        )

    def times(self, other: "Pair") -> "Pair":
        """The means of products of independent units."""
        return Pair(self.m11 * other.m11, self.m31 * other.m31, self.m22 * other.m22, self.m4 * other.m4)


def gaussian_pair(c: np.ndarray) -> Pair:
    """The means of two normal numbers with correlation c: 3 c, 1 + 2 c^2 and 3, by Isserlis' theorem (1918)."""
    return Pair(c, 3 * c, 1 + 2 * c**2, np.full_like(c, 3.0))


@dataclass(frozen=True)
class Pairs:
    """What an activation does to two inputs: the means of a = sigma(z), of a less its mean, and of sigma'(z)."""

    a: Pair
    centred: Pair
    slope: Pair


def pairs(activation: str, s: float, c: np.ndarray | float) -> Pairs:
    """Gaussian means for two inputs with z ~ N(0, s^2) and correlation c, through the engine's forward and backward."""
    angle = np.arccos(np.clip(np.asarray(c, float), -1, 1))[..., None]
    half = np.pi / 2
    edges = np.concatenate([0 * angle - half, angle - half, 0 * angle + half, angle + half, 0 * angle + 3 * half], -1)
    spans = np.diff(edges)[..., None] / 2
    directions = (edges[..., :-1, None] + spans * (1 + LEGENDRE[0])).reshape(*angle.shape[:-1], -1)
    weights = (spans * LEGENDRE[1]).reshape(directions.shape)[..., None] * RADIAL
    weights = (weights / weights.sum(axis=(-2, -1), keepdims=True)).reshape(*directions.shape[:-1], -1)

    def values(directions):
        z = (s * np.cos(directions)[..., None] * RADII).reshape(*directions.shape[:-1], -1)
        sigma = ACTIVATIONS[activation]()
        return sigma.forward(z), sigma.backward(np.ones_like(z))

    def mean(f):
        return (weights * f).sum(axis=-1)

    def pair(f, g):
        scale = np.maximum(np.abs(f).max(axis=-1, keepdims=True), np.finfo(float).tiny)
        f, g = f / scale, g / scale  # so that no power overflows
        second = mean(f**2)
        return Pair(mean(f * g) / second, mean(f**3 * g) / second**2, mean((f * g) ** 2) / second**2,
                    mean(f**4) / second**2)  # fmt: skip

    (a, slope), (b, other) = values(directions), values(directions - angle)
    middle = mean(a)[..., None]
    return Pairs(pair(a, b), pair(a - middle, b - middle), pair(slope, other))


@dataclass(frozen=True)
class Alike:
    """Where depth leads the correlation of two inputs.

    Attributes:
        chi_1: the factor a layer of a small difference between two inputs, squared.
        c: the correlation c* that depth leads to; None where each stays as it is.
        scale: layers in which the distance to c* falls to 1/e, xi of Schoenholz et al. (2017), section 3; infinite
            where it falls more slowly than that, as at the edge of chaos. Where each correlation stays, those in which
            the mean square of a signal falls or rises by a factor of e.
    """

    chi_1: float
    c: float | None
    scale: float

    def __str__(self):
        scale = "∞" if math.isinf(self.scale) else f"{self.scale:.2g} layers"
        if self.c is None:
            return f"χ₁ = {number(self.chi_1)}, ξ = {scale} for the size; each correlation stays"
        return f"χ₁ = {number(self.chi_1)}, c* = {self.c:.2f}, ξ = {scale}"


def alike(activation: str, s: float, chi_1: float, growth: float) -> Alike:
    """The fixed point of the correlation, where z has come to its size s; see `Alike`.

    Args:
        chi_1: fan_in Var(W) E[sigma'(z)^2] at this size.
        growth: s^2 E[sigma'(z)^2] / E[sigma(z)^2], the factor of a small difference in direction, squared: chi_1 where
            the size stays. Above 1 equal inputs come to differ, and so c* is below 1.
    """

    def step(c):
        return float(pairs(activation, s, c).a.m11)

    if all(abs(step(c) - c) < ALL for c in (-0.5, 0.5)):
        return Alike(chi_1, None, _scale(chi_1))
    if growth < 1 + SAME:
        return Alike(chi_1, 1.0, _scale(growth))
    c = brentq(lambda c: step(c) - c, 0, 1 - SAME) if step(0) > ALL else 0.0
    return Alike(chi_1, c, _scale(growth * float(pairs(activation, s, c).slope.m11)))


def _scale(factor: float) -> float:
    """Layers in which what is multiplied by a factor a layer changes by a factor of e."""
    return math.inf if abs(factor - 1) < SAME else 1 / abs(math.log(factor)) if factor > 0 else 0.0


def of_batch(own: np.ndarray, shared: np.ndarray, examples: int) -> tuple[np.ndarray, np.ndarray]:
    """The logarithm of a mean over examples, each of which is log-normal with mean 1: its mean, and its variance.

    What examples share stays. The rest is averaged two by two: log((e^x + e^y) / 2) is (x + y) / 2 + log cosh(d / 2),
    with d = x - y, and is taken as normal again. Schwartz & Yeh (1982). Where the scatter is large, the mean over the
    examples is that of a few large ones, and so most networks lie below the mean over networks.

    Args:
        own: variance of the logarithm of one example.
        shared: covariance of those of two.
        examples: how many; a power of 2 near it is taken.
    """
    shared = np.clip(shared, 0, own)
    variance = own - shared
    middle = -variance / 2
    for _ in range(round(math.log2(examples))):
        d = np.abs(np.sqrt(2 * variance)[..., None] * NORMAL)
        log_cosh = d / 2 + np.log1p(np.exp(-d)) - math.log(2)
        mean = log_cosh @ SHARES
        middle = middle + mean
        variance = variance / 2 + (log_cosh - mean[..., None]) ** 2 @ SHARES
    return middle - shared / 2, variance + shared
