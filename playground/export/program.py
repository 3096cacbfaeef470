"""What a whole program does not need goes: parameters that never differ, and all that nobody reads or calls."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from .listing import Listing
from .rewriting import has_docstring, identifiers
from .simplify import (
    DROP,
    Known,
    _edited,
    _inside,
    _is_known,
    _parameters,
    _text,
    call_text,
    decided,
    decided_statements,
    for_one_network,
    in_float64,
    known_values,
    parameters_of,
    parsed,
    replaced,
    replaced_in,
    with_local_constants,
    without_descriptor,
)

Program = dict[str, str]  # name of a definition -> its code


def simplified(listing: Listing, known: Known, roots: Iterable[str], read: Iterable[str] = ()) -> Listing:
    """The listing as simple as what is known allows; it computes the same.

    Args:
        roots: names of definitions that stay.
        read: names of attributes that are read by others than the listing.
    """
    program = {each.name: each.code for section in listing.sections.values() for each in section}
    parameters = set().union(*map(parameters_of, program.values()))
    program = {name: without_descriptor(code, parameters) for name, code in program.items()}
    done: set[str] = set()
    while True:
        before = dict(program)
        for name, code in program.items():
            if code not in done:
                program[name] = code = _simplified(code, known)
                done.add(code)
        program = _reached(program, roots)
        program = _with_constant_parameters(program)
        program = _with_short_functions_written_out(program)
        program = _without_unread(program, set(read))
        if program == before:
            break
    return _listing(listing, {name: tidy(code) for name, code in program.items()})


def _listing(listing: Listing, program: Program) -> Listing:
    """The listing with the definitions of the program, and with the imports that it needs."""
    names = {name for code in program.values() for name in identifiers(parsed(code))[0]}
    names |= {node.value.id for code in program.values() for node in ast.walk(parsed(code)) if _of_name(node)}
    sections = {
        module: [replace(each, code=program[each.name]) for each in section if each.name in program]
        for module, section in listing.sections.items()
    }
    imports = {}
    for line, imported in listing.imports.items():
        used = {each for each in imported if each.split()[-1] in names}
        if used or (not imported and line.split()[-1].split(".")[0] in names):
            imports[line] = used
    return Listing(imports, {module: section for module, section in sections.items() if section})


def _of_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)


def _simplified(code: str, known: Known) -> str:
    """One definition with all rules that need to know no other."""
    rules = [known_values(known), decided]
    rules += [for_one_network] * known.one_network + [in_float64] * known.float64
    while True:
        before = code
        for rule in rules:
            code = replaced(code, rule)
        while (after := _once(code)) != code:
            code = after
        code = with_local_constants(code)
        if code == before:
            return code


def _once(code: str) -> str:
    from .simplify import _edits

    edits = list(_edits(parsed(code), decided_statements(code)))
    return _edited(code, edits) if edits else code


def _reached(program: Program, roots: Iterable[str]) -> Program:
    """The definitions that the roots mention, with those that these mention, and so on."""
    wanted, new = set(), set(roots)
    while new:
        wanted |= new
        new = {name for each in new for name in identifiers(parsed(program[each]))[0]} & program.keys() - wanted
    return {name: code for name, code in program.items() if name in wanted}


# Parameters


class Callee(NamedTuple):
    """A function or method: the definition that it is in, its class if it has one, and its tree."""

    home: str
    owner: str | None
    node: ast.FunctionDef

    @property
    def parameters(self) -> list[str]:
        """Its parameters that a call gives."""
        names = [each.arg for each in _parameters(self.node)]
        static = any(_text(decorator) == "staticmethod" for decorator in self.node.decorator_list)
        return names[1:] if self.owner and not static else names

    def bound(self, call: ast.Call) -> dict[str, ast.expr] | None:
        """What a call gives for its parameters, with defaults; None: it can't be called so."""
        arguments = self.node.args
        names = [each.arg for each in [*arguments.posonlyargs, *arguments.args]]
        given = dict(zip(reversed(names), reversed(arguments.defaults), strict=False))
        if len(call.args) > len(self.parameters):
            return None
        given |= dict(zip(self.parameters, call.args, strict=False))
        given |= {each.arg: each.value for each in call.keywords}
        return given if set(given) == set(self.parameters) else None


class Calls:
    """All calls of a program, each with what it may call."""

    def __init__(self, program: Program):
        self.program = program
        self.classes = {n.name: n for code in program.values() for n in parsed(code).body if isinstance(n, ast.ClassDef)}
        self.functions: dict[str, Callee] = {}
        self.methods: dict[str, list[Callee]] = {}
        self.in_catalogues: set[str] = set()
        for home, code in program.items():
            for node in parsed(code).body:
                if isinstance(node, ast.FunctionDef):
                    self.functions[home] = Callee(home, None, node)
                elif isinstance(node, ast.ClassDef):
                    for method in filter(lambda each: isinstance(each, ast.FunctionDef), node.body):
                        self.methods.setdefault(method.name, []).append(Callee(home, home, method))
                elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                    self.in_catalogues |= {name.id for name in ast.walk(node.value) if isinstance(name, ast.Name)}
        self.found = [(home, call, self._callees(home, call)) for home, call in self._all()]

    def _all(self) -> Iterator[tuple[str, ast.Call]]:
        for home, code in self.program.items():
            yield from ((home, node) for node in ast.walk(parsed(code)) if isinstance(node, ast.Call))

    def _made(self, name: str) -> list[Callee]:
        """The `__init__` of a class, or that which it inherits; or the function of this name."""
        if name in self.functions:
            return [self.functions[name]]
        if name not in self.classes:
            return []
        own = [each for each in self.methods.get("__init__", []) if each.owner == name]
        return own or [each for base in self.classes[name].bases for each in self._made(_text(base))]

    def _callees(self, home: str, call: ast.Call) -> list[Callee]:
        match call.func:
            case ast.Name(id=name):
                return self._made(name)
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__"):
                return [each for base in self.classes[home].bases for each in self._made(_text(base))]
            case ast.Attribute(attr=name):
                return [each for each in self.methods.get(name, []) if each.bound(call) is not None]
        return [each for name in sorted(self.in_catalogues) for each in self._made(name)]

    def of(self, callee: Callee) -> list[tuple[str, ast.Call, list[Callee]]]:
        """The calls that may call something: each with where it is, and with all that it may call."""
        return [each for each in self.found if callee in each[2]]

    @property
    def callees(self) -> list[Callee]:
        """All functions and methods."""
        return [*self.functions.values(), *(each for same in self.methods.values() for each in same)]


def _with_constant_parameters(program: Program) -> Program:
    """A parameter that is the same constant in all calls is that constant, and one that nobody reads is not given."""
    while True:
        calls = Calls(program)
        for callee in calls.callees:
            constant = _constant_parameters(callee, calls)
            if constant:
                program = _without_parameters(program, callee, constant, calls)
                break
        else:
            return program


def _constant_parameters(callee: Callee, calls: Calls) -> dict[str, str]:
    """{parameter: what it always is; "" where nobody reads it}."""
    found = {}
    own = calls.of(callee)
    named = [each for each in ast.walk(callee.node) if isinstance(each, ast.Name)]
    for name in callee.parameters if own else ():
        given = [callee.bound(call) for _, call, _ in own]
        if any(each is None or any(isinstance(v, ast.Starred) for v in each.values()) for each in given):
            continue
        passed = any(
            name in {each.arg for each in call.keywords} or callee.parameters.index(name) < len(call.args)
            for _, call, _ in own
        )
        if passed and any(callees != [callee] for _, _, callees in own):
            continue
        values = {_text(each[name]) for each in given}
        read = any(each.id == name for each in named)
        stored = any(each.id == name and isinstance(each.ctx, ast.Store) for each in named)
        if not read and not _overrides(callee, calls):
            found[name] = ""
        elif len(values) == 1 and _is_known(given[0][name]) and not stored:
            found[name] = values.pop()
    return found


def _overrides(callee: Callee, calls: Calls) -> bool:
    """Whether other classes have the method, too: then its parameters are theirs."""
    return callee.owner is not None and len(calls.methods[callee.node.name]) > 1


def _without_parameters(program: Program, callee: Callee, constant: Mapping[str, str], calls: Calls) -> Program:
    """The program in which a callee has not the parameters any more, but in their place what they always are."""
    program = dict(program)
    edits: dict[str, list[tuple[ast.AST, str]]] = {}
    for home, call, _ in calls.of(callee):
        names = callee.parameters
        kept = [_text(a) for name, a in zip(names, call.args, strict=False) if name not in constant]
        kept += [f"{each.arg}={_text(each.value)}" for each in call.keywords if each.arg not in constant]
        if len(kept) < len(call.args) + len(call.keywords):
            line = program[home].split("\n")[call.end_lineno - 1]
            end = line.encode()[call.end_col_offset :].decode()
            text = call_text(_text(call.func), kept, end, call.col_offset)
            edits.setdefault(home, []).append((call, text.removesuffix(end) if end else text))
    node, code = callee.node, program[callee.home]
    for name, text in constant.items():
        for each in ast.walk(node):
            if text and isinstance(each, ast.Name) and each.id == name:
                edits.setdefault(callee.home, []).append((each, text))
    first, last = node.lineno - 1, node.body[0].lineno - 2
    for home, found in edits.items():
        inner = [(n, t) for n, t in found if not any(n is not o and n in list(ast.walk(o)) for o, _ in found)]
        later = len(inner) < len(found)
        program[home] = _edited(program[home], inner)
        if later:
            return program  # a call inside of a call: the rest in the next round
    code = program[callee.home]
    return program | {callee.home: _with_head(code, node, first, last, constant)}


def _with_head(code: str, node: ast.FunctionDef, first: int, last: int, without: Iterable[str]) -> str:
    """The code with another head of a function in place of the lines from `first` to `last`."""
    arguments = node.args
    defaults = dict(zip([a.arg for a in reversed(arguments.args)], reversed(arguments.defaults), strict=False))
    parameters = []
    for each in arguments.args:
        if each.arg not in without:
            default = f"{' = ' if each.annotation else '='}{_text(defaults[each.arg])}" if each.arg in defaults else ""
            parameters.append(_text(each) + default)
    end = f" -> {_text(node.returns)}:" if node.returns else ":"
    head = " " * node.col_offset + call_text(f"def {node.name}", parameters, end, node.col_offset)
    lines = code.split("\n")
    return "\n".join([*lines[:first], head, *lines[last + 1 :]])


def _with_short_functions_written_out(program: Program) -> Program:
    """A function without parameters that only gives an attribute, or what another one gives, is that itself."""
    calls = Calls(program)
    for callee in calls.callees:
        value = callee.node.body[-1]
        if callee.parameters or len(callee.node.body) > 1 + has_docstring(callee.node) or callee.node.decorator_list:
            continue
        if not isinstance(value, ast.Return) or not isinstance(value.value, ast.Attribute | ast.Call):
            continue
        if isinstance(value.value, ast.Call) and (value.value.args or value.value.keywords):
            continue
        if _overrides(callee, calls):
            continue
        for home, call, _ in calls.of(callee):
            if callee.owner is None or _text(call.func).startswith("self."):
                return program | {home: _edited(program[home], [(call, _inside(value.value))])}
    return program


# What nobody reads


def _reads(program: Program) -> set[str]:
    """The names of attributes that are read; a name in a text may be that of an attribute, or d of its gradient."""
    found: set[str] = set()
    for code in program.values():
        tree = parsed(code)
        only_written = {_appended(node) for node in ast.walk(tree)} - {None}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node not in only_written:
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                found |= {node.value, f"d{node.value}"}
    return found


def _appended(node: ast.AST) -> ast.Attribute | None:
    """The attribute to which a statement appends something."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Attribute() as owner, attr="append"))):
            return owner
    return None


def _without_unread(program: Program, read: set[str]) -> Program:
    """The program without attributes, variables and methods that nobody reads."""
    read = read | _reads(program)
    return {name: _without_statements(code, read) for name, code in program.items()}


def _without_statements(code: str, read: set[str]) -> str:
    edits: list[tuple[ast.AST, str]] = []

    def unread(node: ast.stmt, used: set[str]) -> bool:
        owner = _appended(node)
        if owner is not None:
            return owner.attr not in read
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=name)]) | ast.AnnAssign(target=ast.Attribute(attr=name)):
                return name not in read
            case ast.AugAssign(target=ast.Attribute(attr=name)):
                return name not in read
            case ast.Assign(targets=[ast.Name(id=name)]):
                return name not in used
            case ast.If() | ast.For():
                return all(unread(each, used) for each in [*node.body, *node.orelse])
        return False

    def look(body: list[ast.stmt], used: set[str]) -> None:
        for node in body:
            if unread(node, used):
                edits.append((node, DROP))
            elif isinstance(node, ast.If | ast.For | ast.With | ast.While):
                look([*node.body, *getattr(node, "orelse", [])], used)

    def look_into_class(node: ast.ClassDef) -> None:
        record = node.decorator_list or "NamedTuple" in map(_text, node.bases)
        for member in node.body:
            if isinstance(member, ast.FunctionDef) and not member.name.startswith("__") and member.name not in read:
                edits.append((_with_decorators(member), DROP))
            elif isinstance(member, ast.FunctionDef):
                look_into_function(member)
            elif isinstance(member, ast.Assign | ast.AnnAssign) and not record:
                names = [each.id for each in ast.walk(member) if isinstance(each, ast.Name) and _is_stored(each)]
                if member.value is None or not any(name in read for name in names):
                    edits.append((member, DROP))

    def look_into_function(node: ast.FunctionDef) -> None:
        look(node.body, {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and not _is_stored(each)})

    for node in parsed(code).body:
        if isinstance(node, ast.ClassDef):
            look_into_class(node)
        elif isinstance(node, ast.FunctionDef):
            look_into_function(node)
    return _edited(code, edits) if edits else code


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


@dataclass
class _Place:
    lineno: int
    col_offset: int
    end_lineno: int
    end_col_offset: int


def _with_decorators(node: ast.FunctionDef) -> _Place:
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return _Place(first, node.col_offset, node.end_lineno, node.end_col_offset)


# Layout

SENTENCE = re.compile(r"(?<=[.])\s+(?=[A-Z])")


def tidy(code: str) -> str:
    """The code with the first sentence of each docstring, without shapes of stacks, and without needless blank lines."""
    edits = []
    for node in ast.walk(parsed(code)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and has_docstring(node):
            first = SENTENCE.split(ast.get_docstring(node).split("\n\n")[0].replace("\n", " "))[0]
            first = first.replace("(*stack, ", "(")
            quotes = 'r"""' if "\\" in first else '"""'
            edits.append((node.body[0].value, f'{quotes}{first}"""'))
    code = _edited(code, edits)
    code = re.sub(r"(?<=[:(])\n\n+(?= )", "\n", code)
    return re.sub(r"\n{3,}", "\n\n", code).rstrip()
