"""Common mistakes in a backward pass: each is written here as a method, and really runs.

To add one, write a backward method under `@mistake(...)`: it is then in `MISTAKES`, on the page and in the tests.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ...nn import Activation, Catalogue, Dense, Layer, NeuralNetwork, Softmax
from ...nn.reductions import sum_over_batch


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A wrong backward pass, with what a student should know about it.

    Attributes:
        name: key in `MISTAKES` and in URLs.
        label: name on the screen.
        meaning: one sentence: what is wrong.
        kind: the layers that it breaks.
        function: their broken backward method; None for none.
    """

    name: str
    label: str
    meaning: str
    kind: type[Layer]
    function: Callable | None


MISTAKES: Catalogue = Catalogue("mistake", kind=Mistake)
MISTAKES["none"] = Mistake(
    name="none", label="No mistake", meaning="The backward pass as the engine has it.", kind=Layer, function=None
)
mistake = MISTAKES.define


def broken(network: NeuralNetwork, name: str) -> NeuralNetwork:
    """A copy of the network in which all layers of the mistake's kind have its backward pass."""
    network, mistake = network.select(), MISTAKES[name]
    for layer in network.layers:
        if mistake.function and isinstance(layer, mistake.kind):
            layer.__class__ = type(type(layer).__name__, (type(layer),), {"backward": mistake.function})
    return network


@mistake(
    label="Forgotten transpose",
    meaning="dX takes W as it is; where the shapes don't fit, a reshape silences NumPy.",
    kind=Dense,
)
def forgotten_transpose(self, dout):
    self.dW = self.X.mT @ dout
    self.db = sum_over_batch(dout)
    n_in, n_out = self.W.shape[-2:]
    return dout @ self.W.reshape(*self.W.shape[:-2], n_out, n_in)


@mistake(
    label="Sum instead of mean",
    meaning="The gradient of the loss is not divided by the batch size, so steps are that many times as long. (The "
    "course's script does so on purpose, with a small learning rate.)",
    kind=Softmax,
)
def sum_instead_of_mean(self, y):
    return self.output - y


@mistake(
    label="Forgotten derivative",
    meaning="The activation passes the gradient on as if its slope were 1 everywhere.",
    kind=Activation,
)
def forgotten_derivative(self, dout):
    return dout


@mistake(
    label="Wrong sign",
    meaning="Labels minus probabilities: every step then goes uphill.",
    kind=Softmax,
)
def wrong_sign(self, y):
    return (y - self.output) / self.output.shape[-2]


@mistake(
    label="Bias of one example",
    meaning="db takes the first example of the batch instead of the sum over all.",
    kind=Dense,
)
def bias_of_one_example(self, dout):
    self.dW = self.X.mT @ dout
    self.db = dout[..., 0, :]
    return None if self.first else dout @ self.W.mT
