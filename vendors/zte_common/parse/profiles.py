"""Profiles of the OLT: T-CONT, traffic, VLAN, and ONU types."""

import re
from collections.abc import Sequence

from vendors.errors import UnknownReply
from vendors.zte_common.parse.blocks import blocks, each_once
from vendors.zte_common.parse.clean import solid
from vendors.zte_common.parse.values import Row, scalar, slug

_NAME = re.compile(r"(?:Profile name|Name)\s*:\s*(?P<name>\S+)\s*", re.IGNORECASE)
_HEADER = re.compile(r"\s*(?:Type|SIR\(kbps\))\s+\S+.*", re.IGNORECASE)
_VALUES = re.compile(r"\s*\d{1,12}(?:\s+(?:\d{1,12}|N/A|default))+\s*")


def onu_types(lines: Sequence[str]) -> Row:
    """`show onu-type`: one block for each type."""
    return {"onu_types": each_once(blocks(lines, first="ONU type name"), "onu_type_name")}


def onu_profiles(lines: Sequence[str]) -> Row:
    """`show gpon onu profile vlan` and its like: one block for each profile."""
    return {"profiles": each_once(blocks(lines, first="Profile name"), "profile_name")}


def rates(lines: Sequence[str]) -> Row:
    """`show gpon profile tcont` and `traffic`: rates by the columns that stand above them."""
    body = solid(lines)
    begins = [number for number, line in enumerate(body) if _NAME.fullmatch(line.strip())]
    if not begins or begins[0]:
        raise UnknownReply("the reply does not begin with the name of a profile")
    ends = [*begins[1:], len(body)]
    found = [_profile(body[begin:end]) for begin, end in zip(begins, ends, strict=True)]
    return {"profiles": each_once(found, "name")}


def _profile(lines: Sequence[str]) -> Row:
    if len(lines) != 3 or not _HEADER.fullmatch(lines[1]) or not _VALUES.fullmatch(lines[2]):
        raise UnknownReply("a profile that is cut, or that no rule explains")
    keys, cells = lines[1].split(), lines[2].split()
    if len(keys) != len(cells):
        raise UnknownReply("a profile whose values do not fit its columns")
    name = _NAME.fullmatch(lines[0].strip())
    assert name is not None
    return {"name": name["name"]} | {slug(key): scalar(cell) for key, cell in zip(keys, cells, strict=True)}
