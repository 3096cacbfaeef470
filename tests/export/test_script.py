"""A script that was taken home prints the numbers of the app, to the last digit, and reads like a textbook."""

import ast
import itertools
from dataclasses import replace
from urllib.parse import parse_qsl

import numpy as np
import pytest
from export.fresh import ruff, run_fresh, run_fresh_each, run_here
from runs import DEGENERATE
from variations import others, variations

from playground.data.datasets import PLANE, SPLITS
from playground.export.rewriting import literal
from playground.export.script import script
from playground.nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS
from playground.settings.knobs import Change
from playground.topics.digits.digits_experiment import Digits
from playground.topics.initialization.race import Race
from playground.training.contestants import Contestant
from playground.training.experiment import Experiment
from playground.training.trainer import Trainer

FINE = {"n_points": 120, "epochs": 4}
TURNED = (
    Change(3, "learning_rate", 0.03),
    Change(7, "optimizer", "adam"),
    Change(9, "batch_size", 17),
    Change(15, "l2", 0.01),
    Change(20, "optimizer", "sgd"),
    Change(24, "optimizer", "adam"),
)
EXPERIMENTS = {
    "batch norm, momentum, moons": Experiment(dataset="moons", batch_norm=True, optimizer="momentum", **FINE),
    "adam, blobs of five classes": Experiment(dataset="blobs", n_classes=5, optimizer="adam", **FINE),
    "rmsprop, L2, spirals": Experiment(dataset="spirals", optimizer="rmsprop", l2=0.01, hidden=(16, 3), **FINE),
    "circles, leaky ReLU, orthogonal": Experiment(
        dataset="circles", activation="leaky_relu", initializer="orthogonal", seed=5, data_seed=7, **FINE
    ),
    "four points, no hidden layer": Experiment(dataset="xor", hidden=(), epochs=3),
    "turned on the way": Experiment(batch_norm=True, changes=TURNED, **FINE),
    "overflow": Experiment(epochs=50, **DEGENERATE["overflow"]),
    "runaway": Experiment(epochs=100, n_points=60, **DEGENERATE["runaway"]),
    "an entry of a race": Race(n_points=120, epochs=4, hidden=(64,) * 3).entry(Contestant("he_normal", True), 3),
    "digits": Digits(epochs=4, hidden=(32,), batch_norm=True, optimizer="adam", learning_rate=0.001),
    "digits, stratified": Digits(epochs=3, split="stratified", data_seed=3, seed=5, batch_seed=7),
    "many units, whose products several threads would share": Experiment(
        n_points=1000, hidden=(64, 64, 64), batch_size=1000, epochs=25
    ),
}


DIVERGING = ("overflow", "runaway")
HEADING = "epoch, training loss, training accuracy, {0} loss, {0} accuracy"
DIVERGED = "The run has diverged: a weight is too large, or the loss stays far above that of guessing."
EXAMPLES = "For the first examples, the probability of each class:"


def numbers(line: str) -> tuple[float, ...]:
    return tuple(map(float, line.split(", ")))


def figures(printed: list[str]) -> list[tuple[float, ...]]:
    """The lines of numbers that a script prints first; after them comes an example of predictions."""
    assert printed[0] in (HEADING.format("test"), HEADING.format("validation"))
    end = printed.index(EXAMPLES)
    return [numbers(line) for line in printed[1:end] if line != DIVERGED]


def same(one: tuple, other: tuple) -> bool:
    """Equal in every bit, NaN with NaN."""
    return list(map(repr, map(float, one))) == list(map(repr, map(float, other)))


def history(trainer: Trainer) -> list[tuple[float, ...]]:
    return [
        (m.epoch, m.train_loss, m.train_accuracy, m.held_out_loss, m.held_out_accuracy) for m in trainer.history.moments
    ]


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What each script prints, all in one fresh process."""
    texts = [script(experiment, diverges=name in DIVERGING) for name, experiment in EXPERIMENTS.items()]
    return dict(zip(EXPERIMENTS, run_fresh_each(texts, tmp_path_factory.mktemp("scripts")), strict=True))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_it_prints_the_numbers_of_the_app_to_the_last_digit(name, printed):
    experiment = EXPERIMENTS[name]
    trainer = Trainer(experiment)
    trainer.run(10**6)
    assert trainer.diverged == (name if name in DIVERGING else "")
    assert printed[name][0] == HEADING.format("validation" if isinstance(experiment, Digits) else "test")
    expected = history(trainer)
    assert len(expected) > (0 if trainer.diverged == "overflow" else 3)
    given = figures(printed[name])
    assert all(same(line, moment) for line, moment in zip(given, expected, strict=True))
    assert (DIVERGED in printed[name]) == bool(trainer.diverged)


SMALL = {"n_points": 40, "epochs": 3, "hidden": (6, 5), "batch_size": 16}
BASES = [Experiment(**SMALL), Experiment(dataset="blobs", **SMALL), Digits(hidden=(8,), epochs=1)]
TURNED_ALONE = {
    f"{type(base).__name__} {base.dataset} {text}": each for base in BASES for text, each in variations(base).items()
}


# One other value of each knob; the other values, and the other data, take long.
QUICK = set({name.split("=")[0]: name for name in TURNED_ALONE if "xor_clouds" in name or "n_classes" in name}.values())


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.exhaustive] * (name not in QUICK)) for name in TURNED_ALONE]
)
def test_the_script_of_every_knob_gives_the_numbers_of_the_app(name):
    assert_same_numbers(TURNED_ALONE[name])


def assert_same_numbers(experiment):
    trainer = Trainer(experiment)
    trainer.run()
    expected = history(trainer)
    given = figures(run_here(script(experiment)))
    assert len(given) == len(expected)
    assert all(same(line, moment) for line, moment in zip(given, expected, strict=True))


def combinations(base):
    """Experiments in which each knob is turned or not, at random: {knobs that are turned: experiment}.

    Until every pair of knobs was turned together, and each of them without the other.
    """
    rng, knobs, found = np.random.default_rng(0), base.knobs(), {}
    missing = {
        pair for one, other in itertools.permutations(knobs, 2) for pair in [((one, other), ()), ((one,), (other,))]
    }
    while missing:
        turned = frozenset(name for name in knobs if rng.random() < 0.5)
        new = {(on, off) for on, off in missing if turned.issuperset(on) and turned.isdisjoint(off)}
        if new:
            values = {name: others(knobs[name], getattr(base, name)) for name in sorted(turned)}
            found[turned] = replace(base, **{name: each[rng.integers(len(each))] for name, each in values.items()})
            missing -= new
    return found


COMBINED = combinations(BASES[1])


@pytest.mark.parametrize("experiment", COMBINED.values(), ids=map(str, range(len(COMBINED))))
def test_the_script_of_knobs_turned_together_gives_the_numbers_of_the_app(experiment):
    assert_same_numbers(experiment)


@pytest.mark.parametrize("base", BASES, ids=["drawn", "classes", "digits"])
def test_every_knob_that_does_something_is_told_of_at_the_top(base):
    opening = " ".join(ast.get_docstring(ast.parse(script(base))).split())
    for name, knob in Experiment.knobs().items():
        own = base.knobs().get(name, knob)
        assert (own.describe(getattr(base, name)) in opening) == base.applies(name), name


def each_entry():
    """An experiment with each entry of each catalogue."""
    catalogues = {
        "dataset": PLANE,
        "split": SPLITS,
        "activation": ACTIVATIONS,
        "initializer": INITIALIZERS,
        "optimizer": OPTIMIZERS,
    }
    return [pytest.param({knob: name}, id=name) for knob, options in catalogues.items() for name in options]


@pytest.mark.parametrize("knobs", each_entry())
def test_every_entry_of_every_catalogue_has_its_script_and_no_other_entry_is_in_it(knobs):
    experiment = Experiment(**knobs)
    tree = ast.parse(script(experiment))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    drawn = {name for name in (*PLANE, *SPLITS, *INITIALIZERS) if name in defined}
    split = {experiment.split} if experiment.applies("split") else set()
    assert drawn == {experiment.dataset, experiment.initializer} | split
    for catalogue, chosen in ((ACTIVATIONS, experiment.activation), (OPTIMIZERS, experiment.optimizer)):
        assert {c.__name__ for c in catalogue.values()} & defined == {catalogue[chosen].__name__}
    assert ("BatchNorm" in defined) or experiment.batch_norm is False


def test_a_later_optimiser_is_in_the_script_too():
    text = script(EXPERIMENTS["turned on the way"])
    assert "class Adam(" in text
    assert "class SGD(" in text
    assert "class RMSProp(" not in text


TIDY = {
    **{name: EXPERIMENTS[name] for name in ("batch norm, momentum, moons", "turned on the way", "an entry of a race")},
    "wide and uneven": Race(hidden=tuple(range(10, 40))).entry(Contestant("constant"), 0),
    "sigmoid and RMSProp": Experiment(activation="sigmoid", optimizer="rmsprop", initializer="small_normal"),
    "the four points": Experiment(dataset="xor", hidden=(2,)),
}


@pytest.mark.parametrize("experiment", TIDY.values(), ids=TIDY)
def test_it_is_laid_out_as_this_project_is_and_lacks_no_name(experiment):
    assert ruff(script(experiment)) == ""


def test_it_imports_nothing_but_numpy_scikit_learn_and_the_standard_library():
    for experiment in (EXPERIMENTS["turned on the way"], EXPERIMENTS["digits"]):
        lines = [node for node in ast.walk(ast.parse(script(experiment))) if isinstance(node, ast.ImportFrom)]
        assert all(node.level == 0 for node in lines)
    text = script(Experiment(dataset="xor"))
    assert "sklearn" not in text.split('"""', 2)[2]
    assert "playground." not in text


def test_what_only_checks_what_is_given_is_left_out():
    names = {node.name for node in ast.walk(ast.parse(script(Experiment()))) if hasattr(node, "name")}
    assert {"NeuralNetwork", "SGD"} <= names
    assert not names & {"checked", "fitting_layers", "examples"}
    assert "@checked" not in script(Experiment())


def test_what_it_opens_with_leads_back_to_the_experiment():
    experiment = EXPERIMENTS["turned on the way"]
    opening = ast.get_docstring(ast.parse(script(experiment)))
    [query] = [line for line in opening.splitlines() if line.startswith("?")]
    again, notices = Experiment.from_query(dict(parse_qsl(query[1:])))
    assert again == experiment
    assert notices == []


HOSTILE = [
    '"); import os; os.system("true"); ("',
    "'''\n\"\"\"\nprint(666)\n",
    "xor\nprint(666)",
    "__import__('os')",
    "\\N{SNOWMAN}\\",
    "1e999",
    "nan",
    "8-8); print(666",
    '1.optimizer.adam"~2.learning_rate.print(666)',
    "1.print(666).1",
]


@pytest.mark.parametrize(
    "text", [pytest.param(text, marks=[pytest.mark.exhaustive] * (i > 4)) for i, text in enumerate(HOSTILE)]
)
def test_nothing_that_a_visitor_sends_gets_into_it(text):
    for experiment in {Experiment.from_query({name: text, text: text})[0] for name in Experiment.knobs()}:
        made = script(experiment)
        assert not any(word in made for word in ("666", "system", "SNOWMAN", "__import__"))
        ast.parse(made)


@pytest.mark.parametrize("value", ['"x', "a b", "", "x\n", None, b"x", [1], {"a": 1}, (1, "a b"), 1j, print])
def test_only_numbers_and_names_are_written_as_code(value):
    with pytest.raises(TypeError):
        literal(value)


@pytest.mark.parametrize("value", [1, 0.1, -2.5, True, "he_normal", (), (8,), (8, 8), (16,) * 30, ("a", 1.5, (2, 3))])
def test_what_is_written_reads_back_as_the_same(value):
    read = ast.parse(literal(value), mode="eval").body
    if isinstance(read, ast.BinOp):
        read = ast.literal_eval(read.left) * ast.literal_eval(read.right)
    else:
        read = ast.literal_eval(read)
    assert read == value
    assert type(read) is type(value)


def test_a_changed_knob_of_the_script_is_another_experiment(tmp_path):
    """A reader can experiment with the script: its knobs do what those of the app do."""
    experiment = Experiment(**FINE)
    text = script(experiment).replace("learning_rate: float = 0.1", "learning_rate: float = 0.5")
    trainer = Trainer(replace(experiment, learning_rate=0.5))
    trainer.run(10**6)
    assert same(figures(run_fresh(text, tmp_path))[-1], history(trainer)[-1])
