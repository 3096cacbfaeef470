"""A dataset is what its picture says: the right shape, drawn anew from each seed, and as hard as it claims."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from playground.data.datasets import DATASETS, IMAGES, PLANE, SPLITS, make_data
from playground.nn import Adam, NeuralNetwork
from playground.training.experiment import Experiment
from playground.training.loop import initial_network
from playground.training.trainer import Trainer

DRAWN = [name for name, dataset in PLANE.items() if not dataset.given]
EXTREMES = [(2, 0.0, 2, 0.1), (2, 0.5, 5, 1.0), (1000, 0.0, 5, 0.1), (1000, 0.5, 2, 1.0), (7, 0.1, 3, 0.7)]


def draw(name, seed=0, n_points=300, noise=0.1, n_classes=3, train_share=0.7):
    return make_data(name, np.random.default_rng(seed), n_points, noise, n_classes, train_share)


def pure(name, n_points=300, **knobs):
    """All points of a dataset without noise, and their labels."""
    data = draw(name, n_points=n_points, train_share=1.0, **{"noise": 0.0} | knobs)
    return data.X_train, data.y_train.argmax(axis=1)


def points(data):
    """The points of all parts with their labels, in an order that depends on nothing but them."""
    parts = [(data.X_train, data.y_train), (data.X_validation, data.y_validation), (data.X_test, data.y_test)]
    rows = np.vstack([np.hstack(part) for part in parts])
    return rows[np.lexsort(rows.T)]


@pytest.mark.parametrize(("n_points", "noise", "n_classes", "train_share"), EXTREMES)
@pytest.mark.parametrize("name", PLANE)
def test_points_are_finite_with_one_hot_labels_whatever_the_knobs(name, n_points, noise, n_classes, train_share):
    data = draw(name, 0, n_points, noise, n_classes, train_share)
    X, y = np.concatenate([data.X_train, data.X_test]), np.concatenate([data.y_train, data.y_test])
    assert data.n_classes == (n_classes if PLANE[name].many_classes else 2)
    assert X.shape == (4 if PLANE[name].given else n_points, 2)
    assert y.shape == (len(X), data.n_classes)
    assert np.isfinite(X).all()
    assert np.isin(y, (0, 1)).all()
    assert (y.sum(axis=1) == 1).all()


@pytest.mark.parametrize("name", PLANE)
def test_a_seed_draws_the_same_points_again(name):
    again, data = draw(name, seed=3), draw(name, seed=3)
    for part in ("X_train", "y_train", "X_test", "y_test"):
        assert np.array_equal(getattr(again, part), getattr(data, part))


@pytest.mark.parametrize("name", DRAWN)
def test_another_seed_draws_other_points(name):
    assert not np.isin(points(draw(name, seed=4))[:, 0], points(draw(name, seed=3))[:, 0]).any()


@pytest.mark.parametrize(("share", "n_points", "n_train"), [
    (0.1, 300, 30), (0.7, 300, 210), (1.0, 300, 300), (0.1, 2, 1), (0.7, 2, 1), (1.0, 2, 2), (0.1, 3, 1), (0.7, 7, 4),
])  # fmt: skip
def test_the_share_for_training_is_kept_and_at_least_one_point(share, n_points, n_train):
    data = draw("circles", n_points=n_points, train_share=share)
    assert (data.n_train, len(data.X_test)) == (n_train, n_points - n_train)


@pytest.mark.parametrize("name", DRAWN)
def test_the_split_parts_the_same_points_and_no_point_is_in_both(name):
    half, whole = points(draw(name, train_share=0.5)), points(draw(name, train_share=1.0))
    assert np.array_equal(half, whole)
    assert len(np.unique(half[:, :2], axis=0)) == len(half)


def test_the_split_is_at_random():
    labels = np.arange(300) % 2  # the order in which spirals are drawn
    data = draw("spirals", train_share=0.5)
    assert not np.array_equal(data.y_train.argmax(axis=1), labels[:150])
    assert 0.35 < data.y_train[:, 0].mean() < 0.65


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("name", DATASETS)
def test_the_classes_have_the_stated_shares(name, n_classes):
    """All equal where nothing is stated; within four standard deviations, as if each label were drawn."""
    _, labels = pure(name, n_points=1000, n_classes=n_classes)
    source = DATASETS[name]
    n_classes = n_classes if source.many_classes else source.n_classes
    shares = source.shares(n_classes) if source.shares else np.full(n_classes, 1 / n_classes)
    counts = np.bincount(labels, minlength=n_classes)
    assert shares.sum() == pytest.approx(1)
    assert (abs(counts - shares * len(labels)) <= 4 * np.sqrt(len(labels) * shares * (1 - shares))).all()


def best_of_seeds(name, units, activation, n_seeds, epochs):
    """The best accuracy of networks with one hidden layer that differ by their seed, at any time in training."""
    data = draw(name, noise=0.05, train_share=1.0)
    experiment = Experiment(hidden=(units,), activation=activation)
    networks = [initial_network(replace(experiment, seed=seed), data) for seed in range(n_seeds)]
    network, optimizer, best = NeuralNetwork.stack(networks), Adam(0.02), 0.0
    for epoch in range(epochs):
        network.step(data.X_train, data.y_train, optimizer)
        if epoch % 50 == 49:
            best = max(best, network.evaluate(data.X_train, data.y_train)[1].max())
    return best


@pytest.mark.parametrize(
    ("activation", "n_seeds", "epochs"),
    [("relu", 24, 600), *(pytest.param(name, 192, 1500, marks=pytest.mark.exhaustive) for name in ("relu", "tanh"))],
)
@pytest.mark.parametrize("name", ["xor_clouds", "circles"])
def test_three_hidden_units_can_part_it_and_two_can_not(name, activation, n_seeds, epochs):
    assert best_of_seeds(name, 2, activation, n_seeds, epochs) < 0.96
    assert best_of_seeds(name, 3, activation, n_seeds, epochs) > 0.99


LEARNER = {"hidden": (16, 16), "optimizer": "adam", "learning_rate": 0.01, "epochs": 100, "train_share": 1.0}


@pytest.mark.parametrize("name", PLANE)
def test_a_network_learns_it_and_not_by_naming_the_largest_class(name):
    source = PLANE[name]
    experiment = Experiment(dataset=name, **LEARNER | dict(source.learnt_with or {}))
    trainer = Trainer(experiment)
    largest = trainer.data.y_train.mean(axis=0).max()
    trainer.run()
    assert trainer.history.moments[-1].train_accuracy >= 0.9 > largest + 0.1


@pytest.mark.parametrize("name", DRAWN)
def test_noise_moves_the_points(name):
    calm, noisy = (pure(name, noise=noise)[0] for noise in (0.0, 0.4))
    assert noisy.std() > 1.02 * calm.std()


def test_clouds_of_one_class_are_in_opposite_corners():
    X, labels = pure("xor_clouds")
    assert np.array_equal(labels == 1, np.sign(X[:, 0]) != np.sign(X[:, 1]))
    assert 0.15 <= np.abs(X).min() < np.abs(X).max() <= 1.5


def test_circles_have_the_radii_1_4_and_half_of_it():
    X, labels = pure("circles")
    assert np.linalg.norm(X, axis=1) == pytest.approx(np.where(labels == 0, 1.4, 0.7))


@pytest.mark.parametrize("name", ["moons", "spirals"])
def test_two_arms_are_point_reflections_of_each_other(name):
    """Turned by 180°, the arm of class 1 lies on that of class 0: half a circle, and one and a half turns."""
    X, labels = pure(name)
    arm = X * np.where(labels == 0, 1, -1)[:, None]
    if name == "moons":
        centred = arm / 1.4 + [0.5, 0.25]
        assert np.linalg.norm(centred, axis=1) == pytest.approx(1)
        assert centred[:, 1].min() > -1e-9
    else:
        radius = np.linalg.norm(arm, axis=1) / 1.8
        turns = 1.5 * radius
        expected = 1.8 * radius[:, None] * np.column_stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)])
        assert arm == pytest.approx(expected)
        assert (radius.min(), radius.max()) == pytest.approx((0.1, 1.0), abs=0.02)


def test_a_straight_line_gets_seven_in_eight_of_the_moons_right():
    for seed in range(10):
        data = draw("moons", seed, train_share=1.0)
        X, labels = data.X_train, data.y_train.argmax(axis=1)
        assert LogisticRegression(C=1e6).fit(X, labels).score(X, labels) == pytest.approx(7 / 8, abs=0.03)


@pytest.mark.parametrize("n_classes", [2, 3, 4, 5])
def test_blobs_are_clouds_of_width_a_fifth_evenly_around_a_circle(n_classes):
    X, labels = pure("blobs", n_points=1000, n_classes=n_classes)
    for k in range(n_classes):
        angle = 2 * np.pi * k / n_classes
        assert X[labels == k].mean(axis=0) == pytest.approx([1.4 * np.cos(angle), 1.4 * np.sin(angle)], abs=0.08)
        assert X[labels == k].std(axis=0) == pytest.approx(0.2, rel=0.2)
    assert LogisticRegression().fit(X, labels).score(X, labels) > 0.98


@pytest.mark.parametrize(
    "knobs", [{}, {"seed": 9}, {"n_points": 2, "noise": 0.5}, {"n_classes": 5, "train_share": 0.1}]
)
def test_the_xor_of_the_course_is_its_four_points_whatever_the_knobs(knobs):
    data = draw("xor", **knobs)
    truth = {(a, b): a ^ b for a in (0, 1) for b in (0, 1)}
    drawn = {tuple(x): label for x, label in zip(data.X_train.tolist(), data.y_train.argmax(axis=1), strict=True)}
    assert drawn == truth
    assert len(data.X_test) == 0


@pytest.mark.parametrize("name", ["xor_clouds", "circles", "spirals", "checkerboard"])
def test_no_straight_line_separates_what_a_bent_one_does(name):
    X, labels = pure(name, noise=0.05)
    assert LogisticRegression().fit(X, labels).score(X, labels) < 0.7
    assert SVC(C=100, gamma=5).fit(X, labels).score(X, labels) > 0.97


def test_the_checkerboard_has_sixteen_squares_in_turn():
    X, labels = pure("checkerboard", n_points=1000)
    squares = np.floor(X / 0.8).astype(int) + 2
    colours = {}
    for square, label in zip(map(tuple, squares.tolist()), labels.tolist(), strict=True):
        assert colours.setdefault(square, label) == label
    assert len(colours) == 16
    assert all(
        colours[a, b] != colours[a, b + 1] and colours[b, a] != colours[b + 1, a] for a in range(4) for b in range(3)
    )


def test_each_of_the_unequal_clouds_is_half_as_large_as_the_one_before():
    assert PLANE["unequal_clouds"].shares(3) == pytest.approx([4 / 7, 2 / 7, 1 / 7])
    X, labels = pure("unequal_clouds", n_points=1000, n_classes=3)
    for k in range(3):
        assert X[labels == k].std(axis=0) == pytest.approx(0.2, rel=0.25)
        assert np.linalg.norm(X[labels == k].mean(axis=0)) == pytest.approx(1.2, abs=0.1)


# Splits


def labelled(split, seed=0, n_points=60, train_share=0.7):
    return make_data("blobs", np.random.default_rng(seed), n_points, 0.1, 5, train_share, split)


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("n_points", [2, 3, 7, 60])
def test_every_split_parts_all_points_however_few(split, n_points):
    data, shuffled = labelled(split, n_points=n_points), labelled("shuffled", n_points=n_points)
    found, expected = (np.concatenate([part.X_train, part.X_test]) for part in (data, shuffled))
    assert sorted(found.tolist()) == sorted(expected.tolist())
    assert data.n_train == shuffled.n_train >= 1


def test_a_stratified_split_has_each_class_in_its_share_in_both_parts():
    for seed in range(5):
        data = labelled("stratified", seed, n_points=1000)
        whole = data.y_train.sum(axis=0) + data.y_test.sum(axis=0)
        assert data.y_train.sum(axis=0) == pytest.approx(0.7 * whole, abs=1)
    assert not np.array_equal(labelled("stratified", 1).X_train, labelled("stratified", 2).X_train)


def test_the_last_part_is_the_end_of_the_file_cut_where_the_course_cuts_it():
    data = make_data("digits", np.random.default_rng(0), 0, 0.0, 0, 0.8, "last_part")
    X, labels = load_digits(return_X_y=True)
    cut = int(0.8 * len(X))
    middle = cut + (len(X) - cut) // 2
    assert np.array_equal(data.X_train, X[:cut] / 16)
    assert np.array_equal(data.X_validation, X[cut:middle] / 16)
    assert np.array_equal(data.X_test, X[middle:] / 16)
    assert np.array_equal(data.y_test, np.eye(10)[labels[middle:]])


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize(("share", "sizes"), [(0.8, (1437, 180, 180)), (0.9995, (1796, 1, 0)), (1.0, (1797, 0, 0))])
def test_of_the_digits_that_do_not_train_half_validate_and_each_is_in_one_part(split, share, sizes):
    data = make_data("digits", np.random.default_rng(0), 0, 0.0, 0, share, split)
    assert tuple(map(len, (data.X_train, data.X_validation, data.X_test))) == sizes
    whole = make_data("digits", np.random.default_rng(0), 0, 0.0, 0, 1.0)
    assert np.array_equal(points(data), points(whole))
    assert data.held_out == ("validation" if sizes[1] else "test")
    assert np.array_equal(data.X_held_out, data.X_validation)


def test_the_parts_of_a_stratified_split_of_the_digits_have_the_classes_alike():
    data = make_data("digits", np.random.default_rng(0), 0, 0.0, 0, 0.8, "stratified")
    assert np.abs(data.y_validation.sum(axis=0) - data.y_test.sum(axis=0)).max() <= 2


@pytest.mark.parametrize("name", DRAWN)
def test_points_in_the_plane_are_watched_on_the_test_part(name):
    data = draw(name)
    assert data.held_out == "test"
    assert np.array_equal(data.X_held_out, data.X_test)
    assert np.array_equal(data.y_held_out, data.y_test)


def test_whoever_changes_the_digits_changes_a_copy():
    draw = DATASETS["digits"].function
    draw(None, 0, 0, 0)[0][:] = 7
    assert draw(None, 0, 0, 0)[0].max() == 1


def test_points_in_the_plane_and_images_are_told_apart():
    assert {**PLANE, **IMAGES} == DATASETS
    assert all(source.n_features == 2 for source in PLANE.values())
    assert IMAGES["digits"].n_classes == 10
