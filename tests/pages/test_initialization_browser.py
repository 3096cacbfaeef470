"""The page of initialisation schemes in a real browser: a race runs until it is won, and a link leads to it."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect
from visitors import ROOT, running, settled

CONTESTANTS = ("Zeros", "He normal")
pytestmark = pytest.mark.browser
RACE = {"n_seeds": "10", "hidden": "8-8", "n_points": "80", "epochs": "40", "learning_rate": "0.5"}


def charts(page):
    return page.locator("[data-testid=stVegaLiteChart] svg")


@pytest.fixture
def new_server(tmp_path):
    with running(tmp_path) as address:
        yield address


@pytest.mark.exhaustive  # starts a server of its own
def test_a_link_to_a_race_is_the_first_thing_that_a_new_server_is_asked_for(new_server, open_address):
    query = {"section": "race", "contestants": "zeros~he_normal", **RACE}
    page = open_address(f"{new_server}/initialization?{urlencode(query)}")
    expect(charts(page)).to_have_count(3)
    assert page.title() == "Initialisation · Neural network playground"
    expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(len(list((ROOT / "pages").glob("*.py"))))

    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_test_id("stProgress")).to_contain_text("Epoch 40 of 40")
    settled(page)
    words = page.get_by_test_id("stVegaLiteChart").last.get_attribute("aria-label")
    zeros, he = (float(words.split(f"{label} ")[1].split(" → ")[1].split(",")[0].rstrip(".")) for label in CONTESTANTS)
    assert he < 0.2 < 0.6 < zeros


@pytest.mark.exhaustive  # in a simulated browser: test_initialization.py
def test_a_race_pauses_and_goes_on_with_a_paper_and_the_signal_through_depth(open_path):
    query = RACE | {"epochs": "5000", "contestants": "zeros~he_normal"}
    page = open_path(f"/initialization?{urlencode(query)}")
    expect(charts(page)).to_have_count(3)
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()

    page.get_by_text("Experiments from the papers, one click each").click()
    page.get_by_role("button", name="10 linear layers: orthogonal").click()
    expect(page.get_by_text("shown here").first).to_be_visible()
    settled(page)
    assert "orthogonal" in page.url

    page.get_by_role("button", name="The signal through depth").or_(
        page.get_by_role("radio", name="The signal through depth")
    ).first.click()
    expect(page.get_by_text("At which gain does a small change")).to_be_visible()
    expect(charts(page)).to_have_count(9)
    assert "section=signal" in page.url
