"""ONUs of the OLT: not registered, looked up by serial, their states, what is configured, one in full."""

import re
from collections.abc import Sequence
from typing import Any

from vendors.errors import UnknownReply
from vendors.zte_common.parse.blocks import fields
from vendors.zte_common.parse.clean import solid
from vendors.zte_common.parse.tables import Column, Table, agree, distinct, is_rule, rows_of, split_total
from vendors.zte_common.parse.values import (
    ONU,
    PORT,
    Row,
    channel,
    is_place,
    moment,
    number,
    place,
    serial,
    text_or_none,
)


def _bare(pattern: str) -> str:
    """A pattern without its names, to be used in a cell."""
    return re.sub(r"\?P<\w+>", "", pattern)


_ONU, _PORT = _bare(ONU), _bare(PORT)
_SERIAL = r"\S{8,20}"
_WORD = r"[A-Za-z][\w-]*"
_SPEED = r"\S+(?: \S+)?"

_UNCFG = Table(
    (
        Column("index", "OnuIndex", _ONU),
        Column("sn", "Sn", _SERIAL),
        Column("state", "State", _WORD, ("unknown",)),
    )
)
_PON_UNCFG = (
    Table(
        (
            Column("index", "OltIndex", rf"{_PORT}|{_ONU}"),
            Column("model", "Model", r"\S.*"),
            Column("sn", "SN", _SERIAL),
            Column("pw", "PW", r"\S.*"),
        )
    ),
    Table(
        (
            Column("index", "OltIndex", rf"{_PORT}|{_ONU}"),
            Column("model", "Model", r"\S.*"),
            Column("mac", "MAC", r"\S+"),
            Column("sn", "SN", _SERIAL),
        )
    ),
    Table(
        (
            Column("index", "OltIndex", rf"{_PORT}|{_ONU}"),
            Column("model", "Model", r"\S.*"),
            Column("sn", "SN", _SERIAL),
        )
    ),
)
_STATE_COLUMNS = (
    Column("index", "OnuIndex", _ONU),
    Column("admin_state", "Admin State", _WORD),
    Column("omcc_state", "OMCC State", _WORD),
)
_STATE = (
    Table(
        (*_STATE_COLUMNS, Column("o7_state", "O7 State", _WORD), Column("phase_state", "Phase State", _WORD))
    ),
    Table(
        (*_STATE_COLUMNS, Column("phase_state", "Phase State", _WORD), Column("channel", "Channel", _SPEED))
    ),
    Table(
        (
            *_STATE_COLUMNS,
            Column("phase_state", "Phase State", _WORD),
            Column("speed_mode", "Speed mode", _SPEED),
        )
    ),
    Table((*_STATE_COLUMNS, Column("phase_state", "Phase State", _WORD))),
)
_STATE_TOTAL = re.compile(r"ONU Number:\s*(\d{1,6})\s*/\s*(\d{1,6})")
_BASEINFO = Table(
    (
        Column("index", "OnuIndex", _ONU),
        Column("type", "Type", r"\S.*"),
        Column("mode", "Mode", r"\S+"),
        Column("auth_info", "AuthInfo", r"\S.*"),
        Column("state", "State", r"\S+", ("ready",)),
    )
)
_SEARCH = re.compile(r"Search ?result:?", re.IGNORECASE)
_HISTORY_HEADER = re.compile(r"\s*Authpass Time\s+OfflineTime\s+Cause\s*")
_HISTORY = re.compile(
    r"(?P<n>\d{1,3})\s+(?P<up>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s+(?P<down>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"
    r"(?:\s+(?P<cause>\S.*))?"
)
_HISTORY_ROWS = 10


def gpon_uncfg(lines: Sequence[str]) -> Row:
    """`show gpon onu uncfg`. The ONU number is the OLT's proposal: it may be in use."""
    rows = [_indexed(row) | serial(row["sn"]) | {"state": row["state"]} for row in rows_of(lines, _UNCFG)]
    distinct(rows, "shelf", "slot", "port", "onu", "sn")
    return {"onus": rows}


def pon_uncfg(lines: Sequence[str]) -> Row:
    """`show pon onu uncfg`, in its three sets of columns."""
    rows = []
    for row in rows_of(lines, *_PON_UNCFG):
        others = {key: text_or_none(row[key]) for key in ("model", "mac", "pw") if key in row}
        rows.append(_indexed(row) | others | serial(row["sn"]))
    distinct(rows, "shelf", "slot", "port", "sn")
    return {"onus": rows}


def uncfg(lines: Sequence[str]) -> Row:
    """Either list of ONUs that are not registered: some firmware answers one command with the other's columns."""
    body = solid(lines)
    return gpon_uncfg(lines) if body and _UNCFG.starts(body[0]) else pon_uncfg(lines)


def by_serial(lines: Sequence[str]) -> Row:
    """`show gpon onu by sn`: every place where the serial is registered."""
    body = solid(lines)
    if len(body) < 3 or not _SEARCH.fullmatch(body[0].strip()) or not is_rule(body[1]):
        raise UnknownReply("no search result, or a result that is cut")
    rows = [_indexed({"index": line.strip()}) for line in body[2:]]
    if not all("onu" in row for row in rows):
        raise UnknownReply("a search result that names no ONU")
    distinct(rows, "shelf", "slot", "port", "onu")
    return {"onus": rows}


def state(lines: Sequence[str]) -> Row:
    """`show gpon onu state`, with or without `O7 State`, `Channel`, `Speed mode`; its total is checked."""
    body, total = split_total(lines, _STATE_TOTAL)
    working, all_of_them = int(total[1]), int(total[2])
    rows = [_state(row) for row in rows_of(body, *_STATE, empty=True)]
    agree(all_of_them, len(rows), "ONUs")
    if working > all_of_them:
        raise UnknownReply("more ONUs work than there are")
    distinct(rows, "shelf", "slot", "port", "onu")
    return {"onus": rows, "onu_number": {"working": working, "total": all_of_them}}


def baseinfo(lines: Sequence[str]) -> Row:
    """`show gpon onu baseinfo`: type and authentication of each ONU. It closes with no total."""
    rows = []
    for row in rows_of(lines, _BASEINFO):
        auth = row["auth_info"]
        kind, _, secret = auth.partition(":")
        named = serial(secret) if kind.upper() == "SN" and secret else {"sn": None, "serial": None}
        rows.append(
            _indexed(row)
            | {"type": text_or_none(row["type"]), "mode": row["mode"], "auth_info": auth}
            | named
            | {"state": row["state"]}
        )
    distinct(rows, "shelf", "slot", "port", "onu")
    return {"onus": rows}


def detail(lines: Sequence[str]) -> Row:
    """`show gpon onu detail-info`: its fields by their label, for their order differs, and its ten rows of history."""
    body = solid(lines)
    rule = next((index for index, line in enumerate(body) if is_rule(line)), len(body))
    onu = fields(body[:rule], first="ONU interface")
    if not {"serial_number", "phase_state"} <= onu.keys():
        raise UnknownReply("serial number and phase state are missing: the reply is cut")
    onu = place(onu["onu_interface"] or "") | onu
    return {"onu": onu, "history": _history(body[rule + 1 :]) if rule < len(body) else None}


def _history(lines: Sequence[str]) -> list[Row]:
    if not lines or not _HISTORY_HEADER.fullmatch(lines[0]):
        raise UnknownReply("the header of the history is missing: the reply is cut")
    rows: list[Row] = []
    for line in lines[1:]:
        if not (found := _HISTORY.fullmatch(line.strip())) or int(found["n"]) != len(rows) + 1:
            raise UnknownReply("a row of the history that no rule explains")
        up, down = moment(found["up"]), moment(found["down"])
        cause = text_or_none(found["cause"] or "")
        rows.append({"number": int(found["n"]), "authpass_time": up, "offline_time": down, "cause": cause})
    agree(_HISTORY_ROWS, len(rows), "rows of history, always")
    return rows


def _state(row: dict[str, str]) -> Row:
    states: Row = {key: text for key, text in row.items() if key not in {"index", "channel"}}
    return _indexed(row) | states | (channel(row["channel"]) if "channel" in row else {})


def _indexed(row: dict[str, str]) -> Row:
    return {"index": row["index"], **place(row["index"])}


def distances(lines: Sequence[str]) -> Row:
    """`show gpon onu distance`: rows of an ONU and its distance. No capture shows the header: any is accepted."""
    rows: list[Row] = []
    for line in solid(lines):
        words = line.split()
        if is_rule(line) or not is_place(words[0]):
            if rows:
                raise UnknownReply("a line that no rule explains")
            continue
        rows.append({"index": words[0], **place(words[0]), **_metres(words)})
    if not rows:
        raise UnknownReply("no ONU and no distance")
    return {"onus": rows}


def _metres(words: list[str]) -> dict[str, Any]:
    if len(words) != 2:
        raise UnknownReply("a line that no rule explains")
    return {"distance_m": None if words[1] == "N/A" else number(words[1].removesuffix("m"))}
