"""What the database's library raises, in our words and without values."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import exc

from worker.store.errors import DataRefused, StoreError, StoreUnavailable, translated

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
