"""Whole workers as processes of their own: `acende run`, killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from dev.machine import ROOT
from tests.crash.bus import Bus
from tests.support import forks
from tests.support.forks import Forked
from tests.support.secrets import OLT_PASSWORD
from tests.support.until import until

IMPATIENT = {
    # A lease must outlast a line's time-out, its margin and the pause between two renewals.
    "ACENDE_LEASE_S": "3",
    "ACENDE_LEASE_RENEW_S": "0.5",
    "ACENDE_LEASE_MARGIN_S": "0.3",
    "ACENDE_COMMAND_TIMEOUT_S": "1.2",
    "ACENDE_SAVE_TIMEOUT_S": "1.2",
    "ACENDE_CONNECT_TIMEOUT_S": "1.2",
    "ACENDE_PUBLISH_LEASE_S": "5",
    "ACENDE_KAFKA_SESSION_TIMEOUT_S": "6",
    "ACENDE_SWEEP_EVERY_S": "0.5",
    "ACENDE_VERDICT_DELAY_S": "1",
    "ACENDE_LIGHT_POLL_S": "0.4",
    "ACENDE_ONLINE_POLL_S": "0.3",
    "ACENDE_BACKOFF_FIRST_S": "0.3",
    "ACENDE_BACKOFF_MAX_S": "1",
    "ACENDE_BREAKER_FIRST_S": "0.5",
    "ACENDE_BREAKER_MAX_S": "2",
    "ACENDE_SAVE_DEBOUNCE_S": "2",
    "ACENDE_SAVE_LATEST_S": "20",
    "ACENDE_HTTP_HOST": "127.0.0.1",
    "ACENDE_HTTP_PORT": "0",
}
"""Waits of seconds instead of minutes: whoever takes over must not be waited for."""


def environment(url: str, bus: Bus) -> dict[str, str]:
    """What the workers of one run have in common."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ACENDE_")}
    return {
        **kept,
        **IMPATIENT,
        **bus.env,
        "PYTHONPATH": str(ROOT),
        "ACENDE_KAFKA_GROUP": f"test-{uuid4().hex[:8]}",
        "ACENDE_DATABASE_URL": url,
        "ACENDE_SERVICES_FILE": str(Path(__file__).with_name("services.yaml")),
        "ACENDE_DIGEST_KEY": "chave-de-teste-0123456789",
        "ACENDE_OLT_PASSWORD": OLT_PASSWORD,
    }


@dataclass
class Worker:
    """One worker. `name` is also its account on the OLTs and, where `static`, its membership in the Kafka group."""

    name: str
    folder: Path
    env: Mapping[str, str]
    static: bool = True
    program: str = "worker.cli"
    """The module that is `acende`."""
    began_at: float = 0.0
    """When its present process was started, in seconds since the epoch."""
    _process: asyncio.subprocess.Process | Forked | None = None
    _log_from: int = 0

    @property
    def log(self) -> Path:
        """What all its processes wrote."""
        return self.folder / f"{self.name}.log"

    async def start(self) -> None:
        """Start a process; it is not waited for."""
        names = {
            "ACENDE_WORKER_NAME": self.name,
            "ACENDE_OLT_USERNAME": self.name,
            "ACENDE_KAFKA_GROUP_INSTANCE": self.name if self.static else "",
        }
        with self.log.open("ab") as log:
            self._log_from = log.tell()
            self.began_at = time.time()
            env = {**self.env, **names}
            if env["PYTHONPATH"] == str(ROOT):
                self._process = await forks.started(
                    ["run"], self.folder, env, stdout=log, stderr=log, module=self.program
                )
            else:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", self.program, "run",
                    cwd=self.folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                )  # fmt: skip

    async def up(self, within_s: float = 60.0) -> int:
        """Wait until its loops run; the port of its HTTP side."""

        async def look() -> int | None:
            self.must_run()
            with self.log.open("rb") as log:
                log.seek(self._log_from)
                found = [line for line in log if b"http_listening" in line]
            return int(json.loads(found[0])["port"]) if found else None

        return await until(look, within_s, 0.02) or 0

    async def faults(self) -> list[str]:
        """What `/readyz` finds wrong; nothing once it is ready."""
        port = await self.up()
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://127.0.0.1:{port}/readyz", timeout=10)
        found: list[str] = answer.json()["faults"]
        return found

    async def ready(self, within_s: float = 60.0) -> None:
        """Wait until it may be counted on."""

        async def look() -> bool:
            self.must_run()
            return not await self.faults()

        await until(look, within_s, 0.1)

    def must_run(self) -> asyncio.subprocess.Process | Forked:
        """Its process. Raises AssertionError if it has ended by itself."""
        assert self._process is not None
        assert self._process.returncode is None, f"{self.name} has ended by itself: {self.tail()}"
        return self._process

    @property
    def ended(self) -> int | None:
        """The status of its latest process, None while it runs; -9 where it was killed."""
        return self._process.returncode if self._process else None

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text()[-4000:]

    async def kill(self) -> None:
        """SIGKILL."""
        process = self.must_run()
        process.kill()
        await process.wait()

    async def freeze(self, seconds: float) -> None:
        """SIGSTOP, and after some time SIGCONT; it may be killed meanwhile."""
        process = self.must_run()
        process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)

    async def stop(self, grace_s: float = 60.0) -> int:
        """SIGTERM; its status. Raises TimeoutError where it has not ended within the grace."""
        if self._process is None or self._process.returncode is not None:
            return -signal.SIGKILL
        self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), grace_s)
