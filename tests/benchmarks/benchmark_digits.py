"""How fast the digits project trains, beside scikit-learn's MLPClassifier, and how well both do in the end.

    python -m tests.benchmarks.benchmark_digits

Run it from the project's root; it takes about a minute. Both train the course's network 64-128-64-10 with ReLU, softmax
and plain SGD on the same 1,437 images, in batches of 32, for 100 epochs, in a new random order each epoch: the first
four fifths of the file, without a part held out. MLPClassifier also adds up its loss at each step. Its own stopping is
off, so that it goes through all epochs. Seed k of both has other initial weights and another order.

The two take turns on one thread. Seconds are of computing, not of waiting for a busy machine, and figures are medians.
"""

import os

THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
os.environ.update(dict.fromkeys(THREADS, "1"))  # before NumPy is loaded

import platform  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from dataclasses import replace  # noqa: E402

import numpy as np  # noqa: E402
import sklearn  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.neural_network import MLPClassifier  # noqa: E402

from playground.nn import SGD  # noqa: E402
from playground.topics.digits.digits_experiment import Digits  # noqa: E402
from playground.training.loop import batches_rng, experiment_data, initial_network  # noqa: E402


class InFloat64(Digits):
    """The same project in double precision."""

    DTYPE = np.float64


COURSE = Digits()
DTYPES = (np.float32, np.float64)  # the app trains the project in the first
SCHEDULER = 7
FASTER, CLOSE = 2.5, 0.01  # goals: times as fast, and test accuracies no further apart


def course_data(dtype):
    """X_train, y_train, X_test, y_test of the course's own split, labels one-hot."""
    data = experiment_data(COURSE)
    return [part.astype(dtype) for part in (data.X_train, data.y_train, data.X_test, data.y_test)]


def ours(seed, dtype):
    """Seconds of training, and accuracy on the test images."""
    X, y, X_test, y_test = course_data(dtype)
    experiment = replace(InFloat64() if dtype == np.float64 else COURSE, seed=seed, batch_seed=seed)
    model, batches = initial_network(experiment, experiment_data(experiment)), batches_rng(experiment)
    optimizer = SGD(COURSE.learning_rate)
    start = time.process_time()
    for _ in range(COURSE.epochs):
        order = batches.permutation(len(X))
        for i in range(0, len(X), COURSE.batch_size):
            batch = order[i : i + COURSE.batch_size]
            model.step(X[batch], y[batch], optimizer)
    seconds = time.process_time() - start
    assert model.parameters.dtype == dtype
    return seconds, float(model.evaluate(X_test, y_test)[1])


def theirs(seed, dtype):
    """Seconds of fitting, and accuracy on the test images."""
    X, y, X_test, y_test = course_data(dtype)
    labels, test_labels = y.argmax(axis=1), y_test.argmax(axis=1)
    model = MLPClassifier(
        COURSE.hidden, COURSE.activation, solver="sgd", momentum=0, alpha=0, learning_rate_init=COURSE.learning_rate,
        batch_size=COURSE.batch_size, max_iter=COURSE.epochs, tol=0, n_iter_no_change=COURSE.epochs, random_state=seed,
    )  # fmt: skip
    start = time.process_time()
    model.fit(X, labels)
    seconds = time.process_time() - start
    assert model.n_iter_ == COURSE.epochs
    assert {array.dtype.type for array in model.coefs_ + model.intercepts_} == {dtype}
    return seconds, float(model.score(X_test, test_labels))


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, scikit-learn {sklearn.__version__}"
    print(f"{os.cpu_count()} cores, {versions}; the course's network, {COURSE.epochs} epochs, {SCHEDULER} seeds\n")
    print(f"{'':12}{'ours':>12}{'theirs':>12}{'times as fast':>17}{'test, ours':>15}{'theirs':>10}{'apart':>12}")
    for dtype in DTYPES:
        ours(SCHEDULER, dtype)  # to warm up
        turns = np.array([(*ours(seed, dtype), *theirs(seed, dtype)) for seed in range(SCHEDULER)])
        own, reached, other, others = turns.T
        faster, apart = np.median(other / own), abs(np.median(reached) - np.median(others))
        print(
            f"{dtype.__name__:12}{np.median(own):10.2f} s{np.median(other):10.2f} s{faster:17.2f}"
            f"{np.median(reached):15.1%}{np.median(others):10.1%}{100 * apart:7.1f} pts"
        )
        goals = {f"≥ {FASTER} times as fast": faster >= FASTER, f"≤ {100 * CLOSE:g} point apart": apart <= CLOSE}
        print("  " + ", ".join(f"{goal}: {'met' if met else 'missed'}" for goal, met in goals.items()))
        print(f"  test accuracy by seed: ours {_list(reached)}; theirs {_list(others)}\n")


def _list(shares):
    return " ".join(f"{100 * share:.1f}" for share in shares)


if __name__ == "__main__":
    main()
