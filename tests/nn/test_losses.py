"""A loss is a known number: scikit-learn's metric, and the logarithm of the number of classes for pure guessing."""

import numpy as np
import pytest
from nn.helpers import data
from sklearn.metrics import log_loss, mean_squared_error

from playground.nn import CrossEntropy, MeanSquaredError, Softmax


def test_both_losses_are_those_of_scikit_learn():
    X, y = data(30, 4, 4)
    p = Softmax().forward(X)
    assert CrossEntropy.value(p, y) == pytest.approx(log_loss(y, p), abs=1e-14)
    assert MeanSquaredError.value(X, y) == pytest.approx(mean_squared_error(y, X), abs=1e-14)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_who_knows_nothing_has_the_logarithm_of_the_number_of_classes(classes):
    _, y = data(7, 1, classes)
    assert CrossEntropy.value(np.full(y.shape, 1 / classes), y) == pytest.approx(np.log(classes))
    assert CrossEntropy.value(y, y) == MeanSquaredError.value(y, y) == 0


def test_a_stack_has_a_loss_for_each_network():
    p = np.array([[[1.0, 0.0]], [[0.5, 0.5]], [[0.25, 0.75]]])
    y = np.array([[1.0, 0.0]])
    assert CrossEntropy.value(p, y) == pytest.approx([0, np.log(2), np.log(4)])
    assert MeanSquaredError.value(p, y) == pytest.approx([0, 0.25, 0.5625])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_certain_and_wrong_is_dear_but_finite(dtype):
    y = np.array([[1, 0]], dtype)
    loss, gradient = CrossEntropy.value(1 - y, y), CrossEntropy.gradient(1 - y, y)
    assert loss == pytest.approx(-np.log(np.finfo(dtype).tiny))
    assert np.isfinite(gradient).all()


def test_softmax_and_cross_entropy_together_are_the_product_of_their_derivatives():
    X, y = data(6, 3, 3)
    softmax = Softmax()
    p = softmax.forward(X)
    jacobians = np.stack([np.diag(row) - np.outer(row, row) for row in p])
    product = (jacobians @ CrossEntropy.gradient(p, y)[..., None])[..., 0]
    assert np.allclose(softmax.backward(y), product, rtol=0, atol=1e-15)
