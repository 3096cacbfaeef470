"""Every activation is a known function, and what it says of dead and saturated units is true of its slope."""

import numpy as np
import pytest
from scipy import special

from playground.nn import ACTIVATIONS, Softmax

KNOWN = {
    "relu": lambda z: (z + abs(z)) / 2,
    "leaky_relu": lambda z: 0.505 * z + 0.495 * abs(z),
    "tanh": lambda z: 2 * special.expit(2 * z) - 1,
    "sigmoid": special.expit,
    "linear": lambda z: z,
}
for_every_activation = pytest.mark.parametrize("name", ACTIVATIONS)
Z = np.linspace(-8, 8, 1601)[:, None]


def slope(name, z):
    """The activation after a forward pass at z, and its slope there."""
    activation = ACTIVATIONS[name]()
    activation.forward(z)
    return activation, activation.backward(np.ones_like(z))


@for_every_activation
def test_every_activation_is_the_known_function(name):
    assert np.allclose(ACTIVATIONS[name]().forward(Z), KNOWN[name](Z), rtol=0, atol=1e-15)


@for_every_activation
def test_a_unit_is_dead_where_no_example_gives_it_a_slope(name):
    positive, mixed, negative = 1 + abs(Z), Z, -1 - abs(Z)
    stack = np.stack([np.hstack([positive, mixed, negative]), np.hstack([negative, negative, mixed])])
    activation, slopes = slope(name, stack)
    without = ~slopes.any(axis=-2)
    assert (activation.dead() is not None) == without.any()
    assert activation.dead() is None or np.array_equal(activation.dead(), without)


@for_every_activation
def test_those_with_bounds_saturate_where_the_slope_is_below_a_twentieth_of_its_largest(name):
    activation, slopes = slope(name, Z)
    bounded = np.ptp(KNOWN[name](np.array([-1e6, 1e6]))) <= 2
    assert (activation.saturated() is not None) == bounded
    if bounded:
        assert np.array_equal(activation.saturated(), slopes < slopes.max() / 20)
        assert 0.1 < activation.saturated().mean() < 0.9


def test_softmax_is_the_known_function_however_large_the_logits():
    logits = 10 ** np.linspace(0, 4, 5)[:, None] * np.random.default_rng(0).standard_normal((5, 4))
    assert np.allclose(Softmax().forward(logits), special.softmax(logits, axis=1), rtol=0, atol=1e-15)
    assert np.array_equal(Softmax().forward(np.array([[1e4, -1e4], [-1e4, 1e4]])), np.eye(2))
    assert np.allclose(Softmax().forward(logits), Softmax().forward(logits + 3), rtol=0, atol=1e-12)
