"""Progress says which stations are done: it can be saved as a small file, and read from one that may hold anything."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .station import SEEDS, outline

VERSION = 1
MAX_BYTES = 16_384  # of a file of progress
MOST_ATTEMPTS = 9999  # at a station: further ones are not counted


class Status(StrEnum):
    """How far the visitor is with a station."""

    OPEN = "open"
    SHOWN = "shown"  # the answer was looked up
    DONE = "done"


@dataclass
class Mark:
    """The status of a station, and how often its question was answered."""

    status: Status = Status.OPEN
    attempts: int = 0


@dataclass
class Progress:
    """How far a visitor is with the week.

    Attributes:
        seed: of the visitor's numbers in the questions.
        marks: the mark of each station, by the station's name.
    """

    seed: int
    marks: dict[str, Mark] = field(default_factory=dict)

    def __post_init__(self):
        self.marks = {name: Mark() for name in outline()} | self.marks

    def hours(self, status: Status, part: str | None = None, objective: str | None = None) -> float:
        """Hours of the stations with this status: of all, or of one part of the week, or of one objective."""
        return sum(
            station.hours
            for name, station in outline().items()
            if self.marks[name].status == status and part in (None, station.part)
            and objective in (None, station.objective)
        )  # fmt: skip

    @property
    def next(self) -> str:
        """The first station that is still open; "" if none is."""
        return next((name for name, mark in self.marks.items() if mark.status == Status.OPEN), "")

    def tried(self, name: str, right: bool) -> None:
        """Count an attempt at a station's question. A station whose answer was looked up never becomes done."""
        mark = self.marks[name]
        if mark.status == Status.OPEN:
            mark.attempts = min(mark.attempts + 1, MOST_ATTEMPTS)
            mark.status = Status.DONE if right else Status.OPEN

    def shown(self, name: str) -> None:
        """Mark that the answer was looked up."""
        if self.marks[name].status == Status.OPEN:
            self.marks[name].status = Status.SHOWN

    def to_json(self) -> str:
        """The text of the file."""
        stations = {name: {"status": mark.status, "attempts": mark.attempts} for name, mark in self.marks.items()}
        return json.dumps({"version": VERSION, "seed": self.seed, "stations": stations}, indent=1)

    @classmethod
    def from_json(cls, file: bytes) -> tuple["Progress", list[str]]:
        """The progress that a file holds, and a sentence for the visitor if something in it was left out.

        Raises:
            ValueError: if it is no file of progress; the message tells the visitor why.
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
            progress.marks[name] = _mark(mark, outline()[name].title)
        notices = [f"Stations that are not known here were left out: {unknown}."] if unknown else []
        return progress, notices


def _mark(given: Any, title: str) -> Mark:
    """The mark of a station, as a file has it."""
    if type(given) is not dict or given.get("status") not in [status.value for status in Status]:
        raise ValueError(f"In this file, “{title}” has no status: open, shown or done.")
    return Mark(Status(given["status"]), _whole(given.get("attempts"), f"the attempts at “{title}”", MOST_ATTEMPTS))


def _whole(given: Any, what: str, most: int) -> int:
    if type(given) is not int or not 0 <= given <= most:
        raise ValueError(f"In this file, {what} must be a whole number from 0 to {most:,}.")
    return given


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")
