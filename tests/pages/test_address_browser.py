"""The address bar in a real browser: what was just turned is never undone, and Back, Forward and links lead on.

A slow network is one whose answers are held back, until the visitor has clicked again.
"""

from contextlib import contextmanager

import pytest
from playwright.sync_api import expect
from visitors import settled

pytestmark = pytest.mark.browser
PLAYING = {
    "playground": "/?epochs=5000",
    "race": "/initialization?section=race&epochs=5000&n_seeds=4&hidden=4",
    "pairs": "/batch_norm?section=pairs&epochs=1000&n_seeds=4&hidden=4",
    "sweep": "/batch_norm?section=sweep&epochs=1000&n_seeds=2&n_values=2&hidden=4",
    "digits": "/digits?section=train&epochs=200&hidden=10",
}

# Counts what the page sends, and keeps what the server answers, in order, as long as `network.held`.
NETWORK = """(() => {
  const network = window.network = {sent: 0, held: false, waiting: []};
  const pass = act => network.held ? network.waiting.push(act) : act();
  network.release = () => { network.held = false; network.waiting.splice(0).forEach(act => act()); };
  window.WebSocket = class extends WebSocket {
    send(data) { network.sent += 1; super.send(data); }
    addEventListener(kind, act, ...rest) {
      super.addEventListener(kind, kind === 'message' ? event => pass(() => act.call(this, event)) : act, ...rest);
    }
    set onmessage(act) { super.onmessage = event => pass(() => act.call(this, event)); }
  };
})()"""


@pytest.fixture
def open_slowly(browser_page, server):
    """open_slowly("/digits") opens an address of the app on a page whose network can be held back."""

    def open_slowly(path):
        browser_page.add_init_script(NETWORK)
        browser_page.goto(server + path)
        return settled(browser_page)

    return open_slowly


@pytest.fixture
def browser_page(chromium):
    """A page with a history of its own."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1200})
    yield context.new_page()
    context.close()


@contextmanager
def held(page):
    """Hold back what the server answers."""
    page.evaluate("network.held = true")
    yield
    page.evaluate("network.release()")


def turn(page, label, key="ArrowRight"):
    """Turn a slider by keyboard, until the browser has sent it."""
    sent = page.evaluate("network.sent")
    page.get_by_role("slider", name=label).first.press(key)
    page.wait_for_function("sent => network.sent > sent", arg=sent)


def button(page, label):
    return page.get_by_role("button", name=label, exact=True)


WORDS = "[data-testid=stProgress], .film-words"  # of the moment that is shown


def epoch(page):
    return float(page.locator(WORDS).first.inner_text().split()[1].replace(",", ""))


@pytest.mark.exhaustive  # in part: test_address.py
@pytest.mark.parametrize("name", PLAYING)
def test_two_knobs_turned_before_the_first_is_answered_leave_a_run_playing(open_slowly, name):
    page = open_slowly(PLAYING[name])
    button(page, "Play").click()
    page.wait_for_function("words => document.querySelector(words)?.innerText.match(/Epoch [1-9]/)", arg=WORDS)
    before = epoch(page)
    with held(page):
        for label, key in (("Batch size", "ArrowRight"), ("Epochs", "ArrowLeft"), ("Batch size", "ArrowRight")):
            turn(page, label, key)
            page.wait_for_timeout(300)  # the server answers, but nothing arrives
    # Both changes of the batch size; a film is asked once where the viewer is, and takes the last of them.
    query_has(page, "batch_size.100" if name == "playground" else "~")
    expect(button(page, "Pause")).to_be_visible()
    page.wait_for_timeout(300)
    assert button(page, "Pause").is_visible()
    assert epoch(page) > before


def shown(page):
    """The learning rate on its slider."""
    return page.get_by_role("slider", name="Learning rate").first


def query_has(page, part):
    page.wait_for_function("part => location.search.includes(part)", arg=part)


def test_back_goes_one_knob_back_and_then_to_the_page_before_and_forward_returns(open_path):
    page = settled(open_path("/forward_backward"))
    before = page.evaluate("history.length")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Playground").click()
    expect(button(page, "Play")).to_be_visible()
    settled(page)
    assert page.evaluate("history.length") == before + 1  # to open a page makes one entry
    shown(page).press("ArrowRight")
    query_has(page, "learning_rate=0.2&")
    settled(page)
    assert page.evaluate("history.length") == before + 2
    page.go_back()
    expect(shown(page)).to_have_attribute("aria-valuetext", "0.1")
    settled(page).go_back()
    expect(page.get_by_text("Forward and backward, by hand")).to_be_visible()
    settled(page).go_forward()
    expect(shown(page)).to_have_attribute("aria-valuetext", "0.1")
    settled(page).go_forward()
    expect(shown(page)).to_have_attribute("aria-valuetext", "0.2")


@pytest.mark.exhaustive  # in part: test_address.py
def test_a_pasted_link_opens_what_it_says(open_path, server):
    page = settled(open_path("/?learning_rate=0.5"))
    shown(page).press("ArrowRight")
    query_has(page, "learning_rate=1.0&")
    page.goto(f"{server}/?learning_rate=0.5")
    expect(shown(page)).to_have_attribute("aria-valuetext", "0.5")
