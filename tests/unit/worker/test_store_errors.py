"""What the database's library raises, in our words and without values."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from sqlalchemy import exc

from worker.store.errors import DataRefused, StoreError, StoreFaulty, StoreUnavailable, translated

VALUES = {"password": "segredo"}


def lost(text: str) -> Exception:
    return exc.OperationalError("select :password", VALUES, sqlite3.OperationalError(text))


@pytest.mark.parametrize(
    ("raised", "error", "said"),
    [
        (exc.DataError("s", VALUES, ValueError("segredo")), DataRefused, "ValueError"),
        (exc.IntegrityError("s", VALUES, sqlite3.IntegrityError("segredo")), DataRefused, "IntegrityError"),
        (lost("database is locked"), StoreUnavailable, "OperationalError: database is locked"),
        (lost("gone\nDETAIL: segredo"), StoreUnavailable, "OperationalError: gone"),
        (lost(""), StoreUnavailable, "OperationalError: "),
        (lost("x" * 300), StoreUnavailable, "OperationalError: " + "x" * 200),
        (exc.StatementError("segredo", "s", VALUES, TypeError("segredo")), DataRefused, "TypeError"),
        (exc.StatementError("segredo", "s", VALUES, None), DataRefused, "StatementError"),
        (exc.TimeoutError("no connection"), StoreUnavailable, "TimeoutError: no connection"),
        (OverflowError("segredo"), DataRefused, "OverflowError"),
        (UnicodeEncodeError("utf-8", "segredo", 0, 1, "x"), DataRefused, "UnicodeEncodeError"),
    ],
)
def test_every_error_is_one_of_ours_and_quotes_no_value(
    raised: Exception, error: type[StoreError], said: str
) -> None:
    with pytest.raises(error) as found, translated():
        raise raised
    assert (type(found.value), str(found.value)) == (error, said)


def test_what_is_no_error_of_the_database_stays_what_it_is() -> None:
    with pytest.raises(KeyError), translated():
        raise KeyError("x")


def of_postgresql(state: str) -> Exception:
    """What psycopg raises for a SQLSTATE, as SQLAlchemy wraps it."""
    error = psycopg.errors.lookup(state)("a text")
    kinds = (
        "OperationalError ProgrammingError InternalError NotSupportedError DataError IntegrityError".split()
    )
    [kind] = [kind for kind in kinds if isinstance(error, getattr(psycopg, kind))]
    return getattr(exc, kind)("s", VALUES, error)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("08006 28P01 40001 40P01 53100 53300 55P03 57014 57P01 57P03 58030", StoreUnavailable),
        ("25006 25P03 25P04 57P05", StoreUnavailable),
        ("42P01 42703 42501 42601 42883 3F000 0A000 21000 25P02 26000 P0001 XX000 XX001", StoreFaulty),
        ("22001 22003 22P05 23505 54000 54001", DataRefused),
    ],
)
def test_each_sqlstate_of_postgresql_is_an_absence_a_lasting_fault_or_the_fault_of_data(
    states: str, expected: type[StoreError]
) -> None:
    for state in states.split():
        with pytest.raises(StoreError) as found, translated():
            raise of_postgresql(state)
        assert type(found.value) is expected, state


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY, StoreUnavailable),
        (sqlite3.SQLITE_LOCKED, StoreUnavailable),
        (sqlite3.SQLITE_FULL, StoreUnavailable),
        (sqlite3.SQLITE_IOERR_WRITE, StoreUnavailable),
        (sqlite3.SQLITE_CANTOPEN, StoreUnavailable),
        (sqlite3.SQLITE_ERROR, StoreFaulty),
        (sqlite3.SQLITE_CORRUPT, StoreFaulty),
        (sqlite3.SQLITE_READONLY_DBMOVED, StoreFaulty),
        (sqlite3.SQLITE_NOTADB, StoreFaulty),
    ],
)
def test_each_code_of_sqlite_is_an_absence_or_a_lasting_fault(code: int, expected: type[StoreError]) -> None:
    cause = sqlite3.OperationalError("a text")
    cause.sqlite_errorcode = code
    with pytest.raises(StoreError) as found, translated():
        raise exc.OperationalError("s", VALUES, cause)
    assert type(found.value) is expected


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (
            exc.ProgrammingError("s", VALUES, psycopg.ProgrammingError("cannot adapt type 'object'")),
            DataRefused,
        ),
        (
            exc.ProgrammingError("s", VALUES, sqlite3.ProgrammingError("Error binding parameter 1")),
            DataRefused,
        ),
        (
            exc.ProgrammingError(
                "s", VALUES, sqlite3.ProgrammingError("Cannot operate on a closed database.")
            ),
            StoreUnavailable,
        ),
        (
            exc.InterfaceError("s", VALUES, psycopg.InterfaceError("the connection is closed")),
            StoreUnavailable,
        ),
        (exc.OperationalError("s", VALUES, psycopg.OperationalError("no route")), StoreUnavailable),
    ],
)
def test_what_the_driver_itself_raises_is_of_the_data_or_of_the_connection(
    raised: Exception, expected: type[StoreError]
) -> None:
    with pytest.raises(StoreError) as found, translated():
        raise raised
    assert type(found.value) is expected
