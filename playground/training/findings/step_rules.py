"""The size of steps: too large, so that the loss jumps about, or so small that it hardly falls."""

import numpy as np

from ...text import number, percent
from .evidence import WINDOW, guessing, learnt, movement, needs_help, recent_update_ratios
from .finding import Finding, rule
from .remedies import once_stuck, sound_start

SWING = 0.1  # of the loss, from one moment to the next, from which steps are too large
ABOVE = 0.9  # the lowest loss so far is below this share of the present one: the steps have lost what they had


@rule(fires={"epochs": 30, "learning_rate": 3.0, "optimizer": "momentum"}, silent={"learning_rate": 0.03})
def steps_too_large(seen):
    moved = movement(seen)
    if moved is None or not needs_help(seen) or seen.diverged:
        return None
    loss, best = seen.moment.train_loss, min(moment.train_loss for moment in seen.moments)
    jumps = moved.swing > SWING and best < ABOVE * loss
    still = moved.fall > 0.3 * moved.swing or moved.swing < 0.003
    # the biases alone can do as well as guessing
    worse_than_guessing = loss > 1.03 * guessing(seen) and not still
    if not (jumps or worse_than_guessing):
        return None
    return Finding(
        "Steps too large",
        f"The loss jumps by {percent(moved.swing)} from one moment to the next, and is {number(loss)}, where it has "
        f"been {number(best)}, and guessing gives {number(guessing(seen))}: with a learning rate of "
        f"{seen.experiment.learning_rate:g}, what one step learns the next one overwrites.",
        once_stuck(seen, sound_start(seen)),
    )


@rule(fires={"epochs": 15, "learning_rate": 1e-3}, silent={"learning_rate": 0.1})
def steps_too_small(seen):
    moved, ratios = movement(seen), recent_update_ratios(seen)
    if moved is None or ratios is None or learnt(seen):
        return None
    largest = np.max(ratios)
    steady = moved.fall > 0.9 * moved.swing  # hardly a step back: there is room for larger steps
    if not steady or not 3e-4 < moved.fall < 3e-3 or not largest < 1e-3:
        return None
    return Finding(
        "Steps too small",
        f"The loss falls steadily, but by {number(100 * moved.fall)} % of its size only in each of the last {WINDOW} "
        f"moments; no step changes the weights of a layer by more than {number(100 * largest)} % of their size. "
        "Larger steps would go the same way in less time.",
        once_stuck(seen, sound_start(seen)),
    )
