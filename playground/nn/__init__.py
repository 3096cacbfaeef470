"""Neural networks in NumPy alone: what a student reads here is what trains every network of the app."""

from .activations import ACTIVATIONS, ELU, GELU, Activation, LeakyReLU, Linear, ReLU, Sigmoid, SiLU, Tanh, weight_gain
from .base import Layer
from .catalogue import Catalogue
from .gradient_check import (
    AGREE,
    GradientCheck,
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
    "AGREE",
    "ELU",
    "GELU",
    "INITIALIZERS",
    "OPTIMIZERS",
    "SGD",
    "Activation",
    "Adam",
    "BatchNorm",
    "Catalogue",
    "CrossEntropy",
    "Dense",
    "GradientCheck",
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
    "SiLU",
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
    "weight_gain",
]
