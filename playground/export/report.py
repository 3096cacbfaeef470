"""Loss and accuracy, line by line: what an exported script prints while it trains."""

from ..nn import NeuralNetwork
from ..training.experiment import Experiment
from ..training.loop import Figures, Training


class PrintedTraining(Training):
    """A training that prints losses and accuracies at its start and after each epoch, each with all its digits.

    Attributes:
        history: what was printed, line by line: epoch, training loss and accuracy, test loss and accuracy.
    """

    def __init__(self, experiment: Experiment):
        self.history: list[tuple[float, ...]] = []
        print("epoch, training loss, training accuracy, test loss, test accuracy")
        super().__init__(experiment)

    def note(self, figures: Figures) -> None:
        """Print the figures; NaN for the test without test points."""
        line = self.progress, *map(float, figures)
        print(*line, sep=", ")
        self.history.append(line)

    def finish(self, steps: int | None = None) -> NeuralNetwork:
        """Train to the end, or until so many mini-batches are done. Returns the network."""
        while not (self.finished or self.diverged) and (steps is None or self.steps < steps):
            self.step()
        if steps is not None and self.position > 0:  # within an epoch
            self.record()
        if self.diverged == "overflow":
            print("A weight has left all bounds: the run has diverged.")
        if self.diverged == "runaway":
            print("The loss stays far above that of guessing: the run has diverged.")
        return self.network


def train(experiment: Experiment, steps: int | None = None) -> NeuralNetwork:
    """Train the network of an experiment to its end, or for so many mini-batches, and print how it learns."""
    return PrintedTraining(experiment).finish(steps)
