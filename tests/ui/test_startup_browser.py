"""Whoever comes first to a new server, by a link to any page, sees the app at once, and all of it from this server."""

import pytest
from playwright.sync_api import expect
from visitors import ROOT, running, settled

from playground.ui.navigation import described

pytestmark = pytest.mark.browser
TITLES = [page["title"] for _, page in described()]

# Keeps, from the first paint on, what the navigation showed: its labels, each time that they were others.
WATCH_NAVIGATION = """
window.navigations = [];
new MutationObserver(() => {
  const labels = [...document.querySelectorAll('[data-testid=stSidebarNavLink] [data-testid=stMarkdownContainer]')];
  const shown = labels.map(label => label.innerText);
  if (shown.length && String(shown) !== String(window.navigations.at(-1))) window.navigations.push(shown);
}).observe(document, {subtree: true, childList: true, characterData: true});
"""


@pytest.fixture
def new_server(tmp_path):
    with running(tmp_path) as address:
        yield address


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    yield context.new_page()
    context.close()


@pytest.mark.exhaustive  # starts a server of its own
def test_the_first_visitor_sees_the_pages_by_their_titles_and_never_the_files(new_server, page):
    page.add_init_script(WATCH_NAVIGATION)
    page.goto(f"{new_server}/initialization?section=race")
    expect(page.locator("[data-testid=stVegaLiteChart] svg").first).to_be_visible()
    settled(page)
    assert page.title() == "Initialisation · Neural network playground"
    assert page.evaluate("navigations") == [TITLES]


@pytest.mark.exhaustive  # opens every page
@pytest.mark.parametrize("name", [path.stem for path in (ROOT / "pages").glob("*.py")])
def test_nothing_is_fetched_from_elsewhere(server, page, name):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server}/{name}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    settled(page)
    page.wait_for_timeout(500)  # the icon of the tab is fetched last
    assert asked
    assert [url for url in asked if not url.startswith((server, server.replace("http", "ws"), "data:", "blob:"))] == []
    assert page.locator("link[rel~=icon]").get_attribute("href").startswith("data:")
