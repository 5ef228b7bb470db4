"""Lists of ONUs with rows that no rule explains: the other rows, and those apart. Totals count both."""

import re
from collections.abc import Callable, Iterable, Sequence

from schemas.serial import serial_or_none
from vendors.errors import UnknownReply
from vendors.left_out import LeftOut
from vendors.zte_common.parse import onus
from vendors.zte_common.parse.clean import clean, solid
from vendors.zte_common.parse.notice import notice
from vendors.zte_common.parse.registry import find
from vendors.zte_common.parse.tables import Layout, agree, distinct, is_rule, rows_of, split_total
from vendors.zte_common.parse.values import Row

_CONTROL = re.compile(r"[\x01-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
_LOST = "\ufffd"
_NUMBER = re.compile(r"\s*(?:[a-z]{0,4}pon[-_]onu[-_])?\d{1,3}/\d{1,3}/\d{1,3}:(\d{1,4})(?!\S)")
_PLACE = re.compile(r"(?<![\d/])\d{1,3}/\d{1,3}/\d{1,3}(?![\d/])")
_WORD = re.compile(r"[A-Za-z0-9-]{12,20}")


def listed(command: str, reply: str) -> tuple[Row, tuple[LeftOut, ...]]:
    """The rows of a list that can be read, and the others.

    Raises UnknownReply where it is not the rows that are odd, or not all of them are there.
    """
    lines = solid(clean(_CONTROL.sub(_LOST, reply), command).lines)
    found = find(command)
    if found is None or found[1] not in _READERS or not lines or notice(lines) is not None:
        raise UnknownReply("no list of ONUs")
    said, left = _READERS[found[1]](lines)
    return said, tuple(left)


def _uncfg(lines: Sequence[str]) -> tuple[Row, list[LeftOut]]:
    rows, left = _parted(lines, onus.UNCFG, onus.unregistered)
    distinct(rows, "shelf", "slot", "port", "onu", "sn", "mac")
    return {"onus": rows}, left


def _state(lines: Sequence[str]) -> tuple[Row, list[LeftOut]]:
    body, total = split_total(lines, onus.STATE_TOTAL)
    rows, left = _parted(body, onus.STATE, onus.state_of)
    agree(int(total[2]), len(rows) + len(left), "ONUs")
    distinct(rows, "shelf", "slot", "port", "onu")
    return {"onus": rows, "onu_number": {"working": int(total[1]), "total": int(total[2])}}, left


def _baseinfo(lines: Sequence[str]) -> tuple[Row, list[LeftOut]]:
    rows, left = _parted(lines, onus.BASEINFO, onus.base_of)
    distinct(rows, "shelf", "slot", "port", "onu")
    return {"onus": rows}, left


_READERS: dict[object, Callable[[Sequence[str]], tuple[Row, list[LeftOut]]]] = {
    onus.uncfg: _uncfg,
    onus.state: _state,
    onus.baseinfo: _baseinfo,
}


def _parted(
    lines: Sequence[str], layout: Layout, reader: Callable[[dict[str, str]], Row]
) -> tuple[list[Row], list[LeftOut]]:
    """The rows below the header, and those that are none; below a header that is not known no row can be read."""
    header, rule = lines[:1], lines[1:2] if len(lines) > 1 and is_rule(lines[1]) else []
    if not rule:
        raise UnknownReply("the rule below the header is missing: the reply is cut")
    known = layout.head(header[0]) is not None
    read: list[Row] = []
    left: list[LeftOut] = []
    for group in _groups(lines[2:]):
        try:
            if not known or any(_LOST in line for line in group):
                raise UnknownReply("a row that no rule explains")
            [cells] = rows_of([*header, *rule, *group], layout)
            read.append(reader(cells))
        except (UnknownReply, ValueError) as error:
            text = "\n".join(group)
            if not (_PLACE.search(text) or _holds_serial(text)):
                raise UnknownReply("a line that is no row") from error
            found = _NUMBER.match(text)
            left.append(LeftOut.of(text, int(found[1]) if found else None))
    return read, _distinct([row.get("onu") for row in read], left)


def _groups(lines: Sequence[str]) -> Iterable[list[str]]:
    """Each row with the lines that carry it on."""
    groups: list[list[str]] = []
    for line in lines:
        if groups and not (_PLACE.search(line) or _holds_serial(line)):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _holds_serial(text: str) -> bool:
    return any(serial_or_none(word) is not None for word in _WORD.findall(text))


def _distinct(taken: Sequence[int | None], left: Sequence[LeftOut]) -> list[LeftOut]:
    """A number that stands twice is none that can be read."""
    numbers = [*taken, *(row.number for row in left)]
    return [
        row if numbers.count(row.number) == 1 else row.model_copy(update={"number": None}) for row in left
    ]
