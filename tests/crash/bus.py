"""The ERP's side of Kafka: sends events, some of them twice, and reads what is published with plain consumers."""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.support.kafka import Topics

INPUTS = {"equipment": "ACENDE_TOPIC_EQUIPMENT", "install": "ACENDE_TOPIC_INSTALL"}
OUTPUTS = {
    "progress": "ACENDE_TOPIC_PROGRESS",
    "results": "ACENDE_TOPIC_RESULTS",
    "dead": "ACENDE_TOPIC_DEAD_LETTERS",
}
AGAIN = 0.25
"""The part of events that the ERP sends a second time."""


@dataclass(frozen=True)
class Published:
    """One record of an output topic. `event` is the whole document."""

    topic: str
    value: bytes
    event: dict[str, Any]
    at: float = 0.0
    """When it was published, in seconds since the epoch."""

    @property
    def id(self) -> str:
        """The event's."""
        return str(self.event["id"])

    @property
    def kind(self) -> str:
        """`progress`, `completed`, `failed` or `cancelled`."""
        return str(self.event["type"]).split(".")[2]

    @property
    def data(self) -> dict[str, Any]:
        """What is said."""
        data: dict[str, Any] = self.event["data"]
        return data

    @property
    def order(self) -> str:
        """The service order."""
        return str(self.data["service_order_id"])


@dataclass
class Bus:
    """Topics of one run. `finals` are each order's final events as they came, each id once."""

    topics: dict[str, str]
    bootstrap: str
    rng: random.Random
    finals: dict[str, list[Published]] = field(default_factory=lambda: defaultdict(list))
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    sent: int = 0
    _producer: Any = None

    @classmethod
    def of(cls, topics: Topics, rng: random.Random) -> Bus:
        """Topics of its own."""
        names = {stem: topics(stem, partitions=2) for stem in (*INPUTS, *OUTPUTS)}
        return cls(names, topics.bootstrap, rng)

    @property
    def env(self) -> dict[str, str]:
        """The topics as settings."""
        named = {variable: self.topics[stem] for stem, variable in (INPUTS | OUTPUTS).items()}
        return named | {"ACENDE_KAFKA_SERVERS": self.bootstrap}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Bus]:
        """Connected, and listening to the results."""
        self._producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all")
        await self._producer.start()
        listening = asyncio.create_task(self._listen())
        try:
            yield self
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await self._producer.stop()

    async def send(self, kind: str, data: Mapping[str, Any]) -> None:
        """Send an event (`install.started`), later than every one before; some are sent twice."""
        self.sent += 1
        event_id = f"erp-{self.sent}"
        event = {
            "specversion": "1.0",
            "id": event_id,
            "source": "erp",
            "type": f"acende.{kind}.v1",
            "time": (datetime.now(UTC) + timedelta(microseconds=self.sent)).isoformat(),
            "datacontenttype": "application/json",
            "traceparent": f"00-{self.sent:032x}-{self.sent:016x}-01",
            "data": dict(data),
        }
        for _ in range(1 + (self.rng.random() < AGAIN)):
            # The key is the event's: facts about one order lie on both partitions.
            stem = "install" if kind.startswith("install") else "equipment"
            await self.put(stem, json.dumps(event).encode(), event_id.encode())

    async def put(self, stem: str, value: bytes, key: bytes | None = None) -> None:
        """Send any bytes to an input topic."""
        await self._producer.send_and_wait(self.topics[stem], value, key=key)

    async def _listen(self) -> None:
        async with _reading(self.bootstrap, self.topics["results"]) as consumer:
            while True:
                batches = await consumer.getmany(timeout_ms=100)
                records = [_published(record) for records in batches.values() for record in records]
                async with self.news:
                    for record in records:
                        known = self.finals[record.order]
                        if record.id not in {other.id for other in known}:
                            known.append(record)
                    self.news.notify_all()

    async def everything(self, stem: str) -> list[Published]:
        """All that lies on an output topic, from the beginning, each partition in its order."""
        async with _reading(self.bootstrap, self.topics[stem]) as consumer:
            ends: dict[TopicPartition, int] = await consumer.end_offsets(consumer.assignment())
            found: dict[TopicPartition, list[Published]] = {partition: [] for partition in ends}
            while any([await consumer.position(partition) < end for partition, end in ends.items()]):
                for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                    found[partition] += map(_published, records)
            return [record for records in found.values() for record in records]


@asynccontextmanager
async def _reading(bootstrap: str, topic: str) -> AsyncIterator[Any]:
    """A plain consumer of all partitions, at their beginning."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(2)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        yield consumer
    finally:
        await consumer.stop()


def _published(record: Any) -> Published:
    return Published(record.topic, record.value, json.loads(record.value), record.timestamp / 1000)
