"""What the button "Take it home" gives: the run as it is at the click."""

import ast
import csv
import io
import json

import numpy as np
import pytest
from export.fresh import run_fresh_each, run_here
from export.test_script import DIVERGED, figures
from runs import DEGENERATE
from streamlit.testing.v1 import AppTest

from playground.topics.batch_norm.paired_runs import Pairs
from playground.topics.batch_norm.sweep import Sweep
from playground.topics.initialization.race import Race
from playground.training.contestants import Contestant
from playground.training.experiment import Experiment
from playground.ui.run import Run
from playground.ui.sections.batch_norm_comparison import PairsRun
from playground.ui.sections.batch_norm_sweep import SweepRun
from playground.ui.sections.initialization_race import RaceRun
from playground.ui.take_home import EXERCISES, run_files


def page():
    import streamlit as st

    from playground.training.experiment import Experiment
    from playground.ui import take_home
    from playground.ui.run import Run

    run = st.session_state.setdefault("run", Run(Experiment(), []))
    take_home.popover(run)


def test_each_file_has_its_button():
    app = AppTest.from_function(page).run()
    assert not app.exception
    assert [button.label for button in app.get("download_button")] == [
        "Film", "Script", "Notebook", "History", "Weights", "Exercises", "Solutions",
    ]  # fmt: skip
    assert not app.run().exception


def test_the_files_tell_of_the_run_as_it_is_when_they_are_asked_for():
    run = Run(Experiment(dataset="circles"), [])
    _film, script, notebook, history, weights = run_files(run, "")
    untrained = weights.make()
    run.step(5)
    run.turn(learning_rate=0.7)
    run.step(1)
    assert 'Change(6, "learning_rate", 0.7)' in script.make()
    cells = json.loads(notebook.make())["cells"]
    assert any('Change(6, "learning_rate", 0.7)' in cell["source"] for cell in cells)
    assert history.make().splitlines()[-1].startswith("6,")
    W = np.load(io.BytesIO(weights.make()))["W1"]
    assert np.array_equal(W, run.trainer.network.layers[0].W)
    assert not np.array_equal(W, np.load(io.BytesIO(untrained))["W1"])


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_script_notebook_and_weights_are_of_the_moment_that_is_looked_at(moment):
    """Also within an epoch, and without what was changed later."""
    run = Run(Experiment(dataset="moons", n_points=80, batch_norm=True), [])
    run.step_epoch()
    run.step(1)
    run.turn(learning_rate=0.7)
    run.step_epoch()
    run.turn(optimizer="adam")
    run.step(1)
    run.view = moment
    _, script, notebook, _, weights = run_files(run, "")
    shown = run.trainer.history.moments[moment]
    last = figures(run_here(script.make()))[-1]
    assert last == (shown.epoch, shown.train_loss, shown.train_accuracy, shown.held_out_loss, shown.held_out_accuracy)
    layers = [layer for layer in run.snapshot().network.layers if layer.parameters]
    saved = np.load(io.BytesIO(weights.make()))
    for number, name in enumerate(("W1", "gamma1", "W2", "gamma2", "W3")):
        assert np.array_equal(saved[name], getattr(layers[number], name[:-1]))
    for made in (script.make(), json.dumps(json.loads(notebook.make())["cells"][0])):
        assert f"It stops after {shown.step} mini-batches" in made
    assert "Adam" not in script.make()
    run.view = None
    assert "It stops after" not in script.make()
    assert "Adam" in script.make()


@pytest.mark.parametrize("why", ["overflow", "runaway"])
def test_the_script_of_a_run_that_has_diverged_stops_where_the_run_did(why):
    run = Run(Experiment(epochs=100, n_points=60, **DEGENERATE[why]), [])
    _, script, *_ = run_files(run, "")
    assert "diverged" not in script.make()  # it is not known yet
    run.advance(10**6)
    assert run.trainer.diverged == why
    run.view = len(run.trainer.history.moments) - 1
    printed = run_here(script.make())
    assert len(figures(printed)) == len(run.trainer.history.moments)
    assert DIVERGED in printed


def test_names_and_kinds_of_the_files_fit_what_is_in_them():
    for file in (*run_files(Run(Experiment(), []), ""), *EXERCISES):
        content = file.make()
        if file.name.endswith(".py"):
            ast.parse(content)
        elif file.name.endswith(".ipynb"):
            assert json.loads(content)["nbformat"] == 4
        elif file.name.endswith(".csv"):
            assert content.splitlines()[0].startswith("step,epoch,train_loss,")
        elif file.name.endswith(".html"):
            assert content.startswith("<!doctype html>")
        else:
            assert file.name.endswith(".npz")
            assert np.load(io.BytesIO(content), allow_pickle=False).files


RACE = {"n_points": 60, "epochs": 3, "n_seeds": 4, "hidden": (8, 8)}


@pytest.mark.parametrize(
    "run",
    [
        RaceRun(Race(contestants=(Contestant("zeros"), Contestant("he_normal", True)), **RACE), []),
        PairsRun(Pairs(seed=7, batch_seed=3, **RACE), []),
        SweepRun(Sweep(n_values=3, **RACE), []),
    ],
    ids=lambda run: type(run).__name__,
)  # fmt: skip
def test_a_network_of_many_prints_by_itself_what_it_had_among_the_others(run, tmp_path):
    run.shown = 2
    run.advance(10**6)
    assert len(run.singles) > (0 if isinstance(run, SweepRun) else 1)
    files = {label: run_files(run, label) for label in run.singles}
    printed = run_fresh_each([script.make() for script, *_ in files.values()], tmp_path)
    for lines, (_, _, history, weights) in zip(map(figures, printed), files.values(), strict=True):
        rows = list(csv.DictReader(io.StringIO(history.make())))
        assert len(rows) == RACE["epochs"] + 1
        for line, row in zip(lines, rows, strict=True):
            assert list(line[1:3]) == [float(row["train_loss"]), float(row["train_accuracy"])]
            assert list(line[3:]) == pytest.approx([float(row["test_loss"]), float(row["test_accuracy"])], nan_ok=True)
        assert np.load(io.BytesIO(weights.make()))["W1"].shape == (2, 8)


def test_a_sweep_of_gains_has_no_network_to_take_home():
    run = SweepRun(Sweep(swept="gain", n_values=3, **RACE), [])
    assert run.singles == {}
