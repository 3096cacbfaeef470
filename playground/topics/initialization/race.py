"""A race trains initialisation schemes side by side: same data, same mini-batches, many seeds, so that only W differs.

All networks of a race with the same layers are one stack. Seed k of each contestant draws from the same random stream,
so that contestants can be compared in pairs.
"""

from dataclasses import dataclass

import numpy as np

from ...nn import NeuralNetwork
from ...settings import limits
from ...settings.knobs import Integer
from ...settings.record import knob, knob_like
from ...training.contestants import Contestant, Contestants, Paired, SideBySide
from ...training.experiment import Experiment
from ...training.loop import initial_network
from ...training.multi_trainer import MultiTrainer
from ...training.significance import WORST_LOSS, bounded
from ...training.trainer import Trainer

FAST = 0.95  # the accuracy that a network is to reach
STATES = 16  # moments whose states are kept; a paper's experiment uses half. Few, since a class has forty races


# fmt: off
@dataclass(frozen=True)
class Race(Paired, SideBySide, Experiment):
    """Every knob of a race. The schemes and batch normalisation are the contestants' own; all else is shared."""

    FIRST = "Race"

    contestants: tuple[Contestant, ...] = knob(
        Contestants, (
            Contestant("zeros"), Contestant("small_normal"), Contestant("unit_normal"),
            Contestant("glorot_normal"), Contestant("he_normal"), Contestant("small_normal", True),
        ), group="Race", label="Contestants",
        help="The schemes that race, each with batch normalisation or without.",
    )
    n_seeds: int = knob(
        Integer, 16, low=1, high=limits.SEEDS, log=True, group="Race", label="Seeds",
        help="Networks for each contestant, each with other initial weights. More seeds show smaller differences.",
    )
    hidden: tuple[int, ...] = knob_like(
        Experiment, "hidden", default=(16,) * 8, most=limits.RACE_LAYERS, uniform=True,
        help="Number of hidden layers (depth) and their width, for all contestants.",
    )
    activation: str = knob_like(Experiment, "activation", default="relu")
    epochs: int = knob_like(Experiment, "epochs", default=100)
    # fmt: on

    @property
    def n_networks(self):
        return len(self.contestants) * self.n_seeds


class RaceTrainer(MultiTrainer):
    """Trains all networks of a race together.

    Attributes:
        trainers: one for each stack: the contestants without batch normalisation, and those with it.
        reached: for each contestant and seed, the epoch after which the accuracy was `FAST` for the first time; NaN
            if not yet. On the test points, if there are any. Shape (contestants, seeds).
    """

    def __init__(self, race: Race):
        super().__init__(race)
        self._places: dict[Contestant, tuple[int, int]] = {}  # contestant -> its trainer, and its place in the stack
        for batch_norm in (False, True):
            group = [contestant for contestant in race.contestants if contestant.batch_norm == batch_norm]
            if group:
                self._places |= {contestant: (len(self.trainers), place) for place, contestant in enumerate(group)}
                stacks = [NeuralNetwork.stack([self._initial(each, k) for k in range(race.n_seeds)]) for each in group]
                self.trainers.append(Trainer(race, NeuralNetwork.stack(stacks), states=STATES))
        self.reached = np.full((len(race.contestants), race.n_seeds), np.nan)
        self.watch()

    @property
    def race(self) -> Race:
        """The race, as it is now."""
        return self.experiment

    def _initial(self, contestant: Contestant, seed: int) -> NeuralNetwork:
        return initial_network(self.race.entry(contestant, seed), self.data)

    def place(self, contestant: Contestant, seed: int) -> tuple[Trainer, tuple[int, int]]:
        """Where the network of a contestant with one of its seeds trains: in which stack, and at which index of it."""
        trainer, place = self._places[contestant]
        return self.trainers[trainer], (place, seed)

    def network(self, contestant: Contestant, seed: int) -> NeuralNetwork:
        """The network of a contestant with one of its seeds, as it is now; a copy."""
        trainer, place = self._places[contestant]
        return self.trainers[trainer].network.select((place, seed))

    def stack(self, contestant: Contestant) -> NeuralNetwork:
        """All networks of a contestant, as they are now; a copy of shape (seeds)."""
        trainer, place = self._places[contestant]
        return self.trainers[trainer].network.select(place)

    def diverged_runs(self, contestant: Contestant) -> np.ndarray:
        """Which seeds of a contestant have diverged, shape (seeds)."""
        trainer, place = self._places[contestant]
        return (self.trainers[trainer].overflow | self.trainers[trainer].runaway)[place]

    def figures(self, what: str, indices: list[int] | None = None) -> np.ndarray:
        """A figure of `Moment`, such as "train_loss", at some recorded moments: shape (contestants, moments, seeds).

        Without indices, at all of them. NaN after a run has diverged.
        """
        indices = range(len(self.lead.history.moments)) if indices is None else indices
        figures = np.full((len(self.race.contestants), len(indices), self.race.n_seeds), np.nan)
        for row, contestant in zip(figures, self.race.contestants, strict=True):
            trainer, place = self._places[contestant]
            moments = self.trainers[trainer].history.moments
            shape = self.trainers[trainer].network.stack_shape
            for at, i in enumerate(indices):
                if i < len(moments):
                    row[at] = np.broadcast_to(getattr(moments[i], what), shape)[place]
        return figures

    def losses(self) -> np.ndarray:
        """Present training loss, `WORST_LOSS` at most and where a run has diverged: shape (contestants, seeds)."""
        losses = bounded(self.figures("train_loss", [len(self.lead.history.moments) - 1])[:, 0])
        return np.where([self.diverged_runs(who) for who in self.race.contestants], WORST_LOSS, losses)

    @property
    def judged(self) -> str:
        """The figure that counts for `reached`: accuracy on the test points, or on the training points without any."""
        return "held_out_accuracy" if len(self.data.X_test) else "train_accuracy"

    def watch(self) -> None:
        """Note who has reached `FAST` by now."""
        newest = len(self.lead.history.moments) - 1
        now = self.figures(self.judged, [newest])[:, 0]
        self.reached[np.isnan(self.reached) & (now >= FAST)] = self.lead.epoch
