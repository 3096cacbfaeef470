"""A station is a part of the course week: what to open, to predict and to do, and a question about the outcome.

A visitor's seed decides the numbers in the questions. No answer is written down: `Station.answer` computes it, and the
known wrong answers, with the functions that the pages use. A question that a known mistake answers right is drawn anew.
To add a station, write a function (seed, rng) -> Station under `@station`: the page shows it last in its part.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

import numpy as np

from ...nn import Catalogue
from ...settings.record import Record

HOURS = {"Theory": 5, "Coding": 5, "Project": 4}  # as the course page has them
PROPAGATION = "Understand forward and backward propagation"
INITIALISATION = "Master weight initialization techniques"
BATCH_NORM = "Learn batch normalization mathematics"
SCRATCH = "Implement multilayer networks from scratch"
OBJECTIVES = (PROPAGATION, INITIALISATION, BATCH_NORM, SCRATCH)
SEEDS = 1_000_000  # seeds are whole numbers from 0 to this one less 1, as in the records
EXACT = 1e-9  # tolerance of a whole number
DIGITS = 2  # significant ones that an answer must have at least: the pages show as many
MOST_DRAWS = 40  # of a question, until no known mistake has the right answer
TO_THE_END = 10**9  # mini-batches: more than any run has


@dataclass(frozen=True)
class Answer:
    """What the app computes.

    A number is right if it is the right answer within the tolerance, or the right answer rounded to two significant
    digits or more, as long as no known mistake is as near to it.

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
        return self._same(given, self.value) and not self._rivals(given)

    def close(self, given: float | str) -> bool:
        """Whether the given answer may be the right one or a wrong one, both rounded: it has too few digits."""
        return bool(self._rivals(given)) and is_rounded(given, self.value)

    def mistake(self, given: float | str) -> str:
        """What went wrong, if the answer is a known wrong one; "" otherwise."""
        if self.right(given) or self.close(given):
            return ""
        alike = [mistake for mistake, value in self.mistakes.items() if self._same(given, value)]
        return min(alike, key=lambda mistake: distance(given, self.mistakes[mistake]), default="")

    @property
    def sound(self) -> bool:
        """Whether right and wrong can be told apart: no known mistake, in full or rounded, is taken for right."""
        wrong = [each for value in self.mistakes.values() for each in (value, rounded(value))]
        return self.right(rounded(self.value)) and not any(self.right(each) or self.close(each) for each in wrong)

    def _rivals(self, given: float | str) -> list[float | str]:
        """The wrong answers that are meant as likely as the right one."""
        off = distance(given, self.value)
        exact = not isinstance(self.value, str) and off <= 1e-3 * abs(self.value)  # three digits: no need to round
        return [
            value
            for value in self.mistakes.values()
            if distance(value, self.value) > (EXACT if isinstance(self.value, str) else EXACT * abs(self.value))
            and (distance(given, value) <= off or (not exact and is_rounded(given, value)))
        ]

    def _same(self, given: float | str, value: float | str) -> bool:
        if isinstance(given, str) or isinstance(value, str):
            return given == value
        return distance(given, value) <= max(self.tolerance * abs(value), self.absolute) or is_rounded(given, value)

    @property
    def words(self) -> str:
        """The right answer as it is shown."""
        return self.value if isinstance(self.value, str) else f"{self.value:.4g}"


def distance(given: float | str, value: float | str) -> float:
    """How far two answers are apart: of choices 0 or infinity, and infinity if one is no number."""
    if isinstance(given, str) or isinstance(value, str):
        return 0.0 if given == value else math.inf
    return abs(given - value) if math.isfinite(given) and math.isfinite(value) else math.inf


def rounded(value: float | str, digits: int = DIGITS) -> float | str:
    """An answer with this many significant digits."""
    return value if isinstance(value, str) else float(f"{value:.{digits - 1}e}")


def is_rounded(given: float | str, value: float | str) -> bool:
    """Whether a number is another one with two significant digits or more."""
    if isinstance(given, str) or isinstance(value, str):
        return given == value
    return any(distance(given, rounded(value, digits)) <= EXACT * abs(given) for digits in range(DIGITS, 8))


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
        percent: whether the number is asked for in percent.
        code: lines to run in the notebook of exercises.
        anew: whether the question is drawn anew while it is not `Answer.sound`; False where nothing in it is drawn.
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
    percent: bool = False
    code: str = ""
    anew: bool = True

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the link to it."""
        return ({"section": self.section} if self.section else {}) | self.record.to_query()


@dataclass(frozen=True)
class Maker:
    """What makes a station.

    Attributes:
        name: of the station.
        function: (seed, rng) -> Station. What is drawn for the question comes from `rng`: where it must be drawn anew,
            the function is called again.
    """

    name: str
    function: Callable[[int, np.random.Generator], Station]

    def __call__(self, seed: int, rng: np.random.Generator) -> Station:
        return self.function(seed, rng)


STATIONS: Catalogue = Catalogue("station", kind=Maker, parameters=("seed", "rng"))
station = STATIONS.define()


def draws(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one station, which differ from visitor to visitor."""
    return np.random.default_rng([seed, *name.encode()])


@lru_cache(maxsize=2048)
def drawn(name: str, seed: int) -> tuple[Station, Answer | None]:
    """A station for the visitor with this seed: the first draw whose answer is sound; with the answer, if computed."""
    rng = draws(seed, name)
    made = STATIONS[name](seed, rng)
    if not made.anew:
        return made, None
    found = made.answer()
    for _ in range(MOST_DRAWS - 1):
        if found.sound:
            break
        made = STATIONS[name](seed, rng)
        found = made.answer()
    return made, found


class Path(Mapping):
    """All stations, part by part, by name, for the visitor with this seed. Each is drawn when it is looked at."""

    def __init__(self, seed: int):
        self.seed = seed

    def __getitem__(self, name: str) -> Station:
        return drawn(name, self.seed)[0]

    def __iter__(self) -> Iterator[str]:
        return iter(outline())

    def __len__(self) -> int:
        return len(outline())


def path(seed: int) -> Path:
    """All stations for the visitor with this seed."""
    return Path(seed)


@cache
def outline() -> Mapping[str, Station]:
    """What does not differ from visitor to visitor: part, hours, objective and title of all stations, in order."""
    made = {name: make(0, draws(0, name)) for name, make in STATIONS.items()}
    return dict(sorted(made.items(), key=lambda item: list(HOURS).index(item[1].part)))


@lru_cache(maxsize=512)
def answer(name: str, seed: int) -> Answer:
    """The answer to a station's question, remembered."""
    made, found = drawn(name, seed)
    return found or made.answer()
