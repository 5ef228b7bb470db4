"""The commands as processes of their own: a fleet, a worker, a terminal, Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import yaml

from tests.integration.cli.conftest import acende, set_up
from tests.support.installation import received, started
from tests.support.kafka import Topics
from tests.support.secrets import leaked
from tests.support.until import until

ROOT = str(Path(__file__).parents[3])
ONU = "HWTC1A2B3C4D"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str, kafka_topics: Topics) -> Path:
    """An installation of one OLT whose host key nobody has pinned yet, and of everything that a worker is told."""
    set_up(tmp_path, monkeypatch, sqlite_url)
    monkeypatch.setenv("ACENDE_KAFKA_SERVERS", kafka_topics.bootstrap)
    monkeypatch.setenv("ACENDE_KAFKA_GROUP", kafka_topics("group"))
    for use in ("equipment", "install", "progress", "results", "dead_letters"):
        monkeypatch.setenv(f"ACENDE_TOPIC_{use.upper()}", kafka_topics(use.replace("_", "-")))
    monkeypatch.setenv("ACENDE_HTTP_PORT", "0")
    monkeypatch.setenv("ACENDE_HTTP_HOST", "127.0.0.1")
    monkeypatch.setenv("ACENDE_LIGHT_POLL_S", "0.3")
    olt = {
        "id": "olt-1",
        "site": "centro",
        "platform": "huawei_smartax",
        "address": "127.0.0.1",
        "port": free_port(),
    }
    login = {"username": {"env": "OLT_USER"}, "password": {"env": "OLT_PASSWORD"}}
    olt["simulator"] = {
        "profiles": [
            {"kind": "line", "name": "LINHA", "number": 10, "gems": {1: 1}},
            {"kind": "service", "name": "SERVICO", "number": 20},
        ],
        "onus": [{"serial": ONU, "port": "0/1/3"}],
    }
    _write(tmp_path / "inventory.yaml", {"credentials": {"default": login}, "olts": [olt]})
    give = {
        "line_profile": 10,
        "service_profile": 20,
        "service_ports": [{"gem_port": 1, "vlan": 100, "user_vlan": 100}],
    }
    _write(tmp_path / "services.yaml", {"models": [{"name": "tudo", "give": give}]})
    return tmp_path


def _write(file: Path, data: Any) -> None:
    file.write_text(yaml.safe_dump(data, sort_keys=False))


@asynccontextmanager
async def process(*words: str, ended_by: int = signal.SIGTERM) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command as a process that goes on; at the end of the block it is stopped and must end well."""
    log = Path(f"{words[0]}.log")
    with _opened(log) as errors:
        one = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "worker.cli", *words,
            env=os.environ | {"PYTHONPATH": ROOT, "PYTHONWARNINGS": "ignore"},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=errors,
        )  # fmt: skip
    try:
        yield one
        one.send_signal(ended_by)
        await asyncio.wait_for(one.communicate(), 30)
        assert one.returncode == 0, _text(log)
    finally:
        if one.returncode is None:
            one.kill()
            await one.communicate()


def _opened(file: Path) -> BinaryIO:
    return file.open("ab")


def _text(file: Path) -> str:
    return file.read_text()


async def document(one: asyncio.subprocess.Process) -> Any:
    """The JSON document that a process prints and goes on."""
    assert one.stdout
    lines: list[bytes] = []
    while not lines or lines[-1] not in {b"]\n", b"}\n", b""}:
        lines.append(await asyncio.wait_for(one.stdout.readline(), 20))
    return json.loads(b"".join(lines))


async def test_from_a_fleet_and_its_host_key_to_a_completed_order(folder: Path) -> None:
    async with process("simulate", "--keys", "keys", "--json", ended_by=signal.SIGINT) as fleet:
        [olt] = await document(fleet)
        assert olt.keys() == {"id", "platform", "transport", "address", "port", "host_key"}
        assert (await asyncio.to_thread(acende, "config", "check")).status == 4
        key = (await asyncio.to_thread(acende, "trust", "olt-1")).out.strip()
        assert key == f"host_key: {olt['host_key']}"
        rows = yaml.safe_load((folder / "inventory.yaml").read_text())
        rows["olts"][0] |= yaml.safe_load(key)
        _write(folder / "inventory.yaml", rows)
        assert (await asyncio.to_thread(acende, "config", "check")).status == 0

        (folder / "day.jsonl").write_text("\n".join(map(json.dumps, (received(), started()))))
        async with process("run"):
            assert (await asyncio.to_thread(acende, "publish", "day.jsonl")).status == 0
            await until(_known, 30, 0.2)
            ran = await asyncio.to_thread(acende, "status", "OS-1", "--follow")
            assert "OS-1  concluída" in ran.out
            [row] = (await asyncio.to_thread(acende, "orders", "--json")).json()
            assert (row["state"], row["olt"], row["port"]) == ("completed", "olt-1", "0/1/3")
    assert leaked((folder / "run.log").read_text() + (folder / "simulate.log").read_text()) == []


async def _known() -> bool:
    return (await asyncio.to_thread(acende, "status", "OS-1")).status == 0


def test_a_port_that_is_taken_names_the_olt(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        rows = yaml.safe_load((folder / "inventory.yaml").read_text())
        rows["olts"][0]["port"] = port
        _write(folder / "inventory.yaml", rows)
        said = acende("simulate").failed(5)
    assert said == f"cannot serve: olt-1 at 127.0.0.1:{port}: Address already in use"


class Terminal:
    """A command on a terminal of 100 columns and 30 lines; `seen` is all that it wrote."""

    def __init__(self, *words: str) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            signal.signal(
                signal.SIGINT, signal.SIG_DFL
            )  # a terminal's shell does; whoever runs tests may have had it ignored
            env = os.environ | {"COLUMNS": "100", "LINES": "30", "TERM": "xterm-256color"}
            env["PYTHONPATH"] = ROOT
            os.execve(sys.executable, [sys.executable, "-m", "worker.cli", *words], env)
        os.set_blocking(self._fd, False)
        self._seen = ""
        self._status: int | None = None

    def seen(self) -> str:
        """Everything written so far, without colours and the like."""
        try:
            while part := os.read(self._fd, 65536):
                self._seen += part.decode(errors="replace")
        except (BlockingIOError, OSError):
            pass
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._seen)

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    async def shows(self, text: str) -> None:
        """Wait until it has written this."""

        async def look() -> bool:
            return text in self.seen()

        try:
            await until(look, 20)
        except TimeoutError:
            raise AssertionError(self.seen()) from None

    async def ends(self) -> int:
        """Its status."""

        async def look() -> bool:
            return self._has_ended()

        await until(look, 20)
        os.close(self._fd)
        assert self._status is not None
        return self._status

    def _has_ended(self) -> bool:
        self.seen()
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        self._status = os.waitstatus_to_exitcode(status) if pid else None
        return bool(pid)


async def test_a_terminal_shows_orders_live_until_ctrl_c_and_asks_for_the_why(folder: Path) -> None:
    assert (await asyncio.to_thread(acende, "db", "upgrade")).status == 0
    watching = Terminal("orders", "--watch")
    await watching.shows("ordem")
    (folder / "day.jsonl").write_text(json.dumps(started("OS-77", serial=None)))
    rows = yaml.safe_load((folder / "inventory.yaml").read_text())
    rows["olts"][0] |= {"transport": "telnet"}
    _write(folder / "inventory.yaml", rows)
    async with process("run", "--role", "ingest"):
        assert (await asyncio.to_thread(acende, "publish", "day.jsonl")).status == 0
        await watching.shows("OS-77")
        cancelling = Terminal("cancel", "OS-77")
        await cancelling.shows("Por quê")
        cancelling.type("cliente desistiu\n")
        await cancelling.shows("OS-77 cancelada")
        assert await cancelling.ends() == 0
        await watching.shows("cancelada")
    watching.type("\x03")
    assert await watching.ends() == 130
    assert "Traceback" not in watching.seen()


async def test_a_pipe_that_is_closed_early_is_no_error(folder: Path) -> None:
    one = await asyncio.create_subprocess_shell(
        f"{sys.executable} -m worker.cli schemas --json | head -c 1",
        env=os.environ | {"PYTHONPATH": ROOT},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await one.communicate()
    assert (out, err) == (b"[", b"")
