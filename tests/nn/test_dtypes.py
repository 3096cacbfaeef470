"""A network computes in the precision of its parameters for any input: one promoted array makes it slow."""

import numpy as np
import pytest
from nn.helpers import build, data, stack_of

from playground.nn import ACTIVATIONS, OPTIMIZERS, SGD

in_both_precisions = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def dtypes(*owners):
    """The types of all arrays that layers, networks or optimisers hold; what the caller gave does not count."""
    held = [value for owner in owners for name, value in vars(owner).items() if name != "learning_rate"]
    return {value.dtype.type for value in held if isinstance(value, np.ndarray | np.generic)}


@in_both_precisions
@pytest.mark.parametrize("fed", [np.int64, np.float32, np.float64])
@pytest.mark.parametrize("softmax", [True, False], ids=["cross-entropy", "squared error"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("stack", [(), (3,)])
def test_training_keeps_the_precision_of_the_parameters(stack, activation, softmax, fed, dtype):
    network = stack_of(lambda seed: build((2, 5, 3), activation, "he_normal", True, softmax, seed, dtype), stack)
    X, y = (array.astype(fed) for array in data(9, 2, 3))
    passed_back = []

    def recorded(backward):
        def record(dout):
            passed_back.append(backward(dout))
            return passed_back[-1]

        return record

    for layer in network.layers[1:]:
        layer.backward = recorded(layer.backward)
    network.step(X, y, SGD(0.1), l2=0.1)
    assert {dX.dtype.type for dX in passed_back} == dtypes(network, *network.layers) == {dtype}
    assert network.forward(X).dtype == network.evaluate(X, y)[0].dtype == dtype


class Watched(np.ndarray):
    """An array that allows only computations in its own precision; their results are watched too."""

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **options):
        plain = [array.view(np.ndarray) if isinstance(array, Watched) else array for array in inputs]
        result = getattr(ufunc, method)(*plain, **options)
        assert result.dtype == self.dtype, ufunc
        if out:
            out[0].view(np.ndarray)[...] = result
        return out[0] if out else result.view(Watched)


@in_both_precisions
@pytest.mark.parametrize("rate", [0.1, np.float64(0.1), np.array([0.1, 0.2])], ids=["float", "float64", "array"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_keeps_the_precision_of_the_parameters(name, rate, dtype):
    optimizer = OPTIMIZERS[name](rate)
    for _ in range(2):
        optimizer.step(np.ones((2, 5), dtype).view(Watched), np.ones((2, 5), dtype).view(Watched))
    assert dtypes(optimizer) <= {dtype}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_float32_trains_as_float64_does_to_four_digits(optimizer):
    losses = []
    for dtype in (np.float32, np.float64):
        network, (X, y) = build((2, 5, 3), dtype=dtype), data(64, 2, 3)
        network.train(X, y, epochs=5, optimizer=OPTIMIZERS[optimizer](0.01), rng=np.random.default_rng(0))
        losses.append(network.evaluate(X, y)[0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert losses[0] != losses[1]
