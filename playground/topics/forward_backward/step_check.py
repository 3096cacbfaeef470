"""A gradient check in numbers: the loss as one parameter is turned, and both gradients of every parameter."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...nn import (
    AGREE,
    GradientCheck,
    NeuralNetwork,
    check_network,
    network_gradients,
    numerical_gradient,
    relative_error,
    smallest_gradient,
)
from ...text import number
from .mistakes import broken
from .training_step import Pass

POINTS = 201  # of the curve
NUDGES = 10.0 ** np.arange(-1, -14, -1)  # sizes h of the central difference


@dataclass(frozen=True)
class Checked:
    """The gradient of every parameter by backpropagation, which a mistake may have broken, and by central differences.

    Attributes:
        step: the training step.
        labels: name of each parameter: "W1[2, 1]", "b1[1]"; rows and columns are counted from 1.
        layers: number of the layer of each.
        analytic, numerical: the two gradients, shape (parameters,).
        errors: their relative errors.
        kinks: which parameters stand on a kink of the loss, where it has two slopes.
        focus: index of the parameter in play.
        engine: the engine's own check, which compares those on a kink a little beside it.
    """

    step: Pass
    labels: list[str]
    layers: np.ndarray
    analytic: np.ndarray
    numerical: np.ndarray
    errors: np.ndarray
    kinks: np.ndarray
    focus: int
    engine: GradientCheck

    @property
    def wrong(self) -> np.ndarray:
        """Which gradients differ by more than `AGREE`, shape (parameters,)."""
        return ~(self.errors <= AGREE)

    @property
    def verdict(self) -> str:
        """What the check says of the backward pass, in words."""
        wrong = self.wrong
        if not wrong.any():
            return f"All {len(wrong)} gradients agree: the largest relative error is {number(self.errors.max())}."
        if self.kinked:
            return (
                f"{wrong.sum()} of {len(wrong)} gradients differ, and are not wrong: {', '.join(self.kinked)}. There "
                "the loss has a kink, two slopes in one point, as the activation has at z = 0; a little beside it, all "
                "agree."
            )
        layers = sorted(set(self.layers[wrong].tolist()))
        right = sorted(set(self.layers.tolist()) - set(layers))
        text = f"**{wrong.sum()} of {len(wrong)} gradients are wrong**, in {_numbers('layer', layers)}"
        return text + (f"; {_numbers('layer', right)} agree{'s' * (len(right) == 1)}." if right else ".")

    @property
    def kinked(self) -> list[str]:
        """The parameters whose gradients differ on a kink of the loss, where all that differ do; otherwise none."""
        if self.engine.faults or (self.wrong & ~self.kinks).any():
            return []
        return [self.labels[i] for i in np.flatnonzero(self.kinks)]

    def table(self) -> pd.DataFrame:
        """One row per parameter."""
        verdicts = np.where(self.wrong, "↯ kink" if self.kinked else "✗ wrong", "✓")
        columns = {"Parameter": self.labels, "Backpropagation": self.analytic, "Numerical": self.numerical}
        return pd.DataFrame(columns | {"Relative error": self.errors, "Check": verdicts})


def _numbers(what: str, numbers: list[int]) -> str:
    return what + "s" * (len(numbers) > 1) + " " + " and ".join(map(str, numbers))


def parameter_in_play(step: Pass) -> tuple[str, tuple[int, ...]]:
    """Name ("W" or "b") and index, in its layer, of the parameter on the link in play."""
    layer, i, j = step.focus
    return ("b", (j,)) if i == step.dense[layer - 1].W.shape[0] else ("W", (i, j))


def check(step: Pass) -> Checked:
    """Check all gradients of a training step, with the mistake that is made on purpose."""
    network, focused = broken(step.network, step.settings.mistake), parameter_in_play(step)
    floor = smallest_gradient(step.loss)
    engine = check_network(network, step.X, step.y)
    labels, layers, analytic, numerical, kinks, focus = [], [], [], [], [], 0
    for name, (claimed, measured) in network_gradients(network, step.X, step.y).items():
        place, letter = name.split(".")
        layer = step.dense.index(step.network.layers[int(place)]) + 1
        for index in np.ndindex(claimed.shape):
            if layer == step.focus[0] and (letter, index) == focused:
                focus = len(labels)
            labels.append(f"{letter}{layer}[{', '.join(str(i + 1) for i in index)}]")
            layers.append(layer)
            analytic.append(claimed[index])
            numerical.append(measured[index])
            kinks.append(engine.kinks[name][index])
    errors = [relative_error(np.array([a]), np.array([b]), floor) for a, b in zip(analytic, numerical, strict=True)]
    return Checked(step, labels, *map(np.array, (layers, analytic, numerical, errors, kinks)), focus, engine)


def losses_along(step: Pass, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """The loss as the parameter in play takes other values, and all else stays: values and losses, shape (POINTS,).

    All values are tried at once, by a stack of networks that differ in this one number.
    """
    letter, index = parameter_in_play(step)
    stack = NeuralNetwork.stack([step.network] * POINTS)
    array = getattr(stack.dense[step.focus[0] - 1], letter)
    values = array[0][index] + np.linspace(-reach, reach, POINTS)
    array[(slice(None), *index)] = values
    return values, stack.loss.value(stack.forward(step.X), step.y)


def errors_by_nudge(step: Pass) -> np.ndarray:
    """Relative error of the parameter in play for each size h in `NUDGES` of the central difference."""
    network, (letter, index) = step.network.select(), parameter_in_play(step)
    layer = network.dense[step.focus[0] - 1]
    entry = getattr(layer, letter)[index[:-1]][index[-1] :][:1]  # a view, which the check changes in place

    def loss():
        return network.loss.value(network.forward(step.X), step.y)

    loss()
    network.backward(step.y)
    claimed = getattr(layer, f"d{letter}")[index].reshape(1).copy()
    return np.array([relative_error(claimed, numerical_gradient(loss, entry, h), 1e-300) for h in NUDGES])
