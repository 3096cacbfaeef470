"""A dataset is examples with labels, and a split says which of them train, which validate, and which only test.

To add one, write one function (rng, n_points, noise, n_classes) -> X, labels under `@dataset(...)`: it is then in
`DATASETS` and everywhere in the app. To add a split, write one function (rng, labels) -> order under
`@way_to_split(...)`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sklearn.datasets import load_digits, make_blobs, make_circles, make_moons

from ..nn import Catalogue


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A dataset with what a student should know about it.

    Attributes:
        name: key in `DATASETS` and in URLs.
        label: name on the screen.
        meaning: one sentence: what it asks of a network.
        function: (rng, n_points, noise, n_classes) -> X of shape (n_points, n_features) and labels (n_points,).
        given: whether its examples are given, so that number of points and noise don't apply.
        tested: whether some of its examples are kept for testing; otherwise all train.
        validated: whether the first half of those that are kept is for validation: to choose knobs by.
        many_classes: whether the number of classes may be chosen.
        n_classes: their number, where it may not be chosen.
        n_examples: their number, where the examples are given; otherwise 0.
        n_features: features of an example; those with two are points in the plane.
        shares: share of each class among many examples, for a given number of classes; None: all equal.
        learnt_with: knobs to change where a network of two layers of 16 units does not learn it (90 % of the training
            examples right, after 100 epochs of Adam).
    """

    name: str
    label: str
    meaning: str
    function: Callable[..., tuple[np.ndarray, np.ndarray]]
    given: bool = False
    tested: bool = True
    validated: bool = False
    many_classes: bool = False
    n_classes: int = 2
    n_examples: int = 0
    n_features: int = 2
    shares: Callable[[int], np.ndarray] | None = None
    learnt_with: Mapping[str, Any] | None = None


DATASETS: Catalogue = Catalogue("dataset", kind=Dataset, parameters=("rng", "n_points", "noise", "n_classes"))
PLANE = DATASETS.where(lambda each: each.n_features == 2)  # the points in the plane
IMAGES = DATASETS.where(lambda each: each.n_features != 2)  # all others
dataset = DATASETS.define


@dataclass(frozen=True, kw_only=True)
class Split:
    """A way to split a dataset, with what a student should know about it.

    Attributes:
        name: key in `SPLITS` and in URLs.
        label: name on the screen.
        meaning: one sentence: what it does.
        function: (rng, labels) -> the indices of all examples; the first of them train, the others are held out.
    """

    name: str
    label: str
    meaning: str
    function: Callable[..., np.ndarray]

    def __call__(self, rng, labels: np.ndarray) -> np.ndarray:
        """The indices of all examples, those for training first; shape of `labels`, (n_points,)."""
        return self.function(rng, labels)


SPLITS: Catalogue = Catalogue("split", kind=Split, parameters=("rng", "labels"))
way_to_split = SPLITS.define


@way_to_split(label="At random", meaning="All examples are shuffled, then cut.")
def shuffled(rng, labels):
    return rng.permutation(len(labels))


@way_to_split(label="Stratified", meaning="Shuffled, with the same share of each class in all parts.")
def stratified(rng, labels):
    # scikit-learn refuses to stratify where a class has only one example, which can happen here
    order = rng.permutation(len(labels))
    place = np.empty(len(labels))
    for label in np.unique(labels):
        of_class = order[labels[order] == label]
        place[of_class] = (np.arange(len(of_class)) + rng.uniform()) / len(of_class)
    return np.argsort(place, kind="stable")


@way_to_split(
    label="Last part",
    meaning="As they stand in the file: the first train, the last are held out. No random sample of the whole.",
)
def last_part(rng, labels):
    return np.arange(len(labels))


@dataclass(frozen=True)
class Data:
    """Examples split into those to train on, those to choose knobs by, and those to test with.

    Attributes:
        X_train, X_validation, X_test: (examples, n_features). Only the first is never empty.
        y_train, y_validation, y_test: one-hot labels, (examples, n_classes).
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_validation: np.ndarray
    y_validation: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray

    @property
    def held_out(self) -> str:
        """The part on which a network is watched while it trains: "validation" if there is one, or else "test"."""
        return "validation" if len(self.X_validation) else "test"

    @property
    def X_held_out(self) -> np.ndarray:
        """The examples of this part, (examples, n_features)."""
        return self.X_validation if self.held_out == "validation" else self.X_test

    @property
    def y_held_out(self) -> np.ndarray:
        """Their one-hot labels, (examples, n_classes)."""
        return self.y_validation if self.held_out == "validation" else self.y_test

    @property
    def n_held_out(self) -> int:
        """Number of examples of this part."""
        return len(self.X_held_out)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return self.y_train.shape[1]

    @property
    def n_train(self) -> int:
        """Number of examples to train on."""
        return len(self.X_train)


def make_data(
    name: str,
    rng: np.random.Generator,
    n_points: int,
    noise: float,
    n_classes: int,
    train_share: float,
    split: str = "shuffled",
) -> Data:
    """Draw the examples of a dataset and split them; at least one is for training."""
    source = DATASETS[name]
    n_labels = n_classes if source.many_classes else source.n_classes
    X, labels = source.function(rng, n_points, noise, n_labels)
    y = np.eye(n_labels)[labels]  # one-hot
    if not source.tested:
        return Data(X, y, X[:0], y[:0], X[:0], y[:0])
    order = SPLITS[split](rng, labels)
    n_train = max(1, int(train_share * len(X) + 1e-9))  # rounded down, as on the course page
    train, held_out = order[:n_train], order[n_train:]
    if not source.validated:
        return Data(X[train], y[train], X[:0], y[:0], X[held_out], y[held_out])
    half = (len(held_out) + 1) // 2
    validation = held_out[:half]
    test = held_out[half:]
    return Data(X[train], y[train], X[validation], y[validation], X[test], y[test])


def _seed(rng):
    """A seed for scikit-learn, which takes no `Generator`."""
    return int(rng.integers(2**32))


@dataset(
    label="XOR clouds",
    meaning="Opposite corners share a class: no straight line separates them, three hidden units can.",
)
def xor_clouds(rng, n_points, noise, n_classes):
    X = rng.uniform(0.15, 1.5, (n_points, 2)) * rng.choice([-1, 1], (n_points, 2))
    labels = (X[:, 0] * X[:, 1] < 0).astype(int)
    return X + noise * rng.standard_normal(X.shape), labels


@dataset(
    label="XOR (the course's four points)",
    meaning="The four points of the course page: all train, none test.",
    given=True,
    tested=False,
    n_examples=4,
)
def xor(rng, n_points, noise, n_classes):
    return np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])


@dataset(label="Circles", meaning="A ring inside a ring: three hidden units can fence in the inner one.")
def circles(rng, n_points, noise, n_classes):
    X, labels = make_circles(n_points, noise=noise, factor=0.5, random_state=_seed(rng))
    return 1.4 * X, labels


@dataset(
    label="Moons",
    meaning="Two crescents in each other's arms: a straight line gets seven in eight right, the rest needs a bend.",
)
def moons(rng, n_points, noise, n_classes):
    X, labels = make_moons(n_points, noise=noise, random_state=_seed(rng))
    return 1.4 * (X - [0.5, 0.25]), labels


@dataset(
    label="Two spirals",
    meaning="Wound around each other one and a half times: needs width, depth and patience.",
    learnt_with={"hidden": (32, 32), "epochs": 200},
)
def spirals(rng, n_points, noise, n_classes):
    labels = np.arange(n_points) % 2
    radius = rng.uniform(0.1, 1, n_points)
    angle = 3 * np.pi * radius + np.pi * labels
    X = 1.8 * radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return X + 0.5 * noise * rng.standard_normal(X.shape), labels


@dataset(
    label="Gaussian blobs",
    meaning="Each class a cloud of its own: easy, and for up to five classes.",
    many_classes=True,
)
def blobs(rng, n_points, noise, n_classes):
    angle = 2 * np.pi * np.arange(n_classes) / n_classes
    centers = 1.4 * np.column_stack([np.cos(angle), np.sin(angle)])
    return make_blobs(n_points, centers=centers, cluster_std=0.2 + noise, random_state=_seed(rng))


@dataset(
    label="Checkerboard",
    meaning="Four by four squares in turn: a boundary of many straight pieces, which asks for width or depth.",
    learnt_with={"hidden": (32, 32), "n_points": 400, "noise": 0.02, "epochs": 200},
)
def checkerboard(rng, n_points, noise, n_classes):
    X = rng.uniform(-1.6, 1.6, (n_points, 2))
    labels = np.floor(X / 0.8).sum(axis=1).astype(int) % 2
    return X + 0.5 * noise * rng.standard_normal(X.shape), labels


def halving(n_classes: int) -> np.ndarray:
    """Shares of classes, each half as large as the one before: (n_classes,)."""
    shares = 0.5 ** np.arange(n_classes)
    return shares / shares.sum()


@dataset(
    label="Clouds of unequal size",
    meaning="Each class half as large as the one before: to name the largest is right more often than not.",
    many_classes=True,
    shares=halving,
)
def unequal_clouds(rng, n_points, noise, n_classes):
    angle = 2 * np.pi * np.arange(n_classes) / n_classes
    labels = rng.choice(n_classes, n_points, p=halving(n_classes))
    centers = 1.2 * np.column_stack([np.cos(angle), np.sin(angle)])
    return centers[labels] + (0.2 + noise) * rng.standard_normal((n_points, 2)), labels


@dataset(
    label="Handwritten digits",
    meaning="1,797 images of 8 x 8 pixels by 13 writers (Alpaydin & Kaynak 1998), in scikit-learn.",
    given=True, validated=True, n_classes=10, n_examples=1797, n_features=64,
)  # fmt: skip
def digits(rng, n_points, noise, n_classes):
    X, labels = _digits()
    return X.copy(), labels.copy()


@cache
def _digits():
    """The file is read once: pixels from 0 to 1, and labels."""
    X, labels = load_digits(return_X_y=True)
    return X / 16, labels
