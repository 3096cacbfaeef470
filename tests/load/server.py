"""The app as a server of its own on a loopback port, whose memory, threads and time on the cores can be read."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
PATIENCE = 60  # seconds until a server that does not answer counts as failed
TICKS = os.sysconf("SC_CLK_TCK")  # a second, in which /proc counts time on the cores


def free_port() -> int:
    """A port of the loopback interface on which nobody listens."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        return free.getsockname()[1]


class Server:
    """A context manager: the server runs from entering to leaving. Linux only, since it reads /proc.

    Args:
        films: whether browsers play films. A `Session` of the client plays none: it is shown frames.
        settings: options of Streamlit's section `server`, such as disconnectedSessionTTL.

    Attributes:
        port: where it listens, on 127.0.0.1.
    """

    host = HOST

    def __init__(self, films: bool = False, **settings):
        self._films = films
        self._settings = {"headless": "true", "fileWatcherType": "none"} | settings

    def __enter__(self) -> "Server":
        self.port = free_port()
        self._log = tempfile.TemporaryFile()  # closed in __exit__
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
        settings = self._settings | {"address": self.host, "port": self.port}
        command += [f"--server.{name}={value}" for name, value in settings.items()]
        here = os.environ | {"PLAYGROUND_FILMS": str(int(self._films))}
        self._process = subprocess.Popen(command, cwd=ROOT, env=here, stdout=self._log, stderr=self._log)
        try:
            self._wait_until_healthy()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.kill()
        self._log.close()

    def kill(self) -> None:
        """End it without warning."""
        self._process.kill()
        self._process.wait()

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.healthy:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{self.log}")
            time.sleep(0.1)

    @property
    def healthy(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"http://{self.host}:{self.port}/_stcore/health", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    @property
    def log(self) -> str:
        """What it wrote so far."""
        return os.pread(self._log.fileno(), 10**7, 0).decode("utf-8", "replace")

    @property
    def tracebacks(self) -> int:
        """Exceptions in its log that nobody caught."""
        return len(re.findall("^ *Traceback|Uncaught", self.log, re.MULTILINE))

    @property
    def memory(self) -> float:
        """Resident memory of it and its children, MB."""
        return sum(self._status(pid, "VmRSS") for pid in self._family()) / 1024

    @property
    def threads(self) -> int:
        """Threads of it and its children."""
        return sum(self._status(pid, "Threads") for pid in self._family())

    @property
    def core_seconds(self) -> float:
        """Time on the cores so far."""
        times = (Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in self._family())
        return sum(int(fields[11]) + int(fields[12]) for fields in times) / TICKS  # user and system

    def _family(self) -> list[int]:
        """The process and all that it started, by id."""
        family = [self._process.pid]
        for pid in family:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                family += map(int, task.read_text().split())
        return family

    @staticmethod
    def _status(pid: int, name: str) -> int:
        return int(re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1])
