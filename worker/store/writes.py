"""Whether the database takes writes: what came of the last one, and the write that is made only to see. Pure but for that."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection, text

from worker.store.errors import StoreError
from worker.store.schema import compatibility

_BYTES = 65_536


@dataclass(frozen=True)
class Writes:
    """Times are seconds of `worker.clock.boottime`. Data that are refused tell nothing of the database."""

    at: float = float("-inf")
    """When the last write ended."""
    well: bool = False
    """Whether it was taken."""
    broken_since: float | None = None
    """Since when writes fail since SQLite's file only reads or cannot be read and written; None: since no write."""

    def taken(self, at: float) -> "Writes":
        """After a write that was taken."""
        return Writes(at, well=True)

    def failed(self, at: float, error: StoreError) -> "Writes":
        """After one that was not."""
        since = at if error.broken_file and self.broken_since is None else self.broken_since
        return replace(self, at=at, well=False, broken_since=since)

    def broken_for(self, now: float) -> float:
        """For how long nothing could be written for the file's sake, seconds."""
        return 0.0 if self.broken_since is None else now - self.broken_since


def try_write(conn: Connection) -> None:
    """Write into the open transaction what must be undone. Raises what the database says."""
    if conn.dialect.name == "sqlite":
        _spill(conn)
    else:
        conn.execute(compatibility.update().values(revision=compatibility.c.revision))


def _spill(conn: Connection) -> None:
    """More than the cache is let hold, so that it comes to the disk before there is a commit."""
    before = conn.execute(text("PRAGMA cache_size")).scalar_one()
    conn.execute(text("PRAGMA cache_size = 1"))
    try:
        conn.execute(text("CREATE TABLE acende_try_write (x BLOB)"))
        for _ in range(2):
            conn.execute(text("INSERT INTO acende_try_write VALUES (zeroblob(:bytes))"), {"bytes": _BYTES})
    finally:
        conn.execute(text(f"PRAGMA cache_size = {int(before)}"))
