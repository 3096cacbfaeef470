"""An experiment is every knob of a run in one record: the same experiment gives the same numbers, to the last bit.

The record below is the one list of knobs. Controls, defaults, bounds, help and the URL all follow from it.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from ..data.datasets import DATASETS, PLANE, SPLITS, Dataset
from ..nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, weight_gain
from ..settings import limits
from ..settings.knobs import Change, Changes, Choice, Flag, Integer, Knob, Real, Widths
from ..settings.record import Record, knob

MOST_SEED = 999_999
IN_RUN: dict[str, Knob] = {}  # the knobs that may change during a run; filled from the record below


# fmt: off
@dataclass(frozen=True)
class Experiment(Record):
    """Every knob of a run."""

    dataset: str = knob(
        Choice, "xor_clouds", group="Data", label="Dataset", options=PLANE,
        help="The points to classify: each has two features and a class.",
    )
    n_classes: int = knob(
        Integer, 3, low=2, high=5, group="Data", label="Classes",
        help="Number of classes, and so of softmax outputs.",
    )
    n_points: int = knob(
        Integer, 300, low=2, high=limits.POINTS, minor=True, group="Data", label="Points",
        help="Number of examples drawn, for training and testing together.",
    )
    noise: float = knob(
        Real, 0.1, low=0.0, high=0.5, step=0.01, minor=True, group="Data", label="Noise",
        help="Standard deviation of the Gaussian noise added to the features.",
    )
    train_share: float = knob(
        Real, 0.7, low=0.1, high=1.0, step=0.05, minor=True, group="Data", label="Share for training",
        help="Share of the examples to train on. The others only test how the network generalises.",
    )
    split: str = knob(
        Choice, "shuffled", minor=True, options=SPLITS, group="Data", label="Split",
        help="How the examples that do not train are chosen.",
    )
    data_seed: int = knob(
        Integer, 0, low=0, high=MOST_SEED, minor=True, group="Data", label="Data seed",
        help="Another seed draws other points from the same distribution, and splits them anew.",
    )
    hidden: tuple[int, ...] = knob(
        Widths, (8, 8), most=limits.LAYERS, widest=limits.WIDTH, group="Network", label="Hidden layers",
        help="Number of hidden layers (depth); each has a width, its number of units.",
    )
    activation: str = knob(
        Choice, "tanh", options=ACTIVATIONS, group="Network", label="Activation",
        help="The function σ in a = σ(z), applied by every hidden unit.",
    )
    initializer: str = knob(
        Choice, "glorot_normal", options=INITIALIZERS, group="Network", label="Initialisation",
        help="The distribution from which the first weights W are drawn. Biases start at zero.",
    )
    batch_norm: bool = knob(
        Flag, False, group="Network", label="Batch normalisation",
        help="Normalises each z over the mini-batch before the activation, then scales it by γ and shifts it by β.",
    )
    seed: int = knob(
        Integer, 0, low=0, high=MOST_SEED, minor=True, group="Network", label="Network seed",
        help="Another seed draws other initial weights, for the same data and the same mini-batches.",
    )
    optimizer: str = knob(
        Choice, "sgd", options=OPTIMIZERS, group="Training", label="Optimiser", live=True,
        help="How a gradient becomes a step of the weights.",
    )
    learning_rate: float = knob(
        Real, 0.1, low=1e-4, high=10.0, log=True, group="Training", label="Learning rate η", live=True,
        help="Size of a step along the gradient.",
    )
    batch_size: int = knob(
        Integer, 32, low=1, high=1000, log=True, group="Training", label="Batch size", live=True,
        help="Examples in a mini-batch. A step takes their mean gradient; the course's script, their sum.",
    )
    batch_seed: int = knob(
        Integer, 0, low=0, high=MOST_SEED, minor=True, group="Training", label="Batch seed",
        help="Another seed draws another order of the examples in the mini-batches.",
    )
    l2: float = knob(
        Real, 0.0, low=0.0, high=0.1, step=0.001, minor=True, group="Training", label="L2 penalty λ", live=True,
        help="Adds λ/2 · |W|² to the loss, not to the one shown: pulls weights to 0. With SGD alone, weight decay.",
    )
    epochs: int = knob(
        Integer, 200, low=1, high=limits.EPOCHS, log=True, group="Training", label="Epochs", live=True,
        help="Passes through the training set after which the training stops.",
    )
    changes: tuple[Change, ...] = knob(
        Changes, (), group="Training", label="Changes in the run", knobs=IN_RUN,
        help="Live knobs that were turned while the network trained, each with the step from which it counts.",
    )
    # fmt: on

    DTYPE: ClassVar[type] = np.float64  # of the networks
    PAGE: ClassVar[str] = ""  # of the app, which opens the experiment

    @property
    def source(self) -> Dataset:
        """The dataset, with what is known of it."""
        return DATASETS[self.dataset]

    @property
    def n_examples(self) -> int:
        """How many examples the data has."""
        return self.source.n_examples or self.n_points

    @property
    def weight_gain(self) -> float:
        """The factor that the activation needs for the scheme's weights."""
        return weight_gain(self.activation, self.initializer)

    @property
    def n_networks(self) -> int:
        """How many networks train at once."""
        return 1

    def applies(self, name: str) -> bool:
        """Whether a knob has an effect, given the others: given examples are not drawn, and may all train."""
        source = self.source
        if name == "n_classes":
            return source.many_classes
        if name in ("n_points", "noise"):
            return not source.given
        if name in ("train_share", "split"):
            return source.tested
        if name == "data_seed":
            return not source.given or (source.tested and self.split != "last_part")
        return True

    def at(self, step: int) -> Self:
        """The experiment with the values that its live knobs have after `step` mini-batches."""
        return replace(self, **{change.knob: change.value for change in self.changes if change.step <= step + 1})

    def changed(self, step: int, **values) -> Self:
        """The experiment whose run goes on with other values of live knobs after `step` mini-batches.

        Before the first step a change is simply another value.
        """
        if step == 0:
            return replace(self, changes=(), **values)
        current = self.at(step)
        new = [Change(step + 1, name, value) for name, value in values.items() if getattr(current, name) != value]
        new_keys = {(change.step, change.knob) for change in new}
        kept = [change for change in self.changes if (change.step, change.knob) not in new_keys]
        return replace(self, changes=tuple(sorted((*kept, *new), key=lambda change: change.step)))

    def moved_on(self, k: int, *names: str) -> Self:
        """The experiment with k added to these of its seeds; after the highest comes 0."""
        return replace(self, **{name: (getattr(self, name) + k) % (MOST_SEED + 1) for name in names})

    def started_afresh(self) -> Self:
        """The experiment without changes of its knobs during the run."""
        return replace(self, changes=())


KNOBS: dict[str, Knob] = Experiment.knobs()
IN_RUN.update((name, knob) for name, knob in KNOBS.items() if knob.live and name != "epochs")
