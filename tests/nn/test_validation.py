"""Misuse of the engine ends in a sentence that says what came, what is wanted, and how to get it."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from nn.helpers import build, data, stack_of

from playground.nn import (
    ACTIVATIONS,
    INITIALIZERS,
    OPTIMIZERS,
    SGD,
    Adam,
    BatchNorm,
    Dense,
    Layer,
    Linear,
    NeuralNetwork,
    ReLU,
    Sigmoid,
    Softmax,
    check_network,
)

SAME = ReLU()
LAYERS = {  # what is built: layers, what the sentence says
    "a class": ([Dense(2, 4), ReLU, Dense(4, 2)], r"Layer 2 is the class ReLU.*ReLU\(\)"),
    "no layer": ([Dense(2, 4), "relu"], "Layer 2 is 'relu', no layer"),
    "no list": (Dense(2, 4), "one list"),
    "nothing": ([], "without layers"),
    "widths": ([Dense(2, 4), ReLU(), Dense(3, 2)], r"Layer 3, Dense\(3, 2\), takes 3.*layer 1, Dense\(2, 4\), gives 4"),
    "a norm of another width": ([Dense(2, 4), BatchNorm(3)], r"BatchNorm\(3\), takes 3"),
    "softmax on one unit": ([Dense(2, 1), Softmax()], "over one unit is always 1.*two units.*Sigmoid"),
    "softmax in the middle": ([Dense(2, 2), Softmax(), Dense(2, 2)], "Softmax is layer 2 of 3.*only be the last"),
    "a layer twice": ([Dense(2, 2), SAME, Dense(2, 2), SAME], "twice"),
    "two stacks": ([stack_of(lambda _: Dense(2, 2), (3,)), Dense(2, 2)], "stacks of different shapes"),
}


@pytest.mark.parametrize(("layers", "said"), LAYERS.values(), ids=LAYERS)
def test_layers_that_make_no_network_are_refused(layers, said):
    with pytest.raises((ValueError, TypeError), match=said):
        NeuralNetwork(layers)


def test_layers_side_by_side_are_no_list():
    with pytest.raises(TypeError, match="one list"):
        NeuralNetwork(Dense(2, 2), Softmax())


def test_a_layer_of_unknown_widths_is_taken_as_it_is():
    class Doubled(Layer):
        def forward(self, X):
            self.output = np.concatenate([X, X], axis=-1)
            return self.output

        def backward(self, dout):
            return dout[..., : dout.shape[-1] // 2] + dout[..., dout.shape[-1] // 2 :]

    network = NeuralNetwork([Doubled(), Dense(4, 2), Softmax()])
    X, y = data(5, 2, 2)
    network.step(X, y, SGD(0.1))
    assert max(check_network(network, X, y).values()) < 1e-6


GOOD_X, GOOD_Y = data(6, 3, 2)
LABELS = GOOD_Y.argmax(axis=1)


def spoilt(array, value, *place):
    array = array.copy()
    array[place] = value
    return array


EXAMPLES = {  # what is given: X, y, what the sentence says
    "class numbers": (GOOD_X, LABELS, r"y has shape \(6,\), and \(6, 2\) is wanted.*np\.eye\(2\)\[y\]"),
    "a column of class numbers": (GOOD_X, LABELS[:, None], r"y has shape \(6, 1\).*np\.eye\(2\)\[y\[:, 0\]\]"),
    "a series of class numbers": (GOOD_X, pd.Series(LABELS), r"np\.eye\(2\)\[y\]"),
    "more classes than outputs": (GOOD_X, np.eye(3)[LABELS], r"y has shape \(6, 3\), and \(6, 2\)"),
    "no one-hot row": (GOOD_X, spoilt(GOOD_Y, 3, 4, 0), r"Row 4 of y is .*one-hot.*np\.eye\(2\)"),
    "a negative share": (GOOD_X, spoilt(GOOD_Y, [-1, 2], 0), r"Row 0 of y is \[-1"),
    "one row of y for all": (GOOD_X, GOOD_Y[:1], "y has 1 rows.*X has 6"),
    "NaN in y": (GOOD_X, spoilt(GOOD_Y, np.nan, 2, 1), r"y has 1 entries that are NaN.*y\[2, 1\]"),
    "NaN in X": (spoilt(GOOD_X, np.nan, 2, 1), GOOD_Y, r"X has 1 entries that are NaN.*X\[2, 1\]"),
    "infinity in X": (spoilt(GOOD_X, np.inf, 0, 0), GOOD_Y, "infinite"),
    "one axis": (GOOD_X[:, 0], GOOD_Y, r"X has shape \(6,\).*X\[:, None\]"),
    "the wrong width": (GOOD_X[:, :2], GOOD_Y, r"X has shape \(6, 2\), and the network takes 3"),
    "a transpose": (GOOD_X.T, GOOD_Y, r"takes 3 features.*X\.T"),
    "images": (GOOD_X[:, :, None], GOOD_Y, r"X\.reshape\(len\(X\), -1\)"),
    "no example": (GOOD_X[:0], GOOD_Y[:0], "no example"),
    "text": (np.full((6, 3), "a"), GOOD_Y, "real numbers"),
    "a frame with text": (pd.DataFrame({"a": [1.0] * 6, "b": ["x"] * 6, "c": [2] * 6}), GOOD_Y, "to_numpy"),
    "ragged lists": ([[1, 2, 3], [4]], GOOD_Y, "different lengths"),
    "another stack": (np.stack([GOOD_X] * 2), np.stack([GOOD_Y] * 2), "stack axes"),
}
USES = {
    "train": lambda network, X, y: network.train(X, y, epochs=1),
    "evaluate": lambda network, X, y: network.evaluate(X, y),
    "check_network": check_network,
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("case", EXAMPLES)
def test_examples_that_a_network_can_not_use_are_refused(case, use):
    X, y, said = EXAMPLES[case]
    if case == "another stack" and use == "evaluate":
        pytest.skip("one network may be evaluated on many sets of examples")
    network = build((3, 4, 2))
    before = network.parameters.copy()
    with pytest.raises((ValueError, TypeError), match=said):
        USES[use](network, X, y)
    assert np.array_equal(network.parameters, before)


@pytest.mark.parametrize("use", ["train", "evaluate"])
def test_training_and_evaluation_look_at_what_is_new_after_the_first_step_too(use):
    network = build((3, 4, 2))
    for _ in range(3):
        network.train(GOOD_X, GOOD_Y, epochs=1)
        network.evaluate(GOOD_X, GOOD_Y)
    with pytest.raises(ValueError, match="one-hot"):
        USES[use](network, GOOD_X, spoilt(GOOD_Y, 3, 4, 0))


def test_a_trained_network_says_what_x_a_prediction_wants():
    network = build((3, 4, 2))
    network.step(GOOD_X, GOOD_Y, SGD(0.1))
    with pytest.raises(ValueError, match="takes 3 features"):
        network.predict(GOOD_X[:, :2])
    with pytest.raises(ValueError, match=r"X\[None, :\] makes one example"):
        network.predict(GOOD_X[0])


AS_GIVEN = {
    "lists": lambda A: A.tolist(),
    "frames": pd.DataFrame,
    "whole numbers": lambda A: A.astype(int),
    "booleans": lambda A: A.astype(bool),
    "small whole numbers": lambda A: A.astype(np.uint8),
    "objects": lambda A: A.astype(object),
}


@pytest.mark.parametrize("given", AS_GIVEN.values(), ids=AS_GIVEN)
def test_what_converts_without_doubt_trains_as_the_array_of_its_numbers(given, capsys):
    X, y = (np.random.default_rng(0).uniform(size=(12, 3)) > 0.5).astype(float), data(12, 3, 2)[1]
    ends = []
    for X_given, y_given in ((X, y), (given(X), given(y))):
        network = build((3, 4, 2))
        network.evaluate(X_given, y_given)
        network.train(X_given, y_given, 3, 5, rng=np.random.default_rng(1))
        network.step(X_given, y_given, SGD(0.1))
        check_network(network, X_given, y_given)
        ends.append((network.parameters, *network.evaluate(X_given, y_given)))
    assert all(np.array_equal(*pair) for pair in zip(*ends, strict=True))


def test_shares_of_the_classes_are_labels_too():
    build((3, 4, 2)).step(GOOD_X, 0.9 * GOOD_Y + 0.05, SGD(0.1))
    build((3, 4, 2)).step(GOOD_X.astype(np.float32), (0.9 * GOOD_Y + 0.05).astype(np.float32), SGD(0.1))


def test_targets_of_a_regression_are_any_numbers_in_columns():
    network = NeuralNetwork([Dense(3, 1), Linear()])
    network.step(GOOD_X, 7 * GOOD_X[:, :1], SGD(0.1))
    with pytest.raises(ValueError, match=r"\(6, 1\) is wanted.*y\[:, None\]"):
        NeuralNetwork([Dense(3, 1), Linear()]).train(GOOD_X, GOOD_X[:, 0])
    NeuralNetwork([Dense(3, 1), Sigmoid()]).train(GOOD_X, LABELS[:, None], epochs=1)


@pytest.mark.parametrize(("own_x", "own_y"), [((2, 3), (2, 3)), ((3,), ()), ((), (2, 3)), ((2, 1), (3,))])
def test_stacks_may_share_examples_along_any_axis(own_x, own_y):
    network = stack_of(lambda seed: build((3, 4, 2), seed=seed), (2, 3))
    X, y = data(6, 3, 2, stack=own_x)[0], data(6, 3, 2, stack=own_y)[1]
    network.evaluate(X, y)
    network.step(X, y, SGD(np.full((2, 1), 0.1)))


def test_a_stack_trains_on_rows_that_all_share():
    network = stack_of(lambda seed: build((3, 4, 2), seed=seed), (3,))
    X, y = data(6, 3, 2, stack=(3,))
    with pytest.raises(ValueError, match="call `step`"):
        network.train(X, y)
    with pytest.raises(ValueError, match="learning rates have shape"):
        network.train(X[0], y[0], optimizer=SGD(np.array([0.1, 0.2])))


SETTINGS = {
    "a name": ({"optimizer": "sgd"}, r"optimizer is 'sgd'.*SGD\(0\.1\)"),
    "a class": ({"optimizer": Adam}, r"the class Adam.*Adam\(0\.1\)"),
    "a rate": ({"optimizer": 0.1}, "optimizer is 0.1"),
    "no batch": ({"batch_size": 0}, "batch_size is a whole number, 1 or more, not 0"),
    "half an epoch": ({"epochs": 0.5}, "epochs is a whole number"),
    "a seed": ({"rng": 0}, r"np\.random\.default_rng\(0\)"),
}


@pytest.mark.parametrize(("settings", "said"), SETTINGS.values(), ids=SETTINGS)
def test_settings_that_can_not_train_are_refused(settings, said):
    with pytest.raises((ValueError, TypeError), match=said):
        build((3, 4, 2)).train(GOOD_X, GOOD_Y, **settings)


@pytest.mark.parametrize("rate", [-1, np.nan, np.inf, "fast", None, np.array([0.1, -0.1])])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_learning_rate_is_a_number_from_zero_on(name, rate):
    with pytest.raises((ValueError, TypeError), match="A learning rate is"):
        OPTIMIZERS[name](rate)


def test_an_unknown_name_is_told_which_there_are():
    with pytest.raises(ValueError, match=r"no initialiser 'he'.*he_normal, "):
        Dense(2, 3, "he")
    with pytest.raises(ValueError, match=r"no activation 'ReLU'\. Did you mean 'relu'"):
        ACTIVATIONS["ReLU"]
    with pytest.raises(KeyError):
        INITIALIZERS["he"]
    assert INITIALIZERS.get("he") is None


@pytest.mark.parametrize("wide", [4, 7], ids=["same shape", "another shape"])
def test_an_optimizer_that_remembers_another_network_is_refused(wide):
    optimizer = Adam(0.1)
    first, second = build((3, 4, 2)), build((3, wide, 2), seed=1)
    first.train(GOOD_X, GOOD_Y, epochs=1, optimizer=optimizer)
    with pytest.raises(ValueError, match=r"remembers its steps with another network.*Adam\(0\.1\)"):
        second.train(GOOD_X, GOOD_Y, optimizer=optimizer)
    first.train(GOOD_X, GOOD_Y, epochs=1, optimizer=optimizer)


def test_sgd_remembers_nothing_and_serves_all():
    optimizer = SGD(0.1)
    for seed in range(2):
        build((3, 4, 2), seed=seed).train(GOOD_X, GOOD_Y, epochs=1, optimizer=optimizer)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda both: pickle.loads(pickle.dumps(both))])
def test_a_copy_of_an_optimizer_goes_on_with_a_copy_of_its_network(duplicate):
    network, optimizer = build((3, 4, 2)), Adam(0.1)
    network.step(GOOD_X, GOOD_Y, optimizer)
    other, same = duplicate((network, optimizer))
    network.step(GOOD_X, GOOD_Y, optimizer)
    other.step(GOOD_X, GOOD_Y, same)
    assert np.array_equal(network.parameters, other.parameters)
