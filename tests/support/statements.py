"""What a transaction says to the database: which rows it locks, in which order."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, Select, event


@contextlib.contextmanager
def locking(conn: Connection) -> Iterator[list[str]]:
    """The tables whose rows are locked meanwhile, one after another, each with the columns by which its rows are sorted, and
    with how they are locked: as it is said to PostgreSQL.
    """
    found: list[str] = []

    def see(_conn: Any, statement: Any, *_: object) -> None:
        if isinstance(statement, Select) and (how := statement._for_update_arg) is not None:
            of: Any = how.of
            tables = [str(table.name) for table in of or [_leftmost(statement.get_final_froms()[0])]]
            by = [one.name for one in statement._order_by_clauses if isinstance(one, Column)]
            found.append(" ".join([*tables, *by, *(["skip locked"] if how.skip_locked else [])]))

    event.listen(conn, "before_execute", see)
    try:
        yield found
    finally:
        event.remove(conn, "before_execute", see)


def _leftmost(table: Any) -> Any:
    while hasattr(table, "left"):
        table = table.left
    return table
