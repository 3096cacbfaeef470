"""Source is rewritten by whole lines: a method left out, a body left to write, all else as in the engine."""

import ast
import dataclasses
import json
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ..nn.catalogue import made_of

WIDTH = 120  # characters of a line
MISSING = 'raise NotImplementedError("{} is yours to write")'


@lru_cache(maxsize=2**12)
def parsed(code: str) -> ast.Module:
    """The tree of a piece of code. It is shared: nobody changes it."""
    return ast.parse(code)


@lru_cache(maxsize=2**12)
def names_in(code: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """The `identifiers` of a piece of code."""
    names, attributes = identifiers(parsed(code))
    return tuple(names), frozenset(attributes)


def identifiers(node: ast.AST) -> tuple[dict[str, None], set[str]]:
    """Names that a piece of code mentions, in order, and names of attributes."""
    names: dict[str, None] = {}
    attributes: set[str] = set()
    for part in _depth_first(node):
        if isinstance(part, ast.Name):
            names.setdefault(part.id)
        elif isinstance(part, ast.Attribute):
            attributes.add(part.attr)
        annotation = getattr(part, "annotation", None) or getattr(part, "returns", None)
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):  # "NeuralNetwork"
            names |= identifiers(ast.parse(annotation.value, mode="eval"))[0]
    return names, attributes


def _depth_first(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _depth_first(child)


def first_line(node: ast.stmt) -> int:
    """The line, from 0, on which a definition begins, with its decorators."""
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1


def has_docstring(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Whether a definition has a docstring."""
    return ast.get_docstring(node) is not None


def without_body(node: ast.FunctionDef, lines: list[str], name: str) -> list[str]:
    """A function's lines, with its docstring, and in place of its body an error that names what is missing."""
    body = node.body[0].end_lineno if has_docstring(node) else node.body[0].lineno - 1
    return [*lines[first_line(node) : body], " " * node.body[0].col_offset + MISSING.format(name)]


def class_text(
    node: ast.ClassDef, lines: list[str], keep: list[ast.stmt], cut: set[str], decorators: list[ast.expr]
) -> str:
    """A class with the members `keep` alone, each with the blank lines and comments before it.

    The methods named in `cut` have no body, and of its decorators only those in `decorators` stay.
    """
    end = first_line(node.body[0])
    text = [line for d in decorators for line in lines[d.lineno - 1 : d.end_lineno]] + lines[node.lineno - 1 : end]
    for member in node.body:
        if member in keep:
            text += lines[end : first_line(member)]
            if isinstance(member, ast.FunctionDef) and member.name in cut:
                text += without_body(member, lines, f"{node.name}.{member.name}")
            else:
                text += lines[first_line(member) : member.end_lineno]
        end = member.end_lineno
    return "\n".join(text)


def without_decorator(
    node: ast.FunctionDef, lines: list[str], decorators: list[ast.expr], about: Any, cut: bool = False
) -> str:
    """A function without some of its decorators; what they said about it, `about`, becomes its docstring.

    With `cut`, it has no body.
    """
    begins = first_line(node)
    dropped = {line for d in decorators for line in range(d.lineno - 1, d.end_lineno)}
    body = without_body(node, lines, node.name) if cut else lines[begins : node.end_lineno]
    text = [line for number, line in enumerate(body, begins) if number not in dropped]
    if about is not None and not has_docstring(node):
        header = node.body[0].lineno - 1 - begins - len(dropped)
        text[header:header] = _docstring(about, cut)
    return "\n".join(text)


def _docstring(about: Any, with_formula: bool) -> list[str]:
    """What a catalogue says about an entry, as the docstring of its function."""
    if not hasattr(about, "formula"):
        return textwrap.wrap(f'"""{about.label}: {about.meaning}"""', WIDTH, initial_indent="    ")
    source = about.source[0].upper() + about.source[1:]
    sentences = [about.formula, ""] * with_formula + textwrap.wrap(f"{about.meaning} {source}.", WIDTH - 4)
    quotes = 'r"""' if "\\" in "".join(sentences) else '"""'
    lines = [f"{quotes}{about.label}: W of shape (fan_in, fan_out).", "", *sentences, '"""']
    return [f"    {line}".rstrip() for line in lines]


def literal(value: Any) -> str:
    """Python's text for a number, a name from a catalogue, or a tuple of such. Raises TypeError for anything else."""
    if isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, str) and value.isidentifier():
        return f'"{value}"'
    if isinstance(value, tuple):
        texts = [literal(part) for part in value]
        same = len(set(texts)) == 1 and len(texts) > 3
        return f"({texts[0]},) * {len(texts)}" if same else f"({', '.join(texts)}{',' * (len(texts) == 1)})"
    raise TypeError(f"{value!r} is no number, name or tuple")


def entry_text(entry: Any, used: set[str]) -> str:
    """An entry of a catalogue as code: its class or function; or, if it is not callable, the call that makes it.

    Args:
        used: names of attributes that are used; others that have a default are left out.
    """
    if callable(entry):
        return made_of(entry).__name__
    lines = []
    for each in dataclasses.fields(entry):
        value = getattr(entry, each.name)
        if each.default is dataclasses.MISSING or (value != each.default and each.name in used):
            text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
            text = value.__name__ if callable(value) else text
            lines.append(f"    {each.name}={text},\n")
    return f"{type(entry).__name__}(\n{''.join(lines)})"
