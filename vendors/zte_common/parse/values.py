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
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,15})")
_CHANNEL = re.compile(r"(?P<number>\d{1,3})\((?P<name>[\w -]+)\)")
_DURATION = re.compile(r"(?P<h>\d{1,7})h\s*(?P<m>\d{1,2})m\s*(?P<s>\d{1,2})s")
_METRES = re.compile(r"(?P<m>\d{1,7})\s*m")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_ABSENT = frozenset({"", "N/A", "n/a", "N/A."})
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
    return None if stripped in _ABSENT else stripped


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
    if stripped in _ABSENT or stripped.lower() == "no signal":
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
    if printed and key.endswith("distance"):
        return _distance(key, printed)
    if printed and key.endswith("duration") and (found := _DURATION.fullmatch(printed)):
        hours, minutes, seconds = (int(found[part]) for part in "hms")
        return {key: printed, f"{key}_s": (hours * 60 + minutes) * 60 + seconds}
    if printed and key.endswith("channel") and (found := _CHANNEL.fullmatch(printed)):
        return {key: printed, f"{key}_number": int(found["number"]), f"{key}_name": found["name"]}
    return {key: printed if _TEXTS.fullmatch(key) else scalar(text)}


def moment(text: str) -> str | None:
    """A time as printed; None for `0000-00-00 00:00:00`. Raises UnknownReply."""
    if not _TIME.fullmatch(text):
        raise UnknownReply("a time was expected")
    return None if text.startswith("0000-00-00") else text


def _distance(key: str, printed: str) -> Row:
    if not (found := _METRES.fullmatch(printed)):
        raise UnknownReply("a distance in metres was expected")
    return {f"{key}_m": int(found["m"])}
