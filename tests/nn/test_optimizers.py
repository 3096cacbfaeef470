"""An optimiser is its paper's formula: followed by hand for a step or two, and down to the bottom of a bowl."""

import copy

import numpy as np
import pytest

from playground.nn import OPTIMIZERS, SGD, Adam, Momentum, RMSProp

for_every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


def path(optimizer, gradients):
    """Where a single number, starting from 0, stands after each of the gradients."""
    parameters, places = np.zeros(1), []
    for g in gradients:
        optimizer.step(parameters, np.array([float(g)]))
        places.append(parameters[0])
    return places


BY_HAND = {
    "SGD goes eta g": (SGD, [2, -1], [-0.2, -0.1]),
    "momentum adds 0.9 of the last step": (Momentum, [1, 1, 0], [-0.1, -0.29, -0.461]),
    "RMSProp's first step is eta sqrt(10)": (RMSProp, [4], [-0.1 * np.sqrt(10)]),
    "RMSProp's second divides by sqrt(0.09 + 0.1 * 4)": (RMSProp, [1, 2], [-0.3162277660, -0.3162277660 - 0.2 / 0.7]),
    "Adam's first step is eta": (Adam, [0.5], [-0.1]),
    "and so is each while g stays": (Adam, [-5, -5, -5], [0.1, 0.2, 0.3]),
    "Adam adds epsilon to a root that starts at zero": (Adam, [1e-8], [-0.1 * 1e-8 / (1e-8 + 1e-8 / np.sqrt(0.001))]),
    "Adam goes on when g is 0": (Adam, [1, 0], [-0.1, -0.1 - 0.1 * (0.09 / 0.19) / np.sqrt(0.000999 / 0.001999)]),
}


@pytest.mark.parametrize(("optimizer", "gradients", "places"), BY_HAND.values(), ids=BY_HAND)
def test_the_first_steps_are_those_by_hand(optimizer, gradients, places):
    assert path(optimizer(0.1), gradients) == pytest.approx(places, rel=1e-6)


def test_adam_is_algorithm_1_of_its_paper():
    """The engine corrects the step, the paper's algorithm m and v: the same, except for the size of epsilon."""
    rng = np.random.default_rng(0)
    parameters = expected = rng.standard_normal(20)
    parameters = parameters.copy()
    optimizer, m, v = Adam(0.01), 0, 0
    for t in range(1, 51):
        g = rng.uniform(0.1, 1, 20) * rng.choice([-1, 1], 20)
        optimizer.step(parameters, g)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        expected = expected - 0.01 * m_hat / (np.sqrt(v_hat) + 1e-8)
        assert np.allclose(parameters, expected, rtol=0, atol=1e-7)


@for_every_optimizer
def test_every_optimizer_finds_the_bottom_of_a_bowl(name):
    bottom, curvature = np.array([1.0, -2.0, 0.5]), np.array([1.0, 3.0, 10.0])
    parameters, optimizer = np.zeros(3), OPTIMIZERS[name](0.02)
    for _ in range(1000):
        optimizer.step(parameters, curvature * (parameters - bottom))
    assert np.allclose(parameters, bottom, rtol=0, atol=0.02)


@for_every_optimizer
def test_steps_change_the_parameters_in_place_and_leave_the_gradients(name):
    parameters, gradients = np.zeros((2, 3)), np.arange(1.0, 7).reshape(2, 3)
    OPTIMIZERS[name](0.1).step(parameters, gradients)
    assert (parameters < 0).all()
    assert np.array_equal(gradients, np.arange(1.0, 7).reshape(2, 3))


@for_every_optimizer
def test_a_new_learning_rate_takes_hold_at_the_next_step(name):
    """After a common first step, the next step is linear in its own learning rate."""
    begun, start = OPTIMIZERS[name](0.1), np.ones(2)
    begun.step(start, np.array([1.0, -3.0]))
    ends = []
    for rate in (0.0, 0.2, 0.4):
        optimizer, parameters = copy.deepcopy(begun), start.copy()
        optimizer.learning_rate = rate
        optimizer.step(parameters, np.array([2.0, 1.0]))
        ends.append(parameters)
    assert np.abs(ends[1] - ends[0]).min() > 0.01
    assert np.allclose(ends[2] - ends[1], ends[1] - ends[0])
