"""Optical levels: of one ONU in both directions, and of all ONUs or ports in one."""

import re
from collections.abc import Sequence

from vendors.errors import UnknownReply
from vendors.zte_common.parse.clean import solid
from vendors.zte_common.parse.tables import distinct, is_rule
from vendors.zte_common.parse.values import Row, dbm, place

_LEVEL = r"(?:-?\d{1,3}(?:\.\d{1,6})? ?\(dbm\)|no signal|N/A(?: ?\(dbm\))?)"
_LOSS = r"(?:-?\d{1,3}(?:\.\d{1,6})? ?\(dB\)|N/A(?: ?\(dB\))?)"
_HEADER = re.compile(r"\s*OLT\s+ONU\s+Attenuation\s*", re.IGNORECASE)
_UP = re.compile(rf"\s*up\s+Rx\s*:\s*({_LEVEL})\s+Tx\s*:\s*({_LEVEL})\s+({_LOSS})\s*", re.IGNORECASE)
_DOWN = re.compile(rf"\s*down\s+Tx\s*:\s*({_LEVEL})\s+Rx\s*:\s*({_LEVEL})\s+({_LOSS})\s*", re.IGNORECASE)
_UNIT = re.compile(r"\s{0,40}\(dbm?\)", re.IGNORECASE)
_LIST_HEADER = re.compile(r"\s*\w{3,12}\s+(?P<which>Rx|Tx) power\s*", re.IGNORECASE)
_LIST_ROW = re.compile(rf"\s*(?P<index>\S{{5,40}}?)\s+(?P<level>{_LEVEL})\s*", re.IGNORECASE)


def attenuation(lines: Sequence[str]) -> Row:
    """`show pon power attenuation`: upstream and downstream levels in dBm, losses in dB.

    `signal` is whether the OLT hears the ONU; None where it says neither.
    """
    body = solid(lines)
    if len(body) != 4 or not _HEADER.fullmatch(body[0]) or not is_rule(body[1]):
        raise UnknownReply("not the two rows of a power attenuation, or cut")
    up, down = _UP.fullmatch(body[2]), _DOWN.fullmatch(body[3])
    if not up or not down:
        raise UnknownReply("a row that no rule explains")
    heard = None if up[1].upper().startswith("N/A") else up[1].lower() != "no signal"
    return {
        "signal": heard,
        "up": {"olt_rx_dbm": _level(up[1]), "onu_tx_dbm": _level(up[2]), "attenuation_db": _level(up[3])},
        "down": {
            "olt_tx_dbm": _level(down[1]),
            "onu_rx_dbm": _level(down[2]),
            "attenuation_db": _level(down[3]),
        },
    }


def power_list(lines: Sequence[str]) -> Row:
    """`show pon power onu-rx|onu-tx|olt-rx|olt-tx`: one level for each ONU or port. It closes with no total."""
    body = solid(lines)
    header = _LIST_HEADER.fullmatch(body[0]) if body else None
    if header is None and len(body) > 1:
        raise UnknownReply("no header that is known")
    if header and (len(body) < 3 or not is_rule(body[1])):
        raise UnknownReply("a header without rows: the reply is cut")
    rows = [_listed(line) for line in (body[2:] if header else body)]
    if not rows:
        raise UnknownReply("no level")
    distinct(rows, "index")
    return {"direction": header["which"].lower() if header else None, "levels": rows}


def _listed(line: str) -> Row:
    if not (found := _LIST_ROW.fullmatch(line)):
        raise UnknownReply("a row that no rule explains")
    level = _level(found["level"])
    silent = found["level"].lower() == "no signal"
    return {
        "index": found["index"],
        **place(found["index"]),
        "power_dbm": level,
        "signal": False if silent else (None if level is None else True),
    }


def _level(text: str) -> float | None:
    return dbm(_UNIT.sub("", text))
