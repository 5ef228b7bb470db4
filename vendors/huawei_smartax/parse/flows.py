"""Service-ports and learnt MAC addresses."""

import re
from collections.abc import Sequence

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
    is_field,
    notes,
    sections,
    solid,
    total_of,
    unknown,
)
from vendors.huawei_smartax.parse.values import whole

_TITLE = re.compile(r"\s*Switch-Oriented Flow List\s*")
_TOTAL = re.compile(r"\s*Total ?: ?(\d+) +\(Up/Down ?: *(\d+) ?/ ?(\d+) ?\)\s*")
_MAC_TOTAL = re.compile(r"\s*Total ?: ?(\d+)\s*")
_NOTE = re.compile(r"\s*Notes? ?:")
_NEXT_FREE = re.compile(r"\s*Next valid free service virtual port ID ?: ?(\d+)\s*")
_FLOWS = Table(
    (
        Column("index", "INDEX", "int"),
        Column("vlan_id", "VLAN", "other"),
        Column("vlan_attr", "VLAN"),
        Column("port_type", "PORT"),
        Column("f_s_p", "F/S/P", "port"),
        Column("vpi", "VPI", "other"),
        Column("vci", "VCI", "other"),
        Column("flow_type", "FLOW"),
        Column("flow_para", "FLOW", "other"),
        Column("rx", "RX", "other"),
        Column("tx", "TX", "other"),
        Column("state", "STATE"),
    ),
    frozenset({"index", "vlan_id", "f_s_p", "vpi", "vci", "state"}),
)
_MACS = Table(
    (
        Column("service_port", "SRV-P", "int"),
        Column("bundle", "BUNDLE", "int"),
        Column("type", "TYPE"),
        Column("mac", "MAC"),
        Column("mac_type", "MAC TYPE"),
        Column("f_s_p", "F/S/P", "port"),
        Column("vpi", "VPI", "other"),
        Column("vci", "VCI", "other"),
        Column("vlan_id", "VLAN ID", "other"),
    ),
    frozenset({"service_port", "mac", "f_s_p"}),
)
_ONT_MACS = Table(
    (
        Column("f_s_p", "F/S/P", "port"),
        Column("ont_id", "ONTID", "int"),
        Column("ont_port_type", "ONT"),
        Column("ont_port_id", "ONT", "int"),
        Column("mac", "MAC-ADDRESS"),
        Column("vlan", "VLAN", "other"),
    ),
    frozenset({"ont_id", "mac"}),
)
_WHERE = Table(
    (
        Column("mac", "MAC"),
        Column("mac_type", "MAC TYPE"),
        Column("f_s_p", "F/S/P", "port"),
        Column("ont_id", "ONT ID", "int"),
        Column("port_id", "Port ID", "int"),
        Column("port_type", "Port Type"),
        Column("vlan", "VLAN", "other"),
    ),
    frozenset({"mac", "ont_id", "port_type"}),
)


def service_ports(lines: Sequence[str]) -> Row:
    """`display service-port all` and its narrower forms: rows, total, and how many are up and down.

    On a GPON port VPI is the ONT's id and VCI the GEM port.
    """
    body = solid(lines)
    if body and is_field(body[0]) and not _TITLE.fullmatch(body[0]):
        unknown(body[0])
    groups = sections(body[1:] if body and _TITLE.fullmatch(body[0]) else body)
    if not groups or not _FLOWS.matches(groups[0]):
        unknown(groups[0][0] if groups else "no table")
    printed = next((number for number, group in enumerate(groups) if total_of(group[0], _TOTAL)), None)
    if printed is None:
        cut("the total is missing")
    rows = _FLOWS.rows(groups[0], groups[1] if printed > 1 else [])
    return _checked([_named(row) for row in rows], groups[printed:])


def _named(row: Row) -> Row:
    if not str(row.get("port_type", row.get("type"))).endswith("pon") or "vpi" not in row:
        return row
    names = {"vpi": "ont_id", "vci": "gem_port"}
    return {names.get(key, key): value for key, value in row.items()}


def _checked(rows: list[Row], foot: Sequence[list[str]]) -> Row:
    total, up, down = total_of(foot[0][0], _TOTAL) or (0, 0, 0)
    agree(total, len(rows), "service-ports")
    agree(up, sum(row["state"] == "up" for row in rows), "service-ports that are up")
    agree(down, sum(row["state"] == "down" for row in rows), "service-ports that are down")
    distinct(rows, "index")
    return {"service_ports": rows, "total": total, "up": up, "down": down, "note": _note(foot)}


def _note(foot: Sequence[list[str]]) -> list[str]:
    if len(foot) > 1:
        unknown(foot[1][0])
    rest = foot[0][1:]
    if rest and not _NOTE.match(rest[0]):
        unknown(rest[0])
    return notes(rest)


def service_port(lines: Sequence[str]) -> Row:
    """`display service-port <index>`: fields, with or without rules around them."""
    body = solid(lines)
    if body and not is_field(body[0]):
        closed(body)
    read: Row = {}
    for group in sections(body):
        read |= fields(group)
    if "index" not in read:
        raise UnknownReply("a service-port without its index")
    return {"service_port": read}


def next_free(lines: Sequence[str]) -> Row:
    """`display service-port next-free-index`."""
    body = solid(lines)
    found = _NEXT_FREE.fullmatch(body[0]) if len(body) == 1 else None
    if not found:
        unknown(body[0] if body else "nothing")
    return {"next_free_index": whole(found[1])}


def macs(lines: Sequence[str]) -> Row:
    """`display mac-address …`: rows, and the total where the device prints one."""
    return _mac_table(lines, _MACS, needs_total=True)


def ont_macs(lines: Sequence[str]) -> Row:
    """`display mac-address ont …`: the addresses behind the ports of one ONT."""
    return _mac_table(lines, _ONT_MACS, needs_total=True)


def location(lines: Sequence[str]) -> Row:
    """`display location <mac>`, also `… ont`: where an address was learnt."""
    table = _WHERE if any(_WHERE.matches([line]) for line in solid(lines)[:3]) else _MACS
    return _mac_table(lines, table, needs_total=False)


def _mac_table(lines: Sequence[str], table: Table, *, needs_total: bool) -> Row:
    groups = sections(lines)
    if not groups or not table.matches(groups[0]):
        unknown(groups[0][0] if groups else "no table")
    header, rest = groups[0], groups[1:]
    body = (
        rest.pop(0) if rest and not _MAC_TOTAL.fullmatch(rest[0][0]) and not _NOTE.match(rest[0][0]) else []
    )
    rows = [_named(row) for row in table.rows(header, body)]
    foot = rest.pop(0) if rest else []
    if rest:
        unknown(rest[0][0])
    printed = total_of(foot[0], _MAC_TOTAL) if foot else None
    if printed:
        agree(printed[0], len(rows), "addresses")
    elif needs_total:
        cut("the total is missing")
    elif not foot:
        closed(lines, least=3)
    return {"macs": rows, "total": len(rows), "note": _foot_note(foot[1:] if printed else foot)}


def _foot_note(rest: Sequence[str]) -> list[str]:
    if rest and not _NOTE.match(rest[0]):
        unknown(rest[0])
    return notes(rest)
