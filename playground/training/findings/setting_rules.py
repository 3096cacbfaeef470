"""Settings that stop a network from learning, whatever its first weights are: each rule names the one at fault."""

import numpy as np

from ...text import number, percent
from .evidence import CLEARLY, PATIENCE, fitted, guessing, learnt, movement, needs_help
from .finding import Finding, rule
from .remedies import once_stuck, room, roomy_batch, sound_start

SWING = 0.15  # of the loss, from one moment to the next, from which it has spikes
FEW = 5  # examples of a mini-batch, up to which batch normalisation harms
BALANCE = 0.1, 1.4  # times the penalty's pull does the gradient push the weights outward: they hold each other


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
        {} if learnt(seen) else sound_start(seen),
    )


@rule(fires={"epochs": 0, "batch_norm": True, "batch_size": 1}, silent={"batch_size": 2})
def batch_of_one(seen):
    if not (seen.experiment.batch_norm and seen.hidden) or min(seen.experiment.batch_size, seen.data.n_train) > 1:
        return None
    return Finding(
        "Batch normalisation of a single example",
        "With one example in a mini-batch, each z is its own mean: the normalised value is 0 whatever the input, and "
        "no weight before it gets a gradient.",
        sound_start(seen, batch_size=roomy_batch(seen.data.n_train))
        if seen.data.n_train > 1
        else {"batch_norm": False},
    )


@rule(
    fires={"epochs": 20, "batch_norm": True, "batch_size": 2, "dataset": "circles", "hidden": (8, 8, 8)},
    silent={"batch_size": 32},
)
def small_batches(seen):
    experiment, n_train, moved = seen.experiment, seen.data.n_train, movement(seen)
    size = min(experiment.batch_size, n_train)
    rest = n_train % size or size
    if not (experiment.batch_norm and seen.hidden) or size in (1, n_train) or moved is None:
        return None
    few, spikes = size <= FEW and needs_help(seen), 1 < rest <= FEW and moved.swing > SWING
    if not (few or spikes):
        return None
    where = "of each mini-batch" if few else f"of the last mini-batch of an epoch ({n_train} = … + {rest})"
    return Finding(
        "Batch normalisation of very few examples",
        f"Mean and variance {where} are those of {size if few else rest} examples, and differ from one mini-batch to "
        "the next: of two examples, each value becomes 1 or -1, and of a few little more is left. Larger mini-batches, "
        "without a small rest, keep what tells the examples apart.",
        once_stuck(seen, sound_start(seen, batch_size=roomy_batch(n_train))),
    )


@rule(fires={"epochs": 100, "l2": 0.1}, silent={"l2": 0.0})
def strong_penalty(seen):
    l2 = seen.experiment.l2
    if not l2 or not needs_help(seen):
        return None
    # batch normalisation makes the loss independent of the size of all weights but the last
    layers = seen.layers[-1:] if seen.experiment.batch_norm else seen.layers
    start = sum((weights**2).sum() for weights in seen.start[-len(layers) :])
    now = sum((layer.weights**2).sum() for layer in layers)
    outward = -sum((layer.weights * layer.weight_gradient).sum() for layer in layers) / (l2 * now)
    loss, penalty = seen.moment.train_loss, l2 / 2 * now
    balanced = BALANCE[0] < outward < BALANCE[1]
    collapsed = loss > 0.96 * guessing(seen) and (balanced or (now < 0.5 * start and abs(outward) < 2))
    if not (collapsed or (balanced and penalty > 0.25 * loss)):
        return None
    return Finding(
        "The L2 penalty is too strong",
        f"λ = {l2:g} pulls all weights towards 0, and the gradient of the loss does not outweigh it: |W| is "
        f"{number(np.sqrt(now))}, from {number(np.sqrt(start))} at the start. The loss shown, {number(loss)}, leaves "
        f"the penalty out; with it, it is {number(loss + penalty)}.",
        once_stuck(seen, sound_start(seen, l2=0.0)),
    )


@rule(fires={"epochs": 25, "activation": "linear"}, silent={"activation": "tanh"})
def only_linear(seen):
    experiment = seen.experiment
    if (experiment.hidden and experiment.activation != "linear") or learnt(seen):
        return None
    if seen.moment.epoch < PATIENCE:
        return None
    accuracy, line = seen.moment.train_accuracy, fitted(seen)
    if max(accuracy, line.line) > line.curve - CLEARLY:
        return None
    why = "linear layers after each other are one linear layer" if experiment.hidden else "there is no hidden layer"
    return Finding(
        "The network can only draw straight lines",
        f"Its loss is {number(seen.moment.train_loss)}, with {percent(accuracy)} of the training points right. Fitted "
        f"straight lines get {number(line.line_loss)} and {percent(line.line)}, curves {percent(line.curve)}: "
        f"{why}, so its boundaries are straight. It needs a hidden layer with a nonlinear activation.",
        sound_start(seen, activation="tanh", **({} if experiment.hidden else {"hidden": room(experiment)})),
    )
