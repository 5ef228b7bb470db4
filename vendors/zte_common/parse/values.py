"""What one printed value means: numbers as numbers, `N/A` and nothing as None, everything else as printed."""

import re
from typing import Any

from schemas.serial import serial_or_none
from vendors.errors import UnknownReply

Row = dict[str, Any]

ONU = r"(?:[a-z]{0,4}pon[-_]onu[-_])?(?P<shelf>\d{1,3})/(?P<slot>\d{1,3})/(?P<port>\d{1,3}):(?P<onu>\d{1,4})"
"""An ONU as the device writes it, with or without its prefix."""
PORT = r"(?:[a-z]{0,4}pon[-_]olt[-_])?(?P<shelf>\d{1,3})/(?P<slot>\d{1,3})/(?P<port>\d{1,3})"
VPORT = r"vport-(?P<shelf>\d{1,3})/(?P<slot>\d{1,3})/(?P<port>\d{1,3})\.(?P<onu>\d{1,4}):(?P<vport>\d{1,4})"
POWER = r"-?\d{1,3}(?:\.\d{1,6})?"

_PLACE = re.compile(
    rf"{ONU}|{PORT.replace('?P<', '?P<olt_')}|{VPORT.replace('?P<', '?P<v_')}(?::(?P<v_index>\d+))?"
)
_UPLINK = re.compile(r"[a-z]{2,10}[-_](?P<shelf>\d{1,3})/(?P<slot>\d{1,3})/(?P<port>\d{1,3})", re.IGNORECASE)
"""`gei_1/3/1`, `xgei-1/10/1`."""
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,15})")
_CHANNEL = re.compile(r"(?P<number>\d{1,3})\((?P<name>[\w -]+)\)")
_DURATION = re.compile(r"(?P<h>\d{1,7})h\s*(?P<m>\d{1,2})m\s*(?P<s>\d{1,2})s")
_METRES = re.compile(r"(?P<m>\d{1,12})\s*(?:m|\(m\))")
_MEASURE = re.compile(
    r"(?P<value>-?\d{1,15}(?:\.\d{1,9})?|N/A|--)\s*(?:\((?P<unit>[^()]{1,12})\)|(?P<percent>%))"
    r"(?:\s*\[(?P<low>-?\d{1,9}(?:\.\d{1,9})?),\s*(?P<high>-?\d{1,9}(?:\.\d{1,9})?)\])?"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_ABSENT = frozenset({"", "N/A", "N/A.", "--"})
_TEXTS = re.compile(
    r"(?:.*_)?(?:name|description|serial_number|password|version|model|mac|mac_address|location|loid|vendor_id|equip_id)|type"
)


def slug(label: str) -> str:
    """A printed label as a key: `ONU Distance` is `onu_distance`, `EquipID` is `equip_id`, `FBW(kbps)` is `fbw_kbps`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", label)
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def text_or_none(text: str) -> str | None:
    """The text as printed; None where it is empty or N/A."""
    stripped = text.strip()
    return None if stripped.upper() in _ABSENT else stripped


def scalar(text: str) -> str | int | None:
    """None, a whole number, or the text."""
    stripped = text_or_none(text)
    return int(stripped) if stripped and _NUMBER.fullmatch(stripped) else stripped


def number(text: str) -> int:
    """A whole number. Raises UnknownReply."""
    value = scalar(text)
    if not isinstance(value, int):
        raise UnknownReply("a number was expected")
    return value


def dbm(text: str) -> float | None:
    """A level as a number; None for N/A and for no signal. Raises UnknownReply."""
    stripped = text.strip()
    if stripped.upper() in _ABSENT or stripped.lower() == "no signal":
        return None
    if not re.fullmatch(POWER, stripped):
        raise UnknownReply("a level was expected")
    return float(stripped)


def place(text: str) -> Row:
    """Shelf, slot, port and, where it is there, ONU and virtual port of an interface. Raises UnknownReply."""
    if not (found := _PLACE.fullmatch(text.strip())):
        raise UnknownReply("the name of a PON port or ONU was expected")
    parts = {key: value for key, value in found.groupdict().items() if value is not None}
    return {key.removeprefix("olt_").removeprefix("v_"): int(value) for key, value in parts.items()}


def is_place(text: str) -> bool:
    """Whether this names a PON port, an ONU or a virtual port."""
    return _PLACE.fullmatch(text.strip()) is not None


def located(text: str) -> Row:
    """Shelf, slot and port (ONU, virtual port) that the name of any interface tells; nothing for a name that tells none."""
    if is_place(text):
        return place(text)
    found = _UPLINK.fullmatch(text.strip())
    return {key: int(value) for key, value in found.groupdict().items()} if found else {}


def serial(text: str) -> Row:
    """A serial as printed, and in its canonical form (None where it is no serial)."""
    printed = text_or_none(text)
    return {"sn": printed, "serial": serial_or_none(printed) if printed and len(printed) < 40 else None}


def channel(text: str) -> Row:
    """`1(GPON)` as printed and in its parts."""
    printed = text_or_none(text)
    found = _CHANNEL.fullmatch(printed) if printed else None
    if not found:
        return {"channel": printed}
    return {"channel": printed, "channel_number": int(found["number"]), "channel_name": found["name"]}


def field(key: str, text: str) -> Row:
    """What one `label: value` line says, under its key and, where it says more, further keys."""
    printed = text_or_none(text)
    if key in {"serial_number", "sn"}:
        return serial(text) | {key: printed}
    if key in {"distance", "onu_distance"}:
        return _distance(key, printed)
    if key.endswith("duration"):
        return {key: printed, f"{key}_s": _seconds(printed)}
    if printed and key.endswith("channel") and (found := _CHANNEL.fullmatch(printed)):
        return {key: printed, f"{key}_number": int(found["number"]), f"{key}_name": found["name"]}
    if printed and not _TEXTS.fullmatch(key) and (found := _MEASURE.fullmatch(printed)):
        return _measure(key, found)
    return {key: printed if _TEXTS.fullmatch(key) else scalar(text)}


def _measure(key: str, found: re.Match[str]) -> Row:
    """A number with its unit, as it is printed: `11.095(dbm)`, `3.223(v)    [3.0, 3.6]`, `0.1%`."""
    unit = "percent" if found["percent"] else re.sub(r"[^a-z0-9]+", "_", found["unit"].lower()).strip("_")
    name = f"{key}_{unit}"
    limits = {f"{name}_{end}": float(found[end]) for end in ("low", "high") if found[end]}
    return {name: decimal(found["value"]), **limits}


def decimal(text: str) -> int | float | None:
    """A number, whole or not; None for N/A. Raises UnknownReply."""
    value = scalar(text)
    if isinstance(value, str):
        if not re.fullmatch(r"-?\d{1,15}\.\d{1,9}", value):
            raise UnknownReply("a number was expected")
        return float(value)
    return value


def _seconds(printed: str | None) -> int | None:
    if not printed or not (found := _DURATION.fullmatch(printed)):
        return None
    hours, minutes, seconds = (int(found[part]) for part in "hms")
    return (hours * 60 + minutes) * 60 + seconds


def moment(text: str) -> str | None:
    """A time as printed; None for `0000-00-00 00:00:00`. Raises UnknownReply."""
    if not _TIME.fullmatch(text):
        raise UnknownReply("a time was expected")
    return None if text.startswith("0000-00-00") else text


def _distance(key: str, printed: str | None) -> Row:
    if printed is None:
        return {f"{key}_m": None}
    if not (found := _METRES.fullmatch(printed)):
        raise UnknownReply("a distance in metres was expected")
    return {f"{key}_m": int(found["m"])}
