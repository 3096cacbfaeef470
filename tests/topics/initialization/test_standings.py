"""The table names a leader only if a paired test shows one, and if it shows nothing, the table says so."""

import numpy as np
import pytest
from scipy.stats import PermutationMethod, wilcoxon

from playground.topics.initialization.race import Race, RaceTrainer
from playground.topics.initialization.standings import compare, standings, table
from playground.training.contestants import Contestant
from playground.training.significance import LEVEL, WORST_LOSS, comparable, p_value, seeds_needed

LABELS = ["A", "B", "C"]


def losses(*medians, seeds=16, spread=0.1, seed=0):
    """Losses of contestants over seeds, around the given medians."""
    noise = np.random.default_rng(seed).standard_normal((len(medians), seeds))
    return np.array(medians)[:, None] * np.exp(spread * noise)


def test_the_better_of_three_leads():
    verdicts = compare(losses(0.5, 0.1, 0.9), LABELS)
    assert verdicts[1] == "leads: lower loss than all others"
    assert verdicts[0].startswith("behind B (p = ")
    assert verdicts[2].startswith("behind B (p = ")


def test_no_difference_is_shown_between_equals_in_95_of_100_races():
    wrong = 0
    for seed in range(200):
        wrong += any("behind" in verdict for verdict in compare(losses(0.5, 0.5, 0.5, seed=seed), LABELS))
    assert wrong / 200 <= LEVEL + 2 * np.sqrt(LEVEL * (1 - LEVEL) / 200)


def test_equal_losses_are_no_difference():
    assert compare(np.full((2, 16), 0.69), LABELS[:2])[1] == "no difference to A shown"


def test_what_nobody_would_call_different_ties():
    assert np.array_equal(
        comparable(np.array([0.69026, 0.69028, np.nan, np.inf])), [0.69, 0.69, WORST_LOSS, WORST_LOSS]
    )


@pytest.mark.parametrize("contestants", [2, 3, 6])
def test_seeds_needed_are_just_enough(contestants):
    labels = [str(i) for i in range(contestants)]
    needed = seeds_needed(contestants)
    medians = 0.1 * np.arange(1, contestants + 1)
    assert "leads" in compare(losses(*medians, seeds=needed, spread=0.01), labels)[0]
    assert "leads" not in compare(losses(*medians, seeds=needed - 1, spread=0.01), labels)[0]


def test_the_p_value_told_is_wilcoxons_for_all_pairs():
    both = losses(0.5, 0.45, 0.9)
    [told] = [verdict for verdict in compare(both, LABELS) if verdict.startswith("behind B") and "e-" in verdict][-1:]
    assert float(told.split("p = ")[1].rstrip(")")) == pytest.approx(3 * wilcoxon(both[1], both[2]).pvalue, rel=0.05)


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


def test_standings_hold_what_the_race_measured():
    race = Race(
        contestants=(Contestant("zeros"), Contestant("he_normal")),
        n_seeds=8, hidden=(8, 8), n_points=100, epochs=40, learning_rate=0.3,
    )  # fmt: skip
    trainer = RaceTrainer(race)
    trainer.run(10**6)
    zeros, he = standings(trainer)
    final = trainer.figures("train_loss")[:, -1]
    assert np.allclose(he.loss, np.quantile(final[1], [0.25, 0.5, 0.75]), rtol=0.02)
    assert zeros.reached == 0
    assert np.isnan(zeros.epochs)
    assert zeros.idle == 1  # every ReLU unit of a network of zeros is dead
    assert he.reached == np.mean(~np.isnan(trainer.reached[1]))
    assert he.verdict.startswith("leads")
    assert list(table(trainer)["Contestant"]) == ["Zeros", "He normal"]


def test_standings_before_the_first_step_and_after_divergence_raise_nothing():
    race = Race(
        contestants=(Contestant("unit_normal"), Contestant("zeros", True)),
        n_seeds=2, hidden=(64,) * 10, learning_rate=10.0, epochs=3, n_points=40,
    )  # fmt: skip
    trainer = RaceTrainer(race)
    assert len(table(trainer)) == 2
    trainer.run(10**6)
    assert standings(trainer)[0].diverged == 2
    assert len(table(trainer)) == 2
