"""An equation of a training step: its arrays, one result explained number by number, and the code that computes it."""

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from textwrap import dedent

import numpy as np

FORWARD, LOSS, BACKWARD, UPDATE = "Forward", "Loss", "Backward", "Update"
TOLERANCE = 0.025  # relative difference of a result that a student worked out from rounded numbers
Entries = tuple[int | slice, int | slice]


@dataclass(frozen=True)
class Array:
    """An array of an equation.

    Attributes:
        symbol: its name in LaTeX.
        values: shape (rows, columns).
        used: the entries in play: those that the explained result is computed from, or this result itself.
        transposed: whether the equation has its transpose; `values` and `used` are not transposed.
    """

    symbol: str
    values: np.ndarray
    used: Entries
    transposed: bool = False


@dataclass(frozen=True, kw_only=True)
class Equation:
    """One equation of a training step.

    Attributes:
        name: of the result: "z1", "a1", "p", "L", "dz1", "dW1", "db1", "da1", "update1".
        title: what happens, in a few words.
        phase: forward, loss, backward or update.
        layer: number of the layer with weights that it belongs to, from 1.
        formula: the equation in LaTeX.
        words: where it comes from: in the backward pass, which factor of the chain rule it is.
        code: the function of the engine that computes it, and the name that its line assigns to ("return": the line
            that returns it).
        operands: the arrays on the right side.
        result: the array on the left side; its `used` is one entry, the one in play.
        terms: the numbers that add up to that entry, in LaTeX.
        mistakes: name of a mistake -> what the entry would be with it.
    """

    name: str
    title: str
    phase: str
    layer: int
    formula: str
    words: str
    code: tuple[Callable, str]
    operands: tuple[Array, ...]
    result: Array
    terms: list[str]
    mistakes: dict[str, float] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The entry in play."""
        return float(self.result.values[self.result.used])

    def mistake_behind(self, guess: float) -> str:
        """Name of the mistake that gives this number; "" if the number is right, or no known mistake gives it."""
        if agrees(guess, self.value):
            return ""
        return next((name for name, value in self.mistakes.items() if agrees(guess, value)), "")


def agrees(guess: float, value: float) -> bool:
    """Whether a number that a student worked out by hand is the right one, up to `TOLERANCE`."""
    return abs(guess - value) <= max(TOLERANCE * abs(value), 1e-12)


@cache
def code_lines(function: Callable, target: str) -> tuple[str, int]:
    """The lines of a function that assign to `target` ("return": that return), and the first one's number in its file.

    Raises:
        LookupError: there is no such line.
    """
    lines, first = inspect.getsourcelines(function)
    source = dedent("".join(lines))
    for node in ast.walk(ast.parse(source)):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names = [getattr(each, "attr", getattr(each, "id", "")) for each in targets]
        if target in names or (target == "return" and isinstance(node, ast.Return)):
            found = source.splitlines()[node.lineno - 1 : node.end_lineno]
            return dedent("\n".join(found)), first + node.lineno - 1
    raise LookupError(f"{function.__qualname__} does not assign to {target}")


def tex(value: float) -> str:
    """A number in LaTeX, to four significant digits."""
    if not np.isfinite(value):
        return r"\infty"
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        return f"{value:.4g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    return rf"{mantissa}\cdot 10^{{{int(exponent)}}}"


def transposed(symbol: str) -> str:
    """Symbol of a transposed array."""
    return rf"{{{symbol}}}^\top"
