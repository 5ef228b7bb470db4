"""Records of input topics: each builder states only what differs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, tzinfo
from typing import Any

from events.envelope import Event, Passed, RawRecord, Rejected, parse_record
from events.inputs import EquipmentReceived, InstallStarted
from tests.support.secrets import PPPOE_PASSWORD, WIFI_KEY

NOW = datetime(2026, 3, 2, 12, 40, tzinfo=UTC)
ARRIVED = datetime(2026, 3, 2, 12, 35, 0, 250_000, tzinfo=UTC)
RECEIVED: dict[str, Any] = {
    "serial": "HWTC1A2B3C4D",
    "model": "EG8145V5",
    "brand": "Huawei",
    "stock_item_id": "PAT-90311",
    "product_id": "1207",
    "warehouse": "Almoxarifado central",
    "received_at": "2026-03-01T14:02:11-03:00",
}
STARTED: dict[str, Any] = {
    "service_order_id": "OS-48211",
    "customer_id": "10233",
    "contract_id": "77120",
    "customer_name": "Maria da Conceição",
    "plan_code": "FIBRA-300",
    "mode": "router",
    "technician_id": "412",
    "started_at": "2026-03-02T09:31:07-03:00",
    "pppoe_login": "maria.conceicao@isp",
    "pppoe_password": PPPOE_PASSWORD,
    "wifi_name": "Casa_da_Maria",
    "wifi_key": WIFI_KEY,
}
STRUCTURED = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)


def started(**more: Any) -> dict[str, Any]:
    return STARTED | more


def received(**more: Any) -> dict[str, Any]:
    return RECEIVED | more


def event(data: dict[str, Any] | None = None, /, **more: Any) -> dict[str, Any]:
    """A whole event in structured mode; its type follows from its data. `...` leaves a member out."""
    data = started() if data is None else data
    kind = EquipmentReceived if "received_at" in data else InstallStarted
    attributes = {
        "specversion": "1.0",
        "id": "7f3a-1",
        "source": "/erp/ordens",
        "type": kind.TYPE,
        "time": "2026-03-02T09:31:08-03:00",
        "data": data,
    }
    return {name: value for name, value in (attributes | more).items() if value is not ...}


def record(value: Any, headers: tuple[tuple[str, bytes | None], ...] = (), **more: Any) -> RawRecord:
    """A record with this value: bytes as they are, None as none, anything else as JSON."""
    raw = (
        value if value is None or isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    )
    place: dict[str, Any] = {"topic": "erp.install", "partition": 3, "offset": 88121, "key": b"OS-48211"}
    arrived_ms = round(ARRIVED.timestamp() * 1000)
    return RawRecord(**({"timestamp_ms": arrived_ms, **place} | more), value=raw, headers=headers)


def binary(data: Any, /, **attributes: bytes | None) -> RawRecord:
    """A record in binary mode."""
    named: dict[str, bytes | None] = {
        "ce_specversion": b"1.0",
        "ce_id": b"7f3a-1",
        "ce_source": b"/erp/ordens",
        "ce_type": InstallStarted.TYPE.encode(),
        "ce_time": b"2026-03-02T09:31:08-03:00",
        "content-type": b"application/json",
    }
    return record(data, tuple((named | attributes).items()))


def parsed(
    found: RawRecord | Any, zone: tzinfo | None = None, onus: frozenset[str] = frozenset({"EG8145V5"})
) -> Event | Passed | Rejected:
    raw = found if isinstance(found, RawRecord) else record(found, STRUCTURED)
    return parse_record(raw, source_timezone=zone, now=NOW, is_onu_model=onus.__contains__)


def accepted(found: RawRecord | Any, zone: tzinfo | None = None) -> Event:
    outcome = parsed(found, zone)
    assert isinstance(outcome, Event), outcome
    return outcome


def refused(found: RawRecord | Any, zone: tzinfo | None = None) -> Rejected:
    outcome = parsed(found, zone)
    assert isinstance(outcome, Rejected), outcome
    return outcome
