"""Dead letters: where a record lies, why it was set aside, and its shape with every doubtful value masked.

A value is shown only where its field is known to be harmless and the value looks as that field's values do. Whatever
else a record holds may be a password: names of members that we do not know are masked like values.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue
from pydantic_core import from_json

from events.envelope import RECORD_BYTES_MAX
from events.inputs import INPUTS
from events.outgoing import CloudEvent, dead_letter_id
from events.outputs import DeadLetter, Header
from events.reasons import reason
from events.record import RawRecord, Rejected
from schemas.serial import is_in_doubt, serial_or_none
from schemas.text import MASK

_HEADERS_MAX = 50
_WHERE_MAX = 300

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,63}")
_SOURCE = re.compile(r"[A-Za-z0-9/][A-Za-z0-9._:/@+-]{0,99}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TYPE = re.compile(r"[a-z][a-z0-9_-]{0,30}(\.[a-z0-9_-]{1,30}){1,8}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?)?( ?(Z|[+-]\d{2}:?\d{2}))?")
_NUMBER = re.compile(r"-?\d{1,6}(\.\d{1,6})?")
_PORT = re.compile(r"\d{1,5}/\d{1,5}/\d{1,5}")
_VERSION = re.compile(r"\d{1,2}\.\d{1,2}")
_MODE = re.compile(r"bridge|router", re.IGNORECASE)
_MEDIA = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,40}(; ?charset=[A-Za-z0-9-]{1,20})?")
_MODEL = re.compile(r"[\w .()/+-]{1,64}")

_ATTRIBUTES: Mapping[str, re.Pattern[str] | None] = {
    "specversion": _VERSION,
    "id": _ID,
    "source": _SOURCE,
    "type": _TYPE,
    "time": _TIME,
    "datacontenttype": _MEDIA,
    "dataschema": None,
    "subject": None,
    "traceparent": None,
    "data_base64": None,
}
_HARMLESS: Mapping[str, re.Pattern[str]] = {
    "service_order_id": _ID,
    "customer_id": _ID,
    "contract_id": _ID,
    "stock_item_id": _ID,
    "product_id": _ID,
    "technician_id": _ID,
    "plan_code": _ID,
    "model": _MODEL,
    "brand": _MODEL,
    "mode": _MODE,
    "site": _NAME,
    "olt_id": _NAME,
    "pon_port": _PORT,
    "cto_port": _NUMBER,
    "priority": _NUMBER,
    "expected_rx_dbm": _NUMBER,
    "started_at": _TIME,
    "received_at": _TIME,
}
"""Fields whose values may be shown, and how such a value looks. Serials are judged by their own rule."""

_MEMBERS: Mapping[str, re.Pattern[str] | None] = {
    **{name: None for model in INPUTS.values() for name in model.model_fields},
    **_HARMLESS,
}


def dead_letter(record: RawRecord, rejected: Rejected) -> DeadLetter:
    """What is published of a record that could not be applied."""
    value = record.value
    places = ", ".join(line.split(": ")[0] for line in rejected.where[:5])
    texts = reason(rejected.code).say({"where": places or None, "size": len(value or b"")})
    return DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=_timestamp(record.timestamp_ms),
        key=_key(record.key),
        key_size=None if record.key is None else len(record.key),
        size=None if value is None else len(value),
        sha256=None if value is None else hashlib.sha256(value).hexdigest(),
        headers=tuple(_header(name, content) for name, content in record.headers[:_HEADERS_MAX]),
        code=rejected.code,
        where=tuple(line[:_WHERE_MAX] for line in rejected.where),
        event_type=rejected.type,
        document=masked(value),
        text_pt=texts.text_pt,
        text_en=texts.text_en,
        action_pt=texts.action_pt,
        action_en=texts.action_en,
    )


def dead_letter_event(
    record: RawRecord, rejected: Rejected, now: datetime, source: str = "acende"
) -> CloudEvent:
    """The event of a dead letter; its id is the record's place, so that the same record never makes two."""
    return CloudEvent(
        id=dead_letter_id(record.topic, record.partition, record.offset),
        data=dead_letter(record, rejected),
        time=now,
        source=source,
    )


def bare_dead_letter_event(
    record: RawRecord, rejected: Rejected, now: datetime, source: str = "acende"
) -> CloudEvent:
    """The same with position and code alone, for a record of which more cannot be written."""
    texts = reason(rejected.code).say()
    place: dict[str, Any] = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    data = DeadLetter(**place, code=rejected.code, **vars(texts))
    return CloudEvent(id=dead_letter_id(**place), data=data, time=now, source=source)


def dead_letter_key(record: RawRecord) -> str:
    """The key of a dead letter: `topic/partition`."""
    return f"{record.topic}/{record.partition}"


def _timestamp(milliseconds: int | None) -> datetime | None:
    if milliseconds is None or not 0 <= milliseconds < 32_503_680_000_000:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _key(key: bytes | None) -> str | None:
    """A key that is a plain identifier; others are told by their size only."""
    try:
        text = (key or b"").decode("ascii")
    except UnicodeDecodeError:
        return None
    return text if _ID.fullmatch(text) else None


def _header(name: str, value: bytes | None) -> Header:
    return Header(name=name if _NAME.fullmatch(name) else MASK, size=None if value is None else len(value))


def masked(value: bytes | None) -> JsonValue:
    """The document with every value masked that is not known to be harmless; None where it is no JSON object."""
    if not value or len(value) > RECORD_BYTES_MAX:
        return None
    try:
        document = from_json(value.removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        return None
    return _object(document, {**_MEMBERS, **_ATTRIBUTES}) if isinstance(document, dict) else None


def _object(members: dict[str, Any], known: Mapping[str, re.Pattern[str] | None]) -> dict[str, JsonValue]:
    shown: dict[str, JsonValue] = {
        name: _value(name, members[name], known[name]) for name in known if name in members
    }
    if isinstance(data := members.get("data"), dict):
        shown["data"] = _object(data, _MEMBERS)
    elif "data" in members:
        shown["data"] = MASK
    if unknown := len(members.keys() - shown.keys()):
        shown[MASK] = f"members that are not known: {unknown}"
    return shown


def _value(name: str, value: Any, looks: re.Pattern[str] | None) -> JsonValue:
    if value is None or value == "":
        return value if value is None else ""
    if name == "serial":
        return _serial(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or looks is None:
        return MASK
    text = str(value) if not isinstance(value, int) or abs(value) < 10**64 else ""
    return value if looks.fullmatch(text) else MASK


def _serial(value: Any) -> JsonValue:
    """A serial, unless it may as well be something else of hex digits."""
    shown = isinstance(value, str) and serial_or_none(value) and not is_in_doubt(value)
    return value if shown else MASK
