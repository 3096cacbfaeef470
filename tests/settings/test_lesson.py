"""A URL describes a lesson exactly, and no URL makes a harmful one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.settings.lesson import Lesson

LESSONS = [
    Lesson(),
    Lesson(title="Zeros", task="Why does nothing happen? Find the knob."),
    Lesson(controls=("learning_rate", "seed")),
    Lesson(controls=(), present=True),
]


@pytest.mark.parametrize("lesson", LESSONS, ids=repr)
def test_a_lesson_stands_in_a_url(lesson):
    assert Lesson.from_query(lesson.to_query()) == (lesson, [])


def test_no_lesson_adds_nothing_to_a_url():
    assert Lesson().to_query() == {}
    assert Lesson(present=True).to_query() == {"present": "on"}


def test_controls_that_stay():
    assert Lesson().shows("epochs")
    assert Lesson(controls=("epochs",)).shows("epochs")
    assert not Lesson(controls=("epochs",)).shows("seed")
    assert not Lesson(controls=()).shows("epochs")


@given(st.dictionaries(st.sampled_from(list(Lesson.knobs())), st.text(max_size=500)))
def test_any_text_gives_a_lesson_of_one_line_each(query):
    lesson, _ = Lesson.from_query(query)
    assert len(lesson.title) <= 80
    assert len(lesson.task) <= 240
    assert "\n" not in lesson.title + lesson.task
    assert all(name.isidentifier() for name in lesson.controls or ())
    assert Lesson.from_query(lesson.to_query()) == (lesson, [])
