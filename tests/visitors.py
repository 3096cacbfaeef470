"""Visitors of the app: what a person does on a page and reads there, in a simulated browser and in a real one."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, expect, sync_playwright
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, app_test

from playground.ui.address import BAR

ROOT = Path(__file__).parents[1]
VISIT = ROOT / "playground" / "ui" / "visit.py"
PATIENCE = 30  # seconds to wait for anything before it counts as failed
BROWSERS = ("chromium", "chromium-browser", "google-chrome")  # by the names of their commands; the first there is

# For each new `AppTest` Streamlit looks through all installed packages: once is enough, and three quarters of the work.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def pytest_unconfigure() -> None:
    """Empty the folder that Streamlit makes for scripts under test; left to the process's end it would be warned of."""
    app_test.TMP_DIR.cleanup()


class Visitor:
    """One visitor's session, opened with a URL's parameters. No step of it may cause an error on the page."""

    def __init__(self, **query: str):
        self.app = AppTest.from_file(VISIT, default_timeout=PATIENCE)
        self.app.query_params.update(query)
        self.run()

    def run(self) -> "Visitor":
        self.app.run()
        assert [exception.message for exception in self.app.exception] == []
        return self

    def go(self, page: str, **query: str) -> "Visitor":
        """Open a page by its file, as a click in the navigation does, or a link with these parameters in its URL."""
        self.app.switch_page(os.path.relpath(ROOT / page, VISIT.parent))
        self.app.query_params.clear()
        self.app.query_params.update(query)
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
        """The whole address for which the one in the address bar stands."""
        bar = self.app.session_state.get(BAR)
        return (bar and bar.meaning) or self.app.query_params

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


PROCESSES: dict[str, subprocess.Popen] = {}  # of the running servers, by address


class Tab:
    """The playground in a tab of a real browser."""

    def __init__(self, page: Page):
        self.page = page
        self.timeline = page.locator(".film-words")
        self.line = page.get_by_role("slider", name="Timeline")
        self.plane = page.locator("canvas.film-plane")
        self.charts = page.locator("[data-testid=stVegaLiteChart] svg")
        expect(self.charts).to_have_count(6)
        expect(self.timeline).to_contain_text("Epoch")
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
        """The moment in figures, what the plane says of itself, and the texts in the charts, once all follow."""
        self.page.wait_for_function("document.querySelector('.film-player').player.due.size == 0")
        self.page.wait_for_timeout(300)
        texts = self.page.locator("[data-testid=stVegaLiteChart] svg .role-mark text").all_text_contents()
        return [self.timeline.inner_text(), self.plane.get_attribute("aria-label"), *texts]


@contextmanager
def running(folder: Path, script: str | Path = "streamlit_app.py") -> Iterator[str]:
    """The address of a running script, by default the app; its log, a file in the folder, must be clean in the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host, port = free.getsockname()
    log = folder / "log"
    settings = {"address": host, "port": port, "headless": "true", "fileWatcherType": "none"}
    command = [sys.executable, "-W", "always::DeprecationWarning", "-m", "streamlit", "run", script]
    command += [f"--server.{name}={value}" for name, value in settings.items()]
    here = os.environ | {"PYTHONPATH": str(ROOT), "PLAYGROUND_WORKERS": "0"}  # which take seconds to start
    with log.open("wb") as sink, subprocess.Popen(command, cwd=ROOT, env=here, stdout=sink, stderr=sink) as process:
        try:
            wait_until_healthy(f"http://{host}:{port}/_stcore/health")
            PROCESSES[f"http://{host}:{port}"] = process
            yield f"http://{host}:{port}"
        finally:
            process.kill()
    words = log.read_text("utf-8")
    assert not re.search("traceback|deprecat", words, re.IGNORECASE), words


@contextmanager
def standing_still(address: str) -> Iterator[None]:
    """The server at an address answers nothing, and computes nothing."""
    PROCESSES[address].send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        PROCESSES[address].send_signal(signal.SIGCONT)


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[str]:
    """The address of the running app, for all tests of a process; its log must be clean in the end."""
    with running(tmp_path_factory.mktemp("server")) as address:
        yield address


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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser, for all tests of a process. Without one the tests are skipped, but never in CI."""
    path = browser_path()
    if path is None:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse(f"there is no browser: none of {', '.join(BROWSERS)}")
    with launched(path) as browser:
        yield browser


class Pages:
    """Pages of a browser, each in a context of its own. Who is done with one leaves it empty to the next.

    A page that had the app before has compiled its scripts, and opens it again in half the time.
    """

    def __init__(self, browser: Browser):
        self._browser = browser
        self._left: dict[frozenset, list[Page]] = {}
        self._kinds: dict[Page, frozenset] = {}

    def take(self, viewport: dict, color_scheme: str = "light", **kind) -> Page:
        """An empty page; `kind` are Playwright's other options of a context."""
        key = frozenset(kind.items())
        if self._left.get(key):
            page = self._left[key].pop()
        else:
            page = self._browser.new_context(viewport=viewport, **kind).new_page()
            self._kinds[page] = key
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=color_scheme)
        return page

    def leave(self, page: Page) -> None:
        """Forget what the page holds; a page of which that is not certain is closed."""
        try:
            page.context.clear_cookies()
            page.evaluate("localStorage.clear(), sessionStorage.clear()")
            page.goto("about:blank")
            page.mouse.move(0, 0)
        except Error:
            page.context.close()
        else:
            self._left.setdefault(self._kinds[page], []).append(page)


@pytest.fixture(scope="session")
def pages(chromium) -> Pages:
    return Pages(chromium)


@pytest.fixture
def open_address(pages) -> Iterator[Callable[..., Page]]:
    """open_address("http://...", is_mobile=True, ...) opens an address as a new visitor with a browser of that kind.

    None may show an exception, or have an error of its scripts. `console` is called with what is logged there.
    """
    opened, errors = [], []

    def note(error):
        errors.append(str(error))

    def open_address(address: str, console: Callable | None = None, **kind) -> Page:
        page = pages.take(**{"viewport": {"width": 1400, "height": 1200}} | kind)
        listeners = {"pageerror": note} | ({"console": console} if console else {})
        opened.append((page, listeners))
        for event, listener in listeners.items():
            page.on(event, listener)
        page.goto(address)
        return page

    yield open_address
    shown = [text for page, _ in opened for text in page.get_by_test_id("stException").all_inner_texts()]
    for page, listeners in opened:
        for event, listener in listeners.items():
            page.remove_listener(event, listener)
        pages.leave(page)
    assert shown + errors == []


@pytest.fixture
def open_path(open_address, server) -> Callable[..., Page]:
    """open_path("/digits?section=draw", is_mobile=True, ...) opens an address of the app."""
    return lambda path, **kind: open_address(server + path, **kind)


@pytest.fixture
def browse(open_path, server) -> Iterator[Callable[..., Tab]]:
    """browse(dataset="moons", ...) opens these parameters as a new visitor; none may show or log an error.

    A dictionary before them says what kind of browser: Playwright's options of a context.
    """
    errors = []

    def listen(message):
        from_elsewhere = message.text.startswith("Failed to load") and not message.location["url"].startswith(server)
        if message.type == "error" and not from_elsewhere:
            errors.append(message.text)

    def open_tab(kind: dict | None = None, **query: str) -> Tab:
        kind = {"viewport": {"width": 1400, "height": 900}} | (kind or {})
        return Tab(open_path(f"/?{urlencode(query)}", console=listen, **kind))

    yield open_tab
    assert errors == []


def settled(page: Page) -> Page:
    """The page, once its script has run."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    return page
