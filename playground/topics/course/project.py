"""Project: the course's network on handwritten digits, honestly split, measured, and tried on one's own drawing."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from ...training.trainer import Moment, Trainer
from ..digits.digits_experiment import SIDE, Digits
from ..digits.splits import TwoSplits, compared_parts
from .station import SCRATCH, TO_THE_END, Answer, Station, station

PROJECT = "Project"
EPOCHS = 10  # of a training whose outcome is asked for: enough to see the difference, and quickly computed
CLASSES = 10


def trained(digits: Digits) -> Trainer:
    """A run to its end."""
    trainer = Trainer(digits)
    trainer.run(TO_THE_END)
    return trainer


@lru_cache(maxsize=128)
def outcome(digits: Digits) -> Moment:
    """How a run ends."""
    return trained(digits).history.moments[-1]


@station
def split(seed: int) -> Station:
    comparison = TwoSplits(seed=seed, data_seed=seed)

    def compute():
        last, stratified = compared_parts(comparison)
        mistakes = {
            "this is the last part": float(np.median(last.distances)),
            "this is a share, not a distance": stratified[0].own_share,
        }
        return Answer(float(np.median(np.concatenate([part.distances for part in stratified]))), mistakes)

    return Station(
        PROJECT, 1.0, SCRATCH, "Two ways to split", "digits", "split", comparison,
        "The course tests on the last fifth of the file. Is that a fair sample?",
        "Press **Play**: the same networks, tested on the last part and on stratified splits. Then read how the last "
        "part differs from the rest.",
        "In the stratified splits, what is the median distance from a test image to the nearest training image?",
        "*Farther away*, below the pictures: the second number, as the first is that of the last part.",
        compute,
    )  # fmt: skip


@station
def accuracy(seed: int) -> Station:
    digits = Digits(seed=seed, data_seed=seed, epochs=EPOCHS)

    def compute():
        last = outcome(digits)
        mistakes = {
            "this is the accuracy on the training part": 100 * last.train_accuracy,
            "this is with the random split": 100 * outcome(replace(digits, split="shuffled")).test_accuracy,
            "this is the share of errors": 100 - 100 * last.test_accuracy,
            "this is a share, not percent": last.test_accuracy,
        }
        return Answer(100 * last.test_accuracy, mistakes, 0, 0.6)

    return Station(
        PROJECT, 1.0, SCRATCH, "The course's network on digits", "digits", "train", digits,
        "64-128-64-10, ReLU, ten passes through 1437 images: how many of the 360 others will it read?",
        "Press **Play**, and look at the images that it misreads. Would you have read them?",
        f"What is the test accuracy after {EPOCHS} epochs, in percent?",
        "the line above the pictures: the accuracy of the *test*, to a percent.",
        compute,
    )  # fmt: skip


@station
def honest_test(seed: int) -> Station:
    digits = Digits(seed=seed, data_seed=seed, epochs=EPOCHS, split="stratified")

    def compute():
        last = outcome(digits)
        mistakes = {
            "this is the accuracy on the training part": 100 * last.train_accuracy,
            "this is with the course's split": 100 * outcome(replace(digits, split="last_part")).test_accuracy,
            "this is a share, not percent": last.test_accuracy,
        }
        return Answer(100 * last.test_accuracy, mistakes, 0, 0.6)

    return Station(
        PROJECT, 1.0, SCRATCH, "The same on a fair sample", "digits", "train", digits,
        "The same network, tested on a stratified split: better, or worse, and by how much?",
        "Press **Play**. Then turn depth, scheme, optimiser or epochs, until you reach the **Targets** on the page.",
        f"What is the test accuracy after {EPOCHS} epochs with the stratified split, in percent?",
        "the line above the pictures, with the split *Stratified*.",
        compute,
    )  # fmt: skip


@station
def drawing(seed: int) -> Station:
    digits = Digits(seed=seed, data_seed=seed, epochs=EPOCHS)

    def compute():
        network = trained(digits).network
        empty, full = (network.predict(np.full((1, SIDE**2), ink))[0] for ink in (0.0, 1.0))
        mistakes = {"this is what it sees on a grid full of ink": str(full.argmax())}
        return Answer(str(empty.argmax()), mistakes)

    return Station(
        PROJECT, 1.0, SCRATCH, "Your own handwriting", "digits", "draw", digits,
        "Will it read your digits as well as those of the file?",
        "Press **Train it now** and draw all ten. Which does it misread, and how sure is it? At last, clear the grid.",
        f"Trained for {EPOCHS} epochs: which digit does the network see on an empty grid?",
        "the bars beside the empty grid: softmax shares out 100 %, even where there is nothing.",
        compute,
        choices=tuple(map(str, range(CLASSES))),
    )  # fmt: skip
