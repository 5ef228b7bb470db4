"""ONUs of the OLT: not registered, looked up by serial, their states, what is configured, one in full."""

import re
from collections.abc import Sequence

from vendors.errors import UnknownReply
from vendors.zte_common.parse.blocks import fields
from vendors.zte_common.parse.clean import solid
from vendors.zte_common.parse.tables import Column, Layout, agree, distinct, is_rule, rows_of, split_total
from vendors.zte_common.parse.values import (
    ONU,
    PORT,
    Row,
    channel,
    is_place,
    moment,
    number,
    place,
    scalar,
    serial,
    slug,
    text_or_none,
)


def _bare(pattern: str) -> str:
    """A pattern without its names, to be used in a cell."""
    return re.sub(r"\?P<\w+>", "", pattern)


_ONU, _PORT = _bare(ONU), _bare(PORT)
_SERIAL = r"N/A|\S{4,20}"
_WHOLE_SERIAL = r"N/A|\S{12}|\S{16}"
_WORD = r"[A-Za-z][\w-]*"
_SWITCH = r"(?i:enabled?|disabled?|unknown|N/A)"
_SPEED = r"\S+(?: \S+)?"

UNCFG = Layout(
    (
        Column("index", ("OnuIndex", "OltIndex"), rf"{_PORT}|{_ONU}"),
        Column("model", ("Model", "Type"), r"(?:\S.*)?", last=r"\S.*"),
        Column("sn", "SN", _SERIAL, last=_WHOLE_SERIAL),
        Column(
            "mac",
            "MAC",
            r"(?:\S+)?",
            last=r"N/A|[0-9A-Fa-f]{4}(?:[.:-][0-9A-Fa-f]{4}){2}|(?:[0-9A-Fa-f]{2}[:-]?){6}",
        ),
        Column("pw", ("PW", "Password"), r"(?:\S.*)?", last=r"\S.*"),
        Column("loid", "LOID", r"(?:\S.*)?", last=r"\S.*"),
        Column("version", ("Version", "Ver"), r"(?:\S.*)?", last=r"\S.*"),
        Column("state", "State", rf"(?:{_WORD})?", ("unknown",), last=_WORD),
    ),
    required=frozenset({"index", "sn"}),
)
STATE = Layout(
    (
        Column("index", "OnuIndex", _ONU),
        Column("admin_state", "Admin State", _SWITCH),
        Column("omcc_state", "OMCC State", _SWITCH),
        Column("o7_state", "O7 State", _WORD),
        Column("phase_state", "Phase State", _WORD),
        Column("channel", "Channel", _SPEED),
        Column("speed_mode", "Speed mode", _SPEED),
    ),
    required=frozenset({"index", "admin_state", "omcc_state", "phase_state"}),
)
STATE_TOTAL = re.compile(r"ONU Number\s*:\s*(\d{1,6})\s*/\s*(\d{1,6})", re.IGNORECASE)
BASEINFO = Layout(
    (
        Column("index", "OnuIndex", _ONU),
        Column("type", "Type", r"\S.*"),
        Column("mode", ("Mode", "AuthMode"), r"\S+"),
        Column("auth_info", "AuthInfo", r"(?:\S.*)?", last=r"\S.*"),
        Column("state", "State", r"\S+", ("ready",)),
    ),
    required=frozenset({"index", "type", "auth_info"}),
)
_SEARCH = re.compile(r"Search ?result:?", re.IGNORECASE)
_HISTORY_HEADER = re.compile(r"\s*Authpass Time\s+OfflineTime\s+Cause\s*")
_HISTORY = re.compile(
    r"(?P<n>\d{1,3})\s+(?P<up>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s+(?P<down>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"
    r"(?:\s+(?P<cause>\S.*))?"
)
_HISTORY_ROWS = 10
_CAUSES = ("LOS", "LOSi", "LOFi", "DyingGasp", "AuthFail", "Deactive", "Reboot", "Shutdown", "Unknown")


def uncfg(lines: Sequence[str]) -> Row:
    """`show gpon onu uncfg` and `show pon onu uncfg`: their columns are a matter of settings.

    An ONU number is the OLT's proposal: it may be in use.
    """
    rows = [unregistered(row) for row in rows_of(lines, UNCFG)]
    distinct(rows, "shelf", "slot", "port", "onu", "sn", "mac")
    return {"onus": rows}


def unregistered(row: dict[str, str]) -> Row:
    """One row of it."""
    others = {key: text_or_none(text) for key, text in row.items() if key not in {"index", "sn"}}
    return _indexed(row) | others | serial(row["sn"])


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
    body, total = split_total(lines, STATE_TOTAL)
    working, all_of_them = int(total[1]), int(total[2])
    rows = [state_of(row) for row in rows_of(body, STATE, empty=True)]
    agree(all_of_them, len(rows), "ONUs")
    if working > all_of_them:
        raise UnknownReply("more ONUs work than there are")
    distinct(rows, "shelf", "slot", "port", "onu")
    return {"onus": rows, "onu_number": {"working": working, "total": all_of_them}}


def baseinfo(lines: Sequence[str]) -> Row:
    """`show gpon onu baseinfo`: type and authentication of each ONU. It closes with no total."""
    rows = [base_of(row) for row in rows_of(lines, BASEINFO)]
    distinct(rows, "shelf", "slot", "port", "onu")
    return {"onus": rows}


def base_of(row: dict[str, str]) -> Row:
    """One row of it."""
    auth = row.pop("auth_info")
    kind, _, secret = auth.partition(":")
    named = serial(secret) if kind.upper() == "SN" and secret else {"sn": None, "serial": None}
    texts = {key: text_or_none(text) for key, text in row.items()}
    return _indexed(row) | texts | {"auth_info": auth} | named


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
        if cause not in _CAUSES and any(word.startswith(cause or "") for word in _CAUSES) and down:
            raise UnknownReply("a cause that is missing or cut")
        rows.append({"number": int(found["n"]), "authpass_time": up, "offline_time": down, "cause": cause})
    agree(_HISTORY_ROWS, len(rows), "rows of history, always")
    return rows


def state_of(row: dict[str, str]) -> Row:
    """One row of it."""
    states: Row = {key: text for key, text in row.items() if key not in {"index", "channel"}}
    return _indexed(row) | states | (channel(row["channel"]) if "channel" in row else {})


def _indexed(row: dict[str, str]) -> Row:
    return {"index": row["index"], **place(row["index"])}


def distances(lines: Sequence[str]) -> Row:
    """`show gpon onu distance`: rows of an ONU and its distance. No capture shows the header: any is accepted.

    Columns beside the distance are given under the header's words for them.
    """
    body = [line for line in solid(lines) if not is_rule(line)]
    first = next((number for number, line in enumerate(body) if is_place(line.split()[0])), len(body))
    if first == len(body) or first > 1:
        raise UnknownReply("no ONU and no distance")
    keys = body[0].split() if first else []
    rows = [_far(line.split(), keys) for line in body[first:]]
    distinct(rows, "shelf", "slot", "port", "onu")
    return {"onus": rows}


def _far(words: list[str], keys: list[str]) -> Row:
    if len(words) < 2 or (len(words) > 2 and len(words) != len(keys)):
        raise UnknownReply("a line that no rule explains")
    more = {slug(key): scalar(word) for key, word in zip(keys[1:-1], words[1:-1], strict=False)}
    distance = text_or_none(words[-1])
    return {"index": words[0], **place(words[0]), **more} | {
        "distance_m": None if distance is None else number(distance.removesuffix("m"))
    }
