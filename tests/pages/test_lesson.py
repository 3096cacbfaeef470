"""A lesson's link opens what it says, with only the controls that stay; and sharing leads to such a link."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from playground.ui.opening import plain
from playground.ui.share import qr_code

TASK = "Find the learning rate at which the loss explodes."


def lesson(visit, **about):
    return visit(**{"hidden": "4", "title": "Too fast", "task": TASK, "controls": "learning_rate~seed"} | about)


def knobs(visitor):
    keys = [widget.key for widget in visitor.app.sidebar if getattr(widget, "key", None)]
    return {key.removeprefix("knob-") for key in keys if key.startswith("knob-")}


def test_a_lesson_says_its_task_and_shows_only_the_controls_that_stay(visit):
    visitor = lesson(visit)
    assert visitor.notices == []
    assert "**Too fast**" in visitor.words
    assert plain(TASK) in visitor.words
    assert knobs(visitor) == {"learning_rate", "seed"}
    assert visitor.url["controls"] == "learning_rate~seed"
    assert visitor.url["hidden"] == "4"


def test_the_controls_that_stay_turn_and_the_lesson_stays_too(visit):
    visitor = lesson(visit).turn("learning_rate", 1.0)
    assert visitor.url["learning_rate"] == "1.0"
    assert plain(TASK) in visitor.words
    assert visitor.press("Epoch").epoch == 1


def test_a_lesson_can_be_left(visit):
    visitor = lesson(visit, controls="none")
    assert knobs(visitor) == set()
    visitor.press("Leave the lesson")
    assert {"hidden", "optimizer"} <= knobs(visitor)
    assert "task" not in visitor.url
    assert visitor.url["hidden"] == "4"


@pytest.mark.parametrize("controls", ["none~~", "<b>", "a" * 5000, "learning_rate~nothing", "~", "é~seed"])
def test_no_list_of_controls_does_harm(visit, controls):
    assert knobs(lesson(visit, controls=controls)) <= {"learning_rate", "seed", "é"}


MARKUP = [
    "**strong**",
    "`code`",
    "# Title",
    "$x^2$",
    "<script>alert(1)</script>",
    "[a](http://b.example)",
    ":red[text]",
]


@pytest.mark.parametrize("text", MARKUP)
def test_what_a_link_says_is_never_markup(visit, text):
    visitor = lesson(visit, task=text)
    assert plain(text) in visitor.words
    assert text not in visitor.words.replace(plain(text), "")


def shared_link(visitor):
    [address] = [code.value for code in visitor.app.code if "dataset=" in code.value]
    return dict(parse_qsl(urlsplit(address).query))


def test_share_makes_the_link_of_a_lesson(visit):
    visitor = visit(hidden="4")
    assert shared_link(visitor) == visitor.url
    visitor.set("share-title", "Too fast").set("share-task", TASK)
    fixed = sorted(knobs(visitor) - {"learning_rate", "seed"})
    visitor.set("share-fixed", fixed)
    query = shared_link(visitor)
    again = visit(**query)
    assert again.notices == []
    assert knobs(again) == {"learning_rate", "seed"}
    assert plain(TASK) in again.words
    assert "task" not in visitor.url  # to make a lesson does not open it


@pytest.mark.parametrize("page", ["initialization", "forward_backward", "batch_norm", "digits"])
def test_every_page_can_be_shared(visit, page):
    visitor = visit().go(f"pages/{page}.py")
    query = shared_link(visitor)
    assert query == visitor.url


def test_the_presenter_view_has_larger_type(visit):
    def sets_the_size_of_all_type(visitor):
        return any("html { font-size" in element.proto.body for element in visitor.app.get("html"))

    assert not sets_the_size_of_all_type(visit())
    assert sets_the_size_of_all_type(visit(present="on"))


def test_the_qr_code_of_a_link_is_a_picture():
    assert qr_code("http://localhost:8501/?dataset=xor").startswith(b"\x89PNG")


@pytest.mark.browser
def test_an_address_in_a_lesson_is_text(browse):
    tab = browse(title="www.elsewhere.example", task="Go to http://elsewhere.example, WWW.b.example or me@b.example!")
    task = tab.page.get_by_text("Go to http")
    assert task.count() == 1
    assert tab.page.locator("a[href*=example]").count() == 0
    assert "\\" not in task.inner_text()
