"""A listing holds what its definitions mention, and what that mentions, in an order in which it runs, and no more."""

import importlib
import sys

import pytest
from export.fresh import run_fresh

from playground.export.listing import gather
from playground.export.script import blocks

FILES = {
    "catalogue.py": '''
"""Shapes."""

from dataclasses import dataclass

from playground.nn import Catalogue

SIDES = 2 * 2  # of a square


@dataclass
class Shape:
    """One that can be called."""

    name: str
    function: object
    label: str = "A shape"
    formula = "n"
    meaning = "It has sides."
    source = "the paper"

    def __call__(self):
        return self.function()


@dataclass
class Solid:
    """One that can't."""

    name: str
    label: str
    function: object
    meaning: str = "It has faces."
    faces: int = 0
    unused: int = 0


SHAPES = Catalogue("shape", kind=Shape)
SOLIDS = Catalogue("solid", kind=Solid)
FIGURES = Catalogue("figure", methods=("area",))
shape = SHAPES.define


class Figure:
    """Base."""

    unused = 1
    name: str

    def __init_subclass__(cls):
        FIGURES.add(cls, Figure)

    def area(self):
        return 0

    # what nobody asks for
    def nobody(self):
        return never()

    def height(self):
        return HEIGHT


HEIGHT = 3.0


def never():
    return 1


@shape(label="A square")
def square():
    return SIDES


@shape(label="A circle")
def circle():
    return 0


@SOLIDS.define(
    label="A \\"cube\\"",
    faces=6,
    unused=7,
)
def cube():
    return 6


class Box(Figure):
    """A box."""

    name = "box"

    def area(self):
        return self.height() ** 2


class Ball(Figure):
    """A ball."""

    name = "ball"

    def area(self):
        return 1
''',
    "elsewhere.py": '''
"""An entry that stands in another module than its catalogue."""

from .catalogue import Figure


class Far(Figure):
    """Far away."""

    name = "far"

    def area(self):
        return 0
''',
    "user.py": '''
"""Uses shapes."""

import math as maths
from textwrap import dedent as flat

from .catalogue import FIGURES, SHAPES, SOLIDS
from .limits import Limits

MOST = Limits.MOST


def main(name: "str") -> None:
    """Print sides, area and a bound."""
    print(SHAPES[name](), FIGURES["box"]().area(), min(MOST, maths.inf), flat("  x"))
    print(*[(each.faces, each.function()) for each in SOLIDS.values()])
''',
    "limits.py": '"""Limits."""\n\n\nclass Limits:\n    """Bounds."""\n\n    MOST = 7\n',
    "other.py": '"""Another main."""\n\n\ndef main():\n    """Other."""\n',
    "__init__.py": '"""Shapes."""\n',
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package as small as possible: {name: module}."""
    folder = tmp_path / "shapes"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text.lstrip("\n"), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield {
        name: importlib.import_module(f"shapes.{name}")
        for name in ("catalogue", "elsewhere", "user", "limits", "other")
    }
    for name in [name for name in sys.modules if name.split(".")[0] == "shapes"]:
        del sys.modules[name]


def test_it_follows_names_and_leaves_out_the_rest(package, tmp_path):
    catalogue = package["catalogue"]
    chosen = [(catalogue.SHAPES, "square"), (catalogue.FIGURES, "box"), (catalogue.SOLIDS, "cube")]
    listing = gather([(package["user"], "main")], chosen)
    assert listing.names == {
        "main", "MOST", "SHAPES", "SOLIDS", "FIGURES", "square", "SIDES", "cube", "Solid", "Figure", "Box", "HEIGHT"
    }  # fmt: skip
    standard, others = listing.import_lines()
    assert standard == [
        "import math as maths",
        "from dataclasses import dataclass",
        "from textwrap import dedent as flat",
    ]
    assert others == []
    code = "\n\n".join(block for section in listing.sections.values() for block in blocks(section))
    for left_out in (
        "circle",
        "Ball",
        "Shape(",
        "@shape",
        "__init_subclass__",
        "nobody",
        "never",
        "Limits",
        "unused=",
        "Catalogue",
    ):
        assert left_out not in code
    assert 'SHAPES = {"square": square}' in code
    assert 'SOLIDS = {\n    "cube": Solid(\n        name="cube",\n        label="A \\"cube\\"",' in code
    assert "SIDES = 2 * 2  # of a square" in code
    assert '"""A square: W of shape' in code
    assert "It has sides. The paper." in code
    text = "\n".join([*standard, code, 'main("square")'])
    assert run_fresh(text, tmp_path) == ["4 9.0 7 x", "(6, 6)"]


def test_a_catalogue_comes_after_its_entries_wherever_these_are(package, tmp_path):
    catalogue = package["catalogue"]
    chosen = [
        (catalogue.SHAPES, "square"),
        (catalogue.FIGURES, "far"),
        (catalogue.FIGURES, "box"),
        (catalogue.SOLIDS, "cube"),
    ]
    listing = gather([(package["user"], "main")], chosen)
    code = "\n\n".join(block for section in listing.sections.values() for block in blocks(section))
    text = "\n".join([*listing.import_lines()[0], code, 'main("square")', "print(FIGURES)"])
    assert "'far': <class" in run_fresh(text, tmp_path)[-1]


def test_two_definitions_of_one_name_are_not_mixed_up(package):
    with pytest.raises(ValueError, match=r"main is defined in shapes\.other and in shapes\.user"):
        gather([(package["user"], "main"), (package["other"], "main")])


def test_a_body_can_be_left_out_and_what_only_it_needs_is_left_out_too(package):
    cut = {("shapes.catalogue", "Box"): {"area"}, ("shapes.catalogue", "square"): {"square"}}
    catalogue = package["catalogue"]
    chosen = [(catalogue.SHAPES, "square"), (catalogue.FIGURES, "box"), (catalogue.SOLIDS, "cube")]
    names = gather([(package["user"], "main")], chosen, cut=cut).names
    assert {"Figure", "square"} <= names
    assert not {"HEIGHT", "SIDES"} & names
