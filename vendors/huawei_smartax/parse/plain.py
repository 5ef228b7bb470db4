"""Displays that describe themselves: labelled fields and tables whose rows fill their header, whatever the command.

Nothing is known here of what a label means; a line that fits neither form is refused like anywhere else.
"""

import re
from collections.abc import Sequence

from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse.layout import (
    HEAD_PORT,
    Body,
    Row,
    agree,
    closed,
    cut,
    fields,
    is_field,
    is_rule,
    notes,
    refuse_data,
    sections,
    solid,
    total_of,
    unknown,
)
from vendors.huawei_smartax.parse.values import port_of, scalar, slug

_NOTE = re.compile(r"\s*Notes? ?:")
_TOTAL = re.compile(r"\s*Total(?: Num(?:ber)?)? ?: ?(\d+)\s*")
_TITLE = re.compile(r"\s*(\S[^:]{0,60}\S):\s*")
_PORT = re.compile(r"(?<![\d/])(\d+) ?/ *(\d+) ?/ *(\d+)(?![\d/])")
_LABELLED = re.compile(r"\s*\S+(?: \S+)* *:.*")
"""A label whose words are one blank apart: the header of a table may hold a colon too."""
_PHRASE = re.compile(r"\S+(?: \S+)*")
_WORD = re.compile(r"\S+")
_HEADER_LINES = 3


def displayed(lines: Body) -> Row:
    """Blocks of fields and tables as they stand, each under the title above it if it has one.

    A table is `rows`, a block `fields`. A total is checked against the table above it.
    """
    body = solid(lines)
    noted = next((number for number, line in enumerate(body) if _NOTE.match(line)), len(body))
    if not (lines.ended or _TOTAL.fullmatch(body[noted - 1])):
        closed(body[:noted])
    if not any(map(is_rule, body)) and not lines.ended:
        cut()
    read: Row = {"blocks": []}
    groups = sections(_apart(body))
    while groups:
        _take(read, groups)
    if not read["blocks"] or len(body) == 1:
        raise UnknownReply("nothing but a sentence or a title")
    return read


def _apart(lines: Sequence[str]) -> list[str]:
    """The lines with a rule before each total and note, which stand below a table without one."""
    apart: list[str] = []
    for line in lines:
        if _TOTAL.fullmatch(line) or _NOTE.match(line):
            apart.append("-----")
        apart.append(line)
    return apart


def _take(read: Row, groups: list[list[str]]) -> None:
    group = groups.pop(0)
    if _NOTE.match(group[0]):
        read.setdefault("notes", []).append(" ".join(notes(group)))
    elif printed := total_of(group[0], _TOTAL):
        _totalled(read["blocks"], printed[0])
        if len(group) > 1:
            read["blocks"].append({"fields": fields(group[1:])})
    elif len(group) == 1 and groups and (titled := _TITLE.fullmatch(group[0])):
        _take(read, groups)
        read["blocks"][-1]["title"] = titled[1]
    elif is_field(group[0]) and _LABELLED.fullmatch(group[0]):
        read["blocks"].append({"fields": fields(group)})
    else:
        read["blocks"].append({"rows": filled(group, _rows(group, groups))})


def _rows(header: Sequence[str], groups: list[list[str]]) -> list[str]:
    """The rows below a header; none where a total of 0 follows."""
    if len(header) > _HEADER_LINES or not groups:
        unknown(header[0])
    printed = total_of(groups[0][0], _TOTAL)
    if printed is None:
        return groups.pop(0)
    if printed[0]:
        unknown(header[-1])
    return []


def _totalled(blocks: list[Row], printed: int) -> None:
    if not blocks or "rows" not in blocks[-1]:
        raise UnknownReply("a total that is of no table")
    agree(printed, len(blocks[-1]["rows"]), "rows")
    blocks[-1]["total"] = printed


def filled(header: Sequence[str], lines: Sequence[str]) -> list[Row]:
    """The rows of a table in which every row fills every column, named by its header alone."""
    for line in header:
        refuse_data(line)
    cells = [_PORT.sub(r"\1/\2/\3", line).split() for line in lines]
    readings = (_keys(header, words) for words in (_PHRASE, _WORD))
    keys = next((keys for keys in readings if all(len(row) == len(keys) for row in cells)), None)
    if keys is None or len(set(keys)) != len(keys):
        unknown(lines[0] if lines else header[0])
    return [_row(keys, row) for row in cells]


def _keys(header: Sequence[str], words: re.Pattern[str]) -> list[str]:
    """What the columns are called: the words of the first line, each with those that stand below it."""
    keys = []
    first = HEAD_PORT.sub(lambda found: "F/S/P".center(len(found[0])), header[0])
    for head in words.finditer(first):
        parts = [head[0]]
        for line in header[1:]:
            parts += [
                word[0]
                for word in _WORD.finditer(line)
                if word.start() < head.end() and word.end() > head.start()
            ]
        keys.append(slug(" ".join(parts)))
    return keys


def _row(keys: Sequence[str], cells: Sequence[str]) -> Row:
    read: Row = {}
    for key, cell in zip(keys, cells, strict=True):
        place = port_of(cell) if key == "f_s_p" else None
        read |= place or {key: scalar(cell)}
    return read
