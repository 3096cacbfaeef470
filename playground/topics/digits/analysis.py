"""What a network makes of images: which it confuses, how sure it is, what its first layer looks for, what it sees."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import orthogonal_procrustes
from scipy.special import entr
from sklearn.decomposition import PCA
from sklearn.metrics import confusion_matrix

from ...data.datasets import Data
from ...nn import Dense, NeuralNetwork
from ...text import percent
from .digits_experiment import SIDE

MOST_POINTS = 500  # images whose places are computed


@dataclass(frozen=True)
class Images:
    """The images with which a network is examined.

    Attributes:
        name: "validation images", or "training images" where all train.
        X: pixels from 0 to 1, shape (images, 64).
        labels: their digits, shape (images,).
    """

    name: str
    X: np.ndarray
    labels: np.ndarray


def images_to_show(data: Data) -> Images:
    """The validation images, if there are any, or else those for training. The test part stays shut."""
    if len(data.X_validation):
        return Images("validation images", data.X_validation, data.y_validation.argmax(axis=1))
    return Images("training images", data.X_train, data.y_train.argmax(axis=1))


def answers(network: NeuralNetwork, X: np.ndarray) -> np.ndarray:
    """Class probabilities in evaluation, shape (images, classes)."""
    return network.predict(X)


def confusion(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """How many images of each class (rows) the network takes for each class (columns); shape (classes, classes)."""
    classes = np.arange(probabilities.shape[1])
    return confusion_matrix(labels, probabilities.argmax(axis=1), labels=classes)


@dataclass(frozen=True)
class Misclassified:
    """An image that the network takes for another digit.

    Attributes:
        index: of the image.
        label: its digit.
        said: the digit that the network takes it for.
        sure: the probability that it gives to that digit.
    """

    index: int
    label: int
    said: int
    sure: float


def misclassified(labels: np.ndarray, probabilities: np.ndarray) -> list[Misclassified]:
    """The images whose most probable class is wrong, those of which the network is most sure first."""
    said, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(said != labels)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    return [Misclassified(int(i), int(labels[i]), int(said[i]), float(sure[i])) for i in wrong]


def weight_images(W: np.ndarray) -> np.ndarray:
    """The weights of a first layer, W of shape (64, units), unit by unit at the pixels they weigh: (units, 8, 8)."""
    return W.T.reshape(-1, SIDE, SIDE)


@dataclass(frozen=True)
class Places:
    """Images as points in the plane, near each other where a layer gives about the same for them.

    Attributes:
        points: shape (images, 2).
        share: of the variance of the layer's activations that is in this plane.
    """

    points: np.ndarray
    share: float


def places(network: NeuralNetwork, X: np.ndarray, layer: int) -> Places:
    """The activations of hidden layer `layer` (counted from 1; 0: the pixels) on their first two principal components.

    A principal component has no sign of its own, and two of about the same variance may change places from one moment
    to the next. So the plane is rotated or flipped, to bring the images as near as possible to their places for the
    pixels (orthogonal Procrustes, Schönemann 1966): these are the same for all networks, and at every moment.
    """
    network.forward(X, training=False)
    first = [place for place, each in enumerate(network.layers) if isinstance(each, Dense)]
    pixels, share = _principal(X)
    if layer == 0:
        return Places(pixels, share)
    points, share = _principal(network.layers[first[layer] - 1].output)
    turn, _ = orthogonal_procrustes(points, pixels)
    return Places(points @ turn, share)


def _principal(X: np.ndarray) -> tuple[np.ndarray, float]:
    """X of shape (images, features) on its first two principal components, (images, 2), and their share of variance.

    In double precision: in single precision images that a layer hardly tells apart would be as far apart as the
    rounding errors of the others.
    """
    X = X.astype(np.float64)
    points = np.zeros((len(X), 2))
    variance = X.var(axis=0).sum()
    if variance == 0:
        return points, 1.0
    pca = PCA(min(2, *X.shape), svd_solver="covariance_eigh")
    found = pca.fit_transform(X)
    points[:, : found.shape[1]] = found
    return points, float(found.var(axis=0).sum() / variance)


def entropy(probabilities: np.ndarray) -> float:
    """-sum p ln p, in nats: 0 for a single certain class, ln K for K equally likely classes (Shannon 1948)."""
    return float(entr(probabilities).sum())


def how_sure(probability: float) -> str:
    """A probability in whole percent. What is only nearly certain is not shown as 100 %."""
    return "> 99 %" if 0.995 <= probability < 1 else percent(probability)
