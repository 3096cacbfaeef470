"""A slot is a place on the page that shows one thing after another, without the browser building it anew.

What a script run shows first takes the place of what the run before showed last: a slot that began empty would take it
away for a moment, and with all charts gone a scrolled page would jump to its top.
"""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from ..charts import Picture
from ..training.findings import Finding


class Place:
    """A place for one element, which the next one replaces."""

    def __init__(self, place, **container):
        self._place = place.container(**container)
        self._taken = False

    def show(self, kind: str, *contents, **about) -> None:
        """Show an element of a kind ("markdown") with these contents, in place of the one before."""
        element = getattr(self._place, kind)(*contents, **about)
        if not self._taken:  # only the first: an element in place of an element and so on would be an endless chain
            self._place, self._taken = element, True


class Slot:
    """A place for pictures."""

    def __init__(self, place):
        self._place = Place(place)
        self._alt = ""

    def show(self, picture: Picture) -> None:
        """Replace what the slot shows. Where only the tables differ, the browser keeps the chart and changes its data.

        To the browser the text alternative is part of the chart, so it stays as it was at the first picture: a script
        that plays frame after frame says how it began, and the one after it, where it ended.
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


class FindingsSlot:
    """A place for findings, each with a button that tries its remedy.

    While a run plays, figures change in place. Other findings need other buttons, and so a new run of the script.

    Args:
        try_remedy: sets the knobs of a remedy, given by name.
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
        offered = []
        for number, finding in enumerate(findings):
            words, button = self._place.container(border=True).columns([3, 1], vertical_alignment="center")
            self._texts.append(words.markdown(_words(finding)))
            if finding.remedy and finding.remedy not in offered:
                offered.append(finding.remedy)
                button.button(
                    finding.remedy_label,
                    icon=":material/build:",
                    width="stretch",
                    wrap=True,
                    key=f"remedy-{number}",
                    on_click=self._try_remedy,
                    kwargs=finding.remedy,
                )


def _words(finding: Finding) -> str:
    return f"**{finding.title}.** {finding.text}"
