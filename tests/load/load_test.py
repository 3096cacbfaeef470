"""How many visitors one server carries: each opens a page, presses Play, moves sliders, and leaves; no browser is used.

    python -m tests.load.load_test --sessions 1 10 40 80

For each number a server of its own starts on a loopback port, and one visitor goes first, so that all is imported. Then
visitors arrive one by one, half a second apart, the last after 20 s at the latest; look for a second; press Play; and
every 2 to 5 s do one thing: move the learning rate (the run goes on), move the width (it starts anew), Pause, or
Mini-batch. If the run is paused, mostly Play a second later. After `--seconds` each leaves. A seed decides all.

What is printed:
    first picture   from the first request for a file to the first chart that came, files included; ms
    click           from sending a click to its answer, ms: the first picture of the run of the script that the click
                    began, once the control itself is shown as the click left it; median, 95th percentile, worst
    frames/s        pictures at the place of a page that has most, while a visitor's run plays; median visitor, least
    playing         share of their time in which runs played
    memory          MB of the server, or of all replicas: before the visitors, most, and after they left
    cores           of the server, and of this program, which competes with it for the same cores
    errors          exceptions, unanswered clicks, controls that do not show what was done, lost connections, and
                    tracebacks in the server's log; each is listed below the table

Exit code 1 where there are errors, or where `--goal` seconds are not met by 95 % of the clicks.
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import urlencode

from websockets.exceptions import WebSocketException

from playground.data.datasets import PLANE
from playground.nn import ACTIVATIONS, INITIALIZERS
from playground.training.experiment import Experiment
from tests.load.client import Session, Unanswered, load_files
from tests.load.server import Server

LAST_ARRIVAL = 20  # seconds
GAP = 0.5  # seconds between two arrivals, unless the last would come too late
PAUSE = 2, 5  # seconds between two actions
LIVE, RESTARTS = ("knob-learning_rate",), ("width-0", "width", "knob-n_points")  # sliders, the first that the page has


@dataclass
class Figures:
    """What is measured over all visitors; times in seconds."""

    first_pictures: list[float] = field(default_factory=list)
    clicks: list[float] = field(default_factory=list)
    kinds: Counter = field(default_factory=Counter)
    frames: list[int] = field(default_factory=list)  # one for each visitor
    paces: list[float] = field(default_factory=list)  # frames a second of playing
    played: float = 0.0
    stayed: float = 0.0
    errors: Counter = field(default_factory=Counter)
    dropped: int = 0


class Visitor:
    """One visitor, from arriving to leaving."""

    def __init__(self, session: Session, rng: random.Random, figures: Figures):
        self.session, self.rng, self.figures = session, rng, figures
        self.frames, self.played = 0, 0.0

    async def visit(self, arrival: float, seconds: float) -> None:
        await asyncio.sleep(arrival)
        began, figures, session = time.monotonic(), self.figures, self.session
        try:
            await load_files(session.port)
            await session.open()
            figures.first_pictures.append(time.monotonic() - began)
            await self.snapshot(1)
            while (left := began + seconds - time.monotonic()) > 0:
                await self.act()
                await self.snapshot(min(self.rng.uniform(*PAUSE) if session.playing else 1, left))
        except (Unanswered, OSError, WebSocketException) as error:
            figures.errors[f"{type(error).__name__}: {error}"] += 1
        await session.leave()
        figures.errors.update(session.errors)
        figures.dropped += session.dropped
        figures.stayed += time.monotonic() - began
        figures.played += self.played
        figures.frames.append(session.frames)
        if self.played > 1:
            figures.paces.append(self.frames / self.played)

    async def snapshot(self, seconds: float) -> None:
        """Watch, and count the frames if the run plays."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            playing, frames = self.session.playing, self.session.frames
            await asyncio.sleep(min(0.25, end - now))
            if playing:
                self.frames += self.session.frames - frames
                self.played += time.monotonic() - now
            if self.session.dropped:
                raise Unanswered("connection lost while looking")

    async def act(self) -> None:
        """Do one thing; which one depends on what the page offers, and on chance."""
        session, rng = self.session, self.rng
        if session.has("play") and not session.playing and rng.random() < 0.8:
            kind, answer = "Play", session.toggle()
        else:
            offers = {"live": (4, LIVE), "restart": (2, RESTARTS), "Pause": (2, ("play",)), "step": (1, ("step",))}
            found = {
                kind: (weight, next(filter(session.has, keys)))
                for kind, (weight, keys) in offers.items()
                if any(map(session.has, keys))
            }
            if not found:
                return
            [kind] = rng.choices(list(found), [weight for weight, _ in found.values()])
            key = found[kind][1]
            answer = {"Pause": session.toggle, "step": session.step}.get(kind, lambda: self.move(key))()
        figure = await answer
        self.figures.clicks.append(figure)
        self.figures.kinds[kind] += 1

    async def move(self, key: str) -> float:
        """Move a slider to a place where it did not stand, and not to its ends, where runs diverge or take long."""
        places, present = self.session.places(key)
        inner = [place for place in range(places // 4, max(places * 3 // 4, places // 4 + 2)) if place != present]
        return await self.session.move(key, self.rng.choice(inner))


def own_experiment(rng: random.Random) -> str:
    """The URL of some experiment of ordinary size."""
    experiment = Experiment(
        dataset=rng.choice(list(PLANE)), activation=rng.choice(list(ACTIVATIONS)), epochs=rng.choice((200, 500, 1000)),
        initializer=rng.choice(list(INITIALIZERS)), hidden=(rng.choice((4, 8, 16)),) * rng.randint(1, 4),
        batch_norm=rng.random() < 0.25, learning_rate=rng.choice((0.03, 0.1, 0.3)), seed=rng.randrange(1000),
    )  # fmt: skip
    return urlencode(experiment.to_query())


async def watch(servers: list[Server], memories: list[float]) -> None:
    """Read the memory again and again."""
    while True:
        memories.append(sum(server.memory for server in servers))
        await asyncio.sleep(0.5)


async def class_comes(
    servers: list[Server], count: int, arguments: argparse.Namespace
) -> tuple[Figures, dict[str, float]]:
    """Let `count` visitors come, on the servers in turn; what they met, and what it cost: memory in MB, cores."""
    page, _, query = arguments.page.partition("?")
    for server in servers:
        ahead = Session(server.port, page, query)
        await ahead.open()
        await ahead.leave()
    await asyncio.sleep(1)
    figures, memories = Figures(), [sum(server.memory for server in servers)]
    gap = min(GAP, LAST_ARRIVAL / count)
    visits = []
    for number in range(count):
        rng = random.Random(1000 * arguments.seed + number)
        own = own_experiment(rng) if arguments.different else query
        session = Session(servers[number % len(servers)].port, page, own)
        visits.append(Visitor(session, rng, figures).visit(gap * number, arguments.seconds))
    watcher = asyncio.create_task(watch(servers, memories))
    began, own_before = time.monotonic(), time.process_time()
    server_before = sum(server.core_seconds for server in servers)
    await asyncio.gather(*visits)
    took = time.monotonic() - began
    costs = {
        "server cores": (sum(server.core_seconds for server in servers) - server_before) / took,
        "own cores": (time.process_time() - own_before) / took,
    }
    await asyncio.sleep(2)
    watcher.cancel()
    for server in servers:
        if not server.healthy:
            figures.errors["the server no longer answers"] += 1
        if server.tracebacks:
            figures.errors["tracebacks in the log"] += server.tracebacks
            print(server.log[-3000:], file=sys.stderr)
    after = sum(server.memory for server in servers)
    return figures, costs | {"before": memories[0], "most": max(memories), "after": after}


def percentile(values: list[float], share: float) -> float:
    """The smallest value that this share of all does not exceed; NaN without values."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)] if ordered else float("nan")


def spread(values: list[float]) -> str:
    """Median, 95th percentile and worst, in ms."""
    return " / ".join(f"{1000 * percentile(values, share):,.0f}" for share in (0.5, 0.95, 1.0))


def row(count: int, figures: Figures, costs: dict[str, float]) -> list[str]:
    """A row of the table."""
    return [
        str(count),
        spread(figures.first_pictures),
        str(len(figures.clicks)),
        spread(figures.clicks),
        f"{statistics.median(figures.paces or [0]):.1f} / {min(figures.paces, default=0):.1f}",
        f"{statistics.median(figures.frames or [0]):,.0f} / {min(figures.frames, default=0):,}",
        f"{figures.played / max(figures.stayed, 1e-9):.0%}",
        f"{costs['before']:,.0f} / {costs['most']:,.0f} / {costs['after']:,.0f}",
        f"{costs['server cores']:.2f} + {costs['own cores']:.2f}",
        str(figures.errors.total()),
        str(figures.dropped),
    ]


HEAD = ["sessions", "first picture", "clicks", "click to answer", "frames/s", "frames", "playing", "memory", "cores",
        "errors", "dropped"]  # fmt: skip
UNITS = ["", "ms, median / 95 % / worst", "", "ms, median / 95 % / worst", "median / least", "median / least", "",
         "MB, before / most / after", "server + this", "", ""]  # fmt: skip


def print_table(rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(HEAD, UNITS, *rows, strict=True)]
    for cells in (HEAD, UNITS, *rows):
        print("  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)), flush=True)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load.load_test", description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 10, 40, 80], help="visitors at the same time")
    parser.add_argument("--seconds", type=float, default=60, help="how long each stays")
    parser.add_argument("--page", default="", help='such as "initialization?section=race"; none: the playground')
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--same", action="store_true", help="all open the same experiment, as a class does (default)")
    kind.add_argument("--different", action="store_true", help="each opens one of its own")
    parser.add_argument("--replicas", type=int, choices=range(1, 9), default=1, help="servers that share the visitors")
    parser.add_argument("--goal", type=float, help="seconds within which 95 %% of the clicks must be answered")
    parser.add_argument("--seed", type=int, default=0, help="of what the visitors do")
    arguments = parser.parse_args()
    if min(arguments.sessions) < 1 or max(arguments.sessions) > 200 or not 1 <= arguments.seconds <= 600:
        parser.error("1 to 200 sessions, 1 to 600 seconds")
    if arguments.different and arguments.page.partition("?")[0]:
        parser.error("--different is for the playground")
    return arguments


def main() -> int:
    arguments = read_arguments()
    rows, failures = [], []
    for count in arguments.sessions:
        with ExitStack() as stack:
            servers = [stack.enter_context(Server()) for _ in range(arguments.replicas)]
            limit = LAST_ARRIVAL + arguments.seconds + 120  # seconds, whatever happens
            figures, costs = asyncio.run(asyncio.wait_for(class_comes(servers, count, arguments), limit))
        rows.append(row(count, figures, costs))
        print(f"{count} sessions: {dict(figures.kinds)}", file=sys.stderr, flush=True)
        failures += [f"{count} sessions, {times} times: {error}" for error, times in figures.errors.most_common()]
        late = percentile(figures.clicks, 0.95)
        if arguments.goal is not None and not late <= arguments.goal:
            failures.append(f"{count} sessions: 95 % of clicks answered within {late:.2f} s, not {arguments.goal:g} s")
    print_table(rows)
    print(*failures, sep="\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
