"""An initialiser draws the first weights of a layer: (rng, fan_in, fan_out) -> W, and its variance decides what trains.

A unit adds up fan_in products, so the variance of its sum is fan_in * Var(W) * E[x^2]. Every scheme here is an
answer to one question: which Var(W) keeps signals (fan_in) and gradients (fan_out) the same size through depth?

To add a scheme, write one function (rng, fan_in, fan_out) -> W under `@initializer(...)`: it is then everywhere in the
app.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .catalogue import Catalogue

SMALL = 0.01  # standard deviation of `small_normal`
CONSTANT = 0.5  # value of every weight in `constant`
CUT = 2.0  # standard deviations at which `truncated_normal` is cut
# Standard deviation of a normal distribution after the cut: Johnson, Kotz & Balakrishnan (1994), section 13.10.1.
CUT_STD = math.sqrt(1 - CUT * math.sqrt(2 / math.pi) * math.exp(-(CUT**2) / 2) / math.erf(CUT / math.sqrt(2)))


@dataclass(frozen=True, kw_only=True)
class Initializer:
    """A scheme with what a student should know about it. Call it like the function that it is made from.

    Attributes:
        name: key in `INITIALIZERS` and in URLs.
        label: name on the screen.
        formula: distribution of a weight, in LaTeX.
        variance: (fan_in, fan_out) -> Var(W); 0 where nothing is random.
        bound: (fan_in, fan_out) -> the largest |w| that can be drawn; None: there is none.
        meaning: one sentence: what the scheme is for.
        source: the paper.
    """

    name: str
    label: str
    formula: str
    variance: Callable[[int, int], float]
    bound: Callable[[int, int], float] | None = None
    meaning: str
    source: str
    function: Callable[..., np.ndarray]

    def __call__(self, rng, fan_in: int, fan_out: int) -> np.ndarray:
        """Draw a weight matrix of shape (fan_in, fan_out), float64.

        `rng` is a `numpy.random.Generator`, or the module `numpy.random` for NumPy's global generator.
        """
        return self.function(rng, fan_in, fan_out)


INITIALIZERS: Catalogue = Catalogue("initialiser", kind=Initializer, parameters=("rng", "fan_in", "fan_out"))
initializer = INITIALIZERS.define


@initializer(
    label="Zeros",
    formula=r"W = 0",
    variance=lambda fan_in, fan_out: 0.0,
    bound=lambda fan_in, fan_out: 0.0,
    meaning="The weights into all units of a layer agree, and those out of them, too: all compute the same and get the "
    "same gradient, so they stay copies of each other.",
    source="Goodfellow, Bengio & Courville (2016), section 8.4: initial weights must break the symmetry between units",
)
def zeros(rng, fan_in, fan_out):
    return np.zeros((fan_in, fan_out))


@initializer(
    label="Constant",
    formula=rf"W = {CONSTANT}",
    variance=lambda fan_in, fan_out: 0.0,
    bound=lambda fan_in, fan_out: CONSTANT,
    meaning="Not zero, but all alike, into the units of a layer and out of them: their symmetry is still not broken.",
    source="Goodfellow, Bengio & Courville (2016), section 8.4: initial weights must break the symmetry between units",
)
def constant(rng, fan_in, fan_out):
    return np.full((fan_in, fan_out), CONSTANT)


@initializer(
    label="Small normal (0.01)",
    formula=rf"W \sim \mathcal{{N}}(0,\ {SMALL}^2)",
    variance=lambda fan_in, fan_out: SMALL**2,
    meaning="Breaks the symmetry, but each further layer shrinks the signal: deep networks start almost at zero.",
    source="Krizhevsky, Sutskever & Hinton (2012), section 5",
)
def small_normal(rng, fan_in, fan_out):
    return SMALL * rng.standard_normal((fan_in, fan_out))


@initializer(
    label="Unit normal",
    formula=r"W \sim \mathcal{N}(0,\ 1)",
    variance=lambda fan_in, fan_out: 1.0,
    meaning="Ignores the width: sums grow with fan_in, so tanh and sigmoid saturate and ReLU explodes with depth.",
    source="no paper: what `randn` gives; compare LeCun, Bottou, Orr & Müller (1998), section 4.6",
)
def unit_normal(rng, fan_in, fan_out):
    return rng.standard_normal((fan_in, fan_out))


@initializer(
    label="Xavier/Glorot normal",
    formula=r"W \sim \mathcal{N}\left(0,\ \frac{2}{n_{in} + n_{out}}\right)",
    variance=lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    meaning="Between 1/fan_in, which keeps the signal's size where units have slope 1, and 1/fan_out, which keeps the "
    "gradient's. With tanh both still shrink a little: to about 0.8 a layer, in the paper.",
    source="Glorot & Bengio (2010), equation 12, and section 4.2.2 on tanh",
)
def glorot_normal(rng, fan_in, fan_out):
    return rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / (fan_in + fan_out))


@initializer(
    label="Xavier/Glorot uniform",
    formula=r"W \sim \mathcal{U}\left(-\sqrt{\tfrac{6}{n_{in} + n_{out}}},\ \sqrt{\tfrac{6}{n_{in} + n_{out}}}\right)",
    variance=lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    bound=lambda fan_in, fan_out: math.sqrt(6 / (fan_in + fan_out)),
    meaning="The same variance as Xavier normal, drawn from a uniform distribution, as in the paper.",
    source="Glorot & Bengio (2010), equation 16",
)
def glorot_uniform(rng, fan_in, fan_out):
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@initializer(
    label="He normal",
    formula=r"W \sim \mathcal{N}\left(0,\ \frac{2}{n_{in}}\right)",
    variance=lambda fan_in, fan_out: 2 / fan_in,
    meaning="Made for ReLU, which sets half of its inputs to zero: twice the variance makes up for the lost half.",
    source="He, Zhang, Ren & Sun (2015), equation 10",
)
def he_normal(rng, fan_in, fan_out):
    return rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)


@initializer(
    label="He uniform",
    formula=r"W \sim \mathcal{U}\left(-\sqrt{\tfrac{6}{n_{in}}},\ \sqrt{\tfrac{6}{n_{in}}}\right)",
    variance=lambda fan_in, fan_out: 2 / fan_in,
    bound=lambda fan_in, fan_out: math.sqrt(6 / fan_in),
    meaning="The same variance as He normal, drawn from a uniform distribution.",
    source="He, Zhang, Ren & Sun (2015), equation 10",
)
def he_uniform(rng, fan_in, fan_out):
    limit = np.sqrt(6 / fan_in)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@initializer(
    label="LeCun normal",
    formula=r"W \sim \mathcal{N}\left(0,\ \frac{1}{n_{in}}\right)",
    variance=lambda fan_in, fan_out: 1 / fan_in,
    meaning="Keeps the signal's size on the way forward through linear units; the base from which Xavier and He start.",
    source="LeCun, Bottou, Orr & Müller (1998), section 4.6",
)
def lecun_normal(rng, fan_in, fan_out):
    return rng.standard_normal((fan_in, fan_out)) * np.sqrt(1 / fan_in)


@initializer(
    label="LeCun uniform",
    formula=r"W \sim \mathcal{U}\left(-\sqrt{\tfrac{3}{n_{in}}},\ \sqrt{\tfrac{3}{n_{in}}}\right)",
    variance=lambda fan_in, fan_out: 1 / fan_in,
    bound=lambda fan_in, fan_out: math.sqrt(3 / fan_in),
    meaning="The same variance as LeCun normal, drawn from a uniform distribution.",
    source="LeCun, Bottou, Orr & Müller (1998), section 4.6",
)
def lecun_uniform(rng, fan_in, fan_out):
    limit = np.sqrt(3 / fan_in)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@initializer(
    label="Truncated normal",
    formula=r"W \sim \mathcal{N}(0,\ \sigma^2) \text{ where } |W| \le 2\sigma,\ \mathrm{Var}(W) = \frac{1}{n_{in}}",
    variance=lambda fan_in, fan_out: 1 / fan_in,
    bound=lambda fan_in, fan_out: CUT / CUT_STD * math.sqrt(1 / fan_in),
    meaning="LeCun's variance without its tails: of a normal distribution, one weight in 22 would be further out.",
    source="`VarianceScaling` of Keras as it is by default, and `lecun_normal` of Keras and JAX",
)
def truncated_normal(rng, fan_in, fan_out):
    W = rng.standard_normal((fan_in, fan_out))
    while (outside := np.abs(W) > CUT).any():
        W[outside] = rng.standard_normal(outside.sum())
    return W / CUT_STD * np.sqrt(1 / fan_in)


@initializer(
    label="Standard uniform",
    formula=r"W \sim \mathcal{U}\left(-\tfrac{1}{\sqrt{n_{in}}},\ \tfrac{1}{\sqrt{n_{in}}}\right)",
    variance=lambda fan_in, fan_out: 1 / (3 * fan_in),
    bound=lambda fan_in, fan_out: math.sqrt(1 / fan_in),
    meaning="The habit before Xavier, and what PyTorch's `Linear` does by default (there to biases, too): a third of "
    "LeCun's variance, so that signals shrink from layer to layer.",
    source="Glorot & Bengio (2010), equation 1; PyTorch's documentation of `torch.nn.Linear`",
)
def standard_uniform(rng, fan_in, fan_out):
    limit = np.sqrt(1 / fan_in)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


@initializer(
    label="Orthogonal",
    formula=r"W^\top W = I \ \text{ or }\ W W^\top = I",
    variance=lambda fan_in, fan_out: 1 / max(fan_in, fan_out),
    bound=lambda fan_in, fan_out: 1.0,
    meaning="A random rotation, if the layer is at least as wide as its input: it keeps the length of every input, not "
    "only on average. A narrower layer keeps a part of it.",
    source="Saxe, McClelland & Ganguli (2014), section 3",
)
def orthogonal(rng, fan_in, fan_out):
    normal = rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out)))
    Q, R = np.linalg.qr(normal)
    Q = Q * np.sign(np.diag(R))  # makes Q uniform over all rotations: Mezzadri (2007), section 5
    return Q if fan_in >= fan_out else Q.T
