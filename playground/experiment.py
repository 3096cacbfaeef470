"""An experiment is every knob of a run in one record: the same experiment gives the same numbers, to the last bit.

The record below is the one list of knobs. Controls, defaults, bounds, help and the URL all follow from it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from .datasets import DATASETS, Dataset
from .knobs import MAX_TEXT, Change, Changes, Choice, Flag, Integer, Knob, Real, Widths
from .nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS

IN_RUN: dict[str, Knob] = {}  # the knobs that may change in the course of a run; filled from the record below


def knob(kind: type[Knob], default: Any, **about) -> Any:
    """A field of the record that is a knob of the given kind."""
    return field(default=default, metadata={"knob": kind(default=default, **about)})


# fmt: off
@dataclass(frozen=True)
class Experiment:
    """Every knob of a run.

    Raises:
        ValueError: where a value is not valid; the message names the knob and what it may be.
    """

    dataset: str = knob(
        Choice, "xor_clouds", group="Data", label="Dataset", options=DATASETS,
        help="The points to classify: each has two features and a class.",
    )
    n_classes: int = knob(
        Integer, 3, low=2, high=5, group="Data", label="Classes",
        help="Number of classes, and so of softmax outputs.",
    )
    n_points: int = knob(
        Integer, 300, low=2, high=1000, minor=True, group="Data", label="Points",
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
    data_seed: int = knob(
        Integer, 0, low=0, high=999_999, minor=True, group="Data", label="Data seed",
        help="Another seed draws other points from the same distribution, and splits them anew.",
    )
    hidden: tuple[int, ...] = knob(
        Widths, (8, 8), most=10, widest=64, group="Network", label="Hidden layers",
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
        Integer, 0, low=0, high=999_999, minor=True, group="Network", label="Network seed",
        help="Another seed draws other initial weights and another order of the mini-batches, for the same data.",
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
        help="Examples in a mini-batch: the gradient of a step is the mean over them.",
    )
    l2: float = knob(
        Real, 0.0, low=0.0, high=0.1, step=0.001, minor=True, group="Training", label="L2 penalty λ", live=True,
        help="Weight decay: adds λ/2 · |W|² to the loss, which pulls every weight towards zero.",
    )
    epochs: int = knob(
        Integer, 200, low=1, high=5000, log=True, group="Training", label="Epochs", live=True,
        help="Passes through the training set after which the training stops.",
    )
    changes: tuple[Change, ...] = knob(
        Changes, (), group="Training", label="Changes in the run", knobs=IN_RUN,
        help="Live knobs that were turned while the network trained, each with the step from which it counts.",
    )
    # fmt: on

    def __post_init__(self):
        for name, knob in KNOBS.items():
            object.__setattr__(self, name, knob.check(getattr(self, name)))

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple["Experiment", list[str]]:
        """The experiment that a URL's parameters describe, and a sentence for each value that had to be replaced.

        Never fails: what is unknown is left out, what is malformed gets the default, what is out of range the nearest.
        """
        values, notices = {}, []
        for name, text in query.items():
            if name not in KNOBS:
                notices.append(f"Unknown setting “{_short(name)}” was left out.")
                continue
            knob = KNOBS[name]
            try:
                given = knob.read(text[:MAX_TEXT])
                values[name] = knob.nearest(given)
                replaced = values[name] != given
            except (ValueError, KeyError, OverflowError):
                values[name] = knob.default
                replaced = True
            if replaced:
                instead = knob.write(values[name]) or "nothing"
                notices.append(f"{knob.label}: “{_short(text)}” was replaced by “{instead}”; it is {knob.domain}.")
        return cls(**values), notices

    def to_query(self) -> dict[str, str]:
        """The URL's parameters: all knobs, so that a link stays true when a default changes."""
        query = {name: knob.write(getattr(self, name)) for name, knob in KNOBS.items()}
        return {name: text for name, text in query.items() if text or name != "changes"}

    @property
    def source(self) -> Dataset:
        """The dataset, with what is known of it."""
        return DATASETS[self.dataset]

    def at(self, step: int) -> "Experiment":
        """The experiment with the values that its live knobs have after `step` mini-batches."""
        return replace(self, **{change.knob: change.value for change in self.changes if change.step <= step + 1})

    def changed(self, step: int, **values) -> "Experiment":
        """The experiment whose run goes on with other values of live knobs after `step` mini-batches.

        Before the first step a change is simply another value.
        """
        if step == 0:
            return replace(self, changes=(), **values)
        current = asdict(self.at(step))
        new = [Change(step + 1, name, value) for name, value in values.items() if current[name] != value]
        new_keys = {(change.step, change.knob) for change in new}
        kept = [change for change in self.changes if (change.step, change.knob) not in new_keys]
        return replace(self, changes=(*kept, *new))

    def started_afresh(self) -> "Experiment":
        """The experiment that starts with the values that its knobs have, and changes none of them on the way."""
        return replace(self, changes=())


KNOBS: dict[str, Knob] = {each.name: each.metadata["knob"] for each in fields(Experiment)}
IN_RUN.update((name, knob) for name, knob in KNOBS.items() if knob.live and name != "epochs")


def _short(text: str) -> str:
    """`text` as it may be shown: not too long, and without characters that Markdown reads as more than text."""
    plain = "".join(c if c.isalnum() or c in " .,:+-_~%/" else "·" for c in text)
    return plain if len(plain) <= 40 else plain[:39] + "…"
