"""What a race of a paper's experiment measures, in words and numbers, beside what the paper reports.

A measure is a function of the race. It can be called at any time and takes a few ms, but says only at the end of a run
whether it shows what the paper reports: a test that is repeated until it succeeds would succeed too often.

In such a race the first contestant is the one that the paper warns against, and the last is the one that it proposes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, NamedTuple

import numpy as np

from ...nn import Activation, Dense, NeuralNetwork
from ...text import number, percent
from ...training.contestants import Contestant
from ...training.significance import AT_THE_END, Comparison, compare, quartiles
from .race import FAST, RaceTrainer

SNAPSHOTS = 8  # moments of a run that a measure uses at most
PROBE = 100  # training examples that activations and gradients are measured on, at most
MOST, FEW = 0.5, 0.25  # "most" seeds: a share above the first number; "few": at most the second
NEVER = 1e9  # epochs, in place of infinity, for a seed that has not reached the goal
ROUNDING = 1e-4  # a singular value below this share of the largest one is zero, in float32
FLAT = 0.1  # a singular value below this share of the largest one: the map nearly loses that direction
SATURATED, EARLY = 0.1, 0.25  # a sigmoid's mean below the first is near 0; "very quickly": within this share of a run
NEAR_HALF = 0.01  # the mean of a layer that a sigmoid has not left 0.5 in, give or take
JACOBIANS, NEAR = 4, 0.1  # examples that a layer's Jacobian is measured on; how far from the paper's figure it may be
SHRINKS = 0.8  # factor from layer to layer: below it, less than a tenth of a gradient is left after ten layers


@dataclass(frozen=True)
class Measured:
    """What a run measured, in words, and whether it shows what the paper reports; None until the run is over."""

    text: str
    holds: bool | None


class State(NamedTuple):
    """A copy of one contestant's networks at a moment of the run, stacked over the seeds, and their training losses."""

    epoch: float
    network: NeuralNetwork
    loss: np.ndarray


def states(run: RaceTrainer, who: Contestant, snapshots: int = SNAPSHOTS) -> Iterator[State]:
    """A contestant at some of the kept moments, at most `snapshots`, evenly from the first to the newest."""
    group = [each for each in run.race.contestants if each.batch_norm == who.batch_norm]
    trainer, place = run.trainers[-1 if who.batch_norm else 0], group.index(who)
    kept = trainer.history.kept
    for i in np.unique(np.linspace(0, len(kept) - 1, snapshots).astype(int)):
        moment = trainer.history.moments[kept[i]]
        yield State(moment.epoch, trainer.network_at(kept[i]).select(place), moment.train_loss[place])


def at_start(run: RaceTrainer) -> list[NeuralNetwork]:
    """The networks of each contestant before the first step."""
    return [next(states(run, who, snapshots=1)).network for who in run.race.contestants]


def probe(run: RaceTrainer) -> tuple[np.ndarray, np.ndarray]:
    """Training examples and their labels."""
    return run.data.X_train[:PROBE], run.data.y_train[:PROBE]


def judge(run: RaceTrainer, text: str, holds: bool) -> Measured:
    """What was measured, with the judgement only if the run is over."""
    return Measured(text, bool(holds) if run.over else None)


def in_words(run: RaceTrainer, tested: Comparison) -> str:
    """What the test of two contestants shows, once the run is over."""
    if not run.over:
        return AT_THE_END
    shown = "no difference shown" if tested.lower is None else "paired by seed"
    return f"{shown}, {tested.test}"


def by_contestant(run: RaceTrainer, values: Sequence[Any], words: Callable[[Any], str]) -> str:
    """Each contestant's label with its value in words."""
    return "; ".join(f"{who.label}: {words(value)}" for who, value in zip(run.race.contestants, values, strict=True))


def spread_in_words(values: np.ndarray, words: Callable[[float], str] = number) -> str:
    """The median over the seeds, with the quartiles in brackets."""
    return "{1} ({0} to {2})".format(*map(words, quartiles(values)))


def gradients(network: NeuralNetwork, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Root mean square of dL/dz at each hidden layer: shape (hidden layers, *stack), input first."""
    network.forward(X)
    dout, sizes = y, []
    for layer in reversed(network.layers):
        if isinstance(layer, Dense):
            sizes.append(np.sqrt((dout**2).mean(axis=(-2, -1))))
        dout = layer.backward(dout)
    return np.array(sizes[:0:-1])


def units_stay_copies(run: RaceTrainer) -> Measured:
    """The rank of each W: 1 where all units of a layer are copies, 0 where all weights are zero."""
    states_of = [list(states(run, who)) for who in run.race.contestants]
    ranks = [
        np.array([[np.linalg.matrix_rank(dense.W, rtol=ROUNDING) for dense in each.network.dense] for each in of_one])
        for of_one in states_of
    ]
    ranks = [*(rank.max(axis=-1) for rank in ranks[:-1]), ranks[-1].min(axis=-1)]  # over the seeds
    shown = sorted({0, len(ranks[0]) // 2, len(ranks[0]) - 1})
    text = by_contestant(run, ranks, lambda rank: " → ".join("-".join(map(str, rank[i])) for i in shown))
    when = " → ".join(f"{states_of[0][i].epoch:g}" for i in shown)
    text = f"Rank of W, layer by layer, after {when} epochs: {text}."
    return judge(run, text, all(rank.max() <= 1 for rank in ranks[:-1]) and ranks[-1].min() > 1)


def last_learns(run: RaceTrainer, others_from: float = 0, others_to: float = 1) -> Measured:
    """Most seeds of the last contestant learn, and sooner than those of the first.

    Of each other contestant, the share of the seeds that learn is from `others_from` to `others_to`.
    """
    epochs = np.nan_to_num(run.reached, nan=NEVER)
    share = (epochs < NEVER).mean(axis=1)
    tested = compare(epochs[0], epochs[-1])

    def words(epochs):
        after = f", after {np.median(epochs):g} epochs (median)" if np.median(epochs) < NEVER / 2 else ""
        return f"{(epochs < NEVER).sum()} of {len(epochs)} seeds{after}"

    text = f"{percent(FAST)} accuracy is reached by {by_contestant(run, epochs, words)} ({in_words(run, tested)})."
    others = others_from <= share[:-1].min() and share[:-1].max() <= others_to
    return judge(run, text, tested.lower == 1 and share[-1] > MOST and others)


last_learns_alone = partial(last_learns, others_to=FEW)
all_learn_last_sooner = partial(last_learns, others_from=MOST)


def errors_on_test(run: RaceTrainer) -> np.ndarray:
    """Share of the test points that are wrong, shape (contestants, seeds); 1 for a network that has diverged."""
    newest = max(len(trainer.history.moments) for trainer in run.trainers) - 1
    errors = 1 - np.nan_to_num(run.figures("held_out_accuracy", [newest])[:, 0])
    return np.where([run.diverged_runs(who) for who in run.race.contestants], 1, errors)


def last_errs_less(run: RaceTrainer) -> Measured:
    """The test error of the last contestant is lower than that of the first."""
    errors = errors_on_test(run)
    tested = compare(errors[0], errors[-1])
    text = by_contestant(run, errors, lambda error: spread_in_words(error, percent))
    text = f"Test error, median and quartiles over the seeds: {text} ({in_words(run, tested)})."
    return judge(run, text, tested.lower == 1)


def first_diverges(run: RaceTrainer) -> Measured:
    """Most seeds of the first contestant diverge; most of the last learn, and none diverges."""
    diverged, errors = [run.diverged_runs(who) for who in run.race.contestants], errors_on_test(run)

    def words(both):
        diverged, errors = both
        learnt = (errors <= 1 - FAST).sum()
        return f"{diverged.sum()} of {len(diverged)} seeds have diverged, {learnt} have {percent(FAST)} accuracy"

    text = by_contestant(run, [*zip(diverged, errors, strict=True)], words)
    learnt = (errors[-1] <= 1 - FAST).mean() > MOST
    return judge(run, f"{text}.", diverged[0].mean() > MOST and learnt and not diverged[-1].any())


def means_by_layer(run: RaceTrainer, state: State) -> np.ndarray:
    """Mean activation of each hidden layer, input first: the median over the seeds."""
    state.network.forward(probe(run)[0])
    return np.array([np.median(above.X.mean(axis=(-2, -1))) for above in state.network.dense[1:]])


@np.errstate(all="ignore")
def lowest_and_now(run: RaceTrainer) -> tuple[State, np.ndarray, State, np.ndarray]:
    """The first contestant when the last hidden layer's mean activation is lowest, and now; each with all means."""
    found = [(state, means_by_layer(run, state)) for state in states(run, run.race.contestants[0])]
    return *min(found, key=lambda pair: pair[1][-1]), *found[-1]


def top_layer_saturates(run: RaceTrainer) -> Measured:
    """How early the mean of the last hidden layer is near 0, in the first contestant."""
    found = [(state.epoch, means_by_layer(run, state)[-1]) for state in states(run, run.race.contestants[0])]
    epoch, mean = next((pair for pair in found if pair[1] < SATURATED), (np.inf, np.nan))
    lowest = min(mean for _, mean in found)
    text = (
        f"{run.race.contestants[0].label}: the last hidden layer's mean is {mean:.2f} after {epoch:g} of "
        f"{run.race.epochs} epochs, the first moment kept at which it is below {SATURATED:g}"
        if epoch < np.inf
        else f"{run.race.contestants[0].label}: the last hidden layer's mean is {lowest:.2f} at the lowest"
    )
    return judge(run, f"{text} (median over the seeds).", epoch <= EARLY * run.race.epochs)


def lower_layers_rise(run: RaceTrainer) -> Measured:
    """The mean activations of all hidden layers when that of the last is lowest."""
    low, means, *_ = lowest_and_now(run)
    text = (
        f"{run.race.contestants[0].label}: the last hidden layer's mean is lowest after {low.epoch:g} epochs; then "
        f"the means from input to output are {', '.join(f'{mean:.3f}' for mean in means)} (median over the seeds)."
    )
    others = means[:-1]
    rises = len(others) > 1 and bool((np.diff(others) > 0).all() and others[-1] > 0.5 + NEAR_HALF)
    return judge(run, text, rises and others[0] > 0.5 - NEAR_HALF and means[-1] < SATURATED)


def learns_out_of_saturation(run: RaceTrainer) -> Measured:
    """The training loss when the last hidden layer is most saturated, and now."""
    low, low_means, now, now_means = lowest_and_now(run)
    guess, low_loss, loss = np.log(run.data.n_classes), np.median(low.loss), np.median(now.loss)
    text = (
        f"{run.race.contestants[0].label}: after {low.epoch:g} epochs the last hidden layer's mean is "
        f"{low_means[-1]:.2f} and the training loss {number(low_loss)}; after {now.epoch:g} epochs they are "
        f"{now_means[-1]:.2f} and {number(loss)} (medians over the seeds). Guessing has a loss of {number(guess)}."
    )
    return judge(run, text, low_loss > 0.9 * guess and loss < 0.5 * guess and now_means[-1] > 2 * low_means[-1])


@np.errstate(all="ignore")
def gradients_shrink(run: RaceTrainer) -> Measured:
    """The mean factor from a hidden layer's gradient to that of the layer below it, before the first step."""
    sizes = [gradients(network, *probe(run)) for network in at_start(run)]
    factors = [(size[0] / size[-1]) ** (1 / max(1, len(size) - 1)) for size in sizes]
    tested = compare(factors[0], factors[-1])
    steps = len(run.race.hidden) - 1
    text = by_contestant(
        run, factors, lambda f: f"× {np.median(f):.2f} a layer, × {number(np.median(f) ** steps)} in all"
    )
    text = (
        f"Gradients before the first step, from the last hidden layer to the first: {text} ({in_words(run, tested)})."
    )
    return judge(run, text, tested.lower == 0 and np.median(factors[0]) < SHRINKS < np.median(factors[-1]))


@np.errstate(all="ignore")
def jacobians(network: NeuralNetwork, X: np.ndarray) -> np.ndarray:
    """Mean singular value of a layer's Jacobian da/da' = diag(f'(z)) W^T, from one hidden layer to the next.

    Returns:
        shape (*stack): the mean over layers, examples X and singular values.
    """
    network.forward(X)
    activations = [layer for layer in network.layers if isinstance(layer, Activation)]
    means = []
    for dense, activation in zip(network.dense[1:-1], activations[1:], strict=True):
        slopes = activation.backward(np.ones_like(activation.output))
        J = np.nan_to_num(slopes[..., None] * dense.W.mT[..., None, :, :], posinf=0.0, neginf=0.0)
        means.append(np.linalg.svd(J, compute_uv=False).mean(axis=(-2, -1)))
    return np.mean(means, axis=0)


def jacobians_are_the_papers(run: RaceTrainer, first: float, last: float) -> Measured:
    """The mean singular value of a layer's Jacobian before the first step, near the figures of the paper."""
    values = [jacobians(network, probe(run)[0][:JACOBIANS]) for network in at_start(run)]
    medians = [float(np.median(value)) for value in values]
    text = by_contestant(run, values, lambda value: spread_in_words(value))
    text = f"Mean singular value of a layer's Jacobian before the first step, median over the seeds: {text}."
    return judge(run, text, abs(medians[0] - first) < NEAR and abs(medians[-1] - last) < NEAR)


def products(run: RaceTrainer, share: float = 1) -> list[np.ndarray]:
    """Of each contestant, the singular values of the product of the weight matrices between hidden layers.

    Before the first step; of the first matrices only, if a share is given. Shape (seeds, units), largest first.
    """
    between = [[dense.W for dense in network.dense[1:-1]] for network in at_start(run)]
    counted = max(1, int(share * len(between[0])))
    return [np.linalg.svd(reduce(np.matmul, each[:counted]), compute_uv=False) for each in between]


def singular_values_are_one(run: RaceTrainer) -> Measured:
    """The singular values of the last contestant's product are 1."""
    spectra = products(run)
    text = by_contestant(run, spectra, lambda each: f"{number(each.min())} to {number(each.max())}")
    text = f"Singular values of the product before the first step, over all seeds: {text}."
    return judge(run, text, np.allclose(spectra[-1], 1, atol=1e-4))


def singular_values_vanish(run: RaceTrainer) -> Measured:
    """Of the first contestant's product, more singular values vanish with all layers than with half of them."""
    half, full = ([vanished(each) for each in products(run, share)] for share in (0.5, 1))
    tested = compare(half[0], full[0])
    text = by_contestant(
        run, [*zip(half, full, strict=True)], lambda pair: " and ".join(percent(each.mean()) for each in pair)
    )
    text = f"Singular values below {percent(FLAT)} of the largest, in half of the layers and in all: {text}"
    return judge(run, f"{text} ({in_words(run, tested)}).", tested.lower == 0 and full[0].mean() > MOST)


def vanished(spectra: np.ndarray) -> np.ndarray:
    """Share of the singular values that are below `FLAT` of the largest one, shape (seeds)."""
    return (spectra < FLAT * spectra[:, :1]).mean(axis=1)


@np.errstate(all="ignore")
def inputs_are_stable(run: RaceTrainer) -> Measured:
    """How much the spread of the inputs of a typical unit in the last hidden layer changes during training."""

    def width(state):
        state.network.forward(probe(run)[0])
        *_, before, _activation, _dense, _softmax = state.network.layers
        low, high = np.quantile(before.output, [0.15, 0.85], axis=-2)
        return high - low

    widths = [np.array([width(state) for state in states(run, who)]) for who in run.race.contestants]
    changes = [np.median(each.max(axis=0) / each.min(axis=0), axis=-1) for each in widths]
    tested = compare(changes[0], changes[-1])
    text = by_contestant(run, changes, lambda change: f"× {spread_in_words(change)}")
    text = f"Smallest to largest distance of 15th and 85th percentile, median unit: {text} ({in_words(run, tested)})."
    return judge(run, text, tested.lower == 1)


@np.errstate(all="ignore")
def scale_does_not_matter(run: RaceTrainer) -> Measured:
    """The change of the first hidden layer's gradient if all weights between hidden layers are ten times as large."""

    def change(network):
        before = gradients(network, *probe(run))[0]
        for dense in network.dense[1:-1]:
            dense.W = 10 * dense.W
        return gradients(network, *probe(run))[0] / before

    changes = [change(network) for network in at_start(run)]
    text = by_contestant(run, changes, lambda change: f"× {number(np.median(change))}")
    text = f"Ten times all weights between hidden layers change the first step's gradient at hidden layer 1: {text}."
    return judge(run, text, np.allclose(changes[-1], 1, atol=0.05) and np.median(changes[0]) > 2)
