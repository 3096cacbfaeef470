"""What a server does once, when it starts, so that the first visitor waits for nothing and many can share its cores."""

import asyncio
import gc
import importlib
import pkgutil
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy  # noqa: F401  # so that its matrix library is loaded and can be limited
import streamlit as st
from threadpoolctl import threadpool_limits

import playground

from ..server import log

LISTENS = 0.5  # seconds after which a server that has started answers


def start() -> None:
    """Load the whole app, limit threads, exclude all that from garbage collection, and log that the app has started.

    What is loaded here keeps no visitor waiting. Visitors share the cores by running side by side. If each matrix
    product used two threads, these would wait for each other: two processes that compute the depth picture at the same
    time take 6 to 18 s on two cores, but 1.8 s with one thread each. While Python collects garbage, all visitors wait:
    for 120 ms if it also checks the objects of the libraries, which are never garbage.
    """
    for module in pkgutil.walk_packages(playground.__path__, f"{playground.__name__}."):
        importlib.import_module(module.name)
    threadpool_limits(1, user_api="blas")
    gc.collect()
    gc.freeze()
    log.started()


@asynccontextmanager
async def open_browser(app: st.App) -> AsyncIterator[None]:
    """While the server runs; on a machine with a screen it begins by showing the app there."""
    if not st.get_option("server.headless"):
        host, port = st.get_option("server.address") or "localhost", st.get_option("server.port")
        asyncio.get_running_loop().call_later(LISTENS, webbrowser.open, f"http://{host}:{port}")
    yield
