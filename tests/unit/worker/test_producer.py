"""Our producer: what it demands of the broker, where a record goes, and that it can always be closed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.partitioner import DefaultPartitioner

from worker import producer
from worker.producer import Line
from worker.settings import Settings
from worker.store.outbox import Record

RECORD = Record("results", "OS-1", b"value", {"content-type": "text/plain", "é": "ü"})


class Fake:
    """aiokafka's producer. `trouble` names what raises or hangs."""

    made: list[Fake]
    trouble: set[str]

    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments
        self.did: list[str] = []
        self.sent: list[tuple[Any, ...]] = []
        self._sender = self.client = self
        self.made.append(self)

    async def _do(self, what: str) -> None:
        self.did.append(what)
        if f"{what} fails" in self.trouble:
            raise KafkaConnectionError
        if f"{what} hangs" in self.trouble:
            await asyncio.Event().wait()

    async def start(self) -> None:
        await self._do("start")

    async def stop(self) -> None:
        await self._do("stop")

    async def close(self) -> None:
        await self._do("close")

    async def partitions_for(self, topic: str) -> set[int]:
        assert topic == RECORD.topic
        return {2, 0, 1}

    async def send(self, *arguments: Any, headers: Any) -> asyncio.Future[Any]:
        self.sent.append((*arguments, headers))
        return asyncio.get_running_loop().create_future()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[Fake]:
    Fake.made, Fake.trouble = [], set()
    monkeypatch.setattr(producer, "AIOKafkaProducer", Fake)
    return Fake


async def test_every_replica_in_sync_must_have_a_record_and_nothing_is_doubled(fake: type[Fake]) -> None:
    await Line(Settings()).ready()
    asked = fake.made[0].arguments
    assert (asked["acks"], asked["enable_idempotence"], asked["request_timeout_ms"]) == ("all", True, 15_000)
    assert asked["max_request_size"] == 4 * asked["max_batch_size"] == 1_048_576
    assert (asked["retry_backoff_ms"], asked["linger_ms"]) == (50, 2)
    assert asked["client_id"] == "acende-publisher"


async def test_it_connects_once(fake: type[Fake]) -> None:
    line = Line(Settings())
    line.broken = True
    await line.ready()
    assert not line.broken
    line.broken = True
    await line.ready()
    assert (len(fake.made), fake.made[0].did, line.broken) == (1, ["start"], True)


async def test_one_that_cannot_connect_is_stopped_and_another_tried_next_time(fake: type[Fake]) -> None:
    line = Line(Settings())
    fake.trouble = {"start fails"}
    with pytest.raises(KafkaConnectionError):
        await line.ready()
    assert fake.made[0].did == ["start", "stop"]
    fake.trouble = set()
    await line.ready()
    assert [one.did for one in fake.made] == [["start", "stop"], ["start"]]


async def test_a_record_is_sent_whole_to_the_partition_of_its_key(fake: type[Fake]) -> None:
    line = Line(Settings())
    assert line.lane(RECORD) == ("results", None), "nobody knows the partitions yet"
    await line.ready()
    await line.send(RECORD)
    partition = DefaultPartitioner()(b"OS-1", [0, 1, 2], [])
    assert line.lane(RECORD) == ("results", partition)
    headers = [("content-type", b"text/plain"), ("é", "ü".encode())]
    assert fake.made[0].sent == [("results", b"value", b"OS-1", partition, headers)]


async def test_nothing_is_sent_without_a_connection(fake: type[Fake]) -> None:
    line = Line(Settings())
    with pytest.raises(KafkaError):
        await line.send(RECORD)
    await line.ready()
    await line.close()
    with pytest.raises(KafkaError):
        await line.send(RECORD)


@pytest.mark.parametrize(
    ("trouble", "did"),
    [
        (set(), ["start", "stop"]),
        ({"stop fails"}, ["start", "stop", "close", "close"]),
        ({"stop hangs"}, ["start", "stop", "close", "close"]),
    ],
    ids=["well", "stop-fails", "stop-hangs"],
)
async def test_closing_ends_in_any_case_with_the_connections(
    fake: type[Fake], monkeypatch: pytest.MonkeyPatch, trouble: set[str], did: list[str]
) -> None:
    limits: list[float] = []
    wait_for = asyncio.wait_for

    async def soon(awaitable: Any, limit: float) -> Any:
        limits.append(limit)
        return await wait_for(awaitable, limit / 100)

    monkeypatch.setattr(asyncio, "wait_for", soon)
    line = Line(Settings())
    await line.close()
    await line.ready()
    fake.trouble = trouble
    await line.close()
    await line.close()
    assert fake.made[0].did == did
    assert sum(limits) <= 10
