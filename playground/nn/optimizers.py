"""An optimiser turns a gradient into a step: it changes all parameters of a network, one flat array, in place.

To add one, write a subclass of `Optimizer`: it is then in `OPTIMIZERS` and everywhere in the app.
"""

import numpy as np

from .catalogue import Catalogue
from .validation import checked, sound_rate

OPTIMIZERS: Catalogue = Catalogue("optimiser", methods=("step",))


@checked(__init__=sound_rate)
class Optimizer:
    """Base of the optimisers. Each subclass is added to `OPTIMIZERS`.

    Args:
        learning_rate: step size: a number, or an array of shape (*stack) with one for each network of a stack.
            It may be changed between steps.

    Attributes:
        name: key in `OPTIMIZERS` and in URLs.
        label: name on the screen.
        formula: the update, in LaTeX, with g the gradient and eta the learning rate.
        meaning: one sentence: what it adds.
        source: the paper.
    """

    name: str
    label: str
    formula: str
    meaning: str
    source: str

    def __init_subclass__(cls):
        OPTIMIZERS.add(cls, Optimizer)

    def __init__(self, learning_rate: float | np.ndarray = 0.1):
        self.learning_rate = learning_rate

    def rate(self, parameters: np.ndarray) -> np.ndarray:
        """The learning rate as a factor of `parameters`, shape (*stack, 1), in their dtype."""
        return np.asarray(self.learning_rate, parameters.dtype)[..., None]

    def step(self, parameters: np.ndarray, gradients: np.ndarray) -> None:
        """Change `parameters` in place; both have shape (*stack, number of parameters)."""
        raise NotImplementedError


class SGD(Optimizer):
    """Stochastic gradient descent."""

    name = "sgd"
    label = "SGD"
    formula = r"\theta \leftarrow \theta - \eta\, g"
    meaning = "Straight downhill on the gradient of one mini-batch."
    source = "Robbins & Monro (1951)"

    def step(self, parameters, gradients):
        """theta <- theta - eta g."""
        parameters -= self.rate(parameters) * gradients


class Momentum(Optimizer):
    """SGD with classical momentum.

    PyTorch's and Keras's default is none. PyTorch has v <- mu v + g, theta <- theta - eta v: the same while eta stays.
    """

    name = "momentum"
    label = "Momentum"
    formula = r"v \leftarrow 0.9\,v - \eta\, g, \quad \theta \leftarrow \theta + v"
    meaning = "Goes on in the direction of earlier steps: faster along valleys, calmer across them."
    source = "Polyak (1964); Sutskever et al. (2013), equations 1 and 2"
    momentum = 0.9
    velocity = None

    def step(self, parameters, gradients):
        """v <- mu v - eta g, theta <- theta + v, with mu = 0.9."""
        if self.velocity is None:
            self.velocity = np.zeros_like(parameters)
        self.velocity *= self.momentum
        self.velocity -= self.rate(parameters) * gradients
        parameters += self.velocity


class RMSProp(Optimizer):
    """RMSProp.

    rho is that of the lecture and Keras's default; PyTorch's `alpha` is 0.99 by default. epsilon is PyTorch's default;
    Keras's is 1e-7.
    """

    name = "rmsprop"
    label = "RMSProp"
    formula = r"v \leftarrow 0.9\,v + 0.1\,g^2, \quad \theta \leftarrow \theta - \eta\, g / (\sqrt{v} + \epsilon)"
    meaning = "Divides each gradient by its own recent size, so that every weight moves at about the same pace."
    source = "Tieleman & Hinton (2012), lecture 6.5"
    decay = 0.9
    epsilon = 1e-8
    mean_square = None

    def step(self, parameters, gradients):
        """v <- rho v + (1 - rho) g^2, theta <- theta - eta g / (sqrt(v) + epsilon), with rho = 0.9."""
        if self.mean_square is None:
            self.mean_square = np.zeros_like(parameters)
        self.mean_square *= self.decay
        self.mean_square += (1 - self.decay) * gradients**2
        parameters -= self.rate(parameters) * gradients / (np.sqrt(self.mean_square) + self.epsilon)


class Adam(Optimizer):
    """Adam, in the form with epsilon-hat.

    The constants are the paper's. PyTorch has algorithm 1, with an epsilon of 1e-8 by default; Keras has the form here,
    with an epsilon-hat of 1e-7. Epsilon-hat is sqrt(1 - beta2^t) times epsilon: at the first step, a 32nd of it.
    """

    name = "adam"
    label = "Adam"
    formula = (
        r"{m \leftarrow 0.9\,m + 0.1\,g},\ \allowbreak {v \leftarrow 0.999\,v + 0.001\,g^2},\ \allowbreak "
        r"{\theta \leftarrow \theta - \eta\, \tfrac{\sqrt{1 - 0.999^t}}{1 - 0.9^t}\, m / (\sqrt{v} + \hat\epsilon)}"
    )
    meaning = "Momentum and RMSProp together, both corrected for having started at zero."
    source = "Kingma & Ba (2015), algorithm 1 in the order of computation at the end of section 2"
    beta1 = 0.9
    beta2 = 0.999
    epsilon = 1e-8
    m = v = None
    t = 0

    def step(self, parameters, gradients):
        """m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g^2, theta -= eta_t m / (sqrt(v) + epsilon).

        eta_t = eta sqrt(1 - beta2^t) / (1 - beta1^t) corrects both averages at once: the order of computation that the
        paper gives at the end of section 2, where this epsilon is called epsilon-hat.
        """
        if self.m is None:
            self.m, self.v = np.zeros_like(parameters), np.zeros_like(parameters)
        self.t += 1
        self.m *= self.beta1
        self.m += (1 - self.beta1) * gradients
        self.v *= self.beta2
        self.v += (1 - self.beta2) * gradients**2
        correction = float(np.sqrt(1 - self.beta2**self.t) / (1 - self.beta1**self.t))
        parameters -= self.rate(parameters) * correction * self.m / (np.sqrt(self.v) + self.epsilon)
