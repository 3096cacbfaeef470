"""Arrays as LaTeX, each with its name, shape and numbers, and with the entries in play in colour."""

import numpy as np

from ...charts.palette import NOW
from ...topics.forward_backward.equation import LOSS, Array, Equation, tex, transposed

HIDDEN = "?"
A_LINE = 2  # terms in a line


def entry(equation: Equation, hidden: bool) -> str:
    """The entry in play with its numbers: the terms that add up to it, a few per line, and the result."""
    row, column = equation.result.used
    symbol = "L" if equation.phase == LOSS else rf"{{{equation.result.symbol}}}_{{{row + 1},{column + 1}}}"
    lines = [" + ".join(equation.terms[i : i + A_LINE]) for i in range(0, len(equation.terms), A_LINE)]
    value = r"\;?" if hidden else rf"\mathbf{{{tex(equation.value)}}}"
    terms = r" \\ &\quad + ".join(lines)
    return rf"\begin{{aligned}} {symbol} &= {terms} \\ &= {value} \end{{aligned}}"


def matrices(equation: Equation, hidden: bool) -> str:
    """The arrays of an equation, operands first; `hidden` hides the numbers of the result."""
    operands = r"\quad ".join(matrix(array) for array in equation.operands)
    return rf"{operands} \quad\Longrightarrow\quad {matrix(equation.result, result=True, hidden=hidden)}"


def matrix(array: Array, result: bool = False, hidden: bool = False) -> str:
    """An array in brackets, with its name above and its shape below."""
    used = np.zeros(array.values.shape, bool)
    used[array.used] = True
    values, symbol = array.values, array.symbol
    if array.transposed:
        values, used, symbol = values.T, used.T, transposed(symbol)
    show = number_format(values)
    rows = [
        " & ".join(
            _cell(HIDDEN if hidden else show(value), is_used, result) for value, is_used in zip(*row, strict=True)
        )
        for row in zip(values, used, strict=True)
    ]
    body = r" \\ ".join(rows)
    shape = rf"{values.shape[0]} \times {values.shape[1]}"
    return rf"\underset{{{shape}}}{{\overset{{\textstyle {symbol}}}{{\begin{{bmatrix}} {body} \end{{bmatrix}}}}}}"


def _cell(text: str, used: bool, result: bool) -> str:
    if not used:
        return text
    return rf"\colorbox{{{NOW}44}}{{$\mathbf{{{text}}}$}}" if result else rf"\textcolor{{{NOW}}}{{\mathbf{{{text}}}}}"


def number_format(values: np.ndarray):
    """How to write the numbers of an array: all with the same number of decimals, which depends on the largest."""
    largest = np.abs(values).max(initial=0.0)
    if np.all(values == np.round(values)) and largest < 1000:
        return lambda value: f"{value:.0f}"
    if 0 < largest < 1e-3 or largest >= 1e5:
        return lambda value: f"{value:.1e}" if value else "0"
    digits = 1 if largest >= 1000 else 2 if largest >= 10 else 3 if largest >= 1 else 4 if largest >= 0.01 else 5
    return lambda value: f"{value:.{digits}f}"
