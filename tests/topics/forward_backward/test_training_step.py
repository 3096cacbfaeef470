"""A training step shows the engine's own arrays, knows usual mistakes, and its gradient check catches each one."""

import inspect
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from playground.nn import ACTIVATIONS, INITIALIZERS, SGD, NeuralNetwork, check_network, network_gradients
from playground.topics.forward_backward.equation import agrees, code_lines
from playground.topics.forward_backward.equations import equations
from playground.topics.forward_backward.mistakes import MISTAKES, broken
from playground.topics.forward_backward.step_check import (
    NUDGES,
    check,
    errors_by_nudge,
    losses_along,
    parameter_in_play,
)
from playground.topics.forward_backward.training_step import LARGEST, MOST_EDITS, STEPS, Edit, TrainingStep, follow_step
from playground.training.loop import experiment_data, initial_network

BLOBS = TrainingStep(dataset="blobs", n_classes=3, n_points=5, hidden=(3, 4), activation="tanh", example=1)
SETTINGS = [
    TrainingStep(),
    BLOBS,
    TrainingStep(hidden=()),
    TrainingStep(hidden=(4, 4, 4), activation="sigmoid", step=7),
    TrainingStep(activation="relu", dataset="moons"),
]
each_step = pytest.mark.parametrize(
    "settings", SETTINGS, ids=lambda settings: f"{settings.dataset} {settings.hidden} {settings.activation}"
)


@each_step
def test_the_arrays_are_those_of_the_networks_own_training(settings):
    data = experiment_data(settings)
    network, optimizer = initial_network(settings, data), SGD(settings.learning_rate)
    for _ in range(settings.step - 1):
        network.step(data.X_train, data.y_train, optimizer)
    step = follow_step(settings)
    assert np.array_equal(step.network.parameters, network.parameters)
    output = network.forward(data.X_train)
    network.backward(data.y_train)
    assert np.array_equal(step.outputs[-1], output)
    assert np.array_equal(step.network.gradients, network.gradients)
    assert step.loss == network.loss.value(output, data.y_train)
    optimizer.step(network.parameters, network.gradients)
    assert np.array_equal(step.updated.parameters, network.parameters)


@each_step
def test_gradients_of_layer_inputs_are_those_that_the_loss_has(settings):
    step, h = follow_step(settings), 1e-6
    for n, i in np.ndindex(step.X.shape):
        sides = []
        for nudge in (h, -h):
            X = step.X.copy()
            X[n, i] += nudge
            sides.append(step.network.loss.value(step.network.select().forward(X), step.y))
        assert step.douts[0][n, i] == pytest.approx((sides[0] - sides[1]) / (2 * h), abs=1e-8)


@each_step
def test_equations_go_forward_then_back_then_update_and_each_shows_the_engines_result(settings):
    step = follow_step(settings)
    n_layers = len(step.dense)
    found = equations(step)
    assert [equation.phase for equation in found] == sorted(
        (equation.phase for equation in found), key=["Forward", "Loss", "Backward", "Update"].index
    )
    assert len(found) == 2 * n_layers + 1 + 4 * n_layers + n_layers
    named = {equation.name: equation for equation in found}
    for number, dense in enumerate(step.dense, start=1):
        place = step.place(dense)
        assert np.array_equal(named[f"z{number}"].result.values, step.outputs[place])
        assert np.array_equal(named[f"dW{number}"].result.values, dense.dW)
        assert np.array_equal(named[f"db{number}"].result.values[0], dense.db)
        assert np.array_equal(named[f"da{number - 1}"].result.values, step.douts[place])
        assert np.array_equal(named[f"update{number}"].result.values, step.updated.dense[number - 1].W)
    assert np.array_equal(named["p"].result.values, step.outputs[-1])
    assert named["L"].value == step.loss


@each_step
def test_the_matrix_equations_hold(settings):
    """The operands that are shown with an equation give its result: as the formula says, with the shapes as shown."""
    for equation in equations(follow_step(settings)):
        operands = [array.values.T if array.transposed else array.values for array in equation.operands]
        result, kind = equation.result.values, equation.name.rstrip("0123456789")
        if kind == "z":
            assert operands[0] @ operands[1] + operands[2] == pytest.approx(result)
        elif kind in ("dW", "da"):
            assert operands[0] @ operands[1] == pytest.approx(result)
        elif kind == "db":
            assert operands[0].sum(axis=0) == pytest.approx(result[0])
        elif kind == "update":
            assert operands[0] - settings.learning_rate * operands[1] == pytest.approx(result)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_move_names_a_line_that_is_in_the_engine(activation):
    for equation in equations(follow_step(TrainingStep(activation=activation))):
        lines, first = code_lines(*equation.code)
        assert first > 1
        source = Path(inspect.getsourcefile(equation.code[0])).read_text("utf-8").splitlines()
        assert source[first - 1].strip() == lines.splitlines()[0]


def test_the_focus_decides_which_entry_is_in_play():
    step = follow_step(replace(BLOBS, focus=(2, 1, 3), example=4))
    named = {equation.name: equation for equation in equations(step)}
    assert named["z2"].value == step.outputs[2][4, 3]
    assert named["dW2"].value == step.dense[1].dW[1, 3]
    assert named["a1"].value == step.outputs[1][4, 1]
    assert named["da1"].value == step.douts[2][4, 1]
    bias = follow_step(replace(BLOBS, focus=(2, 9, 0)))
    assert bias.focus == (2, 3, 0)
    assert {equation.name: equation for equation in equations(bias)}["update2"].value == bias.updated.dense[1].b[0]


def test_common_mistakes_are_named():
    named = {equation.name: equation for equation in equations(follow_step(replace(BLOBS, focus=(2, 0, 1), step=3)))}
    for name in ("z2", "a2", "L", "dz3", "dW2", "da1"):
        assert "sign" in named[name].mistake_behind(-named[name].value), name
    assert "derivative" in named["dz2"].mistake_behind(float(named["dz2"].operands[0].values[named["dz2"].result.used]))
    assert "division by N" in named["dW2"].mistake_behind(5 * named["dW2"].value)
    assert (
        "bias" in named["z2"].mistake_behind(named["z2"].mistakes["the bias is missing"])
        or named["z2"].mistake_behind(named["z2"].value) == ""
    )
    assert named["dW2"].mistake_behind(named["dW2"].value) == ""
    assert named["dW2"].mistake_behind(1234.5) == ""


def test_a_rounded_answer_agrees_and_a_wrong_one_does_not():
    assert agrees(0.913, 0.91307)
    assert agrees(-0.024, -0.0235)
    assert agrees(0.0, 0.0)
    assert not agrees(0.0, 0.004)
    assert not agrees(-0.913, 0.913)
    assert not agrees(0.5, 0.6)


# Changing numbers


def test_a_changed_number_is_in_the_network_from_its_step_on():
    edits = (Edit(2, "W1", (1, 0), 0.75), Edit(1, "X", (3, 1), -2.0), Edit(1, "y", (0,), 1.0), Edit(2, "b2", (1,), 3.0))
    first, second = (follow_step(TrainingStep(step=step, edits=edits)) for step in (1, 2))
    assert first.X[3, 1] == second.X[3, 1] == -2
    assert first.y[0].tolist() == [0, 1]
    assert first.dense[0].W[1, 0] != 0.75
    assert second.dense[0].W[1, 0] == 0.75
    assert second.dense[1].b[1] == 3


def test_what_does_not_fit_the_network_is_left_alone():
    edits = (
        Edit(1, "W3", (0, 0), 1.0),
        Edit(1, "W1", (0, 90), 1.0),
        Edit(1, "b1", (0, 0), 1.0),
        Edit(1, "y", (9,), 0.0),
    )
    changed, plain = follow_step(TrainingStep(edits=edits)), follow_step(TrainingStep())
    assert np.array_equal(changed.network.parameters, plain.network.parameters)
    assert np.array_equal(changed.y, plain.y)


def test_a_step_stands_in_a_url():
    edits = (Edit(2, "W1", (1, 0), 0.1 + 0.2), Edit(1, "y", (0,), 1.0))
    settings = TrainingStep(edits=edits, stage=5, step=3, focus=(2, 1, 0), predict=True, mistake="wrong_sign")
    assert TrainingStep.from_query(settings.to_query()) == (settings, [])


@pytest.mark.parametrize(
    "edits",
    ["1.W1.0-0.nan", "1.W1.0-0.inf", "1.W1.-1-0.1", "x", "1.W1", "1.__class__.0.1", "1.W1.0-0-0.1", "1.W1..1", "~~~",
     "1.Wx.0-0.1", "1e9.W1.0-0.1", "1.W1.0-0.1e400", "~".join(f"{i}.X.0-0.1" for i in range(1, 500))],
)  # fmt: skip
def test_malformed_edits_leave_a_valid_step(edits):
    settings, notices = TrainingStep.from_query({"edits": edits, "focus": "9-9-9"})
    assert notices
    assert len(settings.edits) <= MOST_EDITS
    follow_step(settings)


def test_weights_that_leave_the_numbers_are_told_and_the_last_sound_step_stays():
    edits = tuple(Edit(1, "X", (n, i), LARGEST) for n, i in [(1, 0), (2, 1)])
    step = follow_step(TrainingStep(learning_rate=10, step=STEPS, activation="linear", hidden=(4, 4), edits=edits))
    assert 0 < step.overflow < STEPS
    assert np.isfinite(step.network.parameters).all()
    equations(step)


# The gradient check


@each_step
def test_the_right_backward_pass_passes_and_agrees_with_the_engines_own_check(settings):
    checked = check(follow_step(settings))
    assert not checked.wrong.any()
    assert len(checked.labels) == follow_step(settings).network.parameters.size == len(set(checked.labels))
    assert "agree" in checked.verdict


@pytest.mark.parametrize("mistake", [name for name in MISTAKES if name != "none"])
@pytest.mark.parametrize("settings", [TrainingStep(), BLOBS], ids=["xor", "blobs"])
def test_every_mistake_is_caught(mistake, settings):
    checked = check(follow_step(replace(settings, mistake=mistake)))
    assert checked.wrong.any()
    assert "wrong" in checked.verdict
    assert max(check_network(broken(checked.step.network, mistake), checked.step.X, checked.step.y).values()) > 1e-3


def test_an_example_on_a_kink_is_no_mistake():
    """The course's XOR with ReLU: for the example (0, 0) all z are 0, where the loss has no slope."""
    checked = check(follow_step(TrainingStep(activation="relu")))
    assert checked.wrong.any()
    assert checked.kinked == ["b1[1]", "b1[2]", "b1[3]"]
    assert checked.kinks.sum() == checked.wrong.sum() == (checked.table()["Check"] == "↯ kink").sum() == 3
    assert "are not wrong" in checked.verdict
    assert not check_network(checked.step.network, checked.step.X, checked.step.y).faults
    moved = check(follow_step(TrainingStep(activation="relu", edits=tuple(Edit(1, "b1", (j,), 0.1) for j in range(3)))))
    assert moved.kinked == []
    assert not moved.wrong.any()


def test_a_mistake_is_told_on_a_kink_too():
    checked = check(follow_step(TrainingStep(activation="relu", mistake="forgotten_derivative")))
    assert checked.kinks.any()
    assert checked.kinked == []
    assert "wrong**" in checked.verdict


def test_an_error_shows_below_the_layer_that_makes_it():
    step = follow_step(replace(BLOBS, mistake="forgotten_derivative"))
    checked = check(step)
    assert not checked.wrong[checked.layers == 3].any()
    assert checked.wrong[checked.layers == 1].any()
    assert "layer 3 agrees" in checked.verdict


def test_a_mistake_breaks_a_copy_only():
    step = follow_step(TrainingStep())
    before = step.network.gradients.copy()
    broken(step.network, "wrong_sign").backward(step.y)
    assert np.array_equal(step.network.gradients, before)
    assert {type(layer) for layer in broken(step.network, "none").layers} == {
        type(layer) for layer in step.network.layers
    }


def test_a_forgotten_transpose_of_a_square_matrix_is_just_that():
    network = follow_step(TrainingStep(hidden=(3, 3))).network
    layer = broken(network, "forgotten_transpose").dense[1]
    dout = np.ones((4, 3))
    assert np.array_equal(layer.backward(dout), dout @ layer.W)


def test_the_loss_along_a_parameter_is_that_of_the_network_with_it():
    step = follow_step(replace(BLOBS, focus=(2, 0, 1)))
    values, losses = losses_along(step, 2.0)
    assert parameter_in_play(step) == ("W", (0, 1))
    assert losses[len(losses) // 2] == pytest.approx(step.loss)
    network = step.network.select()
    network.dense[1].W[0, 1] = values[17]
    assert losses[17] == pytest.approx(network.loss.value(network.forward(step.X), step.y))
    middle = len(values) // 2
    slope = (losses[middle + 1] - losses[middle - 1]) / (values[middle + 1] - values[middle - 1])
    assert slope == pytest.approx(step.dense[1].dW[0, 1], rel=1e-2)


def test_the_best_nudge_is_neither_the_largest_nor_the_smallest():
    errors = errors_by_nudge(follow_step(replace(BLOBS, focus=(1, 9, 0))))
    assert 0 < errors.argmin() < len(NUDGES) - 1
    assert errors.min() < 1e-6


def test_the_check_leaves_stacks_and_their_gradients_alone():
    network = NeuralNetwork.stack([follow_step(replace(BLOBS, seed=seed)).network for seed in range(2)])
    step = follow_step(BLOBS)
    for claimed, numerical in network_gradients(network, step.X, step.y).values():
        assert claimed == pytest.approx(numerical, abs=1e-8)


def test_the_step_takes_every_initialiser():
    for initializer in INITIALIZERS:
        assert np.isfinite(follow_step(TrainingStep(initializer=initializer)).loss)


def test_a_link_with_the_name_that_a_knob_had_means_the_same():
    assert TrainingStep.from_query({"slip": "wrong_sign"}) == (TrainingStep(mistake="wrong_sign"), [])
