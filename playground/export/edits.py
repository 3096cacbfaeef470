"""Source is changed by replacing pieces of it; all around them stays as it is, with its comments."""

import ast
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Protocol

from .rewriting import WIDTH, parsed


class Place(Protocol):
    """Where a piece of code begins and ends, as the nodes of a tree have it."""

    lineno: int
    col_offset: int
    end_lineno: int
    end_col_offset: int


Rule = Callable[[ast.AST], str | None]
Edit = tuple[Place, str]
DROP = "\0"  # in place of a statement: it goes, with the comment above it
LOOSE = ast.BinOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.UnaryOp  # in an expression it needs parentheses


@lru_cache(maxsize=4096)
def nodes_of(code: str) -> tuple[ast.AST, ...]:
    """All nodes of a piece of code."""
    return tuple(ast.walk(parsed(code)))


@lru_cache(maxsize=2**13)
def names_in_tree(node: ast.AST) -> tuple[ast.Name, ...]:
    """All names in a tree."""
    return tuple(each for each in ast.walk(node) if isinstance(each, ast.Name))


@lru_cache(maxsize=2**13)
def replaced(code: str, rule: Rule) -> str:
    """The code with what `rule` gives in place of nodes, the innermost first, until it gives nothing more."""
    while True:
        edits = list(edits_of(code, rule))
        if not edits:
            return code
        code = edited(code, edits)


def edits_of(code: str, rule: Rule) -> Iterator[Edit]:
    """What a rule gives in place of nodes; of nodes inside of one another, only the innermost."""
    parents, around = _parents(code), set()
    for node in reversed(nodes_of(code)):  # what is inside comes before what is around it
        text = None if node in around else rule(node)
        if text is not None:
            yield node, text
            outer = parents.get(node)
            while outer is not None and outer not in around:
                around.add(outer)
                outer = parents.get(outer)


@lru_cache(maxsize=4096)
def _parents(code: str) -> dict[ast.AST, ast.AST]:
    """The node around each node of a piece of code."""
    return {child: node for node in nodes_of(code) for child in ast.iter_child_nodes(node)}


def edited(code: str, edits: list[Edit]) -> str:
    """The code after edits of which none is inside of another."""
    lines = [line.encode() for line in code.split("\n")]  # columns of a tree are bytes
    for node, text in sorted(edits, key=lambda edit: (edit[0].lineno, edit[0].col_offset), reverse=True):
        first, last = node.lineno - 1, node.end_lineno - 1
        if text == DROP:
            while first and lines[first - 1].strip().startswith(b"#"):
                first -= 1
            lines[first : last + 1] = []
        else:
            new = lines[first][: node.col_offset] + text.encode() + lines[last][node.end_col_offset :]
            lines[first : last + 1] = new.split(b"\n")
    return "\n".join(line.decode() for line in lines)


@lru_cache(maxsize=2**16)
def text_of(node: ast.AST) -> str:
    """An expression as code, in the quotes of the project."""
    return ast.unparse(node).replace("'", '"')


def operand(node: ast.expr) -> str:
    """An expression as code that can stand inside of another one."""
    return f"({text_of(node)})" if isinstance(node, LOOSE) else text_of(node)


def with_expression(code: str, node: ast.expr, text: str) -> str:
    """The code with another expression in place of one, in parentheses only where it needs them."""
    around = _parents(code)[node]
    new = ast.parse(text, mode="eval").body
    tight = isinstance(around, LOOSE | ast.Attribute | ast.Starred) or getattr(around, "value", None) is node
    tight = tight and not isinstance(around, ast.stmt)
    joined = isinstance(around, ast.BoolOp) and isinstance(new, ast.Compare | ast.BinOp)
    return edited(code, [(node, f"({text})" if tight and isinstance(new, LOOSE) and not joined else text)])


def is_constant(node: ast.AST) -> bool:
    """Whether an expression is a constant that may stand wherever it is read; other fractions keep their names."""
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, float) or node.value in (0, 1)
    return (isinstance(node, ast.Tuple) and not node.elts) or text_of(node) in ("np.float64", "np.float32")


@lru_cache(maxsize=2**12)
def parameters_of(function: ast.FunctionDef) -> tuple[str, ...]:
    """The names of a function's parameters."""
    return tuple(each.arg for each in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs])


def call_text(function: str, arguments: list[str], end: str, column: int) -> str:
    """A call, or the head of a definition, on one line if there is room, else in lines as the project has them."""
    line = f"{function}({', '.join(arguments)}){end}"
    if column + len(line) <= WIDTH:
        return line
    indent = " " * (column + 4)
    return f"{function}(\n{indent}{', '.join(arguments)}\n{' ' * column}){end}"
