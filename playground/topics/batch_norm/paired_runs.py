"""Paired runs train the same networks with batch normalisation and without: same first weights, data and mini-batches.

Batch normalisation draws nothing at random, so seed k of both has the same W at its start.
"""

from dataclasses import dataclass

import numpy as np

from ...nn import Activation, NeuralNetwork
from ...settings.knobs import Integer
from ...settings.record import knob, knob_like
from ...training.contestants import WithAndWithout
from ...training.experiment import Experiment
from ...training.significance import AT_THE_END, FLOOR, WORST_LOSS, compare, seeds_needed
from ..initialization.race import RaceTrainer

PERCENTILES = (15, 50, 85)  # as in figure 1 of Ioffe & Szegedy (2015)
PROBE = 128  # training examples on which they are measured
LENGTH = 300  # moments with percentiles, at most


# fmt: off
@dataclass(frozen=True)
class Pairs(WithAndWithout, Experiment):
    """Every knob of paired runs."""

    FIRST = "With and without"

    n_seeds: int = knob(
        Integer, 8, low=1, high=16, group="With and without", label="Seeds",
        help="Pairs of networks, each pair with other initial weights. More seeds show smaller differences.",
    )
    dataset: str = knob_like(Experiment, "dataset", default="spirals")
    hidden: tuple[int, ...] = knob_like(
        Experiment, "hidden", default=(16,) * 8, uniform=True,
        help="Number of hidden layers (depth) and their width, with and without.",
    )
    initializer: str = knob_like(Experiment, "initializer", default="unit_normal")
    epochs: int = knob_like(Experiment, "epochs", default=100)
    # fmt: on

    @property
    def n_networks(self):
        return 2 * self.n_seeds


class PairsTrainer(RaceTrainer):
    """Trains pairs of networks, and notes how the inputs of the activations are distributed.

    Attributes:
        epochs: the epochs after which this was noted: the first and the newest, and in a long run only some between.
        percentiles: for each of them `PERCENTILES` of all inputs of the activation function in each hidden layer, for
            `PROBE` training examples as one batch in training: shape (2 contestants, hidden layers, seeds, 3).
    """

    def __init__(self, pairs: Pairs):
        self.epochs: list[int] = []
        self.percentiles: list[np.ndarray] = []
        self._stride = 1
        super().__init__(pairs)

    def watch(self):
        super().watch()
        if self.epochs and self.epochs[-1] % self._stride:  # was kept only because it was the newest
            del self.epochs[-1], self.percentiles[-1]
        self.epochs.append(self.lead.epoch)
        probe = self.data.X_train[:PROBE]
        stacks = [self.stack(contestant) for contestant in self.race.contestants]
        self.percentiles.append(np.array([input_percentiles(stack, probe) for stack in stacks]))
        if len(self.epochs) > LENGTH:
            self._stride *= 2
            kept = [i for i, epoch in enumerate(self.epochs) if epoch % self._stride == 0 or i == LENGTH]
            self.epochs = [self.epochs[i] for i in kept]
            self.percentiles = [self.percentiles[i] for i in kept]


def input_percentiles(network: NeuralNetwork, X: np.ndarray) -> np.ndarray:
    """`PERCENTILES` of the inputs of the activation function in each hidden layer, for a pass in training.

    Over the examples X and the units of the layer. Running statistics do change: give it a copy.

    Returns:
        shape (hidden layers, *stack, 3); NaN where an input is not finite.
    """
    with np.errstate(all="ignore"):
        network.forward(X)
    found = []
    for before, layer in zip(network.layers, network.layers[1:], strict=False):
        if isinstance(layer, Activation):
            z = before.output.reshape(*network.stack_shape, -1)
            z = np.where(np.isfinite(z).all(axis=-1, keepdims=True), z, np.nan)
            found.append(np.moveaxis(np.percentile(z, PERCENTILES, axis=-1), 0, -1))
    return np.array(found).reshape(len(found), *network.stack_shape, len(PERCENTILES))


def verdict(trainer: RaceTrainer) -> str:
    """Whether batch normalisation leads to a lower training loss, tested on the pairs of networks at the end."""
    losses = trainer.losses()
    tested = compare(*losses, FLOOR)
    text = (
        f"The loss is lower with batch normalisation in {tested.wins[1]} of {tested.pairs} pairs of networks, "
        f"and lower without in {tested.wins[0]}"
    )
    if not trainer.over:
        return f"**Which loss is lower is {AT_THE_END}.** {text}, so far."
    if (losses >= WORST_LOSS).all():
        return "**All have diverged.** Neither loss is lower."
    if tested.lower is not None:
        text += f" (Wilcoxon's signed-rank test: {tested.verdict})."
        return f"**{('Without', 'With')[tested.lower]} batch normalisation the training loss is lower.** {text}"
    text += f" (Wilcoxon's signed-rank test: {tested.test})."
    needed = seeds_needed(len(losses))
    few = f" With {tested.pairs} seeds the test can show none: take at least {needed}." if tested.pairs < needed else ""
    return f"**No difference in the training loss shown.** {text}{few}"
