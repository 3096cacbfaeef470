"""Experiments from papers: a click starts the race as published, and shows its outcome beside the paper's."""

import streamlit as st

from ...topics.initialization.other_rates import in_words, other_rates, verdicts
from ...topics.initialization.paper_measures import Measured
from ...topics.initialization.papers import PAPERS, Paper
from ..waiting import side_by_side
from .initialization_race import RaceRun, RaceSnapshot

SIGNS = {
    True: ":material/check_circle: shown here",
    False: ":material/cancel: not shown here",
    None: ":material/hourglass: not yet",
}
ASKED = "rates-asked"  # in the session's state: the paper whose claims are wanted at other learning rates
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
        self._texts, self._rates = [], []
        for claim in paper.claims:
            with st.container(border=True):
                reported, measured = st.columns(2)
                reported.markdown(f"**The paper reports**  \n{claim.reported}")
                self._texts.append(measured.empty())
                self._rates.append(measured.empty())
        self._question = st.container()

    def show(self, measured: list[Measured]) -> None:
        """Replace the measured outcomes."""
        for text, claim, each in zip(self._texts, self._paper.claims, measured, strict=True):
            sign = BY_CONSTRUCTION if claim.by_construction and each.holds else SIGNS[each.holds]
            text.markdown(f"**This run: {sign}**  \n{each.text}")

    def measure(self, snapshot: RaceSnapshot) -> list[Measured]:
        """The run's outcome for each claim."""
        return [claim.measure(snapshot.trainer) for claim in self._paper.claims]

    def ask_other_rates(self, run: RaceRun) -> None:
        """On demand, and while the run does not play: at which other learning rates each claim holds, too."""
        if run.playing:
            return
        rates = other_rates(self._paper.setup)
        words = " and ".join(f"{rate:.2g}" for rate in rates)
        with self._question:
            if st.session_state.get(ASKED) != self._paper.name:
                st.button(
                    f"And at the learning rates {words}?", key="rates", icon=":material/speed:",
                    help="The same race at a third of the learning rate and at three times it: twice the time of one.",
                    on_click=lambda: st.session_state.update({ASKED: self._paper.name}),
                )  # fmt: skip
                return
            found = side_by_side(f"Learning rates {words}", verdicts, [(self._paper.name, rate) for rate in rates])
        own = [claim.measure(run.trainer).holds for claim in self._paper.claims]
        for place, here, others in zip(self._rates, own, zip(*found, strict=True), strict=True):
            holds = dict(zip(rates, others, strict=True))
            if here is not None:
                holds[self._paper.setup.learning_rate] = here
            place.markdown(f":material/speed: **Learning rate**: {in_words(holds)}.")
