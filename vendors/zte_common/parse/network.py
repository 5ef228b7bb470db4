"""The bridge in the OLT: uplink ports, VLANs, MAC addresses behind an ONU."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from vendors.errors import UnknownReply
from vendors.zte_common.parse.blocks import fields
from vendors.zte_common.parse.clean import solid, wraps
from vendors.zte_common.parse.tables import Column, Layout, agree, distinct, is_rule, rows_of
from vendors.zte_common.parse.values import Row, located, number, scalar, slug, text_or_none

_MAC_TOTAL = re.compile(r"\s*Total mac address\s*:\s*(\d{1,7})\s*", re.IGNORECASE)
_MACS = Layout(
    (
        Column("mac", "Mac address", r"[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}"),
        Column("vlan", ("Vlan", "Vlan id"), r"\d{1,4}"),
        Column("type", "Type", r"[A-Za-z]\w*"),
        Column("interface", "Port", r"\S+"),
        Column("vc", "Vc", r"(?:vport \d{1,4}|\d{1,4}|N/A|--)?"),
        Column("time", "Time", r"N/A|--|\d[\d:dhms]*"),
    ),
    required=frozenset({"mac", "vlan", "type", "interface"}),
)
_PORT_HEADERS = (
    re.compile(
        r"\s*Port\s+hybrid\s+Native\s+Negotiation\s+Speed\s+Duplex\s+Flow-\s+Admin\s+Link\s*", re.IGNORECASE
    ),
    re.compile(r"\s*Status\s+VLAN\s+auto\s+\(Mbps\)\s+Ctrl\s+Status\s*", re.IGNORECASE),
)
_PORT_KEYS = (
    "interface",
    "hybrid_status",
    "native_vlan",
    "negotiation_auto",
    "speed_mbps",
    "duplex",
    "flow_ctrl",
    "admin_status",
    "link",
)
_LINK = frozenset({"up", "down"})

_VLAN_TOTAL = re.compile(r"\s*All created vlan num\s*:\s*(\d{1,5})\s*", re.IGNORECASE)
_VLAN_LIST = re.compile(r"\s*Details are following\s*:\s*", re.IGNORECASE)
_VLAN_FAILED = re.compile(r"\s*Hardware operate fail following\s*:\s*", re.IGNORECASE)
_VLAN_PORTS = re.compile(r"\s*port\((?P<kind>untagged|tagged)\)\s*:\s*", re.IGNORECASE)
_PORT_NAME_LISTED = re.compile(r"[a-z]{1,40}[-_]?[a-z]{0,40}[-_]?\d[\d/.:-]*", re.IGNORECASE)
_TAGGED = re.compile(r"\s*(?:Untagged|Tagged)Vlan\s*:\s*", re.IGNORECASE)
_PORT_MODE = Layout(
    (
        Column("port_mode", "PortMode", r"[A-Za-z][\w>=]*"),
        Column("pvid", "Pvid"),
        Column("cpvid", "CPvid"),
        Column("tpid", "Tpid"),
        Column("tls_status", "TLSStatus"),
        Column("tls_vlan", "TLSVlan"),
        Column("tpid_filter", "TpidFilter"),
    ),
    required=frozenset({"port_mode", "pvid"}),
)
_VLAN_RANGE = re.compile(r"(\d{1,4})(?:\s*-\s*(\d{1,4}))?")


def macs(lines: Sequence[str]) -> Row:
    """`show mac gpon onu`; the total, which stands above, is checked."""
    body = solid(lines)
    if not body or not (total := _MAC_TOTAL.fullmatch(body[0])):
        raise UnknownReply("no total of MAC addresses")
    count = int(total[1])
    rows = [_mac(row) for row in rows_of(body[1:], _MACS, empty=True)] if len(body) > 1 else []
    agree(count, len(rows), "MAC addresses")
    return {"total": count, "macs": rows}


def port_status(lines: Sequence[str]) -> Row:
    """`show interface port-status`, below a header of two lines between two rules."""
    body = solid(lines)
    head = [line for line in body[:4] if not is_rule(line)]
    whole = len(head) == 2 and all(
        header.fullmatch(line) for header, line in zip(_PORT_HEADERS, head, strict=True)
    )
    if not whole or len(body) < 5:
        raise UnknownReply("the header is not known, or the reply is cut")
    rows = [_uplink(line) for line in body[4:]]
    distinct(rows, "interface")
    return {"ports": rows}


def vlans(lines: Sequence[str]) -> Row:
    """`show vlan summary`: every VLAN as a number; the total is checked."""
    body = solid(lines)
    if len(body) < 2 or not (total := _VLAN_TOTAL.fullmatch(body[0])) or not _VLAN_LIST.fullmatch(body[1]):
        raise UnknownReply("no summary of VLANs")
    failed = next((at for at, line in enumerate(body) if _VLAN_FAILED.fullmatch(line)), len(body))
    found = _vlans(body[2:failed])
    agree(int(total[1]), len(found), "VLANs")
    more = {"hardware_failed": _vlans(body[failed + 1 :])} if failed < len(body) else {}
    return {"created": int(total[1]), "vlans": found, **more}


def vlan(lines: Sequence[str]) -> Row:
    """`show vlan 100`: its fields, and the ports that carry it with and without a tag."""
    body = solid(lines)
    first = next((at for at, line in enumerate(body) if _VLAN_PORTS.fullmatch(line)), len(body))
    if first == len(body):
        raise UnknownReply("the ports are missing: the reply is cut")
    found = fields(body[:first], first="vlanid")
    ports: dict[str, list[str]] = {}
    now: list[str] = []
    for line in body[first:]:
        if (kind := _VLAN_PORTS.fullmatch(line)) and kind["kind"] not in ports:
            now = ports.setdefault(kind["kind"], [])
        elif all(map(_PORT_NAME_LISTED.fullmatch, line.replace(",", " ").split())):
            now += line.replace(",", " ").split()
        else:
            raise UnknownReply("a line that no rule explains")
    if ports.keys() != {"untagged", "tagged"}:
        raise UnknownReply("a list of ports is missing: the reply is cut")
    return {"vlan": found | ports}


def port_vlans(lines: Sequence[str]) -> Row:
    """`show vlan port`: how a port treats VLANs, and which it carries with and without a tag."""
    body = solid(lines)
    begins = [at for at, line in enumerate(body) if _TAGGED.fullmatch(line)]
    if len(begins) != 2 or begins[0] < 3:
        raise UnknownReply("a list of VLANs is missing: the reply is cut")
    modes = rows_of(body[: begins[0]], _PORT_MODE)
    if len(modes) != 1:
        raise UnknownReply("the modes of several ports")
    lists = {
        slug(body[at].strip(" :")): _vlans(body[at + 1 : end])
        for at, end in zip(begins, (*begins[1:], len(body)), strict=True)
    }
    return {"port": {key: scalar(text) for key, text in modes[0].items()} | lists}


def _mac(row: dict[str, str]) -> Row:
    vport = (text_or_none(row.get("vc", "")) or "").removeprefix("vport").strip()
    interface = row["interface"]
    where = located(interface)
    if not where or ("onu" in where and not vport and "vport" not in where):
        raise UnknownReply("a row that is cut")
    return {
        "mac": row["mac"].lower(),
        "vlan": int(row["vlan"]),
        "type": row["type"],
        "interface": interface,
        **where,
        **({"vport": scalar(vport)} if vport or "vport" not in where else {}),
        **({"time": scalar(row["time"])} if "time" in row else {}),
    }


def _uplink(line: str) -> Row:
    cells = line.split()
    if len(cells) != len(_PORT_KEYS) or cells[-1].lower() not in _LINK or not (where := located(cells[0])):
        raise UnknownReply("a row that no rule explains")
    row = {key: scalar(cell) for key, cell in zip(_PORT_KEYS, cells, strict=True)}
    return {"interface": row["interface"], **where} | row


def _vlans(lines: Sequence[str]) -> list[int]:
    found = list(islice(_ranges(lines), 4096))
    if len(set(found)) != len(found):
        raise UnknownReply("a VLAN is there twice")
    return found


def _ranges(lines: Sequence[str]) -> Iterator[int]:
    """The numbers of `1,11,40-41`; where a line ends, so does a number, unless the terminal's width broke it."""
    text = "".join(line if wraps(line) else f"{line}," for line in lines)
    for part in text.split(","):
        if not part.strip():
            continue
        if not (found := _VLAN_RANGE.fullmatch(part.strip())):
            raise UnknownReply("a list of VLANs was expected")
        first, last = number(found[1]), number(found[2] or found[1])
        if not 0 < first <= last < 4096:
            raise UnknownReply("no range of VLANs")
        yield from range(first, last + 1)
