"""What each finding claims, measured in another way than its rule does: by forward passes, other runs, scikit-learn.

A measure takes a `Look` and says whether the claim is true; None where it can't tell.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.svm import SVC

from playground.nn import Activation, BatchNorm, NeuralNetwork
from playground.training.experiment import Experiment
from playground.training.loop import experiment_data
from playground.training.trainer import Trainer

BETTER = 0.03  # of the training accuracy: what counts as better
LEARNT = 0.95  # training accuracy from which there is nothing to mend
DIRECTIONS = 16  # random ones in which derivatives are taken
PATIENCE = 10  # epochs before which other runs say nothing of this one
SEEDS = 3  # networks in each arm of a comparison
FRESH_POINTS = 1000  # drawn from the same distribution, seen by no network
TINY = 1e-6  # shift of z, for a slope


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
        """Norm of dL/dz of first and last layer, from losses alone: those of single examples, where all z shift."""
        return np.array([self._sensitivity(layer) for layer in (0, -1)])

    def _sensitivity(self, layer: int) -> float:
        network, rng = self.network.select(), np.random.default_rng(0)
        dense = network.dense[layer]
        after = network.layers[network.layers.index(dense) + 1]
        shifted, name = (after, "beta") if isinstance(after, BatchNorm) else (dense, "b")
        with np.errstate(all="ignore"):
            network.forward(self.trainer.data.X_train)
        z = shifted.output
        before, tiny = getattr(shifted, name).copy(), 1e-5 * max(1e-3, float(np.std(z)))
        squares = []
        for _ in range(DIRECTIONS):
            direction = rng.standard_normal(before.shape)
            losses = []
            for sign in (1, -1):
                setattr(shifted, name, before + sign * tiny * direction)
                losses.append(self._losses(network))
            squares.append(np.sum(((losses[0] - losses[1]) / (2 * tiny)) ** 2))
        return float(np.sqrt(np.mean(squares))) / len(z)

    def _losses(self, network: NeuralNetwork) -> np.ndarray:
        """Loss of each training point, in training, from the logits: exact where a probability rounds to 1."""
        X = self.trainer.data.X_train
        with np.errstate(all="ignore"):
            network.forward(X)
            z = network.dense[-1].output
            z = z - z.max(axis=-1, keepdims=True)
            return np.log(np.exp(z).sum(axis=-1)) - (z * self.trainer.data.y_train).sum(axis=-1)

    @cached_property
    def rates(self) -> np.ndarray:
        """Loss after more epochs from this state with a tenth of the rate, the rate, ten times it: (3,)."""
        now = self.experiment.at(self.moment.step)
        epochs = max(10, self.experiment.epochs // 2)
        trainer = Trainer(
            replace(now.started_afresh(), epochs=epochs),
            NeuralNetwork.stack([self.network] * 3),
            np.array([0.1, 1.0, 10.0]) * now.learning_rate,
        )
        trainer.run()
        recent = [moment.train_loss for moment in trainer.history.moments[-max(5, epochs // 4) :]]
        return np.median(np.nan_to_num(recent, nan=np.inf), axis=0)


@cache
def final_accuracies(experiment: Experiment) -> np.ndarray:
    """Final training accuracy of networks with `SEEDS` other seeds, shape (SEEDS,); where one diverged, the last."""
    others = [Trainer(experiment.moved_on(k, "seed")).network for k in range(1, SEEDS + 1)]
    trainer = Trainer(experiment, NeuralNetwork.stack(others))
    trainer.run()
    return np.asarray(trainer.history.moments[-1].train_accuracy)


def better_with(look: Look, **knobs) -> bool | None:
    """Whether networks with these knobs end better, over several seeds; None where neither learns: who can tell?"""
    if look.trainer.diverged or look.moment.epoch < PATIENCE:
        return None
    if look.learnt:
        return False
    now, changed = (final_accuracies(each).mean() for each in (look.experiment, replace(look.experiment, **knobs)))
    if max(now, changed) < look.trainer.data.y_train.mean(axis=0).max() + BETTER:
        return None
    return bool(changed - now >= BETTER)


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
            losses.append(look._losses(network).mean())
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
    return bool(first < 0.01 * last)


def grows(look):
    if look.learnt or not look.layers:
        return False
    first, last = look.sensitivities
    return bool(first > 100 * last)


def signal_grows(look):
    """Random inputs of the data's size become 30 times as large on their way to the output."""
    if look.learnt or not look.layers:
        return False
    network, X = look.network.select(), look.trainer.data.X_train
    noise = np.random.default_rng(0).standard_normal((500, X.shape[1])) * X.std(axis=0)
    with np.errstate(all="ignore"):
        network.forward(noise)
    return bool(network.dense[-1].output.std() > 30 * noise.std())


def tenth_is_better(look):
    """From this state a tenth of the rate gets to a loss lower by 10 %; None where it is lower by less."""
    if look.learnt or look.moment.epoch < PATIENCE:
        return None
    tenth, same, _ = look.rates
    return True if tenth < 0.9 * same else None if tenth < 0.99 * same else False


def tenfold_is_better(look):
    """From this state the loss hardly falls, and with ten times the rate it does; None where it falls by less."""
    if look.learnt or look.moment.epoch < PATIENCE:
        return None
    _, same, tenfold = look.rates
    if same < 0.9 * look.moment.train_loss:
        return False
    return True if tenfold < 0.9 * same else None if tenfold < 0.99 * same else False


def curve_is_better(look):
    """A straight line, fitted, is as good as the network, and a curve, fitted, is better."""
    if look.learnt or look.moment.train_accuracy >= 1 - BETTER:
        return False
    if look.experiment.hidden and look.experiment.activation != "linear":
        return False
    X, labels = look.trainer.data.X_train, look.trainer.data.y_train.argmax(axis=1)
    if len(np.unique(labels)) < 2:
        return False
    straight = LogisticRegression(C=1e6, max_iter=1000).fit(X, labels)
    curve = SVC(C=10.0, gamma=1.0).fit(X, labels).score(X, labels)
    loss = log_loss(labels, straight.predict_proba(X), labels=straight.classes_)
    as_good = look.moment.epoch >= PATIENCE and look.moment.train_loss <= 1.03 * loss + 0.01
    return bool(as_good and curve >= look.moment.train_accuracy + BETTER)


def unseen_loss_has_risen(look):
    """Since an earlier state the loss on fresh points has risen by a quarter, and that on training points has fallen.

    None where it has risen by less.
    """
    if look.experiment.source.given:
        return None
    about = replace(look.experiment, data_seed=77_777, n_points=FRESH_POINTS, train_share=1.0)
    fresh, kept = experiment_data(about), [index for index in look.trainer.history.kept if index <= look.index]
    moments = look.trainer.history.moments
    before = [index for index in kept[:: len(kept) // 20 + 1] if moments[index].train_loss > look.moment.train_loss]
    if not before:
        return False
    with np.errstate(all="ignore"):
        then = min(look.trainer.network_at(index).evaluate(fresh.X_train, fresh.y_train)[0] for index in before)
        now = look.network.evaluate(fresh.X_train, fresh.y_train)[0]
    if now < look.moment.train_loss + 0.1:
        return False
    return True if now > 1.25 * then else None if now > 1.05 * then else False


def batch_of_one_erases(look):
    return (
        look.experiment.batch_norm
        and bool(look.experiment.hidden)
        and min(look.experiment.batch_size, look.trainer.data.n_train) == 1
    )


def small_batches_harm(look):
    """With batch normalisation: the same run in larger batches, which leave no small rest, ends better."""
    n_train, size = look.trainer.data.n_train, min(look.experiment.batch_size, look.trainer.data.n_train)
    if not (look.experiment.batch_norm and look.experiment.hidden) or min(size, n_train % size or size) >= 8:
        return False
    if size in (1, n_train) or n_train < 32:
        return None
    larger = min(range(24, 41), key=lambda size: (0 < n_train % size < 8, abs(size - 32)))
    return better_with(look, batch_size=larger)


def penalty_harms(look):
    return look.experiment.l2 > 0 and better_with(look, l2=0.0)


def knows_nothing(look):
    """No more right than the largest class, give or take chance."""
    largest = look.trainer.data.y_train.mean(axis=0).max()
    chance = 2 * np.sqrt(largest * (1 - largest) / look.trainer.data.n_train)
    return bool(look.moment.epoch >= 20 and look.moment.train_accuracy <= largest + chance and not look.learnt)


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
    "only_linear": curve_is_better,
    "overfitting": unseen_loss_has_risen,
    "batch_of_one": batch_of_one_erases,
    "small_batches": small_batches_harm,
    "strong_penalty": penalty_harms,
    "no_better_than_guessing": knows_nothing,
}
