"""An initialiser draws what its paper says, and only the right variance carries a signal through thirty layers."""

import math

import numpy as np
import pytest
from scipy import stats

from playground.nn import ACTIVATIONS, INITIALIZERS, Dense

SHAPES = [(1, 1), (2, 8), (8, 2), (40, 40), (30, 300), (300, 30)]
RANDOM = [name for name, scheme in INITIALIZERS.items() if scheme.variance(3, 4) > 0]
FIXED = [name for name in INITIALIZERS if name not in RANDOM]
BOUNDED = [name for name in RANDOM if INITIALIZERS[name].bound and name != "orthogonal"]
DISTRIBUTIONS = {"_normal": stats.norm, "_uniform": stats.uniform(-math.sqrt(3), 2 * math.sqrt(3))}  # of variance 1
NAMED = [name for name in RANDOM if name.endswith(tuple(DISTRIBUTIONS)) and name != "truncated_normal"]

VARIANCES = {  # of 50 inputs and 200 units, by the papers' formulas
    "zeros": 0,
    "constant": 0,
    "small_normal": 0.0001,
    "unit_normal": 1,
    "glorot_normal": 0.008,
    "glorot_uniform": 0.008,
    "he_normal": 0.04,
    "he_uniform": 0.04,
    "lecun_normal": 0.02,
    "lecun_uniform": 0.02,
    "orthogonal": 0.005,
}


def draws(name, fan_in, fan_out, n=100):
    """n weight matrices, one after the other from one generator: (n, fan_in, fan_out)."""
    rng = np.random.default_rng(fan_in)
    return np.stack([INITIALIZERS[name](rng, fan_in, fan_out) for _ in range(n)])


@pytest.mark.parametrize(("name", "variance"), VARIANCES.items())
def test_the_stated_variance_is_that_of_the_paper(name, variance):
    assert INITIALIZERS[name].variance(50, 200) == pytest.approx(variance)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", RANDOM)
def test_weights_have_mean_zero_and_the_stated_variance(name, shape):
    W = draws(name, *shape)
    variance = INITIALIZERS[name].variance(*shape)
    assert W.shape == (100, *shape)
    assert abs(W.mean()) < 5 * np.sqrt(variance / W.size)
    assert abs(W.var() / variance - 1) < 5 * np.sqrt(2 / W.size)  # a normal's; no other here is wider


@pytest.mark.parametrize("name", FIXED)
def test_schemes_without_variance_give_every_weight_one_value(name):
    assert np.unique(draws(name, 5, 7)).size == 1


def test_zeros_are_zero():
    assert not draws("zeros", 5, 7).any()


@pytest.mark.parametrize("name", NAMED)
def test_weights_follow_the_distribution_of_their_name_and_not_the_other(name):
    W = draws(name, 40, 60, n=10).ravel() / np.sqrt(INITIALIZERS[name].variance(40, 60))
    for ending, distribution in DISTRIBUTIONS.items():
        p = stats.kstest(W, distribution.cdf).pvalue
        assert p > 0.001 if name.endswith(ending) else p < 1e-9


def test_a_truncated_normal_is_one_without_its_tails():
    """SciPy's, cut at two of its own standard deviations; its variance is then 0.774 of what it was."""
    cut = stats.truncnorm(-2, 2)
    W = draws("truncated_normal", 40, 60, n=10).ravel() * np.sqrt(40 * cut.var())
    assert stats.kstest(W, cut.cdf).pvalue > 0.001


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", BOUNDED)
def test_weights_reach_the_stated_bound_and_no_further(name, shape):
    bound, largest = INITIALIZERS[name].bound(*shape), np.abs(draws(name, *shape)).max()
    assert 0.9 * bound < largest <= bound * (1 + 1e-12)


@pytest.mark.parametrize("name", sorted(INITIALIZERS.keys() - set(BOUNDED)))
def test_no_weight_is_beyond_the_stated_bound(name):
    bound = INITIALIZERS[name].bound
    assert bound is None or np.abs(draws(name, 8, 6)).max() <= bound(8, 6) * (1 + 1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_orthogonal_weights_keep_lengths_in_the_smaller_dimension(shape):
    for W in draws("orthogonal", *shape, n=3):
        product = W.T @ W if shape[0] >= shape[1] else W @ W.T
        assert np.allclose(product, np.eye(min(shape)), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("fan_in", "fan_out", "share"), [(20, 20, 1), (20, 50, 1), (50, 20, 20 / 50)])
def test_orthogonal_weights_keep_the_length_of_an_input_unless_the_layer_is_narrower(fan_in, fan_out, share):
    X = np.random.default_rng(0).standard_normal((400, fan_in))
    [W] = draws("orthogonal", fan_in, fan_out, n=1)
    kept = np.sum((X @ W) ** 2, axis=1) / np.sum(X**2, axis=1)
    assert kept.mean() == pytest.approx(share, rel=0.05)
    assert (kept.std() < 1e-12) == (share == 1)


def test_orthogonal_weights_favour_no_rotation():
    trace = np.trace(draws("orthogonal", 3, 3, n=2000), axis1=1, axis2=2)
    assert abs(trace.mean()) < 5 / np.sqrt(2000)  # over all rotations and reflections it has mean 0 and variance 1
    assert abs(trace.var() - 1) < 0.2


@pytest.mark.parametrize("name", RANDOM)
def test_the_generator_decides_the_draw(name):
    def draw(seed):
        return Dense(5, 7, name, np.random.default_rng(seed)).W

    assert np.array_equal(draw(3), draw(3))
    assert not np.array_equal(draw(3), draw(4))


def test_the_default_is_the_draw_of_the_course_page():
    np.random.seed(16)
    W = Dense(5, 7).W
    np.random.seed(16)
    assert np.array_equal(W, np.random.randn(5, 7) * np.sqrt(2 / (5 + 7)))


@pytest.mark.parametrize(
    ("name", "activation", "factor"),
    [
        *((ACTIVATIONS[name].initializer, name, 1) for name in ("relu", "leaky_relu", "tanh", "linear")),
        ("lecun_uniform", "linear", 1),
        ("truncated_normal", "linear", 1),
        ("glorot_normal", "relu", 1 / 2),  # He et al. (2015): with Xavier, 30 layers of ReLU stall
        ("he_uniform", "relu", 1),
        ("glorot_uniform", "linear", 1),
        ("lecun_normal", "linear", 1),
        ("orthogonal", "linear", 1),
        ("small_normal", "linear", 256 * 0.01**2),
        ("small_normal", "tanh", 256 * 0.01**2),
        ("unit_normal", "relu", 256 / 2),
    ],
)
def test_thirty_layers_change_the_signal_as_the_variance_predicts(name, activation, factor):
    rng, layer = np.random.default_rng(0), ACTIVATIONS[activation]()
    z = first = 1e-3 * rng.standard_normal((6, 8, 256))  # six networks, and inputs on which tanh is almost linear
    for _ in range(30):
        z = layer.forward(z) @ np.stack([INITIALIZERS[name](rng, 256, 256) for _ in range(6)])
    change = (z**2).mean() / (first**2).mean()
    assert 1 / 3 < change / factor**30 < 3
