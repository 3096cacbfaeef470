"""What each finding claims, measured in another way than its rule does: by forward passes, other runs, scikit-learn.

A measure takes a `Look` and says whether the claim is true; None where it can't tell.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from playground.nn import Activation, NeuralNetwork
from playground.training.loop import build_network, experiment_data

from .look import DIRECTIONS, LEARNT, Look
from .other_runs import SEEDS, finals, loss_with_rates

BETTER = 0.03  # of the training accuracy: what counts as better
CLEARLY = 0.05  # of the training accuracy: by that much a curve is needed
KNOWN_TO = 1.3  # a ratio of two measured norms: closer to a threshold than that, it can't be told on which side
PATIENCE = 10  # epochs before which other runs say nothing of this one
FRESH_POINTS = 1000  # drawn from the same distribution, seen by no network
FEW_HELD_OUT = 30  # points, with fewer of which nobody sees how a network generalises
NEAR = 3  # states that are near in time
TINY = 1e-6  # shift of z, for a slope


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
    network = build_network(look.experiment, rng, n_inputs, look.trainer.data.n_classes)
    network = NeuralNetwork.stack([network] * DIRECTIONS)
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
