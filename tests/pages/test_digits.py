"""The digits page: all views follow the run, whatever the knobs say, and the grid takes digits, files and nonsense."""

import re

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from uploads import five, saved

from playground.topics.digits.analysis import answers, images_to_show, misclassified
from playground.topics.digits.digits_experiment import Digits
from playground.topics.digits.upload import MOST_BYTES
from playground.training.trainer import Trainer

PAGE = "pages/digits.py"
MISTAKE = re.compile(r"true (\d), says (\d) \((> )?(\d+) %\)")
FEATURES = {"loss": 0, "accuracy": 1, "matrix": 2, "map": 3}


@pytest.fixture
def page(visit):
    return visit().go(PAGE)


@pytest.fixture
def drawing(page):
    return page.set("section", "draw")


def follow(visitor, **query):
    """Open the page with these parameters in the URL."""
    return visitor.go(PAGE, **query)


def tiles(visitor) -> str:
    """All small images, as they are sent to the browser."""
    return "\n".join(element.proto.body for element in visitor.app.get("html"))


def answer(visitor) -> np.ndarray:
    """The probabilities under the grid."""
    return pa.ipc.open_stream(visitor.figures[0][1]["answer"]).read_all()["probability"].to_numpy()


def send(visitor, data: bytes, name="digit.png"):
    visitor.app.file_uploader[0].upload(name, data, "image/png")
    return visitor.run()


# Training


@pytest.mark.parametrize("section", ["train", "split", "tuning", "draw"])
def test_every_section_opens_by_its_name_in_the_url(visit, section):
    visitor = follow(visit(), section=section, hidden="20-10", epochs="2")
    assert visitor.url["section"] == section
    assert visitor.url["hidden"] == "20-10"
    assert visitor.notices == []
    assert all(chart.alt for chart in visitor.charts)


def test_the_page_opens_with_the_course_s_script_and_says_how_it_ends(page):
    assert "are those of the course's script" in page.words
    query = {name: text for name, text in page.url.items() if name != "section"}
    assert query == Digits().to_query()
    page.turn("epochs", 2)
    assert "differs from the course's script in: Epochs" in page.words
    page.press("Back to the course's script")
    assert "are those of the course's script" in page.words
    assert page.epoch == 0


def test_all_views_are_of_the_same_moment_and_look_back_together(page):
    page.press("Epoch", times=2)
    trainer = Trainer(Digits())
    trainer.run(2 * trainer.steps_per_epoch)
    images = images_to_show(trainer.data)
    found = misclassified(images.labels, answers(trainer.network, images.X))

    matrix, places = page.charts[FEATURES["matrix"]].alt, page.charts[FEATURES["map"]].alt
    assert f"{len(images.labels) - len(found)} are right" in matrix
    assert f"{len(found)} are misclassified" in places
    shown = [(int(label), int(said)) for label, said, _, _ in MISTAKE.findall(tiles(page))]
    assert shown == [(each.label, each.said) for each in found[: len(shown)]]
    assert len(shown) == 24

    now, small = page.figures, tiles(page)
    page.set("moment", 1)
    assert all(before != after for before, after in zip(now, page.figures, strict=True))
    assert tiles(page) != small
    page.set("moment", 2)
    assert page.figures == now
    assert tiles(page) == small


def test_the_same_run_gives_the_same_pictures_however_it_is_watched(page):
    watched = page.press("Epoch", times=2).figures[FEATURES["map"] :]
    page.press("Reset").turn("epochs", 2).press("Play")
    assert page.figures[FEATURES["map"] :] == watched


def test_a_layer_and_units_can_be_chosen(page):
    assert "hidden 2" in page.charts[FEATURES["map"]].alt
    assert "Weights of unit 32," in tiles(page)
    assert "Weights of unit 33," not in tiles(page)
    page.set("layer", "Pixels").set("units", 96)
    assert "of pixels" in page.charts[FEATURES["map"]].alt
    assert "Weights of unit 128," in tiles(page)
    assert "Weights of unit 96," not in tiles(page)
    page.turn("hidden", 0)  # the only layer has ten units
    assert "Weights of unit 10," in tiles(page)
    page.turn("hidden", 1)
    assert page.app.get_by_key("layer").value == "Pixels"


@pytest.mark.parametrize(
    "knobs",
    [
        {"hidden": 0},
        {"hidden": 4},
        {"train_share": 1.0},
        {"train_share": 0.1},
        {"initializer": "zeros"},
        {"initializer": "unit_normal", "learning_rate": 10.0},
        {"batch_norm": True, "batch_size": 1},
        {"split": "stratified", "data_seed": 3},
    ],
    ids=str,
)
def test_whatever_the_knobs_say_it_trains_and_is_looked_at_and_answers(page, knobs):
    page.turn("epochs", 1)
    for name, value in knobs.items():
        page.turn(name, value)
    page.press("Play")
    assert len(page.charts) == 4
    assert "Weights of unit 1," in tiles(page)
    page.set("section", "draw")
    assert answer(page).sum() == pytest.approx(1)


def test_remedies_turn_knobs_that_the_page_has(page):
    page.turn("initializer", "zeros").turn("epochs", 1).press("Play")
    assert "Units are copies of each other" in page.words
    page.app.get_by_key("remedy-headline").click()
    page.run()
    assert page.url["initializer"] != "zeros"


# Drawing


def test_an_untrained_network_says_so_and_is_trained_with_one_click(page):
    page.turn("epochs", 2).set("section", "draw")
    assert "**The network is untrained**" in page.words
    assert answer(page).max() < 0.5
    page.press("Train it now")
    assert "Epoch 2 of 2" in page.words
    assert [button.label for button in page.app.button if button.label.startswith("Train")] == []
    assert "Epoch 2 of 2" in page.set("section", "train").timeline


def test_the_network_is_the_one_that_is_looked_at_in_training(page):
    page.press("Epoch", times=2).set("moment", 1).set("section", "draw")
    assert "Epoch 1 of 100" in page.words
    network = Trainer(Digits())
    network.run(network.steps_per_epoch)
    assert answer(page) == pytest.approx(answers(network.network, np.zeros((1, 64)))[0])


def test_an_empty_grid_and_nonsense_get_a_digit_too_and_it_is_said(drawing):
    assert "Nothing is drawn, and still it answers" in drawing.words
    drawing.press("Random pixels")
    assert "no digit, and still softmax shares out 100 %" in drawing.words
    assert "Entropy" in drawing.words


def test_images_are_put_on_the_grid_with_their_truth(page):
    page.press("Epoch", times=2).set("section", "draw")
    trainer = Trainer(Digits())
    trainer.run(2 * trainer.steps_per_epoch)
    images = images_to_show(trainer.data)
    probabilities = answers(trainer.network, images.X)
    for each in misclassified(images.labels, probabilities)[:2]:
        page.press("One it gets wrong")
        assert f"Validation image {each.index + 1} of 180: in truth a **{each.label}**" in page.words
        assert page.app.subheader[0].value.startswith(f"{each.said}, says the network")
        assert answer(page) == pytest.approx(probabilities[each.index], rel=1e-4)
    page.press("A validation image")
    number, truth = re.search(r"Validation image (\d+) of 180: in truth a \*\*(\d)\*\*", page.words).groups()
    assert images.labels[int(number) - 1] == int(truth)
    assert answer(page) == pytest.approx(probabilities[int(number) - 1], rel=1e-4)


@pytest.mark.parametrize("colours", [("white", "black"), ("#203060", "#f0e0c0")], ids=str)
def test_a_picture_is_shown_as_the_network_sees_it(drawing, colours):
    send(drawing, five(*colours))
    assert len(drawing.app.error) == 0
    assert "Your picture, cut out" in drawing.words
    assert all(words in tiles(drawing) for words in ("your picture", "32 x 32, black or white", "black ones in 4 x 4"))
    sent = answer(drawing)
    drawing.press("Random pixels")
    assert not np.allclose(answer(drawing), sent)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"no image at all", "not an image"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not an image"),
        (five()[:600], "damaged"),
        (bytes(MOST_BYTES + 1), "too large"),
        (saved(Image.new("1", (20_000, 20_000))), "too large"),
        (saved(Image.new("RGB", (50, 50), "white")), "No digit found"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not an image"),
    ],
    ids=["empty", "text", "broken header", "cut off", "large file", "bomb", "white", "svg"],
)
def test_what_is_no_sane_image_gets_a_message_and_the_grid_stays(drawing, data, words):
    before = answer(drawing)
    send(drawing, data)
    assert words in drawing.app.error[0].value
    assert np.array_equal(answer(drawing), before)
    send(drawing, five())
    assert len(drawing.app.error) == 0


def test_what_is_on_the_grid_is_still_there_after_a_look_elsewhere(drawing):
    drawing.press("Random pixels")
    before = answer(drawing)
    drawing.set("section", "train").set("section", "draw")
    assert np.array_equal(answer(drawing), before)
    assert "Random pixels. They are no digit" in drawing.words
    drawing.go("pages/playground.py").go(PAGE)
    drawing.set("section", "draw")
    assert np.array_equal(answer(drawing), before)
