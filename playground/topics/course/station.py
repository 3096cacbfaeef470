"""A station is a part of the course week: what to open, to predict and to do, and a question about the outcome.

A visitor's seed decides the numbers in the questions. No answer is written down: `Station.answer` computes it, and the
known wrong answers, with the functions that the pages use.
To add a station, write one function seed -> Station under `@station`: the page shows it last in its part of the week.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from ...settings.record import Record

HOURS = {"Theory": 5, "Coding": 5, "Project": 4}  # as the course page has them
PROPAGATION = "Understand forward and backward propagation"
INITIALISATION = "Master weight initialization techniques"
BATCH_NORM = "Learn batch normalization mathematics"
SCRATCH = "Implement multilayer networks from scratch"
OBJECTIVES = (PROPAGATION, INITIALISATION, BATCH_NORM, SCRATCH)
SEEDS = 1_000_000  # seeds are whole numbers from 0 to this one less 1, as in the records
EXACT = 1e-9  # tolerance of a whole number
READ_OFF = 0.05  # tolerance of a figure that a page shows to two digits
TO_THE_END = 10**9  # mini-batches: more than any run has


@dataclass(frozen=True)
class Answer:
    """What the app computes.

    Attributes:
        value: the right answer; where there are choices, one of them.
        mistakes: what went wrong, as it follows "It looks as if" -> the wrong answer that it gives.
        tolerance: two numbers are the same if their relative difference is at most this.
        absolute: or if their difference is at most this, which matters for numbers near 0.
    """

    value: float | str
    mistakes: Mapping[str, float | str] = field(default_factory=dict)
    tolerance: float = 0.01
    absolute: float = 1e-9

    def right(self, given: float | str) -> bool:
        """Whether the given answer is right."""
        return self._same(given, self.value)

    def mistake(self, given: float | str) -> str:
        """What went wrong, if the answer is a known wrong one; "" otherwise."""
        if self.right(given):
            return ""
        return next((mistake for mistake, value in self.mistakes.items() if self._same(given, value)), "")

    def _same(self, given: float | str, value: float | str) -> bool:
        if isinstance(given, str) or isinstance(value, str):
            return given == value
        return math.isfinite(value) and abs(given - value) <= max(self.tolerance * abs(value), self.absolute)

    @property
    def words(self) -> str:
        """The right answer as it is shown."""
        return self.value if isinstance(self.value, str) else f"{self.value:.4g}"


@dataclass(frozen=True, kw_only=True)
class Station:
    """A part of the path, for one visitor.

    Attributes:
        part: of the week, one of `HOURS`.
        hours: of that part.
        objective: the one of the course that it serves most.
        title: its name on the screen.
        page, section: where to do it: the name of a file in `pages/`, and of a section there; "" where it has none.
        record: how the knobs there are set.
        predict: what to guess before.
        do: what to press, and to watch.
        question: what is asked at the end.
        hint: where to look after a wrong answer.
        answer: computes the right answer; takes well under a second.
        choices: what to choose from; empty where a number is asked for.
        code: lines to run in the notebook of exercises.
    """

    part: str
    hours: float
    objective: str
    title: str
    page: str
    section: str = ""
    record: Record
    predict: str
    do: str
    question: str
    hint: str
    answer: Callable[[], Answer]
    choices: tuple[str, ...] = ()
    code: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the link to it."""
        return ({"section": self.section} if self.section else {}) | self.record.to_query()


STATIONS: dict[str, Callable[[int], Station]] = {}


def station(make: Callable[[int], Station]) -> Callable[[int], Station]:
    """Enter a function seed -> Station in `STATIONS` under its own name."""
    STATIONS[make.__name__] = make
    return make


@lru_cache(maxsize=64)
def path(seed: int) -> Mapping[str, Station]:
    """All stations, part by part, by name, for the visitor with this seed."""
    made = {name: make(seed) for name, make in STATIONS.items()}
    return MappingProxyType(dict(sorted(made.items(), key=lambda item: list(HOURS).index(item[1].part))))


@lru_cache(maxsize=512)
def answer(name: str, seed: int) -> Answer:
    """The answer to a station's question, remembered."""
    return path(seed)[name].answer()


def draws(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one station, which differ from visitor to visitor."""
    return np.random.default_rng([seed, *name.encode()])
