"""A knob is one setting of a run: what it may be, what it is called, and how it is written in a URL.

Each kind of knob checks a value, reads one from text, and finds the valid value nearest to a given one.
"""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

MAX_TEXT = 4000  # characters of a URL value that are read


@dataclass(frozen=True, kw_only=True)
class Knob:
    """Base of the kinds of knobs.

    Attributes:
        default: the value where none is given.
        group: heading above the knob.
        label: name on the screen.
        help: one line, in the field's own terms.
        minor: whether it is rarely used, and may be placed out of the way.
        live: whether a running network takes a change; otherwise a change starts a new network.
        formerly: its old names in URLs, which still work.
    """

    default: Any
    group: str
    label: str
    help: str
    minor: bool = False
    live: bool = False
    formerly: tuple[str, ...] = ()

    def read(self, text: str) -> Any:
        """The value that `text` stands for, valid or not. Raises ValueError or KeyError if there is none."""
        raise NotImplementedError

    def nearest(self, value: Any) -> Any:
        """The valid value nearest to `value`. Raises ValueError if none is near."""
        raise NotImplementedError

    def write(self, value: Any) -> str:
        """The text from which `read` makes `value` again, exactly."""
        return str(value)

    def describe(self, value: Any) -> str:
        """The setting in words: "noise 0.1"."""
        return f"{self.phrase} {self.write(value) or 'none'}"

    @property
    def phrase(self) -> str:
        """The label inside a sentence: "learning rate η", but "L2 penalty λ"."""
        return self.label if self.label[1:2].isdigit() else self.label[0].lower() + self.label[1:]

    def check(self, value: Any) -> Any:
        """`value` in the knob's own type. If it is not valid, raises ValueError, which says what is."""
        try:
            nearest = self.nearest(value)
            valid = nearest == value
        except (ValueError, TypeError, OverflowError):
            valid = False
        if not valid:
            raise ValueError(f"{self.label} must be {self.domain}, not {value!r}")
        return nearest

    @property
    def domain(self) -> str:
        """The valid values, in words."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Choice(Knob):
    """One of a catalogue: a mapping from names to things that have a `label`."""

    options: Mapping[str, Any]

    def read(self, text):
        return text

    def describe(self, value):
        return f"{self.phrase} {self.options[value].label}"

    def nearest(self, value):
        if value in self.options:
            return value
        close = difflib.get_close_matches(str(value).lower(), self.options, n=1)
        if not close:
            raise ValueError(f"{value!r} is not like any of {self.domain}")
        return close[0]

    @property
    def domain(self):
        return "one of " + ", ".join(self.options)


@dataclass(frozen=True, kw_only=True)
class Number(Knob):
    """Base of the numbers from `low` to `high`; with `log`, on a logarithmic scale."""

    low: float
    high: float
    step: float = 1
    log: bool = False

    def read(self, text):
        return float(text)

    def nearest(self, value):
        if math.isnan(value):
            raise ValueError("not a number")
        return min(max(value, self.low), self.high)


@dataclass(frozen=True, kw_only=True)
class Real(Number):
    """A number from `low` to `high`."""

    def nearest(self, value):
        return float(super().nearest(value))

    def write(self, value):
        return repr(float(value))

    def describe(self, value):
        return f"{self.phrase} {value:g}"

    @property
    def domain(self):
        return f"from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, kw_only=True)
class Integer(Number):
    """A whole number from `low` to `high`."""

    def nearest(self, value):
        return round(super().nearest(value))

    @property
    def domain(self):
        return f"a whole number from {self.low:,} to {self.high:,}"


@dataclass(frozen=True, kw_only=True)
class Flag(Knob):
    """On or off."""

    def read(self, text):
        words = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
        return words[text.lower()]

    def nearest(self, value):
        return bool(value)

    def write(self, value):
        return "on" if value else "off"

    @property
    def domain(self):
        return "on or off"


@dataclass(frozen=True, kw_only=True)
class Widths(Knob):
    """Widths of layers, input first: 0 to `most` whole numbers from 1 to `widest`; written 8-8-4, no layers as 0."""

    most: int
    widest: int
    uniform: bool = False  # whether the screen has one width for all

    def read(self, text):
        return tuple(int(part) for part in text.split("-")) if text not in ("", "0") else ()

    def nearest(self, value):
        return tuple(min(max(int(width), 1), self.widest) for width in value[: self.most])

    def write(self, value):
        return "-".join(map(str, value)) or "0"

    @property
    def domain(self):
        return f"at most {self.most} widths from 1 to {self.widest}, written 8-8-4"


class Change(NamedTuple):
    """From its `step` on (mini-batches since the start), a run goes on with another value of one live knob."""

    step: int
    knob: str
    value: Any


@dataclass(frozen=True, kw_only=True)
class Changes(Knob):
    """Changes of live knobs during a run, in order; written 120.learning_rate.0.3~200.optimizer.adam."""

    knobs: Mapping[str, Knob]
    most: int = 50
    last_step: int = 10**9

    def read(self, text):
        parts = [part.split(".", 2) for part in text.split("~")] if text else []
        return tuple(Change(int(step), knob, self.knobs[knob].read(value)) for step, knob, value in parts)

    def nearest(self, value):
        near = {}
        for step, knob, setting in value:
            if knob not in self.knobs:
                raise ValueError(f"{knob!r} can't be changed in a run")
            step = min(max(int(step), 1), self.last_step)
            near[step, knob] = Change(step, knob, self.knobs[knob].nearest(setting))
        return tuple(sorted(near.values(), key=lambda change: change.step)[: self.most])

    def write(self, value):
        return "~".join(f"{step}.{knob}.{self.knobs[knob].write(setting)}" for step, knob, setting in value)

    def describe(self, value):
        told = [f"{self.knobs[knob].describe(setting)} from step {step}" for step, knob, setting in value]
        return f"{self.phrase}: {'; '.join(told) or 'none'}"

    @property
    def domain(self):
        return f"at most {self.most} changes, written 120.learning_rate.0.3"
