"""The serial number of an ONU: vendor id (4 characters) and 8 hex digits (ITU-T G.984.3, 8 bytes)."""

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
_MAC = re.compile(r"[0-9A-F]{12}|[0-9A-F]{2}([:-][0-9A-F]{2}){5}|[0-9A-F]{4}([.-][0-9A-F]{4}){2}")


def canonical_serial(text: str) -> str:
    """`text` as 12 characters, upper case: `HWTC1A2B3C4D`.

    Reads `485754431A2B3C4D`, `HWTC1A2B3C4D`, `HWTC-1A2B3C4D`, `485754431A2B3C4D (HWTC-1A2B3C4D)`, any case.
    Raises ValueError, which says what the text looks like instead, and never repeats it.
    """
    upper = text.strip().upper()
    if both := _HEX_AND_READABLE.fullmatch(upper):
        upper = both[1]
    if hexadecimal := _HEX.fullmatch(upper):
        vendor = bytes.fromhex(hexadecimal[1])
        if not (vendor.isalnum() and vendor.isascii()):
            raise ValueError("16 hex digits whose first 8 spell no vendor id: not a PON serial")
        return vendor.decode().upper() + hexadecimal[2]
    if _MAC.fullmatch(upper) and upper[:4] not in KNOWN_VENDOR_IDS:
        raise ValueError("looks like a MAC address, not a PON serial (vendor id and 8 hex digits)")
    if readable := _READABLE.fullmatch(upper):
        return readable[1] + readable[2]
    raise ValueError("not a PON serial: expected a vendor id of 4 characters and 8 hex digits")


def hex_serial(serial: str) -> str:
    """The 16 hex digits of a canonical serial: `485754431A2B3C4D`."""
    return serial[:4].encode().hex().upper() + serial[4:]


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
"""A canonical serial; any of its written forms is accepted."""
