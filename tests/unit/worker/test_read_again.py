"""Records that are read again from topics: which, and that they are still the ones that were meant. A log in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from worker import dead_letters, reread
from worker.dead_letters import Gone
from worker.settings import Settings

AT = TopicPartition("install", 0)
SUM = hashlib.sha256(b"v3").hexdigest()


class Log:
    """A consumer of partitions in memory: offsets by partition, of which compaction may have taken some."""

    def __init__(self, kept: Mapping[TopicPartition, list[int]], ends: Mapping[TopicPartition, int]) -> None:
        self.kept, self.ends = kept, ends
        self.at: dict[TopicPartition, int] = {}
        self._client = SimpleNamespace(_wait_on_metadata=self._numbers)

    async def _numbers(self, topic: str) -> set[int]:
        return {one.partition for one in self.ends if one.topic == topic}

    async def topics(self) -> set[str]:
        return {one.topic for one in self.ends}

    async def beginning_offsets(self, asked: Any) -> dict[TopicPartition, int]:
        return {one: min(self.kept[one], default=self.ends[one]) for one in asked}

    async def end_offsets(self, asked: Any) -> dict[TopicPartition, int]:
        return {one: self.ends[one] for one in asked}

    def assign(self, asked: list[TopicPartition]) -> None:
        self.at = dict.fromkeys(asked, -1)

    def seek(self, one: TopicPartition, offset: int) -> None:
        self.at[one] = offset

    async def position(self, one: TopicPartition) -> int:
        return self.at[one]

    async def getmany(self, *asked: TopicPartition, timeout_ms: int, max_records: int = 2) -> dict[Any, Any]:
        found = {}
        for one in asked or self.at:
            offsets = [offset for offset in self.kept[one] if offset >= self.at[one]][:max_records]
            self.at[one] = offsets[-1] + 1 if offsets else self.ends[one]
            found[one] = [
                SimpleNamespace(
                    topic=one.topic, partition=one.partition, offset=offset, value=f"v{offset}".encode()
                )
                for offset in offsets
            ]
        return found


def log() -> Any:
    kept = {AT: [2, 3, 4, 6], TopicPartition("install", 1): [0, 1], TopicPartition("other", 0): [0]}
    return Log(kept, {AT: 8, TopicPartition("install", 1): 2, TopicPartition("other", 0): 1})


async def test_the_partitions_of_a_topic_are_its_own_in_order() -> None:
    assert await reread.partitions(log(), "install") == [AT, TopicPartition("install", 1)]
    assert await reread.partitions(log(), "unknown") == []


@pytest.mark.parametrize(
    ("count", "offsets"),
    [
        (None, {(0, 2), (0, 3), (0, 4), (0, 6), (1, 0), (1, 1)}),
        (1, {(1, 1)}),
        (4, {(0, 4), (0, 6), (1, 0), (1, 1)}),
        (100, {(0, 2), (0, 3), (0, 4), (0, 6), (1, 0), (1, 1)}),
    ],
)
async def test_the_last_records_of_each_partition_are_read(
    count: int | None, offsets: set[tuple[int, int]]
) -> None:
    consumer = log()
    found = await dead_letters._last(consumer, await reread.partitions(consumer, "install"), count)
    assert {(record.partition, record.offset) for record in found} == offsets


async def test_nothing_is_read_behind_the_end_that_was_asked_for() -> None:
    read = [record.offset async for batch in reread.batches(log(), {AT: 3}, {AT: 4}) for record in batch]
    assert read == [3]
    assert [batch async for batch in reread.batches(log(), {}, {})] == []


async def test_who_reads_again_moves_nobodys_offsets_and_passes_over_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[Any] = []

    class Fake:
        def __init__(self, **arguments: Any) -> None:
            self.arguments = arguments
            self.did: list[str] = []
            made.append(self)

        async def start(self) -> None:
            self.did.append("start")

        async def stop(self) -> None:
            self.did.append("stop")

    monkeypatch.setattr(reread, "Consumer", Fake)
    async with reread.reading(Settings(kafka_partition_max_bytes=65_537), "acende") as consumer:
        assert made == [consumer]
        assert made[0].did == ["start"]
    [one] = made
    asked = {"group_id": "acende", "enable_auto_commit": False, "auto_offset_reset": "none"}
    asked |= {
        "isolation_level": "read_committed",
        "max_partition_fetch_bytes": 65_537,
        "client_id": "acende-cli",
    }
    assert {name: one.arguments[name] for name in asked} == asked
    assert one.did == ["start", "stop"]
    async with reread.reading(Settings()):
        assert made[-1].arguments["group_id"] is None


def letter(**more: Any) -> dict[str, Any]:
    base = {"topic": "install", "partition": 0, "offset": 3, "code": "invalid_data", "sha256": SUM}
    return base | more


@pytest.mark.parametrize("event", [letter(), letter(sha256=None), letter(offset=6, sha256=None)])
async def test_the_record_of_a_dead_letter_is_found_where_it_lies(event: dict[str, Any]) -> None:
    record = await dead_letters._raw(log(), event)
    assert (record.topic, record.partition, record.offset) == ("install", 0, event["offset"])


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (letter(topic="unknown"), "no partition"),
        (letter(partition=5), "no partition"),
        (letter(offset=1), "no longer keeps"),
        (letter(offset=5), "no longer keeps"),
        (letter(offset=7), "no longer keeps"),
        (letter(offset=8), "does not reach"),
        (letter(sha256="0" * 64), "another record"),
        (letter(code="empty_value", sha256=None), "another record"),
    ],
)
async def test_a_record_that_is_not_the_one_that_was_meant_is_gone(event: dict[str, Any], why: str) -> None:
    with pytest.raises(Gone, match=why):
        await dead_letters._raw(log(), event)


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"1", b'{"id": "1"}', b'{"id": "1", "time": "t"}'])
def test_what_is_no_dead_letter_is_passed_over(value: bytes | None) -> None:
    assert dead_letters._event(SimpleNamespace(value=value)) is None


def test_a_dead_letter_is_its_data_with_id_and_time() -> None:
    value = b'{"id": "1", "time": "t", "data": {"code": "x"}}'
    found = dead_letters._event(SimpleNamespace(value=value))
    assert found == {"id": "1", "time": "t", "code": "x"}
