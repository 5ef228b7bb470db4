"""What an ONT measures and shows: optics, Ethernet ports, WAN, IP hosts, Wi-Fi, versions, history, GEM ports."""

import re
from collections.abc import Sequence

from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse.layout import (
    Body,
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
    notes,
    pairs,
    sections,
    solid,
    total_of,
    unknown,
)
from vendors.huawei_smartax.parse.plain import displayed
from vendors.huawei_smartax.parse.values import field, slug, whole

_OPTICS = Table(
    (
        Column("ont_id", "ONT", "int"),
        Column("rx_power_dbm", "Rx power", "number"),
        Column("tx_power_dbm", "Tx power", "number"),
        Column("olt_rx_ont_power_dbm", "OLT Rx ONT", "number"),
        Column("temperature_c", "Temperature", "number"),
        Column("voltage_v", "Voltage", "number"),
        Column("current_ma", "Current", "number"),
        Column("distance_m", "Distance", "number"),
    ),
    frozenset({"ont_id", "rx_power_dbm"}),
    padded=True,
)
_ETH = Table(
    (
        Column("ont_id", "ONT-ID", "int"),
        Column("ont_port_id", "ONT", "int"),
        Column("ont_port_type", "ONT"),
        Column("speed_mbps", "Speed(Mbps)", "other"),
        Column("duplex", "Duplex"),
        Column("link_state", "LinkState"),
        Column("ring_status", "RingStatus"),
    ),
    frozenset({"ont_id", "ont_port_id", "link_state"}),
)
_GEMS = Table(
    (
        Column("gem_port", "GEM port", "int"),
        Column("tcont_id", "T-CONT", "int"),
        Column("service_type", "Service"),
        Column("encrypt", "Encrypt"),
        Column("up_pq", "Up", "other"),
        Column("down_pq", "Down", "other"),
        Column("traffic_table_index", "Traffic", "other"),
    ),
    frozenset({"gem_port", "tcont_id"}),
)
_PORT_VLAN = Table(
    (
        Column("port_type", "Port"),
        Column("port_id", "Port", "int"),
        Column("c_vlan", "C-VLAN", "other"),
        Column("c_pri", "C-PRI", "other"),
        Column("eth_type", "ETH-type"),
        Column("vlan_type", "VLAN-type"),
        Column("s_vlan", "S-VLAN", "other"),
        Column("s_pri", "S-PRI", "other"),
        Column("s_pri_policy", "S-PRI"),
    ),
    frozenset({"port_id", "c_vlan", "s_vlan"}),
)
_VERSIONS = Table(
    (
        Column("access_type", "Access"),
        Column("vendor_id", "Vendor"),
        Column("ont_model", "ONT Model"),
        Column("software_version", "Software"),
        Column("online_number", "Online", "int"),
        Column("offline_number", "Offline", "int"),
    ),
    frozenset({"vendor_id", "ont_model"}),
)
_GEM_TOTAL = re.compile(r"\s*The number of GEM ports is ?: ?(\d+)\s*")
_NOTE = re.compile(r"\s*Notes? ?:")
_TOTAL = re.compile(r"\s*Total ?: ?(\d+)\s*")
_CAPABILITY_TOTAL = re.compile(r"\s*The total of online ONTs are ?: ?(\d+)\s*")
_SPLIT_LABEL = re.compile(r"\s*ONT optical module power\s*")


def eth_ports(lines: Body) -> Row:
    """`display ont port state … eth-port`: a row for each Ethernet port. Ports of other kinds as they describe themselves."""
    if not _announced(_ETH, lines):
        return displayed(lines)
    return _one_table(lines, _ETH, "ports", "ont_id", "ont_port_id", "ont_port_type")


def _one_table(lines: Sequence[str], table: Table, name: str, *keys: str) -> Row:
    closed(lines, least=3)
    groups = sections(lines)
    if not table.matches(groups[0]) or len(groups) > 2:
        unknown(groups[-1][0] if table.matches(groups[0]) else groups[0][0])
    rows = table.rows(groups[0], groups[1] if len(groups) > 1 else [])
    distinct(rows, *keys)
    return {name: rows, "total": len(rows)}


def optics(lines: Sequence[str]) -> Row:
    """`display ont optical-info <p> <o>`: one block of fields. Of `all`: a row for each ONT that is online."""
    if _announced(_OPTICS, lines):
        return _one_table(lines, _OPTICS, "onts", "ont_id")
    return {"optics": block(lines)}


def _announced(table: Table, lines: Sequence[str]) -> bool:
    return any(table.matches([line]) for line in solid(lines)[:2])


def block(lines: Sequence[str]) -> Row:
    """One block of fields between two rules."""
    closed(lines)
    groups = sections(lines)
    if len(groups) != 1:
        unknown(groups[1][0] if len(groups) > 1 else "nothing between the rules")
    return fields(groups[0])


def version(lines: Sequence[str]) -> Row:
    """`display ont version`: one block, or several for a whole port."""
    return {"onts": _blocks(lines)}


def _blocks(lines: Sequence[str]) -> list[Row]:
    closed(lines)
    return [fields(group) for group in sections(lines)]


def wan(lines: Body) -> Row:
    """`display ont wan-info`: the ONT, then a block for each WAN connection.

    `IP`, `IP access type` and `Connection status` of older firmware also stand under the newer names.
    """
    head, *blocks = _blocks(lines)
    if "ont_id" not in head or "index" in head or any("index" not in one for one in blocks):
        raise UnknownReply("WAN blocks without the ONT's place or an index")
    if not blocks and not lines.ended:
        cut("no WAN connection, and no prompt that says it is all")
    distinct(blocks, "index")
    return head | {"wans": [one | _newer(one) for one in blocks]}


_NEWER = {
    "ip_access_type": "ipv4_access_type",
    "ip": "ipv4_address",
    "connection_status": "ipv4_connection_status",
}


def _newer(one: Row) -> Row:
    return {new: one[old] for old, new in _NEWER.items() if old in one and new not in one}


def wlan(lines: Sequence[str]) -> Row:
    """`display ont wlan-info`: the ONT, then a block for each SSID, as many as it says."""
    head, *blocks = _blocks(lines)
    if "the_total_number_of_ssid" not in head or "ssid_index" in head:
        raise UnknownReply("the number of SSIDs is missing")
    agree(head["the_total_number_of_ssid"], len(blocks), "SSIDs")
    distinct(blocks, "ssid_index")
    return head | {"ssids": blocks}


def wlan_status(lines: Sequence[str]) -> Row:
    """`display ont wlan-status`: blocks under the titles channels, statistics and stations."""
    body = solid(lines)
    if not body or not is_rule(body[-1]):
        cut()
    read: Row = {}
    part: list[Row] = []
    for group in sections(body):
        if len(group) == 1 and (titled := re.fullmatch(r"\s*([A-Za-z ]+):\s*", group[0])):
            part = read.setdefault(slug(titled[1]), [])
        elif not read:
            unknown(group[0])
        else:
            part.append(fields(group))
    return read


def ip_hosts(lines: Sequence[str]) -> Row:
    """`display ont ipconfig`: a block for each IP host of the ONT."""
    body = solid(lines)
    titled = re.fullmatch(r"\s*ONT (\d+) IP query result\s*", body[0]) if body else None
    hosts = _blocks(body[1:] if titled else body)
    if any("ont_ip_host_index" not in host for host in hosts):
        raise UnknownReply("an IP host without its index")
    distinct(hosts, "ont_ip_host_index")
    return ({"ont_id": whole(titled[1])} if titled else {}) | {"ip_hosts": hosts}


def history(lines: Sequence[str]) -> Row:
    """`display ont register-info`: a block for each time the ONT came up; a count below them where one is printed."""
    body = solid(lines)
    printed = total_of(body[-1], _TOTAL)
    found = _blocks(body[:-1] if printed else body)
    if any("index" not in one for one in found):
        raise UnknownReply("a registration without its index")
    distinct(found, "index")
    if printed:
        agree(printed[0], len(found), "registrations")
    return {"registrations": found, "total": len(found)}


def gem_ports(lines: Sequence[str]) -> Row:
    """`display ont gemport`: place, table, and the device's count."""
    body = solid(lines)
    printed = total_of(body[-1], _GEM_TOTAL) if body else None
    if not printed:
        cut("the number of GEM ports is missing")
    head, *groups = sections(body[:-1])
    place: Row = {}
    for label, text in _two_fields(head):
        place |= field(slug(label), text)
    if not groups or not _GEMS.matches(groups[0]):
        unknown(groups[0][0] if groups else "no table")
    rows = _GEMS.rows(groups[0], groups[1] if len(groups) > 1 and not _NOTE.match(groups[1][0]) else [])
    agree(printed[0], len(rows), "GEM ports")
    return place | {"gem_ports": rows, "total": len(rows)}


def _two_fields(head: Sequence[str]) -> list[tuple[str, str]]:
    """Fields of which several stand in one line."""
    if len(head) != 1:
        unknown(head[-1])
    return pairs(re.split(r"(?<=\S) {3,}(?=\S)", head[0].strip()))


def port_vlans(lines: Sequence[str]) -> Row:
    """`display ont port vlan`: the translations of the ports, the native VLAN, and a note."""
    read: Row = {"rows": []}
    groups = sections(lines)
    while groups:
        group = groups.pop(0)
        if _PORT_VLAN.matches(group):
            read["rows"] = _PORT_VLAN.rows(
                group, groups.pop(0) if groups and not is_field(groups[0][0]) else []
            )
        elif _NOTE.match(group[0]):
            read["note"] = notes(group)
        else:
            read |= fields(group)
    if "note" not in read:
        closed(lines)
    return read


def versions(lines: Sequence[str]) -> Row:
    """`display ont version summary`: the counts of a port, and a row for each model and version."""
    closed(lines)
    groups = sections(lines)
    if len(groups) < 2 or not _VERSIONS.matches(groups[1]):
        unknown(groups[-1][0])
    rows = _VERSIONS.rows(groups[1], groups[2] if len(groups) > 2 else [])
    return fields(groups[0]) | {"models": rows}


def capability(lines: Sequence[str]) -> Row:
    """`display ont capability`: for each ONT its hardware and the queues of its T-CONTs."""
    closed(lines)
    onts: list[Row] = []
    printed: int | None = None
    for group in sections(lines):
        if found := total_of(group[0], _CAPABILITY_TOTAL):
            printed = found[0]
        elif re.match(r"\s*ONT Hardware Capability", group[0]):
            continue
        elif re.match(r"\s*F/S/P ?:", group[0]):
            onts.append(fields(_one_label(group)))
        elif onts:
            onts[-1] |= fields(group)
        else:
            unknown(group[0])
    if printed is not None:
        agree(printed, len(onts), "ONTs")
    return {"onts": onts, "total": len(onts)}


def _one_label(group: Sequence[str]) -> list[str]:
    """`ONT optical module power` and `control capability:` are one label on two lines."""
    joined: list[str] = []
    for line in group:
        if joined and _SPLIT_LABEL.fullmatch(joined[-1]):
            joined[-1] = f"{joined[-1].strip()} {line.strip()}"
        else:
            joined.append(line)
    return joined


def snmp_profiles(lines: Sequence[str]) -> Row:
    """`display ont snmp-profile <p> all`: the profile of each ONT."""
    table = Table(
        (
            Column("ont_id", "ONT ID", "int"),
            Column("snmp_profile_id", "SNMP profile ID", "int"),
            Column("snmp_profile_name", "SNMP profile name"),
        ),
        frozenset({"ont_id", "snmp_profile_id"}),
    )
    return _one_table(lines, table, "onts", "ont_id")
