"""Blocks of `label: value` lines."""

import re
from collections.abc import Sequence

from vendors.errors import UnknownReply
from vendors.zte_common.parse.clean import rejoined, solid
from vendors.zte_common.parse.values import Row, field, slug

_LABEL = r"[A-Za-z0-9][A-Za-z0-9 +/.()_-]{0,60}?(?: [A-Z1-9]:[A-Z1-9])?"
_FIELD = re.compile(rf"(?P<label>{_LABEL})\s*:(?P<value>.*)")
"""`Service ability N:1:  support` has a colon in its label."""
_COLUMNS = re.compile(r"(?P<label>[A-Za-z][A-Za-z-]{2,30})\s{2,}(?P<value>\S+)")
"""`Arc-interval   0`: one label of a block that forgot its colon."""
_BESIDE = re.compile(
    r"(?:^|(?<=[,)])\s|(?<!\s)\s{2})\s*(?P<label>[A-Za-z0-9][\w/.()-]{0,40}(?: [\w/.()-]{1,40}){0,6})\s*:(?=[\s\w.-]|$)"
)
"""A label of a line that holds several fields beside each other; it has a letter."""
_LETTER = re.compile("[A-Za-z]")

_FIRST = frozenset(
    {
        "onu interface",
        "vendor id",
        "wan id",
        "host id",
        "onu type name",
        "system description",
        "vlanid",
    }
)
"""Labels with which displays begin: none of them has another's."""


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


def beside(line: str) -> list[tuple[str, str]]:
    """The fields that stand beside each other in one line; none where it does not begin with one."""
    text = line.strip()[:500]
    labels = [found for found in _BESIDE.finditer(text) if _LETTER.search(found["label"])]
    if not labels or labels[0].start():
        return []
    ends = [*(label.start() for label in labels[1:]), len(text)]
    return [
        (label["label"], text[label.end() : end].strip(" ,\t"))
        for label, end in zip(labels, ends, strict=True)
    ]


def merged(named: Sequence[tuple[str, str]]) -> Row:
    """Fields under their keys. Raises UnknownReply for a label that is there twice."""
    found: Row = {}
    for label, value in named:
        key = slug(label)
        more = field(key, value)
        if not key or more.keys() & found.keys():
            raise UnknownReply("a field is there twice")
        found |= more
    return found


def fields(lines: Sequence[str], first: str) -> Row:
    """One block that begins with the label `first`. Raises UnknownReply, also for a label that is there twice."""
    named = pairs(solid(lines))
    if not named or named[0][0].casefold() != first.casefold():
        raise UnknownReply(f"the block does not begin with {first}")
    if _FIRST & {label.casefold() for label, _ in named[1:]}:
        raise UnknownReply("another reply begins in this one")
    return merged(named)


def blocks(lines: Sequence[str], first: str) -> list[Row]:
    """Blocks one after the other, each begun by the label `first`."""
    body = solid(lines)
    begins = [number for number, line in enumerate(body) if _label(line).casefold() == first.casefold()]
    if not begins or begins[0]:
        raise UnknownReply(f"the reply does not begin with {first}")
    ends = [*begins[1:], len(body)]
    return [fields(body[begin:end], first) for begin, end in zip(begins, ends, strict=True)]


def each_once(found: list[Row], key: str) -> list[Row]:
    """The blocks. Raises UnknownReply where two are about the same thing."""
    if len({block[key] for block in found}) != len(found):
        raise UnknownReply("a block is there twice")
    return found


def alike(found: list[Row]) -> list[Row]:
    """The blocks of a display in which all have the same fields: the last of several may not lack the end of the others."""
    if len(found) > 1:
        last, before = list(found[-1]), list(found[-2])
        if len(last) < len(before) and before[: len(last)] == last:
            raise UnknownReply("the last block lacks fields that the others have: the reply is cut")
    return found


def _label(line: str) -> str:
    found = _FIELD.fullmatch(line.strip())
    return found["label"] if found else ""
