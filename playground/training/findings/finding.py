"""A finding is one thing to know about a run, in plain words; a rule finds it from the statistics of one moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...nn import Catalogue
from ...settings.knobs import Choice, Real
from ..diagnostics import Snapshot
from ..experiment import KNOBS, Experiment


@dataclass(frozen=True)
class Finding:
    """One thing to know about a run.

    Attributes:
        title: what it is, in a few words.
        text: the figures that show it, why it is so, and what to try.
        remedy: values of knobs to try first; {} if there is no single best advice.
        harmless: whether it explains what may look odd, and nothing is wrong.
    """

    title: str
    text: str
    remedy: dict[str, Any] = field(default_factory=dict)
    harmless: bool = False

    @property
    def remedy_label(self) -> str:
        """The remedy as the label of a button."""
        parts = []
        for name, value in self.remedy.items():
            knob = KNOBS[name]
            shown = f"{value:g}" if isinstance(knob, Real) else knob.write(value)
            parts.append(knob.options[value].label if isinstance(knob, Choice) else f"{knob.label}: {shown}")
        return "Try " + ", ".join(parts)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule, with a run in which it speaks and one in which it does not, which the tests train.

    Attributes:
        name: of its function.
        function: Snapshot -> Finding, or None where it has nothing to say.
        fires: knobs of an experiment, and the "epochs" after which the rule speaks.
        silent: what to change in these so that it does not.
        fallback: whether it speaks only where no other rule does.
    """

    name: str
    function: Callable[[Snapshot], Finding | None]
    fires: Mapping[str, Any]
    silent: Mapping[str, Any]
    fallback: bool = False

    def __post_init__(self):
        for knobs in (self.fires, {**self.fires, **self.silent}):
            Experiment(**knobs | {"epochs": max(1, knobs["epochs"])})  # ValueError where a value is not valid

    def __call__(self, snapshot: Snapshot) -> Finding | None:
        return self.function(snapshot)


RULES: Catalogue = Catalogue("rule", kind=Rule)  # in the order in which findings are shown
rule = RULES.define


def findings(snapshot: Snapshot) -> list[Finding]:
    """All that the rules find at a moment, most urgent first; empty where there is nothing to say.

    Of the rules that are fallbacks only the first that has something to say is heard.
    """
    with np.errstate(all="ignore"):
        told = [each(snapshot) for each in RULES.values() if not each.fallback]
        found = [finding for finding in told if finding is not None]
        if found:
            return found
        instead = (each(snapshot) for each in RULES.values() if each.fallback)
        return [finding for finding in instead if finding is not None][:1]
