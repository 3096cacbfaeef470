"""A slot is a place on the page that shows one thing after another, without the browser building it again.

The first thing that a script shows in a slot replaces the last one of the script before. If the slot started empty, the
charts would vanish for a moment, and a scrolled page would jump to its top.
"""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from ..charts import Picture
from ..training.findings import Finding
from ..training.findings.headline import Headline, Mood

MOODS = {  # color and icon of a headline
    Mood.WAITING: ("gray", ":material/hourglass_empty:"),
    Mood.GOOD: ("green", ":material/check_circle:"),
    Mood.BAD: ("orange", ":material/warning:"),
    Mood.FAILED: ("red", ":material/error:"),
}


class Place:
    """A place for one element, which the next one replaces."""

    def __init__(self, place, **container):
        self._place = place.container(**container)
        self._taken = False

    def show(self, kind: str, *contents, **about) -> None:
        """Show an element of a kind ("markdown") with these contents, instead of the one before."""
        element = getattr(self._place, kind)(*contents, **about)
        if not self._taken:  # only the first one: otherwise the elements would form an endless chain
            self._place, self._taken = element, True


class Slot:
    """A place for pictures."""

    def __init__(self, place):
        self._place = Place(place)
        self._alt = ""

    def show(self, picture: Picture) -> None:
        """Replace the picture. If only the tables differ, the browser keeps the chart and changes its data.

        For the browser the text alternative is part of the chart, so it stays that of the first picture: while a run
        plays, it describes the first frame, and the next script describes the last one.
        """
        self._alt = self._alt or picture.alt
        self._place.show("vega_lite_chart", {**picture.spec, "datasets": picture.tables}, alt=self._alt)


class TableSlot:
    """A place for a table."""

    def __init__(self, place, alt: str):
        self._place = Place(place)
        self._alt = alt

    def show(self, table: pd.DataFrame) -> None:
        """Replace the table."""
        self._place.show("dataframe", table, hide_index=True, alt=self._alt)


class WordsSlot:
    """A place for a few sentences."""

    def __init__(self, place):
        self._place = Place(place)

    def show(self, text: str) -> None:
        """Replace them."""
        self._place.show("markdown", text)


class HeadlineSlot:
    """The place under the player for the one line that says what is happening, and a button that tries its remedy.

    While a run plays, the figures change. Another remedy needs another button, so the script starts again.

    Args:
        try_remedy: function that sets the knobs of a remedy, which are its keyword arguments.
    """

    def __init__(self, place, try_remedy: Callable[..., object]):
        self._row = place.container(horizontal=True, vertical_alignment="center", key="headline")
        self._words = Place(self._row)
        self._try_remedy = try_remedy
        self._offered: str | None = None

    def show(self, headline: Headline) -> None:
        """Replace the headline."""
        finding = headline.finding
        offered = finding.remedy_label if finding else ""
        if self._offered not in (None, offered):
            st.rerun()
        color, icon = MOODS[headline.mood]
        self._words.show("markdown", f":{color}-badge[{icon} {headline.title}] {headline.text}", width="stretch")
        if self._offered is None:
            self._offered = offered
            if finding:
                _remedy_button(self._row, finding, "headline", self._try_remedy)


class FindingsSlot:
    """A place for findings, each with a button that tries its remedy; the headline has that of the first.

    While a run plays, the numbers in the texts change. Other findings need other buttons, so the script starts again.

    Args:
        try_remedy: function that sets the knobs of a remedy, which are its keyword arguments.
    """

    def __init__(self, place, try_remedy: Callable[..., object]):
        self._place = place.container()
        self._try_remedy = try_remedy
        self._titles: list[str] | None = None
        self._texts: list = []

    def show(self, findings: list[Finding]) -> None:
        """Replace the findings."""
        titles = [finding.title + finding.remedy_label for finding in findings]
        if self._titles is None:
            self._titles = titles
            self._build(findings)
        elif titles != self._titles:
            st.rerun()
        else:
            for text, finding in zip(self._texts, findings, strict=True):
                text.markdown(_words(finding))

    def _build(self, findings: list[Finding]) -> None:
        if not findings:
            return
        self._place.subheader("What is happening", anchor=False)
        offered = [findings[0].remedy]
        for number, finding in enumerate(findings):
            words, button = self._place.container(border=True).columns([3, 1], vertical_alignment="center")
            self._texts.append(words.markdown(_words(finding)))
            if finding.remedy and finding.remedy not in offered:
                offered.append(finding.remedy)
                _remedy_button(button, finding, number, self._try_remedy, width="stretch")


def _remedy_button(place, finding: Finding, key: str | int, try_remedy: Callable[..., object], **about) -> None:
    place.button(
        finding.remedy_label, icon=":material/build:", wrap=True, key=f"remedy-{key}", on_click=try_remedy,
        kwargs=finding.remedy, **about,
    )  # fmt: skip


def _words(finding: Finding) -> str:
    return f"**{finding.title}.** {finding.text}"
