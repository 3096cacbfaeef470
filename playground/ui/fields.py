"""A field for a number: what is typed is read, or a sentence at the field says why not, and nothing else changes."""

import math
from collections.abc import Callable
from fractions import Fraction

import streamlit as st

from .session import PageSession

LONGEST = 40  # characters of what is typed


def read_number(text: str, low: float, high: float) -> float:
    """The number that was typed: 0.25, 2e-3, 1/3, with a decimal comma if one likes.

    Raises:
        ValueError: with a sentence for who typed it.
    """
    plain = text.strip().replace(",", ".").replace("\u2212", "-")
    try:
        value = float(Fraction(plain)) if "/" in plain else float(plain)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise ValueError("Type a number, such as 0.25, -2e-3 or 1/3.") from None
    if math.isnan(value) or not low <= value <= high:
        raise ValueError(f"Type a number from {low:g} to {high:g}.")
    return value


def number_field(
    session: PageSession, place, label: str, key: str, text: str, on_number: Callable[[float], None],
    low: float, high: float,
    help: str | None = None, placeholder: str | None = None,
) -> None:  # fmt: skip
    """A field that shows `text`, and gives each valid number that is typed to `on_number`.

    What is no valid number stays in the field with a sentence below it, until another is typed or the session changes.
    """

    def typed():
        given = st.session_state[key]
        session.invalid_fields.pop(key, None)
        if not given.strip():
            return
        try:
            value = read_number(given, low, high)
        except ValueError as error:
            session.invalid_fields[key] = given, str(error)
        else:
            on_number(value)

    given, mistake = session.invalid_fields.get(key, (text, ""))
    st.session_state[key] = given
    place.text_input(
        label, key=key, on_change=typed, max_chars=LONGEST, help=help, placeholder=placeholder, autocomplete="off"
    )
    if mistake:
        place.caption(f":red[:material/error: {mistake}]")
