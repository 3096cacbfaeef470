"""A gradient check measures: nudge a number both ways, see how the loss changes, and compare with backward.

The central difference (L(theta + h) - L(theta - h)) / 2h is wrong by O(h^2) only, so in float64 a correct backward
pass agrees with it to 7 or more digits, and a wrong one does not agree at all. Bishop (2006), section 5.3.3.
"""

from collections.abc import Callable

import numpy as np

from .base import Layer
from .losses import CrossEntropy
from .network import NeuralNetwork


def numerical_gradient(loss: Callable[[], float], array: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """Gradient of `loss()` with respect to `array`, by central differences; same shape as `array`.

    `loss` takes no arguments and reads `array`, which is changed in place for each entry and put back.
    """
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        array[index] = value + h
        above = loss()
        array[index] = value - h
        below = loss()
        array[index] = value
        gradient[index] = (above - below) / (2 * h)
    return gradient


def relative_error(a: np.ndarray, b: np.ndarray, floor: float = 1e-4) -> float:
    """|a - b| / (|a| + |b|) in the Euclidean norm: 0 where equal, 1 where one is zero or they are opposite.

    A sum of norms below `floor` counts as `floor`: the central difference of a loss near 1 is exact to about 1e-11
    (less for a larger loss, in proportion), so smaller gradients can't be compared to more digits. The bias before
    batch normalisation, for example, has no gradient at all.
    """
    return float(np.linalg.norm(a - b)) / max(float(np.linalg.norm(a) + np.linalg.norm(b)), floor)


def check_layer(layer: Layer, X: np.ndarray, y: np.ndarray | None = None, seed: int = 0) -> dict[str, float]:
    """Relative error of each gradient that a layer gives: {"X": ..., and each of the layer's parameters: ...}.

    Args:
        layer: any layer, stacked or not; it is copied.
        X: input, shape (*stack, batch, n_in), or (batch, n_in) for all networks of a stack; float64.
        y: labels, for an output layer such as `Softmax`, whose loss is the cross-entropy. Any other layer is given the
            loss sum(R * output) with a random R, so that every output has a gradient of its own.
        seed: of R.
    """
    layer, X = layer.select(()), X.copy()
    layer.first = False
    output = layer.forward(X)
    dout = np.random.default_rng([seed, 1]).standard_normal(output.shape) if y is None else y

    def loss():
        return (dout * layer.forward(X)).sum() if y is None else CrossEntropy.value(layer.forward(X), y).sum()

    dX = layer.backward(dout)
    analytic = {"X": dX.sum(axis=tuple(range(dX.ndim - X.ndim)))}  # a shared X gets a gradient from each network
    analytic |= {name: getattr(layer, "d" + name).copy() for name in layer.parameters}
    arrays = {"X": X} | {name: getattr(layer, name) for name in layer.parameters}
    return {name: relative_error(analytic[name], numerical_gradient(loss, arrays[name])) for name in arrays}


def network_gradients(network: NeuralNetwork, X: np.ndarray, y: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The gradient of each parameter, by backpropagation and by central differences: {"0.W": (dW, numerical), ...}.

    The number is the layer's place in `network.layers`. Works for stacks too. The network is copied.
    """
    network = network.select()

    def loss():
        return network.loss.value(network.forward(X), y).sum()

    network.forward(X)
    network.backward(y)
    return {
        f"{i}.{name}": (getattr(layer, "d" + name).copy(), numerical_gradient(loss, getattr(layer, name)))
        for i, layer in enumerate(network.layers)
        for name in layer.parameters
    }


def smallest_gradient(loss: float) -> float:
    """Size below which the gradient of a loss may be only rounding: the `floor` of `relative_error`."""
    return 1e-4 * max(1.0, loss)


def check_network(network: NeuralNetwork, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Relative error of the gradient of each parameter of a network, stacked or not: {"0.W": ..., "0.b": ..., ...}."""
    floor = smallest_gradient(network.loss.value(network.select().forward(X), y).sum())
    return {name: relative_error(*pair, floor) for name, pair in network_gradients(network, X, y).items()}
