"""A training step in a real browser: pointed at, stepped through with keys, and on a phone."""

import re

import pytest
from playwright.sync_api import expect
from visitors import settled

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def open_page(open_path):
    def open_page(query="", **kind):
        page = open_path(f"/forward_backward{query}", **kind)
        expect(circles(page).first).to_be_visible()
        return settled(page)

    return open_page


def circles(page):
    return page.locator("[data-testid=stVegaLiteChart] svg .mark-symbol.role-mark path")


def links(page):
    return page.locator("[data-testid=stVegaLiteChart] svg .mark-rule.role-mark").first.locator("line")


def middle(mark):
    box = mark.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def focus(page):
    return re.search(r"focus=([\d-]+)", page.url)[1]


def test_units_and_links_can_be_pointed_at_and_tell_their_formula(open_page):
    page = open_page("?stage=14")
    x, y = middle(circles(page).nth(4))  # two inputs and the 1 come first
    page.mouse.click(x, y - 14)
    page.wait_for_function("location.search.includes('focus=1-0-1')")
    page.mouse.move(x + 3, y - 14)
    tip = page.locator("#vg-tooltip-element")
    expect(tip).to_contain_text("hidden 1, unit 2")
    expect(tip).to_contain_text(re.compile(r"1·\S+ \+ 0·\S+ \+ \S+ = -0\.57"))
    expect(tip).to_contain_text("tanh(-0.57) = -0.51")

    settled(page)
    page.mouse.click(*middle(links(page).nth(9)))  # the uppermost of layer 2, behind the nine of layer 1
    page.wait_for_function("location.search.includes('focus=2-0-0')")
    expect(page.get_by_label("W2[1, 1]")).to_have_value("0.51818")


def test_the_arrow_keys_go_forward_and_back(open_page):
    page = open_page()
    heading = page.locator("h5")
    expect(heading).to_have_text("Weighted sums of layer 1")
    page.get_by_role("heading", name="Forward and backward, by hand").click()
    page.keyboard.press("ArrowRight")
    expect(heading).to_have_text("Activations of layer 1: tanh")
    settled(page)
    page.keyboard.press("ArrowLeft")
    expect(heading).to_have_text("Weighted sums of layer 1")


@pytest.mark.exhaustive  # in a simulated browser: test_forward_backward.py
def test_letters_in_a_number_field_get_a_message_and_change_nothing(open_page):
    page = open_page()
    field = page.get_by_label("x1 of example 3")
    field.fill("one")
    field.press("Enter")
    expect(page.get_by_text("Type a number, such as")).to_be_visible()
    assert "edits" not in page.url
    field.fill("0.5")
    field.press("Enter")
    page.wait_for_function("location.search.includes('edits=1.X.2-0.0.5')")
    expect(page.get_by_text("Type a number, such as")).to_have_count(0)


def test_on_a_phone_nothing_is_cut_long_matrices_are_scrolled_and_a_tap_points(open_page):
    page = open_page("?hidden=4-4-4&stage=4", **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    widest = page.locator("[data-testid=stMarkdownContainer] .katex-display").last
    assert widest.evaluate(
        "e => e.scrollWidth > e.clientWidth && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)"
    )
    x, y = middle(circles(page).nth(4))
    page.touchscreen.tap(x, y - 8)
    page.wait_for_function("location.search.includes('focus=1-0-1')")
    assert focus(page) == "1-0-1"
