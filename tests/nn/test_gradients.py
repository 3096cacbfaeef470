"""Backward is right when it agrees with the loss itself, and the check that says so notices when it is not."""

import numpy as np
import pytest
from nn.helpers import build, data, stack_of

from playground.nn import (
    ACTIVATIONS,
    SGD,
    BatchNorm,
    CrossEntropy,
    Dense,
    MeanSquaredError,
    Softmax,
    Tanh,
    check_layer,
    check_network,
    numerical_gradient,
    relative_error,
)

RIGHT, WRONG = 1e-6, 1e-2  # relative errors below the one and above the other

STACKS = {  # name: stack axes of the networks, stack axes of X
    "alone": ((), ()),
    "stack, own X": ((3,), (3,)),
    "stack, one X": ((3,), ()),
    "two axes, own X": ((2, 3), (2, 3)),
    "two axes, X along one": ((2, 3), (3,)),
    "two axes, one X": ((2, 3), ()),
}
in_every_stack = pytest.mark.parametrize(("stack", "own"), STACKS.values(), ids=STACKS)


def drawn(layer, seed, training=True):
    """The layer with random parameters and running statistics, all positive."""
    rng = np.random.default_rng(seed)
    for name in layer.parameters + layer.buffers:
        setattr(layer, name, rng.uniform(0.5, 2, getattr(layer, name).shape))
    layer.training = training
    return layer


LAYERS = {
    "Dense": lambda seed: drawn(Dense(4, 3), seed),
    "BatchNorm in training": lambda seed: drawn(BatchNorm(4), seed),
    "BatchNorm in evaluation": lambda seed: drawn(BatchNorm(4), seed, training=False),
    **{name: lambda seed, activation=activation: activation() for name, activation in ACTIVATIONS.items()},
}


@in_every_stack
@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_every_layer_has_the_gradient_of_its_output(make, stack, own):
    X, _ = data(5, 4, 2, stack=own)
    errors = check_layer(stack_of(make, stack), X)
    assert max(errors.values()) < RIGHT, errors


@pytest.mark.parametrize("stack", [(), (3,), (2, 3)])
def test_softmax_has_the_gradient_of_the_cross_entropy(stack):
    X, y = data(5, 4, 4, stack=stack)
    assert check_layer(Softmax(), X, y)["X"] < RIGHT


@pytest.mark.parametrize("stack", [(), (3,), (2, 3)])
@pytest.mark.parametrize("loss", [CrossEntropy, MeanSquaredError])
def test_every_loss_has_the_gradient_of_its_value(loss, stack):
    _, y = data(5, 4, 3, stack=stack)
    p = np.random.default_rng(0).dirichlet(np.full(3, 5), (*stack, 5))
    numerical = numerical_gradient(lambda: loss.value(p, y).sum(), p)
    assert relative_error(loss.gradient(p, y), numerical) < RIGHT


@in_every_stack
@pytest.mark.parametrize("softmax", [True, False], ids=["cross-entropy", "squared error"])
@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_network_has_the_gradient_of_its_loss(activation, batch_norm, softmax, stack, own):
    network = stack_of(lambda seed: build((3, 4, 3, 2), activation, "lecun_normal", batch_norm, softmax, seed), stack)
    X, y = data(6, 3, 2, stack=own)
    errors = check_network(network, X, y)
    assert len(errors) == (10 if batch_norm else 6)
    assert max(errors.values()) < RIGHT, errors


@pytest.mark.parametrize("stack", [(), (3,)])
def test_weight_decay_is_the_gradient_of_half_the_sum_of_squared_weights(stack):
    network = stack_of(lambda seed: build((3, 4, 2), batch_norm=True, seed=seed), stack)
    X, y = data(6, 3, 2)
    before, l2 = network.select(), 0.3

    def loss():
        penalty = sum((layer.W**2).sum() for layer in before.dense)
        return before.loss.value(before.forward(X), y).sum() + l2 / 2 * penalty

    network.step(X, y, SGD(1.0), l2)
    assert relative_error(before.parameters - network.parameters, numerical_gradient(loss, before.parameters)) < RIGHT


def test_the_numerical_gradient_of_a_cube_is_three_squares():
    x = np.linspace(-2, 2, 6).reshape(2, 3)
    before = x.copy()
    assert np.allclose(numerical_gradient(lambda: (x**3).sum(), x), 3 * before**2, rtol=0, atol=1e-8)
    assert np.array_equal(x, before)


def test_the_relative_error_goes_from_zero_for_equal_to_one_for_opposite():
    a = np.array([3.0, -4.0])
    assert relative_error(a, a) == 0
    assert relative_error(a, 0 * a) == relative_error(a, -a) == 1
    assert relative_error(a, 1.02 * a) == pytest.approx(0.02 / 2.02)
    assert relative_error(np.array([1e-9]), np.array([0.0])) < 1e-4


def test_the_check_leaves_what_it_checks_as_it_was():
    network, (X, y) = build((3, 4, 2), batch_norm=True), data(6, 3, 2)
    before = network.state()
    check_network(network, X, y)
    check_layer(network.layers[1], data(6, 4, 2)[0])
    assert all(np.array_equal(array, before[name]) for name, array in network.state().items())


def transpose_forgotten(layer, dout):
    """Dense with dX = G W, which on a square W has the right shape."""
    layer.dW, layer.db = layer.X.mT @ dout, dout.sum(axis=-2)
    return dout @ layer.W


def statistics_taken_for_constants(layer, dout):
    """Batch normalisation without the paths through the mean and the variance."""
    layer.dgamma, layer.dbeta = (dout * layer.X_hat).sum(axis=-2), dout.sum(axis=-2)
    return dout * layer.gamma / layer.std


MISTAKES = {
    "transpose forgotten": (Dense, transpose_forgotten),
    "mean forgotten": (Softmax, lambda layer, y: layer.output - y),
    "slope of the activation forgotten": (Tanh, lambda layer, dout: dout),
    "statistics taken for constants": (BatchNorm, statistics_taken_for_constants),
}


@pytest.mark.parametrize(("layer", "mistake"), MISTAKES.values(), ids=MISTAKES)
def test_the_check_catches_a_wrong_backward_pass(layer, mistake, monkeypatch):
    network = build((3, 3, 3, 3), batch_norm=True)
    X, y = data(6, 3, 3)
    assert max(check_network(network, X, y).values()) < RIGHT
    wrong = next(one for one in network.layers[1:] if isinstance(one, layer))
    monkeypatch.setattr(layer, "backward", mistake)
    assert max(check_network(network, X, y).values()) > WRONG
    assert check_layer(wrong, X, y if layer is Softmax else None)["X"] > WRONG
