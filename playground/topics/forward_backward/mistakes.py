"""A slip is a mistake that many make in a backward pass; each stands here as the method it would be, and really runs.

To add one, write a backward method under `@slip(...)`: it then stands in `SLIPS`, on the page and in the tests.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ...nn import Activation, Dense, Layer, NeuralNetwork, Softmax
from ...nn.reductions import sum_over_batch


@dataclass(frozen=True)
class Slip:
    """A wrong backward pass, with what a student should know of it.

    Attributes:
        name: key in `SLIPS` and in URLs.
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


SLIPS: dict[str, Slip] = {"none": Slip("none", "No mistake", "The backward pass as the engine has it.")}


def slip(label: str, meaning: str, kind: type[Layer]):
    """Enter the decorated backward method in `SLIPS` under its own name."""

    def enter(backward):
        SLIPS[backward.__name__] = Slip(backward.__name__, label, meaning, kind, backward)
        return backward

    return enter


def broken(network: NeuralNetwork, name: str) -> NeuralNetwork:
    """A copy of the network in which all layers of the slip's kind have its backward pass."""
    network, slip = network.select(), SLIPS[name]
    for layer in network.layers:
        if slip.backward and isinstance(layer, slip.kind):
            layer.__class__ = type(type(layer).__name__, (type(layer),), {"backward": slip.backward})
    return network


@slip("Forgotten transpose", "dX takes W as it is; where the shapes don't fit, a reshape silences NumPy.", Dense)
def forgotten_transpose(self, dout):
    self.dW = self.X.mT @ dout
    self.db = sum_over_batch(dout)
    n_in, n_out = self.W.shape[-2:]
    return dout @ self.W.reshape(*self.W.shape[:-2], n_out, n_in)


@slip("Sum instead of mean", "The gradient of the loss is not divided by the batch size.", Softmax)
def sum_instead_of_mean(self, y):
    return self.output - y


@slip("Forgotten derivative", "The activation passes the gradient on as if its slope were 1 everywhere.", Activation)
def forgotten_derivative(self, dout):
    return dout


@slip("Wrong sign", "Labels minus probabilities: every step then goes uphill.", Softmax)
def wrong_sign(self, y):
    return (y - self.output) / self.output.shape[-2]


@slip("Bias of one example", "db takes the first example of the batch instead of the sum over all.", Dense)
def bias_of_one_example(self, dout):
    self.dW = self.X.mT @ dout
    self.db = dout[..., 0, :]
    return None if self.first else dout @ self.W.mT
