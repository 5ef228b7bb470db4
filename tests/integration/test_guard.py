"""Whatever ends a run, the servers it started end too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from dev.machine import ROOT
from dev.process import Server, StartFailed

OWNER = """
import signal, sys, time
from dev.process import Server
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever starts the tests may ignore it
server = Server("sleeper")
server.start([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"])
server.wait_until(lambda: server.log.read_text().strip().isdigit(), 20)
print(server.log.read_text().strip(), server.folder, flush=True)
time.sleep(600)
"""


def _eventually(true: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name
)
def test_a_server_and_its_folder_go_when_its_owner_is_killed(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pid, folder = owner.stdout.readline().split()
        assert not _gone(int(pid))
        owner.send_signal(number)
        owner.wait()
        assert _eventually(lambda: _gone(int(pid)) and not Path(folder).exists())


def test_a_server_goes_when_its_guard_is_killed() -> None:
    with Server("sleeper") as server:
        server.start(
            [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"]
        )
        server.wait_until(lambda: server.log.read_text().strip().isdigit(), 20)
        child = psutil.Process(int(server.log.read_text()))
        guard = child.parent()
        assert guard is not None
        assert guard.pid != os.getpid()
        guard.kill()
        assert _eventually(lambda: _gone(child.pid))


def test_a_server_that_ends_while_it_starts_says_what_it_printed() -> None:
    with Server("broken") as server:
        server.start([sys.executable, "-c", "raise SystemExit('the port is taken')"])
        with pytest.raises(StartFailed, match="the port is taken"):
            server.wait_until(lambda: False, 20)
    assert not server.folder.exists()
