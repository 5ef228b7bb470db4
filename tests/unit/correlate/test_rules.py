"""Each rule of correlation by itself: what decides, and at which moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from events.inputs import InstallStarted
from events.record import Event
from events.stages import Stage
from tests.unit.correlate.town import (
    H_HEX,
    NOON,
    ONU_MODEL,
    ROUTER_MODEL,
    RULES,
    H,
    S,
    T,
    U,
    bound,
    cancelled,
    fact,
    received,
    started,
    unbound,
)
from worker.correlate import Registered, World, claims, correlate, ladder, merge, world
from worker.correlate.decide import Change, Say, _not_ahead, decide
from worker.correlate.ladder import Refuse, Rest, Stop, Undecided, Use, Wait, Withdraw
from worker.facts import EPOCH, Ask, Attempt, Completion, Lending, Order, OrderState, Stamp, Unit, unknown

MOMENT, MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
DAY = timedelta(hours=24)


def at(minutes: float = 0, id_: str = "x") -> Stamp:
    return Stamp(NOON + minutes * MINUTE, "erp", id_)


def ask(minutes: float = 0, serial: str | None = S, *, fresh: bool = True) -> Ask:
    return Ask(at(minutes), serial, fresh)


REQUEST = {"plan_code": "x", "customer_id": "C", "contract_id": "K", "serial": S}


def order(id_: str = "A", state: str = "working", **more: Any) -> Order:
    base: dict[str, Any] = {"request": REQUEST, "request_digest": "d", "asks": (ask(),), "began_at": NOON}
    return Order(id_, state=OrderState(state), **(base | more))


def done(serial: str = S, minutes: float = 5, asked: float = 0) -> Completion:
    return Completion(serial, NOON + minutes * MINUTE, at(asked))


def lent(to: str = "A", minutes: float = 0) -> Lending:
    return Lending(to, "K", "C", at(minutes))


# ------------------------------------------------------------------------------------------------- what still counts

LATE = RULES.cancel_window
CANCELLED = [
    # completed, cancelled at, further asks: too late?
    (done(minutes=5), NOON + 5 * MINUTE + LATE, (), False),
    (done(minutes=5), NOON + 5 * MINUTE + LATE + MOMENT, (), True),
    (None, NOON + 5 * MINUTE + LATE + MOMENT, (), False),
    (done(minutes=5), None, (), False),
    (done(minutes=5, asked=9999), NOON + 9000 * MINUTE, (), False),
    (done(minutes=5), NOON + 9000 * MINUTE, (ask(8000),), False),
    (done(minutes=5), NOON + 9000 * MINUTE, (ask(9000.1),), True),
]


@pytest.mark.parametrize(("completion", "time", "asks", "late"), CANCELLED)
def test_a_cancellation_means_a_completion_only_for_a_while(
    completion: Completion | None, time: datetime | None, asks: tuple[Ask, ...], *, late: bool
) -> None:
    stop = None if time is None else Stamp(time, "erp", "z")
    one = order(state="completed", completion=completion, cancelled=stop, asks=(ask(), *asks))
    assert world.cancels_too_late(one, RULES) is late
    assert world.cut(one, RULES) == (EPOCH if late or stop is None else stop)
    stands = completion if late or stop is None else None
    if completion and completion.ask > (stop or EPOCH):
        stands = completion
    assert world.standing_completion(one, RULES) == stands


def test_the_asks_at_the_very_time_of_a_completion_or_cancellation_are_not_between() -> None:
    stop = Stamp(NOON + 9000 * MINUTE, "erp", "x")
    one = order(completion=done(), cancelled=stop, asks=(ask(0), Ask(stop, S, True)))
    assert world.cancels_too_late(one, RULES)
    same = order(completion=Completion(S, NOON - 2 * LATE, at()), cancelled=at(), asks=(ask(),))
    assert world.cancels_too_late(same, RULES)


@pytest.mark.parametrize(
    ("asks", "stop", "asked", "gone"),
    [
        ((), None, False, False),
        ((ask(0),), None, True, False),
        ((ask(0),), at(1), False, True),
        ((ask(0), ask(2)), at(1), True, False),
        ((ask(0),), at(0), False, True),
        ((), at(1), False, True),
    ],
)
def test_an_order_is_withdrawn_that_was_cancelled_and_not_asked_for_since(
    asks: tuple[Ask, ...], stop: Stamp | None, *, asked: bool, gone: bool
) -> None:
    one = order(asks=asks, cancelled=stop)
    assert (world.asks_for(one, RULES), world.withdrawn(one, RULES)) == (asked, gone)


def test_an_order_whose_cancellation_came_too_late_is_not_withdrawn() -> None:
    one = order(asks=(), completion=done(), cancelled=Stamp(NOON + 2 * LATE, "erp", "z"))
    assert not world.withdrawn(one, RULES)


@pytest.mark.parametrize(
    ("stop", "answered", "left"),
    [(None, None, [0, 1, 2]), (at(0), None, [1, 2]), (None, 1.0, [2]), (at(1), 0.0, [2]), (None, 2.0, [])],
)
def test_what_is_unanswered_came_after_the_last_answer_and_cancellation(
    stop: Stamp | None, answered: float | None, left: list[int]
) -> None:
    asks = tuple(ask(minute) for minute in range(3))
    answered_at = None if answered is None else NOON + answered * MINUTE
    one = order(asks=asks, cancelled=stop, answered_at=answered_at)
    assert world.unanswered(one, RULES) == [asks[number] for number in left]


def test_serials_are_shown_by_stock_by_orders_that_name_or_had_them_and_by_olts() -> None:
    doubtful = order(request={"undecided_serial": H})
    assert not World(orders={"A": doubtful}).shows(H)
    assert not World(units={H: Unit(H, undecided=True)}).shows(H)
    assert World(units={H: Unit(H)}).shows(H)
    assert World(orders={"A": doubtful, "B": order(request={"serial": H})}).shows(H)
    assert World(orders={"A": replace(doubtful, completion=done(H))}).shows(H)
    assert World(registered=(Registered("o", "p", H, "A"),)).shows(H)
    assert not World(registered=(Registered("o", "p", S, "A"),), orders={"B": order()}).shows(H)
    assert World().unit(H) == Unit(H)
    assert World(units={S: Unit(S), T: Unit(T, lent=lent("B"))}).bound == {"B": [Unit(T, lent=lent("B"))]}


def test_serials_named_are_those_named_worked_with_and_completed() -> None:
    orders = [order(serial=T, completion=done(U)), order(request={}, serial=None)]
    assert world.serials_named(orders) == {S, T, U}


# ----------------------------------------------------------------------------------------------------- who has a unit


@pytest.mark.parametrize("state", [state.value for state in OrderState])
def test_only_an_order_that_ended_stands_behind_a_unit(state: str) -> None:
    one = order(state=state, completion=done(T), serial=S, owns=frozenset({S}))
    assert claims.held_serial(one, RULES) == (T if state in {"completed", "failed"} else None)


def test_an_order_whose_completion_was_cancelled_stands_behind_what_it_owns() -> None:
    one = order(state="failed", completion=done(T), cancelled=at(9), serial=S, owns=frozenset({S}))
    assert claims.held_serial(one, RULES) == S


STOCK = [
    # lent, given back, asks, completion: stands?
    (None, {}, (ask(),), None, True),
    (None, {}, (), None, True),
    (lent("B", 1), {}, (ask(0),), None, False),
    (lent("B", 0), {}, (ask(0),), None, True),
    (lent("B", -1), {}, (ask(0),), None, True),
    (lent("A", 1), {}, (ask(0),), None, True),
    (None, {"A": at(0)}, (ask(0),), None, True),
    (None, {"A": at(1)}, (ask(0),), None, False),
    (None, {"B": at(1)}, (ask(0),), None, True),
    (lent("A", 2), {"A": at(1)}, (ask(0),), None, True),
    (lent("A", 0), {"A": at(2)}, (ask(1),), None, False),
    (lent("A", 0), {"A": at(1)}, (ask(2),), None, True),
    (None, {"A": at(1)}, (ask(0), ask(2)), done(asked=0), False),
    (None, {"A": at(1)}, (ask(0),), done(asked=2), True),
]


@pytest.mark.parametrize(("lending", "returns", "asks", "completion", "stands"), STOCK)
def test_stock_leaves_a_unit_to_who_has_it_until_it_is_given_back_or_lent_to_another(
    lending: Lending | None,
    returns: dict[str, Stamp],
    asks: tuple[Ask, ...],
    completion: Completion | None,
    *,
    stands: bool,
) -> None:
    one = order(state="completed", asks=asks, completion=completion)
    assert claims.stands(one, Unit(S, lent=lending, returns=returns), RULES) is stands


@pytest.mark.parametrize(
    ("wish", "more", "would"),
    [
        (Use(S), {}, True),
        (Use(T), {"completion": done(S)}, False),
        (Rest(), {"completion": done(S)}, True),
        (Refuse("x"), {"completion": done(S)}, True),
        (Rest(), {"completion": done(T)}, False),
        (Rest(), {}, False),
        (Stop("x"), {"completion": done(S)}, False),
        (Wait(), {"completion": done(S)}, False),
        (Undecided(H), {"completion": done(S)}, False),
        (Withdraw(), {"completion": done(S)}, False),
        (Rest(), {"completion": done(S), "id": "B"}, False),
    ],
)
def test_a_unit_is_wanted_by_who_uses_it_and_who_stands_behind_it(
    wish: Any, more: dict[str, Any], *, would: bool
) -> None:
    one = replace(order(state="completed"), **more)
    unit = Unit(S, returns={"B": at(99)})
    assert claims.candidates_for(unit, [one], {one.id: wish}, RULES) == ([one] if would else [])


def _holder(*orders: Order, lending: Lending | None = None, wish: Any = None) -> str | None:
    wishes = {one.id: wish or Use(S) for one in orders}
    return claims.holder(Unit(S, lent=lending), orders, wishes, RULES)


def test_a_unit_is_whose_stock_says_else_of_the_contract_that_asked_first() -> None:
    a = order("A", asks=(ask(5),), request=REQUEST | {"contract_id": "K"})
    b = order("B", asks=(ask(3),), request=REQUEST | {"contract_id": "L"})
    c = order("C", asks=(ask(9),), request=REQUEST | {"contract_id": "L"})
    assert _holder() is None
    assert _holder(a, b, lending=lent("A")) == "A"
    assert _holder(a, b, lending=lent("Z")) == "B"
    assert _holder(a, b) == "B"
    assert _holder(a, b, c) == "C", "of a contract, the order that was asked for last"
    assert _holder(b, replace(b, id="A")) == "B"
    nobodys = [replace(one, request={"serial": S}) for one in (a, b, c)]
    assert _holder(*nobodys) == "B", "orders without a contract have none in common"
    same = [replace(nobodys[1], id=one) for one in "CB"]
    assert _holder(*same) == "B"


def _tried(minutes: float, serial: str = S, asked: float = 0) -> Attempt:
    return Attempt(serial, NOON + minutes * MINUTE, NOON + asked * MINUTE)


def test_a_unit_stays_with_the_contract_that_works_on_it_or_is_served_by_it() -> None:
    first = order("A", asks=(ask(0),), request=REQUEST | {"contract_id": "K"})
    second = order("B", asks=(ask(3),), request=REQUEST | {"contract_id": "L"})
    tried = replace(second, attempted=_tried(4))
    served = replace(second, completion=done(S, 4, 3))
    assert _holder(first, tried) == "B"
    assert _holder(first, served) == "B"
    assert _holder(first, replace(second, attempted=_tried(4, T))) == "A"
    assert _holder(first, replace(second, completion=done(T, 4, 3))) == "A"
    assert _holder(first, tried, wish=Rest()) == "A"
    assert _holder(replace(first, attempted=_tried(3)), tried) == "B", "who began last"
    assert _holder(replace(first, attempted=_tried(4)), tried) == "B"
    assert _holder(replace(first, attempted=_tried(3)), replace(second, completion=done(S, 9, 3))) == "A"
    assert _holder(replace(first, completion=done(S, 9)), tried) == "B", "an attempt weighs more"
    void = replace(tried, cancelled=at(4), asks=(ask(3), ask(5)))
    assert _holder(first, void) == "A", "what was done before a cancellation is void"
    on_time = replace(tried, attempted=_tried(9, asked=4), cancelled=at(4), asks=(ask(5),))
    assert _holder(first, on_time) == "A"
    nobodys = [replace(one, request={"serial": S}) for one in (first, tried)]
    assert _holder(*nobodys) == "B"


def test_an_order_asks_since_the_first_of_its_last_requests_for_the_same_unit() -> None:
    def since(*asks: Ask, **more: Any) -> Stamp:
        return claims._asked_since(order(asks=asks, **more), RULES)

    assert since(ask(0), ask(1)) == at(0)
    assert since(ask(0), ask(1, T), ask(2)) == at(2)
    assert since(ask(0), ask(1), cancelled=at(0)) == at(1)
    assert since(ask(0), ask(1), ask(2), cancelled=at(0.5)) == at(1)
    assert since(ask(0, T), ask(1, T)) == at(1)


# ---------------------------------------------------------------------------------------------------- what it wants


def _wish(one: Order, *units: Unit, **more: Any) -> Any:
    return ladder.wish_of(one, World({unit.serial: unit for unit in units}, {one.id: one}, **more), RULES)


def _stock(serial: str = S, model: str | None = ONU_MODEL, minutes: float | None = None) -> Unit:
    lending = None if minutes is None else lent("A", minutes)
    return Unit(serial, received={"model": model} if model else None, lent=lending)


def test_an_order_wants_what_is_asked_of_it_last() -> None:
    waits = order(request={"plan_code": "x"}, asks=(ask(0, None),))
    assert _wish(order(cancelled=at(1))) == Withdraw()
    assert _wish(order(answered_at=NOON)) == Rest()
    assert _wish(replace(waits, request=None)) == Rest()
    assert _wish(order(asks=(ask(fresh=False),))) == Refuse("order_too_old")
    assert _wish(order(asks=(ask(0, fresh=False), ask(1)))) == Use(S)
    assert _wish(order(has_secrets=True, secrets_kept=False)) == Refuse("secret_expired")
    assert _wish(order(has_secrets=True)) == _wish(order(secrets_kept=False)) == Use(S)
    assert _wish(order(request={"undecided_serial": H})) == Undecided(H)
    assert _wish(order(request={"undecided_serial": H}), Unit(H)) == Use(H)
    assert _wish(waits) == Wait()
    assert _wish(waits, _stock(minutes=0)) == Use(S)
    assert _wish(waits, _stock(minutes=0), _stock(T, minutes=1)) == Stop(
        "two_units_bound", {"serials": f"{S}, {T}"}
    )
    assert _wish(waits, _stock(minutes=0), _stock(T, ROUTER_MODEL, 1)) == Use(S)
    assert _wish(waits, _stock(S, "unknown to the catalogue", 0)) == Use(S)
    assert _wish(waits, _stock(S, ROUTER_MODEL, 0)) == Wait()


def test_the_unit_that_a_request_names_must_be_the_one_that_stock_lent_since() -> None:
    differs = Stop("serial_differs_from_stock", {"serial": S, "stock_serial": f"{T}, {U}"}, S)
    assert _wish(order(), _stock(T, minutes=0), _stock(U, minutes=0)) == differs
    assert _wish(order(), _stock(T, minutes=0), _stock(S, minutes=0)) == Use(S)
    assert _wish(order(), _stock(T, ROUTER_MODEL, 0)) == Use(S)
    served = order(completion=done(S, 5))
    assert _wish(served, _stock(T, minutes=5)) == Use(S)
    assert isinstance(_wish(served, _stock(T, minutes=6)), Stop)
    router = Stop("not_an_onu", {"serial": S, "model": ROUTER_MODEL}, S)
    assert _wish(order(), _stock(S, ROUTER_MODEL)) == router
    assert _wish(order(), _stock(S, None)) == Use(S)


# ------------------------------------------------------------------------------------------------------ what it becomes


def _decided(one: Order, wish: Any, holders: Any = None, now: datetime = NOON, **of: Any) -> Change:
    return decide(one, wish, holders or {}, World(**of), now, RULES)


@pytest.mark.parametrize(
    ("began", "verdict"),
    [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (None, 1.0), (1.0, None), (-1.0, -1.0), (None, None)],
)
@pytest.mark.parametrize("state", ["stopped", "completed"])
def test_a_wait_that_began_later_than_now_began_now(
    began: float | None, verdict: float | None, state: str
) -> None:
    def time(minutes: float | None) -> datetime | None:
        return None if minutes is None else NOON + minutes * MINUTE

    one = order(state=state, began_at=time(began), verdict_since=time(verdict))
    found = _not_ahead(one, NOON)
    if state == "completed":
        assert found is one
    else:
        assert found.began_at == (None if began is None else time(min(began, 0)))
        assert found.verdict_since == (None if verdict is None else time(min(verdict, 0)))


@pytest.mark.parametrize("state", ["working", "waiting", "stopped", "cancelling", "cancelled", "unknown"])
def test_an_order_at_rest_that_is_live_cancelled_or_unknown_stays_as_it_is(state: str) -> None:
    one = order(state=state, serial=S, due_at=NOON, completion=done(S))
    assert _decided(one, Rest(), {S: "A"}) == Change(one)


def test_an_order_that_ended_claims_what_it_stands_behind_if_it_has_it() -> None:
    one = order(state="completed", serial=T, due_at=NOON, completion=done(S), claims=True)
    assert _decided(one, Rest(), {S: "A"}) == Change(replace(one, serial=S, due_at=None))
    assert _decided(one, Rest(), {S: "B", T: "A"}) == Change(
        replace(one, serial=S, due_at=None, claims=False)
    )
    nothing = order(state="failed", serial=T, claims=False)
    assert _decided(nothing, Rest(), {T: "A"}) == Change(replace(nothing, claims=True))
    assert _decided(replace(nothing, serial=None), Rest(), {None: "A"}).order.claims is False


HAS_WORK = {"working", "waiting"}


@pytest.mark.parametrize("state", [state.value for state in OrderState])
def test_a_withdrawn_order_ends_at_once_unless_it_owns_something(state: str) -> None:
    one = order(state=state, serial=T, verdict="x", verdict_since=NOON, due_at=NOON, claims=True, revision=2)
    mine, other = Registered("o", "p", S, "A"), Registered("o", "q", T, "B")
    assert _decided(replace(one, request=None), Withdraw(), registered=(mine,)) == Change(
        replace(one, request=None)
    )
    if state in {"cancelling", "cancelled"}:
        assert _decided(one, Withdraw(), registered=(mine,)) == Change(one)
        return
    revision = 2 if state in {"waiting", "stopped"} else 3
    ended = _decided(replace(one, cancel_code="cancelled_by_person"), Withdraw(), registered=(other,))
    assert (ended.order.state, ended.order.revision) == (OrderState.CANCELLED, revision)
    assert (ended.say, ended.stop, ended.finished) == (Say("cancelled_by_person"), state in HAS_WORK, True)
    assert (ended.order.claims, ended.order.verdict, ended.order.due_at) == (False, None, None)
    assert _decided(one, Withdraw()).say == Say("cancelled_by_erp")
    removing = _decided(one, Withdraw(), registered=(other, mine))
    assert (removing.order.state, removing.order.serial, removing.order.claims) == (
        OrderState.CANCELLING,
        S,
        False,
    )
    assert (removing.remove, removing.stop, removing.told, removing.say) == (
        (mine,),
        state in HAS_WORK,
        False,
        None,
    )
    assert (removing.order.verdict, removing.order.verdict_since, removing.order.due_at) == (None, None, None)
    assert removing.order.revision == revision


@pytest.mark.parametrize("state", ["working", "waiting", "stopped", "completed"])
def test_a_refused_order_fails_at_once(state: str) -> None:
    one = order(state=state, serial=T, claims=True, revision=2)
    change = _decided(one, Refuse("order_too_old"))
    assert (change.order.state, change.order.last_code, change.order.serial) == (
        OrderState.FAILED,
        "order_too_old",
        S,
    )
    assert (change.say, change.stop, change.told) == (Say("order_too_old"), state in HAS_WORK, False)
    assert change.order.revision == (2 if state in {"waiting", "stopped"} else 3)
    unnamed = _decided(replace(one, request={"plan_code": "x"}), Refuse("order_too_old"))
    assert unnamed.order.serial == T


SAME, OTHER = "d:EG8145V5", "e:"


@pytest.mark.parametrize(
    ("state", "worked", "revision", "began"),
    [
        ("waiting", SAME, 2, -5),
        ("stopped", SAME, 2, -5),
        ("waiting", OTHER, 2, 0),
        ("waiting", None, 2, 0),
        ("working", SAME, 3, 0),
        ("failed", SAME, 3, 0),
    ],
)
def test_a_wait_goes_on_for_the_same_request_and_is_a_new_revision_after_work(
    state: str, worked: str | None, revision: int, began: float
) -> None:
    one = order(state=state, worked_digest=worked, revision=2, began_at=NOON - 5 * MINUTE)
    found = _decided(one, Wait()).order
    assert (found.revision, found.began_at) == (revision, NOON + began * MINUTE)
    assert found.worked_digest == (worked if began else "d:")


WAITS: dict[str, Any] = {
    "worked_digest": "d:",
    "state": "waiting",
    "stage": Stage.WAITING_FOR_EQUIPMENT,
    "stage_since": NOON,
}


def test_an_order_waits_for_a_unit_for_a_day() -> None:
    one = order(**WAITS, serial=S, claims=True)
    change = _decided(one, Wait(), now=NOON + DAY - MOMENT)
    assert change == Change(replace(one, serial=None, claims=False, due_at=NOON + DAY))
    soon = _decided(one, Wait(), now=NOON + MINUTE)
    assert soon.order.due_at == NOON + MINUTE + RULES.look_again
    late = _decided(one, Wait(), now=NOON + DAY)
    assert (late.order.state, late.say, late.stop) == (OrderState.FAILED, Say("unit_not_received"), True)
    assert late.finished


@pytest.mark.parametrize(
    ("state", "verdict", "told", "stop"),
    [
        ("working", None, True, True),
        ("stopped", "x", True, False),
        ("failed", None, True, False),
        ("waiting", None, False, False),
        ("waiting", "serial_looks_like_mac", True, True),
    ],
)
def test_that_an_order_waits_is_told_once(state: str, verdict: str | None, *, told: bool, stop: bool) -> None:
    change = _decided(order(state=state, verdict=verdict, worked_digest="d:"), Wait())
    assert (change.told, change.stop, change.say) == (told, stop, None)
    assert change.order.state is OrderState.WAITING
    assert (change.order.verdict, change.order.stage) == (None, Stage.WAITING_FOR_EQUIPMENT)


@pytest.mark.parametrize(
    ("state", "verdict", "params", "same", "stop"),
    [
        ("waiting", "serial_looks_like_mac", {"serial": H}, True, False),
        ("waiting", "serial_looks_like_mac", {"serial": H_HEX}, False, False),
        ("waiting", None, {}, False, False),
        ("working", "serial_looks_like_mac", {"serial": H}, False, True),
        ("stopped", "serial_looks_like_mac", {"serial": H}, False, False),
    ],
)
def test_an_undecided_serial_is_looked_for_and_told_once(
    state: str, verdict: str | None, params: dict[str, str], *, same: bool, stop: bool
) -> None:
    since = NOON - MINUTE
    one = order(state=state, verdict=verdict, verdict_params=params, verdict_since=since, worked_digest="d:")
    change = _decided(one, Undecided(H))
    say = Say("serial_looks_like_mac", {"serial": H})
    assert (change.look, change.stop, change.told) == (True, stop, not same)
    assert change.say == (None if same else say)
    assert (change.order.state, change.order.verdict) == (OrderState.WAITING, "serial_looks_like_mac")
    assert (change.order.verdict_params, change.order.verdict_since) == (
        {"serial": H},
        since if same else NOON,
    )
    late = _decided(order(**WAITS), Undecided(H), now=NOON + DAY)
    assert (late.order.state, late.say, late.look) == (OrderState.FAILED, say, False)
    assert _decided(order(**WAITS), Undecided(H), now=NOON + DAY - MOMENT).order.due_at == NOON + DAY


CLAIMED = Say("serial_claimed", {"serial": S, "other_order": "B"})


def _verdict(**more: Any) -> Order:
    base: dict[str, Any] = {
        "state": "stopped",
        "worked_digest": "d:",
        "verdict": CLAIMED.code,
        "verdict_params": dict(CLAIMED.params),
        "verdict_since": NOON,
    }
    return order(**(base | more))


def test_a_verdict_fails_an_order_after_a_while_unless_a_fact_changes_it() -> None:
    delay = RULES.verdict_delay
    first = _decided(order(serial=T, claims=True), Use(S), {S: "B"})
    found = first.order
    assert (found.state, found.serial, found.claims) == (OrderState.STOPPED, S, False)
    assert (found.verdict, found.verdict_params, found.verdict_since) == (CLAIMED.code, CLAIMED.params, NOON)
    assert found.due_at == NOON + min(delay, RULES.look_again)
    assert (first.told, first.say, first.stop) == (True, CLAIMED, True)
    same = _decided(_verdict(), Use(S), {S: "B"}, NOON + delay - MOMENT)
    assert (same.told, same.say, same.order.verdict_since, same.order.due_at) == (
        False,
        None,
        NOON,
        NOON + delay,
    )
    assert same.stop is False
    late = _decided(_verdict(), Use(S), {S: "B"}, NOON + delay)
    assert (late.order.state, late.say, late.finished) == (OrderState.FAILED, CLAIMED, True)
    assert late.order.serial == S


@pytest.mark.parametrize(
    "change", [{"verdict": "x"}, {"verdict_params": {}}, {"state": "waiting"}, {"verdict_since": None}]
)
def test_another_verdict_begins_its_own_while(change: dict[str, Any]) -> None:
    later = NOON + MINUTE
    found = _decided(_verdict(**change), Use(S), {S: "B"}, later)
    assert (found.order.state, found.order.verdict_since) == (OrderState.STOPPED, later)
    assert found.told is ("verdict_since" not in change)


def test_an_order_that_gets_its_unit_works_on_it() -> None:
    stock = {S: Unit(S, received={"model": ONU_MODEL})}
    waits = order(**WAITS, verdict="x", verdict_since=NOON, due_at=NOON)
    change = _decided(waits, Use(S), {S: "A"}, units=stock)
    found = change.order
    assert (found.state, found.serial, found.claims, found.worked_digest) == (
        OrderState.WORKING,
        S,
        True,
        SAME,
    )
    assert found.work_deadline_at == NOON + RULES.provision_deadline
    assert (found.verdict, found.verdict_since, found.due_at, found.stage) == (
        None,
        None,
        None,
        Stage.DISCOVERING,
    )
    assert (change.start, change.told, change.say, change.stop) == (True, True, None, False)
    assert found.revision == waits.revision
    again = replace(found, claims=False)
    assert _decided(again, Use(S), {S: "A"}, units=stock) == Change(found)
    assert _decided(again, Use(S), units=stock) == Change(found)
    for other in (replace(again, worked_digest="d:"), replace(again, serial=T)):
        assert _decided(other, Use(S), {S: "A"}, units=stock).order.revision == waits.revision + 1
    assert Change(found) == Change(found, start=False, look=False, stop=False, told=False)


# ---------------------------------------------------------------------------------------------------------- the town


def test_orders_are_judged_anew_only_where_they_are_affected() -> None:
    a = order("A", request=REQUEST | {"contract_id": "K"}, asks=(ask(0),))
    rival = order("B", "stopped", request=REQUEST | {"contract_id": "L"}, asks=(ask(1),), serial=S)
    known = {"A": a, "B": replace(rival, verdict="serial_claimed")}
    found = correlate(World(orders=known, affected=frozenset({"A"})), NOON, RULES)
    assert (found["A"].order.state, found["B"].order.verdict) == (OrderState.WORKING, "serial_claimed")
    freed = correlate(World(orders={"B": known["B"]}), NOON, RULES)
    assert freed["B"].order.state is OrderState.WORKING
    other = replace(known["B"], verdict="not_an_onu", verdict_params={"model": "x"})
    stays = correlate(World(orders={"B": other}), NOON, RULES)
    assert (stays["B"].order.verdict, stays["B"].order.verdict_params) == ("not_an_onu", {"model": "x"})
    looks = order("W", "waiting", request={"undecided_serial": H}, verdict="serial_looks_like_mac")
    assert correlate(World(orders={"W": looks}), NOON, RULES)["W"].look
    calm = replace(looks, verdict=None)
    assert not correlate(World(orders={"W": calm}), NOON, RULES)["W"].look
    for state in ("cancelling", "cancelled", "completed"):
        one = order("Z", state, serial=T, completion=done(T) if state == "completed" else None)
        assert correlate(World(orders={"Z": one}), NOON, RULES)["Z"].order.state.value == state
    nameless = order("Z", "working", serial=None)
    assert correlate(World(orders={"Z": nameless}), NOON, RULES)["Z"].order == nameless


def test_a_unit_that_an_order_owns_is_its_own_although_no_request_names_it() -> None:
    failed = order(
        "A", "failed", request={"plan_code": "x"}, answered_at=NOON, owns=frozenset({T}), serial=None
    )
    known = World(orders={"A": failed}, registered=(Registered("o", "p", T, "A"),), affected=frozenset({"A"}))
    found = correlate(known, NOON, RULES)["A"].order
    assert (found.serial, found.claims) == (T, True)


# ------------------------------------------------------------------------------------------------------------ merging


def test_of_each_kind_of_fact_the_latest_is_kept() -> None:
    one = merge.unit_with(Unit(S), fact(received(S), 5))
    assert merge.unit_with(one, fact(received(S, model=ROUTER_MODEL), 4)).model == ONU_MODEL
    assert (
        merge.unit_with(one, fact(received(S, model=ROUTER_MODEL), 5, "acende.equipment.received.v1-5"))
        == one
    )
    assert merge.unit_with(one, fact(received(S, model=ROUTER_MODEL), 6)).model == ROUTER_MODEL
    assert one.lent is None
    bound_there = merge.unit_with(one, fact(received(S, service_order_id="A", contract_id="K"), 3))
    assert bound_there.lent == Lending("A", "K", None, merge.stamp_of(fact(received(S), 3)))
    assert bound_there.received_stamp == one.received_stamp
    to_a = merge.unit_with(one, fact(bound(S, "A", "K"), 5, "x"))
    assert to_a.lent == Lending("A", "K", "C-1", Stamp(fact(received(S), 5).time, "erp", "x"))
    assert merge.unit_with(to_a, fact(bound(S, "B"), 4)) == to_a
    assert merge.unit_with(to_a, fact(bound(S, "B"), 5, "x")) == to_a
    back = merge.unit_with(to_a, fact(unbound(S, "A"), 7))
    assert merge.unit_with(back, fact(unbound(S, "A"), 6)) == back
    assert (back.bound_order, to_a.bound_order) == (None, "A")
    both = merge.unit_with(back, fact(unbound(S, "B"), 6))
    assert both.returns.keys() == {"A", "B"}
    at_once = merge.unit_with(to_a, fact(unbound(S, "A"), 5, "x"))
    assert at_once.bound_order == "A"


def test_a_serial_that_looks_like_a_mac_address_is_one_once_stock_received_it_or_wrote_it_out() -> None:
    new = merge.new_unit(H)
    assert (new.undecided, merge.new_unit(S).undecided) == (True, False)
    assert merge.unit_with(new, fact(received(H), 0)).undecided is False
    lent_only = merge.unit_with(new, fact(bound(H, "A"), 0))
    assert (lent_only.undecided, lent_only.bound_order) == (True, None)
    assert merge.unit_with(new, fact(bound(H_HEX, "A"), 0)).undecided is False
    assert merge.shown(new).undecided is False
    known = Unit(S)
    assert merge.shown(known) is known


def test_a_request_is_kept_with_its_digest_and_whether_it_has_passwords() -> None:
    first = fact(started("A", S, pppoe_login="ana", pppoe_password="p"), 5)
    one = merge.order_with(unknown("A"), replace(first, traceparent="00-t"), NOON, RULES)
    assert one.request
    assert "pppoe_password" not in one.request
    assert (one.request["serial"], one.has_secrets, one.traceparent) == (S, True, "00-t")
    assert one.requested == merge.stamp_of(first)
    without = merge.order_with(one, fact(started("A", S), 4), NOON, RULES)
    assert (without.has_secrets, without.requested) == (True, one.requested)
    assert len(without.asks) == 2
    again = merge.order_with(replace(one, erased_at=NOON), fact(started("A", S), 6), NOON, RULES)
    assert (again.has_secrets, again.erased_at) == (False, None)
    assert merge.order_with(one, first, NOON, RULES).asks == one.asks
    doubtful = merge.order_with(unknown("A"), fact(started("A", H), 5), NOON, RULES)
    assert doubtful.request
    assert ("serial" in doubtful.request, doubtful.undecided_serial, doubtful.named_serial) == (False, H, H)


def test_the_latest_cancellation_counts() -> None:
    one = merge.order_with(unknown("A"), fact(cancelled("A"), 5), NOON, RULES)
    assert (one.cancel_reason, one.cancel_code) == ("desistiu", "cancelled_by_erp")
    assert one.cancelled
    assert merge.cancelled(one, one.cancelled, "x", "y") is one
    assert merge.cancelled(one, replace_time(one.cancelled, -1), "x", "y") is one
    later = merge.cancelled(replace(one, erased_at=NOON), replace_time(one.cancelled, 1), "x", "y")
    assert (later.cancel_reason, later.cancel_code, later.erased_at) == ("x", "y", None)


def replace_time(stamp: Stamp, minutes: float) -> Stamp:
    return stamp._replace(time=stamp.time + minutes * MINUTE)


def test_events_tell_of_units_and_of_orders() -> None:
    events: list[Event] = [
        fact(received(S), 0),
        fact(bound(T, "A"), 1),
        fact(started("B", U), 2),
        fact(started("C", H), 3),
        fact(started("D", H_HEX), 4),
        fact(started("E"), 5),
        fact(cancelled("F"), 6),
    ]
    assert merge.units_of(events) == {S, T, H}
    assert merge.serials_named(events) == {U, H}
    assert merge.orders_of(events) == {"A", "B", "C", "D", "E", "F"}


def test_what_is_kept_of_a_request_is_what_it_says_without_its_secrets() -> None:
    data = started("A", S, "K", pppoe_login="ana", pppoe_password="p", wifi_key="12345678")
    assert isinstance(data, InstallStarted)
    kept = merge._requested(Order("A"), data, Stamp(NOON, "erp", "1"), None, RULES).request
    assert kept is not None
    assert None not in kept.values()
    said = {name for name in data.model_fields_set if getattr(data, name) is not None}
    assert said - {"pppoe_password", "wifi_key"} <= kept.keys()
    assert not {"pppoe_password", "wifi_key", "olt_id"} & kept.keys()
