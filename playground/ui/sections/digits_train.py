"""The digits project: a network trains on images, and the page shows what it does to them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st

from ... import charts
from ...text import number, percent
from ...topics.digits.analysis import (
    MOST_POINTS,
    Images,
    answers,
    confusion,
    how_sure,
    images_to_show,
    misclassified,
    places,
    weight_images,
)
from ...topics.digits.digits_experiment import COURSE_BATCH, COURSE_RATE, SIDE, Digits
from ...topics.digits.upload import Seen
from ...training.diagnostics import Snapshot
from ...training.findings import Finding, findings
from ...training.findings.headline import headline
from .. import player, source
from ..run import Run
from ..section import open_section
from ..slots import FindingsSlot, HeadlineSlot, Slot, WordsSlot
from ..tiles import Tile, TilesSlot, ink, signs
from . import digits_targets

MOST_MISTAKES = 24
UNITS = 32  # whose weights the page shows at a time
CERTAIN = 0.9  # probability
FULL = 0.99  # share of the weights with less than the full colour
PIXELS = "Pixels"


class DigitsRun(Run):
    """One visitor's run of the project, and what is on the grid to draw on.

    Attributes:
        sheet: what is on the grid.
    """

    kind = Digits
    frames = 12  # a frame has hundreds of small images, which a browser draws one by one

    def __init__(self, experiment: Digits, notices: list[str]):
        super().__init__(experiment, notices)
        self.sheet = Sheet()

    @property
    def images(self) -> Images:
        """The images that the page shows."""
        return images_to_show(self.trainer.data)


class Sheet:
    """What is on the grid to draw on.

    Attributes:
        image: what was put there, (8, 8) whole numbers from 0 to 16; None: nothing.
        version: grows with each image that is put there.
        about: a sentence about it.
        latest: the last input of the network, to show again after a visit to another page.
        n_wrong: how many of the network's mistakes have been put there.
        upload, error: the picture in the last file that was sent, or a sentence that says why there is none.
    """

    def __init__(self):
        self.image: np.ndarray | None = None
        self.version = 0
        self.about = ""
        self.latest: np.ndarray | None = None
        self.n_wrong = 0
        self.upload: Seen | None = None
        self.error = ""

    def put(self, image: np.ndarray | None, about: str = "") -> None:
        """Put another image on the grid."""
        self.image, self.about = image, about
        self.version += 1


def train() -> None:
    """The section in which the network trains."""
    run = open_section(
        DigitsRun, lambda run: f"Press **Play**: the network learns to read. {run.experiment.source.meaning}", "train"
    )
    player.buttons(run)
    timeline = player.Timeline(run)
    line = HeadlineSlot(st, run.turn)

    left, right = st.columns(2)
    left.caption("**Loss and accuracy** by epoch, on training and validation images")
    loss, accuracy = Slot(left), Slot(left)
    right.caption(f"**Confusion matrix** of the {run.images.name}: :red[mistakes] beside the :gray[diagonal]")
    matrix = Slot(right)
    happening = FindingsSlot(st, run.turn)

    st.subheader(f"Wrong on the {run.images.name}", anchor=False)
    wrong_words = WordsSlot(st)
    wrong = TilesSlot(st)

    left, right = st.columns(2)
    with left:
        weights = _weights(run)
    with right:
        layers = _layers(run)

    digits_targets.targets(run)
    course(run)
    source.of_run(run)
    in_turn = {accuracy: charts.accuracy_curve, matrix: _confusion, **layers}
    words = {
        wrong_words: _mistakes_words,
        wrong: _mistakes,
        **weights,
        line: lambda snapshot: headline(snapshot, _advice(run, snapshot)),
        happening: lambda snapshot: _advice(run, snapshot),
    }
    player.show(run, timeline, {loss: charts.loss_curve}, in_turn, words)


def _advice(run: DigitsRun, snapshot: Snapshot) -> list[Finding]:
    """The findings, without remedies for which the page has no knob."""
    return [each if all(map(run.knobs.get, each.remedy)) else replace(each, remedy={}) for each in findings(snapshot)]


def _confusion(snapshot: Snapshot) -> charts.Picture:
    images = images_to_show(snapshot.data)
    return charts.confusion_heatmap(confusion(images.labels, answers(snapshot.network, images.X)), images.name)


def _mistakes_words(snapshot: Snapshot) -> str:
    images = images_to_show(snapshot.data)
    found = misclassified(images.labels, answers(snapshot.network, images.X))
    text = f"{len(found)} of {len(images.labels)}"
    if found:
        certain = sum(each.sure >= CERTAIN for each in found)
        text += f", those of which the network is most sure first. Of {certain}, it is {percent(CERTAIN)} sure or more."
    return text


def _mistakes(snapshot: Snapshot) -> list[Tile]:
    images = images_to_show(snapshot.data)
    found = misclassified(images.labels, answers(snapshot.network, images.X))[:MOST_MISTAKES]
    return [
        Tile(
            ink(images.X[each.index].reshape(SIDE, SIDE), f"A {each.label} that the network takes for a {each.said}"),
            f"true {each.label}, says {each.said} ({how_sure(each.sure)})",
        )
        for each in found
    ]


def _weights(run: DigitsRun) -> dict[TilesSlot, Callable]:
    """The weights of the units of the first layer: slot -> function that makes its tiles."""
    n_units = run.trainer.network.dense[0].W.shape[1]
    st.subheader("What the first layer looks for", anchor=False)
    st.caption(
        "Weights of a unit at their pixels, :violet[now] above, at the :gray[start] below. "
        "Teal: ink there adds to z; vermilion: it takes away."
    )
    first = 0
    if n_units > UNITS:
        options = list(range(0, n_units, UNITS))
        st.session_state["units"] = min(st.session_state.get("units") or 0, options[-1])
        first = st.segmented_control(
            "Units", options, key="units", required=True, label_visibility="collapsed",
            format_func=lambda start: f"{start + 1}–{min(start + UNITS, n_units)}",
        )  # fmt: skip

    def view(snapshot: Snapshot) -> list[Tile]:
        now, start = weight_images(snapshot.layers[0].weights), weight_images(snapshot.start[0])
        full = float(np.quantile(np.abs([now, start]), FULL))
        gap = np.full((1, SIDE), np.nan)
        pairs = [np.concatenate([now[i], gap, start[i]]) for i in range(first, min(first + UNITS, n_units))]
        return [
            Tile(signs(pair, full, f"Weights of unit {unit}, now and at the start"))
            for unit, pair in enumerate(pairs, start=first + 1)
        ]

    return {TilesSlot(st): view}


def _layers(run: DigitsRun) -> dict[Slot, Callable]:
    """Where a layer puts the images: slot -> function that makes its chart."""
    names = [PIXELS, *(f"Hidden {layer}" for layer in range(1, len(run.experiment.hidden) + 1))]
    st.subheader("What a layer makes of the images", anchor=False)
    if st.session_state.get("layer") not in names:
        st.session_state["layer"] = names[-1]
    st.caption(
        f"Up to {MOST_POINTS} {run.images.name} on the first two principal components, each drawn as its digit. "
        "Circled: misclassified."
    )
    name = st.segmented_control("Layer", names, key="layer", required=True, label_visibility="collapsed")
    layer = names.index(name)

    def view(snapshot: Snapshot) -> charts.Picture:
        images = images_to_show(snapshot.data)
        X = images.X[:MOST_POINTS]
        said = answers(snapshot.network, X).argmax(axis=1)
        return charts.image_map(places(snapshot.network, X, layer), images, said, name.lower())

    return {Slot(st): view}


def course(run: DigitsRun) -> None:
    """How the present experiment differs from the course's script."""
    default = Digits()
    differs = [
        knob.label for name, knob in run.knobs.items() if getattr(run.experiment, name) != getattr(default, name)
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        if differs:
            st.caption(f"This differs from the course's script in: {', '.join(differs)}.")
            st.button(
                "Back to the course's script", icon=":material/undo:", key="course", on_click=run.start, args=(default,)
            )
        else:
            moment = run.trainer.history.moments[-1]
            text = (
                "Network, data, split and training are those of the course's script: it goes "
                f"{COURSE_RATE:g} times the sum of the gradients of {COURSE_BATCH} images, which is "
                f"{run.experiment.learning_rate:g} times their mean."
            )
            if run.trainer.finished:
                text += f" It ends with a validation accuracy of {100 * moment.held_out_accuracy:.1f} %"
                text += f" and a validation loss of {number(moment.held_out_loss)}."
            st.caption(text)
