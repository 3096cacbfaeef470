"""A network computes in the precision of its parameters, whatever it is fed: one promoted array makes it slow."""

import numpy as np
import pytest
from nn.helpers import build, data, stack_of

from playground.nn import ACTIVATIONS, OPTIMIZERS

in_both_precisions = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def dtypes(*owners):
    """The kinds of all numbers that layers, networks or optimisers hold; masks and whole numbers do not count."""
    values = [value for owner in owners for value in vars(owner).values()]
    return {
        value.dtype.type for value in values if isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f"
    }


@in_both_precisions
@pytest.mark.parametrize("fed", [np.int64, np.float32, np.float64])
@pytest.mark.parametrize("softmax", [True, False], ids=["cross-entropy", "squared error"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("stack", [(), (3,)])
def test_training_keeps_the_precision_of_the_parameters(stack, activation, softmax, fed, dtype):
    network = stack_of(lambda seed: build((2, 5, 3), activation, "he_normal", True, softmax, seed, dtype), stack)
    X, y = (array.astype(fed) for array in data(9, 2, 3))
    optimizer = OPTIMIZERS["adam"](np.full(stack, 0.1))
    network.step(X, y, optimizer, l2=0.1)
    assert dtypes(network, optimizer, *network.layers) == {dtype}
    assert network.forward(X).dtype == network.evaluate(X, y)[0].dtype == dtype
    dout = network.loss.gradient(network.layers[-1].output, y.astype(dtype))
    assert dout.dtype == dtype
    for layer in network.layers[:0:-1]:
        dout = layer.backward(dout)
        assert dout.dtype == dtype, layer


@in_both_precisions
@pytest.mark.parametrize("rate", [0.1, np.float64(0.1), np.array([0.1, 0.2])], ids=["float", "float64", "array"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_keeps_the_precision_of_the_parameters(name, rate, dtype):
    optimizer, parameters = OPTIMIZERS[name](rate), np.ones((2, 5), dtype)
    optimizer.step(parameters, np.ones((2, 5), dtype))
    state = {key: value for key, value in vars(optimizer).items() if key != "learning_rate"}
    assert {value.dtype.type for value in state.values() if isinstance(value, np.ndarray)} <= {dtype}
    assert parameters.dtype == dtype


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_float32_trains_as_float64_does_to_four_digits(optimizer):
    losses = []
    for dtype in (np.float32, np.float64):
        network, (X, y) = build((2, 5, 3), batch_norm=True, dtype=dtype), data(64, 2, 3)
        network.train(X, y, epochs=5, optimizer=OPTIMIZERS[optimizer](0.01), rng=np.random.default_rng(0))
        losses.append(network.evaluate(X, y)[0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert losses[0] != losses[1]
