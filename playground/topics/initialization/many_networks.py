"""One network is one draw of many: what becomes of most of them, as measured and as theory foretells it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri
from scipy.stats import norm

from ...nn import INITIALIZERS
from .mean_field import Scatter, Theory
from .signal_propagation import LOST, Curves, Propagation, Signal

BAND = 0.8  # share of the networks that a band holds
LEVELS = np.array([(1 - BAND) / 2, 0.5, (1 + BAND) / 2])  # its lower edge, the median, its upper edge


def draws(p: Propagation, n_seeds: int) -> int:
    """How many networks there are to see: one where nothing is random in the weights."""
    return n_seeds if INITIALIZERS[p.initializer].variance(1, 1) else 1


def quantiles(values: np.ndarray) -> np.ndarray:
    """Edges of the band and median over networks, each a value that occurs, so that infinite ones do no harm.

    Args:
        values: shape (networks, depth).

    Returns:
        shape (3, depth).
    """
    return np.quantile(values, LEVELS, axis=0, method="closest_observation")


def foretold_quantiles(curve: np.ndarray, scatter: Scatter | None) -> np.ndarray:
    """The same by theory, shape (3, depth); the edges are NaN where no scatter is foretold."""
    if scatter is None:
        return np.array([np.full_like(curve, np.nan), curve, np.full_like(curve, np.nan)])
    return curve * np.exp(scatter.middle + ndtri(LEVELS)[:, None] * scatter.std)


@dataclass(frozen=True)
class Typical(Curves):
    """The curves of the median network."""

    a_std: np.ndarray | None
    da_std: np.ndarray | None
    a_std_examples: np.ndarray | None


def typical(signals: Sequence[Signal]) -> Typical:
    """The median of what was measured, layer by layer."""

    def median(name):
        return quantiles(np.array([getattr(each, name) for each in signals]))[1]

    examples = None if signals[0].a_std_examples is None else median("a_std_examples")
    return Typical(median("a_std"), median("da_std"), examples)


def foretold(theory: Theory) -> Typical:
    """The median that theory foretells; without a scatter, that of very wide networks."""

    def median(curve, scatter):
        return None if curve is None else foretold_quantiles(curve, scatter)[1]

    return Typical(
        median(theory.a_std, theory.a_scatter),
        median(theory.da_std, theory.da_scatter),
        median(theory.a_std_examples, theory.a_scatter),
    )


def lost(curves: np.ndarray) -> int:
    """How many networks have lost a size when it has gone through all layers: below 1 % or above 100 times its first.

    Args:
        curves: in the order in which the layers are gone through, shape (networks, depth).
    """
    first, last = curves[:, 0], curves[:, -1]
    return int(((first == 0) | np.isinf(last) | (last < LOST * first) | (last > first / LOST)).sum())


def foretold_lost(curve: np.ndarray | None, scatter: Scatter | None, backward: bool = False) -> float | None:
    """The share of networks that lose it by theory; None where no scatter is foretold.

    The scatter in the first layer is left out: it is that of one layer among many.
    """
    if curve is None or scatter is None:
        return None
    first, last = (-1, 0) if backward else (0, -1)
    with np.errstate(all="ignore"):
        middle = np.log(curve[last]) - np.log(curve[first]) + scatter.middle[last] - scatter.middle[first]
    edge, std = -math.log(LOST), max(scatter.std[last], 1e-12)
    return float(norm.cdf((-edge - middle) / std) + norm.sf((edge - middle) / std))
