"""The papers' experiments show what the papers report, with other seeds too; and not every race would show it."""

from dataclasses import replace
from functools import cache
from itertools import chain

import numpy as np
import pytest

from playground.topics.initialization.paper_measures import (
    NEVER,
    Measured,
    gradients,
    jacobians,
    scale_does_not_matter,
    singular_values_are_one,
    states,
    units_stay_copies,
)
from playground.topics.initialization.papers import PAPERS
from playground.topics.initialization.race import Race, RaceTrainer
from playground.training.contestants import Contestant
from playground.training.loop import build_network

SEED = 4711  # not the page's, and not chosen for what it shows
LESS = {  # settings that are enough for a test
    "glorot_sigmoid": {"epochs": 60},
    "glorot_tanh": {"n_seeds": 8},
    "he_22": {"n_seeds": 8, "epochs": 250},
    "he_30": {"n_seeds": 8, "epochs": 100},
    "ioffe_weights": {"n_seeds": 8, "epochs": 100},
    "ioffe_rate": {"n_seeds": 8, "epochs": 20},
}
each_paper = pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)
HE_TWICE = (Contestant("he_uniform"), Contestant("he_normal"))
TOO_SMALL = (Contestant("small_normal"), Contestant("glorot_uniform"))
WITH_BATCH_NORM = (Contestant("standard_uniform", True), Contestant("glorot_uniform", True))


@cache
def trained(race: Race) -> RaceTrainer:
    """A race at its end. Tests share it, so none may train it any further."""
    run = RaceTrainer(race)
    run.run(10**6)
    return run


def shorter(paper, **changes) -> Race:
    return replace(paper.setup, seed=SEED, **LESS.get(paper.name, {}) | changes)


def measure(paper, run: RaceTrainer) -> list[Measured]:
    return [claim.measure(run) for claim in paper.claims]


def verdicts(name: str, **changes) -> list[bool | None]:
    """What is said about each claim at the end of a race that differs from the paper's."""
    paper = PAPERS[name]
    return [measured.holds for measured in measure(paper, trained(shorter(paper, **changes)))]


TAKE_LONG = ("glorot_tanh", "he_22", "he_30")


@pytest.mark.parametrize(
    "paper",
    [
        pytest.param(paper, id=name, marks=[pytest.mark.exhaustive] * (name in TAKE_LONG))
        for name, paper in PAPERS.items()
    ],
)
def test_the_experiment_shows_what_the_paper_reports(paper):
    for measured in measure(paper, trained(shorter(paper))):
        assert measured.holds is True, measured.text


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.exhaustive] * (name in TAKE_LONG))
        for name in PAPERS
        if name != "glorot_sigmoid"
    ],
)
def test_nothing_is_shown_with_the_roles_exchanged(name):
    contestants = PAPERS[name].setup.contestants[::-1]
    less = {"n_seeds": 8, "epochs": 60} if name == "he_22" else {}
    assert verdicts(name, contestants=contestants, **less) == [False] * len(PAPERS[name].claims)


@pytest.mark.exhaustive  # 5 s
@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("glorot_sigmoid", {"contestants": WITH_BATCH_NORM, "epochs": 15}, [False, False, False]),
        ("glorot_sigmoid", {"learning_rate": 0.05, "n_seeds": 4, "epochs": 60}, [False, False, False]),
        ("glorot_sigmoid", {"learning_rate": 0.3, "n_seeds": 4, "epochs": 60}, [False, True, False]),  # not quickly
        (
            "glorot_sigmoid",
            {"hidden": (32,) * 5, "n_seeds": 4},
            [True, True, False],
        ),  # it never leaves saturation, as in the paper
        ("glorot_tanh", {"activation": "linear", "epochs": 2}, [True, True, False, False]),
        ("glorot_tanh", {"contestants": TOO_SMALL, "epochs": 1}, [True, False, True, False]),
        ("he_22", {"contestants": HE_TWICE, "n_seeds": 8, "epochs": 40}, [False]),
        ("he_30", {"contestants": HE_TWICE, "epochs": 40}, [False, False]),
        ("he_30", {"hidden": (32,) * 5}, [False, True]),  # Xavier does not stall, but gradients shrink
        ("ioffe_rate", {"learning_rate": 0.3}, [False, True]),
    ],
)
def test_what_does_not_happen_is_not_shown(name, changes, expected):
    assert verdicts(name, **changes) == expected


def test_the_time_to_learn_from_orthogonal_weights_does_not_grow_with_depth_as_the_note_says():
    shallow, deep = (
        np.median(np.nan_to_num(trained(shorter(PAPERS[f"saxe_{depth}"])).reached, nan=NEVER), axis=1)
        for depth in (10, 30)
    )
    assert deep[-1] < 1.5 * shallow[-1]
    assert deep[0] > 2 * shallow[0]


@each_paper
def test_what_a_race_cannot_refute_is_said_to_hold_by_construction(paper):
    theorems = {units_stay_copies, singular_values_are_one, scale_does_not_matter}
    for claim in paper.claims:
        assert claim.by_construction == (claim.measure in theorems)


def test_a_jacobian_is_that_of_a_layer():
    """By finite differences: the outputs of a hidden layer by those of the layer below."""
    experiment = replace(PAPERS["glorot_tanh"].setup, hidden=(4, 5)).entry(Contestant("glorot_uniform"), 0)
    network = build_network(experiment, np.random.default_rng(0), 2, 2)
    X = np.array([[0.3, -0.7]])
    network.forward(X)
    dense = network.dense[1]
    below = dense.X[0].astype(float)

    def layer(a):
        return np.tanh(a @ dense.W.astype(float) + dense.b)

    J = np.array([(layer(below + 1e-5 * e) - layer(below - 1e-5 * e)) / 2e-5 for e in np.eye(4)]).T
    assert jacobians(network, X) == pytest.approx(np.linalg.svd(J, compute_uv=False).mean(), rel=1e-4)


@each_paper
def test_nothing_is_said_before_the_end(paper):
    run = RaceTrainer(shorter(paper, n_seeds=2))
    for epochs in (0, 1, 2):
        run.run(epochs * run.steps_per_epoch)
        for measured in measure(paper, run):
            assert measured.holds is None
            assert run.race.contestants[0].label in measured.text


@pytest.mark.parametrize(
    "changes",
    [
        {"contestants": (Contestant("zeros"), Contestant("constant", True))},
        {"learning_rate": 10.0, "contestants": (Contestant("unit_normal"), Contestant("he_normal"))},  # all diverge
        {"learning_rate": 10.0, "contestants": (Contestant("unit_normal"), Contestant("zeros", True))},
        {"n_seeds": 1},
        {"train_share": 1.0},
        {"dataset": "xor", "hidden": (1, 1)},
    ],
    ids=str,
)
def test_a_measure_takes_any_race(changes):
    knobs = {"hidden": (8, 8), "n_points": 40, "epochs": 25, "n_seeds": 4, "activation": "relu"}
    run = trained(Race(**knobs | changes))
    for claim in chain.from_iterable(paper.claims for paper in PAPERS.values()):
        measured = claim.measure(run)
        assert isinstance(measured.holds, bool)
        assert measured.text.endswith(".")


@each_paper
def test_an_experiment_is_a_race_with_a_reference(paper):
    assert PAPERS[paper.name] is paper
    assert any(f"({year})" in paper.reference for year in range(1986, 2020))
    assert paper.url.startswith("https://")
    assert all(text.strip() for text in (paper.title, paper.note, *(claim.reported for claim in paper.claims)))
    assert paper.claims
    assert isinstance(paper.setup, Race)
    assert Race.from_query(paper.setup.to_query()) == (paper.setup, [])


def test_no_two_experiments_are_the_same():
    assert (
        len({paper.setup for paper in PAPERS.values()})
        == len({paper.title for paper in PAPERS.values()})
        == len(PAPERS)
    )


def test_states_are_those_of_the_contestant():
    who = (Contestant("he_normal"), Contestant("zeros", True), Contestant("constant"), Contestant("he_normal", True))
    run = RaceTrainer(Race(contestants=who, hidden=(5, 4), n_points=30, n_seeds=3, epochs=20))
    run.run(20 * run.steps_per_epoch)
    for i, each in enumerate(who):
        first, *_, last = states(run, each)
        assert (first.epoch, last.epoch) == (0, 20)
        assert np.array_equal(last.network.parameters, run.stack(each).parameters)
        assert np.array_equal(last.loss, run.figures("train_loss", [20])[i, 0])
        entry = build_network(run.race.entry(each, 2), np.random.default_rng(), 2, 2)
        assert last.network.parameters.shape == (3, *entry.parameters.shape)
        assert len(list(states(run, each, snapshots=4))) == 4


def test_gradients_are_those_of_the_biases():
    """dL/db is the sum of dL/dz over the batch: for a single example they are the same."""
    experiment = replace(PAPERS["glorot_tanh"].setup, hidden=(6, 5, 4)).entry(Contestant("glorot_uniform"), 0)
    network = build_network(experiment, np.random.default_rng(0), 2, 2)
    sizes = gradients(network, np.array([[0.3, -0.7]]), np.array([[0.0, 1.0]]))
    assert np.allclose(sizes, [np.sqrt((dense.db**2).mean()) for dense in network.dense[:-1]])
