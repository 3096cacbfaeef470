"""What in the address bar is a wish of the visitor, and what only an address that a click carried."""

from types import SimpleNamespace

import pytest
import streamlit as st

from playground.ui.address import AddressBar

OLD, NEW = {"seed": "1"}, {"seed": "2"}


@pytest.fixture
def bar(monkeypatch):
    """The bar of a visitor who has opened a page with a link, and turned a knob there."""
    monkeypatch.setattr(st, "query_params", SimpleNamespace(from_dict=lambda query: None))
    bar = AddressBar()
    bar.arrive("page", OLD, by_history=False)
    assert bar.asked == OLD
    bar.asked = None
    bar.write(NEW)
    return bar


def test_a_click_with_an_older_address_asks_for_nothing_and_the_bar_is_written_again(bar):
    for _ in range(2):  # of one script: a page asks for it more than once
        bar.arrive("page", OLD, by_history=False)
        assert bar.asked is None
        assert bar.behind
    bar.write(NEW)
    assert not bar.behind


def test_the_browser_s_history_asks_for_an_address_that_stood_there(bar):
    bar.arrive("page", OLD, by_history=True)
    assert bar.asked == OLD


def test_a_link_asks_for_what_it_says(bar):
    bar.arrive("page", {"seed": "3"}, by_history=False)
    assert bar.asked == {"seed": "3"}


def test_another_page_is_opened_with_an_address_that_stood_there(bar):
    bar.arrive("other page", {}, by_history=False)
    assert bar.asked is None
    bar.arrive("page", OLD, by_history=False)
    assert bar.asked == OLD


def test_back_to_the_bare_address_of_a_page_asks_for_what_it_stood_for(bar):
    bar.arrive("other page", {}, by_history=False)
    bar.stands_for(OLD)
    bar.write(NEW)
    bar.arrive("other page", {}, by_history=True)
    assert bar.asked == OLD
