"""The scripts of the course page run on the engine as they stand: only its classes are imported, not written out."""

import re

import numpy as np
import pytest

IMPORTS = """
import numpy as np

from playground.nn import Layer, Dense, ReLU, Softmax, NeuralNetwork
"""

XOR = """
# Test on XOR problem
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[1, 0], [0, 1], [0, 1], [1, 0]])  # One-hot encoded

model = NeuralNetwork([
    Dense(2, 4),
    ReLU(),
    Dense(4, 2),
    Softmax()
])

model.train(X, y, epochs=1000, batch_size=4)
"""

DIGITS = r'''
# Simplified MNIST implementation
def load_mnist_subset():
    """Load small subset of MNIST"""
    from sklearn.datasets import load_digits
    digits = load_digits()
    X = digits.data / 16.0  # Normalize
    y = np.eye(10)[digits.target]  # One-hot
    return X, y

X, y = load_mnist_subset()

# Split train/test
split = int(0.8 * len(X))
X_train, X_test = X[:split], X[split:]
y_train, y_test = y[:split], y[split:]

# Build deeper network
model = NeuralNetwork([
    Dense(64, 128),
    ReLU(),
    Dense(128, 64),
    ReLU(),
    Dense(64, 10),
    Softmax()
])

model.train(X_train, y_train, epochs=100, batch_size=32)

# Evaluate
output = model.forward(X_test)
accuracy = np.mean(np.argmax(output, axis=1) == np.argmax(y_test, axis=1))
print(f"\nTest Accuracy: {accuracy:.4f}")
'''
LINE = r"Epoch \d+: Loss = \d+\.\d{4}, Acc = [01]\.\d{4}"


def run(script, seed):
    """Run a script after `np.random.seed(seed)`; its global names."""
    names = {}
    np.random.seed(seed)
    exec(IMPORTS + script, names)
    return names


def test_xor_is_solved_from_most_seeds(capsys):
    solved = 0
    for seed in range(50):
        names = run(XOR, seed)
        solved += np.array_equal(names["model"].forward(names["X"]).argmax(axis=1), [0, 1, 1, 0])
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 101  # every ten epochs, and the last
        assert all(re.fullmatch(LINE, line) for line in lines)
    assert solved >= 35


@pytest.mark.parametrize("seed", [0, 1])
def test_the_digits_are_read_with_the_accuracy_of_the_course(seed, capsys):
    accuracy = run(DIGITS, seed)["accuracy"]
    assert accuracy >= 0.91
    assert capsys.readouterr().out.endswith(f"\nTest Accuracy: {accuracy:.4f}\n")
