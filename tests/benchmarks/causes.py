"""What each finding claims, measured in another way than its rule does: by forward passes, other runs, scikit-learn.

A measure takes a `Look` and says whether the claim is true; None where it can't tell.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from playground.nn import Activation, BatchNorm, Layer, NeuralNetwork
from playground.training.experiment import Experiment
from playground.training.loop import build_network, experiment_data
from playground.training.trainer import Moment, Trainer

BETTER = 0.03  # of the training accuracy: what counts as better
LEARNT = 0.95  # training accuracy from which there is nothing to mend
CLEARLY = 0.05  # of the training accuracy: by that much a curve is needed
DIRECTIONS = 32  # random ones in which derivatives are taken: a norm is known to 12 %
KNOWN_TO = 1.3  # a ratio of two such norms: closer to a threshold than that, it can't be told on which side
PATIENCE = 10  # epochs before which other runs say nothing of this one
SEEDS = 3  # networks in each arm of a comparison
FRESH_POINTS = 1000  # drawn from the same distribution, seen by no network
FEW_HELD_OUT = 30  # points, with fewer of which nobody sees how a network generalises
NEAR = 3  # states that are near in time
TINY = 1e-6  # shift of z, for a slope


class Shift(Layer):
    """A layer that adds something to what it is given."""

    def __init__(self, by: np.ndarray):
        self.by = by

    def forward(self, X: np.ndarray) -> np.ndarray:
        self.output = X + self.by
        return self.output


@dataclass(frozen=True)
class Look:
    """A run, and the moment at which it is looked at.

    Attributes:
        trainer: of the whole run.
        index: of the moment, one of `history.kept`.
    """

    trainer: Trainer
    index: int

    @property
    def experiment(self) -> Experiment:
        """The experiment."""
        return self.trainer.experiment

    @property
    def moment(self):
        """The moment."""
        return self.trainer.history.moments[self.index]

    @cached_property
    def network(self) -> NeuralNetwork:
        """The network as it was."""
        return self.trainer.network_at(self.index)

    @property
    def over(self) -> bool:
        """Whether the run goes on no further."""
        return self.index >= min(self.trainer.last_good, len(self.trainer.history.moments) - 1)

    @property
    def learnt(self) -> bool:
        """Whether there is nothing to mend."""
        return self.moment.train_accuracy >= LEARNT

    @cached_property
    def layers(self) -> list[tuple[np.ndarray, np.ndarray, type[Activation]]]:
        """z and a of each hidden layer for all training points, in training, and its activation."""
        network = self.network.select()
        with np.errstate(all="ignore"):
            network.forward(self.trainer.data.X_train)
        return [(each.X, each.output, type(each)) for each in network.layers if isinstance(each, Activation)]

    @cached_property
    def sensitivities(self) -> np.ndarray:
        """Norm of dL/dz of first and last layer, from losses alone: that of the batch, where the z of each point shift.

        Each point's z shifts by itself: a shift that all share is what batch normalisation takes out again.
        """
        return np.array([self._sensitivity(layer) for layer in (0, -1)])

    def _sensitivity(self, layer: int) -> float:
        network = NeuralNetwork.stack([self.network] * DIRECTIONS)
        place = network.layers.index(network.dense[layer]) + 1
        place += isinstance(network.layers[place], BatchNorm)
        self.losses(network)
        z = network.layers[place - 1].output
        tiny = 1e-5 * max(1e-3, float(np.std(z[0])))
        shift = Shift(tiny * np.random.default_rng(0).standard_normal(z.shape))
        network.layers.insert(place, shift)
        above = self.losses(network).mean(axis=-1)
        shift.by = -shift.by
        below = self.losses(network).mean(axis=-1)
        return float(np.sqrt(np.mean(((above - below) / (2 * tiny)) ** 2)))

    def losses(self, network: NeuralNetwork) -> np.ndarray:
        """Loss of each training point, in training, from the logits: exact where a probability rounds to 1."""
        with np.errstate(all="ignore"):
            network.forward(self.trainer.data.X_train)
            z = network.layers[-2].output  # what softmax is given
            z = z - z.max(axis=-1, keepdims=True)
            return np.log(np.exp(z).sum(axis=-1)) - (z * self.trainer.data.y_train).sum(axis=-1)

    @cached_property
    def rates(self) -> "Onward":
        """What comes of more epochs from this state with a tenth of the rate, the rate, ten times it."""
        now = self.experiment.at(self.moment.step).started_afresh()
        return go_on(replace(now, epochs=max(10, now.epochs // 2)), [self.network] * 3, (0.1, 1.0, 10.0))


class Onward(NamedTuple):
    """What comes of networks with several learning rates.

    Attributes:
        early: median loss of the first quarter of the epochs.
        loss, accuracy, held_out: medians of the last quarter; the last is the accuracy on held-out points.
    """

    early: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray
    held_out: np.ndarray


def go_on(experiment: Experiment, networks: list[NeuralNetwork], rates: Sequence[float]) -> Onward:
    """Train networks as an experiment says, each with so many times its learning rate."""
    trainer = Trainer(experiment, NeuralNetwork.stack(networks), np.array(rates) * experiment.learning_rate, states=1)
    trainer.run()
    return onward(trainer.history.moments)


def onward(moments: Sequence[Moment]) -> Onward:
    """Medians over the quarters of a run."""
    quarter = max(5, len(moments) // 4)
    losses = np.array([np.nan_to_num(moment.train_loss, nan=np.inf) for moment in moments])
    accuracies = np.array([moment.train_accuracy for moment in moments])
    held_out = np.array([moment.held_out_accuracy for moment in moments])
    parts = losses[1:quarter], losses[-quarter:], accuracies[-quarter:], held_out[-quarter:]
    return Onward(*(np.median(part, axis=0) for part in parts))


@cache
def loss_with_rates(experiment: Experiment, rates: Sequence[float]) -> np.ndarray:
    """Final loss of runs from the start with so many times the learning rate."""
    network = Trainer(experiment, states=1).network
    return go_on(experiment, [network] * len(rates), rates).loss


@cache
def finals(experiment: Experiment) -> Onward:
    """What comes of networks with `SEEDS` other seeds; each of shape (SEEDS,)."""
    others = [Trainer(experiment.moved_on(k, "seed"), states=1).network for k in range(1, SEEDS + 1)]
    return go_on(experiment, others, (1.0,) * SEEDS)


def better_with(look: Look, **knobs) -> bool | None:
    """Whether networks with these knobs end better: more points right, or a loss clearly lower, over several seeds.

    None where neither learns, or the seeds differ by more than the knobs: who can tell?
    """
    if look.trainer.diverged or look.moment.epoch < PATIENCE:
        return None
    if look.learnt:
        return False
    now, changed = (finals(each) for each in (look.experiment, replace(look.experiment, **knobs)))
    largest = look.trainer.data.y_train.mean(axis=0).max()
    if max(now.accuracy.mean(), changed.accuracy.mean()) < largest + BETTER:
        return None
    gain = changed.accuracy - now.accuracy
    error = gain.std(ddof=1) / np.sqrt(SEEDS)
    if gain.mean() >= max(BETTER, 2 * error) or np.all(changed.loss < 0.8 * now.loss):
        return True
    return None if gain.mean() + 2 * error >= BETTER else False


def slopes(z: np.ndarray, activation: type[Activation]) -> np.ndarray:
    """sigma'(z) by differences from below: at a kink, the slope of its lower side."""
    sigma = activation().function
    return (sigma(z) - sigma(z - TINY)) / TINY


def bounded(activation: type[Activation]) -> bool:
    """Whether the values of an activation have bounds."""
    return bool(np.ptp(activation().function(np.array([-1e3, 1e3]))) < 10)


def has_diverged(look):
    if not look.over:
        return False
    trainer = look.trainer
    with np.errstate(all="ignore"):
        loss, _ = trainer.network.evaluate(trainer.data.X_train, trainer.data.y_train)
    losses = [moment.train_loss for moment in trainer.history.moments]
    if not np.isfinite(loss) or np.abs(trainer.network.parameters).max() > 1e6:
        return True
    at_start = max(losses[0], np.log(trainer.data.n_classes))
    return None if not trainer.diverged and max(losses) > 10 * at_start else bool(max(losses) > 10 * at_start)


def computes_the_same(look):
    """Two units of a layer answer random inputs alike."""
    rng = np.random.default_rng(0)
    for dense in look.network.dense[:-1]:
        z = rng.standard_normal((50, len(dense.W))) @ dense.W + dense.b
        gaps = np.abs(z[:, :, None] - z[:, None, :]).max(axis=0)
        gaps[np.tri(len(gaps), dtype=bool)] = np.inf
        if gaps.min() <= 1e-6 * np.abs(z).max():
            return True
    return False


def moves_no_loss(look):
    """A small change of all weights, in whatever direction, changes no loss in first order; None where hardly any."""
    if look.learnt:
        return False
    network, rng = look.network.select(), np.random.default_rng(0)
    before, derivatives = network.weights.copy(), []
    for _ in range(DIRECTIONS):
        direction, losses = rng.standard_normal(before.shape), []
        for sign in (1, -1):
            network.weights[...] = before + sign * TINY * direction
            losses.append(look.losses(network).mean())
        derivatives.append((losses[0] - losses[1]) / (2 * TINY))
    largest = np.abs(derivatives).max()
    return True if largest < 1e-9 else None if largest < 1e-4 else False


def gives_nothing(look):
    """In some layer of an activation with a flat side, a fifth of the units are there at every training point."""
    flat_side = np.array([-5.0])
    return any(
        np.mean((slopes(z, kind) == 0).all(axis=0)) >= 0.2 for z, _, kind in look.layers if slopes(flat_side, kind) == 0
    )


def is_flat(look):
    """In some layer the median slope is below 5 % of the steepest."""
    if look.learnt:
        return False
    return any(
        np.median(slopes(z, kind)) < 0.05 * slopes(np.linspace(-5, 5, 1001), kind).max()
        for z, _, kind in look.layers
        if bounded(kind)
    )


def shrinks(look):
    if look.learnt or not look.layers:
        return False
    first, last = look.sensitivities
    return beyond(0.01 * last, first)


def grows(look):
    if look.learnt or not look.layers:
        return False
    first, last = look.sensitivities
    return beyond(first, 100 * last)


def beyond(larger: float, smaller: float) -> bool | None:
    """Whether one measured norm is larger than another; None where they are as close as their errors."""
    return bool(larger > smaller) if max(larger, smaller) > KNOWN_TO * min(larger, smaller) else None


def signal_grows(look):
    """Random inputs of the data's size become 30 times as large on their way to the output."""
    if look.learnt or not look.layers:
        return False
    network, X = look.network.select(), look.trainer.data.X_train
    noise = np.random.default_rng(0).standard_normal((500, X.shape[1])) * X.std(axis=0)
    with np.errstate(all="ignore"):
        network.forward(noise)
    return beyond(float(network.dense[-1].output.std()), 30 * float(noise.std()))


def tenth_is_better(look):
    """From this state a tenth of the rate gets to a loss clearly lower. None where it does so from the start only.

    Any rate leaves some noise that a smaller one takes away, so that a loss a little lower blames no rate. And steps
    that are too large may end where no rate helps any more: then this state can't tell.
    """
    if look.learnt or look.moment.epoch < PATIENCE:
        return None
    tenth, same, _ = look.rates.loss
    lower = clearly_lower(tenth, same)
    return None if lower is False and clearly_lower(*loss_with_rates(look.experiment, (0.1, 1.0))) else lower


def tenfold_is_better(look):
    """From this state the loss falls, the further the larger the rate, and with ten times the rate clearly further.

    None on a plateau, where nothing shows the steps at fault, and where the network soon learns as it is.
    """
    if look.learnt or look.moment.epoch < PATIENCE:
        return None
    tenth, same, tenfold = look.rates.loss
    lower = clearly_lower(tenfold, same)
    if not lower or tenth < same:
        return lower and False
    now = look.moment.train_loss
    plateau = look.rates.early[1] > 0.99 * now or same > 0.95 * now
    soon = same < 0.5 * now or look.rates.accuracy[1] >= LEARNT
    return None if plateau or soon else True


def clearly_lower(one: float, other: float) -> bool | None:
    """Whether one loss is lower than another by a fifth; None where it is lower by less, but by more than chance."""
    return True if one < 0.8 * other else None if one < 0.95 * other else False


def curve_is_needed(look):
    """Whatever its weights, the logits are straight between any two points; and fitted curves part the classes better.

    Better than fitted lines, that is, and than the network; None where by less than `CLEARLY`.
    """
    if look.learnt or look.moment.epoch < PATIENCE:
        return False
    rng, n_inputs = np.random.default_rng(0), look.network.dense[0].W.shape[0]
    network = NeuralNetwork.stack([build_network(look.experiment, rng, n_inputs, look.trainer.data.n_classes)] * DIRECTIONS)
    network.parameters[...] = rng.standard_normal(network.parameters.shape)
    one, other = rng.uniform(-2, 2, (2, 100, n_inputs))
    logits = []
    for X in (one, other, (one + other) / 2):
        network.forward(X, training=False)
        logits.append(network.dense[-1].output)
    bend = np.abs(logits[2] - (logits[0] + logits[1]) / 2).max()
    X, labels = look.trainer.data.X_train, look.trainer.data.y_train.argmax(axis=1)
    if bend > 1e-9 * np.abs(logits).max() or len(np.unique(labels)) < 2:
        return False
    line = max(LogisticRegression(C=1e6, max_iter=1000).fit(X, labels).score(X, labels), look.moment.train_accuracy)
    gain = SVC(C=10.0, gamma=1.0).fit(X, labels).score(X, labels) - line
    return True if gain >= CLEARLY else None if gain >= CLEARLY / 2 else False


def unseen_loss_has_risen(look):
    """Since an earlier state the loss on fresh points has risen by a quarter, and that on training points has fallen.

    Losses are medians of states near in time. None where the loss on fresh points has risen by less, and where so few
    points are held out that a run can't show it.
    """
    if look.experiment.source.given or len(look.trainer.data.X_held_out) < FEW_HELD_OUT:
        return None
    about = replace(look.experiment, data_seed=77_777, n_points=FRESH_POINTS, train_share=1.0)
    data, kept = experiment_data(about), [index for index in look.trainer.history.kept if index <= look.index]
    kept = sorted({*kept[:: len(kept) // 20 + 1], *kept[-NEAR:]})
    if len(kept) < 2 * NEAR:
        return False
    with np.errstate(all="ignore"):
        networks = NeuralNetwork.stack([look.trainer.network_at(index) for index in kept])
        fresh, _ = networks.measure(data.X_train, data.y_train)
    train = np.array([look.trainer.history.moments[index].train_loss for index in kept])
    train, fresh = (np.median(np.lib.stride_tricks.sliding_window_view(each, NEAR), axis=-1) for each in (train, fresh))
    earlier = train > train[-1] / 0.95
    if not earlier.any() or fresh[-1] < train[-1] + 0.1:
        return False
    rise = fresh[-1] / fresh[earlier].min()
    return True if rise > 1.25 else None if rise > 1.05 else False


def batch_of_one_erases(look):
    return (
        look.experiment.batch_norm
        and bool(look.experiment.hidden)
        and min(look.experiment.batch_size, look.trainer.data.n_train) == 1
    )


def small_batches_harm(look):
    """With batch normalisation: the same run in larger batches, which leave no small rest, ends better.

    None for sizes between few and enough.
    """
    n_train, size = look.trainer.data.n_train, min(look.experiment.batch_size, look.trainer.data.n_train)
    smallest = min(size, n_train % size or size)
    if not (look.experiment.batch_norm and look.experiment.hidden) or smallest >= 8:
        return False
    if not 1 < smallest <= 5 or size == n_train or n_train < 32:
        return None
    larger = min(range(24, 41), key=lambda size: (0 < n_train % size < 8, abs(size - 32)))
    return better_with(look, batch_size=larger)


def penalty_harms(look):
    """Without the penalty, networks end better, on held-out points, too. None where on training points alone.

    It is there to keep a network from learning its training points by heart: fewer of them right is no fault by itself.
    """
    if not look.experiment.l2:
        return False
    better = better_with(look, l2=0.0)
    if not better:
        return better
    now, without = (finals(each).held_out.mean() for each in (look.experiment, replace(look.experiment, l2=0.0)))
    return True if without > now + BETTER else None


def knows_nothing(look):
    """With the labels exchanged among the points at random, the loss is as low: what is given depends on no input.

    None where it becomes higher, but by less than a tenth.
    """
    if look.learnt or look.moment.epoch < 20:
        return False
    network, y = look.network.select(), look.trainer.data.y_train
    loss, rng = look.moment.train_loss, np.random.default_rng(0)
    output = np.maximum(network.predict(look.trainer.data.X_train), 1e-300)
    exchanged = np.mean([-(np.log(output) * rng.permutation(y)).sum(axis=-1).mean() for _ in range(DIRECTIONS)])
    return True if exchanged < 1.04 * loss else None if exchanged < 1.1 * loss else False


CAUSES: dict[str, Callable[[Look], bool | None]] = {
    "divergence": has_diverged,
    "copies": computes_the_same,
    "no_gradient": moves_no_loss,
    "dead_units": gives_nothing,
    "saturation": is_flat,
    "vanishing": shrinks,
    "exploding": grows,
    "exploding_activations": signal_grows,
    "steps_too_large": tenth_is_better,
    "steps_too_small": tenfold_is_better,
    "only_linear": curve_is_needed,
    "overfitting": unseen_loss_has_risen,
    "batch_of_one": batch_of_one_erases,
    "small_batches": small_batches_harm,
    "strong_penalty": penalty_harms,
    "no_better_than_guessing": knows_nothing,
}
