"""Project: the course's network on handwritten digits, tested once, and on the student's own drawing."""

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ...training.trainer import Trainer
from ..digits.digits_experiment import SIDE, Digits
from ..digits.splits import TwoSplits, compared_parts
from ..digits.targets import accuracy_on_test
from .station import SCRATCH, SEEDS, TO_THE_END, Answer, Station, station

PROJECT = "Project"
EPOCHS = range(8, 13)  # of a training that a question is about: enough to see a difference, and soon computed
CLASSES = 10


def trained(digits: Digits) -> Trainer:
    """The trainer of a run, at the end of it."""
    trainer = Trainer(digits)
    trainer.run(TO_THE_END)
    return trainer


class Outcome(NamedTuple):
    """Accuracies at the end of a run, in percent."""

    train: float
    validation: float
    test: float


@lru_cache(maxsize=128)
def outcome(digits: Digits) -> Outcome:
    """The accuracies at the end of a run, on all three parts."""
    trainer = trained(digits)
    last = trainer.history.moments[-1]
    return Outcome(*(100 * each for each in (last.train_accuracy, last.held_out_accuracy, accuracy_on_test(trainer))))


@station
def split(seed: int, rng: np.random.Generator) -> Station:
    comparison = TwoSplits(seed=seed, data_seed=seed)

    def compute():
        last, stratified = compared_parts(comparison)
        mistakes = {
            "this is the last part": float(np.median(last.distances)),
            "this is a share, not a distance": stratified[0].own_share,
        }
        return Answer(float(np.median(np.concatenate([part.distances for part in stratified]))), mistakes)

    return Station(
        part=PROJECT, hours=1.0, objective=SCRATCH, title="Two ways to split",
        page="digits", section="split", record=comparison,
        predict="The course tests on the last fifth of the file. Is that a fair sample?",
        do="Press **Play**: the same networks, tested on the last part and on stratified splits. Then read how the "
        "last part differs from the rest.",
        question="In the stratified splits, what is the median distance from a test image "
        "to the nearest training image?",
        hint="*Farther away*, below the pictures: the second number, as the first is that of the last part.",
        answer=compute, anew=False,
    )  # fmt: skip


@station
def accuracy(seed: int, rng: np.random.Generator) -> Station:
    epochs = int(rng.choice(EPOCHS))
    digits = Digits(seed=seed, data_seed=seed, epochs=epochs)

    def compute():
        last = outcome(digits)
        mistakes = {
            "this is the accuracy on the training part": last.train,
            "this is with the random split": outcome(replace(digits, split="shuffled")).validation,
            "this is the share of errors": 100 - last.validation,
            "this is a share, not percent": last.validation / 100,
        }
        return Answer(last.validation, mistakes, 0, 0.6)

    return Station(
        part=PROJECT, hours=1.0, objective=SCRATCH, title="The course's network on digits",
        page="digits", section="train", record=digits,
        predict="64-128-64-10, ReLU, ten passes through 1437 images: how many of the next 180 will it read?",
        do="Press **Play**, and look at the images that it misreads. Would you have read them?",
        question=f"What is the validation accuracy after {epochs} epochs, in percent?",
        hint="the line above the pictures: the accuracy of the *validation*, to a percent.",
        answer=compute, percent=True,
    )  # fmt: skip


@station
def honest_test(seed: int, rng: np.random.Generator) -> Station:
    epochs = int(rng.choice(EPOCHS))
    digits = Digits(seed=seed, data_seed=int(rng.integers(SEEDS)), epochs=epochs, split="stratified")

    def compute():
        last = outcome(digits)
        mistakes = {
            "this is the accuracy on the training part": last.train,
            "this is the accuracy on the validation part": last.validation,
            "this is with the course's split": outcome(replace(digits, split="last_part")).test,
            "this is a share, not percent": last.test / 100,
        }
        return Answer(last.test, mistakes, 0, 0.6)

    return Station(
        part=PROJECT, hours=1.0, objective=SCRATCH, title="One honest test, on a fair sample",
        page="digits", section="train", record=digits,
        predict="The same network on a stratified split: better, or worse, and by how much?",
        do="Press **Play**, then **Open the test part**: once. For the **Targets**, take another data seed, choose "
        "depth, scheme, optimiser and epochs by the validation accuracy alone, and open the test part at last.",
        question=f"What is the test accuracy after {epochs} epochs with the stratified split, in percent?",
        hint="among the **Targets**: the *test* accuracy, with the split *Stratified*.",
        answer=compute, percent=True,
    )  # fmt: skip


@station
def drawing(seed: int, rng: np.random.Generator) -> Station:
    epochs = int(rng.choice(EPOCHS))
    width = int(rng.integers(48, 81))  # another network each time, as all networks of one start see much the same
    digits = Digits(seed=seed, data_seed=seed, epochs=epochs, hidden=(128, width))

    def compute():
        network = trained(digits).network
        empty, full = (network.predict(np.full((1, SIDE**2), ink))[0] for ink in (0.0, 1.0))
        mistakes = {"this is what it sees on a grid full of ink": str(full.argmax())}
        return Answer(str(empty.argmax()), mistakes)

    return Station(
        part=PROJECT, hours=1.0, objective=SCRATCH, title="Your own handwriting",
        page="digits", section="draw", record=digits,
        predict="Will it read your digits as well as those of the file?",
        do="Press **Train it now** and draw all ten. Which does it misread, and how sure is it? "
        "At last, clear the grid.",
        question=f"Trained for {epochs} epochs: which digit does the network see on an empty grid?",
        hint="the bars beside the empty grid: softmax shares out 100 %, even where there is nothing.",
        answer=compute,
        choices=tuple(map(str, range(CLASSES))),
    )  # fmt: skip
