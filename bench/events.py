"""Realistic events: units that enter stock set aside for an order, and the installations that wait for them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from events.inputs import EquipmentReceived, InstallStarted
from events.outgoing import CloudEvent, OutRecord, input_record
from schemas.serial import hex_serial

SERIAL_BASE = 0x1A000000
MODELS = {"huawei_smartax": "EG8145V5", "zte_zxan": "F670L"}
"""A model of each platform's own brand."""


def serial(number: int) -> str:
    """The serial of the unit of this number."""
    return f"HWTC{SERIAL_BASE + number:08X}"


def serial_forms(number: int) -> tuple[bytes, bytes]:
    """How an OLT's command line may write it."""
    return serial(number).encode(), hex_serial(serial(number)).encode()


def received(number: int, **more: Any) -> EquipmentReceived:
    """A unit enters stock, set aside for an order."""
    return EquipmentReceived.model_validate(
        {
            "serial": serial(number),
            "model": "EG8145V5",
            "brand": "Huawei",
            "stock_item_id": f"PAT-{number}",
            "product_id": "1207",
            "warehouse": "Almoxarifado central",
            "received_at": datetime.now(UTC).isoformat(),
            "mac": f"54:22:F8:{number >> 16 & 255:02X}:{number >> 8 & 255:02X}:{number & 255:02X}",
            "service_order_id": f"OS-{number}",
            "customer_id": str(10_000 + number),
            "contract_id": str(70_000 + number),
        }
        | more
    )


def started(number: int, **more: Any) -> InstallStarted:
    """A technician starts the installation of an order."""
    return InstallStarted.model_validate(
        {
            "service_order_id": f"OS-{number}",
            "customer_id": str(10_000 + number),
            "contract_id": str(70_000 + number),
            "customer_name": "Maria da Conceição Araújo",
            "plan_code": "FIBRA-300",
            "mode": "router",
            "technician_id": "412",
            "started_at": datetime.now(UTC).isoformat(),
            "site": "centro",
            "cto": f"CTO-{number % 900}",
            "cto_port": number % 16 + 1,
            "pppoe_login": f"cliente{number}@isp",
            "pppoe_password": f"bench-{number:08d}",
            "wifi_name": "Casa_da_Maria",
            "wifi_key": f"bench-wifi-{number:08d}",
        }
        | more
    )


def record(data: EquipmentReceived | InstallStarted, at: datetime) -> OutRecord:
    """The event as an ERP sends it: CloudEvents, structured JSON."""
    assert data.service_order_id is not None
    event = CloudEvent(f"{data.TYPE}/{data.service_order_id}", data, at, source="/erp")
    return input_record(event, data.service_order_id)


def pairs(count: int, seed: int) -> list[OutRecord]:
    """Both events of `count` installations in the order in which they happen to arrive.

    The two halves of a pair lie up to a thousand records apart, either one first.
    """
    chance = random.Random(seed)
    now = datetime.now(UTC)
    placed: list[tuple[float, OutRecord]] = []
    for number in range(count):
        for data in (received(number), started(number)):
            at = now - timedelta(seconds=chance.uniform(0, 3600))
            where = 2 * number + chance.uniform(0, 1000)
            placed.append((where, record(data, at)))
    return [sent for _, sent in sorted(placed, key=lambda one: one[0])]
