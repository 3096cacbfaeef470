"""A record is a set of knobs with their values: valid by construction, and written in a URL as it is on the screen."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any, ClassVar, Self

from .knobs import MAX_TEXT, Knob


def knob(kind: type[Knob], default: Any, **about) -> Any:
    """A field of a record that is a knob of the given kind.

    Raises:
        TypeError: if the knob lacks something, such as its label.
        ValueError: if its default is not valid.
    """
    return _field(kind(default=default, **about))


def knob_like(record: type["Record"], name: str, **changes) -> Any:
    """A field that is a knob of another record, with some of its attributes changed."""
    return _field(replace(record.knobs()[name], **changes))


def _field(knob: Knob) -> Any:
    return field(default=knob.check(knob.default), metadata={"knob": knob})


@dataclass(frozen=True)
class Record:
    """Base of the records. Each field is a knob, except those that the class excludes.

    Attributes:
        ONLY: names of the knobs, in order, if it has only some of those that it inherits; (): all.
        WITHOUT: names of fields that are not knobs of it.
        FIRST: the group of knobs that comes first; "": that of the first field.

    Raises:
        ValueError: if a value is not valid; the message names the knob and its valid values.
    """

    ONLY: ClassVar[tuple[str, ...]] = ()
    WITHOUT: ClassVar[tuple[str, ...]] = ()
    FIRST: ClassVar[str] = ""

    @classmethod
    @cache
    def knobs(cls) -> dict[str, Knob]:
        """The knobs by name, in the order of the fields."""
        found = {each.name: each.metadata["knob"] for each in fields(cls) if each.name not in cls.WITHOUT}
        names = cls.ONLY or sorted(found, key=lambda name: bool(cls.FIRST) and found[name].group != cls.FIRST)
        return {name: found[name] for name in names}

    def __post_init__(self):
        for name, knob in self.knobs().items():
            object.__setattr__(self, name, knob.check(getattr(self, name)))

    def applies(self, name: str) -> bool:
        """Whether a knob has an effect, given the values of the others."""
        return True

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """The record that a URL's parameters describe, and a sentence for each value that had to be replaced.

        Never fails: what is unknown is left out, what is malformed gets the default, what is out of range the nearest.
        """
        values, notices = {}, []
        renamed = {former: name for name, knob in cls.knobs().items() for former in knob.formerly}
        for name, text in query.items():
            name = renamed.get(name, name)
            if name not in cls.knobs():
                notices.append(f"Unknown setting `{_short(name)}` was left out.")
                continue
            knob = cls.knobs()[name]
            try:
                given = knob.read(text[:MAX_TEXT])
                values[name] = knob.nearest(given)
                replaced = values[name] != given
            except (ValueError, KeyError, OverflowError):
                values[name] = knob.default
                replaced = True
            if replaced:
                instead = _short(knob.write(values[name]) or "nothing")
                notices.append(f"{knob.label}: `{_short(text)}` was replaced by `{instead}`; it is {knob.domain}.")
        return cls(**values), notices

    def to_query(self) -> dict[str, str]:
        """The URL's parameters: all knobs, so that a link stays true when a default changes; no empty ones."""
        query = {name: knob.write(getattr(self, name)) for name, knob in self.knobs().items()}
        return {name: text for name, text in query.items() if text}


def _short(text: str) -> str:
    """`text` made fit to stand between backticks: not too long, on one line, and without a backtick."""
    plain = "".join(c if c.isprintable() and c != "`" else "·" for c in text) or " "
    return plain if len(plain) <= 40 else plain[:39] + "…"
