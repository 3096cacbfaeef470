"""Contestants are schemes side by side, each with or without batch normalisation; they share all other knobs."""

import difflib
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple, Self

import numpy as np

from ..nn import INITIALIZERS
from ..settings.knobs import Knob
from ..settings.record import Record
from .experiment import Experiment

WITH_BATCH_NORM = ".bn"  # after a scheme's name, in URLs


class Contestant(NamedTuple):
    """A scheme that takes part, with batch normalisation or without."""

    initializer: str
    batch_norm: bool = False

    @property
    def label(self) -> str:
        """Name on the screen."""
        return INITIALIZERS[self.initializer].label + (" + BN" if self.batch_norm else "")

    @property
    def name(self) -> str:
        """Name in a URL."""
        return self.initializer + WITH_BATCH_NORM * self.batch_norm


@dataclass(frozen=True, kw_only=True)
class Contestants(Knob):
    """`fewest` to `most` different contestants; written he_normal~zeros.bn."""

    fewest: int = 2
    most: int = 6

    def read(self, text):
        names = [name for name in text.split("~") if name]
        return tuple(Contestant(name.removesuffix(WITH_BATCH_NORM), name.endswith(WITH_BATCH_NORM)) for name in names)

    def nearest(self, value):
        found = []
        for initializer, batch_norm in value:
            known = initializer in INITIALIZERS
            near = [initializer] if known else difflib.get_close_matches(str(initializer).lower(), INITIALIZERS, n=1)
            found += [Contestant(name, bool(batch_norm)) for name in near]
        found = tuple(dict.fromkeys(found))[: self.most]
        if len(found) < self.fewest:
            raise ValueError("too few contestants")
        return found

    def write(self, value):
        return "~".join(contestant.name for contestant in value)

    @property
    def domain(self):
        return f"{self.fewest} to {self.most} different schemes, written he_normal~zeros{WITH_BATCH_NORM}"


class SideBySide(Record):
    """For a record that has `contestants` in place of one initialiser: a class to derive from first."""

    WITHOUT = ("initializer", "batch_norm")  # each contestant has its own


class Paired(Experiment):
    """For a record of contestants, of which seed k of each draws from the same stream: a class to derive from first."""

    DTYPE: ClassVar[type] = np.float32  # 1.7 times as fast; schemes differ in more than the eighth digit

    def entry(self, contestant: Contestant, seed: int) -> Self:
        """The experiment of one network. Trained alone, it has the same data, initial weights and mini-batches."""
        return replace(self, **contestant._asdict()).moved_on(seed, "seed")


class WithAndWithout(Paired):
    """For a record whose networks are trained without batch normalisation and with it: a class to derive from first."""

    WITHOUT = ("batch_norm",)  # what the two don't share

    @property
    def contestants(self) -> tuple[Contestant, Contestant]:
        """The scheme without batch normalisation, and with it."""
        return Contestant(self.initializer), Contestant(self.initializer, True)
