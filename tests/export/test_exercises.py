"""The exercises tell right from wrong, and name the usual mistakes; the engine's own bodies pass them all."""

import ast
import inspect
import re
from textwrap import dedent

import numpy as np
import pytest
from export.fresh import code_cells, run_fresh, run_fresh_each

from playground.export import exercise_checks
from playground.export.check_tools import check
from playground.export.exercises import EXERCISES, TRAINING, exercise_notebook
from playground.nn import BatchNorm, Dense, ReLU, Softmax

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


class PlainDense(Dense):
    """As the course page has it: no stack axes."""

    def forward(self, X):
        self.X = X
        return X @ self.W + self.b

    def backward(self, dout):
        self.dW[...] = self.X.T @ dout
        self.db = np.sum(dout, axis=0)
        return dout @ self.W.T


class PlainSoftmax(Softmax):
    def forward(self, X):
        E = np.exp(X - X.max(axis=1, keepdims=True))
        self.p = E / E.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, y):
        return (self.p - y) / len(y)


class PlainBatchNorm(BatchNorm):
    def forward(self, X):
        mean, var, n = self.running_mean, self.running_var, len(X)
        if self.training:
            mean, var = X.mean(axis=0), X.var(axis=0)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            if n > 1:
                self.running_var = (1 - self.momentum) * self.running_var + self.momentum * X.var(axis=0, ddof=1)
        self.std = np.sqrt(var + self.epsilon)
        self.X_hat = (X - mean) / self.std
        return self.gamma * self.X_hat + self.beta

    def backward(self, dout):
        self.dgamma = (dout * self.X_hat).sum(axis=0)
        self.dbeta = dout.sum(axis=0)
        D = dout * self.gamma
        return (D - D.mean(axis=0) - self.X_hat * (D * self.X_hat).mean(axis=0)) / self.std


class MaskReLU(ReLU):
    def backward(self, dout):
        return np.where(self.X > 0, dout, 0)


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


def dense(forward=None, backward=None):
    """A dense layer with another forward or backward pass: (layer, dout) -> dW, db, dX."""

    class Wrong(Dense):
        pass

    if forward:
        Wrong.forward = forward
    if backward:

        def back(self, dout):
            self.dW, self.db, dX = backward(self, dout)
            return dX

        Wrong.backward = back
    return Wrong


def layer(base, **methods):
    return type("Wrong", (base,), methods)


def soft(X):
    return np.exp(X - X.max(axis=1, keepdims=True))


def dense_slip(dW="X.T @ G", db="G.sum(0)", dX="G @ W.T"):
    """A dense layer with this code as its backward pass."""
    return dense(backward=lambda self, G: [eval(t, {"X": self.X, "W": self.W, "G": G}) for t in (dW, db, dX)])


def bn_slip(dX="(D - D.mean(0) - H * (D * H).mean(0)) / s", dgamma="(G * H).sum(0)", dbeta="G.sum(0)"):
    """Batch normalisation with this code as its backward pass."""

    def backward(self, G):
        names = {"G": G, "D": G * self.gamma, "H": self.X_hat, "s": self.std, "g": self.gamma}
        self.dgamma, self.dbeta = eval(dgamma, names), eval(dbeta, names)
        return eval(dX, names)

    return layer(BatchNorm, backward=backward)


def bn_forward_slip(old, new):
    """Batch normalisation with the right forward pass, but `new` in place of `old`."""
    text = dedent(inspect.getsource(PlainBatchNorm.forward))
    assert old in text
    names = {"np": np}
    exec(text.replace(old, new), names)
    return layer(PlainBatchNorm, forward=names["forward"])


def draw(text):
    return lambda rng, i, o: eval(text, {"np": np, "rng": rng, "i": i, "o": o})


NEW = "self.momentum * X.var(axis=0, ddof=1)"
MISTAKES = [
    ("xavier", draw("rng.standard_normal((o, i)) * np.sqrt(2 / (i + o))"), r"\(40, 160\), got \(160, 40\)"),
    ("xavier", draw("rng.standard_normal((i, o)) * 2 / (i + o)"), "square root, the standard deviation"),
    ("xavier", draw("rng.standard_normal((i, o)) * np.sqrt(1 / i)"), "LeCun"),
    ("xavier", draw("rng.standard_normal((i, o)) * np.sqrt(2 / i)"), "He's"),
    ("xavier", draw("rng.standard_normal((i, o)) * np.sqrt(1 / (i + o))"), "factor of 2"),
    ("xavier", draw("rng.standard_normal((i, o))"), "not scaled"),
    ("xavier", draw("np.zeros((i, o))"), "alike"),
    ("xavier", draw("np.random.randn(i, o) * np.sqrt(2 / (i + o))"), "draw them from `rng`"),
    ("xavier", draw("0.5 + rng.standard_normal((i, o)) * np.sqrt(2 / (i + o))"), "mean of the weights"),
    ("xavier", draw("rng.uniform(-1, 1, (i, o)) * np.sqrt(6 / (i + o))"), "not normal"),
    ("xavier", draw("None"), "return"),
    ("dense_forward", dense(lambda self, X: X @ self.W), "no bias"),
    ("dense_forward", dense(lambda self, X: (X @ self.W + self.b).T), r"\(5, 4\), got \(4, 5\): is a transpose"),
    ("dense_forward", dense(lambda self, X: X @ self.W.T + self.b), "transpose"),
    ("dense_forward", dense(lambda self, X: None), "return"),
    ("dense_forward", dense(lambda self, X: 1 / 0), "ZeroDivisionError"),
    ("dense_forward", dense(lambda self, X: 0 * X @ self.W + np.nan), "no numbers"),
    ("dense_backward", dense_slip(dW="G.T @ X"), r"self.dW: .*\(3, 4\), got \(4, 3\): is a transpose"),
    ("dense_backward", dense_slip(dW="X.T @ G / 5"), "self.dW is 5 times too small.* sum over the batch, not a mean"),
    ("dense_backward", dense_slip(dW="-X.T @ G"), "self.dW has the wrong sign"),
    ("dense_backward", dense_slip(db="G.mean(0)"), "self.db is 5 times too small.* a sum over the batch, not a mean"),
    ("dense_backward", dense_slip(db="G.sum()"), r"self.db: expected shape \(4,\), got \(\).*axis"),
    ("dense_backward", dense_slip(db="G.sum(1)"), r"self.db: expected shape \(4,\), got \(5,\).*axis"),
    ("dense_backward", dense_slip(dX="G @ W"), "transpose"),
    ("dense_backward", dense_slip(dX="None"), "dX is None"),
    ("dense_backward", dense(backward=lambda self, G: (np.nan, G.sum(0), G @ self.W.T)), "self.dW"),
    ("dense_backward", layer(Dense, backward=lambda self, G: G @ self.W.T), "self.dW was not set"),
    ("dense_backward", layer(Dense, forward=lambda self, X: X @ self.W + self.b), "keep in self"),
    ("relu_backward", layer(ReLU, backward=lambda self, G: G), "derivative is missing"),
    ("relu_backward", layer(ReLU, backward=lambda self, G: 1.0 * (self.X > 0)), "derivative alone"),
    ("relu_backward", layer(ReLU, backward=lambda self, G: -G * (self.X > 0)), "wrong sign"),
    ("relu_backward", layer(ReLU, backward=lambda self, G: G * (self.X < 0)), "other way round"),
    ("relu_backward", layer(ReLU, backward=lambda self, G: np.maximum(0, G)), "not that of dout"),
    ("relu_backward", layer(ReLU, backward=lambda self, G: G * self.output), "1 or 0"),
    ("softmax_forward", layer(Softmax, forward=lambda self, X: np.exp(X)), "divide by its sum"),
    ("softmax_forward", layer(Softmax, forward=lambda self, X: soft(X) / soft(X).sum(axis=0)), "expected .* got"),
    ("softmax_forward", layer(Softmax, forward=lambda self, X: np.exp(X) / np.exp(X).sum(axis=0)), "over the batch"),
    ("softmax_forward", layer(Softmax, forward=lambda self, X: np.exp(X) / np.exp(X).sum()), "over all entries"),
    ("softmax_forward", layer(Softmax, forward=lambda self, X: np.exp(X) / np.exp(X).sum(1)[:, None]), "overflows"),
    (
        "softmax_forward",
        layer(Softmax, forward=lambda self, X: np.exp(X - X.max()) / np.exp(X - X.max()).sum(1)[:, None]),
        "largest logit of each example",
    ),
    ("softmax_backward", layer(Softmax, backward=lambda self, y: self.output - y), "5 times too large.* a mean"),
    ("softmax_backward", layer(Softmax, backward=lambda self, y: (y - self.output) / 5), "wrong sign"),
    ("softmax_backward", layer(Softmax, backward=lambda self, y: y - self.output), "and the sign"),
    ("softmax_backward", layer(Softmax, backward=lambda self, y: self.output / 5), "subtract the labels"),
    ("softmax_backward", layer(Softmax, backward=lambda self, y: ((self.output - y) / 5).T), "transpose"),
    ("batch_norm_forward", bn_forward_slip("np.sqrt(var + self.epsilon)", "var + self.epsilon"), "square root"),
    ("batch_norm_forward", bn_forward_slip("X.var(axis=0)\n", "X.var(axis=0, ddof=1)\n"), "unbias"),
    ("batch_norm_forward", bn_forward_slip("(X - mean) / self.std", "X - mean"), "not divided"),
    (
        "batch_norm_forward",
        bn_forward_slip("(X - mean) / self.std", "(X - X.mean(1)[:, None]) / np.sqrt(X.var(1) + 1e-5)[:, None]"),
        "each example",
    ),
    ("batch_norm_forward", bn_forward_slip("self.gamma * self.X_hat + self.beta", "self.X_hat"), "gamma and beta"),
    ("batch_norm_forward", bn_forward_slip("self.gamma * self.X_hat", "self.X_hat"), "lacks gamma"),
    ("batch_norm_forward", bn_forward_slip("self.X_hat + self.beta", "self.X_hat"), "lacks beta"),
    ("batch_norm_forward", bn_forward_slip("if self.training", "if True"), "evaluation"),
    ("batch_norm_forward", bn_forward_slip("var + self.epsilon", "var"), "epsilon"),
    ("batch_norm_forward", bn_forward_slip("if n > 1:", "if n / (n - 1):"), "batch of one"),
    ("batch_norm_forward", bn_forward_slip(NEW, "self.momentum * var"), "unbiased, n / "),
    ("batch_norm_forward", bn_forward_slip("+ self.momentum * mean", "+ mean"), "running_mean"),
    ("batch_norm_forward", bn_forward_slip("if n > 1", "if False"), "self.running_var was not updated"),
    ("batch_norm_backward", bn_slip(dX="D / s"), "for constants"),
    ("batch_norm_backward", bn_slip(dX="(D - D.mean(0)) / s"), "path through the variance"),
    ("batch_norm_backward", bn_slip(dX="(D - H * (D * H).mean(0)) / s"), "path through the mean"),
    ("batch_norm_backward", bn_slip(dX="(G - G.mean(0) - H * (G * H).mean(0)) / s"), "lacks gamma"),
    ("batch_norm_backward", bn_slip(dX="D - D.mean(0) - H * (D * H).mean(0)"), "not divided"),
    ("batch_norm_backward", bn_slip(dX="-(D - D.mean(0) - H * (D * H).mean(0)) / s"), "wrong sign"),
    ("batch_norm_backward", bn_slip(dgamma="(G * H).mean(0)"), "self.dgamma is 6 times too small.* not a mean"),
    ("batch_norm_backward", bn_slip(dgamma="G.sum(0)"), "lacks x_hat"),
    ("batch_norm_backward", bn_slip(dbeta="G.mean(0)"), "self.dbeta is 6 times too small"),
    ("batch_norm_backward", bn_slip(dbeta="G.sum(0, keepdims=True)"), r"\(3,\), got \(1, 3\): is an axis"),
]  # fmt: skip
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
