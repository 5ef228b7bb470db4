"""The database away, the broker away, crashes and rebalances: nothing is lost, nothing is done twice, offsets follow."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psycopg
import pytest
from aiokafka import AIOKafkaProducer
from pydantic import SecretStr
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from dev.kafka import create_topic, kafka_broker
from dev.kafka_config import Security
from dev.postgres import Database
from events.envelope import Event
from tests.integration.ingest.conftest import (
    Send,
    applied,
    cancelled,
    ingesting,
    lag,
    letters,
    open_store,
    remember,
    settled,
)
from tests.support.freeze import frozen
from tests.support.secrets import SASL_PASSWORD
from tests.support.until import until
from worker.ingest import Ingest
from worker.metrics import REGISTRY
from worker.settings import Settings
from worker.store.apply import Applied
from worker.store.db import DataRefused, Store
from worker.store.schema import metadata


@contextmanager
def refusing(server: Database, url: str) -> Iterator[None]:
    """The PostgreSQL server throws every client of this database out and lets nobody in."""
    name = str(make_url(url).database)
    with server.connect() as admin:
        admin.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            admin.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Another program writes to the SQLite file, and does not end."""
    connection = sqlite3.connect(str(make_url(url).database), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@pytest.fixture
def away(request: pytest.FixtureRequest, database_url: str) -> Any:
    """The database of this test, away for the time of a block."""
    if database_url.startswith("sqlite"):
        return lambda: locked(database_url)
    return lambda: refusing(request.getfixturevalue("postgres_server"), database_url)


@asynccontextmanager
async def writing(send: Send, topic: str, numbers: range) -> AsyncIterator[None]:
    """Events come in while the block runs."""

    async def write() -> None:
        for number in numbers:
            await send(topic, cancelled(number), partition=number % 2)
            await asyncio.sleep(0.02)

    task = asyncio.create_task(write())
    yield
    await task


def ids(numbers: range) -> set[str]:
    return {f"e{number}" for number in numbers}


async def test_a_database_that_is_away_loses_nothing(
    store: Store, settings: Settings, send: Send, away: Any
) -> None:
    async with ingesting(store, settings), writing(send, settings.topic_install, range(200)):
        await asyncio.sleep(0.3)
        with away():
            await asyncio.sleep(4)
            before = await lag(settings)
        assert before > 0
    async with ingesting(store, settings):
        await settled(settings)
    assert await applied(store) == ids(range(200))
    assert await letters(store) == []


async def test_offsets_do_not_advance_and_the_worker_stays_healthy_while_the_database_is_away(
    store: Store, settings: Settings, send: Send, away: Any
) -> None:
    settings = settings.model_copy(update={"ingest_stuck_s": 1.0})
    async with ingesting(store, settings) as ingest:
        with away():
            await send(settings.topic_install, cancelled(1))
            await asyncio.sleep(3)
            assert await lag(settings) == 1
            assert ingest.healthy
        await settled(settings)
    assert await applied(store) == ids(range(1, 2))


async def test_what_waits_is_told_while_the_database_is_away(
    store: Store, settings: Settings, send: Send, away: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what the consumer has not fetched: it does not fetch while a batch waits."""
    monkeypatch.setattr("worker.ingest.EVERY_S", 0.2)
    settings = settings.model_copy(update={"ingest_batch_records": 5})

    async def told() -> float | None:
        return REGISTRY.get_sample_value(
            "acende_consumer_lag_records", {"topic": settings.topic_install, "partition": "0"}
        )

    async def waits(records: int | None) -> None:
        async def look() -> bool:
            return await told() == records

        await until(look, 20)

    async with ingesting(store, settings):
        await waits(0)
        with away():
            for number in range(40):
                await send(settings.topic_install, cancelled(number), partition=0)
            await waits(40)
        await waits(0)
    await waits(None)


async def test_a_worker_that_stops_while_the_database_is_away_leaves_the_batch_to_the_next(
    store: Store, settings: Settings, send: Send, away: Any
) -> None:
    with away():
        async with ingesting(store, settings):
            await send(settings.topic_install, cancelled(1))
            await asyncio.sleep(1)
        assert await lag(settings) == 1
    async with ingesting(store, settings):
        await settled(settings)
    assert await applied(store) == {"e1"}


async def test_the_record_at_fault_is_found_and_its_batch_is_kept(
    store: Store, settings: Settings, send: Send
) -> None:
    faults = {
        "e3": DataRefused("NUL"),
        "e17": KeyError("a bug of ours, with a senha in it"),
        "e40": DataRefused("NUL"),
    }

    def picky(conn: Connection, events: Sequence[Event]) -> Applied:
        for event in events:
            if event.id in faults:
                raise faults[event.id]
        return remember(conn, events)

    for number in range(60):
        await send(settings.topic_install, cancelled(number), partition=number % 2)
    async with ingesting(store, settings, picky):
        await settled(settings)
    assert await applied(store) == ids(range(60)) - faults.keys()
    found = {letter["document"]["id"]: letter["code"] for letter in await letters(store)}
    assert found == {"e3": "not_storable", "e17": "internal_error", "e40": "not_storable"}


async def test_a_crash_between_commit_and_offset_changes_nothing_when_the_records_come_again(
    store: Store, settings: Settings, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0

    def counted(conn: Connection, events: Sequence[Event]) -> Applied:
        nonlocal count
        count += len(events)
        return remember(conn, events)

    async def crash(self: Ingest, records: Any) -> None:
        return None

    for number in range(20):
        await send(settings.topic_install, cancelled(number) if number % 4 else b"?", partition=number % 2)
    with monkeypatch.context() as patch:
        patch.setattr(Ingest, "_advance", crash)
        async with ingesting(store, settings, counted):

            async def all_there() -> bool:
                return len(await applied(store)) == 15

            await until(all_there)
    assert await lag(settings) == 20
    async with ingesting(store, settings, counted):
        await settled(settings)
    assert count == 30
    assert await applied(store) == {f"e{n}" for n in range(20) if n % 4}
    assert len(await letters(store)) == 5


async def test_a_rebalance_while_the_database_is_away_loses_and_repeats_nothing(
    store: Store, settings: Settings, send: Send, away: Any
) -> None:
    other = open_store(settings)
    async with ingesting(store, settings) as first:
        with away():
            for number in range(100):
                await send(settings.topic_install, cancelled(number), partition=number % 2)
            await asyncio.sleep(1.5)
            async with ingesting(other, settings):
                await asyncio.sleep(3)
                for number in range(100, 150):
                    await send(settings.topic_install, cancelled(number), partition=number % 2)

                async def joined() -> bool:
                    return first.joined

                await until(joined)
        await settled(settings)
    await other.aclose()
    assert await applied(store) == ids(range(150))
    assert await letters(store) == []


async def test_members_that_come_and_go_lose_nothing(store: Store, settings: Settings, send: Send) -> None:
    async with ingesting(store, settings), writing(send, settings.topic_install, range(300)):
        for _ in range(3):
            other = open_store(settings)
            async with ingesting(other, settings):
                await asyncio.sleep(0.5)
            await other.aclose()
    async with ingesting(store, settings):
        await settled(settings)
    assert await applied(store) == ids(range(300))


async def test_a_static_member_has_its_partitions_back_at_once(
    store: Store, settings: Settings, send: Send
) -> None:
    settings = settings.model_copy(
        update={"kafka_group_instance": "acende-0", "kafka_session_timeout_s": 60.0}
    )
    async with ingesting(store, settings):
        await send(settings.topic_install, cancelled(1))
        await settled(settings)
    began = asyncio.get_running_loop().time()
    async with ingesting(store, settings):
        await send(settings.topic_install, cancelled(2))
        await settled(settings)
    assert asyncio.get_running_loop().time() - began < 20


SECURITY = Security(user="acende", password=SASL_PASSWORD)


@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
async def test_sasl_and_tls_pass_through(sqlite_url: str, tmp_path: Any, protocol: Any) -> None:
    with kafka_broker(security=SECURITY) as broker:
        authority = tmp_path / "ca.pem"
        authority.write_text(broker.authority)
        for topic in ("erp.equipment", "erp.install"):
            create_topic(broker.bootstrap, topic, partitions=2)
        settings = Settings(
            kafka_servers=broker.sasl_tls if protocol == "SASL_SSL" else broker.sasl_plaintext,
            kafka_security_protocol=protocol,
            kafka_sasl_mechanism="SCRAM-SHA-512",
            kafka_sasl_username="acende",
            kafka_sasl_password=SecretStr(SASL_PASSWORD),
            kafka_tls_ca_file=authority,
            database_url=SecretStr(sqlite_url),
        )
        store = open_store(settings)
        await store.run(metadata.create_all)
        async with ingesting(store, settings) as ingest:
            assert ingest.joined
        wrong = settings.model_copy(update={"kafka_sasl_password": SecretStr("wrong-password")})
        stop, refused = asyncio.Event(), Ingest(store, wrong, None)  # type: ignore[arg-type]
        task = asyncio.create_task(refused.run(stop))
        await asyncio.sleep(3)
        assert not refused.joined
        stop.set()
        await asyncio.wait_for(task, 20)
        await store.aclose()


async def test_a_broker_that_is_away_for_a_while_loses_nothing(sqlite_url: str) -> None:
    with kafka_broker() as broker:
        for topic in ("erp.equipment", "erp.install"):
            create_topic(broker.bootstrap, topic, partitions=2)
        settings = Settings(
            kafka_servers=broker.bootstrap,
            kafka_session_timeout_s=6,
            kafka_request_timeout_s=3,
            database_url=SecretStr(sqlite_url),
        )
        store = open_store(settings)
        await store.run(metadata.create_all)
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, request_timeout_ms=3000)
        await producer.start()
        async with ingesting(store, settings):
            await producer.send_and_wait("erp.install", cancelled(1))
            await settled(settings)
            with frozen(int(broker.bootstrap.rpartition(":")[2])):
                await asyncio.sleep(10)
            for number in range(2, 20):
                with contextlib.suppress(Exception):
                    await producer.send_and_wait("erp.install", cancelled(number))

            async def all_there() -> bool:
                return await applied(store) == ids(range(1, 20))

            await until(all_there, 40)
            await settled(settings)
        await producer.stop()
        await store.aclose()


async def test_ingest_starts_before_its_broker(sqlite_url: str) -> None:
    settings = Settings(kafka_servers="127.0.0.1:1", database_url=SecretStr(sqlite_url))
    store = open_store(settings)
    stop, ingest = asyncio.Event(), Ingest(store, settings, None)  # type: ignore[arg-type]
    task = asyncio.create_task(ingest.run(stop))
    await asyncio.sleep(1)
    assert not task.done()
    assert not ingest.joined
    stop.set()
    await asyncio.wait_for(task, 10)
    await store.aclose()


def test_the_server_really_refuses(postgres_server: Database, postgres_url: str) -> None:
    conninfo = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with refusing(postgres_server, postgres_url), pytest.raises(psycopg.OperationalError):
        psycopg.connect(conninfo)
    psycopg.connect(conninfo).close()
