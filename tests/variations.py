"""Other values of a knob, made from the knob itself: so a new knob is tested automatically."""

import math
from dataclasses import replace
from functools import singledispatch
from typing import Any

from playground.settings.knobs import Change, Changes, Choice, Flag, Knob, Number, Widths
from playground.settings.record import Record
from playground.topics.forward_backward.training_step import Edit, Edits, Place
from playground.training.contestants import Contestants


@singledispatch
def others(knob: Knob, value: Any) -> list[Any]:
    """Valid values of a knob that differ from `value`, near enough to it to be as cheap."""
    raise NotImplementedError(f"say in tests/variations.py which other values a {type(knob).__name__} has")


@others.register
def _(knob: Choice, value):
    return [name for name in knob.options if name != value]


@others.register
def _(knob: Flag, value):
    return [not value]


@others.register
def _(knob: Number, value):
    if value == knob.low:
        found = [knob.low + (knob.high - knob.low) * share for share in (0.1, 0.01)]
    else:
        found = [math.sqrt(knob.low * value) if knob.log else (knob.low + value) / 2]
    found = [knob.nearest(other) for other in found]
    return [other for other in dict.fromkeys(found) if other != value] or [knob.nearest(value + knob.step)]


@others.register
def _(knob: Widths, value):
    if knob.uniform:
        return [value[:1] * (len(value) - 1), (max(1, value[0] - 1),) * len(value)]
    return [knob.nearest(each) for each in ((3,), (*value, 5)) if knob.nearest(each) != value]


@others.register
def _(knob: Changes, value):
    """One live knob turned at the second step, to each of its other values."""
    turned = [(name, other) for name, each in knob.knobs.items() for other in others(each, each.default)]
    return [(Change(2, name, other),) for name, other in turned]


@others.register
def _(knob: Contestants, value):
    return [value[1:] + value[:1], value[: max(knob.fewest, len(value) - 1)]]


@others.register
def _(knob: Place, value):
    return [(1, 1, 0)]


@others.register
def _(knob: Edits, value):
    return [(Edit(1, "W1", (0, 0), 2.5),), (Edit(1, "y", (0,), 1.0),)]


def variations(base: Record) -> dict[str, Record]:
    """A record for each other value of each knob that has an effect in `base`: {"learning_rate=0.3": record}."""
    return {
        f"{name}={knob.write(other)}": replace(base, **{name: other})
        for name, knob in base.knobs().items()
        if base.applies(name)
        for other in others(knob, getattr(base, name))
    }
