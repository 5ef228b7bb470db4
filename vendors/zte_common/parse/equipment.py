"""The OLT itself: cards, processors, fans, temperatures, software, clock, its own addresses."""

import re
from collections.abc import Mapping, Sequence

from vendors.errors import UnknownReply
from vendors.zte_common.parse.blocks import beside, fields, merged
from vendors.zte_common.parse.clean import solid
from vendors.zte_common.parse.tables import Column, Layout, distinct, is_rule, rows_of
from vendors.zte_common.parse.values import Row, decimal, number, scalar, text_or_none

_NUMBER, _NAME, _VERSION = r"\d{1,4}", r"[A-Za-z][\w/-]*", r"(?:V?\d[\w.]*|N/A)?"
_RACK = r"(?:(?P<rack>\d{1,3})\s+)?"
_PLACED = r"(?P<shelf>\d{1,3})\s+(?P<slot>\d{1,3})\s+(?P<cfg_type>[A-Za-z][\w/-]*)"
_STATES = (
    "INSERVICE",
    "STANDBY",
    "OFFLINE",
    "HWONLINE",
    "CONFIGING",
    "CONFIGFAILED",
    "TYPEMISMATCH",
    "DISABLE",
)
_CARDS = Layout(
    (
        Column("rack", "Rack", _NUMBER),
        Column("shelf", "Shelf", _NUMBER),
        Column("slot", "Slot", _NUMBER),
        Column("cfg_type", "CfgType", _NAME),
        Column("real_type", "RealType", rf"(?:{_NAME})?"),
        Column("card_name", "CardName", rf"(?:{_NAME})?"),
        Column("ports", "Port", _NUMBER),
        Column("hard_ver", "HardVer", _VERSION),
        Column("soft_ver", "SoftVer", _VERSION),
        Column("status", "Status", r"[A-Za-z][A-Za-z_-]*", _STATES),
    ),
    required=frozenset({"shelf", "slot", "cfg_type", "ports", "status"}),
    loose=re.compile(
        rf"{_RACK}{_PLACED}(?:\s+(?P<real_type>(?P<card_name>{_NAME})))?\s+(?P<ports>\d{{1,4}})"
        rf"(?:\s+(?P<hard_ver>V?\d[\w.]*|N/A))?\s+(?P<status>{_NAME})"
    ),
)
_SHELF_CARDS = Layout(_CARDS.columns[1:], _CARDS.required, _CARDS.loose)
_PERCENT = r"\d{1,3}(?:\.\d{1,6})?%|N/A\.?"
_PROCESSORS = Layout(
    (
        Column("rack", "Rack", _NUMBER),
        Column("shelf", "Shelf", _NUMBER),
        Column("slot", "Slot", _NUMBER),
        *(Column(f"cpu_{time}_percent", f"CPU({time})", _PERCENT) for time in ("5s", "1m", "5m")),
        Column("memory_mb", ("PhyMem(MB)", "MemSize"), r"\d+|N/A\.?"),
        Column("memory_percent", ("Memory", "MemUsage"), _PERCENT),
    ),
    required=frozenset({"slot", "cpu_5s_percent"}),
    ruled=False,
)
_TITAN_PROCESSOR = re.compile(
    r"(?P<processor>[A-Z]{2,6}-(?P<shelf>\d{1,3})/(?P<slot>\d{1,3})/(?P<cpu>\d{1,3}))\s+(?P<character>\S+)\s+"
    rf"(?P<cpu_5s_percent>{_PERCENT})\s+(?P<cpu_1m_percent>{_PERCENT})\s+(?P<cpu_5m_percent>{_PERCENT})\s+"
    rf"(?P<peak_percent>{_PERCENT})\s+(?P<memory_mb>\d+|N/A)\s+(?P<free_memory_mb>\d+|N/A)\s+"
    rf"(?P<memory_percent>{_PERCENT})"
)
_TITAN_PROCESSORS = re.compile(
    r"\s*Character\s+CPU\(5s\)\s+CPU\(1m\)\s+CPU\(5m\)\s+Peak\s+PhyMem\s+FreeMem\s+Mem\s*", re.IGNORECASE
)
_DEGREES = r"-?\d{1,3}|N/A\.?"
_TEMPERATURES = Layout(
    (
        Column("rack", "Rack", _NUMBER),
        Column("shelf", "Shelf", _NUMBER),
        Column("slot", "Slot", _NUMBER),
        Column("temperature_c", "Temperature", _DEGREES),
        Column("temperature_5m_c", "Temperature(5m)", _DEGREES),
        Column("temperature_1h_c", "Temperature(1h)", _DEGREES),
        Column("optical_temperature_c", "Optical-Temp", _DEGREES),
    ),
    required=frozenset({"slot", "temperature_c"}),
)
_FANS = Layout(
    (
        Column("fan", "FanUnitId", _NUMBER),
        Column("speed_level", "SpeedLevel", r"\S+"),
        Column("actual_speed_rpm", "ActualSpeed(RPM)", r"\d+|N/A"),
    ),
    required=frozenset({"fan"}),
)
_BUILT = r"\d{4}-\d\d-\d\d \d{1,2}:\d\d:\d\d"
_VERSIONS = Layout(
    (
        Column("location", "PhyLoc", r"\d{1,3}(?:/\d{1,3}){1,3}"),
        Column("file_type", "FileType"),
        Column("version_type", "VerType"),
        Column("version", "VerTag"),
        Column("built", "BuildTime", rf"{_BUILT}|N/A"),
        Column("length", "VerLength", r"\d{1,12}|N/A"),
    ),
    required=frozenset({"location", "version"}),
    loose=re.compile(
        r"(?P<location>\d{1,3}(?:/\d{1,3}){1,3})\s+(?P<file_type>\S+)\s+(?P<version_type>\S+)\s+(?P<version>\S+)\s+"
        rf"(?P<built>{_BUILT})\s+(?P<length>\d{{1,12}})"
    ),
)
_ADDRESSES = Layout(
    (
        Column("interface", "Interface", r"[a-z]+[\w/.:-]*"),
        Column("address", "IP-Address", r"\d{1,3}(?:\.\d{1,3}){3}|unassigned"),
        Column("mask", ("Mask", "IP-Mask"), r"\d{1,3}(?:\.\d{1,3}){3}|unassigned"),
        Column("admin", ("Admin", "AdminStatus"), r"up|down"),
        Column("phy", ("Phy", "PhyStatus"), r"up|down"),
        Column("protocol", ("Prot", "Protocol"), r"up|down"),
        Column("description", "Description", r".*"),
    ),
    required=frozenset({"interface", "address"}),
    ruled=False,
)
_CLOCK = re.compile(
    r"(?=.{0,99}$)(?=.*\b\d{4}\b)(?:(?P<time>\d\d:\d\d:\d\d)(?: [\w+:,/-]{1,12}){1,6}"
    r"|(?:[\w,/-]{1,12} ){1,6}(?P<late>\d\d:\d\d:\d\d)(?: [\w+:-]{1,12}){0,3})"
)


def cards(lines: Sequence[str]) -> Row:
    """`show card`, in both sets of columns; empty cells are None. With a slot: the fields of that card."""
    body = solid(lines)
    if body and beside(body[0]):
        return {"card": _one_card(body)}
    layout = _CARDS if body and _CARDS.head(body[0]) else _SHELF_CARDS
    rows = [_card(row) for row in rows_of(lines, layout)]
    distinct(rows, "rack", "shelf", "slot")
    return {"cards": rows}


def processors(lines: Sequence[str]) -> Row:
    """`show processor`, in its three forms: loads in per cent, memory in megabytes."""
    body = solid(lines)
    if body and _TITAN_PROCESSORS.fullmatch(body[0]):
        found = [_TITAN_PROCESSOR.fullmatch(line.strip()) for line in body[1:] if not is_rule(line)]
        if not found or not all(found):
            raise UnknownReply("a row that no rule explains, or none")
        rows = [_numbers(row.groupdict()) for row in found if row]
    else:
        rows = [_numbers(row) for row in rows_of(lines, _PROCESSORS)]
    distinct(rows, "shelf", "slot", "cpu")
    return {"processors": rows}


def temperatures(lines: Sequence[str]) -> Row:
    """`show card-temperature`: degrees Celsius; None for a slot without a card."""
    body = solid(lines)
    at = next((at for at, line in enumerate(body) if _TEMPERATURES.head(line)), len(body))
    rows = [_numbers(row) for row in rows_of(body[at:], _TEMPERATURES)]
    distinct(rows, "shelf", "slot")
    return {"temperatures": rows}


def fans(lines: Sequence[str]) -> Row:
    """`show fan`: the fields of the shelf, and its fans; a rule closes them."""
    body = solid(lines)
    at = next((at for at, line in enumerate(body) if _FANS.head(line)), len(body))
    if len(body) < at + 3 or body[-1].strip() != body[at + 1].strip():
        raise UnknownReply("the fans, or the rule below them, are missing: the reply is cut")
    above = [line for line in body[:at] if not is_rule(line) and not line.strip().endswith("status:")]
    rows = [{key: scalar(text) for key, text in row.items()} for row in rows_of(body[at:-1], _FANS)]
    distinct(rows, "fan")
    return {"shelf": fields(above, first="Shelf"), "fans": rows}


def versions(lines: Sequence[str]) -> Row:
    """`show version-running`: software by card and file."""
    rows = [{key: _version(key, text) for key, text in row.items()} for row in rows_of(lines, _VERSIONS)]
    distinct(rows, "location", "file_type", "version_type", "version")
    return {"versions": rows}


def system(lines: Sequence[str]) -> Row:
    """`show system-group`."""
    return {"system": fields(lines, first="System Description")}


def addresses(lines: Sequence[str]) -> Row:
    """`show ip interface brief`: `unassigned` is None."""
    rows = [
        {key: None if text == "unassigned" else text_or_none(text) for key, text in row.items()}
        for row in rows_of(lines, _ADDRESSES)
    ]
    distinct(rows, "interface")
    return {"interfaces": rows}


def clock(lines: Sequence[str]) -> Row:
    """`show clock`: one line, whose words are another in each software."""
    body = solid(lines)
    if len(body) != 1 or not (found := _CLOCK.fullmatch(body[0].strip())):
        raise UnknownReply("no time of day")
    return {"clock": body[0].strip(), "time": found["time"] or found["late"]}


def _one_card(lines: Sequence[str]) -> Row:
    named = [pair for line in lines for pair in beside(line) or [("", "")]]
    found = merged(named)
    if not {"real_type", "card_name"} & found.keys():
        raise UnknownReply("no fields of a card, or cut")
    return found


def _card(row: dict[str, str]) -> Row:
    numbers = {key: int(row[key]) for key in ("rack", "shelf", "slot", "ports") if row.get(key)}
    texts = {key: text_or_none(text) for key, text in row.items() if key not in numbers}
    return {"rack": None} | numbers | texts


def _numbers(row: Mapping[str, str | None]) -> Row:
    """Cells as numbers, those that are names aside."""
    names = {"processor", "character"}
    return {
        key: text if key in names else decimal((text or "").removesuffix("%")) for key, text in row.items()
    }


def _version(key: str, text: str) -> str | int | None:
    return number(text) if key == "length" and text_or_none(text) else text_or_none(text)
