"""What came of the last write is known, and one can be made only to see: it leaves nothing behind."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect

from tests.integration.provision.support import migrated
from worker.store import roles
from worker.store.db import DataRefused, Store, StoreError
from worker.store.schema import metadata
from worker.store.writes import Writes


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url, timeout_s=0.3) as made:
        yield made


def tables(conn: Connection) -> set[str]:
    return set(inspect(conn).get_table_names())


def came(store: Store) -> bool:
    """Whether the last write was taken."""
    return store.writes.well


async def test_a_write_that_is_made_to_see_is_undone(store: Store) -> None:
    before = store.writes
    await store.try_write()
    assert store.writes.well
    assert store.writes.at > before.at
    assert await store.read(tables) == {*metadata.tables, "alembic_version"}


async def test_what_came_of_each_write_is_known(store: Store) -> None:
    def refused(conn: Connection) -> None:
        conn.exec_driver_sql("INSERT INTO role_lease (role) VALUES (NULL)")

    def faulty(conn: Connection) -> None:
        conn.exec_driver_sql("INSERT INTO no_such_table VALUES (1)")

    await store.run(roles.take, "survey", "w1", 15.0)
    assert came(store)
    with pytest.raises(StoreError):
        await store.run(faulty)
    assert not came(store)
    await store.try_write()
    known = store.writes
    with pytest.raises(DataRefused):
        await store.run(refused)
    with pytest.raises(StoreError):
        await store.read(faulty)
    assert store.writes == known


# ---------------------------------------------------------------------------------------------------------- SQLite


def size(log: Path) -> int:
    return log.stat().st_size


@contextmanager
def full(log: Path) -> Iterator[None]:
    """The write-ahead log cannot grow."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size(log), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.fixture
async def embedded(sqlite_url: str) -> AsyncIterator[Store]:
    async with migrated(sqlite_url, timeout_s=0.3) as made:
        yield made


async def test_a_full_disk_is_seen_before_there_is_a_commit(embedded: Store) -> None:
    log = Path(f"{embedded._engine.url.database}-wal")
    await embedded.run(roles.take, "survey", "w1", 15.0)
    with full(log), pytest.raises(StoreError):
        await embedded.try_write()
    assert not embedded.writes.well
    await embedded.try_write()
    assert embedded.writes == Writes().taken(embedded.writes.at)


async def test_what_is_written_to_see_comes_to_the_disk(embedded: Store) -> None:
    log = Path(f"{embedded._engine.url.database}-wal")
    await embedded.run(roles.take, "survey", "w1", 15.0)
    before = size(log)
    await embedded.try_write()
    assert size(log) > before + 60_000
    cache = embedded.read_sync(lambda conn: conn.exec_driver_sql("PRAGMA cache_size").scalar_one())
    assert cache == -2000


async def test_a_locked_file_is_not_broken_and_one_that_only_reads_is(embedded: Store) -> None:
    with locked(Path(str(embedded._engine.url.database))), pytest.raises(StoreError, match="locked"):
        await embedded.try_write()
    assert (embedded.writes.well, embedded.writes.broken_since) == (False, None)
    await embedded.run(lambda conn: conn.exec_driver_sql("PRAGMA query_only = ON"))
    with pytest.raises(StoreError, match="readonly"):
        await embedded.try_write()
    since = embedded.writes.broken_since
    assert since is not None
    with pytest.raises(StoreError, match="readonly"):
        await embedded.run(roles.take, "survey", "w1", 15.0)
    assert embedded.writes.broken_since == since
    assert embedded.writes.broken_for(since + 5) == 5
    embedded.read_sync(lambda conn: conn.exec_driver_sql("PRAGMA query_only = OFF"))
    await embedded.try_write()
    assert embedded.writes == Writes().taken(embedded.writes.at)
