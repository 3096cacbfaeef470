"""The check of each exercise: its numbers computed in another way, with loops or by nudging, and usual mistakes."""

import math

import numpy as np
from sklearn.datasets import load_digits

from ..nn import SGD, BatchNorm, CrossEntropy, Dense, Layer, NeuralNetwork, ReLU, Softmax, numerical_gradient
from ..nn.initializers import glorot_normal
from .check_tools import CheckFailed, compare, gradients


def xavier() -> None:
    """Shape, mean and variance of a draw: with 6400 weights the variance is known to a few per cent."""
    fan_in, fan_out = 40, 160
    W = glorot_normal(np.random.default_rng(0), fan_in, fan_out)
    if W is None:
        raise CheckFailed("it gives None: is a `return` missing?")
    if np.shape(W) != (fan_in, fan_out):
        raise CheckFailed(
            f"expected shape {(fan_in, fan_out)}, got {np.shape(W)}: one row for each input, one column a unit"
        )
    if not np.array_equal(W, glorot_normal(np.random.default_rng(0), fan_in, fan_out)):
        raise CheckFailed("the same seed gives other weights each time: draw them from `rng`")
    variance, expected = W.var(), 2 / (fan_in + fan_out)
    mistakes = {
        "all weights are alike": 0.0,
        "the weights are not scaled": 1.0,
        "that is the variance used as a factor: take its square root, the standard deviation": expected**2,
        "that is one square root too many": math.sqrt(expected),
        "a factor of 2 is missing: 2 / (fan_in + fan_out)": expected / 2,
        "that is 1 / fan_in, LeCun's: fan_out counts too": 1 / fan_in,
        "that is 2 / fan_in, He's: Xavier's is 2 / (fan_in + fan_out)": 2 / fan_in,
        "that is 2 / fan_out: fan_in counts too": 2 / fan_out,
    }
    if abs(variance / expected - 1) > 0.1:
        hint = next((f": {hint}" for hint, value in mistakes.items() if abs(variance - value) <= 0.1 * value), "")
        raise CheckFailed(f"the variance of a weight is {variance:.3g}, expected {expected:.3g}{hint}")
    if abs(W.mean()) > 5 * math.sqrt(expected / W.size):
        raise CheckFailed(f"the mean of the weights is {W.mean():.3g}, expected 0")
    if (W**4).mean() / variance**2 < 2.4:  # 3 for a normal distribution, 1.8 for a uniform one
        raise CheckFailed("the variance is right, but the distribution is not normal: rng.standard_normal")


def dense_forward() -> None:
    """Against sums that are written out: for each example and each unit, over all inputs."""
    rng = np.random.default_rng(1)
    layer, X = Dense(3, 4, "unit_normal", rng), rng.standard_normal((5, 3))
    layer.b = rng.standard_normal(4)
    Z = np.zeros((5, 4))
    for example in range(5):
        for unit in range(4):
            Z[example, unit] = layer.b[unit] + sum(X[example, i] * layer.W[i, unit] for i in range(3))
    compare("Z", layer.forward(X), Z, {"has no bias: add b": Z - layer.b, "has b with the wrong sign": Z - 2 * layer.b})


def dense_backward() -> None:
    """Against numerical gradients of the loss sum(G * Z), whose dL/dZ is G."""
    rng = np.random.default_rng(2)
    layer, X, G = Dense(3, 4, "unit_normal", rng), rng.standard_normal((5, 3)), rng.standard_normal((5, 4))

    def loss():
        return (G * layer.forward(X)).sum()

    loss()
    given = gradients(layer, G)
    compare("self.dW", given["dW"], numerical_gradient(loss, layer.W), n=5)
    compare("self.db", given["db"], numerical_gradient(loss, layer.b), n=5)
    compare("dX", given["dX"], numerical_gradient(loss, X), n=5)


def relu_backward() -> None:
    """Against the numerical gradient of the loss sum(G * A), whose dL/dA is G."""
    rng = np.random.default_rng(3)
    layer, Z, G = ReLU(), rng.standard_normal((5, 4)), rng.standard_normal((5, 4))

    def loss():
        return (G * layer.forward(Z)).sum()

    loss()
    mistakes = {
        "is dout itself: the derivative is missing, which is 1 where z > 0 and 0 elsewhere": G,
        "is the derivative alone: multiply it by dout, as the chain rule says": 1.0 * (Z > 0),
        "lets through where z < 0: it is the other way round": G * (Z < 0),
        "has z as a factor: the derivative of max(0, z) is 1 or 0": G * np.maximum(0, Z),
        "cuts off negative gradients: the sign of z decides, not that of dout": np.maximum(0, G),
    }
    compare("dZ", layer.backward(G), numerical_gradient(loss, Z), mistakes, n=5)


def softmax_forward() -> None:
    """Against sums that are written out, and with logits so large that their exponential overflows."""
    Z = np.random.default_rng(4).standard_normal((5, 3))
    P = np.array([[math.exp(z) / sum(map(math.exp, example)) for z in example] for example in Z])
    exp_Z = np.exp(Z)
    mistakes = {
        "is exp(z) alone: divide by its sum over the classes": exp_Z,
        "adds up to 1 over the batch: sum over the classes, axis -1": exp_Z / exp_Z.sum(axis=0),
        "adds up to 1 over all entries: sum over the classes alone, axis -1": exp_Z / exp_Z.sum(),
    }
    compare("P", Softmax().forward(Z), P, mistakes)
    Z = np.array([[1000.0, 1000.0, 0.0], [-1000.0, -1000.0, -1001.0]])
    P = np.array([[0.5, 0.5, 0.0], np.array([1, 1, math.exp(-1)]) / (2 + math.exp(-1))])
    if not np.allclose(Softmax().forward(Z), P):
        raise CheckFailed("exp overflows for large logits: first subtract the largest logit of each example")


def softmax_backward() -> None:
    """Against the numerical gradient of the mean cross-entropy; `backward` is given the labels."""
    layer, Z, y = Softmax(), np.random.default_rng(5).standard_normal((5, 3)), np.eye(3)[[0, 1, 2, 1, 0]]

    def loss():
        return CrossEntropy.value(layer.forward(Z), y)

    loss()
    P, dZ = layer.forward(Z), numerical_gradient(loss, Z)
    mistakes = {"is p / n: subtract the labels": P / 5, "is p: subtract the labels, and divide by the batch": P}
    compare("dZ", layer.backward(y), dZ, mistakes, n=5)


def batch_norm_forward() -> None:
    """Mean 0 and variance 1 over the batch; then gamma and beta, the running statistics, and evaluation."""
    rng = np.random.default_rng(6)
    X, layer, n = rng.standard_normal((6, 3)) * [1, 2, 3] + [4, 0, -5], BatchNorm(3), 6
    mean = np.array([sum(X[:, j]) / n for j in range(3)])
    var = np.array([sum((x - mean[j]) ** 2 for x in X[:, j]) / n for j in range(3)])
    X_hat = (X - mean) / np.sqrt(var + layer.epsilon)
    mistakes = {
        "divides by the variance: take its square root": (X - mean) / (var + layer.epsilon),
        "lacks epsilon under the root: without it a feature that never changes divides by 0": (X - mean) / np.sqrt(var),
        "has mean 0, but is not divided by the standard deviation": X - mean,
        "uses the unbiased variance: within the batch divide by n": (X - mean) / np.sqrt(X.var(0, ddof=1) + 1e-5),
        "normalises each example: mean and variance are those of a feature, over the batch (axis 0)": (
            (X - X.mean(1, keepdims=True)) / np.sqrt(X.var(1, keepdims=True) + layer.epsilon)
        ),
        "is not normalised by the batch in training": X / np.sqrt(1 + layer.epsilon),
    }
    compare("the output for gamma = 1, beta = 0", layer.forward(X), X_hat, mistakes)

    mistakes = {
        "was not updated": np.zeros(3),
        "is the mean of the newest batch alone: momentum is its weight": mean,
        "gives the newest batch the weight 1 - momentum": 0.9 * mean,
        "was updated with the wrong sign": -0.1 * mean,
    }
    compare("self.running_mean", layer.running_mean, 0.1 * mean, mistakes)
    unbiased = var * n / (n - 1)
    mistakes = {
        "was not updated": np.ones(3),
        "uses the variance with 1 / n: the running one is unbiased, n / (n - 1) times that": 0.9 + 0.1 * var,
        "gives the newest batch the weight 1 - momentum": 0.1 + 0.9 * unbiased,
        "is the variance of the newest batch alone: momentum is its weight": unbiased,
    }
    compare("self.running_var", layer.running_var, 0.9 + 0.1 * unbiased, mistakes)

    layer.gamma, layer.beta = [1.5, -2.0, 0.5], [1.0, 2.0, 3.0]
    mistakes = {
        "does not use gamma and beta": X_hat,
        "lacks gamma": X_hat + layer.beta,
        "lacks beta": X_hat * layer.gamma,
    }
    compare("the output", layer.forward(X), layer.gamma * X_hat + layer.beta, mistakes)

    layer.training = False
    kept = layer.running_mean.copy(), layer.running_var.copy()
    expected = layer.gamma * (X - kept[0]) / np.sqrt(kept[1] + layer.epsilon) + layer.beta
    mistakes = {"uses the batch's statistics: take the running ones": layer.gamma * X_hat + layer.beta}
    compare("the output in evaluation (training = False)", layer.forward(X), expected, mistakes)
    if not (np.array_equal(layer.running_mean, kept[0]) and np.array_equal(layer.running_var, kept[1])):
        raise CheckFailed("the running statistics changed in evaluation: update them in training only")

    layer = BatchNorm(3)
    try:
        layer.forward(X[:1])
        sound = np.isfinite(layer.running_var).all()
    except ZeroDivisionError:
        sound = False
    if not sound:
        raise CheckFailed(
            "a batch of one example has no unbiased variance, n - 1 is 0: then leave self.running_var as it was"
        )


def batch_norm_backward() -> None:
    """Against numerical gradients of the loss sum(G * Y), whose dL/dY is G."""
    rng = np.random.default_rng(7)
    layer, X, G = BatchNorm(3), rng.standard_normal((6, 3)) * [1, 2, 3], rng.standard_normal((6, 3))
    layer.gamma, layer.beta = [1.5, -2.0, 0.5], [1.0, 2.0, 3.0]

    def loss():
        return (G * layer.forward(X)).sum()

    loss()
    given = gradients(layer, G)
    std = np.sqrt(X.var(axis=0) + layer.epsilon)
    X_hat, D = (X - X.mean(axis=0)) / std, G * layer.gamma
    through_mean, through_var = D.mean(axis=0), X_hat * (D * X_hat).mean(axis=0)
    dX = numerical_gradient(loss, X)
    mistakes = {"lacks x_hat as a factor": G.sum(axis=0)}
    compare("self.dgamma", given["dgamma"], numerical_gradient(loss, layer.gamma), mistakes, n=6)
    compare("self.dbeta", given["dbeta"], numerical_gradient(loss, layer.beta), n=6)
    mistakes = {
        "takes mean and variance for constants: both depend on every x of the batch": D / std,
        "lacks the path through the variance: - x_hat mean(D x_hat)": (D - through_mean) / std,
        "lacks the path through the mean: - mean(D)": (D - through_var) / std,
        "lacks gamma: D = gamma dL/dy": dX / layer.gamma,
        "is not divided by sqrt(var + epsilon)": dX * std,
        "is divided by the variance: take its square root": dX / std,
    }
    compare("dX", given["dX"], dX, mistakes, n=6)


def xor() -> None:
    """The course's network 2-4-2 on the four points, from ten seeds: some starts get stuck, but most learn."""
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[1, 0], [0, 1], [0, 1], [1, 0]])
    solved = 0
    for seed in range(10):
        np.random.seed(seed)
        network, optimizer = NeuralNetwork([Dense(2, 4), ReLU(), Dense(4, 2), Softmax()]), SGD(0.1)
        for _ in range(1000):
            network.step(X, y, optimizer)
        loss, accuracy = network.evaluate(X, y)
        print(f"seed {seed}: loss {loss:.4f}, {4 * accuracy:.0f} of 4 right")
        solved += accuracy == 1
    if solved < 4:
        raise CheckFailed(f"solved from {solved} of 10 seeds, expected at least 4: do all checks above pass?")


def digits() -> None:
    """The digits with the course's network."""
    np.random.seed(0)
    read_digits([Dense(64, 128), ReLU(), Dense(128, 64), ReLU(), Dense(64, 10), Softmax()])


def digits_with_batch_norm() -> None:
    """The digits with batch normalisation before each activation: see how much faster the loss falls."""
    np.random.seed(0)
    hidden = [Dense(64, 128), BatchNorm(128), ReLU(), Dense(128, 64), BatchNorm(64), ReLU()]
    read_digits([*hidden, Dense(64, 10), Softmax()])


def read_digits(layers: list[Layer]) -> None:
    """Train on handwritten digits, 8 x 8 pixels, and test on the last fifth of them, as the course does."""
    images = load_digits()
    X, y = images.data / 16, np.eye(10)[images.target]
    split = int(0.8 * len(X))
    network = NeuralNetwork(layers)
    network.train(X[:split], y[:split], epochs=31, batch_size=32)
    loss, accuracy = network.evaluate(X[split:], y[split:])
    print(f"test: loss {loss:.4f}, accuracy {accuracy:.4f}")
    if accuracy < 0.88:
        raise CheckFailed(
            f"accuracy {accuracy:.3f} on the test images, expected at least 0.88: do all checks above pass?"
        )
