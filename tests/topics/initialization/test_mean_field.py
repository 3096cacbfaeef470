"""Theory predicts what is measured, to within the scatter that it predicts for a network of that width.

The scatter: the mean of a^2 over n units has a relative variance of excess / n, with excess = E[a^4] / E[a^2]^2 - 1,
which is 2 for linear units and 5 for ReLU. Layer after layer these add up in the variance V of its logarithm; that of
a standard deviation is V / 4, and its mean is lower than the logarithm of the mean by V / 4, as that of any log-normal
square root is. Many examples can only average some of it away: hence four standard deviations are a safe bound.
"""

import math
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from playground.data.datasets import PLANE
from playground.nn import ACTIVATIONS, INITIALIZERS
from playground.topics.initialization.critical_gain import critical_gain
from playground.topics.initialization.gaussian_means import moments
from playground.topics.initialization.mean_field import NoTheory, fixed_point, theoretical_gain, theory
from playground.topics.initialization.signal_propagation import Fate, Propagation, batch, propagate

RANDOM = [name for name, scheme in INITIALIZERS.items() if scheme.variance(1, 1)]
FOUND = [name for name in ACTIVATIONS if name not in ("gelu", "silu")]  # those with a theory of their critical gain


rare = pytest.mark.exhaustive


def function(activation):
    """An activation as a function of a number, and its derivative."""
    layer = ACTIVATIONS[activation]()

    def slope(z):
        layer.forward(np.array([[z]]))
        return float(layer.slope[0, 0])

    return lambda z: float(layer.function(np.array(z))), slope


def gaussian_mean(f, s):
    """E[f(s x)] for x ~ N(0, 1), by adaptive quadrature in z = s x, cut where f is curved."""

    def weighted(z):
        return f(z) * math.exp(-((z / s) ** 2) / 2) / math.sqrt(2 * math.pi) / s

    breaks = [0, *(point for point in (1, 5, 20) if point < 12 * s), 12 * s]
    pieces = [*pairwise(breaks), *((-b, -a) for a, b in pairwise(breaks))]
    return sum(quad(weighted, a, b, epsabs=1e-14 * s, epsrel=1e-10, limit=200)[0] for a, b in pieces)


def rms(signal):
    return np.hypot(signal.a_mean, signal.a_std)


def slope_excess(activation, s):
    """3 E[sigma'^4] / E[sigma'^2]^2 - 1: the excess of a unit's gradient sigma'(z) g, with g normal as z is."""
    second, fourth = (gaussian_mean(lambda z: function(activation)[1](z) ** k, s) for k in (2, 4))  # noqa: B023
    return 3 * fourth / second**2 - 1


def assert_within(measured, predicted, V, sigmas=4):
    """Logarithms of standard deviations agree to four times sqrt(V) / 2, and the shift of their mean."""
    assert np.all(np.abs(np.log(measured / predicted)) < sigmas * np.sqrt(V) / 2 + V / 4)


# Gaussian means


@pytest.mark.parametrize("s", [1, 200, *(pytest.param(s, marks=rare) for s in (1e-3, 0.5, 16))])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_moments_are_the_integrals(activation, s):
    f, slope = function(activation)
    m = moments(activation, s)
    second = gaussian_mean(lambda z: f(z) ** 2, s)
    mean = gaussian_mean(f, s)
    assert m.mean == pytest.approx(mean, rel=1e-7, abs=1e-9 * s)
    assert m.rms == pytest.approx(math.sqrt(second), rel=1e-7)
    assert m.std == pytest.approx(math.sqrt(gaussian_mean(lambda z: (f(z) - mean) ** 2, s)), rel=1e-7)
    assert m.slope == pytest.approx(math.sqrt(gaussian_mean(lambda z: slope(z) ** 2, s)), rel=1e-7)
    assert m.elasticity == pytest.approx(gaussian_mean(lambda z: f(z) * slope(z) * z, s) / second, rel=1e-6)
    assert m.excess == pytest.approx(gaussian_mean(lambda z: f(z) ** 4, s) / second**2 - 1, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("s", [1e-200, 1e-9, 1, 1e9, 1e200])
def test_moments_of_a_relu_are_those_of_he_at_any_scale(s):
    m = moments("relu", s)
    assert m.rms == pytest.approx(s / math.sqrt(2))
    assert m.mean == pytest.approx(s / math.sqrt(2 * math.pi))
    assert m.slope == pytest.approx(1 / math.sqrt(2))
    assert m.elasticity == pytest.approx(1)
    assert m.excess == pytest.approx(5)


# Theory and measurement


CASES = [(activation, "glorot_normal", "noise") for activation in ACTIVATIONS]
CASES += [("tanh", "orthogonal", "moons"), ("relu", "unit_normal", "noise")]
CASES += [pytest.param(activation, "unit_normal", "noise", marks=rare) for activation in ACTIVATIONS]
CASES += [pytest.param(activation, "orthogonal", "moons", marks=rare) for activation in ACTIVATIONS]
CASES += [pytest.param("relu", scheme, "noise", marks=rare) for scheme in RANDOM]


@pytest.mark.parametrize(("activation", "scheme", "source"), CASES)
def test_theory_predicts_each_layer_to_within_the_scatter_of_its_width(scheme, activation, source):
    p = Propagation(depth=12, width=128, activation=activation, initializer=scheme, input=source, batch_size=64)
    signal, t = propagate(p), theory(p)
    V = np.cumsum(moments(activation, t.z_std).excess) / p.width  # of log E[a^2], at most
    before = np.concatenate([[0], V[:-1]])
    assert t.reason == "" or t.a_scatter is None
    assert_within(rms(signal), t.a_rms, V)
    assert_within(signal.z_std, t.z_std, before + 2 / p.width)
    assert_within(signal.a_std, t.a_std, before + 5 / p.width)
    # the gradient: from the top, where its 64 * 128 entries are drawn, one layer's excess after the other
    excess = [slope_excess(activation, s) / p.width for s in t.z_std[1:]]
    V = np.append(np.cumsum(excess[::-1])[::-1], 0) + 2 / (p.width * p.batch_size)
    assert_within(signal.da_std, t.da_std, V)


@pytest.mark.parametrize("scheme", ["he_normal", pytest.param("he_uniform", marks=rare)])
def test_he_keeps_the_second_moment_of_a_relu_and_xavier_halves_it_at_each_layer(scheme):
    he = Propagation(depth=50, width=400, activation="relu", initializer=scheme, batch_size=64)
    xavier = replace(he, initializer=scheme.replace("he", "glorot"))
    layers = np.arange(1, 51)
    z_std = math.sqrt(2) * np.sqrt(np.mean(batch(he) ** 2))
    assert theory(he).z_std == pytest.approx(z_std)
    assert theory(xavier).z_std == pytest.approx(z_std / math.sqrt(2) ** layers)
    V = 5 * layers / he.width  # at the last, 0.63: a factor of 4.9 at four standard deviations
    assert_within(propagate(he).z_std, z_std, V)
    assert_within(propagate(xavier).z_std, z_std / math.sqrt(2) ** layers, V)
    assert propagate(he).size.word == "keeps"
    assert propagate(xavier).size.layer in range(12, 18)  # 2^(-14 / 2) = 0.008
    assert propagate(xavier).gradient.layer in range(34, 40)
    assert propagate(replace(he, initializer="small_normal")).a_std[-1] < 1e-30  # 0.14 a layer


@pytest.mark.parametrize("scheme", ["glorot_normal", "glorot_uniform", "lecun_normal", "orthogonal"])
def test_xavier_keeps_linear_units_and_small_signals_of_tanh(scheme):
    p = Propagation(depth=30, width=300, activation="linear", initializer=scheme, batch_size=64)
    V = 2 * np.arange(1, 31) / p.width
    assert_within(propagate(p).a_std, 1, V)
    assert_within(propagate(p).da_std[::-1], 1, V)
    small = theory(replace(p, activation="tanh", gain=0.01, depth=3))
    assert small.z_std[2] / small.z_std[1] == pytest.approx(0.01, rel=1e-3)


def test_unit_normal_weights_saturate_tanh_and_explode_linear_units():
    p = Propagation(depth=20, width=256, initializer="unit_normal", batch_size=64)
    signal = propagate(p)
    assert np.all(signal.saturated > 0.85)  # |z| < 2.18 where z ~ N(0, 16^2): 11 %
    assert np.all(signal.a_std > 0.9)
    explosion = propagate(replace(p, activation="linear"))
    assert_within(explosion.a_std, 16.0 ** np.arange(1, 21), 2 * np.arange(1, 21) / 256)
    assert explosion.size == theory(replace(p, activation="linear")).size == Fate("explodes", 3)


def test_orthogonal_linear_layers_keep_the_length_of_every_example():
    p = Propagation(depth=50, width=60, activation="linear", initializer="orthogonal", batch_size=7)
    signal = propagate(p)
    assert rms(signal) == pytest.approx(np.sqrt(np.mean(batch(p) ** 2)), rel=1e-12)
    assert signal.da_std == pytest.approx(signal.da_std[-1], rel=1e-2)  # its mean is not kept
    assert rms(propagate(replace(p, gain=1.5)))[-1] == pytest.approx(1.5**50 * rms(signal)[-1], rel=1e-12)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "linear"])
@pytest.mark.parametrize("scheme", ["he_normal", "glorot_uniform", "small_normal"])
def test_between_equal_layers_gradients_fare_as_signals_do(activation, scheme):
    t = theory(Propagation(depth=20, activation=activation, initializer=scheme, batch_size=8))
    assert t.da_std[::-1] / t.da_std[-1] == pytest.approx(t.z_std / t.z_std[0])


def test_examples_of_different_size_are_each_predicted_by_themselves():
    p = Propagation(depth=3, width=400, initializer="unit_normal", input="spirals", batch_size=20)
    sizes = np.linalg.norm(batch(p), axis=1)  # of z = W x, with Var(W) = 1
    tanh, relu = theory(p), theory(replace(p, activation="relu"))
    assert tanh.z_std[0] == pytest.approx(np.sqrt((sizes**2).mean()))
    seconds = [gaussian_mean(lambda z: math.tanh(z) ** 2, s) for s in sizes]
    assert tanh.a_rms[0] == pytest.approx(math.sqrt(np.mean(seconds)))
    mean = sizes.mean() / math.sqrt(2 * math.pi)
    assert relu.a_mean[0] == pytest.approx(mean)
    assert relu.a_std[0] == pytest.approx(math.sqrt((sizes**2).mean() / 2 - mean**2))


# Batch normalisation


@pytest.mark.parametrize("activation", FOUND)
@pytest.mark.parametrize(("scheme", "batch_size"), [("unit_normal", 128), ("he_uniform", 32), ("orthogonal", 128)])
def test_batch_norm_makes_gradients_explode_by_a_factor_that_no_scheme_changes(scheme, batch_size, activation):
    """Within 1.5 % a layer, which is what a finite width changes."""
    p = Propagation(depth=30, width=256, activation=activation, initializer=scheme, batch_norm=True)
    p = replace(p, batch_size=batch_size)
    signal, t = propagate(p), theory(p)
    assert signal.z_std == pytest.approx(t.z_std, rel=1e-3)
    assert rms(signal) == pytest.approx(t.a_rms, rel=0.03)
    factor = (signal.da_std[0] / signal.da_std[-1]) ** (1 / 29)
    assert factor == pytest.approx((t.da_std[0] / t.da_std[-1]) ** (1 / 29), rel=0.015)


def test_that_factor_is_1_21_for_relu():
    p = Propagation(activation="relu", initializer="he_normal", batch_norm=True, batch_size=512)
    t = theory(p)
    assert t.da_std[-2] / t.da_std[-1] == pytest.approx(math.sqrt(math.pi / (math.pi - 1)), rel=2e-3)
    assert math.sqrt(math.pi / (math.pi - 1)) == pytest.approx(1.21, abs=2e-3)  # Yang et al. (2019)


@pytest.mark.parametrize("values", [{"input": "circles"}, {"batch_size": 8}, {"batch_size": 1}])
def test_where_gradients_under_batch_norm_are_not_predicted_it_says_why(values):
    p = Propagation(depth=5, width=100, activation="relu", batch_norm=True, **values)
    t = theory(p)
    assert t.da_std is t.dz_std is t.gradient is None
    assert t.reason.startswith("No theory for gradients under batch normalisation but for")
    assert t.reason.endswith(".")
    assert t.z_std == pytest.approx(propagate(p).z_std, rel=1e-3)


# No theory


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("scheme", sorted(set(INITIALIZERS) - set(RANDOM)))
def test_without_randomness_there_is_no_theory_but_a_reason(scheme, batch_norm):
    p = Propagation(initializer=scheme, batch_norm=batch_norm)
    t = theory(p)
    assert t.a_std is t.da_std is t.a_scatter is t.da_scatter is t.correlation is t.size is t.gradient is None
    assert t.reason.startswith(f"No theory for {INITIALIZERS[scheme].label}")
    assert t.reason.endswith(".")
    assert theoretical_gain("relu", scheme, 64) is None


@pytest.mark.exhaustive  # every activation with every scheme, 14 s
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    "values", [{"width": 1}, {"depth": 1}, {"batch_size": 1}, *({"input": name} for name in PLANE)]
)
def test_theory_has_a_number_for_every_layer(activation, values):
    for scheme in ("unit_normal", "orthogonal"):
        for gain in (0.1, 10):
            p = Propagation(**{"depth": 8, "width": 30, "batch_size": 4, "initializer": scheme, "gain": gain} | values)
            t = theory(replace(p, activation=activation))
            for curve in (t.z_std, t.a_mean, t.a_std, t.a_rms, t.da_std, t.dz_std):
                assert curve.shape == (p.depth,)
                assert np.isfinite(curve).all()


# Fixed points


def test_the_size_is_lost_where_theory_says():
    for activation, scheme in [("relu", "lecun_normal"), ("tanh", "small_normal"), ("linear", "he_normal")]:
        p = Propagation(depth=30, width=512, activation=activation, initializer=scheme, batch_size=32)
        signal, t = propagate(p), theory(p)
        assert abs(signal.size.layer - t.size.layer) <= 1
        assert abs(signal.gradient.layer - t.gradient.layer) <= 1


@pytest.mark.parametrize("gain", [1.5, 2.5])
def test_tanh_above_the_critical_gain_comes_to_its_fixed_point(gain):
    p = Propagation(depth=20, initializer="lecun_normal", gain=gain, batch_size=64)
    s = fixed_point("tanh", gain)
    assert propagate(p).z_std[-1] == pytest.approx(s, rel=0.05)
    assert theory(p).z_std[-1] == pytest.approx(s, rel=1e-3)


def test_fixed_points():
    assert fixed_point("relu", 1.4) == 0
    assert fixed_point("relu", math.sqrt(2)) == 1
    assert fixed_point("relu", 1.5) == math.inf
    assert fixed_point("tanh", 0.999) == fixed_point("tanh", 1) == 0
    s = fixed_point("sigmoid", 1)
    assert s**2 == pytest.approx(gaussian_mean(lambda z: function("sigmoid")[0](z) ** 2, s))


# The critical gain


@pytest.mark.parametrize(
    ("activation", "scheme", "gain"),
    [
        ("relu", "lecun_normal", math.sqrt(2)),
        ("relu", "he_uniform", 1),
        ("leaky_relu", "lecun_normal", math.sqrt(2 / (1 + 0.01**2))),
        ("linear", "orthogonal", 1),
        ("tanh", "glorot_normal", 1),
        ("tanh", "unit_normal", 1 / 16),
    ],
)
def test_the_gain_that_theory_knows(activation, scheme, gain):
    assert theoretical_gain(activation, scheme, 256) == pytest.approx(gain, rel=1e-5)


@pytest.mark.exhaustive  # 5 s
@pytest.mark.parametrize("activation", FOUND)
def test_the_measured_gain_is_that_of_theory(activation):
    predicted = theoretical_gain(activation, "lecun_normal", 256)
    assert critical_gain(activation, "lecun_normal", 256) == pytest.approx(predicted, rel=0.03)


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name not in FOUND])
def test_where_signals_of_different_size_fare_differently_there_is_no_theory_of_the_gain(activation):
    """Small signals of SiLU are halved, so they need a gain of 2; large ones are those of a ReLU, which need root 2."""
    assert critical_gain(activation, "lecun_normal", 256) == pytest.approx(2, rel=0.01)
    with pytest.raises(NoTheory, match=f"No theory for {re.escape(ACTIVATIONS[activation].label)}: large signals"):
        theoretical_gain(activation, "lecun_normal", 256)
    with pytest.raises(NoTheory):
        fixed_point(activation, math.sqrt(2))


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name not in FOUND])
def test_nor_is_there_one_under_batch_norm_where_examples_come_to_stand_out(activation):
    t = theory(Propagation(activation=activation, batch_norm=True))
    assert t.z_std is t.da_std is None
    assert "stand out from each batch" in t.reason


class Comb:
    """An activation that jumps so often that a few nodes can't give a mean over a normal distribution."""

    label = "Comb"

    def forward(self, z):
        self.z = z
        return np.sign(np.sin(1e4 * z))

    def backward(self, dout):
        return dout * np.cos(1e4 * self.z)


def test_an_activation_whose_means_are_not_exact_has_no_theory(monkeypatch):
    monkeypatch.setitem(ACTIVATIONS, "comb", Comb)
    t = theory(Propagation(depth=2, width=8, batch_size=4, activation="comb"))
    assert t.a_std is t.da_std is None
    assert t.reason.startswith("No theory for Comb: it changes too fast")
    with pytest.raises(NoTheory, match="too fast"):
        theoretical_gain("comb", "lecun_normal", 8)
