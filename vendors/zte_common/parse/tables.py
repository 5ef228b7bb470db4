"""Tables whose header names the columns, above a dashed rule: cut by the header's positions, not by blanks.

Models of ONUs hold blanks, cells may be empty, and a cell that is too long goes on below itself.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from vendors.errors import UnknownReply
from vendors.zte_common.parse.clean import solid

Cells = dict[str, str]

_RULE = re.compile(r"\s*-{5,}\s*")
_LONGEST_CELL = 200
_WIDE_GAP = re.compile(r"\s{2,}")


@dataclass(frozen=True)
class Column:
    """One column: its key, its printed label, and what its cells look like (always matched whole)."""

    key: str
    label: str
    cell: str = r"\S+"
    words: tuple[str, ...] = ()
    """What usually stands there: a cell with the beginning of one is cut."""


@dataclass(frozen=True)
class Table:
    """The columns of one variant of a display; the first column's cells begin a row."""

    columns: tuple[Column, ...]
    loose: re.Pattern[str] | None = None
    """A row that is out of line with its header and lacks cells, where it is clear all the same; groups are keys."""
    header: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        labels = (rf"(?P<{column.key}>{_spaced(column.label)})" for column in self.columns)
        object.__setattr__(self, "header", re.compile(r"\s*" + r"\s+".join(labels) + r"\s*", re.IGNORECASE))

    def starts(self, line: str) -> tuple[int, ...] | None:
        """Where the columns begin, if this line is the header."""
        if not (found := self.header.fullmatch(line)):
            return None
        indent = len(line) - len(line.lstrip())
        return tuple(found.start(column.key) - indent for column in self.columns)


def _spaced(label: str) -> str:
    return r"\s+".join(re.escape(word) for word in label.split())


def is_rule(line: str) -> bool:
    """Whether the line is a dashed rule."""
    return _RULE.fullmatch(line) is not None


def rows_of(lines: Sequence[str], *tables: Table, empty: bool = False) -> list[Cells]:
    """The rows of whichever variant the header is of.

    Raises UnknownReply for any other line, for a missing rule and, unless `empty` is allowed, for a table without rows.
    """
    body = solid(lines)
    table, starts = _header(body, tables)
    if len(body) < 2 or not is_rule(body[1]):
        raise UnknownReply("the rule below the header is missing: the reply is cut")
    rows: list[Cells] = []
    for line in body[2:]:
        _add(rows, line, table, starts)
    if not rows and not empty:
        raise UnknownReply("a header without rows: the reply is cut")
    return [_checked(row, table) for row in rows]


def split_total(lines: Sequence[str], total: re.Pattern[str]) -> tuple[list[str], re.Match[str]]:
    """The lines above the closing total, and the total. Raises UnknownReply where it is missing."""
    body = solid(lines)
    if not body or not (found := total.fullmatch(body[-1].strip())):
        raise UnknownReply("the closing total is missing: the reply is cut")
    return body[:-1], found


def agree(printed: int, counted: int, what: str) -> None:
    """Refuse a reply whose total is not the number of its rows."""
    if printed != counted:
        raise UnknownReply(f"the device says {printed} {what}, the reply holds {counted}")


def distinct(rows: Sequence[dict[str, Any]], *keys: str) -> None:
    """Refuse a reply that shows one thing twice."""
    seen = [tuple(row[key] for key in keys) for row in rows]
    if len(set(seen)) != len(seen):
        raise UnknownReply("a row is there twice")


def _header(body: Sequence[str], tables: Sequence[Table]) -> tuple[Table, tuple[int, ...]]:
    for table in tables:
        if body and (starts := table.starts(body[0])):
            return table, starts
    raise UnknownReply("no header that is known")


def _add(rows: list[Cells], line: str, table: Table, starts: tuple[int, ...]) -> None:
    first = table.columns[0]
    text = line.strip()
    begins = re.match(rf"(?:{first.cell})(?=\s|$)", text)
    if begins and len(line) - len(line.lstrip()) <= 4:
        rows.append(_cells(text, table, starts))
    elif rows:
        _continue(rows[-1], line, table, starts)
    else:
        raise UnknownReply("a row that no rule explains")


def _cells(text: str, table: Table, starts: tuple[int, ...]) -> Cells:
    ways: tuple[Callable[[], list[str] | None], ...] = (
        lambda: cut(text, starts),
        lambda: _WIDE_GAP.split(text),
        text.split,
    )
    for way in ways:
        cells = way()
        if cells is not None and len(cells) == len(table.columns) and _fit(cells, table):
            return {column.key: cell for column, cell in zip(table.columns, cells, strict=True)}
    if table.loose and (found := table.loose.fullmatch(text)):
        return {column.key: found.groupdict().get(column.key) or "" for column in table.columns}
    raise UnknownReply("a row that fits no column")


def _fit(cells: Sequence[str], table: Table) -> bool:
    return all(re.fullmatch(column.cell, cell) for column, cell in zip(table.columns, cells, strict=True))


def cut(text: str, starts: Sequence[int]) -> list[str] | None:
    """The cells between these positions; None where a word stands across one of them."""
    for start in starts[1:]:
        if start < len(text) and text[start - 1] != " " and text[start] != " ":
            return None
    ends = (*starts[1:], len(text))
    return [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]


def _continue(row: Cells, line: str, table: Table, starts: tuple[int, ...]) -> None:
    """Append a line that carries on cells which were too long for their columns."""
    cells = cut(line.rstrip(), starts)
    if cells is None or cells[0] or not any(cells):
        raise UnknownReply("a row that no rule explains")
    for number, (column, cell) in enumerate(zip(table.columns, cells, strict=True)):
        width = starts[number + 1] - starts[number] if number + 1 < len(starts) else 0
        if cell and len(row[column.key]) < width - 2:
            raise UnknownReply("a row that no rule explains")
        row[column.key] += cell
        if len(row[column.key]) > _LONGEST_CELL:
            raise UnknownReply("a cell without an end")


def _checked(row: Cells, table: Table) -> Cells:
    if not _fit([row[column.key] for column in table.columns], table):
        raise UnknownReply("a row that fits no column")
    for column in table.columns:
        cell = row[column.key]
        if cell not in column.words and any(word.startswith(cell) for word in column.words):
            raise UnknownReply("a cell that is cut")
    return row
