"""Who calls whom: a parameter that never differs is its value, and what is used once stands where it is used."""

import ast
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from .edits import (
    DROP,
    Edit,
    call_text,
    edited,
    is_constant,
    names_in_tree,
    nodes_of,
    operand,
    parameters_of,
    text_of,
    with_expression,
)
from .rewriting import WIDTH, has_docstring, parsed

Program = Mapping[str, str]  # name of a definition -> its code
MAIN = ""  # the name of the code that runs at the end
SHORT = 40  # characters of an expression that may stand wherever it is needed


@lru_cache(maxsize=2**13)
def nodes_of_kind(code: str, kind: type[ast.AST]) -> list[ast.AST]:
    """The nodes of a kind in a piece of code."""
    return [node for node in nodes_of(code) if isinstance(node, kind)]


class Callee(NamedTuple):
    """A function or method: the definition in which it is, its class if it has one, and its tree."""

    home: str
    owner: str | None
    node: ast.FunctionDef

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters for which a call gives something."""
        names = parameters_of(self.node)
        return names[1:] if self.owner and not self.is_a("staticmethod") else names

    def is_a(self, decorator: str) -> bool:
        """Whether it has a decorator."""
        return decorator in map(text_of, self.node.decorator_list)

    @property
    def result(self) -> ast.expr | None:
        """What it returns, if it does nothing else."""
        *before, last = self.node.body
        return last.value if isinstance(last, ast.Return) and len(before) == has_docstring(self.node) else None

    def bound(self, call: ast.Call) -> dict[str, ast.expr] | None:
        """What a call gives for each parameter, by default too; None: it can't be called so."""
        arguments = self.node.args
        given = dict(zip(reversed(parameters_of(self.node)), reversed(arguments.defaults), strict=False))
        if len(call.args) > len(self.parameters) or any(isinstance(each, ast.Starred) for each in call.args):
            return None
        given |= dict(zip(self.parameters, call.args, strict=False)) | {each.arg: each.value for each in call.keywords}
        return given if set(given) == set(self.parameters) else None


class Use(NamedTuple):
    """A call: the definition in which it is, its tree, and all that it may call."""

    home: str
    call: ast.Call
    callees: list[Callee]


class Calls:
    """All functions, methods and calls of a program."""

    def __init__(self, program: Program):
        self.program = program
        self.classes: dict[str, ast.ClassDef] = {}
        self.functions: dict[str, Callee] = {}
        self.methods: dict[str, list[Callee]] = {}
        for home, code in program.items():
            for node in parsed(code).body:
                if isinstance(node, ast.FunctionDef):
                    self.functions[home] = Callee(home, None, node)
                if isinstance(node, ast.ClassDef):
                    self.classes[home] = node
                for method in node.body if isinstance(node, ast.ClassDef) else ():
                    if isinstance(method, ast.FunctionDef):
                        self.methods.setdefault(method.name, []).append(Callee(home, home, method))

    @property
    def callees(self) -> Iterator[Callee]:
        """All functions and methods."""
        yield from self.functions.values()
        for same in self.methods.values():
            yield from same

    @cached_property
    def uses(self) -> list[Use]:
        """All calls."""
        return [Use(home, node, self._called(node)) for home, node in self.all(ast.Call)]

    def all(self, kind: type[ast.AST]) -> list[tuple[str, Any]]:
        """All nodes of a kind, each with the definition in which it is."""
        return [(home, node) for home, code in self.program.items() for node in nodes_of_kind(code, kind)]

    def of(self, callee: Callee) -> list[Use]:
        """The calls that may call something."""
        return self._by_callee.get(callee, [])

    @cached_property
    def _by_callee(self) -> dict[Callee, list[Use]]:
        found: dict[Callee, list[Use]] = {}
        for use in self.uses:
            for callee in dict.fromkeys(use.callees):
                found.setdefault(callee, []).append(use)
        return found

    def is_only(self, callee: Callee) -> bool:
        """Whether no other class has a method of this name."""
        return callee.owner is None or len(self.methods[callee.node.name]) == 1

    def _called(self, call: ast.Call) -> list[Callee]:
        match call.func:
            case ast.Name(id=name):
                return self._made(name)
            case ast.Attribute(attr=name):
                return [each for each in self.methods.get(name, []) if each.bound(call) is not None]
        return [each for name in sorted(self._in_catalogues) for each in self._made(name)]

    def _made(self, name: str) -> list[Callee]:
        """The function of a name, or the `__init__` of a class, which it may inherit."""
        if name in self.functions:
            return [self.functions[name]]
        if name not in self.classes:
            return []
        own = [each for each in self.methods.get("__init__", []) if each.owner == name]
        return own or [each for base in self.classes[name].bases for each in self._made(text_of(base))]

    @cached_property
    def _in_catalogues(self) -> set[str]:
        return {name.id for _, each in self.all(ast.Dict) for name in ast.walk(each) if isinstance(name, ast.Name)}


# Parameters


def with_constant_parameters(program: Program) -> Program:
    """A parameter that is the same constant in all calls is that constant, and one that nobody reads is not given."""
    calls = Calls(program)
    for callee in calls.callees:
        uses = calls.of(callee)
        constant = _constant_parameters(callee, uses, calls.is_only(callee))
        if constant:
            return with_constant_parameters(_without_parameters(program, callee, uses, constant))
    return program


def _constant_parameters(callee: Callee, uses: list[Use], only: bool) -> dict[str, str]:
    """{parameter: what it always is; "" where nobody reads it}."""
    found = {}
    names = names_in_tree(callee.node)
    given = [callee.bound(use.call) for use in uses]
    if not uses or None in given:
        return {}
    for place, name in enumerate(callee.parameters):
        passing = [
            use for use in uses if place < len(use.call.args) or name in {each.arg for each in use.call.keywords}
        ]
        if any(use.callees != [callee] for use in passing):
            continue  # other methods of this name need it
        values = {text_of(each[name]) for each in given}
        if not any(each.id == name for each in names) and only:
            found[name] = ""
        elif any(use.home == MAIN for use in passing) or any(_stores(each, name) for each in names):
            continue
        elif len(values) == 1 and is_constant(given[0][name]):
            found[name] = values.pop()
    return found


def _stores(node: ast.Name, name: str) -> bool:
    return node.id == name and isinstance(node.ctx, ast.Store)


def _without_parameters(program: Program, callee: Callee, uses: list[Use], constant: Mapping[str, str]) -> Program:
    """The program in which a callee lacks these parameters, and has in their place what they always are."""
    edits: dict[str, list[Edit]] = {callee.home: []}
    for use in uses:
        names, call = callee.parameters, use.call
        kept = [text_of(value) for name, value in zip(names, call.args, strict=False) if name not in constant]
        kept += [f"{each.arg}={text_of(each.value)}" for each in call.keywords if each.arg not in constant]
        if len(kept) < len(call.args) + len(call.keywords):
            end = program[use.home].split("\n")[call.end_lineno - 1].encode()[call.end_col_offset :].decode()
            text = call_text(text_of(call.func), kept, end, call.col_offset)
            edits.setdefault(use.home, []).append((call, text.removesuffix(end) if end else text))
    edits[callee.home] += [
        (node, constant[node.id])
        for statement in callee.node.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and constant.get(node.id)
    ]
    changed = dict(program)
    for home, found in edits.items():
        changed[home] = edited(program[home], found)
    changed[callee.home] = _with_head(changed[callee.home], callee.node, constant)
    return changed


def _with_head(code: str, node: ast.FunctionDef, without: Iterable[str]) -> str:
    """The code with a function's head that lacks some parameters; edits of its body have not moved it."""
    arguments = node.args.args
    defaults = dict(zip(reversed(parameters_of(node)), reversed(node.args.defaults), strict=False))
    parameters = []
    for each in arguments:
        if each.arg not in without:
            sign = " = " if each.annotation else "="
            parameters.append(text_of(each) + (sign + text_of(defaults[each.arg]) if each.arg in defaults else ""))
    end = f" -> {text_of(node.returns)}:" if node.returns else ":"
    head = " " * node.col_offset + call_text(f"def {node.name}", parameters, end, node.col_offset)
    lines = code.split("\n")
    return "\n".join([*lines[: node.lineno - 1], head, *lines[node.body[0].lineno - 1 :]])


# Steps that stand where they are used


def with_single_methods_written_out(program: Program) -> Program:
    """What a method does stands where another method of its class calls it, if that is its only call."""
    calls = Calls(program)
    for caller in calls.callees:
        for node in ast.walk(caller.node):
            match node:
                case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name), args=[])):
                    for callee in calls.methods.get(name, []):
                        alone = [use.callees for use in calls.of(callee)] == [[callee]]
                        if alone and callee.home == caller.home and _can_stand_in(caller.node, callee.node):
                            code = _with_body(program[caller.home], node, callee.node)
                            return with_single_methods_written_out({**program, caller.home: code})
    return program


def _can_stand_in(caller: ast.FunctionDef, method: ast.FunctionDef) -> bool:
    """Whether a method has no parameters, no result, and no variables that its caller has, too."""
    inner = list(ast.walk(method))
    variables = {node.id for node in inner if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    taken = {node.id for node in ast.walk(caller) if isinstance(node, ast.Name)}
    returns = any(isinstance(node, ast.Return) for node in inner)
    return parameters_of(method) == ("self",) and not returns and not variables & taken


def _with_body(code: str, call: ast.Expr, method: ast.FunctionDef) -> str:
    """The code with the statements of a method in place of its call, and without the method."""
    first = method.body[has_docstring(method)].lineno - 1
    body = textwrap.dedent("\n".join(code.split("\n")[first : method.end_lineno]))
    return edited(code, [(method, DROP), (call, textwrap.indent(body, " " * call.col_offset).lstrip())])


def with_single_steps_written_out(program: Program, helpers: Collection[str] = ()) -> Program:
    """What only returns an expression of `self` or of the experiment stands where it is used, if it is short or once.

    Formulas keep their names: functions of arrays stay, but for `helpers` that are used once, for a variable.
    """
    calls = Calls(program)
    fields = {text_of(node.target) for _, node in calls.all(ast.AnnAssign)}  # a property may have the same name
    for callee in calls.callees:
        is_step = _is_used_once(callee, calls) if callee.node.name in helpers else _is_step(callee, calls)
        if callee.node.name in fields or not is_step:
            continue
        places = _places(callee, calls)
        texts = [_written_out(program, callee, node) for _, node in places]
        for (home, node), text in zip(places, texts, strict=True):
            if (len(texts) > 1 and max(map(len, texts)) > SHORT) or (home == MAIN and callee.parameters):
                continue
            code = with_expression(program[home], node, text)
            if max(map(len, code.split("\n"))) <= WIDTH:
                program = _reached_without(callee, {**program, home: code}, len(texts))
                return with_single_steps_written_out(program, helpers)
    return program


def _reached_without(callee: Callee, program: Program, uses: int) -> Program:
    """The program without a function whose last use is written out."""
    if uses > 1 or callee.owner is not None:
        return program
    return {home: code for home, code in program.items() if home != callee.home}


def _is_step(callee: Callee, calls: Calls) -> bool:
    """Whether a callee only returns an expression of `self` or of the experiment, or calls another one."""
    if callee.result is None or not calls.is_only(callee):
        return False
    if callee.is_a("staticmethod"):
        return isinstance(callee.result, ast.Call) and len(text_of(callee.result)) <= SHORT
    return callee.owner is not None or _only_hands_on(callee, calls)


def _is_used_once(callee: Callee, calls: Calls) -> bool:
    """Whether a function has one call, with variables alone."""
    uses = calls.of(callee)
    return len(uses) == 1 and all(isinstance(each, ast.Name) for each in uses[0].call.args)


def _only_hands_on(callee: Callee, calls: Calls) -> bool:
    """Whether a function is a step of the run, which starts with the experiment, or only calls another one."""
    to_another = isinstance(callee.result, ast.Call) and text_of(callee.result.func) in calls.program
    return "experiment" in callee.parameters[:1] or to_another


def _places(callee: Callee, calls: Calls) -> list[tuple[str, ast.expr]]:
    """The expressions that call something, or that read a property."""
    if callee.is_a("property"):
        return [(home, node) for home, node in calls.all(ast.Attribute) if node.attr == callee.node.name]
    return [(use.home, use.call) for use in calls.of(callee)]


def _written_out(program: Program, callee: Callee, node: ast.expr) -> str:
    """What a callee returns there, with what is given in place of its parameters."""
    receiver = node if callee.is_a("property") else node.func
    given = {} if callee.is_a("property") else callee.bound(node)
    if callee.owner is not None and not callee.is_a("staticmethod"):
        given["self"] = receiver.value
    code = ast.get_source_segment(program[callee.home], callee.result)
    names = [each for each in nodes_of(code) if isinstance(each, ast.Name) and each.id in given]
    return edited(code, [(each, operand(given[each.id])) for each in names])
