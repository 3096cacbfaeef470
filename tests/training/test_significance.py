"""Two contestants differ only where the test shows it, and all ways to say who is lower agree."""

import numpy as np
import pytest
from scipy.stats import PermutationMethod, wilcoxon

from playground.training.significance import FLOOR, LEVEL, WORST_LOSS, bounded, compare, p_value, seeds_needed


@pytest.mark.parametrize("n", [1, 2, 5, 9, 13, 40])
def test_the_p_value_is_scipys_where_scipys_is_exact(n):
    rng = np.random.default_rng(n)
    a, b = rng.standard_normal((2, n))
    a = a + 0.5
    assert p_value(a, b) == pytest.approx(wilcoxon(a, b, method="exact").pvalue)


@pytest.mark.parametrize("n", [4, 7, 9])
def test_the_p_value_with_ties_is_that_of_all_ways_to_give_signs(n):
    rng = np.random.default_rng(n)
    a, b = rng.integers(-5, 6, (2, n))
    every_way = wilcoxon(a, b, method=PermutationMethod(n_resamples=2**n))
    assert p_value(a, b) == pytest.approx(every_way.pvalue)
    assert p_value(a, a) == 1
    assert np.isnan(p_value(a, np.full(n, np.nan)))


def test_a_comparison_has_its_p_value_direction_medians_and_size():
    low, high = np.arange(8.0), np.arange(8.0) + 0.5
    seen = compare(high, low, comparisons=3)
    assert seen.p == 3 * p_value(high, low)
    assert (seen.direction, seen.lower) == (1, 1)
    assert seen.medians == (4, 3.5)
    assert seen.difference == 0.5
    assert (seen.wins, seen.pairs) == ((0, 8), 8)
    assert seen.verdict == "median difference 0.5, p = 0.023"
    assert (compare(low, high).direction, compare(low, high).lower) == (-1, 0)


def test_no_difference_is_shown_where_medians_and_signed_ranks_contradict_each_other():
    first, second = np.array([11, 21, 31, 41, 49, 61, 71, 81, 91]), np.arange(10, 100, 10)
    for seen, direction in ((compare(first, second), 1), (compare(second, first), -1)):
        assert seen.p < LEVEL
        assert seen.direction == direction  # the signed ranks say one thing, the medians 49 and 50 the other
        assert seen.lower is None
        assert seen.verdict == "no difference shown, p = 0.039, but the medians do not agree"


def test_no_difference_is_shown_where_most_pairs_contradict_the_signed_ranks():
    second = np.zeros(40)
    first = np.concatenate([np.full(21, -0.1) - np.arange(21) / 1000, np.arange(1, 20)])
    assert p_value(first, second) < LEVEL
    assert compare(first, second).lower is None


def test_what_differs_by_less_than_the_floor_ties():
    first, second = np.full(16, 1.23e-6), np.full(16, 1.24e-6)
    assert compare(first, second).lower == 0
    seen = compare(first, second, FLOOR)
    assert (seen.p, seen.direction, seen.difference, seen.lower) == (1, 0, 0, None)
    assert compare(first, first + 1.01 * FLOOR, FLOOR).lower == 0


def test_what_has_diverged_counts_as_the_worst_loss_and_its_difference_has_no_size():
    assert np.array_equal(bounded(np.array([0.3, 1e4, np.nan, np.inf])), [0.3, WORST_LOSS, WORST_LOSS, WORST_LOSS])
    diverged = np.full(8, WORST_LOSS)
    assert compare(diverged, diverged).lower is None
    assert compare(diverged, np.full(8, 0.1)).verdict == "most have diverged, p = 0.0078"


def test_a_value_that_is_no_number_shows_nothing():
    seen = compare(np.full(8, np.nan), np.arange(8))
    assert np.isnan(seen.p)
    assert seen.lower is None


def test_seeds_needed_are_just_enough_for_two():
    few = np.arange(seeds_needed(2) - 1)
    assert compare(few, few + 1).lower is None
    enough = np.arange(seeds_needed(2))
    assert compare(enough, enough + 1).lower == 0
