"""A notebook that was taken home is valid, and run from top to bottom prints what the script prints."""

import csv
import io

import nbformat
import numpy as np
import pytest
from export.fresh import code_cells, run_fresh
from export.test_script import EXAMPLES
from runs import DEGENERATE, trained

from playground.data.datasets import PLANE
from playground.export.exercises import exercise_notebook
from playground.export.history import history_csv, network_at, weights_npz
from playground.export.notebook import experiment_notebook
from playground.export.script import script
from playground.nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS
from playground.settings.knobs import Change
from playground.topics.digits.digits_experiment import Digits
from playground.training.experiment import Experiment
from playground.training.trainer import Trainer

CHANGED = Experiment(batch_norm=True, epochs=3, n_points=80, changes=(Change(4, "optimizer", "momentum"),))


@pytest.mark.parametrize(
    "text",
    [experiment_notebook(Experiment()), experiment_notebook(CHANGED), exercise_notebook(), exercise_notebook(True)],
    ids=["default", "changed", "exercises", "solutions"],
)
def test_it_is_a_valid_notebook_that_has_not_run(text):
    read = nbformat.reads(text, as_version=4)
    nbformat.validate(read)
    assert (read.nbformat, read.nbformat_minor) == (4, 5)
    assert len({cell.id for cell in read.cells}) == len(read.cells)
    assert all(not cell.outputs for cell in read.cells if cell.cell_type == "code")
    assert all(cell.source.strip() for cell in read.cells)


def test_its_cells_print_what_the_script_prints_and_draw_the_loss(tmp_path):
    expected = run_fresh(script(CHANGED), tmp_path)
    expected = expected[: expected.index(EXAMPLES)]
    cells = code_cells(experiment_notebook(CHANGED))
    without_plots = 'import sys\nsys.modules["matplotlib"] = None'  # as where it is not installed
    printed = run_fresh("\n\n".join([without_plots, *cells]), tmp_path)
    assert printed[: len(expected)] == expected
    bars = printed[len(expected) :]
    losses = [float(line.split(", ")[1]) for line in expected[1:]]
    assert [float(bar.split()[3]) for bar in bars] == pytest.approx(losses, abs=1e-4)
    longest = max(losses)
    assert [bar.count("#") for bar in bars] == [round(60 * loss / longest) for loss in losses]


@pytest.mark.parametrize("name", PLANE)
def test_it_has_the_code_of_the_script_and_the_formulas_of_what_is_used(name):
    experiment = Experiment(dataset=name, batch_norm=True, optimizer="adam", activation="relu")
    text = script(experiment)
    read = nbformat.reads(experiment_notebook(experiment), as_version=4)
    for cell in read.cells[:-1]:
        if cell.cell_type == "code" and "PrintedTraining" not in cell.source:
            assert cell.source in text
    words = "\n".join(cell.source for cell in read.cells if cell.cell_type == "markdown")
    for used in (INITIALIZERS[experiment.initializer], ACTIVATIONS["relu"], OPTIMIZERS["adam"]):
        assert f"${used.formula}$" in words
        assert used.meaning in words
        assert used.source in words
    assert INITIALIZERS["he_uniform"].formula not in words


@pytest.mark.parametrize(
    "trainer",
    [
        trained(3, batch_norm=True),
        trained(3, dataset="xor", hidden=()),
        trained(40, **DEGENERATE["overflow"]),
        Trainer(Digits(hidden=(4,))),
    ],
    ids=["batch norm", "no test points", "overflow", "validation"],
)
def test_the_history_has_a_row_for_each_moment_in_full_precision(trainer):
    rows = list(csv.DictReader(io.StringIO(history_csv(trainer))))
    assert len(rows) == len(trainer.history.moments)
    for row, moment in zip(rows, trainer.history.moments, strict=True):
        for name in ("step", "epoch", "train_loss", "train_accuracy"):
            assert repr(float(row[name])) == repr(float(getattr(moment, name)))
        for name in ("loss", "accuracy"):
            of_part = row[f"{trainer.data.held_out}_{name}"]
            assert repr(float(of_part)) == repr(float(getattr(moment, f"held_out_{name}")))
        ratios = [float(row[f"update_ratio_{layer + 1}"]) for layer in range(len(moment.update_ratios))]
        assert list(map(repr, ratios)) == list(map(repr, moment.update_ratios))
        assert len(row) == 6 + len(trainer.network.dense)


def test_the_weights_make_the_network_again():
    trainer = Trainer(Experiment(batch_norm=True, hidden=(5, 4), epochs=3, dataset="blobs"))
    trainer.run(10**6)
    weights = np.load(io.BytesIO(weights_npz(network_at(trainer))), allow_pickle=False)
    X = trainer.data.X_test
    for i in (1, 2):
        Z = X @ weights[f"W{i}"] + weights[f"b{i}"]
        Z_hat = (Z - weights[f"running_mean{i}"]) / np.sqrt(weights[f"running_var{i}"] + 1e-5)
        X = np.tanh(weights[f"gamma{i}"] * Z_hat + weights[f"beta{i}"])
    logits = X @ weights["W3"] + weights["b3"]
    P = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.allclose(P, trainer.network.forward(trainer.data.X_test, training=False))
    assert len(weights.files) == 14


def test_the_weights_are_those_of_the_newest_row_of_the_history():
    """Also within an epoch, while the network may still be training."""
    trainer = Trainer(Experiment())
    trainer.run(10)
    weights = np.load(io.BytesIO(weights_npz(network_at(trainer))))
    assert np.array_equal(weights["W1"], trainer.network_at(trainer.history.kept[-1]).layers[0].W)
    assert not np.array_equal(weights["W1"], trainer.network.layers[0].W)
