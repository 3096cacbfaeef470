"""A neural network is a list of layers: forward through them, back through them, and a step against the gradient."""

import copy

import numpy as np

from .base import Layer
from .layers import Dense, Softmax
from .losses import CrossEntropy, MeanSquaredError
from .optimizers import SGD, Optimizer
from .validation import checked, features, fitting_layers, labelled, sound_training


@checked(__init__=fitting_layers, train=sound_training, predict=features, evaluate=labelled)
class NeuralNetwork:
    """Multilayer network: a list of layers. It may be a stack of networks of one shape.

    A network that ends in `Softmax` is trained on the cross-entropy with one-hot labels, any other on the mean squared
    error with its targets.

    Args:
        layers: the layers, input first. The network takes over their arrays.

    Attributes:
        layers: the layers.
        loss: `CrossEntropy` or `MeanSquaredError`.
        parameters, gradients: all parameters and their gradients, each one flat array of shape (*stack, number of
            parameters), of which `W`, `b`, `dW`, `db` ... of the layers are views. Weights W come first.
        weights: the leading part of `parameters` that the L2 penalty acts on: all W, no b, gamma or beta.
    """

    def __init__(self, layers: list[Layer]):
        self.layers = list(layers)
        for layer in self.layers:
            layer.first = layer is self.layers[0]
        self.loss = CrossEntropy if isinstance(self.layers[-1], Softmax) else MeanSquaredError
        self.parameters = _flatten(self.layers)
        self.gradients = _flatten(self.layers, "d")
        n_weights = sum(layer.W.shape[-2] * layer.W.shape[-1] for layer in self.dense)
        self.weights = self.parameters[..., :n_weights]
        self.weight_gradients = self.gradients[..., :n_weights]

    @property
    def dense(self) -> list[Dense]:
        """The layers with weights, input first."""
        return [layer for layer in self.layers if isinstance(layer, Dense)]

    @property
    def stack_shape(self) -> tuple[int, ...]:
        """Shape of the leading stack axes; () for a single network."""
        return self.parameters.shape[:-1]

    def forward(self, X: np.ndarray, training: bool = True) -> np.ndarray:
        """Output for X: (batch, features) -> (batch, outputs). In a stack, networks may have data of their own.

        With `training=False` batch normalisation uses its running statistics.
        """
        X = np.asarray(X, self.parameters.dtype)
        for layer in self.layers:
            layer.training = training
            X = layer.forward(X)
        return X

    def backward(self, y: np.ndarray) -> None:
        """Store the gradients of the mean loss for labels y, which are found from the last layer to the first."""
        y = np.asarray(y, self.parameters.dtype)
        dout = y if self.loss is CrossEntropy else self.loss.gradient(self.layers[-1].output, y)
        for layer in reversed(self.layers):
            dout = layer.backward(dout)

    def step(self, X: np.ndarray, y: np.ndarray, optimizer: Optimizer, l2: float = 0.0) -> None:
        """One step of training on one mini-batch.

        `l2`, a number or one for each network of a stack, adds l2 / 2 |W|^2 to the loss, for all weights W, not biases.
        """
        self.forward(X)
        self.backward(y)
        if isinstance(l2, np.ndarray) or l2:  # np.any(l2) would take 4 % of a step of 64-128-64-10
            self.weight_gradients += np.asarray(l2, self.weights.dtype)[..., None] * self.weights
        optimizer.step(self.parameters, self.gradients)

    def train(self, X, y, epochs=100, batch_size=32, optimizer=None, l2=0.0, rng=np.random) -> None:
        """Train with mini-batches, and print the loss on all of X every ten epochs and at the end.

        Of a network that ends in `Softmax`, which names classes, the accuracy is printed, too.

        Args:
            X: (examples, features).
            y: (examples, classes), one-hot; without `Softmax`, (examples, outputs), any numbers.
            optimizer: by default SGD with a learning rate of 0.1, which multiplies the mean gradient of a mini-batch.
                The course's script takes 0.01 times its sum: with 32 examples 0.32 times the mean, with 4 of them 0.04.
            rng: draws the order of the examples; by default NumPy's global generator.
        """
        optimizer = optimizer or SGD(0.1)
        for epoch in range(epochs):
            indices = rng.permutation(len(X))
            for i in range(0, len(X), batch_size):
                batch = indices[i : i + batch_size]
                self.step(X[batch], y[batch], optimizer, l2)

            if epoch % 10 == 0 or epoch == epochs - 1:
                loss, accuracy = self.measure(X, y)
                shown = f", Acc = {np.mean(accuracy):.4f}" if self.loss is CrossEntropy else ""
                print(f"Epoch {epoch}: Loss = {np.mean(loss):.4f}{shown}")

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Output for X in evaluation: (batch, features) -> (batch, outputs).

        No layer keeps anything for a backward pass: for 400 networks on 200 points that would be 160 MB.
        """
        X = np.asarray(X, self.parameters.dtype)
        for layer in self.layers:
            passing = copy.copy(layer)  # which has the same weights, but keeps its own X and output
            passing.training = False
            X = passing.forward(X)
        return X

    def evaluate(self, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Loss and accuracy on X with labels y, in evaluation: two arrays of shape (*stack)."""
        return self.measure(X, y)

    def measure(self, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Loss and accuracy on X with labels y, in evaluation.

        The same as `evaluate`, for those that measure the same examples again and again: nothing is checked.
        """
        output = self.predict(X)
        y = np.asarray(y, output.dtype)
        return self.loss.value(output, y), (self.loss.classes(output) == self.loss.classes(y)).mean(axis=-1)

    @staticmethod
    def stack(networks: "list[NeuralNetwork]") -> "NeuralNetwork":
        """One network with a new leading stack axis, which trains exactly as each of `networks` does alone.

        Raises:
            ValueError: where the networks differ in more than their arrays' values.
        """
        return NeuralNetwork([type(same[0]).stack(same) for same in zip(*(n.layers for n in networks), strict=True)])

    def select(self, index=()) -> "NeuralNetwork":
        """The network, or smaller stack, at `index` of the leading axes; a copy. Without an index, a copy of all."""
        return NeuralNetwork([layer.select(index) for layer in self.layers])

    def state(self) -> dict[str, np.ndarray]:
        """Copies of all that training changes: the flat parameters, and the running statistics layer by layer."""
        buffers = {f"{i}.{name}": getattr(layer, name).copy() for i, layer, name in self._buffers()}
        return {"parameters": self.parameters.copy()} | buffers

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go back to a state that `state()` gave."""
        self.parameters[...] = state["parameters"]
        for i, layer, name in self._buffers():
            setattr(layer, name, state[f"{i}.{name}"])

    def __reduce__(self):
        # copy and pickle would give the layers arrays of their own, which the optimiser does not know
        return NeuralNetwork, ([layer.select(()) for layer in self.layers],)

    def _buffers(self):
        return [(i, layer, name) for i, layer in enumerate(self.layers) for name in layer.buffers]


def _flatten(layers: list[Layer], prefix: str = "") -> np.ndarray:
    """Move W, b ... or dW, db ... into one array, all W first, and make them views of it: (*stack, sum of sizes)."""
    named = [(layer, prefix + name) for layer in layers for name in layer.parameters]
    named.sort(key=lambda pair: not pair[1].endswith("W"))
    parts = [getattr(layer, name).reshape(*layer.stack_shape, -1) for layer, name in named]
    flat = np.concatenate(parts, axis=-1) if parts else np.zeros(0)
    views = np.split(flat, np.cumsum([part.shape[-1] for part in parts], dtype=int), axis=-1)
    for (layer, name), view in zip(named, views, strict=False):  # the last view is empty
        layer.hold(name, view.reshape(getattr(layer, name).shape))
    return flat
