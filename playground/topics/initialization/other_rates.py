"""How far a paper's result hangs on one learning rate: the same race at a third of it, and at three times it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ...server.scheduler import nothing
from .papers import PAPERS
from .race import Race, RaceTrainer

FACTORS = (1 / 3, 3)  # of the learning rate
SLICE = 0.05  # seconds of training between two moments at which others get their turns


def other_rates(race: Race) -> list[float]:
    """A third of its learning rate and three times it, as a knob can have them, to two digits."""
    knob = race.knobs()["learning_rate"]
    return [knob.nearest(float(f"{factor * race.learning_rate:.2g}")) for factor in FACTORS]


def verdicts(name: str, learning_rate: float, pause: Callable[..., object] = nothing) -> tuple[bool, ...]:
    """Which claims of a paper hold at a learning rate: its race to the end, on the same points and first weights.

    Args:
        name: of the experiment in `PAPERS`.
        learning_rate: in place of that of the experiment.
        pause: called between two slices of the training with the share that is done.
    """
    paper = PAPERS[name]
    run = RaceTrainer(replace(paper.setup, learning_rate=learning_rate))
    while not run.over:
        run.run(seconds=SLICE)
        pause(run.progress / run.race.epochs)
    return tuple(bool(claim.measure(run).holds) for claim in paper.claims)


def in_words(holds: Mapping[float, bool]) -> str:
    """At which learning rates a claim holds, and at which it does not: "holds at 0.03 and 0.1; not at 0.3"."""

    def listed(wanted):
        *others, last = [f"{rate:.2g}" for rate in sorted(holds) if holds[rate] == wanted]
        return f"{', '.join(others)} and {last}" if others else last

    found = set(holds.values())
    if found == {True}:
        return f"holds at {listed(True)}"
    return f"holds at {listed(True)}; not at {listed(False)}" if True in found else f"does not hold at {listed(False)}"
