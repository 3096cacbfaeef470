"""The gradient check calls a fault what is one, and nothing else: no kink, no whole number, no short float."""

import numpy as np
import pytest
from nn.helpers import build, data, stack_of

from playground.nn import (
    AGREE,
    SGD,
    BatchNorm,
    Dense,
    LeakyReLU,
    NeuralNetwork,
    ReLU,
    Softmax,
    Tanh,
    check_layer,
    check_network,
    network_gradients,
    numerical_gradient,
    relative_error,
)

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array([[1, 0], [0, 1], [0, 1], [1, 0]])


def course(seed=0, activation=ReLU, initializer="glorot_normal"):
    """README's network: for the example (0, 0), z is 0 in all hidden units."""
    rng = np.random.default_rng(seed)
    return NeuralNetwork([Dense(2, 4, initializer, rng), activation(), Dense(4, 2, initializer, rng), Softmax()])


class Reversed(ReLU):
    """A ReLU that lets through where z < 0."""

    def backward(self, dout):
        return dout * (self.X < 0)


class OnlyAtTheKink(ReLU):
    """A ReLU whose slope at 0 is 1, which is as right as 0."""

    def backward(self, dout):
        return dout * (self.X >= 0)


@pytest.mark.parametrize("activation", [ReLU, LeakyReLU, OnlyAtTheKink])
@pytest.mark.parametrize("seed", range(5))
def test_the_networks_of_the_readme_stand_on_a_kink_and_are_right(seed, activation):
    check = check_network(course(seed, activation), X, Y)
    assert max(check.values()) < 1e-6
    assert check.faults == []
    assert {name: mask.sum() for name, mask in check.kinks.items()} == {"0.W": 0, "0.b": 4, "2.W": 0, "2.b": 0}
    assert check.verdict.startswith("All gradients agree")
    assert "kink" in check.verdict
    assert "4 of 0.b" in check.verdict


@pytest.mark.parametrize("X", [X, np.zeros((4, 2)), np.array([[-1, 2], [2, -1], [0, 0], [1, -3]])])
@pytest.mark.parametrize("initializer", ["zeros", "glorot_normal"])
def test_a_right_backward_pass_is_right_even_where_all_is_zero(initializer, X):
    assert max(check_network(course(0, ReLU, initializer), X, Y).values()) < 1e-6


@pytest.mark.parametrize("distance", [0, 1e-12, 3e-7, 2e-6, 9e-6, -5e-6, 1e-4])
def test_a_kink_within_reach_of_the_nudge_is_found_and_one_beyond_it_is_none(distance):
    network = course()
    network.dense[0].b = distance
    check = check_network(network, X, Y)
    assert check.faults == []
    assert check.kinks["0.b"].all() == (abs(distance) < 1e-5)
    assert not check.kinks["2.W"].any()


def test_a_fault_is_told_from_a_kink_on_the_same_data():
    check = check_network(course(0, Reversed), X, Y)
    assert check.faults == ["0.W", "0.b"]
    assert check["0.b"] > 1e-2
    assert "wrong" in check.verdict
    assert "0.W (relative error" in check.verdict
    assert "2.W" not in check.verdict


def test_a_stack_has_its_kinks_where_its_networks_have_theirs():
    networks = [course(seed) for seed in range(3)]
    networks[1].dense[0].b = 0.1
    check = check_network(NeuralNetwork.stack(networks), X, Y)
    assert check.faults == []
    assert check.kinks["0.b"].tolist() == [[True] * 4, [False] * 4, [True] * 4]


def test_a_smooth_network_has_no_kinks_right_or_wrong(monkeypatch):
    network = stack_of(lambda seed: build((3, 4, 3, 2), batch_norm=True, seed=seed), (2,))
    check = check_network(network, *data(6, 3, 2))
    assert not any(mask.any() for mask in check.kinks.values())
    assert "kink" not in check.verdict
    monkeypatch.setattr(Tanh, "backward", lambda layer, dout: dout)
    check = check_network(network, *data(6, 3, 2))
    assert not any(mask.any() for mask in check.kinks.values())
    assert check.faults


def test_a_layer_at_a_kink_is_right_and_a_wrong_one_is_wrong():
    Z = np.array([[0.0, 1.0], [-2.0, 0.0]])
    check = check_layer(ReLU(), Z)
    assert check["X"] < 1e-6
    assert check.kinks["X"].tolist() == [[True, False], [False, True]]
    assert check_layer(Reversed(), Z).faults == ["X"]


LAYERS = {"Dense": lambda dtype: Dense(3, 2, dtype=dtype), "BatchNorm": lambda dtype: BatchNorm(3, dtype=dtype)}


@pytest.mark.parametrize("of", [int, np.int8, bool, np.float16, np.float32, list])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_any_numbers_are_checked_in_float64(make, dtype, of):
    whole = np.array([[1, 0, 0], [0, 1, 1], [1, 1, 0], [0, 0, 1]])
    given = whole.tolist() if of is list else whole.astype(of)
    assert max(check_layer(make(dtype), given).values()) < 1e-6
    labels = np.eye(2, dtype=int)[[0, 1, 1, 0]]
    network = build((3, 4, 2), dtype=dtype)
    assert max(check_network(network, given, labels).values()) < 1e-6
    assert all(relative_error(*pair) < 1e-6 for pair in network_gradients(network, given, labels).values())
    network.step(given, labels, SGD(0.1))
    assert network.parameters.dtype == dtype


def test_a_numerical_gradient_fits_the_precision_and_refuses_whole_numbers():
    x = np.linspace(-2, 2, 6, dtype=np.float32)
    assert numerical_gradient(lambda: (x**3).sum(), x) == pytest.approx(3 * x**2, rel=1e-2, abs=1e-3)
    with pytest.raises(TypeError, match=r"int64.*astype\(float\)"):
        numerical_gradient(lambda: 0.0, np.arange(3))


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_agrees_with_nothing(odd):
    a = np.array([1.0, odd])
    for pair in ((a, a), (a, np.ones(2)), (np.ones(2), a)):
        assert relative_error(*pair) == np.inf
    assert not relative_error(a, a) <= AGREE


def test_a_backward_pass_that_gives_nan_is_wrong(monkeypatch):
    monkeypatch.setattr(Tanh, "backward", lambda layer, dout: dout * np.nan)
    check = check_network(build((3, 4, 2)), *data(6, 3, 2))
    assert check.faults == ["0.W", "0.b"]
    assert max(check.values()) == np.inf
    assert "wrong" in check.verdict
