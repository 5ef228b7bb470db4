"""Faults of our own on a real Kafka: one odd record harms only itself, and what is lost on the way is read again."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from sqlalchemy import select

from events.envelope import RawRecord, parse_record
from tests.integration.ingest.conftest import Send, applied, cancelled, ingesting, lag, letters, settled
from tests.support.installation import started
from tests.support.kafka import Topics
from tests.support.secrets import PPPOE_PASSWORD, leaked
from tests.support.until import until
from worker import batch, ingest, logs
from worker.ingest import Ingest
from worker.settings import Settings
from worker.store.apply import apply_batch
from worker.store.db import Store, StoreUnavailable
from worker.store.schema import rejected_record, service_order


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database: what is tried here lies before it."""
    return sqlite_url


def order(number: int, **more: Any) -> bytes:
    document = started(f"OS-{number}", None, **more) | {"id": f"e{number}", "source": "/erp"}
    return json.dumps(document | {"specversion": "1.0", "time": datetime.now(UTC).isoformat()}).encode()


async def orders(store: Store) -> set[str]:
    return set(await store.read(lambda conn: conn.execute(select(service_order.c.id)).scalars().all()))


async def test_one_odd_record_among_twenty_is_set_aside_and_nineteen_are_orders(
    store: Store, settings: Settings, send: Send
) -> None:
    for number in range(20):
        more: dict[str, Any] = {"priority": []} if number == 7 else {}
        await send(settings.topic_install, order(number, **more), partition=0)
    async with ingesting(store, settings, apply_batch):
        await settled(settings)
    assert await orders(store) == {f"OS-{number}" for number in range(20) if number != 7}
    assert [one["code"] for one in await letters(store) if "sha256" in one] == ["invalid_data"]


async def test_a_bug_of_the_reader_costs_the_record_alone(
    store: Store, settings: Settings, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = parse_record

    def stumbling(record: RawRecord, **more: Any) -> Any:
        if record.offset == 7:
            raise TypeError(f"unhashable type: {PPPOE_PASSWORD}")
        return reads(record, **more)

    monkeypatch.setattr(batch, "parse_record", stumbling)
    for number in range(20):
        await send(settings.topic_install, cancelled(number), partition=0)
    async with ingesting(store, settings):
        await settled(settings)
    assert await applied(store) == {f"e{number}" for number in range(20) if number != 7}
    [letter] = await letters(store)
    assert (letter["code"], letter["offset"], letter["document"]["id"]) == ("internal_error", 7, "e7")


async def test_a_partition_at_a_record_that_cannot_be_kept_stands_still_and_goes_on_once_it_can(
    store: Store, settings: Settings, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwritable(*_: Any) -> Any:
        raise RuntimeError

    for number in range(40):
        value = b"?" if number == 12 else cancelled(number)
        await send(settings.topic_install, value, partition=number % 2)

    async def others_are_committed() -> bool:
        return await lag(settings) == 14

    with monkeypatch.context() as patch:
        patch.setattr(batch, "dead_letter_event", unwritable)
        patch.setattr(batch, "bare_dead_letter_event", unwritable)
        async with ingesting(store, settings):
            await until(others_are_committed)
            patch.undo()
            await settled(settings)
    assert await applied(store) == {f"e{number}" for number in range(40) if number != 12}
    assert [one["code"] for one in await letters(store)] == ["not_json"]


async def test_a_batch_given_up_while_its_partitions_stay_is_read_again_from_its_first_records(
    store: Store, settings: Settings, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many records of each partition are in hand; the very next poll finds the database back."""
    runs = store.run
    failed: list[Any] = []

    async def away_once(*given: Any) -> Any:
        if not failed:
            failed.append(given)
            raise StoreUnavailable("away")
        return await runs(*given)

    async def interrupted(*_: Any) -> bool:
        return True

    for number in range(60):
        await send(settings.topic_install, cancelled(number), partition=number % 2)
    monkeypatch.setattr(store, "run", away_once)
    monkeypatch.setattr(Ingest, "_interrupted", interrupted)
    async with ingesting(store, settings):
        await settled(settings)
    assert len(failed[0][1]) > 2
    assert await applied(store) == {f"e{number}" for number in range(60)}


@contextmanager
def logging_as_a_worker(settings: Settings) -> Iterator[io.StringIO]:
    """What it logs. Within the test itself: pytest has the handlers to itself before."""
    root, stream = logging.getLogger(), io.StringIO()
    before, level, configured = list(root.handlers), root.level, structlog.get_config()
    logs.set_up(settings, stream)
    try:
        yield stream
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.configure(**configured)
        logging.captureWarnings(capture=False)


@pytest.mark.parametrize("broken", ["handle", "_take"])
async def test_an_exception_of_the_handler_loses_no_record_and_no_secret_and_prints_no_traceback(
    store: Store,
    settings: Settings,
    send: Send,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    broken: str,
) -> None:
    """Also where it escapes to FastStream, which swallows it and goes on with the next batch."""
    works = getattr(Ingest, broken)
    failed: list[Any] = []

    async def handle(self: Ingest, records: Any) -> None:
        fail_twice()
        await works(self, records)

    async def take(self: Ingest, records: Any, kept: Any) -> None:
        fail_twice()
        await works(self, records, kept)

    def fail_twice() -> None:
        if len(failed) < 2:
            failed.append(broken)
            raise KeyError(PPPOE_PASSWORD)

    monkeypatch.setattr(Ingest, broken, {"handle": handle, "_take": take}[broken])
    monkeypatch.setattr(ingest, "_STAND_FIRST_S", 0.01)
    for number in range(20):
        await send(settings.topic_install, cancelled(number), partition=number % 2)
    with logging_as_a_worker(settings) as said:
        async with ingesting(store, settings):
            await settled(settings)
    assert len(failed) == 2
    assert await applied(store) == {f"e{number}" for number in range(20)}
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    errors = [(line["event"], line["error"]) for line in lines if "error" in line and "at" in line]
    once_a_minute, each_time = [("library_raised", "KeyError")], [("batch_failed", "KeyError")] * 2
    assert errors == (once_a_minute if broken == "handle" else each_time)
    printed = "".join((said.getvalue(), *capfd.readouterr()))
    assert "Traceback" not in printed
    assert leaked(printed) == []


async def test_a_rejected_request_is_kept_in_the_index_as_long_as_its_topic_keeps_it(
    store: Store, settings: Settings, send: Send, kafka_topics: Topics
) -> None:
    week = kafka_topics("week", partitions=2, config={"retention.ms": str(7 * 24 * 3_600_000)})
    settings = settings.model_copy(update={"topic_install": week})

    async def learnt() -> bool:
        return bool(running._reading.retention)

    async with ingesting(store, settings, apply_batch) as running:
        await until(learnt)
        await send(week, order(1, mode="ponte"))
        await settled(settings)
    row = await store.read(lambda conn: conn.execute(select(rejected_record)).one())
    assert (row.service_order_id, row.until - row.at) == ("OS-1", timedelta(days=7))
