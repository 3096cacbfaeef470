"""Two replicas behind nginx, as HOSTING.md configures it: a visitor stays on one, and moves to the other if it dies.

On demand, with Debian's nginx: LOAD=1 python -m pytest tests/load/test_replicas.py -n 0 -s
"""

import asyncio
import http.client
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.load.client import HOST, Session
from tests.load.server import ROOT, Server, free_port

pytestmark = [
    pytest.mark.skipif(os.environ.get("LOAD") != "1", reason="takes minutes: set LOAD=1"),
    pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx"),
]

HOSTING = ROOT / ".github" / "HOSTING.md"
PATIENCE = 10  # seconds for nginx to start
VISITORS = 12
AROUND = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {configuration}
}}
"""


@dataclass
class Cluster:
    """Two replicas, and the port of nginx before them."""

    replicas: list[Server]
    port: int

    def visit(self, page: str = "", query: str = "", cookie: str = "") -> Session:
        """A new visitor, who gets a cookie with the page, as a browser does."""
        if not cookie:
            _, headers, _ = self.get("/")
            cookie = headers["Set-Cookie"].split(";")[0]
        return Session(self.port, page, query, cookie)

    def get(self, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and body of a page."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


def configured(document: str, port: int, replicas: list[int]) -> str:
    """The document's configuration, with these ports in place of its own."""
    [configuration] = re.findall(r"^```nginx$(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    changes = {"listen 80;": f"listen {HOST}:{port};"}
    changes |= {f"{HOST}:{8501 + place}": f"{HOST}:{replica}" for place, replica in enumerate(replicas)}
    for old, new in changes.items():
        assert configuration.count(old) == 1, old
        configuration = configuration.replace(old, new)
    return configuration


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with ExitStack() as stack:
        replicas = [stack.enter_context(Server()) for _ in range(2)]
        port = free_port()
        configuration = configured(HOSTING.read_text("utf-8"), port, [each.port for each in replicas])
        file = tmp_path / "nginx.conf"
        file.write_text(AROUND.format(folder=tmp_path, configuration=configuration), "utf-8")
        nginx = subprocess.Popen(["nginx", "-p", tmp_path, "-c", file], stderr=subprocess.DEVNULL)
        stack.callback(nginx.wait)
        stack.callback(nginx.terminate)
        cluster, deadline = Cluster(replicas, port), time.monotonic() + PATIENCE
        while True:
            try:
                assert cluster.get("/_stcore/health")[0] == 200
                break
            except OSError:
                assert nginx.poll() is None, (tmp_path / "error.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield cluster


def experiment(number: int) -> str:
    """The URL of a visitor's own experiment."""
    return urlencode({"dataset": "spirals", "hidden": "8-8", "epochs": 5000, "seed": 100 + number})


def test_visitors_stay_on_their_replica_and_go_on_on_the_other_when_it_dies(cluster):
    async def visit():
        visitors = [cluster.visit(query=experiment(number)) for number in range(VISITORS)]
        for visitor in visitors:
            await visitor.open()
            await visitor.until(lambda visitor=visitor: visitor.finished, "the page")
            await visitor.toggle()

        for visitor in visitors:  # a connection that is lost comes back to the same run
            await visitor.until(lambda visitor=visitor: visitor.epoch > 1, "the first epoch")
            before, epoch = visitor.id, visitor.epoch
            await visitor.cut()
            await visitor.connect()
            await visitor.send()
            await visitor.until(
                lambda visitor=visitor, epoch=epoch: visitor.playing and visitor.epoch > epoch, "the run again"
            )
            assert visitor.id == before

        cluster.replicas[0].kill()
        await asyncio.sleep(1)
        lost = [visitor for visitor in visitors if visitor.dropped]
        kept = [visitor for visitor in visitors if not visitor.dropped]
        print(f"\n{len(lost)} visitors were on the replica that died, {len(kept)} on the other", end=" ")
        assert lost
        assert kept

        for visitor in lost:
            before, own = visitor.id, visitor.query
            visitor.dropped, visitor.errors, visitor.frames = False, [], 0
            began = time.monotonic()
            await visitor.connect()
            await visitor.send()
            await visitor.until(lambda visitor=visitor, before=before: visitor.id != before, "a new session")
            await visitor.until(lambda visitor=visitor: visitor.finished and visitor.frames > 0, "the page")
            took = time.monotonic() - began
            assert visitor.query == own
            assert "seed=" in own
            assert visitor.epoch == 0  # the run is gone, the experiment is not
            await visitor.toggle()
            await visitor.until(lambda visitor=visitor: visitor.epoch > 1, "the run")
        print(f"and the last of them saw the page again after {took:.2f} s", end=" ")
        for visitor in kept:
            frames = visitor.frames
            await visitor.until(lambda visitor=visitor, frames=frames: visitor.frames > frames + 3, "frames")
        for visitor in visitors:
            await visitor.leave()
            assert visitor.errors == []

    asyncio.run(visit())
    assert cluster.replicas[1].tracebacks == 0
    assert cluster.get("/_stcore/health")[0] == 200


def test_what_one_replica_offers_for_download_is_found_by_all(cluster):
    async def visit():
        visitor = cluster.visit()
        await visitor.open()
        await visitor.until(lambda: visitor.finished, "the page")
        path = await visitor.download("take-script")
        for cookie in [visitor.cookie, *(f"visitor={number}" for number in range(10))]:
            status, _, body = cluster.get(path, Cookie=cookie)
            assert status == 200
            assert b"import numpy" in body
        await visitor.leave()

    asyncio.run(visit())


def test_a_visitor_keeps_the_cookie(cluster):
    _, headers, body = cluster.get("/")
    cookie = headers["Set-Cookie"].split(";")[0]
    assert re.fullmatch("visitor=[0-9a-f]{32}", cookie)
    assert b"<title>" in body
    _, headers, _ = cluster.get("/", Cookie=cookie)
    assert "visitor" not in (headers["Set-Cookie"] or "")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_a_browser_comes_back_by_itself_with_the_experiment_of_its_address(cluster):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        before = [replica.threads for replica in cluster.replicas]
        page.goto(f"http://{HOST}:{cluster.port}/?{experiment(7)}")
        page.get_by_role("button", name="Play", exact=True).click()
        expect(page.get_by_test_id("stProgress").first).to_contain_text(re.compile(r"Epoch [1-9]"), timeout=30_000)
        address = page.url
        [own] = [
            replica for replica, threads in zip(cluster.replicas, before, strict=True) if replica.threads > threads
        ]
        own.kill()
        began = time.monotonic()
        play = page.get_by_role("button", name="Play", exact=True)
        expect(play).to_be_visible(timeout=60_000)
        print(f"\nthe browser was back after {time.monotonic() - began:.1f} s", end=" ")
        assert page.url == address
        play.click()
        expect(page.get_by_test_id("stProgress").first).to_contain_text(re.compile(r"Epoch [1-9]"), timeout=30_000)
        browser.close()
