"""The OLT itself: version, boards, ports, load."""

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
    sections,
    solid,
    unknown,
)
from vendors.huawei_smartax.parse.ont import is_list, ports
from vendors.huawei_smartax.parse.plain import filled
from vendors.huawei_smartax.parse.values import field, slug, value, whole

_UPTIME = re.compile(r"\s*Uptime is (\d+) day\(s\), (\d+) hour\(s\), (\d+) minute\(s\), (\d+) second\(s\)\s*")
_SYSUPTIME = re.compile(r"\s*System up time: (\d+) day (\d+) hour (\d+) minute (\d+) second\s*")
_MAINBOARD = re.compile(r"\s*(\S+) Mainboard Running Area Information ?:\s*")
_OCCUPANCY = re.compile(r"\s*(CPU|Memory) +occupancy ?: ?(\d+)%\s*")
_TEMPERATURE = re.compile(r"\s*SlotID: *(\d+) +BoardName: *(\S+) +Temperature: *(-?\d+)C\( *(-?\d+)F\)\s*")
_HEADING = re.compile(r"(?:Solt|Slot) ID|Board Name|Serial Number|\S+")
_CHANNEL = re.compile(r"\s*Channel (\d+) Information\s*")
_SPACED = re.compile(r"\s*(\S(?:.*?\S)?)\s{2,}(\S.*?)\s*")
_SERVICES = Table(
    (
        Column("network_service", "Network service"),
        Column("port", "Port", "other"),
        Column("state", "State"),
    ),
    frozenset({"network_service", "state"}),
)
_POWER = re.compile(r"\s*Power Status\s")
_OF_PORT = re.compile(r"\s*F/S/P\s")
_TIME = re.compile(r"\s*(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}([+-]\d{2}:\d{2}(?: DST)?)?)\s*")
_BOARD_PORTS = Table((Column("port", "Port", "int"),), frozenset({"port"}))


def _seconds(numbers: Sequence[str]) -> int:
    days, hours, minutes, seconds = map(whole, numbers)
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def version(lines: Body) -> Row:
    """`display version`: version, patch, product, the areas of each mainboard, and the uptime at the end."""
    body = solid(lines)
    uptime = _UPTIME.fullmatch(body[-1])
    if not uptime and not lines.ended:
        cut()
    read: Row = {}
    boards: list[Row] = []
    for line in body[:-1] if uptime else body:
        if found := _MAINBOARD.fullmatch(line):
            boards.append({"mainboard": found[1].lower()})
        elif not is_rule(line):
            _add(boards[-1] if boards else read, line)
        elif not boards:
            unknown(line)
    if "version" not in read or "product" not in read:
        raise UnknownReply("no version or no product")
    return read | {"mainboards": boards} | ({"uptime_s": _seconds(uptime.groups())} if uptime else {})


def _add(target: Row, line: str) -> None:
    for key, text in fields([line]).items():
        if key in target:
            raise UnknownReply(f"the field {key!r} stands twice")
        target[key] = text


def boards(lines: Sequence[str]) -> Row:
    """`display board <frame>` and `… serial-number`: a row for each slot; cells that are empty are None."""
    closed(lines)
    groups = sections(lines)
    if (
        len(groups) != 2
        or len(groups[0]) != 1
        or not re.match(r"\s*(?:SlotID|Solt ID|Slot ID)\s", groups[0][0])
    ):
        unknown(groups[0][0])
    starts = [(found.start(), slug(found[0])) for found in _HEADING.finditer(groups[0][0])]
    rows = [_placed(starts, line) for line in groups[1]]
    distinct(rows, "slot_id")
    return {"boards": rows, "total": len(rows)}


_SLOT_KEYS = {"slotid": "slot_id", "solt_id": "slot_id", "boardname": "board_name"}


def _placed(starts: Sequence[tuple[int, str]], line: str) -> Row:
    """A row whose empty cells are blanks: each word belongs to the heading nearest to where it begins."""
    row: Row = {_SLOT_KEYS.get(key, key): None for _, key in starts}
    for found in re.finditer(r"\S+", line):
        key = min(starts, key=lambda start: abs(start[0] - found.start()))[1]
        key = _SLOT_KEYS.get(key, key)
        if row[key] is not None:
            unknown(line)
        row[key] = value("name" if key != "slot_id" else key, found[0])
    if not isinstance(row["slot_id"], int):
        unknown(line)
    return row


def board(lines: Body) -> Row:
    """`display board <frame>/<slot>`: the board, its power, its ports, and the ONTs of each port."""
    closed(lines)
    groups = sections(lines)
    read: Row = {"ports": []}
    while groups and not is_list(groups[0]):
        group = groups.pop(0)
        if is_field(group[0]):
            read |= fields(group)
        elif _POWER.match(group[0]):
            read["power"] = filled(group[:1], group[1:] or (groups.pop(0) if groups else []))
        elif _BOARD_PORTS.matches(group[:1]):
            read["ports"] += _BOARD_PORTS.rows(group, groups.pop(0) if groups else [])
        else:
            unknown(group[0])
    if not read["ports"] and not lines.ended:
        cut("no ports, and no prompt that says it is all")
    if groups:
        first = next(number for number, line in enumerate(lines) if line == groups[0][0])
        listed = ports(lines[first - 1 :])
        read |= {"ont_ports": listed["ports"], "onts": listed["onts"]}
    return read


def port_info(lines: Body) -> Row:
    """`display port info|state <p>`: labels and values in two columns, then the channels of the port.

    Of `all`: `ports`, each of that form.
    """
    closed(lines)
    found: list[Row] = []
    part: Row = {}
    for group in sections(lines):
        if _OF_PORT.match(group[0]) or not found:
            found.append(part := {})
        if len(group) == 1 and (channel := _CHANNEL.fullmatch(group[0])):
            part = {"channel": whole(channel[1])}
            found[-1].setdefault("channels", []).append(part)
        else:
            _two_columns(part, group)
    distinct(found, "frame", "slot", "port")
    return {"ports": found} if len(found) != 1 or lines.command.split()[-1] == "all" else found[0]


def port_vlans(lines: Body) -> Row:
    """`display port vlan <f/s/p>`: the VLANs of an uplink port, as many as the device says, and its native VLAN."""
    groups = sections(lines)
    foot = fields(groups[-1]) if len(groups) == 2 else {}
    native = foot.get("native_vlan") is not None or ("native_vlan" in foot and not lines.broken)
    if "total" not in foot or not (native or lines.ended):
        cut("the total or the native VLAN is missing")
    vlans = [whole(word) for line in groups[0] for word in line.split()]
    agree(foot["total"], len(vlans), "VLANs")
    return foot | {"vlans": vlans}


def clock(lines: Body) -> Row:
    """`display time`: the time as printed."""
    body = solid(lines)
    found = _TIME.fullmatch(body[0]) if len(body) == 1 else None
    if not found:
        unknown(body[0])
    if lines.broken and not found[2]:
        cut("the time zone is missing")
    return {"time": found[1]}


def _two_columns(target: Row, group: Sequence[str]) -> None:
    for line in group:
        if not (found := _SPACED.fullmatch(line)):
            unknown(line)
        for key, text in field(slug(found[1]), found[2]).items():
            if key in target:
                raise UnknownReply(f"the field {found[1]!r} stands twice")
            target[key] = text


def occupancy(lines: Sequence[str]) -> Row:
    """`display cpu`, `display mem`: per cent."""
    body = solid(lines)
    found = _OCCUPANCY.fullmatch(body[0]) if len(body) == 1 else None
    if not found:
        unknown(body[0] if body else "nothing")
    return {f"{found[1].lower()}_occupancy_percent": whole(found[2])}


def uptime(lines: Sequence[str]) -> Row:
    """`display sysuptime`: seconds."""
    body = solid(lines)
    found = _SYSUPTIME.fullmatch(body[0]) if len(body) == 1 else None
    if not found:
        unknown(body[0] if body else "nothing")
    return {"uptime_s": _seconds(found.groups())}


def temperatures(lines: Sequence[str]) -> Row:
    """`display temperature`: a line for each board."""
    rows: list[Row] = []
    for line in solid(lines):
        if not (found := _TEMPERATURE.fullmatch(line)):
            unknown(line)
        slot, name, celsius, fahrenheit = found.groups()
        rows.append(
            {
                "slot_id": whole(slot),
                "board_name": name,
                "temperature_c": int(celsius),
                "temperature_f": int(fahrenheit),
            }
        )
    if not rows:
        unknown("nothing")
    return {"boards": rows}


def network_services(lines: Sequence[str]) -> Row:
    """`display sysman service state`: which services of the OLT listen where."""
    closed(lines)
    groups = sections(lines)
    if not _SERVICES.matches(groups[0]) or len(groups) != 2:
        unknown(groups[-1][0])
    return {"services": _SERVICES.rows(groups[0], groups[1])}
