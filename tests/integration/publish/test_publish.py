"""The publisher against a real Kafka and both databases."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import LeaderNotAvailableError
from pydantic import SecretStr
from sqlalchemy import select

from tests.support.kafka import Topics
from tests.support.until import until
from worker.publish import Publisher
from worker.settings import Settings
from worker.store import outbox
from worker.store.db import Store
from worker.store.outbox import Record
from worker.store.schema import metadata, role_lease


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store.open(database_url)
    await store.run(metadata.create_all)
    yield store
    await store.aclose()


@pytest.fixture
def settings(kafka_topics: Topics, database_url: str) -> Settings:
    return Settings(
        kafka_servers=kafka_topics.bootstrap,
        database_url=SecretStr(database_url),
        topic_progress=kafka_topics("progress", partitions=3),
        topic_results=kafka_topics("results", partitions=3),
        topic_dead_letters=kafka_topics("dead"),
        worker_name="publisher-test",
    )


@asynccontextmanager
async def publishing(store: Store, settings: Settings) -> AsyncIterator[Publisher]:
    stop, publisher = asyncio.Event(), Publisher(store, settings)
    task = asyncio.create_task(publisher.run(stop))
    try:
        yield publisher
    finally:
        stop.set()
        await asyncio.wait_for(task, 30)


async def write(store: Store, *records: Record) -> None:
    await store.run(outbox.put_all, records)


async def drained(store: Store, within_s: float = 30.0) -> None:
    async def empty() -> bool:
        return not (await store.read(outbox.backlog)).waiting

    await until(empty, within_s)


async def everything(settings: Settings, *topics: str) -> list[ConsumerRecord[bytes, bytes]]:
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=settings.kafka_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        found: list[Any] = []
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += records
        return found
    finally:
        await consumer.stop()


def order(number: int, key: str, topic: str) -> Record:
    return Record(topic, key, b'{"n": %d}' % number, {"content-type": "application/cloudevents+json"})


async def test_what_is_written_arrives_with_key_value_and_headers(store: Store, settings: Settings) -> None:
    await write(store, order(1, "OS-1", settings.topic_results))
    async with publishing(store, settings):
        await drained(store)
    [record] = await everything(settings, settings.topic_results)
    assert (record.key, record.value) == (b"OS-1", b'{"n": 1}')
    assert record.headers == (("content-type", b"application/cloudevents+json"),)


async def test_order_of_a_key_is_kept_in_each_topic_while_others_are_written(
    store: Store, settings: Settings
) -> None:
    topics = [settings.topic_progress, settings.topic_results]
    async with publishing(store, settings):
        for batch in range(10):
            await write(store, *(order(batch, f"OS-{key}", topics[batch % 2]) for key in range(200)))
        await drained(store)
    for topic in topics:
        seen = defaultdict(list)
        for record in await everything(settings, topic):
            seen[record.key].append(record.value)
        assert len(seen) == 200
        assert all(values == sorted(values) and len(values) == 5 for values in seen.values())


async def test_rows_that_commit_late_with_a_lower_id_are_published(
    postgres_url: str, settings: Settings
) -> None:
    store = Store.open(postgres_url)
    await store.run(metadata.create_all)
    late, go = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(conn: Any) -> None:
        outbox.put(conn, settings.topic_results, "OS-slow", b"slow", {})
        loop.call_soon_threadsafe(late.set)
        asyncio.run_coroutine_threadsafe(go.wait(), loop).result(20)

    async with publishing(store, settings):
        task = asyncio.create_task(store.run(slow))
        await late.wait()
        await write(store, order(1, "OS-fast", settings.topic_results))
        await drained(store)
        go.set()
        await task
        await drained(store)
    values = [record.value for record in await everything(settings, settings.topic_results)]
    assert values == [b'{"n": 1}', b"slow"] or Counter(values) == Counter([b'{"n": 1}', b"slow"])
    await store.aclose()


async def test_one_publisher_at_a_time_and_the_next_takes_over_at_once(
    store: Store, settings: Settings
) -> None:
    other = settings.model_copy(update={"worker_name": "second", "publish_lease_s": 5.0})
    async with publishing(store, settings.model_copy(update={"publish_lease_s": 5.0})):
        await write(store, order(1, "OS-1", settings.topic_results))
        await drained(store)
        async with publishing(store, other):
            await write(store, *(order(n, f"OS-{n}", settings.topic_results) for n in range(2, 300)))
            await drained(store)
    async with publishing(store, other):
        await write(store, order(300, "OS-300", settings.topic_results))
        await drained(store, 10)
    records = await everything(settings, settings.topic_results)
    assert len(records) == 300


async def test_a_publisher_that_waits_takes_over_as_soon_as_the_other_has_left(
    store: Store, settings: Settings
) -> None:
    patient = settings.model_copy(update={"publish_lease_s": 300.0})
    stop, first = asyncio.Event(), Publisher(store, patient)
    leading = asyncio.create_task(first.run(stop))

    def led_by(name: str) -> Callable[[], Awaitable[bool]]:
        async def look() -> bool:
            return await store.read(lambda conn: conn.execute(select(role_lease.c.holder)).scalar()) == name

        return look

    await until(led_by("publisher-test"))
    async with publishing(store, patient.model_copy(update={"worker_name": "second"})):
        await asyncio.sleep(0.5)
        stop.set()
        await leading
        await until(led_by("second"), 10)


async def test_a_record_that_the_broker_refuses_is_set_aside_and_the_rest_goes_on(
    store: Store, settings: Settings, kafka_topics: Topics
) -> None:
    narrow = kafka_topics("narrow", config={"max.message.bytes": "2000"})
    small = [Record(narrow, f"OS-{n}", b"x" * 100, {}) for n in range(40)]
    await write(store, *small[:20], Record(narrow, "OS-big", b"y" * 5000, {}), *small[20:])
    await write(store, order(1, "OS-1", settings.topic_results))
    async with publishing(store, settings):
        await drained(store)
        assert (await store.read(outbox.backlog)).refused == 1
    assert Counter(record.value for record in await everything(settings, narrow)) == Counter(
        [b"x" * 100] * 40
    )
    assert len(await everything(settings, settings.topic_results)) == 1


async def test_a_topic_that_does_not_exist_holds_back_its_keys_only(store: Store, settings: Settings) -> None:
    async def all_there() -> bool:
        return len(await everything(settings, settings.topic_results)) == 251

    await write(store, *(order(n, f"OS-{n}", "nobody.made.this.topic") for n in range(30)))
    await write(store, order(0, "OS-a", settings.topic_results))
    async with publishing(store, settings):
        for number in range(1, 6):
            await write(store, *(order(number, f"OS-x{key}", settings.topic_results) for key in range(50)))
            await asyncio.sleep(0.2)
        await until(all_there, 20)
    assert (await store.read(outbox.backlog)).waiting >= 30


async def test_a_failed_batch_is_sent_again_by_a_new_producer(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker loses a partition's leader past the batch's life: aiokafka then spends its sequence numbers."""
    from aiokafka.producer.message_accumulator import MessageBatch

    spoilt, done = {"left": 3}, MessageBatch.done

    def failing(self: MessageBatch, *args: Any, **kwargs: Any) -> None:
        if spoilt["left"]:
            spoilt["left"] -= 1
            self.failure(LeaderNotAvailableError())
        else:
            done(self, *args, **kwargs)

    monkeypatch.setattr(MessageBatch, "done", failing)
    await write(store, *(order(n, f"OS-{n % 50}", settings.topic_results) for n in range(200)))
    async with publishing(store, settings):
        await drained(store)
    seen: dict[bytes, list[bytes]] = defaultdict(list)
    for record in await everything(settings, settings.topic_results):
        if record.value not in seen[record.key]:
            seen[record.key].append(record.value)
    assert sum(map(len, seen.values())) == 200
    numbers: Callable[[list[bytes]], list[int]] = lambda values: [int(value[6:-1]) for value in values]  # noqa: E731
    assert all(numbers(values) == sorted(numbers(values)) for values in seen.values())


async def test_a_backlog_many_times_the_window_leaves_whole(store: Store, settings: Settings) -> None:
    count = 8 * settings.publish_batch_records
    for start in range(0, count, 2000):
        keys = [f"OS-{number}" for number in range(start, start + 2000)]
        await write(store, *(Record(settings.topic_results, key, b"x" * 600, {}) for key in keys))
    async with publishing(store, settings):
        await drained(store, 60)
    found = Counter(record.key for record in await everything(settings, settings.topic_results))
    assert found == {f"OS-{number}".encode(): 1 for number in range(count)}
