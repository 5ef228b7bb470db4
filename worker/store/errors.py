"""What can go wrong with the database, in our own words.

StoreError
├── StoreUnavailable   try again: no connection, locked, disk full, not migrated yet
├── DataRefused        the data are at fault (NUL in a text, a number too large): the same data fail again
└── WorkerRuns         another worker holds this SQLite file
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic_core import PydanticSerializationError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError


class StoreError(Exception):
    """The database did not do what was asked."""


class StoreUnavailable(StoreError):
    """The database cannot be had now. Nothing has happened, or the commit is in doubt."""


class DataRefused(StoreError):
    """The database, or its driver, does not take these data. Nothing has happened."""


class WorkerRuns(StoreError):
    """Another worker process holds this SQLite database."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn the library's exceptions into ours; their texts never hold the statement's values."""
    try:
        yield
    except (DataError, IntegrityError) as error:
        raise DataRefused(_kind(error)) from None
    except DBAPIError as error:
        raise StoreUnavailable(f"{_kind(error)}: {_first_line(error)}") from None
    except StatementError as error:
        raise DataRefused(_kind(error)) from None
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"{type(error).__name__}: {_first_line(error)}") from None
    except (OverflowError, UnicodeError, PydanticSerializationError) as error:
        # sqlite3, psycopg and pydantic raise these for a number above 64 bits and for half a surrogate pair.
        raise DataRefused(type(error).__name__) from None


def _kind(error: StatementError) -> str:
    return type(error.orig or error).__name__


def _first_line(error: SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None) or error
    return (str(cause).splitlines() or [""])[0][:200]
