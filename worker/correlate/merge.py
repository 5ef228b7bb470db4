"""Facts into what is known: of each kind the latest is kept. Commutative, associative, idempotent."""

from collections.abc import Iterable
from datetime import datetime

from events.inputs import (
    EquipmentBound,
    EquipmentReceived,
    EquipmentUnbound,
    InstallCancelled,
    InstallStarted,
    is_undecided,
)
from events.record import Event
from schemas.serial import looks_like_mac
from worker import digest
from worker.facts import EPOCH, Ask, Lending, Order, Rules, Stamp, Unit
from worker.replacing import replace

ASKS_MAX = 64
"""Times of asking that are remembered of one order, the latest ones."""
_SECRETS = set(digest.SECRETS)


def stamp_of(event: Event) -> Stamp:
    """Where the event stands in the order of facts."""
    return Stamp(event.time, event.source, event.id)


def new_unit(serial: str) -> Unit:
    """A unit of which nothing is known, not even whether its serial is one."""
    return Unit(serial, undecided=looks_like_mac(serial))


def shown(unit: Unit) -> Unit:
    """The unit, whose serial is one without doubt."""
    return replace(unit, undecided=False) if unit.undecided else unit


def unit_with(unit: Unit, event: Event) -> Unit:
    """What is known of a unit once this fact is known too.

    Stock shows that a serial is one by writing it so that it cannot be a MAC address, or by the model of an ONU: of other
    models an event with such a serial is passed over when it is read.
    """
    stamp, data = stamp_of(event), event.data
    if isinstance(data, EquipmentReceived) or not is_undecided(data):
        unit = shown(unit)
    if isinstance(data, EquipmentReceived):
        return _received(unit, data, stamp, event.traceparent)
    if isinstance(data, EquipmentBound):
        return _lent(unit, _lending(data.service_order_id, data, stamp, event.traceparent))
    if isinstance(data, EquipmentUnbound):
        return _returned(unit, data.service_order_id, stamp)
    return unit


def _lending(
    order: str, data: EquipmentReceived | EquipmentBound, stamp: Stamp, traceparent: str | None
) -> Lending:
    return Lending(order, data.contract_id, data.customer_id, stamp, traceparent)


def _received(unit: Unit, data: EquipmentReceived, stamp: Stamp, traceparent: str | None) -> Unit:
    if stamp > (unit.received_stamp or EPOCH):
        document = data.model_dump(mode="json", exclude_none=True)
        unit = replace(unit, received=document, received_stamp=stamp, received_trace=traceparent)
    if data.service_order_id is None:
        return unit
    return _lent(unit, _lending(data.service_order_id, data, stamp, traceparent))


def _lent(unit: Unit, lending: Lending) -> Unit:
    return unit if unit.lent and unit.lent.stamp >= lending.stamp else replace(unit, lent=lending)


def _returned(unit: Unit, order: str, stamp: Stamp) -> Unit:
    if stamp <= unit.returns.get(order, EPOCH):
        return unit
    return replace(unit, returns={**unit.returns, order: stamp})


def order_with(order: Order, event: Event, arrived: datetime, rules: Rules) -> Order:
    """What is known of an order once this fact, that arrived now, is known too."""
    stamp, data = stamp_of(event), event.data
    if isinstance(data, InstallStarted):
        order = asked(
            order, stamp, data.serial, fresh=arrived - (event.dated or event.time) <= rules.order_max_age
        )
        return _requested(order, data, stamp, event.traceparent, rules)
    assert isinstance(data, InstallCancelled)
    return cancelled(order, stamp, data.reason, "cancelled_by_erp")


def asked(order: Order, stamp: Stamp, serial: str | None, *, fresh: bool) -> Order:
    """The order asked for once more."""
    asks = {ask.stamp: ask for ask in order.asks}
    asks.setdefault(stamp, Ask(stamp, serial, fresh))
    return replace(order, asks=tuple(sorted(asks.values()))[-ASKS_MAX:])


def _requested(
    order: Order, data: InstallStarted, stamp: Stamp, traceparent: str | None, rules: Rules
) -> Order:
    if stamp <= (order.requested or EPOCH):
        return order
    document = data.model_dump(mode="json", exclude=_SECRETS, exclude_none=True)
    wanted = digest.of_request(data, document, rules.digest_key)
    if is_undecided(data):
        document["undecided_serial"] = document.pop("serial")
    return replace(
        order,
        request=document,
        request_digest=wanted,
        requested=stamp,
        has_secrets=any(getattr(data, name) for name in _SECRETS),
        traceparent=traceparent,
        erased_at=None,
    )


def cancelled(order: Order, stamp: Stamp, reason: str, code: str) -> Order:
    """The order cancelled, if this cancellation is the latest."""
    if stamp <= (order.cancelled or EPOCH):
        return order
    return replace(order, cancelled=stamp, cancel_reason=reason, cancel_code=code, erased_at=None)


def unit_of(event: Event) -> str | None:
    """The serial of which the event tells something, other than that an order asks for it.

    A request that names a serial beyond doubt tells of one that looks like a MAC address that it is none.
    """
    data = event.data
    serial: str | None = getattr(data, "serial", None)
    if serial is None or not isinstance(data, InstallStarted):
        return serial
    return serial if looks_like_mac(serial) and not is_undecided(data) else None


def units_of(events: Iterable[Event]) -> set[str]:
    """Serials of which the events tell something, other than that orders ask for them."""
    return {serial for event in events if (serial := unit_of(event))}


def serials_named(events: Iterable[Event]) -> set[str]:
    """Serials that requests name."""
    return {
        event.data.serial for event in events if isinstance(event.data, InstallStarted) and event.data.serial
    }


def orders_of(events: Iterable[Event]) -> set[str]:
    """Orders that the events speak of."""
    return {event.data.service_order_id for event in events if event.data.service_order_id}
