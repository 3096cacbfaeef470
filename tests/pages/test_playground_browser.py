"""In a real browser the app plays, answers while it plays, and shows each visitor their own run."""

import re
import time

import pytest
from playwright.sync_api import expect
from visitors import Tab, standing_still

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
ANSWER = 3.0  # seconds within which a click must show, on a slow machine that is busy

# At each animation frame for so many milliseconds, a small copy of the plane, as numbers.
WATCH_PLANE = """async milliseconds => {
  const seen = [], end = performance.now() + milliseconds, small = document.createElement('canvas');
  const context = small.getContext('2d', {willReadFrequently: true});
  while (performance.now() < end) {
    await new Promise(requestAnimationFrame);
    context.drawImage(document.querySelector('canvas.film-plane'), 0, 0, 40, 40);
    seen.push([...context.getImageData(0, 0, 40, 40).data].join());
  }
  return seen;
}"""


def test_the_page_plays_with_a_plane_that_moves_and_is_never_blank_and_pause_stops_it_at_once(browse):
    tab = browse()
    expect(tab.page).to_have_title(re.compile("Neural network playground"))
    expect(tab.timeline).to_contain_text("Epoch 0 of 200")
    loss = tab.loss
    tab.press("Play")
    expect(tab.button("Pause")).to_be_visible()
    tab.wait_for_epoch(5)

    seen = tab.page.evaluate(WATCH_PLANE, 2000)
    print(f"{len(set(seen)) / 2:.0f} different planes a second, in {len(seen) / 2:.0f} frames")
    assert all(len(set(plane.split(","))) > 20 for plane in seen)
    assert len(set(seen)) > 8

    tab.press("Pause")
    expect(tab.button("Play")).to_be_visible()
    stopped = tab.settle().epoch
    assert tab.loss < loss
    tab.page.wait_for_timeout(500)
    assert tab.epoch == stopped


@pytest.mark.exhaustive  # waits until all that is buffered was shown
def test_what_is_buffered_plays_on_and_can_be_looked_through_while_the_server_stands_still(browse, server):
    tab = browse(epochs="5000")
    tab.press("Play")
    tab.page.wait_for_function("Number(document.querySelector('.film-line').dataset.buffered) > 40")
    with standing_still(server):
        began = tab.epoch
        tab.wait_for_epoch(began + 10)
        expect(tab.timeline).to_contain_text("Waiting for the server", timeout=30_000)
        newest = tab.epoch
        tab.line.press("Home")
        expect(tab.timeline).to_contain_text("Epoch 0 of")
        at_start = tab.plane.get_attribute("aria-label")
        tab.line.press("End")
        expect(tab.timeline).to_contain_text(f"Epoch {newest:.0f} of")
        tab.line.press("ArrowLeft")
        expect(tab.timeline).to_contain_text(f"Epoch {newest - 1:.0f} of")
        assert tab.plane.get_attribute("aria-label") != at_start
        tab.press("Play")
    tab.wait_for_epoch(newest + 20)


def test_the_timeline_is_a_slider_that_tells_epoch_and_loss(browse):
    tab = browse().train(2)
    expect(tab.line).to_have_attribute("aria-valuetext", re.compile(r"^Epoch 2 of 200 · loss 0\.\d+ · accuracy \d+ %"))
    expect(tab.plane).to_have_attribute("aria-label", re.compile(r"after epoch 2: .*Misclassified: \d+ of 210"))
    assert float(tab.line.input_value()) == 2


def test_mini_batches_are_shown_one_by_one(browse):
    tab = browse(batch_size="70")  # three in an epoch
    epochs = []
    for _ in range(4):
        before = tab.timeline.inner_text()
        tab.press("Mini-batch")
        expect(tab.timeline).not_to_have_text(before)
        epochs.append(tab.epoch)
    assert epochs == pytest.approx([1 / 3, 2 / 3, 1, 4 / 3], abs=1e-3)


@pytest.mark.exhaustive  # two knobs by keyboard: test_address_browser.py
def test_the_learning_rate_can_be_turned_by_keyboard_while_playing(browse):
    tab = browse(epochs="5000")
    tab.press("Play")
    tab.wait_for_epoch(2)
    began = time.monotonic()
    tab.slider("Learning rate η").press("ArrowRight")
    tab.wait_for_url("changes=")
    seconds = time.monotonic() - began
    print(f"The slider answered after {seconds:.2f} s")
    assert seconds < ANSWER
    assert ".learning_rate.0.2" in tab.query["changes"]
    expect(tab.button("Pause")).to_be_visible()
    tab.wait_for_epoch(tab.epoch + 5)


@pytest.mark.exhaustive  # 4 s
def test_turning_a_knob_leaves_the_page_where_it_is_scrolled_to(browse):
    tab = browse({"viewport": {"width": 1400, "height": 700}}, epochs="5000")
    main = tab.page.get_by_test_id("stMain")
    main.evaluate("main => main.scrollTop = 300")
    for rate in ("0.2", "0.5", "1.0"):
        tab.slider("Learning rate η").press("ArrowRight")
        tab.wait_for_url(f"learning_rate={rate}&")
        tab.settle().page.wait_for_timeout(300)
        assert main.evaluate("main => main.scrollTop") == 300


def test_the_keyboard_looks_back_and_forward_again(browse):
    tab = browse().train(2)
    shown = tab.settle().figures
    newest = tab.train(1).settle().figures
    tab.line.press("ArrowLeft")
    expect(tab.timeline).to_contain_text("Epoch 2 of")
    assert tab.settle().figures == shown
    tab.line.press("ArrowRight")
    expect(tab.timeline).to_contain_text("Epoch 3 of")
    assert tab.settle().figures == newest


@pytest.mark.exhaustive  # in a simulated browser: test_a_copied_url_gives_the_same_figures_changes_in_the_run_included
def test_a_copied_link_trained_as_far_shows_the_same_figures(browse):
    tab = browse(batch_size="3")
    tab.page.get_by_label("Speed").select_option("2 epochs/s")
    tab.press("Play")
    tab.wait_for_epoch(0.2)
    tab.slider("Learning rate η").press("ArrowRight")
    tab.wait_for_url("changes=")
    tab.press("Pause")
    expect(tab.button("Play")).to_be_visible()
    tab.settle().train(1)
    query, epoch, figures = tab.query, tab.epoch, tab.settle().figures
    tab.page.goto(tab.page.url)  # the link, to a new visitor
    copy = Tab(tab.page)
    assert copy.query == query
    assert copy.epoch == 0
    assert copy.train(int(epoch)).settle().figures == figures


@pytest.mark.exhaustive  # in a simulated browser: test_visitors_of_one_link_have_each_their_own_run
def test_two_visitors_of_one_link_at_once_have_each_their_own_run(browse, visit):
    one = browse(dataset="moons", epochs="5000")
    link = one.query
    other = browse(**link)
    one.press("Play")
    other.train(2)
    assert other.timeline.inner_text() == visit(**link).press("Epoch", times=2).timeline.replace("*", "").removesuffix(
        " · look back"
    )
    one.wait_for_epoch(one.epoch + 5)
    assert other.epoch == 2


@pytest.mark.exhaustive  # in part: test_screens_browser.py
def test_a_phone_shows_the_page_in_its_width_and_plays(browse):
    tab = browse({"viewport": PHONE, "has_touch": True})
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    main = tab.page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth") <= PHONE["width"]
    expect(tab.button("Play")).to_be_in_viewport()
    tab.button("Play").tap()
    tab.wait_for_epoch(5)


def test_a_dark_system_gets_a_dark_page_with_all_charts(browse):
    tab = browse({"color_scheme": "dark"})
    expect(tab.page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(22, 21, 27)")
    expect(tab.charts).to_have_count(6)
    for chart in tab.charts.all():
        expect(chart).to_have_css("background-color", "rgb(22, 21, 27)")


@pytest.mark.exhaustive  # in a simulated browser: test_playground.py
def test_a_malformed_url_is_told_of_as_plain_text_and_the_page_works(browse):
    markup = ["<b>bold</b>", "**strong**", "_emphasis_", "~~struck~~", "http://elsewhere.example", ":smile:"]
    tab = browse(learning_rate="fast", dataset=":material/home:", **dict.fromkeys(markup, "1"))
    notice = tab.page.get_by_test_id("stAlert").get_by_test_id("stMarkdownContainer")
    expect(notice.first).to_contain_text("Learning rate η: fast was replaced by 0.1")
    tab.train(1)
    assert notice.locator("p :not(br, code)").evaluate_all("found => found.map(element => element.outerHTML)") == []
