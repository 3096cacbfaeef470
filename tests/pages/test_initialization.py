"""The page of initialisation schemes: a race that shows who leads, and what depth does to a signal."""

import re

import numpy as np
import pytest

from playground.charts import Profile, correlation_curves, depth_curves
from playground.topics.initialization.papers import PAPERS
from playground.topics.initialization.race import Race
from playground.topics.initialization.scheme_comparison import SchemeComparison, gain_or_reason
from playground.training.contestants import Contestant

PAGE = "pages/initialization.py"
SMALL = {"n_seeds": "10", "hidden": "8-8", "n_points": "60", "epochs": "5", "contestants": "zeros~he_normal"}


@pytest.fixture
def race(visit):
    """A small race, set with the controls, as a visitor would."""
    visitor = visit().go(PAGE)
    for name in ("n_seeds", "n_points", "epochs"):
        visitor.turn(name, int(SMALL[name]))
    return visitor.turn("contestants", SMALL["contestants"].split("~"))


def test_the_page_opens_on_a_race_with_a_picture_for_each_contestant(visit):
    visitor = visit().go(PAGE)
    assert len(visitor.charts) == len(Race().contestants) + 1
    assert all(chart.alt for chart in visitor.charts)
    assert all(contestant.label in visitor.words for contestant in Race().contestants)
    assert visitor.url["section"] == "race"


def test_playing_ends_with_standings_and_a_verdict(race):
    race.turn("epochs", 50).turn("learning_rate", 0.5).press("Play")
    assert "Epoch 50 of 50" in race.timeline
    table = race.app.dataframe[0].value
    assert list(table["Contestant"]) == ["Zeros", "He normal"]
    assert table["Verdict"][1].startswith("leads")
    assert table["Verdict"][0].startswith("behind He normal")


def test_before_the_end_of_a_race_the_verdict_is_open(race):
    race.turn("epochs", 50).turn("learning_rate", 0.5).press("Epoch", 3)
    assert set(race.app.dataframe[0].value["Verdict"]) == {"decided at the end"}
    assert "about one data set" in race.words


def test_the_same_race_gives_the_same_table(race, visit):
    first = race.press("Epoch", 2).app.dataframe[0].value
    second = race.press("Reset").press("Epoch", 2).app.dataframe[0].value
    assert first.equals(second)


def test_a_race_keeps_its_contestants_when_too_few_are_chosen(race):
    race.turn("contestants", ["zeros"])
    assert "At least 2 of them must stay" in race.words
    assert race.url["contestants"] == SMALL["contestants"]


def test_any_seed_can_be_shown(race):
    median = race.figures[:2]
    shown = {str(race.set("shown", seed).figures[1]) for seed in range(3)}
    assert len(shown) == 3
    assert race.set("shown", "median").figures[:2] == median


def test_few_seeds_are_told_to_be_too_few(race):
    assert "no difference can be shown" not in race.words
    race.turn("n_seeds", 2)
    assert "With 2 seeds no difference can be shown: take at least" in race.words


@pytest.mark.exhaustive  # trains a paper's experiment to its end
def test_a_papers_experiment_says_what_it_shows_and_what_holds_by_construction(visit):
    paper = PAPERS["saxe_10"]
    visitor = visit().go(PAGE).press(paper.title)
    assert visitor.words.count("shown here") == 2
    assert "not shown here" not in visitor.words
    assert visitor.words.count("holds by construction") == 1
    visitor.press("And at the learning rates 0.0033 and 0.03?")
    assert visitor.words.count("**Learning rate**: holds at") == 3


@pytest.fixture
def depth(visit):
    return visit().go(PAGE, section="signal", width="20", depth="4").turn("depth", 12)


def test_the_signal_through_depth_stands_in_the_url_and_on_charts(depth):
    assert depth.url["section"] == "signal"
    assert depth.url["depth"] == "12"
    assert len(depth.charts) == 3 + len(SchemeComparison().contestants)
    assert all(chart.alt for chart in depth.charts)


def test_the_gain_that_was_found_can_be_set(depth):
    depth.turn("activation", "relu").turn("contestants", ["lecun_normal"])
    gain = gain_or_reason("relu", "lecun_normal", 20)
    depth.press(f"Set the gain to {gain:.3g}")
    assert float(depth.url["gain"]) == pytest.approx(gain, rel=0.01)


def test_equal_weights_have_no_gain_and_no_theory_and_that_is_said(depth):
    depth.turn("contestants", ["zeros", "constant"])
    assert "No theory for" in depth.words
    assert "none" in depth.words


def test_a_line_over_depth_ends_where_the_signal_is_lost():
    picture = depth_curves("Signal", [Profile("A", np.array([[1.0, 1e-6, 1e-13, 0.0, np.nan, np.inf]]), None)])
    assert picture.tables["curves"].to_pylist()[0]["layer"].split() == ["1", "2"]
    [name] = picture.tables["names"].to_pylist()
    assert (name["contestant"], name["layer"]) == ("A", 2)


def test_names_at_the_ends_of_equal_lines_do_not_cover_each_other():
    same = [Profile(name, np.array([[1.0, 0.5, 0.25]]), None) for name in "ABCDEF"]
    for picture in (depth_curves("Signal", same), correlation_curves(same)):
        places = [name["value"] for name in picture.tables["names"].to_pylist()]
        assert len(set(places)) == 6
        assert max(places) <= 1
    first = depth_curves("Gradients", same, backward=True).tables["names"].to_pylist()
    assert {name["layer"] for name in first} == {1}


def test_contestants_are_named_as_in_the_catalogue():
    assert Contestant("he_normal", True).label == "He normal + BN"


def test_the_table_says_what_becomes_of_signal_and_gradient_and_has_only_columns_that_apply(depth):
    depth.turn("activation", "sigmoid").turn("contestants", ["glorot_normal"])
    [row] = depth.app.table[0].value.to_dict("records")
    assert row["Signal"].startswith("dies at layer")
    assert row["Size"] == "keeps, as in theory"
    assert row["Size lost in"].startswith("0 of 20 (theory:")
    assert row["Gradient lost in"].startswith("20 of 20 (theory:")
    assert "Saturated" in row
    assert "Dead" not in row
    depth.turn("activation", "relu").turn("contestants", ["unit_normal"])
    [row] = depth.app.table[0].value.to_dict("records")
    assert row["Signal"].startswith("explodes at layer")
    assert "Saturated" not in row
    assert "Dead" in row


def test_theory_says_beside_the_correlation_where_depth_leads_it(depth):
    depth.turn("contestants", ["unit_normal"]).turn("activation", "tanh")
    assert re.search(r"Unit normal.*χ₁ = .*ξ = .* layers", depth.words)
    depth.turn("activation", "silu")
    assert "no theory" in depth.words
    assert "no scatter is foretold" in depth.words


def test_as_many_networks_are_measured_as_there_are_seeds(depth):
    depth.turn("n_seeds", 2).turn("contestants", ["he_normal", "zeros"])
    he, zeros = depth.app.table[0].value["Size lost in"]
    assert "of 2" in he
    assert zeros == "1 of 1"  # nothing is random in them


def test_one_example_has_no_other_to_compare_with(depth):
    depth.turn("batch_size", 1)
    assert "there are no two to compare" in depth.words
    assert set(depth.app.table[0].value["Signal"]) == {"–"}
