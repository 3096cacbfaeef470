"""The size of steps: too large, so that the loss jumps about, or so small that it hardly falls."""

import numpy as np

from ...text import number, percent
from .evidence import WINDOW, downhill, guessing, learnt, movement, recent_update_ratios
from .finding import Finding, rule
from .remedies import once_stuck, sound_start

SWING = 0.06  # of the loss, from one moment to the next, from which it jumps
LOST = 0.9  # the lowest loss so far is below this share of the usual one: the steps have lost what they had
STEADY = 0.5, 0.8  # share of the loss's swing that is a fall: below the first it jumps about, from the second it falls
COARSE = 0.03  # change of the weights in a step, as a share of them, that is large for any network
FINE = 0.005, 0.001  # changes that are small, and very small
HEADWAY = -0.005  # change of the loss, as a share, by a step along the gradient that makes good headway
SLOW = 0.0007, 0.03  # fall of the loss from one moment to the next, as a share: from, to
STRAIGHT = 7, 14  # times as much does a step ten times as long, where the loss is as good as straight


@rule(fires={"epochs": 30, "learning_rate": 3.0, "optimizer": "momentum"}, silent={"learning_rate": 0.03})
def steps_too_large(seen):
    moved = movement(seen)
    if moved is None or learnt(seen) or seen.diverged or moved.fall > STEADY[0] * moved.swing:
        return None
    losses = [moment.train_loss for moment in seen.moments]
    loss, usual, best = losses[-1], np.median(losses[-WINDOW:]), min(losses)
    largest, blind = np.nan_to_num(recent_update_ratios(seen)).max(), guessing(seen)
    jumps = moved.swing > SWING and best < LOST * usual
    astray = usual > 1.05 * blind and moved.swing > SWING / 3 and largest > COARSE
    gone = usual > 1.2 * blind and best < 0.7 * usual  # where no step leads back, so that the loss may stand still
    if not (jumps or astray or gone) or (largest < FINE[0] and downhill(seen, 1)[0] < HEADWAY):
        return None
    return Finding(
        "Steps too large",
        f"The loss jumps by {percent(moved.swing)} from one moment to the next, and is {number(loss)}, where it has "
        f"been {number(best)}, and guessing gives {number(blind)}: with a learning rate of "
        f"{seen.experiment.learning_rate:g}, what one step learns the next one overwrites.",
        once_stuck(seen, sound_start(seen)),
    )


@rule(fires={"epochs": 15, "learning_rate": 1e-3}, silent={"learning_rate": 0.1})
def steps_too_small(seen):
    moved = movement(seen)
    if moved is None or learnt(seen) or moved.fall < STEADY[1] * moved.swing or moved.fall > SLOW[1]:
        return None
    largest = np.nan_to_num(recent_update_ratios(seen)).max()
    if largest > FINE[0]:
        return None
    one, ten, hundred = downhill(seen, 1, 10, 100)
    if not STRAIGHT[0] < ten / one < STRAIGHT[1]:
        return None
    creeps = largest < FINE[1] and hundred < -0.005 and moved.fall > SLOW[0]
    levels_off = 0.95 < seen.moment.train_loss / guessing(seen) < 1.05  # there the slope does not last
    if hundred > -0.03 and (levels_off or not creeps):
        return None
    return Finding(
        "Steps too small",
        f"The loss falls steadily, but by {number(100 * moved.fall)} % of its size only in each of the last {WINDOW} "
        f"moments; no step changes the weights of a layer by more than {number(100 * largest)} % of their size. Along "
        f"the gradient, such a step changes the loss by {number(100 * one)} %, one ten times as long by "
        f"{number(100 * ten)} %: larger steps would go the same way in less time.",
        once_stuck(seen, sound_start(seen)),
    )
