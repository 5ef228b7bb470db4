"""The ERP's side of the morning: its records on the input topics, written as an ERP writes them, at their time."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from dev.demo.morning import Happening, Installation, Morning, Stray

SOURCE = "/erp/demo"
TYPES = {
    "received": ("equipment", "acende.equipment.received.v1"),
    "bound": ("equipment", "acende.equipment.bound.v1"),
    "unbound": ("equipment", "acende.equipment.unbound.v1"),
    "started": ("install", "acende.install.started.v1"),
    "cancelled": ("install", "acende.install.cancelled.v1"),
}
"""The topic and the type of what is said."""
HEADERS = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


def password(kind: str) -> str:
    """A customer's password that no other run has."""
    return f"demo-{kind}-{secrets.token_hex(6)}"


@dataclass
class Customer:
    """One contract; its passwords stand nowhere else."""

    contract: str
    pppoe_password: str = field(default_factory=lambda: password("pppoe"), repr=False)
    wifi_key: str = field(default_factory=lambda: password("wifi"), repr=False)

    @property
    def number(self) -> str:
        """What its customer, logins and networks are called by."""
        return self.contract.removeprefix("CT-")

    def access(self) -> dict[str, Any]:
        """What a router is told."""
        return {
            "pppoe_login": f"c{self.number}@isp",
            "pppoe_password": self.pppoe_password,
            "wifi_name": f"Casa_{self.number}",
            "wifi_key": self.wifi_key,
        }


@dataclass(frozen=True)
class Order:
    """What the ERP knows of an order. `site`: where the technician is."""

    installation: Installation
    customer: Customer
    site: str | None

    def says(self, step: Happening, at: datetime) -> dict[str, Any]:
        """The data of an event; a member that the morning sets to null is left out."""
        data = {
            "received": self._unit,
            "bound": self._lending,
            "unbound": self._lending,
            "started": self._request,
            "cancelled": self._withdrawal,
        }[step.what](at.isoformat())
        return {name: value for name, value in (data | step.data).items() if value is not None}

    @property
    def _serial(self) -> str:
        box = self.installation.box
        return self.installation.serial or (box.serial if box else "")

    def _ids(self) -> dict[str, Any]:
        return {
            "service_order_id": self.installation.order,
            "customer_id": f"C-{self.customer.number}",
            "contract_id": self.customer.contract,
        }

    def _unit(self, at: str) -> dict[str, Any]:
        box = self.installation.box
        return {
            "serial": self._serial,
            "model": self.installation.model or (box.model if box else "EG8145V5"),
            "brand": "ZTE" if self._serial.startswith("ZTE") else "Huawei",
            "stock_item_id": f"PAT-{self.customer.number}",
            "product_id": "1207",
            "warehouse": "Almoxarifado central",
            "received_at": at,
        }

    def _lending(self, _at: str) -> dict[str, Any]:
        return {"serial": self._serial, **self._ids()}

    def _request(self, at: str) -> dict[str, Any]:
        one = self.installation
        return {
            **self._ids(),
            "customer_name": f"Cliente {self.customer.number}",
            "plan_code": one.plan,
            "mode": one.mode,
            "technician_id": "T-07",
            "started_at": at,
            "site": self.site,
            **(self.customer.access() if one.mode == "router" else {}),
            **one.asks,
        }

    def _withdrawal(self, _at: str) -> dict[str, Any]:
        return {"service_order_id": self.installation.order, "reason": "Cliente desistiu"}


def orders_of(morning: Morning, site_of: Mapping[str, str]) -> list[Order]:
    """Every order of the morning; one contract is one customer. `site_of`: the site of each OLT."""
    customers: dict[str, Customer] = {}
    orders = []
    for one in morning.installations:
        contract = one.contract or one.order.replace("OS-", "CT-")
        customer = customers.setdefault(contract, Customer(contract))
        orders.append(Order(one, customer, site_of[one.box.olt] if one.box else None))
    return orders


@dataclass
class Erp:
    """Writes to `topics`, by `equipment` and `install`. `began`: when the morning did."""

    producer: AIOKafkaProducer
    topics: Mapping[str, str]
    began: datetime
    written: int = 0

    async def say(self, order: Order, step: Happening) -> None:
        """Write the event of a step, as often as it asks; returns when the broker has it."""
        if step.new_password:
            order.customer.pppoe_password = password("pppoe")
        topic, kind = TYPES[step.what]
        at = self.began + timedelta(seconds=step.at if step.true_at is None else step.true_at)
        data = order.says(step, at)
        event = {
            "specversion": "1.0",
            "id": uuid4().hex,
            "source": SOURCE,
            "type": kind,
            "time": at.isoformat(),
            "data": data,
        }
        key = data["serial"] if topic == "equipment" else order.installation.order
        value = json.dumps(event, ensure_ascii=False)
        for _ in range(step.times):
            await self._write(topic, key, value)

    async def stray(self, stray: Stray) -> None:
        """Write a record that belongs to no order."""
        await self._write(stray.topic, "", stray.value)

    async def _write(self, topic: str, key: str, value: str) -> None:
        await self.producer.send_and_wait(
            self.topics[topic], value.encode(), key.encode() or None, headers=HEADERS
        )
        self.written += 1
