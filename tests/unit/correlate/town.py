"""A town in memory: facts arrive in batches, correlation decides, nothing is provisioned unless a test says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from events.inputs import (
    EquipmentBound,
    EquipmentReceived,
    EquipmentUnbound,
    InputData,
    InstallCancelled,
    InstallStarted,
)
from events.record import Event
from worker import lifecycle
from worker.correlate import Change, Registered, World, correlate, merge
from worker.facts import Order, Rules, Unit

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""When everything arrives, unless a test says otherwise."""
ROUTER_MODEL = "RB750"
ONU_MODEL = "EG8145V5"
S, T, U = "HWTC1A2B3C4D", "HWTC5E6F7081", "ZTEG00AB12CD"
H, H_HEX = "DD18B0D0B70C", "44443138B0D0B70C"
"""A serial whose vendor id consists of hex digits, as people write it, and beyond doubt."""
_KNOWN = {ROUTER_MODEL: False, ONU_MODEL: True}
RULES = Rules(digest_key=b"a key for tests", is_onu=lambda model: _KNOWN.get(model or ""))


def received(serial: str, model: str = ONU_MODEL, **more: Any) -> EquipmentReceived:
    base = {
        "serial": serial,
        "model": model,
        "brand": "Huawei",
        "stock_item_id": f"PAT-{serial[-4:]}",
        "product_id": "P-1",
        "warehouse": "Centro",
        "received_at": NOON,
    }
    return EquipmentReceived.model_validate(base | more)


def bound(serial: str, order: str, contract: str | None = None) -> EquipmentBound:
    return EquipmentBound(
        serial=serial, service_order_id=order, customer_id="C-1", contract_id=contract or f"K-{order}"
    )


def unbound(serial: str, order: str) -> EquipmentUnbound:
    return EquipmentUnbound(
        serial=serial, service_order_id=order, customer_id="C-1", contract_id=f"K-{order}"
    )


def started(
    order: str, serial: str | None = None, contract: str | None = None, **more: Any
) -> InstallStarted:
    base = {
        "service_order_id": order,
        "customer_id": "C-1",
        "contract_id": contract or f"K-{order}",
        "customer_name": "Ana Sousa",
        "plan_code": "FIBRA-500",
        "mode": "bridge",
        "technician_id": "T-7",
        "started_at": NOON,
        "serial": serial,
    }
    return InstallStarted.model_validate(base | more)


def cancelled(order: str) -> InstallCancelled:
    return InstallCancelled(service_order_id=order, reason="desistiu")


def fact(data: InputData, minute: float = 0, id_: str | None = None, source: str = "erp") -> Event:
    """An event whose time lies `minute` minutes after noon less an hour."""
    time = NOON - timedelta(hours=1) + timedelta(minutes=minute)
    return Event(source, id_ or f"{data.TYPE}-{minute}", data.TYPE, time, data)


@dataclass
class Town:
    """What is known, and what has become of it."""

    rules: Rules = RULES
    now: datetime = NOON
    units: dict[str, Unit] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    registered: tuple[Registered, ...] = ()
    seen: set[tuple[str, str]] = field(default_factory=set)
    finals: list[tuple[str, int, str, str | None]] = field(default_factory=list)
    """Order, revision, state and reason code of every final result, in order."""
    told: list[tuple[str, str | None]] = field(default_factory=list)
    """Order and reason code of every progress record."""
    stopped: list[str] = field(default_factory=list)
    """Orders whose work was stopped."""
    removing: dict[str, tuple[Registered, ...]] = field(default_factory=dict)
    """By cancelled order, what it has removed."""
    looking: set[str] = field(default_factory=set)
    """Orders that have OLTs looked at for what they may have named."""

    def tell(self, *batch: Event) -> Town:
        """Apply a batch."""
        affected = set(self.orders)
        for event in batch:
            if (event.source, event.id) in self.seen:
                continue
            self.seen.add((event.source, event.id))
            data = event.data
            if isinstance(data, InstallStarted | InstallCancelled):
                order = self.orders.get(data.service_order_id) or Order(data.service_order_id)
                self.orders[order.id] = merge.order_with(order, event, self.now, self.rules)
                affected.add(order.id)
            if serial := merge.unit_of(event):
                unit = self.units.get(serial) or merge.new_unit(serial)
                self.units[serial] = merge.unit_with(unit, event)
        self._settle(affected)
        return self

    def look(self) -> Town:
        """Correlate again, as the sweep does."""
        self._settle(set(self.orders))
        return self

    def wait(self, **time: float) -> Town:
        """Let time pass, then sweep."""
        self.now += timedelta(**time)
        return self.look()

    def shown(self, serial: str) -> Town:
        """An OLT shows the serial."""
        self.units[serial] = merge.shown(self.units.get(serial) or merge.new_unit(serial))
        return self.look()

    def _settle(self, affected: set[str]) -> None:
        world = World(self.units, self.orders, self.registered, frozenset(affected))
        changes = correlate(world, self.now, self.rules)
        for order_id, change in sorted(changes.items()):
            self._take(order_id, change)
        self._count_own()

    def _take(self, order_id: str, change: Change) -> None:
        self.orders[order_id] = change.order
        if change.told:
            self.told.append((order_id, change.say.code if change.say else None))
        if change.finished:
            assert change.say
            order = change.order
            self.finals.append((order_id, order.revision, order.state.value, change.say.code))
        if change.stop:
            self.stopped.append(order_id)
        if change.remove:
            self.removing[order_id] = change.remove
        self.looking.discard(order_id)
        if change.look:
            self.looking.add(order_id)

    def _count_own(self) -> None:
        for order in self.orders.values():
            owns = frozenset(one.serial for one in self.registered if one.order == order.id)
            self.orders[order.id] = replace(order, owns=owns)

    # ------------------------------------------------------------------------------------------------ what work does

    def attempt(self, order_id: str, olt: str = "olt-1", port: str = "0/1/0") -> Town:
        """The order's work opens an attempt that registers its unit."""
        order = lifecycle.open_attempt(self.orders[order_id], self.now)
        self.orders[order_id] = order
        assert order.serial
        here = (olt, port, order.serial)
        others = tuple(one for one in self.registered if (one.olt, one.port, one.serial) != here)
        self.registered = (*others, Registered(*here, order_id))
        self._count_own()
        return self

    def complete(self, order_id: str, **where: str) -> Town:
        """The order's work succeeds."""
        self.attempt(order_id, **where)
        self.orders[order_id] = lifecycle.complete(self.orders[order_id], self.now)
        return self

    def fail(self, order_id: str, code: str = "profile_missing") -> Town:
        """The order's work fails for good."""
        self.orders[order_id] = lifecycle.fail(self.orders[order_id], code, self.now)
        return self

    def vanish(self, order_id: str) -> Town:
        """All that the order owns is on no OLT any more."""
        self.registered = tuple(one for one in self.registered if one.order != order_id)
        self._count_own()
        return self

    def removed(self, order_id: str) -> Town:
        """All that the cancelled order owns has been removed."""
        self.vanish(order_id)
        self.orders[order_id] = lifecycle.cancel(self.orders[order_id], self.now)
        return self

    # ------------------------------------------------------------------------------------------------------- to compare

    def state(self, order_id: str) -> str:
        return self.orders[order_id].state.value

    def stand(self, order_id: str) -> tuple[str, str | None, bool, str | None]:
        """State, unit, whether it claims it, verdict."""
        order = self.orders[order_id]
        return order.state.value, order.serial, order.claims, order.verdict

    def outcome(self) -> dict[str, Any]:
        """Desired states, claims and verdicts, revision and sequence aside."""
        return {
            order.id: (
                order.state,
                order.serial if order.live or order.claims else None,
                order.claims,
                order.verdict,
                order.verdict_params,
                order.last_code if not order.live else None,
                order.request_digest,
            )
            for order in self.orders.values()
        }

    def claims(self) -> dict[str, list[str]]:
        """By serial, the orders that claim it."""
        found: dict[str, list[str]] = {}
        for order in self.orders.values():
            if order.claims and order.serial:
                found.setdefault(order.serial, []).append(order.id)
        return found


def played(batches: Iterable[Sequence[Event]], town: Town | None = None) -> Town:
    """A town in which these batches arrived."""
    town = town or Town()
    for batch in batches:
        town.tell(*batch)
    return town
