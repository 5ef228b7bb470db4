"""Local server processes that end with the process that started them, and the waiting for them to answer."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Self

from dev import guard

_RESTARTED = """
stop=$1; shift
trap 'kill -$stop $child; wait $child; exit' TERM
while :; do "$@" & child=$!; wait $child; sleep 0.3; done
"""


def restarted(command: Sequence[str], stop_signal: str = "KILL") -> list[str]:
    """A command that runs `command` again whenever it has ended; SIGTERM ends both, the inner one by `stop_signal`."""
    return ["bash", "-c", _RESTARTED, "restarted", stop_signal, *command]


class StartFailed(RuntimeError):
    """A server did not come up; the text ends with the last lines of its log."""


def free_port() -> int:
    """A TCP port of this machine that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(host: str, port: int) -> bool:
    """True if something accepts connections there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def locked(path: Path) -> Iterator[IO[str]]:
    """Hold the lock on `path`; another holder is waited for."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


class Server:
    """A program under `dev/guard.py`, with a folder of its own (`folder`) that goes when it goes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"acende-{name}-"))
        self.log = self.folder / "log"
        self._alive = (self.folder / "alive").open("w")
        fcntl.flock(self._alive, fcntl.LOCK_EX)
        self._guard: subprocess.Popen[bytes] | None = None

    def start(
        self,
        command: Sequence[str],
        *,
        stop_signal: str = "SIGTERM",
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start `command`, its output into `log`."""
        options = ["--alive", self._alive.name, "--signal", stop_signal, "--remove", str(self.folder)]
        as_user = ["--user", user] if user else []
        with self.log.open("ab") as log:
            self._guard = subprocess.Popen(
                [sys.executable, guard.__file__, *options, *as_user, "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.folder,
                env={**os.environ, **(environment or {})},
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return when `ready()`; raises StartFailed if the program ends or the time is over before."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self._guard is None or self._guard.poll() is not None:
                raise StartFailed(f"{self.name} ended while it started:\n{self.last_lines()}")
            if time.monotonic() > deadline:
                raise StartFailed(f"{self.name} is not ready after {seconds:g} s:\n{self.last_lines()}")
            time.sleep(0.1)

    def last_lines(self, count: int = 20) -> str:
        """The end of the log, empty where there is none."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
        return ""

    def stop(self) -> None:
        """Stop the program and wait until it and its folder are gone."""
        self._alive.close()
        if self._guard is not None:
            self._guard.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
