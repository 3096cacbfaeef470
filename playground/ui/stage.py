"""The stage of a page is where a run is shown: played by the browser as a film, or frame by frame by the server."""

from typing import Any

import streamlit as st

from .. import charts
from ..film.routes import served
from ..film.tracks import VIEWS
from ..training.findings import findings
from ..training.findings.headline import headline
from . import player
from .film_player import UNSERVED, FilmRun, FilmStage
from .run import Run
from .slots import FindingsSlot, HeadlineSlot, Slot


class FrameStage:
    """The views of a run that the server trains and draws frame by frame, where it can't serve films."""

    def __init__(self, run: Run):
        self._run = run
        self._each_frame: player.Views = {}
        self._in_turn: player.Views = {}
        self._words: player.Views = {}

    def player(self) -> None:
        """Show the player, and what is happening."""
        st.caption(":material/info: This host serves the pages alone, so the server draws picture by picture.")
        player.buttons(self._run)
        self._timeline = player.Timeline(self._run)
        self._words[HeadlineSlot(st, self._run.turn)] = headline

    def plane(self, place) -> None:
        """Show the plane, coloured by class."""
        self._each_frame[Slot(place)] = charts.boundary

    def chart(self, place, view: str) -> None:
        """Show a chart, one of `VIEWS`."""
        self._in_turn[Slot(place)] = VIEWS[view].picture

    def findings(self) -> None:
        """Show all that there is to say of the moment."""
        self._words[FindingsSlot(st, self._run.turn)] = findings

    def play(self) -> None:
        """Go on frame by frame as long as the run plays."""
        player.show(self._run, self._timeline, self._each_frame, self._in_turn, self._words)


def kind_of_run() -> type[Run]:
    """What a page opens that shows a run of one network."""
    return FilmRun if served() and not st.session_state.get(UNSERVED) else Run


def stage(run: Any) -> FilmStage | FrameStage:
    """The stage of a run."""
    return FilmStage(run) if isinstance(run, FilmRun) else FrameStage(run)
