"""Loss and accuracy, line by line: what a script prints while it trains."""

from ..nn import NeuralNetwork
from ..training.loop import Training


class PrintedTraining(Training):
    """A training that prints how the network learns, with all digits."""

    def run(self, steps: int | None = None, history: list[tuple[float, ...]] | None = None) -> NeuralNetwork:
        """Train to the end, and print loss and accuracy at the start and after each epoch. Returns the network.

        Args:
            steps: mini-batches after which to stop; by default, the experiment's epochs.
            history: a list to which each line of numbers is added.
        """
        held_out = self.data.held_out
        print("epoch, training loss, training accuracy, " + held_out + " loss, " + held_out + " accuracy")
        while True:
            at_end = steps is not None and self.steps >= steps
            if at_end:  # it may be in the midst of an epoch
                self.record()
            if not self.overflow and (at_end or self.position == 0):
                line = self.progress, *map(float, self.figures)
                print(*line, sep=", ")
                if history is not None:
                    history.append(line)
            if self.stopped or at_end or self.finished:
                break
            self.step()
        if self.stopped:
            print("The run has diverged: a weight is too large, or the loss stays far above that of guessing.")
        return self.network
