"""Neural networks in NumPy alone: what a student reads here is what trains every network of the app."""

from .activations import ACTIVATIONS, Activation, LeakyReLU, Linear, ReLU, Sigmoid, Tanh
from .base import Layer
from .gradient_check import (
    check_layer,
    check_network,
    network_gradients,
    numerical_gradient,
    relative_error,
    smallest_gradient,
)
from .initializers import INITIALIZERS, Initializer, initializer
from .layers import BatchNorm, Dense, Softmax
from .losses import CrossEntropy, MeanSquaredError
from .network import NeuralNetwork
from .optimizers import OPTIMIZERS, SGD, Adam, Momentum, Optimizer, RMSProp

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "OPTIMIZERS",
    "SGD",
    "Activation",
    "Adam",
    "BatchNorm",
    "CrossEntropy",
    "Dense",
    "Initializer",
    "Layer",
    "LeakyReLU",
    "Linear",
    "MeanSquaredError",
    "Momentum",
    "NeuralNetwork",
    "Optimizer",
    "RMSProp",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "check_layer",
    "check_network",
    "initializer",
    "network_gradients",
    "numerical_gradient",
    "relative_error",
    "smallest_gradient",
]
