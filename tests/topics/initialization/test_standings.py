"""The table names a leader only if a paired test shows one, and if it shows nothing, the table says so."""

import numpy as np
import pytest
from scipy.stats import wilcoxon

from playground.topics.initialization.race import Race, RaceTrainer
from playground.topics.initialization.standings import decide, race_headline, standings, table
from playground.training.contestants import Contestant
from playground.training.findings.headline import Mood
from playground.training.significance import AT_THE_END, LEVEL, WORST_LOSS, seeds_needed

LABELS = ["A", "B", "C"]


def losses(*medians, seeds=16, spread=0.1, seed=0):
    """Losses of contestants over seeds, around the given medians."""
    noise = np.random.default_rng(seed).standard_normal((len(medians), seeds))
    return np.array(medians)[:, None] * np.exp(spread * noise)


def at_most(runs):
    """The share of false leads that the test's level allows in so many runs, with two standard errors."""
    return LEVEL + 2 * np.sqrt(LEVEL * (1 - LEVEL) / runs)


def test_the_better_of_three_leads():
    verdicts = decide(losses(0.5, 0.1, 0.9), LABELS)
    assert verdicts[1] == "leads: lower loss than all others"
    assert verdicts[0].startswith("behind B (median difference 0.")
    assert verdicts[2].startswith("behind B (median difference 0.")


def test_no_difference_is_shown_between_equals_in_95_of_100_races():
    wrong = 0
    for seed in range(200):
        wrong += any("behind" in verdict for verdict in decide(losses(0.5, 0.5, 0.5, seed=seed), LABELS))
    assert wrong / 200 <= at_most(200)


@pytest.mark.exhaustive  # takes long; equals that are drawn are in tests/training/test_significance.py
def test_equals_seem_to_differ_at_some_time_of_a_run_but_not_at_its_end():
    """Losses that change from epoch to epoch: this is why nothing is decided before the end."""
    ever = end = 0
    for seed in range(200):
        walks = 0.05 * np.random.default_rng(seed).standard_normal((60, 2, 16)).cumsum(axis=0)
        led = [decide(0.5 * np.exp(walk), LABELS[:2]) for walk in walks]
        shown = [any("behind" in verdict for verdict in verdicts) for verdicts in led]
        ever, end = ever + any(shown), end + shown[-1]
    assert end / 200 <= at_most(200)
    assert ever / 200 > 4 * LEVEL


def test_seeds_of_a_scheme_do_not_lead_over_other_seeds_of_it():
    race = Race(
        contestants=(Contestant("he_normal"), Contestant("glorot_normal")),
        n_seeds=64, hidden=(6,), n_points=60, dataset="moons", epochs=10,
    )  # fmt: skip
    trainer = RaceTrainer(race)
    trainer.run(10**6)
    rng, wrong = np.random.default_rng(0), 0
    for scheme in trainer.losses():
        for _ in range(200):
            pairs = rng.permutation(scheme)[:32].reshape(2, 16)
            wrong += any("behind" in verdict for verdict in decide(pairs, LABELS[:2]))
    assert wrong / 400 <= at_most(400)


def test_equal_losses_are_no_difference():
    assert decide(np.full((2, 16), 0.69), LABELS[:2]) == [
        "no difference to the others shown", "no difference to A shown",
    ]  # fmt: skip


def test_losses_that_are_all_nearly_zero_are_no_difference():
    tiny = np.array([np.full(16, 1.23e-6), np.full(16, 1.24e-6)])
    assert decide(tiny, LABELS[:2])[1] == "no difference to A shown"


def test_nobody_leads_where_signed_ranks_and_medians_contradict_each_other():
    both = np.array([[11, 21, 31, 41, 49, 61, 71, 81, 91], np.arange(10, 100, 10)], float)
    assert not any("behind" in verdict or "leads" in verdict for verdict in decide(both, LABELS[:2]))


def test_where_all_have_diverged_nobody_has_the_lowest_loss():
    assert decide(np.full((3, 16), WORST_LOSS), LABELS) == ["all have diverged"] * 3
    losses = np.full((3, 16), WORST_LOSS)
    losses[1] = 0.1
    assert decide(losses, LABELS)[1] == "leads: lower loss than all others"
    assert decide(losses, LABELS)[0].startswith("behind B (most have diverged, p = ")


@pytest.mark.parametrize("contestants", [2, 3, 6])
def test_seeds_needed_are_just_enough(contestants):
    labels = [str(i) for i in range(contestants)]
    needed = seeds_needed(contestants)
    medians = 0.1 * np.arange(1, contestants + 1)
    assert "leads" in decide(losses(*medians, seeds=needed, spread=0.01), labels)[0]
    assert "leads" not in decide(losses(*medians, seeds=needed - 1, spread=0.01), labels)[0]


def test_the_p_value_told_is_wilcoxons_for_all_pairs():
    both = losses(0.5, 0.45, 0.9)
    [told] = [verdict for verdict in decide(both, LABELS) if verdict.startswith("behind B") and "e-" in verdict][-1:]
    assert float(told.split("p = ")[1].rstrip(")")) == pytest.approx(3 * wilcoxon(both[1], both[2]).pvalue, rel=0.05)


def test_standings_hold_what_the_race_measured():
    race = Race(
        contestants=(Contestant("zeros"), Contestant("he_normal")),
        n_seeds=8, hidden=(8, 8), n_points=100, epochs=40, learning_rate=0.3,
    )  # fmt: skip
    trainer = RaceTrainer(race)
    for _ in range(39):
        assert [each.verdict for each in standings(trainer)] == [AT_THE_END] * 2
        trainer.run(trainer.steps_per_epoch)
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
    assert (trainer.losses()[0] == WORST_LOSS).all()
    assert len(table(trainer)) == 2


def test_the_headline_of_a_race_counts_who_has_learnt_and_names_who_has_diverged():
    trainer = RaceTrainer(Race(contestants=(Contestant("zeros"), Contestant("he_normal")), hidden=(4,), n_seeds=4))
    assert race_headline(trainer).mood is Mood.WAITING
    trainer.run(5)
    assert race_headline(trainer).title == "0 of 2 have learnt"
    trainer.reached[1, :2] = 3  # half of the seeds
    told = race_headline(trainer)
    assert (told.mood, told.title) == (Mood.GOOD, "1 of 2 have learnt")
    assert "Diverged" not in told.text
    trainer.trainers[0].runaway[0, 1] = True
    assert race_headline(trainer).text.endswith("**Diverged**: Zeros in 1 of 4 seeds.")
    trainer.trainers[0].runaway[...] = True
    assert race_headline(trainer).mood is Mood.FAILED
