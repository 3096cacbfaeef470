"""A program is simplified for one experiment: what is known is written out, and what cannot happen or matter goes.

The engine serves all experiments, and stacks of networks; a script has one of each. So a knob that the script does not
have is replaced by its value, `if` and `or` by what they come to, a parameter that is the same in all calls by that
value; axes for stacks go, and in the end all that nobody reads any more. No line is written anew: each round of rules
replaces pieces of the source by their equals, until no rule finds one. The numbers stay the same in every bit.
"""

import ast
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ..nn.catalogue import Catalogue, made_of
from .rewriting import WIDTH, literal

Rule = Callable[[ast.AST], str | None]
DROP = "\0"  # in place of a statement: it goes, with the comment above it
LOOSE = ast.BinOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.UnaryOp  # needs parentheses inside of another expression


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
    """

    experiment: Any
    names: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=dict)
    catalogues: Mapping[str, Catalogue] = field(default_factory=dict)
    one_network: bool = True
    float64: bool = True


# Replacing


@lru_cache(maxsize=4096)
def parsed(code: str) -> ast.Module:
    """The tree of a piece of code. It is shared: nobody changes it."""
    return ast.parse(code)


def replaced(code: str, rule: Rule) -> str:
    """The code with what `rule` gives in place of nodes, the innermost first, until it gives nothing more."""
    while True:
        edits = list(_edits(parsed(code), rule))
        if not edits:
            return code
        code = _edited(code, edits)


def _edits(node: ast.AST, rule: Rule) -> Iterator[tuple[ast.AST, str]]:
    inner = [edit for child in ast.iter_child_nodes(node) for edit in _edits(child, rule)]
    yield from inner
    text = None if inner else rule(node)
    if text is not None:
        yield node, text


def _edited(code: str, edits: list[tuple[ast.AST, str]]) -> str:
    lines = [line.encode() for line in code.split("\n")]  # columns of a tree are bytes
    for node, text in sorted(edits, key=lambda edit: (edit[0].lineno, edit[0].col_offset), reverse=True):
        first, last = node.lineno - 1, node.end_lineno - 1
        if text == DROP:
            while lines[first - 1].strip().startswith(b"#"):
                first -= 1
            lines[first : last + 1] = []
        else:
            new = lines[first][: node.col_offset] + text.encode() + lines[last][node.end_col_offset :]
            lines[first : last + 1] = new.split(b"\n")
    return "\n".join(line.decode() for line in lines)


def _text(node: ast.AST) -> str:
    """An expression as code, in the quotes of the project."""
    return ast.unparse(node).replace("'", '"')


def _inside(node: ast.expr) -> str:
    """An expression as code that can stand inside of another one."""
    return f"({_text(node)})" if isinstance(node, LOOSE) else _text(node)


def _is_known(node: ast.AST) -> bool:
    """Whether an expression is a constant that may stand wherever it is read; other fractions keep their names."""
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, float) or node.value in (0, 1)
    return isinstance(node, ast.Tuple) and not node.elts or _text(node) in ("np.float64", "np.float32")


# Rules for expressions


def known_values(known: Known) -> Rule:
    """Knobs that the script does not have, entries of catalogues, and attributes that are known."""

    def rule(node):
        if isinstance(node, ast.Subscript) and _text(node.value) in known.catalogues:
            entry = _entry(node, known)
            return made_of(entry).__name__ if callable(entry) else None
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
            return None
        if node.attr in known.attributes:
            return known.attributes[node.attr]
        if isinstance(node.value, ast.Subscript):
            entry = _entry(node.value, known)
            return None if entry is None else _written(getattr(entry, node.attr))
        if _text(node.value) in known.names and node.attr not in known.fields:
            value = getattr(known.experiment, node.attr)
            return None if callable(value) and not isinstance(value, type) else _written(value)
        return None

    return rule


def _entry(node: ast.Subscript, known: Known) -> Any:
    catalogue = known.catalogues.get(_text(node.value))
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
    """Conditions whose result is known, and `1.0 *`."""
    match node:
        case ast.IfExp(test=ast.Constant(value=value)):
            return _text(node.body if value else node.orelse)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=value)):
            return repr(not value)
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() | ast.Eq() | ast.NotEq() as op], comparators=[right]):
            if (_is_known(left) and _is_known(right)) or (isinstance(left, ast.Name) and _text(left) == _text(right)):
                return repr((_text(left) == _text(right)) == isinstance(op, ast.Is | ast.Eq))
        case ast.BoolOp():
            return _decided_together(node)
        case ast.BinOp(left=ast.Constant(value=1.0), op=ast.Mult()):
            return _inside(node.right)
    return None


def _decided_together(node: ast.BoolOp) -> str | None:
    ends = isinstance(node.op, ast.Or)  # the truth value that ends the evaluation
    values = []
    for value in node.values:
        truth = _truth(value)
        if truth is None or truth is ends or value is node.values[-1]:
            values.append(value)
        if truth is ends:
            break
    if len(values) == len(node.values):
        return None
    if len(values) == 1:
        return _inside(values[0])
    return f" {'or' if ends else 'and'} ".join(map(_inside, values))


def _truth(node: ast.expr) -> bool | None:
    """Whether a constant counts as true; None of anything else."""
    return bool(ast.literal_eval(node)) if _is_known(node) and not isinstance(node, ast.Attribute) else None


def for_one_network(node: ast.AST) -> str | None:
    """Arrays without stack axes: a batch has two axes, features and flat parameters have one, a loss has none."""
    match node:
        case ast.Attribute(attr="mT", ctx=ast.Load()):
            return f"{_inside(node.value)}.T"
        case ast.Subscript(value=ast.Attribute(attr="shape"), slice=ast.UnaryOp(operand=ast.Constant(value=2))):
            return f"len({_text(node.value.value)})"
        case ast.Subscript(slice=ast.Tuple(elts=[ast.Constant(value=value), *more])) if value is ...:
            if not isinstance(more[0], ast.Constant):
                return f"{_text(node.value)}[{', '.join(map(_text, more))}]"
            if len(more) == 1 and not _text(node.value).startswith("np.asarray("):
                return f"{_text(node.value)}[:, None]"
            return _text(node.value)  # broadcasting adds the axis
        case ast.keyword(arg="axis", value=ast.UnaryOp(operand=ast.Constant(value=2))):
            return "axis=0"
        case ast.Call(func=ast.Attribute(attr="all" | "any"), args=[flag]) if _text(node.func.value) == "np":
            return _inside(flag)
        case ast.Call(func=ast.Attribute(attr="zeros"), args=[ast.Tuple(elts=[]), ast.Name(id="bool")]):
            return "False"
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, kind]) if _text(kind) == "np.ndarray":
            return "False"
        case ast.Call(args=[ast.Starred(value=ast.Tuple(elts=[])), *more]):
            return f"{_text(node.func)}({', '.join(map(_text, more))})"
    return None


def in_float64(node: ast.AST) -> str | None:
    """Types of numbers that are NumPy's own anyway."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="asarray"), args=[value, dtype]):
            return _text(value) if _is_float64(dtype) else None
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="zeros" | "ones"), args=[shape, dtype]):
            return f"{_text(node.func)}({_text(shape)})" if _is_float64(dtype) else None
        case ast.Call(func=ast.Attribute(attr="astype"), args=[dtype]) if _text(dtype) == "np.float64":
            return _inside(node.func.value)
    return None


def _is_float64(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "dtype") or _text(node) == "np.float64"


# Rules for statements


def decided_statements(code: str) -> Rule:
    """An `if` whose condition is known becomes the branch that is taken; `x = x` goes."""

    def rule(node):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and _text(node.targets[0]) == _text(node.value):
            return DROP
        if not isinstance(node, ast.If) or _truth(node.test) is None:
            return None
        taken = node.body if _truth(node.test) else node.orelse
        return _outdented(code, taken, node.col_offset) if taken else DROP

    return rule


def _outdented(code: str, body: list[ast.stmt], column: int) -> str:
    lines = code.split("\n")[body[0].lineno - 1 : body[-1].end_lineno]
    return textwrap.indent(textwrap.dedent("\n".join(lines)), " " * column)[column:]


def without_descriptor(code: str, parameters: set[str]) -> str:
    """Written out what a `Parameter` does: to hold an array is to set it, and to assign is to write into it."""

    def assigned(node):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in parameters:
            return None if _text(node) in augmented else f"{_text(node)}[...]"
        return None

    def held(node):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr="hold"), args=[ast.Constant(value=name), array]):
                return f"{_text(owner)}.{name} = {_text(array)}"
            case ast.Call(func=ast.Attribute(value=owner, attr="hold"), args=[name, array]):
                return f"setattr({_text(owner)}, {_text(name)}, {_text(array)})"
            case ast.Assign(value=ast.Tuple(elts=[ast.Call(func=ast.Name(id="Parameter")), *_])):
                return DROP
            case ast.Assign(value=ast.Call(func=ast.Name(id="Parameter"))):
                return DROP
        return None

    augmented = {_text(node.target) for node in ast.walk(parsed(code)) if isinstance(node, ast.AugAssign)}
    edits = list(_edits(parsed(code), assigned))
    return replaced(_edited(code, edits) if edits else code, held)


def parameters_of(code: str) -> set[str]:
    """The names of the arrays that are a `Parameter` of a class."""
    found = set()
    for node in ast.walk(parsed(code)):
        if isinstance(node, ast.Assign) and _text(node.value).lstrip("(").startswith("Parameter("):
            found |= {name.id for name in ast.walk(node.targets[0]) if isinstance(name, ast.Name)}
    return found


def with_local_constants(code: str) -> str:
    """A local variable that is set once, to a constant, is that constant."""
    for function in _functions(parsed(code)):
        for name, value in _constants(function).items():
            new = replaced_in(code, function, name, value)
            if new != code:
                return with_local_constants(new)
    return code


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _constants(function: ast.FunctionDef) -> dict[str, str]:
    stored = [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    stored += [each.arg for each in _parameters(function)]
    found = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if stored.count(name) == 1:
                if _is_known(value) or _is_lookup(value):
                    found[name] = _text(value)
    return found


def _is_lookup(node: ast.expr) -> bool:
    """Whether an expression is an entry of a catalogue, under a name that is known."""
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and _text(node.value).isupper()


def replaced_in(code: str, function: ast.FunctionDef, name: str, text: str) -> str:
    """The code with `text` wherever a function reads the variable `name`."""
    edits = [
        (node, text)
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    ]
    return _edited(code, edits) if edits else code


def _parameters(function: ast.FunctionDef) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def call_text(function: str, arguments: list[str], end: str, column: int) -> str:
    """A call, or the head of a definition, on one line if there is room, else in lines as the project has them."""
    line = f"{function}({', '.join(arguments)}){end}"
    if column + len(line) <= WIDTH:
        return line
    indent = " " * (column + 4)
    return f"{function}(\n{indent}{', '.join(arguments)}\n{' ' * column}){end}"
