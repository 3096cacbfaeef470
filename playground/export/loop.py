"""Training goes through all examples once an epoch, in a new order each time, one mini-batch after the other."""

import numpy as np

from ..data.datasets import Data
from ..nn import OPTIMIZERS, NeuralNetwork
from ..training.experiment import Experiment
from ..training.trainer import Trainer, batches_rng, experiment_data, initial_network

LARGEST_WEIGHT = Trainer.LARGEST_WEIGHT
RUNAWAY_LOSS = Trainer.RUNAWAY_LOSS
RUNAWAY_EPOCHS = Trainer.RUNAWAY_EPOCHS


def train(experiment: Experiment) -> list[tuple[float, ...]]:
    """Train the network of an experiment; print losses and accuracies at its start and after each epoch.

    Returns:
        What was printed, line by line: epoch, training loss, training accuracy, test loss, test accuracy.
    """
    data = experiment_data(experiment)
    network = initial_network(experiment, data)
    rng = batches_rng(experiment)  # draws the order of the examples
    print("epoch, training loss, training accuracy, test loss, test accuracy")
    history = [report(0, network, data)]
    step, chosen = 0, ""
    for epoch in range(1, experiment.epochs + 1):
        order = rng.permutation(data.n_train)
        position = 0
        while position < data.n_train:
            now = experiment.at(step)
            if now.optimizer != chosen:  # another optimiser starts afresh
                chosen, optimizer = now.optimizer, OPTIMIZERS[now.optimizer]()
            optimizer.learning_rate = now.learning_rate
            batch = order[position : position + now.batch_size]
            with np.errstate(all="ignore"):
                network.step(data.X_train[batch], data.y_train[batch], optimizer, now.l2)
            if not np.abs(network.parameters).max() < LARGEST_WEIGHT:
                print("A weight has left all bounds: the run has diverged.")
                return history
            position += len(batch)
            step += 1
        history.append(report(epoch, network, data))
        if runaway(history, data.n_classes):
            print("The loss stays far above that of guessing: the run has diverged.")
            return history
    return history


def report(epoch: int, network: NeuralNetwork, data: Data) -> tuple[float, ...]:
    """Print losses and accuracies, each with all its digits; NaN for the test without test points."""
    with np.errstate(all="ignore"):
        figures = [*network.evaluate(data.X_train, data.y_train)]
        figures += network.evaluate(data.X_test, data.y_test) if len(data.X_test) else [np.nan, np.nan]
    line = epoch, *map(float, figures)
    print(*line, sep=", ")
    return line


def runaway(history: list[tuple[float, ...]], n_classes: int) -> bool:
    """Whether the median loss of the last epochs is many times that of the start, or of guessing, ln K."""
    losses = [loss for _, loss, *_ in history]
    tolerable = max(losses[0], np.log(n_classes))
    last = losses[1:][-RUNAWAY_EPOCHS:]
    return len(last) == RUNAWAY_EPOCHS and np.median(last) > RUNAWAY_LOSS * tolerable
