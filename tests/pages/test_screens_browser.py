"""What matters is in sight at once, on a laptop and on a phone: player, picture, loss, and what is happening."""

import re

import pytest
from playwright.sync_api import expect
from visitors import settled

pytestmark = pytest.mark.browser
LAPTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
PROJECTOR = {"width": 1920, "height": 1080}

# Each page that plays, and which of its charts, canvases first, are the picture and the loss.
PAGES = {
    "/": (0, 1),
    "/initialization?section=race&n_seeds=4&n_points=60": (0, 1, 2, 3, 4, 5, 6),
    "/batch_norm?section=pairs&n_seeds=2&hidden=8-8&n_points=60": (0, 1, 3),
    "/batch_norm?section=sweep&n_seeds=2&n_values=4&hidden=8-8&n_points=60": (0, 1),
    "/digits": (0, 2),
}
DIVERGES = "/?hidden=8-8-8-8-8-8-8-8-8-8&learning_rate=10&epochs=60"
each_page = pytest.mark.parametrize(
    "path", [pytest.param(path, marks=[pytest.mark.exhaustive] * (path != "/")) for path in PAGES]
)

PLAYER = ".film-buttons, .st-key-player"  # in the browser, and from the server
HEADLINE = ".film-headline, .st-key-headline"


@pytest.fixture
def open_screen(open_path):
    def open_screen(path, viewport):
        page = open_path(path, viewport=viewport)
        expect(page.locator(HEADLINE).locator("p")).to_be_visible()
        expect(charts(page).nth(PAGES.get(path, (0, 1))[-1])).to_be_visible()
        return settled(page)

    return open_screen


def charts(page):
    return page.locator("canvas.film-plane, [data-testid=stVegaLiteChart] svg")


def lies_within(locator, viewport):
    box = locator.bounding_box()
    right, bottom = box["x"] + box["width"], box["y"] + box["height"]
    return box["x"] >= 0 and box["y"] >= 0 and right <= viewport["width"] and bottom <= viewport["height"]


@each_page
def test_a_laptop_shows_player_pictures_loss_and_headline_at_once(open_screen, path):
    page = open_screen(path, LAPTOP)
    matters = [page.locator(PLAYER), page.locator(HEADLINE), *map(charts(page).nth, PAGES[path])]
    assert [lies_within(each, LAPTOP) for each in matters] == [True] * len(matters)


@each_page
def test_a_phone_shows_one_row_of_buttons_the_headline_and_the_picture_and_opens_the_knobs(open_screen, path):
    page = open_screen(path, PHONE)
    buttons = page.locator(PLAYER).locator("button, select").filter(visible=True)
    boxes = [button.bounding_box() for button in buttons.all()]
    assert len(boxes) >= 6  # five of the player, and the speeds
    assert max(box["y"] for box in boxes) < min(box["y"] + box["height"] for box in boxes)
    assert all(lies_within(each, PHONE) for each in (*buttons.all(), page.locator(HEADLINE)))
    assert lies_within(charts(page).first, PHONE)
    for name in ("Play", "Mini-batch", "Epoch", "Reset", "New seed", "Take it home"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()

    expect(page.get_by_test_id("stSidebar").get_by_role("slider").first).not_to_be_in_viewport()
    knobs = page.get_by_test_id("stExpandSidebarButton")
    assert "knobs" in knobs.evaluate("button => getComputedStyle(button, '::after').content")
    knobs.click()
    expect(page.get_by_test_id("stSidebar").get_by_role("slider").first).to_be_visible()


@pytest.mark.parametrize(
    "viewport", [LAPTOP, *(pytest.param(each, marks=pytest.mark.exhaustive) for each in (PHONE, PROJECTOR))], ids=str
)
def test_one_unit_is_as_long_on_both_axes_of_the_plane(open_screen, viewport):
    box = charts(open_screen("/", viewport)).first.bounding_box()
    assert box["width"] == pytest.approx(box["height"], rel=0.01)  # the plane is a square, and so are its limits
    assert box["height"] < viewport["height"]


@pytest.mark.exhaustive  # trains until it has diverged
def test_a_run_that_has_diverged_says_so_in_sight(open_screen):
    page = open_screen(DIVERGES, LAPTOP)
    page.get_by_label("Speed").select_option("Fastest")
    page.get_by_role("button", name="Play", exact=True).click()
    headline = page.locator(HEADLINE)
    expect(headline).to_contain_text("Diverged")
    settled(page)
    assert lies_within(headline, LAPTOP)
    assert lies_within(headline.get_by_role("button", name=re.compile("^Try")), LAPTOP)
