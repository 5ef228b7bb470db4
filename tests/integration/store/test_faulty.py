"""A database that is there and is not as this program needs it is not called away, and goes on as soon as it is mended."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, insert

from tests.integration.provision.support import migrated
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
