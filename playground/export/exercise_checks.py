"""The check of each exercise: its numbers computed in another way, with loops or by nudging, and usual mistakes."""

import math

import numpy as np
from sklearn.datasets import load_digits

from ..nn import SGD, BatchNorm, CrossEntropy, Dense, Layer, NeuralNetwork, ReLU, Softmax, numerical_gradient
from ..nn.initializers import glorot_normal
from .check_tools import CheckFailed, call, compare, gradients


def xavier() -> None:
    """Shape, mean and variance of draws of two shapes, and where they come from: `rng`, and nothing else."""
    known = str(np.random.get_state())
    spread = [xavier_variance(40, 160), xavier_variance(160, 240)]
    if str(np.random.get_state()) != known:
        raise CheckFailed(
            "np.random was used, whose state is everybody's: the weights are random, but draw them from `rng`"
        )
    first, other = (glorot_normal(np.random.default_rng(seed), 40, 160) for seed in (0, 1))
    if not np.array_equal(first, glorot_normal(np.random.default_rng(0), 40, 160)):
        raise CheckFailed("the same seed gives other weights each time: draw them from `rng`")
    rng = np.random.default_rng(0)
    if np.array_equal(first, other) or np.array_equal(glorot_normal(rng, 40, 160), glorot_normal(rng, 40, 160)):
        raise CheckFailed("each draw gives the same weights: draw them from `rng`, not from a generator of your own")
    for (fan_in, fan_out), variance in zip([(40, 160), (160, 240)], spread, strict=True):
        xavier_scale(variance, fan_in, fan_out, spread[0])
    for fan_in, fan_out in [(40, 160), (160, 240)]:
        W = glorot_normal(np.random.default_rng(0), fan_in, fan_out)
        if abs(W.mean()) > 5 * W.std() / math.sqrt(W.size):
            raise CheckFailed(f"the mean of the weights is {W.mean():.3g}, expected 0")
        if (W**4).mean() / W.var() ** 2 < 2.4:  # 3 for a normal distribution, 1.8 for a uniform one
            raise CheckFailed("the variance is right, but the distribution is not normal: rng.standard_normal")


def xavier_variance(fan_in: int, fan_out: int) -> float:
    """The variance of a draw, which must be an array of this shape: with 6400 weights it is right to a few per cent."""
    W = glorot_normal(np.random.default_rng(0), fan_in, fan_out)
    if W is None:
        raise CheckFailed("it gives None: is a `return` missing?")
    if np.shape(W) != (fan_in, fan_out):
        raise CheckFailed(
            f"expected shape {(fan_in, fan_out)}, got {np.shape(W)}: one row for each input, one column a unit"
        )
    if np.ptp(W) == 0:
        raise CheckFailed("all weights are alike, so that all units learn the same: draw them from `rng`")
    return float(np.var(W))


def xavier_scale(variance: float, fan_in: int, fan_out: int, variance_before: float) -> None:
    """The variance against 2 / (fan_in + fan_out), and against what usual mistakes make of it."""
    expected = 2 / (fan_in + fan_out)
    mistakes = {
        "the weights are not scaled": 1.0,
        "that is the variance used as a factor: take its square root, the standard deviation": expected**2,
        "that is one square root too many": math.sqrt(expected),
        "a factor of 2 is missing: 2 / (fan_in + fan_out)": expected / 2,
        "that is 1 / fan_in, LeCun's: fan_out counts too": 1 / fan_in,
        "that is 2 / fan_in, He's: Xavier's is 2 / (fan_in + fan_out)": 2 / fan_in,
        "that is 2 / fan_out: fan_in counts too": 2 / fan_out,
        "that is the one for another shape: compute it from fan_in and fan_out": variance_before,
    }
    if abs(variance / expected - 1) > 0.1:
        hint = next((f": {hint}" for hint, value in mistakes.items() if abs(variance - value) <= 0.1 * value), "")
        raise CheckFailed(
            f"for shape {(fan_in, fan_out)} the variance of a weight is {variance:.3g}, expected {expected:.3g}{hint}"
        )


def dense_forward() -> None:
    """Against sums that are written out: for each example and each unit, over all inputs."""
    for n, n_in, n_out in [(5, 3, 4), (2, 6, 3)]:
        rng = np.random.default_rng(1)
        layer, X = Dense(n_in, n_out, "unit_normal", rng), rng.standard_normal((n, n_in))
        layer.b = rng.standard_normal(n_out)
        Z = np.zeros((n, n_out))
        for example in range(n):
            for unit in range(n_out):
                Z[example, unit] = layer.b[unit] + sum(X[example, i] * layer.W[i, unit] for i in range(n_in))
        mistakes = {"has no bias: add b": Z - layer.b, "has b with the wrong sign": Z - 2 * layer.b}
        compare("Z", call(layer, "forward", X=X), Z, mistakes)


def dense_backward() -> None:
    """Against numerical gradients of the loss sum(G * Z), whose dL/dZ is G."""
    for n, n_in, n_out in [(5, 3, 4), (2, 6, 3)]:
        rng = np.random.default_rng(2)
        layer, X = Dense(n_in, n_out, "unit_normal", rng), rng.standard_normal((n, n_in))
        G = rng.standard_normal((n, n_out))

        def loss(layer=layer, X=X, G=G):
            return (G * layer.forward(X)).sum()

        loss()
        given = gradients(layer, G, X)
        compare("self.dW", given["dW"], numerical_gradient(loss, layer.W), n=n)
        compare("self.db", given["db"], numerical_gradient(loss, layer.b), n=n)
        compare("dX", given["dX"], numerical_gradient(loss, X), n=n)


def relu_backward() -> None:
    """Against the numerical gradient of the loss sum(G * A), whose dL/dA is G."""
    for shape in [(5, 4), (3, 7)]:
        rng = np.random.default_rng(3)
        layer, Z, G = ReLU(), rng.standard_normal(shape), rng.standard_normal(shape)

        def loss(layer=layer, Z=Z, G=G):
            return (G * layer.forward(Z)).sum()

        loss()
        given = call(layer, "backward", dout=G, X=Z)
        mistakes = {
            "is dout itself: the derivative is missing, which is 1 where z > 0 and 0 elsewhere": G,
            "is the derivative alone: multiply it by dout, as the chain rule says": 1.0 * (Z > 0),
            "lets through where z < 0: it is the other way round": G * (Z < 0),
            "has z as a factor: the derivative of max(0, z) is 1 or 0": G * np.maximum(0, Z),
            "cuts off negative gradients: the sign of z decides, not that of dout": np.maximum(0, G),
        }
        if np.shape(given) == shape:
            slope = np.median((given / G)[Z < 0])
            leaky = f"has the slope {slope:.3g} where z < 0, as a leaky ReLU: there ReLU's derivative is 0"
            mistakes[leaky] = G * np.where(Z > 0, 1, slope)
        compare("dZ", given, numerical_gradient(loss, Z), mistakes, n=shape[0])


def softmax_forward() -> None:
    """Against sums that are written out, and with logits so large that their exponential overflows."""
    for shape in [(5, 3), (2, 4)]:
        Z = np.random.default_rng(4).standard_normal(shape)
        P = np.array([[math.exp(z) / sum(map(math.exp, example)) for z in example] for example in Z])
        exp_Z = np.exp(Z)
        mistakes = {
            "is exp(z) alone: divide by its sum over the classes": exp_Z,
            "adds up to 1 over the batch: sum over the classes, axis -1": exp_Z / exp_Z.sum(axis=0),
            "adds up to 1 over all entries: sum over the classes alone, axis -1": exp_Z / exp_Z.sum(),
        }
        compare("P", call(Softmax(), "forward", X=Z), P, mistakes)
    Z = np.array([[1000.0, 1000.0, 0.0], [-1000.0, -1000.0, -1001.0]])
    P = np.array([[0.5, 0.5, 0.0], np.array([1, 1, math.exp(-1)]) / (2 + math.exp(-1))])
    if not np.allclose(Softmax().forward(Z), P):
        raise CheckFailed("exp overflows for large logits: first subtract the largest logit of each example")


def softmax_backward() -> None:
    """Against the numerical gradient of the mean cross-entropy; `backward` is given the labels."""
    for labels, classes in [([0, 1, 2, 1, 0], 3), ([3, 1], 4)]:
        n = len(labels)
        layer, Z, y = Softmax(), np.random.default_rng(5).standard_normal((n, classes)), np.eye(classes)[labels]

        def loss(layer=layer, Z=Z, y=y):
            return CrossEntropy.value(layer.forward(Z), y)

        loss()
        P = np.array(layer.forward(Z))
        given = call(layer, "backward", y=y, X=Z)
        mistakes = {
            "is p / n: subtract the labels": P / n,
            "is p: subtract the labels, and divide by the batch": P,
            "is divided by the number of classes: divide by the size of the batch": (P - y) / classes,
            "is divided by the number of all entries: divide by the size of the batch": (P - y) / P.size,
        }
        compare("dZ", given, numerical_gradient(loss, Z), mistakes, n=n)


def batch_norm_forward() -> None:
    """Mean 0 and variance 1 over the batch; then gamma and beta, the running statistics, and evaluation.

    The second layer has a large epsilon, so that it matters where it stands.
    """
    rng = np.random.default_rng(6)
    batch_norm_output(BatchNorm(3), rng.standard_normal((6, 3)) * [1, 2, 3] + [4, 0, -5])
    batch_norm_output(BatchNorm(2, momentum=0.3, epsilon=0.5), rng.standard_normal((4, 2)) * [3, 0.5] + [1, -2])
    layer = BatchNorm(3)
    try:
        layer.forward(rng.standard_normal((1, 3)))
        sound = np.isfinite(layer.running_var).all()
    except ZeroDivisionError:
        sound = False
    if not sound:
        raise CheckFailed(
            "a batch of one example has no unbiased variance, n - 1 is 0: then leave self.running_var as it was"
        )


def normalised(X: np.ndarray, mean: np.ndarray, var: np.ndarray, epsilon: float) -> tuple[np.ndarray, dict]:
    """x_hat, and what it is if epsilon is misplaced."""
    return (X - mean) / np.sqrt(var + epsilon), {
        "divides by the variance: take its square root": (X - mean) / (var + epsilon),
        "lacks epsilon under the root: without it a feature that never changes divides by 0": (X - mean) / np.sqrt(var),
        "has epsilon outside the root: sqrt(var + epsilon)": (X - mean) / (np.sqrt(var) + epsilon),
        "does not use self.epsilon, but a number of its own": (X - mean) / np.sqrt(var + 1e-5),
    }


def batch_norm_output(layer: "BatchNorm", X: np.ndarray) -> None:
    """One layer and one batch: training, running statistics, evaluation."""
    n, dim = X.shape
    mean = np.array([sum(X[:, j]) / n for j in range(dim)])
    var = np.array([sum((x - mean[j]) ** 2 for x in X[:, j]) / n for j in range(dim)])
    X_hat, mistakes = normalised(X, mean, var, layer.epsilon)
    mistakes |= {
        "has mean 0, but is not divided by the standard deviation": X - mean,
        "uses the unbiased variance: within the batch divide by n": (X - mean)
        / np.sqrt(X.var(0, ddof=1) + layer.epsilon),
        "normalises each example: mean and variance are those of a feature, over the batch (axis 0)": (
            (X - X.mean(1, keepdims=True)) / np.sqrt(X.var(1, keepdims=True) + layer.epsilon)
        ),
        "is not normalised by the batch in training": X / np.sqrt(1 + layer.epsilon),
    }
    compare("the output for gamma = 1, beta = 0", call(layer, "forward", X=X), X_hat, mistakes)
    running_statistics(layer, mean, var, n)

    layer.gamma, layer.beta = np.array([1.5, -2.0, 0.5])[:dim], np.array([1.0, 2.0, 3.0])[:dim]
    mistakes = {
        "does not use gamma and beta": X_hat,
        "lacks gamma": X_hat + layer.beta,
        "lacks beta": X_hat * layer.gamma,
    }
    compare("the output", call(layer, "forward", X=X), layer.gamma * X_hat + layer.beta, mistakes)

    layer.training = False
    kept = np.copy(layer.running_mean), np.copy(layer.running_var)
    given = call(layer, "forward", X=X)
    if not (np.array_equal(layer.running_mean, kept[0]) and np.array_equal(layer.running_var, kept[1])):
        raise CheckFailed("the running statistics changed in evaluation: update them in training only")
    expected, mistakes = normalised(X, *kept, layer.epsilon)
    mistakes |= {
        "uses the batch's statistics: take the running ones": X_hat,
        "has the mean of the batch: take the running one": (X - mean) / np.sqrt(kept[1] + layer.epsilon),
        "has the variance of the batch: take the running one": (X - kept[0]) / np.sqrt(var + layer.epsilon),
    }
    mistakes = {hint: layer.gamma * value + layer.beta for hint, value in mistakes.items()}
    mistakes |= {"does not use gamma and beta": expected}
    compare("the output in evaluation (training = False)", given, layer.gamma * expected + layer.beta, mistakes)


def running_statistics(layer: "BatchNorm", mean: np.ndarray, var: np.ndarray, n: int) -> None:
    """The running mean and variance after one batch: they start at 0 and 1."""
    new, old, unbiased = layer.momentum, 1 - layer.momentum, var * n / (n - 1)
    mistakes = {
        "was not updated": np.zeros_like(mean),
        "is the mean of the newest batch alone: momentum is its weight": mean,
        "gives the newest batch the weight 1 - momentum": old * mean,
        "was updated with the wrong sign": -new * mean,
        "does not use self.momentum, but a number of its own": 0.1 * mean,
    }
    compare("self.running_mean", layer.running_mean, new * mean, mistakes)
    mistakes = {
        "was not updated": np.ones_like(var),
        "uses the variance with 1 / n: the running one is unbiased, n / (n - 1) times that": old + new * var,
        "gives the newest batch the weight 1 - momentum": new + old * unbiased,
        "is the variance of the newest batch alone: momentum is its weight": unbiased,
        "does not use self.momentum, but a number of its own": 0.9 + 0.1 * unbiased,
    }
    compare("self.running_var", layer.running_var, old + new * unbiased, mistakes)


def batch_norm_backward() -> None:
    """Against numerical gradients of the loss sum(G * Y), whose dL/dY is G."""
    rng = np.random.default_rng(7)
    for n, dim, scale in [(6, 3, [1, 2, 3]), (4, 2, [3, 0.5])]:
        layer, X, G = BatchNorm(dim), rng.standard_normal((n, dim)) * scale, rng.standard_normal((n, dim))
        layer.gamma, layer.beta = np.array([1.5, -2.0, 0.5])[:dim], np.array([1.0, 2.0, 3.0])[:dim]

        def loss(layer=layer, X=X, G=G):
            return (G * layer.forward(X)).sum()

        loss()
        given = gradients(layer, G, X)
        std = np.sqrt(X.var(axis=0) + layer.epsilon)
        X_hat, D = (X - X.mean(axis=0)) / std, G * layer.gamma
        through_mean, through_var = D.mean(axis=0), X_hat * (D * X_hat).mean(axis=0)
        dX, more = numerical_gradient(loss, X), n / (n - 1)
        mistakes = {"lacks x_hat as a factor": G.sum(axis=0)}
        compare("self.dgamma", given["dgamma"], numerical_gradient(loss, layer.gamma), mistakes, n=n)
        compare("self.dbeta", given["dbeta"], numerical_gradient(loss, layer.beta), n=n)
        mistakes = {
            "takes mean and variance for constants: both depend on every x of the batch": D / std,
            "lacks the path through the variance: - x_hat mean(D x_hat)": (D - through_mean) / std,
            "lacks the path through the mean: - mean(D)": (D - through_var) / std,
            "lacks gamma: D = gamma dL/dy": dX / layer.gamma,
            "is not divided by sqrt(var + epsilon)": dX * std,
            "is divided by the variance: take its square root": dX / std,
            "has n - 1 on both paths: mean and variance of the batch are over n": (
                (D - more * through_var - more * through_mean) / std
            ),
            "has n - 1 on the path through the mean: the mean of the batch is over n": (
                (D - more * through_mean - through_var) / std
            ),
            "has n - 1 on the path through the variance: the variance of the batch is over n": (
                (D - through_mean - more * through_var) / std
            ),
        }
        compare("dX", given["dX"], dX, mistakes, n=n)


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
