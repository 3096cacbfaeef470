"""Experiments from papers: a click starts the race as published, and shows its outcome beside the paper's."""

import streamlit as st

from ...topics.initialization.paper_measures import Measured
from ...topics.initialization.papers import PAPERS, Paper
from .initialization_race import RaceRun, RaceSnapshot

SIGNS = {
    True: ":material/check_circle: shown here",
    False: ":material/cancel: not shown here",
    None: ":material/hourglass: not yet",
}
BY_CONSTRUCTION = ":material/function: holds by construction, which shows that the engine does it"


def chooser(run: RaceRun) -> Paper | None:
    """A button for each paper's experiment. Returns the paper whose experiment the present race is, if it is one."""

    def choose(paper: Paper):
        run.notices = []
        run.start(paper.setup)
        run.playing = True

    current = next((paper for paper in PAPERS.values() if paper.setup == run.experiment), None)
    with st.expander(
        "Experiments from the papers, one click each", icon=":material/menu_book:", expanded=bool(current)
    ):
        with st.container(horizontal=True):
            for paper in PAPERS.values():
                st.button(
                    paper.title, key=f"paper-{paper.name}", on_click=choose, args=(paper,),
                    type="primary" if paper is current else "secondary", help=paper.reference,
                )  # fmt: skip
        if current:
            st.markdown(f"[{current.reference}]({current.url})")
            st.caption(current.note)
    return current


class ClaimsSlot:
    """A place for what a paper reports, and beside it for what this run has measured so far."""

    def __init__(self, paper: Paper):
        self._paper = paper
        self._texts = []
        for claim in paper.claims:
            with st.container(border=True):
                left, right = st.columns(2)
                left.markdown(f"**The paper reports**  \n{claim.reported}")
                self._texts.append(right.empty())

    def show(self, measured: list[Measured]) -> None:
        """Replace the measured outcomes."""
        for text, claim, each in zip(self._texts, self._paper.claims, measured, strict=True):
            sign = BY_CONSTRUCTION if claim.by_construction and each.holds else SIGNS[each.holds]
            text.markdown(f"**This run: {sign}**  \n{each.text}")

    def measure(self, snapshot: RaceSnapshot) -> list[Measured]:
        """The run's outcome for each claim."""
        return [claim.measure(snapshot.trainer) for claim in self._paper.claims]
