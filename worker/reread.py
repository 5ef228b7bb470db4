"""Records that lie in topics already, read by a command: no group, no offsets of anybody are moved."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias

from aiokafka import ConsumerRecord, TopicPartition

from worker import bus
from worker.consumer import Consumer
from worker.settings import Settings

WAIT_MS = 1000
Record: TypeAlias = "ConsumerRecord[bytes, bytes]"
Offsets = Mapping[TopicPartition, int]


@asynccontextmanager
async def reading(settings: Settings, group: str | None = None) -> AsyncIterator[Consumer]:
    """A consumer without an assignment; with `group` it can ask for, and set, the offsets of a group without members."""
    consumer = Consumer(
        **bus.connection(settings, client_id="acende-cli"),
        group_id=group,
        enable_auto_commit=False,
        max_partition_fetch_bytes=settings.kafka_partition_max_bytes,
        isolation_level="read_committed",
        auto_offset_reset="none",
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def partitions(consumer: Consumer, topic: str) -> list[TopicPartition]:
    """The partitions of a topic; none where there is no such topic."""
    known = await consumer._client._wait_on_metadata(topic) if topic in await consumer.topics() else ()
    return [TopicPartition(topic, number) for number in sorted(known)]


async def batches(consumer: Consumer, starts: Offsets, ends: Offsets) -> AsyncIterator[list[Record]]:
    """The records from `starts` to `ends`, in the order of each partition."""
    if not ends:
        return
    consumer.assign(list(ends))
    for one in ends:
        consumer.seek(one, starts[one])
    while left := [one for one in ends if await consumer.position(one) < ends[one]]:
        for partition, records in (await consumer.getmany(*left, timeout_ms=WAIT_MS)).items():
            yield [record for record in records if record.offset < ends[partition]]
