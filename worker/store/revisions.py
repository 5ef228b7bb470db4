"""Which revision a database is at, and whether this program works with it. `migrate.py` changes it; that costs an import of Alembic."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, select, text

from worker.store.errors import StoreUnavailable
from worker.store.schema import compatibility


def fault(found: str | None, oldest: str | None, known: Sequence[str]) -> str | None:
    """Why a program that knows the revisions `known`, its own first, cannot use a database at `found`; None where it can.

    `oldest` is the oldest revision whose program still works, as the database says.
    """
    if found is None or (found in known and found != known[0]):
        return f"the database is at revision {found or 'none'}, this version needs {known[0]}: run `acende db upgrade`"
    if found not in known and oldest not in known:
        return (
            f"the database is at revision {found}, which works with versions from revision {oldest or found} on;"
            f" this one is {known[0]}: run a newer version"
        )
    return None


@cache
def known() -> tuple[str, ...]:
    """The revisions that this program knows, the newest first: files of migrations bear their numbers."""
    files = (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*.py")
    return tuple(sorted((file.name.partition("_")[0] for file in files), reverse=True))


def head() -> str:
    """The revision that this program is made for."""
    return known()[0]


def current(conn: Connection) -> str | None:
    """The revision of the database; None where it has none."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def check(conn: Connection) -> None:
    """Raises StoreUnavailable, which says what to do, where this program cannot work with the database as it is."""
    found = current(conn)
    newer = found is not None and found not in known()
    oldest = conn.execute(select(compatibility.c.revision)).scalar() if newer else None
    if said := fault(found, oldest, known()):
        raise StoreUnavailable(said)
