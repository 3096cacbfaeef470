"""Take it home: a run as files to keep, to read and to go on from; each is made when it is asked for."""

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
import streamlit as st

from ..export.exercises import exercise_notebook
from ..export.history import history_csv, newest_network, weights_npz
from ..export.notebook import experiment_notebook
from ..export.script import script
from .run import Run


class File(NamedTuple):
    """A file to download; `make` gives what is in it."""

    label: str
    name: str
    kind: str
    icon: str
    help: str
    make: Callable[[], str | bytes]


def run_files(run: Run, label: str) -> list[File]:
    """What there is to take home of one network of a run. Each file tells of it as it is at the click."""
    name = run.experiment.dataset
    return [
        File(
            "Script", f"network_{name}.py", "text/x-python", ":material/code:",
            "The engine's own source in one file, which needs NumPy alone, and prints these losses to the last digit.",
            lambda: script(run.singles[label].experiment),
        ),
        File(
            "Notebook", f"network_{name}.ipynb", "application/x-ipynb+json", ":material/menu_book:",
            "The same for Jupyter, with the formulas between the cells.",
            lambda: experiment_notebook(run.singles[label].experiment),
        ),
        File(
            "History", f"history_{name}.csv", "text/csv", ":material/table:",
            "A row for each recorded moment: losses, accuracies, and |change of W| / |W| by layer.",
            lambda: history_csv(*run.singles[label][1:]),
        ),
        File(
            "Weights", f"weights_{name}.npz", "application/octet-stream", ":material/data_array:",
            "W1, b1, W2 ... at the newest moment of the history, for numpy.load.",
            lambda: weights_npz(newest_network(*run.singles[label][1:])),
        ),
    ]  # fmt: skip


EXERCISES = (
    File(
        "Exercises", "exercises.ipynb", "application/x-ipynb+json", ":material/edit_note:",
        "The engine with the most important bodies left to write, each with a check that says what to look at.",
        exercise_notebook,
    ),
    File(
        "Solutions", "solutions.ipynb", "application/x-ipynb+json", ":material/task_alt:",
        "The same with the bodies of the engine.",
        lambda: exercise_notebook(solved=True),
    ),
)  # fmt: skip


def popover(run: Run) -> None:
    """A button behind which the files are. A click on one neither stops nor redraws a run that plays."""
    with st.popover("Take it home", icon=":material/download:"):
        labels = list(run.singles)
        if labels:
            st.caption("This experiment, to run and to change without this app:")
            label = labels[0]
            if len(labels) > 1:
                label = st.selectbox("Of these networks", labels, key="take-which")
            for file in run_files(run, label):
                _button(file)
            st.divider()
        st.caption("Write the network yourself:")
        for file in EXERCISES:
            _button(file)


def table_button(name: str, make: Callable[[], pd.DataFrame]) -> None:
    """A button that gives a table as a file, which is made at the click, and not for every script of the page."""
    st.download_button(
        "Download as CSV", lambda: make().to_csv(index=False), name, "text/csv", icon=":material/download:",
        on_click="ignore",
    )  # fmt: skip


def _button(file: File) -> None:
    st.download_button(
        file.label, file.make, file.name, file.kind, key=f"take-{file.label.lower()}", help=file.help, icon=file.icon,
        on_click="ignore", width="stretch",
    )  # fmt: skip
