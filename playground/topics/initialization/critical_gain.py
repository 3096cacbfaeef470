"""At the critical gain a small change of the input neither grows nor shrinks with depth: found by bisection."""

import math
from collections.abc import Callable

import numpy as np

from ...nn import ACTIVATIONS, INITIALIZERS, Dense, weight_gain
from ...server.scheduler import nothing
from .signal_propagation import Propagation, spread

SEARCH = (2.0**-10, 2.0**10)  # gains between which a critical one is searched for
SMALL = 1e-3  # standard deviation of the input on which a critical gain is measured
PROBES = 16  # examples of that input


def critical_gain(
    activation: str,
    initializer: str,
    width: int,
    seed: int = 0,
    depth: int = 16,
    networks: int | None = None,
    pause: Callable[..., object] = nothing,
) -> float:
    """The gain at which a small change of the input, and so the gradient, keeps its size: bisection on a measurement.

    It measures the growth of the gradient on its way back through the deeper layers of several random networks: the
    logarithm of the ratio of its standard deviations from layer to layer, as a mean over layers and networks. A
    gradient shows what happens to a small change of the input. Where it neither grows nor shrinks, chi_1 = 1 in the
    notation of Schoenholz et al. (2017): the edge between order, where all examples end up equal, and chaos.

    - For ReLU, leaky ReLU and linear units, which treat small and large signals alike, the same gain keeps the size of
      the activations, too: He et al. (2015), equations 10 and 14; sqrt(2) over LeCun for ReLU.
    - For a saturating activation it does not. With tanh every gain above the critical one keeps the size, since
      saturation holds it at a fixed point, and with sigmoid every gain does. tanh is critical where that fixed point
      leaves zero, at gain 1 over LeCun: there signals still shrink, more and more slowly, from 0.62 to 0.10 over 50
      layers of 256 units. So the input is small here, like the signal in deep layers there.

    The mean of logarithms describes a typical network. It shrinks a signal more than the mean over networks, by about
    1 / width per layer: the narrower the layers, the more the gain exceeds what theory says for very wide ones.

    Args:
        activation, initializer: names in `ACTIVATIONS` and `INITIALIZERS`.
        width: fan_in and fan_out of every layer.
        seed: of weights, inputs and gradients.
        depth: layers of each network.
        networks: how many are measured; by default 16 narrow ones to 2 wide ones, for equal work.
        pause: called before each measurement, so that others get their turns.

    Raises:
        ValueError: for an unknown name, a width out of bounds, or if there is no such gain; the message says why.
    """
    p = Propagation(activation=activation, initializer=initializer, width=width)
    networks = networks or max(2, min(16, 1024 // width))
    rng, own = np.random.default_rng(seed), weight_gain(activation, initializer)
    dense = [
        Dense.stack([Dense(width, width, initializer, rng, gain=own) for _ in range(networks)]) for _ in range(depth)
    ]
    for layer in dense:
        layer.hold("dW", dense[0].dW)  # not used: one array is enough for all
    activations = [ACTIVATIONS[activation]() for _ in dense]
    X = SMALL * rng.standard_normal((PROBES, width))
    top = rng.standard_normal((networks, PROBES, width))

    measured = range(depth - 2, depth // 4 - 1, -1)  # at the top the gradient is still noise, all directions alike

    def growth(gain: float) -> float:
        pause()
        A = X
        for layer, activation_layer in zip(dense, activations, strict=True):
            A = activation_layer.forward(layer.forward(gain * A))  # a (gain W) = (gain a) W, and no W has to be changed
        before = dA = gain * dense[-1].backward(activations[-1].backward(top))
        for i in measured:
            dA = gain * dense[i].backward(activations[i].backward(dA))
        ratios = [spread(each) / spread(above) if above.any() else 0 for each, above in zip(dA, before, strict=True)]
        return float(np.log(ratios).mean() / len(measured))

    try:
        with np.errstate(all="ignore"):
            return bisect(growth)
    except ValueError as error:
        names = f"{INITIALIZERS[p.initializer].label}, {ACTIVATIONS[p.activation].label}, width {p.width}"
        raise ValueError(f"No gain brings χ₁ to 1 ({names}): {error}.") from None


def bisect(growth: Callable[[float], float], tolerance: float = 1e-3) -> float:
    """The gain at which `growth` goes from negative to positive, exact to a share of `tolerance`.

    First multiply the gain by 4 until nothing shrinks any more: the gain that we want lies between the last two.
    Then measure again and again in the middle of that interval, on a logarithmic scale, and keep the half in which the
    sign changes. Each step halves the interval, for any function: 11 steps turn a factor of 4 into one of 1.0007.
    Press et al. (2007), section 9.1.

    Raises:
        ValueError: if the sign changes nowhere in `SEARCH`; the message says what happens instead.
    """
    low = high = SEARCH[0]
    if math.isinf(growth(high)):
        raise ValueError("nothing comes back through the layers")
    while growth(high) < 0:
        low, high = high, 4 * high
        if high > SEARCH[1]:
            raise ValueError(f"gradients shrink from layer to layer at every gain up to {SEARCH[1]:,g}")
    if low == high:
        raise ValueError(f"gradients grow from layer to layer at every gain down to {SEARCH[0]:.1g}")
    while high / low > 1 + tolerance:
        middle = math.sqrt(low * high)
        if growth(middle) < 0:
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)
