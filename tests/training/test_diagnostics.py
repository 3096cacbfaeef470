"""What is shown about a network is true, and a snapshot changes nothing."""

from itertools import pairwise

import numpy as np
import pytest
from runs import DEGENERATE, assert_same_state, snapshot_after, trained

from playground.data.datasets import PLANE
from playground.nn import ACTIVATIONS, BatchNorm, Dense, NeuralNetwork, ReLU, Softmax
from playground.training.diagnostics import (
    class_probabilities,
    dead_shares,
    distinct_units,
    layer_statistics,
    snapshot,
    view_limits,
)
from playground.training.experiment import Experiment
from playground.training.loop import build_network
from playground.training.trainer import Trainer

STATISTICS = (
    "weights", "activations", "mean", "std", "z_std", "dead", "saturated", "weight_gradient", "gradient_norm",
    "z_gradient_norm", "distinct",
)  # fmt: skip


def dense(W, b=None):
    """A layer with the given weights, and biases 0 if none are given."""
    W = np.array(W, float)
    layer = Dense(*W.shape)
    layer.W, layer.b = W, 0 if b is None else b
    return layer


@pytest.fixture
def by_hand():
    """Statistics of two points through two ReLUs, of which the second is dead, and a softmax: 3/4 and 9/10 for class 0.

    The points are the unit vectors, one of each class. z = (1, -1) and (2, -2), so a = (1, 0) and (2, 0).
    """
    network = NeuralNetwork([dense([[1, -1], [2, -2]]), ReLU(), dense([[np.log(3), 0], [0, 0]]), Softmax()])
    return layer_statistics(network, np.eye(2), np.eye(2))


def test_layers_are_named_and_measured_from_the_input_on(by_hand):
    assert [layer.name for layer in by_hand] == ["Hidden 1", "Output"]
    wide = layer_statistics(NeuralNetwork([Dense(2, 3), ReLU(), Dense(3, 5), Softmax()]), np.eye(2), np.eye(5)[:2])
    assert [(layer.fan_in, layer.fan_out) for layer in wide] == [(2, 3), (3, 5)]


def test_mean_and_deviation_are_of_the_activations(by_hand):
    hidden, output = by_hand
    assert hidden.activations.tolist() == [[1, 0], [2, 0]]
    assert hidden.mean == pytest.approx(3 / 4)
    assert hidden.std == pytest.approx(np.sqrt(5 / 4 - 9 / 16))
    assert output.activations == pytest.approx(np.array([[0.75, 0.25], [0.9, 0.1]]))
    assert output.mean == pytest.approx(1 / 2)


def test_the_gradient_norm_is_of_the_mean_loss_and_every_weight(by_hand):
    """(p - y) / 2 is (-1/8, 1/8) and (9/20, -9/20); times a in the output, times log 3 on the way to the live unit."""
    hidden, output = by_hand
    assert output.gradient_norm == pytest.approx(np.hypot(*[9 / 10 - 1 / 8] * 2))
    assert hidden.gradient_norm == pytest.approx(np.log(3) * np.hypot(1 / 8, 9 / 20))


def test_the_gradient_of_z_is_on_its_way_back_through_weights_and_slopes(by_hand):
    """(p - y) / 2 has twice the norms below; back through (log 3, 0) it reaches the live unit alone."""
    hidden, output = by_hand
    assert output.z_gradient_norm == pytest.approx(np.sqrt(2) * np.hypot(1 / 8, 9 / 20))
    assert hidden.z_gradient_norm == pytest.approx(np.log(3) * np.hypot(1 / 8, 9 / 20))
    assert hidden.weight_gradient == pytest.approx(np.log(3) * np.array([[-1 / 8, 0], [9 / 20, 0]]))


def test_the_deviation_of_z_is_before_the_activation(by_hand):
    hidden, output = by_hand
    assert hidden.z_std == pytest.approx(np.std([1, -1, 2, -2]))
    assert output.z_std == pytest.approx(np.std([np.log(3), 0, 2 * np.log(3), 0]))


def test_dead_for_all_points_is_what_no_point_wakes():
    """The second unit is off for both unit vectors, and on for the point (-1, 0)."""
    network = NeuralNetwork([dense([[1, -1], [2, -2]]), ReLU(), dense(np.eye(2)), Softmax()])
    assert dead_shares(network, np.eye(2)) == [1 / 2]
    assert dead_shares(network, np.array([[1.0, 0], [0, 1], [-1, 0]])) == [0]


def test_only_units_without_slope_for_any_example_are_dead(by_hand):
    assert by_hand[0].dead == 1 / 2
    assert by_hand[1].dead is by_hand[1].saturated is by_hand[0].saturated is None


@pytest.mark.parametrize(("activation", "beyond", "within"), [("tanh", 2.2, 2.1), ("sigmoid", 4.4, 4.3)])
def test_saturated_is_where_the_slope_is_below_a_twentieth(activation, beyond, within):
    """Slopes: 1 - tanh² = 0.048 at 2.2 and 0.058 at 2.1, of 1; 0.0120 at 4.4 and 0.0132 at 4.3, of 1/4."""
    network = NeuralNetwork([dense([[beyond, within, 0]]), ACTIVATIONS[activation](), Dense(3, 2), Softmax()])
    hidden = layer_statistics(network, np.array([[1.0], [-1.0], [0.0], [0.0]]), np.eye(2)[[0, 1, 0, 1]])[0]
    assert hidden.saturated == pytest.approx(2 / 12)
    assert hidden.dead is None


@pytest.mark.parametrize("activation", ["linear", "leaky_relu"])
def test_what_can_neither_die_nor_saturate_is_not_said_to(activation):
    hidden = layer_statistics(build_network(Experiment(activation=activation), np.random, 2, 2), np.eye(2), np.eye(2))[
        0
    ]
    assert hidden.dead is hidden.saturated is None


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_statistics_of_a_stack_are_those_of_each_network_alone(activation, batch_norm):
    schemes = ["zeros", "unit_normal", "glorot_normal", "small_normal"]
    networks = [
        build_network(
            Experiment(initializer=scheme, activation=activation, batch_norm=batch_norm, hidden=(6, 5)),
            np.random.default_rng(0), 2, 3,
        )
        for scheme in schemes
    ]  # fmt: skip
    X, y = np.random.default_rng(1).standard_normal((20, 2)), np.eye(3)[np.arange(20) % 3]
    stacked = layer_statistics(NeuralNetwork.stack(networks), X, y)
    for i, network in enumerate(networks):
        for of_stack, of_one in zip(stacked, layer_statistics(network, X, y), strict=True):
            for name in STATISTICS:
                one, all_of_them = getattr(of_one, name), getattr(of_stack, name)
                assert (one is None) == (all_of_them is None)
                if one is not None:
                    assert np.shape(one) == np.shape(all_of_them[i])
                    assert all_of_them[i] == pytest.approx(one, rel=1e-9, abs=1e-15)


WEIGHTS = np.array([[0.3, -1.2, 0.8, 0.1], [0.7, 0.4, -0.5, 1.5]])


@pytest.mark.parametrize(("columns", "distinct"), [
    ([0, 1, 2, 3], 4), ([0, 0, 2, 3], 3), ([0, 1, 0, 1], 2), ([2, 2, 2, 2], 1), ([3], 1), ([0, 1, 2, 0, 1, 2, 0], 3),
])  # fmt: skip
def test_copies_of_a_unit_count_once_in_whatever_order(columns, distinct):
    rng = np.random.default_rng(0)
    for order in (columns, columns[::-1], rng.permutation(columns)):
        assert distinct_units(dense(WEIGHTS[:, order])) == distinct


def test_rounding_makes_no_unit_distinct_and_a_bias_does():
    twins = WEIGHTS[:, [0, 0, 1, 1]]
    assert distinct_units(dense(twins * (1 + 1e-14 * np.arange(4)))) == 2
    assert distinct_units(dense(1e6 * twins + 1e-8 * np.arange(4))) == 2
    assert distinct_units(dense(twins, b=[0, 0.1, 0, 0])) == 3
    assert distinct_units(dense(twins + np.array([0, 0.1, 0, 0]))) == 3


def test_small_weights_are_as_distinct_as_large_ones():
    assert [distinct_units(dense(scale * WEIGHTS)) for scale in (1e-9, 1.0, 1e9)] == [4, 4, 4]
    assert distinct_units(dense(0 * WEIGHTS)) == 1


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
def test_update_ratios_are_the_last_step_over_the_weights_before_it(batch_norm):
    trainer = Trainer(Experiment(batch_norm=batch_norm, optimizer="adam", hidden=(4, 3)))
    assert np.isnan(trainer.history.moments[0].update_ratios).all()
    trainer.run(3)
    before = [layer.W.copy() for layer in trainer.network.dense]
    trainer.step()
    trainer.record()
    expected = [
        np.linalg.norm(layer.W - W) / np.linalg.norm(W) for layer, W in zip(trainer.network.dense, before, strict=True)
    ]
    assert trainer.history.moments[-1].update_ratios == pytest.approx(expected)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
def test_a_look_back_shows_that_moment(batch_norm):
    experiment = Experiment(epochs=30, batch_norm=batch_norm).changed(80, learning_rate=0.3)
    trainer = Trainer(experiment)
    trainer.run(10**6)
    for index, rate in ((0, 0.1), (10, 0.1), (12, 0.3), (30, 0.3)):
        seen = snapshot(trainer, index)
        assert seen.moment is trainer.history.moments[index]
        assert seen.moments == trainer.history.moments[: index + 1]
        assert seen.experiment.learning_rate == rate
        assert seen.network.evaluate(seen.data.X_train, seen.data.y_train)[0] == seen.moment.train_loss
        for layer, now, start in zip(seen.layers, seen.network.dense, seen.start, strict=True):
            assert np.array_equal(layer.weights, now.W)
            assert np.array_equal(start, layer.weights) == (index == 0)


def test_a_look_measures_as_in_training():
    """In training, batch normalisation makes each feature of mean 0 and deviation 1, whatever has run before."""
    seen = snapshot_after(1, batch_norm=True, activation="linear")
    norm = next(layer for layer in seen.network.layers if isinstance(layer, BatchNorm))
    z = (seen.layers[0].activations - norm.beta) / norm.gamma
    assert z.mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert z.std(axis=0) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
def test_looking_does_not_disturb_training(batch_norm):
    looked, alone = (Trainer(Experiment(epochs=10, batch_norm=batch_norm)) for _ in range(2))
    while not looked.finished:
        looked.run(5)
        looked.record()
        for index in (0, looked.history.kept[-1]):
            seen = snapshot(looked, index)
            class_probabilities(seen.network, -1, 1)
            seen.network.parameters[...] = 0
    alone.run(10**6)
    assert_same_state(looked.network, alone.network)


def test_only_the_end_of_a_run_is_said_to_diverge():
    trainer = trained(25, **DEGENERATE["runaway"])
    told = [snapshot(trainer, index).diverged for index in trainer.history.kept]
    expected = {trainer.last_good: "runaway", trainer.history.kept[-1]: "runaway"}
    assert told == [expected.get(index, "") for index in trainer.history.kept]


@pytest.mark.parametrize(("feature", "axis"), [(0, 1), (1, 0)], ids=["x1 along the columns", "x2 along the rows"])
def test_class_probabilities_stand_as_in_the_plane(feature, axis):
    W = np.zeros((2, 2))
    W[feature, 1] = 3.0
    p = class_probabilities(NeuralNetwork([dense(W, b=[0, -3]), Softmax()]), -2.0, 4.0, grid=7)
    assert p.shape == (7, 7, 2)
    expected = 1 / (1 + np.exp(-3 * (np.arange(-2, 5) - 1.0)))  # class 1 where the feature is above 1
    for line in np.moveaxis(p[..., 1], axis, -1):
        assert line == pytest.approx(expected)
    assert p.sum(axis=-1) == pytest.approx(1)


def test_class_probabilities_of_a_stack_are_those_of_each_network():
    networks = [build_network(Experiment(seed=seed), np.random.default_rng(seed), 2, 3) for seed in range(3)]
    stacked = class_probabilities(NeuralNetwork.stack(networks), -1, 2, grid=5)
    assert stacked.shape == (3, 5, 5, 3)
    for network, p in zip(networks, stacked, strict=True):
        assert p == pytest.approx(class_probabilities(network, -1, 2, grid=5))


def test_class_probabilities_are_those_of_evaluation_whatever_else_is_on_the_grid():
    network = snapshot_after(2, batch_norm=True).network
    corners = [class_probabilities(network, -1, 2, grid)[:: grid - 1, :: grid - 1] for grid in (2, 5)]
    assert corners[0] == pytest.approx(corners[1])
    assert corners[0][0, 1] == pytest.approx(network.forward(np.array([[2.0, -1.0]]), training=False)[0])


@pytest.mark.parametrize("n_points", [2, 3, 300])
@pytest.mark.parametrize("name", PLANE)
def test_the_view_shows_all_points_with_a_margin_and_little_more(name, n_points):
    for seed in range(5):
        data = Trainer(Experiment(dataset=name, n_points=n_points, data_seed=seed)).data
        X = np.concatenate([data.X_train, data.X_test])
        low, high = view_limits(data)
        assert low < high
        assert min(X.min() - low, high - X.max()) > 0.02 * (high - low)
        assert n_points < 300 or high - low < 1.3 * max(1, X.max() - X.min())


def test_as_many_layers_are_seen_as_the_network_has():
    widths = (7, 3, 5)
    seen = snapshot_after(0, hidden=widths)
    assert [(layer.fan_in, layer.fan_out) for layer in seen.layers] == list(pairwise((2, *widths, 2)))
    assert [layer.name for layer in seen.hidden] == ["Hidden 1", "Hidden 2", "Hidden 3"]
