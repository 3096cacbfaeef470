"""Every page opens, and on the playground all that a student can press, turn or type into the URL does what it says."""

import inspect
import re
from pathlib import Path
from textwrap import dedent
from urllib.parse import parse_qsl, urlsplit

import pytest
from variations import others

from playground.nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, BatchNorm, Dense, NeuralNetwork
from playground.settings.knobs import Choice, Flag, Widths
from playground.training.experiment import KNOBS

PAGES = sorted((Path(__file__).parents[2] / "pages").glob("*.py"))
OPTIONS = [(name, option) for name, knob in KNOBS.items() if isinstance(knob, Choice) for option in knob.options]
LIVE = [name for name, knob in KNOBS.items() if knob.live]
STARTING_ANEW = [name for name, knob in KNOBS.items() if not knob.live and name != "changes"]
EPOCH = 7  # mini-batches of 32 in 210 training points
COPIES = "Units are copies of each other"
DIVERGED = "The training has diverged and was stopped"
DIVERGING = {
    "activation": "relu",
    "initializer": "unit_normal",
    "hidden": "-".join(["64"] * 10),
    "learning_rate": "10",
}
MARKUP = [
    "**strong**", "_emphasis_", "~~struck~~", "`code`", "# Title", "$x^2$", "<b>bold</b>", "<script>alert(1)</script>",
    "[text](http://elsewhere.example)", "![](http://elsewhere.example)", "http://elsewhere.example",
    "www.elsewhere.example", "me@elsewhere.example", ":red[text]", ":material/home:", ":smile:",
]  # fmt: skip


def another(name):
    """A value of a knob that is not its default, as its widget takes it."""
    knob = KNOBS[name]
    match knob:
        case Choice():
            return next(option for option in knob.options if option != knob.default)
        case Flag():
            return not knob.default
        case Widths():
            return len(knob.default) + 1
    return others(knob, knob.default)[-1] if knob.default == knob.low else knob.low


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_page_opens_and_leaves_the_playground_as_it_was(visit, path):
    page = visit().press("Epoch", times=2)
    trained = page.figures
    page.go(f"pages/{path.name}")
    assert page.app.title
    assert page.notices == []
    assert page.go("pages/playground.py").figures == trained


# What a visitor finds


def test_the_playground_opens_with_an_untrained_network_and_says_what_to_do(visit):
    page = visit()
    assert page.epoch == 0
    assert "Press **Play**" in page.words
    assert page.button("Play").proto.type == "primary"
    assert page.notices == []


def test_seven_charts_each_say_in_words_what_they_show(visit):
    words = [chart.alt for chart in visit().charts]
    assert len(words) == len(set(words)) == 7
    assert all(words)


def test_every_knob_stands_in_the_sidebar_with_its_help(visit):
    page = visit(dataset="blobs")
    for name in KNOBS.keys() - {"changes"}:
        widget = page.app.sidebar.get_by_key(f"knob-{name}")
        assert widget.label == KNOBS[name].label
        assert widget.help.startswith(KNOBS[name].help)


def test_knobs_that_do_nothing_for_the_data_are_away(visit):
    shown = {widget.key for widget in visit(dataset="xor").app.sidebar if getattr(widget, "key", None)}
    assert "knob-hidden" in shown
    assert not shown & {f"knob-{name}" for name in ("n_classes", "n_points", "noise", "train_share", "data_seed")}


@pytest.mark.parametrize("initializer", INITIALIZERS.values(), ids=lambda initializer: initializer.name)
def test_the_initialiser_tells_its_formula_its_variances_here_and_its_source(visit, initializer):
    page = visit(initializer=initializer.name, hidden="4-16")
    note = next(caption.value for caption in page.app.sidebar.caption if initializer.meaning in caption.value)
    assert f"${initializer.formula}$" in note
    assert ", ".join(f"**{initializer.variance(*fans):.3g}**" for fans in [(2, 4), (4, 16), (16, 2)]) in note
    assert initializer.source in note


def test_the_code_on_the_page_is_the_code_that_runs(visit):
    page = visit(initializer="zeros", batch_norm="on", activation="relu", optimizer="adam")
    shown = [code.value.strip() for code in page.app.code]
    draw, activation, optimizer = INITIALIZERS["zeros"].function, ACTIVATIONS["relu"], OPTIMIZERS["adam"]
    pieces = [NeuralNetwork.step, Dense, draw, BatchNorm, activation, optimizer]
    assert [piece for piece in pieces if dedent(inspect.getsource(piece)).strip() not in shown] == []


# Buttons


def test_mini_batch_and_epoch_train_that_far(visit):
    page = visit()
    assert page.press("Mini-batch").epoch == pytest.approx(32 / 210, abs=5e-4)
    assert page.press("Epoch").epoch == 1
    assert page.press("Epoch").epoch == 2
    assert page.figures != visit().figures


def test_reset_brings_the_same_numbers_again(visit):
    page = visit()
    untrained = page.figures
    trained = page.press("Epoch", times=3).figures
    assert trained != untrained
    assert page.press("Reset").figures == untrained
    assert page.press("Epoch", times=3).figures == trained


def test_new_seed_brings_other_numbers_on_the_same_points(visit):
    page = visit()
    before, points = page.figures, page.points
    page.press("New seed")
    assert page.url["seed"] == "1"
    assert page.points == points
    assert page.figures != before


def test_play_trains_to_the_last_epoch_and_ends(visit):
    page = visit(epochs="3").press("Play")
    assert page.epoch == 3
    assert page.button("Play")
    assert page.button("Mini-batch").disabled
    assert page.button("Epoch").disabled
    assert page.figures[0] == visit(epochs="3").press("Epoch", times=3).figures[0]  # a slow frame adds points to curves


def test_play_after_the_end_starts_again_with_the_knobs_as_they_stand(visit):
    page = visit(epochs="3").press("Play").turn("learning_rate", 0.5).press("Play")
    assert page.epoch == 3
    assert "changes" not in page.url
    assert page.figures[0] == visit(epochs="3", learning_rate="0.5").press("Play").figures[0]


@pytest.mark.parametrize("speed, moments", [("Slow", 2 * EPOCH + 1), ("Normal", 3), ("Fast", 3)])
def test_speed_is_how_far_a_frame_goes_and_does_not_change_the_result(visit, speed, moments):
    """On a busy machine a frame may end within an epoch: that is a moment more."""
    page = visit(epochs="2").set("speed", speed).press("Play")
    shown = page.widget("moment").options
    assert {"0", "1", "2"} <= set(shown)
    assert len(shown) == moments or moments < len(shown) < 2 * EPOCH + 1
    assert page.figures[0] == visit(epochs="2").press("Epoch", times=2).figures[0]


# Knobs


@pytest.mark.parametrize(
    "name, option",
    [
        pytest.param(name, option, marks=[pytest.mark.exhaustive] * (option not in list(KNOBS[name].options)[-2:]))
        for name, option in OPTIONS
    ],
)  # the last are the newest
def test_every_option_can_be_chosen_and_trained(visit, name, option):
    page = visit().turn(name, option).press("Epoch")
    assert page.url[name] == option
    assert page.epoch == 1
    assert len(page.charts) == 7


@pytest.mark.parametrize("name", LIVE)
def test_a_live_knob_keeps_the_network_and_counts_from_the_next_step(visit, name):
    page = visit().press("Epoch", times=2)
    before, value = page.figures, another(name)
    page.turn(name, value)
    assert page.epoch == 2
    assert page.figures == before
    if name == "epochs":
        assert page.url["epochs"] == str(value)
    else:
        assert page.url["changes"] == f"{2 * EPOCH + 1}.{name}.{KNOBS[name].write(value)}"
        assert f"changed from step {2 * EPOCH + 1} on" in page.words
        assert page.press("Epoch").figures != visit().press("Epoch", times=3).figures


@pytest.mark.parametrize("name", STARTING_ANEW)
def test_any_other_knob_starts_a_new_network_and_the_page_says_so(visit, name):
    page = visit(dataset="blobs").press("Epoch", times=2)
    before = page.url[name]
    page.turn(name, another(name))
    assert page.epoch == 0
    assert page.url[name] != before
    assert f"{KNOBS[name].label} changed: a new network starts" in page.words


def test_each_layer_has_a_width_of_its_own(visit):
    page = visit().set("width-1", 3)
    assert page.url["hidden"] == "8-3"
    assert page.turn("hidden", 4).url["hidden"] == "8-3-3-3"
    assert page.turn("hidden", 0).url["hidden"] == "0"
    assert page.turn("hidden", 1).url["hidden"] == "8"


def test_more_epochs_let_a_finished_run_go_on(visit):
    page = visit(epochs="2").press("Play")
    assert page.turn("epochs", 5).press("Epoch").epoch == 3


def test_a_run_full_of_changes_starts_anew_at_the_next(visit):
    changes = "~".join(f"{step}.l2.0.0{step % 2 + 1}" for step in range(1, 51))
    page = visit(changes=changes).press("Epoch", times=8).turn("learning_rate", 0.5)
    assert page.epoch == 0
    assert "50 changes" in page.words
    assert "changes" not in page.url


# The URL


def test_a_url_opens_the_experiment_it_describes(visit):
    query = {"dataset": "moons", "hidden": "5-3", "batch_norm": "on", "learning_rate": "0.05", "n_points": "123"}
    page = visit(**query)
    assert page.notices == []
    assert query.items() <= page.url.items()
    shown = {"knob-dataset": "moons", "knob-hidden": 2, "width-0": 5, "width-1": 3, "knob-batch_norm": True}
    for key, value in (shown | {"knob-learning_rate": 0.05, "knob-n_points": 123}).items():
        assert page.widget(key).value == value


def test_a_copied_url_gives_the_same_figures_changes_in_the_run_included(visit):
    page = visit().press("Epoch").press("Mini-batch", times=3).turn("optimizer", "adam").press("Epoch", times=2)
    copy = visit(**page.url)
    assert copy.epoch == 0
    assert copy.press("Epoch", times=3).figures[0] == page.figures[0]


def test_the_share_link_is_the_url(visit):
    page = visit()
    page.app.context["url"] = "http://somewhere/playground?seed=5"
    link = urlsplit(page.turn("learning_rate", 0.5).app.code[0].value)
    assert link.netloc + link.path == "somewhere/playground"
    assert dict(parse_qsl(link.query)) == page.url


@pytest.mark.parametrize(
    "name, text, instead",
    [
        ("dataset", "moon", "moons"),
        ("dataset", "x" * 100_000, "xor_clouds"),
        ("n_classes", "99", "5"),
        ("n_points", "1e400", "1000"),
        ("n_points", "nan", "300"),
        ("n_points", "-5", "2"),
        ("n_points", "3.7", "4"),
        ("noise", "-inf", "0.0"),
        ("train_share", "0", "0.1"),
        ("hidden", "-".join(["64"] * 12), "-".join(["64"] * 10)),
        ("hidden", "999", "64"),
        ("hidden", "8-0", "8-1"),
        ("hidden", "8--8", "8-8"),
        ("hidden", "many", "8-8"),
        ("activation", "RELU", "relu"),
        ("initializer", "\x00", "glorot_normal"),
        ("batch_norm", "maybe", "off"),
        ("seed", "9" * 5_000, "999999"),
        ("learning_rate", "inf", "10.0"),
        ("learning_rate", "", "0.1"),
        ("epochs", "0", "1"),
        ("changes", "garbage", None),
        ("changes", "9.epochs.5", None),
        ("changes", "9.learning_rate", None),
        ("changes", "9.learning_rate.nan", None),
        ("changes", "0.l2.7", "1.l2.0.1"),
        ("changes", "~".join(f"{step}.l2.0.1" for step in range(1, 61)), "~".join(f"{n}.l2.0.1" for n in range(1, 51))),
    ],
    ids=lambda text: str(text)[:20],
)
def test_what_is_wrong_in_a_url_is_replaced_and_named(visit, name, text, instead):
    page = visit(**{name: text})
    assert len(page.notices) == 1
    assert page.notices[0].startswith(f"{KNOBS[name].label}: `")
    assert f"was replaced by `{instead or 'nothing'}"[:50] in page.notices[0]
    assert page.url.get(name) == instead
    assert page.press("Epoch").epoch == 1


def test_an_unknown_setting_is_left_out_and_named(visit):
    page = visit(learning_speed="1", **{"x" * 10_000: "1"})
    assert ["learning_speed" in notice for notice in page.notices] == [True, False]
    assert all(notice.startswith("Unknown setting `") and len(notice) < 100 for notice in page.notices)
    assert not page.url.keys() - KNOBS.keys()


def test_notices_quote_markup_as_no_more_than_text(visit):
    notices = visit(**dict(zip(KNOBS, MARKUP, strict=False)), **dict.fromkeys(MARKUP, "1")).notices
    assert len(notices) == 2 * len(MARKUP)
    prose = re.sub("`[^`]*`", "", "\n".join(notices))
    assert [markup for markup in MARKUP if markup in prose] == []


# Looking back


def test_the_slider_shows_earlier_moments_as_they_were(visit):
    page = visit()
    shown = [page.press("Epoch").figures for _ in range(4)]
    assert page.set("moment", 2).epoch == 2
    assert page.figures == shown[1]
    assert page.set("moment", 4).epoch == 4
    assert page.figures == shown[3]


def test_moments_close_to_each_other_can_be_told_apart(visit):
    page = visit(batch_size="1").press("Epoch", times=10)
    shown = [page.figures, *(page.press("Mini-batch").figures for _ in range(4))]
    assert [page.set("moment", 10 + later).figures == figures for later, figures in enumerate(shown)] == [True] * 5


def test_training_goes_on_from_the_newest_moment(visit):
    page = visit().press("Epoch", times=4).set("moment", 1).press("Epoch")
    assert page.epoch == 5
    assert page.figures == visit().press("Epoch", times=5).figures


# Runs that go wrong, and data at its bounds


def test_a_diverged_run_says_so_and_reset_brings_it_back(visit):
    page = visit(**DIVERGING).press("Epoch")
    assert DIVERGED in page.words
    assert len(page.charts) == 7
    assert page.button("Mini-batch").disabled
    assert page.button("Epoch").disabled
    page.press("Reset")
    assert DIVERGED not in page.words
    assert page.epoch == 0
    assert not page.button("Epoch").disabled


def test_copies_are_found_and_one_click_remedies_them(visit):
    page = visit(initializer="zeros").press("Epoch")
    assert COPIES in page.words
    page.press("Try Xavier/Glorot normal")
    assert page.url["initializer"] == "glorot_normal"
    assert COPIES not in page.press("Epoch").words


@pytest.mark.parametrize(
    "query",
    [
        {"dataset": "xor"},
        {"n_points": "2"},
        {"n_points": "2", "train_share": "1.0"},
        {"n_points": "2", "train_share": "0.1", "batch_size": "1", "batch_norm": "on"},
        {"n_points": "2", "dataset": "blobs", "n_classes": "5"},
        {"train_share": "0.1"},
        {"train_share": "1.0", "n_points": "1000", "batch_size": "1000"},
        {"hidden": "0"},
        {"hidden": "1"},
        {"batch_size": "1", "batch_norm": "on", "dataset": "xor"},
    ],
    ids=lambda query: "&".join(f"{name}={text}" for name, text in query.items()),
)
def test_the_least_and_the_most_of_everything_trains(visit, query):
    page = visit(**query)
    assert page.notices == []
    assert page.press("Epoch", times=2).epoch == 2
    assert len(page.charts) == 7


# More than one visitor


def test_visitors_of_one_link_have_each_their_own_run(visit):
    one, other = visit(), visit()
    untouched = other.figures
    one.press("Epoch", times=2).turn("learning_rate", 1.0)
    assert other.run().figures == untouched
    one.turn("activation", "relu").press("Epoch")
    assert other.press("Epoch").figures == visit().press("Epoch").figures
    assert other.url == visit().url
