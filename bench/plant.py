"""What worker, OLTs and ERP of a benchmark have in common: simulated OLTs behind a network, a worker, and its results."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from aiokafka import AIOKafkaProducer

from bench import events, kafka, product
from bench.network import Network
from bench.servers import Servers
from events.inputs import EquipmentReceived, InstallStarted
from schemas.inventory import Inventory, Olt
from schemas.place import PonPort
from vendors.simulator.rows import PluggedOnu
from vendors.simulator.servers import SimulatedOlt
from worker.simulate import Account, serve_fleet

CONFIG = Path(__file__).parent / "config"
_LONGEST_S = 60.0
_USER = "bench"
_LAST_PORT = 16


@dataclass
class Line:
    """One OLT: the simulator, the network before it, and how many boxes were plugged in so far."""

    olt: Olt
    sim: SimulatedOlt
    network: Network
    plugged: int = 0

    @property
    def model(self) -> str:
        """Of the boxes on this OLT."""
        return events.MODELS[self.olt.platform]

    def plug(self, number: int) -> dict[str, Any]:
        """Put the unit of this number on the fibre; where, as `install.started` names it."""
        first = self.sim.device.first_port
        port = PonPort(frame=first, slot=1, port=first + self.plugged % _LAST_PORT)
        self.plugged += 1
        self.sim.olt.plug(PluggedOnu(events.serial(number), port, model=self.model))
        return {"site": self.olt.site, "olt_id": self.olt.id, "pon_port": str(port)}

    def slow(self, rtt_s: float, line_s: float) -> None:
        """Set how long a round trip takes, and how long the OLT takes for a line beyond computing the answer."""
        self.network.rtt_s = rtt_s
        self.sim.timing.command_s = line_s

    def forget(self) -> None:
        """Forget what was said."""
        self.sim.olt.journal.clear()

    def first_line(self, number: int) -> float:
        """When the first line about this unit arrived, by the machine's monotonic clock."""
        names = events.serial_forms(number)
        for row in self.sim.olt.journal.lines:
            if any(name in row.line for name in names):
                return row.at
        raise LookupError(f"{self.olt.id} was never asked about unit {number}")


@dataclass
class Plant:
    """Everything that runs, and the ERP's side of it."""

    lines: dict[str, Line]
    producer: AIOKafkaProducer
    results: kafka.Reader
    topic: str
    finals: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def tell(self, *facts: EquipmentReceived | InstallStarted) -> None:
        """Publish events, in their order."""
        for fact in facts:
            await kafka.send(self.producer, self.topic, events.record(fact, datetime.now(UTC)))
        await self.producer.flush()

    async def completed(self, numbers: Iterable[int]) -> None:
        """Wait until the installations of these numbers are. Raises RuntimeError where one ends otherwise."""
        wanted = {f"OS-{number}" for number in numbers}
        async with asyncio.timeout(_LONGEST_S):
            while not wanted <= self.finals.keys():
                for record in await self.results.more(1.0):
                    event = json.loads(record.value)
                    if not event["type"].endswith(".completed.v1"):
                        raise RuntimeError(f"{event['data']}")
                    self.finals[event["data"]["service_order_id"]] = event["data"]


@asynccontextmanager
async def running(servers: Servers, folder: Path, database: str, **settings: str) -> AsyncIterator[Plant]:
    """OLTs and a worker with all roles, on topics and a database of their own."""
    bootstrap = servers.bootstrap
    topics = {name: kafka.new_topic(bootstrap, name, 1) for name in ("erp", "progress", "results", "dead")}
    password = secrets.token_hex(12)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        lines = await enter(_lines(folder, password))
        env = product.environment(
            folder,
            bootstrap,
            stack.enter_context(servers.database(database, folder)),
            OLT_USERNAME=_USER,
            OLT_PASSWORD=password,
            TOPIC_EQUIPMENT=topics["erp"],
            TOPIC_INSTALL=topics["erp"],
            TOPIC_PROGRESS=topics["progress"],
            TOPIC_RESULTS=topics["results"],
            TOPIC_DEAD_LETTERS=topics["dead"],
            **settings,
        )
        results = await enter(kafka.Reader(bootstrap, topics["results"], 1))
        producer = await enter(kafka.producing(bootstrap))
        worker = await enter(product.running(folder, env))
        await worker.reaches("partitions_assigned")
        yield Plant(lines, producer, results, topics["erp"])


@asynccontextmanager
async def _lines(folder: Path, password: str) -> AsyncIterator[dict[str, Line]]:
    """The OLTs of `config/inventory.yaml`, each behind a network; the inventory that leads to them lies in `folder`."""
    shutil.copy(CONFIG / "services.yaml", folder)
    rows = yaml.safe_load((CONFIG / "inventory.yaml").read_text())
    async with serve_fleet(
        Inventory.model_validate(rows), lambda _: Account(_USER, password), any_port=True
    ) as served:
        lines = {one.olt.id: Line(one.olt, one.sim, Network(one.olt.tcp_port)) for one in served}
        for row in rows["olts"]:
            line = lines[row["id"]]
            row |= {"port": await line.network.listen(), "host_key": line.olt.host_key}
        (folder / "inventory.yaml").write_text(yaml.safe_dump(rows))
        try:
            yield lines
        finally:
            for line in lines.values():
                await line.network.close()
