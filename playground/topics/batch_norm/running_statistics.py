"""Running statistics: how far an estimate from one batch scatters, and what testing in training mode costs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...data.datasets import PLANE, make_data
from ...nn import BatchNorm, Dense, NeuralNetwork, ReLU
from ...server.scheduler import SLICE, nothing
from ...settings import limits
from ...settings.knobs import Choice, Integer, Real
from ...settings.record import Record, knob, knob_like
from ...training.experiment import Experiment
from ...training.loop import experiment_data, initial_network
from ...training.trainer import Trainer

N_CLASSES = 3  # of a dataset that may have any number
POOL = 1000  # points from which a stream of mini-batches is drawn
UNITS = 8  # of the layer before the one whose input is watched
SIZES = tuple(2**power for power in range(9))  # batch sizes at which the noise of an estimate is measured
DRAWS = 2000  # batches of each size; so the standard deviation of Gaussian estimates is known to 1.6 %
N_SEEDS = 8  # networks that are trained
TRAIN_SHARE = 0.488  # so that of 1000 points 512 are for testing, which any power of two divides
SPLITTABLE = {name: source for name, source in PLANE.items() if source.tested}  # those with points to test on


# fmt: off
@dataclass(frozen=True)
class Evaluation(Record):
    """Every knob of how batch statistics are used after training."""

    dataset: str = knob(
        Choice, "moons", group="Data", label="Dataset", options=SPLITTABLE,
        help="The points from which mini-batches are drawn.",
    )
    noise: float = knob_like(Experiment, "noise", default=0.2)
    seed: int = knob_like(
        Experiment, "seed", group="Data", label="Seed",
        help="Another seed draws other points, mini-batches and initial weights."
    )
    momentum: float = knob(
        Real, 0.1, low=0.001, high=1.0, log=True, group="Stream of mini-batches", label="Momentum",
        help="Weight of the newest batch in the running statistics: the default, 0.1, is PyTorch's, as is ε = 1e-5. "
        "In Keras momentum is the weight of the old, 0.99 by default, and ε is 1e-3.",
    )
    batch_size: int = knob(
        Integer, 16, low=1, high=256, log=True, group="Stream of mini-batches", label="Batch size",
        help="Examples in each mini-batch of the stream.",
    )
    n_batches: int = knob(
        Integer, 200, low=1, high=500, group="Stream of mini-batches", label="Mini-batches",
        help="How many of them go by.",
    )
    hidden: tuple[int, ...] = knob_like(Experiment, "hidden", group="Trained networks", most=6, uniform=True)
    learning_rate: float = knob_like(
        Experiment, "learning_rate", group="Trained networks", high=1.0, minor=True, live=False
    )
    epochs: int = knob_like(
        Experiment, "epochs", group="Trained networks", default=50, high=min(500, limits.EPOCHS), live=False
    )
    # fmt: on

    @property
    def experiment(self) -> Experiment:
        """The training of the networks that are tested; it does not depend on the knobs of the stream."""
        return Experiment(
            dataset=self.dataset, noise=self.noise, n_points=POOL, train_share=TRAIN_SHARE, data_seed=self.seed,
            hidden=self.hidden, activation="tanh", batch_norm=True, learning_rate=self.learning_rate,
            epochs=self.epochs, seed=self.seed,
        )  # fmt: skip


@dataclass(frozen=True)
class Stream:
    """Running statistics over a stream of mini-batches, of one feature; arrays of shape (batches,).

    Attributes:
        batch_mean, batch_var: of each mini-batch; the variance unbiased, NaN for a batch of one example.
        running_mean, running_var: after each mini-batch.
        mean, var: over all points.
    """

    batch_mean: np.ndarray
    batch_var: np.ndarray
    running_mean: np.ndarray
    running_var: np.ndarray
    mean: float
    var: float


@lru_cache(maxsize=32)
def pool(p: Evaluation) -> np.ndarray:
    """What batch normalisation gets in the second layer of an untrained network: one unit's z, shape (points, 1).

    In the second, as the outputs of a ReLU don't have mean 0.
    """
    data_rng, weights_rng = np.random.default_rng([p.seed, 0]).spawn(2)
    X = make_data(p.dataset, data_rng, POOL, p.noise, N_CLASSES, 1.0).X_train
    for layer in (Dense(2, UNITS, "he_normal", weights_rng), ReLU(), Dense(UNITS, 1, "he_normal", weights_rng)):
        X = layer.forward(X)
    return X


def mini_batches(z: np.ndarray, rng: np.random.Generator, n: int, batch_size: int) -> np.ndarray:
    """Mini-batches drawn from the rows of z with replacement, so that their examples are independent.

    Shape (points, features) -> (n, batch_size, features).
    """
    return z[rng.integers(len(z), size=(n, batch_size))]


def batch_statistics(batches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and unbiased variance of each batch: (n, batch, features) -> two arrays of shape (n, features).

    One stacked `BatchNorm` for each batch: with momentum 1 their running statistics are the batch's. A batch
    of one example has no variance: NaN.
    """
    n, batch_size, n_features = batches.shape
    norm = BatchNorm.stack([BatchNorm(n_features, momentum=1) for _ in range(n)])
    norm.forward(batches)
    return norm.running_mean, norm.running_var if batch_size > 1 else np.full((n, n_features), np.nan)


@lru_cache(maxsize=32)
def stream(p: Evaluation) -> Stream:
    """Send mini-batches through one `BatchNorm` in training, and read its running statistics after each."""
    z = pool(p)
    batches = mini_batches(z, np.random.default_rng([p.seed, 1]), p.n_batches, p.batch_size)
    norm = BatchNorm(1, momentum=p.momentum)
    running = np.zeros((p.n_batches, 2))
    for i, batch in enumerate(batches):
        norm.forward(batch)
        running[i] = norm.running_mean[0], norm.running_var[0]
    batch_mean, batch_var = batch_statistics(batches)
    return Stream(batch_mean[:, 0], batch_var[:, 0], running[:, 0], running[:, 1], float(z.mean()), float(z.var()))


@dataclass(frozen=True)
class Noise:
    """How much an estimate from one batch scatters, for each of `SIZES`: standard deviations, shape (sizes,).

    Attributes:
        mean, var: of the batch mean and the batch variance, over `DRAWS` batches; the variance NaN for one example.
        mean_theory, var_theory: for independent examples. See `predicted_noise`.
    """

    mean: np.ndarray
    var: np.ndarray
    mean_theory: np.ndarray
    var_theory: np.ndarray


def predicted_noise(z: np.ndarray, batch_size: int) -> tuple[float, float]:
    """Standard deviations of mean and unbiased variance of B examples drawn from z independently.

    Var(mean) = sigma^2 / B and Var(s^2) = (mu_4 - sigma^4 (B - 3) / (B - 1)) / B, with the fourth central moment mu_4:
    Mood, Graybill & Boes (1974), p. 229. One example has no variance: NaN.
    """
    var, fourth = z.var(), ((z - z.mean()) ** 4).mean()
    mean_noise = float(np.sqrt(var / batch_size))
    if batch_size == 1:
        return mean_noise, np.nan
    spread = fourth - var**2 * (batch_size - 3) / (batch_size - 1)
    return mean_noise, float(np.sqrt(max(spread, 0.0) / batch_size))


@lru_cache(maxsize=32)
def estimate_noise(p: Evaluation) -> Noise:
    """Measure how much batch mean and variance scatter, over many batches of each of `SIZES` at once."""
    z, rng = pool(p), np.random.default_rng([p.seed, 2])
    statistics = [batch_statistics(mini_batches(z, rng, DRAWS, size)) for size in SIZES]
    measured = np.array([[mean.std(), var.std()] for mean, var in statistics])
    predicted = np.array([predicted_noise(z, size) for size in SIZES])
    return Noise(*measured.T, *predicted.T)


@dataclass(frozen=True)
class Modes:
    """Accuracy of trained networks on the test points, in evaluation and in training mode.

    Attributes:
        sizes: batch sizes in training mode; the last one is that of all test points.
        evaluation: in evaluation mode, shape (seeds,).
        shuffled: in training mode, with the test points in random order, shape (sizes, seeds).
        sorted: the same with the test points sorted by class.
        diverged: how many of the networks have diverged in training.
    """

    sizes: tuple[int, ...]
    evaluation: np.ndarray
    shuffled: np.ndarray
    sorted: np.ndarray
    diverged: int

    def cost(self, size: int) -> np.ndarray:
        """Share of the test points lost by testing in training mode with such batches, for each seed."""
        return self.evaluation - self.shuffled[self.sizes.index(size)]


def seeds_trainer(experiment: Experiment) -> Trainer:
    """A trainer of the experiment with `N_SEEDS` seeds in a stack: same points and mini-batches, other weights."""
    data = experiment_data(experiment)
    networks = [initial_network(experiment.moved_on(k, "seed"), data) for k in range(N_SEEDS)]
    return Trainer(experiment, NeuralNetwork.stack(networks))


def training_mode_accuracy(network: NeuralNetwork, X: np.ndarray, y: np.ndarray, batch_size: int) -> np.ndarray:
    """Accuracy with each batch normalised by its own statistics, as in training: the mistake. Shape (*stack).

    The network's running statistics don't change: a copy gets the batches.
    """
    network = network.select()
    outputs = [network.forward(X[i : i + batch_size]) for i in range(0, len(X), batch_size)]
    return (np.concatenate(outputs, axis=-2).argmax(axis=-1) == y.argmax(axis=-1)).mean(axis=-1)


def compare_modes(trainer: Trainer) -> Modes:
    """Test the trainer's networks in the right mode, and in the wrong one."""
    network, X, y = trainer.network, trainer.data.X_test, trainer.data.y_test
    sizes = (*[2**power for power in range(len(X).bit_length()) if 2**power < len(X)], len(X))
    order = np.argsort(y.argmax(axis=1), kind="stable")
    with np.errstate(all="ignore"):  # of networks that have diverged
        shuffled = [training_mode_accuracy(network, X, y, size) for size in sizes]
        by_class = [training_mode_accuracy(network, X[order], y[order], size) for size in sizes]
        _, evaluation = network.evaluate(X, y)
    diverged = int((trainer.overflow | trainer.runaway).sum())
    return Modes(sizes, evaluation, np.array(shuffled), np.array(by_class), diverged)


def trained_modes(experiment: Experiment, pause: Callable[..., object] = nothing) -> Modes:
    """Train `N_SEEDS` networks, and compare the modes; `pause` is called between slices, with the share done."""
    trainer = seeds_trainer(experiment)
    while not (trainer.finished or trainer.diverged):
        trainer.run(10**6, SLICE)
        pause(trainer.progress / experiment.epochs)
    return compare_modes(trainer)
