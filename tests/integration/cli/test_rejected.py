"""A request that could not be read is found by its order or serial, with its dead letter, and purged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from events.dead_letters import dead_letter_event, dead_letter_key
from events.envelope import RawRecord, to_record
from events.record import Rejected
from tests.integration.cli.conftest import WHY, acende
from tests.support.installation import SERIAL, started
from tests.support.secrets import leaked
from worker.batch import Reading
from worker.cli.failure import Status
from worker.store.apply import apply_batch
from worker.store.db import Store
from worker.store.migrate import upgrade


async def typed(*words: str) -> Any:
    return await asyncio.to_thread(acende, *words)


@pytest.fixture
async def place(
    topics: dict[str, str], kafka: str, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """Where a request of OS-1 lies that was set aside; another record is set aside beside it."""
    monkeypatch.setenv("ACENDE_DATABASE_URL", sqlite_url)
    upgrade(sqlite_url)
    store, reading = Store.open(sqlite_url), Reading(apply_batch)
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        places = []
        for value in (json.dumps(started(mode="ponte")).encode(), b"?"):
            at = await producer.send_and_wait(topics["install"], value, key=b"k")
            record = RawRecord(at.topic, at.partition, at.offset, at.timestamp, b"k", value)
            item = reading.read(record, datetime.now(UTC))
            assert isinstance(item.outcome, Rejected)
            await store.run(reading.keep, [item])
            letter = to_record(
                dead_letter_event(record, item.outcome, datetime.now(UTC)), dead_letter_key(record)
            )
            await producer.send_and_wait(topics["dead_letters"], letter.value, key=letter.key.encode())
            places.append(f"{at.topic}/{at.partition}/{at.offset}")
    yield places[0]
    store.close()


async def test_a_rejected_request_is_found_by_order_and_serial_until_it_is_purged(place: str) -> None:
    for subject in ("OS-1", SERIAL, "hwtc-1a2b3c4d"):
        shown = (await typed("status", subject)).out
        assert "falhou" in shown
        assert place in shown
        [order] = (await typed("orders", subject, "--json")).json()
        assert (order["id"], order["state"], order["code"]) == ("OS-1", "failed", "invalid_data")
        [letter] = (await typed("dead-letters", "list", subject, "--json")).json()
        assert (letter["id"], letter["where"][0].split(":")[0]) == (place, "data.mode")
        assert leaked(shown) == []
    assert "OS-1" in (await typed("orders")).out
    assert "OS-1" in (await typed("orders", "--failed")).out
    assert (await typed("dead-letters", "list", "OS-2")).out.strip() == "No dead letters."
    assert len((await typed("dead-letters", "list", "--json")).json()) == 2
    assert (await typed("orders", "OS-1", "--failed")).failed(Status.USAGE)
    assert (await typed("purge", "OS-1", *WHY)).status == 0
    assert (await typed("dead-letters", "list", "OS-1", "--json")).json() == []
    assert place not in (await typed("status", "OS-1")).out
    (await typed("purge", "OS-9", *WHY)).failed(Status.NO)


async def test_without_a_database_dead_letters_are_listed_all_the_same(
    place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ACENDE_DATABASE_URL", f"sqlite:///{tmp_path}/none/none.db")
    assert len((await typed("dead-letters", "list", "--json")).json()) == 2
