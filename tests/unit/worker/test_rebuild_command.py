"""`acende rebuild`: whom it refuses, what it reads of each topic, and which offsets it sets. No broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaConnectionError

from events.record import Event, Passed, Rejected
from worker import rebuild, reread, results
from worker.rebuild import Refused, Wish
from worker.settings import Settings
from worker.store import rebuild as kept
from worker.store.db import WorkerRuns

SETTINGS = Settings(topic_install="install", topic_equipment="equipment", topic_results="results")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
WISH = Wish("ana", "disk lost")


def record(topic: str, partition: int, offset: int, value: bytes = b"x", at_ms: int = 1) -> Any:
    return ConsumerRecord(topic, partition, offset, at_ms, 0, b"k", value, None, 1, len(value), ())


class Log:
    """A consumer, and the records that lie in the topics."""

    def __init__(self, records: Mapping[TopicPartition, Sequence[Any]], extra: int = 0) -> None:
        self.records = {partition: list(found) for partition, found in records.items()}
        self.extra = extra
        self.at: dict[TopicPartition, int] = {}
        self.assigned: list[list[TopicPartition]] = []
        self.groups: list[str | None] = []
        self.offsets: dict[TopicPartition, int] = {}
        self.commits: list[dict[TopicPartition, int]] = []
        self._client = self

    async def topics(self) -> set[str]:
        return {partition.topic for partition in self.records}

    async def _wait_on_metadata(self, topic: str) -> set[int]:
        return {partition.partition for partition in self.records if partition.topic == topic}

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {one: self.records[one][0].offset for one in partitions}

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {one: self.records[one][-1].offset + 1 - self.extra for one in partitions}

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        assert partitions
        self.assigned.append(list(partitions))

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.at[partition] = offset

    async def position(self, partition: TopicPartition) -> int:
        return self.at[partition]

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        found = {}
        for one in partitions:
            some = [row for row in self.records[one] if row.offset >= self.at[one]][:2]
            self.at[one] = some[-1].offset + 1
            found[one] = some
        return found

    async def committed(self, partition: TopicPartition) -> int | None:
        return self.offsets.get(partition)

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.commits.append(offsets)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    made = Log(
        {
            TopicPartition("install", 0): [record("install", 0, offset) for offset in range(5, 10)],
            TopicPartition("install", 1): [record("install", 1, 0)],
            TopicPartition("results", 0): [record("results", 0, 0), record("results", 0, 1)],
        }
    )

    @asynccontextmanager
    async def reading(settings: Settings, group: str | None = None) -> AsyncIterator[Log]:
        assert settings is SETTINGS
        made.groups.append(group)
        yield made

    monkeypatch.setattr(reread, "reading", reading)
    return made


async def offsets(log: Log, starts: dict[TopicPartition, int], ends: dict[TopicPartition, int]) -> list[Any]:
    return [
        [(row.topic, row.partition, row.offset) for row in rows]
        async for rows in reread.batches(cast("Any", log), starts, ends)
    ]


async def test_what_lies_between_two_offsets_is_read_once_and_nothing_after_it(log: Log) -> None:
    one, two = TopicPartition("install", 0), TopicPartition("install", 1)
    assert await offsets(log, {one: 6, two: 0}, {one: 9, two: 1}) == [
        [("install", 0, 6), ("install", 0, 7)],
        [("install", 1, 0)],
        [("install", 0, 8)],
    ]
    assert log.assigned == [[one, two]]


async def test_nothing_is_asked_of_the_broker_where_there_is_nothing_to_read(log: Log) -> None:
    assert await offsets(log, {}, {}) == []
    assert log.assigned == []


async def test_partitions_are_those_of_the_topic_in_order_and_none_of_one_that_is_not_there(log: Log) -> None:
    assert await reread.partitions(cast("Any", log), "install") == [
        TopicPartition("install", 0),
        TopicPartition("install", 1),
    ]
    assert await reread.partitions(cast("Any", log), "nowhere") == []


@pytest.mark.parametrize("group", [None, "acende"])
async def test_who_reads_moves_no_offset_by_reading_and_leaves(
    monkeypatch: pytest.MonkeyPatch, group: str | None
) -> None:
    did: list[str] = []
    asked: dict[str, Any] = {}

    class Reader:
        def __init__(self, **arguments: Any) -> None:
            asked.update(arguments)

        async def start(self) -> None:
            did.append("started")

        async def stop(self) -> None:
            did.append("stopped")

    monkeypatch.setattr(reread, "Consumer", Reader)
    with pytest.raises(KafkaConnectionError):
        async with reread.reading(SETTINGS, group):
            raise KafkaConnectionError
    assert did == ["started", "stopped"]
    assert (asked["group_id"], asked["enable_auto_commit"]) == (group, False)
    assert (asked["isolation_level"], asked["auto_offset_reset"]) == ("read_committed", "none")
    assert asked["max_partition_fetch_bytes"] == SETTINGS.kafka_partition_max_bytes


class Base:
    """The database as the command asks it."""

    def __init__(self, *, embedded: bool = False) -> None:
        self.embedded = embedded
        self.full = False
        self.leases: list[dict[str, datetime]] = [{}]
        self.rebuilt: list[tuple[Any, ...]] = []
        self.locked = 0

    def lock_for_worker(self) -> None:
        self.locked += 1

    async def read(self, work: Any) -> Any:
        if work is kept.holds_data:
            return self.full
        assert work is kept.leases
        return self.leases.pop(0) if len(self.leases) > 1 else self.leases[0]

    async def run(self, work: Any, sources: Any, *said: Any) -> str:
        assert work is kept.rebuild
        read = await asyncio.to_thread(
            lambda: [list(batches) for batches in (sources.events, sources.results, sources.progress)]
        )
        self.rebuilt.append((read, *said))
        return "rebuilt"


class Reader:
    """Reads a record as its offset says: 7 cannot be read, 8 is passed over."""

    def __init__(self) -> None:
        self.arrived: list[datetime] = []

    def read(self, row: Any, now: datetime) -> Any:
        self.arrived.append(now)
        if row.offset == 7:
            return SimpleNamespace(outcome=Rejected("bad_json", (), None))
        if row.offset == 8:
            return SimpleNamespace(outcome=Passed("acende.equipment.received.v1"))
        return SimpleNamespace(outcome=event(row))


def event(row: Any) -> Event:
    named = f"{row.topic}/{row.partition}/{row.offset}"
    return Event("erp", named, "acende.install.started.v1", NOW, cast("Any", None))


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(settings: Settings) -> int:
        return 0

    monkeypatch.setattr(rebuild, "_members", none)


async def test_every_topic_is_read_whole_and_what_could_not_be_read_is_counted(
    log: Log, alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "read", lambda value: None if value == b"x" else value)
    log.records[TopicPartition("results", 0)][1] = record("results", 0, 1, b"final")
    base, reader = Base(), Reader()
    rebuilt: Any
    rebuilt, read = await rebuild.rebuild(SETTINGS, cast("Any", base), cast("Any", reader), WISH)
    [(events, finals, progress), who, why] = base.rebuilt[0][0], *base.rebuilt[0][1:]
    assert (rebuilt, who, why, base.locked) == ("rebuilt", "ana", "disk lost", 1)
    assert sorted(one.id for batch in events for one in batch) == [
        "install/0/5", "install/0/6", "install/0/9", "install/1/0",
    ]  # fmt: skip
    assert (finals, progress) == ([[b"final"]], [])
    assert read.records == {"install": 6, "equipment": 0, "results": 2, SETTINGS.topics.progress: 0}
    assert (read.unread, read.offsets_set) == (2, True)


async def test_offsets_are_set_where_the_group_has_none_and_only_of_input_topics(
    log: Log, alone: None
) -> None:
    log.offsets = {TopicPartition("install", 0): 3}
    await rebuild.rebuild(SETTINGS, cast("Any", Base()), cast("Any", Reader()), WISH)
    assert log.groups == [None, SETTINGS.kafka_group]
    assert log.commits == [{TopicPartition("install", 1): 1}]
    log.offsets[TopicPartition("install", 1)] = 0
    await rebuild.rebuild(SETTINGS, cast("Any", Base()), cast("Any", Reader()), WISH)
    assert len(log.commits) == 1


async def test_offsets_that_cannot_be_set_are_told(
    log: Log, alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def commit(_: Any) -> None:
        raise KafkaConnectionError

    monkeypatch.setattr(log, "commit", commit)
    _, read = await rebuild.rebuild(SETTINGS, cast("Any", Base()), cast("Any", Reader()), WISH)
    assert not read.offsets_set


@pytest.mark.parametrize(("at_ms", "then"), [(1_772_452_800_000, NOW), (0, None), (-1, None)])
async def test_a_record_is_read_as_when_it_arrived(
    log: Log, alone: None, at_ms: int, then: datetime | None
) -> None:
    log.records = {TopicPartition("install", 0): [record("install", 0, 0, at_ms=at_ms)]}
    reader = Reader()
    await rebuild.rebuild(SETTINGS, cast("Any", Base()), cast("Any", reader), WISH)
    [arrived] = reader.arrived
    assert arrived == then if then else datetime.now(UTC) - arrived < timedelta(minutes=1)


async def test_a_record_without_a_value_is_no_result_and_none_that_cannot_be_read(
    log: Log, alone: None
) -> None:
    topics = rebuild._Topics(SETTINGS, cast("Any", log), cast("Any", Reader()))
    assert topics._result(record("results", 0, 0, cast("Any", None) or b"")) is None
    assert topics.read.unread == 1
    gone = record("results", 0, 0)
    assert topics._result(SimpleNamespace(value=None, offset=gone.offset)) is None
    assert topics.read.unread == 1


async def test_a_database_that_holds_data_is_refused_unless_a_backup_was_restored(
    log: Log, alone: None
) -> None:
    base = Base()
    base.full = True
    with pytest.raises(Refused, match="--onto-backup"):
        await rebuild.rebuild(SETTINGS, cast("Any", base), cast("Any", Reader()), WISH)
    assert (base.rebuilt, log.groups) == ([], [])
    onto = Wish("ana", "restored", onto_backup=True)
    await rebuild.rebuild(SETTINGS, cast("Any", base), cast("Any", Reader()), onto)
    assert len(base.rebuilt) == 1


async def test_the_lock_of_a_worker_on_this_machine_is_heeded_first(log: Log) -> None:
    class Locked(Base):
        def lock_for_worker(self) -> None:
            raise WorkerRuns

    with pytest.raises(WorkerRuns):
        await rebuild.rebuild(SETTINGS, cast("Any", Locked()), cast("Any", Reader()), WISH)


# ------------------------------------------------------------------------------------------------- does anybody work?


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return found


def at(*minutes: int) -> list[datetime]:
    return [NOW + timedelta(minutes=one) for one in minutes]


async def test_members_of_the_group_are_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def two(settings: Settings) -> int:
        return 2

    monkeypatch.setattr(rebuild, "_members", two)
    with pytest.raises(Refused, match="has 2 members"):
        await rebuild._none_works(SETTINGS, cast("Any", Base(embedded=True)))


async def test_a_lease_that_is_renewed_meanwhile_is_a_worker(alone: None, slept: list[float]) -> None:
    one, two, later = at(1, 2, 3)
    base = Base()
    base.leases = [{"w1": one, "w2": two}, {"w1": one, "w2": later, "w3": one}]
    with pytest.raises(Refused, match=r"stop the workers first: w2, w3$"):
        await rebuild._none_works(SETTINGS, cast("Any", base))
    assert slept == [1.0]


async def test_leases_that_nobody_renews_are_waited_for(alone: None, slept: list[float]) -> None:
    [one, two] = at(1, 2)
    base = Base()
    base.leases = [{"w1": one, "w2": two}, {"w2": two}, {}]
    await rebuild._none_works(SETTINGS, cast("Any", base))
    assert slept == [1.0, 1.0]


async def test_on_sqlite_the_lock_says_it_all(alone: None, slept: list[float]) -> None:
    base = Base(embedded=True)
    base.leases = [{"w1": NOW}]
    await rebuild._none_works(SETTINGS, cast("Any", base))
    assert slept == []


class Admin:
    """Kafka's administration: answers, or says that there is no coordinator yet."""

    answers: list[Any]
    closed: int

    def __init__(self, **arguments: Any) -> None:
        assert arguments["client_id"] == "acende-cli"

    async def start(self) -> None: ...

    async def close(self) -> None:
        type(self).closed += 1

    async def describe_consumer_groups(self, groups: list[str]) -> list[Any]:
        assert groups == [SETTINGS.kafka_group]
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return [answer]


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> type[Admin]:
    Admin.answers, Admin.closed = [], 0
    monkeypatch.setattr(rebuild, "AIOKafkaAdminClient", Admin)
    return Admin


async def test_members_are_counted_over_the_group(admin: type[Admin], slept: list[float]) -> None:
    group = (0, SETTINGS.kafka_group, "Stable", "consumer", "range", ["a", "b"], 7)
    admin.answers = [GroupCoordinatorNotAvailableError(), SimpleNamespace(groups=[group, group])]
    assert await rebuild._members(SETTINGS) == 4
    assert (slept, admin.closed) == ([1.0], 1)


async def test_a_cluster_that_knows_of_no_group_is_not_waited_for_for_ever(
    admin: type[Admin], slept: list[float]
) -> None:
    admin.answers = [GroupCoordinatorNotAvailableError()]
    with pytest.raises(GroupCoordinatorNotAvailableError):
        await rebuild._members(SETTINGS)
    assert (len(slept), admin.closed) == (30, 1)
