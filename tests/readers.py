"""A network that reads digits, trained on other digits than those that tests let it read."""

from functools import cache

import numpy as np
from sklearn.datasets import load_digits

from playground.nn import Adam, Dense, NeuralNetwork, ReLU, Softmax

DIGITS = load_digits()
ORDER = np.random.default_rng(0).permutation(len(DIGITS.images))
TRAIN, TEST = ORDER[:1300], ORDER[1300:1500]


@cache
def reader() -> NeuralNetwork:
    """The network."""
    rng, X, y = np.random.default_rng(0), DIGITS.data / 16, np.eye(10)[DIGITS.target]
    network = NeuralNetwork([Dense(64, 64, "he_normal", rng), ReLU(), Dense(64, 10, "glorot_normal", rng), Softmax()])
    network.train(X[TRAIN], y[TRAIN], epochs=40, optimizer=Adam(0.003), rng=rng)
    return network


def accuracy(images) -> float:
    """Share that the network gets right of images of the first digits of `TEST`, in order; shape (images, 8, 8)."""
    images = np.reshape(list(images), (-1, 64))
    return float((reader().predict(images / 16).argmax(axis=1) == DIGITS.target[TEST[: len(images)]]).mean())
