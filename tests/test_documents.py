"""What the documents say is true: files are where they say, examples run, and commands are the ones that run."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from runs import snapshot_after

from playground.data import datasets
from playground.data.datasets import DATASETS, SPLITS
from playground.nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, activations, initializers, optimizers
from playground.topics.forward_backward import mistakes
from playground.topics.forward_backward.mistakes import MISTAKES
from playground.topics.forward_backward.step_check import check
from playground.topics.forward_backward.training_step import TrainingStep, follow_step
from playground.training.experiment import Experiment
from playground.training.findings import RULES, step_rules
from playground.training.trainer import Trainer

ROOT = Path(__file__).parents[1]
README, CONTRIBUTING, HOSTING = ROOT / "README.md", ROOT / ".github/CONTRIBUTING.md", ROOT / ".github/HOSTING.md"
DOCUMENTS = [README, CONTRIBUTING, HOSTING]
ENDINGS = (".py", ".md", ".txt", ".toml", ".ini", ".yml", ".png")
ADDED = [  # what CONTRIBUTING says how to add, with a word that its example has
    ("an initialiser", "@initializer"), ("an activation", "(Activation)"), ("an optimiser", "(Optimizer)"),
    ("a dataset", "@dataset"), ("a split", "@way_to_split"), ("a knob", "knob("), ("a finding", "@rule"),
    ("a usual mistake of the backward pass", "@mistake"), ("a station of the course", "@station"),
    ("an experiment from a paper", "Paper("), ("a section", "open_section("), ("a page", "PAGE ="),
]  # fmt: skip

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def text(document: Path) -> str:
    return document.read_text("utf-8")


def blocks(words: str, language: str) -> list[str]:
    """The fenced blocks in this language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", words, re.MULTILINE | re.DOTALL)


def sections(document: Path) -> dict[str, str]:
    """The document's parts by their headings."""
    _, *parts = re.split(r"^## (.+)$", text(document), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def paths(words: str) -> set[str]:
    """All that looks like a path of the project: `README.md` between backticks, and playground/nn/ anywhere."""
    prose = re.sub(r"^```.*?^```$", "", words, flags=re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([\w.-]+(?:/[\w.-]+)*/?)`", prose)
    named = {span for span in spans if ("/" in span or span.endswith(ENDINGS)) and not span.startswith(".venv")}
    return named | set(re.findall(r"(?<![\w/])(?:playground|pages|tests)/[\w./-]*\w", words))


@each_document
def test_every_path_that_is_named_exists(document):
    named = paths(text(document))
    assert named, "no path was found"
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@each_document
def test_every_link_within_the_project_leads_to_a_file(document):
    targets = re.findall(r"\]\(([^)\s]+)\)", text(document))
    within = [target.split("#")[0] for target in targets if not re.match(r"https?:", target)]
    assert [target for target in within if not (document.parent / target).exists()] == []


@each_document
def test_every_command_of_the_tests_has_its_module(document):
    modules = re.findall(r"-m (tests[\w.]+)", text(document))
    assert [name for name in modules if not (ROOT / f"{name.replace('.', '/')}.py").exists()] == []


def test_the_first_commands_of_the_readme_are_to_run_and_to_test_and_each_is_one_line():
    run, test, *_ = blocks(text(README), "sh")
    for command, end in ((run, "streamlit run streamlit_app.py"), (test, "-m pytest -n 2")):
        assert command.count("\n") == 1
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install")
        assert command.strip().endswith(end)


def test_the_readme_is_short_and_says_how_all_tests_are_run():
    assert len(text(README).splitlines()) < 110
    assert "`.ci/run`" in text(README)
    assert "`exhaustive`" in text(README)
    assert "-m exhaustive" in text(ROOT / ".ci/run")


def test_the_readmes_example_runs():
    [example] = blocks(text(README), "python")
    done = subprocess.run([sys.executable, "-c", example], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    losses = [float(loss) for loss in re.findall(r"Loss = ([\d.]+)", done.stdout)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(("thing", "word"), ADDED)
def test_how_to_add_each_thing_is_shown_by_an_example_that_parses(thing, word):
    shown = blocks(sections(CONTRIBUTING)[f"How to add {thing}"], "python")
    assert any(word in example for example in shown)
    for example in shown:
        ast.parse(example)


WRITTEN_IN = {  # what is added: the module in which its example is written, the catalogue, and the knob that it is for
    "an initialiser": (initializers, INITIALIZERS, "initializer"),
    "an activation": (activations, ACTIVATIONS, "activation"),
    "an optimiser": (optimizers, OPTIMIZERS, "optimizer"),
    "a dataset": (datasets, DATASETS, "dataset"),
    "a split": (datasets, SPLITS, "split"),
    "a finding": (step_rules, RULES, None),
    "a usual mistake of the backward pass": (mistakes, MISTAKES, None),
}


@pytest.mark.parametrize("thing", WRITTEN_IN)
def test_what_the_example_adds_is_there_at_once_and_works(thing):
    """One edit in one place: run in its module, the example can be chosen, and an experiment with it trains."""
    module, catalogue, knob = WRITTEN_IN[thing]
    before = dict(catalogue)
    try:
        exec(blocks(sections(CONTRIBUTING)[f"How to add {thing}"], "python")[0], dict(vars(module)))
        [name] = catalogue.keys() - before.keys()
        if knob:
            trainer = Trainer(Experiment.from_query({knob: name, "n_points": "60", "epochs": "2"})[0])
            trainer.run()
            assert getattr(trainer.experiment, knob) == name
            assert trainer.history.moments[-1].train_loss < 2
        elif catalogue is RULES:
            rule = catalogue[name]
            for knobs, told in ((rule.fires, True), ({**rule.fires, **rule.silent}, False)):
                assert (rule(snapshot_after(**{"epochs": 0, **knobs})) is not None) == told
        else:
            step = follow_step(TrainingStep(dataset="blobs", n_points=5, hidden=(3,), mistake=name))
            assert check(step).wrong.any()
    finally:
        for name in catalogue.keys() - before.keys():
            del catalogue[name]


def test_nothing_else_is_said_to_be_added():
    headings = [heading for heading in sections(CONTRIBUTING) if heading.startswith("How to add")]
    assert headings == [f"How to add {thing}" for thing, _ in ADDED]


def test_the_map_has_every_folder_with_code():
    listed = re.findall(r"^\| `([^`]+)`", sections(CONTRIBUTING)["The map"], re.MULTILINE)
    folders = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("playground/**/*.py")}
    without_code = {"playground", "playground/topics"}  # except for their docstrings and figures
    assert {path.rstrip("/") for path in listed if path.endswith("/")} == {*folders, "pages"} - without_code


def test_the_map_is_in_the_order_of_the_imports():
    order = next(
        ast.literal_eval(node.value)
        for node in ast.parse(text(ROOT / "tests/test_imports.py")).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "ORDER"
    )
    listed = re.findall(r"^\| `([^`]+)/`", sections(CONTRIBUTING)["The map"], re.MULTILINE)
    assert listed == [folder for folder in order if folder in listed]


def test_the_workflow_runs_what_lands_must_pass():
    workflow = text(ROOT / ".github/workflows/ci.yml")
    assert re.search(r"^on:\n  push:\n  pull_request:\n", workflow, re.MULTILINE)
    assert re.search(r'python-version: "3\.11"$', workflow, re.MULTILINE)  # in quotes: 3.10 would be read as 3.1
    assert re.search(r"^ +- run: bash \.ci/run$", workflow, re.MULTILINE)
    assert "\t" not in workflow
