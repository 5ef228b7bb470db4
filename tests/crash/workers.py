"""Whole workers as processes of their own: `acende run`, killed and started again."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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


@dataclass
class Worker:
    """One worker. `name` is also its account on the OLTs and its static membership in the Kafka group."""

    name: str
    folder: Path
    env: Mapping[str, str]
    began_at: float = 0.0
    """When its present process was started, in seconds since the epoch."""
    _process: asyncio.subprocess.Process | None = None
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
            "ACENDE_KAFKA_GROUP_INSTANCE": self.name,
        }
        with self.log.open("ab") as log:
            self._log_from = log.tell()
            self.began_at = time.time()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "worker.cli", "run",
                cwd=self.folder, env={**self.env, **names}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    async def up(self, within_s: float = 60.0) -> None:
        """Wait until its loops run."""

        async def look() -> bool:
            self.must_run()
            with self.log.open("rb") as log:
                log.seek(self._log_from)
                return b"http_listening" in log.read()

        await until(look, within_s, 0.02)

    def must_run(self) -> asyncio.subprocess.Process:
        """Its process. Raises AssertionError if it has ended by itself."""
        assert self._process is not None
        assert self._process.returncode is None, f"{self.name} has ended by itself: {self.tail()}"
        return self._process

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text()[-4000:]

    async def kill(self) -> None:
        """SIGKILL."""
        process = self.must_run()
        process.kill()
        await process.wait()

    async def stop(self) -> int:
        """SIGTERM; its status."""
        if self._process is None or self._process.returncode is not None:
            return -signal.SIGKILL
        self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), 60)
