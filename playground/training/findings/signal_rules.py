"""What happens to signals on their way through the layers, and to gradients on their way back."""

import numpy as np

from ...nn import ACTIVATIONS, INITIALIZERS
from ...text import number, percent
from ..diagnostics import Snapshot, dead_shares
from .evidence import guessing, learnt, most_frequent, worst
from .finding import Finding, rule
from .remedies import once_stuck, sound_start

NO_GRADIENT = 1e-8  # norm of dL/dW, below which even a step of the largest learning rate changes nothing
DEAD = 0.2  # share of a layer's units from which it is told
SATURATED = 0.5  # share of a layer's activations from which it is told
VANISHING, EXPLODING = 0.01, 100  # dL/dz in the first layer over that in the last
SHALLOW = 2  # hidden layers, with which any activation learns
GROWTH = 30  # deviation of the logits over that of the features


def unless_alike(seen: Snapshot) -> dict[str, str]:
    """A leaky ReLU, unless the network is shallow and its first weights are all alike: then they alone explain it."""
    drawn = INITIALIZERS[seen.experiment.initializer].variance(1, 1) > 0
    return {"activation": "leaky_relu"} if drawn or len(seen.hidden) > SHALLOW else {}


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
        {} if learnt(seen) or scheme.variance(1, 1) else sound_start(seen),
    )


@rule(fires={"epochs": 2, "initializer": "zeros"}, silent={"initializer": "small_normal"})
def no_gradient(seen):
    largest = max(layer.gradient_norm for layer in seen.layers)
    if learnt(seen) or not largest < NO_GRADIENT:
        return None
    nothing = f"at most {number(largest)}" if largest else "exactly 0"
    return Finding(
        "No weight gets a gradient",
        f"The norm of dL/dW is {nothing} in every layer, so only the biases of the output can learn, and all they "
        f"can do is name the most frequent class ({percent(most_frequent(seen))} of the training points).",
        sound_start(seen, **unless_alike(seen)),
    )


@rule(
    fires={"epochs": 5, "activation": "relu", "learning_rate": 3.0, "hidden": (6, 8)},
    silent={"activation": "leaky_relu"},
)
def dead_units(seen):
    layer = worst(seen.hidden, "dead")
    if layer is None or layer.dead < DEAD:
        return None
    shares = dead_shares(seen.network.select(), seen.data.X_train)  # the statistics are those of a part of the points
    place = int(np.argmax([0 if share is None else share for share in shares]))
    share, layer = shares[place], seen.hidden[place]
    if share < DEAD:
        return None
    why = (
        "Depth, width and chance alone do this: each layer cuts off half of what reaches it."
        if not seen.moment.step
        else "Their gradient is 0, so hardly any can come back."
    )
    return Finding(
        "Dead units",
        f"{round(share * layer.fan_out)} of the {layer.fan_out} units of {layer.name.lower()} give 0 for every "
        f"training point. {why} A leaky ReLU can't die.",
        once_stuck(seen, sound_start(seen, activation="leaky_relu")),
    )


@rule(fires={"epochs": 0, "initializer": "unit_normal", "hidden": (32,) * 3}, silent={"initializer": "glorot_normal"})
def saturation(seen):
    layer = worst(seen.hidden, "saturated")
    if layer is None or layer.saturated < SATURATED or learnt(seen):
        return None
    return Finding(
        "Saturated units",
        f"In {layer.name.lower()}, {percent(layer.saturated)} of the activations are at the flat ends of "
        f"{ACTIVATIONS[seen.experiment.activation].label}, where the slope is less than 5 % of its largest, and the "
        f"gradient with it. The weights there have a root mean square of {number(np.sqrt((layer.weights**2).mean()))}; "
        f"with {layer.fan_in} inputs, smaller ones keep the sums near 0, where the slope is large.",
        once_stuck(seen, sound_start(seen, activation="leaky_relu")),
    )


@rule(fires={"epochs": 0, "activation": "sigmoid", "hidden": (8,) * 10}, silent={"hidden": (8,)})
def vanishing(seen):
    first, last = seen.layers[0].z_gradient_norm, seen.layers[-1].z_gradient_norm
    if learnt(seen) or not seen.hidden or not last > 0 or first > VANISHING * last:
        return None
    return Finding(
        "Vanishing gradient",
        f"dL/dz is {number(last)} at the output, but only {number(first)} in hidden 1: {number(first / last)} times as "
        "large. On its way back it is multiplied by the weights and slopes of each layer; where these are small, it "
        "shrinks, and the first layers hardly learn.",
        once_stuck(seen, sound_start(seen, **unless_alike(seen))),
    )


@rule(
    fires={"epochs": 0, "activation": "relu", "initializer": "unit_normal", "hidden": (16,) * 10},
    silent={"hidden": (8,)},
)
def exploding(seen):
    first, last = seen.layers[0].z_gradient_norm, seen.layers[-1].z_gradient_norm
    if learnt(seen) or not seen.hidden or not first > EXPLODING * last:
        return None
    return Finding(
        "Exploding gradient",
        f"dL/dz is {number(last)} at the output and {number(first)} in hidden 1. Each layer multiplies it by its "
        "weights, and where these are large, it grows on its way back: a step that suits one layer is far too large "
        "for another.",
        once_stuck(seen, sound_start(seen)),
    )


@rule(
    fires={"epochs": 0, "activation": "relu", "initializer": "unit_normal", "hidden": (16,) * 6},
    silent={"initializer": "he_normal"},
)
def exploding_activations(seen):
    size, logits = seen.data.X_train.std(), seen.layers[-1].z_std
    if learnt(seen) or not seen.hidden or not logits > GROWTH * size:
        return None
    return Finding(
        "Exploding activations",
        f"The features have a standard deviation of {number(size)}, z at the output one of {number(logits)}: with "
        "large weights, each layer makes the sums larger. Softmax is then sure of what is a guess, and the loss is "
        f"{number(seen.moment.train_loss)}, where guessing by frequencies gives {number(guessing(seen))}.",
        once_stuck(seen, sound_start(seen)),
    )
