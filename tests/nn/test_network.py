"""A network is the course's interface to one flat array of parameters, which its layers and its optimiser share."""

import copy
import pickle
import re

import numpy as np
import pytest
from nn.helpers import build, data

from playground.nn import (
    ACTIVATIONS,
    OPTIMIZERS,
    SGD,
    BatchNorm,
    CrossEntropy,
    Dense,
    Linear,
    MeanSquaredError,
    NeuralNetwork,
    check_layer,
)


def test_training_prints_the_lines_of_the_course_every_ten_epochs_and_at_the_end(capsys):
    build((2, 4, 2)).train(*data(12, 2, 2), epochs=33)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Epoch 0", "Epoch 10", "Epoch 20", "Epoch 30", "Epoch 32"]
    assert all(re.fullmatch(r"Epoch \d+: Loss = \d+\.\d{4}, Acc = [01]\.\d{4}", line) for line in lines)


def test_the_printed_numbers_are_those_of_the_trained_network(capsys):
    network, (X, y) = build((2, 4, 2), batch_norm=True), data(12, 2, 2)
    network.train(X, y, epochs=1)
    loss, accuracy = network.evaluate(X, y)
    assert capsys.readouterr().out == f"Epoch 0: Loss = {loss:.4f}, Acc = {accuracy:.4f}\n"


def test_without_classes_there_is_no_accuracy_to_print(capsys):
    network, (X, _) = build((2, 4, 1), softmax=False), data(12, 2, 2)
    network.train(X, X[:, :1] - X[:, 1:], epochs=1)
    assert re.fullmatch(r"Epoch 0: Loss = \d+\.\d{4}\n", capsys.readouterr().out)


def test_every_epoch_sees_every_example_once_in_an_order_of_its_own():
    network, seen = build((1, 1), softmax=False), []
    network.step = lambda X, y, *_: seen.append((X[:, 0], y[:, 0]))
    network.train(np.arange(10.0)[:, None], np.arange(10, 20)[:, None], epochs=2, batch_size=4)
    assert [len(X) for X, _ in seen] == [4, 4, 2, 4, 4, 2]
    epochs = [np.concatenate([X for X, _ in seen[i : i + 3]]) for i in (0, 3)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert not np.array_equal(*epochs)
    assert all(np.array_equal(X + 10, y) for X, y in seen)


def test_the_defaults_are_those_of_the_course():
    network, sizes = build((2, 2)), []
    network.step = lambda X, *_: sizes.append(len(X))
    network.train(*data(40, 2, 2))
    assert sizes == [32, 8] * 100


def test_the_seed_of_numpy_or_a_generator_decides_the_order():
    def trained(seed, rng=None):
        np.random.seed(seed)
        network = build((2, 4, 2))
        network.train(*data(12, 2, 2), epochs=2, batch_size=4, rng=rng or np.random)
        return network.parameters

    assert np.array_equal(trained(0), trained(0))
    assert not np.array_equal(trained(0), trained(1))
    assert np.array_equal(*(trained(seed, np.random.default_rng(5)) for seed in (0, 1)))


def test_the_last_layer_decides_the_loss():
    assert build((2, 3, 2)).loss is CrossEntropy
    assert build((2, 3, 2), softmax=False).loss is MeanSquaredError


def test_layers_and_network_share_their_parameters():
    network, (X, y) = build((2, 4, 3), batch_norm=True), data(8, 2, 3)
    assert network.parameters.shape == network.gradients.shape == (2 * 4 + 4 * 3 + 4 + 4 + 4 + 3,)
    for layer in network.layers:
        for name in layer.parameters:
            setattr(layer, name, 1.5)
    assert (network.parameters == 1.5).all()
    network.forward(X)
    network.backward(y)
    for layer in network.layers:
        for name in layer.parameters:
            assert np.shares_memory(getattr(layer, name), network.parameters)
            assert np.shares_memory(getattr(layer, "d" + name), network.gradients)
    network.step(X, y, SGD(0.1))
    assert np.allclose(network.dense[-1].b, 1.5 - 0.1 * network.dense[-1].db)
    assert np.ptp(network.dense[-1].b) > 1e-3


def test_weights_are_all_w_and_nothing_else():
    network = build((2, 4, 3, 2), batch_norm=True)
    network.parameters[...], network.weights[...] = 1, 7
    network.gradients[...], network.weight_gradients[...] = 1, 7
    for layer in network.layers:
        for name in layer.parameters:
            value = 7 if name == "W" else 1
            assert (getattr(layer, name) == value).all()
            assert (getattr(layer, "d" + name) == value).all()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_restored_state_trains_on_bit_for_bit(optimizer):
    network, (X, y) = build((2, 5, 3), batch_norm=True), data(20, 2, 3)
    optimizer = OPTIMIZERS[optimizer](0.05)
    network.step(X, y, optimizer)
    state, ends = network.state(), []
    for _ in range(2):
        network.restore(state)
        own = copy.deepcopy(optimizer)
        for i in range(0, 20, 6):
            network.step(X[i : i + 6], y[i : i + 6], own)
        ends.append(network.state())
    assert state.keys() == {"parameters", "1.running_mean", "1.running_var"}
    for name in state:
        assert np.array_equal(ends[0][name], ends[1][name])
        assert not np.array_equal(state[name], ends[0][name])


def test_only_training_touches_the_running_statistics():
    network, (X, _) = build((2, 5, 3), batch_norm=True), data(20, 2, 3)
    norm = next(layer for layer in network.layers if isinstance(layer, BatchNorm))
    network.forward(X, training=False)
    assert (norm.running_mean == 0).all()
    assert (norm.running_var == 1).all()
    network.forward(X)
    assert (norm.running_mean != 0).all()
    assert (norm.running_var != 1).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_extreme_inputs_give_finite_numbers(activation, dtype):
    network = build((2, 5, 3), activation, "unit_normal", dtype=dtype)
    X, y = data(50, 2, 3)
    network.dense[-1].W *= 1e4
    network.step(1e4 * X, y, SGD(0.1))
    assert np.ptp(network.layers[-2].output) > 1e4
    assert np.allclose(network.layers[-1].output.sum(axis=-1), 1)
    assert np.isfinite(network.evaluate(1e4 * X, y)[0])
    assert np.isfinite(network.parameters).all()
    assert np.isfinite(network.gradients).all()


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_network_but_a_linear_one_learns_what_no_straight_line_can_tell(activation, batch_norm):
    X, _ = data(200, 2, 2)
    y = np.eye(2)[(np.hypot(*X.T) < 1).astype(int)]
    network = build((2, 16, 2), activation, batch_norm=batch_norm)
    network.train(X, y, epochs=60, optimizer=OPTIMIZERS["adam"](0.03), rng=np.random.default_rng(0))
    assert (network.evaluate(X, y)[1] > 0.9) == (activation != "linear")


def test_accuracy_is_the_share_of_examples_whose_largest_output_is_the_label():
    network = build((2, 2), softmax=False)
    network.parameters[...] = 0
    network.dense[0].W = np.eye(2)
    loss, accuracy = network.evaluate(np.array([[2, 1], [1, 2], [5, 0], [0, 1]]), np.eye(2)[[0, 1, 1, 1]])
    assert accuracy == 0.75
    assert loss == pytest.approx((2 + 2 + 26 + 0) / 8)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
def test_a_copy_trains_as_the_original_and_apart_from_it(duplicate):
    network = build((2, 4, 3), batch_norm=True)
    other, before = duplicate(network), network.parameters.copy()
    X, y = data(10, 2, 3)
    other.step(X, y, SGD(0.5))
    assert np.array_equal(network.parameters, before)
    network.step(X, y, SGD(0.5))
    assert np.array_equal(network.parameters, other.parameters)
    assert not np.array_equal(network.parameters, before)
    assert np.array_equal(network.forward(X), other.forward(X))


def test_a_layer_serves_in_another_network_and_in_a_check():
    network = build((2, 4, 3))
    X, y = data(10, 2, 3)
    deeper = NeuralNetwork([Dense(2, 2), *network.layers])
    deeper.step(X, y, SGD(0.1))
    assert np.any(deeper.layers[0].dW)
    assert max(check_layer(build((2, 4, 3)).layers[0], X).values()) < 1e-6


def test_a_single_output_names_class_one_above_a_half():
    network = NeuralNetwork([Linear()])
    _, accuracy = network.evaluate(np.array([[0.2], [0.7], [0.9]]), np.array([[0.0], [1.0], [0.0]]))
    assert accuracy == pytest.approx(2 / 3)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_prediction_is_the_forward_pass_of_evaluation_and_leaves_nothing_behind(batch_norm):
    network, (X, y) = build((2, 4, 3, 2), batch_norm=batch_norm), data(12, 2, 2)
    network.step(X, y, SGD(0.1))
    before = [vars(layer).copy() for layer in network.layers]
    predicted = network.predict(5 * X[:7])
    for layer, held in zip(network.layers, before, strict=True):
        assert vars(layer).keys() == held.keys()
        assert all(value is held[name] for name, value in vars(layer).items())
    assert np.array_equal(predicted, network.forward(5 * X[:7], training=False))
