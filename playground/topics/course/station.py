"""A station is a stretch of the course week: what to open, to predict and to do, and a question about the outcome.

What is asked differs from visitor to visitor, by a seed. The right answer is nowhere written down: `Station.answer`
computes it with the functions that the pages use, when somebody wants to know, and so it does the known wrong ones.
To add a station, write one function seed -> Station under `@station`: it then stands on the page, last of its part.
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
SEEDS = 1_000_000  # seeds are whole numbers from 0 to below this one, as those of the records
EXACT = 1e-9  # tolerance of a whole number
READ_OFF = 0.05  # tolerance of a figure that a page shows to two digits
TO_THE_END = 10**9  # mini-batches: more than any run has


@dataclass(frozen=True)
class Answer:
    """What the app computes.

    Attributes:
        value: the right answer; where there are choices, one of them.
        mistakes: known wrong answers: what went wrong, after "It looks as if" -> what one then gets.
        tolerance: relative deviation up to which a number counts as the same.
        absolute: deviation up to which it does, however small the number.
    """

    value: float | str
    mistakes: Mapping[str, float | str] = field(default_factory=dict)
    tolerance: float = 0.01
    absolute: float = 1e-9

    def right(self, given: float | str) -> bool:
        """Whether what was given is the right answer."""
        return self._same(given, self.value)

    def mistake(self, given: float | str) -> str:
        """What went wrong, where the answer is a known wrong one; "" otherwise."""
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


@dataclass(frozen=True)
class Station:
    """A stretch of the path, for one visitor.

    Attributes:
        part: of the week, one of `HOURS`.
        hours: of that part.
        objective: the one of the course that it serves most.
        title: its name on the screen.
        page, section: where it is to be done: the name of a file in `pages/`, and of a section there.
        record: what the knobs there are to say.
        predict: what to guess before.
        do: what to press, and to watch.
        question: what is asked in the end.
        look: where to look when the answer was wrong.
        answer: computes the right answer; takes well under a second.
        choices: what to choose from; empty where a number is asked for.
        code: lines to run in the notebook of exercises.
    """

    part: str
    hours: float
    objective: str
    title: str
    page: str
    section: str
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
        """The parameters of the link that opens it."""
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
    """Where a station draws what differs between visitors."""
    return np.random.default_rng([seed, *name.encode()])
