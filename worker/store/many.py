"""Statements over many rows or values whose text does not grow with their number.

SQLAlchemy writes one parameter for each value of an `IN`, and prepares each cell of each row anew: for a batch of five
hundred events that took longer than the database itself.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    LargeBinary,
    Select,
    Table,
    Text,
    TextClause,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from worker.store.schema import json_text

Rows = Sequence[Mapping[str, Any]]
Names = tuple[str, ...]


def among(conn: Connection, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """`column IN values`."""
    given = argument(conn, values)
    return column.in_(rows_of(conn.dialect.name, column, lambda kind: literal(given, kind)))


def rows_of(
    dialect: str, column: ColumnElement[Any], parameter: Callable[[Any], ColumnElement[Any]]
) -> Select[Any]:
    """The values of one parameter as rows, to be compared with `column`. `parameter` makes it, given its type."""
    if dialect == "postgresql":
        return select(func.unnest(parameter(ARRAY(column.type))))
    return select(func.json_each(parameter(Text())).table_valued("value").c.value)


def argument(conn: Connection, values: Collection[Any]) -> Any:
    """Values as such a parameter takes them."""
    return list(values) if conn.dialect.name == "postgresql" else json_text(list(values))


def upserting(conn: Connection, table: Table) -> Any:
    """An `INSERT` that may say what is to be done with rows that are there."""
    return (postgresql if conn.dialect.name == "postgresql" else sqlite).insert(table)


def insert(conn: Connection, table: Table, rows: Rows) -> None:
    """Insert rows, all with the same columns."""
    if rows:
        _write(conn, table, rows, _filled(rows))


def upsert(conn: Connection, table: Table, key: str, rows: Rows, *, kept: Collection[str] = ()) -> None:
    """Insert rows, all with the same columns; a row that is there has all of them overwritten but those in `kept`."""
    if rows:
        names = tuple(rows[0])
        _write(
            conn, table, rows, names, key, tuple(name for name in names if name != key and name not in kept)
        )


def _filled(rows: Rows) -> Names:
    """The columns that are not null in all rows: a new order has values in half of its fifty."""
    return tuple(name for name in rows[0] if any(row[name] is not None for row in rows))


def _write(
    conn: Connection, table: Table, rows: Rows, names: Names, key: str | None = None, changed: Names = ()
) -> None:
    if conn.dialect.name == "postgresql":
        conn.execute(_from_json(table, names, key, changed), {"rows": _as_json(table, rows, names)})
    else:
        statement, cells, kinds = _positional(table, names, key, changed, conn.dialect)
        conn.exec_driver_sql(statement, [_converted(cells(row), kinds) for row in rows])


# -------------------------------------------------------------------------------------- PostgreSQL: all rows in one value


@cache
def _from_json(table: Table, names: Names, key: str | None, changed: Names) -> TextClause:
    columns = ", ".join(f'"{name}"' for name in names)
    rows = f"json_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS json))"
    statement = f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {rows}"  # noqa: S608 - our own names
    if key is not None:
        overwritten = ", ".join(f'"{name}" = excluded."{name}"' for name in changed)
        statement += f' ON CONFLICT ("{key}") DO UPDATE SET {overwritten}'
    return text(statement)


def _as_json(table: Table, rows: Rows, names: Names) -> str:
    blobs = [name for name in names if isinstance(table.c[name].type, LargeBinary)]
    if blobs:
        rows = [{**row, **{name: "\\x" + row[name].hex() for name in blobs}} for row in rows]
    return json_text(rows)


# ----------------------------------------------------------------------------------------------- SQLite: row by row, bare

Kinds = Sequence[tuple[int, Callable[[Any], Any]]]


@cache
def _positional(
    table: Table, names: Names, key: str | None, changed: Names, dialect: Dialect
) -> tuple[str, Callable[[Mapping[str, Any]], tuple[Any, ...]], Kinds]:
    """The statement, what takes its cells out of a row, and which cells have to be converted, and how."""
    statement = sqlite.insert(table)
    if key is not None:
        new = {name: statement.excluded[name] for name in changed}
        statement = statement.on_conflict_do_update(index_elements=[key], set_=new)
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    order = compiled.positiontup or []
    processors = [_processor(table, name, dialect) for name in order]
    return str(compiled), itemgetter(*order), [(at, found) for at, found in enumerate(processors) if found]


def _processor(table: Table, name: str, dialect: Dialect) -> Callable[[Any], Any] | None:
    kind = table.c[name].type
    if isinstance(kind, JSON):
        return json_text
    return None if isinstance(kind, Boolean) else kind.dialect_impl(dialect).bind_processor(dialect)


def _converted(row: tuple[Any, ...], kinds: Kinds) -> tuple[Any, ...]:
    cells = list(row)
    for at, convert in kinds:
        if cells[at] is not None:
            cells[at] = convert(cells[at])
    return tuple(cells)
