"""What a film costs beside its training alone, and how many of its moments a core makes in a second.

    python -m tests.benchmarks.benchmark_film

The same epochs are trained alone, with loss and accuracy after each, and as segments: trained, measured and packed.
Both in processor time, in turn, from one run on one machine; the ratio is the median of the rounds.
"""

import statistics
import time

from playground.film.segment import cuts, make
from playground.training.experiment import Experiment
from playground.training.trainer import Trainer

ROUNDS, SEGMENTS = 7, (4, 7)  # the numbers of the segments that are measured: from the longest ones on
COST, RATE = 3, 400  # goals for 2-8-8-2: times the training alone, at most; moments a second, at least
RUNS = {
    "2-8-8-2": Experiment(),
    "2-16-16-16-2": Experiment(hidden=(16, 16, 16)),
    "2-64-64-64-64-2": Experiment(hidden=(64,) * 4),
    "2-10x64-2": Experiment(hidden=(64,) * 10),
}


def seconds(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def measured(experiment: Experiment) -> tuple[float, float]:
    """How many times as long as the training a film takes, and its moments a second."""
    state = None
    for k in range(SEGMENTS[0]):
        state = make(experiment, k, state).state
    first, last = cuts(experiment, SEGMENTS[0])[0], cuts(experiment, SEGMENTS[1])[0]

    def film():
        now = state
        for k in range(*SEGMENTS):
            now = make(experiment, k, now).state

    rounds = []
    for _ in range(ROUNDS):
        trainer = Trainer(experiment, states=0)
        while trainer.epoch < first:
            trainer.run(trainer.steps_to_epoch_end)

        def alone(trainer=trainer):
            while trainer.epoch < last:
                trainer.run(trainer.steps_to_epoch_end)

        ours, training = seconds(film), seconds(alone)
        rounds.append((ours / training, (last - first) / ours))
    cost, rate = (statistics.median(column) for column in zip(*rounds, strict=True))
    return cost, rate


def main():
    for name, experiment in RUNS.items():
        cost, rate = measured(experiment)
        goals = f"   goals: {COST} and {RATE}   {'met' if cost <= COST and rate >= RATE else 'missed'}"
        print(f"{name:16} {cost:5.2f} times the training alone, {rate:5.0f} moments/s{goals * (name == '2-8-8-2')}")


if __name__ == "__main__":
    main()
