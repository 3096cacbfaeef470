"""A dataset is a picture in the plane that a network must learn to colour.

To add one, write one function (rng, n_points, noise, n_classes) -> X, labels under `@dataset(...)`: it then
stands in `DATASETS` and everywhere in the app.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import make_blobs, make_circles, make_moons


@dataclass(frozen=True)
class Dataset:
    """A dataset with what a student should know of it.

    Attributes:
        name: key in `DATASETS` and in URLs.
        label: name on the screen.
        meaning: one sentence: what it asks of a network.
        draw: (rng, n_points, noise, n_classes) -> X of shape (n_points, 2) and integer labels of shape (n_points,).
        given: whether its points are given, so that number of points, noise and the split for testing don't apply.
        many_classes: whether the number of classes may be chosen; it is 2 otherwise.
    """

    name: str
    label: str
    meaning: str
    draw: Callable[..., tuple[np.ndarray, np.ndarray]]
    given: bool
    many_classes: bool


DATASETS: dict[str, Dataset] = {}


def dataset(label: str, meaning: str, given: bool = False, many_classes: bool = False):
    """Enter the decorated function in `DATASETS` under its own name."""

    def enter(draw):
        DATASETS[draw.__name__] = Dataset(draw.__name__, label, meaning, draw, given, many_classes)
        return draw

    return enter


@dataclass(frozen=True)
class Data:
    """Points split into those to train on and those to test with.

    Attributes:
        X_train, X_test: (examples, 2). The test part may be empty.
        y_train, y_test: one-hot labels, (examples, n_classes).
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray

    @property
    def n_classes(self) -> int:
        return self.y_train.shape[1]

    @property
    def n_train(self) -> int:
        return len(self.X_train)


def make_data(name: str, rng: np.random.Generator, n_points: int, noise: float, n_classes: int, train_share: float):
    """Draw the points of a dataset and split them at random; at least one is for training."""
    source = DATASETS[name]
    n_classes = n_classes if source.many_classes else 2
    X, labels = source.draw(rng, n_points, noise, n_classes)
    y = np.eye(n_classes)[labels]
    if source.given:
        return Data(X, y, X[:0], y[:0])
    order = rng.permutation(len(X))
    n_train = min(max(1, round(train_share * len(X))), len(X))
    train, test = order[:n_train], order[n_train:]
    return Data(X[train], y[train], X[test], y[test])


def _seed(rng):
    """A seed for scikit-learn, which takes no `Generator`."""
    return int(rng.integers(2**32))


@dataset("XOR clouds", "Opposite corners share a class: no straight line separates them, two units can.")
def xor_clouds(rng, n_points, noise, n_classes):
    X = rng.uniform(0.15, 1.5, (n_points, 2)) * rng.choice([-1, 1], (n_points, 2))
    labels = (X[:, 0] * X[:, 1] < 0).astype(int)
    return X + noise * rng.standard_normal(X.shape), labels


@dataset("XOR (the course's four points)", "The four points of the course page: all train, none test.", given=True)
def xor(rng, n_points, noise, n_classes):
    return np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])


@dataset("Circles", "A ring around a disc: three units can fence it in.")
def circles(rng, n_points, noise, n_classes):
    X, labels = make_circles(n_points, noise=noise, factor=0.5, random_state=_seed(rng))
    return 1.4 * X, labels


@dataset("Moons", "Two crescents in each other's arms: nearly linear, but only nearly.")
def moons(rng, n_points, noise, n_classes):
    X, labels = make_moons(n_points, noise=noise, random_state=_seed(rng))
    return 1.4 * (X - [0.5, 0.25]), labels


@dataset("Two spirals", "Wound around each other one and a half times: needs width, depth and patience.")
def spirals(rng, n_points, noise, n_classes):
    labels = np.arange(n_points) % 2
    radius = rng.uniform(0.1, 1, n_points)
    angle = 3 * np.pi * radius + np.pi * labels
    X = 1.8 * radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return X + 0.5 * noise * rng.standard_normal(X.shape), labels


@dataset("Gaussian blobs", "Each class a cloud of its own: easy, and for up to five classes.", many_classes=True)
def blobs(rng, n_points, noise, n_classes):
    angle = 2 * np.pi * np.arange(n_classes) / n_classes
    centers = 1.4 * np.column_stack([np.cos(angle), np.sin(angle)])
    return make_blobs(n_points, centers=centers, cluster_std=0.2 + noise, random_state=_seed(rng))
