"""What has come of a run: learnt by heart, no better than guessing, still on its way, or as good as can be."""

import numpy as np

from ...text import number, percent
from .evidence import (
    CLEARLY,
    LEARNT,
    RECENT,
    WINDOW,
    ends,
    fitted,
    guessing,
    learnt,
    most_frequent,
    movement,
    needs_help,
    standard_error,
    usual,
)
from .finding import Finding, rule
from .remedies import ADAM, once_stuck, room, sound_start

FALLING = 0.001  # of the loss, from one moment to the next: with that it is halved in 700
ENOUGH = 30  # held-out points, with fewer of which chance moves their loss too much
RISE, LOWER = 0.2, 0.95  # in overfitting: shares by which the held-out loss rises, to which the training loss falls
BELOW = 0.9  # of the training loss: a loss on held-out points below that is noticed


@rule(
    fires={"epochs": 100, "n_points": 100, "noise": 0.5, "hidden": (32,), "optimizer": "adam"},
    silent={"n_points": 1000},
)
def overfitting(seen):
    if len(seen.moments) < WINDOW or len(seen.data.X_held_out) < ENOUGH:
        return None
    held_out = usual([moment.held_out_loss for moment in seen.moments])
    train = usual([moment.train_loss for moment in seen.moments])
    best = int(np.argmin(held_out))
    then = seen.moments[best + RECENT - 1]
    rise, gap = held_out[-1] - held_out[best], held_out[-1] - train[-1]
    if rise < RISE * held_out[best] or gap < 0.1 or train[-1] > LOWER * train[best]:
        return None
    if min(rise, gap) < standard_error(seen, seen.data.X_held_out, seen.data.y_held_out):
        return None
    return Finding(
        "Overfitting",
        f"Since epoch {then.epoch:.0f} the loss on the training points has fallen from {number(train[best])} to "
        f"{number(train[-1])}, but on the {seen.data.held_out} points it has risen from {number(held_out[best])} to "
        f"{number(held_out[-1])} (medians of {RECENT} moments, up to now): the network learns its training set "
        f"({seen.data.n_train}) by heart. More points, a smaller network or an L2 penalty may help.",
        {"n_points": 1000} if seen.experiment.n_points < 1000 and not seen.experiment.source.given else {},
    )


@rule(fires={"epochs": 30, "activation": "sigmoid"}, silent={"activation": "tanh"}, fallback=True)
def no_better_than_guessing(seen):
    loss, blind = seen.moment.train_loss, guessing(seen)
    if learnt(seen) or seen.moment.epoch < 20 or loss < 0.97 * blind:
        return None
    if loss > 1.03 * blind and seen.moment.train_accuracy > most_frequent(seen) + CLEARLY:  # knows more than it shows
        return None
    return Finding(
        "No better than guessing so far",
        f"After {seen.moment.epoch:.0f} epochs the loss is {number(loss)}; to name the classes by "
        f"their frequencies alone would give {number(blind)}. The gradient in the first layer is "
        f"{number(seen.layers[0].gradient_norm)}: the network stands on a plateau, and may stay there for long.",
        once_stuck(seen, sound_start(seen, activation="tanh")),
    )


@rule(fires={"epochs": 60, "noise": 0.5, "dataset": "moons", "n_points": 1000}, silent={"noise": 0.0}, fallback=True)
def classes_overlap(seen):
    accuracy = seen.moment.train_accuracy
    if learnt(seen) or not ends(seen) or fitted(seen).curve >= LEARNT or accuracy < fitted(seen).curve - CLEARLY:
        return None
    return Finding(
        "The classes overlap",
        f"{percent(accuracy)} of the training points are right. A curve fitted by a support vector machine gets "
        f"{percent(fitted(seen).curve)}: the others lie among points of another class.",
    )


@rule(fires={"epochs": 20, "learning_rate": 0.02}, silent={"learning_rate": 0.3}, fallback=True)
def still_learning(seen):
    moved = movement(seen)
    if moved is None or not (ends(seen) and needs_help(seen)):
        return None
    if moved.fall < max(FALLING, 0.5 * moved.swing):
        return None
    return Finding(
        "Not learnt yet, but on its way",
        f"{percent(seen.moment.train_accuracy)} of the training points are right, and the loss still falls by "
        f"{number(100 * moved.fall)} % of its size from one moment to the next. More epochs, or larger steps, may do.",
    )


@rule(
    fires={"epochs": 200, "hidden": (2,), "dataset": "spirals"},
    silent={"hidden": (8, 8), "dataset": "circles"},
    fallback=True,
)
def not_learnt(seen):
    if not ends(seen) or not needs_help(seen):
        return None
    experiment = seen.experiment
    units = " + ".join(map(str, experiment.hidden)) or "no hidden"
    return Finding(
        "Not learnt, and no single cause found",
        f"{percent(seen.moment.train_accuracy)} of the training points are right, where a curve fitted by a support "
        f"vector machine gets {percent(fitted(seen).curve)}. One could look into the size of the network ({units} "
        f"units), the learning rate ({experiment.learning_rate:g}), or another seed.",
        sound_start(seen, hidden=room(seen.experiment), **ADAM),
    )


@rule(fires={"epochs": 100, "dataset": "moons"}, silent={"train_share": 1.0}, fallback=True)
def held_out_below_training(seen):
    now = seen.moment
    if not ends(seen) or not now.held_out_loss < BELOW * now.train_loss:
        return None
    chance_train = standard_error(seen, seen.data.X_train, seen.data.y_train)
    chance_held_out = standard_error(seen, seen.data.X_held_out, seen.data.y_held_out)
    error = np.hypot(chance_train, chance_held_out)
    if now.train_loss - now.held_out_loss > 3 * error:  # more than chance: nothing here explains it
        return None
    return Finding(
        f"The {seen.data.held_out} loss is below the training loss",
        f"{number(now.held_out_loss)} against {number(now.train_loss)}: no mistake. With {len(seen.data.X_held_out)} "
        f"{seen.data.held_out} points, chance alone makes the two differ by about {number(error)} (one standard "
        "error). Another data seed may turn it round.",
        harmless=True,
    )
