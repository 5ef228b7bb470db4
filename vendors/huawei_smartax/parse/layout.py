"""How SmartAX lays its output out: dashed rules, `label : value` fields, tables whose header names the columns."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse.values import field, port_of, scalar, slug, whole

Row = dict[str, Any]

_RULE = re.compile(r"\s*-{5,}(?: -+)*\s*")
_FIELD = re.compile(r"\s*([A-Za-z0-9<*][^:\n]{0,60}?)\s*:(.*)")
_SLASHES = re.compile(r"(\S) ?/( ?)(\S) ?/( ?)(\S)")
_WIDEST = 400
"""No header is longer."""
_DATUM = re.compile(r"\d[\d/.:-]*|-+")
HEAD_PORT = re.compile(r"F ?/ ?S ?/ ?P")
_CUT = "the end is missing"


class Body(list[str]):
    """The lines of one reply's body.

    `ended`: a prompt stood behind it, so nothing can be missing. `broken`: it stops without even a line end.
    """

    command: str = ""
    ended: bool = False
    broken: bool = False

    @classmethod
    def of(cls, lines: Iterable[str], command: str, *, ended: bool, broken: bool = False) -> "Body":
        """The lines with what is known of them."""
        body = cls(lines)
        body.command, body.ended, body.broken = command, ended, broken
        return body


def unknown(line: str) -> NoReturn:
    """Refuse a line that no rule explains."""
    raise UnknownReply(f"a line that no rule explains: {line.strip()[:120]!r}")


def cut(why: str = _CUT) -> NoReturn:
    """Refuse a reply that is not whole."""
    raise UnknownReply(why)


def is_rule(line: str) -> bool:
    """Whether the line is a dashed rule."""
    return _RULE.fullmatch(line) is not None


def solid(lines: Iterable[str]) -> list[str]:
    """The lines that hold something."""
    return [line for line in lines if line.strip()]


def closed(lines: Sequence[str], least: int = 2) -> None:
    """Refuse what does not end with a dashed rule as long as the first and the one before, or has fewer than `least`."""
    body = solid(lines)
    rules = [len(line.strip()) for line in body if is_rule(line)]
    if not body or len(rules) < least or not is_rule(body[-1]) or rules[-1] < max(rules[0], rules[-2]):
        cut()


def sections(lines: Sequence[str]) -> list[list[str]]:
    """The groups of lines between dashed rules; nothing between two rules is no group."""
    groups: list[list[str]] = [[]]
    for line in lines:
        if is_rule(line):
            groups.append([])
        elif line.strip():
            groups[-1].append(line)
    return [group for group in groups if group]


def is_field(line: str) -> bool:
    """Whether the line is of the form `label : value`."""
    return _FIELD.fullmatch(line) is not None


def pairs(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Labels and values; a value that the device wrapped, right of the colon, is put together again."""
    found: list[tuple[str, list[str]]] = []
    colon = column = 0
    above = ""
    for line in lines:
        if found and _indent(line) > colon and _full(above, found[-1][0], colon):
            found[-1][1].append(_from(line, column))
        elif (named := _FIELD.fullmatch(line)) and named[1] not in {"Note", "Notes"}:
            colon = line.index(":", named.end(1))
            column = colon + 1 + max(_indent(named[2]), 1)
            found.append((named[1], [named[2].lstrip()]))
        else:
            unknown(line)
        above = line
    widths = {} if _padded(lines) else _WIDTHS
    return [(label, unwrapped(parts, widths.get(label, 0))) for label, parts in found]


_WIDTHS = {"Description": 32}
"""How many characters of a value stand in one line."""
_FULL = 32
"""No value is known to have been broken with fewer."""


def _full(above: str, label: str, colon: int) -> bool:
    """Whether a value may go on below: its line is full, or is that of a label whose padding may have been taken off."""
    return label in _WIDTHS or len(above) - colon - 2 >= _FULL


def _padded(lines: Iterable[str]) -> bool:
    """Whether blanks at line ends are as the device sent them: nobody took them off."""
    return any(line.endswith(" ") for line in lines)


def _from(line: str, column: int) -> str:
    """What stands in a line from `column` on, or from where it begins."""
    return line[min(column, _indent(line)) :]


def unwrapped(parts: Sequence[str], width: int) -> str:
    """A text from the lines it was broken into. A blank at the break stays behind as padding, or leads the next line.

    Where the padding was taken off, a line with less than `width` characters was broken at a blank too.
    """
    text = above = ""
    for part in parts:
        blank = above.endswith(" ") or part.startswith(" ") or len(above) < width
        text = f"{text} {part.strip()}" if above and blank else text + part.strip()
        above = part
    return text.strip()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def fields(lines: Sequence[str]) -> Row:
    """The fields of one block under their slugged labels. Raises UnknownReply for a label that stands twice."""
    read: Row = {}
    for label, text in pairs(lines):
        for key, value in field(slug(label), text).items():
            if key in read:
                raise UnknownReply(f"the field {label!r} stands twice")
            read[key] = value
    return read


_PATTERNS = {
    "int": r"(\d+|-+)",
    "number": r"(-?\d+(?:\.\d+)?|-+)",
    "word": r"([!-~]+)",
    "port": r"(\d+ ?/ *\d+ ?/ *\d+)",
    "pair": r"((?:-?\d+(?:\.\d+)?|-+)/(?:-?\d+(?:\.\d+)?|-+))",
    "time": r"(-|\d{1,4}[-/]\d{1,2}[-/]\d{1,4} \d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})?)",
    "text": r"(\S.*?)",
    "phrase": r"(\S.*?)",
    "other": r"([!-~]+)",
}


@dataclass(frozen=True)
class Column:
    """A column: its key, the words of the header's first line that announce it, and the form of its values."""

    key: str
    head: str
    kind: str = "word"


@dataclass(frozen=True)
class Table:
    """A table by its columns; the header decides which of them are there, in what order, and what else is."""

    columns: tuple[Column, ...]
    needs: frozenset[str] = frozenset()
    """Keys without which the header is not this table's."""
    width: int = 0
    """How many characters of the free text in the last column stand in one line, if that is known: only read where the
    padding was taken off."""
    padded: bool = False
    """Whether a cell may be blank, in a line that is padded all the same."""

    def matches(self, header: Sequence[str]) -> bool:
        """Whether `header` (first line) announces this table."""
        if len(header[0]) > _WIDEST:
            return False
        keys = {column.key for column in columns_of(self, tuple(header))}
        return self.needs <= keys and bool(self.needs)

    def _columns(self, header: Sequence[str]) -> tuple[Column, ...]:
        """The columns that a header announces. Raises UnknownReply where data stand in it, or two are called alike."""
        for line in header:
            refuse_data(line)
        columns = columns_of(self, tuple(header))
        if len({column.key for column in columns}) != len(columns):
            unknown(header[0])
        return columns

    def rows(self, header: Sequence[str], lines: Sequence[str]) -> list[Row]:
        """The rows below `header`. Raises UnknownReply for a line that is none."""
        columns = self._columns(header)
        pattern = _row_pattern(tuple(column.kind for column in columns))
        read: list[Row] = []
        texts: list[str] = []
        wide = _text_from(columns, header)
        width = 0 if _padded(lines) else self.width
        column = 0
        for line in lines:
            if found := pattern.fullmatch(line):
                read.append(_row(columns, found.groups()))
                column = found.start(len(columns)) if found[len(columns)] else wide
                texts = [line[column:]]
            elif read and wide and _indent(line) >= wide:
                texts.append(_from(line, column))
                read[-1] |= _cell(columns[-1], unwrapped(texts, width))
            elif self.padded and (cells := _by_place(columns, header[0], line)):
                read.append(_row(columns, cells))
            else:
                unknown(line)
        return read


def refuse_data(header: str) -> None:
    """Refuse a line of a header in which a number or a dash stands: it is a row, and the rule above it is lost."""
    if any(_DATUM.fullmatch(word) for word in header.split()):
        unknown(header)


def _by_place(columns: Sequence[Column], header: str, line: str) -> list[str] | None:
    """The cells of a row of which some are blank, by where they stand; None if it is no such row."""
    starts = [header.lower().find(column.head.lower()) for column in columns]
    words = [(found.start(), found[0]) for found in re.finditer(r"\S+", line)]
    if len(line) <= starts[-1] or not words or any(at not in starts for at, _ in words[1:]):
        return None
    placed = {starts[0]: words[0][1]} | dict(words[1:])
    cells = [placed.get(start, "") for start in starts]
    fitting = all(
        not cell or re.fullmatch(_PATTERNS[column.kind], cell)
        for column, cell in zip(columns, cells, strict=True)
    )
    return cells if fitting else None


def _text_from(columns: Sequence[Column], header: Sequence[str]) -> int:
    """Where the free text in the last column begins: lines further right go on with it. 0: there is none."""
    if not columns or columns[-1].kind != "text":
        return 0
    return max(header[0].rfind(columns[-1].head.split()[-1]) - 2, 8)


@lru_cache(maxsize=256)
def columns_of(table: Table, header: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns that a header announces, left to right; those that `table` does not know by their own words."""
    line = HEAD_PORT.sub(lambda found: "F/S/P".center(len(found[0])), header[0])
    left = list(table.columns)
    found: list[Column] = []
    position = 0
    while match := re.compile(r"\S+").search(line, position):
        column = _announced(line, match.start(), left)
        if column is None:
            column = Column(_own_key(match, header[1:]), match[0], "other")
            position = match.end()
        else:
            left.remove(column)
            position = match.start() + len(_head_at(line, match.start(), column))
        found.append(column)
    return tuple(found)


def _head_at(line: str, start: int, column: Column) -> str:
    words = re.compile(r" {1,2}".join(map(re.escape, column.head.split())) + r"(?!\S)", re.IGNORECASE)
    found = words.match(line, start)
    return found[0] if found else ""


def _announced(line: str, start: int, columns: Sequence[Column]) -> Column | None:
    fitting = [column for column in columns if _head_at(line, start, column)]
    return max(fitting, key=lambda column: len(column.head), default=None)


def _own_key(word: re.Match[str], below: Sequence[str]) -> str:
    """The key of an unknown column: its word and the words that stand below it."""
    parts = [word[0]]
    for line in below:
        parts += [
            m[0] for m in re.finditer(r"\S+", line) if m.start() < word.end() and m.end() > word.start()
        ]
    return slug(" ".join(parts)) or "column"


@lru_cache(maxsize=256)
def _row_pattern(kinds: tuple[str, ...]) -> re.Pattern[str]:
    joined = r"\s*"
    for number, kind in enumerate(kinds):
        cell = (r"\s+" if number else "") + _PATTERNS[kind]
        joined += f"(?:{cell})?" if kind == "text" else cell
    return re.compile(joined + r"\s*")


def _row(columns: Sequence[Column], cells: Sequence[str | None]) -> Row:
    read: Row = {}
    for column, cell in zip(columns, cells, strict=True):
        read |= _cell(column, cell or "")
    return read


def _cell(column: Column, cell: str) -> Row:
    if column.kind == "port":
        return dict(port_of(cell) or {})
    if column.key == "sn":
        return field("sn", cell)
    if column.kind == "pair":
        first, second = (scalar(part) for part in cell.split("/", 1))
        left, right = column.key.split("|")
        return {left: first, right: second}
    if column.kind == "int":
        return {column.key: whole(cell) if cell.isdigit() else None}
    if column.kind in {"number", "other"}:
        return {column.key: scalar(cell)}
    return {column.key: None if cell.strip("-") == "" else cell}


def total_of(line: str, pattern: re.Pattern[str]) -> tuple[int, ...] | None:
    """The numbers of a footer, if the line is that footer."""
    found = pattern.fullmatch(line)
    return tuple(whole(number) for number in found.groups() if number is not None) if found else None


def agree(printed: int, read: int, what: str) -> None:
    """Refuse rows that are not as many as the device says."""
    if printed != read:
        raise UnknownReply(f"the device counts {printed} {what}, the reply holds {read}")


def distinct(rows: Sequence[Row], *keys: str) -> None:
    """Refuse a table in which a row stands twice."""
    seen = [tuple(row.get(key) for key in keys) for row in rows]
    if len(set(seen)) != len(seen):
        raise UnknownReply("a row stands twice")


def notes(lines: Sequence[str]) -> list[str]:
    """The lines of a note, joined into one text each. Refuses what looks like data."""
    text: list[str] = []
    for line in solid(lines):
        if is_rule(line) or re.match(r"\s*(?:Failure:|%|\d+ +\S+ +\S+ +\S+)", line):
            unknown(line)
        text.append(line.strip())
    return text
