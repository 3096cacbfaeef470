"""The equations of a training step in order, each with its arrays, its code, and where its factor comes from.

The arrays are those of a `Pass`. These functions only add how one entry of a result comes from the entries before it,
so that a student can follow it, and what the entry would be with a common mistake.
"""

import numpy as np

from ...nn import SGD, CrossEntropy, Dense, Softmax
from .equation import BACKWARD, FORWARD, LOSS, UPDATE, Array, Equation, tex, transposed
from .training_step import Pass

ALL = slice(None)


def equations(step: Pass) -> list[Equation]:
    """All equations of a training step, in order."""
    layers = range(1, len(step.dense) + 1)
    forward = [equation for layer in layers for equation in (_weighted_products(step, layer), _output(step, layer))]
    backward = [_logits_gradient(step)]
    for layer in reversed(layers):
        if layer < len(layers):
            backward.append(_through_activation(step, layer))
        backward += [_weight_gradient(step, layer), _bias_gradient(step, layer), _input_gradient(step, layer)]
    return [*forward, _loss(step), *backward, *(_update(step, layer) for layer in layers)]


class _Layer:
    """One layer of the network: its arrays, its symbols, and its entry in play."""

    def __init__(self, step: Pass, number: int):
        self.number, self.last = number, number == len(step.dense)
        self.dense = step.dense[number - 1]
        place = step.place(self.dense)
        self.activation = step.network.layers[place + 1]
        self.given, self.z, self.a = step.input(place), step.outputs[place], step.outputs[place + 1]
        self.dz, self.dgiven = step.douts[place + 1], step.douts[place]
        self.example, n_in = step.example, self.dense.W.shape[0]
        focus_layer, i, j = step.focus
        self.j = j if focus_layer == number else 0
        self.i = min(i, n_in - 1) if focus_layer == number else 0
        if focus_layer == number + 1:  # a link of the next layer: the unit that it comes from is in play here
            self.j = min(i, self.dense.W.shape[1] - 1)
        self.bias_in_play = focus_layer == number and i == n_in

    def symbol(self, letter: str, number: int | None = None) -> str:
        number = self.number if number is None else number
        if letter == "a" and number == 0:
            return "X"
        if letter == "a" and self.last and number == self.number:
            return "P"
        return f"{letter.upper() if letter in 'az' else letter}^{{({number})}}"


def signed(value: float) -> str:
    """A number as a factor: in brackets where it is negative."""
    return f"({tex(value)})" if value < 0 else tex(value)


def _products(left: np.ndarray, right: np.ndarray) -> list[str]:
    return [rf"{signed(a)} \cdot {signed(b)}" for a, b in zip(left, right, strict=True)]


def gradient(symbol: str) -> str:
    """Symbol of the gradient of the loss with respect to an array."""
    return rf"\mathrm{{d}}{symbol}"


def _weighted_products(step: Pass, number: int) -> Equation:
    at = _Layer(step, number)
    n, j, X, W, b = at.example, at.j, at.given, at.dense.W, at.dense.b
    z = at.z[n, j]
    mistakes = {"the bias is missing": z - b[j], "the sign is wrong": -z}
    if W.shape[0] == W.shape[1]:
        mistakes["row and column of W are swapped (a transpose)"] = float(X[n] @ W[j] + b[j])
    return Equation(
        name=f"z{number}", title=f"Weighted sums of layer {number}", phase=FORWARD, layer=number,
        formula=rf"{at.symbol('z')} = {at.symbol('a', number - 1)}\,{at.symbol('W')} + {at.symbol('b')}",
        words="Each unit adds up its inputs, each times its weight, and its bias. One example a row: the course's "
        "z = Wx + b for the whole batch in one product.",
        code=(Dense.forward, "output"),
        operands=(
            Array(at.symbol("a", number - 1), X, (n, ALL)), Array(at.symbol("W"), W, (ALL, j)),
            Array(at.symbol("b"), b[None], (0, j)),
        ),
        result=Array(at.symbol("z"), at.z, (n, j)),
        terms=[*_products(X[n], W[:, j]), signed(b[j])],
        mistakes=mistakes,
    )  # fmt: skip


def _output(step: Pass, number: int) -> Equation:
    at = _Layer(step, number)
    n, j = at.example, at.j
    z, a = at.z[n, j], at.a[n, j]
    if isinstance(at.activation, Softmax):
        e = np.exp(at.z[n] - at.z[n].max())
        return Equation(
            name="p", title="Softmax: class probabilities", phase=FORWARD, layer=number,
            formula=r"P_{nk} = \frac{e^{z_{nk}}}{\sum_j e^{z_{nj}}}",
            words="Exponentials make all logits positive, their sum makes each row add up to 1. The largest logit is "
            "taken off first, which changes nothing but overflow.",
            code=(Softmax.forward, "output"),
            operands=(Array(at.symbol("z"), at.z, (n, ALL)),),
            result=Array("P", at.a, (n, j)),
            terms=[rf"\frac{{e^{{{tex(z)}}}}}{{" + " + ".join(f"e^{{{tex(each)}}}" for each in at.z[n]) + "}"],
            mistakes={
                "the division by the sum is missing": float(np.exp(min(z, 700.0))),
                "this is the logit itself": z,
                "this is the probability of the other classes": 1 - a,
                "the largest logit was taken off, but the sum is missing": float(e[j]),
            },
        )  # fmt: skip
    formula = at.activation.formula
    return Equation(
        name=f"a{number}", title=f"Activations of layer {number}: {at.activation.label}", phase=FORWARD, layer=number,
        formula=rf"{at.symbol('a')} = \sigma({at.symbol('z')}), \qquad \sigma(z) = {formula}",
        words="A nonlinear function, element by element. Without it, all layers together are one linear map.",
        code=(type(at.activation).forward, "output"),
        operands=(Array(at.symbol("z"), at.z, (n, j)),),
        result=Array(at.symbol("a"), at.a, (n, j)),
        terms=[rf"\sigma({tex(z)})"],
        mistakes={"this is z: the activation is missing": z, "the sign is wrong": -a},
    )  # fmt: skip


def _loss(step: Pass) -> Equation:
    p, y = step.outputs[-1], step.y
    right = p[np.arange(len(y)), y.argmax(axis=1)]
    n = step.example
    own = float(-np.log(max(right[n], 1e-300)))
    return Equation(
        name="L", title="Loss: mean cross-entropy", phase=LOSS, layer=len(step.dense),
        formula=r"L = -\frac{1}{N} \sum_n \sum_k y_{nk} \log p_{nk}",
        words="Only the probability of the right class counts: 0 where it is 1, and the more the nearer it is to 0.",
        code=(CrossEntropy.value, "return"),
        operands=(Array("P", p, (ALL, ALL)), Array("Y", y, (ALL, ALL))),
        result=Array("L", np.array([[step.loss]]), (0, 0)),
        terms=[rf"\left(-\tfrac{{1}}{{{len(y)}}} \log {tex(each)}\right)" for each in right],
        mistakes={
            "the mean over the batch is missing: this is the sum": step.loss * len(y),
            "the sign is wrong": -step.loss,
            "this is the loss of the example in play alone": own,
            "this is a logarithm to base 10": step.loss / np.log(10),
            "this is a logarithm to base 2": step.loss / np.log(2),
        },
    )  # fmt: skip


def _logits_gradient(step: Pass) -> Equation:
    at = _Layer(step, len(step.dense))
    n, j, N = at.example, at.j, len(step.y)
    value = at.dz[n, j]
    return Equation(
        name=f"dz{at.number}", title="Gradient of the logits", phase=BACKWARD, layer=at.number,
        formula=rf"{gradient(at.symbol('z'))} = \frac{{\partial L}}{{\partial {at.symbol('z')}}} "
        r"= \frac{1}{N} (P - Y)",
        words="The way back begins. The derivatives of cross-entropy and softmax, multiplied, leave just this: by how "
        "much each probability is too large. The mean over the batch gives 1/N.",
        code=(Softmax.backward, "return"),
        operands=(Array("P", at.a, (n, j)), Array("Y", step.y, (n, j))),
        result=Array(gradient(at.symbol("z")), at.dz, (n, j)),
        terms=[rf"\tfrac{{1}}{{{N}}} ({tex(at.a[n, j])} - {tex(step.y[n, j])})"],
        mistakes={
            "the sign is wrong: it is P − Y": -value,
            "the division by N is missing, a sum for a mean": value * N,
        },
    )  # fmt: skip


def _through_activation(step: Pass, number: int) -> Equation:
    at = _Layer(step, number)
    n, j = at.example, at.j
    da = step.douts[step.place(at.dense) + 2]
    value = at.dz[n, j]
    slope = float(at.activation.backward(np.ones_like(da))[n, j])
    return Equation(
        name=f"dz{number}", title=f"Back through the activation of layer {number}", phase=BACKWARD, layer=number,
        formula=rf"{gradient(at.symbol('z'))} = {gradient(at.symbol('a'))} \odot \sigma'({at.symbol('z')}), "
        rf"\qquad \sigma' = {at.activation.derivative}",
        words="Chain rule: L depends on z only through a = σ(z), so its gradient is multiplied by the slope σ′(z), "
        "element by element. Where the slope is near 0, the gradient vanishes here.",
        code=(type(at.activation).backward, "return"),
        operands=(Array(gradient(at.symbol("a")), da, (n, j)), Array(at.symbol("z"), at.z, (n, j))),
        result=Array(gradient(at.symbol("z")), at.dz, (n, j)),
        terms=[rf"{signed(da[n, j])} \cdot {signed(slope)}"],
        mistakes={
            "the derivative of the activation is missing": float(da[n, j]),
            "the sign is wrong": -value,
            "this is the slope alone": slope,
            "this is σ(z), not its slope": float(da[n, j] * at.a[n, j]),
        },
    )  # fmt: skip


def _weight_gradient(step: Pass, number: int) -> Equation:
    at = _Layer(step, number)
    i, j, n, dW = at.i, at.j, at.example, at.dense.dW
    value = dW[i, j]
    mistakes = {
        "the sign is wrong": -value,
        "the division by N is missing, a sum for a mean": value * len(step.y),
        "the division by N is there twice": value / len(step.y),
        "this is the example in play alone: all of the batch add up": float(at.given[n, i] * at.dz[n, j]),
    }
    if i < dW.shape[1] and j < dW.shape[0]:
        mistakes["row and column are swapped (a transpose)"] = float(dW[j, i])
    return Equation(
        name=f"dW{number}", title=f"Gradient of the weights of layer {number}", phase=BACKWARD, layer=number,
        formula=rf"{gradient(at.symbol('W'))} = {transposed(at.symbol('a', number - 1))}\, {gradient(at.symbol('z'))}",
        words="Chain rule: weight $W_{ij}$ reaches the loss through $z_j$, and there its factor is the input $a_i$. "
        "Each example of the batch takes this way, so the products add up.",
        code=(Dense.backward, "dW"),
        operands=(
            Array(at.symbol("a", number - 1), at.given, (ALL, i), transposed=True),
            Array(gradient(at.symbol("z")), at.dz, (ALL, j)),
        ),
        result=Array(gradient(at.symbol("W")), dW, (i, j)),
        terms=_products(at.given[:, i], at.dz[:, j]),
        mistakes=mistakes,
    )  # fmt: skip


def _bias_gradient(step: Pass, number: int) -> Equation:
    at = _Layer(step, number)
    j, N, value = at.j, len(step.y), at.dense.db[at.j]
    return Equation(
        name=f"db{number}", title=f"Gradient of the biases of layer {number}", phase=BACKWARD, layer=number,
        formula=rf"{gradient(at.symbol('b'))}_j = \sum_n {gradient(at.symbol('z'))}_{{nj}}",
        words="A bias is a weight from an input that is always 1: the factor is 1, and the examples add up.",
        code=(Dense.backward, "db"),
        operands=(Array(gradient(at.symbol("z")), at.dz, (ALL, j)),),
        result=Array(gradient(at.symbol("b")), at.dense.db[None], (0, j)),
        terms=[signed(each) for each in at.dz[:, j]],
        mistakes={
            "the sign is wrong": -value,
            "the division by N is missing, a sum for a mean": value * N,
            "the division by N is there twice": value / N,
            "this is the example in play alone: all of the batch add up": float(at.dz[at.example, j]),
        },
    )  # fmt: skip


def _input_gradient(step: Pass, number: int) -> Equation:
    at = _Layer(step, number)
    n, i, W = at.example, at.i, at.dense.W
    value = at.dgiven[n, i]
    mistakes = {
        "the sign is wrong": -value,
        "this is the way through the unit in play alone": float(at.dz[n, at.j] * W[i, at.j]),
    }
    if W.shape[0] == W.shape[1]:
        mistakes["the transpose is missing"] = float(at.dz[n] @ W[:, i])
    last = " No weight stands before the input, so training leaves this one out." if number == 1 else ""
    return Equation(
        name=f"da{number - 1}", title=f"Gradient of the inputs of layer {number}", phase=BACKWARD, layer=number,
        formula=rf"{gradient(at.symbol('a', number - 1))} = {gradient(at.symbol('z'))}\, {transposed(at.symbol('W'))}",
        words="Chain rule: input $a_i$ reaches the loss through every unit of the layer, with its weight as the "
        "factor. The ways add up, which is a product with the transpose." + last,
        code=(Dense.backward, "return"),
        operands=(
            Array(gradient(at.symbol("z")), at.dz, (n, ALL)),
            Array(at.symbol("W"), W, (i, ALL), transposed=True),
        ),
        result=Array(gradient(at.symbol("a", number - 1)), at.dgiven, (n, i)),
        terms=_products(at.dz[n], W[i]),
        mistakes=mistakes,
    )  # fmt: skip


def _update(step: Pass, number: int) -> Equation:
    at = _Layer(step, number)
    i, j, eta = at.i, at.j, step.settings.learning_rate
    after, place = step.updated.dense[number - 1], (0, j) if at.bias_in_play else (i, j)
    letter = "b" if at.bias_in_play else "W"
    old, slope, new = (
        np.atleast_2d(array)
        for array in (getattr(at.dense, letter), getattr(at.dense, f"d{letter}"), getattr(after, letter))
    )
    old_value, slope_value = float(old[place]), float(slope[place])
    symbol = at.symbol(letter)
    return Equation(
        name=f"update{number}", title=f"Update of layer {number}", phase=UPDATE, layer=number,
        formula=rf"{symbol} \leftarrow {symbol} - \eta\, {gradient(symbol)}, \qquad \eta = {tex(eta)}",
        words="A step against the gradient, the learning rate times as long. Then the next mini-batch goes forward.",
        code=(SGD.step, "parameters"),
        operands=(Array(symbol, old, place), Array(gradient(symbol), slope, place)),
        result=Array(symbol, new, place),
        terms=[rf"{tex(old_value)} - {tex(eta)} \cdot {signed(slope_value)}"],
        mistakes={
            "the sign is wrong: steps go against the gradient": old_value + eta * slope_value,
            "the learning rate is missing": old_value - slope_value,
            "this is the step alone": -eta * slope_value,
            "this is the gradient": slope_value,
        },
    )  # fmt: skip
