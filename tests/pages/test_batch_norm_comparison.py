"""With batch normalisation and without: pairs of runs that show who leads, and sweeps that show what range trains."""

import pytest

from playground.settings.knobs import Choice, Number, Widths
from playground.topics.batch_norm.paired_runs import Pairs
from playground.topics.batch_norm.sweep import SWEPT, Sweep

PAGE = "pages/batch_norm.py"
SMALL = {"n_seeds": 2, "n_points": 40, "epochs": 5, "hidden": 2}


def opened(visit, section, **knobs):
    """A section with small networks, set with the controls, as a visitor would."""
    visitor = visit().go(PAGE).set("section", section)
    for name, value in (SMALL | knobs).items():
        visitor.turn(name, value)
    return visitor


@pytest.fixture
def pairs(visit):
    return opened(visit, "pairs")


@pytest.fixture
def sweep(visit):
    return opened(visit, "sweep", n_values=7)


# With and without


def test_the_pair_of_runs_opens_with_a_picture_for_each_and_says_what_to_do(visit):
    visitor = visit().go(PAGE).set("section", "pairs")
    assert len(visitor.charts) == 6
    assert all(chart.alt for chart in visitor.charts)
    assert "Press **Play**" in visitor.words
    assert visitor.url["section"] == "pairs"
    assert visitor.notices == []


def test_a_link_with_the_name_that_the_section_had_opens_it(visit):
    visitor = visit().go(PAGE, section="duel", n_seeds="3")
    assert visitor.url["section"] == "pairs"
    assert visitor.url["n_seeds"] == "3"
    assert visitor.notices == []
    assert "both networks of a pair" in visitor.words


def test_a_pair_of_runs_that_is_played_ends_with_a_verdict(pairs):
    pairs.turn("n_seeds", 10).turn("learning_rate", 0.2).turn("dataset", "blobs").turn("epochs", 20).press("Play")
    assert "Epoch 20 of 20" in pairs.timeline
    rows = pairs.app.dataframe[0].value
    assert list(rows["Contestant"]) == ["Unit normal", "Unit normal + BN"]
    assert "of 10 pairs of networks" in pairs.words


def test_the_same_pair_of_runs_gives_the_same_pictures(pairs):
    first = pairs.press("Epoch", 3).figures
    assert pairs.press("Reset").press("Epoch", 3).figures == first


def test_the_seed_shown_is_one_of_the_pair_of_runs_whose_measurements_are_kept(pairs):
    pairs.press("Epoch", 2)
    assert pairs.widget("shown").value == 0
    before = pairs.figures
    assert pairs.set("shown", 1).figures != before
    assert pairs.set("shown", 0).figures == before


def test_a_pair_of_runs_without_hidden_layers_has_no_inputs_of_activations_to_show(pairs):
    pairs.turn("hidden", 0).press("Epoch")
    assert len(pairs.charts) == 4
    assert "What each activation function gets" not in [header.value for header in pairs.app.subheader]


# Learning rate and gain


def test_a_sweep_opens_and_plays_to_its_end_with_a_reading(sweep):
    assert len(sweep.charts) == 2
    assert "Not trained yet] 28 networks" in sweep.words
    sweep.turn("dataset", "blobs").turn("epochs", 20).press("Play")
    assert "Epoch 20 of 20 · 28 networks at once" in sweep.timeline
    assert "After 20 epochs] at least half of the seeds train" in sweep.words
    assert len(sweep.app.dataframe[0].value) == 14


def test_what_is_swept_is_chosen_above_the_chart_and_has_no_slider(sweep):
    sidebar = {
        widget.key for kind in ("selectbox", "slider", "select_slider") for widget in sweep.app.sidebar.get(kind)
    }
    assert not {"knob-swept", "knob-learning_rate"} & sidebar
    sweep.turn("swept", "gain")
    assert sweep.url["swept"] == "gain"
    assert sweep.widget("knob-learning_rate") is not None
    assert all(SWEPT["gain"].label in chart.alt for chart in sweep.charts)


@pytest.mark.parametrize("section", ["pairs", "sweep"])
def test_a_link_opens_the_same_networks(visit, section, request):
    first = request.getfixturevalue(section).turn("activation", "relu").press("Epoch", 2)
    link = dict(first.url)
    record = {"pairs": Pairs, "sweep": Sweep}[section]
    assert record.knobs().keys() - {"changes"} <= link.keys()
    second = visit().go(PAGE)
    second.app.query_params.update(link)
    second.app.session_state["section"] = section  # as on a fresh start, where the URL says it
    second.run()
    assert second.press("Epoch", 2).figures == first.figures


@pytest.mark.parametrize("section", ["pairs", "sweep"])
def test_a_malformed_link_opens_with_what_is_near_and_says_so(visit, section):
    visitor = visit().go(PAGE)
    visitor.app.query_params.update(
        section=section, n_seeds="many", n_values="99", swept="gian", hidden="2-x", epochs="-3", nonsense="1"
    )
    visitor.app.session_state["section"] = section
    visitor.run()
    assert visitor.url["n_seeds"] == "8"
    assert visitor.url["epochs"] == "1"
    assert any("`nonsense`" in notice for notice in visitor.notices)
    if section == "sweep":
        assert visitor.url["n_values"] == "32"
        assert visitor.url["swept"] == "gain"


@pytest.mark.parametrize("end", ["low", pytest.param("high", marks=pytest.mark.exhaustive)])  # high: as with digits
def test_every_knob_of_a_sweep_may_stand_at_its_ends(sweep, end):
    sweep.turn("swept", "gain").turn("dataset", "blobs")
    for name, knob in Sweep.knobs().items():
        if isinstance(knob, Number):
            before = sweep.widget(f"knob-{name}").value
            sweep.turn(name, getattr(knob, end)).press("Reset").press("Mini-batch")
            sweep.turn(name, before)
        elif isinstance(knob, Widths):
            sweep.turn(name, 0 if end == "low" else knob.most).press("Mini-batch").turn(name, SMALL[name])
    assert len(sweep.charts) == 2


@pytest.mark.exhaustive  # each trains in the same loop
def test_every_choice_of_a_sweep_trains(sweep):
    for name, knob in Sweep.knobs().items():
        if isinstance(knob, Choice):
            for option in knob.options:
                sweep.turn(name, option).press("Mini-batch")
                assert len(sweep.charts) == 2


def test_the_table_can_be_taken_home(sweep):
    sweep.press("Epoch", 2)
    assert [button.label for button in sweep.app.get("download_button")].count("Download as CSV") == 1
