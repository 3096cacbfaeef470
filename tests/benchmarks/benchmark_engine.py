"""How fast the engine trains, beside scikit-learn's MLPClassifier and beside the matrix products alone.

    python -m tests.benchmarks.benchmark_engine

Run it from the project's root; it takes about a minute. All train with plain SGD, tanh and batches of 32, on data of
the same precision, and in a new random order each epoch: the default of both, though drawing the batches costs
MLPClassifier a fifth to a third of its time. So the ratio in fixed order, which measures the networks alone, is
below. MLPClassifier also adds up its loss at each step, and has one output for two classes where ours has two.

The competitors take turns, and each figure is a median over the turns: so the ratios hold on a busy machine too.
"""

import os
import platform
import time
import warnings
from itertools import pairwise

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from playground.nn import SGD, Dense, NeuralNetwork, Softmax, Tanh

BATCH, BATCHES, EPOCHS, RATE = 32, 100, 5, 0.01
SMALL, DIGITS = (2, 8, 8, 2), (64, 128, 64, 10)
DTYPES = (np.float32, np.float64)
SPEED = "steps a second, by network"
FASTER = "times as fast as MLPClassifier"
SLOWER = "times the matrix products alone"


def make_data(sizes, dtype):
    """X and one-hot labels for `BATCHES` batches."""
    n = BATCH * BATCHES
    X = np.random.default_rng(0).standard_normal((n, sizes[0]))
    return X.astype(dtype), np.eye(sizes[-1], dtype=dtype)[np.arange(n) % sizes[-1]]


def make_network(sizes, dtype, seed):
    rng, layers = np.random.default_rng(seed), []
    for fan_in, fan_out in pairwise(sizes):
        layers += [Dense(fan_in, fan_out, rng=rng, dtype=dtype), Tanh()]
    return NeuralNetwork([*layers[:-1], Softmax()])


def batches(X, y, shuffle):
    """Mini-batches without end, drawn as `NeuralNetwork.train` draws them, or in the order of the data."""
    rng = np.random.default_rng(0)
    while True:
        order = rng.permutation(len(X))
        for i in range(0, len(X), BATCH):
            rows = order[i : i + BATCH] if shuffle else slice(i, i + BATCH)
            yield X[rows], y[rows]


def ours(sizes, dtype, stack=None, shuffle=True):
    """A function that trains a network, or a stack of networks, on the next batch; the number of steps in a call."""
    networks = [make_network(sizes, dtype, seed) for seed in range(stack or 1)]
    network = NeuralNetwork.stack(networks) if stack else networks[0]
    stream, optimizer = batches(*make_data(sizes, dtype), shuffle), SGD(RATE)
    return lambda: network.step(*next(stream), optimizer), 1


def theirs(sizes, dtype, shuffle=True):
    """A function that fits an MLPClassifier; the number of steps in a call."""
    X, y = make_data(sizes, dtype)
    options = {"batch_size": BATCH, "max_iter": EPOCHS, "shuffle": shuffle, "learning_rate_init": RATE}
    model = MLPClassifier(sizes[1:-1], "tanh", solver="sgd", momentum=0, alpha=0, **options)
    labels = y.argmax(axis=1)
    model.fit(X, labels)
    assert {array.dtype.type for array in model.coefs_ + model.intercepts_} == {dtype}
    return lambda: model.fit(X, labels), EPOCHS * BATCHES


def matmuls(sizes, dtype, stack):
    """A function that does the matrix products of a step, X W, X^T G and G W^T, and nothing else."""
    rng = np.random.default_rng(0)

    def draw(*shape):
        return rng.standard_normal(shape).astype(dtype)

    inputs = [draw(BATCH, sizes[0]), *(draw(stack, BATCH, n) for n in sizes[1:-1])]  # the first is one for all networks
    weights = [draw(stack, fan_in, fan_out) for fan_in, fan_out in pairwise(sizes)]
    gradients = [draw(stack, BATCH, n) for n in sizes[1:]]

    def step():
        for X, W in zip(inputs, weights, strict=True):
            X @ W
        for X, G in zip(inputs, gradients, strict=True):
            X.mT @ G
        for G, W in zip(gradients[1:], weights[1:], strict=True):
            G @ W.mT

    return step, 1


def turns(competitors, rounds=11, seconds=0.04):
    """Seconds a step, shape (competitors, rounds): in every round each competitor works for at least `seconds`."""
    times = np.empty((len(competitors), rounds))
    for i in range(-1, rounds):  # the first round, to warm up, is overwritten by the last
        for j, (work, steps) in enumerate(competitors):
            start, calls = time.perf_counter(), 0
            while (spent := time.perf_counter() - start) < seconds:
                work()
                calls += 1
            times[j, i] = spent / (calls * steps)
    return times


def measure(sizes, dtype, stack):
    """What is reported of one network or a stack: {name of the figure: its median}."""
    competitors = [ours(sizes, dtype, stack), theirs(sizes, dtype)]
    competitors += [ours(sizes, dtype, stack, shuffle=False), theirs(sizes, dtype, shuffle=False)]
    competitors += [matmuls(sizes, dtype, stack)] if stack else []
    own, other, own_in_order, other_in_order, *products = turns(competitors)
    networks = stack or 1
    figures = {SPEED: networks / own, FASTER: networks * other / own}
    figures["  the same in fixed order"] = networks * other_in_order / own_in_order
    if products:
        figures[SLOWER] = own / products[0]
    return {name: np.median(figure) for name, figure in figures.items()}


def report(title, sizes, stack, goals):
    """Measure one network or a stack, and print the figures for each precision beside their goals."""
    columns = [measure(sizes, dtype, stack) for dtype in DTYPES]
    print(title)
    for name in columns[0]:
        figures = [column[name] for column in columns]
        row = f"  {name:34}" + "".join(f"{x:>12,.{0 if name == SPEED else 1}f}" for x in figures)
        if name in goals:
            sign, met = ("≥", np.greater_equal) if name == FASTER else ("≤", np.less_equal)
            missed = [dtype.__name__ for dtype, x in zip(DTYPES, figures, strict=True) if not met(x, goals[name])]
            row += f"    {sign} {goals[name]:<4}" + ("missed in " + ", ".join(missed) if missed else "met")
        print(row)
    print()


def report_stacks(sizes, stacks):
    """Measure stacks of growing size, and print what a step of each takes."""
    columns = []
    for dtype in DTYPES:
        times = turns([ours(sizes, dtype, stack) for stack in (None, *stacks)], rounds=7)
        factor = np.array([1, *stacks])[:, None]
        columns.append([np.median(x, axis=1) for x in (1e6 * times, factor / times, factor * times[0] / times)])
    heads = ["µs a step", "steps a s", "speed-up"]
    print(f"{'':14}" + "".join(f"{dtype.__name__:>36}" for dtype in DTYPES))
    print(f"{'2-8-8-2':14}" + "".join(f"{head:>12}" for head in heads * 2))
    for i, name in enumerate(["alone", *(f"stack of {stack}" for stack in stacks)]):
        row = "".join(f"{step[i]:>12,.0f}{rate[i]:>12,.0f}{speed_up[i]:>12,.1f}" for step, rate, speed_up in columns)
        print(f"{name:14}{row}")


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, scikit-learn {sklearn.__version__}"
    print(f"{os.cpu_count()} cores, {versions}; tanh, SGD, batch {BATCH}\n")
    print(f"{'':36}" + "".join(f"{dtype.__name__:>12}" for dtype in DTYPES) + "    goal")
    report("one network 2-8-8-2", SMALL, None, {FASTER: 3})
    report("48 stacked 2-8-8-2", SMALL, 48, {FASTER: 20, SLOWER: 4})
    report("48 stacked 64-128-64-10", DIGITS, 48, {FASTER: 4, SLOWER: 2})
    report_stacks(SMALL, [2**i for i in range(11)])


if __name__ == "__main__":
    main()
