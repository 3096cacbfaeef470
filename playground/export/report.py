"""Loss and accuracy, line by line: what an exported script prints while it trains."""

from ..training.experiment import Experiment
from ..training.loop import Figures, Training


class PrintedTraining(Training):
    """A training that prints losses and accuracies at its start and after each epoch, each with all its digits.

    Attributes:
        history: what was printed, line by line: epoch, training loss and accuracy, and those on the part held out.
    """

    def __init__(self, experiment: Experiment):
        self.history: list[tuple[float, ...]] = []
        super().__init__(experiment)

    def note(self, figures: Figures) -> None:
        """Print the figures; NaN for the part held out where all points train."""
        if not self.history:
            held_out = self.data.held_out
            print(f"epoch, training loss, training accuracy, {held_out} loss, {held_out} accuracy")
        line = self.epoch, *map(float, figures)
        print(*line, sep=", ")
        self.history.append(line)


def train(experiment: Experiment) -> list[tuple[float, ...]]:
    """Train the network of an experiment to its end. Returns what was printed, line by line."""
    training = PrintedTraining(experiment)
    training.run()
    if training.diverged == "overflow":
        print("A weight has left all bounds: the run has diverged.")
    elif training.diverged:
        print("The loss stays far above that of guessing: the run has diverged.")
    return training.history
