"""What several rules ask: whether a network has learnt, how its loss moves, what a fitted line or curve reaches."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.svm import SVC

from ..diagnostics import PROBE, LayerStatistics, Snapshot
from ..experiment import KNOBS
from ..loop import experiment_data

LEARNT = 0.95  # training accuracy from which a network needs no advice on how to learn
CLEARLY = 0.05  # of accuracy: what counts as a difference
RECENT = 5  # recorded moments that count as recent, so that one odd mini-batch makes no finding
WINDOW = 10  # moments over which the loss is said to rise, fall or swing
PATIENCE = 10  # epochs before a network that has not learnt is thought to need help
DATA_KNOBS = tuple(name for name, knob in KNOBS.items() if knob.group == "Data")


def learnt(seen: Snapshot) -> bool:
    """Whether the network needs no advice on how to learn."""
    return seen.moment.train_accuracy >= LEARNT


def recent_update_ratios(seen: Snapshot) -> np.ndarray | None:
    """For each layer, the median over recent moments of |change of W| / |W|; None before the first step."""
    recent = [moment.update_ratios for moment in seen.moments[-RECENT:] if moment.step]
    return np.median(recent, axis=0) if recent else None


def worst(layers: list[LayerStatistics], attribute: str) -> LayerStatistics | None:
    """The layer in which a share is largest; None where no layer has it."""
    having = [layer for layer in layers if getattr(layer, attribute) is not None]
    return max(having, key=lambda layer: getattr(layer, attribute), default=None)


def guessing(seen: Snapshot) -> float:
    """The loss of naming classes by their frequencies alone: their entropy, -sum p log p."""
    shares = seen.data.y_train.mean(axis=0)
    return float(-sum(share * np.log(share) for share in shares if share > 0))


def most_frequent(seen: Snapshot) -> float:
    """Share of the largest class among the training points: the accuracy of always naming it."""
    return float(seen.data.y_train.mean(axis=0).max())


class Movement(NamedTuple):
    """How the training loss moves over the last `WINDOW` recorded moments.

    Attributes:
        swing: mean size of its changes from one moment to the next, as a share of its mean.
        fall: share of the loss by which it has fallen from one moment to the next, on average; negative: risen.
    """

    swing: float
    fall: float


def movement(seen: Snapshot) -> Movement | None:
    """How the training loss moves; None where too few moments are recorded to tell."""
    losses = np.array([moment.train_loss for moment in seen.moments[-WINDOW:]])
    mean = losses.mean()
    if len(losses) < WINDOW or not 0 < mean < np.inf:
        return None
    return Movement(float(np.abs(np.diff(losses)).mean() / mean), float((losses[0] - losses[-1]) / mean / (WINDOW - 1)))


def usual(losses: list[float]) -> np.ndarray:
    """The median of each `RECENT` losses in a row, so that no odd moment counts: shape (losses - RECENT + 1)."""
    return np.median(np.lib.stride_tricks.sliding_window_view(losses, RECENT), axis=-1)


def standard_error(seen: Snapshot, X: np.ndarray, y: np.ndarray) -> float:
    """Standard error of the mean loss on examples: by that much it differs from that on all there could be."""
    losses = -np.log(np.maximum((seen.network.predict(X) * y).sum(axis=1), 1e-300))
    return float(losses.std() / np.sqrt(len(losses)))


def downhill(seen: Snapshot, *lengths: float) -> np.ndarray | None:
    """How the loss changes after one step along the gradient, as a share of it, for steps of several lengths.

    Args:
        seen: the moment.
        lengths: times the size of recent steps, in each layer. Only the weights move.

    Returns:
        Shape (lengths), negative where the loss falls; None before the first step.
    """
    ratios = recent_update_ratios(seen)
    if ratios is None:
        return None
    X, y = seen.data.X_train[:PROBE], seen.data.y_train[:PROBE]
    network, losses = seen.network.select(), []
    sizes = [
        ratio * np.linalg.norm(layer.weights) / max(float(layer.gradient_norm), np.finfo(float).tiny)
        for layer, ratio in zip(seen.layers, ratios, strict=True)
    ]
    for length in (0.0, *lengths):
        for dense, layer, size in zip(network.dense, seen.layers, sizes, strict=True):
            dense.W = layer.weights - length * size * layer.weight_gradient
        losses.append(network.loss.value(network.forward(X), y))
    return np.array(losses[1:]) / losses[0] - 1


class Fitted(NamedTuple):
    """What two classifiers without a network reach on the training points.

    Attributes:
        line, line_loss: accuracy and loss of straight boundaries, by logistic regression.
        curve: accuracy of curved ones, by a support vector machine with a Gaussian kernel: perhaps not the most
            there is, but it can be reached.
    """

    line: float
    line_loss: float
    curve: float


def fitted(seen: Snapshot) -> Fitted:
    """What a fitted line and a fitted curve reach: 10 to 100 ms for new data, which are kept."""
    experiment = seen.experiment
    kind: Any = type(experiment)
    return _fit(kind, tuple(getattr(experiment, name) for name in DATA_KNOBS))


@lru_cache(maxsize=64)
def _fit(kind: Any, values: tuple) -> Fitted:
    data = experiment_data(kind(**dict(zip(DATA_KNOBS, values, strict=True))))
    X, labels = data.X_train, data.y_train.argmax(axis=1)
    if len(np.unique(labels)) < 2:
        return Fitted(1.0, 0.0, 1.0)
    line, curve = LogisticRegression(C=1e4, max_iter=500).fit(X, labels), SVC(C=100.0).fit(X, labels)
    loss = log_loss(labels, line.predict_proba(X), labels=line.classes_)
    return Fitted(float(line.score(X, labels)), float(loss), float(curve.score(X, labels)))


def needs_help(seen: Snapshot) -> bool:
    """Whether the network has had time to learn, and is clearly worse than a fitted curve."""
    accuracy = seen.moment.train_accuracy
    if learnt(seen) or seen.moment.epoch < PATIENCE:
        return False
    return accuracy < fitted(seen).curve - CLEARLY


def ends(seen: Snapshot) -> bool:
    """Whether the run is at its end, or nearly: before, most networks that have not learnt are still on their way."""
    return seen.moment.epoch >= max(PATIENCE, 0.9 * seen.experiment.epochs)
