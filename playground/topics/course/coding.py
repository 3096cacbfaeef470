"""Coding: students write the network in the notebook of exercises, then train XOR and choose a learning rate."""

from dataclasses import replace

import numpy as np

from ...nn import INITIALIZERS, BatchNorm, Dense, ReLU, Softmax
from ...settings import limits
from ...training.experiment import Experiment
from ...training.trainer import Trainer
from ..batch_norm.one_batch import OneBatch
from ..digits.digits_experiment import COURSE_RATE
from ..forward_backward.training_step import TrainingStep
from .station import SCRATCH, SEEDS, TO_THE_END, Answer, Station, station

CODING = "Coding"
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # learning rates: the question is about one of them
FETCH = "On the playground, **Take it home** → **Exercises**. "
BELOW = "Then run this below your code:"


@station
def write_xavier(seed: int, rng: np.random.Generator) -> Station:
    start = int(rng.integers(SEEDS))
    n_in, n_out = (int(n) for n in rng.choice(np.arange(3, 9), 2, replace=False))

    def total(draw):
        return float(np.abs(draw(np.random.default_rng(start), n_in, n_out)).sum())

    def compute():
        value = total(INITIALIZERS["glorot_normal"])
        variance = INITIALIZERS["glorot_normal"].variance(n_in, n_out)
        mistakes = {
            "the weights are multiplied by the variance, not by its root": value * np.sqrt(variance),
            "it is He's scheme": total(INITIALIZERS["he_normal"]),
            "it is LeCun's scheme": total(INITIALIZERS["lecun_normal"]),
            "the weights still have variance 1": total(INITIALIZERS["unit_normal"]),
            "it is the uniform distribution": total(INITIALIZERS["glorot_uniform"]),
        }
        return Answer(value, mistakes, 0.002)

    return Station(
        part=CODING, hours=0.5, objective=SCRATCH, title="Write Xavier's initialisation",
        page="playground", record=Experiment(seed=seed),
        predict="Which single line differs between Xavier's scheme and He's?",
        do=FETCH + "Write exercise 1 until its check passes. " + BELOW,
        question="What does it print?",
        hint="exercise 1: the standard deviation is the root of 2 / (fan_in + fan_out).",
        answer=compute,
        code=f"rng = np.random.default_rng({start})\n"
        f"W = glorot_normal(rng, {n_in}, {n_out})\n"
        "print(np.abs(W).sum())",
    )  # fmt: skip


@station
def write_dense(seed: int, rng: np.random.Generator) -> Station:
    start = int(rng.integers(SEEDS))
    n = int(rng.integers(3, 6))

    def compute():
        rng = np.random.default_rng(start)
        layer = Dense(n, n, "glorot_normal", rng)
        X, dout = rng.standard_normal((4, n)), rng.standard_normal((4, n))
        layer.forward(X)
        dX = layer.backward(dout)
        untransposed = np.abs(dout @ layer.W).sum()
        dX, dW = np.abs(dX).sum(), np.abs(layer.dW).sum()
        mistakes = {
            "dX takes W without its transpose": untransposed + dW,
            "dW is divided by the batch size: the loss has done so already": dX + dW / len(X),
            "this is dX alone": dX,
            "this is dW alone": dW,
        }
        return Answer(float(dX + dW), mistakes, 0.002)

    return Station(
        part=CODING, hours=0.75, objective=SCRATCH, title="Write the dense layer",
        page="forward_backward", section="check", record=TrainingStep(seed=seed),
        predict="Forward is one product. How many are backward, and which of their factors are transposed?",
        do=FETCH + "Write exercise 2. The gradient check here shows what its checks look for. " + BELOW,
        question="What does it print?",
        hint="the shapes: dW has that of W, dX that of X, and each product must fit.",
        answer=compute,
        code=f"rng = np.random.default_rng({start})\n"
        f'layer = Dense({n}, {n}, "glorot_normal", rng)\n'
        f"X = rng.standard_normal((4, {n}))\n"
        f"dout = rng.standard_normal((4, {n}))\n"
        "layer.forward(X)\n"
        "dX = layer.backward(dout)\n"
        "print(np.abs(dX).sum() + np.abs(layer.dW).sum())",
    )  # fmt: skip


@station
def write_softmax(seed: int, rng: np.random.Generator) -> Station:
    start = int(rng.integers(SEEDS))
    classes = rng.integers(3, size=4).tolist()

    def compute():
        Z, y = np.random.default_rng(start).standard_normal((4, 3)), np.eye(3)[classes]
        relu, softmax = ReLU(), Softmax()
        p = softmax.forward(relu.forward(Z))
        behind = softmax.backward(y)
        value = float(np.abs(relu.backward(behind)).sum())
        over_batch = Softmax().forward(relu.output.T).T
        mistakes = {
            "the gradient is a sum over the batch, not a mean": value * len(Z),
            "the derivative of ReLU is missing": float(np.abs(behind).sum()),
            "softmax goes down the batch: the wrong axis": float(np.abs(relu.backward(over_batch - y)).sum()) / len(Z),
            "the labels are not taken off": float(np.abs(relu.backward(p)).sum()) / len(Z),
        }
        return Answer(value, mistakes, 0.002)

    return Station(
        part=CODING, hours=0.75, objective=SCRATCH, title="Write ReLU and softmax",
        page="forward_backward", section="step", record=TrainingStep(seed=seed, activation="relu"),
        predict="Softmax and cross-entropy together: what is left of their two derivatives?",
        do=FETCH + "Write exercises 3 and 4. This page shows every number on the way. " + BELOW,
        question="What does it print?",
        hint="(p − y) / batch, then 0 where ReLU was 0. The sum of the exponentials runs along a row.",
        answer=compute,
        code=f"Z = np.random.default_rng({start}).standard_normal((4, 3))\n"
        f"y = np.eye(3)[{classes}]\n"
        "relu, softmax = ReLU(), Softmax()\n"
        "softmax.forward(relu.forward(Z))\n"
        "print(np.abs(relu.backward(softmax.backward(y))).sum())",
    )  # fmt: skip


@station
def write_batch_norm(seed: int, rng: np.random.Generator) -> Station:
    start = int(rng.integers(SEEDS))
    n = int(rng.integers(5, 10))

    def compute():
        rng = np.random.default_rng(start)
        X, dout = rng.standard_normal((n, 3)), rng.standard_normal((n, 3))
        norm = BatchNorm(3)
        norm.forward(X)
        value = float(np.abs(norm.backward(dout)).sum())
        direct, through_mean, through_var = (path / norm.std for path in norm.paths(dout))
        mistakes = {
            "only the path through x̂ is there": direct,
            "the path through the variance is missing": direct + through_mean,
            "the path through the mean is missing": direct + through_var,
            "the division by the standard deviation is missing": norm.backward(dout) * norm.std,
        }
        return Answer(value, {mistake: float(np.abs(dX).sum()) for mistake, dX in mistakes.items()}, 0.002)

    return Station(
        part=CODING, hours=0.75, objective=SCRATCH, title="Write batch normalisation",
        page="batch_norm", section="batch", record=OneBatch(batch_size=8, seed=seed),
        predict="One z is moved: on how many paths does that reach the loss?",
        do=FETCH + "Write exercise 5. The picture here shows the three paths one by one. " + BELOW,
        question="What does it print?",
        hint="the three paths: through x̂ itself, through the mean and through the variance of the batch.",
        answer=compute,
        code=f"rng = np.random.default_rng({start})\n"
        f"X = rng.standard_normal(({n}, 3))\n"
        f"dout = rng.standard_normal(({n}, 3))\n"
        "norm = BatchNorm(3)\n"
        "norm.forward(X)\n"
        "print(np.abs(norm.backward(dout)).sum())",
    )  # fmt: skip


@station
def xor(seed: int, rng: np.random.Generator) -> Station:
    experiment = Experiment(
        dataset="xor", hidden=(4,), activation="relu", batch_size=4, learning_rate=4 * COURSE_RATE, seed=seed,
        epochs=min(1000, limits.EPOCHS),
    )  # fmt: skip

    def compute():
        trainer = Trainer(experiment)
        trainer.run(TO_THE_END)
        first, last = trainer.history.moments[0], trainer.history.moments[-1]
        mean = Trainer(replace(experiment, learning_rate=COURSE_RATE))
        mean.run(TO_THE_END)
        slower = mean.history.moments[-1].train_loss
        mistakes = {
            f"this is with {COURSE_RATE:g} times the mean gradient of the points: the course takes their sum": slower
        }
        if abs(slower - last.train_loss) < 0.1 * last.train_loss:  # a network that is stuck has one loss with both
            mistakes.clear()
        mistakes |= {
            "this is the loss before training": first.train_loss,
            "this is the sum over the four points, not their mean": 4 * last.train_loss,
            "this is the accuracy": last.train_accuracy,
            "this is the accuracy in percent": 100 * last.train_accuracy,
        }
        return Answer(last.train_loss, mistakes)

    return Station(
        part=CODING, hours=1.25, objective=SCRATCH, title="XOR from scratch",
        page="playground", record=experiment,
        predict="The course's network, 2-4-2 with ReLU, on its four points: will it solve them with your seed?",
        do="Press **Play**. Then **Take it home** → **Script**, and run it: the engine in one file prints the same "
        "losses. Change its seed: how often is XOR solved? "
        f"The course goes {COURSE_RATE:g} times the *sum* of four gradients, so here η = {4 * COURSE_RATE:g}, times "
        "their mean.",
        question=f"What is the training loss after {experiment.epochs} epochs?",
        hint="the last line that the script prints, or the line above the pictures.",
        answer=compute, anew=False,
    )  # fmt: skip


@station
def learning_rate(seed: int, rng: np.random.Generator) -> Station:
    rate = RATES[int(rng.integers(len(RATES)))]
    data_seed = int(rng.integers(SEEDS))
    experiment = Experiment(dataset="moons", learning_rate=rate, epochs=20, seed=seed, data_seed=data_seed)

    def last(rate):
        trainer = Trainer(replace(experiment, learning_rate=rate))
        trainer.run(TO_THE_END)
        return trainer.history.moments[-1]

    def compute():
        found = last(rate)
        mistakes = {
            "this is the loss on the test points": found.held_out_loss,
            "this is the accuracy": found.train_accuracy,
        }
        mistakes |= {f"the learning rate is {each:g}": last(each).train_loss for each in RATES if each != rate}
        return Answer(found.train_loss, mistakes)

    return Station(
        part=CODING, hours=1.0, objective=SCRATCH, title="The learning rate",
        page="playground", record=experiment,
        predict=f"η = {rate:g}, 20 epochs. Would ten times as much be better, or a tenth?",
        do="Press **Play**. Then try the rates around it, and 10: read *What is happening*.",
        question=f"What is the training loss after 20 epochs with η = {rate:g}?",
        hint="the line above the pictures: *loss*, not the one of the test. **Reset** before each run.",
        answer=compute,
    )  # fmt: skip
