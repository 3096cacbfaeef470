"""Batch normalisation takes each feature's mean and spread away: the batch's in training, the running ones after it."""

import numpy as np
import pytest
from nn.helpers import build, data

from playground.nn import BatchNorm

COLUMN = np.array([[1.0], [2.0], [3.0], [6.0]])  # mean 3, variance 14/4, unbiased 14/3


def test_the_training_output_has_mean_beta_and_standard_deviation_gamma():
    norm = BatchNorm(3, epsilon=0)
    norm.gamma, norm.beta = [0.5, 1, 2], [-1, 0, 5]
    output = norm.forward(7 + 3 * data(50, 3, 2)[0])
    assert np.allclose(output.mean(axis=0), norm.beta, rtol=0, atol=1e-12)
    assert np.allclose(output.std(axis=0), norm.gamma, rtol=0, atol=1e-12)


def test_the_output_is_normalised_by_the_biased_variance_and_epsilon():
    output = BatchNorm(1).forward(COLUMN)
    assert np.allclose(output, np.array([[-2], [-1], [0], [3]]) / np.sqrt(3.5 + 1e-5), rtol=0, atol=1e-15)


def test_the_running_statistics_follow_the_rule_of_pytorch():
    """0.9 of the old and 0.1 of the new, of the unbiased variance, starting at 0 and 1."""
    norm = BatchNorm(1)
    for mean, var in [(0.3, 0.9 + 1.4 / 3), (0.57, 0.81 + 0.19 * 14 / 3)]:
        norm.forward(COLUMN)
        assert norm.running_mean == pytest.approx(mean)
        assert norm.running_var == pytest.approx(var)


def test_the_evaluation_output_is_a_fixed_straight_line():
    norm = BatchNorm(1)
    norm.running_mean, norm.running_var, norm.gamma, norm.beta = 2, 4 - 1e-5, 3, 1
    norm.training = False
    assert np.allclose(norm.forward(COLUMN), [[-0.5], [1], [2.5], [7]], rtol=0, atol=1e-14)


def test_in_evaluation_the_other_rows_do_not_matter():
    network, (X, y) = build((3, 5, 2), batch_norm=True), data(20, 3, 2)
    network.forward(X)
    before = network.state()
    together = network.forward(X, training=False)
    alone = np.concatenate([network.forward(X[i : i + 1], training=False) for i in range(20)])
    assert np.allclose(together, alone, rtol=0, atol=1e-15)
    assert not np.allclose(together, network.forward(X), rtol=0, atol=1e-3)
    network.restore(before)
    network.evaluate(X, y)
    assert all(np.array_equal(array, before[name]) for name, array in network.state().items())


def test_a_batch_of_one_gives_beta_and_leaves_the_running_variance_to_the_next():
    norm = BatchNorm(3)
    norm.beta, norm.running_var = [1, 2, 3], [4, 5, 6]
    assert np.array_equal(norm.forward(np.array([[10.0, 20.0, -30.0]])), [[1, 2, 3]])
    assert np.array_equal(norm.running_var, [4, 5, 6])
    assert np.allclose(norm.running_mean, [1, 2, -3])
    assert not norm.backward(np.ones((1, 3))).any()
    norm.forward(np.array([[10.0, 20.0, -30.0], [12.0, 20.0, -30.0]]))
    assert np.allclose(norm.running_var, [0.9 * 4 + 0.1 * 2, 0.9 * 5, 0.9 * 6])


def test_neither_scale_nor_shift_of_the_input_changes_the_output():
    X, _ = data(20, 3, 2)
    outputs = [BatchNorm(3, epsilon=0).forward(array) for array in (X, 5 * X - 2)]
    assert np.allclose(*outputs, rtol=0, atol=1e-12)


def test_so_the_gradient_has_no_part_along_either():
    """Ones are the direction of a shift, x_hat that of a scale: moving there changes nothing, so the gradient is 0."""
    norm = BatchNorm(3, epsilon=0)
    norm.gamma = [0.5, 1, 2]
    norm.forward(data(20, 3, 2)[0])
    dX = norm.backward(data(20, 3, 2, seed=1)[0])
    assert np.abs(dX).max() > 0.1
    assert np.allclose(dX.sum(axis=0), 0, rtol=0, atol=1e-12)
    assert np.allclose((dX * norm.X_hat).sum(axis=0), 0, rtol=0, atol=1e-12)


def test_a_bias_before_batch_normalisation_never_moves():
    network, (X, y) = build((3, 5, 2), batch_norm=True), data(20, 3, 2)
    network.forward(X)
    network.backward(y)
    first, last = network.dense
    assert np.abs(first.db).max() < 1e-15 < 1e-3 < np.abs(last.db).max()
