"""A database that is there and is not as this program needs it is not called away, and goes on as soon as it is mended."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, insert

from tests.integration.provision.support import migrated
from tests.support.until import until
from worker import publish, survey
from worker.app import SWEEPER, Worker
from worker.metrics import REGISTRY
from worker.settings import Settings
from worker.store import roles
from worker.store.db import DataRefused, Store, StoreFaulty, StoreUnavailable
from worker.store.schema import service_order

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url) as made:
        yield made


def rename(conn: Connection, table: str, other: str) -> None:
    conn.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {other}")


async def test_a_table_that_is_missing_is_a_lasting_fault_until_it_is_back(store: Store) -> None:
    await store.run(rename, "role_lease", "elsewhere")
    with pytest.raises(StoreFaulty, match="role_lease"):
        await store.run(roles.take, "survey", "w1", 15.0)
    await store.run(rename, "elsewhere", "role_lease")
    assert await store.run(roles.take, "survey", "w1", 15.0)


def order(conn: Connection, name: str) -> None:
    row = {"id": name, "state": "completed", "created_at": NOON, "updated_at": NOON}
    conn.execute(insert(service_order).values(row))


async def test_a_right_that_is_missing_is_a_lasting_fault(postgres_url: str) -> None:
    def as_nobody(conn: Connection) -> None:
        conn.exec_driver_sql("CREATE ROLE nobody_at_all")
        conn.exec_driver_sql("SET LOCAL ROLE nobody_at_all")
        order(conn, "OS-1")

    async with migrated(postgres_url) as store:
        with pytest.raises(StoreFaulty, match="permission denied"):
            await store.run(as_nobody)


async def test_a_standby_is_waited_for_and_a_key_too_long_for_its_index_is_the_datas_fault(
    postgres_url: str,
) -> None:
    def reading_only(conn: Connection) -> None:
        conn.exec_driver_sql("SET TRANSACTION READ ONLY")
        order(conn, "OS-1")

    async with migrated(postgres_url) as store:
        with pytest.raises(StoreUnavailable, match="read-only"):
            await store.run(reading_only)
        with pytest.raises(DataRefused):
            await store.run(order, random.Random(1).randbytes(8000).hex())


# ------------------------------------------------------------------------------------------------------------ the loops


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_every_loop_tells_of_it_as_an_error_waits_and_goes_on_once_it_is_mended(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with migrated(database_url) as store:
        await store.run(rename, "role_lease", "elsewhere")
        settings = Settings(
            database_url=SecretStr(database_url),
            kafka_servers="127.0.0.1:1",
            worker_name="w0",
            roles=("publish",),
            survey_every_s=0.1,
            sweep_every_s=0.1,
        )
        worker = Worker(settings)
        worker._migrated.set()
        loops = {"sweep": worker._sweep, "survey": worker._survey, "publish": worker._publish}
        leads = {"sweep": SWEEPER, "survey": survey.ROLE, "publish": publish.ROLE}
        before = {name: sample("acende_loop_errors_total", loop=name) for name in loops}
        waits = {name: sample("acende_store_waits_total", loop=name) for name in loops}
        stop = asyncio.Event()
        running = [asyncio.create_task(loop(stop, lambda: None)) for loop in loops.values()]

        async def told() -> bool:
            return all(sample("acende_loop_errors_total", loop=name) > before[name] for name in loops)

        async def led() -> bool:
            return all(sample("acende_role_leader", role=role) == 1 for role in leads.values())

        try:
            await until(told, 20)
            assert not await led()
            await store.run(rename, "elsewhere", "role_lease")
            await until(led, 20)
            assert {name: sample("acende_store_waits_total", loop=name) for name in loops} == waits
        finally:
            stop.set()
            await asyncio.gather(*running)
            await worker.store.aclose()
