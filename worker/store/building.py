"""Indexes that a migration builds beside running workers.

On PostgreSQL, in a database that is in use, each is built `CONCURRENTLY` before the transaction of its migration, so that no
writer waits for it. A build that was interrupted leaves an index that is not valid: it is dropped, and built anew.
"""

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from alembic import op
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

log = structlog.get_logger(__name__)
_LOCK = 0x41434549  # one builder at a time
_VALID = text(
    "SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
    " WHERE relname = :name AND pg_table_is_visible(pg_class.oid)"
)


class OthersBuild(Exception):
    """Another process builds indexes in this database."""


@dataclass(frozen=True)
class Built:
    """An index of a migration on one column; `sqlite` and `postgresql` say which rows it holds, all where they are None."""

    name: str
    table: str
    column: str
    sqlite: str | None = None
    postgresql: str | None = None

    def create(self) -> None:
        """Create it in the migration's transaction, unless it was built before."""
        op.create_index(
            self.name,
            self.table,
            [self.column],
            sqlite_where=text(self.sqlite) if self.sqlite else None,
            postgresql_where=text(self.postgresql) if self.postgresql else None,
            if_not_exists=True,
        )

    def drop(self) -> None:
        """Drop it in the migration's transaction."""
        op.drop_index(self.name, self.table, if_exists=True)

    def build(self, conn: Connection) -> None:
        """Build it on PostgreSQL, unless it is there and valid. `conn` commits each statement."""
        valid = conn.execute(_VALID, {"name": self.name}).scalar()
        if valid:
            return
        if valid is False:
            log.info("index_interrupted", index=self.name)
            conn.execute(text(f"DROP INDEX CONCURRENTLY {self.name}"))
        began = time.monotonic()
        log.info("index_begun", index=self.name, table=self.table)
        of_which = f" WHERE {self.postgresql}" if self.postgresql else ""
        conn.execute(text(f"CREATE INDEX CONCURRENTLY {self.name} ON {self.table} ({self.column}){of_which}"))
        log.info("index_built", index=self.name, seconds=round(time.monotonic() - began, 1))


def build(conn: Connection, indexes: Iterable[Built], wait_s: float) -> None:
    """Build those that are not there or not valid. Waits for transactions under way, `wait_s` at most for each.

    Raises OthersBuild, DBAPIError.
    """
    alone = conn.execution_options(isolation_level="AUTOCOMMIT")
    # Not waited for: a build waits for whoever waits for the lock.
    if not alone.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}).scalar():
        raise OthersBuild
    try:
        alone.execute(text(f"SET lock_timeout = {int(wait_s * 1000)}"))
        for index in indexes:
            index.build(alone)
    finally:
        with contextlib.suppress(DBAPIError):  # a connection that is gone has let go of it
            alone.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
