"""Indexes of a migration are built on PostgreSQL beside workers that write, and an interrupted build is made good."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, text

from tests.integration.provision.support import add_job
from worker.store import migrate, revisions
from worker.store.db import Store
from worker.store.errors import StoreUnavailable

BEFORE = "0008"
INDEXES = (
    "ix_job_deadline",
    "ix_job_of_olt_ended",
    "ix_service_order_jobs",
    "ix_action_target",
    "ix_job_step_of_olt",
)
PLENTY_S = 30.0
BUILDING = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND datname = current_database()"


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    """In use, its indexes yet to be built."""
    migrate.upgrade(postgres_url)
    migrate.downgrade(postgres_url, BEFORE)
    store = Store.open(postgres_url)
    store.run_sync(add_job, "olt-1")
    yield store
    store.close()


def valid(conn: Connection) -> dict[str, bool]:
    """The indexes that are there, and whether each is valid."""
    found = conn.execute(
        text(
            "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
            " WHERE relname = ANY(:names)"
        ),
        {"names": list(INDEXES)},
    )
    return {row.relname: row.indisvalid for row in found}


def builders(conn: Connection) -> list[int]:
    return list(conn.execute(text(BUILDING)).scalars())


@contextmanager
def writing(store: Store) -> Iterator[None]:
    """A transaction that has written a job and goes on: every build waits for it."""
    with store._engine.connect() as conn, conn.begin():
        add_job(conn, "olt-2")
        yield


def eventually(look: Callable[[], Any]) -> Any:
    until = time.monotonic() + PLENTY_S
    while not (found := look()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


class Upgrade(threading.Thread):
    """An upgrade under way."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url, self.came_to = url, ""
        self.start()

    def run(self) -> None:
        try:
            self.came_to = migrate.upgrade(self.url, PLENTY_S)
        except StoreUnavailable as error:
            self.came_to = f"StoreUnavailable: {error}"


def test_workers_write_while_an_index_is_built(store: Store, postgres_url: str) -> None:
    with writing(store):
        upgrade = Upgrade(postgres_url)
        eventually(lambda: store.read_sync(builders))
        for number in range(50):
            store.run_sync(add_job, f"olt-{number + 10}")
        assert store.read_sync(builders)
        assert upgrade.is_alive()
        assert store.read_sync(revisions.current) == BEFORE
    upgrade.join(PLENTY_S)
    assert upgrade.came_to == revisions.head()
    assert store.read_sync(valid) == dict.fromkeys(INDEXES, True)
    assert store.read_sync(migrate.differences) == []


def test_an_index_whose_build_was_interrupted_is_built_anew_by_the_next_upgrade(
    store: Store, postgres_url: str
) -> None:
    with writing(store):
        upgrade = Upgrade(postgres_url)
        eventually(lambda: store.read_sync(valid))
        [builder] = eventually(lambda: store.read_sync(builders))
        store.run_sync(lambda conn: conn.execute(text(f"SELECT pg_terminate_backend({builder})")))
        upgrade.join(PLENTY_S)
        assert upgrade.came_to.startswith("StoreUnavailable")
        assert store.read_sync(valid) == {INDEXES[0]: False}
        assert store.read_sync(revisions.current) == BEFORE
    assert migrate.upgrade(postgres_url) == revisions.head()
    assert store.read_sync(valid) == dict.fromkeys(INDEXES, True)


def test_indexes_that_were_built_before_an_interruption_are_kept(store: Store, postgres_url: str) -> None:
    store.run_sync(
        lambda conn: conn.execute(text("CREATE INDEX ix_job_deadline ON job (deadline_at) WHERE live"))
    )
    before = store.read_sync(_file, INDEXES[0])
    assert migrate.upgrade(postgres_url) == revisions.head()
    assert store.read_sync(_file, INDEXES[0]) == before
    assert store.read_sync(valid) == dict.fromkeys(INDEXES, True)


def _file(conn: Connection, index: str) -> int:
    return int(
        conn.execute(
            text("SELECT relfilenode FROM pg_class WHERE relname = :name"), {"name": index}
        ).scalar_one()
    )


def test_two_upgrades_at_once_build_each_index_once(store: Store, postgres_url: str) -> None:
    with writing(store):
        upgrades = [Upgrade(postgres_url), Upgrade(postgres_url)]
        eventually(lambda: store.read_sync(builders))
        time.sleep(0.3)
        assert len(store.read_sync(builders)) == 1
    for upgrade in upgrades:
        upgrade.join(PLENTY_S)
        assert upgrade.came_to == revisions.head()
    assert store.read_sync(valid) == dict.fromkeys(INDEXES, True)


def test_an_empty_database_is_made_in_one_transaction(postgres_url: str) -> None:
    """Nothing is built beside anybody: there is nobody yet."""
    asked: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(migrate, "build", lambda *_: asked.append("built"))
        migrate.upgrade(postgres_url)
    assert asked == []
    store = Store.open(postgres_url)
    assert store.read_sync(valid) == dict.fromkeys(INDEXES, True)
    store.close()
