"""Networks, stacks and data that the tests of the engine share."""

import math
from itertools import pairwise

import numpy as np

from playground.nn import ACTIVATIONS, BatchNorm, Dense, NeuralNetwork, Softmax


def build(sizes, activation="tanh", scheme="glorot_normal", batch_norm=False, softmax=True, seed=0, dtype=np.float64):
    """Network with `sizes` units a layer, input first. All its parameters are drawn: no error hides at 0 or 1."""
    rng = np.random.default_rng(seed)
    layers = []
    for fan_in, fan_out in pairwise(sizes[:-1]):
        norm = [BatchNorm(fan_out, dtype=dtype)] if batch_norm else []
        layers += [Dense(fan_in, fan_out, scheme, rng, dtype), *norm, ACTIVATIONS[activation]()]
    layers.append(Dense(sizes[-2], sizes[-1], scheme, rng, dtype))
    network = NeuralNetwork([*layers, Softmax()] if softmax else layers)
    network.parameters += 0.1 * rng.standard_normal(network.parameters.shape)
    return network


def stack_of(make, shape):
    """Layers or networks make(0), make(1), ... as one stack of the given shape, numbered as `np.arange` would."""
    parts = [make(seed) for seed in range(math.prod(shape))]
    for n in reversed(shape):
        parts = [parts[i].stack(parts[i : i + n]) for i in range(0, len(parts), n)]
    return parts[0]


def data(n, features, classes, seed=0, stack=()):
    """X, standard normal, and one-hot labels y, for n examples."""
    rng = np.random.default_rng(1000 + seed)
    return rng.standard_normal((*stack, n, features)), np.eye(classes)[rng.integers(classes, size=(*stack, n))]
