"""Contestants are schemes side by side, each with batch normalisation or without; all other knobs they share."""

import difflib
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple, Self

import numpy as np

from ..nn import INITIALIZERS
from ..settings.knobs import Knob

WITH_BATCH_NORM = ".bn"  # behind a scheme's name, in URLs


class Contestant(NamedTuple):
    """A scheme that takes part, with batch normalisation or without."""

    initializer: str
    batch_norm: bool = False

    @property
    def label(self) -> str:
        return INITIALIZERS[self.initializer].label + (" + BN" if self.batch_norm else "")

    @property
    def name(self) -> str:
        """As it stands in a URL."""
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


class SideBySide:
    """For a record that has `contestants` in place of one initialiser: a class to derive from first."""

    OWN = ("initializer", "batch_norm")  # what each contestant has of its own

    @classmethod
    def knobs(cls) -> dict[str, Knob]:
        """The knobs by name: those of the contestants' group first, and none that contestants have of their own."""
        knobs = {name: knob for name, knob in super().knobs().items() if name not in cls.OWN}
        first = knobs["contestants"].group
        return dict(sorted(knobs.items(), key=lambda item: item[1].group != first))


class Paired:
    """For a record of contestants, of which seed k of each draws from the same stream: a class to derive from first."""

    DTYPE: ClassVar[type] = np.float32  # 1.7 times as fast; what schemes differ by is not in the eighth digit

    def entry(self, contestant: Contestant, seed: int) -> Self:
        """The experiment of one network. By itself it has the same data, initial weights and mini-batches."""
        seed = (self.seed + seed) % (self.knobs()["seed"].high + 1)
        return replace(self, initializer=contestant.initializer, batch_norm=contestant.batch_norm, seed=seed)


class WithAndWithout(Paired):
    """For a record whose networks are trained without batch normalisation and with it: a class to derive from first."""

    OWN = "batch_norm"  # what the two don't share
    FIRST: str  # the group of knobs that stands first

    @classmethod
    def knobs(cls) -> dict[str, Knob]:
        """The knobs by name: those of the group `FIRST` first, and none for batch normalisation."""
        knobs = {name: knob for name, knob in super().knobs().items() if name != cls.OWN}
        return dict(sorted(knobs.items(), key=lambda item: item[1].group != cls.FIRST))

    @property
    def contestants(self) -> tuple[Contestant, Contestant]:
        """The scheme without batch normalisation, and with it."""
        return Contestant(self.initializer), Contestant(self.initializer, True)
