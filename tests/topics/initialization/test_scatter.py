"""Networks scatter about the mean as foretold, and as many of them are lost."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from playground.topics.initialization.many_networks import (
    BAND,
    draws,
    foretold_lost,
    foretold_quantiles,
    lost,
    quantiles,
)
from playground.topics.initialization.mean_field import theory
from playground.topics.initialization.signal_propagation import Propagation, propagate

NETWORKS = 120
NOISE = {"depth": 20, "width": 32, "batch_size": 16}
CASES = [  # both where examples stay alone and where they become alike; in order, at its edge and in chaos
    pytest.param(activation, scheme, marks=[pytest.mark.exhaustive] * (activation != "relu"))
    for activation, scheme in [
        ("relu", "he_normal"), ("linear", "lecun_normal"), ("tanh", "lecun_normal"), ("tanh", "unit_normal"),
        ("sigmoid", "unit_normal"), ("leaky_relu", "he_uniform"),
    ]
]  # fmt: skip


@cache
def measured(p):
    """Sizes of the activations and of the gradients in many networks, each of shape (networks, depth)."""
    signals = [propagate(p, draw=draw) for draw in range(NETWORKS)]
    return np.array([each.a_std for each in signals]), np.array([each.da_std for each in signals])


@pytest.mark.parametrize("activation", ["relu", pytest.param("linear", marks=pytest.mark.exhaustive)])
def test_one_example_scatters_as_hanin_and_rolnick_say(activation):
    """The variance of log a^2 grows by 5 / n a layer for ReLU, and by 2 / n for linear units."""
    p = Propagation(depth=12, width=64, activation=activation, initializer="lecun_normal", gain=1.2, batch_size=1)
    scatter = theory(p).a_scatter
    step = {"relu": 5, "linear": 2}[activation]
    assert np.diff(4 * scatter.std**2) == pytest.approx(step / p.width, rel=1e-3)
    assert scatter.middle == pytest.approx(-(scatter.std**2))
    logs = np.log(measured(p)[0][:, -1] / theory(p).a_std[-1])
    assert np.std(logs) == pytest.approx(scatter.std[-1], rel=4 / math.sqrt(2 * NETWORKS))
    assert np.mean(logs) == pytest.approx(scatter.middle[-1], abs=4 * scatter.std[-1] / math.sqrt(NETWORKS))


@pytest.mark.parametrize(("activation", "scheme"), CASES)
def test_batches_scatter_as_foretold(activation, scheme):
    """Within what is left out, which is of second order in depth / width, and what 120 networks show."""
    p = Propagation(**NOISE, activation=activation, initializer=scheme)
    predicted = theory(p)
    for found, curve, scatter, last in [
        (measured(p)[0], predicted.a_std, predicted.a_scatter, -1),
        (measured(p)[1], predicted.da_std, predicted.da_scatter, 0),
    ]:
        logs = np.log(found[:, last] / curve[last])
        assert np.std(logs) == pytest.approx(scatter.std[last], rel=0.45, abs=0.02)
        assert np.median(logs) == pytest.approx(scatter.middle[last], abs=0.1 + 0.5 * scatter.std[last])


def test_a_band_holds_the_share_of_the_networks_that_it_says():
    p = Propagation(**NOISE, activation="relu", initializer="he_normal")
    low, median, high = foretold_quantiles(theory(p).a_std, theory(p).a_scatter)
    found = measured(p)[0]
    assert ((low < found) & (found < high)).mean() == pytest.approx(BAND, abs=0.12)
    assert (found < median).mean() == pytest.approx(0.5, abs=0.12)
    assert ((quantiles(found)[0] <= found) & (found <= quantiles(found)[2])).mean() == pytest.approx(BAND, abs=0.02)


@pytest.mark.parametrize("gain", [0.8, *(pytest.param(gain, marks=pytest.mark.exhaustive) for gain in (0.85, 1.2))])
def test_as_many_networks_are_lost_as_foretold(gain):
    p = Propagation(**NOISE, activation="relu", initializer="he_normal", gain=gain)
    predicted, (forward, backward) = theory(p), measured(p)
    for share, found in [
        (foretold_lost(predicted.a_std, predicted.a_scatter), lost(forward)),
        (foretold_lost(predicted.da_std, predicted.da_scatter, backward=True), lost(backward[:, ::-1])),
    ]:
        assert found / NETWORKS == pytest.approx(share, abs=0.2)


def test_wider_networks_scatter_less_and_deeper_ones_more():
    p = Propagation(depth=20, width=50, activation="relu", initializer="he_normal", batch_size=16)
    std = theory(p).a_scatter.std
    assert np.all(np.diff(std) > 0)
    assert theory(replace(p, width=200)).a_scatter.std == pytest.approx(std / 2, rel=0.15)


@pytest.mark.parametrize("activation", ["gelu", "silu"])
def test_where_differences_in_size_grow_no_scatter_is_foretold_and_it_says_why(activation):
    found = theory(Propagation(depth=5, width=16, activation=activation, batch_size=8))
    assert found.a_std is not None
    assert found.a_scatter is found.da_scatter is found.correlation is found.alike is None
    assert "no scatter is foretold" in found.reason
    assert foretold_lost(found.a_std, found.a_scatter) is None
    assert np.isnan(foretold_quantiles(found.a_std, found.a_scatter)[[0, 2]]).all()


def test_each_draw_has_other_weights_and_the_same_examples():
    p = Propagation(depth=3, width=16, batch_size=8, activation="linear", initializer="orthogonal")
    first, second = propagate(p), propagate(p, draw=1)
    assert not np.allclose(first.a_mean, second.a_mean)
    assert first.correlation == pytest.approx(second.correlation)  # which orthogonal weights keep
    assert draws(p, 7) == 7
    assert draws(replace(p, initializer="zeros"), 7) == 1


def test_a_network_is_lost_below_1_percent_and_above_100_times_and_where_there_is_nothing():
    curves = np.array([[1, 0.009], [1, 0.011], [2, 199], [2, 201], [1, np.inf], [0, 0]])
    assert lost(curves) == 4
