"""The publisher's lease on both databases: renewed when a third of it has passed, and nothing is sent once it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, select

from tests.integration.provision.support import migrated
from worker import publish
from worker.publish import Publisher
from worker.settings import Settings
from worker.store import outbox
from worker.store.db import Clock, Context, Store
from worker.store.outbox import Record
from worker.store.schema import role_lease
from worker.window import Lane

LEASE_S = 30.0


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url, shared=Context(clock=Clock())) as made:
        yield made


@dataclass
class Times:
    """The worker's boot clock, and the database's with it."""

    store: Store
    now: float = 1000.0

    def pass_by(self, seconds: float) -> None:
        """Let time pass on both."""
        self.now += seconds
        self.store.clock.offset += timedelta(seconds=seconds)


@pytest.fixture
def times(store: Store, monkeypatch: pytest.MonkeyPatch) -> Times:
    made = Times(store)
    monkeypatch.setattr(publish, "boottime", lambda: made.now)
    return made


@dataclass
class Wire:
    """What is handed to the producer. `slow_s` pass on `times` with each record."""

    times: Times
    slow_s: float = 0.0
    broken: bool = False
    sent: list[str] = field(default_factory=list)

    async def ready(self) -> None:
        """It always is."""

    def lane(self, record: Record) -> Lane:
        """Whatever."""
        return record.topic, 0

    async def send(self, record: Record) -> asyncio.Future[Any]:
        """Keep it unanswered."""
        self.sent.append(record.key)
        self.times.pass_by(self.slow_s)
        return asyncio.get_running_loop().create_future()


def publisher(
    store: Store, times: Times, database_url: str, name: str = "w1", slow_s: float = 0.0
) -> tuple[Publisher, Wire]:
    settings = Settings(database_url=SecretStr(database_url), worker_name=name, publish_lease_s=LEASE_S)
    made, wire = Publisher(store, settings), Wire(times, slow_s)
    made._line = wire  # type: ignore[assignment]
    return made, wire


async def _until(store: Store) -> datetime:
    def read(conn: Connection) -> datetime:
        found: datetime = conn.execute(select(role_lease.c.expires_at)).scalar_one()
        return found

    return await store.read(read)


async def _turn(made: Publisher) -> None:
    """One turn, and what it sends."""
    await made._survive()
    await asyncio.gather(*made._sending)


async def test_it_is_renewed_when_a_third_has_passed_and_not_before(
    store: Store, times: Times, database_url: str
) -> None:
    made, _ = publisher(store, times, database_url)
    await _turn(made)
    first = await _until(store)
    times.pass_by(LEASE_S / 5)
    await _turn(made)
    assert await _until(store) == first, "not at every turn"
    times.pass_by(LEASE_S / 3 - LEASE_S / 5)
    await _turn(made)
    assert await _until(store) - first == pytest.approx(
        timedelta(seconds=LEASE_S / 3), abs=timedelta(seconds=5)
    )


async def test_nothing_is_sent_once_it_is_over(store: Store, times: Times, database_url: str) -> None:
    made, wire = publisher(store, times, database_url, slow_s=LEASE_S / 2)
    await store.run(outbox.put_all, [Record("results", key, b"{}", {}) for key in "ABCD"])
    await _turn(made)
    assert wire.sent == ["A", "B"], "with the third the lease would be over, less its margin"
    assert len(made._window.flights) == 2, "what was not sent waits again"


async def test_the_margin_lies_before_its_end(store: Store, times: Times, database_url: str) -> None:
    made, wire = publisher(store, times, database_url)
    await _turn(made)
    await store.run(outbox.put_all, [Record("results", "A", b"{}", {})])
    flights = made._window.launch(
        [(row, wire.lane(row)) for row in await store.read(outbox.pending, 5)], times.now
    )
    times.pass_by(LEASE_S - 1.0)
    await made._send_topic(flights)
    assert wire.sent == []


async def test_whoever_has_lost_it_to_another_sends_nothing(
    store: Store, times: Times, database_url: str
) -> None:
    made, wire = publisher(store, times, database_url)
    other, theirs = publisher(store, times, database_url, "w2")
    await _turn(made)
    await store.run(outbox.put_all, [Record("results", "A", b"{}", {})])
    assert await other._survive() == LEASE_S / 3, "while it is held, it is asked for now and then"
    assert theirs.sent == []
    times.pass_by(LEASE_S + 1.0)
    await _turn(other)
    await _turn(made)
    assert (theirs.sent, wire.sent) == (["A"], [])


async def test_a_row_that_was_refused_is_not_sent_again(
    store: Store, times: Times, database_url: str
) -> None:
    made, wire = publisher(store, times, database_url)
    await store.run(outbox.put_all, [Record("results", key, b"{}", {}) for key in "AB"])
    [first, _] = await store.read(outbox.pending, 5)
    made._refused.append((first.id, "MessageSizeTooLargeError"))
    made._window.launch([(first, wire.lane(first))], times.now)
    await _turn(made)
    await _turn(made)
    assert wire.sent == ["B"]
    assert (await store.read(outbox.backlog)).refused == 1
