"""How much faster a race is than the same networks trained one after the other: a ratio from one run on one machine.

    python -m tests.benchmarks.benchmark_race

Six schemes with 32 seeds each, 2-16-16-2, 500 points, batch 32, SGD: 192 networks in stacks, as the page trains them,
with its loss and accuracy on all points after each epoch. Against them scikit-learn's `MLPClassifier`, also in float32,
of which a sample is trained, one network after the other, on the same points for as many epochs, and scaled to 192.
"""

import statistics
import time
import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from playground.topics.initialization.race import Race, RaceTrainer
from playground.training.contestants import Contestant

ROUNDS, SAMPLE, EPOCHS, GOAL = 5, 4, 30, 15
SCHEMES = ("small_normal", "unit_normal", "glorot_normal", "he_normal", "lecun_normal", "orthogonal")


def seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main():
    race = Race(
        contestants=tuple(map(Contestant, SCHEMES)), n_seeds=32, hidden=(16, 16), activation="tanh",
        n_points=500, train_share=1.0, epochs=EPOCHS, learning_rate=0.1,
    )  # fmt: skip
    data = RaceTrainer(race).data

    def alone():
        for seed in range(SAMPLE):
            MLPClassifier(
                (16, 16), activation="tanh", solver="sgd", momentum=0, learning_rate_init=0.1, alpha=0, batch_size=32,
                max_iter=EPOCHS, tol=0, n_iter_no_change=EPOCHS, random_state=seed,
            ).fit(data.X_train.astype(Race.DTYPE), data.y_train.argmax(axis=1))  # fmt: skip

    rounds = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for _ in range(ROUNDS):  # in turn, since the machine's speed drifts
            together = RaceTrainer(race)
            ours = seconds(lambda together=together: together.run(10**6))
            theirs = seconds(alone) * len(SCHEMES) * race.n_seeds / SAMPLE
            rounds.append((ours, theirs, theirs / ours))
    ours, theirs, ratio = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(
        f"192 networks 2-16-16-2, {EPOCHS} epochs of 500 points: race {ours:.2f} s, one after the other {theirs:.1f} s"
    )
    print(f"times as fast: {ratio:.1f}   goal: at least {GOAL}   {'met' if ratio >= GOAL else 'missed'}")


if __name__ == "__main__":
    main()
