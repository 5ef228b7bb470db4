"""The product under measurement: `acende run`, as an operator starts it, in a process and a folder of its own."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dev.machine import ROOT

START_S = 60.0
_LOOK_S = 0.05


@dataclass
class Worker:
    """A running worker. Its log lines tell when what happened."""

    process: asyncio.subprocess.Process
    log: Path

    def line(self, event: str) -> dict[str, Any] | None:
        """The first log line of that event."""
        for text in self.log.read_text().splitlines():
            if text.startswith("{") and (line := json.loads(text))["event"] == event:
                return dict(line)
        return None

    async def reaches(self, event: str) -> float:
        """Unix time of the first log line of that event, once it is there."""
        for _ in range(int(START_S / _LOOK_S)):
            if line := self.line(event):
                return datetime.fromisoformat(line["timestamp"]).timestamp()
            if self.process.returncode is not None:
                break
            await asyncio.sleep(_LOOK_S)
        raise RuntimeError(f"the worker does not get to {event}:\n{self.log.read_text()[-2000:]}")


def environment(folder: Path, bootstrap: str, database_url: str, **settings: str) -> dict[str, str]:
    """What a worker is given: nothing of ours but where Kafka and the database are, and what `settings` say."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ACENDE_")}
    given = {
        "KAFKA_SERVERS": bootstrap,
        "KAFKA_GROUP": f"bench-{secrets.token_hex(4)}",
        "DATABASE_URL": database_url,
        "DIGEST_KEY": secrets.token_hex(16),
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": "0",
        "INVENTORY_FILE": str(folder / "inventory.yaml"),
        "SERVICES_FILE": str(folder / "services.yaml"),
    }
    return (
        kept
        | {"PYTHONPATH": str(ROOT)}
        | {f"ACENDE_{name}": value for name, value in (given | settings).items()}
    )


@asynccontextmanager
async def running(folder: Path, env: Mapping[str, str]) -> AsyncIterator[Worker]:
    """A worker, ended with the block. Raises RuntimeError where it did not end well."""
    log = folder / f"worker-{secrets.token_hex(4)}.log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "worker.cli", "run"),
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    try:
        yield Worker(process, log)
    finally:
        if process.returncode is None:
            process.terminate()
        status = await asyncio.wait_for(process.wait(), START_S)
    if status:
        raise RuntimeError(f"the worker ended with status {status}:\n{log.read_text()[-2000:]}")
