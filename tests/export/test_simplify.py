"""What is simplified for one experiment computes the same as before, and lacks what cannot matter there."""

import ast
import re
from dataclasses import dataclass, replace

import numpy as np
import pytest
from export.fresh import run_here
from export.test_script import figures, history, same
from variations import others

from playground.export.calls import (
    MAIN,
    with_constant_parameters,
    with_single_methods_written_out,
    with_single_steps_written_out,
)
from playground.export.script import script, script_knobs
from playground.export.simplify import (
    Known,
    decided,
    for_one_network,
    in_float64,
    known_values,
    simplified,
    without_copies,
    without_warnings_ignored,
)
from playground.export.unread import without_empty_bases, without_twins, without_unread, without_unread_fields
from playground.nn import ACTIVATIONS
from playground.settings.knobs import Change
from playground.training.experiment import Experiment
from playground.training.trainer import Trainer


@dataclass
class Settings:
    on: bool = False
    rate: float = 0.5
    size: int = 3


KNOWN = Known(Settings(), names=frozenset({"s"}), fields=frozenset({"size"}), catalogues={"ACTIVATIONS": ACTIVATIONS})


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("s.rate", "0.5"),
        ("s.size", "s.size"),
        ("other.rate", "other.rate"),
        ("1 if s.on else x", "x"),
        ("s.on or x", "x"),
        ("s.on and x", "False"),
        ("x and not s.on", "x and True"),
        ("not s.on and x and y", "x and y"),
        ("None is None or x", "True"),
        ("ACTIVATIONS['tanh']()", "Tanh()"),
        ("f(x if s.on else a + b) * 2", "f(a + b) * 2"),
    ],
)
def test_what_is_known_is_written_out(code, expected):
    assert simplified(code, [known_values(KNOWN), decided]) == expected


X, b = np.arange(6.0).reshape(2, 3), np.arange(3.0)


@pytest.mark.parametrize(
    "code",
    [
        "X.mT @ X", "X + b[..., None, :]", "-X * (b / 3)[..., None, :]", "X[..., :1, :]", "b[..., :2]", "X.shape[-2]",
        "X.max(axis=-2)", "X.mT.copy().max(axis=-2)[..., None]", "np.asarray(0.1, X.dtype)[..., None] * b",
        "X.reshape(*(), -1)", "np.zeros((), bool) | True", "(1.0 * X).astype(np.float64) * 2",
        "np.ones(X.shape[-2], X.dtype) @ X", "np.zeros((2, 3), np.float64)", "not np.all(X.any() | False)",
        "(X.any() | False).all()",
    ],
)  # fmt: skip
def test_without_stacks_and_types_an_expression_gives_the_same(code):
    made = simplified(code, [decided, for_one_network, without_copies, in_float64])
    assert made != code
    assert not re.search(r"mT|\.\.\.|dtype|float64|1\.0 \*|-2|copy", made)
    given, expected = eval(made), eval(code)
    assert np.array_equal(given, expected)
    assert np.shape(given) == np.shape(expected)


def test_a_branch_that_is_never_taken_goes_with_its_comment():
    code = "def f(s):\n    # when on\n    if s.on:\n        return 1\n    return 2  # always\n    return 3"
    assert simplified(code, [known_values(KNOWN), decided]) == "def f(s):\n    return 2  # always"


PROGRAM = {
    "f": "def f(x, always=2, differs=1, unread=0):\n    return x * always + differs",
    MAIN: "print(f(5, 2, 3, unread=9), f(6, always=2, differs=4))",
}


def test_a_parameter_stays_where_calls_differ_or_where_the_end_gives_it():
    program = with_constant_parameters(PROGRAM | {"g": "def g():\n    return f(1, 2, 1, 9) + f(2, 2, 2, 9)"})
    assert program["f"].startswith("def f(x, always=2, differs=1):")
    assert program["g"].endswith("f(1, 2, 1) + f(2, 2, 2)")
    alone = {"f": PROGRAM["f"], "g": program["g"].replace("g()", "g(x)"), MAIN: "g(0)"}
    assert "def f(x, differs=1):\n    return x * 2 + differs" in with_constant_parameters(alone)["f"]


def test_a_step_stands_where_it_is_used_and_a_formula_keeps_its_name():
    program = {
        "formula": "def formula(x):\n    return x + 1",
        "step": "def step(experiment):\n    return formula(experiment.a) + 1",
        "run": "def run(experiment):\n    return 2 * step(experiment)",
        MAIN: "run(e)",
    }
    made = with_single_steps_written_out(program)
    assert made["run"].endswith("return 2 * (formula(experiment.a) + 1)")
    assert "formula" in made


CLASS = """class A:
    label = "a"

    def __init__(self):
        self.kept = np.zeros(2)
        self.part = self.kept[:1]
        self.count = 0
        self.nobody = 1

    def step(self):
        self.part += self.kept[1]
        self.count += 1
        return self.kept

    def never(self):
        return self.label"""


def test_what_nobody_reads_goes_but_not_an_array_that_is_part_of_another():
    program = {"A": CLASS, MAIN: "A().step()"}
    while (made := without_unread(program)) != program:
        program = made
    assert "self.part += self.kept[1]" in made["A"]
    assert "self.part = self.kept[:1]" in made["A"]
    assert not re.search("count|nobody|never|label", made["A"])


def test_a_base_with_one_subclass_is_one_class_with_it_if_nobody_makes_it():
    base = (
        'class Base:\n    """B."""\n\n    x = 1\n\n    def f(self):\n        pass\n\n    def g(self):\n        return 1'
    )
    program = {"Base": base, "Sub": "class Sub(Base):\n    def f(self):\n        return self.x + self.g()"}
    made = without_empty_bases(program | {MAIN: "Sub().f()"})
    assert set(made) == {"Sub", MAIN}
    names = {}
    exec(made["Sub"], names)
    assert names["Sub"]().f() == 2
    assert "Base" in without_empty_bases(program | {MAIN: "Base().f() + Sub().f()"})


def test_the_script_of_a_plain_run_has_no_trace_of_what_it_does_not_use():
    text = script(Experiment(dataset="xor", hidden=(8,)))
    code = text.split('"""', 2)[2]
    for needless in (
        "stack",
        "Parameter",
        ".mT",
        "...,",
        "changes:",
        "l2",
        "n_points",
        "train_share",
        "batch_norm",
        "def at(",
        "copy",
        "errstate",
        "overflow:",
        "runaway",
        "diverged",
        ".first",
        "sum_over",
        "X_test",
        "X_validation",
    ):
        assert needless not in code, needless
    assert "glorot_normal(rng, input_dim, output_dim)" in code
    assert len(text.splitlines()) < 250


def test_a_helper_that_is_used_once_stands_where_it_is_used():
    program = {
        "total": "def total(A):\n    return np.ones(len(A)) @ A",
        "once": "def once(X):\n    return total(X) / 2",
        MAIN: "once(X)",
    }
    made = with_single_steps_written_out(program, {"total"})
    assert made["once"].endswith("return (np.ones(len(X)) @ X) / 2")
    assert "total" not in made
    twice = program | {"once": "def once(X):\n    return total(X) / total(X)"}
    assert with_single_steps_written_out(twice, {"total"}) == twice
    no_variable = program | {"once": "def once(X):\n    return total(X + 1) / 2"}
    assert with_single_steps_written_out(no_variable, {"total"}) == no_variable


LOOP = """class Loop:
    def __init__(self):
        self.count = 0
        self.tell()

    def run(self):
        while self.count < 3:
            self.step()
        self.tell()

    def step(self):
        \"\"\"One step.\"\"\"
        more = 1
        self.count += more

    def tell(self):
        print(self.count)"""


def test_a_method_that_is_called_once_stands_where_it_is_called(capsys):
    program = {"Loop": LOOP, MAIN: "Loop().run()"}
    made = with_single_methods_written_out(program)["Loop"]
    assert "def step" not in made
    assert "def tell" in made
    exec(f"{made}\nLoop().run()", {})
    assert capsys.readouterr().out.split() == ["0", "3"]
    taken = LOOP.replace("while self.count < 3:", "more = 3\n        while self.count < more:")
    assert with_single_methods_written_out(program | {"Loop": taken})["Loop"] == taken


def test_a_method_that_does_what_another_does_is_that_one():
    code = "class A:\n    def f(self, x):\n        return x\n\n    def g(self, x):\n        return x"
    made = without_twins({"A": code, MAIN: "A().g(1)"})
    assert made[MAIN] == "A().f(1)"
    assert "def g" not in made["A"]
    other = {"A": code.replace("def g(self, x)", "def g(self, y)").replace("return x", "return self"), MAIN: "A().g(1)"}
    assert without_twins(other) == other


def test_a_field_that_nobody_reads_is_neither_there_nor_given():
    record = "@dataclass\nclass R:\n    a: int\n    b: int\n    c: int"
    made = without_unread_fields({"R": record, MAIN: "r = R(1, 2, 3)\nprint(r.a, r.c)"})
    assert made == {"R": record.replace("    b: int\n", ""), MAIN: "r = R(1, 3)\nprint(r.a, r.c)"}


def test_what_is_known_of_an_attribute_is_not_kept_and_what_then_does_nothing_is_not_called():
    code = "class A:\n    def run(self):\n        self.look()\n        return self.n\n\n"
    code += '    def look(self):\n        """L."""\n        self.bad |= self.n > 3'
    program = {"A": code, MAIN: "A().run()"}
    while (made := without_unread(program, {"bad"})) != program:
        program = made
    assert made["A"].strip() == "class A:\n    def run(self):\n        return self.n"


def test_where_nothing_overflows_no_warning_is_ignored():
    code = 'def f(x):\n    with np.errstate(all="ignore"):\n        y = x + 1\n        z = 2 * y\n    return z'
    assert without_warnings_ignored(code) == "def f(x):\n    y = x + 1\n    z = 2 * y\n    return z"


TURNED = Experiment(n_points=40, epochs=3, hidden=(4,), l2=0.01, changes=(Change(2, "optimizer", "adam"),))


@pytest.mark.parametrize(
    "experiment", [Experiment(dataset="xor", hidden=(8,), epochs=5), TURNED], ids=["xor", "turned"]
)
def test_every_number_of_the_script_can_be_changed(experiment):
    """And does what its knob does in the app."""
    text = script(experiment)
    for name, knob in script_knobs(experiment).items():
        if name in ("changes", "optimizer"):
            continue
        value = others(knob, getattr(experiment, name))[0]
        changed, count = re.subn(rf"^(    {name}: [^=]+ = )[^#\n]*", rf"\g<1>{value!r}  ", text, flags=re.MULTILINE)
        assert count == 1
        trainer = Trainer(replace(experiment, **{name: value}))
        trainer.run()
        given = figures(run_here(changed))
        assert all(same(line, moment) for line, moment in zip(given, history(trainer), strict=True)), name


def test_the_choices_of_a_script_that_changes_them_are_those_that_it_has():
    fields = {
        ast.unparse(node.target) for node in ast.walk(ast.parse(script(TURNED))) if isinstance(node, ast.AnnAssign)
    }
    assert {"optimizer", "changes", "l2"} <= fields
    assert "Here: sgd, adam." in script(TURNED)
    assert "activation" not in fields
