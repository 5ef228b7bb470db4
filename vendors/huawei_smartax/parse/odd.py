"""Lists of ONTs with rows that no rule explains: the other rows, and those apart. Totals count both."""

import re
from collections.abc import Callable, Sequence

from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse import ont
from vendors.huawei_smartax.parse.clean import clean
from vendors.huawei_smartax.parse.layout import (
    Row,
    agree,
    closed,
    distinct,
    fields,
    is_rule,
    sections,
    solid,
    total_of,
    unknown,
)
from vendors.huawei_smartax.parse.refusal import refusal
from vendors.left_out import LeftOut

Left = list[LeftOut]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f]")
_LOST = "\ufffd"
_BLOCK = re.compile(r"\s*(?:Number|F/S/P|Ont SN|VendorID)\s*:")
_NUMBERED = re.compile(r"\s*\d+ ?/ *\d+ ?/ *\d+\s+(\d{1,3})(?!\S)")
_CELLS = 4
"""A line with fewer words is no row of a list."""


def unmixed(reply: str) -> str:
    """The reply with a sign for each control character, so that only its row cannot be read."""
    return _CONTROL.sub(_LOST, reply)


def listed(command: str, reply: str) -> tuple[Row, tuple[LeftOut, ...]]:
    """The rows of `display ont autofind` or `display ont info … all` that can be read, and the others.

    Raises UnknownReply where it is not the rows that are odd, or not all of them are there.
    """
    lines = clean(unmixed(reply), command).lines
    if refusal(lines) is not None:
        raise UnknownReply("a refusal where a list was expected")
    reader: Callable[[Sequence[str]], tuple[Row, Left]] = _found if " autofind" in command else _port
    try:
        said, left = reader(lines)
    except (IndexError, KeyError, ValueError, TypeError) as error:
        raise UnknownReply(f"a form that no rule explains ({type(error).__name__})") from error
    return said, tuple(left)


def _found(lines: Sequence[str]) -> tuple[Row, Left]:
    body = solid(lines)
    printed = total_of(body[-1], ont.AUTOFIND_TOTAL) if body else None
    body = body[:-1] if printed else body
    closed(body)
    onts: list[Row] = []
    left: Left = []
    for number, section in enumerate(sections(body), start=1):
        try:
            if any(_LOST in line for line in section):
                raise UnknownReply("a control character")
            row = fields(section)
            ont.numbered(row, number)
            onts.append(row)
        except UnknownReply:
            if not any(map(_BLOCK.match, section)):
                raise
            left.append(LeftOut.of("\n".join(section)))
    if printed:
        agree(printed[0], len(onts) + len(left), "ONTs")
    return {"onts": onts}, left


def _port(lines: Sequence[str]) -> tuple[Row, Left]:
    """One port: the table of states, that of descriptions, the total."""
    body = solid(lines)
    closed(body)
    total = ont.totals_of(
        next((line for line in reversed(body) if ont.PORT_TOTAL.fullmatch(line)), "nothing")
    )
    onts: list[Row] = []
    left: Left = []
    groups = [group for group in sections(body) if not ont.PORT_TOTAL.fullmatch(group[0])]
    headed = False
    while groups:
        header = groups.pop(0)
        rows = groups.pop(0) if groups else []
        if ont.LIST.matches(header):
            headed = True
            _states(header, rows, onts, left)
        elif not ont.DESCRIPTIONS.matches(header):
            unknown(header[0])
    if not headed:
        raise UnknownReply("no table of states")
    agree(total["total"], len(onts) + len(left), "ONTs")
    if any(ont.place(row) != ont.place(total) for row in onts):
        raise UnknownReply("an ONT of another port than the total")
    distinct(onts, "ont_id")
    return {"onts": onts}, _distinct(onts, left)


def _states(header: Sequence[str], rows: Sequence[str], onts: list[Row], left: Left) -> None:
    for line in rows:
        try:
            if _LOST in line:
                raise UnknownReply("a control character")
            onts += ont.LIST.rows(header, [line])
        except UnknownReply:
            if is_rule(line) or len(line.split()) < _CELLS:
                raise
            found = _NUMBERED.match(line)
            left.append(LeftOut.of(line, int(found[1]) if found else None))


def _distinct(onts: Sequence[Row], left: Left) -> Left:
    """A number that stands twice is none that can be read."""
    taken = [row["ont_id"] for row in onts] + [row.number for row in left]
    return [row if taken.count(row.number) == 1 else row.model_copy(update={"number": None}) for row in left]
