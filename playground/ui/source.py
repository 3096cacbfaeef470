"""The source of the engine: what a student reads here is the code that trains the network above."""

import inspect
from collections.abc import Callable
from functools import cache
from textwrap import dedent

import streamlit as st

from ..nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, BatchNorm, Dense, NeuralNetwork, Softmax
from .run import Run


@cache  # to find a class in its file takes 2 ms, and a page shows seven at every click
def source(piece: Callable) -> str:
    """The source of a class or function."""
    return dedent(inspect.getsource(piece))


def without_decorators(function: Callable) -> str:
    """The source of a function from its `def` on."""
    text = source(function)
    return text[text.index("def ") :]


def expander(title: str, pieces: dict[str, Callable]) -> None:
    """The source of some classes or functions, {name: piece}, one tab each."""
    with st.expander(title, icon=":material/code:"):
        st.caption("Read from the running code in `playground/nn`: NumPy, and nothing else.")
        for tab, piece in zip(st.tabs(list(pieces)), pieces.values(), strict=True):
            tab.code(source(piece), language="python")


def of_run(run: Run) -> None:
    """The source of everything that the present experiment trains with."""
    now = run.current
    expander(
        "The code that trains this network",
        {
            "One step": NeuralNetwork.step,
            "Dense": Dense,
            INITIALIZERS[now.initializer].label: INITIALIZERS[now.initializer].function,
            **({"Batch norm": BatchNorm} if now.batch_norm else {}),
            ACTIVATIONS[now.activation].label: ACTIVATIONS[now.activation],
            "Softmax": Softmax,
            OPTIMIZERS[now.optimizer].label: OPTIMIZERS[now.optimizer],
        },
    )
