"""A paper's experiment is a race set as it was published: what the paper reports, and beside it what the race measures.

The first contestant is what the paper warns of, the last is what it proposes. Whether a run shows what is reported is
said at its end only: a test that is looked at until it agrees would agree too often.

To add an experiment, add a `Paper` to `PAPERS`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, NamedTuple

import numpy as np

from ...nn import Dense, NeuralNetwork
from ...text import number, percent
from ...training.contestants import Contestant
from ...training.significance import LEVEL, p_value, quartiles
from .race import FAST, Race, RaceTrainer

SNAPSHOTS = 8  # moments of a run, at most, at which a measure looks
PROBE = 100  # training examples, at most, on which activations and gradients are measured
MOST, FEW = 0.5, 0.25  # more than this share of the seeds are most of them; no more than that are few
NEVER = 1e9  # epochs that a seed counts as taking that has not got there
ROUNDING = 1e-4  # share of the largest singular value below which one counts as zero, in float32
FLAT = 0.1  # median by largest singular value, below which a map nearly loses half of the directions
SHRINKS = 0.8  # factor a layer below which a gradient shrinks: a tenth is left after ten layers


@dataclass(frozen=True)
class Measured:
    """What a run measured, in words, and whether it shows what the paper reports; None as long as it is not over."""

    text: str
    holds: bool | None


@dataclass(frozen=True)
class Claim:
    """What a paper reports, with its place there, and how a run measures the same; at any time, in a few ms."""

    reported: str
    measure: Callable[[RaceTrainer], Measured]


@dataclass(frozen=True)
class Paper:
    """An experiment of a paper.

    Attributes:
        name: key in `PAPERS`.
        title: what is to be seen, in a few words.
        reference: authors, year, title, venue.
        url: where it can be read.
        note: how the setup differs from the paper's.
        setup: the race.
        claims: what the paper reports of it.
    """

    name: str
    title: str
    reference: str
    url: str
    note: str
    setup: Race
    claims: tuple[Claim, ...]


class State(NamedTuple):
    """One contestant's networks at a moment of the run, a copy of shape (seeds), and their training losses."""

    epoch: float
    network: NeuralNetwork
    loss: np.ndarray


def states(run: RaceTrainer, who: Contestant, seen: int = SNAPSHOTS) -> Iterator[State]:
    """A contestant at up to so many of the moments that are kept, evenly from the first to the newest."""
    group = [each for each in run.race.contestants if each.batch_norm == who.batch_norm]
    trainer, place = run.trainers[-1 if who.batch_norm else 0], group.index(who)
    kept = trainer.history.kept
    for i in np.unique(np.linspace(0, len(kept) - 1, seen).astype(int)):
        moment = trainer.history.moments[kept[i]]
        yield State(moment.epoch, trainer.network_at(kept[i]).select(place), moment.train_loss[place])


def at_start(run: RaceTrainer) -> list[NeuralNetwork]:
    """The networks of each contestant before the first step."""
    return [next(states(run, who, seen=1)).network for who in run.race.contestants]


def probe(run: RaceTrainer) -> tuple[np.ndarray, np.ndarray]:
    """Training examples and their labels."""
    return run.data.X_train[:PROBE], run.data.y_train[:PROBE]


def judge(run: RaceTrainer, text: str, holds: bool) -> Measured:
    """What was measured; whether it holds is said when the run is over."""
    over = all(trainer.finished or trainer.diverged for trainer in run.trainers)
    return Measured(text, bool(holds) if over else None)


def compare(first: np.ndarray, last: np.ndarray) -> tuple[bool, str]:
    """Whether Wilcoxon's signed-rank test shows a difference between the pairs, seed by seed; and that in words."""
    p = p_value(first, last)
    return p < LEVEL, f"paired by seed, p = {number(p)}" if p < LEVEL else f"no difference shown, p = {number(p)}"


def tell(run: RaceTrainer, values: Sequence[Any], words: Callable[[Any], str]) -> str:
    """What is to be said of each contestant's value."""
    return "; ".join(f"{who.label}: {words(value)}" for who, value in zip(run.race.contestants, values, strict=True))


def spread_in_words(values: np.ndarray, words: Callable[[float], str] = number) -> str:
    """Median over the seeds, and in brackets the quartiles."""
    return "{1} ({0} to {2})".format(*map(words, quartiles(values)))


def gradients(network: NeuralNetwork, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Root mean square of dL/dz, as it comes back to each hidden layer: shape (hidden layers, *stack), input first."""
    network.forward(X)
    dout, sizes = y, []
    for layer in reversed(network.layers):
        if isinstance(layer, Dense):
            sizes.append(np.sqrt((dout**2).mean(axis=(-2, -1))))
        dout = layer.backward(dout)
    return np.array(sizes[:0:-1])


def units_stay_copies(run: RaceTrainer) -> Measured:
    """The rank of each W: 1 where all units of a layer are copies, 0 where all weights are zero."""
    seen = [list(states(run, who)) for who in run.race.contestants]
    ranks = [
        np.array([[np.linalg.matrix_rank(dense.W, rtol=ROUNDING) for dense in state.network.dense] for state in of_one])
        for of_one in seen
    ]
    ranks = [*(rank.max(axis=-1) for rank in ranks[:-1]), ranks[-1].min(axis=-1)]  # over the seeds
    shown = sorted({0, len(ranks[0]) // 2, len(ranks[0]) - 1})
    text = tell(run, ranks, lambda rank: " → ".join("-".join(map(str, rank[i])) for i in shown))
    when = " → ".join(f"{seen[0][i].epoch:g}" for i in shown)
    text = f"Rank of W, layer by layer, after {when} epochs: {text}."
    return judge(run, text, all(rank.max() <= 1 for rank in ranks[:-1]) and ranks[-1].min() > 1)


def last_learns(run: RaceTrainer, others_from: float = 0, others_to: float = 1) -> Measured:
    """Most seeds of the last contestant learn, sooner than those of the first; of others a share between the two."""
    epochs = np.nan_to_num(run.reached, nan=NEVER)
    share, median = (epochs < NEVER).mean(axis=1), np.median(epochs, axis=1)
    shown, test = compare(epochs[0], epochs[-1])

    def words(epochs):
        after = f", after {np.median(epochs):g} epochs (median)" if np.median(epochs) < NEVER / 2 else ""
        return f"{(epochs < NEVER).sum()} of {len(epochs)} seeds{after}"

    text = f"{percent(FAST)} accuracy is reached by {tell(run, epochs, words)} ({test})."
    others = others_from <= share[:-1].min() and share[:-1].max() <= others_to
    return judge(run, text, shown and share[-1] > MOST and median[-1] < median[0] and others)


last_learns_alone = partial(last_learns, others_to=FEW)
all_learn_last_sooner = partial(last_learns, others_from=MOST)


def errors_on_test(run: RaceTrainer) -> np.ndarray:
    """Share of the test points that are wrong, of shape (contestants, seeds); all, for a run that has diverged."""
    newest = max(len(trainer.history.moments) for trainer in run.trainers) - 1
    errors = 1 - np.nan_to_num(run.figures("test_accuracy", [newest])[:, 0])
    return np.where([run.diverged_runs(who) for who in run.race.contestants], 1, errors)


def last_errs_less(run: RaceTrainer) -> Measured:
    """The test error of the last contestant is lower than that of the first."""
    errors = errors_on_test(run)
    shown, test = compare(errors[0], errors[-1])
    text = tell(run, errors, lambda error: spread_in_words(error, percent))
    text = f"Test error, median and quartiles over the seeds: {text} ({test})."
    return judge(run, text, shown and np.median(errors[-1]) < np.median(errors[0]))


def first_diverges(run: RaceTrainer) -> Measured:
    """Most seeds of the first contestant diverge; most of the last learn, and none diverges."""
    diverged, errors = [run.diverged_runs(who) for who in run.race.contestants], errors_on_test(run)
    text = tell(run, [*zip(diverged, errors, strict=True)], lambda both: f"{both[0].sum()} of {len(both[0])} seeds "
                f"have diverged, {(both[1] <= 1 - FAST).sum()} have {percent(FAST)} accuracy")  # fmt: skip
    learnt = (errors[-1] <= 1 - FAST).mean() > MOST
    return judge(run, f"{text}.", diverged[0].mean() > MOST and learnt and not diverged[-1].any())


def means_by_layer(run: RaceTrainer, state: State) -> np.ndarray:
    """Mean activation of each hidden layer, input first: the median over the seeds."""
    state.network.forward(probe(run)[0])
    return np.array([np.median(above.X.mean(axis=(-2, -1))) for above in state.network.dense[1:]])


@np.errstate(all="ignore")
def lowest_and_now(run: RaceTrainer) -> tuple[State, np.ndarray, State, np.ndarray]:
    """The first contestant when its last hidden layer's mean activation is lowest, and now; each with the means."""
    seen = [(state, means_by_layer(run, state)) for state in states(run, run.race.contestants[0])]
    return *min(seen, key=lambda state: state[1][-1]), *seen[-1]


def top_layer_saturates(run: RaceTrainer) -> Measured:
    """The mean activations of all hidden layers when that of the last is lowest."""
    low, means, *_ = lowest_and_now(run)
    text = (
        f"{run.race.contestants[0].label}: the last hidden layer's mean is lowest after {low.epoch:g} epochs; then "
        f"the means from input to output are {', '.join(f'{mean:.2f}' for mean in means)} (median over the seeds)."
    )
    return judge(run, text, means[-1] < 0.1 and means[:-1].min(initial=1) > 0.45)


def learns_out_of_saturation(run: RaceTrainer) -> Measured:
    """The loss when the last hidden layer is most saturated, and now."""
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
    shown, test = compare(factors[0], factors[-1])
    steps = len(run.race.hidden) - 1
    text = tell(run, factors, lambda f: f"× {np.median(f):.2f} a layer, × {number(np.median(f) ** steps)} in all")
    text = f"Gradients before the first step, from the last hidden layer back to the first: {text} ({test})."
    return judge(run, text, shown and np.median(factors[0]) < SHRINKS < np.median(factors[-1]))


def singular_values(run: RaceTrainer) -> Measured:
    """The singular values of the product of all weight matrices between hidden layers, before the first step."""
    products = [reduce(np.matmul, [dense.W for dense in network.dense[1:-1]]) for network in at_start(run)]
    spectra = [np.linalg.svd(product, compute_uv=False) for product in products]
    values = [(spectrum[:, 0], np.median(spectrum, axis=1)) for spectrum in spectra]
    text = tell(run, values, lambda pair: " and ".join(number(np.median(value)) for value in pair))
    text = f"Largest and median singular value of the product before the first step, median over the seeds: {text}."
    return judge(run, text, np.allclose(spectra[-1], 1, atol=1e-4) and np.median(values[0][1] / values[0][0]) < FLAT)


@np.errstate(all="ignore")
def inputs_are_stable(run: RaceTrainer) -> Measured:
    """How much the spread of a typical unit's inputs changes in the course of training, in the last hidden layer."""

    def width(state):
        state.network.forward(probe(run)[0])
        *_, before, _activation, _dense, _softmax = state.network.layers
        low, high = np.quantile(before.output, [0.15, 0.85], axis=-2)
        return high - low

    widths = [np.array([width(state) for state in states(run, who)]) for who in run.race.contestants]
    changes = [np.median(each.max(axis=0) / each.min(axis=0), axis=-1) for each in widths]
    shown, test = compare(changes[0], changes[-1])
    text = tell(run, changes, lambda change: f"× {spread_in_words(change)}")
    text = f"Smallest to largest distance of 15th and 85th percentile, for the median unit: {text} ({test})."
    return judge(run, text, shown and np.median(changes[-1]) < np.median(changes[0]))


@np.errstate(all="ignore")
def scale_does_not_matter(run: RaceTrainer) -> Measured:
    """What ten times the weights between the hidden layers do to the gradient that comes back to the first one."""

    def change(network):
        before = gradients(network, *probe(run))[0]
        for dense in network.dense[1:-1]:
            dense.W = 10 * dense.W
        return gradients(network, *probe(run))[0] / before

    changes = [change(network) for network in at_start(run)]
    text = tell(run, changes, lambda change: f"× {number(np.median(change))}")
    text = f"Ten times all weights between hidden layers change the first step's gradient at hidden layer 1: {text}."
    return judge(run, text, np.allclose(changes[-1], 1, atol=0.05) and np.median(changes[0]) > 2)


def race(*names: str, **knobs) -> Race:
    """The race between contestants by the names that they have in URLs."""
    return Race(contestants=Race.knobs()["contestants"].read("~".join(names)), **knobs)


GLOROT = (
    "Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural networks, AISTATS",
    "https://proceedings.mlr.press/v9/glorot10a.html",
)
HE = (
    "He, Zhang, Ren & Sun (2015), Delving deep into rectifiers: surpassing human-level performance on ImageNet "
    "classification, ICCV",
    "https://arxiv.org/abs/1502.01852",
    "Circles for ImageNet, dense layers of 32 units for convolutions, the output layer counted as one. Try 300 epochs "
    "with 30 layers, too: in networks so narrow, a few seeds with Xavier start after all.",
)
SAXE = (
    "Saxe, McClelland & Ganguli (2014), Exact solutions to the nonlinear dynamics of learning in deep linear neural "
    "networks, ICLR",
    "https://arxiv.org/abs/1312.6120",
    "Points in the plane for MNIST, 8 units a layer for 1000. Compare 10 with 30 layers: the rate is 0.1/depth, as the "
    "best one falls like 1/depth in the paper (section 2).",
)
IOFFE = (
    "Ioffe & Szegedy (2015), Batch normalization: accelerating deep network training by reducing internal covariate "
    "shift, ICML",
    "https://arxiv.org/abs/1502.03167",
)

# fmt: off
DEEP_RELU = partial(
    race, "glorot_normal", "he_normal", dataset="circles", n_points=180, noise=0.05, train_share=0.4, n_seeds=14,
    activation="relu", optimizer="momentum", learning_rate=0.004, batch_size=24,
)
DEEP_LINEAR = partial(
    race, "glorot_normal", "orthogonal", dataset="blobs", n_classes=5, n_points=300, n_seeds=16,
    activation="linear", batch_size=32, epochs=60,
)
DEEP_LINEAR_CLAIMS = (
    Claim("With orthogonal weights linear networks learn in a time that does not grow with depth, with scaled random "
          "ones in a time that does (section 3, figure 6A).", last_learns),
    Claim("All singular values of a product of orthogonal matrices are 1. With Gaussian ones, the deeper the network, "
          "the more of them vanish (section 3, figure 6B).", singular_values),
)

PAPERS: dict[str, Paper] = {paper.name: paper for paper in (
    Paper(
        "symmetry", "Zeros: units stay copies",
        "Goodfellow, Bengio & Courville (2016), Deep learning, MIT Press, section 8.4; Rumelhart, Hinton & Williams "
        "(1986), Learning representations by back-propagating errors, Nature 323",
        "https://www.deeplearningbook.org/contents/optimization.html",
        "Both argue, and measure nothing: the experiment is ours. Copies draw one straight boundary, XOR needs more.",
        race("zeros", "constant", "glorot_normal", dataset="xor_clouds", n_seeds=16,
             hidden=(8, 8), activation="tanh", learning_rate=0.1, batch_size=32, epochs=100),
        (Claim("Hidden units with the same inputs and the same initial weights get the same update at every step, so "
               "they stay copies of each other (Goodfellow et al., section 8.4).", units_stay_copies),
         Claim("“To break symmetry we start with small random weights” (Rumelhart et al.).", last_learns_alone)),
    ),
    Paper(
        "glorot_sigmoid", "Sigmoid: the top layer saturates", *GLOROT,
        "Points in the plane for images, 32 units a layer for 1000; standard initialisation, SGD, and mini-batches of "
        "ten as in the paper. Add a fifth hidden layer.",
        race("standard_uniform", "glorot_uniform", dataset="blobs", n_classes=5, n_points=600, n_seeds=8,
             hidden=(32,) * 4, activation="sigmoid", learning_rate=1.0, batch_size=10, epochs=80),
        (Claim("“Very quickly at the beginning” all activations of the last hidden layer are pushed to 0, where a "
               "sigmoid is saturated. The means of the others are above 0.5, the less the nearer they are to the "
               "input (section 3.1, figure 2: four hidden layers).", top_layer_saturates),
         Claim("This slows down all learning, until around epoch 100 the layer slowly leaves saturation (figure 2). "
               "With five hidden layers it never did (section 3.1).", learns_out_of_saturation)),
    ),
    Paper(
        "glorot_tanh", "tanh: Xavier keeps gradients", *GLOROT,
        "Two spirals for images, 32 units a layer for 1000; one learning rate for both, where the paper takes the "
        "best for each.",
        race("standard_uniform", "glorot_uniform", dataset="spirals", n_points=1000, noise=0.0, n_seeds=16,
             hidden=(32,) * 5, activation="tanh", learning_rate=0.05, batch_size=10, epochs=60),
        (Claim("At the start gradients get smaller from layer to layer on their way back with the standard "
               "initialisation, but not with the normalised one (section 4.3, figure 7). The mean singular value of a "
               "layer's Jacobian is about 0.5 with the one and 0.8 with the other (section 4.2.2).", gradients_shrink),
         Claim("Test error with five hidden layers, standard and normalised: 27.15 % and 15.60 % on Shapeset, 1.76 % "
               "and 1.64 % on MNIST, 55.9 % and 52.92 % on CIFAR-10 (table 1).", last_errs_less),
         Claim("The standard initialisation converges more slowly (section 5, figures 11 and 12).", last_learns)),
    ),
    Paper(
        "he_22", "22 ReLU layers: He is sooner", *HE, DEEP_RELU(hidden=(32,) * 21, epochs=300),
        (Claim("With 22 layers both Xavier and He lead to convergence, but He starts reducing the error earlier "
               "(section 2.2, figure 2).", all_learn_last_sooner),),
    ),
    Paper(
        "he_30", "30 ReLU layers: Xavier stalls", *HE, DEEP_RELU(hidden=(32,) * 29, epochs=150),
        (Claim("With 30 layers He converges, and Xavier completely stalls, even given more epochs (section 2.2, "
               "figure 3).", last_learns_alone),
         Claim("With Xavier the gradients are all diminishing (figure 3).", gradients_shrink)),
    ),
    *(Paper(f"saxe_{depth}", f"{depth} linear layers: orthogonal", *SAXE,
            DEEP_LINEAR(hidden=(8,) * depth, learning_rate=0.1 / depth), DEEP_LINEAR_CLAIMS) for depth in (10, 30)),
    Paper(
        "ioffe_weights", "Batch norm: careless weights", *IOFFE,
        "Moons for MNIST, 32 units a layer for 100, and fewer steps; three hidden layers of sigmoids, small Gaussian "
        "weights and mini-batches of 60 as in the paper.",
        race("small_normal", "small_normal.bn", dataset="moons", n_points=400, n_seeds=16,
             hidden=(32,) * 3, activation="sigmoid", learning_rate=1.0, batch_size=60, epochs=200),
        (Claim("From small random Gaussian weights, a network of sigmoids trains faster with batch normalisation "
               "(section 4.1, figure 1a) …", last_learns),
         Claim("… and to a higher test accuracy (figure 1a).", last_errs_less),
         Claim("The inputs of a typical sigmoid in the last hidden layer change far less in the course of training: "
               "their 15th, 50th and 85th percentiles (figure 1b, c).", inputs_are_stable)),
    ),
    Paper(
        "ioffe_rate", "Batch norm: a higher rate", *IOFFE,
        "Moons for ImageNet, six layers of 32 ReLUs for Inception. Try a fifth of this learning rate, 0.3.",
        race("he_normal", "he_normal.bn", dataset="moons", n_points=400, n_seeds=16,
             hidden=(32,) * 6, activation="relu", learning_rate=1.5, batch_size=32, epochs=60),
        (Claim("Five times the learning rate took the parameters of Inception to “machine infinity”. With batch "
               "normalisation it needed 14 times fewer steps to Inception's accuracy (section 4.2.2, BN-x5).",
               first_diverges),
         Claim("The scale of a layer's weights does not matter to back-propagation through it, as BN(Wu) = BN((aW)u): "
               "growing weights don't explode (section 3.3).", scale_does_not_matter)),
    ),
)}
