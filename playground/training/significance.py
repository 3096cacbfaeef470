"""A difference is more than chance, or it is not shown: Wilcoxon's signed-rank test (1945) on pairs of networks."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from ..text import number

LEVEL = 0.05  # of the test
WORST_LOSS = 1e3  # a loss that is larger, or not a number, counts as this
FLOOR = 1e-3  # of a difference of losses: as -log p it is a factor of 1.001 in p, the probability of the right class
AT_THE_END = "decided at the end"  # before: who looks at equals again and again finds a leader in a third of the runs


@dataclass(frozen=True)
class Comparison:
    """How two contestants compare, paired by seed.

    Attributes:
        p: p value of Wilcoxon's signed-rank test, corrected for the number of comparisons.
        direction: sign of the signed ranks: -1 where the first is lower, 1 where the second is, 0 where neither is.
        medians: of the first, and of the second.
        difference: median of the paired differences, first minus second: how much there is between them.
        wins: number of pairs in which the first is lower, and in which the second is.
        pairs: number of pairs.
        lower: who is lower, 0 or 1; None where no difference is shown.
    """

    p: float
    direction: int
    medians: tuple[float, float]
    difference: float
    wins: tuple[int, int]
    pairs: int
    lower: int | None

    @property
    def test(self) -> str:
        """The p value in words, and if it is not enough, why."""
        contradicted = self.p < LEVEL and self.lower is None
        return f"p = {number(self.p)}{', but the medians do not agree' if contradicted else ''}"

    @property
    def verdict(self) -> str:
        """What the test shows, with the size of the difference; a diverged loss differs by no size from another."""
        size = abs(self.difference)
        shown = "most have diverged" if size > WORST_LOSS / 2 else f"median difference {number(size)}"
        return f"{'no difference shown' if self.lower is None else shown}, {self.test}"


def compare(first: np.ndarray, second: np.ndarray, floor: float = 0.0, comparisons: int = 1) -> Comparison:
    """Compare two contestants, paired by seed.

    A difference is shown only where the test shows one and three ways to say which is lower agree: the signed ranks,
    the two medians, and the median of the paired differences. With skewed values they need not.

    Args:
        first, second: a value of each seed, such as a loss, shape (seeds).
        floor: what differs by less does not differ.
        comparisons: how many could have been made: the p value is corrected for them (Bonferroni).
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    differences = beyond(first - second, floor)
    p = min(1.0, comparisons * p_value(differences, 0)) if not np.isnan(differences).any() else np.nan
    ranks = rankdata(np.abs(differences)) * np.sign(differences)
    medians = float(np.median(first)), float(np.median(second))
    difference = float(np.median(differences))
    signs = [np.sign(each) for each in (ranks.sum(), beyond(medians[0] - medians[1], floor), difference)]
    agree = signs[0] != 0 and signs[0] == signs[1] == signs[2]
    return Comparison(
        p=p,
        direction=int(np.nan_to_num(signs[0])),
        medians=medians,
        difference=difference,
        wins=(int((differences < 0).sum()), int((differences > 0).sum())),
        pairs=len(differences),
        lower=int(signs[0] > 0) if p < LEVEL and agree else None,
    )


def beyond(differences: np.ndarray | float, floor: float) -> np.ndarray:
    """The differences, with 0 in place of those below the floor; what rounding makes of 0 is 0, too."""
    differences = np.round(differences, 12)
    return np.where(np.abs(differences) < floor, 0.0, differences)


def bounded(losses: np.ndarray) -> np.ndarray:
    """Losses that can be compared: at most `WORST_LOSS`, also what is not a number."""
    return np.minimum(np.nan_to_num(losses, nan=WORST_LOSS, posinf=WORST_LOSS), WORST_LOSS)


def quartiles(values: np.ndarray) -> np.ndarray:
    """Lower quartile, median and upper quartile over the last axis, which comes first in the result."""
    return np.quantile(values, [0.25, 0.5, 0.75], axis=-1)


def p_value(a: np.ndarray, b: np.ndarray | float) -> float:
    """Wilcoxon's signed-rank test (1945), two-sided and exact, for pairs; 1 where all are tied, NaN with a NaN.

    Pairs without a difference are left out, equal differences share their mean rank. Under the null hypothesis both
    signs of a difference are equally likely: all ways to give signs are counted, rank by rank. SciPy gives the same p
    value, but with ties it tries the ways one by one, or approximates: with 12 pairs it takes 0.7 s, and this 0.2 ms.
    """
    difference = np.round(np.asarray(a, float) - b, 12)  # rounding must not break ties
    if np.isnan(difference).any():
        return np.nan
    difference = difference[difference != 0]
    if not len(difference):
        return 1.0
    ranks = np.round(2 * rankdata(np.abs(difference))).astype(int)  # doubled, so that mean ranks are whole
    share = np.zeros(ranks.sum() + 1)  # of all ways, by the sum of the ranks of positive differences
    share[0] = 1
    for rank in ranks:
        share[rank:] += share[:-rank].copy()
        share /= 2
    positive = int(ranks[difference > 0].sum())
    return float(min(1.0, 2 * min(share[: positive + 1].sum(), share[positive:].sum())))


def seeds_needed(contestants: int) -> int:
    """The fewest seeds with which the test can show a difference: if all pairs agree, its p value is 2 / 2^seeds."""
    pairs = contestants * (contestants - 1) // 2
    return int(np.floor(np.log2(2 * pairs / LEVEL))) + 1
