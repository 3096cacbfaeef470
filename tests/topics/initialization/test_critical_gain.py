"""A gain can be found at which a small change of the input neither grows nor shrinks: χ₁ = 1."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.topics.initialization.critical_gain import SEARCH, bisect, critical_gain
from playground.topics.initialization.signal_propagation import Fate, Propagation, propagate

# A network of depth l and width n scatters by sqrt(5 / n) in the logarithm of a ReLU layer's second
# moment, half of it in that of the standard deviation; `critical_gain` takes the mean over some 10 layers of 1024 / n
# networks, so that 0.5 * sqrt(5 / 10240) = 1.1 % is one standard deviation at any width. The bias is about 1 / width.


@pytest.mark.parametrize("width", [64, *(pytest.param(width, marks=pytest.mark.exhaustive) for width in (128, 256))])
@pytest.mark.parametrize(
    ("activation", "scheme", "expected"),
    [
        ("relu", "lecun_normal", math.sqrt(2)),
        ("relu", "he_normal", 1),
        ("relu", "he_uniform", 1),
        ("relu", "orthogonal", math.sqrt(2)),
        ("leaky_relu", "lecun_normal", math.sqrt(2 / (1 + 0.01**2))),
        ("linear", "lecun_normal", 1),
        ("linear", "glorot_uniform", 1),
        ("tanh", "lecun_normal", 1),
        ("tanh", "he_normal", math.sqrt(1 / 2)),
    ],
)
def test_the_critical_gain_is_that_of_the_papers(activation, scheme, expected, width):
    assert critical_gain(activation, scheme, width) == pytest.approx(expected, rel=0.035 + 1 / width)


@pytest.mark.parametrize("activation", ["linear", "tanh"])
def test_orthogonal_weights_keep_the_size_exactly_at_gain_one(activation):
    assert critical_gain(activation, "orthogonal", 50) == pytest.approx(1, rel=1e-3)


def test_the_critical_gain_makes_up_for_the_width():
    small, unit = (critical_gain("relu", scheme, 200) for scheme in ("small_normal", "unit_normal"))
    assert unit == pytest.approx(math.sqrt(2 / 200), rel=0.04)
    assert small == pytest.approx(100 * unit, rel=2e-3)  # the same draws, and twice the error of the bisection


def test_the_critical_gain_is_above_the_papers_by_the_share_that_a_narrow_network_loses():
    gains = [critical_gain("relu", "lecun_normal", 64, seed=seed) for seed in range(8)]
    assert gains[0] == critical_gain("relu", "lecun_normal", 64)
    assert len(set(gains)) > 1
    assert 1 < np.mean(gains) / math.sqrt(2) < 1 + 5 / (4 * 64)  # V / 4 a layer, less what 16 examples average away


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_at_the_critical_gain_a_signal_goes_through_depth_both_ways(activation):
    p = Propagation(depth=50, activation=activation, initializer="lecun_normal", batch_size=64)
    p = replace(p, gain=critical_gain(activation, "lecun_normal", 256))
    signal = propagate(p)
    assert signal.signal == signal.size == signal.gradient == Fate("keeps")
    smaller = propagate(replace(p, gain=0.8 * p.gain))  # 0.8^50 = 1e-5
    assert smaller.signal.layer < 40
    assert smaller.gradient.layer > 10


def test_at_the_critical_gain_tanh_keeps_examples_apart_but_not_the_size_of_the_signal():
    p = Propagation(depth=50, batch_size=64)
    signal = propagate(replace(p, gain=critical_gain("tanh", "glorot_normal", 256)))
    assert signal.a_std[[0, -1]] == pytest.approx([0.62, 0.10], abs=0.01)
    assert signal.correlation == pytest.approx(0, abs=0.02)  # of inputs that have none, either


@pytest.mark.parametrize(
    ("activation", "scheme", "width", "message"),
    [
        ("relu", "zeros", 64, r"No gain brings χ₁ to 1 \(Zeros, ReLU, width 64\): nothing comes back"),
        ("sigmoid", "zeros", 64, "nothing comes back"),
        ("relu", "he_normal", 1, "nothing comes back"),
        ("sigmoid", "lecun_normal", 4, "shrink from layer to layer at every gain up to 1,024"),
        ("swish", "he_normal", 64, "Activation must be one of"),
        ("relu", "kaiming", 64, "Initialisation must be one of"),
        ("relu", "he_normal", 0, "Width must be"),
    ],
)
def test_no_critical_gain_is_said_with_the_reason(activation, scheme, width, message):
    with pytest.raises(ValueError, match=message):
        critical_gain(activation, scheme, width)


@given(st.floats(1.01 * SEARCH[0], 0.99 * SEARCH[1]), st.floats(0.1, 10))
def test_bisection_finds_the_gain_at_which_the_sign_changes(gain, slope):
    assert bisect(lambda g: slope * math.log(g / gain)) == pytest.approx(gain, rel=1e-3)
    assert bisect(lambda g: math.log(g / gain) ** 3, tolerance=1e-9) == pytest.approx(gain, rel=1e-9)


def test_bisection_says_where_there_is_no_change_of_sign():
    with pytest.raises(ValueError, match="shrink"):
        bisect(lambda gain: -1.0)
    with pytest.raises(ValueError, match="grow"):
        bisect(lambda gain: 1.0)
    with pytest.raises(ValueError, match="nothing"):
        bisect(lambda gain: -math.inf)
