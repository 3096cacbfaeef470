"""The code that runs, as it stands in the engine: what a student reads here is what trains the network above."""

import inspect
from textwrap import dedent

import streamlit as st

from ..nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, BatchNorm, Dense, NeuralNetwork, Softmax
from .run import Run


def expander(run: Run) -> None:
    """The source of everything that the present experiment trains with, read from the running classes."""
    now = run.current
    pieces = {
        "One step": NeuralNetwork.step,
        "Dense": Dense,
        INITIALIZERS[now.initializer].label: INITIALIZERS[now.initializer].draw,
        **({"Batch norm": BatchNorm} if now.batch_norm else {}),
        ACTIVATIONS[now.activation].label: ACTIVATIONS[now.activation],
        "Softmax": Softmax,
        OPTIMIZERS[now.optimizer].label: OPTIMIZERS[now.optimizer],
    }
    with st.expander("The code that trains this network", icon=":material/code:"):
        st.caption("Read from the running classes in `playground/nn`: NumPy, and nothing else.")
        for tab, piece in zip(st.tabs(list(pieces)), pieces.values(), strict=True):
            tab.code(dedent(inspect.getsource(piece)), language="python")
