"""Units, orders and registrations that hang together, as a decision needs them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from worker.facts import EPOCH, Ask, Completion, Order, Rules, Stamp, Unit


@dataclass(frozen=True)
class Registered:
    """A registration on an OLT, and the order whose own it is."""

    olt: str
    port: str
    serial: str
    order: str


@dataclass(frozen=True)
class World:
    """All that decides about the orders in question: their units, and every order that may claim one of these."""

    units: Mapping[str, Unit] = field(default_factory=dict)
    orders: Mapping[str, Order] = field(default_factory=dict)
    registered: tuple[Registered, ...] = ()
    affected: frozenset[str] = frozenset()
    """Orders whose wish is judged anew; all that stock binds to them is here. Of others what they last wanted holds."""

    @cached_property
    def bound(self) -> Mapping[str, list[Unit]]:
        """By order, the units that stock binds to it."""
        found: defaultdict[str, list[Unit]] = defaultdict(list)
        for unit in self.units.values():
            if order := unit.bound_order:
                found[order].append(unit)
        return found

    def shows(self, serial: str) -> bool:
        """Whether stock, an order or an OLT has shown that this is a serial, although it looks like a MAC address."""
        unit = self.units.get(serial)
        if unit is not None and not unit.undecided:
            return True
        by_orders = (
            (
                None if order.undecided_serial else order.named_serial,
                order.completion and order.completion.serial,
            )
            for order in self.orders.values()
        )
        return any(serial in named for named in by_orders) or any(
            one.serial == serial for one in self.registered
        )

    def unit(self, serial: str) -> Unit:
        """The unit; one of which nothing is known is one of which nothing is known."""
        return self.units.get(serial) or Unit(serial)


def cancels_too_late(order: Order, rules: Rules) -> bool:
    """Whether the latest cancellation came too long after a completion to mean it, and nobody had asked again before."""
    done, stop = order.completion, order.cancelled
    if done is None or stop is None or stop.time - done.at <= rules.cancel_window or stop < done.ask:
        return False
    return not any(done.ask < ask.stamp < stop for ask in order.asks)


def cut(order: Order, rules: Rules) -> Stamp:
    """The latest cancellation that counts: whatever was asked or done for requests before it is void."""
    if order.cancelled is None or cancels_too_late(order, rules):
        return EPOCH
    return order.cancelled


def standing_completion(order: Order, rules: Rules) -> Completion | None:
    """The last completion, unless it was cancelled since."""
    done = order.completion
    return done if done and done.ask > cut(order, rules) else None


def asks_for(order: Order, rules: Rules) -> bool:
    """Whether the order was asked for since it was last cancelled."""
    return bool(order.asks) and order.asks[-1].stamp > cut(order, rules)


def withdrawn(order: Order, rules: Rules) -> bool:
    """Whether the order was cancelled, and not asked for since."""
    return order.cancelled is not None and not asks_for(order, rules) and cut(order, rules) == order.cancelled


def unanswered(order: Order, rules: Rules) -> list[Ask]:
    """The times it was asked for that neither a result nor a cancellation has answered, ascending."""
    since, answered = cut(order, rules), order.answered_at
    return [
        ask for ask in order.asks if ask.stamp > since and (answered is None or ask.stamp.time > answered)
    ]


def serials_named(orders: Iterable[Order]) -> set[str]:
    """Serials that these orders name, work with or completed."""
    found: set[str | None] = set()
    for order in orders:
        found |= {order.named_serial, order.serial, order.completion.serial if order.completion else None}
    return {serial for serial in found if serial}
