"""Faults: whatever one visitor does, the server stays up, another goes on playing, and memory returns.

These take minutes, and so run only on demand: LOAD=1 python -m pytest tests/load -n 0 -s
"""

import asyncio
import contextlib
import http.client
import os
import random
import statistics
import string
import time
from collections.abc import Awaitable, Callable, Iterator
from urllib.parse import quote, urlencode

import pytest
from streamlit import config
from streamlit.proto.WidgetStates_pb2 import WidgetState

from playground.settings.knobs import Flag, Knob, Number, Widths
from playground.settings.record import Record
from playground.topics.batch_norm.one_batch import OneBatch
from playground.topics.batch_norm.paired_runs import Pairs
from playground.topics.batch_norm.running_statistics import Evaluation
from playground.topics.batch_norm.sweep import Sweep
from playground.topics.digits.digits_experiment import Digits
from playground.topics.digits.splits import TwoSplits
from playground.topics.digits.tuning import Tuning
from playground.topics.forward_backward.training_step import TrainingStep
from playground.topics.initialization.race import Race
from playground.topics.initialization.scheme_comparison import SchemeComparison
from playground.training.experiment import Experiment
from tests.load.client import HOST, Session
from tests.load.server import Server

pytestmark = pytest.mark.skipif(os.environ.get("LOAD") != "1", reason="takes minutes: set LOAD=1")

BOUND = 240  # seconds for one visitor's actions
HEAVY = 45  # seconds for the first picture, and for three frames, of what is as heavy as possible
FORGET = 2  # seconds after which the server forgets visitors who left
LONG = urlencode({"epochs": 5000})
DIVERGES = urlencode({"learning_rate": 10, "initializer": "unit_normal", "hidden": "64-64-64-64", "activation": "relu"})
PAGES = {
    ("", ""): Experiment,
    ("initialization", "race"): Race,
    ("initialization", "signal"): SchemeComparison,
    ("forward_backward", "step"): TrainingStep,
    ("forward_backward", "check"): TrainingStep,
    ("batch_norm", "batch"): OneBatch,
    ("batch_norm", "evaluation"): Evaluation,
    ("batch_norm", "pairs"): Pairs,
    ("batch_norm", "sweep"): Sweep,
    ("digits", "train"): Digits,
    ("digits", "split"): TwoSplits,
    ("digits", "tuning"): Tuning,
    ("digits", "draw"): Digits,
}


@pytest.fixture
def server() -> Iterator[Server]:
    """One for each test, so that no test can make the next one fail."""
    with Server(disconnectedSessionTTL=FORGET) as server:
        yield server


def beside(server: Server, fault: Callable[[Callable[..., Session]], Awaitable]) -> None:
    """Let one visitor play the whole time, and get an answer at the end; nothing may go wrong for this one.

    `fault` gets a function that makes further visitors, who leave at the end at the latest.
    """

    async def both():
        visitors = []

        def visit(page: str = "", query: str = "") -> Session:
            visitors.append(Session(server.port, page, query))
            return visitors[-1]

        try:
            await play(visit)
        finally:
            for visitor in visitors:
                await visitor.leave()

    async def play(visit):
        bystander = await playing(visit())
        await asyncio.wait_for(fault(visit), BOUND)
        frames = bystander.frames
        await bystander.until(lambda: bystander.frames >= frames + 5, "five more frames of the other visitor")
        took = await bystander.toggle()
        print(f"\nbystander answered in {took:.2f} s; server {server.memory:.0f} MB, {server.threads} threads", end=" ")
        assert not bystander.playing
        assert bystander.errors == []

    asyncio.run(both())
    assert server.healthy
    assert server.tracebacks == 0, server.log


async def playing(visitor: Session, query: str = LONG) -> Session:
    """The visitor, who has opened the playground and pressed Play."""
    visitor.query = query
    await visitor.open()
    await visitor.toggle()
    return visitor


async def settled(what: Callable[[], float], most: float) -> float:
    """A figure of the server, once it is no more than `most`, or after 30 s."""
    end = time.monotonic() + 30
    while what() > most and time.monotonic() < end:
        await asyncio.sleep(0.2)
    return what()


def test_a_tab_closed_in_the_middle_of_a_run_ends_its_script(server):
    async def fault(visit):
        before = server.threads
        visitors = [await playing(visit()) for _ in range(3)]
        assert server.threads > before
        for visitor in visitors:
            await visitor.leave()
        assert await settled(lambda: server.threads, before) <= before

    beside(server, fault)


def test_a_cut_connection_takes_up_the_same_run_where_it_was(server):
    async def fault(visit):
        visitor = await playing(visit())
        await visitor.until(lambda: visitor.epoch > 3, "the third epoch")
        await visitor.cut()
        epoch, session_id, run = visitor.epoch, visitor.id, visitor.run
        await visitor.connect()
        await visitor.send()
        await visitor.until(lambda: visitor.run > run and visitor.playing and visitor.epoch > epoch, "the run again")
        assert visitor.id == session_id
        frames = visitor.frames
        await visitor.until(lambda: visitor.frames > frames + 3, "frames")
        await visitor.leave()
        assert visitor.errors == []

    beside(server, fault)


def test_a_run_that_diverges_ends_by_itself(server):
    async def fault(visit):
        visitor = await playing(visit(), DIVERGES)
        await visitor.until(lambda: not visitor.playing and visitor.finished, "the end of the run")
        await visitor.leave()
        assert visitor.errors == []

    beside(server, fault)


def top(knob: Knob):
    """A knob's value that gives the most to do; of those without a limit, the default."""
    if isinstance(knob, Widths):
        return (knob.widest,) * knob.most
    if isinstance(knob, Number):
        return knob.nearest(knob.high)
    return True if isinstance(knob, Flag) else knob.default


def heaviest(kind: type[Record], **changes) -> dict[str, str]:
    """The URL in which every limit is at its maximum."""
    values = {name: top(knob) for name, knob in kind.knobs().items()} | changes
    return kind(**values).to_query()


@pytest.mark.parametrize("batch", ["one example", "all examples"])
@pytest.mark.parametrize("page, section", PAGES)
def test_the_heaviest_url_of_a_page_holds_nobody_else_up(server, page, section, batch):
    kind = PAGES[page, section]
    if batch == "one example" and "batch_size" not in kind.knobs():
        pytest.skip("the page has no mini-batches")
    changes = {"batch_size": kind.knobs()["batch_size"].low} if batch == "one example" else {}
    query = heaviest(kind, **changes) | ({"section": section} if section else {})

    async def fault(visit):
        visitor, began = visit(page, urlencode(query)), time.monotonic()
        await visitor.open(HEAVY)
        opened = time.monotonic() - began
        if visitor.has("play"):
            await visitor.toggle(HEAVY)
            frames = visitor.frames
            await visitor.until(
                lambda: visitor.frames > frames + 2 or not visitor.playing,
                "three frames of the heaviest run",
                HEAVY,
            )
        print(f"\n{page or 'playground'} {section}: opened in {opened:.1f} s, all in {time.monotonic() - began:.1f} s,"
              f" {server.memory:.0f} MB", end=" ")  # fmt: skip
        await visitor.leave()
        assert visitor.errors == []

    beside(server, fault)


def malformed(rng: random.Random) -> tuple[str, str]:
    """A page and a random, malformed query."""
    page, section = rng.choice(list(PAGES))
    names = [*PAGES[page, section].knobs(), "section", "embed", "", "__proto__", "knob-seed", "%00"]
    texts = ["", "nan", "inf", "-1e999", "9" * 5000, "0x10", "null", "[]", "{}", "\x00", "\ud7ff", "🧠" * 50, "../..",
             "<script>alert(1)</script>", "1.learning_rate.nan", "64-" * 2000, "~" * 3000, "None", "True", "1e400",
             "he_normal~he_normal", "'; drop table", "%s%n", "$x^$", "`", "\n\n# a"]  # fmt: skip
    texts.append("".join(rng.choices(string.printable, k=rng.randrange(60))))
    given = [(rng.choice(names), rng.choice(texts)) for _ in range(rng.randrange(1, 8))]
    if section:
        given.append(("section", section if rng.random() < 0.7 else rng.choice(texts)))
    raw = rng.random() < 0.1
    return page, "&".join(f"{name}={text}" for name, text in given) if raw else urlencode(given, quote_via=quote)


def test_two_hundred_malformed_urls_in_a_row(server):
    rng, errors = random.Random(0), []

    async def fault(visit):
        for _ in range(200):
            page, query = malformed(rng)
            visitor = visit(page, query)
            await visitor.open()
            await visitor.leave()
            errors.extend((page, query[:200], error) for error in visitor.errors)

    beside(server, fault)
    assert errors == []


def put(server: Server, path: str, body: bytes | Iterator[bytes], **headers) -> int:
    """Upload as a browser does; the status of the answer."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=60)
    try:
        connection.request("GET", "/_stcore/health")
        answer = connection.getresponse()
        answer.read()
        cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
        headers |= {"Content-Type": "multipart/form-data; boundary=edge"}
        headers |= {"Cookie": cookie, "X-Xsrftoken": cookie.partition("=")[2]}
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused before all was sent
            connection.request("PUT", path, body, headers)
        try:
            return connection.getresponse().status
        except (ConnectionError, http.client.HTTPException):
            return 0
    finally:
        connection.close()


def form(size: int) -> Iterator[bytes]:
    """A form with a file of so many bytes, in parts."""
    yield b'--edge\r\nContent-Disposition: form-data; name="file"; filename="digit.png"\r\n'
    yield b"Content-Type: image/png\r\n\r\n"
    for start in range(0, size, 1 << 20):
        yield bytes(min(1 << 20, size - start))
    yield b"\r\n--edge--\r\n"


def test_an_upload_over_the_limit_is_refused(server):
    limit = config.get_option("server.maxUploadSize") * 2**20

    async def fault(visit):
        visitor = visit("digits", "section=draw")
        await visitor.open()
        await visitor.until(lambda: visitor.finished, "all of the page")
        path, before = f"/_stcore/upload_file/{visitor.id}/some-file", server.memory
        told = await asyncio.to_thread(put, server, path, b"", **{"Content-Length": str(limit + 1)})
        assert told == 413
        untold = await asyncio.to_thread(put, server, path, form(limit + 2**21))
        assert untold in (413, 0)  # 0: the server closed the connection in the middle of it
        assert await settled(lambda: server.memory, before + 20) <= before + 20

        [uploader] = [each for _, each in visitor.shown.values() if type(each).__name__ == "FileUploader"]
        size = min(limit, (uploader.max_upload_size_mb + 1) * 2**20)  # over the page's limit, as no browser would
        assert await asyncio.to_thread(put, server, path, form(size)) == 204
        file = WidgetState(id=uploader.id)
        file.file_uploader_state_value.uploaded_file_info.add(name="digit.png", size=size, file_id="some-file")
        await visitor.answer(file, lambda: bool(visitor.words))  # no picture: the page says so
        await visitor.leave()
        assert visitor.errors == []

    beside(server, fault)


def test_memory_returns_over_ten_rounds(server):
    """It may grow in the first rounds, as pictures are cached up to some number; in later ones it may not."""
    memories, threads = [], []

    async def fault(visit):
        for _ in range(10):
            closed, cut, diverging = [await playing(visit(), query) for query in (LONG, LONG, DIVERGES)]
            await asyncio.sleep(1)
            await closed.leave()
            await cut.cut()
            await cut.connect()
            await cut.send()
            await asyncio.sleep(1)
            await cut.leave()
            await diverging.leave()
            await asyncio.sleep(FORGET + 1)
            another = visit()  # the next visitor makes the server forget those who left
            await another.open()
            await another.leave()
            memories.append(server.memory)
            threads.append(server.threads)

    beside(server, fault)
    print("\nMB after each round:", *(f"{memory:.0f}" for memory in memories), "threads:", *threads)
    assert statistics.median(memories[-3:]) < statistics.median(memories[4:7]) + 8, memories
    assert max(threads[-3:]) <= max(threads[:3])
