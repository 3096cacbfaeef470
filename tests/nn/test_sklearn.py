"""From the same weights, on the same batches, scikit-learn's MLPClassifier must arrive at the same weights."""

from types import SimpleNamespace

import numpy as np
import pytest
from nn.helpers import build, data
from sklearn.neural_network import MLPClassifier

from playground.nn import SGD, Adam, Momentum

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = data(100, 4, 3)
ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}  # theirs: ours
SOLVERS = {
    "sgd": (SGD, {"solver": "sgd", "momentum": 0}),
    "momentum": (Momentum, {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": False}),
    "adam": (Adam, {"solver": "adam"}),
}
SCHEDULES = {"one step": (100, 1), "ten steps": (10, 1), "three epochs": (10, 3)}  # name: batch size, epochs

with_every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
with_every_solver = pytest.mark.parametrize("solver", SOLVERS)


def theirs(activation, **options):
    """MLPClassifier 4-8-6-3, fitted to the data in the order in which they stand."""
    options = {"alpha": 0, "shuffle": False, "random_state": 0} | options
    return MLPClassifier((8, 6), activation, **options).fit(X, Y.argmax(axis=1))


def ours(activation):
    """Our network with their initial weights: those of a fit whose learning rate is too small to move any."""
    start = theirs(activation, learning_rate_init=1e-300, max_iter=1)
    network = build((4, 8, 6, 3), ACTIVATIONS[activation])
    for layer, W, b in zip(network.dense, start.coefs_, start.intercepts_, strict=True):
        layer.W, layer.b = W, b
    return network


def train_both(activation, solver, batch_size, epochs, alpha=0.0, order=np.arange):
    """Both after training. Their penalty is a share of the batch, alpha / 2 |W|^2 / batch, and ours is not."""
    optimizer, options = SOLVERS[solver]
    options = options | {"batch_size": batch_size, "max_iter": epochs, "learning_rate_init": 0.05, "alpha": alpha}
    network = ours(activation)
    rng = SimpleNamespace(permutation=order)
    network.train(X, Y, epochs, batch_size, optimizer(0.05), l2=alpha / batch_size, rng=rng)
    return network, theirs(activation, **options)


def difference(network, model):
    """Largest absolute difference of a weight or bias."""
    pairs = [(layer.W, W) for layer, W in zip(network.dense, model.coefs_, strict=True)]
    pairs += [(layer.b, b) for layer, b in zip(network.dense, model.intercepts_, strict=True)]
    return max(np.abs(mine - yours).max() for mine, yours in pairs)


@pytest.mark.parametrize("schedule", SCHEDULES)
@with_every_solver
@with_every_activation
def test_training_gives_the_weights_of_scikit_learn(activation, solver, schedule):
    network, model = train_both(activation, solver, *SCHEDULES[schedule])
    assert difference(ours(activation), model) > 1e-3
    assert difference(network, model) < 1e-12
    assert np.allclose(network.forward(X, training=False), model.predict_proba(X), rtol=0, atol=1e-12)


@with_every_solver
@with_every_activation
def test_weight_decay_is_that_of_scikit_learn(activation, solver):
    network, model = train_both(activation, solver, batch_size=10, epochs=3, alpha=0.5)
    without, _ = train_both(activation, solver, batch_size=10, epochs=3)
    assert difference(without, model) > 1e-3
    assert difference(network, model) < 1e-12


def test_the_comparison_notices_another_order_of_the_batches():
    network, model = train_both("tanh", "sgd", batch_size=10, epochs=1, order=lambda n: np.arange(n)[::-1])
    assert difference(network, model) > 1e-4


@with_every_activation
def test_loss_and_accuracy_are_those_of_scikit_learn(activation):
    model = theirs(activation, batch_size=100, max_iter=1, solver="sgd", learning_rate_init=1e-300)
    loss, accuracy = ours(activation).evaluate(X, Y)
    assert loss == pytest.approx(model.loss_, abs=1e-12)
    assert accuracy == model.score(X, Y.argmax(axis=1))
