"""A check says that a piece of code is right, or where to look: it knows the results of the usual mistakes."""

import copy
import difflib
from collections.abc import Callable, Mapping

import numpy as np

from ..nn import Layer, relative_error

CLOSE = 1e-6  # relative error up to which two arrays count as equal
NUMPY_2 = "this needs NumPy 2, and yours is older: run `pip install -U numpy`, then start Python again"


class CheckFailed(Exception):
    """What a check found wrong, and where to look."""


def check(what: str, test: Callable[[], None]) -> bool:
    """Run a test, and print a tick or what to look at. Returns whether it passed."""
    try:
        if np.__version__.startswith("1."):
            raise CheckFailed(NUMPY_2)
        with np.errstate(all="ignore"):
            test()
    except CheckFailed as failure:
        message = str(failure)
    except NotImplementedError as missing:
        message = f"{missing}. Write it, run its cell again, and then this one."
    except AttributeError as error:
        message = f"{error}{what_is_there(error)}"
    except ValueError as error:
        message = f"shapes do not fit: {error}. Is a transpose (.mT) missing, or an axis summed that should stay?"
    except Exception as error:  # of any kind: a traceback would hide the message
        message = f"it stops with {type(error).__name__}: {error}"
        if "learning_rate" in message:
            message += ". Leave the step to the optimiser: backward knows no learning rate, and must not change W."
    else:
        print(f"✓ {what}")
        return True
    print(f"✗ {what}: {message}")
    return False


def what_is_there(error: AttributeError) -> str:
    """What to do about a name that is not there: whether it is one of a layer, or misspelt, or one of None."""
    owner, name = getattr(error, "obj", None), str(getattr(error, "name", ""))
    names = [each for each in dir(owner) if not each.startswith("_")]
    alike = [each for each in names if each.lower() == name.lower()] or difflib.get_close_matches(name, names, 1)
    if isinstance(owner, Layer):
        meant = f", or is `self.{alike[0]}` meant?" if alike else "."
        return f". What backward needs, forward must keep in self{meant}"
    if owner is None:
        return ". What stands before the dot is None: does a function lack its `return`?"
    return f". Is `{alike[0]}` meant?" if alike else ". Is it misspelt?"


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


def call(layer: Layer, method: str, **arrays: np.ndarray):
    """What a layer's method returns for the first of the arrays.

    Raises:
        CheckFailed: the method changed one of the arrays, or a parameter of the layer.
    """
    parameters = {name: getattr(layer, name) for name in layer.parameters}
    before = {name: np.copy(array) for name, array in (arrays | parameters).items()}
    given = getattr(layer, method)(next(iter(arrays.values())))
    for name in parameters:
        if not np.array_equal(getattr(layer, name), before[name]):
            step = "leave the step to the optimiser: " if method == "backward" else ""
            raise CheckFailed(f"{step}{method} must not change {name}")
    for name, array in arrays.items():
        if not np.array_equal(array, before[name]):
            raise CheckFailed(f"{method} changes {name} in place, which others still need: make a new array instead")
    return given


def gradients(layer: Layer, dout: np.ndarray, X: np.ndarray) -> dict[str, np.ndarray]:
    """The gradient that `backward` returns, under "dX", and those that it leaves in the layer, in any shape.

    Raises:
        CheckFailed: one of them was not set, or was added to what was there; or something else was changed.
    """
    names = ["d" + name for name in layer.parameters]

    def found(start: float) -> dict[str, np.ndarray]:
        watched = copy.copy(layer)
        watched.__class__ = type(type(layer).__name__, (type(layer),), dict.fromkeys(names))  # no longer a `Parameter`
        watched.__dict__.update({name: np.full_like(getattr(layer, name), start) for name in names})
        dX = call(watched, "backward", dout=dout, X=X)
        return {"dX": dX} | {name: getattr(watched, name) for name in names}

    first, zero, one = map(found, (np.nan, 0.0, 1.0))
    for name in names:
        if np.shape(first[name]) != getattr(layer, name).shape or not np.isnan(first[name]).any():
            continue
        if np.array_equal(zero[name], np.zeros_like(zero[name])) and np.array_equal(one[name], np.ones_like(one[name])):
            raise CheckFailed(
                f"self.{name} was not set: assign the gradient to it, and let the optimiser make the step"
            )
        if not np.isnan(zero[name]).any():
            raise CheckFailed(
                f"self.{name} still has the gradient of the last batch in it: assign, don't add "
                f"(self.{name} = ..., not +=)"
            )
    return first
