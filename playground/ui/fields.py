"""A field for a number: it reads what is typed, or says at the field why it is no number, and then changes nothing."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import streamlit as st

LONGEST = 40  # characters of what is typed
THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(,\d{3})+(?!\d)")  # 1,000 is a thousand to some, and 1 to others


class Session(Protocol):
    """What a page with such fields remembers of them.

    Attributes:
        invalid_fields: key of a field -> what was typed that is no valid number, and a sentence that says why.
    """

    invalid_fields: dict[str, tuple[str, str]]


def read_number(text: str, low: float, high: float, percent: bool = False) -> float:
    """The number that was typed: 0.25, 2e-3, 1/3 or 25%; a decimal comma is allowed where it can't be one of thousands.

    With `percent`, the number is asked for in percent: 25% is 25, and elsewhere 0.25.

    Raises:
        ValueError: it is no number from `low` to `high`, or may be two; the message is for the person who typed it.
    """
    expected = "in percent, such as 25 or 25%" if percent else "such as 0.25, -2e-3, 1/3 or 25%"
    plain = text.strip().replace("\u2212", "-")
    if unclear := THOUSANDS.search(plain):
        whole, point = unclear[0].replace(",", ""), unclear[0].replace(",", ".", 1)
        other = (
            "" if "," in point else f" or, with a decimal point, {point.rstrip('0').ljust(point.index('.') + 2, '0')}"
        )
        raise ValueError(f"Is the comma in {unclear[0]} one of thousands? Type {whole}{other}.")
    share = plain.endswith("%")
    plain = plain.removesuffix("%").strip().replace(",", ".")
    try:
        value = float(Fraction(plain)) if "/" in plain else float(plain)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise ValueError(f"Type a number, {expected}.") from None
    if share and not percent:
        value /= 100
    if math.isnan(value) or not low <= value <= high:
        raise ValueError(f"Type a number from {low:g} to {high:g}, {expected}.")
    return value


@dataclass(frozen=True, kw_only=True)
class NumberField:
    """A field for a number.

    Attributes:
        label: its name on the screen.
        key: its key in the session.
        low, high: the least and the largest number that it takes.
        placeholder: what an empty field shows.
        percent: whether it takes percent: then 25% is 25, and elsewhere 0.25.
    """

    label: str
    key: str
    low: float
    high: float
    placeholder: str | None = None
    percent: bool = False

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
                value = read_number(given, self.low, self.high, self.percent)
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
