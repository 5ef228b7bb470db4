"""Profiles and traffic tables."""

import re
from collections.abc import Sequence

from vendors.huawei_smartax.parse.layout import (
    Column,
    Row,
    Table,
    agree,
    closed,
    cut,
    distinct,
    fields,
    is_field,
    is_rule,
    sections,
    solid,
    total_of,
    unknown,
)
from vendors.huawei_smartax.parse.ont_one import assembled
from vendors.huawei_smartax.parse.values import scalar, whole

_LIST_HEAD = re.compile(r"\s*Profile-ID +Profile-name +Binding times\s*", re.IGNORECASE)
_LIST_ROW = re.compile(r"\s*(\d+)\s+(\S(?:.*\S)?)\s+(\d+)\s*")
_TOTAL = re.compile(r"\s*Total(?: Num)? ?: ?(\d+)\s*")
_BOUND = Table(
    (
        Column("f_s_p", "F/S/P", "port"),
        Column("ont_ids", "ONT-ID", "text"),
        Column("ont_ids", "ONT ID", "text"),
    ),
    frozenset({"f_s_p", "ont_ids"}),
)
_DBA = Table(
    (
        Column("profile_id", "Profile-ID", "int"),
        Column("type", "type", "int"),
        Column("bandwidth_compensation", "Bandwidth"),
        Column("fix_kbps", "Fix", "other"),
        Column("assure_kbps", "Assure", "other"),
        Column("max_kbps", "Max", "other"),
        Column("bind_times", "Bind", "int"),
    ),
    frozenset({"profile_id", "type", "max_kbps"}),
)
_TRAFFIC = Table(
    (
        Column("index", "TID", "int"),
        Column("cir_kbps", "CIR", "other"),
        Column("cbs_bytes", "CBS", "other"),
        Column("pir_kbps", "PIR", "other"),
        Column("pbs_bytes", "PBS", "other"),
        Column("priority", "Pri", "other"),
        Column("copy_policy", "Copy-policy"),
        Column("priority_policy", "Pri-Policy"),
    ),
    frozenset({"index", "cir_kbps", "pir_kbps"}),
)


def listed(lines: Sequence[str]) -> Row:
    """`display ont-lineprofile gpon all`, `display ont-srvprofile gpon all`: number, name, how many ONTs use it."""
    head, body, total = _counted(lines)
    if len(head) != 1 or not _LIST_HEAD.fullmatch(head[0]):
        unknown(head[-1])
    rows = [_listed_row(line) for line in body]
    agree(total, len(rows), "profiles")
    distinct(rows, "profile_id")
    return {"profiles": rows, "total": total}


def _listed_row(line: str) -> Row:
    if not (found := _LIST_ROW.fullmatch(line)):
        unknown(line)
    return {"profile_id": whole(found[1]), "profile_name": found[2], "binding_times": whole(found[3])}


def _counted(lines: Sequence[str]) -> tuple[list[str], list[str], int]:
    """Header, rows and printed total of a table whose last line is its total."""
    body = solid(lines)
    printed = total_of(body[-1], _TOTAL) if body else None
    if printed is None:
        cut("the total is missing")
    groups = sections(body[:-1])
    if not groups or len(groups) > 2:
        unknown(body[0])
    return groups[0], groups[1] if len(groups) > 1 else [], printed[0]


def profile(lines: Sequence[str]) -> Row:
    """`display ont-lineprofile|ont-srvprofile gpon profile-id <n>`: the block ends with its binding times."""
    closed(lines)
    read = assembled(sections(lines))
    if "profile_id" not in read or "binding_times" not in read:
        cut("the profile's number or its binding times are missing")
    return {"profile": read}


def bound(lines: Sequence[str]) -> Row:
    """`… bound-info profile-id <n>`: the ONTs of each port that use a profile, as the device lists them."""
    body = solid(lines)
    printed = total_of(body[-1], _TOTAL) if body else None
    closed(body[:-1] if printed else body, least=3)
    groups = sections(body[:-1] if printed else body)
    if not groups or not _BOUND.matches(groups[0]) or len(groups) > 2:
        unknown(groups[-1][0] if groups else "no table")
    return {"bound": _BOUND.rows(groups[0], groups[1] if len(groups) > 1 else [])}


def dba_profiles(lines: Sequence[str]) -> Row:
    """`display dba-profile all`; the count below it is checked where the firmware prints one."""
    body = solid(lines)
    printed = total_of(body[-1], _TOTAL) if body else None
    body = body[:-1] if printed else body
    closed(body, least=3)
    groups = sections(body)
    if not _DBA.matches(groups[0]) or len(groups) > 2:
        unknown(groups[-1][0])
    rows = _DBA.rows(groups[0], groups[1] if len(groups) > 1 else [])
    distinct(rows, "profile_id")
    if printed:
        agree(printed[0], len(rows), "profiles")
    return {"profiles": rows, "total": len(rows)}


def traffic_tables(lines: Sequence[str]) -> Row:
    """`display traffic table ip`: the tables without their names; `off` is no limit."""
    head, body, total = _counted(lines)
    if not _TRAFFIC.matches(head):
        unknown(head[0])
    rows = _TRAFFIC.rows(head, body)
    agree(total, len(rows), "traffic tables")
    distinct(rows, "index")
    return {"traffic_tables": rows, "total": total}


def labelled(lines: Sequence[str]) -> Row:
    """One thing in fields (a traffic table, a DBA profile): in one block or several, with rules around them or without."""
    body = solid(lines)
    if not is_field(body[0]) or is_rule(body[-1]):
        closed(body)
    read = fields([line for line in body if not is_rule(line)])
    return read | ({"type": scalar(read["type"])} if read.get("type") else {})
