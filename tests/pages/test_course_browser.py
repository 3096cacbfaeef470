"""The course week in a real browser: an answer, a link and back, and progress that is saved and loaded."""

import contextlib
import re

import pytest
from playwright.sync_api import TimeoutError, expect
from visitors import settled

from playground.topics.course.station import answer, path

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
FIRST = "forward_pass"


@pytest.fixture
def open_page(open_path):
    return lambda **kind: arrived(open_path("/course", **kind))


def arrived(page):
    """Wait until the page of the course is complete."""
    expect(page.get_by_role("heading", name="The course week")).to_be_visible()
    expect(station(page, "drawing")).to_be_visible()
    return settled(page)


def station(page, name):
    return page.locator(f".st-key-station-{name}")


def seed(page):
    """The visitor's seed, from the first link to a live demonstration."""
    live = page.get_by_role("link", name="See it live").first
    return int(re.search(r"&seed=(\d+)&", live.get_attribute("href"))[1])


def link(page, name):
    return station(page, name).get_by_test_id("stPageLink").get_by_role("link")


def follow(page, name):
    """Open the station if it is closed, and click its link; again, if Streamlit lost the click to another change."""
    if link(page, name).count() == 0:
        station(page, name).locator("summary").click()
        expect(link(page, name)).to_be_visible()
    for _ in range(4):
        settled(page)
        with contextlib.suppress(TimeoutError):
            link(page, name).click(timeout=5000)
            return page.wait_for_url(re.compile(r"/(?!course)\w+\?"), timeout=2000)
    raise AssertionError(f"the link of {name} could not be clicked")


def solve(page, name):
    """Type the right answer, and press Check at once."""
    station(page, name).get_by_label("Your answer").fill(answer(name, seed(page)).words)
    station(page, name).get_by_role("button", name="Check").click()
    expect(station(page, name).get_by_text("Right: the app computes")).to_be_visible()


def expect_hours(page, words):
    """The picture's own text says so."""
    picture = settled(page).get_by_test_id("stVegaLiteChart").first
    expect(picture).to_have_attribute("aria-label", re.compile(words))


def home(page):
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="The course week").click()
    arrived(page)


@pytest.mark.exhaustive  # in a simulated browser: test_course.py
def test_an_answer_is_still_there_after_a_link_was_followed_and_its_knobs_are_set(open_page):
    page = open_page()
    own = seed(page)
    solve(page, FIRST)
    expect_hours(page, "Theory 0.5 of 5 hours")
    station(page, "backward_pass").get_by_label("Your prediction").fill("they cancel")
    station(page, "backward_pass").get_by_label("Your prediction").press("Enter")
    follow(page, "backward_pass")
    page.wait_for_function("location.pathname.endsWith('forward_backward')")
    expect(page.locator("h5")).to_have_text("Gradient of the logits")
    page.wait_for_function("seed => location.search.includes('seed=' + seed)", arg=own)
    home(page)
    expect_hours(page, "Theory 0.5 of 5 hours")
    assert seed(page) == own
    expect(station(page, "backward_pass").get_by_label("Your prediction")).to_have_value("they cancel")


@pytest.mark.parametrize(
    "names",
    [
        (
            "gradient_check",
            "forward_pass",
        ),  # another section, then the first
        pytest.param(("running_statistics", "one_batch_normalised"), marks=pytest.mark.exhaustive),
        pytest.param(("with_and_without", "running_statistics"), marks=pytest.mark.exhaustive),
    ],
    ids=" ".join,
)
def test_every_link_of_a_page_opens_its_own_section_whatever_was_open_before(open_page, names):
    page = open_page()
    for name in names:
        wanted = path(seed(page))[name]
        follow(page, name)
        expect(page.get_by_role("heading", name="The course week")).to_have_count(0)
        settled(page)
        page.wait_for_function("section => location.search.includes('section=' + section)", arg=wanted.section)
        home(page)


@pytest.mark.exhaustive  # in a simulated browser: test_course.py
def test_progress_is_saved_and_comes_back_in_another_session(open_page, tmp_path):
    page = open_page()
    own = seed(page)
    solve(page, FIRST)
    page.get_by_role("button", name="Save or load").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save progress").click()
    assert download.value.suggested_filename == "week-16-progress.json"
    saved = tmp_path / "progress.json"
    download.value.save_as(saved)

    page.reload()
    arrived(page)
    expect_hours(page, "Theory 0 of 5 hours")
    page.get_by_role("button", name="Save or load").click()
    page.locator("input[type=file]").set_input_files(saved)
    expect(page.get_by_text("Your progress is back.")).to_be_visible()
    expect_hours(page, "Theory 0.5 of 5 hours")
    page.keyboard.press("Escape")
    assert seed(page) == own

    bad = tmp_path / "bad.json"
    bad.write_text("[" * 9000)
    page.get_by_role("button", name="Save or load").click()
    page.locator("input[type=file]").set_input_files(bad)
    expect(page.get_by_text("Your progress is as it was.")).to_be_visible()
    expect_hours(page, "Theory 0.5 of 5 hours")


def test_on_a_phone_nothing_is_cut(open_page):
    page = open_page(**PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    formulas = page.locator("[data-testid=stMarkdownContainer] .katex-display")
    expect(formulas).to_have_count(4)
    assert formulas.evaluate_all("all => all.every(one => one.scrollWidth <= one.clientWidth + 4)")
