"""A digit drawn with mouse, finger or keyboard in a real browser is the digit that Python gets."""

import itertools

import numpy as np
import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest
from visitors import PATIENCE, running

from playground.topics.digits.preprocessing import counts
from playground.ui.drawing import from_rows, to_rows

SCRIPT = """
import numpy as np
import streamlit as st

from playground.ui import drawing

st.session_state.setdefault("image", None)
st.session_state.setdefault("version", 0)


def load():
    st.session_state.image = np.add.outer(np.arange(8), np.arange(8))
    st.session_state.version += 1


st.button("Load", on_click=load)
st.button("Again")
drawn = drawing.canvas("grid", st.session_state.image, st.session_state.version)
st.text("empty" if drawn is None else " ".join(f"{count:.0f}" for count in drawn.shown.ravel()))
st.caption("as it is" if drawn and np.array_equal(drawn.pixels, drawn.shown) else "centred")
st.html("<div style='height: 3000px'></div>")
"""
IMAGE = np.add.outer(np.arange(8), np.arange(8))
HOSTILE = [
    "", "abc", 0, True, [], {}, {"rows": [0] * 32}, [0] * 31, [0] * 33, [0] * 64, [0.0] * 32, [False] * 32,
    [-1] * 32, [2**32] * 32, [10**400] * 32, [float("nan")] * 32, [float("inf")] * 32, ["0"] * 32, [None] * 32,
    [[0] * 32] * 32,
]  # fmt: skip


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("app") / "app.py"
    path.write_text(SCRIPT, "utf-8")
    return path


@pytest.fixture(scope="module")
def address(script, tmp_path_factory):
    with running(tmp_path_factory.mktemp("server"), script) as address:
        yield address


class Grid:
    """The grid in a tab of a real browser; places on it are in pixels of the bitmap, 0 to 32."""

    def __init__(self, page):
        self.page = page
        self.canvas = page.get_by_role("application", name="Grid to draw a digit on")
        expect(self.canvas).to_be_visible()
        self.text = page.get_by_test_id("stText")
        self.caption = page.get_by_test_id("stCaptionContainer")
        self.words = page.locator("[aria-live=polite]").filter(has_text="column")

    def button(self, name):
        return self.page.get_by_role("button", name=name, exact=True)

    def at(self, x, y):
        box = self.canvas.bounding_box()
        return {"x": box["x"] + x / 32 * box["width"], "y": box["y"] + y / 32 * box["height"]}

    def draw(self, *points, lift=True):
        """One stroke of the mouse from point to point."""
        self.page.mouse.move(*self.at(*points[0]).values())
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self.at(*point).values(), steps=5)
        if lift:
            self.page.mouse.up()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def holds(self, pixels):
        """Wait until Python has this image."""
        expect(self.text).to_have_text(" ".join(f"{pixel:.0f}" for pixel in np.ravel(pixels)))

    def is_empty(self):
        expect(self.text).to_have_text("empty")


@pytest.fixture
def grid(open_address, address):
    """grid(...) opens the script in a browser of its own, with Playwright's options of a context."""
    return lambda **kind: Grid(open_address(address, **{"viewport": {"width": 900, "height": 800}} | kind))


def stroke(*points):
    """What a pen of radius 2 leaves on the bitmap on its way from point to point."""
    y, x = np.mgrid[:32, :32] + 0.5
    bitmap = np.zeros((32, 32), bool)
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        along = np.linspace(0, 1, 201)[:, None, None]
        distance = np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0)).min(axis=0)
        bitmap |= distance <= 2
    return bitmap


ONE = (16, 4), (16, 28)
ZERO = (10, 4), (22, 4), (22, 28), (10, 28), (10, 4)
DASH = (4, 8), (10, 8)


@pytest.mark.exhaustive  # with the page: test_digits_browser.py
@pytest.mark.browser
def test_strokes_of_the_mouse_are_counted_live_and_are_undone_one_by_one(grid):
    grid = grid()
    grid.is_empty()
    expect(grid.button("Undo")).to_be_disabled()
    expect(grid.button("Clear")).to_be_disabled()
    grid.draw(*ONE, lift=False)
    grid.holds(counts(stroke(*ONE)))  # the pen is still down
    grid.page.mouse.up()
    grid.draw(*DASH)
    grid.holds(counts(stroke(*ONE) | stroke(*DASH)))
    grid.button("Undo").click()
    grid.holds(counts(stroke(*ONE)))
    grid.button("Clear").click()
    grid.is_empty()
    expect(grid.button("Clear")).to_be_disabled()
    expect(grid.canvas).to_be_focused()
    grid.button("Undo").click()
    grid.holds(counts(stroke(*ONE)))
    grid.button("Undo").click()
    grid.is_empty()
    expect(grid.button("Undo")).to_be_disabled()


@pytest.mark.browser
def test_another_run_of_the_script_leaves_the_drawing_and_a_new_image_takes_its_place(grid):
    grid = grid()
    grid.draw(*ZERO)
    grid.holds(counts(stroke(*ZERO)))
    expect(grid.caption).to_have_text("centred")
    grid.button("Again").click()
    grid.draw(*DASH)
    grid.holds(counts(stroke(*ZERO) | stroke(*DASH)))
    grid.button("Load").click()
    grid.holds(IMAGE)
    expect(grid.button("Undo")).to_be_disabled()
    grid.button("Again").click()
    grid.canvas.focus()
    grid.press("Space", "Space", "Space", "Space")
    grid.holds(np.where(np.arange(64) == 0, 16, IMAGE.ravel()))
    grid.button("Load").click()
    grid.holds(IMAGE)
    grid.button("Clear").click()
    grid.is_empty()
    grid.button("Undo").click()
    grid.holds(IMAGE)
    expect(grid.caption).to_have_text("as it is")
    grid.button("Clear").click()
    grid.draw(*DASH)
    grid.holds(counts(stroke(*DASH)))
    expect(grid.caption).to_have_text("centred")


@pytest.mark.browser
def test_the_keyboard_alone_paints(grid):
    grid = grid()
    grid.button("Again").focus()
    grid.press("Tab")
    expect(grid.canvas).to_be_focused()
    grid.press("ArrowRight")  # the first key shows the cursor where it is
    expect(grid.words).to_have_text("Row 1, column 1: 0 of 16")
    grid.press("ArrowRight", "ArrowDown", "ArrowDown", "Space", "Enter", "Space")
    expect(grid.words).to_have_text("Row 3, column 2: 12 of 16")
    grid.press("ArrowUp", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft", "Space", "Backspace", "Backspace", "Space")
    expected = np.zeros((8, 8))
    expected[2, 1], expected[0, 0] = 12, 4
    grid.holds(expected)
    assert grid.page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 0
    grid.press("Control+z")
    expected[0, 0] = 0
    grid.holds(expected)
    grid.press("Tab")
    expect(grid.button("Undo")).to_be_focused()


@pytest.mark.exhaustive  # with the page: test_digits_browser.py
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_finger_draws_on_a_phone_and_the_page_stays_where_it_is(grid, scheme):
    grid = grid(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True, color_scheme=scheme)
    touch = grid.page.context.new_cdp_session(grid.page)
    finger = grid.at(*ONE[0])
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [finger]})
    for y in (10, 16, 22, 28):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [grid.at(16, y)]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    grid.holds(counts(stroke(*ONE)))
    assert grid.at(*ONE[0]) == finger
    assert grid.canvas.bounding_box()["width"] <= 328
    ink = grid.canvas.evaluate("canvas => [...canvas.getContext('2d').getImageData(280, 280, 1, 1).data]")
    assert max(ink[:3]) < 100 if scheme == "light" else min(ink[:3]) > 200
    assert ink[3] == pytest.approx(255 / 2, abs=2)  # its block is half full


def test_rows_are_the_bitmap_again():
    for seed in range(20):
        bitmap = np.random.default_rng(seed).random((32, 32)) < 0.3
        assert np.array_equal(from_rows(to_rows(bitmap)), bitmap)
    assert from_rows([1] + [0] * 30 + [2**31]).nonzero() == (pytest.approx([0, 31]), pytest.approx([31, 0]))


@pytest.mark.parametrize("rows", HOSTILE, ids=lambda rows: repr(rows)[:20])
def test_what_is_no_drawing_is_said_in_words(script, rows):
    with pytest.raises(ValueError, match="no drawing"):
        from_rows(rows)
    for drawing in ({"rows": rows}, {"rows": rows, "version": 0}, [rows]):
        app = AppTest.from_file(script, default_timeout=PATIENCE)
        app.session_state["grid"] = {"drawing": drawing}
        app.run()
        assert [exception.message for exception in app.exception] == []
        assert [text.value for text in app.text] == ["empty"]
        assert "no drawing" in app.error[0].value


def test_a_drawing_upon_another_image_does_not_count(script):
    app = AppTest.from_file(script, default_timeout=PATIENCE)
    app.session_state["image"] = IMAGE
    app.session_state["version"] = 2
    app.session_state["grid"] = {"drawing": {"rows": [0] * 32, "version": 1}}
    assert app.run().text[0].value == " ".join(map(str, IMAGE.ravel()))
    app.session_state["grid"] = {"drawing": {"rows": [0] * 32, "version": 2}}
    assert app.run().text[0].value == "empty"
