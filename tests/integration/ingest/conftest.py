"""One worker's ingest on topics and a database of the test's own."""

import asyncio
import json
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.producer.message_accumulator import MessageBatch
from aiokafka.record.util import calc_crc32c
from pydantic import SecretStr
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from events.envelope import Event
from tests.support.kafka import Topics
from tests.support.until import until
from worker.batch import Apply, Reading
from worker.ingest import Ingest
from worker.settings import Settings
from worker.store.apply import Applied
from worker.store.db import Context, Store
from worker.store.schema import inbox, metadata, outbox

PLACEHOLDER = "QQQQ"
"""A header name of this text travels as four bytes that are no UTF-8."""


def remember(conn: Connection, events: Sequence[Event]) -> Applied:
    """Apply events by noting that they came: the inbox alone, without orders."""
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    rows = [
        {"source": event.source, "id": event.id, "type": event.type, "arrived_at": datetime.now(UTC)}
        for event in events
    ]
    noted = dialect.insert(inbox).values(rows).on_conflict_do_nothing().returning(inbox.c.type)
    return Applied(types=Counter(conn.execute(noted).scalars()))


def cancelled(number: int, **more: Any) -> bytes:
    """A valid event, told apart by its number."""
    data = {"service_order_id": f"OS-{number}", "reason": "cliente desistiu"} | more
    document = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "/erp",
        "type": "acende.install.cancelled.v1",
        "time": "2026-03-02T12:00:00Z",
        "data": data,
    }
    return json.dumps(document, ensure_ascii=False).encode()


@pytest.fixture
def settings(kafka_topics: Topics, database_url: str) -> Settings:
    return Settings(
        kafka_servers=kafka_topics.bootstrap,
        kafka_group=f"group-{uuid4().hex[:8]}",
        kafka_session_timeout_s=6,
        kafka_rebalance_timeout_s=6,
        database_url=SecretStr(database_url),
        database_timeout_s=1,
        topic_equipment=kafka_topics("equipment", partitions=2),
        topic_install=kafka_topics("install", partitions=2),
        topic_progress=kafka_topics("progress"),
        topic_results=kafka_topics("results"),
        topic_dead_letters=kafka_topics("dead"),
        ingest_retry_max_s=1,
        shutdown_grace_s=10,
    )


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    store = open_store(settings)
    await store.run(metadata.create_all)
    yield store
    await store.aclose()


def open_store(settings: Settings) -> Store:
    url = settings.database_url.get_secret_value()
    return Store.open(url, timeout_s=settings.database_timeout_s, shared=Context(topics=settings.topics))


@asynccontextmanager
async def ingesting(store: Store, settings: Settings, apply: Apply = remember) -> AsyncIterator[Ingest]:
    """A running ingest that has joined its group."""
    stop, ingest = asyncio.Event(), Ingest(store, settings, Reading(apply, settings.zone))
    task = asyncio.create_task(ingest.run(stop))

    async def joined() -> bool:
        return ingest.joined or task.done()

    try:
        await until(joined, 30)
        yield ingest
    finally:
        stop.set()
        await asyncio.wait_for(task, 30)


Send = Callable[..., Any]


@pytest.fixture
async def send(kafka_topics: Topics, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Send]:
    """`await send(topic, value, key=None, headers=(), partition=None)`; every record as given, 20 MB at most."""
    whole = MessageBatch.get_data_buffer

    def spoilt(self: MessageBatch) -> bytes:
        batch = bytes(whole(self))
        if PLACEHOLDER.encode() not in batch:
            return batch
        batch = batch.replace(PLACEHOLDER.encode(), b"\xff\xfe\xfd\xfc")
        # Record batch v2: the checksum stands at byte 17 and covers what follows byte 20.
        return batch[:17] + struct.pack(">I", calc_crc32c(batch[21:])) + batch[21:]

    monkeypatch.setattr(MessageBatch, "get_data_buffer", spoilt)
    producer = AIOKafkaProducer(bootstrap_servers=kafka_topics.bootstrap, max_request_size=20_000_000)
    await producer.start()

    async def one(topic: str, value: bytes | None, **more: Any) -> None:
        await producer.send_and_wait(topic, value, key=more.pop("key", b"k"), **more)

    yield one
    await producer.stop()


async def applied(store: Store) -> set[str]:
    """Ids of events that are in the inbox."""
    work = select(inbox.c.id).where(inbox.c.source != "acende/dead-letters")
    return set(await store.read(lambda conn: conn.execute(work).scalars().all()))


async def letters(store: Store) -> list[dict[str, Any]]:
    """Data of the dead letters in the outbox."""
    values = await store.read(
        lambda conn: conn.execute(select(outbox.c.value).order_by(outbox.c.id)).scalars().all()
    )
    return [json.loads(value)["data"] for value in values]


async def lag(settings: Settings) -> int:
    """Records whose offsets the group has not committed."""
    reader = AIOKafkaConsumer(bootstrap_servers=settings.kafka_servers)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_servers)
    await asyncio.gather(reader.start(), admin.start())
    try:
        partitions = [TopicPartition(topic, n) for topic in settings.topics.inputs for n in range(2)]
        ends = await reader.end_offsets(partitions)
        done = await admin.list_consumer_group_offsets(settings.kafka_group)
        return sum(ends[one] - max(0, done[one].offset if one in done else 0) for one in partitions)
    finally:
        await asyncio.gather(reader.stop(), admin.close())


async def settled(settings: Settings, within_s: float = 30.0) -> None:
    """Wait until every offset is committed."""

    async def done() -> bool:
        return await lag(settings) == 0

    await until(done, within_s)
