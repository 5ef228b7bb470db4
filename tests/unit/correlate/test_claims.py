"""Who of several orders has a unit, from what stock says and from who asked first: cases by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.correlate.town import NOON, RULES, S, T
from worker.correlate.claims import _asked_since, holder, stands
from worker.correlate.ladder import Use, Wish
from worker.facts import Ask, Attempt, Completion, Lending, Order, Stamp, Unit


def stamp(minute: float) -> Stamp:
    return Stamp(NOON + timedelta(minutes=minute), "erp", str(minute))


def order(name: str, *asks: tuple[float, str | None], contract: str | None = None, **more: Any) -> Order:
    asked = tuple(Ask(stamp(minute), serial, True) for minute, serial in asks)
    request = {"serial": asks[-1][1] if asks else None, "contract_id": contract}
    return Order(name, request=request, requested=asked[-1].stamp if asked else None, asks=asked, **more)


def lent(to: str, minute: float) -> Lending:
    return Lending(to, None, None, stamp(minute))


def completed(minute: float) -> Completion:
    return Completion(S, stamp(minute).time, stamp(minute))


@pytest.mark.parametrize(
    ("asked", "done", "lending", "returned", "left"),
    [
        (1, None, None, None, True),
        (1, None, lent("B", 2), None, False),
        (3, None, lent("B", 2), None, True),
        (1, None, lent("A", 2), None, True),
        (1, None, None, 2, False),
        (3, None, None, 2, True),
        (2, None, None, 2, True),
        (1, None, lent("A", 3), 2, True),
        (1, None, lent("A", 2), 3, False),
        (1, 1, lent("B", 2), None, False),
        (5, 1, lent("B", 2), None, False),
        (1, 3, lent("B", 2), None, True),
        (None, None, None, None, True),
        (None, None, lent("B", 1), None, False),
    ],
)
def test_stock_leaves_a_unit_to_an_order_until_it_is_given_back_or_lent_to_another(
    asked: float | None, done: float | None, lending: Lending | None, returned: float | None, left: bool
) -> None:
    asks = [(asked, S)] if asked is not None else []
    one = order("A", *asks, completion=completed(done) if done is not None else None)
    unit = Unit(S, lent=lending, returns={"A": stamp(returned)} if returned is not None else {})
    assert stands(one, unit, RULES) is left


@pytest.mark.parametrize(
    ("asks", "cancelled", "since"),
    [
        ([(1, S)], None, 1),
        ([(1, S), (2, S), (3, S)], None, 1),
        ([(1, T), (2, S), (3, S)], None, 2),
        ([(1, S), (2, T), (3, S)], None, 3),
        ([(1, S), (3, S), (4, S)], 2, 3),
        ([(1, S), (2, S)], 1, 2),
    ],
)
def test_an_order_asks_since_the_first_of_its_last_requests_that_named_the_same(
    asks: list[tuple[float, str]], cancelled: float | None, since: float
) -> None:
    stop = Stamp(stamp(cancelled).time, "erp", str(cancelled)) if cancelled is not None else None
    assert _asked_since(order("A", *asks, cancelled=stop), RULES) == stamp(since)


def tried(minute: float, serial: str = S) -> Attempt:
    return Attempt(serial, stamp(minute).time, stamp(minute).time)


A1, B2 = order("A", (1, S), contract="K"), order("B", (2, S), contract="L")


@pytest.mark.parametrize(
    ("unit", "orders", "has"),
    [
        pytest.param(Unit(S), [], None, id="nobody wants it"),
        pytest.param(Unit(S), [B2, A1], "A", id="who asked first"),
        pytest.param(Unit(S, lent=lent("B", 0)), [A1, B2], "B", id="to whom stock binds it"),
        pytest.param(Unit(S, lent=lent("C", 0)), [A1, B2], "A", id="bound to one that does not want it"),
        pytest.param(
            Unit(S), [A1, order("B", (2, S), contract="K")], "B", id="of one contract, who asked last"
        ),
        pytest.param(
            Unit(S),
            [A1, order("B", (2, S), contract="L", attempted=tried(3))],
            "B",
            id="on whose unit somebody works",
        ),
        pytest.param(
            Unit(S),
            [A1, order("B", (2, S), contract="L", attempted=tried(3, T))],
            "A",
            id="works on another unit",
        ),
        pytest.param(
            Unit(S),
            [A1, order("B", (2, S), contract="L", completion=completed(3))],
            "B",
            id="who is served with it",
        ),
        pytest.param(
            Unit(S),
            [
                order("A", (1, S), contract="K", attempted=tried(2)),
                order("B", (2, S), completion=completed(9)),
            ],
            "A",
            id="work under way weighs more than a completion",
        ),
    ],
)
def test_one_order_has_the_claim(unit: Unit, orders: list[Order], has: str | None) -> None:
    wishes: dict[str, Wish] = {one.id: Use(S) for one in orders}
    assert holder(unit, orders, wishes, RULES) == has
    assert holder(unit, orders[::-1], wishes, RULES) == has
