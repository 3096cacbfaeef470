"""What happens inside a network: statistics of weights, activations and gradients, layer by layer, at one moment.

Every statistic reduces the last two axes and keeps leading stack axes, as the layers themselves do.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from ..data.datasets import Data
from ..nn import Activation, Dense, Layer, NeuralNetwork
from .experiment import Experiment
from .trainer import Moment, Trainer

PROBE = 500  # training examples, at most, on which activations and gradients are measured
FIXED = ("name", "fan_in", "fan_out")  # what is the same at all moments of a layer
GRID = 40  # points along each axis of the grid on which the decision boundary is computed


@dataclass(frozen=True)
class LayerStatistics:
    """One layer (weights, batch normalisation if any, activation) on a batch of training examples, in training.

    Attributes:
        name: "Hidden 1", ..., "Output".
        fan_in, fan_out: inputs of a unit, and number of units.
        weights: W, shape (*stack, fan_in, fan_out).
        activations: what the layer gives, shape (*stack, batch, fan_out); of the output layer, the class probabilities.
        mean, std: of the activations.
        z_std: standard deviation of z, what the activation is given; in the output layer, softmax.
        dead: share of units with slope 0 for every example; None where the activation can't die.
        saturated: share of the activations so near a bound that the slope is below 5 % of its largest; None: no bounds.
        weight_gradient: dL/dW for the mean loss over the batch, without a penalty; shape of W.
        gradient_norm: Euclidean norm of dL/dW.
        z_gradient_norm: Euclidean norm of dL/dz, over the batch and the units.
        distinct: number of units that are not copies of another: with other weights and bias.
    """

    name: str
    fan_in: int
    fan_out: int
    weights: np.ndarray
    activations: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    z_std: np.ndarray
    dead: np.ndarray | None
    saturated: np.ndarray | None
    weight_gradient: np.ndarray
    gradient_norm: np.ndarray
    z_gradient_norm: np.ndarray
    distinct: np.ndarray


def at_each(layer: LayerStatistics, change: Callable[[Any], Any]) -> LayerStatistics:
    """The statistics of a layer with each of its figures changed, where there are any."""
    figures = {each.name: getattr(layer, each.name) for each in fields(layer) if each.name not in FIXED}
    return replace(layer, **{name: change(value) for name, value in figures.items() if value is not None})


@dataclass(frozen=True)
class Snapshot:
    """Everything the app shows of a run at one recorded moment.

    Attributes:
        experiment: with the values of the live knobs at that moment.
        data: the points.
        moments: the recorded moments up to this one, which is the last.
        layers: statistics of each layer, input first.
        start: weights of each layer before the first step.
        network: the network at that moment, a copy.
        diverged: why the run has stopped, as in `Trainer`; "" if later moments follow.
    """

    experiment: Experiment
    data: Data
    moments: list[Moment]
    layers: list[LayerStatistics]
    start: list[np.ndarray]
    network: NeuralNetwork
    diverged: str

    @property
    def moment(self) -> Moment:
        """The moment itself."""
        return self.moments[-1]

    @property
    def hidden(self) -> list[LayerStatistics]:
        """Statistics of the hidden layers."""
        return self.layers[:-1]


def snapshot(trainer: Trainer, index: int) -> Snapshot:
    """Look at a run as it was at moment `index` of its history, one of `history.kept`."""
    moments = trainer.history.moments
    network = trainer.network_at(index)
    return Snapshot(
        experiment=trainer.experiment.at(moments[index].step),
        data=trainer.data,
        moments=moments[: index + 1],
        layers=layer_statistics(network.select(), trainer.data.X_train[:PROBE], trainer.data.y_train[:PROBE]),
        start=[layer.W for layer in trainer.network_at(0).dense],
        network=network,
        diverged=trainer.diverged if index in (len(moments) - 1, trainer.last_good) else "",
    )


def layer_statistics(network: NeuralNetwork, X: np.ndarray, y: np.ndarray) -> list[LayerStatistics]:
    """Statistics of each layer for one pass forward and back in training, with all of X as the batch; no step is taken.

    The running statistics of batch normalisation do change: give it a copy.
    """
    with np.errstate(all="ignore"):
        network.forward(X)
        groups = _groups(network.layers)
        names = [f"Hidden {i}" for i in range(1, len(groups))] + ["Output"]
        dout, found = np.asarray(y, network.parameters.dtype), []
        for name, group in zip(reversed(names), reversed(groups), strict=True):
            dz = group[-1].backward(dout)
            dout = dz
            for layer in reversed(group[:-1]):
                dout = layer.backward(dout)
            found.append(_statistics(name, group, dz))
        return found[::-1]


def dead_shares(network: NeuralNetwork, X: np.ndarray) -> list[np.ndarray | None]:
    """For each hidden layer, the share of units with slope 0 for all of X, in training; None where none can die.

    As in `layer_statistics`, running statistics change.
    """
    with np.errstate(all="ignore"):
        network.forward(X)
        return [idle_shares(layer)[0] for layer in network.layers if isinstance(layer, Activation)]


def _groups(layers: list[Layer]) -> list[list[Layer]]:
    """The layers in groups that each begin with a `Dense`."""
    groups: list[list[Layer]] = []
    for layer in layers:
        if isinstance(layer, Dense):
            groups.append([])
        groups[-1].append(layer)
    return groups


def idle_shares(activation: Activation) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Share of units that are dead, and of outputs that are saturated, shape (*stack); None where there can be none."""
    dead, saturated = activation.dead(), activation.saturated()
    return None if dead is None else dead.mean(axis=-1), None if saturated is None else saturated.mean(axis=(-2, -1))


def _statistics(name: str, group: list[Layer], dz: np.ndarray) -> LayerStatistics:
    dense: Any = group[0]
    z: Any = group[-2].output
    last = group[-1]
    dead, saturated = idle_shares(last) if isinstance(last, Activation) else (None, None)
    return LayerStatistics(
        name=name,
        fan_in=dense.W.shape[-2],
        fan_out=dense.W.shape[-1],
        weights=dense.W.copy(),
        activations=last.output,
        mean=last.output.mean(axis=(-2, -1)),
        std=last.output.std(axis=(-2, -1)),
        z_std=z.std(axis=(-2, -1)),
        dead=dead,
        saturated=saturated,
        weight_gradient=dense.dW.copy(),
        gradient_norm=_norm(dense.dW),
        z_gradient_norm=_norm(dz),
        distinct=distinct_units(dense),
    )


def _norm(array: np.ndarray) -> np.ndarray:
    """Euclidean norm over the last two axes: (*stack, n, m) -> (*stack)."""
    return np.sqrt((array**2).sum(axis=(-2, -1)))


def distinct_units(dense: Dense, tolerance: float = 1e-6) -> np.ndarray:
    """Number of units of a layer that are not copies of another: whose weights and bias differ by more than rounding.

    Sorted by one random combination of their weights, copies are neighbours; each unit is compared with the next.
    """
    units = np.concatenate([dense.W, dense.b[..., None, :]], axis=-2)
    direction = np.random.default_rng(0).standard_normal(units.shape[-2])
    order = np.argsort(direction @ units, axis=-1)[..., None, :]
    gaps = np.abs(np.diff(np.take_along_axis(units, order, axis=-1), axis=-1)).max(axis=-2)
    return 1 + (gaps > tolerance * np.abs(units).max(axis=(-2, -1))[..., None]).sum(axis=-1)


def view_limits(data: Data) -> tuple[float, float]:
    """Lower and upper limit, the same for both axes, of a square that shows all points with a margin."""
    X = np.concatenate([data.X_train, data.X_test])
    low, high = X.min(axis=0), X.max(axis=0)
    half = max(0.55 * (high - low).max(), 0.5)
    middle = (low + high).mean() / 2
    reach = np.abs(np.stack([low, high]) - middle).max() * 1.05
    half = max(half, reach)
    return float(middle - half), float(middle + half)


def class_probabilities(network: NeuralNetwork, low: float, high: float, grid: int = GRID) -> np.ndarray:
    """Class probabilities over a square, in evaluation: shape (*stack, grid, grid, classes), indexed by x2, then x1."""
    x1, x2 = np.meshgrid(*[np.linspace(low, high, grid)] * 2)
    output = network.predict(np.column_stack([x1.ravel(), x2.ravel()]))
    return output.reshape(*output.shape[:-2], grid, grid, -1)
