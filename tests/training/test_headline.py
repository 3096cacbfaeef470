"""The headline of a moment says what is most urgent, or how the training goes, with the figures of the moment."""

import pytest
from runs import snapshot_after

from playground.text import number, percent
from playground.training.experiment import Experiment
from playground.training.findings import findings
from playground.training.findings.headline import Mood, headline

DIVERGES = {"hidden": (8,) * 10, "learning_rate": 10.0}


def test_an_untrained_network_is_said_to_be_one():
    seen = snapshot_after(0)
    told = headline(seen)
    assert (told.mood, told.finding) == (Mood.WAITING, None)
    assert number(seen.moment.train_loss) in told.text
    assert "0.69" in told.text  # ln 2, for two classes


def test_a_run_that_has_diverged_says_so_and_why_and_what_is_shown():
    seen = snapshot_after(40, **DIVERGES)
    assert seen.diverged
    told = headline(seen)
    assert (told.mood, told.title) == (Mood.FAILED, "Diverged")
    assert "learning rate 10 " in told.text
    assert f"epoch {seen.moment.epoch:.3g}, the last good state" in told.text
    assert told.finding.remedy["learning_rate"] < 10


def test_the_most_urgent_finding_is_the_headline_with_its_remedy():
    seen = snapshot_after(1, initializer="zeros")
    first, *_ = findings(seen)
    told = headline(seen)
    assert (told.mood, told.title, told.finding) == (Mood.BAD, first.title, first)


def test_a_network_that_has_learnt_is_said_to_have_with_its_accuracies():
    seen = snapshot_after(200)
    assert seen.moment.train_accuracy >= 0.95
    told = headline(seen, [])
    assert told.mood is Mood.GOOD
    assert percent(seen.moment.train_accuracy) in told.text
    assert percent(seen.moment.held_out_accuracy) in told.text


@pytest.mark.parametrize(("rate", "mood"), [(0.1, Mood.GOOD), (1e-4, Mood.BAD)])
def test_a_loss_that_falls_is_told_from_one_that_hardly_does(rate, mood):
    seen = snapshot_after(6, learning_rate=rate)
    assert seen.moment.train_accuracy < 0.95
    told = headline(seen, [])
    assert told.mood is mood
    assert number(seen.moments[0].train_loss) in told.text
    assert number(seen.moment.train_loss) in told.text


def test_without_test_points_nothing_is_said_of_them():
    assert "test" not in headline(snapshot_after(3, train_share=1.0), []).text
    assert Experiment().train_share < 1


def test_what_is_no_fault_is_no_bad_news():
    seen = snapshot_after(100, dataset="moons")
    assert all(finding.harmless for finding in findings(seen))
    assert findings(seen)
    assert headline(seen).mood == Mood.GOOD
