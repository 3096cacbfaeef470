"""What is happening, in plain words: each finding comes from a rule about the statistics of a moment.

To add one, write one function Snapshot -> Finding or None under `@rule(...)`: it is then on the page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..nn import ACTIVATIONS, INITIALIZERS, Catalogue
from ..settings.knobs import Choice, Real
from ..text import number, percent
from .diagnostics import LayerStatistics, Snapshot
from .experiment import KNOBS, Experiment

LEARNT = 0.95  # training accuracy from which a network needs no advice on how to learn
RECENT = 5  # recorded moments that count as recent, so that one odd mini-batch makes no finding


@dataclass(frozen=True)
class Finding:
    """One thing to know about a run.

    Attributes:
        title: what it is, in a few words.
        text: the figures that show it, why it is so, and what to try.
        remedy: values of knobs to try first; {} if there is no single best advice.
    """

    title: str
    text: str
    remedy: dict[str, Any] = field(default_factory=dict)

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
    """All that the rules find at a moment, most urgent first; empty where there is nothing to say."""
    with np.errstate(all="ignore"):
        for fallback in (False, True):
            told = [each(snapshot) for each in RULES.values() if each.fallback == fallback]
            found = [finding for finding in told if finding is not None]
            if found:
                return found
        return []


def smaller_rate(seen: Snapshot) -> dict[str, Any]:
    """A tenth of the learning rate; {} if it may not be that small."""
    rate = seen.experiment.learning_rate / 10
    return {"learning_rate": rate} if KNOBS["learning_rate"].nearest(rate) == rate else {}


def usual_initializer(seen: Snapshot) -> str:
    """Name of the scheme that is usual for the activation in use: see `Activation.initializer`."""
    return ACTIVATIONS[seen.experiment.activation].initializer


def initializer_remedy(seen: Snapshot) -> dict[str, Any]:
    """The scheme usual for the activation; if that is in use, batch normalisation; if both are, {}."""
    if seen.experiment.initializer != usual_initializer(seen):
        return {"initializer": usual_initializer(seen)}
    return {} if seen.experiment.batch_norm else {"batch_norm": True}


def learnt(seen: Snapshot) -> bool:
    """Whether the network needs no advice on how to learn."""
    return seen.moment.train_accuracy >= LEARNT


def recent_update_ratios(seen: Snapshot) -> np.ndarray | None:
    """For each layer, the median over recent moments of |change of W| / |W|; None before the first step."""
    recent = [moment.update_ratios for moment in seen.moments[-RECENT:] if moment.step]
    return np.median(recent, axis=0) if recent else None


def worst(layers: list[LayerStatistics], attribute: str) -> LayerStatistics | None:
    """The layer in which a share is largest; None where no layer has it."""
    having = [layer for layer in layers if getattr(layer, attribute) is not None]
    return max(having, key=lambda layer: getattr(layer, attribute), default=None)


@rule(fires={"epochs": 25, "hidden": (8,) * 10, "learning_rate": 10.0}, silent={"learning_rate": 0.1})
def divergence(seen):
    if seen.diverged == "overflow":
        what = "In the next steps the weights grew beyond all bounds, until they were no longer numbers."
    elif seen.diverged == "runaway":
        what = (
            "For twenty epochs the loss has been more than ten times what the network started from, or what guessing "
            f"would give (ln {seen.data.n_classes} = {np.log(seen.data.n_classes):.2f})."
        )
    else:
        return None
    rate = seen.experiment.learning_rate
    return Finding(
        "The training has diverged and was stopped",
        f"{what} Each step overshoots: with a learning rate of {rate:g} it makes the loss larger, and the next step is "
        f"larger still. You see the last good state, from epoch {seen.moment.epoch:.3g}. "
        "Try a smaller learning rate, or first weights that suit the activation.",
        smaller_rate(seen),
    )


@rule(fires={"epochs": 0, "initializer": "zeros"}, silent={"initializer": "small_normal"})
def copies(seen):
    twins = [layer for layer in seen.hidden if layer.distinct < layer.fan_out]
    if not twins:
        return None
    layer = min(twins, key=lambda layer: layer.distinct / layer.fan_out)
    scheme = INITIALIZERS[seen.experiment.initializer]
    why = (
        "These weights were drawn at random, and training has brought them together."
        if scheme.variance(1, 1)
        else f"These first weights were set ({scheme.label}): drawn at random, they break this symmetry."
    )
    return Finding(
        "Units are copies of each other",
        f"The {layer.fan_out} units of {layer.name.lower()} are in truth only {layer.distinct}: the others are copies, "
        "with the same weights into them, so they compute the same. Where the weights out of them agree, too, they get "
        f"the same gradient, and stay copies for ever. {why}",
        {"initializer": usual_initializer(seen)} if seen.experiment.initializer != usual_initializer(seen) else {},
    )


@rule(fires={"epochs": 2, "initializer": "zeros"}, silent={"initializer": "small_normal"})
def no_gradient(seen):
    if learnt(seen) or any(layer.gradient_norm > 0 for layer in seen.layers):
        return None
    return Finding(
        "No weight gets a gradient",
        "The gradient of every weight is exactly 0, so only the biases of the output can learn, and all they can do is "
        f"name the most frequent class ({percent(seen.data.y_train.mean(axis=0).max())} of the training points).",
        initializer_remedy(seen),
    )


@rule(
    fires={"epochs": 5, "activation": "relu", "learning_rate": 3.0, "hidden": (6, 8)},
    silent={"activation": "leaky_relu"},
)
def dead_units(seen):
    layer = worst(seen.hidden, "dead")
    if layer is None or layer.dead < 0.2:
        return None
    count = round(layer.dead * layer.fan_out)
    suits = seen.experiment.initializer == usual_initializer(seen)
    return Finding(
        "Dead units",
        f"{count} of the {layer.fan_out} units of {layer.name.lower()} give 0 for every training point, so their "
        "gradient is 0 and hardly any can come back. Steps that are too large, or first weights that don't suit ReLU, "
        "do this. A leaky ReLU can't die; with a smaller learning rate fewer may.",
        {"activation": "leaky_relu"} if suits else initializer_remedy(seen),
    )


@rule(fires={"epochs": 0, "initializer": "unit_normal", "hidden": (32,) * 3}, silent={"initializer": "glorot_normal"})
def saturation(seen):
    layer = worst(seen.hidden, "saturated")
    if layer is None or layer.saturated < 0.5 or learnt(seen):
        return None
    return Finding(
        "Saturated units",
        f"In {layer.name.lower()}, {percent(layer.saturated)} of the activations are at the flat ends of "
        f"{ACTIVATIONS[seen.experiment.activation].label}, where the slope is less than 5 % of its largest, and the "
        f"gradient with it. The weights there have a root mean square of {number(np.sqrt((layer.weights**2).mean()))}; "
        f"with {layer.fan_in} inputs, smaller ones keep the sums near 0, where the slope is large.",
        initializer_remedy(seen),
    )


@rule(fires={"epochs": 0, "activation": "sigmoid", "hidden": (8,) * 10}, silent={"hidden": (8,)})
def vanishing(seen):
    first, last = seen.layers[0].gradient_norm, seen.layers[-1].gradient_norm
    if learnt(seen) or not seen.hidden or not last > 0 or first > 0.01 * last:
        return None
    return Finding(
        "Vanishing gradient",
        f"The gradient is {number(last)} at the output, but only {number(first)} in hidden 1: "
        f"{number(first / last)} times as large. The first layers hardly learn. On its way back, the gradient is "
        "multiplied by the weights and slopes of each layer; where these are small, it shrinks with depth.",
        initializer_remedy(seen),
    )


@rule(
    fires={"epochs": 0, "activation": "relu", "initializer": "unit_normal", "hidden": (16,) * 10},
    silent={"hidden": (8,)},
)
def exploding(seen):
    first, last = seen.layers[0].gradient_norm, seen.layers[-1].gradient_norm
    if learnt(seen) or not seen.hidden or not (first > 100 * last or max(first, last) > 1000):
        return None
    return Finding(
        "Exploding gradient",
        f"The gradient is {number(last)} at the output and {number(first)} in hidden 1. Each layer multiplies it by "
        "its weights, and where these are large, it grows with depth: a step that suits one layer is far too large for "
        "another.",
        initializer_remedy(seen),
    )


@rule(fires={"epochs": 3, "learning_rate": 10.0}, silent={"learning_rate": 0.1})
def steps_too_large(seen):
    ratios = recent_update_ratios(seen)
    if ratios is None or learnt(seen) or not np.isfinite(ratios).any() or seen.diverged:
        return None
    largest = int(np.nanargmax(np.where(np.isfinite(ratios), ratios, np.nan)))  # weights of 0 have no ratio
    if ratios[largest] < 0.1:
        return None
    return Finding(
        "Steps too large for the weights",
        f"Each step changes the weights of {seen.layers[largest].name.lower()} by {percent(ratios[largest])} of their "
        "size. About 0.1 % is usual (CS231n); with steps like these, what a step learns the next one overwrites.",
        smaller_rate(seen),
    )


@rule(fires={"epochs": 5, "learning_rate": 1e-4}, silent={"learning_rate": 0.1})
def steps_too_small(seen):
    ratios = recent_update_ratios(seen)
    if ratios is None or learnt(seen) or seen.moment.epoch < 3:
        return None
    largest = np.max(ratios)  # infinite or not a number where weights are 0, as in the rule above
    if not 0 < largest < 1e-4 or largest < 0.01 * seen.experiment.learning_rate:  # then the gradient itself is small
        return None
    rate = min(10 * seen.experiment.learning_rate, KNOBS["learning_rate"].high)
    return Finding(
        "Steps too small",
        f"No step changes the weights of any layer by more than {number(100 * largest)} % of their size (about 0.1 % "
        f"is usual: CS231n), while the training accuracy is {percent(seen.moment.train_accuracy)}. It would take "
        f"{1 / largest:,.0f} such steps to change the weights by as much as they are.",
        {"learning_rate": rate} if rate > seen.experiment.learning_rate else {},
    )


@rule(fires={"epochs": 25, "activation": "linear"}, silent={"activation": "tanh"})
def only_linear(seen):
    experiment = seen.experiment
    if experiment.hidden and experiment.activation != "linear":
        return None
    if seen.moment.epoch < 20 or seen.moment.train_accuracy >= 0.9:
        return None
    earlier = seen.moments[-1 - len(seen.moments) // 4]
    if seen.moment.train_loss < 0.95 * earlier.train_loss:
        return None
    why = "linear layers after each other are one linear layer" if experiment.hidden else "there is no hidden layer"
    return Finding(
        "The network can only draw straight lines",
        f"The loss has stopped falling at {number(seen.moment.train_loss)}, with "
        f"{percent(seen.moment.train_accuracy)} of the training points right: {why}, so its boundaries are "
        "straight, and these classes lie otherwise. It needs a hidden layer with a nonlinear activation.",
        {"activation": "tanh"} if experiment.hidden else {"hidden": (8, 8)},
    )


@rule(
    fires={"epochs": 100, "n_points": 40, "noise": 0.5, "hidden": (32,), "optimizer": "adam"}, silent={"n_points": 1000}
)
def overfitting(seen):
    held_out = np.array([moment.held_out_loss for moment in seen.moments])
    if len(held_out) < 10 or np.isnan(held_out).any():
        return None
    best = int(np.argmin(held_out))
    then, now = seen.moments[best], seen.moment
    falling = now.train_loss < then.train_loss
    if not (falling and now.held_out_loss > 1.25 * then.held_out_loss and now.held_out_loss > now.train_loss + 0.1):
        return None
    return Finding(
        "Overfitting",
        f"Since epoch {then.epoch:.0f} the loss on the training points has fallen from {number(then.train_loss)} to "
        f"{number(now.train_loss)}, but on the {seen.data.held_out} points it has risen from "
        f"{number(then.held_out_loss)} to {number(now.held_out_loss)}: the network learns its training set "
        f"({seen.data.n_train}) by heart. More points, a smaller network or an L2 penalty may help.",
        {"n_points": 1000} if seen.experiment.n_points < 1000 and not seen.experiment.source.given else {},
    )


@rule(fires={"epochs": 0, "batch_norm": True, "batch_size": 1}, silent={"batch_size": 2})
def batch_of_one(seen):
    if not seen.experiment.batch_norm or min(seen.experiment.batch_size, seen.data.n_train) > 1:
        return None
    return Finding(
        "Batch normalisation of a single example",
        "With one example in a mini-batch, each z is its own mean: the normalised value is 0 whatever the input, and "
        "no weight before it gets a gradient.",
        {"batch_size": 32} if seen.data.n_train > 1 else {"batch_norm": False},
    )


@rule(fires={"epochs": 30, "activation": "sigmoid"}, silent={"activation": "tanh"}, fallback=True)
def no_better_than_guessing(seen):
    shares = seen.data.y_train.mean(axis=0)
    guessing = -sum(share * np.log(share) for share in shares if share > 0)
    if learnt(seen) or seen.moment.epoch < 20 or seen.moment.train_loss < 0.97 * guessing:
        return None
    sigmoid = seen.experiment.activation == "sigmoid"
    return Finding(
        "No better than guessing so far",
        f"After {seen.moment.epoch:.0f} epochs the loss is {number(seen.moment.train_loss)}; to name the classes by "
        f"their frequencies alone would give {number(guessing)}. The gradient in the first layer is "
        f"{number(seen.layers[0].gradient_norm)}: the network stands on a plateau, and may stay there for long.",
        {"activation": "tanh"} if sigmoid else initializer_remedy(seen),
    )
