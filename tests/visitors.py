"""Visitors of the app: what a person does on a page and reads there, in a simulated browser and in a real one."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[1]
PATIENCE = 30  # seconds to wait for anything before it counts as failed
BROWSERS = ("chromium", "chromium-browser", "google-chrome")  # by the names of their commands; the first there is


class Visitor:
    """One visitor's session, opened with a URL's parameters. No step of it may cause an error on the page."""

    def __init__(self, **query: str):
        self.app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=PATIENCE)
        self.app.query_params.update(query)
        self.run()

    def run(self) -> "Visitor":
        self.app.run()
        assert [exception.message for exception in self.app.exception] == []
        return self

    def go(self, page: str) -> "Visitor":
        """Open a page by its file, as a click in the navigation does: the URL's parameters are gone."""
        self.app.switch_page(page)
        self.app.query_params.clear()
        return self.run()

    def button(self, label: str):
        [button] = [button for button in self.app.button if button.label == label]
        return button

    def press(self, label: str, times: int = 1) -> "Visitor":
        for _ in range(times):
            self.button(label).click()
            self.run()
        return self

    def widget(self, key: str):
        return self.app.get_by_key(key)

    def set(self, key: str, value) -> "Visitor":
        """Let the widget with this key have another value."""
        self.widget(key).set_value(value)
        return self.run()

    def turn(self, knob: str, value) -> "Visitor":
        return self.set(f"knob-{knob}", value)

    @property
    def url(self) -> dict[str, str]:
        return self.app.query_params

    @property
    def timeline(self) -> str:
        """The moment in figures, on a slider, or, with no earlier moments, on a bar."""
        sliders = [slider.label for slider in self.app.select_slider if slider.key == "moment"]
        return sliders[0] if sliders else self.app.progress[0].text

    @property
    def epoch(self) -> float:
        return float(re.search(r"Epoch ([\d.,]+)", self.timeline)[1].replace(",", ""))

    @property
    def charts(self) -> list:
        return [chart.proto for chart in self.app.get("vega_lite_chart")]

    @property
    def figures(self) -> list[tuple[str, dict[str, bytes]]]:
        """Every number on the charts, to the last digit: for each chart its words, and its tables as they are sent."""
        return [(chart.alt, {table.name: table.data.data for table in chart.datasets}) for chart in self.charts]

    @property
    def points(self) -> bytes:
        """The table of the data points."""
        return self.figures[0][1]["points"]

    @property
    def words(self) -> str:
        """All prose on the page."""
        return "\n".join(element.value for element in (*self.app.markdown, *self.app.caption))

    @property
    def notices(self) -> list[str]:
        """What is said about the URL, sentence by sentence."""
        return [line.strip() for warning in self.app.warning for line in warning.value.splitlines()]


@pytest.fixture
def visit() -> Callable[..., Visitor]:
    """visit(dataset="moons", ...) opens the app with these parameters in the URL."""
    return Visitor


class Tab:
    """The playground in a tab of a real browser."""

    def __init__(self, page: Page):
        self.page = page
        self.timeline = page.locator("[data-testid=stProgress], .st-key-moment label").filter(visible=True).first
        self.charts = page.locator("[data-testid=stVegaLiteChart] svg")
        expect(self.charts).to_have_count(7)
        self.settle()

    def settle(self) -> "Tab":
        """Wait until the script has run."""
        settled(self.page)
        return self

    def button(self, label: str) -> Locator:
        return self.page.get_by_role("button", name=label, exact=True)

    def slider(self, label: str) -> Locator:
        return self.page.get_by_role("slider", name=label)

    def press(self, label: str) -> None:
        self.button(label).click()

    def train(self, epochs: int) -> "Tab":
        """Press Epoch so many times, each when the one before is done."""
        for _ in range(epochs):
            following = int(self.epoch) + 1
            self.press("Epoch")
            expect(self.timeline).to_contain_text(f"Epoch {following} of")
        return self

    def wait_for_epoch(self, epoch: float) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.epoch < epoch:
            assert time.monotonic() < deadline, f"{self.timeline.inner_text()} after {PATIENCE} s"
            self.page.wait_for_timeout(50)

    def wait_for_url(self, part: str) -> None:
        self.page.wait_for_function("part => location.search.includes(part)", arg=part)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.page.url).query))

    @property
    def epoch(self) -> float:
        return self._figure(r"Epoch ([\d.,]+) of")

    @property
    def loss(self) -> float:
        return self._figure(r"loss (\S+)")

    @property
    def accuracy(self) -> float:
        """In percent, of the training points."""
        return self._figure(r"accuracy (\d+) %")

    def _figure(self, pattern: str) -> float:
        return float(re.search(pattern, self.timeline.inner_text())[1].replace(",", ""))

    @property
    def figures(self) -> list[str]:
        """The moment in figures, and what each chart says of itself."""
        labels = self.page.get_by_test_id("stVegaLiteChart").evaluate_all("all => all.map(chart => chart.ariaLabel)")
        return [self.timeline.inner_text(), *labels]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    """The address of the running app; its log must be clean in the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host, port = free.getsockname()
    log = tmp_path_factory.mktemp("server") / "log"
    settings = {"address": host, "port": port, "headless": "true", "fileWatcherType": "none"}
    command = [sys.executable, "-W", "always::DeprecationWarning", "-m", "streamlit", "run", "streamlit_app.py"]
    command += [f"--server.{name}={value}" for name, value in settings.items()]
    with log.open("wb") as sink, subprocess.Popen(command, cwd=ROOT, stdout=sink, stderr=sink) as process:
        try:
            wait_until_healthy(f"http://{host}:{port}/_stcore/health")
            yield f"http://{host}:{port}"
        finally:
            process.kill()
    words = log.read_text("utf-8")
    assert not re.search("traceback|deprecat", words, re.IGNORECASE), words


def wait_until_healthy(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, f"the server did not start within {PATIENCE} s"
            time.sleep(0.1)


def browser_path() -> str | None:
    """Where this machine has Chromium; None where it has none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    """A browser, whose pages may take their time."""
    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser. Without one the tests are skipped, but never in CI."""
    path = browser_path()
    if path is None:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse(f"there is no browser: none of {', '.join(BROWSERS)}")
    with launched(path) as browser:
        yield browser


@pytest.fixture
def browse(chromium, server) -> Iterator[Callable[..., Tab]]:
    """browse(dataset="moons", ...) opens these parameters in a browser of its own; none may show or log an error.

    A dictionary before them says what kind of browser: Playwright's options of a context.
    """
    tabs, errors = [], []

    def listen(message):
        from_elsewhere = message.text.startswith("Failed to load") and not message.location["url"].startswith(server)
        if message.type == "error" and not from_elsewhere:
            errors.append(message.text)

    def open_tab(kind: dict | None = None, **query: str) -> Tab:
        page = chromium.new_context(**{"viewport": {"width": 1400, "height": 900}} | (kind or {})).new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server}/?{urlencode(query)}")
        tabs.append(Tab(page))
        return tabs[-1]

    yield open_tab
    exceptions = [text for tab in tabs for text in tab.page.get_by_test_id("stException").all_inner_texts()]
    for tab in tabs:
        tab.page.context.close()
    assert exceptions + errors == []


def settled(page: Page) -> Page:
    """The page, once its script has run."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    return page


@pytest.fixture
def open_path(chromium, server) -> Iterator[Callable[..., Page]]:
    """open_path("/digits?section=draw", is_mobile=True, ...) opens an address of the app in a browser of its own.

    None may show an exception, or have an error of its scripts.
    """
    pages, errors = [], []

    def open_path(path: str, **kind) -> Page:
        page = chromium.new_context(**{"viewport": {"width": 1400, "height": 1200}} | kind).new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server + path)
        pages.append(page)
        return page

    yield open_path
    shown = [text for page in pages for text in page.get_by_test_id("stException").all_inner_texts()]
    for page in pages:
        page.context.close()
    assert shown + errors == []
