"""A section of a page opens what its URL describes, shows the controls, and says what to do."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from . import controls
from .address import SECTION, address_bar
from .opening import opening
from .session import AnySession, open_session


@dataclass(frozen=True)
class Section:
    """A section of a page.

    Attributes:
        label: name on the screen.
        show: shows it.
        formerly: its old names in URLs, which still open it.
    """

    label: str
    show: Callable[[], object]
    formerly: tuple[str, ...] = ()


def show_sections(**sections: Section) -> None:
    """Show the section that the URL names, or the one that was chosen on the page; the names are those in URLs."""
    names = {name: name for name in sections}
    names |= {former: name for name, section in sections.items() for former in section.formerly}
    asked = (address_bar().asked or {}).get(SECTION)
    if asked in names:
        st.session_state[SECTION] = names[asked]
    elif st.session_state.get(SECTION) not in sections:  # none yet, or one of another page
        st.session_state[SECTION] = next(iter(sections))
    st.segmented_control(
        "Section", list(sections), format_func=lambda name: sections[name].label, key=SECTION, required=True,
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    sections[st.session_state[SECTION]].show()


def open_section(
    kind: type[AnySession], words: str | Callable[[AnySession], str], section: str = "", sidebar: bool = True
) -> AnySession:
    """Open what the URL describes, with its controls in the sidebar, and say what to do.

    Args:
        kind: of the session.
        words: what to do, in one sentence; or a function that makes this sentence for a session.
        section: its name in URLs; "" on a page without sections.
        sidebar: whether it has the controls.
    """
    session = open_session(kind)
    if sidebar:
        controls.sidebar(session)
    opening(session, words if isinstance(words, str) else words(session), section)
    return session
