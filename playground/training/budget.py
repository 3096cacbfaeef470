"""The work of one slice of a run is bounded for all values of its knobs, so that no visitor delays the others.

Each knob has its own bound, but many seeds of large networks on many points would take many seconds for a single step.
"""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeVar

from ..settings.limits import MEGAFLOPS
from .experiment import Experiment

Kind = TypeVar("Kind", bound=Experiment)
GIVEN_UP = ("n_seeds", "n_values", "n_candidates", "batch_size", "n_points")  # what is made smaller, first to last
FORWARD, STEP = 2, 6  # operations for each weight and example: forward; and forward, back to weights and to inputs


def operations(experiment: Experiment) -> float:
    """Floating-point operations of the largest slice: a step of all networks, or their evaluation on all examples."""
    source = experiment.source
    widths = [source.n_features, *experiment.hidden, experiment.n_classes if source.many_classes else source.n_classes]
    weights = sum(math.prod(pair) for pair in pairwise(widths))
    examples = max(FORWARD * experiment.n_examples, STEP * min(experiment.batch_size, experiment.n_examples))
    return float(experiment.n_networks * weights * examples)


def affordable(experiment: Kind) -> tuple[Kind, str]:
    """The experiment, made smaller if its slices are too much work, and a sentence on what is smaller, or ""."""
    most, said = MEGAFLOPS * 1e6, []
    for name in GIVEN_UP:
        knob: Any = experiment.knobs().get(name)
        excess = operations(experiment) / most
        if excess <= 1 or knob is None:
            continue
        before = getattr(experiment, name)
        fewer = max(knob.low, math.floor(before / excess))
        smaller = replace(experiment, **{name: fewer})
        if operations(smaller) < operations(experiment):
            said.append(f"{knob.label.lower()} {fewer:,} instead of {before:,}")
            experiment = smaller
    if not said:
        return experiment, ""
    return experiment, f"Such networks, so many, would hold up all others: {', '.join(said)}."
