"""A network of finite width scatters about the mean over all networks, the more the deeper it is for its width.

In each layer a mean over n units takes the place of one over infinitely many, and what it adds to the logarithm of a
size is passed on: Hanin & Rolnick (2018). To first order in depth / width.
"""

from dataclasses import dataclass

import numpy as np

from ...data.datasets import PLANE
from .gaussian_means import Moments, moments, rms
from .signal_propagation import Propagation
from .two_inputs import gaussian_pair, of_batch, pairs

PAIRS = 3  # correlations that stand for those of all pairs of examples


@dataclass(frozen=True)
class Scatter:
    """How single networks scatter, from draw to draw of the weights, about a curve of theory; shapes (depth,).

    Attributes:
        middle, std: mean and standard deviation of the logarithm of a network's value over that of the curve, which is
            normal: half of the networks lie below the curve times e^middle.
    """

    middle: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, variances: list[tuple[float, float]], examples: int) -> "Scatter":
        """From the variance of the logarithm of one example's square, and the covariance of two, at each layer."""
        middle, variance = of_batch(*np.array(variances, float).T, examples)
        return cls(middle / 2, np.sqrt(variance) / 2)  # the logarithm of a root is half of that of the square


def scatter(p: Propagation, X: np.ndarray, sizes: list, layers: list[Moments]) -> tuple[Scatter, Scatter, np.ndarray]:
    """How networks scatter about the mean over all of them, and how alike two inputs are, at each layer.

    Each mean over n units brings a variance of excess / n into the logarithm of its square, for one example. Two
    examples share that as much as they are alike. Their correlation scatters as well, with a variance of noise / n, so
    they share something even where they are at right angles in the mean.

    Args:
        X: the examples.
        sizes: standard deviation of z of each example, layer by layer.
        layers: their moments.

    Returns:
        that of a_std and that of da_std; and the correlation, shape (depth,).
    """
    n, forward, correlation, slopes = p.width, [], [], []
    c = correlations(X, PAIRS if p.input in PLANE else 1)
    own, shared, variance = 0.0, np.zeros(len(c)), np.zeros(len(c))  # of log a^2: of one example, of two; that of c
    for i in range(p.depth):
        s = rms(sizes[i])
        layer = moments(p.activation, s)
        scattered = np.where(c < 0, -1, 1) * _root(c**2 + variance)
        mean, seen = pairs(p.activation, s, c), pairs(p.activation, s, scattered)
        carried = layer.std_elasticity**2
        forward.append((carried * own + layer.std_excess / n, np.mean(carried * shared + seen.centred.shared / n)))
        own = layer.elasticity**2 * own + layer.excess / n
        shared = layer.elasticity**2 * shared + seen.a.shared / n
        variance = ((s * layer.slope / layer.rms) ** 2 * mean.slope.m11) ** 2 * variance + seen.a.noise / n
        c = mean.a.m11
        correlation.append(c.mean())
        slopes.append((mean.slope.m11, seen.slope))

    backward = []
    own, shared, variance = 0.0, np.zeros(len(c)), np.zeros(len(c))  # now of gradients, which are independent at first
    for kept, slope in reversed(slopes):
        gradient = gaussian_pair(_root(variance))
        backward.append((own + gradient.excess[0] / n, np.mean(shared + gradient.shared / n)))
        product = slope.times(gradient)
        own, shared = own + product.excess.mean() / n, shared + product.shared / n
        variance = kept**2 * variance + product.noise / n
    return Scatter.of(forward, len(X)), Scatter.of(backward[::-1], len(X)), np.array(correlation)


def _root(square: np.ndarray) -> np.ndarray:
    """The size of a correlation, from the mean of its square."""
    return np.sqrt(np.minimum(square, 1))


def correlations(X: np.ndarray, kept: int) -> np.ndarray:
    """The correlations of pairs of examples, as so many values that stand for equal shares of them; 0 without pairs."""
    directions = X / np.linalg.norm(X, axis=1, keepdims=True)
    found = (directions @ directions.T)[np.triu_indices(len(X), 1)]
    return np.quantile(found, (np.arange(kept) + 0.5) / kept) if len(found) else np.zeros(1)
