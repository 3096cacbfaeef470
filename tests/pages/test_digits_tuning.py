"""Tuning on the test: a choice that is played ends with what it costs, and a link opens the same one."""

import pytest

from playground.topics.digits.tuning import Tuning, TuningTrainer, reading

PAGE = "pages/digits.py"


@pytest.fixture
def section(visit):
    visitor = visit().go(PAGE).set("section", "tuning")
    return visitor.turn("n_seeds", 3).turn("n_candidates", 4).turn("epochs", 2)


def test_a_choice_that_is_played_ends_with_what_it_costs(section):
    assert len(section.charts) == 2
    assert all(chart.alt for chart in section.charts)
    section.press("Play")
    assert "Epoch 2 of 2 · 12 networks at once" in section.timeline
    trainer = TuningTrainer(Tuning(n_seeds=3, n_candidates=4, epochs=2))
    trainer.run()
    assert reading(trainer) in section.words
    assert section.url["n_candidates"] == "4"


def test_new_seeds_give_other_figures_and_a_reset_the_same(section):
    first = section.press("Epoch").figures
    assert section.press("Reset").press("Epoch").figures == first
    assert section.press("New seed").press("Epoch").figures != first
