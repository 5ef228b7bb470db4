"""The serial number of an ONU: vendor id (4 characters) and 8 hex digits (ITU-T G.984.3, 8 bytes).

A vendor id may consist of hex digits alone (`DD18`). Its serials look like a MAC address, so there are two types: `Serial`
is what devices say and what we keep, and is never in doubt; `TypedSerial` is what people and ERPs write, who sometimes
write the MAC instead.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

KNOWN_VENDOR_IDS = frozenset(
    """ADTN ALCL ASKY BEST CDKT CIGG CIOT CXNK DACM DDKT DLNK DSNW ELTX FHTT FIOG FRKW GNXS GPON HSGQ HUMA HWTC HWTF
    ISKT ITBS KAON MSTC NBEL NOKA NOKG NOKW PRKS PTIN RCOM RTEG RTKG SCOM SKYW SMBS TMBB TPLG UBNT VSOL YHTC YYKC
    ZICG ZNTS ZTEC ZTEG ZTEZ ZXIC ZYWN ZYXE""".split()
)
"""Vendor ids seen in the field. A hint only: an unknown one is provisioned like any other."""

_READABLE = re.compile(r"([A-Z0-9]{4})[- ]?([0-9A-F]{8})")
_HEX = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})")
_HEX_AND_READABLE = re.compile(r"([0-9A-F]{16})\s*\(([A-Z0-9]{4})-([0-9A-F]{8})\)")
_BARE_HEX = re.compile(r"[0-9A-F]{12}")
_SEPARATED_MAC = re.compile(r"[0-9A-F]{2}([:-][0-9A-F]{2}){5}|[0-9A-F]{4}([.-][0-9A-F]{4}){2}")


def canonical_serial(text: str) -> str:
    """`text` as 12 characters, upper case: `HWTC1A2B3C4D`. The canonical form of a canonical form is itself.

    Reads `485754431A2B3C4D`, `HWTC1A2B3C4D`, `HWTC-1A2B3C4D`, `485754431A2B3C4D (HWTC-1A2B3C4D)`, any case.
    Raises ValueError, which says what the text looks like instead, and never repeats it.
    """
    upper = text.strip().upper() if text.isascii() else ""
    if both := _HEX_AND_READABLE.fullmatch(upper):
        upper = both[1]
    if hexadecimal := _HEX.fullmatch(upper):
        vendor = bytes.fromhex(hexadecimal[1])
        if not (vendor.isalnum() and vendor.isascii()):
            raise ValueError("16 hex digits whose first 8 spell no vendor id: not a PON serial")
        return vendor.decode().upper() + hexadecimal[2]
    if _SEPARATED_MAC.fullmatch(upper):
        raise ValueError("looks like a MAC address, not a PON serial (vendor id and 8 hex digits)")
    if readable := _READABLE.fullmatch(upper):
        return readable[1] + readable[2]
    raise ValueError("not a PON serial: expected a vendor id of 4 characters and 8 hex digits")


def looks_like_mac(serial: str) -> bool:
    """Whether a canonical serial, written without a dash, may as well be a MAC address."""
    return serial[:4] not in KNOWN_VENDOR_IDS and _BARE_HEX.fullmatch(serial) is not None


class Undecided(str):
    """A canonical serial, if it is one: it was written as 12 hex digits, as a MAC address is."""

    __slots__ = ()


def typed_serial(text: str) -> str:
    """`text` as `canonical_serial` reads it; Undecided where it may as well be a MAC address. Raises ValueError."""
    serial = canonical_serial(text)
    bare = looks_like_mac(serial) and len(text.strip()) == len(serial)
    return Undecided(serial) if bare else serial


def is_in_doubt(text: object) -> bool:
    """Whether this is a serial that may as well be a MAC address."""
    try:
        return isinstance(text, str) and isinstance(typed_serial(text), Undecided)
    except ValueError:
        return False


def mac_digits(text: str) -> str | None:
    """The 12 hex digits, upper case, of what is written as MAC addresses are; None for anything else."""
    upper = text.strip().upper() if text.isascii() else ""
    if not (_BARE_HEX.fullmatch(upper) or _SEPARATED_MAC.fullmatch(upper)):
        return None
    return re.sub(r"[:.-]", "", upper)


def hex_serial(serial: str, printed: str | None = None) -> str:
    """The 16 hex digits of a canonical serial: `485754431A2B3C4D`.

    Where the device printed them itself (`printed`, in any form), its own: a vendor id may hold small letters.
    """
    shown = _HEX.match(printed.upper()) if printed and serial_or_none(printed) == serial else None
    return shown[0] if shown else serial[:4].encode().hex().upper() + serial[4:]


def readable_serial(serial: str, printed: str | None = None) -> str:
    """A canonical serial as a line of a CLI names it: where the device printed 12 characters for it, these."""
    same = printed is not None and len(printed) == len(serial) and serial_or_none(printed) == serial
    return printed if same and printed else serial


def serial_or_none(text: str) -> str | None:
    """The canonical form of what a device printed, or None where it is no serial."""
    try:
        return canonical_serial(text)
    except ValueError:
        return None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a serial is text")
    return value


Serial = Annotated[str, BeforeValidator(_text), AfterValidator(canonical_serial)]
"""A canonical serial; any of its written forms is accepted, and none is taken for something else."""

TypedSerial = Annotated[str, BeforeValidator(_text), AfterValidator(typed_serial)]
"""A canonical serial as people and ERPs write it: `Undecided` where it may as well be a MAC address."""
