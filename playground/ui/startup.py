"""What a server does once, at its start, so that many visitors can share its cores."""

import gc
from functools import cache

import numpy  # noqa: F401  # so that its matrix library is there to be limited
from threadpoolctl import threadpool_limits

from .. import charts  # noqa: F401  # so that all libraries are there to be frozen
from ..server import log


@cache
def start() -> None:
    """Limit threads, set the libraries apart from garbage, and write that the app has started; once in a process.

    Visitors share the cores by running side by side. With two threads for each matrix product they wait for each
    other's instead: two processes that each ask for the depth picture at once take 6 to 18 s on two cores, and 1.8 s
    with one. While Python looks for garbage, all visitors wait: 120 ms, as long as the objects of the libraries are
    looked through as well, which never are garbage.
    """
    threadpool_limits(1, user_api="blas")
    gc.collect()
    gc.freeze()
    log.started()
