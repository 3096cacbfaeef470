"""Mistakes that many make in a backward pass: each stands here as the method it would be, and really runs.

To add one, write a backward method under `@mistake(...)`: it then stands in `MISTAKES`, on the page and in the tests.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ...nn import Activation, Dense, Layer, NeuralNetwork, Softmax
from ...nn.reductions import sum_over_batch


@dataclass(frozen=True)
class Mistake:
    """A wrong backward pass, with what a student should know of it.

    Attributes:
        name: key in `MISTAKES` and in URLs.
        label: name on the screen.
        meaning: one sentence: what is wrong.
        kind: the layers that it breaks.
        backward: their broken method; None for none.
    """

    name: str
    label: str
    meaning: str
    kind: type[Layer] = Layer
    backward: Callable | None = None


MISTAKES: dict[str, Mistake] = {"none": Mistake("none", "No mistake", "The backward pass as the engine has it.")}


def mistake(label: str, meaning: str, kind: type[Layer]):
    """Enter the decorated backward method in `MISTAKES` under its own name."""

    def enter(backward):
        MISTAKES[backward.__name__] = Mistake(backward.__name__, label, meaning, kind, backward)
        return backward

    return enter


def broken(network: NeuralNetwork, name: str) -> NeuralNetwork:
    """A copy of the network in which all layers of the mistake's kind have its backward pass."""
    network, mistake = network.select(), MISTAKES[name]
    for layer in network.layers:
        if mistake.backward and isinstance(layer, mistake.kind):
            layer.__class__ = type(type(layer).__name__, (type(layer),), {"backward": mistake.backward})
    return network


@mistake("Forgotten transpose", "dX takes W as it is; where the shapes don't fit, a reshape silences NumPy.", Dense)
def forgotten_transpose(self, dout):
    self.dW = self.X.mT @ dout
    self.db = sum_over_batch(dout)
    n_in, n_out = self.W.shape[-2:]
    return dout @ self.W.reshape(*self.W.shape[:-2], n_out, n_in)


@mistake("Sum instead of mean", "The gradient of the loss is not divided by the batch size.", Softmax)
def sum_instead_of_mean(self, y):
    return self.output - y


@mistake("Forgotten derivative", "The activation passes the gradient on as if its slope were 1 everywhere.", Activation)
def forgotten_derivative(self, dout):
    return dout


@mistake("Wrong sign", "Labels minus probabilities: every step then goes uphill.", Softmax)
def wrong_sign(self, y):
    return (y - self.output) / self.output.shape[-2]


@mistake("Bias of one example", "db takes the first example of the batch instead of the sum over all.", Dense)
def bias_of_one_example(self, dout):
    self.dW = self.X.mT @ dout
    self.db = dout[..., 0, :]
    return None if self.first else dout @ self.W.mT
