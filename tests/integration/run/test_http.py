"""The HTTP side under connections that only wait: they end, probes are answered, and descriptors are left for the work."""

from __future__ import annotations

import asyncio
import resource
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from worker import http, http_gate
from worker.http_gate import Limits
from worker.settings import Settings

SERVER = """
import asyncio, os, resource
from worker import logs
from worker.http import Http
from worker.settings import Settings

resource.setrlimit(resource.RLIMIT_NOFILE, ({descriptors}, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

def live():
    try:  # what OLTs and the database need
        for one in [os.dup(2) for _ in range({reserve})]:
            os.close(one)
    except OSError:
        return ["descriptors"]
    return []

async def ready():
    return []

async def run():
    server = Http(Settings(http_host="127.0.0.1", http_port=0), live, ready)
    running = asyncio.create_task(server.run(asyncio.Event(), lambda: None))
    while server.port is None:
        await asyncio.sleep(0.01)
    print(server.port, flush=True)
    await running

logs.set_up(Settings())
asyncio.run(run())
"""
FEW = 160
"""Descriptors of the server: fewer than half requests."""
RESERVE = 100
REQUEST = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass
class Served:
    """A server as a process of its own."""

    port: int
    log: Path

    def connect(self, first: bytes, stack: ExitStack, source: str = "127.0.0.1") -> socket.socket:
        made = stack.enter_context(
            socket.create_connection(("127.0.0.1", self.port), timeout=5, source_address=(source, 0))
        )
        made.sendall(first)
        return made


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            SERVER.format(descriptors=FEW, reserve=RESERVE),
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
        assert process.stdout
        port = int(await process.stdout.readline())
        yield Served(port, log)
        process.kill()
        await process.wait()


@pytest.mark.parametrize("peers", [1, 50])
@pytest.mark.parametrize("half", [b"", b"GET /livez HTTP/1.1\r\nHost: x\r\n", REQUEST + b"GET"])
async def test_half_requests_by_the_hundred_take_neither_probes_nor_descriptors(
    served: Served, half: bytes, peers: int
) -> None:
    def flood_and_ask() -> list[tuple[int, str, float]]:
        answers = []
        with ExitStack() as stack, httpx.Client() as client:
            for number in range(300):
                source = f"127.0.1.{1 + number % peers}" if peers > 1 else "127.0.0.1"
                with suppress(OSError):  # closed already: as it should be
                    served.connect(half, stack, source)
                if number % 30 == 29:
                    began = time.monotonic()
                    answer = client.get(
                        f"http://127.0.0.1:{served.port}/livez", headers={"connection": "close"}, timeout=5
                    )
                    answers.append((answer.status_code, answer.text, time.monotonic() - began))
        return answers

    answers = await asyncio.to_thread(flood_and_ask)
    assert len(answers) == 10
    assert {(status, text) for status, text, _ in answers} == {(200, '{"ok":true,"faults":[]}')}
    assert max(took for _, _, took in answers) < 2
    said = served.log.read_text()
    assert "Traceback" not in said
    assert len(said) < 20_000
    assert "http_connection_closed" in said


async def _serve(monkeypatch: pytest.MonkeyPatch) -> tuple[http.Http, asyncio.Event, asyncio.Task[None]]:
    monkeypatch.setattr(http_gate, "HEADERS_S", 0.4)
    monkeypatch.setattr(http_gate, "ANSWER_S", 0.4)

    async def ready() -> list[str]:
        await asyncio.sleep(0.2)
        return []

    server = http.Http(Settings(http_host="127.0.0.1", http_port=0), list, ready)
    stop = asyncio.Event()
    running = asyncio.create_task(server.run(stop, lambda: None))
    while server.port is None:
        await asyncio.sleep(0.01)
    return server, stop, running


def test_headers_have_five_seconds() -> None:
    assert http_gate.HEADERS_S == 5


@pytest.mark.parametrize("before", [b"", REQUEST])
async def test_headers_that_come_byte_by_byte_are_waited_for_no_longer(
    before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, stop, running = await _serve(monkeypatch)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    if before:
        writer.write(before)
        assert b"200 OK" in await reader.readuntil(b"}")
    began = time.monotonic()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await _trickled(reader, writer)
    assert 0.2 < time.monotonic() - began < 3
    writer.close()
    stop.set()
    await running


async def _trickled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a letter now and then until the server hangs up."""
    while not reader.at_eof():
        writer.write(b"G")
        await writer.drain()
        await asyncio.sleep(0.05)
    await reader.readexactly(1)


async def test_requests_one_after_another_and_at_once_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    server, stop, running = await _serve(monkeypatch)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for _ in range(4):
        writer.write(REQUEST.replace(b"livez", b"readyz"))
        assert b"200 OK" in await reader.readuntil(b"}")
    writer.write(3 * REQUEST.replace(b"livez", b"readyz"))
    for _ in range(3):
        assert b"200 OK" in await reader.readuntil(b"}")
    writer.close()
    stop.set()
    await running


def test_limits_leave_most_descriptors_to_the_work() -> None:
    assert Limits.of(1_048_576) == Limits(64, 16, 8)
    assert Limits.of(1024) == Limits(64, 16, 8)
    assert Limits.of(256) == Limits(32, 8, 4)
    assert Limits.of(64) == Limits(16, 4, 2)
    assert Limits.here().most <= max(16, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 8)
