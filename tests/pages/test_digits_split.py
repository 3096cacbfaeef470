"""Two ways to split the digits: a comparison that ends with a verdict."""

import pytest

from playground.settings.knobs import Choice, Number
from playground.topics.digits.splits import TwoSplits

PAGE = "pages/digits.py"
SMALL = {"n_seeds": 2, "epochs": 2, "hidden": 1}


@pytest.fixture
def section(visit):
    visitor = visit().go(PAGE).set("section", "split")
    for name, value in SMALL.items():
        visitor.turn(name, value)
    return visitor


# Two ways to split


def test_the_section_opens_with_its_pictures_and_says_what_to_do(section):
    assert len(section.charts) == 3
    assert all(chart.alt for chart in section.charts)
    assert "Press **Play**" in section.words
    assert section.url["section"] == "split"
    assert section.notices == []


def test_a_comparison_that_is_played_ends_with_a_verdict_and_the_digits_that_fail(section):
    section.press("Play")
    assert "Epoch 2 of 2 · 4 networks" in section.timeline
    assert "With 2 seeds the test can show none: take at least 6" in section.words
    assert "Last part: most often wrong are **" in section.words
    assert "After epoch 2:" in section.charts[0].alt


def test_the_same_comparison_gives_the_same_pictures(section):
    first = section.press("Epoch", 2).figures
    assert section.press("Reset").press("Epoch", 2).figures == first
    assert section.press("New seed").press("Epoch", 2).figures != first


def test_that_the_last_part_differs_is_measured_and_not_told(section):
    assert "nearest one to an image of the last part is in the last part" in section.words
    before = section.charts[2].alt
    section.turn("train_share", 0.5)
    assert section.charts[2].alt != before


def test_what_is_compared_has_no_control(section):
    keys = {widget.key for kind in ("selectbox", "slider", "toggle") for widget in section.app.sidebar.get(kind)}
    assert not {"knob-split", "knob-dataset", "knob-n_points"} & keys
    assert section.widget("knob-data_seed") is not None


def test_a_link_opens_the_same_networks(visit, section):
    first = section.turn("activation", "tanh").press("Epoch", 2)
    link = dict(first.url)
    assert TwoSplits.knobs().keys() - {"changes"} <= link.keys()
    second = visit().go(PAGE)
    second.app.query_params.update(link)
    second.app.session_state["section"] = "split"  # as on a fresh start, where the URL says it
    second.run()
    assert second.press("Epoch", 2).figures == first.figures


def test_a_malformed_link_opens_with_what_is_near_and_says_so(visit):
    visitor = visit().go(PAGE)
    visitor.app.query_params.update(
        section="split", n_seeds="-1", split="`x`\n", hidden="a", epochs="9e99", data_seed="1e9", train_share="nan"
    )
    visitor.app.session_state["section"] = "split"
    visitor.run()
    shown = {name: visitor.url[name] for name in ("n_seeds", "epochs", "data_seed", "train_share", "hidden")}
    assert shown == {"n_seeds": "2", "epochs": "1000", "data_seed": "999999", "train_share": "0.8", "hidden": "128-64"}
    assert "split" not in visitor.url
    assert any("`split`" in notice for notice in visitor.notices)


@pytest.mark.exhaustive  # in the quick tests: those of a sweep
@pytest.mark.parametrize("end", ["low", "high"])
def test_every_knob_may_stand_at_its_ends(section, end):
    for name, knob in TwoSplits.knobs().items():
        if isinstance(knob, Number):
            before = section.widget(f"knob-{name}").value
            section.turn(name, getattr(knob, end)).press("Reset").press("Mini-batch").turn(name, before)
    assert len(section.charts) == 3


@pytest.mark.exhaustive
def test_every_choice_trains(section):  # as in a sweep, with other examples
    for name, knob in TwoSplits.knobs().items():
        if isinstance(knob, Choice) and name != "dataset":
            for option in knob.options:
                section.turn(name, option).press("Mini-batch")
    assert len(section.charts) == 3
