"""The signal through depth, of several schemes side by side: the same input, depth, width, activation and gain."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import lru_cache

from .contestants import Contestant, Contestants, SideBySide
from .mean_field import Theory, theory
from .propagation import Propagation, Signal, critical_gain, propagate
from .record import knob, knob_like


# fmt: off
@dataclass(frozen=True)
class Depth(SideBySide, Propagation):
    """Every knob of a comparison through depth. The schemes and batch normalisation are the contestants' own."""

    contestants: tuple[Contestant, ...] = knob(
        Contestants, (
            Contestant("small_normal"), Contestant("unit_normal"), Contestant("standard_uniform"),
            Contestant("glorot_normal"), Contestant("he_normal"), Contestant("orthogonal"),
        ), fewest=1, group="Schemes", label="Contestants",
        help="The schemes to compare, each with batch normalisation or without.",
    )
    batch_size: int = knob_like(Propagation, "batch_size", default=128)
    # fmt: on

    def entry(self, contestant: Contestant) -> Propagation:
        """What one contestant sends through its network."""
        shared = {each.name: getattr(self, each.name) for each in fields(Propagation)}
        return Propagation(**shared | contestant._asdict())


@lru_cache(maxsize=128)
def signal(p: Propagation) -> Signal:
    """`propagate`, remembered: the same question, asked by many, is answered once. Not to be changed."""
    return propagate(p)


@lru_cache(maxsize=128)
def expected(p: Propagation) -> Theory:
    """`theory`, remembered."""
    return theory(p)


@lru_cache(maxsize=128)
def keeping_gain(activation: str, initializer: str, width: int) -> float | str:
    """The critical gain, remembered; in words why there is none, where there is none."""
    try:
        return critical_gain(activation, initializer, width)
    except ValueError as error:
        return str(error)


def side_by_side(function: Callable, arguments: list[tuple]) -> list:
    """What a function gives for each tuple of arguments, in order, computed on as many cores as there are."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda each: function(*each), arguments))
