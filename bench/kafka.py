"""Topics of a benchmark's own: filling them, and reading what was published."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from dev.kafka import create_topic
from events.outgoing import OutRecord

PARTITIONS = 2
_BY_BROKER = {"message.timestamp.type": "LogAppendTime"}
_IN_FLIGHT = 5000


def new_topic(bootstrap: str, stem: str, partitions: int = PARTITIONS) -> str:
    """A topic that nobody else has. Records bear the broker's time of writing."""
    name = f"{stem}.{secrets.token_hex(4)}"
    create_topic(bootstrap, name, partitions=partitions, config=_BY_BROKER)
    return name


@asynccontextmanager
async def producing(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """A producer, flushed at the end."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=0, max_batch_size=262_144)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def fill(bootstrap: str, records: Iterable[tuple[str, OutRecord]]) -> None:
    """Write records, each to its topic, in their order."""
    async with producing(bootstrap) as producer:
        waiting: list[asyncio.Future[Any]] = []
        for topic, record in records:
            waiting.append(await send(producer, topic, record))
            if len(waiting) >= _IN_FLIGHT:
                await asyncio.gather(*waiting)
                waiting.clear()
        await asyncio.gather(*waiting)


async def send(producer: AIOKafkaProducer, topic: str, record: OutRecord) -> asyncio.Future[Any]:
    """Hand a record to the producer; the future ends when the broker has it."""
    headers = [(name, value.encode()) for name, value in record.headers.items()]
    sent: asyncio.Future[Any] = await producer.send(topic, record.value, record.key.encode(), headers=headers)
    return sent


class Reader:
    """Reads a topic from its beginning, outside of any group."""

    def __init__(self, bootstrap: str, topic: str, partitions: int = PARTITIONS) -> None:
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
        self._mine = [TopicPartition(topic, number) for number in range(partitions)]

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        self._consumer.assign(self._mine)
        await self._consumer.seek_to_beginning(*self._mine)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def written(self) -> int:
        """How many records there are, without reading them."""
        ends = await self._consumer.end_offsets(self._mine)
        return sum(ends.values())

    async def more(self, within_s: float) -> list[Any]:
        """Records that were not read yet, waited for at most so long."""
        found = await self._consumer.getmany(timeout_ms=int(within_s * 1000))
        return [record for records in found.values() for record in records]


async def lag(bootstrap: str, group: str, topics: Iterable[str], partitions: int = PARTITIONS) -> int:
    """Records that a group has not committed."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        mine = [TopicPartition(topic, number) for topic in topics for number in range(partitions)]
        consumer.assign(mine)
        ends = await consumer.end_offsets(mine)
        return sum([ends[partition] - (await consumer.committed(partition) or 0) for partition in mine])
    finally:
        await consumer.stop()
