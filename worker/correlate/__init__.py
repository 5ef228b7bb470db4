"""Correlation: from merged facts to what each order wants, who has which unit, and what changes. Pure.

Every decision is a function of the merged facts and of what has happened on OLTs, never of the order of arrival; it is
made again whenever one of these changes.
"""

from datetime import datetime

from worker.correlate.claims import candidates_for, holder
from worker.correlate.decide import Change, decide
from worker.correlate.ladder import Rest, Stop, Undecided, Use, Wait, Wish, Withdraw, wish_of
from worker.correlate.world import Registered, World, serials_named
from worker.facts import Order, OrderState, Rules

__all__ = ["Change", "Registered", "World", "correlate"]


def correlate(world: World, now: datetime, rules: Rules) -> dict[str, Change]:
    """What every order of the world becomes, by id, as the world is known now."""
    wishes = {
        order.id: wish_of(order, world, rules) if order.id in world.affected else _last_wish(order)
        for order in world.orders.values()
    }
    serials = {wish.serial for wish in wishes.values() if isinstance(wish, Use)}
    serials |= serials_named(world.orders.values()) | {one.serial for one in world.registered}
    holders = {}
    for serial, orders in _by_serial(world, wishes, serials).items():
        unit = world.unit(serial)
        holders[serial] = holder(unit, candidates_for(unit, orders, wishes, rules), wishes, rules)
    return {
        order.id: decide(order, wishes[order.id], holders, world, now, rules)
        for order in world.orders.values()
    }


def _by_serial(world: World, wishes: dict[str, Wish], serials: set[str]) -> dict[str, list[Order]]:
    """By serial, the orders that may have something to do with it."""
    found: dict[str, list[Order]] = {serial: [] for serial in serials}
    for order in world.orders.values():
        wish = wishes[order.id]
        near = {wish.serial} if isinstance(wish, Use) else serials_named([order]) | order.owns
        for serial in near & serials:
            found[serial].append(order)
    return found


def _last_wish(order: Order) -> Wish:
    """What an order wanted when it was last judged."""
    match order.state:
        case OrderState.WORKING if order.serial:
            return Use(order.serial)
        case OrderState.STOPPED if order.verdict == "serial_claimed" and order.serial:
            return Use(order.serial)
        case OrderState.STOPPED:
            return Stop(order.verdict or "", order.verdict_params, order.serial)
        case OrderState.WAITING if order.verdict and order.undecided_serial:
            return Undecided(order.undecided_serial)
        case OrderState.WAITING:
            return Wait()
        case OrderState.CANCELLING | OrderState.CANCELLED:
            return Withdraw()
        case _:
            return Rest()
