"""Draw a digit, or send a picture of one: the network of the project answers at every stroke."""

import numpy as np
import streamlit as st

from ...charts import probability_bars
from ...topics.digits.analysis import answers, entropy, how_sure, misclassified
from ...topics.digits.digits_experiment import SIDE
from ...topics.digits.upload import FORMATS, MOST_BYTES, from_upload
from .. import drawing, player
from ..section import open_section
from ..slots import Slot
from ..tiles import Tile, TilesSlot, ink, photo
from .digits_train import DigitsRun, Sheet

GRID, FILE = "grid", "upload"  # keys in the session
DEPTH = 16  # largest amount of ink in a pixel
SLICE = 0.05  # seconds of training between two updates of the progress bar
STEP = 150  # pixels of height of a step from picture to input
TYPES = [kind.lower() for kind in FORMATS] + ["jpg"]


def draw() -> None:
    """The section with the grid."""
    run = open_section(DigitsRun, "**Draw a digit**: the network answers at every stroke.", "draw", sidebar=False)
    if run.playing:
        _train(run)
    _network(run)
    _answer(run)


def _train(run: DigitsRun) -> None:
    """Train to the last epoch, with a progress bar, until a click ends it."""
    st.button("Stop", icon=":material/pause:", key="stop", on_click=run.toggle)
    timeline = player.Timeline(run)
    while run.playing:
        with player.at_work(run):
            run.advance(run.trainer.steps_per_epoch * run.experiment.epochs, SLICE)
        timeline.show()
    st.rerun()


def _network(run: DigitsRun) -> None:
    """Say which network answers, with a button to train it if its training is not over."""
    untrained = run.trainer.history.moments[run.index].step == 0
    with st.container(horizontal=True, vertical_alignment="center"):
        if untrained:
            st.markdown("**The network is untrained**: its answers are guesses.", width="content")
        else:
            st.markdown(f"The network answers as it is in *Train*: {run.words()}", width="content")
        if not (run.trainer.finished or run.trainer.diverged):
            st.button(
                "Train it now" if untrained else f"Train it on to epoch {run.experiment.epochs:,}",
                type="primary" if untrained else "secondary",
                icon=":material/play_arrow:", key="train-now", on_click=run.toggle,
            )  # fmt: skip


@st.fragment
def _answer(run: DigitsRun) -> None:
    """The grid, and the network's answer to the drawing. At a stroke, only this part of the page runs again."""
    sheet = run.sheet
    if (
        GRID not in st.session_state and sheet.latest is not None
    ):  # the visitor was on another page, and the grid is empty
        sheet.put(sheet.latest, sheet.about if np.array_equal(sheet.latest, sheet.image) else "")
    left, right = st.columns([5, 6])
    with left:
        drawn = drawing.canvas(GRID, sheet.image, sheet.version)
    pixels = np.zeros((SIDE, SIDE)) if drawn is None else drawn.pixels
    sheet.latest = None if drawn is None else pixels
    network = run.trainer.network_at(run.index)
    probabilities = answers(network, pixels.reshape(1, -1) / DEPTH)[0]
    with right:
        _verdict(run, probabilities, pixels, drawn)
        Slot(st).show(probability_bars(probabilities))
    _put_on_the_grid(run)
    _upload(sheet)


def _verdict(run: DigitsRun, probabilities: np.ndarray, pixels: np.ndarray, drawn: drawing.Drawing | None) -> None:
    """The answer in words, beside the image that the network sees."""
    place = st.container(horizontal=True, vertical_alignment="center")
    TilesSlot(place, "content").show([Tile(ink(pixels / DEPTH, "What the network sees", 84), "what it sees")])
    best, top = int(probabilities.argmax()), float(probabilities.max())
    with place.container():
        st.subheader(f"{best}, says the network, with {how_sure(top)}", anchor=False)
        if drawn is None:
            st.caption("Nothing is drawn, and still it answers: softmax shares out 100 %, whatever it is given.")
        elif not drawn.on_image:
            st.caption("Before it sees your drawing, this is put where the digits of the data are, at their size.")
        elif run.sheet.about and np.array_equal(drawn.shown, run.sheet.image):
            st.caption(run.sheet.about)
        st.caption(
            f"Entropy {entropy(probabilities):.2f}, of at most ln {len(probabilities)} = "
            f"{np.log(len(probabilities)):.2f}: 0 if all is on one digit.",
            help="Softmax is not a measure of knowledge. It has no place for *this is no digit*: a scribble gets a "
            "digit too, and may get a large probability (Nguyen, Yosinski & Clune 2015).",
        )


def _put_on_the_grid(run: DigitsRun) -> None:
    """Buttons that put an image on the grid."""
    images, sheet = run.images, run.sheet
    one = images.name.removesuffix("s")

    def put(i: int) -> None:
        pixels = np.round(DEPTH * images.X[i]).astype(int).reshape(SIDE, SIDE)
        sheet.put(pixels, f"{one.capitalize()} {i + 1} of {len(images.labels)}: in truth a **{images.labels[i]}**.")

    def put_any() -> None:
        put(int(np.random.default_rng(sheet.version).integers(len(images.labels))))

    def put_wrong() -> None:
        found = misclassified(images.labels, answers(run.trainer.network_at(run.index), images.X))
        if found:
            put(found[sheet.n_wrong % len(found)].index)
            sheet.n_wrong += 1

    def put_noise() -> None:
        pixels = np.random.default_rng(sheet.version).integers(0, DEPTH + 1, (SIDE, SIDE))
        sheet.put(pixels, "Random pixels. They are no digit, and still softmax shares out 100 %.")

    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Put on the grid:", width="content")
        st.button(f"A {one}", key="put-any", on_click=put_any)
        st.button("One it gets wrong", key="put-wrong", on_click=put_wrong, help="The next of its mistakes.")
        st.button("Random pixels", key="put-noise", on_click=put_noise)


def _upload(sheet: Sheet) -> None:
    """A picture from a file, and the steps that turn it into the network's input."""

    def take() -> None:
        file = st.session_state[FILE]
        sheet.upload, sheet.error = None, ""
        if file is None:
            return
        try:
            sheet.upload = from_upload(file.getvalue())
        except ValueError as error:
            sheet.error = str(error)
        else:
            sheet.put(
                sheet.upload.pixels.astype(int), "Your picture, cut out and made alike to the digits of the data."
            )

    with st.expander("Or send a picture of a digit", icon=":material/upload:"):
        st.file_uploader(
            f"One digit on plain or squared paper, as a photo of at most {MOST_BYTES // 2**20} MiB", TYPES, key=FILE,
            max_upload_size=MOST_BYTES // 2**20, on_change=take,
        )  # fmt: skip
        if sheet.error:
            st.error(sheet.error, icon=":material/broken_image:")
        if sheet.upload is not None:
            picture, bitmap, pixels = sheet.upload.thumbnail, sheet.upload.bitmap, sheet.upload.pixels / DEPTH
            steps = {
                "your picture": photo(picture, "Your picture", STEP),
                "32 x 32, black or white": ink(bitmap, "The digit, cut out and upright", STEP),
                "black ones in 4 x 4": ink(pixels, "What the network sees", STEP),
            }
            TilesSlot(st).show([Tile(html, words) for words, html in steps.items()])
