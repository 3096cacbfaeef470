"""A loss says in one number how wrong a network is, and its gradient says in which direction that number grows.

Losses are means over the batch, so that the learning rate does not depend on the batch size.
"""

import numpy as np


class CrossEntropy:
    """Mean cross-entropy between class probabilities p and one-hot labels y. Bishop (2006), equation 4.108."""

    @staticmethod
    def value(p: np.ndarray, y: np.ndarray) -> np.ndarray:
        """L = -mean over the batch of sum_k y_k log p_k: (*stack, batch, classes) -> (*stack).

        A probability of 0 counts as the smallest number above it, so that the loss stays finite.
        """
        log_p = np.log(np.maximum(p, np.finfo(p.dtype).tiny))
        return -(y * log_p).sum(axis=-1).mean(axis=-1)

    @staticmethod
    def classes(p: np.ndarray) -> np.ndarray:
        """The most probable class of each example: (*stack, batch, classes) -> (*stack, batch)."""
        return p.argmax(axis=-1)

    @staticmethod
    def gradient(p: np.ndarray, y: np.ndarray) -> np.ndarray:
        """dL/dp = -y / p / batch, shape of p. A network that ends in `Softmax` uses dL/dz = (p - y) / batch instead."""
        return -y / np.maximum(p, np.finfo(p.dtype).tiny) / p.shape[-2]


class MeanSquaredError:
    """Mean squared error between outputs a and targets y. Bishop (2006), equation 5.14, as a mean."""

    @staticmethod
    def value(a: np.ndarray, y: np.ndarray) -> np.ndarray:
        """L = mean over the batch and the outputs of (a - y)^2: (*stack, batch, outputs) -> (*stack)."""
        return ((a - y) ** 2).mean(axis=-1).mean(axis=-1)

    @staticmethod
    def classes(a: np.ndarray) -> np.ndarray:
        """The class of the largest output; of a single output, class 1 where it is above 1/2. Shape (*stack, batch)."""
        return a.argmax(axis=-1) if a.shape[-1] > 1 else a[..., 0] > 0.5

    @staticmethod
    def gradient(a: np.ndarray, y: np.ndarray) -> np.ndarray:
        """dL/da = 2 (a - y) / (batch * outputs), shape of a."""
        return 2 * (a - y) / (a.shape[-2] * a.shape[-1])
