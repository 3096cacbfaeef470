"""What a server does once, when it starts, so that many visitors can share its cores."""

import gc
from functools import cache

import numpy  # noqa: F401  # so that its matrix library is loaded and can be limited
from threadpoolctl import threadpool_limits

from .. import charts  # noqa: F401  # so that all libraries are loaded and can be frozen
from ..server import log


@cache
def start() -> None:
    """Limit threads, exclude the libraries from garbage collection, and log that the app has started; once per process.

    Visitors share the cores by running side by side. If each matrix product used two threads, these would wait for each
    other: two processes that compute the depth picture at the same time take 6 to 18 s on two cores, but 1.8 s with one
    thread each. While Python collects garbage, all visitors wait: for 120 ms if it also checks the objects of the
    libraries, which are never garbage.
    """
    threadpool_limits(1, user_api="blas")
    gc.collect()
    gc.freeze()
    log.started()
