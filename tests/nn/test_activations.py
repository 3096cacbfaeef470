"""Every activation is a known function, and what it says of dead and saturated units is true of its slope."""

import numpy as np
import pytest
from scipy import special

from playground.nn import ACTIVATIONS, INITIALIZERS, Dense, Softmax, weight_gain

KNOWN = {  # those that SciPy and others have, too
    "relu": lambda z: (z + abs(z)) / 2,
    "leaky_relu": lambda z: 0.505 * z + 0.495 * abs(z),
    "elu": lambda z: np.where(z > 0, z, np.exp(z) - 1),
    "silu": lambda z: z * special.expit(z),
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


@pytest.mark.parametrize("name", KNOWN)
def test_it_is_the_known_function(name):
    assert np.allclose(ACTIVATIONS[name]().forward(Z), KNOWN[name](Z), rtol=0, atol=4e-15)


def test_gelu_is_z_times_the_normal_distribution_to_three_digits():
    """Hendrycks & Gimpel (2016): its approximation by tanh is off by less than 0.001."""
    assert np.allclose(ACTIVATIONS["gelu"]().forward(Z), Z * special.ndtr(Z), rtol=0, atol=1e-3)


@for_every_activation
def test_backward_is_the_derivative(name):
    h, z = 1e-6, Z + 0.0037  # not on a kink at a multiple of a hundredth
    activation = ACTIVATIONS[name]()
    numerical = (activation.function(z + h) - activation.function(z - h)) / (2 * h)
    assert np.allclose(slope(name, z)[1], numerical, rtol=1e-6, atol=1e-8)
    dout = np.random.default_rng(0).standard_normal(z.shape)
    assert np.allclose(slope(name, z)[0].backward(dout), dout * numerical, rtol=1e-6, atol=1e-8)


@for_every_activation
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_works_element_by_element_keeps_its_input_and_the_dtype(name, dtype):
    z = np.random.default_rng(0).standard_normal((3, 5, 2)).astype(dtype)
    before, activation = z.copy(), ACTIVATIONS[name]()
    a = activation.forward(z)
    assert activation.output is a
    assert np.array_equal(a, np.stack([[ACTIVATIONS[name]().forward(row) for row in each] for each in z]))
    assert a.dtype == activation.backward(np.ones_like(z)).dtype == dtype
    assert np.array_equal(z, before)


@for_every_activation
def test_it_stays_a_number_for_any_input(name):
    activation, slopes = slope(name, np.array([[-1e9, -800.0, 0.0, 800.0, 1e9]]))
    assert np.isfinite(activation.output).all()
    assert np.isfinite(slopes).all()


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
    bounded = np.ptp(activation.function(np.array([-1e6, 1e6]))) <= 10
    assert (activation.saturated() is not None) == bounded
    if bounded:
        assert np.array_equal(activation.saturated(), slopes < slopes.max() / 20)
        assert 0.1 < activation.saturated().mean() < 0.9


@for_every_activation
def test_the_scheme_that_is_usual_for_it_exists_and_so_do_those_whose_weights_it_scales(name):
    assert {ACTIVATIONS[name].initializer, *ACTIVATIONS[name].weight_gains} <= INITIALIZERS.keys()


def test_the_weights_before_a_leaky_relu_have_the_variance_of_he_et_al():
    """Equation 15: 2 / ((1 + a^2) fan_in); with the slope 0.5, whose effect can be seen, and with 0.01."""
    assert weight_gain("leaky_relu", "he_normal") ** 2 == pytest.approx(1 / (1 + 0.01**2))
    assert weight_gain("leaky_relu", "glorot_normal") == weight_gain("relu", "he_normal") == 1
    gain = (1 + 0.5**2) ** -0.5
    W = np.stack([Dense(200, 200, "he_normal", np.random.default_rng(k), gain=gain).W for k in range(40)])
    z = first = np.random.default_rng(9).standard_normal((64, 200))
    for layer in W:
        z = np.where(z > 0, z, 0.5 * z) @ layer
    assert W.var() == pytest.approx(2 / (1.25 * 200), rel=0.01)
    assert 0.3 < z.var() / first.var() < 3  # without the factor, 1.25^40 = 7523 times as much


def test_softmax_is_the_known_function_however_large_the_logits():
    logits = 10 ** np.linspace(0, 4, 5)[:, None] * np.random.default_rng(0).standard_normal((5, 4))
    assert np.allclose(Softmax().forward(logits), special.softmax(logits, axis=1), rtol=0, atol=1e-15)
    assert np.array_equal(Softmax().forward(np.array([[1e4, -1e4], [-1e4, 1e4]])), np.eye(2))
    assert np.allclose(Softmax().forward(logits), Softmax().forward(logits + 3), rtol=0, atol=1e-12)
