"""The player trains a run frame by frame: a slice of training, a picture, a pause, until a click or the last epoch."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import streamlit as st

from ..server.cache import CACHE, is_shared
from ..server.scheduler import PATIENCE, SCHEDULER
from ..settings import limits
from . import take_home
from .run import Run
from .slots import Place
from .waiting import notice_clicks, turn

PHONE_FRAMES = 8  # pictures per second: a phone is about four times as slow as a laptop
# Rest after a frame in which others wait, as a share of the frame's time: scripts that answer clicks use it. With 40
# visitors 95 % of the clicks are answered within 0.98 s instead of 1.23 s, and a page opens in 1.3 s instead of 3.4 s.
REST = 0.5
WORDS_EVERY = 0.5  # seconds while playing: words that change faster can't be read

Views = dict[Any, Callable[[Any], Any]]  # slot -> function that makes its content from a run's `snapshot`


@dataclass(frozen=True)
class Speed:
    """How far a run goes from one frame to the next: a number of mini-batches, or of epochs."""

    label: str
    steps: int = 0
    epochs: int = 0

    def steps_of(self, run: Run) -> int:
        """Mini-batches to the next frame."""
        trainer = run.trainer
        return self.steps or trainer.steps_to_epoch_end + (self.epochs - 1) * trainer.steps_per_epoch


SPEEDS = {speed.label: speed for speed in (Speed("Slow", steps=1), Speed("Normal", epochs=1), Speed("Fast", epochs=10))}


def buttons(run: Run) -> None:
    """Play or Pause, one mini-batch, one epoch, Reset, New seed, and the speed of playing."""

    def slowly(train: Callable, *args) -> None:
        """Train in turn with other visitors: an epoch of a large network takes seconds."""
        with run.lock, SCHEDULER.turn(urgent=True) as give_way:
            train(*args, give_way)

    with st.container(horizontal=True, vertical_alignment="center", key="player"):
        st.button(
            "Pause" if run.playing else "Play",
            icon=":material/pause:" if run.playing else ":material/play_arrow:",
            type="primary",
            key="play",
            help="Train to the last epoch, or stop here." if not run.done else "Train again from the start.",
            on_click=run.toggle,
        )
        st.button(
            "Mini-batch", icon=":material/skip_next:", key="step", disabled=run.done,
            on_click=slowly, args=(run.step, 1),
            help="One step: forward, backward, update on the next mini-batch.",
        )  # fmt: skip
        st.button(
            "Epoch", icon=":material/fast_forward:", key="epoch", disabled=run.done,
            on_click=slowly, args=(run.step_epoch,),
            help="Steps to the end of this pass through the training set.",
        )  # fmt: skip
        st.button(
            "Reset", icon=":material/replay:", key="reset", on_click=run.reset,
            help="Back to the same untrained network: same seed, same data, same mini-batches.",
        )  # fmt: skip
        st.button(
            "New seed", icon=":material/casino:", key="new-seed", on_click=run.new_seed,
            help="Another draw of the initial weights, on the same data.",
        )  # fmt: skip
        st.session_state.setdefault("speed", "Normal")
        st.segmented_control(
            "Speed", list(SPEEDS), key="speed", required=True, label_visibility="collapsed", persist_state="session",
            help="In each frame: one mini-batch, one epoch, or ten epochs.",
        )  # fmt: skip
        take_home.popover(run)
    if run.message:
        st.caption(f":material/info: {run.message}")


class Timeline:
    """Progress with the time left while a run plays; a slider over its recorded moments while it does not."""

    def __init__(self, run: Run):
        self._run = run
        self._place = Place(st)
        self._began = time.monotonic()
        self._from = run.trainer.progress
        if run.playing or len(run.kept) < 2:
            self.show()
            return

        def look_back():
            run.view = st.session_state["moment"]

        st.session_state["moment"] = run.index
        self._place.show(
            "select_slider",
            f"{run.words()} · look back",
            run.kept,
            format_func=run.epoch,
            key="moment",
            on_change=look_back,
            help="Takes all views back to any recorded moment, and forward again. Play goes on from the newest.",
        )

    def show(self) -> None:
        """Show the present progress."""
        gone, epochs = self._run.trainer.progress, self._run.experiment.epochs
        text = self._run.words()
        if gone > self._from:
            left = (epochs - gone) * (time.monotonic() - self._began) / (gone - self._from)
            text += f" · {left:,.0f} s left"
        self._place.show("progress", min(1.0, gone / epochs), text=text)


def show(run: Run, timeline: Timeline, each_frame: Views, in_turn: Views, words: Views) -> None:
    """Show all views of a run, and go on frame by frame as long as it plays.

    Every frame shows the views of `each_frame`, and one of `in_turn`: with fewer pictures per frame the browser can
    draw more frames. `words` change slowly enough to be read. A click on any control ends this script and starts the
    next one.
    """
    with at_work(run, urgent=True):
        _draw(run, each_frame | in_turn | words)
    phone = "Mobi" in st.context.headers.get("User-Agent", "")
    pause = 1 / (min(run.frames, PHONE_FRAMES) if phone else run.frames)
    next_view, opened = itertools.cycle(in_turn.items() or [None]), time.monotonic()  # each click starts the script
    words_shown = opened
    while run.playing:
        began = time.monotonic()
        with at_work(run):
            since = time.monotonic()
            run.advance(SPEEDS[st.session_state["speed"]].steps_of(run), run.time_slice)
            views = each_frame | dict(filter(None, [next(next_view)]))
            if began - words_shown > WORDS_EVERY:
                words_shown = began
                timeline.show()
                views |= words
            _draw(run, views)
            if SCHEDULER.waiting:
                SCHEDULER.rest(REST * (time.monotonic() - since))
        if began - opened > 60 * limits.UNATTENDED_MINUTES:
            run.playing = False
            run.message = f"Paused, as nobody touched it for {limits.UNATTENDED_MINUTES} minutes. Play goes on."
        time.sleep(max(0.0, began + pause - time.monotonic()))
        if not run.playing:
            st.rerun()


@contextmanager
def at_work(run: Run, urgent: bool = False) -> Iterator[None]:
    """A turn at computing, and the run's lock. The script ends here if a click has started the next one."""
    with turn(urgent):
        while not run.lock.acquire(timeout=PATIENCE):  # the next script holds it, and may wait for a turn itself
            notice_clicks()
        try:
            notice_clicks()
            yield
        finally:
            run.lock.release()


def _draw(run: Run, views: Views) -> None:
    """Show a run. What another visitor has seen at the same moment of the same experiment comes from the cache."""
    snapshot = cache(run.snapshot)
    for slot, view in views.items():
        if run.key is not None and is_shared(view):
            slot.show(CACHE.get((view, run.key), lambda view=view: view(snapshot())))
        else:
            slot.show(view(snapshot()))
