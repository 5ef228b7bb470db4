"""What can go wrong with the database, in our own words.

StoreError
├── StoreUnavailable   try again: no connection, locked, disk full, not migrated yet
├── StoreFaulty        it is there, and not as this program needs it (tables, rights, damage), or a bug of ours: a person must act
├── DataRefused        the data are at fault (NUL in a text, a number too large): the same data fail again
└── WorkerRuns         another worker holds this SQLite file
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic_core import PydanticSerializationError
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InternalError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
    StatementError,
)


class StoreError(Exception):
    """The database did not do what was asked."""

    broken_file = False
    """Whether SQLite's file only reads, or cannot be read and written: a disk that is worn, gone or mounted read-only."""


class StoreUnavailable(StoreError):
    """The database cannot be had now. Nothing has happened, or the commit is in doubt."""


class StoreFaulty(StoreError):
    """The database is there and does not do what this program asks, whatever the data: to ask again changes nothing."""


class DataRefused(StoreError):
    """The database, or its driver, does not take these data. Nothing has happened."""


class WorkerRuns(StoreError):
    """Another worker process holds this SQLite database."""


@contextmanager
def translated(unquoted: Callable[[str], str] = str) -> Iterator[None]:
    """Turn the library's exceptions into ours; their texts never hold the statement's values.

    `unquoted` takes out of a text what it must not repeat: parts of the database's URL.
    """
    try:
        yield
    except (DataError, IntegrityError) as error:
        raise DataRefused(_kind(error)) from None
    except DBAPIError as error:
        raise _judged(error, unquoted) from None
    except StatementError as error:
        raise DataRefused(_kind(error)) from None
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"{type(error).__name__}: {_first_line(error, unquoted)}") from None
    except (OverflowError, UnicodeError, PydanticSerializationError) as error:
        # sqlite3, psycopg and pydantic raise these for a number above 64 bits and for half a surrogate pair.
        raise DataRefused(type(error).__name__) from None


_GOES_BY = frozenset({"25006", "25P03", "25P04", "57P05"})
"""SQLSTATEs of a server that only reads for now (a standby, until it is promoted), and of sessions that it has ended."""
_TOO_LARGE = "54"
"""The class of SQLSTATEs of what exceeds a limit of PostgreSQL."""
_SQLITE_LASTING = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_INTERNAL,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_SCHEMA,
        sqlite3.SQLITE_MISUSE,
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_NOTADB,
    }
)


_SQLITE_BROKEN = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR})


def _judged(error: DBAPIError, unquoted: Callable[[str], str]) -> StoreError:
    """What an error of the database or its driver is."""
    judged = _kind_of(error, unquoted)
    judged.broken_file = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE_BROKEN
    return judged


def _kind_of(error: DBAPIError, unquoted: Callable[[str], str]) -> StoreError:
    """By its code and else by its class."""
    state = getattr(error.orig, "sqlstate", None)
    code = getattr(error.orig, "sqlite_errorcode", None)
    said = f"{_kind(error)}: {_first_line(error, unquoted)}"
    if state is None and code is None:
        # The driver's own: of what was given to it, but for a connection that is no more.
        raw = _first_line(error, str)
        taken = "closed" in raw or "connection" in raw or not isinstance(error, ProgrammingError)
        return StoreUnavailable(said) if taken else DataRefused(_kind(error))
    if state is not None and state.startswith(_TOO_LARGE):
        return DataRefused(_kind(error))
    lasting = (
        isinstance(error, ProgrammingError | InternalError | NotSupportedError) and state not in _GOES_BY
    )
    if lasting or (code is not None and code & 0xFF in _SQLITE_LASTING):
        return StoreFaulty(said)
    return StoreUnavailable(said)


def _kind(error: StatementError) -> str:
    return type(error.orig or error).__name__


def _first_line(error: SQLAlchemyError, unquoted: Callable[[str], str]) -> str:
    cause = getattr(error, "orig", None) or error
    return unquoted((str(cause).splitlines() or [""])[0])[:200]
