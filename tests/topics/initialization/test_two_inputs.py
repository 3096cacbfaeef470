"""Two inputs become as alike as the papers say, and the means over both are the integrals."""

import math

import numpy as np
import pytest
from scipy.integrate import dblquad

from playground.nn import ACTIVATIONS
from playground.topics.initialization.gaussian_means import moments
from playground.topics.initialization.mean_field import theory
from playground.topics.initialization.signal_propagation import Propagation
from playground.topics.initialization.two_inputs import gaussian_pair, of_batch, pairs

CORRELATIONS = (-1, -0.5, 0, 0.3, 0.9, 0.999, 1)


@pytest.mark.parametrize("c", CORRELATIONS)
def test_relus_have_the_kernels_of_cho_and_saul(c):
    """Cho & Saul (2009), equations 4 and 6: orders 1 and 0 of the arc-cosine kernel."""
    angle, found = math.acos(c), pairs("relu", 1.7, c)
    assert found.a.m11 == pytest.approx((math.sin(angle) + (math.pi - angle) * c) / math.pi, abs=1e-6)
    assert found.slope.m11 == pytest.approx(1 - angle / math.pi, abs=1e-6)


@pytest.mark.parametrize("c", CORRELATIONS)
def test_linear_units_have_the_means_of_isserlis(c):
    found, known = pairs("linear", 0.4, c).a, gaussian_pair(np.array(c, float))
    assert [float(each) for each in vars(found).values()] == pytest.approx(
        [*map(float, vars(known).values())], abs=1e-5
    )
    assert known.noise == pytest.approx((1 - c**2) ** 2)  # Fisher (1915): of the correlation of n pairs, over n


@pytest.mark.parametrize("s", [0.1, 1, 16])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_equal_inputs_have_the_means_of_one(activation, s):
    found, one = pairs(activation, s, 1.0), moments(activation, s)
    assert (found.a.m11, found.slope.m11) == pytest.approx((1, 1))
    assert (found.a.excess, found.a.shared) == pytest.approx((one.excess, one.excess), rel=0.01, abs=3e-3)
    assert found.centred.excess == pytest.approx(one.std_excess, rel=0.01, abs=3e-3)
    assert found.a.noise == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("s", "c"), [(1.3, 0.4), pytest.param(4.0, -0.6, marks=pytest.mark.exhaustive)])
def test_the_means_of_tanh_are_the_integrals(s, c):
    def mean(f):
        def weighted(y, x):
            return f(math.tanh(s * x), math.tanh(s * (c * x + math.sqrt(1 - c**2) * y))) * math.exp(-(x**2 + y**2) / 2)

        return dblquad(weighted, -7, 7, -7, 7, epsabs=1e-6)[0] / (2 * math.pi)

    found, second = pairs("tanh", s, c).a, mean(lambda a, b: a * a)
    assert found.m11 == pytest.approx(mean(lambda a, b: a * b) / second, abs=1e-4)
    assert found.m31 == pytest.approx(mean(lambda a, b: a**3 * b) / second**2, abs=1e-4)
    assert found.m22 == pytest.approx(mean(lambda a, b: (a * b) ** 2) / second**2, abs=1e-4)


def test_a_mean_over_examples_scatters_as_drawn_ones_do():
    rng = np.random.default_rng(0)
    own, shared, examples = np.array([0.5, 3.0, 6.0]), np.array([0.2, 1.0, 1.0]), 16
    common = rng.standard_normal((20_000, 1, 3)) * np.sqrt(shared)
    logs = common + rng.standard_normal((20_000, examples, 3)) * np.sqrt(own - shared) - own / 2
    drawn = np.log(np.exp(logs).mean(axis=1))
    middle, variance = of_batch(own, shared, examples)
    assert middle == pytest.approx(drawn.mean(axis=0), abs=0.1)
    assert variance == pytest.approx(drawn.var(axis=0), rel=0.2)
    assert of_batch(own, shared, 1)[0] == pytest.approx(-own / 2)


# Where depth leads


def alike(activation, gain, scheme="lecun_normal"):
    return theory(Propagation(depth=2, activation=activation, initializer=scheme, gain=gain, batch_size=4)).alike


@pytest.mark.parametrize("gain", [1.1, 1.5, 3.0])
def test_in_chaos_tanh_makes_inputs_orthogonal_and_chi_is_above_1(gain):
    found = alike("tanh", gain)
    assert found.chi_1 > 1
    assert found.c == pytest.approx(0, abs=1e-6)


def test_in_order_sigmoids_make_inputs_equal_by_chi_1_a_layer():
    found = alike("sigmoid", 1.0)
    assert found.chi_1 < 1
    assert found.c == 1
    assert found.scale == pytest.approx(-1 / math.log(found.chi_1), rel=1e-4)


@pytest.mark.parametrize("gain", [0.5, 1.0, math.sqrt(2), 2.0])
def test_relus_make_inputs_equal_but_by_no_factor(gain):
    found = alike("relu", gain)
    assert found.chi_1 == pytest.approx(gain**2 / 2)
    assert (found.c, found.scale) == (1, math.inf)


def test_linear_units_leave_every_correlation_as_it_is():
    found = alike("linear", 0.8)
    assert found.c is None
    assert found.scale == pytest.approx(-1 / math.log(0.8**2))


@pytest.mark.parametrize(("activation", "gain"), [("tanh", 1.5), ("sigmoid", 8.0)])
def test_the_correlation_comes_nearer_to_its_fixed_point_by_the_depth_scale(activation, gain):
    p = Propagation(depth=40, width=64, activation=activation, initializer="lecun_normal", gain=gain, batch_size=32)
    found = theory(p)
    distance = np.abs(found.correlation - found.alike.c)
    counted = np.flatnonzero((distance < 1e-2) & (distance > 1e-6))
    assert len(counted) > 2
    slope = np.polyfit(counted, np.log(distance[counted]), 1)[0]
    assert -1 / slope == pytest.approx(found.alike.scale, rel=0.05)
