"""What a visitor costs the machine: memory of the server, of an idle and of a playing session, and the cold start.

    python -m tests.load.costs

Memory is that of so many sessions, each with an experiment of its own, divided by their number: opened, and after a
minute of playing. The cold start is that of a browser which opens a server that nobody has opened before, from starting
the server and from opening the page to the first picture; median of a few.
"""

import asyncio
import shutil
import statistics
import time
from urllib.parse import urlencode

from playwright.sync_api import sync_playwright

from tests.load.client import HOST, Session
from tests.load.server import Server

SESSIONS = 20
SECONDS = 60  # of playing
STARTS = 5


async def memories(server: Server) -> tuple[float, float, float]:
    """MB: of the server with one session, of each further one that is idle, and of each that plays."""
    first = Session(server.port)
    await first.open()
    await asyncio.sleep(2)
    before = server.memory
    sessions = [Session(server.port, "", urlencode({"seed": number, "epochs": 5000})) for number in range(SESSIONS)]
    for session in sessions:
        await session.open()
    await asyncio.sleep(2)
    idle = server.memory
    for session in sessions:
        await session.toggle()
    await asyncio.sleep(SECONDS)
    playing = server.memory
    for session in (first, *sessions):
        await session.leave()
    return before, (idle - before) / SESSIONS, (playing - before) / SESSIONS


def cold_start() -> tuple[float, float, float]:
    """Seconds until a server answers; then until a browser sees a picture, and until a second one does."""
    began = time.monotonic()
    with sync_playwright() as playwright, Server() as server:
        answers = time.monotonic() - began
        path = shutil.which("chromium")
        took = []
        for _ in range(2):
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page()
            began = time.monotonic()
            page.goto(f"http://{HOST}:{server.port}/")
            page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first.wait_for()
            took.append(time.monotonic() - began)
            browser.close()
    return answers, *took


def main() -> None:
    with Server() as server:
        before, idle, playing = asyncio.run(memories(server))
    print(f"server with one session {before:.0f} MB, an idle session {idle:.2f} MB, a playing one {playing:.2f} MB")
    starts = zip(*(cold_start() for _ in range(STARTS)), strict=True)
    names = "the server answers after", "the first browser sees a picture after", "the second one after"
    for name, seconds in zip(names, starts, strict=True):
        print(f"{name} {statistics.median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f})")


if __name__ == "__main__":
    main()
