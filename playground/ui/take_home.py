"""Take it home: a run as files to keep, to read and to go on from; each file is made when it is downloaded."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from ..export.exercises import exercise_notebook
from ..export.history import history_csv, network_at, weights_npz
from ..export.notebook import experiment_notebook
from ..export.script import script
from ..film.film_page import film_page
from ..training.experiment import Experiment
from .run import Run, Single


@dataclass(frozen=True, kw_only=True)
class File:
    """A file to download; `make` returns its content."""

    label: str
    name: str
    kind: str
    icon: str
    help: str
    make: Callable[[], str | bytes]


def written(kind: Callable[..., str], single: Single) -> str:
    """The script or notebook of one network of a run, to the moment that is looked at."""
    return kind(single.experiment, single.steps, single.diverges)


def run_files(run: Run, label: str) -> list[File]:
    """The files of one network of a run. Each has the state of the run at the click."""
    name = run.experiment.dataset
    film = File(
        label="Film", name=f"film_{name}.html", kind="text/html",
        icon=":material/movie:", make=lambda: film_page(run.experiment),
        help="The run as a page that plays by itself: from a disk, on any web server, in a slide.",
    )  # fmt: skip
    return [
        *[film] * (type(run.experiment) is Experiment),
        File(
            label="Script", name=f"network_{name}.py", kind="text/x-python",
            icon=":material/code:", make=lambda: written(script, run.singles[label]),
            help="The engine's own source in one file, as far as this run needs it. It needs NumPy alone, and prints "
            "these losses to the last digit, up to the moment that is shown if you look back.",
        ),
        File(
            label="Notebook", name=f"network_{name}.ipynb", kind="application/x-ipynb+json",
            icon=":material/menu_book:",
            make=lambda: written(experiment_notebook, run.singles[label]),
            help="The same for Jupyter, with the formulas between the cells.",
        ),
        File(
            label="History", name=f"history_{name}.csv", kind="text/csv",
            icon=":material/table:", make=lambda: history_csv(*run.singles[label][1:3]),
            help="A row for each recorded moment: losses, accuracies, and |change of W| / |W| by layer.",
        ),
        File(
            label="Weights", name=f"weights_{name}.npz", kind="application/octet-stream",
            icon=":material/data_array:", make=lambda: weights_npz(network_at(*run.singles[label][1:])),
            help="W1, b1, W2 ... at the moment that is shown, for numpy.load.",
        ),
    ]  # fmt: skip


EXERCISES = (
    File(
        label="Exercises", name="exercises.ipynb", kind="application/x-ipynb+json",
        icon=":material/edit_note:", make=exercise_notebook,
        help="The engine with the most important bodies left to write, each with a check that says what to look at.",
    ),
    File(
        label="Solutions", name="solutions.ipynb", kind="application/x-ipynb+json",
        icon=":material/task_alt:", make=lambda: exercise_notebook(solved=True),
        help="The same with the bodies of the engine.",
    ),
)  # fmt: skip


def popover(run: Run) -> None:
    """A button that shows the files. A click on a file neither stops nor redraws a run that plays."""
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
    """A button that downloads a table. The file is made at the click, not each time that the page's script runs."""
    st.download_button(
        "Download as CSV", lambda: make().to_csv(index=False), name, "text/csv", icon=":material/download:",
        on_click="ignore",
    )  # fmt: skip


def _button(file: File) -> None:
    st.download_button(
        file.label, file.make, file.name, file.kind, key=f"take-{file.label.lower()}", help=file.help, icon=file.icon,
        on_click="ignore", width="stretch",
    )  # fmt: skip
