"""The envelope: CloudEvents 1.0 over Kafka, structured and binary mode, and plain JSON with a `type` member.

Plain JSON may hold the event's members under `data` or beside `type`. `parse_record` is total: whatever lies on a topic
becomes an `Event`, a `Passed` or a `Rejected`, never an exception.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from functools import reduce
from operator import or_
from typing import Annotated, Any, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json

from events.attributes import ENVELOPES, Attributes
from events.base import SOURCE_TIMEZONE, EventTime
from events.inputs import INPUTS, EquipmentReceived, InputData, InstallStarted, is_undecided
from events.outgoing import CloudEvent, OutRecord, input_record, to_record
from events.record import About, Event, Passed, RawRecord, Rejected
from schemas.serial import TypedSerial, is_in_doubt
from schemas.text import ErpId

__all__ = [
    "CloudEvent",
    "Event",
    "OutRecord",
    "Passed",
    "RawRecord",
    "Rejected",
    "input_record",
    "parse_record",
    "to_record",
]

RECORD_BYTES_MAX = 262_144
"""Largest value that is read; an event has some hundred bytes."""
AHEAD_MAX = timedelta(minutes=10)
"""How far a sender's clock may be ahead before the arrival is taken for its time, unless a setting says otherwise."""

_FINDINGS_MAX = 20
_STRUCTURED = "application/cloudevents+json"
_VERSION = re.compile(r"\.v\d{1,4}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_JSON_MEDIA = re.compile(r"(application|text)/([a-z0-9.-]+\+)?json")
_KINDS = frozenset(_VERSION.sub("", name) for name in INPUTS)
_BINARY_ATTRIBUTES = ("specversion", "id", "source", "time")

_one_of: Any = reduce(or_, ENVELOPES.values())
_any_event: TypeAdapter[Any] = TypeAdapter(Annotated[_one_of, Field(discriminator="type")])
_data: dict[str, TypeAdapter[InputData]] = {name: TypeAdapter(model) for name, model in INPUTS.items()}
_attributes = TypeAdapter(Attributes)
_erp_id: TypeAdapter[str] = TypeAdapter(ErpId)
_serial: TypeAdapter[str] = TypeAdapter(TypedSerial)
_time: TypeAdapter[datetime] = TypeAdapter(EventTime)

Headers = dict[str, str | None]
Outcome = Event | Passed | Rejected


class _Reading(NamedTuple):
    """A record under way."""

    record: RawRecord
    value: bytes
    headers: Headers
    context: dict[str, Any]
    now: datetime
    is_onu_model: Callable[[str], bool]
    ahead_max: timedelta


def _no_onu(_model: str) -> bool:
    return False


def parse_record(
    record: RawRecord,
    *,
    source_timezone: tzinfo | None,
    now: datetime,
    is_onu_model: Callable[[str], bool] = _no_onu,
    ahead_max: timedelta = AHEAD_MAX,
) -> Outcome:
    """The event of a record, or why there is none. Never raises.

    `source_timezone` is the zone of times without one; None: such a time is `naive_time`. `now` is aware.
    `is_onu_model` tells whether a model name of stock is known as an ONU. A time further ahead than `ahead_max` is taken
    as the arrival.
    """
    value = record.value
    if not value:
        return Rejected("empty_value")
    if len(value) > RECORD_BYTES_MAX:
        return Rejected("too_large")
    headers = _headers(record.headers) if record.headers else {}
    context = {SOURCE_TIMEZONE: source_timezone}
    value = value.removeprefix(b"\xef\xbb\xbf")
    reading = _Reading(record, value, headers, context, now, is_onu_model, ahead_max)
    outcome = _binary(reading) if _is_binary(headers) else _document(reading)
    if isinstance(outcome, Rejected) and outcome.type == InstallStarted.TYPE:
        return replace(outcome, about=_about(reading))
    return outcome


def _headers(headers: Iterable[tuple[str, bytes | None]]) -> Headers:
    """Headers by lower-case name; None where the value is null or no UTF-8. The last of a name counts."""
    found: Headers = {}
    for name, value in headers:
        try:
            found[name.lower()] = value.decode() if value is not None else None
        except UnicodeDecodeError:
            found[name.lower()] = None
    return found


def _media(headers: Headers) -> str:
    return (headers.get("content-type") or "").split(";")[0].strip().lower()


def _is_binary(headers: Headers) -> bool:
    """Kafka protocol binding of CloudEvents, section 3: structured mode is told by the content type."""
    if "ce_type" not in headers and "ce_specversion" not in headers:
        return False
    return not _media(headers).startswith("application/cloudevents")


# ------------------------------------------------------------------------------------------- structured and plain


def _document(reading: _Reading) -> Outcome:
    try:
        found = _any_event.validate_json(reading.value, context=reading.context)
    except ValidationError as error:
        return _second_look(reading, _errors(error))
    return _event(reading, found.type, found, found.data)


def _second_look(reading: _Reading, errors: list[ErrorDetails]) -> Outcome:
    kinds = {error["type"] for error in errors}
    if "json_invalid" in kinds:
        return _no_json(reading)
    document = from_json(reading.value)
    if not isinstance(document, dict):
        return Rejected("bad_envelope", ("expected an object",))
    event_type = document.get("type")
    if not isinstance(event_type, str) or event_type not in INPUTS:
        return _unknown(event_type)
    if "data" not in document:
        return _without_data(reading, event_type, document)
    return _refused(reading, event_type, errors)


def _without_data(reading: _Reading, event_type: str, document: dict[str, Any]) -> Outcome:
    """Members in base64 (CloudEvents JSON format, 3.1.1), or beside `type` (plain JSON)."""
    data = reading.value
    if "data_base64" in document:
        try:
            data = base64.b64decode(document["data_base64"], validate=True)
        except (binascii.Error, TypeError, ValueError):
            return Rejected("bad_envelope", ("data_base64: expected base64",), event_type)
    attributes, errors = _tried(lambda: _attributes.validate_json(reading.value, context=reading.context))
    return _joined(reading, event_type, attributes, errors, data)


# --------------------------------------------------------------------------------------------------------- binary


def _binary(reading: _Reading) -> Outcome:
    event_type = reading.headers.get("ce_type")
    if event_type not in INPUTS:
        return _unknown(event_type)
    given = {name: f"ce_{name}" for name in _BINARY_ATTRIBUTES if f"ce_{name}" in reading.headers}
    if unread := [header for header in given.values() if reading.headers[header] is None]:
        return Rejected(
            "bad_envelope", tuple(f"{header}: expected UTF-8 text" for header in unread), event_type
        )
    values = {name: reading.headers[header] for name, header in given.items()}
    attributes, errors = _tried(lambda: _attributes.validate_python(values, context=reading.context))
    return _joined(reading, event_type, attributes, errors, reading.value)


# --------------------------------------------------------------------------------------------------------- shared


def _tried(validate: Callable[[], Any]) -> tuple[Any, list[ErrorDetails]]:
    try:
        return validate(), []
    except ValidationError as error:
        return None, _errors(error)


def _joined(
    reading: _Reading, event_type: str, attributes: Any, errors: list[ErrorDetails], data: bytes
) -> Outcome:
    """The event of attributes and data that were read apart."""
    found, data_errors = _tried(lambda: _data[event_type].validate_json(data, context=reading.context))
    if any(error["type"] == "json_invalid" for error in data_errors):
        return _no_json(reading._replace(value=data), event_type)
    for error in data_errors:
        error["loc"] = (event_type, "data", *error["loc"])
    if errors or data_errors:
        return _refused(reading, event_type, errors + data_errors, data)
    return _event(reading, event_type, attributes, found)


def _event(reading: _Reading, event_type: str, attributes: Attributes, data: InputData) -> Event | Passed:
    if isinstance(data, EquipmentReceived) and is_undecided(data) and not reading.is_onu_model(data.model):
        return Passed(event_type)
    record, headers, time = reading.record, reading.headers, attributes.time
    ahead = time is not None and time - reading.now > reading.ahead_max
    return Event(
        source=attributes.source or record.topic,
        id=attributes.id or f"{record.topic}/{record.partition}/{record.offset}",
        type=event_type,
        time=time if time is not None and not ahead else _arrival(record, reading.now),
        data=data,
        traceparent=_traceparent(
            headers.get("traceparent") or headers.get("ce_traceparent") or attributes.traceparent
        ),
        arrival_overrode_time=ahead,
        dated=data.started_at if time is None and isinstance(data, InstallStarted) else None,
    )


def _arrival(record: RawRecord, now: datetime) -> datetime:
    """The record's timestamp; the time of reading where it has none, or one that lies ahead."""
    if record.timestamp_ms is None or not 0 < record.timestamp_ms <= now.timestamp() * 1000:
        return now.astimezone(UTC)
    return datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)


def _traceparent(text: Any) -> str | None:
    return text if isinstance(text, str) and _TRACEPARENT.fullmatch(text) else None


# --------------------------------------------------------------------------------------------------------- refusals


def _about(reading: _Reading) -> About | None:
    """Whose request this is that cannot be read, member by member."""
    attributes, members = _parts(reading)
    if not (order := _read(_erp_id, members.get("service_order_id"), reading)):
        return None
    time = _read(_time, attributes.get("time"), reading) or _read(_time, members.get("started_at"), reading)
    serial = _read(_serial, members.get("serial"), reading)
    return About(order, serial, _read(_erp_id, members.get("customer_id"), reading), time)


def _parts(reading: _Reading) -> tuple[dict[str, Any], dict[str, Any]]:
    """Attributes and members, as far as they are there."""
    document = _loaded(reading.value)
    if _is_binary(reading.headers):
        return {"time": reading.headers.get("ce_time")}, document
    if "data" not in document and "data_base64" in document:
        with suppress(ValueError, TypeError):
            return document, _loaded(base64.b64decode(document["data_base64"], validate=True))
    data = document.get("data", document)
    return document, data if isinstance(data, dict) else {}


def _loaded(value: bytes) -> dict[str, Any]:
    try:
        document = from_json(value)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _read(kind: TypeAdapter[Any], value: Any, reading: _Reading) -> Any:
    """The value as this kind of value, or None."""
    found, _ = _tried(lambda: kind.validate_python(value, context=reading.context))
    return found


def _errors(error: ValidationError) -> list[ErrorDetails]:
    """What pydantic found, without the input that it would repeat."""
    return error.errors(include_url=False, include_context=False, include_input=False)


def _no_json(reading: _Reading, event_type: str | None = None) -> Rejected:
    try:
        reading.value.decode()
    except UnicodeDecodeError:
        return Rejected("not_utf8", type=event_type)
    media = _media(reading.headers)
    if media and not _JSON_MEDIA.fullmatch(media):
        return Rejected("unsupported_content_type", ("content-type: expected JSON",), event_type)
    return Rejected("not_json", type=event_type)


def _unknown(event_type: Any) -> Rejected:
    if not isinstance(event_type, str) or not event_type:
        return Rejected("bad_envelope", ("type: expected the name of an event type",))
    kind = event_type[: found.start()] if (found := _VERSION.search(event_type)) else ""
    if kind in _KINDS and _VERSION.fullmatch(event_type, len(kind)):
        return Rejected("unsupported_version", ("type: expected a version that is known",))
    return Rejected("unknown_type", (f"type: expected an event type that is known{_instead(event_type)}",))


def _instead(event_type: str) -> str:
    """What came, as far as it looks like a type, and what is nearest to it."""
    came = f", not {event_type}" if _NAME_OF_TYPE.fullmatch(event_type) else ""
    near = get_close_matches(event_type[:_TYPE_MAX], INPUTS, 1, _NEAR)
    return came + "".join(f": {name} is the nearest" for name in near)


_TYPE_MAX = 100
_NAME_OF_TYPE = re.compile(rf"[A-Za-z0-9._-]{{1,{_TYPE_MAX}}}")
_NEAR = 0.5


def _refused(
    reading: _Reading, event_type: str, errors: list[ErrorDetails], data: bytes | None = None
) -> Passed | Rejected:
    paths = [tuple(str(part) for part in error["loc"] if part != event_type) for error in errors]
    if _is_other_unit(reading, event_type, data, serial_refused=("data", "serial") in paths):
        return Passed(event_type)
    where = tuple(_finding(path, error) for path, error in zip(paths, errors, strict=True))[:_FINDINGS_MAX]
    if all(error["type"] == "naive_time" for error in errors):
        return Rejected("naive_time", where, event_type)
    in_data = all(path[:1] == ("data",) for path in paths)
    return Rejected("invalid_data" if in_data else "bad_envelope", where, event_type)


def _finding(path: tuple[str, ...], error: ErrorDetails) -> str:
    return f"{'.'.join(path) or 'document'}: {_expected(error)}"


def _expected(error: ErrorDetails) -> str:
    """A sentence: neither an expression nor the name of a rule of pydantic."""
    return _EXPECTED.get(error["type"]) or error["msg"].removeprefix("Value error, ")


_EXPECTED = {
    "missing": "this member is required",
    "string_pattern_mismatch": "expected the form that `acende schemas` describes",
}


def _is_other_unit(reading: _Reading, event_type: str, data: bytes | None, *, serial_refused: bool) -> bool:
    """Whether a received unit is something that we have nothing to do with: its model is not known as an ONU, and its
    serial is none, or may as well be a MAC address.
    """
    if event_type != EquipmentReceived.TYPE:
        return False
    document = from_json(reading.value if data is None else data)
    members = document["data"] if data is None else document
    if not isinstance(members, dict) or not (serial_refused or is_in_doubt(members.get("serial"))):
        return False
    model = members.get("model")
    return isinstance(model, str) and bool(model.strip()) and not reading.is_onu_model(model)
