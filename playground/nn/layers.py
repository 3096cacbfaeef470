"""The layers of a network with their formulas: dense, batch normalisation, and softmax at the output."""

import numpy as np

from .base import Layer, Parameter
from .initializers import INITIALIZERS
from .reductions import max_over_classes, sum_over_batch, sum_over_classes


class Dense(Layer):
    """Fully connected layer: z = x W + b.

    Args:
        input_dim: number of inputs of a unit, fan_in.
        output_dim: number of units, fan_out.
        initializer: name of the scheme for W, one of `INITIALIZERS`; by default the course's, Xavier. b starts at 0.
        rng: `numpy.random.Generator`; without one, NumPy's global generator (`numpy.random.seed` makes it repeatable).
        dtype: float64 or float32.
        gain: factor of the first weights.

    Attributes:
        W, dW: weights and their gradient, shape (*stack, n_in, n_out).
        b, db: biases and their gradient, shape (*stack, n_out).

    Raises:
        KeyError: for an unknown initialiser.
    """

    W, b, dW, db = Parameter(2), Parameter(), Parameter(2), Parameter()
    parameters = ("W", "b")

    def __init__(self, input_dim, output_dim, initializer="glorot_normal", rng=np.random, dtype=np.float64, gain=1.0):
        self.hold("W", np.asarray(gain * INITIALIZERS[initializer](rng, input_dim, output_dim), dtype))
        self.hold("b", np.zeros(output_dim, dtype))
        self.hold("dW", np.zeros_like(self.W))
        self.hold("db", np.zeros_like(self.b))

    def forward(self, X):
        """z = x W + b, with one example per row: (*stack, batch, n_in) -> (*stack, batch, n_out)."""
        self.X = X
        self.output = X @ self.W + self.b[..., None, :]
        return self.output

    def backward(self, dout):
        r"""With G = dL/dz of shape (*stack, batch, n_out): dW = X^T G, db = sum of G over the batch, dX = G W^T.

        Rumelhart, Hinton & Williams (1986), equations 6 and 7. The loss is a mean over the batch, so these are too.
        The first layer of a network skips dX, which no weight needs: steps of 64-128-64-10 are 1.1 times as fast.
        """
        self.dW = self.X.mT @ dout
        self.db = sum_over_batch(dout)
        return None if self.first else dout @ self.W.mT


class BatchNorm(Layer):
    r"""Batch normalisation: each feature gets mean 0 and variance 1 over the batch, then a learned scale and shift.

    Ioffe & Szegedy (2015), algorithm 1. In evaluation, running statistics replace the batch's, so that the output for
    one example does not depend on its neighbours.

    Args:
        dim: number of features.
        momentum: weight of the newest batch in the running statistics, as in PyTorch's `BatchNorm1d`, whose default
            it has. Keras's `momentum` is the weight of the old ones, by default 0.99: here that would be 0.01.
        epsilon: added to the variance; PyTorch's default. Keras's is 1e-3.
        dtype: float64 or float32.

    Attributes:
        gamma, dgamma, beta, dbeta: learned scale and shift and their gradients, shape (*stack, dim).
        running_mean, running_var: averages over the batches seen (of unbiased variances), shape (*stack, dim).
    """

    gamma, beta, dgamma, dbeta = Parameter(), Parameter(), Parameter(), Parameter()
    running_mean, running_var = Parameter(), Parameter()
    parameters = ("gamma", "beta")
    buffers = ("running_mean", "running_var")
    settings = ("momentum", "epsilon")

    def __init__(self, dim, momentum=0.1, epsilon=1e-5, dtype=np.float64):
        self.momentum = momentum
        self.epsilon = epsilon
        for name in self.arrays:
            self.hold(name, np.zeros(dim, dtype))
        self.gamma = 1
        self.running_var = 1

    def forward(self, X):
        r"""x_hat = (x - mu) / sqrt(var + epsilon), y = gamma x_hat + beta; shapes (*stack, batch, dim).

        A batch of one example is its own mean: its output is beta, and its unbiased variance does not exist, so the
        running variance stays as it was.
        """
        if self.training:
            n = X.shape[-2]
            mean = sum_over_batch(X) / n
            var = sum_over_batch((X - mean[..., None, :]) ** 2) / n
            self.running_mean += self.momentum * (mean - self.running_mean)
            if n > 1:
                self.running_var += self.momentum * (var * (n / (n - 1)) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var

        self.std = np.sqrt(var + self.epsilon)
        self.X_hat = (X - mean[..., None, :]) / self.std[..., None, :]
        self.output = self.gamma[..., None, :] * self.X_hat + self.beta[..., None, :]
        return self.output

    def backward(self, dout):
        r"""dX = (D - mean(D) - x_hat mean(D x_hat)) / sqrt(var + epsilon), the sum of the three `paths`.

        Ioffe & Szegedy (2015), section 3, combined.
        """
        self.dgamma = sum_over_batch(dout * self.X_hat)
        self.dbeta = sum_over_batch(dout)
        direct, through_mean, through_var = self.paths(dout)
        return (direct + through_mean + through_var) / self.std[..., None, :]

    def paths(self, dout):
        r"""The paths by which the input reaches the loss, each with its gradient times sqrt(var + epsilon).

        Through x_hat itself: D = dL/dx_hat = gamma dL/dy, shape (*stack, batch, dim). Through the mean of the batch:
        -mean(D), shape (*stack, 1, dim). Through its variance: -x_hat mean(D x_hat), shape (*stack, batch, dim). In
        evaluation mean and variance are constants, and both their paths are 0.
        """
        dX_hat = dout * self.gamma[..., None, :]
        if not self.training:
            return dX_hat, np.zeros_like(dX_hat[..., :1, :]), np.zeros_like(dX_hat)
        n = dout.shape[-2]
        through_mean = -(sum_over_batch(dX_hat) / n)[..., None, :]
        through_var = -self.X_hat * (sum_over_batch(dX_hat * self.X_hat) / n)[..., None, :]
        return dX_hat, through_mean, through_var


class Softmax(Layer):
    """Softmax output layer: logits to class probabilities. Its backward pass takes the labels, not a gradient.

    Softmax and cross-entropy are differentiated together, as on the course page: the product of their derivatives is
    just p - y, and stays exact where each factor alone would overflow.
    """

    def forward(self, X):
        """p_k = exp(z_k) / sum_j exp(z_j); the largest logit is subtracted first, only to avoid overflow."""
        exp_X = np.exp(X - max_over_classes(X))
        self.output = exp_X / sum_over_classes(exp_X)
        return self.output

    def backward(self, y):
        """dL/dz = (p - y) / batch for the mean cross-entropy L and one-hot labels y of shape (*stack, batch, classes).

        Bishop (2006), equation 4.109.
        """
        return (self.output - y) / self.output.shape[-2]
