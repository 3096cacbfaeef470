"""A program is simplified for one experiment: what is known is written out, and what cannot happen or matter goes.

The engine serves all experiments, and stacks of networks; a script has one of each. So a knob that the script does not
have is replaced by its value, `if` and `or` by what they come to, a parameter that is the same in all calls by that
value; axes for stacks go, and in the end all that nobody reads any more. No line is written anew: each round of rules
replaces pieces of the source by their equals, until no rule finds one. The numbers stay the same in every bit.
"""

import ast
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ..nn.catalogue import Catalogue, made_of
from .edits import (
    DROP,
    Rule,
    edited,
    edits_of,
    is_constant,
    nodes_of,
    operand,
    parameters_of,
    replaced,
    text_of,
)
from .rewriting import literal


@dataclass(frozen=True)
class Known:
    """What is known of a run.

    Attributes:
        experiment: the experiment, from which the values of knobs are read.
        names: the expressions that mean it in the program, such as `self.experiment`.
        fields: the knobs that the script has itself; all others have their value.
        attributes: {attribute of anything: the expression that it equals}.
        catalogues: {name in the program: catalogue}.
        one_network: whether no array has stack axes.
        float64: whether all numbers are float64, NumPy's own type.
        helpers: functions that are only there for stacks: what they compute for one network is as short as their call.
        calm: whether no number overflows, so that NumPy has nothing to warn of.
    """

    experiment: Any
    names: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=dict)
    catalogues: Mapping[str, Catalogue] = field(default_factory=dict)
    one_network: bool = True
    float64: bool = True
    helpers: frozenset[str] = frozenset()
    calm: bool = False


# Expressions


def known_values(known: Known) -> Rule:
    """Knobs that the script does not have, entries of catalogues, and attributes that are known."""

    def rule(node):
        if isinstance(node, ast.Subscript) and text_of(node.value) in known.catalogues:
            entry = _entry(node, known)
            return made_of(entry).__name__ if callable(entry) else None
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
            return None
        if node.attr in known.attributes:
            return known.attributes[node.attr]
        if isinstance(node.value, ast.Subscript):
            entry = _entry(node.value, known)
            return None if entry is None else _written(getattr(entry, node.attr))
        if text_of(node.value) in known.names and node.attr not in known.fields:
            value = getattr(known.experiment, node.attr)
            return None if callable(value) and not isinstance(value, type) else _written(value)
        return None

    return rule


def _entry(node: ast.Subscript, known: Known) -> Any:
    catalogue = known.catalogues.get(text_of(node.value))
    return catalogue[node.slice.value] if catalogue is not None and isinstance(node.slice, ast.Constant) else None


def _written(value: Any) -> str | None:
    """A value as code; None: it can't be written."""
    if isinstance(value, type) and value.__module__ == "numpy":
        return f"np.{value.__name__}"
    if callable(value):
        return value.__name__
    try:
        return literal(value)
    except TypeError:
        return None


def decided(node: ast.AST) -> str | None:
    """Conditions whose result is known, texts that are put together, and `1.0 *`."""
    match node:
        case ast.IfExp(test=ast.Constant(value=value)):
            return text_of(node.body if value else node.orelse)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=value)):
            return repr(not value)
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() | ast.Eq() | ast.NotEq() as op], comparators=[right]):
            same = text_of(left) == text_of(right)
            if (is_constant(left) and is_constant(right)) or (isinstance(left, ast.Name) and same):
                return repr(same == isinstance(op, ast.Is | ast.Eq))
        case ast.BoolOp():
            return _decided_together(node)
        case ast.BinOp(left=ast.Constant(value=1.0), op=ast.Mult()):
            return operand(node.right)
        case ast.BinOp(left=ast.Constant(value=bool(left)), op=ast.BitOr(), right=ast.Constant(value=bool(right))):
            return repr(left | right)
        case ast.BinOp(left=ast.Constant(value=str(left)), op=ast.Add(), right=ast.Constant(value=str(right))):
            return f'"{left}{right}"'
    return None


def _decided_together(node: ast.BoolOp) -> str | None:
    ends = isinstance(node.op, ast.Or)  # the truth value that ends the evaluation
    values = []
    for value in node.values:
        truth = truth_of(value)
        if truth is None or truth is ends or value is node.values[-1]:
            values.append(value)
        if truth is ends:
            break
    if len(values) == len(node.values):
        return None
    if len(values) == 1:
        return text_of(values[0])
    return f" {'or' if ends else 'and'} ".join(map(operand, values))


def truth_of(node: ast.expr) -> bool | None:
    """Whether a constant counts as true; None of anything else."""
    return bool(ast.literal_eval(node)) if is_constant(node) and not isinstance(node, ast.Attribute) else None


def for_one_network(node: ast.AST) -> str | None:
    """Arrays without stack axes: a batch has two axes, features and flat parameters have one, a loss has none."""
    match node:
        case ast.Attribute(attr="mT", ctx=ast.Load()):
            return f"{operand(node.value)}.T"
        case ast.Subscript(value=ast.Attribute(attr="shape"), slice=ast.UnaryOp(operand=ast.Constant(value=2))):
            return f"len({text_of(node.value.value)})"
        case ast.Subscript(slice=ast.Tuple(elts=[ast.Constant(value=value), *more])) if value is ...:
            if not isinstance(more[0], ast.Constant):
                return f"{text_of(node.value)}[{', '.join(map(text_of, more))}]"
            if len(more) == 1 and not text_of(node.value).startswith("np.asarray("):
                return f"{text_of(node.value)}[:, None]"
            return operand(node.value)  # broadcasting adds the axis
        case ast.keyword(arg="axis", value=ast.UnaryOp(operand=ast.Constant(value=2))):
            return "axis=0"
        case ast.Call(func=ast.Attribute(attr="all" | "any"), args=[flag]) if text_of(node.func.value) == "np":
            return operand(flag)
        case ast.Call(func=ast.Attribute(value=ast.BinOp(op=ast.BitOr()) as flags, attr="all"), args=[]):
            return operand(flags)
        case ast.Call(func=ast.Attribute(attr="zeros"), args=[ast.Tuple(elts=[]), ast.Name(id="bool")]):
            return "False"
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, kind]) if text_of(kind) == "np.ndarray":
            return "False"
        case ast.Call(args=[ast.Starred(value=ast.Tuple(elts=[])), *more]):
            return f"{text_of(node.func)}({', '.join(map(text_of, more))})"
    return None


def without_copies(node: ast.AST) -> str | None:
    """Layers and arrays themselves in place of copies, whose reasons a script of one network does not have.

    A copy of a layer leaves to it what it keeps for the backward pass: but no step is looked at once it is done. And
    to transpose an array in memory is only faster for a stack, for a maximum that is the same.
    """
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="copy"), attr="copy"), args=[layer]):
            return text_of(layer)
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Attribute(value=array, attr="copy")), attr="max")):
            if isinstance(array, ast.Attribute) and array.attr == "T":
                return f"{operand(array.value)}.max(axis=1)"
    return None


def in_float64(node: ast.AST) -> str | None:
    """Types of numbers that are NumPy's own anyway."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="asarray"), args=[value, dtype]):
            return text_of(value) if _is_float64(dtype) else None
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="zeros" | "ones"), args=[shape, dtype]):
            return f"{text_of(node.func)}({text_of(shape)})" if _is_float64(dtype) else None
        case ast.Call(func=ast.Attribute(attr="astype"), args=[dtype]) if text_of(dtype) == "np.float64":
            return operand(node.func.value)
    return None


def _is_float64(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "dtype") or text_of(node) == "np.float64"


# Statements


@lru_cache(maxsize=2**12)
def with_decided_statements(code: str) -> str:
    """An `if` whose condition is known becomes the branch that is taken, and what follows a `return` goes."""

    def rule(node):
        if isinstance(node, ast.If) and truth_of(node.test) is not None:
            taken = node.body if truth_of(node.test) else node.orelse
            return _outdented(code, taken, node.col_offset) if taken else DROP
        return DROP if node in unreachable or _changes_nothing(node) else None

    unreachable = set()
    for node in nodes_of(code):
        for body in (getattr(node, "body", None), getattr(node, "orelse", None)):
            ends = [isinstance(each, ast.Return) for each in body] if isinstance(body, list) else []
            unreachable |= set(body[ends.index(True) + 1 :]) if True in ends else set()
    edits = list(edits_of(code, rule))
    return with_decided_statements(edited(code, edits)) if edits else code


def _changes_nothing(node: ast.AST) -> bool:
    """Whether a statement is `x = x`."""
    return isinstance(node, ast.Assign) and [text_of(node.value)] == list(map(text_of, node.targets))


def _outdented(code: str, body: list[ast.stmt], column: int) -> str:
    lines = code.split("\n")[body[0].lineno - 1 : body[-1].end_lineno]
    return textwrap.indent(textwrap.dedent("\n".join(lines)), " " * column)[column:]


def without_warnings_ignored(code: str) -> str:
    """What stands under `np.errstate` stands by itself: there is nothing to warn of."""

    def rule(node):
        if isinstance(node, ast.With) and "np.errstate" in text_of(node.items[0].context_expr):
            return _outdented(code, node.body, node.col_offset)
        return None

    edits = list(edits_of(code, rule))
    return edited(code, edits) if edits else code


def without_descriptor(code: str, parameters: set[str]) -> str:
    """Written out what a `Parameter` does: to hold an array is to set it, and to assign is to write into it."""

    def assigned(node):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in parameters:
            return None if node in augmented else f"{text_of(node)}[...]"
        return None

    def held(node):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr="hold"), args=[ast.Constant(value=name), array]):
                return f"{text_of(owner)}.{name} = {text_of(array)}"
            case ast.Call(func=ast.Attribute(value=owner, attr="hold"), args=[name, array]):
                return f"setattr({text_of(owner)}, {text_of(name)}, {text_of(array)})"
            case ast.Assign(value=ast.Tuple(elts=[ast.Call(func=ast.Name(id="Parameter")), *_])):
                return DROP
            case ast.Assign(value=ast.Call(func=ast.Name(id="Parameter"))):
                return DROP
        return None

    augmented = {node.target for node in nodes_of(code) if isinstance(node, ast.AugAssign)}
    edits = list(edits_of(code, assigned))
    return replaced(edited(code, edits) if edits else code, held)


def held_arrays(code: str) -> set[str]:
    """The names of the arrays that are a `Parameter` of a class."""
    found = set()
    for node in nodes_of(code):
        if isinstance(node, ast.Assign) and text_of(node.value).lstrip("(").startswith("Parameter("):
            found |= {name.id for name in ast.walk(node.targets[0]) if isinstance(name, ast.Name)}
    return found


@lru_cache(maxsize=2**12)
def with_local_constants(code: str) -> str:
    """A local variable that is set once, to a constant or to another one that is, is that constant or variable."""
    for function in nodes_of(code):
        if isinstance(function, ast.FunctionDef):
            constants = _local_constants(function)
            edits = [(node, constants[node.id]) for node in ast.walk(function) if _reads_one_of(node, constants)]
            if edits:
                return with_local_constants(edited(code, edits))
    return code


def _local_constants(function: ast.FunctionDef) -> dict[str, str]:
    stored = [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    stored += parameters_of(function)
    found = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if stored.count(name) == 1:
                same = isinstance(value, ast.Name) and stored.count(value.id) == 1
                if is_constant(value) or _is_entry(value) or same:
                    found[name] = text_of(value)
    return found


def _is_entry(node: ast.expr) -> bool:
    """Whether an expression is an entry of a catalogue, under a name that is known."""
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and text_of(node.value).isupper()


def _reads_one_of(node: ast.AST, names: Mapping[str, str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load)


def rules_for(known: Known) -> list[Rule]:
    """The rules for expressions that hold, given what is known."""
    one_network = [for_one_network, without_copies] * known.one_network
    return [known_values(known), decided, *one_network, *[in_float64] * known.float64]


def simplified(code: str, rules: list[Rule]) -> str:
    """A definition after all rules for which no other definition matters."""
    while True:
        before = code
        for rule in rules:
            code = replaced(code, rule)
        code = with_local_constants(with_decided_statements(code))
        if code == before:
            return code
