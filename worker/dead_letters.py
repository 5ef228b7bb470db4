"""Dead letters as people handle them: listed from their topic, and the records themselves, while their topic keeps them."""

import hashlib
import json
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from worker import bus, reread
from worker.consumer import Consumer
from worker.reread import Record
from worker.settings import Settings

_RECORD_MAX = 64 * 1024 * 1024


@dataclass(frozen=True)
class Place:
    """Where a record lies; `topic/partition/offset`, which is also the id of its dead letter."""

    topic: str
    partition: int
    offset: int

    @classmethod
    def of(cls, text: str) -> "Place":
        """Raises ValueError."""
        topic, partition, offset = text.rsplit("/", 2)
        return cls(topic, int(partition), int(offset))

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class Gone(Exception):
    """The record cannot be had any more: the message says why."""


async def letters(
    settings: Settings, limit: int, code: str | None = None, places: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """The newest dead letters, each once, newest first: the data of their events with `id` and `time`.

    `places` are the ids of those that are looked for, None for all.
    """
    async with reread.reading(settings) as consumer:
        partitions = await reread.partitions(consumer, settings.topics.dead_letters)
        if not partitions:
            return []
        found: dict[str, dict[str, Any]] = {}
        # One event may lie there several times, so some more are read than asked for.
        every = code is not None or places is not None
        for record in await _last(consumer, partitions, None if every else limit):
            event = _event(record)
            if event and code in {None, event["code"]} and (places is None or event["id"] in places):
                found[event["id"]] = event
    oldest_first = sorted(found.values(), key=lambda event: str(event["time"]))  # of one instant as they lie
    return oldest_first[::-1][:limit]


async def letter(settings: Settings, place: Place) -> dict[str, Any] | None:
    """The dead letter of the record that lies at `place`."""
    async with reread.reading(settings) as consumer:
        partitions = await reread.partitions(consumer, settings.topics.dead_letters)
        for record in await _last(consumer, partitions, None) if partitions else ():
            event = _event(record)
            if event and event["id"] == str(place):
                return event
    return None


async def raw(settings: Settings, event: dict[str, Any]) -> Record:
    """The record that this dead letter is of, as it lies in its topic. Raises Gone."""
    async with reread.reading(settings) as consumer:
        return await _raw(consumer, event)


async def replay(settings: Settings, letters: Sequence[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """Send the records of these dead letters to their topics again: for each its place, and why not where it was not."""
    async with reread.reading(settings) as consumer, _sending(settings) as producer:
        return [(event["id"], await _again(consumer, producer, event)) for event in letters]


async def _again(consumer: Consumer, producer: AIOKafkaProducer, event: dict[str, Any]) -> str | None:
    try:
        record = await _raw(consumer, event)
        # With its time: an event that names none is as old as its record.
        await producer.send_and_wait(
            record.topic, record.value, record.key, record.partition, record.timestamp, list(record.headers)
        )
    except Gone as gone:
        return str(gone)
    except KafkaError as error:
        return f"Kafka does not take it ({type(error).__name__})"
    return None


@asynccontextmanager
async def _sending(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        **bus.connection(settings, client_id="acende-cli"),
        enable_idempotence=True,
        max_request_size=_RECORD_MAX,
    )
    try:
        await producer.start()
        yield producer
    finally:
        await producer.stop()


async def _last(consumer: Consumer, partitions: Sequence[TopicPartition], count: int | None) -> list[Record]:
    """The last `count` records of each partition, all where None."""
    starts, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    if count is not None:
        starts = {one: max(starts[one], ends[one] - count) for one in partitions}
    return [record async for batch in reread.batches(consumer, starts, ends) for record in batch]


async def _raw(consumer: Consumer, event: dict[str, Any]) -> Record:
    """The record of a dead letter. Raises Gone."""
    at, offset = TopicPartition(event["topic"], event["partition"]), event["offset"]
    if at not in await reread.partitions(consumer, at.topic):
        raise Gone(f"there is no partition {at.topic}/{at.partition} any more")
    starts, ends = await consumer.beginning_offsets([at]), await consumer.end_offsets([at])
    if offset < starts[at]:
        raise Gone("the topic no longer keeps it")
    if offset >= ends[at]:
        raise Gone("the topic does not reach that far: was it made anew?")
    record = await _at(consumer, at, offset, ends[at])
    if record is None:
        raise Gone("the topic no longer keeps it")
    if not _is_bare(event) and event.get("sha256") != (
        None if record.value is None else hashlib.sha256(record.value).hexdigest()
    ):
        raise Gone("another record lies there now: the topic was made anew")
    return record


def _is_bare(event: dict[str, Any]) -> bool:
    """Whether only position and code of the record could be written down."""
    return event.get("sha256") is None and event["code"] != "empty_value"


async def _at(consumer: Consumer, at: TopicPartition, offset: int, end: int) -> "Record | None":
    """The record at an offset; None where compaction took it."""
    consumer.assign([at])
    consumer.seek(at, offset)
    while await consumer.position(at) < end:
        for record in (await consumer.getmany(at, timeout_ms=reread.WAIT_MS, max_records=1)).get(at, ()):
            return record if record.offset == offset else None
    return None


def _event(record: Record) -> dict[str, Any] | None:
    """The dead letter in a record of its topic; None for what is none."""
    try:
        event = json.loads(record.value or b"")
        return {"id": event["id"], "time": event["time"], **event["data"]}
    except (ValueError, KeyError, TypeError):
        return None
