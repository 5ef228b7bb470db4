"""Which unit an order is to have, before other orders are looked at. Pure, of the merged facts alone."""

from dataclasses import dataclass, field

from worker.correlate.world import World, standing_completion, unanswered, withdrawn
from worker.facts import Order, Rules, Unit


@dataclass(frozen=True)
class Rest:
    """Nothing is asked that has not been answered."""


@dataclass(frozen=True)
class Withdraw:
    """It is cancelled."""


@dataclass(frozen=True)
class Refuse:
    """It fails at once: the reason code."""

    code: str


@dataclass(frozen=True)
class Wait:
    """There is no unit yet."""


@dataclass(frozen=True)
class Undecided:
    """The serial that it names may as well be a MAC address: nothing is done until something shows that it is none."""

    serial: str


@dataclass(frozen=True)
class Stop:
    """It cannot go on so: a verdict, which fails the order unless a fact changes it soon."""

    code: str
    params: dict[str, str] = field(default_factory=dict)
    serial: str | None = None


@dataclass(frozen=True)
class Use:
    """It is to have this unit."""

    serial: str


Wish = Rest | Withdraw | Refuse | Wait | Undecided | Stop | Use


def wish_of(order: Order, world: World, rules: Rules) -> Wish:
    """What the order wants."""
    if withdrawn(order, rules):
        return Withdraw()
    asks = unanswered(order, rules)
    if not asks or order.request is None:
        return Rest()
    if not any(ask.fresh for ask in asks):
        return Refuse("order_too_old")
    if order.has_secrets and not order.secrets_kept:
        return Refuse("secret_expired")
    return _unit(order, world, rules)


def _unit(order: Order, world: World, rules: Rules) -> Wait | Undecided | Stop | Use:
    if order.undecided_serial and not world.shows(order.undecided_serial):
        return Undecided(order.undecided_serial)
    lent = [unit for unit in world.bound.get(order.id, ()) if rules.is_onu(unit.model) is not False]
    named = order.named_serial
    if named is not None:
        return _named(world.unit(named), lent, order, rules)
    if len(lent) > 1:
        serials = ", ".join(sorted(unit.serial for unit in lent))
        return Stop("two_units_bound", {"serials": serials})
    return Use(lent[0].serial) if lent else Wait()


def _named(unit: Unit, lent: list[Unit], order: Order, rules: Rules) -> Stop | Use:
    done = standing_completion(order, rules)
    lately = [found for found in lent if found.lent and (done is None or found.lent.stamp.time > done.at)]
    if lately and unit.serial not in {found.serial for found in lately}:
        others = ", ".join(sorted(found.serial for found in lately))
        return Stop("serial_differs_from_stock", {"serial": unit.serial, "stock_serial": others}, unit.serial)
    if rules.is_onu(unit.model) is False:
        return Stop("not_an_onu", {"serial": unit.serial, "model": unit.model or "-"}, unit.serial)
    return Use(unit.serial)
