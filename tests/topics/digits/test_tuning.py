"""What a choice costs is what statistics says: nothing for one candidate, luck for equal ones."""

import altair as alt
import numpy as np
import pytest
from runs import assert_same_state
from scipy import stats

from playground import charts
from playground.topics.digits.tuning import (
    Tuning,
    TuningTrainer,
    best_so_far,
    chosen_and_fresh,
    mean_interval,
    reading,
    right,
    table,
)
from playground.training.loop import experiment_data
from playground.training.significance import AT_THE_END
from playground.training.trainer import Trainer

SMALL = {"hidden": (6,), "epochs": 2, "n_candidates": 4, "n_seeds": 3}


@pytest.fixture(scope="module")
def trained():
    trainer = TuningTrainer(Tuning(**SMALL))
    trainer.run()
    return trainer


def equal_candidates(share, n_candidates, n_images, seed):
    """Candidates that get each image right with the same probability, independently."""
    return np.random.default_rng(seed).random((n_candidates, n_images)) < share


def optimism(right, n_images, seed=0):
    chosen, fresh = chosen_and_fresh(right, n_images, np.random.default_rng(seed))
    return chosen - fresh


# The choice


def test_the_best_so_far_is_the_first_of_the_largest():
    assert best_so_far(np.array([2, 1, 2, 3, 0, 3])).tolist() == [0, 0, 0, 3, 3, 3]


def test_equal_candidates_look_as_much_too_good_as_the_largest_of_binomials():
    """With k candidates, E max of k draws of Binomial(n, p) / n, minus p."""
    n, p, k = 50, 0.9, 10
    measured = np.mean([optimism(equal_candidates(p, k, 2000, seed), n)[-1] for seed in range(20)])
    cdf = stats.binom.cdf(np.arange(n + 1), n, p) ** k
    expected = (np.arange(n + 1) * np.diff(cdf, prepend=0)).sum() / n - p
    assert measured == pytest.approx(expected, abs=0.006)


def test_one_candidate_that_nobody_chose_is_no_better_than_on_fresh_images():
    found = [optimism(equal_candidates(0.9, 8, 400, seed), 60)[0] for seed in range(20)]
    low, _, high = mean_interval(np.array(found))
    assert low - 0.003 < 0 < high + 0.003


def test_more_images_that_choose_cost_less_and_more_candidates_more():
    candidates = equal_candidates(0.9, 16, 800, 0)
    assert optimism(candidates, 20)[-1] > 1.5 * optimism(candidates, 150)[-1]
    curve = optimism(candidates, 60)
    assert curve[15] > curve[3] > curve[0]


def test_a_candidate_that_is_better_everywhere_is_chosen_and_its_choice_costs_nothing():
    candidates = np.zeros((5, 200), bool)
    candidates[2] = True
    chosen, fresh = chosen_and_fresh(candidates, 30, np.random.default_rng(0))
    assert chosen[-1] == fresh[-1] == 1


def test_the_interval_is_students():
    values = np.random.default_rng(0).standard_normal((7, 2))
    low, mean, high = mean_interval(values)
    for column in (0, 1):
        expected = stats.ttest_1samp(values[:, column], 0).confidence_interval()
        assert (low[column], high[column]) == pytest.approx((expected.low, expected.high))
    assert mean == pytest.approx(values.mean(axis=0))


# The networks


def test_each_network_is_the_one_that_trains_by_itself(trained):
    for repetition, candidate in ((0, 0), (2, 3)):
        alone = Trainer(trained.experiment.entry(repetition, candidate))
        alone.run()
        assert_same_state(alone.network, trained.trainers[repetition].network.select((candidate,)))


def test_a_knob_that_is_turned_in_the_run_draws_no_other_images(trained):
    turned = TuningTrainer(Tuning(**SMALL | {"epochs": 3}))
    turned.run(10)
    turned.change(Tuning(**SMALL))
    turned.run()
    assert np.array_equal(turned.outcomes(), trained.outcomes())


def test_all_networks_differ_and_the_candidates_of_a_repetition_share_their_images(trained):
    entries = [trained.experiment.entry(k, c) for k in range(3) for c in range(4)]
    assert len({entry.seed for entry in entries}) == 12
    assert [entry.data_seed for entry in entries] == [0] * 4 + [1] * 4 + [2] * 4


def test_what_chooses_and_what_is_fresh_has_not_trained(trained):
    for k, trainer in enumerate(trained.trainers):
        data = experiment_data(trained.experiment.entry(k))
        assert right(trainer).shape == (4, 1797 - len(data.X_train))
        _, accuracy = trainer.network.evaluate(data.X_test, data.y_test)
        n_test = len(data.X_test)
        assert right(trainer)[:, -n_test:].mean(axis=1) == pytest.approx(accuracy)


def test_real_networks_that_a_few_images_choose_promise_too_much():
    trainer = TuningTrainer(
        Tuning(hidden=(8,), epochs=8, n_candidates=12, n_images=40, n_seeds=6, seed=70, data_seed=7)
    )
    assert AT_THE_END in reading(trainer)
    trainer.run()
    low, mean, _ = mean_interval(trainer.optimism())
    assert low[-1] > 0
    assert mean[-1] > mean[0] + 0.01
    assert f"promise {100 * mean[-1]:.1f} points too much" in reading(trainer)


def test_where_the_interval_holds_zero_no_cost_is_shown(trained, monkeypatch):
    monkeypatch.setattr(trained, "outcomes", lambda: np.array([[[0.9], [0.8], [0.9]], [[0.8], [0.9], [0.9]]]))
    assert reading(trained).startswith("**No cost is shown.**")


def test_table_and_pictures_have_the_figures_of_the_run(trained):
    rows = table(trained)
    assert len(rows) == 12
    chosen, fresh = trained.outcomes()
    assert rows["On fresh images"].to_numpy() == pytest.approx(fresh.ravel())
    accuracies, optimism = charts.tuning_accuracies(trained), charts.tuning_optimism(trained)
    assert f"on fresh images {100 * fresh[:, 0].mean():.1f} % → {100 * fresh[:, -1].mean():.1f} %" in accuracies.alt
    assert f"{100 * (chosen - fresh)[:, -1].mean():.1f} points" in optimism.alt
    for picture in (accuracies, optimism):
        assert isinstance(alt.Chart.from_dict(picture.spec), alt.LayerChart)
