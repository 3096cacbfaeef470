"""Many visitors who play films at once: how soon a film goes on after a knob, and how long it stands still.

    python -m tests.load.film_load --sessions 1 10 40 80
    python -m tests.load.film_load --sessions 200 --lesson

Each visitor has an experiment of its own (with --lesson, all have the same, and nobody turns knobs), asks for segments
as the player does, plays at 20 epochs a second, and turns the learning rate every 2 to 5 seconds. Only films are asked
for: the script that answers a knob is measured by `load_test`. Client and server share the machine.
"""

import argparse
import asyncio
import random
import statistics
import time
from urllib.parse import urlencode

from playground.film.packing import unpack
from playground.film.routes import VERSION
from playground.film.studio import version
from playground.training.experiment import Experiment

from .server import HOST, Server

SPEED, AHEAD = 20, 3  # epochs a second; seconds that a player fetches ahead
RATES = (0.01, 0.02, 0.05, 0.1, 0.2)


class Viewer:
    """A visitor who plays a film.

    Attributes:
        answers: seconds from a knob to the first segment in which it has taken hold.
        still: seconds in which the film stood still.
        errors: answers other than a segment.
    """

    def __init__(self, port: int, seed: int, lesson: bool):
        self.port, self.rng, self.lesson = port, random.Random(seed), lesson
        self.experiment = Experiment(seed=0 if lesson else seed, epochs=5000)
        self.answers, self.still, self.errors = [], 0.0, 0
        self.ends: list[tuple[int, int]] = []  # epochs and mini-batches at the end of each segment

    async def get(self, place: int) -> bytes | None:
        """The segment with this number."""
        query = urlencode(self.experiment.to_query() | {VERSION: version()})
        reader, writer = await asyncio.open_connection(HOST, self.port)
        writer.write(f"GET /film/{place}?{query} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        if b" 200 " in head.split(b"\r\n")[0]:
            return body
        self.errors += 1
        return None

    async def watch(self, seconds: float) -> None:
        """Play for so long."""
        end, position, before = time.monotonic() + seconds, 0.0, time.monotonic()
        turn_at, turned = before + self.rng.uniform(2, 5), None
        asked: asyncio.Task | None = None
        while time.monotonic() < end:
            await asyncio.sleep(0.02)
            now = time.monotonic()
            newest = self.ends[-1][0] if self.ends else 0
            moved = max(position, min(newest, position + SPEED * (now - before)))
            self.still += now - before - (moved - position) / SPEED
            position, before = moved, now
            if asked is not None and asked.done():
                body, asked = asked.result(), None
                if body:
                    steps = unpack(body)[1]["step"]
                    self.ends.append((len(steps) + newest - (not self.ends), int(steps[-1])))
                    if turned is not None:
                        self.answers.append(now - turned)
                        turned = None
            if asked is None and newest < position + 2 + AHEAD * SPEED:
                asked = asyncio.create_task(self.get(len(self.ends)))
            if now > turn_at and not self.lesson and asked is None and self.ends:
                turn_at, turned = now + self.rng.uniform(2, 5), now
                k = next(k for k, (epoch, _) in enumerate(self.ends) if epoch >= position)
                share = position / max(1, self.ends[k][0])
                step = max(1, int(share * self.ends[k][1]))
                changes = len(self.experiment.changes)
                if changes > 10:
                    self.experiment = self.experiment.started_afresh()
                    self.ends, position = [], 0.0
                else:
                    rate = self.rng.choice([r for r in RATES if r != self.experiment.at(step).learning_rate])
                    self.experiment = self.experiment.changed(step, learning_rate=rate)
                    self.ends = self.ends[:k]
        if asked is not None:
            asked.cancel()


async def measure(port: int, sessions: int, lesson: bool, seconds: float) -> str:
    """A row of figures."""
    viewers = [Viewer(port, seed, lesson) for seed in range(sessions)]
    await asyncio.gather(*(viewer.watch(seconds) for viewer in viewers))
    answers = sorted(answer for viewer in viewers for answer in viewer.answers)
    still = sum(viewer.still for viewer in viewers) / (sessions * seconds)
    told = f"{sessions:4} films: {100 * still:5.1f} % standing still, {sum(v.errors for v in viewers)} errors"
    if answers:
        late = answers[min(len(answers) - 1, int(0.95 * len(answers)))]
        told += f", knob to film median {statistics.median(answers):.2f} s, 95 % {late:.2f} s ({len(answers)} knobs)"
    return told


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 10, 40, 80])
    parser.add_argument("--lesson", action="store_true", help="all watch the same film")
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    for sessions in options.sessions:
        with Server(films=True) as server:
            asyncio.run(measure(server.port, 1, False, 8))  # workers start
            print(asyncio.run(measure(server.port, sessions, options.lesson, options.seconds)), flush=True)


if __name__ == "__main__":
    main()
