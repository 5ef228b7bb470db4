"""The OLT itself: cards, uplink ports, VLANs, MAC addresses behind an ONU."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from vendors.errors import UnknownReply
from vendors.zte_common.parse.clean import solid, wraps
from vendors.zte_common.parse.tables import Column, Table, agree, distinct, is_rule, rows_of
from vendors.zte_common.parse.values import Row, is_place, number, place, scalar, text_or_none

_MAC_TOTAL = re.compile(r"\s*Total mac address\s*:\s*(\d{1,7})\s*", re.IGNORECASE)
_MAC_COLUMNS = (
    Column("mac", "Mac address", r"[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}"),
    Column("vlan", "Vlan", r"\d{1,4}"),
    Column("type", "Type", r"[A-Za-z]\w*"),
    Column("interface", "Port", r"\S+"),
    Column("vc", "Vc", r"(?:vport \d{1,4}|\d{1,4}|N/A)?"),
)
_MACS = (Table(_MAC_COLUMNS), Table((*_MAC_COLUMNS, Column("time", "Time", r"\S.*|"))))

_NUMBER, _NAME, _VERSION = r"\d{1,4}", r"[A-Za-z][\w/-]*", r"(?:V?\d[\w.]*|N/A)?"
_PLACED = r"(?P<shelf>\d{1,3})\s+(?P<slot>\d{1,3})\s+(?P<cfg_type>[A-Za-z][\w/-]*)"
_CARD_TAIL = Column("status", "Status", r"[A-Za-z][A-Za-z_-]*", ("INSERVICE", "STANDBY", "OFFLINE"))
_CARDS = (
    Table(
        (
            Column("rack", "Rack", _NUMBER),
            Column("shelf", "Shelf", _NUMBER),
            Column("slot", "Slot", _NUMBER),
            Column("cfg_type", "CfgType", _NAME),
            Column("real_type", "RealType", rf"(?:{_NAME})?"),
            Column("ports", "Port", _NUMBER),
            Column("hard_ver", "HardVer", _VERSION),
            Column("soft_ver", "SoftVer", _VERSION),
            _CARD_TAIL,
        ),
        re.compile(
            rf"(?P<rack>\d{{1,3}})\s+{_PLACED}(?:\s+(?P<real_type>{_NAME}))?\s+(?P<ports>\d{{1,4}})\s+(?P<status>{_NAME})"
        ),
    ),
    Table(
        (
            Column("shelf", "Shelf", _NUMBER),
            Column("slot", "Slot", _NUMBER),
            Column("cfg_type", "CfgType", _NAME),
            Column("card_name", "CardName", rf"(?:{_NAME})?"),
            Column("ports", "Port", _NUMBER),
            Column("hard_ver", "HardVer", _VERSION),
            _CARD_TAIL,
        ),
        re.compile(
            rf"{_PLACED}(?:\s+(?P<card_name>{_NAME}))?\s+(?P<ports>\d{{1,4}})"
            rf"(?:\s+(?P<hard_ver>V?\d[\w.]*|N/A))?\s+(?P<status>{_NAME})"
        ),
    ),
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
_PORT_NAME = re.compile(r"[a-z]+[-_]?(\d{1,3})/(\d{1,3})/(\d{1,3})", re.IGNORECASE)
_LINK = frozenset({"up", "down"})

_VLAN_TOTAL = re.compile(r"\s*All created vlan num\s*:\s*(\d{1,5})\s*", re.IGNORECASE)
_VLAN_LIST = re.compile(r"\s*Details are following\s*:\s*", re.IGNORECASE)
_VLAN_FAILED = re.compile(r"\s*Hardware operate fail following\s*:\s*", re.IGNORECASE)
_VLAN_RANGE = re.compile(r"(\d{1,4})(?:\s*-\s*(\d{1,4}))?")


def macs(lines: Sequence[str]) -> Row:
    """`show mac gpon onu`; the total, which stands above, is checked."""
    body = solid(lines)
    if not body or not (total := _MAC_TOTAL.fullmatch(body[0])):
        raise UnknownReply("no total of MAC addresses")
    count = int(total[1])
    rows = [_mac(row) for row in rows_of(body[1:], *_MACS, empty=True)] if len(body) > 1 else []
    agree(count, len(rows), "MAC addresses")
    return {"total": count, "macs": rows}


def cards(lines: Sequence[str]) -> Row:
    """`show card`, in both sets of columns; empty cells are None."""
    rows = [_card(row) for row in rows_of(lines, *_CARDS)]
    distinct(rows, "rack", "shelf", "slot")
    return {"cards": rows}


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


def _mac(row: dict[str, str]) -> Row:
    vport = row["vc"].removeprefix("vport").strip()
    interface = row["interface"]
    where = place(interface) if is_place(interface) else {}
    is_cut = (
        not (vport or "vport" in where)
        if "onu" in where
        else not where and not _PORT_NAME.fullmatch(interface)
    )
    if is_cut:
        raise UnknownReply("a row that is cut")
    return {
        "mac": row["mac"].lower(),
        "vlan": int(row["vlan"]),
        "type": row["type"],
        "interface": interface,
        **where,
        **({"vport": scalar(vport)} if vport or "vport" not in where else {}),
        **({"time": text_or_none(row["time"])} if "time" in row else {}),
    }


def _card(row: dict[str, str]) -> Row:
    numbers = {key: int(row[key]) for key in ("rack", "shelf", "slot", "ports") if key in row}
    texts = {key: text_or_none(text) for key, text in row.items() if key not in numbers}
    return {"rack": None} | numbers | texts


def _uplink(line: str) -> Row:
    cells = line.split()
    if len(cells) != len(_PORT_KEYS) or cells[-1].lower() not in _LINK or not _PORT_NAME.fullmatch(cells[0]):
        raise UnknownReply("a row that no rule explains")
    row = {key: scalar(cell) for key, cell in zip(_PORT_KEYS, cells, strict=True)}
    shelf, slot, port = map(int, _PORT_NAME.fullmatch(cells[0]).groups())  # type: ignore[union-attr]
    return {"interface": row["interface"], "shelf": shelf, "slot": slot, "port": port} | row


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
