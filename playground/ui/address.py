"""The address bar of a visitor's browser: what is asked for there, and what is written there.

A click carries the address that stood in the bar when it was made. Until an address that was written has reached the
browser, which takes a while on a slow network, clicks carry an older one: that is no wish to go back. A wish is only

- an address that has not stood there before: a link,
- any address with which another page is opened: a link on a page of the app,
- any address from the browser's history, Back and Forward, which the browser says of itself.
"""

from collections import deque

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

SECTION = "section"  # key in the URL and in the session
BAR = "address bar"  # key in the session
REMEMBERED = 64  # addresses: a click is never so many behind

Query = dict[str, str]  # an address without the page: its parameters


class AddressBar:
    """One visitor's address bar.

    Attributes:
        page: the page that is open.
        query: what stands in the bar, or will stand there as soon as it reaches the browser.
        meaning: the whole address, with every knob, for which this stands; None if it was not compared yet.
        behind: whether the browser had something else there when it started this script.
        asked: what the visitor asks for, until it is opened.
        seen: what stood in the bar, the newest last.
        meanings: the whole addresses for which those without any knob stood, by page and section.
    """

    def __init__(self) -> None:
        self.page: str | None = None
        self.query: Query = {}
        self.meaning: Query | None = None
        self.behind = False
        self.asked: Query | None = None
        self.seen: deque[Query] = deque(maxlen=REMEMBERED)
        self.meanings: dict[tuple[str, str], Query] = {}

    def arrive(self, page: str, query: Query, by_history: bool) -> None:
        """Note what the browser had in its bar when it started this script."""
        place = page, query.get(SECTION, "")
        if by_history:
            self.asked = query if knobs(query) else self.meanings.get(place, query)
        elif page != self.page or (query and query not in self.seen):
            self.asked = query or None
            if not knobs(query):
                self.meanings.pop(place, None)
        else:
            self.behind = query != self.query
            return
        self.page, self.query, self.meaning = page, query, None
        self.behind = by_history  # what was underway may have replaced it; what is written now makes no entry
        self.seen.append(query)

    def stands_for(self, address: Query) -> None:
        """Note the whole address for which that in the bar stands."""
        self.meaning = address
        if not knobs(self.query):
            self.meanings.setdefault((self.page or "", self.query.get(SECTION, "")), address)

    def write(self, address: Query) -> None:
        """Let the bar have a whole address, unless what it has stands for it: each makes an entry in the history."""
        if self.behind or self.meaning != address:
            st.query_params.from_dict(address)
            self.query, self.meaning, self.behind = address, address, False
            self.seen.append(address)


def knobs(query: Query) -> Query:
    """The parameters without the section."""
    return {name: text for name, text in query.items() if name != SECTION}


def address_bar() -> AddressBar:
    """The visitor's address bar."""
    return st.session_state.setdefault(BAR, AddressBar())


def arrive() -> None:
    """Note what the browser had in its bar when it started this script."""
    context = get_script_run_ctx()
    if context is not None:
        address_bar().arrive(context.page_script_hash, st.query_params.to_dict(), context.is_history_navigation)
