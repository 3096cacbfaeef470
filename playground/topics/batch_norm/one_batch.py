"""One batch in detail: what batch normalisation does to its features, and to the gradients on their way back.

A batch goes through a real `BatchNorm` with a loss behind it, so that outputs and gradients are those of training.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...data.datasets import Data, make_data
from ...nn import BatchNorm, Dense, NeuralNetwork, Softmax, Tanh, check_layer
from ...settings.knobs import Flag, Integer, Real
from ...settings.record import Record, knob, knob_like
from ...training.experiment import Experiment
from .running_statistics import N_CLASSES

MAX_BATCH = 512


# fmt: off
@dataclass(frozen=True)
class OneBatch(Record):
    """Every knob of a batch on its way through a layer and its batch normalisation."""

    dataset: str = knob_like(Experiment, "dataset")
    batch_size: int = knob(
        Integer, 64, low=1, high=MAX_BATCH, log=True, group="Data", label="Batch size",
        help="Examples over which mean and variance are taken.",
    )
    seed: int = knob(
        Integer, 0, low=0, high=999_999, minor=True, group="Data", label="Seed",
        help="Another seed draws other examples and other weights.",
    )
    n_features: int = knob(
        Integer, 4, low=1, high=6, group="Layer", label="Features",
        help="Width of the layer, its number of units: each gives one feature z.",
    )
    initializer: str = knob_like(Experiment, "initializer", group="Layer")
    gain: float = knob(
        Real, 1.0, low=0.1, high=10.0, log=True, group="Layer", label="Gain",
        help="Factor by which every weight of the layer is multiplied.",
    )
    gamma: float = knob(
        Real, 1.0, low=-3.0, high=3.0, step=0.1, group="Batch normalisation", label="Scale γ",
        help="What x̂ is multiplied by. A network learns it.",
    )
    beta: float = knob(
        Real, 0.0, low=-3.0, high=3.0, step=0.1, group="Batch normalisation", label="Shift β",
        help="What is added after that. A network learns it, too.",
    )
    only_one: bool = knob(
        Flag, False, group="Batch normalisation", label="For the chosen feature only",
        help="γ and β of all other features stay at 1 and 0, as they are before training.",
    )
    feature: int = knob(
        Integer, 1, low=1, high=6, group="Batch normalisation", label="Feature",
        help="The feature whose figures are shown.",
    )
    example: int = knob(
        Integer, 1, low=1, high=MAX_BATCH, group="Batch normalisation", label="Example",
        help="The example of the batch whose figures are shown.",
    )
    # fmt: on


@dataclass(frozen=True)
class Batch:
    """What happened to one batch.

    Attributes:
        norm: the layer, after its forward and backward pass; with momentum 1, so that `running_mean` is the batch's.
        z: its input, shape (batch, features).
        dout: the gradient of the loss with respect to its output, as it came from the layers behind; shape of z.
        dz: the gradient with respect to its input, as its backward pass gave it; shape of z.
        paths: its parts, through x_hat, the mean and the variance, which add up to dz; shape (3, batch, features).
        errors: relative error against numerical gradients, from `check_layer`: of "X", "gamma" and "beta".
        feature, example: the chosen ones, counted from 0.
    """

    norm: BatchNorm
    z: np.ndarray
    dout: np.ndarray
    dz: np.ndarray
    paths: np.ndarray
    errors: dict[str, float]
    feature: int
    example: int

    @property
    def mean(self) -> np.ndarray:
        """Mean of each feature over the batch, shape (features,)."""
        return self.norm.running_mean

    @property
    def var(self) -> np.ndarray:
        """Variance of each feature over the batch, by which it was divided; shape (features,)."""
        return np.maximum(self.norm.std**2 - self.norm.epsilon, 0)

    @property
    def gap(self) -> float:
        """Largest difference between the sum of the three paths and what the backward pass gave."""
        return float(np.abs(self.paths.sum(axis=0) - self.dz).max())

    @property
    def shift(self) -> tuple[float, float]:
        """The chosen feature's gradient summed over the batch, which a bias before it gets; and the first path's.

        The first is 0: a shift of all z moves their mean equally.
        """
        return self._along(np.ones(len(self.z)))

    @property
    def stretch(self) -> tuple[float, float]:
        """The chosen feature's gradient times x_hat, summed over the batch; and the first path's.

        The first is epsilon / (var + epsilon) of the second: a stretch of all z stretches their deviation equally.
        """
        return self._along(self.norm.X_hat[:, self.feature])

    def _along(self, direction: np.ndarray) -> tuple[float, float]:
        dz, first_path = self.dz[:, self.feature], self.paths[0, :, self.feature]
        return float(direction @ dz), float(direction @ first_path)


@lru_cache(maxsize=16)
def examples(dataset: str, seed: int) -> Data:
    """The examples, of which a batch takes the first ones: `MAX_BATCH`, or all that the dataset has."""
    rng = np.random.default_rng([seed, 0])
    return make_data(dataset, rng, MAX_BATCH, Experiment.knobs()["noise"].default, N_CLASSES, 1.0)


@lru_cache(maxsize=64)
def one_batch(p: OneBatch) -> Batch:
    """Send a batch through Dense, BatchNorm, Tanh, Dense and Softmax, and the gradient of its loss back to BatchNorm.

    The result is cached and must not be changed. A dataset with fewer points than the batch size gives them all.
    """
    data, rng = examples(p.dataset, p.seed), np.random.default_rng([p.seed, 1])
    X, y = data.X_train[: p.batch_size], data.y_train[: p.batch_size]
    feature, example = min(p.feature, p.n_features) - 1, min(p.example, len(X)) - 1

    norm = BatchNorm(p.n_features, momentum=1)
    chosen = feature if p.only_one else slice(None)
    norm.gamma[chosen], norm.beta[chosen] = p.gamma, p.beta
    first = Dense(X.shape[1], p.n_features, p.initializer, rng)
    first.W *= p.gain
    network = NeuralNetwork([first, norm, Tanh(), Dense(p.n_features, data.n_classes, rng=rng), Softmax()])

    network.forward(X)
    dout = y
    for layer in reversed(network.layers[2:]):
        dout = layer.backward(dout)
    dz = norm.backward(dout)
    paths = np.stack(np.broadcast_arrays(*norm.paths(dout))) / norm.std
    return Batch(norm, first.output, dout, dz, paths, check_layer(norm, first.output), feature, example)
