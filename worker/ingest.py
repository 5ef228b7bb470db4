"""Ingest: batches of both input topics become rows; Kafka's offsets follow the database, never the other way round.

Measured habits of FastStream 0.7 and aiokafka 0.14 that this module works around: after a handler raised, the next
acknowledgement passes over the lost batch, so the handler never raises, and offsets are committed only up to what is kept
without a gap (`KeepingConsumer`), whatever became of the rest; one null header hides a whole
batch from the handler, so parser and decoder are our own and total; a handler that runs through a rebalance is run by
two workers at once, so revocation waits for the batch in hand, and a batch that cannot end is given up and read again.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.message import StreamMessage

from events.envelope import Event, Passed, RawRecord, Rejected
from worker import bus, logs, metrics, topics, tracing
from worker.batch import Item, Reading, halves, where
from worker.clock import boottime
from worker.consumer import KeepingConsumer, raw
from worker.kafka_said import kafka_says
from worker.lag import EVERY_S, Lag
from worker.settings import Settings
from worker.store.db import DataRefused, Store, StoreFaulty, StoreUnavailable
from worker.survive import ENDS, survived, tell

log = logs.get(__name__)
_RETRY_FIRST_S = 0.1
_COMMIT_S = 30.0
_CONNECT_PAUSE_S = 2.0
_WATCH_S = 1.0
_STAND_FIRST_S = 0.5
_RETENTION_EVERY_S = 900.0
_RETENTION_LIMIT_S = 60.0
_MAX_POLL_S = 900.0

Records = tuple[ConsumerRecord[bytes, bytes], ...]


async def _whole(records: Records) -> StreamMessage[Records]:
    """A batch as FastStream's message, whatever its headers and values are."""
    return StreamMessage(raw_message=records, body=records)


async def _as_is(message: StreamMessage[Records]) -> Records:
    return message.raw_message


@dataclass
class Kept:
    """Records that are in the database, and how many of their events were new, by type."""

    items: list[Item] = field(default_factory=list)
    new: Counter[str] = field(default_factory=Counter)
    given_up: bool = False
    """We had to stop before the end: the database is away, and the partitions go or the worker stops."""

    def add(self, items: Sequence[Item], new: Mapping[str, int]) -> None:
        """What another transaction kept."""
        self.items.extend(items)
        self.new.update(new)


class Ingest(ConsumerRebalanceListener):  # type: ignore[misc]
    """The loop of the role `ingest`."""

    def __init__(self, store: Store, settings: Settings, reading: Reading) -> None:
        self._store, self._settings, self._reading = store, settings, reading
        self._stopping = asyncio.Event()
        self._yield = asyncio.Event()
        """Set while partitions are going: a batch that cannot be kept now is given up."""
        self._busy = asyncio.Lock()
        self._committing: asyncio.Task[None] | None = None
        """The offsets of the batch before: Kafka is not waited for while the next batch is kept."""
        self._subscriber: Any = None
        self._joined = False
        self._standing: dict[TopicPartition, float] = {}
        """Partitions at a record that cannot be kept, and how long they stand still until it is tried again."""
        self._in_hand_since: float | None = None
        self._waits_for_store = False
        self._unjoined_since = boottime()
        self._lag = Lag()

    # --------------------------------------------------------------------------------------------------- for others

    @property
    def joined(self) -> bool:
        """Whether the consumer is a member of its group; its assignment may be empty."""
        return self._joined

    @property
    def healthy(self) -> bool:
        """False where the consumer hangs: a batch in hand, or no group, for too long; not for want of a database."""
        limit, now = self._settings.ingest_stuck_s, boottime()
        if self._in_hand_since is not None:
            return self._waits_for_store or now - self._in_hand_since < limit
        return self._joined or now - self._unjoined_since < limit

    async def run(self, stop: asyncio.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Consume until `stop`; then finish the batch in hand and leave. Waits for a broker that is away."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._relay(stop))
            telling = tasks.create_task(self._tell_lag())
            learning = tasks.create_task(self._learn_retention())
            broker = await self._connect(beat)
            while not self._stopping.is_set():
                if self.healthy:
                    beat()
                self._measure()
                await self._pause(self._stopping, _WATCH_S)
            telling.cancel()
            learning.cancel()
            await asyncio.wait({telling, learning})
            if broker:
                await self._committed()
                await broker.stop()
        self._joined = False

    async def _relay(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stopping.set()

    async def _learn_retention(self) -> None:
        """How long input topics keep their records, asked now and then; what was known stands where it cannot be had."""
        while True:
            with survived("ingest", "retention_not_read"):
                try:
                    async with asyncio.timeout(_RETENTION_LIMIT_S):
                        self._reading.learn(await topics.retention(self._settings))
                except (KafkaError, OSError, TimeoutError) as error:
                    log.info("retention_not_read", error=type(error).__name__)
            await asyncio.sleep(_RETENTION_EVERY_S)

    async def _tell_lag(self) -> None:
        try:
            while True:
                await self._lag.tell(self._consumer if self._joined else None)
                await asyncio.sleep(EVERY_S)
        finally:
            await self._lag.tell(None)

    # ------------------------------------------------------------------------------------------------------ consumer

    async def _connect(self, beat: Callable[[], None]) -> KafkaBroker | None:
        """The broker object with its subscriber started; None where we are to stop before."""
        while not self._stopping.is_set():
            beat()
            broker = self._broker()
            start = asyncio.create_task(_start(broker))
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait({start, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if start.done() and start.exception() is None:
                return broker
            await self._disconnect(broker, start)
            await self._pause(self._stopping, _CONNECT_PAUSE_S)
        return None

    async def _disconnect(self, broker: KafkaBroker, start: asyncio.Task[None]) -> None:
        if start.done() and (error := start.exception()):
            log.warning(
                "kafka_unavailable", loop="ingest", error=type(error).__name__, says=kafka_says(error)
            )
            if not isinstance(error, KafkaError | OSError):
                raise error
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)
        await broker.stop()

    def _broker(self) -> KafkaBroker:
        settings = self._settings
        arguments = bus.connection(settings, client_id="acende-ingest")
        broker = KafkaBroker(
            arguments["bootstrap_servers"],
            client_id=arguments["client_id"],
            request_timeout_ms=arguments["request_timeout_ms"],
            metadata_max_age_ms=arguments["metadata_max_age_ms"],
            security=bus.security(settings),
            consumer_only=True,
            allow_auto_create_topics=False,
            graceful_timeout=settings.shutdown_grace_s,
            apply_types=False,
            logger=logging.getLogger("faststream"),
            log_level=logging.DEBUG,
        )
        self._subscriber = broker.subscriber(
            *settings.topics.inputs,
            batch=True,
            group_id=settings.kafka_group,
            group_instance_id=settings.kafka_group_instance,
            # Offsets are committed by us, by name, after the database's commit; `ack()` would commit every position.
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            parser=_whole,
            decoder=_as_is,
            listener=self,
            max_records=settings.ingest_batch_records,
            batch_timeout_ms=max(1, int(settings.ingest_batch_wait_s * 1000)),
            fetch_max_bytes=settings.kafka_fetch_max_bytes,
            max_partition_fetch_bytes=settings.kafka_partition_max_bytes,
            session_timeout_ms=int(settings.kafka_session_timeout_s * 1000),
            heartbeat_interval_ms=int(settings.kafka_session_timeout_s * 100),
            rebalance_timeout_ms=int(settings.kafka_rebalance_timeout_s * 1000),
            max_poll_interval_ms=int(_MAX_POLL_S * 1000),
        )
        self._subscriber(self.handle)
        return broker

    @property
    def _consumer(self) -> KeepingConsumer | None:
        return self._subscriber.consumer if self._subscriber else None

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Wait for the batch in hand; one that waits for the database is given up and read again by its next owner."""
        self._joined, self._unjoined_since = False, boottime()
        self._yield.set()
        try:
            async with asyncio.timeout(self._settings.kafka_rebalance_timeout_s * 0.8), self._busy:
                await self._committed()
        except TimeoutError:
            log.warning("rebalance_with_batch_in_hand", partitions=len(revoked))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Take up the new partitions."""
        self._joined = True
        self._yield.clear()
        if consumer := self._consumer:
            consumer.forget()
        self._standing.clear()
        metrics.REBALANCES.inc()
        log.info("partitions_assigned", partitions=sorted(f"{tp.topic}/{tp.partition}" for tp in assigned))

    # -------------------------------------------------------------------------------------------------------- a batch

    async def handle(self, records: Records) -> None:
        """Keep the batch, then have its offsets advanced. Never raises.

        What is not kept is handed out again: at once where the batch was given up, else after a while in which its
        partition stands still and others go on.
        """
        async with self._busy:
            kept = Kept()
            with survived("ingest", "batch_failed", records=len(records)):
                self._in_hand_since = boottime()
                await self._take(records, kept)
            self._in_hand_since = None
            with survived("ingest", "batch_failed", records=len(records)):
                self._hold_back(records, kept)

    async def _take(self, records: Records, kept: Kept) -> None:
        """Keep what can be kept of the batch, and tell of it."""
        began, now = time.perf_counter(), datetime.now(UTC)
        items = [self._item(record, now) for record in records]
        with survived("ingest", "batch_failed", records=len(records)):
            await self._keep(items, kept)
        seconds = time.perf_counter() - began
        await self._begin_to_advance()
        with survived("ingest", "batch_not_told", records=len(records)):
            _tell(kept, seconds)

    def _item(self, record: ConsumerRecord[bytes, bytes], now: datetime) -> Item:
        """The record, read; its position alone where even that is too much."""
        try:
            return self._reading.read(raw(record), now)
        except ENDS:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, one record must not stop the others
            place = RawRecord(record.topic, record.partition, record.offset, record.timestamp, None, None)
            tell("ingest", "record_not_read", error, **where(place))
            return Item(place, Rejected("internal_error"), bare=True)

    async def _keep(self, items: Sequence[Item], kept: Kept) -> None:
        """Write all of them, each in some committed transaction, unless we have to give up before.

        Data that the database refuses are found by halving, and become dead letters. Where it is the database that is at fault,
        the record is kept for when it is mended: its partition stands still.
        """
        parts = [items]
        stuck: set[TopicPartition] = set()
        while parts:
            part = parts.pop()
            if stuck:
                part = [item for item in part if _partition(item) not in stuck]
            if not part:
                continue
            try:
                new = await self._write(part)
            except ENDS:
                raise
            except StoreFaulty as error:
                parts.extend(reversed(halves(part)) if len(part) > 1 else ())
                if len(part) == 1:
                    stuck.add(_partition(part[0]))
                    tell("ingest", "store_faulty", error, **where(part[0].record))
                continue
            except BaseException as error:  # noqa: BLE001 - whatever it is, one record must not stop the others
                parts.extend(reversed(self._parted(part, error)))
                continue
            if new is None:
                kept.given_up = True
                return
            kept.add(part, new)
            if consumer := self._consumer:
                consumer.kept(item.record for item in part)

    async def _write(self, part: Sequence[Item]) -> Mapping[str, int] | None:
        """One committed transaction, however long the database is away: how many events were new, by type.

        None where we stop or lose the partitions.
        """
        pause = _RETRY_FIRST_S
        try:
            while True:
                try:
                    return await self._store.run(self._reading.keep, part)
                except StoreUnavailable as error:
                    self._note_wait(error, pause)
                if await self._interrupted(pause):
                    return None
                pause = min(2 * pause, self._settings.ingest_retry_max_s)
        finally:
            self._waits_for_store = False

    def _note_wait(self, error: StoreUnavailable, pause: float) -> None:
        self._waits_for_store = True
        metrics.STORE_WAITS.labels("ingest").inc()
        log.warning("store_unavailable", loop="ingest", reason=str(error), retry_in_s=round(pause, 1))

    def _parted(self, part: Sequence[Item], error: BaseException) -> list[Sequence[Item]]:
        """What to try instead of a part that failed: its halves, or a dead letter for the one record at fault.

        Nothing, where not even that can be kept: the record is not passed over, its partition stands still.
        """
        if len(part) > 1:
            return list(halves(part))
        [item] = part
        refused = isinstance(error, DataRefused)
        instead = item.refused("not_storable" if refused else "internal_error")
        if refused and instead:
            log.error("record_not_storable", **where(item.record), **logs.describe(error))
        else:
            tell("ingest", "record_not_storable", error, **where(item.record))
        return [[instead]] if instead else []

    def _hold_back(self, records: Records, kept: Kept) -> None:
        """Have partitions of which something could not be kept stand still for a while, each time longer."""
        consumer = self._consumer
        if kept.given_up:
            log.info("batch_given_up", records=len(records), stopping=self._stopping.is_set())
        if kept.given_up or consumer is None:
            return
        missing = consumer.missing()
        if not missing and not self._standing:
            return
        for partition in {TopicPartition(record.topic, record.partition) for record in records}:
            before = self._standing.pop(partition, None)
            if partition in missing:
                pause = 2 * before if before else _STAND_FIRST_S
                self._standing[partition] = min(pause, self._settings.ingest_retry_max_s)
                consumer.stand(partition, self._standing[partition])

    async def _interrupted(self, pause: float) -> bool:
        waits = [asyncio.create_task(event.wait()) for event in (self._stopping, self._yield)]
        done, pending = await asyncio.wait(waits, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return bool(done)

    async def _pause(self, event: asyncio.Event, seconds: float) -> None:
        wait = asyncio.create_task(event.wait())
        await asyncio.wait({wait}, timeout=seconds)
        wait.cancel()

    # --------------------------------------------------------------------------------------------------------- offsets

    async def _begin_to_advance(self) -> None:
        """Commit the offsets up to which all is kept, those of the batch before first; waited for when the next is kept."""
        await self._committed()
        if ends := self._consumer.ends() if self._consumer else {}:
            self._committing = asyncio.create_task(self._advance(ends))
        if self._stopping.is_set():
            await self._committed()

    async def _committed(self) -> None:
        """Wait until the offsets of the batch before are committed, or have failed to be."""
        if self._committing is not None:
            await asyncio.wait({self._committing})

    async def _advance(self, ends: Mapping[TopicPartition, int]) -> None:
        """Commit these offsets. A failure is harmless: the records come again and change nothing."""
        consumer = self._consumer
        if consumer is None:
            return
        with survived("ingest", "offsets_not_committed"):
            try:
                await asyncio.wait_for(consumer.commit(ends), _COMMIT_S)
            except (KafkaError, TimeoutError) as error:
                metrics.COMMIT_FAILURES.inc()
                log.info("offsets_not_committed", error=type(error).__name__)

    def _measure(self) -> None:
        consumer = self._consumer
        assigned = consumer.assignment() if consumer and self._joined else ()
        standing = self._standing.keys() & set(assigned)
        for topic in self._settings.topics.inputs:
            metrics.ASSIGNED.labels(topic).set(sum(partition.topic == topic for partition in assigned))
            metrics.STANDING.labels(topic).set(sum(partition.topic == topic for partition in standing))


async def _start(broker: KafkaBroker) -> None:
    """Connect and subscribe, with a consumer of our own class: FastStream has no argument for it."""
    await broker.connect()
    config = broker.config.broker_config
    config.builder = partial(KeepingConsumer, **config.builder.keywords)  # type: ignore[attr-defined]
    await broker.start()


def _partition(item: Item) -> TopicPartition:
    return TopicPartition(item.record.topic, item.record.partition)


def _tell(kept: Kept, seconds: float) -> None:
    """Count what became of records, kept within `seconds`; one line for each that was set aside."""
    metrics.BATCH_SECONDS.observe(seconds)
    metrics.BATCH_RECORDS.observe(len(kept.items))
    records: Counter[tuple[str, str]] = Counter()
    events: Counter[str] = Counter()
    for item in kept.items:
        outcome, topic = item.outcome, item.record.topic
        if isinstance(outcome, Rejected):
            records[topic, "dead_letter"] += 1
            _tell_rejected(item, outcome)
        elif isinstance(outcome, Passed):
            records[topic, "passed"] += 1
        else:
            records[topic, "event"] += 1
            events[outcome.type] += 1
            if outcome.arrival_overrode_time:
                metrics.TIMES_AHEAD.inc()
    for labels, count in records.items():
        metrics.RECORDS.labels(*labels).inc(count)
    for event_type, count in events.items():
        metrics.EVENTS.labels(event_type, "applied").inc(kept.new[event_type])
        metrics.EVENTS.labels(event_type, "duplicate").inc(count - kept.new[event_type])
    if tracing.on():
        _trace(kept, seconds)


def _trace(kept: Kept, seconds: float) -> None:
    """A span for each event whose sender traces."""
    for item in kept.items:
        if isinstance(item.outcome, Event):
            event = item.outcome
            told: tracing.Attributes = {
                "cloudevents.event_id": event.id,
                "cloudevents.event_source": event.source,
                "cloudevents.event_type": event.type,
                "messaging.destination.partition.id": str(item.record.partition),
                "messaging.kafka.offset": item.record.offset,
            }
            tracing.ingested(item.record.topic, event.traceparent, seconds, told)


def _tell_rejected(item: Item, outcome: Rejected) -> None:
    metrics.DEAD_LETTERS.labels(item.record.topic, outcome.code).inc()
    log.warning(
        "record_set_aside", **where(item.record), code=outcome.code, where=outcome.where, type=outcome.type
    )
