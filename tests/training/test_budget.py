"""No values of the knobs make a slice of work that delays everyone, and no experiment of the pages is made smaller."""

import pytest

from playground.nn import Dense
from playground.settings.knobs import Widths
from playground.settings.limits import MEGAFLOPS
from playground.topics.batch_norm.paired_runs import Pairs
from playground.topics.batch_norm.sweep import Sweep
from playground.topics.digits.digits_experiment import Digits
from playground.topics.digits.splits import TwoSplits
from playground.topics.initialization.papers import PAPERS
from playground.topics.initialization.race import Race
from playground.training.budget import STEP, affordable, operations
from playground.training.experiment import Experiment
from playground.training.loop import experiment_data, initial_network
from playground.ui.sections.initialization_race import RaceRun

KINDS = [Experiment, Digits, Race, Pairs, Sweep, TwoSplits]


def heaviest(kind):
    tops = {"contestants": tuple(dict.fromkeys([*Race().contestants]))} if kind is Race else {}
    for name, knob in kind.knobs().items():
        if isinstance(knob, Widths):
            tops[name] = (knob.widest,) * knob.most
        elif name in ("n_seeds", "n_values", "batch_size", "n_points"):
            tops[name] = knob.high
    return kind(**tops)


@pytest.mark.parametrize("kind", KINDS)
def test_the_heaviest_run_of_a_page_becomes_affordable_and_that_is_said(kind):
    wished = heaviest(kind)
    smaller, said = affordable(wished)
    # for two pairs of the widest networks, one evaluation on all images is more, and can't be made smaller
    least = kind is TwoSplits and smaller.n_seeds == kind.knobs()["n_seeds"].low
    assert operations(smaller) <= MEGAFLOPS * 1e6 * (2.1 if least else 1)
    assert (said == "") == (smaller == wished)
    assert smaller.hidden == wished.hidden


@pytest.mark.parametrize("experiment", [kind() for kind in KINDS] + [paper.setup for paper in PAPERS.values()])
def test_what_the_pages_open_with_stays_as_it_is(experiment):
    assert affordable(experiment) == (experiment, "")


@pytest.mark.parametrize("experiment", [Experiment(), Digits(), Experiment(dataset="blobs", n_classes=5, hidden=())])
def test_work_counts_the_products_of_a_step(experiment):
    data = experiment_data(experiment)
    network = initial_network(experiment, data)
    products = sum(layer.W.size for layer in network.layers if isinstance(layer, Dense))
    assert experiment.n_examples == len(data.X_train) + len(data.X_validation) + len(data.X_test)
    assert operations(experiment) == products * max(STEP * experiment.batch_size, 2 * experiment.n_examples)


def test_a_run_that_is_made_smaller_says_so_and_the_link_has_it():
    run = RaceRun(heaviest(Race), [])
    assert "would hold up all others" in run.message
    assert operations(run.experiment) <= MEGAFLOPS * 1e6
    assert run.trainer.race == run.experiment
    run.start(Race(hidden=(64,) * 30, n_seeds=1, batch_size=1))
    run.turn(batch_size=1000)
    assert operations(run.experiment) <= MEGAFLOPS * 1e6
