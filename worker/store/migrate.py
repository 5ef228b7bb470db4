"""Migrations: bring a database to the tables of `schema.py`.

A developer who changed `schema.py` writes the next one with `python -m worker.store.migrate "what it does"`; a test holds
that migrations and tables are equal on both databases.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from worker.store.db import Store
from worker.store.errors import StoreUnavailable
from worker.store.schema import metadata

_LOCK = 0x4143454D  # one upgrade at a time


def _config(conn: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = conn
    return config


def head() -> str:
    """The revision that this program needs."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(conn: Connection) -> str | None:
    """The revision of the database; None where it has none."""
    return MigrationContext.configure(conn).get_current_revision()


def upgrade(url: str) -> str:
    """Bring the database at `url` to the newest revision, in one transaction, and return that.

    Safe to call from several processes at once. Raises StoreUnavailable, ValueError for a URL we do not know.
    """
    store = Store.open(url)
    try:
        return store.run_sync(_upgrade)
    finally:
        store.close()


def _upgrade(conn: Connection) -> str:
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    try:
        command.upgrade(_config(conn), "head")
    except CommandError as error:
        raise StoreUnavailable(f"the database was made by a newer version: {error}") from None
    return head()


def check(conn: Connection) -> None:
    """Raises StoreUnavailable, which says what to do, where the database is not at this program's revision."""
    if (found := current(conn)) != head():
        raise StoreUnavailable(
            f"the database is at revision {found or 'none'}, this version needs {head()}: run `acende db upgrade`"
        )


def differences(conn: Connection) -> list[object]:
    """What differs between the database and `schema.py`."""
    context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


def _write_revision(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"sqlite:///{folder}/migrations.db")
        store.run_sync(_upgrade)
        number = f"{len(list((Path(__file__).parent / 'migrations' / 'versions').glob('[0-9]*.py'))) + 1:04}"
        store.run_sync(
            lambda conn: command.revision(_config(conn), message, autogenerate=True, rev_id=number)
        )
        store.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python -m {__spec__.name} MESSAGE")
    _write_revision(sys.argv[1])
