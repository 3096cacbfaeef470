"""Every URL gives an experiment that runs, and every experiment is described exactly by its URL."""

import math
import re
import time
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.data.datasets import DATASETS, SPLITS, dataset, way_to_split
from playground.nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, Activation, Optimizer, initializer
from playground.settings.knobs import Change, Changes, Choice, Flag, Integer, Real, Widths
from playground.training.experiment import IN_RUN, KNOBS, Experiment
from playground.training.trainer import Trainer

NUMBERS = [name for name, knob in KNOBS.items() if isinstance(knob, Real | Integer)]
CHOICES = [name for name, knob in KNOBS.items() if isinstance(knob, Choice)]


def changes(knob):
    """Strategy for changes of live knobs, in order, and of each knob one at a step."""
    one = st.sampled_from(sorted(knob.knobs)).flatmap(
        lambda name: st.builds(Change, st.integers(1, knob.last_step), st.just(name), values(knob.knobs[name]))
    )
    several = st.lists(one, max_size=20, unique_by=lambda change: change[:2])
    return several.map(lambda found: tuple(sorted(found, key=lambda change: change.step)))


VALID = {  # kind of knob: strategy for its valid values
    Choice: lambda knob: st.sampled_from(list(knob.options)),
    Real: lambda knob: st.floats(knob.low, knob.high),
    Integer: lambda knob: st.integers(knob.low, knob.high),
    Flag: lambda knob: st.booleans(),
    Widths: lambda knob: st.lists(st.integers(1, knob.widest), max_size=knob.most).map(tuple),
    Changes: changes,
}


def values(knob):
    return VALID[type(knob)](knob)


INVALID = {  # kind of knob: values it does not take
    Choice: lambda knob: ["nonsense", "", None, 3, [next(iter(knob.options))]],
    Real: lambda knob: [knob.low - 1, knob.high + 1e-9, math.nan, math.inf, -math.inf, "0.1", None],
    Integer: lambda knob: [knob.low - 1, knob.high + 1, knob.low + 0.5, math.nan, math.inf, str(knob.low), None],
    Flag: lambda knob: ["on", 2, None, ()],
    Widths: lambda knob: [(0,), (knob.widest + 1,), (1.5,), (8,) * (knob.most + 1), [8, 8], "88", 8, None],
    Changes: lambda knob: [
        ((0, "learning_rate", 0.1),), ((knob.last_step + 1, "learning_rate", 0.1),), ((1.5, "learning_rate", 0.1),),
        ((1, "learning_rate", 99.0),), ((1, "hidden", (8,)),), ((1, "epochs", 9),), ((1, "learning_rate"),),
        ((2, "learning_rate", 0.1), (1, "learning_rate", 0.2)), ((1, "l2", 0.1), (1, "l2", 0.01)), [], "1.l2.0.1", None,
        tuple((step, "l2", 0.1) for step in range(1, knob.most + 2)),
    ],
}  # fmt: skip

text = st.text() | st.sampled_from([
    "", "nan", "inf", "-inf", "1e999", "-1", "0x10", "1_0", "٣", "１２", "½", " 8 ", "9" * 5000, "8-" * 2000, "8--8",
    "tanh", "TANH", "on", "ON", "None", "<b>", "[a](b)", "1.l2.0.1", "1.l2.nan", "1.l2.9~1.l2.0.1", "9.optimizer.adm",
    "~", "..", "1..1", "1.epochs.9", "-5.l2.0.1", "9" * 30 + ".l2.0.1", "1.hidden.8", "\0", "\n",
])  # fmt: skip
written = st.builds(str, st.integers() | st.floats())


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.sampled_from(list(KNOBS)) | st.text(max_size=5), text | written, max_size=8))
def test_any_text_at_all_gives_an_experiment_and_notices(query):
    experiment, notices = Experiment.from_query(query)
    assert isinstance(experiment, Experiment)
    assert len(notices) <= len(query)
    for notice in notices:
        said = re.sub(r"`[^`\r\n]+`", "", notice)  # between backticks Markdown reads nothing
        assert re.fullmatch(r"[^<>\[\](){}*`|#$&!\\\r\n]+\.", said)
        assert len(notice) < 4000
    assert Experiment.from_query(experiment.to_query()) == (experiment, [])


@settings(deadline=None, max_examples=150)
@given(st.builds(Experiment, **{name: values(knob) for name, knob in KNOBS.items()}))
def test_any_experiment_survives_its_url(experiment):
    query = experiment.to_query()
    assert all(isinstance(value, str) for value in query.values())
    assert Experiment.from_query(query) == (experiment, [])


def test_the_url_of_an_experiment_says_every_knob():
    experiment = replace(Experiment(), changes=(Change(5, "l2", 0.1),))
    assert experiment.to_query().keys() == KNOBS.keys()


@pytest.mark.parametrize("garbage", ["9", "8-", "1.l2.0.1~", "a", "٣", "."])
def test_text_of_any_length_is_read_at_once(garbage):
    began = time.perf_counter()
    Experiment.from_query(dict.fromkeys(KNOBS, garbage * 10_000))
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("name", KNOBS)
def test_an_invalid_value_raises_an_error_that_says_what_is_valid(name):
    knob = KNOBS[name]
    for value in INVALID[type(knob)](knob):
        with pytest.raises(ValueError, match=re.escape(f"{knob.label} must be {knob.domain}, not ")):
            Experiment(**{name: value})


def test_an_experiment_without_parameters_is_the_default():
    assert Experiment.from_query({}) == (Experiment(), [])


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("factor", ["1e3", "inf"])
def test_a_number_out_of_range_becomes_the_nearest_bound(name, factor):
    knob = KNOBS[name]
    for bound, beyond in ((knob.high, knob.high * float(factor)), (knob.low, -float(factor))):
        experiment, (notice,) = Experiment.from_query({name: str(beyond)})
        assert getattr(experiment, name) == bound
        assert notice.startswith(f"{knob.label}: `{beyond}`")
        assert f"`{knob.write(bound)}`" in notice
        assert knob.domain in notice


@pytest.mark.parametrize(("name", "text", "value"), [
    ("dataset", "spiral", "spirals"), ("dataset", "Circle", "circles"), ("activation", "tahn", "tanh"),
    ("activation", "ReLU", "relu"), ("initializer", "glorot_norm", "glorot_normal"), ("optimizer", "Adam", "adam"),
    ("hidden", "8-99-0", (8, 64, 1)), ("hidden", "1-2-3-4-5-6-7-8-9-10-11", tuple(range(1, 11))),
    ("n_points", "9.7", 10),
    ("changes", "0.l2.7~1.optimizer.ADAM", ((1, "l2", 0.1), (1, "optimizer", "adam"))),
])  # fmt: skip
def test_a_near_miss_becomes_what_was_meant_and_is_told(name, text, value):
    experiment, notices = Experiment.from_query({name: text})
    assert getattr(experiment, name) == value
    assert len(notices) == 1


@pytest.mark.parametrize("text", ["", "nan", "x", "8-x", "zzzzzz", "1.l2", "x.l2.0.1", "1.seed.3", "1.l2.x"])
def test_a_malformed_value_becomes_the_default_and_spoils_no_other(text):
    broken = [name for name, knob in KNOBS.items() if not (text == "" and isinstance(knob, Widths | Changes))]
    for name in broken:
        other = "noise" if name != "noise" else "l2"
        experiment, notices = Experiment.from_query({name: text, other: "0.05"})
        assert experiment == replace(Experiment(), **{other: 0.05})
        assert len(notices) == 1


def test_an_unknown_setting_is_left_out_and_named():
    experiment, notices = Experiment.from_query({"momentum": "0.9", "seed": "7"})
    assert experiment == Experiment(seed=7)
    assert notices == ["Unknown setting `momentum` was left out."]


def test_a_change_counts_from_the_step_after_it_was_made():
    experiment = Experiment().changed(120, learning_rate=0.3)
    assert experiment.changes == ((121, "learning_rate", 0.3),)
    assert [experiment.at(step).learning_rate for step in (0, 119, 120, 500)] == [0.1, 0.1, 0.3, 0.3]
    assert experiment.learning_rate == 0.1


def test_several_knobs_may_turn_at_one_step_and_one_knob_at_several():
    experiment = Experiment().changed(5, learning_rate=0.3, optimizer="adam").changed(9, learning_rate=0.01, l2=0.1)
    now = [(each.learning_rate, each.optimizer, each.l2) for each in map(experiment.at, (4, 5, 8, 9))]
    assert now == [(0.1, "sgd", 0.0), (0.3, "adam", 0.0), (0.3, "adam", 0.0), (0.01, "adam", 0.1)]


def test_a_knob_turned_twice_at_one_step_has_its_last_value():
    experiment = Experiment().changed(5, learning_rate=0.3, batch_size=1).changed(5, learning_rate=0.7)
    assert experiment.at(5) == replace(experiment, learning_rate=0.7, batch_size=1)
    assert len(experiment.changes) == 2


def test_a_knob_turned_there_and_back_has_its_first_value_again():
    experiment = Experiment().changed(5, learning_rate=0.3)
    at_once, later = experiment.changed(5, learning_rate=0.1), experiment.changed(8, learning_rate=0.1)
    assert [at_once.at(step).learning_rate for step in (4, 5, 9)] == [0.1, 0.1, 0.1]
    assert [later.at(step).learning_rate for step in (4, 5, 8)] == [0.1, 0.3, 0.1]


def test_a_value_that_a_knob_has_already_is_no_change():
    experiment = Experiment().changed(5, learning_rate=0.3)
    assert experiment.changed(9, learning_rate=0.3, l2=0.0) == experiment


def test_before_the_first_step_a_change_is_another_value():
    assert Experiment().changed(0, learning_rate=0.3) == Experiment(learning_rate=0.3)


def test_what_starts_afresh_has_the_values_of_now_and_no_changes():
    experiment = Experiment().changed(5, learning_rate=0.3).changed(9, optimizer="adam")
    assert experiment.at(7).started_afresh() == Experiment(learning_rate=0.3)


def test_a_run_holds_fifty_changes_and_no_more():
    experiment = Experiment()
    for step in range(1, 51):
        experiment = experiment.changed(step, learning_rate=step / 100)
    assert len(experiment.changes) == 50
    assert Experiment.from_query(experiment.to_query()) == (experiment, [])
    with pytest.raises(ValueError, match="at most 50 changes"):
        experiment.changed(51, learning_rate=1.0)


def test_what_may_change_in_a_run_is_every_live_knob_but_the_number_of_epochs():
    assert {"epochs", *IN_RUN} == {name for name, knob in KNOBS.items() if knob.live}


def test_an_experiment_can_not_be_changed_by_who_shares_it():
    experiment = Experiment(hidden=(3, 4)).changed(5, l2=0.1)
    with pytest.raises(FrozenInstanceError):
        experiment.seed = 1
    assert {experiment: "found"}[replace(experiment)] == "found"  # hashable all through, so nothing in it is mutable
    experiment.to_query().clear()
    assert experiment.to_query()["hidden"] == "3-4"


@pytest.fixture
def registries():
    """What a test adds to a registry is removed after the test."""
    kept = [(registry, dict(registry)) for registry in (DATASETS, SPLITS, ACTIVATIONS, INITIALIZERS, OPTIMIZERS)]
    yield
    for registry, entries in kept:
        registry.clear()
        registry.update(entries)


def add_dataset():
    @dataset(label="Brand new", meaning="Two halves.")
    def brand_new(rng, n_points, noise, n_classes):
        X = rng.uniform(-1, 1, (n_points, 2))
        return X, (X[:, 0] > 0).astype(int)


def add_split():
    @way_to_split(label="Brand new", meaning="Backwards.")
    def brand_new(rng, labels):
        return np.arange(len(labels))[::-1]


def add_initializer():
    @initializer(
        label="Brand new",
        formula="W = 1",
        variance=lambda fan_in, fan_out: 0.0,
        meaning="All ones.",
        source="nobody",
    )
    def brand_new(rng, fan_in, fan_out):
        return np.ones((fan_in, fan_out))


def add_activation():
    class BrandNew(Activation):
        name, label, formula, meaning, source = "brand_new", "Brand new", "2z", "Doubles.", "nobody"
        derivative = "2"

        def function(self, z):
            return 2 * z

        def backward(self, dout):
            return 2 * dout


def add_optimizer():
    class BrandNew(Optimizer):
        name, label, formula, meaning, source = "brand_new", "Brand new", "-g", "Half a step.", "nobody"

        def step(self, parameters, gradients):
            parameters -= 0.5 * self.rate(parameters) * gradients


@pytest.mark.parametrize("name", CHOICES)
def test_what_enters_a_registry_is_a_choice_at_once_and_trains(name, registries):
    assert Experiment.from_query({name: "brand_new"})[0] == Experiment()
    {
        "dataset": add_dataset,
        "split": add_split,
        "initializer": add_initializer,
        "activation": add_activation,
        "optimizer": add_optimizer,
    }[name]()
    experiment, notices = Experiment.from_query({name: "brand_new"})
    assert (getattr(experiment, name), notices) == ("brand_new", [])
    trainer = Trainer(experiment)
    before = trainer.network.parameters.copy()
    trainer.step()
    assert not np.array_equal(trainer.network.parameters, before)
