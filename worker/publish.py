"""Publish: the outbox leaves for Kafka, in order for each service order, at least once, by one worker at a time."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from aiokafka.errors import (
    InvalidTimestampError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
    UnsupportedForMessageFormatError,
)

from worker import logs, metrics, tracing
from worker.clock import boottime
from worker.kafka_said import kafka_says
from worker.producer import BATCH_BYTES, REQUEST_TIMEOUT_S, Line
from worker.settings import Settings
from worker.store import Connection, db, outbox, roles
from worker.store.db import Store, StoreFaulty, StoreUnavailable
from worker.store.outbox import Record
from worker.store.wake import Wakeup
from worker.survive import waited
from worker.window import Flight, Window

log = logs.get(__name__)
ROLE = "publisher"
_REFUSED_FOR_GOOD = (
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    InvalidTimestampError,
    UnsupportedForMessageFormatError,
    PolicyViolationError,
)
_LEASE_MARGIN_S = 2.0
_SETTLE_S = 0.1
"""Rows that the broker has are deleted together, so long after the first of them: each commit waits for the disk."""


class Publisher:
    """The loop of the role `publish`."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._wake = store.listen(outbox.WAKE)
        self._answers = Wakeup()
        self._more_waits = False
        """Records that could not be sent yet wait for those in flight."""
        self._store = store
        self._settings = settings
        self._window = Window(settings.publish_batch_records, frozenset({settings.topics.dead_letters}))
        self._line = Line(settings)
        self._acked: list[int] = []
        self._acked_at = 0.0
        """When the first of them was."""
        self._refused: list[tuple[int, str]] = []
        self._suspects: set[int] = set()
        self._lease_until = 0.0
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Publish until `stop`; then wait for what is in flight and give the lease up. Survives broker and database."""
        try:
            while not stop.is_set():
                beat()
                await self._pause(stop, await self._survive())
        finally:
            await self._leave()

    async def _survive(self) -> float:
        """One turn; how long to pause after it, in seconds."""
        try:
            if await self._lead():
                return await self._turn()
            await self._settle()
            return self._settings.publish_lease_s / 3
        except (StoreUnavailable, StoreFaulty) as error:
            waited("publish", error)
            return 1.0
        except (KafkaError, OSError) as error:
            log.warning(
                "kafka_unavailable", loop="publish", error=type(error).__name__, says=kafka_says(error)
            )
            return 1.0

    async def _turn(self) -> float:
        await self._line.ready()
        if self._line.broken:
            await self._mend()
        now = boottime()
        room = max(0, self._window.room(now))
        rows = await self._exchange(now, room, settle=self._must_settle(now))
        flights = self._window.launch([(row, self._line.lane(row)) for row in self._some(rows)], now)
        self._more_waits = len(flights) < len(rows) or len(rows) == room
        self._send(flights)
        poll_s = self._settings.publish_poll_s
        return min(poll_s, max(0.0, self._acked_at + _SETTLE_S - now)) if self._acked else poll_s

    def _must_settle(self, now: float) -> bool:
        waited = bool(self._acked) and now - self._acked_at >= _SETTLE_S
        many = len(self._acked) >= self._settings.publish_batch_records / 2
        return waited or many or bool(self._refused)

    def _some(self, rows: Sequence[Record]) -> Sequence[Record]:
        """All, or one at a time while there is a suspect: one that stands alone is at fault himself."""
        if not self._suspects:
            return rows
        return rows[:1] if self._window.room(boottime()) == self._settings.publish_batch_records else ()

    # ------------------------------------------------------------------------------------------------ database

    async def _exchange(self, now: float, most: int, *, settle: bool) -> list[Record]:
        """Read what may be next, at most so many; with `settle`, first write what the broker has answered."""
        acked, refused = (list(self._acked), list(self._refused)) if settle else ([], [])
        taken, held = self._window.taken(), self._window.held(now)
        work = self._store.run if acked or refused else self._store.read
        rows = await work(_exchange, acked, refused, most, taken, held)
        if acked:
            self._acked, self._acked_at = self._acked[len(acked) :], now
        self._refused = self._refused[len(refused) :]
        self._window.forget([*acked, *(row_id for row_id, _ in refused)])
        return rows

    async def _settle(self) -> None:
        """Write what the broker has answered so far."""
        await self._exchange(boottime(), 0, settle=True)

    async def _lead(self) -> bool:
        """Whether this worker holds the lease, renewed when a third of it has passed."""
        now, lease_s = boottime(), self._settings.publish_lease_s
        if now < self._lease_until - lease_s * 2 / 3:
            return True
        fence = await self._store.run(roles.take, ROLE, self._settings.name, lease_s)
        led, self._lease_until = self._lease_until > 0, now + lease_s - _LEASE_MARGIN_S if fence else 0.0
        metrics.LEADER.labels(ROLE).set(1 if fence else 0)
        if led != bool(fence):
            log.info("publisher_lease", taken=bool(fence), fence=fence)
        return fence is not None

    # --------------------------------------------------------------------------------------------------- Kafka

    def _send(self, flights: Sequence[Flight]) -> None:
        """Hand them to the producer, each topic by itself: one that has no leader must not hold up the others."""
        topics: dict[str, list[Flight]] = defaultdict(list)
        for flight in flights:
            topics[flight.record.topic].append(flight)
        for topic in topics.values():
            task = asyncio.create_task(self._send_topic(topic))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send_topic(self, flights: Sequence[Flight]) -> None:
        waiting = deque(flights)
        try:
            while waiting and boottime() < self._lease_until and not self._line.broken:
                await self._send_one(waiting[0])
                waiting.popleft()
        finally:
            for flight in waiting:
                self._window.fail(flight.record.id, boottime())

    async def _send_one(self, flight: Flight) -> None:
        try:
            future = await self._line.send(flight.record)
        except (KafkaError, OSError, AssertionError) as error:
            self._failed(flight, error)
        else:
            future.add_done_callback(partial(self._answered, flight))

    def _answered(self, flight: Flight, future: "asyncio.Future[Any]") -> None:
        error = asyncio.CancelledError() if future.cancelled() else future.exception()
        if error is not None:
            self._failed(flight, error)
        elif flight.record.id in self._window.flights:
            self._window.settle(flight.record.id)
            self._suspects.discard(flight.record.id)
            self._acked_at = self._acked_at if self._acked else boottime()
            self._acked.append(flight.record.id)
            _tell(flight)
        self._answers.ring()
        if self._more_waits and len(self._window.flights) <= self._window.size / 2:
            self._wake.ring()

    def _failed(self, flight: Flight, error: BaseException) -> None:
        record = flight.record
        alone = record.id in self._suspects or record.size > BATCH_BYTES
        if alone and isinstance(error, _REFUSED_FOR_GOOD):
            self._refuse(record, type(error).__name__)
        else:
            self._retry(record, error)
        # The sequence numbers of the failed batch are spent: without a new producer the broker refuses what follows.
        self._line.broken = True
        self._answers.ring()
        self._wake.ring()

    def _refuse(self, record: Record, why: str) -> None:
        self._window.settle(record.id)
        self._suspects.discard(record.id)
        self._refused.append((record.id, why))
        metrics.PUBLISH_FAILURES.labels(record.topic, "refused").inc()
        log.error("publish_refused", topic=record.topic, row=record.id, bytes=record.size, error=why)

    def _retry(self, record: Record, error: BaseException) -> None:
        self._window.fail(record.id, boottime())
        if isinstance(error, _REFUSED_FOR_GOOD):
            self._suspects.add(record.id)
        metrics.PUBLISH_FAILURES.labels(record.topic, "retried").inc()
        log.warning("publish_retried", topic=record.topic, row=record.id, error=type(error).__name__)

    async def _mend(self) -> None:
        """A new producer, once the old one has nothing in flight or will not answer."""
        await self._quiet(REQUEST_TIMEOUT_S)
        await self._line.close()
        for row_id in list(self._window.flights):
            self._window.fail(row_id, boottime())
        await self._line.ready()

    # ------------------------------------------------------------------------------------------------- waiting

    async def _pause(self, stop: asyncio.Event, seconds: float) -> None:
        """Wait for `seconds`, for news from the broker, or for new records; not at all while there is more to do."""
        if self._window.room(boottime()) == 0:
            seconds = 1.0
        await _first(stop.wait(), self._wake.wait(seconds))

    async def _quiet(self, within_s: float) -> None:
        """Wait until nothing is in flight."""
        until = boottime() + within_s
        while self._window.flights and boottime() < until:
            await self._answers.wait(0.5)

    async def _leave(self) -> None:
        for task in list(self._sending):
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        await self._quiet(5.0)
        with suppress(StoreUnavailable, StoreFaulty):
            await self._settle()
        await self._line.close()
        with suppress(StoreUnavailable, StoreFaulty):
            await self._store.run(_release, self._settings.name)
        metrics.LEADER.labels(ROLE).set(0)


def _release(conn: Connection, holder: str) -> None:
    """Another that waits takes over at once."""
    roles.release(conn, ROLE, holder)
    db.wake(conn, outbox.WAKE)


def _exchange(
    conn: Connection,
    acked: Sequence[int],
    refused: Sequence[tuple[int, str]],
    room: int,
    taken: Sequence[int],
    held: Sequence[str],
) -> list[Record]:
    if acked:
        outbox.published(conn, acked)
    for row_id, why in refused:
        outbox.set_aside(conn, row_id, why)
    return outbox.pending(conn, room, without=taken, keys_held=held) if room else []


def _tell(flight: Flight) -> None:
    """Count and trace a record that the broker has."""
    record, now = flight.record, boottime()
    traceparent = record.headers.get("traceparent")
    tracing.published(record.topic, record.key, traceparent, now - flight.since)
    metrics.PUBLISHED.labels(record.topic).inc()
    delay_s = max(0.0, now - record.written_at)
    metrics.PUBLISH_DELAY.labels(record.topic).observe(delay_s, metrics.exemplar(traceparent))


async def _first(*waits: Coroutine[Any, Any, Any]) -> None:
    """Until one of `waits` is over."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
