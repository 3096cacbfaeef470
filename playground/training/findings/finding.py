"""A finding is one thing to know about a run, in plain words; a rule finds it from the statistics of one moment."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np

from ...nn import Catalogue
from ...settings.knobs import Choice, Real
from ..diagnostics import Snapshot
from ..experiment import KNOBS, Experiment
from .remedies import together


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

    Of the rules that are fallbacks only the first that has something to say is heard. All that offer a remedy offer the
    same one: what helps against one cause leaves the others in place, and two buttons would contradict each other.
    """
    return list(findings_by_rule(snapshot).values())


def findings_by_rule(snapshot: Snapshot) -> dict[str, Finding]:
    """As `findings`, with the name of the rule that speaks."""
    with np.errstate(all="ignore"):
        found = dict(_told(snapshot, fallback=False)) or dict(islice(_told(snapshot, fallback=True), 1))
        remedy = together(snapshot, [finding.remedy for finding in found.values()])
    return {name: replace(finding, remedy=finding.remedy and remedy) for name, finding in found.items()}


def _told(snapshot: Snapshot, fallback: bool) -> Iterator[tuple[str, Finding]]:
    """Names of rules and what they find."""
    for name, each in RULES.items():
        finding = each(snapshot) if each.fallback == fallback else None
        if finding is not None:
            yield name, finding
