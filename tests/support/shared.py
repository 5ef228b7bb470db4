"""One server of a kind for all processes of a test run, started by the first that asks, gone with the run."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dev.machine import ROOT
from dev.process import locked
from tests.support.secrets import DATABASE_PASSWORD

START_S = 300.0  # the first run on a machine may fetch Kafka
STOP_S = 20.0

_started: list[subprocess.Popen[bytes]] = []  # an object that is collected while its process runs warns


class Run:
    """A test run, in the process that began it: holds the lock on `alive`, as long as servers are wanted."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="acende-tests-"))
        self._alive = (self.folder / "alive").open("w")
        fcntl.flock(self._alive, fcntl.LOCK_EX)

    def end(self) -> None:
        """Let the servers go, wait until they have, and remove the folder."""
        self._alive.close()
        for state in self.folder.glob("*.json"):
            _wait_for_end(json.loads(state.read_text())["pid"])
        shutil.rmtree(self.folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    for process in _started:
        process.poll()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + STOP_S
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def shared_server(run: Path, what: str) -> dict[str, Any]:
    """Where the run's one server of this kind is reached; starts it if nobody has.

    Raises RuntimeError with the sentence that says what is lacking on this machine.
    """
    state = run / f"{what}.json"
    with locked(run / f"{what}.lock"):
        if not state.exists():
            _start(run, what, state)
    where: dict[str, Any] = json.loads(state.read_text())
    if error := where.pop("error", None):
        raise RuntimeError(error)
    del where["pid"]
    return where


def _start(run: Path, what: str, state: Path) -> None:
    command = [sys.executable, "-m", "dev.serve", what, "--alive", str(run / "alive"), "--state", str(state)]
    with (run / f"{what}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=ROOT,
            env={**os.environ, "ACENDE_DEV_DATABASE_PASSWORD": DATABASE_PASSWORD},
        )
    _started.append(process)
    deadline = time.monotonic() + START_S
    while not state.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not start:\n{(run / f'{what}.log').read_text()}")
        time.sleep(0.05)
