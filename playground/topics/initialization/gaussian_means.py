"""What an activation does to a Gaussian z: means of sigma(z), its square and its slope, for any size of z."""

import math
from dataclasses import dataclass

import numpy as np

from ...nn import ACTIVATIONS
from .signal_propagation import spread

# Means over x ~ N(0, 1) by the trapezoidal rule in u, with x = -e^u and x = e^u: E[f] = sum of weights * f(nodes).
# Nodes are denser near zero, so for any s they see where sigma(s x) is curved, at x = 1 / s, and a kink at zero does no
# harm. 100 Gauss-Hermite nodes find only 0.5 % of E[tanh'(16 x)^2]; these have a relative error of 2e-9.
_u = np.arange(-23, math.log(9), 0.2)
NODES = np.concatenate([-np.exp(_u), np.exp(_u)])
WEIGHTS = np.abs(NODES) * np.exp(-(NODES**2) / 2)


@dataclass(frozen=True)
class Moments:
    """What an activation does to z ~ N(0, s^2); arrays of the shape of s.

    Attributes:
        mean, std, rms: of a = sigma(z); rms is the root of the second moment E[a^2].
        slope: root of E[sigma'(z)^2], the factor of a gradient on its way back.
        elasticity: d log E[a^2] / d log s^2, the share that is left of a small change in the size of z.
        std_elasticity: d log Var(a) / d log s^2, the same for the part of a that differs.
        excess: Var(a^2) / E[a^2]^2; that of the mean of a^2 over n units, and so of its logarithm, is excess / n.
        std_excess: the same for a less its mean.
    """

    mean: np.ndarray
    std: np.ndarray
    rms: np.ndarray
    slope: np.ndarray
    elasticity: np.ndarray
    std_elasticity: np.ndarray
    excess: np.ndarray
    std_excess: np.ndarray


def moments(activation: str, s: np.ndarray | float, every: int = 1) -> Moments:
    """Gaussian means for each standard deviation in s, of any shape, through the engine's own forward and backward.

    Args:
        every: 2 takes every other node, to see how exact the means are.
    """
    sigma, weights = ACTIVATIONS[activation](), WEIGHTS[::every] / WEIGHTS[::every].sum()
    z = np.asarray(s, float)[..., None] * NODES[::every]
    a, slopes = sigma.forward(z), sigma.backward(np.ones_like(z))
    scale = np.maximum(np.abs(a).max(axis=-1), np.finfo(float).tiny)
    a, z = a / scale[..., None], z / scale[..., None]  # so that no square overflows
    mean, squares = a @ weights, a**2
    second = squares @ weights
    centred = a - mean[..., None]
    deviations = centred**2
    variance = deviations @ weights
    return Moments(
        mean=scale * mean,
        std=scale * np.sqrt(variance),
        rms=scale * np.sqrt(second),
        slope=np.sqrt(slopes**2 @ weights),
        elasticity=(a * slopes * z) @ weights / second,
        std_elasticity=(centred * slopes * z) @ weights / variance,
        excess=squares**2 @ weights / second**2 - 1,
        std_excess=deviations**2 @ weights / variance**2 - 1,
    )


def rms(x: np.ndarray) -> float:
    """Root mean square, without overflow in the squares."""
    return math.hypot(x.mean(), spread(x))
