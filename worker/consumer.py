"""A consumer that hands out every record.

Two habits of aiokafka 0.14 would lose or block events. It decodes header names as UTF-8 while it hands records out, so that
one name that is none (librdkafka, Sarama and others write any bytes) raises out of `getmany` for ever. And when `getmany`
raises, for that or a damaged batch, what it had already taken from other partitions is lost, their positions advanced.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy as PlainBatch
from aiokafka.record.memory_records import MemoryRecords

from events.record import RawRecord
from worker.clock import boottime
from worker.positions import Positions

Batches = dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]]
_PARTITION = attrgetter("topic", "partition")
_LENGTH = slice(8, 12)
_BEFORE_LENGTH = 12


class Consumer(AIOKafkaConsumer):  # type: ignore[misc]
    """Nothing that `getmany` took is lost when it raises. `forget` is to be called with every new assignment."""

    def __init__(self, *topics: str, **arguments: Any) -> None:
        super().__init__(*topics, **arguments)
        self._next: dict[TopicPartition, int] = {}

    def forget(self) -> None:
        """Positions come from the committed offsets again."""
        self._next.clear()

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on from `offset`. Raises IllegalStateError for a partition that is not assigned."""
        super().seek(partition, offset)
        self._next[partition] = offset

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> Batches:
        """As aiokafka's."""
        try:
            found = await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)
            return self._handed(found)
        except Exception:
            await self._go_back()
            raise

    def _handed(self, found: Mapping[TopicPartition, Sequence[ConsumerRecord[bytes, bytes]]]) -> Batches:
        for partition, records in found.items():
            self._next[partition] = records[-1].offset + 1
        return {partition: list(records) for partition, records in found.items()}

    async def _go_back(self) -> None:
        for partition in self.assignment():
            offset = self._next.get(partition)
            if offset is None:
                offset = await self.committed(partition)
            if offset is None:
                await self.seek_to_beginning(partition)
            else:
                super().seek(partition, offset)


class KeepingConsumer(Consumer):
    """A consumer of a group that passes over nothing: what it handed out and what is not kept, it hands out again.

    Whoever loses a batch, wherever between `getmany` and the database, loses no record by it.
    """

    def __init__(self, *topics: str, **arguments: Any) -> None:
        super().__init__(*topics, **arguments)
        self._positions = Positions()
        self._stands_until: dict[TopicPartition, float] = {}

    def forget(self) -> None:
        super().forget()
        self._positions.clear()
        self._stands_until.clear()

    def kept(self, records: Iterable[RawRecord]) -> None:
        """These records are in the database."""
        for partition, found in groupby(records, _PARTITION):
            self._positions.keep(TopicPartition(*partition), [record.offset for record in found])

    def ends(self) -> dict[TopicPartition, int]:
        """What may be committed of the last batch: by partition, the offset up to which all is kept."""
        return self._positions.ends()

    def missing(self) -> set[TopicPartition]:
        """Partitions of which not all of the last batch is kept."""
        return set(self._positions.missing())

    def stand(self, partition: TopicPartition, for_s: float) -> None:
        """Hand out nothing of this partition for so long; others go on."""
        if partition in self.assignment():
            self.pause(partition)
            self._stands_until[partition] = boottime() + for_s

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> Batches:
        """As aiokafka's, from the first record on that is not kept."""
        self._rewind()
        self._go_on()
        return await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)

    def _handed(self, found: Mapping[TopicPartition, Sequence[ConsumerRecord[bytes, bytes]]]) -> Batches:
        for partition, records in found.items():
            self._positions.hand(partition, [record.offset for record in records])
        return super()._handed(found)

    def _rewind(self) -> None:
        for partition, offset in self._positions.missing().items():
            if partition in self.assignment():
                self.seek(partition, offset)
            self._positions.forget(partition)

    def _go_on(self) -> None:
        now = boottime()
        for partition in [one for one, until in self._stands_until.items() if until <= now]:
            del self._stands_until[partition]
            if partition in self.assignment():
                self.resume(partition)


def raw(record: ConsumerRecord[bytes, bytes]) -> RawRecord:
    """A record as events are read from it."""
    return RawRecord(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.key,
        record.value,
        record.headers,
    )


class _Lenient(bytearray):
    """Bytes whose parts decode whatever they hold: U+FFFD stands for what is no UTF-8."""

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        return _Lenient(part) if isinstance(part, bytearray) else part

    def decode(self, encoding: str = "utf-8", _errors: str = "strict") -> str:
        return super().decode(encoding, "replace")


class _Batch:
    """A record batch; one that has a header name that is no UTF-8 is read again, leniently, from there on."""

    def __init__(self, batch: Any, raw: bytes) -> None:
        self._batch, self._raw = batch, raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        count = 0
        try:
            for count, record in enumerate(self._batch, 1):  # noqa: B007 - how far we came
                yield record
        except UnicodeDecodeError:
            yield from self._rest(count)

    def _rest(self, count: int) -> Iterator[Any]:
        again = PlainBatch(self._raw)
        again._maybe_uncompress()
        again._buffer = _Lenient(again._buffer)
        for number, record in enumerate(again):
            if number >= count:
                yield record


class _Records:
    """The batches of one fetch of one partition, as aiokafka's own reader of them gives them out."""

    def __init__(self, data: bytes) -> None:
        self._records, self._data, self._start = MemoryRecords(data), data, 0

    def has_next(self) -> bool:
        return bool(self._records.has_next())

    def size_in_bytes(self) -> int:
        return int(self._records.size_in_bytes())

    def next_batch(self) -> Any:
        start = self._start
        length = int.from_bytes(self._data[start : start + _BEFORE_LENGTH][_LENGTH], "big")
        self._start = start + _BEFORE_LENGTH + length
        return _Batch(self._records.next_batch(), self._data[start : self._start])


fetcher.MemoryRecords = _Records
