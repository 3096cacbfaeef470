"""A listing for one experiment: all that is known of it, and all that it does not need, is simplified to the end."""

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from .calls import (
    MAIN,
    Program,
    with_constant_parameters,
    with_single_methods_written_out,
    with_single_steps_written_out,
)
from .edits import edited, nodes_of, text_of
from .listing import Definition, Listing
from .rewriting import has_docstring, names_in, parsed
from .simplify import Known, held_arrays, rules_for, simplified, without_descriptor, without_warnings_ignored
from .unread import without_empty_bases, without_stubs, without_twins, without_unread, without_unread_fields

SENTENCE = re.compile(r"(?<=[.])\s+(?=[A-Z])")


def specialised(listing: Listing, known: Known, main: str) -> tuple[Listing, str]:
    """The listing as simple as what is known allows, and so `main`, the code that runs at its end.

    Both compute the same as before. What `main` does not need is left out.
    """
    program: Program = {each.name: each.code for section in listing.sections.values() for each in section}
    arrays = set().union(*map(held_arrays, program.values()))
    program = {name: without_descriptor(code, arrays) for name, code in program.items()} | {MAIN: main}
    simplify = _simplification(known)
    if known.calm:
        program = {name: without_warnings_ignored(code) for name, code in program.items()}
    program = without_stubs(simplify(program))
    program = with_single_steps_written_out(without_empty_bases(program), known.helpers)
    program = without_twins(without_unread_fields(simplify(program)))
    program = simplify(with_single_methods_written_out(program))
    return _listing(listing, {name: tidy(code) for name, code in program.items()}), tidy(program[MAIN])


def _simplification(known: Known) -> Callable[[Program], Program]:
    """All rules for programs, until none of them finds anything more; no definition is simplified twice."""
    rules = rules_for(known)
    alone = cache(lambda code: simplified(code, rules))

    def simplify(program):
        while True:
            before = program
            program = {name: alone(code) for name, code in program.items()}
            program = without_unread(with_constant_parameters(_reached(program)), known.attributes)
            if program == before:
                return program

    return simplify


def _reached(program: Program) -> Program:
    """What runs at the end, the definitions that it mentions, those that these mention, and so on."""
    wanted, new = set(), {MAIN}
    while new:
        wanted |= new
        new = {name for each in new for name in names_in(program[each])[0]} & program.keys() - wanted
    return {name: code for name, code in program.items() if name in wanted}


def _listing(listing: Listing, program: Program) -> Listing:
    """The listing with the definitions of the program, and with the imports that it needs."""
    program = _reached(program)
    names = {name for code in program.values() for name in names_in(code)[0]}
    imports = {}
    for line, imported in listing.imports.items():
        used = {each for each in imported if each.split()[-1] in names}
        if used or (not imported and line.split()[-1].split(".")[0] in names):
            imports[line] = used
    places = _places(listing, program)
    sections: dict[str, list[Definition]] = {}
    for module, section in listing.sections.items():
        kept = [places[each.name] for each in section if each.name in places]
        if kept:
            sections[module] = kept
    return Listing(imports, sections)


def _places(listing: Listing, program: Program) -> dict[str, Definition]:
    """{definition of the listing: that of the program which stands in its place}: for a base, what it is one with."""
    all_of_them = [each for section in listing.sections.values() for each in section]
    places = {each.name: replace(each, code=program[each.name]) for each in all_of_them if each.name in program}
    for each in all_of_them:
        node = parsed(each.code).body[0]
        for base in map(text_of, node.bases) if isinstance(node, ast.ClassDef) and each.name in places else ():
            if base in listing.names and base not in places:
                places[base] = places.pop(each.name)
    return places


def tidy(code: str) -> str:
    """The code with the first sentence of each docstring, without stack axes in it, and without double blank lines."""
    documented = [each for each in nodes_of(code) if isinstance(each, ast.FunctionDef | ast.ClassDef)]
    documented = [each for each in documented if has_docstring(each)]
    edits = [(each.body[0].value, _first_sentence(ast.get_docstring(each))) for each in documented]
    code = re.sub(r":\n\n+(?= )", ":\n", edited(code, edits) if edits else code)
    return re.sub(r"\n{3,}", "\n\n", code).rstrip()


def _first_sentence(docstring: str) -> str:
    text = SENTENCE.split(docstring.split("\n\n")[0].replace("\n", " "))[0]
    text = text.replace("(*stack, batch)", "(batch,)").replace("(*stack, ", "(").replace("(*stack)", "one number")
    return f'{"r" * (chr(92) in text)}"""{text}"""'
