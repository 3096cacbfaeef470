"""The course week: every link opens what it says, answers are judged as they are computed, and progress is kept."""

import json
import re

import pytest

from playground.topics.course.progress import MAX_BYTES, Mark, Progress, Status
from playground.topics.course.station import SEEDS, STATIONS, Answer, answer, path
from playground.topics.course.week import CONCEPTS, RESOURCES
from playground.ui import navigation
from playground.ui.sections import course_week
from playground.ui.sections.course_week import OPENED

PAGE = "pages/course.py"
FIRST, SECOND, *_ = path(0)


@pytest.fixture
def week(visit):
    return visit().go(PAGE)


def state(visitor):
    return visitor.app.session_state[OPENED]


def seed(visitor):
    return state(visitor).progress.seed


def unfold(visitor, name):
    state(visitor).opened.add(name)
    return visitor.run()


def reply(visitor, name, given):
    """What the page says about an answer."""
    visitor.set(f"answer-{name}", given)
    visitor.widget(f"check-{name}").click()
    visitor.run()
    return state(visitor).replies[name]


def said(visitor):
    return [box.value for box in (*visitor.app.success, *visitor.app.warning, *visitor.app.info, *visitor.app.error)]


def links(visitor):
    return [element.proto for element in visitor.app.get("page_link")]


def load(visitor, content):
    visitor.widget("progress-file").set_value(("progress.json", content, "application/json"))
    return visitor.run()


def test_two_visitors_have_numbers_of_their_own(visit):
    assert seed(visit().go(PAGE)) != seed(visit().go(PAGE))


def test_the_page_shows_the_week_its_objectives_and_its_concepts(week):
    assert week.charts[0].alt == "Done: Theory 0 of 5 hours, Coding 0 of 5 hours, Project 0 of 4 hours."
    assert [bar.text.split(":")[0] for bar in week.app.progress] == [
        "Understand forward and backward propagation", "Master weight initialization techniques",
        "Learn batch normalization mathematics", "Implement multilayer networks from scratch",
    ]  # fmt: skip
    formulas = [element.value for element in week.app.latex]
    assert all(concept.formula in formula for concept, formula in zip(CONCEPTS, formulas, strict=True))
    assert [link.label for link in links(week)].count("See it live") == len(CONCEPTS) == 4
    cards = [caption.value for caption in week.app.caption if "CS231n" in caption.value]
    assert len(cards) == 4
    assert all(url in card for card in cards for url in RESOURCES.values())
    assert len(week.app.expander) == len(STATIONS)
    assert state(week).opened == {FIRST}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.exhaustive] * (i % 2)) for i, name in enumerate(STATIONS)]
)
def test_a_station_opens_its_page_with_its_knobs(visit, name):
    station = path(SEEDS - 1)[name]
    visitor = visit().go(f"pages/{station.page}.py", **station.query)
    assert visitor.notices == []
    assert visitor.url == station.query


@pytest.mark.parametrize("name", STATIONS)
def test_a_station_has_its_link_and_its_question(week, name):
    unfold(week, name)
    station = path(seed(week))[name]
    [link] = [link for link in links(week) if link.label == f"Open “{station.title}”"]
    first, _ = navigation.described()[0]
    assert link.page == ("" if station.page == first.stem else station.page)
    assert f"seed={seed(week)}" in link.query_string
    assert f"**Question.** {station.question}" in week.words
    assert [code.value for code in week.app.code] == [station.code] * bool(station.code)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.exhaustive] * (i % 3 > 0)) for i, name in enumerate(STATIONS)]
)
def test_a_right_answer_is_done_and_a_mistake_is_named(week, name):
    unfold(week, name)
    right = answer(name, seed(week))
    wrong = {
        mistake: value
        for mistake, value in right.mistakes.items()
        if right.mistake(value) == mistake and value == value
    }
    for mistake, value in list(wrong.items())[:1]:
        kind, words = reply(week, name, value if isinstance(value, str) else f"{float(value):.10g}")
        assert kind == "warning"
        assert f"It looks as if {mistake}." in words
        assert isinstance(value, str) or not re.search(rf"(?<![\w.]){re.escape(right.words)}(?![\w.])", words)
        assert state(week).progress.marks[name] == Mark(Status.OPEN, 1)
    kind, words = reply(week, name, right.words)
    assert (kind, words) == ("success", f"Right: the app computes {right.words}.")
    assert words in said(week)
    assert state(week).progress.marks[name] == Mark(Status.DONE, 1 + bool(wrong))


def test_the_next_station_unfolds_and_the_picture_follows(week):
    reply(week, FIRST, answer(FIRST, seed(week)).words)
    assert SECOND in state(week).opened
    assert "Theory 0.5 of 5 hours" in week.charts[0].alt
    assert "25%" in week.app.progress[0].text


def test_what_is_no_number_is_told_at_the_field_and_counts_for_nothing(week):
    for typed in ("abc", "nan", "1e999", "1/0"):
        week.set(f"answer-{FIRST}", typed)
        assert "Type a number" in week.words
        week.widget(f"check-{FIRST}").click()
        week.run()
        assert state(week).progress.marks[FIRST] == Mark()
        assert said(week) == []


def test_percent_is_a_share_or_a_number_as_the_question_asks(week):
    reply(week, FIRST, "25%")
    assert state(week).given[FIRST] == 0.25
    assert week.widget(f"answer-{FIRST}").placeholder == "a number, such as 0.25 or 1/3"
    unfold(week, "symmetry")
    right = answer("symmetry", seed(week)).value
    assert reply(week, "symmetry", f"{right:.4g} %")[0] == "success"
    assert "in percent" in week.widget("answer-symmetry").placeholder


def test_a_comma_that_may_be_one_of_thousands_is_asked_back(week):
    week.set(f"answer-{FIRST}", "1,000")
    assert "Is the comma in 1,000 one of thousands? Type 1000 or, with a decimal point, 1.0." in week.words
    assert FIRST not in state(week).given


def test_an_answer_with_too_few_digits_is_asked_back_and_no_attempt(week, monkeypatch):
    near = Answer(0.2287, {"this is the loss on the test points": 0.2312})
    monkeypatch.setattr(course_week, "answer", lambda name, seed: near)
    kind, words = reply(week, FIRST, "0.23")
    assert (kind, words.split(".")[0]) == ("info", "Close: give three digits")
    assert state(week).progress.marks[FIRST] == Mark()
    assert "this is the loss on the test points" in reply(week, FIRST, "0.231")[1]
    assert reply(week, FIRST, "0.229")[0] == "success"


def test_an_answer_must_be_given_before_it_is_checked(week):
    week.widget(f"check-{FIRST}").click()
    week.run()
    assert said(week) == ["Give an answer first."]
    assert state(week).progress.marks[FIRST] == Mark()


def test_an_answer_that_is_shown_counts_as_looked_up(week):
    right = answer(FIRST, seed(week)).words
    assert right not in "".join(said(week))
    week.widget(f"show-{FIRST}").click()
    week.run()
    assert said(week) == [f"The app computes {right}."]
    assert reply(week, FIRST, right)[0] == "success"
    assert state(week).progress.marks[FIRST].status == Status.SHOWN
    assert "Theory 0 of 5 hours" in week.charts[0].alt


def test_progress_answers_and_predictions_are_there_after_other_pages(week):
    own = seed(week)
    week.set(f"prediction-{FIRST}", "near 1/2")
    reply(week, FIRST, answer(FIRST, own).words)
    week.go("pages/playground.py").press("Epoch")
    week.go(PAGE)
    assert seed(week) == own
    assert state(week).progress.marks[FIRST].status == Status.DONE
    assert week.widget(f"prediction-{FIRST}").value == "near 1/2"
    assert week.widget(f"answer-{FIRST}").value != ""


def test_a_file_brings_progress_back(week):
    other = Progress((seed(week) + 1) % SEEDS, {FIRST: Mark(Status.DONE, 3), "xor": Mark(Status.SHOWN, 1)})
    load(week, other.to_json().encode())
    assert said(week) == ["Your progress is back."]
    assert state(week).progress == other
    assert state(week).opened == {SECOND}
    assert "Theory 0.5 of 5 hours" in week.charts[0].alt


def test_stations_that_are_not_known_are_told_and_left_out(week):
    file = json.loads(Progress(5).to_json())
    file["stations"]["__class__"] = {"status": "done", "attempts": 1}
    load(week, json.dumps(file).encode())
    assert "not known here were left out: 1." in said(week)[0]
    assert state(week).progress == Progress(5)


@pytest.mark.parametrize("content", [b"", b"[]", b"[" * 9000, b"{" + b" " * MAX_BYTES, b"\x80\x04]\x94."])
def test_a_bad_file_loses_nothing(week, content):
    reply(week, FIRST, answer(FIRST, seed(week)).words)
    before = state(week).progress
    load(week, content)
    assert "Your progress is as it was." in week.app.error[0].value
    assert state(week).progress is before
    assert before.marks[FIRST].status == Status.DONE
