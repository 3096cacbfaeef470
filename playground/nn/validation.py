"""Misuse ends in a sentence: what a network is given is checked at its boundary, before anything is computed.

The sentence names what came, what is wanted, and how to get it. What converts without doubt is converted: lists, data
frames, whole numbers, booleans. Building, training, prediction and evaluation are checked; a single step is the
formulas alone, and costs nothing more. Exported scripts are made without the checks.
"""

import weakref
from collections.abc import Callable, Sequence
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np

from .activations import Activation
from .base import Layer
from .layers import BatchNorm, Dense, Softmax

ROUNDING = 1e-4  # by which probabilities may miss the sum 1; float32 has 7 digits


def checked(**checks: Callable) -> Callable[[type], type]:
    """Class decorator: before each method named, its check gets the same arguments, and gives those to go on with."""

    def guard(owner: type) -> type:
        for name, check in checks.items():
            setattr(owner, name, _guarded(getattr(owner, name), check))
        return owner

    return guard


def _guarded(method: Callable, check: Callable) -> Callable:
    @wraps(method)
    def guarded(self, *given, **named):
        given, named = check(self, *given, **named)
        return method(self, *given, **named)

    return guarded


# Building


def sound_rate(optimizer, learning_rate: Any = 0.1) -> tuple[tuple, dict]:
    """Before an optimiser is made: the learning rate is a number, or an array of numbers, 0 or more."""
    name = type(optimizer).__name__
    try:
        rate = np.asarray(learning_rate, float)
    except (TypeError, ValueError):
        raise TypeError(f"A learning rate is a number, not {learning_rate!r}: {name}(0.1).") from None
    if not (np.isfinite(rate) & (rate >= 0)).all():
        raise ValueError(
            f"A learning rate is 0 or more, not {learning_rate}: steps go against the gradient, {name}(0.1)."
        )
    return (learning_rate,), {}


def fitting_layers(network, layers: Any, *more: Any) -> tuple[tuple, dict]:
    """Before a network is made: a list of layers, each of which takes what the one before it gives."""
    if more or isinstance(layers, Layer):
        raise TypeError("The layers come as one list: NeuralNetwork([Dense(2, 4), ReLU(), Dense(4, 2), Softmax()]).")
    layers = list(layers)
    if not layers:
        raise ValueError("A network without layers computes nothing: NeuralNetwork([Dense(2, 2), Softmax()]).")
    for place, layer in enumerate(layers, 1):
        if isinstance(layer, type) and issubclass(layer, Layer):
            raise TypeError(
                f"Layer {place} is the class {layer.__name__}: with parentheses, {layer.__name__}(), it is a layer."
            )
        if not isinstance(layer, Layer):
            raise TypeError(f"Layer {place} is {layer!r}, no layer: such as Dense(2, 4), ReLU() or Softmax().")
        if any(layer is other for other in layers[: place - 1]):
            raise ValueError(
                f"Layer {place}, {_text(layer)}, stands in the list twice: each place needs a layer of its own."
            )
    _check_widths(layers)
    stacks = {layer.stack_shape for layer in layers if layer.parameters}
    if len(stacks) > 1:
        raise ValueError(f"The layers are stacks of different shapes, {sorted(stacks)}: a network is one stack.")
    return (layers,), {}


def _check_widths(layers: Sequence[Layer]) -> None:
    width, giver = None, ""
    for place, layer in enumerate(layers, 1):
        takes, gives = _widths(layer)
        if takes and width and takes != width:
            raise ValueError(
                f"Layer {place}, {_text(layer)}, takes {takes} features, and {giver} gives {width}: "
                f"the two numbers must be the same."
            )
        if isinstance(layer, Softmax):
            if place < len(layers):
                raise ValueError(
                    f"Softmax is layer {place} of {len(layers)}, and can only be the last: its backward pass takes "
                    "the labels. Between layers stands an activation, such as ReLU()."
                )
            if width == 1:
                raise ValueError(
                    "Softmax over one unit is always 1: two classes need two units, Dense(..., 2), and one-hot labels "
                    "np.eye(2)[y]; or one unit with Sigmoid() in place of Softmax()."
                )
        if gives != -1:
            width, giver = gives, f"layer {place}, {_text(layer)},"


def _widths(layer: Layer) -> tuple[int | None, int | None]:
    """Features that a layer takes and gives: None: not known; -1: as many as it takes."""
    if isinstance(layer, Dense):
        return layer.W.shape[-2], layer.W.shape[-1]
    if isinstance(layer, BatchNorm):
        return layer.gamma.shape[-1], layer.gamma.shape[-1]
    return None, -1 if isinstance(layer, Activation | Softmax) else None


def _text(layer: Layer) -> str:
    """A layer as it is written."""
    takes, gives = _widths(layer)
    sizes = (takes, gives) if isinstance(layer, Dense) else (takes,) if takes else ()
    return f"{type(layer).__name__}({', '.join(map(str, sizes))})"


# Examples


def numbers(name: str, given: Any) -> np.ndarray:
    """What was given as an array of numbers; an array of numbers is given back as it is."""
    try:
        array = np.asarray(given)
        if array.dtype.kind == "O":
            array = array.astype(float)
    except (TypeError, ValueError) as error:
        odd = "its rows are of different lengths" if "inhomogeneous" in str(error) else str(error)
        raise TypeError(
            f"{name}, a {type(given).__name__}, can't be read as an array of numbers: {odd}. Of a data frame take the "
            f"columns with numbers: {name}.select_dtypes('number').to_numpy()."
        ) from None
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"{name} holds {array.dtype} values, and a network computes with real numbers: for text, number the "
            "classes with np.unique(labels, return_inverse=True)[1]."
        )
    return array


def inputs(network, X: Any) -> np.ndarray:
    """X as an array of shape (..., batch, features) that the network takes."""
    array = numbers("X", X)
    takes = _takes(network.layers)
    wanted = f"(examples, {takes or 'features'})"
    if array.ndim < 2:
        raise ValueError(
            f"X has shape {array.shape}, and {wanted} is wanted, one row for each example: "
            "X[None, :] makes one example of it, X[:, None] examples with one feature."
        )
    if takes and array.shape[-1] != takes:
        hint = ""
        if array.ndim == 2 and array.shape[0] == takes:
            hint = " Its columns seem to be the examples: X.T."
        elif array.ndim > 2 and array[0].size == takes:
            hint = " One row for each example: X.reshape(len(X), -1)."
        raise ValueError(
            f"X has shape {array.shape}, and the network takes {takes} features: {wanted} is wanted.{hint}"
        )
    if not array.shape[-2]:
        raise ValueError(f"X has shape {array.shape}: there is no example in it.")
    _broadcast("X", array, network)
    return array


def _takes(layers: Sequence[Layer]) -> int | None:
    """Features that a network takes; None: not known."""
    for layer in layers:
        takes, gives = _widths(layer)
        if takes or gives is None:
            return takes
    return None


def _broadcast(name: str, array: np.ndarray, network, only: bool = False) -> None:
    """The stack axes fit those of the network; with `only`, there are no others."""
    if array.ndim == 2:
        return
    stack = network.stack_shape
    try:
        fits = np.broadcast_shapes(array.shape[:-2], stack) == stack or not only or not network.parameters.size
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"{name} has shape {array.shape}, and before its last two axes the stack axes {array.shape[:-2]}; "
            f"the network has {stack}: leave them out where all share one {name}, {array.shape[-2:]}."
        )


def _finite(name: str, array: np.ndarray) -> None:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        faults = np.argwhere(~np.isfinite(array))
        place = ", ".join(map(str, faults[0]))
        raise ValueError(
            f"{name} has {len(faults)} entries that are NaN or infinite, the first at {name}[{place}]: every sum would "
            f"be NaN. Fill them, np.nan_to_num({name}), or leave out their rows, with np.isfinite({name}).all(axis=1)."
        )


def targets(network, y: Any, batch: int, width: int | None = None) -> np.ndarray:
    """y as an array of shape (..., batch, outputs): probabilities of the classes, or numbers of any size."""
    array, classes = numbers("y", y), isinstance(network.layers[-1], Softmax)
    for layer in network.layers:
        gives = _widths(layer)[1]
        width = width if gives == -1 else gives
    wanted = f"({batch}, {width or 'outputs'})"
    column = array[:, None] if array.ndim == 1 else array
    if array.ndim < 2 or (width and array.shape[-1] != width):
        how = "one row for each example, and in it one number for each output"
        if classes and column.ndim > 1 and column.shape[-1] == 1:
            numbered = "y" if array.ndim == 1 else "y[:, 0]"
            how = f"one-hot rows. If y numbers the classes: np.eye({width or 'classes'})[{numbered}]"
        elif array.ndim == 1 and len(array) == batch and (width or 1) == 1:
            how += ": y[:, None]"
        raise ValueError(f"y has shape {array.shape}, and {wanted} is wanted, {how}.")
    if array.shape[-2] != batch:
        raise ValueError(
            f"y has {array.shape[-2]} rows, shape {array.shape}, and X has {batch}: {wanted} is wanted, "
            "a row for each example."
        )
    _finite("y", array)
    if classes and not ((array >= 0).all() and (np.abs(array.sum(axis=-1) - 1) < ROUNDING).all()):
        wrong = np.argwhere((array < 0).any(axis=-1) | (np.abs(array.sum(axis=-1) - 1) >= ROUNDING))[0]
        row = array[tuple(wrong)]
        raise ValueError(
            f"Row {', '.join(map(str, wrong))} of y is {row.tolist()}, and Softmax needs one-hot rows, 1 at the class "
            f"and else 0 (or shares of the classes, which add up to 1): np.eye({array.shape[-1]})[classes]; "
            "for other targets leave out Softmax."
        )
    return array


def examples(network, X: Any, y: Any, only: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """X and y that belong together; with `only`, with no more stack axes than the network has."""
    X = inputs(network, X)
    _finite("X", X)
    y = targets(network, y, X.shape[-2], X.shape[-1])
    for name, array in {"X": X, "y": y}.items():
        _broadcast(name, array, network, only)
    return X, y


# Use


def features(network, X: Any) -> tuple[tuple, dict]:
    """Before a prediction: rows that the network takes. Their values are not looked at."""
    usual = X.__class__ is np.ndarray and X.ndim == 2 and X.dtype.kind == "f" and X.shape[1] == _takes(network.layers)
    return (X if usual else inputs(network, X),), {}  # the usual case takes a microsecond, and an epoch may take 100


def labelled(network, X: Any, y: Any) -> tuple[tuple, dict]:
    """Before evaluation: examples and labels that belong together."""
    return examples(network, X, y), {}


def sound_training(network, X: Any, y: Any, *given: Any, **named: Any) -> tuple[tuple, dict]:
    """Before training: examples in rows, labels, and all else of `train`."""
    X, y = examples(network, X, y, only=True)
    for name, array in {"X": X, "y": y}.items():
        if array.ndim > 2:
            raise ValueError(
                f"{name} has shape {array.shape}: `train` shuffles rows, (examples, features), which all networks of a "
                "stack share. Where each has its own, call `step`."
            )
    settings = signature(type(network).train).bind(network, X, y, *given, **named).arguments
    for name, least in {"epochs": 0, "batch_size": 1}.items():
        value = settings.get(name, 1)
        if not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name} is a whole number, {least} or more, not {value!r}.")
    if not hasattr(settings.get("rng", np.random), "permutation"):
        raise TypeError(f"rng draws the order, and {settings['rng']!r} can't: np.random.default_rng(0).")
    if settings.get("optimizer") is not None:
        own_optimizer(network, settings["optimizer"])
    return (X, y, *given), named


class _Owner:
    """The parameters that an optimiser has moved; a copy of the optimiser may go on with a copy of the network."""

    def __init__(self, parameters: np.ndarray | None = None):
        self.parameters = (lambda: None) if parameters is None else weakref.ref(parameters)

    def __reduce__(self):
        return _Owner, ()


def own_optimizer(network, optimizer: Any) -> None:
    """An optimiser that has no memory of another network."""
    if isinstance(optimizer, type) or not callable(getattr(optimizer, "step", None)):
        came = f"the class {optimizer.__name__}" if isinstance(optimizer, type) else repr(optimizer)
        name = optimizer.__name__ if isinstance(optimizer, type) else "SGD"
        raise TypeError(
            f"optimizer is {came}, and an optimiser with its learning rate is wanted: optimizer={name}(0.1)."
        )
    rate, stack = np.shape(getattr(optimizer, "learning_rate", 0)), network.stack_shape
    if len(rate) > len(stack) or any(n not in (1, m) for n, m in zip(rate[::-1], stack[::-1], strict=False)):
        raise ValueError(
            f"The learning rates have shape {rate}, and the networks {stack}: one for each, or one number for all."
        )
    held = getattr(optimizer, "__dict__", None)
    if held is None:
        return
    memory = [v for name, v in held.items() if isinstance(v, np.ndarray) and name != "learning_rate"]
    owner = held.get("_owner", _Owner()).parameters()
    if memory and (
        memory[0].shape != network.parameters.shape or (owner is not None and owner is not network.parameters)
    ):
        name = type(optimizer).__name__
        raise ValueError(
            f"This {name} remembers its steps with another network: give each network its own, "
            f"{name}({optimizer.learning_rate})."
        )
    held["_owner"] = _Owner(network.parameters)
