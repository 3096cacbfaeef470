"""One visitor without a browser: speaks Streamlit's websocket protocol as a browser does, and notes what comes when.

A browser sends one kind of message, `BackMsg`: run the script again, with the values of all widgets. The server answers
with many of type `ForwardMsg`: a new run of the script begins, an element has its place, the run is over. Tables in the
elements are not read: so eighty visitors in one process take a small share of a core.
"""

import asyncio
import contextlib
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import streamlit
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Slider_pb2 import Slider
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

HOST = "127.0.0.1"
PATIENCE = 30  # seconds until a click counts as unanswered
CONNECTIONS = 6  # that a browser opens to one server for files
MESSAGE_AGE = 2  # runs of the script that a browser keeps a large message for; global.maxCachedMessageAge
STATIC = Path(streamlit.__file__).parent / "static"
CHART_FILES = ("embed.*.js", "arrowFormatUtils.*.js", "StreamlitMarkdown.*.js")  # that a browser loads for pictures


class Unanswered(Exception):
    """What was waited for did not come."""


class Session:
    """A tab with one page of the app.

    Args:
        port: of the server, on `HOST`.
        page, query: the URL behind it.
        cookie: what a proxy has set.

    Attributes:
        id: the server's name for the session; "" before the first answer.
        run: how many runs of the script have begun.
        shown: key of a widget -> the run in which it was last shown, and the element. The progress bar has the key
            "progress", and the newest chart "chart".
        frames: pictures at the place that has had most of them in its run, the first of each run included.
        errors: what a visitor must never see or meet, in words.
        words: text of all alerts and exceptions of the present run.
        file: path of the newest file that the server made to be downloaded.
        dropped: whether the connection ended though the visitor did not leave.
        received: bytes.
        cached: the large messages that a browser keeps now, by hash: after how many finished runs each came, its kind.
    """

    def __init__(self, port: int, page: str = "", query: str = "", cookie: str = ""):
        self.port, self.page, self.query, self.cookie = port, page, query, cookie
        self.id, self._page_hash = "", ""
        self.run = self.frames = self.received = 0
        self.shown: dict[str, tuple[int, object]] = {}
        self.errors: list[str] = []
        self.words: list[str] = []
        self.file = ""
        self.dropped = False
        self.finished = False  # the present run, to its last line
        self.cached: dict[str, tuple[int, str]] = {}
        self._finished_runs = 0
        self._widgets: dict[str, tuple[int, WidgetState]] = {}
        self._pictures = 0  # in the present run
        self._drawn: Counter[tuple[int, ...]] = Counter()  # pictures at each place, in the present run
        self._waiting: tuple[Callable[[], bool], asyncio.Future] | None = None
        self._connection: ClientConnection | None = None
        self._reader: asyncio.Task | None = None

    # -- what a visitor does

    async def open(self, patience: float = PATIENCE) -> None:
        """Open the page, and wait until its first picture is there, or on a page without pictures, all of it."""
        await self.connect()
        await self.send()
        await self._until(lambda: self._pictures > 0 or self.finished, patience, "the page")

    async def connect(self) -> None:
        """Open the connection; with the name of the session, if there was one, as a browser does after a cut."""
        tokens = ["streamlit", "PLACEHOLDER_AUTH_TOKEN", *([self.id] if self.id else [])]
        self._connection = await connect(
            f"ws://{HOST}:{self.port}/_stcore/stream", subprotocols=tokens, origin=f"http://{HOST}:{self.port}",
            max_size=None, proxy=None, open_timeout=PATIENCE,
            additional_headers={"Cookie": self.cookie} if self.cookie else {},
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read())

    async def leave(self) -> None:
        """Close the tab as a browser does, if it is open."""
        if self._connection is not None:
            self._reader.cancel()
            await self._connection.close()

    async def cut(self) -> None:
        """Lose the connection without closing it."""
        self._reader.cancel()
        self._connection.transport.abort()
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            await asyncio.wait_for(self._connection.wait_closed(), 5)

    async def press(self, key: str, shows: Callable[[], bool], patience: float = PATIENCE) -> float:
        """Press the button with this key; seconds until the answer, see `answer`."""
        return await self.answer(WidgetState(id=self.element(key).id, trigger_value=True), shows, patience)

    async def move(self, key: str, place: int, patience: float = PATIENCE) -> float:
        """Move the slider with this key to a place, counted from its low end; seconds until the answer."""
        slider = self.element(key)
        state = WidgetState(id=slider.id)
        if slider.type == Slider.SELECT_SLIDER:
            text = slider.options[place]
            state.string_array_value.data.append(text)
        else:
            state.double_array_value.data.append(slider.min + place * slider.step)
        self._widgets[slider.id] = self.run, state
        return await self.answer(None, lambda: _state(self.element(key), slider.id) == state, patience)

    async def answer(self, trigger: WidgetState | None, shows: Callable[[], bool], patience: float = PATIENCE) -> float:
        """Send the widgets' values; seconds until the first picture of a run of the script that knows of them.

        Such a run began after the sending, and has shown what `shows` asks for: controls come before pictures. A run
        that began after the sending for another reason does not count. On a page without pictures the end of the run
        does.
        """
        before, sent = self.run, time.perf_counter()
        await self.send(trigger)

        def answered():
            return self.run > before and (self._pictures > 0 or self.finished) and shows()

        return await self._until(answered, patience, "the answer to a click") - sent

    async def toggle(self, patience: float = PATIENCE) -> float:
        """Press Play or Pause; seconds until the answer."""
        before, playing, epoch = self.run, self.playing, self.epoch

        def shows():
            # A run that was over at once may show Play again before Pause was ever sent; and Pause,
            # pressed just as a run ends by itself, means Play, and starts it again.
            over = self.run >= before + 2 and self.finished
            return self.playing != playing or over or (self.run > before and self.epoch < epoch)

        return await self.press("play", shows, patience)

    async def step(self, patience: float = PATIENCE) -> float:
        """Press Mini-batch; seconds until the answer."""
        before = self.timeline
        return await self.press("step", lambda: not self.playing and self.timeline != before, patience)

    async def download(self, key: str, patience: float = PATIENCE) -> str:
        """Press the download button with this key; the path of the file that the server makes."""
        message, self.file = BackMsg(), ""
        request = message.backend_operation_request
        request.request_id, request.session_id = f"{key} of run {self.run}", self.id
        request.deferred_file.file_id = self.element(key).deferred_file_id
        await self._connection.send(message.SerializeToString())
        await self._until(lambda: bool(self.file), patience, "the file")
        return self.file

    async def until(self, condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        """Wait until the condition holds; it is checked after each message."""
        await self._until(condition, patience, what)

    async def send(self, trigger: WidgetState | None = None) -> None:
        """Ask for a run of the script with all widgets as they stand, and one button pressed."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self.query, self._page_hash
        state.page_name = "" if self._page_hash else self.page
        state.widget_states.widgets.extend(widget for _, widget in self._widgets.values())
        if trigger is not None:
            state.widget_states.widgets.append(trigger)
        state.cached_message_hashes.extend(self.cached)
        state.context_info.url = f"http://{HOST}:{self.port}/{self.page}"
        state.context_info.timezone, state.context_info.locale = "UTC", "en"
        await self._connection.send(message.SerializeToString())

    # -- what is on the page

    def element(self, key: str):
        """The element with this key."""
        return self.shown[key][1]

    def has(self, key: str) -> bool:
        """Whether the newest run of the script to show anything has shown a widget with this key, not disabled."""
        run, element = self.shown.get(key, (0, None))
        return run >= self.run - 1 and run > 0 and not element.disabled

    def places(self, key: str) -> tuple[int, int]:
        """How many places a slider has, and at which it is."""
        slider = self.element(key)
        state = self._widgets[slider.id][1]
        if slider.type == Slider.SELECT_SLIDER:
            return len(slider.options), list(slider.options).index(state.string_array_value.data[0])
        value = state.double_array_value.data[0]
        return round((slider.max - slider.min) / slider.step) + 1, round((value - slider.min) / slider.step)

    @property
    def playing(self) -> bool:
        """Whether the button says Pause."""
        return "play" in self.shown and self.element("play").label == "Pause"

    @property
    def timeline(self) -> str:
        """The moment in figures: on the slider that looks back, or on the bar."""
        stands = [self.shown[key] for key in ("moment", "progress") if key in self.shown]
        if not stands:
            return ""
        _, newest = max(stands, key=lambda stand: stand[0])
        text = newest.label if hasattr(newest, "label") else newest.text
        return text.split(" · look back")[0]

    @property
    def epoch(self) -> float:
        """The epoch of the moment."""
        return float(re.search(r"Epoch ([\d.,]+)", self.timeline)[1].replace(",", ""))

    # -- what comes

    async def _until(self, condition: Callable[[], bool], patience: float, what: str) -> float:
        """The time at which the condition held."""
        if condition():
            return time.perf_counter()
        if self.dropped:
            raise Unanswered(f"{what}: connection lost")
        future = asyncio.get_running_loop().create_future()
        self._waiting = condition, future
        try:
            return await asyncio.wait_for(future, patience)
        except TimeoutError:
            raise Unanswered(f"{what} did not come within {patience:g} s") from None
        finally:
            self._waiting = None

    async def _read(self) -> None:
        try:
            async for data in self._connection:
                self.received += len(data)
                self._take(ForwardMsg.FromString(data))
                if self._waiting and not self._waiting[1].done() and self._waiting[0]():
                    self._waiting[1].set_result(time.perf_counter())
            reason = self._connection.close_code
        except ConnectionClosed as closed:
            reason = closed
        except Exception as error:  # of this file, or of the protocol: must never be ignored
            reason = repr(error)
        self.dropped = True
        self.errors.append(f"connection lost: {reason}")
        if self._waiting and not self._waiting[1].done():
            self._waiting[1].set_exception(Unanswered("connection lost"))

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "delta":
            self._take_delta(message)
        elif kind == "ref_hash":
            if message.ref_hash not in self.cached:
                self.errors.append("the server refers to a message that a browser no longer has")
                return
            self._keep(message.ref_hash, self.cached[message.ref_hash][1])
            self._take_element(self.cached[message.ref_hash][1], None, list(message.metadata.delta_path))
        elif kind == "new_session":
            self.run += 1
            self._pictures, self._drawn, self.finished, self.words = 0, Counter(), False, []
            self.id = message.new_session.initialize.session_id
            self._page_hash = message.new_session.page_script_hash
        elif kind == "navigation":  # of a session that began with a page's name, the first to know its hash
            self._page_hash = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "backend_operation_response":
            self.file = message.backend_operation_response.deferred_file.url
        elif kind == "script_finished":
            self._finish(message.script_finished)
        elif kind == "page_not_found":
            self.errors.append("page not found")
        elif kind == "session_event" and message.session_event.HasField("script_compilation_exception"):
            self.errors.append("the script does not compile")

    def _take_delta(self, message: ForwardMsg) -> None:
        if message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if message.metadata.cacheable:
            self._keep(message.hash, kind)
        self._take_element(kind, element, list(message.metadata.delta_path))

    def _take_element(self, kind: str, element, place: list[int]) -> None:
        if kind == "vega_lite_chart":
            self._pictures += 1
            most = max(self._drawn.values(), default=0)
            self._drawn[tuple(place)] += 1
            self.frames += self._drawn[tuple(place)] > most
            self.shown["chart"] = self.run, None
        elif element is None:
            return
        elif kind == "progress":
            self.shown["progress"] = self.run, element.progress
        elif kind == "alert":
            self.words.append(element.alert.body)
        elif kind == "exception":
            self.words.append(element.exception.message)
            self.errors.append(f"exception on the page: {element.exception.type} {element.exception.message}")
        elif hasattr(part := getattr(element, kind), "id"):
            self._take_widget(part)

    def _take_widget(self, part) -> None:
        key = (part.id.split("-", 2) + [""] * 3)[2]
        self.shown[key] = self.run, part
        state = _state(part, part.id)
        if state is not None and (part.set_value or part.id not in self._widgets):
            self._widgets[part.id] = self.run, state
        elif part.id in self._widgets:
            self._widgets[part.id] = self.run, self._widgets[part.id][1]

    def _keep(self, message_hash: str, kind: str) -> None:
        self.cached[message_hash] = self._finished_runs, kind

    def _finish(self, status: int) -> None:
        """At the end of a run a browser forgets widgets that are gone, and large messages that are old."""
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.errors.append("the script does not compile")
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        self.finished = True
        self._widgets = {name: widget for name, widget in self._widgets.items() if widget[0] == self.run}
        self._finished_runs += 1
        oldest = self._finished_runs - MESSAGE_AGE
        self.cached = {name: entry for name, entry in self.cached.items() if entry[0] >= oldest}


def _state(part, name: str) -> WidgetState | None:
    """The value that a browser sends for a widget as the server shows it; None where it sends none."""
    state, kind = WidgetState(id=name), type(part).__name__
    if kind == "Slider" and part.type == Slider.SELECT_SLIDER:
        values = part.raw_value if part.set_value else [part.options[int(place)] for place in part.default]
        state.string_array_value.data.extend(values)
    elif kind == "Slider":
        state.double_array_value.data.extend(part.value if part.set_value else part.default)
    elif kind == "Selectbox":
        state.string_value = part.raw_value if part.set_value else part.options[part.default]
    elif kind == "ButtonGroup":
        values = part.raw_values if part.set_value else [part.options[place].content for place in part.default]
        state.string_array_value.data.extend(values)
    elif kind == "MultiSelect":
        values = part.raw_values if part.set_value else [part.options[place] for place in part.default]
        state.string_array_value.data.extend(values)
    elif kind == "Checkbox":
        state.bool_value = part.value if part.set_value else part.default
    elif kind == "NumberInput":
        state.double_value = part.value if part.set_value else part.default
    elif kind == "TextInput":
        state.string_value = part.value if part.set_value else part.default
    else:
        return None
    return state


async def load_files(port: int) -> int:
    """Load what a browser loads before it shows anything, over as many connections at once; bytes."""
    page = (STATIC / "index.html").read_text("utf-8")
    paths = re.findall(r'(?:src|href)="\./(static/[^"]+)"', page)
    for pattern in CHART_FILES:
        paths += [f"static/js/{path.name}" for path in (STATIC / "static/js").glob(pattern)]
    parts = [paths[start::CONNECTIONS] for start in range(CONNECTIONS)]
    return await _load(port, [""]) + sum(await asyncio.gather(*(_load(port, part) for part in parts)))


async def _load(port: int, paths: list[str]) -> int:
    """Load files one after the other; bytes."""
    reader, writer = await asyncio.open_connection(HOST, port)
    total = 0
    try:
        for path in paths:
            writer.write(f"GET /{path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nAccept-Encoding: gzip\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise Unanswered(f"{path}: {head[:20]!r}")
            size = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])
            total += size
            while size:
                part = await reader.read(min(size, 1 << 20))
                if not part:
                    raise Unanswered(f"{path}: connection lost")
                size -= len(part)
    finally:
        writer.close()
    return total
