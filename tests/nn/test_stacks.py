"""A network in a stack trains as it does alone: not approximately, but to the last bit."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nn.helpers import build, data, stack_of

from playground.nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, SGD, BatchNorm, Layer, NeuralNetwork

SCHEMES = list(INITIALIZERS)


def train(network, X, y, batch, optimizer, l2=0.0):
    """One pass through the examples, then evaluation on all of them: output, loss, accuracy."""
    for i in range(0, X.shape[-2], batch):
        network.step(X[..., i : i + batch, :], y[..., i : i + batch, :], optimizer, l2)
    return network.forward(X, training=False), *network.evaluate(X, y)


def assert_same(network, alone):
    """Parameters and running statistics are equal in every bit."""
    states = network.state(), alone.state()
    assert states[0].keys() == states[1].keys()
    for name, array in states[0].items():
        assert np.array_equal(array, states[1][name]), name


def assert_stack_trains_as_each_alone(networks, X, y, batch, optimizers, l2=0.0):
    """`optimizers(i)` makes the optimiser of network i, `optimizers(None)` that of the stack."""
    before = networks[0].state()["parameters"]
    stack = NeuralNetwork.stack(networks)
    results = train(stack, X, y, batch, optimizers(None), l2)
    for i, alone in enumerate(networks):
        own_X, own_y = (X, y) if X.ndim == 2 else (X[i], y[i])
        for of_stack, of_one in zip(results, train(alone, own_X, own_y, batch, optimizers(i), l2), strict=True):
            assert np.array_equal(of_stack[i], of_one)
        assert_same(stack.select(i), alone)
    assert not np.array_equal(before, networks[0].parameters)


def mixed(sizes, n=4, **options):
    """Networks of one shape, each with a seed and a scheme of its own."""
    return [build(sizes, scheme=SCHEMES[-1 - i % len(SCHEMES)], seed=i, **options) for i in range(n)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_stack_trains_exactly_as_each_network_alone(optimizer, batch_norm, dtype):
    networks = mixed((2, 8, 8, 3), n=len(SCHEMES), batch_norm=batch_norm, dtype=dtype)
    assert_stack_trains_as_each_alone(networks, *data(71, 2, 3), 32, lambda i: OPTIMIZERS[optimizer](0.05), l2=0.01)


SHAPES = {  # name: sizes, examples, batch
    "batches of one": ((2, 4, 2), 3, 1),
    "last batch of one": ((2, 4, 2), 9, 4),
    "one hidden unit": ((2, 1, 2), 10, 4),
    "one input": ((1, 3, 2), 10, 4),
    "no hidden layer": ((4, 3), 10, 4),
    "five classes": ((3, 6, 5), 10, 4),
    "as wide as the digits": ((64, 128, 64, 10), 70, 32),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize(("sizes", "n", "batch"), SHAPES.values(), ids=SHAPES)
def test_a_stack_of_any_shape_trains_exactly_as_each_network_alone(sizes, n, batch, batch_norm, dtype):
    networks = mixed(sizes, batch_norm=batch_norm, dtype=dtype)
    X, y = data(n, sizes[0], sizes[-1])
    assert_stack_trains_as_each_alone(networks, X, y, batch, lambda i: OPTIMIZERS["adam"](0.05))


@settings(deadline=None, max_examples=150)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    classes=st.integers(2, 5),
    n=st.integers(1, 40),
    batch=st.integers(1, 40),
    networks=st.integers(1, 5),
    activation=st.sampled_from(list(ACTIVATIONS)),
    optimizer=st.sampled_from(list(OPTIMIZERS)),
    dtype=st.sampled_from([np.float32, np.float64]),
    flags=st.tuples(*[st.booleans()] * 4),
)
@example([2, 8, 8], 2, 33, 32, 5, "tanh", "sgd", np.float32, (True, True, True, True))
def test_whatever_is_stacked_trains_as_alone(sizes, classes, n, batch, networks, activation, optimizer, dtype, flags):
    batch_norm, softmax, decay, own = flags
    options = {"activation": activation, "batch_norm": batch_norm, "softmax": softmax, "dtype": dtype}
    members = mixed((*sizes, classes), networks, **options)
    X, y = data(n, sizes[0], classes, stack=(networks,) if own else ())
    l2 = 0.1 if decay else 0.0
    assert_stack_trains_as_each_alone(members, X, y, batch, lambda i: OPTIMIZERS[optimizer](0.01), l2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_one_learning_rate_a_network_acts_as_each_number_alone(optimizer, dtype):
    rates = np.array([0.1, 0.03, 0.01, 0.0])

    def optimizers(i):
        return OPTIMIZERS[optimizer](rates if i is None else rates[i])

    assert_stack_trains_as_each_alone(mixed((2, 5, 3), batch_norm=True, dtype=dtype), *data(30, 2, 3), 8, optimizers)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_two_stack_axes_train_as_each_network_alone(optimizer):
    def make(seed):
        return build((2, 5, 3), batch_norm=True, seed=seed)

    rates = np.array([[0.1], [0.01]]) * np.ones(3)
    grid, (X, y) = stack_of(make, (2, 3)), data(30, 2, 3)
    assert grid.stack_shape == (2, 3)
    output, loss, accuracy = train(grid, X, y, 8, OPTIMIZERS[optimizer](rates), l2=0.01)
    assert loss.shape == accuracy.shape == (2, 3)
    for index in np.ndindex(2, 3):
        alone = make(3 * index[0] + index[1])
        expected = train(alone, X, y, 8, OPTIMIZERS[optimizer](rates[index]), l2=0.01)
        for of_stack, of_one in zip((output, loss, accuracy), expected, strict=True):
            assert np.array_equal(of_stack[index], of_one)
        assert_same(grid.select(index), alone)


def test_select_gives_back_what_was_stacked():
    networks = mixed((2, 5, 3), batch_norm=True)
    stack = NeuralNetwork.stack(networks)
    assert stack.stack_shape == (4,)
    for i, network in enumerate(networks):
        assert stack.select(i).stack_shape == ()
        assert_same(stack.select(i), network)
    assert_same(stack.select(slice(1, 3)), NeuralNetwork.stack(networks[1:3]))
    assert_same(stack.select([2, 0]), NeuralNetwork.stack([networks[2], networks[0]]))
    assert_same(stack.select(), stack)


def test_stack_and_select_copy():
    networks = mixed((2, 5, 3), batch_norm=True)
    stack = NeuralNetwork.stack(networks)
    selected, before = stack.select(1), stack.state()
    for other in (*networks, selected):
        other.step(*data(10, 2, 3), SGD(1.0))
        other.gradients[...] = 7
    assert all(np.array_equal(array, before[name]) for name, array in stack.state().items())
    assert not stack.gradients.any()


def test_networks_of_different_shape_or_kind_do_not_stack():
    with pytest.raises(ValueError, match="same shape"):
        NeuralNetwork.stack([build((2, 5, 3)), build((2, 4, 3))])
    with pytest.raises(ValueError, match="one kind"):
        NeuralNetwork.stack([build((2, 5, 5)), build((2, 5, 5, 5))])
    with pytest.raises(ValueError, match="one kind"):
        NeuralNetwork.stack([build((2, 5, 3), "tanh"), build((2, 5, 3), "relu")])
    with pytest.raises(ValueError, match="same settings"):
        Layer.stack([BatchNorm(3, epsilon=1e-5), BatchNorm(3, epsilon=1e-3)])


def test_weight_decay_may_be_one_value_a_network():
    networks, decays = mixed((2, 5, 3)), (0.0, 0.1, 0.5)
    stack = NeuralNetwork.stack(networks[:3])
    X, y = data(10, 2, 3)
    stack.step(X, y, SGD(0.1), np.array(decays))
    for i, decay in enumerate(decays):
        networks[i].step(X, y, SGD(0.1), decay)
        assert np.array_equal(stack.parameters[i], networks[i].parameters)
