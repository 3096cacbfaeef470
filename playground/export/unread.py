"""What nobody reads: attributes, variables, methods, and classes that only prepare for variants that are not there."""

import ast
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from .calls import Program
from .edits import DROP, Edit, edited, names_in_tree, nodes_of, replaced, text_of
from .rewriting import class_text, first_line, has_docstring, parsed


class Lines(NamedTuple):
    """The lines of a definition with its decorators, as a place."""

    lineno: int
    col_offset: int
    end_lineno: int
    end_col_offset: int


class Reads:
    """Which attributes a program reads: those of `self` by class, and those of other objects; none that are known."""

    def __init__(self, program: Program, known: Collection[str] = ()):
        self.known = known
        self.found: set[tuple[str | None, str]] = set()
        self.kin: dict[str, set[str]] = {}
        for home, code in program.items():
            self.found |= _read_by(home, code)
            for node in parsed(code).body:
                if isinstance(node, ast.ClassDef):
                    self._add_kin(home, {text_of(base) for base in node.bases})

    def _add_kin(self, name: str, bases: set[str]) -> None:
        for base in bases:
            self.kin.setdefault(base, {base}).add(name)
        self.kin.setdefault(name, {name}).update(bases)

    def reads(self, owner: str | None, attribute: str) -> bool:
        """Whether an attribute of an object is read; without an owner, that of any object."""
        if attribute in self.known:
            return False
        owners = self.kin.get(owner, {owner}) | {None} if owner else {each for each, _ in self.found}
        return any((each, attribute) in self.found for each in owners)


@lru_cache(maxsize=2**12)
def _read_by(home: str, code: str) -> frozenset[tuple[str | None, str]]:
    """The attributes that a definition reads: (the definition, attribute) of `self`, (None, attribute) of others."""
    found: set[tuple[str | None, str]] = set()
    appended = {appended_to(node) for node in nodes_of(code)}
    for node in nodes_of(code):
        match node:
            case ast.AugAssign(target=ast.Attribute() as read) if not isinstance(node.value, ast.Constant):
                pass  # it may be an array that others share
            case ast.Attribute(ctx=ast.Load()) as read if node not in appended:
                pass
            case ast.Constant(value=str(name)):  # a name for `getattr`
                found |= {(None, name), (None, f"d{name}")}
                continue
            case _:
                continue
        found.add((home if text_of(read.value) == "self" else None, read.attr))
    return frozenset(found)


def appended_to(node: ast.AST) -> ast.Attribute | None:
    """The attribute to which a statement only appends something."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Attribute() as owner, attr="append"))):
            return owner
    return None


def without_unread(program: Program, known: Collection[str] = ()) -> Program:
    """The program without attributes, variables and methods that nobody reads, or whose value is known."""
    reads = Reads(program, known)
    program = without_idle_methods(program)
    return {home: _without_unread(home, code, reads) for home, code in program.items()}


def _without_unread(home: str, code: str, reads: Reads) -> str:
    edits: list[Edit] = []
    for node in parsed(code).body:
        if isinstance(node, ast.ClassDef):
            edits += _unread_members(node, reads)
            edits += [edit for each in functions(node) for edit in _returned_at_once(node, each, reads)]
        for function in functions(node) if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(function, ast.FunctionDef):
                edits += [(each, DROP) for each in _unread_statements(function, home, reads)]
    whole = [edit for edit in edits if edit[1] == DROP]
    outermost = [e for e in edits if not any(e is not o and _inside(e[0], o[0]) for o in whole)]
    return edited(code, outermost) if edits else code


def _inside(node, other) -> bool:
    return other.lineno <= node.lineno and node.end_lineno <= other.end_lineno


def functions(node: ast.ClassDef) -> list[ast.FunctionDef]:
    """The methods of a class."""
    return [each for each in node.body if isinstance(each, ast.FunctionDef)]


def _unread_members(node: ast.ClassDef, reads: Reads) -> Iterator[Edit]:
    record = node.decorator_list or "NamedTuple" in map(text_of, node.bases)  # whose fields are its order, too
    for member in node.body:
        if isinstance(member, ast.FunctionDef):
            if not member.name.startswith("__") and not reads.reads(node.name, member.name):
                yield Lines(first_line(member) + 1, 0, member.end_lineno, 0), DROP
        elif isinstance(member, ast.Assign | ast.AnnAssign) and not record:
            names = [each.id for each in ast.walk(member) if isinstance(each, ast.Name) and _is_stored(each)]
            if member.value is None or not any(reads.reads(node.name, name) for name in names):
                yield member, DROP


def _unread_statements(function: ast.FunctionDef, home: str, reads: Reads) -> list[ast.stmt]:
    used = {each.id for each in names_in_tree(function) if not _is_stored(each)}

    def unread(node: ast.stmt) -> bool:
        target = appended_to(node)
        match node:
            case ast.Assign(targets=[ast.Attribute() as target]) | ast.AnnAssign(target=ast.Attribute() as target):
                pass
            case ast.AugAssign(target=ast.Attribute() as target, value=value):
                if not isinstance(value, ast.Constant) and target.attr not in reads.known:
                    return False  # an array, which others may share
            case ast.Assign(targets=[ast.Name(id=name)]):
                return name not in used
            case ast.If() | ast.For():
                return all(map(unread, [*node.body, *node.orelse]))
        if target is None:
            return False
        return not reads.reads(home if text_of(target.value) == "self" else None, target.attr)

    found, bodies = [], [function.body]
    while bodies:
        for node in bodies.pop():
            if unread(node):
                found.append(node)
            elif isinstance(node, ast.If | ast.For | ast.With | ast.While):
                bodies += [node.body, getattr(node, "orelse", [])]
    return found


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _returned_at_once(owner: ast.ClassDef, function: ast.FunctionDef, reads: Reads) -> Iterator[Edit]:
    """An attribute that is set to be returned, and that nobody else reads, is returned."""
    match function.body:
        case [*_, ast.Assign(targets=[ast.Attribute() as target], value=value) as store, ast.Return(value=result)]:
            if result is None or text_of(target) != text_of(result) or text_of(target.value) != "self":
                return
            elsewhere = reads.kin.get(owner.name, set()) - {owner.name} | {None}
            mentions = [n for n in ast.walk(owner) if isinstance(n, ast.Attribute) and n.attr == target.attr]
            if len(mentions) == 2 and not any((each, target.attr) in reads.found for each in elsewhere):
                yield store, f"return {text_of(value)}"
                yield function.body[-1], DROP


def without_idle_methods(program: Program) -> Program:
    """The program without calls of methods that do nothing."""
    methods = [each for node in _classes(program).values() for each in functions(node)]
    busy = {each.name for each in methods if len(each.body) > has_docstring(each)}
    idle = {each.name for each in methods} - busy

    def calls_idle(node):
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name))) if name in idle:
                return DROP
        return None

    return {home: replaced(code, calls_idle) for home, code in program.items()} if idle else program


# Classes


def without_unread_fields(program: Program) -> Program:
    """The program without the fields of its records that nobody reads, and without what calls give for them."""
    reads = Reads(program)
    for name, record in _classes(program).items():
        fields = [each for each in record.body if isinstance(each, ast.AnnAssign)]
        unread = [field for field in fields if not reads.reads(name, text_of(field.target))]
        if not record.decorator_list or not unread:
            continue
        calls = [(home, node) for home, code in program.items() for node in nodes_of(code) if _calls(node, name)]
        if all(len(call.args) == len(fields) for _, call in calls):
            program = {**program, name: edited(program[name], [(field, DROP) for field in unread])}
            for home, call in calls:
                given = [text_of(value) for field, value in zip(fields, call.args, strict=True) if field not in unread]
                program = {**program, home: edited(program[home], [(call, f"{name}({', '.join(given)})")])}
    return program


def _classes(program: Program) -> dict[str, ast.ClassDef]:
    nodes = {home: parsed(code).body[0] for home, code in program.items() if code}
    return {home: node for home, node in nodes.items() if isinstance(node, ast.ClassDef)}


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and text_of(node.func) == name


def without_twins(program: Program) -> Program:
    """The program without methods that do what another one of their class does, which is called in their place."""
    classes = _classes(program)
    names = [each.name for node in classes.values() for each in functions(node)]
    for home, node in classes.items():
        first: dict[str, str] = {}
        for each in functions(node):
            same = first.setdefault(_what_it_does(each), each.name)
            if same != each.name and names.count(each.name) == 1:
                program = {**program, home: edited(program[home], [(each, DROP)])}
                return without_twins({home: _with_attribute(code, each.name, same) for home, code in program.items()})
    return program


def _what_it_does(method: ast.FunctionDef) -> str:
    return "\n".join([text_of(method.args), *map(text_of, method.body[has_docstring(method) :])])


def _with_attribute(code: str, old: str, new: str) -> str:
    """The code that reads another attribute in place of one."""

    def rule(node):
        return f"{text_of(node.value)}.{new}" if isinstance(node, ast.Attribute) and node.attr == old else None

    return replaced(code, rule)


def without_stubs(program: Program) -> Program:
    """The program without methods that only say that subclasses have them."""
    edits: dict[str, list[Edit]] = {}
    for home, code in program.items():
        for node in parsed(code).body:
            for each in functions(node) if isinstance(node, ast.ClassDef) else []:
                if isinstance(each.body[-1], ast.Raise) and len(each.body) == 1 + has_docstring(each):
                    edits.setdefault(home, []).append((each, DROP))
    return {home: edited(code, edits[home]) if home in edits else code for home, code in program.items()}


def without_empty_bases(program: Program) -> Program:
    """A class with one subclass, which is all that the program uses of it, is one with that."""
    classes = _classes(program)
    for name, base in classes.items():
        children = [each for each in classes.values() if name in map(text_of, each.bases)]
        if len(children) == 1 and not base.decorator_list and not _makes(program, name):
            [child] = children
            code = _merged(program[name], base, program[child.name], child)
            rest = {home: text for home, text in program.items() if home != name} | {child.name: code}
            return without_empty_bases({home: _renamed(text, name, child.name) for home, text in rest.items()})
    return program


def _makes(program: Program, name: str) -> bool:
    """Whether a program makes an object of a class, or calls a method of it."""
    calls = [node for code in program.values() for node in nodes_of(code) if isinstance(node, ast.Call)]
    return any(text_of(each.func) in (name, "super") for each in calls)


def _merged(base_code: str, base: ast.ClassDef, code: str, child: ast.ClassDef) -> str:
    """The code of a class with what it inherits, in front of what it has itself."""
    own = {each.name for each in functions(child)}
    inherited = [each for each in base.body if getattr(each, "name", None) not in own]
    inherited = [each for each in inherited if not isinstance(each, ast.Expr)]
    bases = ", ".join(map(text_of, base.bases))
    lines, docstring = code.split("\n"), child.body[0].end_lineno if has_docstring(child) else child.lineno
    head = [f"class {child.name}{f'({bases})' if bases else ''}:", *lines[child.lineno : docstring]]
    body = class_text(base, base_code.split("\n"), inherited, set(), []).split("\n")[1:] if inherited else []
    return "\n".join([*head, "", *body, "", *lines[docstring:]])


def _renamed(code: str, old: str, new: str) -> str:
    names = [each for each in nodes_of(code) if isinstance(each, ast.Name) and each.id == old]
    return edited(code, [(each, new) for each in names])
