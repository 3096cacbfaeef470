"""Several trainers advance together step by step, on the same data and mini-batches, and are used like one."""

from .experiment import Experiment
from .loop import experiment_data
from .trainer import Loop, Trainer


class MultiTrainer(Loop):
    """Base of what trains several stacks of networks together; it is used like a `Trainer`.

    Subclasses fill `trainers` when they are made.

    Attributes:
        experiment: what is shared; `change` replaces it.
        data: the points, shared.
        trainers: one for each stack.
    """

    def __init__(self, experiment: Experiment):
        self.experiment = experiment
        self.data = experiment_data(experiment)
        self.trainers: list[Trainer] = []

    def watch(self) -> None:
        """Note results at the end of each epoch; called once it is done."""

    @property
    def lead(self) -> Trainer:
        """A trainer that has come furthest: all are at the same step, except those that have diverged."""
        return max(self.trainers, key=lambda trainer: trainer.steps)

    @property
    def steps(self) -> int:
        """Mini-batches so far."""
        return self.lead.steps

    @property
    def progress(self) -> float:
        """Passes through the training set so far."""
        return self.lead.progress

    @property
    def finished(self) -> bool:
        """Whether all epochs of the experiment are done."""
        return self.lead.finished

    @property
    def diverged(self) -> str:
        """Why all networks have stopped; "" while one still trains."""
        why = {trainer.diverged for trainer in self.trainers}
        return "" if "" in why else why.pop()

    @property
    def over(self) -> bool:
        """Whether nothing more will happen: only now it is decided who leads."""
        return self.finished or bool(self.diverged)

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in a pass through the training set."""
        return self.lead.steps_per_epoch

    @property
    def steps_to_epoch_end(self) -> int:
        """Mini-batches until the present pass is done."""
        return self.lead.steps_to_epoch_end

    def change(self, experiment: Experiment) -> None:
        """Go on with an experiment that differs in its changes from here on, or in its number of epochs."""
        self.experiment = experiment
        for trainer in self.trainers:
            trainer.change(experiment)

    def step(self) -> None:
        """Train each stack on one mini-batch; a stack that has diverged does not change."""
        epoch = self.lead.epoch
        for trainer in self.trainers:
            trainer.step()
        if self.lead.epoch > epoch:
            self.watch()

    def record(self) -> None:
        """Nothing to do: what trains together is recorded epoch by epoch."""
