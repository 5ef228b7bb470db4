"""ONTs: found and not registered, one in full, all of a port, and the summary."""

import re
from collections.abc import Sequence
from typing import Any

from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse.layout import (
    Column,
    Row,
    Table,
    agree,
    closed,
    cut,
    distinct,
    fields,
    is_rule,
    sections,
    solid,
    total_of,
    unknown,
)
from vendors.huawei_smartax.parse.values import port_of

AUTOFIND_TOTAL = re.compile(
    r"\s*The number of (?:GPON|EPON|XGPON|XGSPON)? ?autofind ONTs? (?:is|are) ?:? ?(\d+)\s*"
)
PORT_TOTAL = re.compile(
    r"\s*In port (\d+ ?/ *\d+ ?/ *\d+) ?, the total(?: number)? of ONTs (?:is|are) ?: ?(\d+)"
    r"(?:, ?online ?: ?(\d+))?(?:, ?offline ?: ?(\d+))?\s*"
)
_REQUIRED = re.compile(r"\s*The number of required ONTs\s*: ?(\d+)\s*")
LIST = Table(
    (
        Column("f_s_p", "F/S/P", "port"),
        Column("ont_id", "ONT", "int"),
        Column("sn", "SN"),
        Column("control_flag", "Control"),
        Column("run_state", "Run"),
        Column("config_state", "Config"),
        Column("match_state", "Match"),
        Column("protect_side", "Protect"),
    ),
    frozenset({"f_s_p", "ont_id", "sn", "control_flag", "run_state"}),
)
DESCRIPTIONS = Table(
    (
        Column("f_s_p", "F/S/P", "port"),
        Column("ont_id", "ONT", "int"),
        Column("ont_id", "ONT-ID", "int"),
        Column("description", "Description", "text"),
    ),
    frozenset({"f_s_p", "ont_id", "description"}),
    width=56,
)
_STATES = Table(
    (
        Column("ont_id", "ONT", "int"),
        Column("run_state", "Run"),
        Column("last_up_time", "Last", "time"),
        Column("last_down_time", "Last", "time"),
        Column("last_down_cause", "Last", "text"),
    ),
    frozenset({"ont_id", "run_state", "last_up_time", "last_down_cause"}),
)
_SUMMARY = Table(
    (
        Column("ont_id", "ONT", "int"),
        Column("sn", "SN"),
        Column("type", "Type", "phrase"),
        Column("distance_m", "Distance", "int"),
        Column("rx_power_dbm|tx_power_dbm", "Rx/Tx power", "pair"),
        Column("description", "Description", "text"),
    ),
    frozenset({"ont_id", "sn", "type", "description"}),
)


def autofind(lines: Sequence[str]) -> Row:
    """`display ont autofind`: every ONT that is lit and not registered."""
    body = solid(lines)
    printed = total_of(body[-1], AUTOFIND_TOTAL) if body else None
    body = body[:-1] if printed else body
    closed(body)
    onts = [fields(section) for section in sections(body)]
    for number, ont in enumerate(onts, start=1):
        numbered(ont, number)
    if printed:
        agree(printed[0], len(onts), "ONTs")
    return {"onts": onts, "total": len(onts)}


def numbered(ont: Row, number: int) -> None:
    if "ont_sn" not in ont or "port" not in ont:
        raise UnknownReply("an automatically found ONT without serial or port")
    if ont.get("number", number) != number:
        raise UnknownReply(f"ONT {number} of the list calls itself {ont['number']}")


def ports(lines: Sequence[str], *, searched: bool = False) -> Row:
    """`display ont info … all`: for each port the table of states, that of descriptions, and the totals.

    What was `searched` for by description or LOID may lie on several ports, and needs no totals.
    """
    closed(lines)
    found: list[Row] = []
    onts: list[Row] = []
    described: list[Row] = []
    groups = sections(lines)
    while groups:
        group = groups.pop(0)
        if LIST.matches(group):
            onts += LIST.rows(group, _rows_of(groups, LIST))
        elif DESCRIPTIONS.matches(group):
            described += DESCRIPTIONS.rows(group, _rows_of(groups, DESCRIPTIONS))
        elif len(group) == 1 and PORT_TOTAL.fullmatch(group[0]):
            found.append(_port(group[0], onts, described))
            onts, described = [], []
        elif len(group) == 1 and (required := total_of(group[0], _REQUIRED)):
            agree(required[0], len(onts) + sum(len(port["onts"]) for port in found), "ONTs")
            searched = True
        else:
            unknown(group[0])
    if (onts or described or not found) and not (onts and searched):
        cut("the total of a port is missing")
    listed = [ont for port in found for ont in port.pop("onts")]
    return {"ports": found, "onts": listed + _described(onts, described)}


def _rows_of(groups: list[list[str]], table: Table) -> list[str]:
    """The group of rows that follows a header; none if the next group is no table body."""
    if groups and not PORT_TOTAL.fullmatch(groups[0][0]) and not table.matches(groups[0]):
        return groups.pop(0)
    return []


def totals_of(line: str) -> Row:
    """The footer of a port. Online and offline as printed: ONTs come and go while a table is printed."""
    found = PORT_TOTAL.fullmatch(line)
    if not found:
        unknown(line)
    counts = {"total": found[2], "online": found[3], "offline": found[4]}
    return dict(port_of(found[1]) or {}) | {
        key: int(text) for key, text in counts.items() if text is not None
    }


def _port(line: str, onts: list[Row], described: list[Row]) -> Row:
    """One port: its totals, checked, and its ONTs with their descriptions."""
    totals = totals_of(line)
    agree(totals["total"], len(onts), "ONTs")
    if any(place(row) != place(totals) for row in onts):
        raise UnknownReply("an ONT of another port than the total")
    return totals | {"onts": _described(onts, described)}


def _described(onts: list[Row], described: list[Row]) -> list[Row]:
    """The ONTs with their descriptions, where the device prints that table."""
    distinct(onts, "frame", "slot", "port", "ont_id")
    texts = {_key(row): row["description"] for row in described}
    if described and (len(texts) != len(described) or texts.keys() != {_key(row) for row in onts}):
        raise UnknownReply("the table of descriptions is of other ONTs than the table of states")
    return [row | ({"description": texts[_key(row)]} if described else {}) for row in onts]


def _key(row: Row) -> tuple[Any, ...]:
    return (*place(row), row["ont_id"])


def place(row: Row) -> tuple[Any, ...]:
    return row["frame"], row["slot"], row["port"]


def summary(lines: Sequence[str]) -> Row:
    """`display ont info summary`: for each port the totals, the table of states and that of types and levels."""
    closed(lines)
    found: list[Row] = []
    groups = sections(lines)
    while groups:
        found.append(_summary_port(groups))
    return {"ports": found}


def _summary_port(groups: list[list[str]]) -> Row:
    totals = totals_of(_only(groups.pop(0)))
    states = _body(groups, _STATES, totals["total"])
    details = _body(groups, _SUMMARY, totals["total"])
    for rows in (states, details):
        agree(totals["total"], len(rows), "ONTs")
        distinct(rows, "ont_id")
    by_id = {row["ont_id"]: row for row in details}
    if by_id.keys() != {row["ont_id"] for row in states}:
        raise UnknownReply("the two tables are of different ONTs")
    return totals | {"onts": [row | by_id[row["ont_id"]] for row in states]}


def _only(group: Sequence[str]) -> str:
    if len(group) > 1:
        unknown(group[1])
    return group[0]


def _body(groups: list[list[str]], table: Table, total: int) -> list[Row]:
    if not groups or not table.matches(groups[0]):
        if total == 0:
            return []
        unknown(groups[0][0] if groups else "a table is missing")
    header = groups.pop(0)
    return table.rows(header, groups.pop(0) if groups and total else [])


def is_list(lines: Sequence[str]) -> bool:
    """Whether an answer to `display ont info` is the list form rather than the block of one ONT."""
    return any(LIST.matches([line]) for line in solid(lines)[:4] if not is_rule(line))
