"""A fault at any step of the handler, once or for a while: no record is passed over, and the handler raises nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from events.record import Event
from tests.integration.ingest.conftest import remember
from tests.unit.ingest.broker import TOPIC, Broker, letters
from worker import ingest as module
from worker.batch import Reading
from worker.ingest import Ingest
from worker.metrics import REGISTRY
from worker.settings import Settings
from worker.store.apply import Applied
from worker.store.db import Context, DataRefused, Store, StoreFaulty, StoreUnavailable
from worker.store.schema import metadata

SECRET_IN_AN_ERROR = "plantada-pppoe-Zr9K7Qx4"


class Panic(BaseException):
    """As compiled readers raise it: no `Exception`."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path}/acende.db", shared=Context(topics=Settings().topics))
    await store.run(metadata.create_all)
    yield store
    await store.aclose()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STAND_FIRST_S", 0.001)


def ingest(store: Store, apply: Any = None) -> Ingest:
    return Ingest(store, Settings(ingest_retry_max_s=0.004), Reading(apply or remember))


def event(partition: int, offset: int, **more: Any) -> bytes:
    document = {"id": f"p{partition}-{offset}", "source": "/erp", "type": "acende.install.cancelled.v1"}
    data = {"service_order_id": f"OS-{partition}-{offset}", "reason": "desistiu"} | more
    return json.dumps(document | {"time": "2026-03-02T12:00:00Z", "data": data}).encode()


def values(partition: int) -> list[bytes]:
    """Seven records: the third cannot be read, the fifth is one that the database refuses."""
    found = [event(partition, offset) for offset in range(7)]
    found[2] = b"?"
    found[4] = event(partition, 4, reason="refused")
    return found


def picky(conn: Connection, events: Sequence[Event]) -> Applied:
    if any(getattr(event.data, "reason", "") == "refused" for event in events):
        raise DataRefused("NUL")
    return remember(conn, events)


STEPS = (
    "worker.ingest.raw",
    "worker.batch.parse_record",
    "worker.batch.Reading.read",
    "worker.batch.Reading.keep",
    "worker.batch.Item.refused",
    "worker.batch.dead_letter_event",
    "worker.batch.bare_dead_letter_event",
    "worker.batch.dead_letter_key",
    "worker.batch.to_record",
    "worker.store.dead_letters.put",
    "worker.store.outbox.put_all",
    "worker.store.db.now",
    "worker.store.db.Store.run",
    "worker.ingest.halves",
    "worker.ingest.Kept.add",
    "worker.ingest._tell",
    "worker.ingest._tell_rejected",
    "worker.ingest.tell",
    "worker.ingest.where",
    "worker.ingest.boottime",
    "worker.ingest.Ingest._take",
    "worker.ingest.Ingest._item",
    "worker.ingest.Ingest._keep",
    "worker.ingest.Ingest._write",
    "worker.ingest.Ingest._parted",
    "worker.ingest.Ingest._hold_back",
    "worker.ingest.Ingest._begin_to_advance",
    "worker.ingest.Ingest._committed",
    "worker.ingest.Ingest._advance",
    "worker.consumer.KeepingConsumer.kept",
    "worker.consumer.KeepingConsumer.ends",
    "worker.consumer.KeepingConsumer.missing",
    "worker.consumer.KeepingConsumer.stand",
    "worker.consumer.KeepingConsumer._rewind",
    "worker.consumer.KeepingConsumer._go_on",
    "tests.unit.ingest.broker.Broker._commit",
    "worker.positions.Positions.hand",
    "worker.positions.Positions.keep",
    "worker.logs.describe",
    "worker.metrics.RECORDS.labels",
    "worker.metrics.EVENTS.labels",
    "worker.metrics.DEAD_LETTERS.labels",
    "worker.metrics.LOOP_ERRORS.labels",
    "worker.metrics.BATCH_SECONDS.observe",
    "worker.metrics.BATCH_RECORDS.observe",
)
IN_THE_CONSUMER = ("_rewind", "_go_on", "Positions.hand")
"""These run before a batch is handed out: FastStream begins the loop anew when they raise."""


def failing(before: Callable[..., Any], calls: range, error: BaseException) -> Callable[..., Any]:
    """`before`, but that the calls with these numbers raise."""
    count = 0

    def step(*given: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        if count - 1 in calls:
            raise error
        return before(*given, **named)

    return step


def find(path: str) -> tuple[Any, str, Any]:
    """Where a step stands: its owner, name and itself."""
    import importlib

    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for name in parts[cut:-1]:
            owner = getattr(owner, name)
        return owner, parts[-1], getattr(owner, parts[-1])
    raise LookupError(path)


@pytest.mark.parametrize("calls", [range(1), range(1, 2), range(5)], ids=["first", "second", "for-a-while"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_fault_at_any_step_passes_over_no_record(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: str, calls: range
) -> None:
    broker = Broker(store, {0: values(0), 1: values(1)}, monkeypatch)
    worker = ingest(store, picky)
    owner, name, before = find(step)
    monkeypatch.setattr(owner, name, failing(before, calls, RuntimeError(SECRET_IN_AN_ERROR)))
    await broker.consumed(worker)
    assert broker.raised == [] or step.endswith(IN_THE_CONSUMER)


async def test_a_log_that_cannot_be_written_to_passes_over_no_record(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker(store, {0: values(0)}, monkeypatch)
    _, _, take = find("worker.ingest.Ingest._take")
    monkeypatch.setattr(Ingest, "_take", failing(take, range(3), RuntimeError()))
    monkeypatch.setattr("worker.survive.log", None)
    await broker.consumed(ingest(store, picky))
    assert broker.raised == []


async def test_a_panic_of_a_compiled_reader_is_a_dead_letter(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker(store, {0: values(0)}, monkeypatch)
    _, _, before = find("worker.batch.parse_record")
    monkeypatch.setattr("worker.batch.parse_record", failing(before, range(1), Panic()))
    await broker.consumed(ingest(store, picky))
    assert next(json.loads(one)["data"]["code"] for one in await letters(store)) == "internal_error"


def odd_dead_letter(record: Any, *_: Any, **__: Any) -> Any:
    raise RuntimeError(SECRET_IN_AN_ERROR)


async def test_where_a_dead_letter_cannot_be_written_position_and_code_are(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker(store, {0: values(0)}, monkeypatch)
    monkeypatch.setattr("worker.batch.dead_letter_event", odd_dead_letter)
    await broker.consumed(ingest(store, picky))
    found = [json.loads(one)["data"] for one in await letters(store)]
    assert [(one["topic"], one["partition"], one["offset"], one["code"]) for one in found] == [
        (TOPIC, 0, 2, "not_json"),
        (TOPIC, 0, 4, "not_storable"),
    ]
    for one in found:
        assert (one["key"], one["size"], one["sha256"], one["document"], one["headers"]) == (None,) * 4 + (
            [],
        )


def _partitions() -> float | None:
    return REGISTRY.get_sample_value("acende_consumer_partitions", {"topic": TOPIC})


async def test_where_not_even_that_can_be_kept_the_partition_stands_still_and_others_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {0: values(0), 1: [event(1, offset) for offset in range(30)]}
    broker, worker = Broker(store, broken, monkeypatch), ingest(store)
    with monkeypatch.context() as patch:
        patch.setattr("worker.batch.dead_letter_event", odd_dead_letter)
        patch.setattr("worker.batch.bare_dead_letter_event", odd_dead_letter)
        for _ in range(40):
            await broker.poll(worker)
        assert [*broker.committed.values()] == [2, 30]
        worker._measure()
        assert _partitions() == 0, "what it reads is not known before it has joined"
        worker._joined = True
        worker._measure()
        assert _partitions() == 2
        assert REGISTRY.get_sample_value("acende_consumer_partitions_standing", {"topic": TOPIC}) == 1
    await broker.consumed(worker)
    worker._measure()
    assert REGISTRY.get_sample_value("acende_consumer_partitions_standing", {"topic": TOPIC}) == 0


async def test_a_database_that_is_away_is_asked_after_pauses_that_double_up_to_the_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def away(*_: Any) -> Any:
        raise StoreUnavailable("x")

    pauses: list[float] = []

    async def interrupted(pause: float) -> bool:
        pauses.append(pause)
        return len(pauses) == 6

    unavailable: Any = SimpleNamespace(run=away)
    worker = Ingest(unavailable, Settings(ingest_retry_max_s=0.9), Reading(remember))
    monkeypatch.setattr(worker, "_interrupted", interrupted)
    assert await worker._write([]) is None
    assert pauses == [0.1, 0.2, 0.4, 0.8, 0.9, 0.9]


async def test_a_standing_partition_is_tried_again_each_time_after_a_longer_while(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker, worker = Broker(store, {0: [b"?"]}, monkeypatch), ingest(store)
    pauses: list[float] = []
    monkeypatch.setattr(broker.consumer, "stand", lambda _, seconds: pauses.append(seconds))
    monkeypatch.setattr("worker.batch.to_record", odd_dead_letter)
    for _ in range(5):
        await broker.poll(worker)
    assert pauses == [0.001, 0.002, 0.004, 0.004, 0.004]


async def test_a_batch_that_is_given_up_is_handed_out_again_from_its_first_record(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several records of each partition are in hand, and the partitions stay."""
    broker = Broker(store, {n: [event(n, offset) for offset in range(5)] for n in range(2)}, monkeypatch)
    worker = ingest(store)
    _, _, run = find("worker.store.db.Store.run")
    monkeypatch.setattr(Store, "run", failing(run, range(1), StoreUnavailable("away")))
    worker._yield.set()
    await broker.poll(worker)
    worker._yield.clear()
    assert [*broker.committed.values()] == [0, 0]
    await broker.consumed(worker)
    first = [(partition, offset) for partition in range(2) for offset in range(3)]
    assert broker.handed[: 2 * len(first)] == first * 2


async def test_what_was_kept_of_a_batch_that_is_given_up_is_committed_and_not_handed_out_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_at_the_whole(conn: Connection, events: Sequence[Event]) -> Applied:
        if len(events) > 1:
            raise RuntimeError
        if events[0].id == "p0-2" and worker._yield.is_set():
            raise StoreUnavailable("away")
        return remember(conn, events)

    broker = Broker(store, {0: [event(0, offset) for offset in range(3)]}, monkeypatch)
    worker = ingest(store, fails_at_the_whole)
    worker._yield.set()
    await broker.poll(worker)
    await worker._committed()
    worker._yield.clear()
    assert [*broker.committed.values()] == [2]
    await broker.consumed(worker)
    assert broker.handed == [(0, 0), (0, 1), (0, 2), (0, 2)]


def sample(name: str) -> float:
    return REGISTRY.get_sample_value(name, {"loop": "ingest"}) or 0.0


def rename(conn: Connection, table: str, other: str) -> None:
    conn.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {other}")


async def test_while_the_database_is_not_as_it_must_be_partitions_stand_and_nothing_is_set_aside(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker(store, {n: [event(n, offset) for offset in range(5)] for n in range(2)}, monkeypatch)
    worker = ingest(store)
    faults, waits = (sample(f"acende_{name}_total") for name in ("loop_errors", "store_waits"))
    await store.run(rename, "inbox", "elsewhere")
    await broker.poll(worker)
    assert {partition.partition for partition in worker._standing} == {0, 1}
    assert [*broker.committed.values()] == [0, 0]
    assert sample("acende_loop_errors_total") == faults + 2, "one line for each partition"
    assert sample("acende_store_waits_total") == waits
    await store.run(rename, "elsewhere", "inbox")
    await broker.consumed(worker)
    assert [*broker.committed.values()] == [5, 5]
    assert await letters(store) == []


async def test_a_record_over_which_the_database_stumbles_holds_back_its_partition_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    mended = False

    def stumbles(conn: Connection, events: Sequence[Event]) -> Applied:
        if not mended and any(event.id == "p0-2" for event in events):
            raise StoreFaulty("UndefinedColumn: column job.x does not exist")
        return remember(conn, events)

    broker = Broker(store, {n: [event(n, offset) for offset in range(5)] for n in range(2)}, monkeypatch)
    worker = ingest(store, stumbles)
    for _ in range(20):
        await broker.poll(worker)
    await worker._committed()
    assert [*broker.committed.values()] == [2, 5]
    assert await letters(store) == []
    mended = True
    await broker.consumed(worker)
    assert [*broker.committed.values()] == [5, 5]
    assert await letters(store) == []


async def test_an_exception_of_the_handler_is_a_metric_and_one_line_without_its_message(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def count() -> float:
        return REGISTRY.get_sample_value("acende_loop_errors_total", {"loop": "ingest"}) or 0.0

    broker, worker = Broker(store, {0: [event(0, 0)]}, monkeypatch), ingest(store)
    _, _, take = find("worker.ingest.Ingest._take")
    monkeypatch.setattr(Ingest, "_take", failing(take, range(1), RuntimeError(SECRET_IN_AN_ERROR)))
    before = count()
    lines: list[dict[str, Any]] = []
    log = SimpleNamespace(error=lambda event, **told: lines.append({"event": event, **told}))
    monkeypatch.setattr("worker.survive.log", log)
    with caplog.at_level(logging.DEBUG):
        await broker.consumed(worker)
    assert count() == before + 1
    assert [(line["event"], line["error"], line["records"]) for line in lines] == [
        ("batch_failed", "RuntimeError", 1)
    ]
    assert SECRET_IN_AN_ERROR not in str(lines) + caplog.text
