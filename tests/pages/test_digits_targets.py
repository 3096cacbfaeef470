"""Targets of the digits: the test part is opened by a click, each look is told, and a proof runs over several seeds."""

import pytest

from playground.topics.digits.digits_experiment import Digits
from playground.topics.digits.targets import N_PROOF, TARGETS, accuracy_on_test
from playground.training.trainer import Trainer

PAGE = "pages/digits.py"
OPEN = "Open the test part"
PROVE = f"Prove it over {N_PROOF} network seeds"


@pytest.fixture
def trains(visit):
    """The section in which one network trains, with little work."""
    return visit().go(PAGE).turn("hidden", 0).turn("epochs", 5).turn("learning_rate", 0.5)


def test_at_first_no_target_is_reached_and_all_are_named(trains):
    for target in TARGETS.values():
        assert f":material/radio_button_unchecked: **{target.label}**: {100 * target.accuracy:g} %" in trains.words
    assert trains.words.count("Not tested so far.") == len(TARGETS)
    assert "test it to see what it gives" in trains.words


def test_the_test_part_stays_shut_until_it_is_opened(trains):
    assert trains.button(OPEN).disabled
    trains.press("Play")
    assert "Test accuracy" not in trains.words
    assert trains.words.count("Not tested so far.") == len(TARGETS)
    assert "(validation " in trains.timeline
    assert all("test" not in chart.alt for chart in trains.charts)
    trainer = Trainer(Digits(hidden=(), epochs=5, learning_rate=0.5))
    trainer.run()
    trains.press(OPEN)
    assert f"Test accuracy **{100 * accuracy_on_test(trainer):.1f} %** of 180 images" in trains.words
    assert "**Look 1** at this test part: an honest test." in trains.words


def test_from_the_second_look_on_the_page_says_that_it_is_no_honest_test_any_more(trains):
    trains.press("Play").press(OPEN).turn("learning_rate", 0.4).press("Play")
    assert "**Looked at once**" in trains.words
    trains.press(OPEN)
    assert "**Look 2** at this test part: no honest test any more" in trains.words
    trains.turn("split", "stratified").press("Play").press(OPEN)
    assert "**Look 1** at this test part: an honest test." in trains.words


def test_the_best_run_is_recorded_with_its_experiment_and_opens_again(trains):
    trains.press("Play").press(OPEN)
    assert "Best so far: **" in trains.words
    assert "Hidden layers 0" in trains.words
    best = dict(trains.url)
    trains.turn("learning_rate", 0.0001).press("Play").press(OPEN)
    assert trains.url["learning_rate"] == "0.0001"
    trains.app.get_by_key("open-course").click()
    trains.run()
    assert dict(trains.url) == best
    assert trains.epoch == 0


@pytest.mark.exhaustive  # trains to the end
def test_a_run_on_a_random_split_reaches_its_target_and_that_alone(trains):
    trains.turn("split", "stratified").turn("hidden", 1).set("width-0", 128).turn("epochs", 50).press("Play")
    trains.press(OPEN)
    assert f":green[:material/check_circle:] **{TARGETS['random'].label}**" in trains.words
    assert trains.words.count(":material/radio_button_unchecked:") == 2


def test_a_proof_runs_over_its_seeds_and_says_what_they_gave(trains):
    trains.turn("split", "shuffled").press(f"Prove it over {N_PROOF} split seeds")
    for _ in range(200):
        if not any(button.key == "stop-proof" for button in trains.app.button):
            break
        trains.run()
    assert f"The median of {N_PROOF} seeds is **" in trains.words
    assert "Split shuffled" in trains.words


def test_a_proof_can_be_stopped(trains):
    trains.turn("epochs", 1000).press(PROVE)
    assert any("networks train" in bar.proto.text for bar in trains.app.get("progress"))
    trains.press("Stop")
    assert trains.button(PROVE)
    assert "The median of" not in trains.words


def test_too_few_test_images_prove_nothing(trains):
    trains.turn("train_share", 0.9)
    assert trains.button(PROVE).disabled
    trains.press("Play")
    assert trains.button(OPEN).disabled
