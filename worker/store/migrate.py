"""Migrations: bring a database to the tables of `schema.py`, and back.

A migration runs while workers of the previous release go on. So it only adds, and indexes on PostgreSQL are built beside them; what nothing uses any more is dropped a release
later. Each says with `works_with` what the oldest revision is whose program still works with the tables that it leaves; the
database keeps that in `compatibility`, and an older program that is so named works with a database newer than itself.

A developer who changed `schema.py` writes the next one with `python -m worker.store.migrate "what it does"`; a test holds
that migrations and tables are equal on both databases.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import structlog
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import Connection, delete, insert, text
from sqlalchemy.exc import DBAPIError

from worker.store.building import OthersBuild, build
from worker.store.db import Store, connected
from worker.store.errors import StoreError, StoreUnavailable
from worker.store.revisions import check, current, head, known
from worker.store.schema import compatibility, metadata

log = structlog.get_logger(__name__)
_LOCK = 0x4143454D  # one migration at a time
_TABLE_WAIT_S = 1
"""Whoever wants a table after a migration that waits for it waits as long: no longer than workers bear."""
_PAUSE_S = 2.0
PATIENCE_S = 120.0


class MigrationRefused(StoreError):
    """The database is not brought to this revision; nothing has changed."""


class _TablesInUse(Exception):
    """Another transaction has a table, or another migration runs."""


# ---------------------------------------------------------------------------------------------------------- both ways


def upgrade(url: str, patience_s: float = PATIENCE_S) -> str:
    """Bring the database at `url` to this program's revision; the revision that it then has.

    In one transaction, but for indexes of a PostgreSQL in use: each migration that has some is one of its own, after they
    are built. What was interrupted goes on with the next call. A newer database that works with this program is left as it
    is. Safe to call from several processes at once and beside running workers. Raises StoreUnavailable, ValueError for a URL
    we do not know.
    """
    store = Store.open(url)
    try:
        return _patiently(lambda: _upgrade_all(store, patience_s), patience_s)
    finally:
        store.close()


def _upgrade_all(store: Store, patience_s: float) -> str:
    for script in [] if store.embedded else store.read_sync(_to_build):
        store.run_sync(_upgrade, str(script.down_revision))
        with connected(store) as conn, _in_use():
            build(conn, script.module.indexes, patience_s)
    return store.run_sync(_upgrade, head())


def _to_build(conn: Connection) -> list[Script]:
    """Migrations that are to come with indexes that are built before, the oldest first; none for an empty database."""
    found = current(conn)
    coming = _scripts()[: known().index(found)] if found in known() else ()
    return [script for script in reversed(coming) if hasattr(script.module, "indexes")]


def _upgrade(conn: Connection, to: str) -> str:
    def work() -> str:
        found = current(conn)
        if found and found not in known():
            check(conn)
            return found
        if found is None or known().index(found) > known().index(to):
            command.upgrade(_config(conn), to)
            _say_who_works(conn, _scripts()[known().index(to)])
        return to

    return _alone(conn, work)


def downgrade(url: str, to: str, *, lose: bool = False, patience_s: float = PATIENCE_S) -> str:
    """Take the database at `url` back to the revision `to`, for a program older than the database works with; the revision.

    Data for which the older tables have no place are dropped only with `lose`. No worker of this program may run meanwhile.
    Raises MigrationRefused, WorkerRuns, StoreUnavailable, ValueError for a URL we do not know.
    """
    store = Store.open(url)
    try:
        store.lock_for_worker()
        return _patiently(lambda: store.run_sync(_downgrade, to, lose=lose), patience_s)
    finally:
        store.close()


def _downgrade(conn: Connection, to: str, *, lose: bool) -> str:
    def work() -> str:
        undone = _undone(current(conn), to)
        if (lost := [said for script in undone for said in _losses(conn, script)]) and not lose:
            raise MigrationRefused(f"revision {to} has no place for {', '.join(lost)}: nothing was changed")
        command.downgrade(_config(conn), to)
        _say_who_works(conn, next(script for script in _scripts() if script.revision == to))
        return to

    return _alone(conn, work)


def _undone(found: str | None, to: str) -> Sequence[Script]:
    """The migrations to be undone, the newest first. Raises MigrationRefused."""
    if to not in known():
        raise MigrationRefused(f"there is no revision {to}: {', '.join(sorted(known()))}")
    if found not in known():
        raise MigrationRefused(
            f"the database is at revision {found or 'none'}, which this version does not know"
        )
    if known().index(to) < known().index(found):
        raise MigrationRefused(f"the database is at revision {found}, which is older than {to}")
    return _scripts()[known().index(found) : known().index(to)]


def _losses(conn: Connection, script: Script) -> list[str]:
    counted = {what: conn.execute(text(query)).scalar_one() for what, query in script.module.losses.items()}
    return [f"{count} {what}" for what, count in counted.items() if count]


def _say_who_works(conn: Connection, script: Script) -> None:
    """Keep in the database which programs work with it; the first tables had no place for that."""
    if works_with := getattr(script.module, "works_with", None):
        conn.execute(delete(compatibility))
        conn.execute(insert(compatibility).values(revision=works_with))


def _alone(conn: Connection, work: Callable[[], str]) -> str:
    """Do it while no other migration runs, and without a long wait for any table. Raises _TablesInUse."""
    with _in_use():
        if conn.dialect.name == "postgresql":
            conn.execute(text(f"SET LOCAL lock_timeout = '{_TABLE_WAIT_S}s'"))
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        return work()


@contextmanager
def _in_use() -> Iterator[None]:
    try:
        yield
    except OthersBuild:
        raise _TablesInUse from None
    except DBAPIError as error:
        if isinstance(error.orig, LockNotAvailable | DeadlockDetected):
            raise _TablesInUse from None
        raise


def _patiently(work: Callable[[], str], patience_s: float) -> str:
    until = time.monotonic() + patience_s
    while True:
        try:
            return work()
        except _TablesInUse:
            if time.monotonic() >= until:
                raise StoreUnavailable(
                    "the tables are in use, or another migration runs: try again"
                ) from None
        log.info("migration_waits", why="tables in use")
        time.sleep(min(_PAUSE_S, patience_s))


# ---------------------------------------------------------------------------------------------------- scripts and tables


def _config(conn: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = conn
    return config


@cache
def _scripts() -> tuple[Script, ...]:
    """All migrations, the newest first."""
    return tuple(ScriptDirectory.from_config(_config()).walk_revisions())


def differences(conn: Connection) -> list[object]:
    """What differs between the database and `schema.py`."""
    context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


def _write_revision(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"sqlite:///{folder}/migrations.db")
        store.run_sync(_upgrade, head())
        number = f"{len(_scripts()) + 1:04}"
        store.run_sync(
            lambda conn: command.revision(_config(conn), message, autogenerate=True, rev_id=number)
        )
        store.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python -m {__spec__.name} MESSAGE")
    _write_revision(sys.argv[1])
