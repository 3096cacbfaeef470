"""A film taken home is one page that needs nobody's server."""

import re

import pytest

from playground.film.film_page import film_page, vega_modules
from playground.training.experiment import Experiment


@pytest.fixture(scope="module")
def page():
    return film_page(Experiment())


def test_the_page_of_the_default_run_is_small_enough_for_a_mail(page):
    assert len(page.encode()) < 5e6


def test_the_page_fetches_nothing(page):
    markup = re.sub(r"data:text/javascript;base64,[\w+/=]+", "data:", page)
    sources = re.findall(r'(?:src|href)="([^"]*)"|url\(([^)]*)\)', markup)
    assert {address for pair in sources for address in pair if address} <= {"data:,"}
    assert "fetch(`${address}" in markup  # of the player in the app, which here has no address


def test_all_modules_that_are_needed_are_there():
    entry, modules = vega_modules()
    assert f"vega/{entry}" in modules
    assert len(modules) > 5


def test_two_pages_of_one_run_are_the_same(page):
    assert film_page(Experiment()) == page


def test_what_an_experiment_says_can_not_end_the_script():
    text = film_page(Experiment(dataset="moons", epochs=3))
    assert text.count("</script>") == text.count("<script")
