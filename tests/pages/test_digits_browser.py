"""Digits in a real browser: trained live, drawn with the mouse and with a finger, sent as a file, and taken home."""

import re

import pytest
from export.fresh import run_fresh
from export.test_script import figures
from playwright.sync_api import expect
from uploads import five
from visitors import settled

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
THREE = (10, 6), (22, 6), (16, 15), (22, 20), (18, 27), (9, 26)
EMPTY = "Nothing is drawn"


@pytest.fixture
def open_page(open_path):
    def open_page(query="", **kind):
        page = open_path(f"/digits{query}", **kind)
        expect(page.locator("[data-testid=stVegaLiteChart] svg").first).to_be_visible()
        return settled(page)

    return open_page


def press(page, label):
    page.get_by_role("button", name=label, exact=True).click()


def section(page, label):
    page.get_by_test_id("stButtonGroup").first.get_by_text(label, exact=True).click()
    settled(page)


def verdict(page):
    return page.get_by_role("heading", name="says the network")


def grid(page):
    canvas = page.get_by_role("application", name="Grid to draw a digit on")
    canvas.scroll_into_view_if_needed()
    settled(page)
    return canvas


def at(canvas, x, y):
    box = canvas.bounding_box()
    return {"x": box["x"] + x / 32 * box["width"], "y": box["y"] + y / 32 * box["height"]}


def draw(page, points):
    canvas = grid(page)
    page.mouse.move(*at(canvas, *points[0]).values())
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*at(canvas, *point).values(), steps=6)
    page.mouse.up()


def send(page, data, name="digit.png"):
    if not page.get_by_test_id("stFileUploader").is_visible():
        page.get_by_text("Or send a picture of a digit").click()
    settled(page).locator("input[type=file]").set_input_files([{"name": name, "mimeType": "image/png", "buffer": data}])


def train(page):
    press(page, "Train it now")
    expect(page.get_by_text("Epoch 10 of 10").first).to_be_visible()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    settled(page)


@pytest.mark.exhaustive  # in a simulated browser: test_digits.py
def test_a_network_trains_live_with_progress_and_pauses_at_a_click(open_page):
    page = open_page()
    press(page, "Play")
    expect(page.get_by_test_id("stProgress")).to_contain_text("s left")
    matrix = page.locator("[data-testid=stVegaLiteChart]").nth(2).locator("svg .mark-text.role-mark text")
    expect(matrix.first).to_be_visible()
    press(page, "Pause")
    expect(page.get_by_text("look back").first).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("A . that the network takes for a .")).first).to_be_visible()
    expect(page.get_by_role("img", name="Weights of unit 1, now and at the start")).to_be_visible()


def test_a_digit_is_drawn_with_the_mouse_and_the_network_answers(open_page):
    page = open_page("?section=draw&epochs=10")
    expect(page.get_by_text(EMPTY)).to_be_visible()
    train(page)
    draw(page, THREE)
    expect(verdict(page)).to_contain_text("3, says the network")
    expect(page.get_by_text(EMPTY)).to_have_count(0)
    section(page, "Train")
    expect(page.get_by_text("look back").first).to_be_visible()
    section(page, "Draw a digit")
    expect(verdict(page)).to_contain_text("3, says the network")
    grid(page)
    press(page, "Clear")
    expect(page.get_by_text(EMPTY)).to_be_visible()


def test_a_finger_draws_on_a_phone_and_nothing_is_cut(open_page):
    page = open_page("?section=draw&epochs=10", **PHONE)
    train(page)
    canvas, touch = grid(page), page.context.new_cdp_session(page)
    for kind, points in [
        ("touchStart", [THREE[0]]),
        *(("touchMove", [point]) for point in THREE[1:]),
        ("touchEnd", []),
    ]:
        places = [at(canvas, *point) for point in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})
    expect(verdict(page)).to_contain_text("3, says the network")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.exhaustive  # in a simulated browser: test_digits.py
def test_a_picture_is_read_and_a_bad_one_gets_a_message(open_page):
    page = open_page("?section=draw&epochs=10")
    train(page)
    send(page, five())
    expect(page.get_by_role("img", name="Your picture")).to_be_visible()
    expect(verdict(page)).to_contain_text("5, says the network")
    send(page, b"no image at all")
    expect(page.get_by_test_id("stAlert")).to_contain_text("not an image that can be read")
    send(page, five()[:600])
    expect(page.get_by_test_id("stAlert")).to_contain_text("damaged")
    send(page, bytes(10 * 2**20 + 1), "large.png")
    expect(page.get_by_test_id("stFileUploader")).to_contain_text("File must be 10.0MB or smaller")
    expect(verdict(page)).to_contain_text("5, says the network")  # what is on the grid stays
    send(page, five("black", "white"))
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


@pytest.mark.exhaustive  # the script alone: tests/export
def test_the_script_that_is_taken_home_prints_the_losses_of_the_page(open_page, tmp_path):
    page = open_page("?epochs=3")
    press(page, "Play")
    timeline = page.locator(".st-key-moment label").first
    expect(timeline).to_contain_text("Epoch 3 of 3")
    page.get_by_role("button", name="Take it home").click()
    with page.expect_download() as download:
        page.get_by_test_id("stPopoverBody").get_by_role("button", name="Script").click()
    assert download.value.suggested_filename == "network_digits.py"
    printed = run_fresh(download.value.path().read_text("utf-8"), tmp_path)
    epoch, loss, accuracy, validation_loss, validation_accuracy = figures(printed)[-1]
    assert epoch == 3
    words = (
        rf"loss {loss:.2g} · accuracy {100 * accuracy:.0f} % "
        rf"\(validation {validation_loss:.2g} and {100 * validation_accuracy:.0f} %\)"
    )
    expect(timeline).to_contain_text(re.compile(words))
