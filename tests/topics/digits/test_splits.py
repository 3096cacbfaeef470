"""Two ways to split are compared by networks that also train by themselves."""

import re
from dataclasses import replace
from types import SimpleNamespace

import altair as alt
import numpy as np
import pytest
from runs import assert_same_state
from scipy.stats import wilcoxon
from sklearn.datasets import load_digits
from sklearn.metrics import recall_score

from playground import charts
from playground.data.datasets import Data
from playground.topics.digits.digits_experiment import Digits
from playground.topics.digits.splits import (
    PAIR,
    TwoSplits,
    TwoSplitsTrainer,
    compared_parts,
    failing,
    mean_images,
    measured,
    nearest_others,
    table,
    verdict,
)
from playground.training.loop import experiment_data
from playground.training.significance import AT_THE_END
from playground.training.trainer import Trainer

SMALL = {"hidden": (12,), "epochs": 3, "learning_rate": 0.5}
LAST, RANDOM = PAIR


@pytest.fixture(scope="module")
def trained():
    trainer = TwoSplitsTrainer(TwoSplits(n_seeds=3, seed=7, data_seed=999_998, **SMALL))
    trainer.run(10**6)
    return trainer


# The networks


def test_each_network_is_the_one_that_trains_by_itself(trained):
    entries = [trained.experiment.entry(split, k) for split in PAIR for k in range(3)]
    for entry, one in zip(entries, trained.trainers, strict=True):
        alone = Trainer(entry)
        alone.run(10**6)
        assert_same_state(alone.network, one.network)
        figures = [moment.held_out_accuracy for moment in alone.history.moments]
        assert figures == [moment.held_out_accuracy for moment in one.history.moments]


def test_seed_k_of_both_ways_is_a_pair(trained):
    for k in range(3):
        last, random = (trained.experiment.entry(split, k) for split in PAIR)
        assert (last.split, random.split) == PAIR
        assert replace(last, split=RANDOM) == random
    assert [trained.experiment.entry(RANDOM, k).data_seed for k in range(3)] == [999_998, 999_999, 0]


def test_the_seeds_of_a_way_differ_in_weights_and_where_it_is_drawn_in_their_data(trained):
    weights = [trainer.network.parameters for trainer in trained.trainers]
    assert all(not np.array_equal(weights[i], weights[j]) for i in range(6) for j in range(i))
    data = trained.by_split(np.array([trainer.data.X_validation for trainer in trained.trainers]))
    assert np.array_equal(data[0, 0], data[0, 1])
    assert not np.array_equal(data[1, 0], data[1, 1])


def test_no_states_are_kept_of_networks_that_nobody_snapshots_back_at(trained):
    assert all(trainer.history.kept == [] for trainer in trained.trainers)
    assert trained.accuracies().shape == (2, 3, 4)


def test_the_comparison_has_no_knob_for_what_it_compares():
    assert "split" not in TwoSplits.knobs()
    record, notices = TwoSplits.from_query({"split": "shuffled", "n_seeds": "99", "train_share": "1", "epochs": "x"})
    assert (record.n_seeds, record.train_share, record.epochs) == (16, 0.9, 30)
    assert len(notices) == 4


def test_a_network_that_diverges_keeps_its_last_accuracy():
    trainer = TwoSplitsTrainer(TwoSplits(n_seeds=2, **SMALL))
    trainer.trainers[0].overflow[...] = True  # it does not train from here on
    trainer.run(2 * trainer.steps_per_epoch)
    assert trainer.accuracies().shape == (2, 2, 3)
    assert len(set(trainer.accuracies()[0, 0])) == 1
    trainer.run(10**6)
    assert "Diverged: 1 of 4 networks" in verdict(trainer)


# What is said of them


def test_recalls_are_those_of_scikit_learn(trained):
    recalls = trained.recalls()
    assert recalls.shape == (2, 3, 10)
    for row, trainer in zip(recalls.reshape(6, 10), trained.trainers, strict=True):
        data = trainer.data
        said = trainer.network.forward(data.X_validation, training=False).argmax(axis=1)
        assert row == pytest.approx(recall_score(data.y_validation.argmax(axis=1), said, average=None))


def test_failing_digits_come_worst_first_and_none_that_is_always_right():
    recalls = np.array([[1.0, 0.8, 0.5, 1.0], [1.0, 0.9, 0.6, 1.0], [0.9, 0.7, 0.7, 1.0]])
    assert failing(recalls) == [(2, 0.6), (1, 0.8)]
    assert failing(recalls, 1) == [(2, 0.6)]
    assert failing(np.array([[np.nan, 0.5]])) == [(1, 0.5)]


def test_the_verdict_is_wilcoxons_on_the_pairs():
    trainer = TwoSplitsTrainer(TwoSplits(n_seeds=8, **SMALL))
    trainer.run(10**6)
    last, random = trainer.accuracies()[..., -1]
    p = wilcoxon(last, random).pvalue
    words = verdict(trainer)
    assert ("The last part is harder to read" in words) == (p < 0.05 and np.median(last) < np.median(random))
    assert f"{100 * np.median(last):.1f} % on the last part" in words
    assert f"{abs(100 * np.median(random) - 100 * np.median(last)):.1f} points apart" in words
    assert f"{(random > last).sum()} of 8 pairs" in words


def test_with_too_few_seeds_no_difference_is_shown(trained):
    assert "No difference shown" in verdict(trained)
    assert "With 3 seeds the test can show none: take at least 6" in verdict(trained)


def test_before_the_end_nothing_is_claimed_of_the_splits():
    trainer = TwoSplitsTrainer(TwoSplits(n_seeds=2, **SMALL))
    assert trainer.accuracies().shape == (2, 2, 1)
    for _ in range(3):
        assert AT_THE_END in verdict(trainer)
        assert "p = " not in verdict(trainer)
        trainer.run(trainer.steps_per_epoch)
    assert AT_THE_END not in verdict(trainer)


@pytest.mark.parametrize(
    ("last", "random", "words"),
    [
        (np.arange(8) / 100, np.arange(8) / 100 + 0.1, "**The last part is harder to read.**"),
        (np.arange(8) / 100 + 0.1, np.arange(8) / 100, "**The stratified part is harder to read.**"),
        (  # signed ranks and medians contradict each other
            np.array([11, 21, 31, 41, 49, 61, 71, 81, 91]) / 100, np.arange(10, 100, 10) / 100,
            "**No difference shown.**",
        ),
    ],
)  # fmt: skip
def test_a_harder_test_is_named_only_where_it_is_shown(last, random, words):
    accuracies = np.array([last, random])[..., None]
    assert verdict(SimpleNamespace(accuracies=lambda: accuracies, over=True, n_diverged=0)).startswith(words)
    diverged = SimpleNamespace(accuracies=lambda: accuracies, over=True, n_diverged=2 * len(last))
    assert verdict(diverged).startswith("**All have diverged.**")


def test_the_table_has_a_row_a_network(trained):
    rows = table(trained)
    assert list(rows["Split"]) == ["Last part"] * 3 + ["Stratified"] * 3
    assert list(rows["Data seed"]) == [999_998, 999_999, 0] * 2
    assert rows["Validation accuracy"].to_numpy() == pytest.approx(trained.accuracies()[..., -1].ravel())
    assert rows["Right of the 7s"].to_numpy() == pytest.approx(trained.recalls()[..., 7].ravel())


# How the last part differs


@pytest.mark.parametrize("split", PAIR)
def test_distances_and_neighbours_are_those_of_all_pairs(split):
    part, data = measured(split, 0.8, 3), experiment_data(Digits(split=split, data_seed=3))
    held_out = np.concatenate([data.X_validation, data.X_test])
    squares = ((held_out[:, None] - data.X_train[None]) ** 2).sum(axis=-1)
    assert part.distances == pytest.approx(np.sqrt(squares.min(axis=1)))
    among = ((held_out[:, None] - held_out[None]) ** 2).sum(axis=-1)
    np.fill_diagonal(among, np.inf)
    assert part.own_share == pytest.approx((among.min(axis=1) < squares.min(axis=1)).mean(), abs=0.01)  # ties aside
    assert part.expected_share == 359 / 1796


def test_the_nearest_other_row_is_never_the_row_itself():
    X = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [5.0, 0.0]])
    assert nearest_others(X).tolist() == [1, 0, nearest_others(X)[2], 2]
    assert nearest_others(X)[2] in (0, 1)


def test_the_last_part_differs_from_the_rest_and_a_stratified_part_does_not():
    last, stratified = compared_parts(TwoSplits(n_seeds=4))
    assert len(stratified) == 4
    for part in stratified:
        assert np.median(last.distances) > np.median(part.distances)
        assert last.own_share > 2 * part.own_share
        assert last.mean_shift > 1.5 * part.mean_shift
        assert abs(part.own_share - part.expected_share) < 0.06


def test_mean_images_are_those_of_the_file():
    X, labels = load_digits(return_X_y=True)
    first, last = mean_images(experiment_data(Digits()))
    for digit in range(10):
        assert first[digit] == pytest.approx(X[:1437][labels[:1437] == digit].mean(axis=0) / 16)
        assert last[digit] == pytest.approx(X[1437:][labels[1437:] == digit].mean(axis=0) / 16)


def test_a_class_without_an_image_has_no_mean_image():
    one, none = (np.ones((1, 3)), np.eye(2)[:1]), (np.ones((0, 3)), np.eye(2)[:0])
    first, last = mean_images(Data(np.ones((2, 3)), np.eye(2), *one, *none))
    assert np.isfinite(first).all()
    assert np.isnan(last[1]).all()


# Pictures


def numbers(packed):
    return np.array(packed.split(), float)


def test_pictures_are_valid_and_their_figures_true(trained):
    parts = compared_parts(trained.experiment)
    curves, recalls, distances = pictures = (
        charts.split_curves(trained), charts.split_recalls(trained.recalls()), charts.split_distances(*parts),
    )  # fmt: skip
    for picture in pictures:
        assert isinstance(alt.Chart.from_dict(picture.spec), alt.LayerChart)
        assert not re.search(r"\b(nan|inf)\b", picture.alt + str([t.to_pylist() for t in picture.tables.values()]))
    for row, accuracies in zip(curves.tables["accuracies"].to_pylist(), trained.accuracies(), strict=True):
        assert numbers(row["epoch"]).tolist() == [1, 2, 3]
        assert numbers(row["median"]) == pytest.approx(np.median(accuracies, axis=0)[1:], abs=1e-4)
        assert f"{100 * np.median(accuracies[:, -1]):.1f} %" in curves.alt
    for row, shares in zip(recalls.tables["recalls"].to_pylist(), trained.recalls(), strict=True):
        assert numbers(row["digit"]).tolist() == list(range(10))
        assert numbers(row["low"]) == pytest.approx(np.quantile(shares, 0.25, axis=0), abs=1e-4)
    for row in distances.tables["distances"].to_pylist():
        assert numbers(row["share"])[:-1].sum() == pytest.approx(1, abs=1e-3)
    assert distances.tables["medians"].to_pydict()["median"][0] == np.median(parts[0].distances)


def test_a_digit_without_validation_images_has_no_dot():
    recalls = np.full((2, 3, 10), 0.5)
    recalls[0, :, 4] = np.nan
    first, second = charts.split_recalls(recalls).tables["recalls"].to_pylist()
    assert "4" not in first["digit"].split()
    assert "4" in second["digit"].split()


def test_only_tables_change_from_epoch_to_epoch():
    trainer = TwoSplitsTrainer(TwoSplits(n_seeds=2, **SMALL))
    before = charts.split_curves(trainer), charts.split_recalls(trainer.recalls())
    trainer.run(10**6)
    after = charts.split_curves(trainer), charts.split_recalls(trainer.recalls())
    for one, other in zip(before, after, strict=True):
        assert one.spec == other.spec
        assert one.tables != other.tables
