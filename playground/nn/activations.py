"""An activation makes a network nonlinear: without one, several layers in a row are just one linear layer.

To add one, write a subclass of `Activation`: it is then in `ACTIVATIONS` and everywhere in the app.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from .base import Layer
from .catalogue import Catalogue

ACTIVATIONS: Catalogue = Catalogue("activation", methods=("function", "backward"))
SATURATED = 0.05  # share of the largest slope, below which an activation with bounds is saturated


class _Shape(NamedTuple):
    """What an activation looks like: whether it is flat on a side, whether it has two bounds, and its largest slope."""

    can_die: bool
    bounded: bool
    steepest: float


class Activation(Layer):
    """Base of the activations, a = sigma(z) element by element. Each subclass is added to `ACTIVATIONS`.

    A subclass has the attributes below and two methods, `function` and `backward`. It can use `self.X` and
    `self.output`, the z and a of the last forward pass.

    Attributes:
        name: key in `ACTIVATIONS` and in URLs.
        label: name on the screen.
        formula: sigma, in LaTeX.
        derivative: its derivative, in LaTeX, from z or from a = sigma(z).
        meaning: one sentence: what it is known for.
        source: the paper.
        initializer: name of the scheme that is usual for this activation. He's is derived for ReLU and leaky ReLU,
            Xavier's for slope 1 and mean 0 at the origin, as tanh and linear units have; for all others it is a habit.
        weight_gains: factors of the initial weights, for each scheme whose derivation depends on this activation.
    """

    name: str
    label: str
    formula: str
    derivative: str
    meaning: str
    source: str
    initializer = "glorot_normal"
    weight_gains: Mapping[str, float] = {}

    def __init_subclass__(cls):
        ACTIVATIONS.add(cls, Activation)

    def function(self, z: np.ndarray) -> np.ndarray:
        """a = sigma(z), element by element, in the dtype of z."""
        raise NotImplementedError

    def forward(self, X):
        """a = sigma(z). Keeps z and a for the backward pass."""
        self.X = X
        self.output = self.function(X)
        return self.output

    @property
    def slope(self) -> np.ndarray:
        """sigma'(z) at each z of the last pass."""
        return self.backward(np.ones_like(self.X))

    @classmethod
    @cache
    def _shape(cls) -> _Shape:
        layer, z = cls(), np.linspace(-6.5, 6.5, 1301)
        layer.forward(z)
        slope = layer.slope
        return _Shape(
            can_die=bool(slope[0] == 0 or slope[-1] == 0),
            bounded=bool(np.abs(layer.function(np.array([-1e3, 1e3]))).max() < 10),
            steepest=float(slope.max()),
        )

    def dead(self) -> np.ndarray | None:
        """Which units had slope 0 for every example of the last pass; None: a unit can't die. Shape (*stack, units)."""
        return (self.slope == 0).all(axis=-2) if self._shape().can_die else None

    def saturated(self) -> np.ndarray | None:
        """Where the slope of the last pass is below 5 % of its largest; None for an activation without two bounds.

        Shape (*stack, batch, units), boolean.
        """
        shape = self._shape()
        return self.slope < SATURATED * shape.steepest if shape.bounded else None


def weight_gain(activation: str, initializer: str) -> float:
    """The factor that an activation needs for a scheme's initial weights, both by name; 1 for almost all."""
    return ACTIVATIONS[activation].weight_gains.get(initializer, 1.0)


def stable_sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), computed as (1 + tanh(z / 2)) / 2: the same function, without overflow.

    It is off by 1e-16 at most, so it is 0 below z = -38, where 1e-17 would be right. With exp(-|z|) it could be, and
    would take 1.2 to 3 times as long.
    """
    return 0.5 * (1 + np.tanh(0.5 * z))


class ReLU(Activation):
    """Rectified linear unit: max(0, z)."""

    name = "relu"
    label = "ReLU"
    formula = r"\max(0, z)"
    derivative = r"1 \text{ where } z > 0,\ \text{else } 0"
    meaning = "Cheap, and its slope is 1 wherever it is not 0; a unit whose z is negative for every input is dead."
    source = "Nair & Hinton (2010); Glorot, Bordes & Bengio (2011)"
    initializer = "he_normal"

    def function(self, z):
        """a = max(0, z)."""
        return np.maximum(0, z)

    def backward(self, dout):
        """dL/dz = dL/da where z > 0, else 0."""
        return dout * (self.X > 0)


class LeakyReLU(Activation):
    """Leaky ReLU: z where z > 0, a small share of z elsewhere.

    For a slope of s on the negative side He et al. (2015), equation 15, find Var(W) = 2 / ((1 + s^2) fan_in).
    """

    negative_slope = 0.01

    name = "leaky_relu"
    label = "Leaky ReLU"
    formula = r"\max(0, z) + 0.01\,\min(0, z)"
    derivative = r"1 \text{ where } z > 0,\ \text{else } 0.01"
    meaning = (
        "A ReLU with a small slope on the negative side, so that no unit can die: 0.01 as in the paper and in PyTorch, "
        "0.3 by default in Keras."
    )
    source = "Maas, Hannun & Ng (2013)"
    initializer = "he_normal"
    weight_gains = dict.fromkeys(("he_normal", "he_uniform"), (1 + negative_slope**2) ** -0.5)

    def function(self, z):
        """a = z where z > 0, else 0.01 z."""
        return np.where(z > 0, z, self.negative_slope * z)

    def backward(self, dout):
        """dL/dz = dL/da where z > 0, else 0.01 dL/da."""
        return np.where(self.X > 0, dout, self.negative_slope * dout)


class ELU(Activation):
    """Exponential linear unit: z where z > 0, an exponential down to -1 elsewhere."""

    name = "elu"
    label = "ELU"
    formula = r"z \text{ where } z > 0,\ \text{else } e^z - 1"
    derivative = r"1 \text{ where } z > 0,\ \text{else } a + 1"
    meaning = "A smooth ReLU with negative values down to -1, which bring the mean of a layer nearer to 0."
    source = "Clevert, Unterthiner & Hochreiter (2016), equation 15"
    initializer = "he_normal"

    def function(self, z):
        """a = z where z > 0, else e^z - 1."""
        return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))

    def backward(self, dout):
        """dL/dz = dL/da where z > 0, else dL/da (a + 1)."""
        return np.where(self.X > 0, dout, dout * (self.output + 1))


class GELU(Activation):
    """Gaussian error linear unit, z Phi(z) with Phi of the normal distribution, in its approximation by tanh.

    PyTorch and Keras compute Phi itself by default, and have this form as `approximate`.
    """

    name = "gelu"
    label = "GELU"
    formula = r"\tfrac{z}{2}\left(1 + \tanh\left(\sqrt{2/\pi}\,(z + 0.044715\,z^3)\right)\right)"
    derivative = r"\tfrac{1 + t}{2} + \tfrac{z}{2}\,(1 - t^2)\,\sqrt{2/\pi}\,(1 + 0.134145\,z^2),\ t = \tanh(\ldots)"
    meaning = "A ReLU with a soft corner: z times the share of a normal distribution that is below z. BERT has it."
    source = "Hendrycks & Gimpel (2016), section 2; Devlin, Chang, Lee & Toutanova (2019), appendix A.2"
    initializer = "he_normal"

    def _tanh(self, z):
        return np.tanh((2 / np.pi) ** 0.5 * (z + 0.044715 * z**3))

    def function(self, z):
        """a = z / 2 (1 + t) with t = tanh(sqrt(2 / pi) (z + 0.044715 z^3))."""
        return 0.5 * z * (1 + self._tanh(z))

    def backward(self, dout):
        """dL/dz = dL/da ((1 + t) / 2 + z / 2 (1 - t^2) sqrt(2 / pi) (1 + 0.134145 z^2))."""
        z, t = self.X, self._tanh(self.X)
        return dout * (0.5 * (1 + t) + 0.5 * z * (1 - t**2) * (2 / np.pi) ** 0.5 * (1 + 0.134145 * z**2))


class SiLU(Activation):
    """Sigmoid linear unit, also called Swish: z times the logistic sigmoid of z."""

    name = "silu"
    label = "SiLU (Swish)"
    formula = r"\frac{z}{1 + e^{-z}}"
    derivative = r"s + a\,(1 - s),\ s = 1 / (1 + e^{-z})"
    meaning = "A ReLU with a soft corner, which goes a little below 0 before it rises: smooth, and not monotonic."
    source = "Elfwing, Uchibe & Doya (2018); Ramachandran, Zoph & Le (2017)"
    initializer = "he_normal"

    def function(self, z):
        """a = z s with s = 1 / (1 + exp(-z))."""
        return z * stable_sigmoid(z)

    def backward(self, dout):
        """dL/dz = dL/da (s + a (1 - s))."""
        s = stable_sigmoid(self.X)
        return dout * (s + self.output * (1 - s))


class Tanh(Activation):
    """Hyperbolic tangent."""

    name = "tanh"
    label = "tanh"
    formula = r"\tanh(z)"
    derivative = r"1 - a^2"
    meaning = "Centred on zero with slope 1 there; saturates for large |z|, where its gradient vanishes."
    source = "LeCun, Bottou, Orr & Müller (1998), section 4.4"

    def function(self, z):
        """a = tanh(z)."""
        return np.tanh(z)

    def backward(self, dout):
        """dL/dz = dL/da (1 - a^2)."""
        return dout * (1 - self.output**2)


class Sigmoid(Activation):
    """Logistic sigmoid."""

    name = "sigmoid"
    label = "Sigmoid"
    formula = r"\frac{1}{1 + e^{-z}}"
    derivative = r"a\,(1 - a)"
    meaning = (
        "The classic; its slope is at most 1/4, so gradients shrink layer by layer unless weights are large, and it is "
        "not centred. No scheme here is derived for it: Xavier's, the habit, assumes slope 1 and mean 0."
    )
    source = "Rumelhart, Hinton & Williams (1986), equation 2"

    def function(self, z):
        """a = 1 / (1 + exp(-z))."""
        return stable_sigmoid(z)

    def backward(self, dout):
        """dL/dz = dL/da a (1 - a)."""
        return dout * self.output * (1 - self.output)


class Linear(Activation):
    """Identity."""

    name = "linear"
    label = "Linear"
    formula = r"z"
    derivative = r"1"
    meaning = "Not nonlinear at all: however deep, the network can only draw straight boundaries."
    source = "Saxe, McClelland & Ganguli (2014) study how such networks learn"

    def function(self, z):
        """a = z."""
        return z

    def backward(self, dout):
        """dL/dz = dL/da."""
        return dout
