"""Runs that the tests of the playground share, and how a test runs what is asynchronous."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np

from playground.training.diagnostics import Snapshot, snapshot
from playground.training.experiment import Experiment
from playground.training.trainer import Trainer

# Experiments at the edge of what the knobs allow: each is valid, so it must be possible to train and show it.
DEGENERATE = {
    "two points": {"n_points": 2},
    "two points, both to train on": {"n_points": 2, "train_share": 1.0},
    "one hidden unit": {"hidden": (1,)},
    "ten hidden units above each other": {"hidden": (1,) * 10, "activation": "relu"},
    "no hidden layer": {"hidden": ()},
    "no hidden layer and no weights": {"hidden": (), "initializer": "zeros", "dataset": "xor"},
    "batch larger than the data": {"batch_size": 1000, "n_points": 20},
    "hardly any to train on": {"train_share": 0.1, "n_points": 20},
    "all to train on": {"train_share": 1.0},
    "batch normalisation of single examples": {"batch_size": 1, "batch_norm": True, "n_points": 30},
    "batch normalisation of a single point": {"batch_norm": True, "n_points": 2},
    "the course's four points": {"dataset": "xor"},
    "five classes, fewer points": {"dataset": "blobs", "n_classes": 5, "n_points": 3},
    "all zeros": {"initializer": "zeros", "activation": "relu"},
    "overflow": {"activation": "relu", "initializer": "unit_normal", "hidden": (64,) * 10, "learning_rate": 10.0},
    "runaway": {"hidden": (8,) * 10, "learning_rate": 10.0},
}


@cache
def trained(epochs: int, **knobs) -> Trainer:
    """A trainer after so many epochs, or where it diverged. Tests share it, so none may train it any further."""
    trainer = Trainer(Experiment(epochs=max(1, epochs), **knobs))
    trainer.run(10**6 * bool(epochs))
    return trainer


@cache
def snapshot_after(epochs: int, **knobs) -> Snapshot:
    """What the app shows after so many epochs: the newest moment, or the last good one where it diverged."""
    trainer = trained(epochs, **knobs)
    return snapshot(trainer, trainer.last_good if trainer.diverged else trainer.history.kept[-1])


def assert_same_state(one, other):
    """Parameters and running statistics of two networks are equal in every bit."""
    states = one.state(), other.state()
    assert states[0].keys() == states[1].keys()
    for name, array in states[0].items():
        assert np.array_equal(array, states[1][name]), name


def winding_numbers(ring, points):
    """How often a closed ring of points (corners, 2) goes round each of `points` (n, 2): signed, whole numbers."""
    corners = ring[None] - points[:, None]
    angles = np.arctan2(corners[..., 1], corners[..., 0])
    turns = np.diff(angles, axis=1, append=angles[:, :1])
    return np.round(((turns + np.pi) % (2 * np.pi) - np.pi).sum(axis=1) / (2 * np.pi)).astype(int)


def finish(work: Coroutine) -> Any:
    """What a coroutine returns. It has a thread of its own: a test in a browser leaves an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
