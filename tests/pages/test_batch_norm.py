"""The page of batch normalisation: one batch in detail, and running statistics against the batch's own."""

import inspect
import re
from textwrap import dedent

import numpy as np
import pyarrow as pa
import pytest

from playground.nn import BatchNorm
from playground.settings.knobs import Choice, Flag, Widths
from playground.topics.batch_norm.one_batch import OneBatch, one_batch
from playground.topics.batch_norm.running_statistics import (
    N_SEEDS,
    SIZES,
    Evaluation,
    compare_modes,
    estimate_noise,
    seeds_trainer,
    stream,
)

PAGE = "pages/batch_norm.py"
IN_SIDEBAR = [name for name in OneBatch.knobs() if name not in ("feature", "example")]
QUICK = {"epochs": 2, "n_batches": 20}


@pytest.fixture
def batch(visit):
    return visit().go(PAGE)


@pytest.fixture
def evaluation(visit):
    visitor = visit().go(PAGE).set("section", "evaluation")
    for name, value in QUICK.items():
        visitor.turn(name, value)
    return visitor


def follow(visitor, page=PAGE, **query):
    """Open a page with these parameters in the URL."""
    return visitor.go(page, **query)


def tables(visitor) -> list[dict[str, dict[str, list]]]:
    """For each chart on the page, its tables by name, as they are sent to the browser."""
    return [
        {name: pa.ipc.open_stream(data).read_all().to_pydict() for name, data in named.items()}
        for _, named in visitor.figures
    ]


def floats(packed: str) -> np.ndarray:
    return np.array([float(value) for value in packed.split()])


def ends(knob) -> list:
    """The first and the last value of a knob, as its widget takes it."""
    match knob:
        case Choice():
            return [next(iter(knob.options)), list(knob.options)[-1]]
        case Flag():
            return [True, False]
        case Widths():
            return [0, knob.most]
    return [knob.low, knob.high]


@pytest.mark.parametrize("section", ["batch", "evaluation", "pairs", "sweep"])
def test_every_section_opens_by_its_name_in_the_url(visit, section):
    visitor = follow(visit(), section=section)
    assert visitor.url["section"] == section
    assert visitor.notices == []
    assert visitor.charts
    assert all(chart.alt for chart in visitor.charts)


# One batch


def test_the_page_opens_on_one_batch(batch):
    assert batch.url["section"] == "batch"
    assert len(batch.charts) == 3
    assert all(chart.alt for chart in batch.charts)
    assert batch.notices == []


def test_the_charts_show_what_the_engine_gave(batch):
    batch.turn("gamma", 2.0).turn("beta", -1.0).turn("feature", 2).turn("example", 20)
    seen = one_batch(OneBatch(gamma=2.0, beta=-1.0, feature=2, example=20))
    before, after, gradient = tables(batch)
    for shown, values in ((before, seen.z), (after, seen.norm.output)):
        assert np.array_equal(shown["notes"]["mean"], values.mean(axis=0))
        assert shown["features"]["chosen"] == [False, True, False, False]
    assert gradient["sum"]["example"] == list(range(13, 25))
    assert np.array_equal(gradient["sum"]["gradient"], seen.dz[12:24, 1])
    assert np.array_equal(np.reshape(gradient["paths"]["gradient"], (3, 12)), seen.paths[:, 12:24, 1])


def test_the_equations_hold_the_numbers_of_the_chosen_feature_and_example(batch):
    batch.turn("gamma", 2.0).turn("beta", -1.0).turn("feature", 3).turn("example", 5)
    seen = one_batch(OneBatch(gamma=2.0, beta=-1.0, feature=3, example=5))
    [equations] = [latex.value for latex in batch.app.latex]
    numbers = (seen.mean[2], seen.var[2], seen.z[4, 2], seen.norm.X_hat[4, 2], seen.norm.output[4, 2])
    for value in numbers:
        assert f"{value:.4g}" in equations
    assert r"\hat x_{5}" in equations
    assert r"1 \cdot 10^{-5}" in equations
    assert "(-1)" in equations


def test_what_is_measured_of_the_gradient_is_said(batch):
    seen = one_batch(OneBatch())
    figures = re.findall(r"\*\*(-?[\d.]+e[+-]\d+)\*\*", batch.words)
    expected = [seen.gap, seen.errors["X"], seen.shift[0], seen.stretch[0]]
    assert figures == [f"{value:.1e}" for value in expected]


def test_the_code_is_that_of_the_running_class(batch):
    shown = [code.value.strip() for code in batch.app.code]
    pieces = (BatchNorm.forward, BatchNorm.backward, BatchNorm.paths)
    assert shown[-3:] == [dedent(inspect.getsource(piece)).strip() for piece in pieces]


def test_a_batch_of_one_is_explained(batch):
    assert not batch.app.info
    batch.turn("batch_size", 1).turn("beta", 1.5)
    assert "the output is β" in batch.app.info[0].value
    assert tables(batch)[1]["notes"]["mean"] == [1.5] * 4
    assert "knob-example" not in [slider.key for slider in batch.app.slider]


@pytest.mark.parametrize("name", IN_SIDEBAR)
def test_every_knob_of_a_batch_turns_to_both_ends(batch, name):
    knob = OneBatch.knobs()[name]
    for value in ends(knob):
        batch.turn(name, value)
        assert batch.url[name] == knob.write(knob.nearest(value))
        assert len(batch.charts) == 3


def test_feature_and_example_go_to_both_ends_and_follow_a_smaller_batch(batch):
    batch.turn("feature", 4).turn("example", 64)
    assert tables(batch)[2]["sum"]["example"] == [61, 62, 63, 64]
    batch.turn("batch_size", 5).turn("n_features", 2)
    assert batch.widget("knob-example").value == 5
    assert batch.widget("knob-feature").value == 2
    assert "feature 2, example 5 of 5" in batch.words


def test_a_dataset_of_four_points_has_no_larger_batch(batch):
    batch.turn("dataset", "xor")
    assert "example 1 of 4" in batch.words
    assert batch.turn("batch_size", 2).url["batch_size"] == "2"


@pytest.mark.parametrize("initializer", ["zeros", "constant", "unit_normal"])
def test_any_scheme_can_be_looked_at(batch, initializer):
    batch.turn("initializer", initializer).turn("gain", 10.0)
    assert len(batch.charts) == 3


# Training and evaluation


def test_five_charts_show_what_the_engine_gave(evaluation):
    p = Evaluation(**QUICK)
    assert len(evaluation.charts) == 5
    mean, var, mean_noise, var_noise, modes = tables(evaluation)
    seen, noise = stream(p), estimate_noise(p)
    for shown, batches, running, whole in (
        (mean, seen.batch_mean, seen.running_mean, seen.mean),
        (var, seen.batch_var, seen.running_var, seen.var),
    ):
        assert np.allclose(floats(shown["batches"]["value"][0]), batches, rtol=1e-3)
        assert np.allclose(floats(shown["running"]["value"][0]), running, rtol=1e-3)
        assert shown["all"]["value"] == [whole]
    for shown, measured, theory in (
        (mean_noise, noise.mean, noise.mean_theory),
        (var_noise, noise.var[1:], noise.var_theory[1:]),
    ):
        assert np.allclose(floats(shown["noise"]["value"][0]), measured, rtol=1e-3)
        assert np.allclose(floats(shown["noise"]["value"][1]), theory, rtol=1e-3)
        assert len(floats(shown["noise"]["size"][0])) == len(measured) >= len(SIZES) - 1

    trainer = seeds_trainer(p.experiment)
    trainer.run(10**6)
    measured = compare_modes(trainer)
    assert modes["evaluation"]["median"] == [np.median(measured.evaluation)]
    shown = [floats(packed) for packed in modes["modes"]["median"]]
    assert np.allclose(shown[0], np.median(measured.shuffled, axis=1), rtol=1e-3)
    assert np.allclose(shown[1], np.median(measured.sorted, axis=1), rtol=1e-3)
    losers = int((measured.cost(8) > 0).sum())
    assert f"{losers} of {N_SEEDS} networks lose" in evaluation.words
    assert f"**{100 * np.median(measured.cost(8)):.1f} points**" in evaluation.words


def test_the_knobs_of_the_stream_do_not_train_anew(evaluation, monkeypatch):
    before, trained = evaluation.figures, []
    monkeypatch.setattr(
        "playground.topics.batch_norm.running_statistics.seeds_trainer", lambda x: trained.append(x) or seeds_trainer(x)
    )
    evaluation.turn("momentum", 0.5).turn("batch_size", 1)
    assert trained == []
    assert evaluation.figures[2:] == before[2:]
    assert evaluation.figures[0] != before[0]
    assert "the running variance stays at its start" in evaluation.words
    evaluation.turn("seed", 7654)  # in no other test: what was once trained is kept
    assert [experiment.seed for experiment in trained] == [7654]


TAKES_LONG = "epochs"


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.exhaustive] * (name == TAKES_LONG)) for name in Evaluation.knobs()]
)
def test_every_knob_of_the_evaluation_turns_to_both_ends(evaluation, name):
    for value in ends(Evaluation.knobs()[name]):
        evaluation.turn(name, value)
        assert len(evaluation.charts) == 5
        assert name in evaluation.url


def test_without_hidden_layers_it_is_said_that_nothing_is_normalised(evaluation):
    evaluation.turn("hidden", 0)
    assert "both modes are the same" in evaluation.words


# The URL


def test_the_url_opens_the_same_page_for_another_visitor(visit, batch):
    batch.turn("gain", 5.0).turn("feature", 3)
    assert follow(visit(), **batch.url).figures == batch.figures


def test_sections_of_other_pages_are_not_taken_for_those_of_this_one(visit):
    visitor = follow(visit(), "pages/initialization.py", section="signal", depth="4", width="8").go(PAGE)
    assert visitor.url["section"] == "batch"
    assert visitor.set("section", "evaluation").go("pages/initialization.py").url["section"] == "race"


@pytest.mark.parametrize(
    ("section", "query"),
    [
        ("batch", {"batch_size": "0", "gain": "inf", "gamma": "nan", "feature": "99", "example": "-3", "dataset": ""}),
        ("evaluation", {"momentum": "0", "batch_size": "1e9", "n_batches": "x", "dataset": "xor", "epochs": "-1"}),
        ("nowhere", {"seed": "9" * 500, "<b>": "1"}),
    ],
)
def test_what_is_wrong_in_a_url_is_replaced_and_named(visit, section, query):
    visitor = follow(visit(), section=section, **query)
    assert len(visitor.notices) == len(query)
    assert len(visitor.charts) == (5 if section == "evaluation" else 3)
