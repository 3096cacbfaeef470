"""A listing gathers, from the running modules, the chosen definitions and all that they need, and runs by itself.

It follows names: what a definition mentions is included, with what that mentions, and nothing else. So a new
initialiser, activation, optimiser or dataset is in a listing as soon as it is in its catalogue.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import resolve_name
from types import ModuleType
from typing import Any, NamedTuple

from ..nn.catalogue import Catalogue, made_of
from ..nn.validation import checked
from .rewriting import WIDTH, class_text, entry_text, identifiers, literal, names_in, without_decorator


class Key(NamedTuple):
    """Where a definition is."""

    module: str
    name: str


@dataclass(frozen=True)
class Definition:
    """A function, class or constant at the top level of a module, as a listing has it.

    Attributes:
        key: where it is.
        code: its text.
        line: its line in the source.
        entries: for a catalogue: its entries, which must come before it.
    """

    key: Key
    code: str
    line: int
    entries: tuple[Key, ...] = ()

    @property
    def name(self) -> str:
        """The name that is defined."""
        return self.key.name


@dataclass
class Listing:
    """Definitions in an order in which they run.

    Attributes:
        imports: what comes from outside of the project: {line of import: names}, where `import x` has none.
        sections: the definitions module by module, {name of the module: definitions}.
    """

    imports: dict[str, set[str]] = field(default_factory=dict)
    sections: dict[str, list[Definition]] = field(default_factory=dict)

    def import_lines(self) -> tuple[list[str], list[str]]:
        """The imports, sorted: those of the standard library, and the others."""
        lines = [
            (not line.startswith("import"), line + ", ".join(sorted(names, key=_as_sorted)))
            for line, names in self.imports.items()
        ]
        lines = [line for _, line in sorted(lines)]
        standard = [line for line in lines if line.split()[1].split(".")[0] in sys.stdlib_module_names]
        return standard, [line for line in lines if line not in standard]

    @property
    def names(self) -> set[str]:
        """The names of all definitions."""
        return {definition.name for section in self.sections.values() for definition in section}


def _as_sorted(name: str) -> tuple[int, str]:
    """Constants first, then classes, then the rest, as in all imports of the project."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, name


@cache
def _tree(module: str) -> tuple[str, ast.Module]:
    text = inspect.getsource(sys.modules[module])
    return text, ast.parse(text)


@cache
def _top_level(module: str) -> dict[str, ast.stmt]:
    """The statement that defines each name of a module."""
    found: dict[str, ast.stmt] = {}
    for node in _tree(module)[1].body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name.split(".")[0]): node for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id: node for target in targets if isinstance(target, ast.Name)}
    return found


def _defined_as(entry: Any) -> Key:
    """Where the class or function of a catalogue's entry is."""
    written = made_of(entry)
    return Key(written.__module__, written.__name__)


def _enters(module: str, node: ast.AST) -> bool:
    """Whether a piece of code only adds something to a catalogue: a decorator, or `__init_subclass__`."""
    values = [getattr(sys.modules[module], name, None) for name in identifiers(node)[0]]
    return any(isinstance(getattr(value, "__self__", value), Catalogue) for value in values)


def _checks(module: str, decorator: ast.AST) -> bool:
    """Whether a decorator only puts checks of what is given before methods: what a listing computes is sound."""
    return checked in [getattr(sys.modules[module], name, None) for name in identifiers(decorator)[0]]


class _Gathering:
    """The work of `gather`."""

    def __init__(
        self,
        chosen: list[tuple[Mapping, str]],
        replaced: Mapping[Key, str],
        cut: Mapping[Key, set[str]],
        attributes: set[str],
    ):
        self.chosen, self.replaced, self.cut, self.attributes = chosen, replaced, cut, attributes
        self.wanted: dict[Key, None] = {}
        self.needs: dict[str, dict[str, None]] = {}  # module -> modules, in the order in which it mentions them
        self.listing = Listing()

    def follow(self, module: str, name: str, reader: str) -> None:
        """Include what `name` means in `module`, because a definition in the module `reader` needs it."""
        node = _top_level(module).get(name)
        if node is None:  # a builtin, or a name inside a function
            return
        if isinstance(node, ast.Import):
            [alias] = [a for a in node.names if (a.asname or a.name.split(".")[0]) == name]
            self.listing.imports.setdefault(f"import {alias.name}{f' as {alias.asname}' * bool(alias.asname)}", set())
        elif isinstance(node, ast.ImportFrom):
            [alias] = [a for a in node.names if (a.asname or a.name) == name]
            source = resolve_name("." * node.level + (node.module or ""), sys.modules[module].__package__)
            if node.level:
                self.follow(source, alias.name, reader)
            else:
                written = alias.name + f" as {alias.asname}" * bool(alias.asname)
                self.listing.imports.setdefault(f"from {source} import ", set()).add(written)
        else:
            self.wanted.setdefault(Key(module, name))
            if module != reader:
                self.needs.setdefault(reader, {})[module] = None
            for entry in self.entries(module, name).values():
                key = _defined_as(entry)
                needed_by_itself = reader == module != key.module  # then no order follows: the entry imports it
                self.follow(key.module, key.name, "" if needed_by_itself else reader)

    def entries(self, module: str, name: str) -> dict[str, Any]:
        """The chosen entries of a catalogue; none of anything else."""
        catalogue = getattr(sys.modules[module], name)
        return {key: catalogue[key] for options, key in self.chosen if options is catalogue}

    def definition(self, key: Key) -> Definition:
        """The text of a definition, without unused parts."""
        module, name = key
        node, lines = _top_level(module)[name], _tree(module)[0].splitlines()
        value = getattr(sys.modules[module], name)
        cut = self.cut.get(key, set())
        text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if key in self.replaced:
            text = self.replaced[key]
        elif isinstance(node, ast.ClassDef):
            members = [m for m in node.body if not self.is_unused(module, m)]
            text = class_text(node, lines, members, cut, [d for d in node.decorator_list if not _checks(module, d)])
        elif isinstance(node, ast.FunctionDef):
            entered = [d for d in node.decorator_list if _enters(module, d)]
            text = without_decorator(node, lines, entered, value if entered else None, name in cut)
        elif isinstance(value, Catalogue):
            entries = self.entries(module, name)
            parts = [f'"{entry}": {entry_text(made, self.attributes)}' for entry, made in entries.items()]
            text = f"{name} = {{{', '.join(parts)}}}"
            if len(text) > WIDTH or "\n" in text:
                text = f"{name} = {{\n" + "".join(textwrap.indent(f"{part},\n", "    ") for part in parts) + "}"
            return Definition(key, text, node.lineno, tuple(map(_defined_as, entries.values())))
        elif isinstance(value, int | float) and identifiers(node.value)[0]:
            text = f"{name} = {literal(value)}"  # a number that comes from another module
        return Definition(key, text, node.lineno)

    def is_unused(self, module: str, member: ast.stmt) -> bool:
        """Whether a listing can do without a member of a class: a method that nothing in it calls."""
        if not isinstance(member, ast.FunctionDef):
            return False
        if member.name == "__init_subclass__":
            return _enters(module, member)
        if member.name.startswith("__"):
            return member.name == "__reduce__"  # only for `copy` and `pickle`
        return member.name not in self.attributes

    def read(self) -> dict[Key, Definition]:
        """The definitions of all that is needed; what they mention is needed too, until nothing new comes up."""
        while True:
            before = len(self.wanted), len(self.attributes)
            found = {key: self.definition(key) for key in self.wanted}
            for key, definition in found.items():
                names, attributes = names_in(definition.code)
                self.attributes |= attributes
                for name in names:
                    self.follow(key.module, name, key.module)
            if before == (len(self.wanted), len(self.attributes)):
                return found


def gather(
    roots: Iterable[tuple[ModuleType, str]],
    chosen: Iterable[tuple[Mapping, str]] = (),
    replaced: Mapping[tuple[str, str], str] | None = None,
    cut: Mapping[tuple[str, str], set[str]] | None = None,
    main: str = "",
) -> Listing:
    """The definitions in `roots` and all that they need, in an order in which they run.

    Args:
        roots: modules, and names of definitions in them.
        chosen: catalogues, such as `INITIALIZERS`, and the names of their entries that the listing shall have.
        replaced: {(module, name): code} that replaces a definition.
        cut: {(module, name): methods} whose bodies are left out; for a function, its own name.
        main: code that will run at the end: the methods that it calls are in the listing, too.

    Raises:
        ValueError: where two modules have different definitions of one name.
    """
    replaced = {Key(*key): code for key, code in (replaced or {}).items()}
    cut = {Key(*key): names for key, names in (cut or {}).items()}
    work = _Gathering(list(chosen), replaced, cut, set(names_in(main)[1]))
    starts = [(module.__name__, name) for module, name in roots]
    for module, name in starts:
        work.follow(module, name, "")
    found = work.read()
    by_name: dict[str, Key] = {}
    for key in found:
        if by_name.setdefault(key.name, key) != key:
            raise ValueError(f"{key.name} is defined in {key.module} and in {by_name[key.name].module}")
    modules = list(_in_order(list(work.needs[""]), work.needs))
    work.listing.sections = {module: [] for module in modules}
    for definition in found.values():
        home = max((definition.key.module, *(entry.module for entry in definition.entries)), key=modules.index)
        work.listing.sections[home].append(definition)
    for module, section in work.listing.sections.items():
        section.sort(key=lambda each, home=module: _place(each, home, found))
    return work.listing


def _place(definition: Definition, home: str, found: Mapping[Key, Definition]) -> tuple[int, int]:
    """The position of a definition in its module: its line; for a catalogue, after the last of its entries."""
    return max([(definition.line, 0), *((found[key].line, 1) for key in definition.entries if key.module == home)])


def _in_order(modules: list[str], needs: Mapping[str, Iterable[str]], done: set[str] | None = None) -> Iterator[str]:
    """The modules, each after those that it needs."""
    done = set() if done is None else done
    for module in modules:
        if module not in done:
            done.add(module)
            yield from _in_order(list(needs.get(module, ())), needs, done)
            yield module
