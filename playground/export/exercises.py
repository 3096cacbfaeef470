"""The exercises are the engine with some bodies cut out, each followed by a check; the solutions are the engine."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..nn import INITIALIZERS, BatchNorm, Dense, NeuralNetwork, ReLU, Softmax, gradient_check
from . import check_tools, exercise_checks
from .listing import Definition, Listing, gather
from .notebook import code, explanation, markdown, notebook
from .script import blocks, head, heading


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One cell to fill in.

    Attributes:
        title: its heading.
        piece: the class or function.
        methods: the methods whose bodies the student writes; for a function, its own name.
        task: what to write, with shapes.
        checks: what is checked -> name of a function in `exercise_checks`, in order.
    """

    title: str
    piece: Callable
    methods: tuple[str, ...]
    task: str
    checks: dict[str, str]

    @property
    def name(self) -> str:
        """The name of the class or function."""
        return self.piece.__name__


EXERCISES = (
    Exercise(
        title="Xavier initialisation",
        piece=INITIALIZERS["glorot_normal"].function,
        methods=("glorot_normal",),
        task="Draw `W` of shape `(fan_in, fan_out)` from the generator `rng`: `rng.standard_normal(shape)` has "
        "variance 1.",
        checks={"Xavier": "xavier"},
    ),
    Exercise(
        title="A dense layer",
        piece=Dense,
        methods=("forward", "backward"),
        task="`forward`: `X` of shape `(batch, n_in)` to `Z` of shape `(batch, n_out)`. `backward`: `dout` is $G$;\n"
        "leave $\\partial L / \\partial W$ in `self.dW` and $\\partial L / \\partial b$ in `self.db`, and return\n"
        "$\\partial L / \\partial X$. What `backward` needs, let `forward` keep in `self`.",
        checks={"Dense.forward": "dense_forward", "Dense.backward": "dense_backward"},
    ),
    Exercise(
        title="ReLU",
        piece=ReLU,
        methods=("backward",),
        task="`forward` is there. `backward`: `dout` is $\\partial L / \\partial a$; return\n"
        "$\\partial L / \\partial z$. Both have the shape of `self.X`, `(batch, units)`.",
        checks={"ReLU.backward": "relu_backward"},
    ),
    Exercise(
        title="Softmax",
        piece=Softmax,
        methods=("forward", "backward"),
        task="`forward`: logits of shape `(batch, classes)` to probabilities; each row adds up to 1. `backward` is\n"
        "given the one-hot labels `y`, not a gradient, and returns $\\partial L / \\partial z$ of the mean\n"
        "cross-entropy $L$.",
        checks={"Softmax.forward": "softmax_forward", "Softmax.backward": "softmax_backward"},
    ),
    Exercise(
        title="Batch normalisation",
        piece=BatchNorm,
        methods=("forward", "backward"),
        task="`forward`: `X` of shape `(batch, dim)`. In training, move `self.running_mean` and `self.running_var` by\n"
        "the share `self.momentum` towards the batch's mean and unbiased variance, $n / (n - 1)$ times the variance\n"
        "(for $n = 1$ leave it as it was). With `self.training = False`, use these instead of the batch's.\n\n"
        "`backward`, for training: leave `self.dgamma` and `self.dbeta`, return $\\partial L / \\partial x$.",
        checks={"BatchNorm.forward": "batch_norm_forward", "BatchNorm.backward": "batch_norm_backward"},
    ),
)
TRAINING = {"XOR": "xor", "Digits": "digits", "Digits, with batch normalisation": "digits_with_batch_norm"}
OPENING = """
# Write a neural network yourself

The bodies of the most important functions are missing here. Write them one by one; the cell behind each checks what you
wrote, and says what to look at. At the end your code trains XOR and reads handwritten digits.

Run the cells from top to bottom. After a change, run the changed cell and its check again. NumPy 2 and scikit-learn are
all it needs: where NumPy is older, the first cell stops and says what to do. One example is a row: arrays have the
shape `(batch, features)`; `A.mT` is the transpose, as is `A.T`.
Where a docstring says `*stack`, the engine also takes many networks at once: pass over it, there is one network here.
"""
SOLVED = """
# A neural network, written out

The solutions: these are the bodies of the engine itself. It also trains stacks of networks at once, so its arrays may
have leading axes: hence `[..., None, :]`, `axis=-2` for the batch, and `.mT` for the transpose of the last two axes.
It needs NumPy 2: where NumPy is older, the first cell stops and says what to do.
"""


def _gathered(solved: bool) -> Listing:
    """All code of the notebook, with the bodies of the exercises or without them."""
    schemes = [(INITIALIZERS, "unit_normal"), (INITIALIZERS, "glorot_normal")]
    names = ["check", *(name for exercise in EXERCISES for name in exercise.checks.values()), *TRAINING.values()]
    cut = {} if solved else {(e.piece.__module__, e.name): set(e.methods) for e in EXERCISES}
    return gather([(check_tools if name == "check" else exercise_checks, name) for name in names], schemes, cut=cut)


@lru_cache
def exercise_notebook(solved: bool = False) -> str:
    """The notebook of exercises, or of their solutions."""
    listing = _gathered(solved)
    everything = {d.name: d for section in listing.sections.values() for d in section}
    written = {exercise.name for exercise in EXERCISES}
    later = {d.name for d in listing.sections[NeuralNetwork.__module__]}  # the network is made of the layers
    later |= {*TRAINING.values(), "INITIALIZERS"}
    given = [d for name, d in everything.items() if name not in written | later]
    tools = [
        d for d in given if d.key.module in {each.__name__ for each in (check_tools, exercise_checks, gradient_check)}
    ]
    cells = [markdown(SOLVED if solved else OPENING), code(head(listing))]
    cells += [markdown("## What is given\n\nThe frame: read it once."), _cell([d for d in given if d not in tools])]
    cells += [
        markdown(f"**The checks.** {heading(gradient_check.__name__)} Run the cell; there is no need to read it.")
    ]
    cells += [_cell(tools) | {"metadata": {"jupyter": {"source_hidden": True}}}]
    for number, exercise in enumerate(EXERCISES, 1):
        cells.append(markdown(f"## {number}. {exercise.title}\n\n{explanation(exercise.name)}\n\n{exercise.task}"))
        own = [everything[exercise.name]]
        if exercise.name in everything["INITIALIZERS"].code:
            own.append(everything["INITIALIZERS"])
        cells.append(_cell(own))
        cells += [code(_run(label, name)) for label, name in exercise.checks.items()]
    cells += [markdown(f"## Train\n\n{heading(NeuralNetwork.__module__)}")]
    cells += [_cell(listing.sections[NeuralNetwork.__module__])]
    cells += [code(f"{everything[name].code}\n\n\n{_run(label, name)}") for label, name in TRAINING.items()]
    return notebook(cells)


def _run(label: str, name: str) -> str:
    return f'passed = check("{label}", {name})'


def _cell(definitions: list[Definition]) -> dict[str, Any]:
    return code("\n\n\n".join(blocks(definitions)))
