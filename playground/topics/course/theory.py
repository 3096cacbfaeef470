"""Theory: the forward and the backward pass by hand, what first weights do to a signal, and batch normalisation."""

import math
from dataclasses import replace

import numpy as np

from ...nn import INITIALIZERS, BatchNorm
from ...training.contestants import Contestant
from ...training.experiment import Experiment
from ...training.trainer import Trainer
from ..batch_norm.one_batch import OneBatch, one_batch
from ..batch_norm.paired_runs import Pairs, PairsTrainer
from ..batch_norm.running_statistics import Evaluation
from ..forward_backward.equation import TOLERANCE
from ..forward_backward.equations import equations
from ..forward_backward.mistakes import MISTAKES
from ..forward_backward.step_check import check
from ..forward_backward.training_step import TrainingStep, follow_step
from ..initialization.race import Race, RaceTrainer
from ..initialization.scheme_comparison import SchemeComparison, signal
from ..initialization.standings import standings
from .station import (
    BATCH_NORM,
    EXACT,
    INITIALISATION,
    PROPAGATION,
    SEEDS,
    TO_THE_END,
    Answer,
    Station,
    station,
)

THEORY = "Theory"
ARRIVED = 0.95  # share of the way from its start to its limit, after which a running mean counts as there


def stage(settings: TrainingStep, name: str) -> TrainingStep:
    """The training step, opened at the equation with this name."""
    return replace(settings, stage=[equation.name for equation in equations(follow_step(settings))].index(name))


def entry(settings: TrainingStep, name: str) -> Answer:
    """The result that an equation explains number by number, and what known mistakes would make of it."""
    equation = next(equation for equation in equations(follow_step(settings)) if equation.name == name)
    return Answer(equation.value, equation.mistakes, TOLERANCE)


@station
def forward_pass(seed: int, rng: np.random.Generator) -> Station:
    example, k = int(rng.integers(1, 4)), int(rng.integers(2))
    settings = TrainingStep(seed=seed, example=example, focus=(2, 0, k), predict=True)
    return Station(
        part=THEORY, hours=0.5, objective=PROPAGATION, title="The forward pass by hand",
        page="forward_backward", section="step", record=settings,
        predict="Before the training: will the two class probabilities be near 1/2, or near 0 and 1?",
        do="Work out each result before you press **Next**, as far as the softmax; the page checks every one.",
        question=rf"What probability $p$ does output {k + 1} have for example {example + 1}?",
        hint="the stage **p**: the exponential of this logit, over the sum of both.",
        answer=lambda: entry(settings, "p"),
    )  # fmt: skip


@station
def backward_pass(seed: int, rng: np.random.Generator) -> Station:
    i, j = int(rng.integers(3)), int(rng.integers(2))
    settings = TrainingStep(seed=seed, focus=(2, i, j), predict=True)
    return Station(
        part=THEORY, hours=0.5, objective=PROPAGATION, title="The backward pass by hand",
        page="forward_backward", section="step", record=stage(settings, "dz2"),
        predict="Four examples, one weight: do their gradients add up, or cancel?",
        do="Follow $\\mathrm{d}Z^{(2)} = (P - Y)/N$ and $\\mathrm{d}W^{(2)} = {A^{(1)}}^\\top \\mathrm{d}Z^{(2)}$ for "
        "the link that is marked.",
        question=rf"What is $\partial L / \partial W^{{(2)}}$ for the weight from hidden unit {i + 1} "
        f"to output {j + 1}?",
        hint="the stage **dW2**: the inputs of this weight, each times its dz, over the whole batch.",
        answer=lambda: entry(settings, "dW2"),
    )  # fmt: skip


@station
def chain_rule(seed: int, rng: np.random.Generator) -> Station:
    example, j = int(rng.integers(1, 4)), int(rng.integers(3))
    settings = TrainingStep(seed=seed, activation="sigmoid", example=example, focus=(1, 0, j), predict=True)
    return Station(
        part=THEORY, hours=0.5, objective=PROPAGATION, title="The chain rule through an activation",
        page="forward_backward", section="step", record=stage(settings, "da1"),
        predict="The slope of the sigmoid: what is the most that it can leave of a gradient?",
        do="Bring the gradient back through the weights, then through the sigmoid: times $a(1 - a)$.",
        question=rf"What is $\partial L / \partial z$ of hidden unit {j + 1} for example {example + 1}?",
        hint="the stage **dz1**: dL/da of this unit, times the slope at this unit.",
        answer=lambda: entry(settings, "dz1"),
    )  # fmt: skip


@station
def gradient_check(seed: int, rng: np.random.Generator) -> Station:
    mistake = str(rng.choice([name for name in MISTAKES if name != "none"]))
    layer = int(rng.integers(1, 3))
    settings = TrainingStep(seed=seed)

    def compute():
        checked = check(follow_step(replace(settings, mistake=mistake)))
        wrong, here = checked.wrong, checked.layers == layer
        mistakes = {
            "these are the wrong ones of both layers": int(wrong.sum()),
            "these are those of the other layer": int((wrong & ~here).sum()),
            "these are the ones that agree": int((~wrong & here).sum()),
            "these are all gradients of the layer": int(here.sum()),
        }
        return Answer(int((wrong & here).sum()), mistakes, EXACT)

    return Station(
        part=THEORY, hours=0.5, objective=PROPAGATION, title="Catch a bug with a gradient check",
        page="forward_backward", section="check", record=settings,
        predict=f"“{MISTAKES[mistake].label}”: {MISTAKES[mistake].meaning} Which gradients will be wrong?",
        do=f"Under **Break the backward pass** choose **{MISTAKES[mistake].label}**, and read the table.",
        question=f"With this mistake, how many gradients of layer {layer} are wrong?",
        hint=f"the table: rows W{layer} and b{layer} with a relative error above 1e-5.",
        answer=compute,
    )  # fmt: skip


@station
def symmetry(seed: int, rng: np.random.Generator) -> Station:
    experiment = Experiment(initializer="zeros", data_seed=int(rng.integers(SEEDS)), seed=seed, epochs=50)

    def compute():
        trainer = Trainer(experiment)
        trainer.run(TO_THE_END)
        last = trainer.history.moments[-1]
        value = 100 * last.train_accuracy
        mistakes = {
            "this is the accuracy on the test points": 100 * last.held_out_accuracy,
            "this is what the network gets wrong": 100 - value,
            "this is a share, not percent": last.train_accuracy,
            "you took it that the network learns": 100.0,
        }
        return Answer(value, mistakes, 0, 0.6)

    return Station(
        part=THEORY, hours=0.25, objective=INITIALISATION, title="Zeros, and why symmetry must be broken",
        page="playground", record=experiment,
        predict="All weights start at zero. What can the network learn, if its hidden units always agree?",
        do="Press **Play**, wait for the end, and read *What is happening*.",
        question="What accuracy on the training points does it reach, in percent?",
        hint="the line above the pictures. Only the output's biases have moved: they say which class "
        "is the more frequent.",
        answer=compute, percent=True,
    )  # fmt: skip


@station
def xavier(seed: int, rng: np.random.Generator) -> Station:
    n_in, n_out = (int(n) for n in rng.choice(np.arange(4, 33), 2, replace=False))
    experiment = Experiment(hidden=(n_in, n_out), seed=seed)

    def compute():
        glorot, he, lecun = (INITIALIZERS[f"{name}_normal"].variance for name in ("glorot", "he", "lecun"))
        value = glorot(n_in, n_out)
        mistakes = {
            "this is the standard deviation": math.sqrt(value),
            "the 2 is missing": value / 2,
            "this is He's variance, which counts n_in alone": he(n_in, n_out),
            "this is LeCun's variance, 1 / n_in": lecun(n_in, n_out),
            "this is the layer before": glorot(2, n_in),
            "this is the layer after": glorot(n_out, 2),
        }
        return Answer(value, mistakes)

    return Station(
        part=THEORY, hours=0.25, objective=INITIALISATION, title="Xavier's variance",
        page="playground", record=experiment,
        predict="Does a wider layer need larger weights, or smaller ones?",
        do="Work it out; then open *Initialisation* in the sidebar, which gives Var(W) layer by layer.",
        question=f"What is Var(W) between the hidden layers, from {n_in} units to {n_out}?",
        hint=r"the formula: $\mathrm{Var}(W) = 2 / (n_{in} + n_{out})$, with the two widths that this W connects.",
        answer=compute,
    )  # fmt: skip


@station
def signal_through_depth(seed: int, rng: np.random.Generator) -> Station:
    gain = float(rng.choice([0.6, 0.8, 0.9, 1.1, 1.25, 1.3]))
    contestant = Contestant("glorot_normal")
    depth = SchemeComparison(
        contestants=(contestant, Contestant("he_normal")), depth=20, width=256, activation="relu", gain=gain,
        seed=seed, n_seeds=1,
    )  # fmt: skip

    def growth(activation, gain=gain):
        a_std = signal(replace(depth, activation=activation, gain=gain).entry(contestant)).a_std
        return float((a_std[-1] / a_std[0]) ** (1 / (len(a_std) - 1)))

    def compute():
        value = growth("relu")
        mistakes = {
            "this is the factor of the variance": value**2,
            "the gain is missing": growth("relu", 1.0),
            "the ReLU is missing: it sets half of its inputs to zero": growth("linear"),
            "this is the way back, from layer 20 to layer 1": 1 / value,
        }
        return Answer(value, mistakes, 0.04)

    return Station(
        part=THEORY, hours=0.5, objective=INITIALISATION, title="A signal through twenty layers",
        page="initialization", section="signal", record=depth,
        predict=f"ReLU, and all weights times {gain:g}: does the signal of Xavier's scheme shrink or grow? "
        "And that of He's?",
        do="Read the standard deviation at layer 1 and at layer 20: their ratio is the factor to the power of 19.",
        question=f"Xavier normal, gain {gain:g}: by what factor does the standard deviation change "
        "from layer to layer?",
        hint=r"theory: without a gain it is $\sqrt{n \, \mathrm{Var}(W) / 2}$, where ReLU leaves half.",
        answer=compute, anew=False,
    )  # fmt: skip


@station
def race(seed: int, rng: np.random.Generator) -> Station:
    contestants = tuple(Contestant(f"{name}_normal") for name in ("small", "glorot", "he"))
    data_seed = int(rng.integers(SEEDS))
    record = Race(contestants=contestants, n_seeds=8, hidden=(16,) * 5, epochs=20, seed=seed, data_seed=data_seed)
    asked = contestants[int(rng.integers(1, 3))]

    def compute():
        trainer = RaceTrainer(record)
        trainer.run(TO_THE_END)
        all_of_them = {standing.contestant: standing for standing in standings(trainer)}
        low, median, high = map(float, all_of_them[asked].loss)
        mistakes = {"this is the lower quartile": low, "this is the upper quartile": high}
        mistakes |= {
            f"this is “{each.label}”": float(all_of_them[each].loss[1]) for each in contestants if each != asked
        }
        mistakes["this is the accuracy"] = float(all_of_them[asked].accuracy[1])
        return Answer(median, mistakes)

    return Station(
        part=THEORY, hours=0.5, objective=INITIALISATION, title="A race of schemes",
        page="initialization", section="race", record=record,
        predict="Small weights, Xavier's, He's: which learns first with ReLU, and which not at all?",
        do="Press **Play** and wait for epoch 20. The standings say whether a difference is more than chance.",
        question=f"What is the median training loss of *{asked.label}* after 20 epochs?",
        hint="the column *Training loss* of the standings: the first number, before the quartiles.",
        answer=compute,
    )  # fmt: skip


@station
def one_batch_normalised(seed: int, rng: np.random.Generator) -> Station:
    feature, example = int(rng.integers(1, 5)), int(rng.integers(1, 9))
    gamma, beta = (float(rng.choice([-2, -1.5, 1.5, 2, 2.5])), float(rng.choice([-1.5, -0.5, 0.5, 1.5])))
    record = OneBatch(batch_size=8, seed=seed, feature=feature, example=example)

    def compute():
        batch = one_batch(replace(record, gamma=gamma, beta=beta))
        i, j = batch.example, batch.feature
        value, x_hat = float(batch.norm.output[i, j]), float(batch.norm.X_hat[i, j])
        unbiased = math.sqrt(1 - 1 / len(batch.z))  # of a standard deviation
        over_features = BatchNorm(len(batch.z)).forward(batch.z.T).T
        mistakes = {
            "γ and β are missing: this is x̂": x_hat,
            "β is missing": gamma * x_hat,
            "γ is missing": x_hat + beta,
            "β was added before γ multiplied": gamma * (x_hat + beta),
            "the variance is divided by n − 1": gamma * x_hat * unbiased + beta,
            "it is divided by the variance, not by its root": gamma * x_hat / float(batch.norm.std[j]) + beta,
            "the mean is missing": gamma * float(batch.z[i, j] / batch.norm.std[j]) + beta,
            "it is normalised over the features: the wrong axis": gamma * float(over_features[i, j]) + beta,
        }
        return Answer(value, mistakes, absolute=0.005)

    return Station(
        part=THEORY, hours=0.5, objective=BATCH_NORM, title="One batch, normalised",
        page="batch_norm", section="batch", record=record,
        predict=f"γ = {gamma:g} and β = {beta:g}: where will the mean of the outputs be, and their standard deviation?",
        do="Take x̂ from the equations and work out y. Then turn **Scale γ** and **Shift β**, and compare.",
        question=f"With γ = {gamma:g} and β = {beta:g}, what is y of feature {feature} for example {example}?",
        hint="the equations: first x̂ over the batch, then y = γ x̂ + β.",
        answer=compute,
    )  # fmt: skip


def batches_to_arrive(momentum: float) -> int:
    """Mini-batches, all with mean 1, until the running mean has gone from 0 to `ARRIVED`."""
    norm, n = BatchNorm(1, momentum=momentum), 0
    while norm.running_mean[0] < ARRIVED:
        norm.forward(np.ones((2, 1)))
        n += 1
    return n


@station
def running_statistics(seed: int, rng: np.random.Generator) -> Station:
    momentum = float(rng.choice([0.02, 0.04, 0.05, 0.08, 0.15, 0.2]))
    record = Evaluation(seed=seed, momentum=momentum, batch_size=256)

    def compute():
        value = batches_to_arrive(momentum)
        mistakes = {
            "this is 1 over the momentum: by then about two thirds are done": 1 / momentum,
            "the weights are swapped: the newest batch gets the momentum": batches_to_arrive(1 - momentum),
            "this is how long half of the way takes": math.log(2) / momentum,
        }
        return Answer(value, mistakes, 0.02, 1)

    return Station(
        part=THEORY, hours=0.5, objective=BATCH_NORM, title="Training and evaluation",
        page="batch_norm", section="evaluation", record=record,
        predict="In evaluation one example comes alone. What takes the place of the mean of its batch?",
        do=f"Watch the running mean leave 0 with momentum {momentum:g}. "
        "Each mini-batch leaves 1 − momentum of the gap.",
        question=f"All batches alike: after how many has the running mean gone {ARRIVED:.0%} of the way?",
        hint=f"the picture *Mean*, or the smallest n with (1 − {momentum:g})ⁿ ≤ {1 - ARRIVED:.2g}.",
        answer=compute,
    )  # fmt: skip


@station
def with_and_without(seed: int, rng: np.random.Generator) -> Station:
    data_seed = int(rng.integers(SEEDS))
    record = Pairs(n_seeds=8, dataset="circles", hidden=(16,) * 6, epochs=20, seed=seed, data_seed=data_seed)

    def compute():
        trainer = PairsTrainer(record)
        trainer.run(TO_THE_END)
        without, normalised = standings(trainer)
        low, median, high = map(float, normalised.loss)
        mistakes = {
            "this is the network without batch normalisation": float(without.loss[1]),
            "this is the lower quartile": low,
            "this is the upper quartile": high,
            "this is the accuracy": float(normalised.accuracy[1]),
        }
        return Answer(median, mistakes)

    return Station(
        part=THEORY, hours=0.5, objective=BATCH_NORM, title="With and without",
        page="batch_norm", section="pairs", record=record,
        predict="Unit normal weights, six hidden layers: in how many of eight pairs will batch normalisation be ahead?",
        do="Press **Play**, and wait for epoch 20. Watch how the inputs of each layer drift without it.",
        question="What is the median training loss with batch normalisation after 20 epochs?",
        hint="the table below the pictures: *Training loss*, the row with + BN.",
        answer=compute,
    )  # fmt: skip
