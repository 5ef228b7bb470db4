"""Which of several orders has a unit. Pure, of the merged facts and of what has happened on OLTs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from worker import lifecycle
from worker.correlate.ladder import Refuse, Rest, Use, Wish
from worker.correlate.world import cut, standing_completion
from worker.facts import EPOCH, Order, OrderState, Rules, Stamp, Unit
from worker.replacing import replace


def held_serial(order: Order, rules: Rules) -> str | None:
    """The unit behind which an order that is not asked for anything stands: the one it completed with, or one it owns."""
    if order.state not in {OrderState.COMPLETED, OrderState.FAILED}:
        return None
    return lifecycle.held_serial(replace(order, completion=standing_completion(order, rules)))


def stands(order: Order, unit: Unit, rules: Rules) -> bool:
    """Whether stock leaves the unit to an order that is not live: neither given back since, nor lent to another."""
    done = standing_completion(order, rules)
    since = done.ask if done else order.asks[-1].stamp if order.asks else EPOCH
    if unit.lent and unit.lent.order == order.id:
        since = max(since, unit.lent.stamp)
    elif unit.lent and unit.lent.stamp > since:
        return False
    return unit.returns.get(order.id, EPOCH) <= since


def candidates_for(
    unit: Unit, orders: Sequence[Order], wishes: Mapping[str, Wish], rules: Rules
) -> list[Order]:
    """The orders that would have the unit: those that want it, and those that stand behind it."""
    return [order for order in orders if _would_have(order, unit, wishes[order.id], rules)]


def _would_have(order: Order, unit: Unit, wish: Wish, rules: Rules) -> bool:
    if isinstance(wish, Use):
        return wish.serial == unit.serial
    resting = isinstance(wish, Rest | Refuse)
    return resting and held_serial(order, rules) == unit.serial and stands(order, unit, rules)


def holder(unit: Unit, candidates: Sequence[Order], wishes: Mapping[str, Wish], rules: Rules) -> str | None:
    """The one candidate (its id) that has the claim: the order to which stock binds the unit; else the contract that was
    first, and of its orders the one that was asked for last.

    A unit on which somebody is at work, or with which somebody is served, stays with that contract.
    """
    if bound := [order for order in candidates if order.id == unit.bound_order]:
        return bound[0].id
    if not candidates:
        return None
    contracts: defaultdict[str, list[Order]] = defaultdict(list)
    for order in candidates:
        contracts[order.contract or order.id].append(order)
    engaged = [(at, order) for order in candidates if (at := _engaged(order, unit.serial, wishes, rules))]
    if engaged:
        _, first = max(engaged, key=lambda one: (one[0], one[1].id))
    else:
        first = min(candidates, key=lambda order: (_asked_since(order, rules), order.id))
    last = max(contracts[first.contract or first.id], key=lambda order: (order.asks[-1].stamp, order.id))
    return last.id


def _engaged(
    order: Order, serial: str, wishes: Mapping[str, Wish], rules: Rules
) -> tuple[bool, datetime] | None:
    """Whether an attempt on the unit is under way, or it was completed; and since when. The former weighs more."""
    done = standing_completion(order, rules)
    attempt = order.attempted if isinstance(wishes[order.id], Use) else None
    if attempt and attempt.serial == serial and attempt.ask_at > cut(order, rules).time:
        return True, attempt.at
    return (False, done.at) if done and done.serial == serial else None


def _asked_since(order: Order, rules: Rules) -> Stamp:
    """Since when the order has been asking for this unit: the first of the last requests that named the same."""
    since, named = cut(order, rules), order.named_serial
    first = order.asks[-1].stamp
    for ask in reversed(order.asks):
        if ask.stamp <= since or ask.serial != named:
            break
        first = ask.stamp
    return first
