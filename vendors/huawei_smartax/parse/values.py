"""What one printed value means: numbers as numbers, `-` as None, everything else as printed."""

import re
from typing import Any

from schemas.serial import serial_or_none
from vendors.errors import UnknownReply

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_PERCENT = re.compile(r"(\d+)%")
_CELSIUS = re.compile(r"(-?\d+)\(C\)")
_WITH_UNIT = re.compile(r"(-?\d+(?:\.\d+)?) (?:\((?:pps|s|ms|kbps)\)|kbps|bytes)")
_RANGE = re.compile(r"\[([^,\[\]]*),([^,\[\]]*)\]")
_DURATION = re.compile(r"(\d+) day\(s\), (\d+) hour\(s\), (\d+) minute\(s\), (\d+) second\(s\)")
_PORT = re.compile(r"(\d+) ?/ *(\d+) ?/ *(\d+)")
_HUMP = re.compile(r"([a-z]{2})(?=[A-Z])(?![^(]*\))")
_DASHES = re.compile(r"-+")
_TEXT_KEY = re.compile(
    r"(^|_)(sn|serial|name|description|desc|version|patch|equipment\w*|equipmentid|product\w*|vendor\w*|loid|checkcode"
    r"|password|ssid|mac|address|info|code|pn|rev|label|gateway|dns|ip|mask|remark|type|model|text)($|_)|equipmentid"
)
_COUNT_KEY = re.compile(r"(^|_)(number|index|total|count)($|_)")


def slug(label: str) -> str:
    """A printed label as a key: `ONT distance(m)` is `ont_distance_m`, `VendorID` is `vendor_id`."""
    spaced = _HUMP.sub(r"\1_", label.replace("QinQ", "Qinq"))
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def scalar(text: str) -> Any:
    """A table's cell: None, a number, or the text."""
    if not text or _DASHES.fullmatch(text):
        return None
    if not _NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def whole(text: str) -> int:
    """A number that is read from a matched pattern; UnknownReply where it is too long to be one."""
    if len(text) > 18:
        raise UnknownReply("a number of more than 18 digits")
    return int(text)


def port_of(text: str) -> dict[str, int] | None:
    """`0/ 1/0`, `0/1 /0`, `0/1/0` as frame, slot and port."""
    if not (found := _PORT.fullmatch(text.strip())):
        return None
    frame, slot, port = map(whole, found.groups())
    return {"frame": frame, "slot": slot, "port": port}


def field(key: str, text: str) -> dict[str, Any]:
    """What one `label : value` line says, under its key and, where it says more, further keys."""
    if key == "f_s_p":
        return _place(text)
    if key in {"sn", "ont_sn"}:
        return {key: text or None, "serial": serial_or_none(text) if len(text) < 80 else None}
    if key.endswith("_duration") and (found := _DURATION.fullmatch(text)):
        days, hours, minutes, seconds = map(whole, found.groups())
        return {key: text, f"{key}_s": ((days * 24 + hours) * 60 + minutes) * 60 + seconds}
    if key.endswith("_dbm") and "," in text and not text.startswith("["):
        return _several(key, text)
    return {key: value(key, text)}


def _place(text: str) -> dict[str, Any]:
    place = port_of(text)
    if place is None:
        raise UnknownReply(f"not a port: {text[:40]!r}")
    return dict(place)


def _several(key: str, text: str) -> dict[str, Any]:
    """Some firmware puts a comma and a second value behind the OLT's own receive level."""
    first, *more = (scalar(part.strip()) for part in text.split(","))
    return {key: first, f"{key}_more": more}


def value(key: str, text: str) -> Any:
    """The value of one labelled field by the form of the text; labels of names and serials keep digits as text."""
    if _TEXT_KEY.search(key) and not _COUNT_KEY.search(key):
        return None if not text or _DASHES.fullmatch(text) else text
    for form in (_PERCENT, _CELSIUS, _WITH_UNIT):
        if found := form.fullmatch(text):
            return scalar(found[1])
    if found := _RANGE.fullmatch(text):
        return [scalar(found[1].strip()), scalar(found[2].strip())]
    return scalar(text) if len(text) < 19 else text
