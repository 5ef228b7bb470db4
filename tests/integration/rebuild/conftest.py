"""An installation after a morning's work, whose database is then lost; the lost one stays beside it, to be compared."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from sqlalchemy import Connection, Table, select

from dev.postgres import Database
from schemas.place import PonPort
from tests.support.installation import SHORT_LEASES, Installation, cancelled, installation, received, started
from tests.support.kafka import Topics
from tests.support.postgres import fresh_database
from tests.support.until import until
from vendors.simulator.rows import PluggedOnu
from worker.store import timelines
from worker.store.db import Store
from worker.store.schema import equipment, own_registration, service_order
from worker.store.timelines import OrderView

OLT = "olt-centro-1"
WHY = ("--why", "o banco foi perdido", "--who", "bia")
BOXES = {f"HWTC0000000{number}": f"0/1/{number}" for number in range(1, 8)}
DONE, MOVED, GONE, RETRIED, SPARE, LATER, NEW = BOXES
OUTPUTS = ("PROGRESS", "RESULTS", "DEAD_LETTERS")


@dataclass
class Site:
    """The installation; `there` is where its database is, `lost` where the lost one is."""

    here: Installation
    there: str
    lost: str

    async def tell(self, *events: Mapping[str, Any]) -> None:
        """Have the ERP say this."""
        status, _, err = await self.here.acende("publish", self.here.write(*events))
        assert status == 0, err

    def order(self, order: str) -> OrderView | None:
        """The order as it stands."""
        with opened(self.there) as store:
            return store.read_sync(timelines.one, order)

    async def becomes(self, order: str, state: str, revision: int = 1) -> OrderView:
        """Wait until it stands there."""

        async def look() -> OrderView | None:
            found = await asyncio.to_thread(self.order, order)
            return found if found and (found.state, found.revision) == (state, revision) else None

        return await until(look, 60, 0.3)

    def commands(self) -> dict[str, list[str]]:
        """Every line that an OLT was sent."""
        return {name: one.sim.olt.journal.commands() for name, one in self.here.served.items()}

    async def published(self, topic: str) -> list[dict[str, Any]]:
        """Everything that lies on an output topic."""
        return [json.loads(value) for value in await records(self.here, topic)]

    async def finals(self, order: str) -> list[dict[str, Any]]:
        """The final results of an order, each once."""
        found = {event["id"]: event for event in await self.published("RESULTS")}
        return [event for event in found.values() if event["data"]["service_order_id"] == order]


async def records(here: Installation, topic: str) -> list[bytes]:
    """The values of all records of a topic (`RESULTS`)."""
    consumer = AIOKafkaConsumer(bootstrap_servers=here.env["ACENDE_KAFKA_SERVERS"])
    name = here.env[f"ACENDE_TOPIC_{topic}"]
    await consumer.start()
    try:
        found: list[bytes] = []
        for number in await consumer._client._wait_on_metadata(name):
            at = TopicPartition(name, number)
            consumer.assign([at])
            await consumer.seek_to_beginning(at)
            end = (await consumer.end_offsets([at]))[at]
            while await consumer.position(at) < end:
                for some in (await consumer.getmany(at, timeout_ms=500)).values():
                    found += [record.value or b"" for record in some]
        return found
    finally:
        await consumer.stop()


async def spoil(here: Installation) -> None:
    """Something on an input topic that is no event."""
    producer = AIOKafkaProducer(bootstrap_servers=here.env["ACENDE_KAFKA_SERVERS"])
    await producer.start()
    try:
        await producer.send_and_wait(here.env["ACENDE_TOPIC_INSTALL"], b"no event")
    finally:
        await producer.stop()


@contextmanager
def opened(url: str) -> Iterator[Store]:
    store = Store.open(url)
    try:
        yield store
    finally:
        store.close()


def rows(url: str, table: Table) -> list[dict[str, Any]]:
    """All rows of a table."""

    def all_of(conn: Connection) -> list[dict[str, Any]]:
        return [dict(row) for row in conn.execute(select(table).order_by(*table.primary_key)).mappings()]

    with opened(url) as store:
        return store.read_sync(all_of)


def bound(serial: str, order: str, contract: str = "77120") -> dict[str, Any]:
    return _lending("bound", serial, order, contract)


def unbound(serial: str, order: str, contract: str = "77120") -> dict[str, Any]:
    return _lending("unbound", serial, order, contract)


def _lending(what: str, serial: str, order: str, contract: str) -> dict[str, Any]:
    data = {"serial": serial, "service_order_id": order, "customer_id": "10233", "contract_id": contract}
    return {"type": f"acende.equipment.{what}.v1", "data": data}


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """URLs of two databases of one kind, both empty."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'first.db'}", f"sqlite:///{tmp_path / 'second.db'}"
        return
    server: Database = request.getfixturevalue("postgres_server")
    with fresh_database(server) as first, fresh_database(server) as second:
        yield first, second


@asynccontextmanager
async def _worked(folder: Path, topics: Topics, url: str) -> AsyncIterator[Installation]:
    async with installation(folder, topics, url) as here:
        here.env |= SHORT_LEASES
        for serial, port in BOXES.items():
            box = PluggedOnu(serial, PonPort.model_validate(port), "EG8145V5")
            here.served[OLT].sim.olt.plug(box)
        status, _, err = await here.acende("db", "upgrade")
        assert status == 0, err
        yield here


@pytest.fixture
async def empty(tmp_path: Path, kafka_topics: Topics, databases: tuple[str, str]) -> AsyncIterator[Site]:
    """The fibre and the first database, nothing known yet."""
    async with _worked(tmp_path, kafka_topics, databases[0]) as here:
        yield Site(here, databases[0], databases[0])


@pytest.fixture
async def morning(empty: Site, databases: tuple[str, str]) -> Site:
    """Orders in every state, the workers gone, and an empty database in place of theirs."""
    site, here = empty, empty.here
    async with here.worker() as worker:
        await worker.ready()
        await _work(site)
    # What nobody was there to see.
    await site.tell(
        started("OS-LATE", LATER, contract_id="C-LATE"),
        {**started("OS-OLD", SPARE, contract_id="C-OLD"), "time": ago(25)},
    )
    await spoil(here)
    here.env["ACENDE_DATABASE_URL"] = site.there = databases[1]
    status, _, err = await here.acende("db", "upgrade")
    assert status == 0, err
    return site


async def _work(site: Site) -> None:
    units = [received(serial) for serial in (DONE, MOVED, GONE, RETRIED, SPARE)]
    await spoil(site.here)
    await site.tell(
        *units,
        bound(DONE, "OS-DONE", "C-DONE"),
        bound(MOVED, "OS-FIRST", "C-MOVED"),
        bound(GONE, "OS-GONE", "C-GONE"),
        started("OS-DONE", DONE, contract_id="C-DONE"),
        started("OS-FIRST", None, contract_id="C-MOVED"),
        started("OS-GONE", GONE, contract_id="C-GONE"),
        started("OS-NONE", RETRIED, contract_id="C-NONE", plan_code="NADA"),
        started("OS-WAITS", None, contract_id="C-WAITS"),
        started("OS-MIND", None, contract_id="C-MIND"),
        {**started("OS-AGED", None, contract_id="C-AGED"), "time": ago(30)},
        cancelled("OS-NEVER"),
    )
    for order in ("OS-DONE", "OS-FIRST", "OS-GONE"):
        await site.becomes(order, "completed")
    for order in ("OS-NONE", "OS-AGED"):
        await site.becomes(order, "failed")
    await site.becomes("OS-WAITS", "waiting")
    await site.becomes("OS-MIND", "waiting")
    await site.tell(
        cancelled("OS-GONE"),
        unbound(MOVED, "OS-FIRST", "C-MOVED"),
        bound(MOVED, "OS-SECOND", "C-MOVED"),
        started("OS-SECOND", None, contract_id="C-MOVED"),
    )
    for what in (("cancel", "OS-MIND"), ("retry", "OS-NONE")):
        status, _, err = await site.here.acende(*what, *WHY)
        assert status == 0, err
    await site.becomes("OS-GONE", "cancelled", 2)
    await site.becomes("OS-SECOND", "completed")
    await site.becomes("OS-NONE", "failed", 2)
    await asyncio.sleep(1.0)  # the last records leave


FACTS = ("requested_at", "named_serial", "customer", "contract", "cancelled_at", "cancel_code")
OUTCOME = (
    "state", "revision", "serial", "claims", "olt", "port", "last_code", "parked", "final", "final_revision",
    "answered_at", "completed_serial", "completed_ask_at", "attempts",
)  # fmt: skip


def ended(url: str) -> dict[str, dict[str, Any]]:
    """Orders that are not live, as far as results and facts tell of them."""
    live = {"waiting", "stopped", "working", "cancelling"}
    found = [row for row in rows(url, service_order) if row["state"] not in live]
    return {row["id"]: {name: row[name] for name in (*FACTS, *OUTCOME)} for row in found}


def owned(url: str) -> set[tuple[str, ...]]:
    """Whose own each registration is."""
    columns = ("olt", "port", "serial", "service_order_id")
    return {tuple(row[name] for name in columns) for row in rows(url, own_registration)}


def stock(url: str) -> list[dict[str, Any]]:
    """The units."""
    kept = [column.name for column in equipment.c if not column.name.endswith("trace")]
    return [{name: row[name] for name in kept} for row in rows(url, equipment)]
