"""`acende rebuild`: what Kafka holds into the database, and the group's offsets behind it.

Kafka is only read, but for offsets of partitions for which the group has none, so that a worker does not begin at the
start of a topic that has just been read. Where it has one it stays: what lies behind it is known by then, and what cannot
be read there has not been set aside yet.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError

from events.record import Event, Rejected
from worker import bus, reread, results
from worker.batch import Reading
from worker.consumer import Consumer, raw
from worker.reread import Record
from worker.results import Result
from worker.settings import Settings
from worker.store import rebuild as kept
from worker.store.db import Store
from worker.store.rebuild import Rebuilt, Sources

T = TypeVar("T")
_LOOK_S = 1.0
_COORDINATOR_LOOKS = 30


class Refused(Exception):
    """It must not be done now: one sentence."""


@dataclass(frozen=True)
class Wish:
    """What is asked for. `onto_backup`: the database may hold data."""

    who: str
    why: str
    onto_backup: bool = False


@dataclass
class Read:
    """How many records were read, by topic, and how many of them could not be."""

    records: dict[str, int] = field(default_factory=dict)
    unread: int = 0
    offsets_set: bool = True
    """Otherwise a worker may read input topics from their start, which changes nothing but takes its time."""


async def rebuild(settings: Settings, store: Store, reading: Reading, wish: Wish) -> tuple[Rebuilt, Read]:
    """Make the database good; what came of it. Raises Refused, WorkerRuns, StoreError, KafkaError: nothing has changed."""
    store.lock_for_worker()
    await _none_works(settings, store)
    if not wish.onto_backup and await store.read(kept.holds_data):
        raise Refused(
            "the database holds data: rebuild an empty one, or say --onto-backup if a backup was restored into it"
        )
    async with reread.reading(settings) as consumer:
        topics = _Topics(settings, consumer, reading)
        rebuilt = await store.run(kept.rebuild, topics.sources(), wish.who, wish.why)
    try:
        await _set_offsets(settings, topics.ends)
    except KafkaError:
        topics.read.offsets_set = False
    return rebuilt, topics.read


async def _none_works(settings: Settings, store: Store) -> None:
    """Raises Refused where a worker runs. Leases that a backup tells of are waited for: nobody renews those."""
    if members := await _members(settings):
        raise Refused(
            f"stop the workers first: the consumer group {settings.kafka_group!r} has {members} members"
        )
    if store.embedded:
        return  # its worker would have the lock
    before = await store.read(kept.leases)
    while before:
        await asyncio.sleep(_LOOK_S)
        leases = await store.read(kept.leases)
        if renewed := sorted(who for who, until in leases.items() if before.get(who) != until):
            raise Refused(f"stop the workers first: {', '.join(renewed)}")
        before = leases


async def _members(settings: Settings) -> int:
    """How many consumers are in the group. A cluster that never had a group takes a moment to know of any."""
    admin = AIOKafkaAdminClient(**bus.connection(settings, client_id="acende-cli"))
    try:
        await admin.start()
        for _ in range(_COORDINATOR_LOOKS):
            with suppress(GroupCoordinatorNotAvailableError):
                [found] = await admin.describe_consumer_groups([settings.kafka_group])
                return sum(len(group[5]) for group in found.groups)
            await asyncio.sleep(_LOOK_S)
        raise GroupCoordinatorNotAvailableError
    finally:
        await admin.close()


async def _set_offsets(settings: Settings, ends: dict[TopicPartition, int]) -> None:
    async with reread.reading(settings, settings.kafka_group) as consumer:
        consumer.assign(list(ends))
        new = {one: end for one, end in ends.items() if await consumer.committed(one) is None}
        if new:
            await consumer.commit(new)


@dataclass
class _Topics:
    """The topics as batches, read by the loop for a transaction that runs in a thread."""

    settings: Settings
    consumer: Consumer
    reading: Reading
    ends: dict[TopicPartition, int] = field(default_factory=dict)
    """Of the input topics: where reading ended."""
    read: Read = field(default_factory=Read)

    def sources(self) -> Sources:
        """What `worker.store.rebuild` asks for, read when it does."""
        topics, loop = self.settings.topics, asyncio.get_running_loop()
        return Sources(
            _here(lambda: self._batches(topics.inputs, self._event), loop),
            _here(lambda: self._batches((topics.results,), self._result), loop),
            _here(lambda: self._batches((topics.progress,), self._result), loop),
        )

    async def _batches(
        self, topics: Sequence[str], read: Callable[[Record], T | None]
    ) -> AsyncIterator[list[T]]:
        for topic in topics:
            partitions = await reread.partitions(self.consumer, topic)
            starts = await self.consumer.beginning_offsets(partitions)
            ends = await self.consumer.end_offsets(partitions)
            if topic in self.settings.topics.inputs:
                self.ends.update(ends)
            self.read.records.setdefault(topic, 0)
            async for records in reread.batches(self.consumer, starts, ends):
                self.read.records[topic] += len(records)
                yield [found for record in records if (found := read(record)) is not None]

    def _event(self, record: Record) -> Event | None:
        """As it was read when it arrived: a time that was ahead then is taken as ahead now."""
        now = datetime.now(UTC)
        arrived = datetime.fromtimestamp(record.timestamp / 1000, UTC) if record.timestamp > 0 else now
        outcome = self.reading.read(raw(record), arrived).outcome
        self.read.unread += isinstance(outcome, Rejected)
        return outcome if isinstance(outcome, Event) else None

    def _result(self, record: Record) -> Result | None:
        found = results.read(record.value)
        self.read.unread += found is None and record.value is not None
        return found


def _here(make: Callable[[], AsyncIterator[T]], loop: asyncio.AbstractEventLoop) -> Iterator[T]:
    """What an asynchronous iterator of the loop yields, in another thread."""
    source = make()
    while (found := asyncio.run_coroutine_threadsafe(_next(source), loop).result()) is not None:
        yield found


async def _next(source: AsyncIterator[T]) -> T | None:
    return await anext(source, None)
