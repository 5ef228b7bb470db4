"""Blocks of `label: value` lines."""

import re
from collections.abc import Sequence

from vendors.errors import UnknownReply
from vendors.zte_common.parse.clean import rejoined, solid
from vendors.zte_common.parse.values import Row, field, slug

_FIELD = re.compile(r"(?P<label>[A-Za-z0-9][A-Za-z0-9 +/.()_-]{0,60}?)\s*:(?P<value>.*)")
_COLUMNS = re.compile(r"(?P<label>[A-Za-z][A-Za-z-]{2,30})\s{2,}(?P<value>\S+)")
"""`Arc-interval   0`: one label of a block that forgot its colon."""


def pairs(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Labels and values, in their order; a value that the terminal's width has broken is put together.

    Raises UnknownReply for any other line.
    """
    found: list[tuple[str, str]] = []
    for line in rejoined(lines, lambda _, line: not line.startswith(" ")):
        text = line.strip()
        if not (named := _FIELD.fullmatch(text) or _COLUMNS.fullmatch(text)):
            raise UnknownReply("a line that is no field")
        found.append((named["label"], named["value"].strip()))
    return found


def fields(lines: Sequence[str], first: str) -> Row:
    """One block that begins with the label `first`. Raises UnknownReply, also for a label that is there twice."""
    found: Row = {}
    named = pairs(solid(lines))
    if not named or named[0][0].casefold() != first.casefold():
        raise UnknownReply(f"the block does not begin with {first}")
    for label, value in named:
        key = slug(label)
        more = field(key, value)
        if not key or more.keys() & found.keys():
            raise UnknownReply("a field is there twice")
        found |= more
    return found


def blocks(lines: Sequence[str], first: str) -> list[Row]:
    """Blocks one after the other, each begun by the label `first`."""
    body = solid(lines)
    begins = [number for number, line in enumerate(body) if _label(line).casefold() == first.casefold()]
    if not begins or begins[0]:
        raise UnknownReply(f"the reply does not begin with {first}")
    ends = [*begins[1:], len(body)]
    return [fields(body[begin:end], first) for begin, end in zip(begins, ends, strict=True)]


def _label(line: str) -> str:
    found = _FIELD.fullmatch(line.strip())
    return found["label"] if found else ""
