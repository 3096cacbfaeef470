"""What is measured of a signal is what the engine does to it; its fate is that of what differs between inputs."""

import math
import tracemalloc
from dataclasses import FrozenInstanceError, fields, replace
from itertools import combinations
from statistics import pstdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.data.datasets import PLANE
from playground.nn import ACTIVATIONS, INITIALIZERS, BatchNorm, NeuralNetwork
from playground.topics.initialization import signal_propagation
from playground.topics.initialization.signal_propagation import (
    BINS,
    Fate,
    Propagation,
    batch,
    build_layer,
    correlation,
    fate,
    histogram_edges,
    propagate,
    spread,
    top_gradient,
)

SMALL = Propagation(depth=6, width=24, batch_size=20)
BOUNDED = {"tanh": (-1, 1), "sigmoid": (0, 1)}


def assert_same(one, other):
    """Two signals are equal to the last bit."""
    for field in fields(one):
        x, y = getattr(one, field.name), getattr(other, field.name)
        assert (x is None and y is None) or np.array_equal(x, y, equal_nan=True), field.name


# The record


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"depth": 0}, "Depth must be a whole number from 1 to 100, not 0"),
        ({"depth": 101}, "Depth must be"),
        ({"depth": 2.5}, "Depth must be"),
        ({"width": 0}, "Width must be"),
        ({"width": 513}, "Width must be a whole number from 1 to 512, not 513"),
        ({"width": "wide"}, "Width must be"),
        ({"activation": "swish"}, "Activation must be one of relu"),
        ({"initializer": None}, "Initialisation must be one of zeros"),
        ({"gain": 0.009}, "Gain must be from 0.01 to 100, not 0.009"),
        ({"gain": 100.1}, "Gain must be"),
        ({"gain": math.nan}, "Gain must be"),
        ({"gain": math.inf}, "Gain must be"),
        ({"batch_norm": 2}, "Batch normalisation must be on or off"),
        ({"input": "digits"}, "Input must be one of noise, xor_clouds"),
        ({"batch_size": 0}, "Batch size must be"),
        ({"batch_size": 513}, "Batch size must be"),
        ({"seed": -1}, "Seed must be"),
        ({"seed": 1_000_000}, "Seed must be"),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_what_it_may_be(values, message):
    with pytest.raises(ValueError, match=message):
        Propagation(**values)


def test_a_record_is_frozen_equal_to_its_like_and_fit_for_a_cache():
    with pytest.raises(FrozenInstanceError):
        SMALL.depth = 3
    assert len({SMALL, replace(SMALL), replace(SMALL, seed=1)}) == 2


@pytest.mark.parametrize("name", ["noise", *PLANE])
def test_the_batch_has_the_features_of_its_input(name):
    p = Propagation(input=name, width=40, batch_size=300)
    X = batch(p)
    assert X.shape == ((4, 2) if name == "xor" else (300, 40 if name == "noise" else 2))
    assert p.fans(0) == (X.shape[1], 40)
    assert p.fans(1) == (40, 40)
    assert np.all(np.abs(X.mean(axis=0)) < 5 / np.sqrt(len(X)))
    assert np.all(np.abs(X.var(axis=0) - 1) < 5 * np.sqrt(2 / len(X)))


# The pass


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_statistics_are_those_of_the_same_network_run_as_a_whole(activation, batch_norm):
    p = replace(SMALL, activation=activation, batch_norm=batch_norm, initializer="he_normal", gain=1.3, input="moons")
    layers = [build_layer(p, i) for i in range(p.depth)]
    network = NeuralNetwork([part for layer in layers for part in layer])
    network.forward(batch(p))
    assert sum(isinstance(part, BatchNorm) for part in network.layers) == batch_norm * p.depth

    gradients = [top_gradient(p, p.batch_size)]  # with respect to the output of each part, the last one first
    for part in reversed(network.layers):
        gradients.append(part.backward(gradients[-1]))
    parts = len(layers[0])

    signal = propagate(p)
    for i, (*_, before, sigma) in enumerate(layers):
        z, a = before.output, sigma.output
        top = (p.depth - 1 - i) * parts
        assert signal.z_mean[i] == z.mean()
        assert signal.z_std[i] == pytest.approx(z.std(), rel=1e-12)
        assert signal.a_mean[i] == a.mean()
        assert signal.a_std[i] == pytest.approx(a.std(), rel=1e-12)
        assert signal.a_std_examples[i] == pytest.approx(np.sqrt(a.var(axis=0).mean()), rel=1e-12)
        pairs = [np.dot(x, y) / math.sqrt(np.dot(x, x) * np.dot(y, y)) for x, y in combinations(a, 2)]
        assert signal.correlation[i] == pytest.approx(np.mean(pairs), rel=1e-9, abs=1e-12)
        assert signal.da_std[i] == pytest.approx(gradients[top].std(), rel=1e-9)
        assert signal.dz_std[i] == pytest.approx(gradients[top + 1].std(), rel=1e-9)
        counts, _ = np.histogram(np.clip(a, signal.edges[0], signal.edges[-1]), signal.edges)
        assert np.allclose(signal.histogram[i], counts / a.size, rtol=0, atol=1e-12)
        if sigma.saturated() is not None:
            assert signal.saturated[i] == sigma.saturated().mean()
        if sigma.dead() is not None:
            assert signal.dead[i] == sigma.dead().mean()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_shares_are_there_where_they_can_be(activation):
    signal = propagate(replace(SMALL, activation=activation))
    assert (signal.saturated is not None) == (activation in BOUNDED)
    assert (signal.dead is not None) == (activation == "relu")


def test_the_same_record_gives_the_same_numbers_and_another_seed_others():
    p = replace(SMALL, batch_norm=True, initializer="orthogonal")
    assert_same(propagate(p), propagate(p))
    assert not np.any(propagate(p).a_std == propagate(replace(p, seed=1)).a_std)


def test_scheme_gain_and_depth_change_neither_the_input_nor_what_is_drawn_for_a_layer():
    assert np.array_equal(batch(SMALL), batch(replace(SMALL, initializer="unit_normal", gain=2, depth=100)))
    assert np.array_equal(propagate(SMALL).a_std, propagate(replace(SMALL, depth=9)).a_std[:6])
    he, lecun = (build_layer(replace(SMALL, initializer=name), 3)[0].W for name in ("he_normal", "lecun_normal"))
    assert np.allclose(he, math.sqrt(2) * lecun, rtol=1e-12, atol=0)
    assert np.array_equal(build_layer(replace(SMALL, gain=3), 3)[0].W, 3 * build_layer(SMALL, 3)[0].W)


def test_nothing_is_drawn_twice():
    weights = [build_layer(SMALL, i)[0].W * math.sqrt(SMALL.width) for i in range(SMALL.depth)]
    draws = [batch(SMALL), top_gradient(SMALL, 1), *weights]
    assert len({round(draw[0, 0], 9) for draw in draws}) == len(draws)


@pytest.mark.parametrize("layers", [0, 1, 4, 5, 6])
def test_running_layers_again_for_want_of_memory_changes_no_bit(layers, monkeypatch):
    p = replace(SMALL, activation="relu", batch_norm=True)
    whole = propagate(p)
    monkeypatch.setattr(signal_propagation, "BYTES_AT_ONCE", layers * 8 * 24 * (2 * 24 + 4 * 20))
    assert_same(propagate(p), whole)


@pytest.mark.parametrize("size", [128, pytest.param(512, marks=pytest.mark.exhaustive)])
def test_the_largest_network_fits_in_memory(size, monkeypatch):
    """With layers of a 16th of the numbers, in a 16th of the memory."""
    monkeypatch.setattr(signal_propagation, "BYTES_AT_ONCE", signal_propagation.BYTES_AT_ONCE * size**2 // 512**2)
    tracemalloc.start()
    signal = propagate(Propagation(depth=100, width=size, batch_size=size, batch_norm=True))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.5 * signal_propagation.BYTES_AT_ONCE  # and what goes into each group
    assert np.allclose(signal.z_std, 1, rtol=0, atol=1e-3)


@pytest.mark.parametrize("size", [{"width": 1}, {"batch_size": 1}, {"depth": 1}, {"width": 1, "input": "xor"}])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_smallest_networks_have_a_signal_of_finite_size(activation, size):
    for name in INITIALIZERS:
        for batch_norm in (False, True):
            p = replace(SMALL, activation=activation, initializer=name, batch_norm=batch_norm, **size)
            signal = propagate(p)
            for field in fields(signal):
                value = getattr(signal, field.name)
                nothing = field.name == "correlation"  # where all examples are zero, they have no direction
                assert value is None or nothing or np.isfinite(value).all()
                assert (value is None) >= (
                    size == {"batch_size": 1} and field.name in ("a_std_examples", "correlation")
                )
                assert value is None or field.name == "edges" or len(value) == p.depth


def test_a_signal_beyond_all_numbers_is_infinite_and_one_next_to_zero_is_not_zero():
    p = Propagation(depth=100, width=512, batch_size=2, activation="linear", initializer="constant", gain=10)
    signal = propagate(p)  # 5 * 512 a layer: 1e341 at the last
    assert np.isinf(signal.a_std[-5:]).all()
    assert np.isfinite(signal.a_std[:80]).all()
    assert signal.histogram.sum(axis=1)[:80] == pytest.approx(1)
    assert signal.signal == signal.size == Fate("explodes", 2)
    faint = propagate(Propagation(depth=100, width=16, batch_size=8, activation="tanh", initializer="small_normal"))
    assert 1e-150 < faint.a_std[-1] < 1e-130  # 0.04 a layer
    assert 1e-150 < faint.da_std[0] < 1e-130


# Histograms


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_histograms_share_their_edges_and_sum_to_one(activation):
    schemes = [replace(SMALL, activation=activation, initializer=name) for name in INITIALIZERS]
    signals = [propagate(p) for p in schemes]
    for signal in signals:
        assert signal.histogram.shape == (SMALL.depth, BINS)
        assert signal.histogram.sum(axis=1) == pytest.approx(1)
        assert signal.histogram.min() >= 0
        assert np.array_equal(signal.edges, signals[0].edges)


@pytest.mark.parametrize(
    ("activation", "low", "high"),
    [("tanh", -1, 1), ("sigmoid", 0, 1), ("relu", 0, 4), ("leaky_relu", -4, 4), ("linear", -4, 4)],
)
def test_histograms_reach_over_the_range_of_the_activation(activation, low, high):
    edges = histogram_edges(ACTIVATIONS[activation])
    assert edges == pytest.approx(np.linspace(low, high, BINS + 1))


def test_saturated_activations_lie_in_the_outermost_bins():
    signal = propagate(replace(SMALL, initializer="unit_normal", gain=10))
    assert np.all(signal.histogram[:, [0, -1]].sum(axis=1) > 0.9)
    assert np.all(signal.saturated > 0.9)


# Sizes, and where they are lost


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=9))
def test_spread_is_the_standard_deviation_at_any_scale(values):
    largest = np.abs(values).max()
    assert spread(np.array(values)) == pytest.approx(pstdev(values), rel=1e-9, abs=1e-14 * largest + 1e-320)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_spread_is_infinite_where_a_number_is_beyond_all(bad):
    assert spread(np.array([1.0, bad])) == math.inf


@pytest.mark.parametrize(
    ("std", "words"),
    [
        ([1.0], "keeps"),
        ([1, 0.1, 0.011], "keeps"),
        ([1, 0.1, 0.009, 1], "dies at layer 3"),
        ([1, 0.009, 1000], "dies at layer 2"),
        ([2, 150, 201], "explodes at layer 3"),
        ([2, 199], "keeps"),
        ([1, 0], "dies at layer 2"),
        ([1, np.inf], "explodes at layer 2"),
        ([0.0, 0.0], "dies at layer 1"),
        ([np.inf, np.inf], "explodes at layer 1"),
    ],
)
def test_a_signal_dies_at_1_percent_and_explodes_at_100_times_of_its_first_size(std, words):
    assert str(fate(np.array(std, float))) == words


def test_a_gradient_is_lost_on_its_way_from_the_top():
    p = Propagation(depth=10, width=256, batch_size=32, initializer="small_normal", activation="linear")
    signal = propagate(p)  # 0.16 a layer, both ways: 0.16^2 = 0.026, 0.16^3 = 0.004
    assert signal.signal == signal.size == Fate("dies", 4)
    assert signal.gradient == Fate("dies", 7)
    kept = propagate(replace(p, initializer="orthogonal"))
    assert kept.signal == kept.size == kept.gradient == Fate("keeps")
    zeros = propagate(replace(p, initializer="zeros"))
    assert zeros.signal == zeros.size == Fate("dies", 1)
    assert zeros.gradient == Fate("dies", 9)


def test_with_sigmoids_the_size_stays_while_what_tells_examples_apart_dies():
    signal = propagate(Propagation(depth=50, activation="sigmoid", batch_size=64))
    assert signal.size == Fate("keeps")  # the scatter between units
    assert signal.signal == Fate("dies", 5)  # a quarter and less a layer
    assert signal.a_std_examples[-1] < 1e-14
    assert signal.correlation[0] < 0.9
    assert signal.correlation[-1] == pytest.approx(1, abs=1e-9)
    assert signal.gradient.word == "dies"


def test_relus_with_unit_weights_explode_and_do_not_die():
    signal = propagate(Propagation(depth=10, activation="relu", initializer="unit_normal", batch_size=64))
    assert (signal.signal.word, signal.gradient.word) == ("explodes", "explodes")


def test_inputs_that_differ_by_direction_alone_grow_alike_through_relus():
    p = Propagation(depth=50, activation="relu", initializer="he_normal", batch_size=64)
    found = propagate(p).correlation
    assert found[0] == pytest.approx(1 / math.pi, abs=0.01)  # Cho & Saul (2009), at a right angle
    assert found[-1] > 0.99


def test_the_correlation_is_that_of_directions():
    x, y = np.array([3.0, 0.0]), np.array([1.0, 1.0])
    assert correlation(np.array([x, 9 * x])) == pytest.approx(1)
    assert correlation(np.array([x, -x])) == pytest.approx(-1)
    assert correlation(np.array([x, y])) == pytest.approx(math.sqrt(1 / 2))
    assert correlation(np.array([1e-200 * x, 1e200 * y, 0 * x])) == pytest.approx(math.sqrt(1 / 2))
    assert math.isnan(correlation(np.array([x, 0 * x])))
    with np.errstate(invalid="ignore"):
        assert math.isnan(correlation(np.array([x, y * np.inf])))


# Batch normalisation


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("scheme", ["small_normal", "unit_normal", "constant"])
def test_batch_norm_gives_every_layer_unit_size_under_a_bad_scheme(scheme, activation):
    p = Propagation(depth=30, width=128, batch_size=64, initializer=scheme, activation=activation)
    normed = propagate(replace(p, batch_norm=True))
    # epsilon = 1e-5 takes a share from a variance that is small: of z here, at least 128 * 0.01^2 * Var(a)
    assert np.allclose(normed.z_std, 1, rtol=0, atol=0.02)
    assert np.allclose(normed.z_mean, 0, rtol=0, atol=1e-9)
    assert normed.signal == normed.size == Fate("keeps")


def test_batch_norm_can_not_mend_zeros():
    assert not propagate(replace(SMALL, batch_norm=True, initializer="zeros")).z_std.any()
