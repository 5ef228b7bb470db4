"""Migrations and tables say the same, one release works beside the next, and the way back is open."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, insert, select, text, update

from worker.store import migrate, revisions
from worker.store.db import Store
from worker.store.errors import StoreUnavailable, WorkerRuns
from worker.store.migrate import MigrationRefused
from worker.store.schema import compatibility, equipment, olt_lease

FIRST = "0001"
PLENTY_S = 20.0


@contextmanager
def opened(url: str) -> Iterator[Store]:
    store = Store.open(url)
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """At the newest revision."""
    migrate.upgrade(database_url)
    with opened(database_url) as store:
        yield store


def _pretend(conn: Connection, revision: str, works_with: str) -> None:
    """Have the database be one that a later release has migrated."""
    conn.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
    conn.execute(update(compatibility).values(revision=works_with))


# ------------------------------------------------------------------------------------------------------------- upwards


def test_migrations_make_exactly_the_tables(store: Store) -> None:
    assert store.read_sync(migrate.differences) == []


def test_a_second_upgrade_changes_nothing(database_url: str) -> None:
    assert migrate.upgrade(database_url) == migrate.upgrade(database_url) == revisions.head()


def test_a_database_that_was_never_migrated_is_refused_with_the_command_to_run(database_url: str) -> None:
    with opened(database_url) as store, pytest.raises(StoreUnavailable, match="run `acende db upgrade`"):
        store.read_sync(revisions.check)


def test_migrations_come_in_the_order_of_their_numbers() -> None:
    assert tuple(script.revision for script in migrate._scripts()) == revisions.known()


def test_every_migration_after_the_first_says_who_still_works_and_what_the_way_back_loses() -> None:
    first, *later = reversed(migrate._scripts())
    assert first.revision == FIRST
    known = [first.revision]
    for script in later:
        known.append(script.revision)
        assert script.module.works_with in known
        assert isinstance(script.module.losses, dict)


# ------------------------------------------------------------------------------------------- a program and its database


@pytest.mark.parametrize(
    ("found", "oldest", "says"),
    [
        ("0002", None, None),
        ("0003", "0002", None),
        ("0009", "0001", None),
        ("0001", None, "is at revision 0001, this version needs 0002: run `acende db upgrade`"),
        (None, None, "is at revision none, this version needs 0002: run `acende db upgrade`"),
        ("0003", "0003", "works with versions from revision 0003 on; this one is 0002: run a newer version"),
        ("0003", None, "works with versions from revision 0003 on; this one is 0002: run a newer version"),
    ],
)
def test_a_newer_database_is_used_if_it_says_that_this_version_still_works(
    found: str | None, oldest: str | None, says: str | None
) -> None:
    said = revisions.fault(found, oldest, ["0002", "0001"])
    assert (said is None) if says is None else (said is not None and says in said)


def test_an_older_program_accepts_a_newer_database_that_names_it_and_upgrades_nothing(
    store: Store, database_url: str
) -> None:
    store.run_sync(_pretend, "9999", revisions.head())
    store.read_sync(revisions.check)
    assert migrate.upgrade(database_url) == "9999"
    assert store.read_sync(revisions.current) == "9999"


def test_a_newer_database_that_no_longer_works_with_this_program_is_refused_by_check_and_upgrade(
    store: Store, database_url: str
) -> None:
    store.run_sync(_pretend, "9999", "9998")
    with pytest.raises(StoreUnavailable, match="works with versions from revision 9998 on"):
        store.read_sync(revisions.check)
    with pytest.raises(StoreUnavailable, match="run a newer version"):
        migrate.upgrade(database_url)


# ----------------------------------------------------------------------------------------------------------- downwards


def test_there_and_back_the_tables_are_the_same(store: Store, database_url: str) -> None:
    assert migrate.downgrade(database_url, FIRST) == FIRST
    assert store.read_sync(revisions.current) == FIRST
    assert store.read_sync(migrate.differences) != []
    migrate.upgrade(database_url)
    assert store.read_sync(migrate.differences) == []


def test_what_both_revisions_know_is_kept_on_the_way_back(store: Store, database_url: str) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    unit = {"serial": "HWTC00000001", "received": {"model": "EG8145V5"}, "received_at": at}
    store.run_sync(lambda conn: conn.execute(insert(equipment).values(**unit)))
    store.run_sync(lambda conn: conn.execute(insert(olt_lease).values(olt="centro-1", fence=7, held=True)))
    migrate.downgrade(database_url, FIRST)
    kept = store.read_sync(lambda conn: conn.execute(text("SELECT olt, fence, held FROM olt_lease")).one())
    assert tuple(kept) == ("centro-1", 7, True)
    migrate.upgrade(database_url)
    found = store.read_sync(lambda conn: conn.execute(select(equipment)).mappings().one())
    assert {name: found[name] for name in unit} == unit


def test_data_without_a_place_in_older_tables_are_dropped_only_by_request(
    store: Store, database_url: str
) -> None:
    traced = insert(equipment).values(serial="HWTC00000001", lent_trace="00-1-2-01")
    store.run_sync(lambda conn: conn.execute(traced))
    with pytest.raises(MigrationRefused, match="1 units of stock with the trace"):
        migrate.downgrade(database_url, FIRST)
    assert store.read_sync(revisions.current) == revisions.head()
    assert migrate.downgrade(database_url, FIRST, lose=True) == FIRST


def test_only_the_version_that_knows_both_revisions_goes_back(store: Store, database_url: str) -> None:
    with pytest.raises(MigrationRefused, match="there is no revision 0000"):
        migrate.downgrade(database_url, "0000")
    migrate.downgrade(database_url, FIRST)
    with pytest.raises(MigrationRefused, match="which is older than 0002"):
        migrate.downgrade(database_url, "0002")
    migrate.upgrade(database_url)
    store.run_sync(_pretend, "9999", FIRST)
    with pytest.raises(MigrationRefused, match="which this version does not know"):
        migrate.downgrade(database_url, FIRST)


def test_sqlite_is_not_taken_back_under_a_running_worker(sqlite_url: str) -> None:
    migrate.upgrade(sqlite_url)
    with opened(sqlite_url) as store:
        store.lock_for_worker()
        with pytest.raises(WorkerRuns):
            migrate.downgrade(sqlite_url, FIRST)


# ------------------------------------------------------------------------------------------------- beside live workers


@pytest.fixture
def first_tables(postgres_url: str) -> str:
    """A PostgreSQL database of the first release."""
    migrate.upgrade(postgres_url)
    migrate.downgrade(postgres_url, FIRST)
    return postgres_url


@contextmanager
def _using(url: str, table: str) -> Iterator[Connection]:
    """A transaction that has the table for as long as the block runs."""
    store = Store.open(url)
    with store._engine.connect() as conn, conn.begin():
        conn.execute(text(f"SELECT count(*) FROM {table}"))
        yield conn
    store.close()


def test_a_migration_that_waits_for_a_table_keeps_nobody_waiting_long(first_tables: str) -> None:
    reached: list[str] = []
    migrating = threading.Thread(target=lambda: reached.append(migrate.upgrade(first_tables)))
    longest_s, until = 0.0, time.monotonic() + 4.0
    with opened(first_tables) as worker:
        with _using(first_tables, "equipment"):
            migrating.start()
            while time.monotonic() < until:
                began = time.monotonic()
                worker.run_sync(lambda conn: conn.execute(text("SELECT serial FROM equipment FOR UPDATE")))
                longest_s = max(longest_s, time.monotonic() - began)
                time.sleep(0.02)
            assert not reached
        migrating.join(PLENTY_S)
    assert reached == [revisions.head()]
    assert longest_s < 3.0


def test_a_migration_that_gets_no_table_gives_up_with_a_sentence_and_has_changed_nothing(
    first_tables: str,
) -> None:
    with _using(first_tables, "olt_lease"), pytest.raises(StoreUnavailable, match="the tables are in use"):
        migrate.upgrade(first_tables, patience_s=0.1)
    with opened(first_tables) as store:
        assert store.read_sync(revisions.current) == FIRST


def test_of_several_migrations_at_once_one_migrates_and_all_succeed(postgres_url: str) -> None:
    reached: list[str] = []
    several = [
        threading.Thread(target=lambda: reached.append(migrate.upgrade(postgres_url))) for _ in range(3)
    ]
    for one in several:
        one.start()
    for one in several:
        one.join(PLENTY_S)
    assert reached == [revisions.head()] * 3
