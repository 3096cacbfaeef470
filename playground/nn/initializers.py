"""An initialiser draws the first weights of a layer: (rng, fan_in, fan_out) -> W, and its variance decides what trains.

A unit adds up fan_in products, so the variance of its sum is fan_in * Var(W) * E[x^2]. Every scheme here is an
answer to one question: which Var(W) keeps signals (fan_in) and gradients (fan_out) the same size through depth?

To add a scheme, write one function under `@initializer(...)`: it then stands everywhere in the app.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SMALL = 0.01  # standard deviation of `small_normal`
CONSTANT = 0.5  # value of every weight in `constant`


@dataclass(frozen=True)
class Initializer:
    """A scheme with what a student should know of it. Call it like the function it wraps.

    Attributes:
        name: key in `INITIALIZERS` and in URLs.
        label: name on the screen.
        formula: distribution of a weight, in LaTeX.
        variance: (fan_in, fan_out) -> Var(W).
        meaning: one sentence: what the scheme is for.
        source: the paper.
    """

    name: str
    label: str
    formula: str
    variance: Callable[[int, int], float]
    meaning: str
    source: str
    draw: Callable[..., np.ndarray]

    def __call__(self, rng, fan_in: int, fan_out: int) -> np.ndarray:
        """Draw a weight matrix of shape (fan_in, fan_out), float64.

        `rng` is a `numpy.random.Generator`, or the module `numpy.random` for NumPy's global generator.
        """
        return self.draw(rng, fan_in, fan_out)


INITIALIZERS: dict[str, Initializer] = {}


def initializer(label: str, formula: str, variance: Callable[[int, int], float], meaning: str, source: str):
    """Enter the decorated function in `INITIALIZERS` under its own name."""

    def enter(draw):
        INITIALIZERS[draw.__name__] = Initializer(draw.__name__, label, formula, variance, meaning, source, draw)
        return INITIALIZERS[draw.__name__]

    return enter


@initializer(
    "Zeros",
    r"W = 0",
    lambda fan_in, fan_out: 0.0,
    "Every unit of a layer computes the same and gets the same gradient, so they stay copies of each other.",
    "Goodfellow, Bengio & Courville (2016), section 8.4: initial weights must break the symmetry between units",
)
def zeros(rng, fan_in, fan_out):
    return np.zeros((fan_in, fan_out))


@initializer(
    "Constant",
    rf"W = {CONSTANT}",
    lambda fan_in, fan_out: 0.0,
    "Not zero, but all alike: the symmetry between the units of a layer is still not broken.",
    "Goodfellow, Bengio & Courville (2016), section 8.4: initial weights must break the symmetry between units",
)
def constant(rng, fan_in, fan_out):
    return np.full((fan_in, fan_out), CONSTANT)


@initializer(
    "Small normal (0.01)",
    rf"W \sim \mathcal{{N}}(0,\ {SMALL}^2)",
    lambda fan_in, fan_out: SMALL**2,
    "Breaks the symmetry, but each further layer shrinks the signal: deep networks start almost at zero.",
    "Krizhevsky, Sutskever & Hinton (2012), section 5",
)
def small_normal(rng, fan_in, fan_out):
    return SMALL * rng.standard_normal((fan_in, fan_out))


@initializer(
    "Unit normal",
    r"W \sim \mathcal{N}(0,\ 1)",
    lambda fan_in, fan_out: 1.0,
    "Ignores the width: sums grow with fan_in, so tanh and sigmoid saturate and ReLU explodes with depth.",
    "the scheme that Glorot & Bengio (2010) and He et al. (2015) correct",
)
def unit_normal(rng, fan_in, fan_out):
    return rng.standard_normal((fan_in, fan_out))


@initializer(
    "Xavier/Glorot normal",
    r"W \sim \mathcal{N}\left(0,\ \frac{2}{n_{in} + n_{out}}\right)",
    lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "Keeps signals and gradients at one size through tanh or linear layers: the mean of what each direction asks for.",
    "Glorot & Bengio (2010), equation 12",
)
def glorot_normal(rng, fan_in, fan_out):
    return rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / (fan_in + fan_out))


@initializer(
    "Xavier/Glorot uniform",
    r"W \sim \mathcal{U}\left(-\sqrt{\tfrac{6}{n_{in} + n_{out}}},\ \sqrt{\tfrac{6}{n_{in} + n_{out}}}\right)",
    lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "The same variance as Xavier normal, drawn from a uniform distribution, as in the paper.",
    "Glorot & Bengio (2010), equation 16",
)
def glorot_uniform(rng, fan_in, fan_out):
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@initializer(
    "He normal",
    r"W \sim \mathcal{N}\left(0,\ \frac{2}{n_{in}}\right)",
    lambda fan_in, fan_out: 2 / fan_in,
    "Made for ReLU, which sets half of its inputs to zero: twice the variance makes up for the lost half.",
    "He, Zhang, Ren & Sun (2015), equation 10",
)
def he_normal(rng, fan_in, fan_out):
    return rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)


@initializer(
    "He uniform",
    r"W \sim \mathcal{U}\left(-\sqrt{\tfrac{6}{n_{in}}},\ \sqrt{\tfrac{6}{n_{in}}}\right)",
    lambda fan_in, fan_out: 2 / fan_in,
    "The same variance as He normal, drawn from a uniform distribution.",
    "He, Zhang, Ren & Sun (2015), equation 10",
)
def he_uniform(rng, fan_in, fan_out):
    limit = np.sqrt(6 / fan_in)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@initializer(
    "LeCun normal",
    r"W \sim \mathcal{N}\left(0,\ \frac{1}{n_{in}}\right)",
    lambda fan_in, fan_out: 1 / fan_in,
    "Keeps the signal's size on the way forward through linear units; the base from which Xavier and He start.",
    "LeCun, Bottou, Orr & Müller (1998), section 4.6",
)
def lecun_normal(rng, fan_in, fan_out):
    return rng.standard_normal((fan_in, fan_out)) * np.sqrt(1 / fan_in)


@initializer(
    "Standard uniform",
    r"W \sim \mathcal{U}\left(-\tfrac{1}{\sqrt{n_{in}}},\ \tfrac{1}{\sqrt{n_{in}}}\right)",
    lambda fan_in, fan_out: 1 / (3 * fan_in),
    "The habit before Xavier: a third of LeCun's variance, so that signals shrink from layer to layer.",
    "Glorot & Bengio (2010), equation 1",
)
def standard_uniform(rng, fan_in, fan_out):
    limit = np.sqrt(1 / fan_in)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@initializer(
    "Orthogonal",
    r"W^\top W = I \ \text{ or }\ W W^\top = I",
    lambda fan_in, fan_out: 1 / max(fan_in, fan_out),
    "A random rotation: it keeps the length of every input, not only on average, at any depth of linear layers.",
    "Saxe, McClelland & Ganguli (2014), section 3",
)
def orthogonal(rng, fan_in, fan_out):
    normal = rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out)))
    Q, R = np.linalg.qr(normal)
    Q = Q * np.sign(np.diag(R))  # makes Q uniform over all rotations: Mezzadri (2007), section 5
    return Q if fan_in >= fan_out else Q.T
