"""The store itself: its clock, its transactions and what follows their commit, its connections, its lock."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.pool import QueuePool

from tests.support.rows import column, plant
from tests.unit.correlate.town import NOON, RULES
from worker import metrics
from worker.clock import Reading, Watch, boottime
from worker.facts import unknown
from worker.store import db
from worker.store.db import Clock, Context, Store, StoreUnavailable, WorkerRuns, _after
from worker.store.schema import metadata, service_order
from worker.store.url import parse_url

HOUR = timedelta(hours=1)


def _steps() -> tuple[float, float]:
    return tuple(metrics.CLOCK_STEPS.labels(way)._value.get() for way in ("ahead", "back"))


# ---------------------------------------------------------------------------------------------------------------- clock


def test_a_clock_shows_what_the_database_says_moved_as_a_test_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(offset=HOUR, step=timedelta(minutes=2))
    assert clock.shown(lambda: NOON) == NOON + HOUR + timedelta(minutes=2)
    assert Clock(stopped=NOON, offset=HOUR).shown(lambda: NOON + 9 * HOUR) == NOON + HOUR
    assert clock.watch
    ticks = iter([100.0, 101.0])
    monkeypatch.setattr(db, "boottime", lambda: next(ticks))
    clock = Clock(offset=HOUR)
    clock.shown(lambda: NOON)
    shown = (NOON + HOUR).timestamp()
    assert clock.watch == Watch.first(Reading(3700.0, shown, 3701.0))


def test_a_clock_that_is_set_is_counted_and_doubted_until_it_is_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed = [100.0]
    monkeypatch.setattr(db, "boottime", lambda: passed[0])
    clock = Clock()
    assert (clock.in_doubt, clock.jumped_s, clock.doubted_from) == (
        timedelta(),
        None,
        datetime.fromtimestamp(0, UTC),
    )
    before = _steps()
    clock.shown(lambda: NOON)
    clock.shown(lambda: NOON)
    assert _steps() == before
    clock.shown(lambda: NOON + HOUR)
    assert _steps() == (before[0] + 1, before[1])
    assert metrics.CLOCK_AHEAD._value.get() == 3600.0
    assert (clock.in_doubt, clock.doubted_from) == (HOUR, NOON + HOUR)
    passed[0] += 7.0
    assert clock.jumped_s == 7.0
    clock.shown(lambda: NOON + HOUR + timedelta(seconds=7))
    assert _steps() == (before[0] + 1, before[1])
    clock.accept()
    assert (clock.in_doubt, metrics.CLOCK_AHEAD._value.get()) == (timedelta(), 0)
    clock.shown(lambda: NOON)
    assert _steps() == (before[0] + 1, before[1] + 1)
    Clock().accept()


def test_a_transaction_sees_the_clock_of_its_store(conn: Connection) -> None:
    assert (db.now(conn), db.jumped_s(conn)) == (NOON, db.NO_JUMP_S)
    conn.execution_options(acende=Context(clock=Clock(offset=HOUR)))
    assert abs((db.now(conn) - datetime.now(UTC) - HOUR).total_seconds()) < 60
    assert db.now(conn).tzinfo is UTC
    conn.execution_options(acende=None)
    assert db.context(conn).rules == Context().rules
    clock = Clock(stopped=NOON, watch=Watch(0.0, 0.0, 0.0, jumped_at=boottime() - 9))
    conn.execution_options(acende=Context(clock=clock))
    assert db.jumped_s(conn) == pytest.approx(9, abs=2)


# ------------------------------------------------------------------------------------------------------- transactions


def _broken(conn: Connection) -> None:
    plant(conn, service_order, {"id": "B"})
    raise ValueError


def test_a_part_of_a_transaction_may_fail_by_itself(conn: Connection) -> None:
    assert db.alone(conn, lambda: plant(conn, service_order, {"id": "A"})) is True
    assert db.alone(conn, lambda: _broken(conn)) is False
    assert column(conn, service_order, "id") == ["A"]
    with pytest.raises(StoreUnavailable):
        db.alone(conn, _unavailable)


def _unavailable() -> None:
    raise StoreUnavailable("gone")


def test_what_is_to_be_done_after_the_commit_is_gathered(conn: Connection) -> None:
    assert (_after(conn).erased, _after(conn).channels) == (False, set())
    db.wake(conn, "a", "b")
    db.note_erased(conn)
    db.note_finished(conn, unknown("A"))
    for count in (2, 0, 3):
        db.note_corrected(conn, "job", count)
    db.note_corrected(conn, "x", 0)
    after = _after(conn)
    assert (after.channels, after.erased, after.corrected) == ({"a", "b"}, True, {"job": 5})
    assert after.finished == [unknown("A")]


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    told: list[Any] = []
    made = Store.open(
        sqlite_url, shared=Context(clock=Clock(stopped=NOON), rules=RULES, finished=told.append)
    )
    made.told = told  # type: ignore[attr-defined]
    made.run_sync(metadata.create_all)
    yield made
    made.close()


def _echo(conn: Connection, *args: Any, **kwargs: Any) -> Any:
    return conn.dialect.name, args, kwargs


async def test_a_transaction_is_given_its_arguments_and_gives_its_result(store: Store) -> None:
    expected = ("sqlite", (1, 2), {"x": 3})
    assert await store.run(_echo, 1, 2, x=3) == expected
    assert await store.read(_echo, 1, 2, x=3) == expected
    assert store.run_sync(_echo, 1, 2, x=3) == expected
    assert store.read_sync(_echo, 1, 2, x=3) == expected


def _seconds(kind: str) -> tuple[float, float]:
    one = metrics.STORE_SECONDS.labels("test_store.echo", kind)
    return one._sum.get(), sum(bucket.get() for bucket in one._buckets)


async def test_transactions_are_timed_by_their_kind_and_those_that_read_wait_for_no_writer(
    store: Store,
) -> None:
    said: list[str] = []
    event.listen(
        store._engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: said.append(statement)
    )
    before = {kind: _seconds(kind) for kind in ("read", "write")}
    await store.run(_echo)
    store.run_sync(_echo)
    assert said == ["BEGIN IMMEDIATE"] * 2
    assert _seconds("read") == before["read"]
    await store.read(_echo)
    store.read_sync(_echo)
    assert said[2:] == ["BEGIN"] * 2
    for kind in ("read", "write"):
        seconds, count = (now - then for now, then in zip(_seconds(kind), before[kind], strict=True))
        assert count == 2
        assert 0 <= seconds < 30


def _all_told(conn: Connection) -> None:
    db.wake(conn, "x")
    db.note_finished(conn, unknown("A"))
    db.note_corrected(conn, "told", 2)


async def test_who_waits_for_a_commit_is_told_after_it_and_only_then(store: Store) -> None:
    call, counted = store.listen("x"), metrics.CLOCK_CORRECTIONS.labels("told")
    await call.wait(0.05)

    def fails(conn: Connection) -> None:
        _all_told(conn)
        raise KeyError

    with pytest.raises(KeyError):
        await store.run(fails)
    assert not await call.wait(0.05)
    assert (store.told, counted._value.get()) == ([], 0)  # type: ignore[attr-defined]
    await store.run(_echo)
    assert store.told == []  # type: ignore[attr-defined]
    await store.run(_all_told)
    assert await call.wait(5.0)
    assert (store.told, counted._value.get()) == ([[unknown("A")]], 2)  # type: ignore[attr-defined]
    waiting = asyncio.create_task(store.wait("y", 5.0))
    await asyncio.sleep(0.05)
    store.notify("y")
    assert await waiting
    assert not await store.wait("y", 0.01)


async def test_another_process_is_woken_by_the_commit(postgres_url: str) -> None:
    one, other = Store.open(postgres_url), Store.open(postgres_url)
    try:
        call = other.listen("x")
        await call.wait(5.0)
        await one.run(_all_told)
        assert await call.wait(5.0)
    finally:
        await one.aclose()
        await other.aclose()
    assert other._wakeups._listener is None


# ------------------------------------------------------------------------------------------------------- connections


def _pragma(conn: Connection, name: str) -> Any:
    return conn.execute(text(f"PRAGMA {name}")).scalar()


def test_sqlite_waits_writes_through_and_leaves_nothing_behind(store: Store) -> None:
    names = ("busy_timeout", "journal_mode", "synchronous", "secure_delete", "temp_store")
    assert [store.read_sync(_pragma, name) for name in names] == [10_000, "wal", 2, 1, 2]


def _sized(folder: Path) -> int:
    return (folder / "acende.db-wal").stat().st_size


def test_the_log_is_emptied_after_an_erasure_at_once_or_when_no_reader_is_in_the_way(
    sqlite_url: str, tmp_path: Path
) -> None:
    store = Store.open(sqlite_url, timeout_s=0.1)
    store.run_sync(metadata.create_all)
    store.run_sync(plant, service_order, {"id": "A"})
    assert _sized(tmp_path) > 0
    with store._engine.connect().execution_options(acende_read_only=True) as reader:
        reader.execute(text("SELECT * FROM service_order")).all()
        store.run_sync(plant, service_order, {"id": "B"})
        store.run_sync(db.note_erased)
        assert _sized(tmp_path) > 0
    store.run_sync(_echo)
    assert _sized(tmp_path) == 0
    store.run_sync(plant, service_order, {"id": "C"})
    store.run_sync(_echo)
    assert _sized(tmp_path) > 0
    store.close()


def test_one_worker_at_a_time_has_an_sqlite_file(sqlite_url: str, tmp_path: Path) -> None:
    one, other = Store.open(sqlite_url), Store.open(sqlite_url)
    one.lock_for_worker()
    one.lock_for_worker()
    with pytest.raises(WorkerRuns, match="ACENDE_DATABASE_URL"):
        other.lock_for_worker()
    one.close()
    other.lock_for_worker()
    other.close()
    assert (tmp_path / "acende.db.worker.lock").exists()
    nowhere = Store.open(f"sqlite:///{tmp_path / 'no' / 'acende.db'}")
    with pytest.raises(StoreUnavailable, match=r"worker\.lock: No such file"):
        nowhere.lock_for_worker()
    nowhere.close()


def test_on_postgresql_there_is_no_lock_for_workers(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one = Store.open(postgres_url)
    one.lock_for_worker()
    one.close()
    assert list(tmp_path.iterdir()) == []


def _shown(conn: Connection, name: str) -> str:
    return str(conn.execute(text(f"SHOW {name}")).scalar())


def _connected_with(conn: Connection, name: str) -> Any:
    driver: Any = conn.connection.driver_connection
    return driver.info.get_parameters()[name]


def test_postgresql_is_asked_for_what_we_rely_on(postgres_url: str) -> None:
    store = Store.open(
        f"{postgres_url}?application_name=mine&options=-c%20work_mem%3D5MB", pool_size=3, timeout_s=4.0
    )
    names = {
        "timezone": "UTC",
        "lock_timeout": "4s",
        "default_transaction_isolation": "read committed",
        "idle_in_transaction_session_timeout": "1min",
        "application_name": "mine",
        "work_mem": "5MB",
    }
    assert {name: store.read_sync(_shown, name) for name in names} == names
    pool = store._engine.pool
    assert isinstance(pool, QueuePool)
    assert (pool.size(), pool._max_overflow, pool._timeout, pool._pool.use_lifo) == (3, 0, 4.0, True)
    assert (store._writers._max_workers, store._readers is store._writers) == (3, True)
    assert not store.embedded
    assert store.read_sync(_connected_with, "connect_timeout") == "4"
    store.close()
    usual = Store.open(postgres_url)
    assert usual.read_sync(_shown, "application_name") == "acende"
    assert usual.read_sync(_connected_with, "connect_timeout") == "10"
    assert (usual._engine.pool.size(), usual._writers._max_workers) == (8, 8)  # type: ignore[attr-defined]
    usual.close()
    hasty = Store.open(postgres_url, timeout_s=1.0)
    assert hasty.read_sync(_connected_with, "connect_timeout") == "2"
    hasty.close()


@pytest.mark.parametrize("how", ["run", "read"])
async def test_closing_waits_for_the_transaction_in_hand(sqlite_url: str, how: str) -> None:
    store, begun, ended = Store.open(sqlite_url), threading.Event(), []

    def slow(_conn: Connection) -> None:
        begun.set()
        time.sleep(0.1)
        ended.append(how)

    running = asyncio.create_task(getattr(store, how)(slow))
    await asyncio.to_thread(begun.wait, 5)
    store.close()
    assert ended == [how]
    await running


def test_sqlite_has_one_writer_and_readers_beside_it(store: Store) -> None:
    assert (store.embedded, store._writers._max_workers, store._readers is store._writers) == (True, 1, False)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("sqlite:////x/acende.db", "sqlite+pysqlite:////x/acende.db"),
        ("sqlite+pysqlite:///acende.db", "sqlite+pysqlite:///acende.db"),
        ("postgresql://a@h/d", "postgresql+psycopg://a@h/d"),
        ("postgresql+psycopg2://a@h/d", "postgresql+psycopg://a@h/d"),
        ("postgres://a@h/d", "postgresql+psycopg://a@h/d"),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("mysql://a:segredo@h/d", None),
        ("segredo", None),
    ],
)
def test_a_url_is_of_a_file_or_of_postgresql(url: str, read: str | None) -> None:
    if read:
        assert parse_url(url).render_as_string() == read
    else:
        with pytest.raises(ValueError, match="the database") as told:
            parse_url(url)
        assert "segredo" not in str(told.value)
