"""From where our consumer goes on, whatever raised, and what it hands out again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from events.record import RawRecord
from worker import consumer as module
from worker.consumer import Consumer, KeepingConsumer, raw

A, B, C = (TopicPartition("t", number) for number in range(3))


class Kafka:
    """What lies below: it gives what it is told to, or raises; it remembers where it was sent."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.answers: list[Any] = []
        self.assigned = {A, B, C}
        self.committed: dict[TopicPartition, int | None] = {A: 70, B: 80, C: None}
        self.went: list[Any] = []
        self.asked: list[Any] = []
        theirs = {
            "__init__": lambda *_, **__: None,
            "__del__": lambda *_: None,
            "assignment": lambda _: self.assigned,
            "seek": lambda _, partition, offset: self.went.append((partition, offset)),
            "pause": lambda _, partition: self.went.append(("pause", partition)),
            "resume": lambda _, partition: self.went.append(("resume", partition)),
            "committed": self._committed,
            "seek_to_beginning": self._to_beginning,
            "getmany": self._getmany,
        }
        for name, function in theirs.items():
            patch.setattr(AIOKafkaConsumer, name, function)

    async def _committed(self, partition: TopicPartition) -> int | None:
        return self.committed[partition]

    async def _to_beginning(self, partition: TopicPartition) -> None:
        self.went.append((partition, "beginning"))

    async def _getmany(self, *partitions: TopicPartition, timeout_ms: int, max_records: int | None) -> Any:
        self.asked.append((partitions, timeout_ms, max_records))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {
            partition: [record(partition, offset) for offset in offsets]
            for partition, offsets in answer.items()
        }


def record(partition: TopicPartition, offset: int) -> Any:
    return SimpleNamespace(
        topic="t", partition=partition.partition, offset=offset, timestamp=9, key=b"k", value=b"v", headers=()
    )


def offsets(found: Any) -> dict[TopicPartition, list[int]]:
    return {partition: [one.offset for one in records] for partition, records in found.items()}


def kept(partition: TopicPartition, *offsets: int) -> list[RawRecord]:
    return [raw(record(partition, offset)) for offset in offsets]


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> Kafka:
    return Kafka(monkeypatch)


async def _raises(consumer: Consumer, kafka: Kafka) -> list[Any]:
    kafka.answers = [KeyError("x")]
    kafka.went.clear()
    with pytest.raises(KeyError):
        await consumer.getmany(timeout_ms=5)
    return sorted(kafka.went, key=str)


async def test_when_it_raises_each_partition_goes_on_after_what_was_handed_out_of_it(kafka: Kafka) -> None:
    consumer = Consumer()
    kafka.answers = [{A: [3, 4], B: [9]}]
    assert offsets(await consumer.getmany(A, B, timeout_ms=7, max_records=2)) == {A: [3, 4], B: [9]}
    assert kafka.asked == [((A, B), 7, 2)]
    assert await _raises(consumer, kafka) == [(A, 5), (B, 10), (C, "beginning")]
    consumer.seek(A, 40)
    assert await _raises(consumer, kafka) == [(A, 40), (B, 10), (C, "beginning")]
    consumer.forget()
    kafka.assigned = {A, C}
    assert await _raises(consumer, kafka) == [(A, 70), (C, "beginning")]


async def test_what_is_not_kept_is_handed_out_again_from_the_first_of_it(kafka: Kafka) -> None:
    consumer = KeepingConsumer()
    kafka.answers = [{A: [3, 4, 5], B: [9, 10]}, {}, {}]
    await consumer.getmany()
    consumer.kept([*kept(A, 3, 5), *kept(B, 9, 10)])
    assert (consumer.ends(), consumer.missing()) == ({A: 4, B: 11}, {A})
    await consumer.getmany()
    assert kafka.went == [(A, 4)]
    assert (consumer.ends(), consumer.missing()) == ({B: 11}, set())
    await consumer.getmany()
    assert kafka.went == [(A, 4)], "once"


async def test_partitions_of_others_are_left_to_them(kafka: Kafka) -> None:
    consumer = KeepingConsumer()
    kafka.answers = [{A: [3], B: [9]}, {}]
    await consumer.getmany()
    kafka.assigned = {B}
    await consumer.getmany()
    assert kafka.went == [(B, 9)]
    consumer.kept(kept(A, 3))
    assert consumer.ends() == {}


async def test_a_partition_stands_for_a_while_and_others_go_on(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(module, "boottime", lambda: now[0])
    consumer = KeepingConsumer()
    kafka.assigned = {A, B}
    for partition in (A, B, C):
        consumer.stand(partition, 5.0)
    assert kafka.went == [("pause", A), ("pause", B)]
    kafka.went.clear()
    kafka.answers = [{}] * 4
    now[0] = 104.9
    await consumer.getmany()
    assert kafka.went == []
    now[0], kafka.assigned = 105.0, {A}
    await consumer.getmany()
    assert kafka.went == [("resume", A)]
    await consumer.getmany()
    assert kafka.went == [("resume", A)], "once"


async def test_with_a_new_assignment_nothing_is_out_and_nothing_stands(kafka: Kafka) -> None:
    consumer = KeepingConsumer()
    kafka.answers = [{A: [3]}, {}]
    await consumer.getmany()
    consumer.stand(B, 0.0)
    consumer.forget()
    kafka.went.clear()
    await consumer.getmany()
    assert (consumer.missing(), kafka.went) == (set(), [])
    assert await _raises(consumer, kafka) == [(A, 70), (B, 80), (C, "beginning")]


def test_a_record_is_handed_on_as_it_is() -> None:
    assert raw(record(B, 7)) == RawRecord("t", 1, 7, 9, b"k", b"v", ())


# --------------------------------------------------------------------------------------------- header names of any bytes


def batch(offset: int, *names: bytes) -> bytes:
    """A record batch as it travels: a record for each header name of two bytes."""
    made = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, -1, 1 << 16)
    for number, name in enumerate(names):
        made.append(number, 9, b"k", str(offset + number).encode(), [(f"{{{number}", name)])
    data = made.build()
    for number, name in enumerate(names):
        data = data.replace(f"{{{number}".encode(), name)
    return offset.to_bytes(8, "big") + bytes(data[8:])


@pytest.mark.parametrize("odd", [0, 1, 2])
def test_a_header_name_that_is_no_text_is_read_in_whichever_batch_it_stands(odd: int) -> None:
    names = [[b"ab", b"cd", b"ef"] for _ in range(3)]
    names[odd][1] = b"\xff\xfe"
    records = module._Records(b"".join(batch(10 * number, *of) for number, of in enumerate(names)))
    found = []
    while records.has_next():
        found.append([(one.value, *one.headers[0]) for one in records.next_batch()])
    assert found == [
        [
            (str(10 * number + place).encode(), name.decode(errors="replace"), name)
            for place, name in enumerate(of)
        ]
        for number, of in enumerate(names)
    ]
