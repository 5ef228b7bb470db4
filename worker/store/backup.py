"""A copy of the embedded database, consistent while a worker writes."""

import sqlite3
from contextlib import closing
from pathlib import Path

from worker.store.errors import StoreUnavailable
from worker.store.private import make_private
from worker.store.url import parse_url


class NotEmbedded(Exception):
    """The database is PostgreSQL, which has tools of its own for it."""


def backup(url: str, file: Path) -> int:
    """Copy the SQLite database at `url` to a new file that only its owner can read; its bytes.

    The copy is of one moment, checked, durable, and complete or not there. Raises NotEmbedded, StoreUnavailable,
    FileExistsError, OSError.
    """
    source = parse_url(url)
    if source.get_backend_name() != "sqlite":
        raise NotEmbedded
    if file.exists():
        raise FileExistsError(file)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    make_private(part)
    try:
        _copy(Path(str(source.database)), part)
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size


def _copy(source: Path, target: Path) -> None:
    """In one step: a writer of another process would make copying page by page begin anew."""
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as one,
            closing(sqlite3.connect(target)) as other,
        ):
            one.backup(other)
            other.execute("PRAGMA journal_mode=DELETE").close()
            [found] = other.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{source}: {error}") from None
    if found != "ok":
        raise StoreUnavailable(f"{source} is damaged: {found}")
