"""Our own idempotent producer: FastStream's default waits for one replica only."""

import asyncio
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

from worker import bus
from worker.settings import Settings
from worker.store.outbox import Record
from worker.window import Lane

BATCH_BYTES = 262_144
"""Most bytes of one batch of records; a larger record travels alone."""
REQUEST_TIMEOUT_S = 15.0
_partition_of = DefaultPartitioner()


class Line:
    """The idempotent producer, and another one after a failure."""

    def __init__(self, settings: Settings) -> None:
        self.broken = False
        self._arguments = bus.connection(settings, client_id="acende-publisher") | {
            "acks": "all",
            "enable_idempotence": True,
            "request_timeout_ms": int(REQUEST_TIMEOUT_S * 1000),
            "retry_backoff_ms": 50,
            "max_batch_size": BATCH_BYTES,
            "max_request_size": 4 * BATCH_BYTES,
            "linger_ms": 2,
        }
        self._producer: AIOKafkaProducer | None = None
        self._partitions: dict[str, list[int]] = {}

    async def ready(self) -> None:
        """Connect, unless connected. Raises KafkaError or OSError."""
        if self._producer is None:
            producer = AIOKafkaProducer(**self._arguments)
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer, self.broken = producer, False

    def lane(self, record: Record) -> Lane:
        """Topic and partition of the record."""
        partitions = self._partitions.get(record.topic)
        return record.topic, _partition_of(record.key.encode(), partitions, []) if partitions else None

    async def send(self, record: Record) -> "asyncio.Future[Any]":
        """Queue one record; the future ends with the broker's answer. Raises KafkaError."""
        if self._producer is None:
            raise KafkaError("no producer")
        self._partitions[record.topic] = sorted(await self._producer.partitions_for(record.topic))
        headers = [(name, value.encode()) for name, value in record.headers.items()]
        future: asyncio.Future[Any] = await self._producer.send(
            record.topic, record.value, record.key.encode(), self.lane(record)[1], headers=headers
        )
        return future

    async def close(self) -> None:
        """Stop, in ten seconds at most: aiokafka's own stop waits for batches that it would retry for ever."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            await asyncio.wait_for(producer.stop(), 5)
        except (TimeoutError, KafkaError):
            with suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(producer._sender.close(), 5)
            await producer.client.close()
