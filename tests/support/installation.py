"""One installation on this machine: configuration files, simulated OLTs, and workers as processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import yaml

from schemas.inventory import Inventory, Olt
from tests.support import forks
from tests.support.forks import Forked
from tests.support.kafka import Topics
from tests.support.secrets import OLT_PASSWORD, PPPOE_PASSWORD, WIFI_KEY
from tests.support.until import until
from worker.simulate import Account, Served, serve_fleet

ROOT = Path(__file__).parents[2]
DIGEST_KEY = "chave-de-teste-0123456789"
SERIAL = "HWTC1A2B3C4D"
SHORT_LEASES = {
    "ACENDE_LEASE_S": "15",
    "ACENDE_LEASE_RENEW_S": "3",
    "ACENDE_LEASE_MARGIN_S": "1",
    "ACENDE_CONNECT_TIMEOUT_S": "5",
    "ACENDE_COMMAND_TIMEOUT_S": "10",
    "ACENDE_SAVE_TIMEOUT_S": "10",
}
"""For those who wait until the leases of workers that are gone have ended; one is longer where a line may take longer."""


def _inventory() -> dict[str, Any]:
    rows = yaml.safe_load((ROOT / "dev/config/inventory.yaml").read_text())
    for olt in rows["olts"]:
        olt["credentials"] = "default"
        olt["simulator"] = olt["simulator"] | {"time_to_online_s": 0.5}
        olt.pop("ssh", None)  # old algorithms warn, and here warnings are errors
    rows["credentials"].pop("antigas")
    return dict(rows)


@dataclass
class Installation:
    """`env` is what every process is given; `served` are the OLTs by id."""

    folder: Path
    env: dict[str, str]
    served: dict[str, Served] = field(default_factory=dict)

    async def acende(self, *arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
        """Run one command; its status, standard output and standard error."""
        return await forks.ran(arguments, self.folder, self.env, stdin)

    async def json(self, *arguments: str) -> Any:
        """What a command prints with --json; it must succeed."""
        status, out, err = await self.acende(*arguments, "--json")
        assert status == 0, err
        return json.loads(out)

    @asynccontextmanager
    async def worker(self, name: str = "w1", **env: str) -> AsyncIterator[WorkerProcess]:
        """A worker process that is ready, ended by SIGTERM with the block. Its log is in the folder."""
        with (self.folder / f"{name}.log").open("ab") as log:
            given = self.env | {"ACENDE_WORKER_NAME": name} | env
            process = await forks.started(["run"], self.folder, given, stdout=log, stderr=log)
        worker = WorkerProcess(process, self.folder / f"{name}.log", process.pid)
        try:
            await until(worker.listens, 30)
            yield worker
        finally:
            await worker.end()

    def write(self, *events: Mapping[str, Any]) -> str:
        """A file of events; its path."""
        path = self.folder / f"{uuid4().hex}.jsonl"
        path.write_text("\n".join(json.dumps(event) for event in events))
        return str(path)


@dataclass
class WorkerProcess:
    """A worker of its own."""

    process: Forked
    log: Path
    pid: int

    def lines(self) -> list[dict[str, Any]]:
        """Its log."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def _port(self) -> int | None:
        mine = [line for line in self.lines() if line["event"] == "http_listening"]
        return int(mine[-1]["port"]) if mine else None

    async def listens(self) -> bool:
        """Whether its HTTP side answers; False once it has ended."""
        assert self.process.returncode is None, self.log.read_text()
        return self._port() is not None

    @property
    def url(self) -> str:
        """Where its HTTP side listens."""
        return f"http://127.0.0.1:{self._port()}"

    async def get(self, path: str) -> httpx.Response:
        """Ask its HTTP side."""
        async with httpx.AsyncClient() as client:
            return await client.get(self.url + path, timeout=10)

    async def ready(self, within_s: float = 30.0) -> None:
        """Wait until it is."""

        async def look() -> bool:
            return (await self.get("/readyz")).status_code == 200

        await until(look, within_s, 0.2)

    async def end(self) -> int:
        """Stop it as a supervisor does; its status."""
        if self.process.returncode is None:
            self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), 40)


@asynccontextmanager
async def installation(folder: Path, topics: Topics, database_url: str) -> AsyncIterator[Installation]:
    """Files, topics and OLTs; a database that is not there yet."""
    rows = _inventory()
    (folder / "services.yaml").write_text((ROOT / "dev/config/services.yaml").read_text())
    async with serve_fleet(Inventory.model_validate(rows), _account, any_port=True) as served:
        for row, one in zip(rows["olts"], served, strict=True):
            row.update(one.olt.model_dump(mode="json", include={"address", "port", "host_key"}))
        (folder / "inventory.yaml").write_text(yaml.safe_dump(rows))
        yield Installation(folder, _env(folder, topics, database_url), {one.olt.id: one for one in served})


def _account(_: Olt) -> Account:
    return Account("acende", OLT_PASSWORD)


def _env(folder: Path, topics: Topics, database_url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ACENDE_")}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
        "ACENDE_KAFKA_SERVERS": topics.bootstrap,
        "ACENDE_KAFKA_GROUP": f"acende-{uuid4().hex[:8]}",
        "ACENDE_KAFKA_SESSION_TIMEOUT_S": "6",
        "ACENDE_TOPIC_EQUIPMENT": topics("equipment", partitions=2),
        "ACENDE_TOPIC_INSTALL": topics("install", partitions=2),
        "ACENDE_TOPIC_PROGRESS": topics("progress", partitions=2),
        "ACENDE_TOPIC_RESULTS": topics("results", partitions=2),
        "ACENDE_TOPIC_DEAD_LETTERS": topics("dead"),
        "ACENDE_DATABASE_URL": database_url,
        "ACENDE_DIGEST_KEY": DIGEST_KEY,
        "ACENDE_HTTP_HOST": "127.0.0.1",
        "ACENDE_HTTP_PORT": "0",
        "ACENDE_OLT_USERNAME": "acende",
        "ACENDE_OLT_PASSWORD": OLT_PASSWORD,
        "ACENDE_SWEEP_EVERY_S": "0.5",
        "ACENDE_LIGHT_POLL_S": "0.5",
        "ACENDE_ONLINE_POLL_S": "0.3",
        "ACENDE_SAVE_DEBOUNCE_S": "1",
    }


def received(serial: str = SERIAL, **more: Any) -> dict[str, Any]:
    """A unit enters stock."""
    data = {
        "serial": serial,
        "model": "EG8145V5",
        "brand": "Huawei",
        "stock_item_id": f"PAT-{serial[-4:]}",
        "product_id": "1207",
        "warehouse": "Central",
        "received_at": datetime.now(UTC).isoformat(),
    }
    return {"type": "acende.equipment.received.v1", "data": data | more}


def started(order: str = "OS-1", serial: str | None = SERIAL, **more: Any) -> dict[str, Any]:
    """A technician starts an installation."""
    data = {
        "service_order_id": order,
        "customer_id": "10233",
        "contract_id": "77120",
        "customer_name": "Maria da Conceição",
        "plan_code": "FIBRA-300",
        "mode": "router",
        "technician_id": "7",
        "started_at": datetime.now(UTC).isoformat(),
        "site": "centro",
        "pppoe_login": "maria@example.com.br",
        "pppoe_password": PPPOE_PASSWORD,
        "wifi_name": "Maria",
        "wifi_key": WIFI_KEY,
    }
    named = {"serial": serial} if serial else {}
    return {"type": "acende.install.started.v1", "data": data | named | more}


def cancelled(order: str = "OS-1") -> dict[str, Any]:
    """The ERP takes an installation back."""
    return {
        "type": "acende.install.cancelled.v1",
        "data": {"service_order_id": order, "reason": "cliente desistiu"},
    }
