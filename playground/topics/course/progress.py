"""Progress is which stations are done: it can be saved as a small file, and read from one that nobody vouches for."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .station import SEEDS, path

VERSION = 1
MAX_BYTES = 16_384  # of a file
MOST_ATTEMPTS = 9999  # that are counted


class Status(StrEnum):
    """How far a station has come."""

    OPEN = "open"
    SHOWN = "shown"  # the answer was looked up
    DONE = "done"


@dataclass
class Mark:
    """What is noted of a station."""

    status: Status = Status.OPEN
    attempts: int = 0


@dataclass
class Progress:
    """How far a visitor has come.

    Attributes:
        seed: what the visitor's numbers are drawn from.
        marks: what is noted of each station, by its name.
    """

    seed: int
    marks: dict[str, Mark] = field(default_factory=dict)

    def __post_init__(self):
        self.marks = {name: Mark() for name in path(self.seed)} | self.marks

    def hours(self, status: Status, part: str | None = None, objective: str | None = None) -> float:
        """Hours of the stations with this status, of one part of the week or one objective, or of all."""
        return sum(
            station.hours
            for name, station in path(self.seed).items()
            if self.marks[name].status == status and part in (None, station.part)
            and objective in (None, station.objective)
        )  # fmt: skip

    @property
    def next(self) -> str:
        """The first station that is still open; "" where none is."""
        return next((name for name, mark in self.marks.items() if mark.status == Status.OPEN), "")

    def tried(self, name: str, right: bool) -> None:
        """Note an attempt at a station's question. One whose answer was looked up does not become done."""
        mark = self.marks[name]
        if mark.status == Status.OPEN:
            mark.attempts = min(mark.attempts + 1, MOST_ATTEMPTS)
            mark.status = Status.DONE if right else Status.OPEN

    def shown(self, name: str) -> None:
        """Note that the answer was looked up."""
        if self.marks[name].status == Status.OPEN:
            self.marks[name].status = Status.SHOWN

    def to_json(self) -> str:
        """The file."""
        stations = {name: {"status": mark.status, "attempts": mark.attempts} for name, mark in self.marks.items()}
        return json.dumps({"version": VERSION, "seed": self.seed, "stations": stations}, indent=1)

    @classmethod
    def from_json(cls, file: bytes) -> tuple["Progress", list[str]]:
        """What a file says, and a sentence for each thing in it that was left out.

        Raises:
            ValueError: where it is no such file; the message says why, to who has chosen it.
        """
        if len(file) > MAX_BYTES:
            raise ValueError(f"This file is too large: progress takes less than {MAX_BYTES:,} bytes.")
        try:
            given = json.loads(file.decode("utf-8"), parse_constant=_no_number)
        except (ValueError, RecursionError):  # no UTF-8, no JSON, NaN, a number of thousands of digits, deeply nested
            raise ValueError("This is no file of progress: it can't be read as JSON.") from None
        if type(given) is not dict or type(given.get("version")) is not int or given["version"] < 1:
            raise ValueError("This is no file of progress: it does not say its version.")
        if given["version"] != VERSION:
            raise ValueError(f"This file of progress has another version: here it is {VERSION}.")
        progress = cls(_whole(given.get("seed"), "the seed", SEEDS - 1))
        stations = given.get("stations")
        if type(stations) is not dict:
            raise ValueError("This file has no stations.")
        unknown = 0
        for name, mark in stations.items():
            if name not in progress.marks:
                unknown += 1
                continue
            progress.marks[name] = _mark(mark, path(progress.seed)[name].title)
        notices = [f"Stations that are not known here were left out: {unknown}."] if unknown else []
        return progress, notices


def _mark(given: Any, title: str) -> Mark:
    """What a file says of a station."""
    if type(given) is not dict or given.get("status") not in [status.value for status in Status]:
        raise ValueError(f"In this file, “{title}” has no status: open, shown or done.")
    return Mark(Status(given["status"]), _whole(given.get("attempts"), f"the attempts at “{title}”", MOST_ATTEMPTS))


def _whole(given: Any, what: str, most: int) -> int:
    if type(given) is not int or not 0 <= given <= most:
        raise ValueError(f"In this file, {what} must be a whole number from 0 to {most:,}.")
    return given


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")
