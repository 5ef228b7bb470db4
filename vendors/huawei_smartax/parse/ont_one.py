"""`display ont info` of one ONT (by place or by serial): its states, line profile, service profile and ports."""

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
    columns_of,
    cut,
    fields,
    sections,
    unknown,
)
from vendors.huawei_smartax.parse.values import whole

_COUNT = re.compile(r"\s*The number of required ONTs\s*: ?(\d+)\s*")
_TCONT = re.compile(r"\s*<T-CONT +(\d+)(\*?)> +DBA Profile-ID ?: ?(\d+)(.*)")
_GEM = re.compile(r"\s*<Gem Index +(\d+)(\*?)>\s*")
_GEM_FIELDS = re.compile(r"\s*\|.*\|\s*")
_NOTE = re.compile(r"\s*Notes? ?:")
_LAST_SECTIONS = frozenset({"alarm_policy_profile_id", "tr069_server_profile_id"})
"""Old firmware (MA5600V800R0xx) prints no count: its block ends with one of these."""
_NUMBERED = ("line_profile", "service_profile", "alarm_policy_profile", "tr069_server_profile")
_MAPPING = Table(
    (
        Column("mapping_index", "Mapping", "int"),
        Column("vlan", "VLAN", "other"),
        Column("priority", "Priority", "other"),
        Column("port_type", "Port"),
        Column("port_id", "Port", "other"),
        Column("bundle_id", "Bundle", "other"),
        Column("flow_car", "Flow", "other"),
        Column("transparent", "Transparent", "other"),
    ),
    frozenset({"mapping_index", "vlan"}),
)
_PORT_HEAD = re.compile(r"\s*Port(?:-type)? +Port")
_PORTS = Table((Column("port_type", "Port-type"), Column("port_type", "Port")), frozenset({"port_type"}))


def one(lines: Body) -> Row:
    """The ONTs of a reply that shows each in full, and how many the device says they are.

    Firmware that prints no DBA type ends without that count; of other firmware only a prompt can stand for it.
    """
    closed(lines)
    groups = sections(lines)
    count = _COUNT.fullmatch(groups[-1][0]) if groups and len(groups[-1]) == 1 else None
    blocks = _blocks(groups[:-1] if count else groups)
    onts = [_ont(block) for block in blocks]
    if count:
        agree(whole(count[1]), len(onts), "ONTs")
    elif not onts or not _ends(onts[-1], prompted=lines.ended):
        cut()
    return {"onts": onts, "total": len(onts)}


def _ends(ont: Row, *, prompted: bool) -> bool:
    if prompted:
        return "service_profile" in ont or not _LAST_SECTIONS.isdisjoint(ont)
    return "dba_type" not in ont and not _LAST_SECTIONS.isdisjoint(ont)


def _blocks(groups: Sequence[list[str]]) -> list[list[list[str]]]:
    """The groups of each ONT: one begins with the field F/S/P."""
    blocks: list[list[list[str]]] = []
    for group in groups:
        if re.match(r"\s*F/S/P\s*:", group[0]):
            blocks.append([])
        if not blocks:
            unknown(group[0])
        blocks[-1].append(group)
    return blocks


def _ont(groups: Sequence[list[str]]) -> Row:
    ont = assembled(groups)
    for name in ("ont_id", "run_state", "sn"):
        if name not in ont:
            raise UnknownReply(f"an ONT without {name}")
    return ont


def assembled(groups: Sequence[list[str]]) -> Row:
    """An ONT or a profile: its own fields, `line_profile` and `service_profile` with theirs, T-CONTs, port tables."""
    ont: Row = {}
    part = ont
    left = list(groups)
    while left:
        group = left.pop(0)
        if _NOTE.match(group[0]):
            _note(group)
        elif _TCONT.fullmatch(group[0]) or _GEM.fullmatch(group[0]):
            _tconts(ont, group)
        elif _GEM_FIELDS.fullmatch(group[0]):
            _gem_fields(ont, group)
        elif _MAPPING.matches(group):
            _gem(ont)["mappings"] = _MAPPING.rows(group, _digits(left))
        elif _PORT_HEAD.match(group[0]):
            ont.setdefault("port_tables", []).append(_port_table(group, left))
        else:
            part = _fields(ont, part, fields(group))
    return ont


def _digits(left: list[list[str]]) -> list[str]:
    return left.pop(0) if left and left[0][0].split()[0].isdigit() else []


def _fields(ont: Row, part: Row, more: Row) -> Row:
    """Adds a group of fields where it belongs; returns where the next group without a name of its own goes."""
    for name in _NUMBERED:
        if f"{name}_name" in more and f"{name}_id" not in more:
            raise UnknownReply(f"a {name} without its number")
    for name in ("line_profile", "service_profile"):
        if f"{name}_id" in more:
            own = {key: value for key, value in more.items() if key.startswith(f"{name}_")}
            _merge(ont, own)
            part = ont.setdefault(name, {})
            more = {key: value for key, value in more.items() if key not in own}
    if not _LAST_SECTIONS.isdisjoint(more):
        part = ont
    _merge(part, more)
    return part


def _merge(ont: Row, more: Row) -> None:
    if twice := ont.keys() & more.keys():
        raise UnknownReply(f"fields that stand twice: {sorted(twice)}")
    ont.update(more)


def _note(group: Sequence[str]) -> None:
    """`Notes: * indicates …`, with lines indented below it."""
    for line in group[1:]:
        if not line.startswith("     ") or _TCONT.fullmatch(line) or _GEM_FIELDS.fullmatch(line):
            unknown(line)


def _tconts(ont: Row, group: Sequence[str]) -> None:
    for line in group:
        if found := _TCONT.fullmatch(line):
            tcont = {"index": whole(found[1]), "dba_profile_id": whole(found[3]), "discrete": bool(found[2])}
            ont.setdefault("tconts", []).append(tcont | {"gem_ports": []})
        elif (found := _GEM.fullmatch(line)) and ont.get("tconts"):
            ont["tconts"][-1]["gem_ports"].append({"index": whole(found[1])})
        else:
            unknown(line)


def _gem(ont: Row) -> Row:
    tconts = ont.get("tconts")
    if not tconts or not tconts[-1]["gem_ports"]:
        raise UnknownReply("a mapping that belongs to no GEM port")
    gem: Row = tconts[-1]["gem_ports"][-1]
    return gem


def _gem_fields(ont: Row, group: Sequence[str]) -> None:
    for line in group:
        if not _GEM_FIELDS.fullmatch(line):
            unknown(line)
        for part in line.strip().strip("|").split("|"):
            _merge(_gem(ont), fields([part.strip()]))


def _port_table(heads: list[str], left: list[list[str]]) -> list[Row]:
    """A table of the ports (`Port-type Port-ID …`): its columns are named by its header alone."""
    if len(heads) > 2:
        unknown(heads[2])
    return _PORTS.rows(heads, left.pop(0) if left and _is_port_row(left[0][0], heads) else [])


def _is_port_row(line: str, heads: Sequence[str]) -> bool:
    return len(line.split()) == len(columns_of(_PORTS, tuple(heads))) and line.split()[0].isupper()
