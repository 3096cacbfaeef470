"""A catalogue holds definitions by name: each is added where it is written, or fails there with a clear message."""

import dataclasses
import difflib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any


class UnknownName(KeyError, ValueError):
    """A name that no definition has, with a sentence that says which there are."""

    def __str__(self):
        return self.args[0]


class Catalogue(dict):
    """Name -> definition, in the order of the definitions.

    Args:
        what: what a definition is called in messages: "initialiser".
        kind: for entries made from functions: a dataclass, whose fields `name` and `function` are the function's name
            and the function itself. The other fields describe it.
        parameters: names of the parameters that a function must take; empty: any.
        methods: for entries that are classes: names of the methods that each class must define itself.

    Raises:
        TypeError: where a definition lacks something; the message says what.
    """

    def __init__(
        self,
        what: str,
        kind: type[Any] | None = None,
        parameters: tuple[str, ...] = (),
        methods: tuple[str, ...] = (),
    ):
        super().__init__()
        self.what, self.kind, self.parameters, self.methods = what, kind, parameters, methods

    def __missing__(self, name: Any) -> Any:
        near = difflib.get_close_matches(str(name).lower().replace(" ", "_"), self, n=1)
        guess = f" Did you mean {near[0]!r}?" if near else ""
        raise UnknownName(f"There is no {self.what} {name!r}.{guess} There are: {', '.join(self)}.")

    def define(self, **about: Any) -> Callable[[Callable], Any]:
        """Add the decorated function under its own name, with what describes it. Returns the entry."""
        if self.kind is None:
            raise TypeError(f"A {self.what} is a class, not a function.")
        kind = self.kind

        def enter(function: Callable) -> Any:
            name = function.__name__
            known = {each.name: each for each in dataclasses.fields(kind)}
            required = [key for key, each in known.items() if _has_no_default(each)]
            self._demand(name, "lacks", [key for key in required if key not in {"name", "function", *about}])
            self._demand(name, "has unknown", [key for key in about if key not in known])
            taken = tuple(inspect.signature(function).parameters)
            if self.parameters and taken != self.parameters:
                raise TypeError(
                    f"The {self.what} `{name}` must take ({', '.join(self.parameters)}), not ({', '.join(taken)})."
                )
            return self._enter(name, kind(name=name, function=function, **about))

        return enter

    def add(self, entry: Any, base: type) -> None:
        """Add a class derived from `base`. A variant of an entry that has no name of its own is not added."""
        if "name" not in vars(entry):
            if any(parent in self.values() for parent in entry.__mro__[1:]):
                return
            raise TypeError(f"The {self.what} `{entry.__name__}` has no `name`, under which it stands in URLs.")
        self._demand(entry.name, "lacks", [key for key in inspect.get_annotations(base) if not hasattr(entry, key)])
        own = [method for method in self.methods if getattr(entry, method) is getattr(base, method)]
        self._demand(entry.name, "lacks the method", own)
        self._enter(entry.name, entry)

    def where(self, condition: Callable[[Any], bool]) -> "Part":
        """The entries that fulfil a condition, including those defined later."""
        return Part(self, condition)

    def _enter(self, name: str, entry: Any) -> Any:
        if name in self:
            raise TypeError(f"The {self.what} `{name}` is defined twice.")
        if not name.isidentifier():
            raise TypeError(f"The {self.what} `{name}` needs another name: letters, digits and _ alone, for URLs.")
        texts = [key for key in ("label", "meaning") if hasattr(entry, key)]
        self._demand(name, "has an empty", [key for key in texts if not str(getattr(entry, key)).strip()])
        labels = {getattr(each, "label", None): other for other, each in self.items()}
        if getattr(entry, "label", "") in labels:
            raise TypeError(f"The {self.what} `{name}` has the label of `{labels[entry.label]}`: {entry.label}.")
        self[name] = entry
        return entry

    def _demand(self, name: str, what: str, faults: list[str]) -> None:
        if faults:
            raise TypeError(f"The {self.what} `{name}` {what}: {', '.join(faults)}.")


class Part(Mapping):
    """The entries of a catalogue that fulfil a condition."""

    def __init__(self, catalogue: Catalogue, condition: Callable[[Any], bool]):
        self._catalogue, self._condition = catalogue, condition

    def __getitem__(self, name: str) -> Any:
        if not self._condition(self._catalogue[name]):
            raise UnknownName(f"The {self._catalogue.what} {name!r} is not among these: {', '.join(self)}.")
        return self._catalogue[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name, entry in self._catalogue.items() if self._condition(entry))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def made_of(entry: Any) -> Callable:
    """The class or function that an entry is made from."""
    return entry if isinstance(entry, type) else entry.function


def _has_no_default(field: dataclasses.Field) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
