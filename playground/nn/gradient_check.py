"""A gradient check measures: nudge a number both ways, see how the loss changes, and compare with backward.

The central difference (L(theta + h) - L(theta - h)) / 2h is wrong by O(h^2) only, so in float64 a correct backward
pass agrees with it to 7 or more digits, and a wrong one does not agree at all. Bishop (2006), section 5.3.3.
"""

from collections.abc import Callable, Mapping

import numpy as np

from .base import Layer
from .losses import CrossEntropy
from .network import NeuralNetwork
from .validation import examples, numbers

AGREE = 1e-5  # relative error up to which two gradients are the same
NUDGE = 1e-5  # h, in float64
ROUNDING = 1e-8  # of a slope measured with a tenth of that, for a loss of 1
BESIDE = 1e-3  # how far from a kink its parameters are compared
TRIES = 10  # places beside it


class GradientCheck(dict):
    """The relative error of each gradient by its name, {"0.W": ..., "0.b": ..., ...}, and what that means.

    Where a nudge crosses a kink of the loss, as at z = 0 of a ReLU, the loss has two slopes, and no central difference
    is right. So those numbers are compared at parameters a little beside, where backward has to be right, too.

    Attributes:
        kinks: for each name, which numbers stand on a kink, boolean.
    """

    def __init__(self, errors: Mapping[str, float], kinks: Mapping[str, np.ndarray]):
        super().__init__(errors)
        self.kinks = dict(kinks)

    @property
    def faults(self) -> list[str]:
        """Names of the gradients that are wrong."""
        return [name for name, error in self.items() if not error <= AGREE]

    @property
    def verdict(self) -> str:
        """What the check says of the backward pass, in words."""
        on = [f"{mask.sum()} of {name}" for name, mask in self.kinks.items() if mask.any()]
        text = f"All gradients agree: the largest relative error is {max(self.values(), default=0.0):.1e}."
        if self.faults:
            wrong = ", ".join(f"{name} (relative error {self[name]:.1e})" for name in self.faults)
            text = f"The backward pass is wrong, in the gradient of {wrong}."
        if on:
            text += (
                f" Numbers on a kink of the loss, where it has two slopes, as at z = 0 of a ReLU: {', '.join(on)}. "
                "They were compared a little beside it."
            )
        return text


def numerical_gradient(loss: Callable[[], float], array: np.ndarray, h: float | None = None) -> np.ndarray:
    """Gradient of `loss()` with respect to `array`, by central differences; same shape as `array`.

    `loss` takes no arguments and reads `array`, which is changed in place for each entry and put back. The nudge h is
    1e-5 in float64, and larger in float32, which has fewer digits.
    """
    if array.dtype.kind != "f":
        raise TypeError(f"an array of {array.dtype} can't be nudged by a fraction: make it array.astype(float) first")
    h = h or (1e-5 if array.itemsize > 4 else 5e-3)
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
    batch normalisation, for example, has no gradient at all. What is NaN or infinite agrees with nothing: infinity.
    """
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return np.inf
    return float(np.linalg.norm(a - b)) / max(float(np.linalg.norm(a) + np.linalg.norm(b)), floor)


def on_kinks(loss: Callable[[], float], array: np.ndarray, suspects: np.ndarray) -> np.ndarray:
    """Which of the `suspects` among the entries of `array` are where `loss()` has a kink within the nudge; boolean.

    The slopes to both sides, (L(theta + h) - L(theta)) / h and (L(theta) - L(theta - h)) / h, differ by h L'' where the
    loss is smooth: a tenth of h leaves a tenth of that, and the central difference as it was. On a kink the slopes
    differ as much as before; beside one, which h crosses and a tenth of h does not, the central difference changes.
    """
    found, rounding = np.zeros(array.shape, bool), ROUNDING * max(1.0, abs(loss()))
    for index in zip(*np.nonzero(suspects), strict=True):
        left, right = _slopes(loss, array, index, NUDGE)
        near_left, near_right = _slopes(loss, array, index, NUDGE / 10)
        jump, near_jump = abs(right - left), abs(near_right - near_left)
        change = abs(near_right + near_left - right - left) / 2
        found[index] = change > rounding or (near_jump > jump / 2 and near_jump > rounding)
    return found


def _slopes(loss: Callable[[], float], array: np.ndarray, index: tuple, h: float) -> tuple[float, float]:
    """The slopes of the loss to the left and to the right of one entry."""
    value, here = array[index], loss()
    array[index] = value + h
    above = loss()
    array[index] = value - h
    below = loss()
    array[index] = value
    return (here - below) / h, (above - here) / h


def _differ(a: np.ndarray, b: np.ndarray, floor: float) -> np.ndarray:
    """Where two gradients differ by more than `AGREE`, entry by entry."""
    return ~(np.abs(a - b) <= AGREE * np.maximum(np.abs(a) + np.abs(b), floor))


def _compared(
    loss: Callable[[], float],
    arrays: Mapping[str, np.ndarray],
    backward: Callable[[], dict[str, np.ndarray]],
    floor: float,
) -> GradientCheck:
    """The check of the gradients that `backward()` gives at the present values of `arrays`, which it may move."""
    analytic = backward()
    numerical = {name: numerical_gradient(loss, array) for name, array in arrays.items()}
    kinks = {name: on_kinks(loss, arrays[name], _differ(analytic[name], numerical[name], floor)) for name in arrays}
    left, rng = kinks, np.random.default_rng(0)
    for _ in range(TRIES):
        if not any(mask.any() for mask in left.values()):
            break
        for array in arrays.values():
            array += BESIDE * rng.standard_normal(array.shape)
        moved = backward()
        for name, mask in left.items():
            analytic[name][mask] = moved[name][mask]
            for index in zip(*np.nonzero(mask), strict=True):
                numerical[name][index] = np.mean(_slopes(loss, arrays[name], index, NUDGE))
        left = {
            name: on_kinks(loss, arrays[name], mask & _differ(analytic[name], numerical[name], floor))
            for name, mask in left.items()
        }
    for name, mask in left.items():  # on a kink wherever it was moved: nothing to compare with
        analytic[name][mask] = numerical[name][mask]
    return GradientCheck({name: relative_error(analytic[name], numerical[name], floor) for name in arrays}, kinks)


def _in_float64(layer: Layer) -> Layer:
    """A copy of the layer that computes in float64: in float32 no nudge is small enough and large enough."""
    layer = layer.select(())
    for name in layer.arrays:
        layer.hold(name, getattr(layer, name).astype(np.float64))
    return layer


def check_layer(layer: Layer, X: np.ndarray, y: np.ndarray | None = None, seed: int = 0) -> GradientCheck:
    """Relative error of each gradient that a layer gives: {"X": ..., and each of the layer's parameters: ...}.

    Args:
        layer: any layer, stacked or not; it is copied.
        X: input, shape (*stack, batch, n_in), or (batch, n_in) for all networks of a stack.
        y: labels, for an output layer such as `Softmax`, whose loss is the cross-entropy. Any other layer is given the
            loss sum(R * output) with a random R, so that every output has a gradient of its own.
        seed: of R.
    """
    layer, X = _in_float64(layer), numbers("X", X).astype(np.float64)
    layer.first = False
    output = layer.forward(X)
    dout = np.random.default_rng([seed, 1]).standard_normal(output.shape) if y is None else numbers("y", y)

    def loss():
        return (dout * layer.forward(X)).sum() if y is None else CrossEntropy.value(layer.forward(X), dout).sum()

    def backward():
        layer.forward(X)
        dX = layer.backward(dout)
        analytic = {"X": dX.sum(axis=tuple(range(dX.ndim - X.ndim)))}  # a shared X gets a gradient from each network
        return analytic | {name: getattr(layer, "d" + name).copy() for name in layer.parameters}

    arrays = {"X": X} | {name: getattr(layer, name) for name in layer.parameters}
    return _compared(loss, arrays, backward, 1e-4)


def _network(
    network: NeuralNetwork, X: np.ndarray, y: np.ndarray
) -> tuple[Callable[[], float], dict[str, np.ndarray], Callable[[], dict[str, np.ndarray]]]:
    """Loss, parameters by name, and the backward pass of a copy of a network, in float64."""
    X, y = examples(network, X, y, only=True)
    network = NeuralNetwork([_in_float64(layer) for layer in network.layers])
    named = {f"{i}.{name}": (layer, name) for i, layer in enumerate(network.layers) for name in layer.parameters}

    def loss():
        return network.loss.value(network.forward(X), y).sum()

    def backward():
        network.forward(X)
        network.backward(y)
        return {key: getattr(layer, "d" + name).copy() for key, (layer, name) in named.items()}

    return loss, {key: getattr(layer, name) for key, (layer, name) in named.items()}, backward


def network_gradients(network: NeuralNetwork, X: np.ndarray, y: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The gradient of each parameter, by backpropagation and by central differences: {"0.W": (dW, numerical), ...}.

    The number is the layer's place in `network.layers`. Works for stacks too. The network is copied.
    """
    loss, arrays, backward = _network(network, X, y)
    analytic = backward()
    return {name: (analytic[name], numerical_gradient(loss, array)) for name, array in arrays.items()}


def smallest_gradient(loss: float) -> float:
    """Size below which the gradient of a loss may be only rounding: the `floor` of `relative_error`."""
    return 1e-4 * max(1.0, loss)


def check_network(network: NeuralNetwork, X: np.ndarray, y: np.ndarray) -> GradientCheck:
    """Relative error of the gradient of each parameter of a network, stacked or not: {"0.W": ..., "0.b": ..., ...}.

    The network is copied, and checked in float64. `verdict` says in words what the errors mean.
    """
    loss, arrays, backward = _network(network, X, y)
    return _compared(loss, arrays, backward, smallest_gradient(loss()))
