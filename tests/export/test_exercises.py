"""The exercises tell right from wrong, and name the usual mistakes; the engine's own bodies pass them all."""

import ast
import json
import re
from textwrap import indent

import numpy as np
import pytest
from export.fresh import code_cells, run_fresh, run_fresh_each
from export.solutions import MISTAKES, MaskReLU, PlainBatchNorm, PlainDense, PlainSoftmax, layer

from playground.export import exercise_checks
from playground.export.check_tools import NUMPY_2, check
from playground.export.exercises import EXERCISES, TRAINING, exercise_notebook
from playground.nn import ReLU

CHECKS = [label for exercise in EXERCISES for label in exercise.checks] + list(TRAINING)


def test_the_solutions_pass_every_check(tmp_path):
    printed = run_fresh("\n\n".join(code_cells(exercise_notebook(solved=True))), tmp_path)
    assert [line for line in printed if line[0] in "✓✗"] == [f"✓ {label}" for label in CHECKS]


def test_the_empty_ones_fail_every_check_and_say_what_is_to_be_written(tmp_path):
    printed = run_fresh("\n\n".join(code_cells(exercise_notebook())), tmp_path)
    assert [line.split(":")[0] for line in printed] == [f"✗ {label}" for label in CHECKS]
    assert all(re.search(r"\w+(\.\w+)? is yours to write", line) for line in printed)
    for name in ("glorot_normal", "Dense.forward", "ReLU.backward", "Softmax.forward", "BatchNorm.forward"):
        assert any(f": {name} is yours to write" in line for line in printed)


def test_only_the_bodies_of_the_exercises_are_left_out():
    """Signatures and docstrings remain; no line of the bodies does."""
    empty, solved = ("\n".join(code_cells(exercise_notebook(solved))) for solved in (False, True))
    missing = re.findall(r'raise NotImplementedError\("(.+) is yours to write"\)', empty)
    expected = ["glorot_normal", "Dense.forward", "Dense.backward", "ReLU.backward"]
    expected += ["Softmax.forward", "Softmax.backward", "BatchNorm.forward", "BatchNorm.backward"]
    assert missing == expected
    assert "yours to write" not in solved
    for line in ("self.X.mT @ dout", "exp_X / sum_over_classes(exp_X)", "dout * (self.X > 0)", "through_mean + "):
        assert line in solved
        assert line not in empty
    functions = [node for node in ast.walk(ast.parse(empty)) if isinstance(node, ast.FunctionDef)]
    cut = [node for node in functions if isinstance(node.body[-1], ast.Raise) and node.name != "step"]
    assert all(ast.get_docstring(node) for node in cut)


def test_a_check_needs_no_later_cell(tmp_path):
    cells = code_cells(exercise_notebook(solved=True))
    ends = [i + 1 for i, cell in enumerate(cells) if "passed = check(" in cell][: -len(TRAINING)]
    printed = run_fresh_each(["\n\n".join(cells[:end]) for end in ends], tmp_path)
    assert printed == [[f"✓ {label}" for label in CHECKS[: i + 1]] for i in range(len(ends))]


@pytest.mark.parametrize(
    ("name", "plain", "tests"),
    [
        ("Dense", PlainDense, ["dense_forward", "dense_backward", "xor"]),
        ("Softmax", PlainSoftmax, ["softmax_forward", "softmax_backward"]),
        ("BatchNorm", PlainBatchNorm, ["batch_norm_forward", "batch_norm_backward"]),
        ("ReLU", MaskReLU, ["relu_backward"]),
        ("glorot_normal", lambda rng, i, o: rng.normal(0, (2 / (i + o)) ** 0.5, (i, o)), ["xavier"]),
    ],
)
def test_what_is_right_in_other_words_passes(name, plain, tests, monkeypatch, capsys):
    monkeypatch.setattr(exercise_checks, name, plain)
    assert [check(test, getattr(exercise_checks, test)) for test in tests] == [True] * len(tests), (
        capsys.readouterr().out
    )


PIECE = {"xavier": "glorot_normal", "dense": "Dense", "relu": "ReLU", "softmax": "Softmax", "batch": "BatchNorm"}


@pytest.mark.parametrize(("test", "wrong", "words"), MISTAKES, ids=[f"{test}-{words}" for test, _, words in MISTAKES])
def test_a_mistake_is_named_on_one_line(test, wrong, words, monkeypatch, capsys):
    monkeypatch.setattr(exercise_checks, PIECE[test.split("_")[0]], wrong)
    assert check(test, getattr(exercise_checks, test)) is False
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"✗ {test}: ")
    assert re.search(words, line), line


def test_a_network_that_does_not_learn_is_told_of(monkeypatch, capsys):
    monkeypatch.setattr(exercise_checks, "ReLU", layer(ReLU, backward=lambda self, G: -G * (self.X > 0)))
    assert check("XOR", exercise_checks.xor) is False
    assert "do all checks above pass?" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.exhaustive  # starts a process for each file
def test_an_old_numpy_is_not_the_students_fault(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(np, "__version__", "1.26.4")
    assert check("Dense.backward", exercise_checks.dense_backward) is False
    assert capsys.readouterr().out == f"✗ Dense.backward: {NUMPY_2}\n"
    monkeypatch.undo()
    for text in (exercise_notebook(), exercise_notebook(solved=True)):
        first = code_cells(text)[0]
        old = 'import sklearn.datasets\nimport numpy\nnumpy.__version__ = "1.26.4"\n'
        stopped = f"try:\n{indent(first, '    ')}\nexcept ImportError as error:\n    print(error)"
        assert run_fresh(old + stopped, tmp_path) == [NUMPY_2]
        assert run_fresh(stopped, tmp_path) == []
        assert "NumPy 2" in json.loads(text)["cells"][0]["source"]


def test_a_check_leaves_numpys_global_state_as_it_was():
    before = str(np.random.get_state())
    for exercise in EXERCISES:
        for name in exercise.checks.values():
            getattr(exercise_checks, name)()
    assert str(np.random.get_state()) == before
