"""A check says that a piece of code is right, or where to look: it knows the results of the usual mistakes."""

import copy
from collections.abc import Callable, Mapping

import numpy as np

from ..nn import Layer, relative_error

CLOSE = 1e-6  # relative error up to which two arrays count as equal


class CheckFailed(Exception):
    """What a check found wrong, and where to look."""


def check(what: str, test: Callable[[], None]) -> bool:
    """Run a test, and print a tick or what to look at. Returns whether it passed."""
    try:
        with np.errstate(all="ignore"):
            test()
    except CheckFailed as failure:
        message = str(failure)
    except NotImplementedError as missing:
        message = f"{missing}. Write it, run its cell again, and then this one."
    except AttributeError as error:
        message = f"{error}. What backward needs, forward must keep in self."
    except ValueError as error:
        message = f"shapes do not fit: {error}. Is a transpose (.mT) missing, or an axis summed that should stay?"
    except Exception as error:  # of any kind: a traceback would hide the message
        message = f"it stops with {type(error).__name__}: {error}"
    else:
        print(f"✓ {what}")
        return True
    print(f"✗ {what}: {message}")
    return False


def compare(
    what: str, given, expected: np.ndarray, mistakes: Mapping[str, np.ndarray] | None = None, n: int = 0
) -> None:
    """Raise `CheckFailed` if an array is not what it should be.

    Args:
        what: its name.
        given: the array; None if the function returned nothing.
        expected: what it should be.
        mistakes: for each usual mistake, what to say -> the array that it gives.
        n: number of examples in the batch, to tell a mean from a sum; 0 if it is neither.
    """
    if given is None:
        raise CheckFailed(f"{what} is None: is a `return` missing?")
    given = np.asarray(given)
    if given.shape != expected.shape:
        hint = ""
        if given.ndim > 1 and given.shape == expected.shape[::-1]:
            hint = ": is a transpose missing?"
        elif given.ndim < expected.ndim or (n and given.shape == (n,)):
            hint = ": is it summed along the right axis? The batch is axis 0 (or -2)."
        elif given.ndim > expected.ndim:
            hint = ": is an axis of length one left over?"
        raise CheckFailed(f"{what}: expected shape {expected.shape}, got {given.shape}{hint}")
    if relative_error(given, expected) < CLOSE:
        return
    if not np.isfinite(given).all():
        raise CheckFailed(f"{what} has entries that are no numbers (nan or inf)")
    usual = dict(mistakes or {})
    usual["has the wrong sign"] = -expected
    if n:
        mean = f"is {n} times too large, and {n} is the size of the batch: a mean over the batch, not a sum"
        total = f"is {n} times too small, and {n} is the size of the batch: a sum over the batch, not a mean"
        usual |= {mean: n * expected, total: expected / n, f"{mean}, and the sign": -n * expected}
    for hint, value in usual.items():
        if np.shape(value) == given.shape and relative_error(given, value) < CLOSE:
            raise CheckFailed(f"{what} {hint}")
    worst = np.unravel_index(np.abs(given - expected).argmax(), given.shape)
    place = f"[{', '.join(map(str, worst))}]" if worst else ""
    raise CheckFailed(f"{what}{place}: expected {expected[worst]:.6g}, got {given[worst]:.6g}")


def gradients(layer: Layer, dout: np.ndarray) -> dict[str, np.ndarray]:
    """The gradient that `backward` returns, under "dX", and those that it leaves in the layer, in any shape.

    Raises:
        CheckFailed: one of them was not set.
    """
    names = ["d" + name for name in layer.parameters]
    watched = copy.copy(layer)
    watched.__class__ = type(type(layer).__name__, (type(layer),), dict.fromkeys(names))  # no longer a `Parameter`
    watched.__dict__.update({name: np.full_like(getattr(layer, name), np.nan) for name in names})
    found = {"dX": watched.backward(dout)}
    for name in names:
        found[name] = getattr(watched, name)
        if np.shape(found[name]) == getattr(layer, name).shape and np.isnan(found[name]).all():
            raise CheckFailed(
                f"self.{name} was not set: assign the gradient to it, and let the optimiser make the step"
            )
    return found
