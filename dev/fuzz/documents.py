"""Records of the input topics: events in every way of writing them, with members and bytes that are not as they should be."""

import base64
import json
import random
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from events.attributes import Attributes
from events.dead_letters import dead_letter_event, dead_letter_key
from events.envelope import parse_record, to_record
from events.inputs import INPUTS, InputData, InstallCancelled, InstallStarted
from events.reasons import REASONS
from events.record import Event, Passed, RawRecord, Rejected
from worker.correlate.merge import order_with, unit_with
from worker.facts import Rules, Unit, unknown

NOW = datetime(2026, 3, 2, 12, 40, tzinfo=UTC)
_ZONES = (None, ZoneInfo("America/Sao_Paulo"), ZoneInfo("UTC"))
_NAMES = (
    "type",
    "data",
    "data_base64",
    "subject",
    "datacontenttype",
    *Attributes.model_fields,
    "",
    "x",
    "\x00",
)
_SECRETS = {"pppoe_password": "Senha-123", "wifi_key": "Chave-12345"}
_ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**63, 2**64, 10**40, -0.0, 1e308, 1e-320, float("nan"), float("inf"),
    "", " ", "\x00", "a\x00b", "\ud800", "\u202e", "\ufeff", "ação 🛰", "?", "\n", "x" * 300, "x" * 5000, "$&%{", "NaN",
    "0/1/3", "99999/0/0", "٣/٣/٣", "DD18B0D0B70C", "54A51B2C3D4E", "HWTC1A2B3C4D", "485754431A2B3C4D", "-27",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2026-03-02T12:00:00", "2026-02-30T12:00:00Z", "2026",
    "acende.install.started.v1", "acende.install.started.v9", "1.0", [], {}, [[]], [None], {"a": {"b": None}}, {"": ""},
)  # fmt: skip
_HEADERS: tuple[tuple[str, bytes | None], ...] = (
    ("content-type", b"application/cloudevents+json"), ("content-type", b"application/json"), ("content-type", b"\xff"),
    ("content-type", b"text/plain"), ("content-type", None), ("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_id", None),
    ("ce_time", b"2026-03-02T12:00:00Z"), ("ce_time", b"?"), ("ce_type", b"?"), ("ce_type", None), ("CE_TYPE", b"x.v1"),
    ("traceparent", b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"), ("traceparent", b"?"), ("", b""), ("x", b"\x00" * 99),
)  # fmt: skip
_TIMESTAMPS = (None, -1, 0, 1, 1_772_454_900_000, 10**14, 2**62)


def trial(chance: random.Random) -> None:
    """The record becomes an event, is passed over or set aside; what it becomes can be written down."""
    record = _record(chance)
    outcome = parse_record(
        record,
        source_timezone=chance.choice(_ZONES),
        now=NOW,
        is_onu_model=lambda model: model == "EG8145V5",
    )
    match outcome:
        case Event():
            _apply(outcome)
        case Rejected():
            assert outcome.code in REASONS, outcome.code
            to_record(dead_letter_event(record, outcome, NOW), dead_letter_key(record))
        case Passed():
            pass


def _apply(event: Event) -> None:
    if isinstance(event.data, InstallStarted | InstallCancelled):
        order_with(unknown(event.data.service_order_id), event, NOW, Rules())
    else:
        unit_with(Unit(event.data.serial), event)


def _record(chance: random.Random) -> RawRecord:
    name = chance.choice(list(INPUTS))
    event: dict[str, Any] = {"type": name, "data": _data(INPUTS[name], chance)}
    if chance.random() < 0.7:
        event |= {"specversion": "1.0", "id": "7f3a-1", "source": "/erp", "time": "2026-03-02T12:00:00Z"}
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        _change(event, chance)
    headers = [chance.choice(_HEADERS) for _ in range(chance.choice((0, 0, 0, 1, 3)))]
    written = _written(event, headers, chance)
    value = _damaged(written, chance) if chance.random() < 0.1 else written
    return RawRecord("erp.install", 0, 7, chance.choice(_TIMESTAMPS), b"k", value, headers)


def _data(model: type[InputData], chance: random.Random) -> dict[str, Any]:
    """The examples of its fields: all that are required, and some of the others."""
    fields = model.model_fields.items()
    some = {name: field for name, field in fields if field.is_required() or chance.random() < 0.5}
    return {name: (field.examples or [_SECRETS.get(name)])[0] for name, field in some.items()}


def _change(event: dict[str, Any], chance: random.Random) -> None:
    """Another value for a member, or none."""
    data = event.get("data")
    part = data if isinstance(data, dict) and chance.random() < 0.8 else event
    names = [*part, *INPUTS[InstallStarted.TYPE].model_fields] if part is data else [*part, *_NAMES]
    name = chance.choice(names)
    if chance.random() < 0.1:
        part.pop(name, None)
    else:
        part[name] = _value(chance)


def _value(chance: random.Random) -> Any:
    if chance.random() < 0.9:
        return deepcopy(chance.choice(_ODD))
    match chance.randrange(4):
        case 0:
            return "".join(
                chr(chance.choice((chance.randrange(0x20), chance.randrange(0x110000)))) for _ in range(8)
            )
        case 1:
            return [_value(chance) for _ in range(chance.randrange(4))]
        case 2:
            return {str(chance.choice(_ODD)): _value(chance) for _ in range(chance.randrange(4))}
    return chance.choice((chance.getrandbits(70), chance.uniform(-1e9, 1e9)))


def _written(event: dict[str, Any], headers: list[tuple[str, bytes | None]], chance: random.Random) -> bytes:
    """Structured, plain, binary or in base64."""
    data = event.get("data")
    match chance.randrange(5):
        case 0 if isinstance(data, dict):
            event = data | {name: value for name, value in event.items() if name != "data"}
        case 1:
            kind = event.get("type")
            headers.append(("ce_type", kind.encode(errors="replace") if isinstance(kind, str) else None))
            return _json(data, chance)
        case 2:
            event = {name: value for name, value in event.items() if name != "data"}
            event["data_base64"] = base64.b64encode(_json(data, chance)).decode()
    return _json(event, chance)


def _json(document: Any, chance: random.Random) -> bytes:
    return json.dumps(document, ensure_ascii=chance.random() < 0.5).encode(errors="surrogatepass")


def _damaged(value: bytes, chance: random.Random) -> bytes | None:
    at = chance.randrange(len(value) + 1)
    match chance.randrange(5):
        case 0:
            return None
        case 1:
            return value[:at]
        case 2:
            return value[:at] + b"[" * chance.choice((1, 150, 300, 5000)) + value[at:]
    return value[:at] + chance.randbytes(chance.randrange(1, 9)) + value[at + 1 :]
