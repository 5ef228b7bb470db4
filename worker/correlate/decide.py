"""What becomes of one order, given its wish and who has the unit. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from events.stages import Stage
from worker import lifecycle
from worker.correlate.claims import held_serial
from worker.correlate.ladder import Refuse, Rest, Stop, Undecided, Use, Wait, Wish, Withdraw
from worker.correlate.world import Registered, World
from worker.facts import Order, OrderState, Rules
from worker.replacing import replace

LOOKS_LIKE_MAC = "serial_looks_like_mac"


@dataclass(frozen=True)
class Say:
    """A reason code and what fills its texts."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """What an order becomes, and what is to be done and told of it. Its records are yet to be written."""

    order: Order
    start: bool = False
    """Have jobs made for its revision."""
    look: bool = False
    """Have OLTs looked at for the serial that it may have named."""
    stop: bool = False
    """End its provision jobs, and those that only look."""
    remove: tuple[Registered, ...] = ()
    """Have these removed: it is being cancelled."""
    told: bool = False
    """A progress record is due, with `say` as its reason, if any."""
    say: Say | None = None

    @property
    def finished(self) -> bool:
        """Whether a final event is due."""
        return self.say is not None and not self.told


def decide(
    order: Order, wish: Wish, holders: Mapping[str, str | None], world: World, now: datetime, rules: Rules
) -> Change:
    """What the order becomes. `holders`: by serial, the order that has it."""
    order = _not_ahead(order, now)
    match wish:
        case Rest():
            return Change(_at_rest(order, holders, rules))
        case Withdraw():
            return _withdrawn(order, world, now)
        case Refuse(code):
            failed = Stop(code, {}, order.named_serial)
            return _failed(_begun(order, now), order, failed, now)
        case Wait():
            return _waiting(order, now, rules)
        case Undecided(serial):
            return _undecided(order, serial, now, rules)
        case Stop():
            return _stopped(order, wish, now, rules)
        case Use(serial) if holders.get(serial) not in {None, order.id}:
            claimed = {"serial": serial, "other_order": str(holders[serial])}
            return _stopped(order, Stop("serial_claimed", claimed, serial), now, rules)
        case Use(serial):
            return _working(order, serial, world, now, rules)


def _not_ahead(order: Order, now: datetime) -> Order:
    """Waits that began later than now began now: the clock was set back meanwhile."""
    if not order.live:
        return order
    return replace(
        order,
        began_at=order.began_at and min(order.began_at, now),
        verdict_since=order.verdict_since and min(order.verdict_since, now),
    )


def _at_rest(order: Order, holders: Mapping[str, str | None], rules: Rules) -> Order:
    if order.live or order.state in {OrderState.CANCELLED, OrderState.UNKNOWN}:
        return order
    serial = held_serial(order, rules) or order.serial
    claims = serial is not None and holders.get(serial) == order.id
    return replace(order, serial=serial, claims=claims, due_at=None)


def _begun(order: Order, now: datetime) -> Order:
    """A new revision, unless the one in hand has neither worked nor ended."""
    if order.state in {OrderState.WAITING, OrderState.STOPPED}:
        return order if _same_request(order) else replace(order, began_at=now, worked_digest=_key(order))
    return replace(lifecycle.begin(order, now), worked_digest=_key(order))


def _key(order: Order, model: str | None = None) -> str:
    """What a revision works on: the request, and the model of the unit."""
    return f"{order.request_digest}:{model or ''}"


def _same_request(order: Order) -> bool:
    return (order.worked_digest or "").split(":")[0] == order.request_digest


def _withdrawn(order: Order, world: World, now: datetime) -> Change:
    """Cancelled at once, unless it owns something on an OLT: that is removed first, or left, as is found there."""
    if order.state in {OrderState.CANCELLING, OrderState.CANCELLED} or order.request is None:
        return Change(order)
    own = tuple(one for one in world.registered if one.order == order.id)
    begun = _without_verdict(_withdrawing(order, now))
    working = _has_work(order)
    if own:
        going = replace(begun, state=OrderState.CANCELLING, serial=own[0].serial, claims=False)
        return Change(going, stop=working, remove=own)
    say = Say(order.cancel_code or "cancelled_by_erp")
    return Change(lifecycle.cancel(begun, now), stop=working, say=say)


def _has_work(order: Order) -> bool:
    """Whether there may be jobs of it, to work or to look: those of an order that waits outlive its verdict where the
    release before judges it meanwhile.
    """
    return order.state in {OrderState.WORKING, OrderState.WAITING}


def _is_undecided(order: Order) -> bool:
    return (order.state, order.verdict) == (OrderState.WAITING, LOOKS_LIKE_MAC)


def _withdrawing(order: Order, now: datetime) -> Order:
    stays = order.state in {OrderState.WAITING, OrderState.STOPPED}
    return order if stays else lifecycle.begin(order, now)


def _without_verdict(order: Order) -> Order:
    return replace(order, verdict=None, verdict_params={}, verdict_since=None, due_at=None)


def _failed(order: Order, before: Order, why: Stop, now: datetime) -> Change:
    order = replace(order, serial=why.serial or order.serial, claims=False)
    failed = lifecycle.fail(order, why.code, now)
    return Change(failed, stop=_has_work(before), say=Say(why.code, why.params))


def _waiting(order: Order, now: datetime, rules: Rules) -> Change:
    begun = _begun(order, now)
    if now >= _unit_due(begun, rules):
        return _failed(begun, order, Stop("unit_not_received"), now)
    waiting = _without_unit(_without_verdict(begun), now, rules)
    news = order.state is not OrderState.WAITING or _is_undecided(order)
    return Change(waiting, stop=news and _has_work(order), told=news)


def _undecided(order: Order, serial: str, now: datetime, rules: Rules) -> Change:
    """Waits like an order without a unit, and is looked for: nothing is claimed, and nothing sent."""
    begun, params = _begun(order, now), {"serial": serial}
    if now >= _unit_due(begun, rules):
        return _failed(begun, order, Stop(LOOKS_LIKE_MAC, params), now)
    same = _is_undecided(order) and order.verdict_params == params
    waiting = replace(
        _without_unit(begun, now, rules),
        verdict=LOOKS_LIKE_MAC,
        verdict_params=params,
        verdict_since=order.verdict_since if same else now,
    )
    working = order.state is OrderState.WORKING
    return Change(
        waiting, look=True, stop=working, told=not same, say=None if same else Say(LOOKS_LIKE_MAC, params)
    )


def _unit_due(begun: Order, rules: Rules) -> datetime:
    assert begun.began_at
    return begun.began_at + rules.unit_wait


def _without_unit(begun: Order, now: datetime, rules: Rules) -> Order:
    return replace(
        lifecycle.reach(begun, Stage.WAITING_FOR_EQUIPMENT, now),
        state=OrderState.WAITING,
        serial=None,
        claims=False,
        due_at=min(_unit_due(begun, rules), now + rules.look_again),
    )


def _stopped(order: Order, why: Stop, now: datetime, rules: Rules) -> Change:
    begun = _begun(order, now)
    same = (begun.state, begun.verdict, begun.verdict_params) == (OrderState.STOPPED, why.code, why.params)
    since = begun.verdict_since if same and begun.verdict_since else now
    late = since + rules.verdict_delay
    if now >= late:
        return _failed(begun, order, why, now)
    stopped = replace(
        lifecycle.reach(begun, Stage.WAITING_FOR_EQUIPMENT, now),
        state=OrderState.STOPPED,
        serial=why.serial,
        claims=False,
        verdict=why.code,
        verdict_params=dict(why.params),
        verdict_since=since,
        due_at=min(late, now + rules.look_again),
    )
    say = None if same else Say(why.code, why.params)
    return Change(stopped, stop=_has_work(order), told=not same, say=say)


def _working(order: Order, serial: str, world: World, now: datetime, rules: Rules) -> Change:
    key = _key(order, world.unit(serial).model)
    if (order.state, order.serial, order.worked_digest) == (OrderState.WORKING, serial, key):
        return Change(replace(order, claims=True))
    begun = replace(
        _without_verdict(_begun(order, now)),
        state=OrderState.WORKING,
        serial=serial,
        claims=True,
        worked_digest=key,
        work_deadline_at=now + rules.provision_deadline,
    )
    return Change(lifecycle.reach(begun, lifecycle.first_stage(begun), now), start=True, told=True)
