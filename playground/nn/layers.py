"""A layer turns its input into an output, and the gradient of its output into the gradient of its input.

Arrays end in (batch, features) and may have leading stack axes: weights of shape (*stack, n_in, n_out) are as many
networks, trained by the same lines as one. `.mT` transposes the last two axes, and axis -2 is the batch.
"""

import copy

import numpy as np

from .initializers import INITIALIZERS
from .reductions import max_over_classes, sum_over_batch, sum_over_classes


class Parameter:
    """An array that a layer holds. Assigning to it writes into that array, so that all who share it see the change.

    A network keeps all parameters in one flat array, of which each layer's W and b are views. So an optimiser's step
    is one expression for the whole network: 1.2 times as many steps a second with SGD and 1.8 times with Adam on a
    2-8-8-2 network, batch 32, against an update of each array by itself.
    """

    def __init__(self, ndim=1):
        self.ndim = ndim  # without stack axes

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, layer, owner=None):
        return self if layer is None else layer.__dict__[self.name]

    def __set__(self, layer, value):
        layer.__dict__[self.name][...] = value


class Layer:
    """Base of all layers.

    Attributes:
        parameters: names of the arrays that an optimiser changes; the gradient of `W` is `dW`.
        buffers: names of the arrays that are kept, but not trained (the running statistics of batch normalisation).
        settings: names of the numbers that are the same in all networks of a stack.
        training: whether the forward pass is one of training; a network sets it before each pass.
        first: whether the layer is the first of a network, so that nobody asks for the gradient of its input.
        output: what the last forward pass gave, shape (*stack, batch, features).
    """

    parameters: tuple[str, ...] = ()
    buffers: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    training = True
    first = False

    def forward(self, X: np.ndarray) -> np.ndarray:
        """Output for the input X, shape (*stack, batch, n_in) -> (*stack, batch, n_out)."""
        raise NotImplementedError

    def backward(self, dout: np.ndarray) -> np.ndarray:
        """Gradient of the loss with respect to the input, from that with respect to the output.

        Gradients of the layer's own parameters are left in `dW`, `db` and the like.
        """
        raise NotImplementedError

    def hold(self, name: str, array: np.ndarray) -> None:
        """Make `array` the storage of the parameter, gradient or buffer `name` (assigning only writes into it)."""
        self.__dict__[name] = array

    @property
    def arrays(self) -> tuple[str, ...]:
        """Names of all arrays the layer holds: parameters, their gradients, and buffers."""
        return self.parameters + tuple("d" + name for name in self.parameters) + self.buffers

    @staticmethod
    def stack(layers: "list[Layer]") -> "Layer":
        """One layer whose arrays have a new leading axis, along which those of the given layers stand.

        Raises:
            ValueError: where the layers differ in kind, settings, or the shapes of their arrays.
        """
        if len({(type(layer), *(getattr(layer, name) for name in layer.settings)) for layer in layers}) > 1:
            raise ValueError("only layers of one kind, with the same settings, can be stacked")
        stacked = copy.copy(layers[0])
        for name in stacked.arrays:
            stacked.hold(name, np.stack([getattr(layer, name) for layer in layers]))
        return stacked

    def select(self, index) -> "Layer":
        """The layer of the networks at `index` of the leading stack axes; its arrays are copies."""
        selected = copy.copy(self)
        for name in self.arrays:
            selected.hold(name, getattr(self, name)[index].copy())
        return selected


class Dense(Layer):
    """Fully connected layer: z = x W + b.

    Args:
        input_dim: number of inputs of a unit, fan_in.
        output_dim: number of units, fan_out.
        initializer: name of the scheme for W, one of `INITIALIZERS`; by default the course's, Xavier. b starts at 0.
        rng: `numpy.random.Generator`; without one, NumPy's global generator (`numpy.random.seed` makes it repeatable).
        dtype: float64 or float32.

    Attributes:
        W, dW: weights and their gradient, shape (*stack, n_in, n_out).
        b, db: biases and their gradient, shape (*stack, n_out).

    Raises:
        KeyError: for an unknown initialiser.
    """

    W, b, dW, db = Parameter(2), Parameter(), Parameter(2), Parameter()
    parameters = ("W", "b")

    def __init__(self, input_dim, output_dim, initializer="glorot_normal", rng=np.random, dtype=np.float64):
        self.hold("W", INITIALIZERS[initializer](rng, input_dim, output_dim).astype(dtype))
        self.hold("b", np.zeros(output_dim, dtype))
        self.hold("dW", np.zeros_like(self.W))
        self.hold("db", np.zeros_like(self.b))

    def forward(self, X):
        """z = x W + b, with one example a row: (*stack, batch, n_in) -> (*stack, batch, n_out)."""
        self.X = X
        self.output = X @ self.W + self.b[..., None, :]
        return self.output

    def backward(self, dout):
        r"""With G = dL/dz of shape (*stack, batch, n_out): dW = X^T G, db = sum of G over the batch, dX = G W^T.

        Rumelhart, Hinton & Williams (1986), equations 6 and 7. The loss is a mean over the batch, hence so are these.
        The first layer of a network leaves out dX, which moves no weight: steps of 64-128-64-10 are 1.1 times as fast.
        """
        self.dW = self.X.mT @ dout
        self.db = sum_over_batch(dout)
        return None if self.first else dout @ self.W.mT


class BatchNorm(Layer):
    r"""Batch normalisation: each feature to mean 0 and variance 1 over the batch, then to one that is learned.

    Ioffe & Szegedy (2015), algorithm 1. In evaluation, running statistics take the place of the batch's, so that the
    output for one example does not depend on its neighbours.

    Args:
        dim: number of features.
        momentum: weight of the newest batch in the running statistics, as in PyTorch's `BatchNorm1d`.
        epsilon: added to the variance.
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

        Ioffe & Szegedy (2015), section 3, put together.
        """
        self.dgamma = sum_over_batch(dout * self.X_hat)
        self.dbeta = sum_over_batch(dout)
        direct, through_mean, through_var = self.paths(dout)
        return (direct + through_mean + through_var) / self.std[..., None, :]

    def paths(self, dout):
        r"""The ways on which the input reaches the loss, each with its gradient times sqrt(var + epsilon).

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
        """p_k = exp(z_k) / sum_j exp(z_j); the largest logit is taken off first, which changes nothing but overflow."""
        exp_X = np.exp(X - max_over_classes(X))
        self.output = exp_X / sum_over_classes(exp_X)
        return self.output

    def backward(self, y):
        """dL/dz = (p - y) / batch for the mean cross-entropy L and one-hot labels y of shape (*stack, batch, classes).

        Bishop (2006), equation 4.109.
        """
        return (self.output - y) / self.output.shape[-2]
