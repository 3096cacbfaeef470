"""What stands behind the button "Take it home", and that it tells of the run as it is at the click."""

import ast
import io
import json

import numpy as np
from streamlit.testing.v1 import AppTest

from playground.experiment import Experiment
from playground.ui.run import Run
from playground.ui.take_home import EXERCISES, run_files


def page():
    import streamlit as st

    from playground.experiment import Experiment
    from playground.ui import take_home
    from playground.ui.run import Run

    run = st.session_state.setdefault("run", Run(Experiment(), []))
    take_home.popover(run)


def test_each_file_has_its_button():
    app = AppTest.from_function(page).run()
    assert not app.exception
    assert [button.label for button in app.get("download_button")] == [
        "Script", "Notebook", "History", "Weights", "Exercises", "Solutions",
    ]  # fmt: skip
    assert not app.run().exception


def test_the_files_tell_of_the_run_as_it_is_when_they_are_asked_for():
    run = Run(Experiment(dataset="circles"), [])
    script, notebook, history, weights = run_files(run)
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


def test_names_and_kinds_of_the_files_fit_what_is_in_them():
    for file in (*run_files(Run(Experiment(), [])), *EXERCISES):
        content = file.make()
        if file.name.endswith(".py"):
            ast.parse(content)
        elif file.name.endswith(".ipynb"):
            assert json.loads(content)["nbformat"] == 4
        elif file.name.endswith(".csv"):
            assert content.splitlines()[0].startswith("step,epoch,train_loss,")
        else:
            assert file.name.endswith(".npz")
            assert np.load(io.BytesIO(content), allow_pickle=False).files
