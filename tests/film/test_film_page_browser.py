"""In a real browser, a film plays from the disk."""

import pytest
from playwright.sync_api import expect

from playground.film.film_page import film_page
from playground.training.experiment import Experiment

pytestmark = pytest.mark.browser


@pytest.mark.exhaustive  # 7 s
def test_a_film_plays_from_the_disk_to_its_end_and_back(chromium, tmp_path):
    file = tmp_path / "film.html"
    file.write_text(film_page(Experiment(epochs=30)), "utf-8")
    page, asked, errors = chromium.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(file.as_uri())
    words = page.locator(".film-words")
    expect(words).to_contain_text("Epoch 0 of 30")
    expect(page.locator(".chart svg")).to_have_count(6)
    page.get_by_role("button", name="Play").click()
    expect(words).to_contain_text("Epoch 30 of 30")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.get_by_role("slider", name="Timeline").press("Home")
    expect(words).to_contain_text("Epoch 0 of 30")
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert errors == []
    page.close()
