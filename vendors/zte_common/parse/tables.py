"""Tables whose header names the columns, above a dashed rule: cut by the header's positions, not by blanks.

Which columns there are, and in which order, depends on software and settings (`uncfg-onu-display-info`); the header tells.
Models of ONUs hold blanks, cells may be empty, and a cell that is too long goes on below itself.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from schemas.text import MASK
from vendors.errors import UnknownReply
from vendors.zte_common.parse.clean import solid
from vendors.zte_common.parse.values import slug

Cells = dict[str, str]

_RULE = re.compile(r"\s*(?:-{5,}|={5,})\s*")
_LONGEST_HEADER, _LONGEST_CELL = 500, 200
_GAPPED, _WORD = re.compile(r"\S+(?: \S+)*"), re.compile(r"\S+")
_SHIFT = 4
"""How far cells may stand to the left of their label."""
_LONGER, _SHORTER = len(MASK) - 1, 20 - len(MASK)
"""By how much a mask may be longer or shorter than a password."""
_INDENT = 4
"""A row that is indented deeper is one only if all its cells fit: blanks that erased a pager may be left before it."""


@dataclass(frozen=True)
class Column:
    """One column: its key, its printed label (or several), and what its cells look like (always matched whole)."""

    key: str
    label: str | tuple[str, ...]
    cell: str = r"\S+"
    words: tuple[str, ...] = ()
    """What usually stands there: a cell with the beginning of one is cut."""
    last: str | None = None
    """What its cells look like where no column follows: only there a cut shows in nothing else."""


@dataclass(frozen=True)
class Layout:
    """The columns that a display is known to have; cells of the first one begin a row.

    A column that is not known is taken with the header's word for it.
    """

    columns: tuple[Column, ...]
    required: frozenset[str]
    loose: re.Pattern[str] | None = None
    """A row that is out of line with its header and lacks cells, where it is clear all the same; groups are keys."""
    ruled: bool = True
    """Whether a rule must follow the header."""
    _header: re.Pattern[str] = field(init=False)
    _by_label: dict[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        by_label = {label.casefold(): column for column in self.columns for label in _labels(column)}
        known = "|".join(_spaced(label) for label in sorted(by_label, key=len, reverse=True))
        one = rf"(?:{known})(?!\S)"
        header = re.compile(rf"(?<!\S)(?:(?P<known>{one})|(?P<other>\S+(?: (?!{one})\S+)*))", re.IGNORECASE)
        object.__setattr__(self, "_by_label", by_label)
        object.__setattr__(self, "_header", header)

    def head(self, line: str) -> "Head | None":
        """What the header says, if this line is one."""
        if len(line) > _LONGEST_HEADER:
            return None
        found: list[Column] = []
        starts: list[int] = []
        for label in self._header.finditer(line):
            found.append(self._column(label))
            starts.append(label.start())
        keys = [column.key for column in found]
        begins = bool(found) and found[0].key == self.columns[0].key
        if not begins or not self.required <= set(keys) or len(set(keys)) != len(keys):
            return None
        found[-1] = replace(found[-1], cell=found[-1].last or found[-1].cell)
        indent = starts[0]
        return Head(
            tuple(found),
            tuple(start - indent for start in starts),
            self.loose,
            wide="  " in line.strip(),
        )

    def _column(self, label: re.Match[str]) -> Column:
        if label["known"]:
            return self._by_label[" ".join(label[0].casefold().split())]
        return Column(slug(label[0]), label[0], r".*")


@dataclass(frozen=True)
class Head:
    """The columns of one table, and where they begin."""

    columns: tuple[Column, ...]
    starts: tuple[int, ...]
    loose: re.Pattern[str] | None
    wide: bool
    """Whether more than a blank stands between some labels: rows keep to the columns then."""

    def cells(self, text: str) -> Cells | None:
        """The cells of a row without its indentation; None where it fits in no way.

        Cells that are too long push those behind them to the right: then blanks tell them apart, if there are enough.
        """
        text = self._in_line(text)
        ways: tuple[Callable[[], list[str] | None], ...] = (
            lambda: cut(text, self.starts),
            lambda: self._apart(_GAPPED.finditer(text)),
            lambda: self._apart(_WORD.finditer(text)),
        )
        for way in ways:
            cells = way()
            if cells is not None and len(cells) == len(self.columns) and self._fit(cells):
                return {column.key: cell for column, cell in zip(self.columns, cells, strict=True)}
        if self.loose and (found := self.loose.fullmatch(text)):
            return {column.key: found.groupdict().get(column.key) or "" for column in self.columns}
        return None

    def _in_line(self, text: str) -> str:
        """A row whose password the session masked, with what stands behind it where it stood: masks have another length."""
        end = text.find(f"{MASK} ") + len(MASK)
        rest = text[end:].lstrip()
        at = len(text) - len(rest)
        places = [start for start in self.starts if end < start and at - _LONGER <= start <= at + _SHORTER]
        if end < len(MASK) or not rest or len(places) != 1:
            return text
        return text[:end].ljust(places[0]) + rest

    def _apart(self, found: Iterator[re.Match[str]]) -> list[str] | None:
        """The cells, unless one stands before its column: then something in front of it is lost."""
        cells = list(islice(found, len(self.columns) + 1))
        early = any(cell.start() < start - _SHIFT for cell, start in zip(cells, self.starts, strict=False))
        return None if early and self.wide else [cell[0] for cell in cells]

    def begins(self, text: str) -> bool:
        """Whether a line begins as a row does."""
        return re.match(rf"(?:{self.columns[0].cell})(?=\s|$)", text) is not None

    def checked(self, row: Cells) -> Cells:
        """The row. Raises UnknownReply where a cell, put together by now, is none or is cut."""
        if not self._fit([row[column.key] for column in self.columns]):
            raise UnknownReply("a row that fits no column")
        for column in self.columns:
            cell = row[column.key]
            if cell not in column.words and any(word.startswith(cell) for word in column.words):
                raise UnknownReply("a cell that is cut")
        return row

    def _fit(self, cells: Sequence[str]) -> bool:
        return all(re.fullmatch(column.cell, cell) for column, cell in zip(self.columns, cells, strict=True))


def is_rule(line: str) -> bool:
    """Whether the line is a rule of dashes or equal signs."""
    return _RULE.fullmatch(line) is not None


def rows_of(lines: Sequence[str], layout: Layout, empty: bool = False) -> list[Cells]:
    """The rows below the header; cells of columns that this table lacks are not in them.

    Raises UnknownReply for any other line, for a missing rule and, unless `empty` is allowed, for a table without rows.
    """
    body = solid(lines)
    head = layout.head(body[0]) if body else None
    if head is None:
        raise UnknownReply("no header that is known")
    ruled = len(body) > 1 and is_rule(body[1])
    if layout.ruled and not ruled:
        raise UnknownReply("the rule below the header is missing: the reply is cut")
    rows: list[Cells] = []
    for line in body[1 + ruled :]:
        _add(rows, line, head)
    if not rows and not empty:
        raise UnknownReply("a header without rows: the reply is cut")
    return [head.checked(row) for row in rows]


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


def distinct(rows: Iterable[dict[str, Any]], *keys: str) -> None:
    """Refuse a reply that shows one thing twice."""
    seen = [tuple(row.get(key) for key in keys) for row in rows]
    if len(set(seen)) != len(seen):
        raise UnknownReply("a row is there twice")


def cut(text: str, starts: Sequence[int]) -> list[str] | None:
    """The cells between these positions; None where a word stands across one of them, or a gap within a cell."""
    for start in starts[1:]:
        if start < len(text) and text[start - 1] != " " and text[start] != " ":
            return None
    ends = (*starts[1:], len(text))
    cells = [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    return None if any("  " in cell for cell in cells) else cells


def _labels(column: Column) -> tuple[str, ...]:
    return (column.label,) if isinstance(column.label, str) else column.label


def _spaced(label: str) -> str:
    return r"\s+".join(re.escape(word) for word in label.split())


def _add(rows: list[Cells], line: str, head: Head) -> None:
    text = line.strip()
    if head.begins(text):
        if (cells := head.cells(text)) is not None:
            rows.append(cells)
            return
        if len(line) - len(line.lstrip()) <= _INDENT:
            raise UnknownReply("a row that fits no column")
    if not rows:
        raise UnknownReply("a row that no rule explains")
    _continue(rows[-1], line, head)


def _continue(row: Cells, line: str, head: Head) -> None:
    """Append a line that carries on cells which were too long for their columns."""
    starts = head.starts
    cells = cut(line.rstrip(), starts)
    if cells is None or cells[0] or not any(cells):
        raise UnknownReply("a row that no rule explains")
    for number, (column, cell) in enumerate(zip(head.columns, cells, strict=True)):
        width = starts[number + 1] - starts[number] if number + 1 < len(starts) else 0
        if cell and len(row[column.key]) < width - 2:
            raise UnknownReply("a row that no rule explains")
        row[column.key] += cell
        if len(row[column.key]) > _LONGEST_CELL:
            raise UnknownReply("a cell without an end")
