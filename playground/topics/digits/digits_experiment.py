"""The digits project: the playground's experiment on scikit-learn's handwritten digits, with the course's network."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...data.datasets import IMAGES
from ...settings import limits
from ...settings.record import knob_like
from ...training.experiment import Experiment

SIDE = 8  # pixels of an image
COURSE_RATE = 0.01  # of the course's script, times the sum of the gradients of a mini-batch
COURSE_BATCH = 32  # examples in one


# fmt: off
@dataclass(frozen=True)
class Digits(Experiment):
    """Every knob of the project. Its defaults are the course's script.

    That script takes a step of 0.01 times the sum of the gradients of 32 examples: 0.32 times their mean.
    """

    dataset: str = knob_like(Experiment, "dataset", default="digits", options=IMAGES)
    train_share: float = knob_like(
        Experiment, "train_share", default=0.8,
        help="Share of the examples to train on. Of the others, the first half validates and the second half tests.",
    )
    split: str = knob_like(Experiment, "split", default="last_part", minor=False)
    hidden: tuple[int, ...] = knob_like(Experiment, "hidden", default=(128, 64), most=4, widest=limits.DIGIT_WIDTH)
    activation: str = knob_like(Experiment, "activation", default="relu")
    learning_rate: float = knob_like(Experiment, "learning_rate", default=COURSE_RATE * COURSE_BATCH)
    batch_size: int = knob_like(Experiment, "batch_size", default=COURSE_BATCH)
    epochs: int = knob_like(Experiment, "epochs", default=100, high=min(1000, limits.EPOCHS))
    # fmt: on

    DTYPE: ClassVar[type] = np.float32  # 1.5 times as fast, with the same accuracy
    PAGE: ClassVar[str] = "digits"
    WITHOUT = ("n_classes", "n_points", "noise")  # of drawn points
