"""An activation makes a network nonlinear: without one, layers after each other are together one linear layer.

To add one, write a subclass of `Activation`: it then stands in `ACTIVATIONS` and everywhere in the app.
"""

import numpy as np

from .base import Layer

ACTIVATIONS: dict[str, type["Activation"]] = {}


class Activation(Layer):
    """Base of the activations, a = sigma(z) element by element. Subclasses with a name stand in `ACTIVATIONS`.

    Attributes:
        name: key in `ACTIVATIONS` and in URLs.
        label: name on the screen.
        formula: sigma, in LaTeX.
        derivative: its derivative, in LaTeX, from z or from a = sigma(z).
        meaning: one sentence: what it is known for.
        source: the paper.
        initializer: name of the scheme whose variance is derived for this activation.
    """

    name: str
    label: str
    formula: str
    derivative: str
    meaning: str
    source: str
    initializer = "glorot_normal"

    def __init_subclass__(cls):
        if "name" in vars(cls):  # a variant without a name of its own does not take the place of its base
            ACTIVATIONS[cls.name] = cls

    def dead(self) -> np.ndarray | None:
        """Which units had slope 0 for every example of the last pass; None: a unit can't die. Shape (*stack, units)."""
        return None

    def saturated(self) -> np.ndarray | None:
        """Where the last output is so near a bound that the slope is below 5 % of its largest; None: has no bounds.

        Shape (*stack, batch, units), boolean.
        """
        return None


class ReLU(Activation):
    """Rectified linear unit: max(0, z)."""

    name = "relu"
    label = "ReLU"
    formula = r"\max(0, z)"
    derivative = r"1 \text{ where } z > 0,\ \text{else } 0"
    meaning = "Cheap, and its slope does not shrink with depth; a unit that is negative for every input is dead."
    source = "Nair & Hinton (2010); Glorot, Bordes & Bengio (2011)"
    initializer = "he_normal"

    def forward(self, X):
        """a = max(0, z)."""
        self.X = X
        self.output = np.maximum(0, X)
        return self.output

    def backward(self, dout):
        """dL/dz = dL/da where z > 0, else 0."""
        return dout * (self.X > 0)

    def dead(self):
        """z <= 0 for every example."""
        return (self.X <= 0).all(axis=-2)


class LeakyReLU(Activation):
    """Leaky ReLU: z where z > 0, a small share of z elsewhere."""

    name = "leaky_relu"
    label = "Leaky ReLU"
    formula = r"\max(0, z) + 0.01\,\min(0, z)"
    derivative = r"1 \text{ where } z > 0,\ \text{else } 0.01"
    meaning = "A ReLU with a small slope on the negative side, so that no unit can die."
    source = "Maas, Hannun & Ng (2013)"
    initializer = "he_normal"
    slope = 0.01
    settings = ("slope",)

    def forward(self, X):
        """a = z where z > 0, else 0.01 z."""
        self.X = X
        self.output = np.where(X > 0, X, self.slope * X)
        return self.output

    def backward(self, dout):
        """dL/dz = dL/da where z > 0, else 0.01 dL/da."""
        return np.where(self.X > 0, dout, self.slope * dout)


class Tanh(Activation):
    """Hyperbolic tangent."""

    name = "tanh"
    label = "tanh"
    formula = r"\tanh(z)"
    derivative = r"1 - a^2"
    meaning = "Centred on zero with slope 1 there; saturates for large |z|, where its gradient vanishes."
    source = "LeCun, Bottou, Orr & Müller (1998), section 4.4"

    def forward(self, X):
        """a = tanh(z)."""
        self.output = np.tanh(X)
        return self.output

    def backward(self, dout):
        """dL/dz = dL/da (1 - a^2)."""
        return dout * (1 - self.output**2)

    def saturated(self):
        """1 - a^2 < 0.05, which is |a| > 0.975."""
        return 1 - self.output**2 < 0.05


class Sigmoid(Activation):
    """Logistic sigmoid."""

    name = "sigmoid"
    label = "Sigmoid"
    formula = r"\frac{1}{1 + e^{-z}}"
    derivative = r"a\,(1 - a)"
    meaning = "The classic; its slope is at most 1/4, so gradients shrink layer by layer, and it is not centred."
    source = "Rumelhart, Hinton & Williams (1986), equation 2"

    def forward(self, X):
        """a = 1 / (1 + exp(-z)), computed as (1 + tanh(z / 2)) / 2: the same function, without overflow."""
        self.output = 0.5 * (1 + np.tanh(0.5 * X))
        return self.output

    def backward(self, dout):
        """dL/dz = dL/da a (1 - a)."""
        return dout * self.output * (1 - self.output)

    def saturated(self):
        """4 a (1 - a) < 0.05, which is a < 0.0127 or a > 0.9873."""
        return 4 * self.output * (1 - self.output) < 0.05


class Linear(Activation):
    """Identity."""

    name = "linear"
    label = "Linear"
    formula = r"z"
    derivative = r"1"
    meaning = "Not nonlinear at all: however deep, the network can only draw a straight boundary."
    source = "Saxe, McClelland & Ganguli (2014) study how such networks learn"

    def forward(self, X):
        """a = z."""
        self.output = X
        return self.output

    def backward(self, dout):
        """dL/dz = dL/da."""
        return dout
