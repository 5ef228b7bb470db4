"""Partitions in memory behind our own consumer, driven as FastStream drives it; nothing is committed past what is kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from itertools import chain
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from sqlalchemy import Connection, select

from worker.consumer import KeepingConsumer
from worker.ingest import Ingest
from worker.settings import Settings
from worker.store.db import Store
from worker.store.schema import inbox, outbox

TOPIC = Settings().topic_install
EVENT_MS = 1_772_454_900_000


def record(partition: int, offset: int, value: bytes) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(TOPIC, partition, offset, EVENT_MS, 0, b"k", value, None, 1, len(value), ())


class Broker:
    """`values` by partition; offset by offset. Patches aiokafka's consumer below ours."""

    def __init__(self, store: Store, values: Mapping[int, list[bytes]], patch: pytest.MonkeyPatch) -> None:
        self.store = store
        self.logs = {
            TopicPartition(TOPIC, partition): [record(partition, at, value) for at, value in enumerate(found)]
            for partition, found in values.items()
        }
        self.at = dict.fromkeys(self.logs, 0)
        self.committed: dict[TopicPartition, int] = dict.fromkeys(self.logs, 0)
        self.paused: set[TopicPartition] = set()
        self.handed: list[tuple[int, int]] = []
        self.raised: list[BaseException] = []
        self.passed_over: list[int] = []
        theirs = {
            "__init__": lambda *_, **__: None,
            "__del__": lambda *_, **__: None,
            "getmany": self._getmany,
            "seek": self._seek,
            "commit": lambda _, ends: self._commit(ends),
            "assignment": lambda _: set(self.logs),
            "pause": lambda _, partition: self.paused.add(partition),
            "resume": lambda _, partition: self.paused.discard(partition),
            "committed": self._committed,
        }
        for name, function in theirs.items():
            patch.setattr(AIOKafkaConsumer, name, function)
        self.consumer = KeepingConsumer()

    async def _getmany(self, *_: Any, max_records: int | None = None, **__: Any) -> Any:
        found = {}
        for partition, records in self.logs.items():
            if partition not in self.paused and (some := records[self.at[partition] :][: max_records or 3]):
                found[partition] = some
                self.at[partition] = some[-1].offset + 1
        return found

    def _seek(self, partition: TopicPartition, offset: int) -> None:
        self.at[partition] = offset

    async def _committed(self, partition: TopicPartition) -> int:
        return self.committed[partition]

    async def _commit(self, ends: Mapping[TopicPartition, int]) -> None:
        kept = await self.store.read(_kept)
        for partition, end in ends.items():
            self.passed_over += [one.offset for one in self.logs[partition][:end] if not _names(one) & kept]
            self.committed[partition] = end

    def ends(self) -> dict[TopicPartition, int]:
        return {partition: len(records) for partition, records in self.logs.items()}

    async def consumed(self, ingest: Ingest, within_s: float = 2.0) -> None:
        """Poll and handle, one after the other, until all is committed; who raises is restarted."""
        ingest._subscriber = SimpleNamespace(consumer=self.consumer)
        async with asyncio.timeout(within_s):
            while self.committed != self.ends():
                with self._noted():
                    await self.poll(ingest)
                await asyncio.sleep(0)
        assert self.passed_over == []

    async def poll(self, ingest: Ingest) -> None:
        """One turn of FastStream's loop."""
        ingest._subscriber = SimpleNamespace(consumer=self.consumer)
        found = await self.consumer.getmany(timeout_ms=1, max_records=3)
        records = tuple(chain(*found.values()))
        self.handed += [(one.partition, one.offset) for one in records]
        if records:
            await ingest.handle(records)
        else:
            with contextlib.suppress(RuntimeError):
                await ingest._begin_to_advance()
            await asyncio.sleep(0.002)

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 - FastStream goes on after any
            self.raised.append(error)


def _kept(conn: Connection) -> set[str]:
    """Ids of events and places of dead letters that are in the database."""
    return set(conn.execute(select(inbox.c.id)).scalars())


def _names(one: ConsumerRecord[bytes, bytes]) -> set[str]:
    return {f"p{one.partition}-{one.offset}", f"{TOPIC}/{one.partition}/{one.offset}/{EVENT_MS}"}


async def letters(store: Store) -> list[bytes]:
    """Values of the dead letters in the outbox."""
    return list(await store.read(lambda conn: conn.execute(select(outbox.c.value)).scalars().all()))
