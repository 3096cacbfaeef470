"""A server that starts opens a browser where there is a screen, and only there."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from playground.ui import startup


@pytest.mark.parametrize("headless", [False, True])
def test_a_browser_is_opened_where_there_is_a_screen(monkeypatch, headless):
    options = {"server.headless": headless, "server.address": None, "server.port": 8765}
    opened = []
    monkeypatch.setattr(startup.st, "get_option", options.get)
    monkeypatch.setattr(startup.webbrowser, "open", opened.append)
    monkeypatch.setattr(startup, "LISTENS", 0)

    async def serve():
        async with startup.open_browser(None):
            await asyncio.sleep(0.01)

    with ThreadPoolExecutor() as other:  # this thread may have a loop of its own, that of the browser tests
        other.submit(lambda: asyncio.run(serve())).result()
    assert opened == ([] if headless else ["http://localhost:8765"])
