"""One training step of a small network, in which every number can be followed, and changed.

The network is the engine's, and so is every array: `follow_step` calls the layers' own methods one by one.
"""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ...nn import SGD, Activation, CrossEntropy, Dense, NeuralNetwork
from ...settings.knobs import Choice, Flag, Integer, Knob
from ...settings.record import knob, knob_like
from ...training.experiment import Experiment
from ...training.loop import LARGEST_WEIGHT, experiment_data, initial_network
from .mistakes import MISTAKES

LARGEST = 1000.0  # of a number that is typed in
MOST_EDITS = 100
STEPS = 200  # training steps, at most


class Edit(NamedTuple):
    """Before training step `step`, one number was changed: an entry of X, W1, b1 ..., or the class of an example, y."""

    step: int
    name: str
    index: tuple[int, ...]
    value: float


@dataclass(frozen=True, kw_only=True)
class Edits(Knob):
    """Numbers that were changed by hand, in order; written 1.W1.0-2.0.5~3.y.1.0."""

    def read(self, text):
        parts = [part.split(".", 3) for part in text.split("~")] if text else []
        return tuple(
            Edit(int(step), name, tuple(int(i) for i in index.split("-")), float(value))
            for step, name, index, value in parts
        )

    def nearest(self, value):
        near = {}
        for step, name, index, number in value:
            if not (name in ("X", "y") or (name[:1] in ("W", "b") and name[1:].isdecimal() and len(name) < 4)):
                raise ValueError(f"{name!r} is no array of the network")
            if math.isnan(number) or not 0 < len(index) < 3 or min(index) < 0:
                raise ValueError("not a number at a place")
            index, number = tuple(min(int(i), 99) for i in index), min(max(float(number), -LARGEST), LARGEST)
            key = (min(max(int(step), 1), STEPS), name, index)
            near.pop(key, None)
            near[key] = number
        return tuple(Edit(*key, number) for key, number in near.items())[-MOST_EDITS:]

    def write(self, value):
        return "~".join(f"{step}.{name}.{'-'.join(map(str, index))}.{number!r}" for step, name, index, number in value)

    @property
    def domain(self):
        return f"at most {MOST_EDITS} changes from -{LARGEST:g} to {LARGEST:g}, written 1.W1.0-2.0.5"


@dataclass(frozen=True, kw_only=True)
class Place(Knob):
    """A link of the diagram: layer, from which unit (the one after the last is the 1 of the bias), to which; 1-0-2."""

    def read(self, text):
        return tuple(int(part) for part in text.split("-"))

    def nearest(self, value):
        layer, source, target = (min(max(int(part), 0), 9) for part in value)
        return layer, source, target

    def write(self, value):
        return "-".join(map(str, value))

    @property
    def domain(self):
        return "layer, from and to, written 1-0-2"


# fmt: off
@dataclass(frozen=True)
class TrainingStep(Experiment):
    """Every knob of a training step. The batch is the whole data, the loss the cross-entropy, and the optimiser SGD."""

    dataset: str = knob_like(Experiment, "dataset", default="xor")
    n_classes: int = knob_like(Experiment, "n_classes", default=2, high=4)
    n_points: int = knob_like(
        Experiment, "n_points", default=4, low=1, high=8, minor=False, help="Number of examples: the batch.",
    )
    train_share: float = knob_like(Experiment, "train_share", default=1.0)
    hidden: tuple[int, ...] = knob_like(Experiment, "hidden", default=(3,), most=3, widest=4)
    activation: str = knob_like(Experiment, "activation", default="tanh")
    learning_rate: float = knob_like(Experiment, "learning_rate", default=0.5)
    step: int = knob(
        Integer, 1, low=1, high=STEPS, group="Training step", label="Training step",
        help="Which step of the training is followed.",
    )
    stage: int = knob(
        Integer, 0, low=0, high=99, group="Training step", label="Stage",
        help="How far the step has come.",
    )
    example: int = knob(
        Integer, 2, low=0, high=7, group="Training step", label="Example",
        help="The example of the batch whose numbers stand in the diagram.",
    )
    focus: tuple[int, int, int] = knob(
        Place, (1, 0, 0), group="Training step", label="Focus",
        help="The link that is looked at.",
    )
    predict: bool = knob(
        Flag, False, group="Training step", label="Predict first",
        help="Hides each result until you have typed what you expect.",
    )
    mistake: str = knob(
        Choice, "none", options=MISTAKES, group="Training step", label="Break the backward pass",
        formerly=("slip",),
        help="A mistake in the backward pass, made on purpose: does the check catch it?",
    )
    edits: tuple[Edit, ...] = knob(
        Edits, (), group="Training step", label="Changed numbers",
        help="Numbers that were changed by hand, each before some training step.",
    )
    # fmt: on

    ONLY = (
        "dataset", "n_classes", "n_points", "data_seed", "noise", "hidden", "activation", "initializer", "seed",
        "learning_rate", "step", "stage", "example", "focus", "predict", "mistake", "edits",
    )  # fmt: skip


@dataclass
class Pass:
    """All arrays of one training step, as the engine's layers gave them, one example a row.

    Attributes:
        settings: the record; its `step` is the one that was reached.
        network: the network before the update, after its backward pass; all its layers give dX, the first one too.
        X, y: the batch, shapes (batch, n_in) and (batch, classes).
        outputs: the output of each layer.
        loss: the mean cross-entropy.
        douts: for each layer, dL/d(its input), shape of the input.
        updated: the network after the update.
        overflow: the training step at which the weights overflowed; 0 if they did not.
    """

    settings: TrainingStep
    network: NeuralNetwork
    X: np.ndarray
    y: np.ndarray
    outputs: list[np.ndarray] = field(default_factory=list)
    loss: float = math.nan
    douts: dict[int, np.ndarray] = field(default_factory=dict)
    updated: NeuralNetwork | None = None
    overflow: int = 0

    @property
    def dense(self) -> list[Dense]:
        """The layers with weights, input first."""
        return self.network.dense

    def input(self, i: int) -> np.ndarray:
        """What goes into layer i."""
        return self.outputs[i - 1] if i else self.X

    def place(self, layer: Dense) -> int:
        """Index of a layer in the network."""
        return self.network.layers.index(layer)

    def activation(self, layer: Dense) -> Activation:
        """The layer that follows a `Dense` one: an activation, or the softmax."""
        return self.network.layers[self.place(layer) + 1]

    @property
    def example(self) -> int:
        """The example in play."""
        return min(self.settings.example, len(self.X) - 1)

    @property
    def focus(self) -> tuple[int, int, int]:
        """The link in play: layer (from 1), unit it comes from (the last is the bias's 1), and unit it goes to."""
        layer = min(max(self.settings.focus[0], 1), len(self.dense))
        fan_in, fan_out = self.dense[layer - 1].W.shape
        return layer, min(self.settings.focus[1], fan_in), min(self.settings.focus[2], fan_out - 1)


def follow_step(settings: TrainingStep) -> Pass:
    """One training step, forward, back and update, after all steps before it."""
    data = experiment_data(settings)
    network, X, y = initial_network(settings, data), data.X_train.copy(), data.y_train.copy()
    network.layers[0].first = False  # training skips the gradient of the input, but a student may want to see it
    overflow, optimizer = 0, SGD(settings.learning_rate)
    for step in range(1, settings.step + 1):
        _apply([edit for edit in settings.edits if edit.step == step], network, X, y)
        if step == settings.step:
            break
        sound = network.select()
        with np.errstate(all="ignore"):
            network.step(X, y, optimizer)
        if not (np.abs(network.parameters) < LARGEST_WEIGHT).all():
            network, overflow = sound, step
            break
    network.layers[0].first = False
    return _recorded(Pass(settings, network, X, y, overflow=overflow), optimizer)


def _recorded(step: Pass, optimizer: SGD) -> Pass:
    """Go forward and back, layer by layer, and keep what each one gives."""
    network = step.network
    with np.errstate(over="ignore", under="ignore"):
        network.forward(step.X)
        step.outputs = [layer.output.copy() for layer in network.layers]
        step.loss = float(CrossEntropy.value(step.outputs[-1], step.y))
        dout = step.y
        for i, layer in reversed(list(enumerate(network.layers))):
            dout = step.douts[i] = layer.backward(dout)
        step.updated = network.select()
        optimizer.step(step.updated.parameters, network.gradients)
    return step


def arrays(network: NeuralNetwork, X: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays whose numbers can be changed, by name: X, y, W1, b1, ..."""
    named = {"X": X, "y": y}
    for number, layer in enumerate(network.dense, start=1):
        named |= {f"W{number}": layer.W, f"b{number}": layer.b}
    return named


def _apply(edits: list[Edit], network: NeuralNetwork, X: np.ndarray, y: np.ndarray) -> None:
    """Change the numbers. An edit that does not fit the present shapes is kept, but has no effect."""
    named = arrays(network, X, y)
    for edit in edits:
        array = named.get(edit.name, np.zeros(0))
        shape = array.shape[:1] if edit.name == "y" else array.shape
        if len(edit.index) != len(shape) or any(i >= n for i, n in zip(edit.index, shape, strict=True)):
            continue
        if edit.name == "y":
            y[edit.index] = np.eye(y.shape[1])[min(max(int(edit.value), 0), y.shape[1] - 1)]
        else:
            array[edit.index] = edit.value
