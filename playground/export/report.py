"""Loss and accuracy, line by line: what an exported script prints while it trains."""

from ..nn import NeuralNetwork
from ..training.experiment import Experiment
from ..training.loop import Training


def train(
    experiment: Experiment, steps: int | None = None, history: list[tuple[float, ...]] | None = None
) -> NeuralNetwork:
    """Train the network of an experiment, and print how it learns, with all digits. Returns the network.

    Args:
        experiment: the experiment.
        steps: mini-batches after which to stop; by default, the experiment's epochs.
        history: a list to which each line of numbers is added.
    """
    training = Training(experiment)
    held_out = training.data.held_out
    print(f"epoch, training loss, training accuracy, {held_out} loss, {held_out} accuracy")
    while True:
        ends = (steps is not None and training.steps >= steps) or training.finished or training.stopped
        if steps is not None and ends:  # it may be in the midst of an epoch
            training.record()
        if (training.position == 0 or ends) and not training.overflow:
            line = training.progress, *map(float, training.figures)
            print(*line, sep=", ")
            if history is not None:
                history.append(line)
        if ends:
            break
        training.step()
    if training.stopped:
        print("The run has diverged: a weight is too large, or the loss stays far above that of guessing.")
    return training.network
