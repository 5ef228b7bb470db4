"""Records that lie in topics, as a command reads them: from where to where, and which one is which."""

from __future__ import annotations

import hashlib
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from worker import dead_letters, reread
from worker.dead_letters import Gone, Place
from worker.settings import Settings

ONE, TWO = TopicPartition("t", 0), TopicPartition("t", 1)


@dataclass
class Topic:
    """A consumer on records in memory: two a batch, of one partition at a time."""

    records: dict[TopicPartition, list[Any]]
    starts: dict[TopicPartition, int] = field(default_factory=dict)
    ends: dict[TopicPartition, int] = field(default_factory=dict)
    at: dict[TopicPartition, int] = field(default_factory=dict)
    assigned: list[TopicPartition] = field(default_factory=list)
    asked: list[int | None] = field(default_factory=list)

    @property
    def _client(self) -> Any:
        return self

    async def _wait_on_metadata(self, topic: str) -> set[int]:
        return {one.partition for one in self.records if one.topic == topic}

    async def topics(self) -> set[str]:
        return {one.topic for one in self.records}

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {one: self.starts.get(one, 0) for one in partitions}

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {one: self.ends.get(one, len(self.records[one])) for one in partitions}

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.assigned = partitions

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.at[partition] = offset

    async def position(self, partition: TopicPartition) -> int:
        return self.at[partition]

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int, max_records: int | None = None
    ) -> Any:
        self.asked.append(max_records)
        assert set(partitions) <= set(self.assigned)
        for one in partitions:
            assert self.at[one] < self.ends.get(one, len(self.records[one])), (
                "nobody waits for what is not there"
            )
            left = [record for record in self.records[one] if record.offset >= self.at[one]][
                : max_records or 2
            ]
            if left:
                self.at[one] = left[-1].offset + 1
                return {one: left}
            self.at[one] += 1
        return {}


def record(offset: int, value: bytes | None = b"x") -> Any:
    return SimpleNamespace(offset=offset, value=value)


def topic(*counts: int, **more: Any) -> Topic:
    return Topic(
        {TopicPartition("t", at): [record(n) for n in range(count)] for at, count in enumerate(counts)},
        **more,
    )


async def _read(consumer: Any, starts: Any, ends: Any) -> list[int]:
    return [one.offset async for batch in reread.batches(consumer, starts, ends) for one in batch]


async def test_records_are_read_from_where_to_where_and_no_further() -> None:
    consumer = topic(9, 3)
    assert await _read(consumer, {ONE: 2, TWO: 0}, {ONE: 5, TWO: 3}) == [2, 3, 4, 0, 1, 2]
    assert consumer.assigned == [ONE, TWO]
    untouched = topic(9)
    assert await _read(untouched, {}, {}) == []
    assert untouched.assigned == []
    assert await _read(topic(9), {ONE: 5}, {ONE: 5}) == []


async def test_the_partitions_of_a_topic_are_told_in_order() -> None:
    assert await reread.partitions(topic(1, 1), "t") == [ONE, TWO]  # type: ignore[arg-type]
    assert await reread.partitions(topic(1), "x") == []  # type: ignore[arg-type]


async def _last(consumer: Any, count: int | None) -> list[int]:
    return [one.offset for one in await dead_letters._last(consumer, [ONE, TWO], count)]


async def test_the_last_of_each_partition_are_read_as_far_as_they_are_kept() -> None:
    assert await _last(topic(4, 1), 2) == [2, 3, 0]
    assert await _last(topic(4, 1, starts={ONE: 3}), 2) == [3, 0]
    assert await _last(topic(4, 1, starts={ONE: 1}), None) == [1, 2, 3, 0]


def _event(value: bytes | None = b"x", **more: Any) -> dict[str, Any]:
    digest = None if value is None else hashlib.sha256(value).hexdigest()
    return {"topic": "t", "partition": 0, "offset": 2, "sha256": digest, "code": "not_json"} | more


async def _raw(consumer: Any, event: dict[str, Any]) -> int:
    return int((await dead_letters._raw(consumer, event)).offset)


async def test_the_record_of_a_dead_letter_is_the_one_at_its_place() -> None:
    consumer = topic(4)
    assert await _raw(consumer, _event()) == 2
    assert consumer.asked == [1]
    assert await _raw(topic(4), _event(offset=3)) == 3
    assert await _raw(topic(4), _event(offset=0)) == 0
    assert await _raw(topic(4), _event(None)) == 2, "of a bare letter only the place is known"
    nothing = Topic({ONE: [record(0), record(1), record(2, None)]})
    assert await _raw(nothing, _event(None, code="empty_value")) == 2


GONE = [
    (topic(4), {"partition": 1}, "no partition t/1"),
    (topic(4), {"topic": "x"}, "no partition x/0"),
    (topic(4, starts={ONE: 3}), {}, "no longer keeps"),
    (topic(2), {}, "made anew?"),
    (topic(4), {"sha256": "0"}, "another record"),
    (topic(4), {"sha256": None, "code": "empty_value"}, "another record"),
    (Topic({ONE: [record(0), record(3)]}, ends={ONE: 4}), {}, "no longer keeps"),
    (Topic({ONE: [record(0)]}, ends={ONE: 4}), {}, "no longer keeps"),
]


@pytest.mark.parametrize(("consumer", "more", "why"), GONE, ids=[why for *_, why in GONE])
async def test_a_record_that_is_there_no_more_is_told_with_why(
    consumer: Topic, more: dict[str, Any], why: str
) -> None:
    with pytest.raises(Gone, match=why.replace("?", r"\?")):
        await _raw(consumer, _event(**more))


def test_a_place_is_topic_partition_and_offset() -> None:
    assert Place.of("a/b/3/7") == Place("a/b", 3, 7)
    assert str(Place("a/b", 3, 7)) == "a/b/3/7"
    for wrong in ("a/3", "a/b/c", ""):
        with pytest.raises(ValueError, match=r"unpack|int"):
            Place.of(wrong)


def test_what_is_no_dead_letter_is_passed_over() -> None:
    whole = {"id": "1", "time": "t", "data": {"code": "x"}}
    assert dead_letters._event(record(0, json.dumps(whole).encode())) == {"id": "1", "time": "t", "code": "x"}
    for value in (
        None,
        b"oi",
        b"[]",
        json.dumps({"id": "1"}).encode(),
        json.dumps(whole | {"data": 5}).encode(),
    ):
        assert dead_letters._event(record(0, value)) is None


# ----------------------------------------------------------------------------------------------------------- dead letters


def letter(number: int, code: str = "x", time: str | None = None) -> Any:
    event = {"id": f"t/0/{number}", "time": time or f"2026-03-02T12:00:0{number}Z", "data": {"code": code}}
    return record(number, json.dumps(event).encode())


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Topic:
    """Letters 0 to 4 in a topic, two of code `y`, one later than the last; the third record is no letter."""
    name = Settings().topics.dead_letters
    lies = [
        letter(0),
        letter(1, "y"),
        record(2, b"oi"),
        letter(3, time="2026-03-02T12:00:09Z"),
        letter(4, "y"),
    ]
    consumer = Topic({TopicPartition(name, 0): lies})

    @asynccontextmanager
    async def reading(_settings: Any) -> Any:
        yield consumer

    monkeypatch.setattr(reread, "reading", reading)
    return consumer


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [3, 4, 1, 0]),
        ({"limit": 2}, [3, 4]),
        ({"code": "y"}, [4, 1]),
        ({"code": "y", "limit": 1}, [4]),
        ({"places": ["t/0/0", "t/0/1"]}, [1, 0]),
        ({"places": ["t/0/0", "t/0/1"], "code": "y"}, [1]),
        ({"places": []}, []),
        ({"code": "z"}, []),
    ],
    ids=str,
)
async def test_letters_are_listed_newest_first(known: Topic, asked: dict[str, Any], found: list[int]) -> None:
    listed = await dead_letters.letters(Settings(), **({"limit": 9} | asked))
    assert [one["id"] for one in listed] == [f"t/0/{number}" for number in found]
    assert known.at[TopicPartition("onu.dead-letters", 0)] == 5


async def test_of_many_letters_only_the_last_are_read_where_none_in_particular_are_asked_for(
    known: Topic,
) -> None:
    await dead_letters.letters(Settings(), 1)
    assert len(known.asked) == 1
    known.asked.clear()
    await dead_letters.letters(Settings(), 1, "y")
    assert len(known.asked) == 3


async def test_a_letter_is_found_by_the_place_of_its_record(known: Topic) -> None:
    found = await dead_letters.letter(Settings(), Place("t", 0, 1))
    assert found == {"id": "t/0/1", "time": "2026-03-02T12:00:01Z", "code": "y"}
    assert await dead_letters.letter(Settings(), Place("t", 0, 2)) is None
    known.records.clear()
    assert await dead_letters.letter(Settings(), Place("t", 0, 1)) is None
    assert await dead_letters.letters(Settings(), 9) == []


class Producer:
    """Takes what it is given, or not."""

    def __init__(self, error: KafkaError | None = None) -> None:
        self.error, self.sent = error, []  # type: ignore[var-annotated]

    async def send_and_wait(self, *record: Any) -> None:
        if self.error:
            raise self.error
        self.sent.append(record)


async def test_a_record_is_sent_again_as_it_was_with_its_time() -> None:
    whole = SimpleNamespace(
        topic="t", offset=0, value=b"x", key=b"k", partition=0, timestamp=77, headers=(("a", b"b"),)
    )
    producer: Any = Producer()
    event = _event(offset=0)
    assert await dead_letters._again(Topic({ONE: [whole]}), producer, event) is None  # type: ignore[arg-type]
    assert producer.sent == [("t", b"x", b"k", 0, 77, [("a", b"b")])]
    gone = await dead_letters._again(topic(1), producer, _event(offset=5))  # type: ignore[arg-type]
    assert gone
    assert "made anew" in gone
    refuses: Any = Producer(KafkaError())
    told = await dead_letters._again(Topic({ONE: [whole]}), refuses, event)  # type: ignore[arg-type]
    assert told == "Kafka does not take it (KafkaError)"
