"""A field for a number: it reads what is typed, or says at the field why it is no number, and then changes nothing."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import streamlit as st

LONGEST = 40  # characters of what is typed


class Session(Protocol):
    """What a page with such fields remembers of them.

    Attributes:
        invalid_fields: key of a field -> what was typed that is no valid number, and a sentence that says why.
    """

    invalid_fields: dict[str, tuple[str, str]]


def read_number(text: str, low: float, high: float) -> float:
    """The number that was typed: 0.25, 2e-3 or 1/3; a decimal comma is allowed.

    Raises:
        ValueError: it is no number from `low` to `high`; the message is for the person who typed it.
    """
    plain = text.strip().replace(",", ".").replace("\u2212", "-")
    try:
        value = float(Fraction(plain)) if "/" in plain else float(plain)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise ValueError("Type a number, such as 0.25, -2e-3 or 1/3.") from None
    if math.isnan(value) or not low <= value <= high:
        raise ValueError(f"Type a number from {low:g} to {high:g}.")
    return value


@dataclass(frozen=True, kw_only=True)
class NumberField:
    """A field for a number.

    Attributes:
        label: its name on the screen.
        key: its key in the session.
        low, high: the least and the largest number that it takes.
        placeholder: what an empty field shows.
    """

    label: str
    key: str
    low: float
    high: float
    placeholder: str | None = None

    def show(self, session: Session, place, text: str, on_number: Callable[[float], None]) -> None:
        """Show the field with `text` in it. Each valid number that is typed goes to `on_number`.

        Anything else stays in the field with a sentence below it, until the visitor types again or turns a knob.
        """

        def typed():
            given = st.session_state[self.key]
            session.invalid_fields.pop(self.key, None)
            if not given.strip():
                return
            try:
                value = read_number(given, self.low, self.high)
            except ValueError as error:
                session.invalid_fields[self.key] = given, str(error)
            else:
                on_number(value)

        given, reason = session.invalid_fields.get(self.key, (text, ""))
        st.session_state[self.key] = given
        place.text_input(
            self.label, key=self.key, on_change=typed, max_chars=LONGEST, placeholder=self.placeholder,
            autocomplete="off",
        )  # fmt: skip
        if reason:
            place.caption(f":red[:material/error: {reason}]")
