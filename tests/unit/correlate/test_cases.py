"""The table of cases of correlation. Facts alone: each case ends alike in whatever order its facts arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from events.inputs import InputData
from events.record import Event
from tests.unit.correlate.town import (
    H_HEX,
    ONU_MODEL,
    ROUTER_MODEL,
    H,
    S,
    T,
    Town,
    bound,
    cancelled,
    fact,
    played,
    received,
    started,
    unbound,
)

Facts = Sequence[tuple[InputData, float]]
"""What happened, and how many minutes after eleven o'clock."""
Stand = tuple[str, str | None, bool, str | None]
"""State, unit, whether it is claimed, verdict."""

WAITING: Stand = ("waiting", None, False, None)
UNDECIDED: Stand = ("waiting", None, False, "serial_looks_like_mac")
CANCELLED: Stand = ("cancelled", None, False, None)


def working(serial: str) -> Stand:
    return ("working", serial, True, None)


def stopped(verdict: str, serial: str | None = None) -> Stand:
    return ("stopped", serial, False, verdict)


CASES = [
    pytest.param([(started("A"), 0)], {"A": WAITING}, id="no-unit-yet"),
    pytest.param([(received(S), 0)], {}, id="a-unit-that-nobody-asks-for"),
    pytest.param(
        [(received(S), 0), (bound(S, "A"), 1), (started("A"), 2)],
        {"A": working(S)},
        id="the-one-unit-that-stock-binds",
    ),
    pytest.param(
        [(received(S, service_order_id="A"), 0), (started("A"), 1)],
        {"A": working(S)},
        id="received-for-the-order",
    ),
    pytest.param(
        [(started("A", S), 0)], {"A": working(S)}, id="a-serial-that-is-scanned-needs-no-stock-record"
    ),
    pytest.param(
        [(received(S, ROUTER_MODEL), 0), (bound(S, "A"), 1), (started("A"), 2)],
        {"A": WAITING},
        id="a-bound-unit-that-is-no-onu-does-not-count",
    ),
    pytest.param(
        [
            (received(S), 0),
            (received(T, ROUTER_MODEL), 0),
            (bound(S, "A"), 1),
            (bound(T, "A"), 1),
            (started("A"), 2),
        ],
        {"A": working(S)},
        id="onu-and-router-bound-to-one-order",
    ),
    pytest.param(
        [(received(S, "never heard of"), 0), (bound(S, "A"), 1), (started("A"), 2)],
        {"A": working(S)},
        id="a-model-that-nobody-knows-is-left-to-services",
    ),
    pytest.param(
        [(bound(S, "A"), 0), (bound(T, "A"), 1), (started("A"), 2)],
        {"A": stopped("two_units_bound")},
        id="two-onus-bound",
    ),
    pytest.param(
        [(bound(S, "A"), 0), (bound(T, "A"), 1), (started("A", T), 2)],
        {"A": working(T)},
        id="two-onus-bound-and-one-of-them-scanned",
    ),
    pytest.param(
        [(bound(S, "A"), 0), (started("A", T), 1)],
        {"A": stopped("serial_differs_from_stock", T)},
        id="scanned-one-but-stock-binds-another",
    ),
    pytest.param(
        [(received(S, ROUTER_MODEL), 0), (started("A", S), 1)],
        {"A": stopped("not_an_onu", S)},
        id="scanned-a-router",
    ),
    pytest.param(
        [(started("A", S), 0), (started("B", S), 1)],
        {"A": working(S), "B": stopped("serial_claimed", S)},
        id="two-orders-with-one-serial-the-earlier-has-it",
    ),
    pytest.param(
        [(started("A", S), 0), (started("B", S), 1), (bound(S, "B"), 2)],
        {"A": stopped("serial_claimed", S), "B": working(S)},
        id="two-orders-with-one-serial-stock-decides",
    ),
    pytest.param(
        [(started("A", S, "K"), 0), (started("B", S, "K"), 1)],
        {"A": stopped("serial_claimed", S), "B": working(S)},
        id="two-orders-of-one-contract-the-later-has-it",
    ),
    pytest.param(
        [(bound(S, "A"), 0), (unbound(S, "A"), 1), (started("A"), 2)],
        {"A": WAITING},
        id="given-back",
    ),
    pytest.param(
        [(bound(S, "A"), 0), (unbound(S, "A"), 1), (bound(S, "A"), 2), (started("A"), 3)],
        {"A": working(S)},
        id="given-back-and-lent-again",
    ),
    pytest.param(
        [(bound(S, "A"), 0), (unbound(S, "B"), 1), (started("A"), 2)],
        {"A": working(S)},
        id="given-back-by-somebody-else",
    ),
    pytest.param(
        [(received(S, ROUTER_MODEL), 0), (received(S, ONU_MODEL), 1), (started("A", S), 2)],
        {"A": working(S)},
        id="re-received-with-the-right-model",
    ),
    pytest.param(
        [(received(S, ONU_MODEL), 1), (received(S, ROUTER_MODEL), 0), (started("A", S), 2)],
        {"A": working(S)},
        id="an-older-model-never-overwrites-a-newer-one",
    ),
    pytest.param(
        [(bound(S, "A"), 0), (bound(S, "B"), 1), (started("A"), 2), (started("B"), 3)],
        {"A": WAITING, "B": working(S)},
        id="bound-to-another-order-by-correction",
    ),
    pytest.param(
        [(started("A", S), 0), (started("A", T), 1)],
        {"A": working(T)},
        id="the-technician-scans-another-unit",
    ),
    pytest.param(
        [(started("A", S), 0), (started("A"), 1)],
        {"A": WAITING},
        id="a-later-request-without-a-serial-takes-the-earlier-scan-back",
    ),
    pytest.param([(cancelled("A"), 0)], {"A": ("unknown", None, False, None)}, id="only-a-cancellation"),
    pytest.param(
        [(cancelled("A"), 1), (started("A", S), 0)], {"A": CANCELLED}, id="cancelled-before-it-came"
    ),
    pytest.param(
        [(started("A", S), 0), (cancelled("A"), 1), (started("A", S), 2)],
        {"A": working(S)},
        id="asked-for-again-after-a-cancellation",
    ),
    pytest.param(
        [(started("A", S), 0), (started("B", S), 1), (cancelled("A"), 2)],
        {"A": CANCELLED, "B": working(S)},
        id="a-cancellation-frees-the-unit",
    ),
    pytest.param(
        [(bound(S, "A"), 0), (started("A", S), 1), (bound(S, "B"), 2), (started("B", S), 3)],
        {"A": stopped("serial_claimed", S), "B": working(S)},
        id="a-unit-that-now-serves-another-customer",
    ),
    pytest.param([(started("A", H), 0)], {"A": UNDECIDED}, id="it-may-be-a-mac-address"),
    pytest.param([(started("A", H_HEX), 0)], {"A": working(H)}, id="a-vendor-whose-id-is-hex"),
    pytest.param(
        [(started("A", H), 0), (received(H), 1)], {"A": working(H)}, id="stock-has-an-onu-of-that-serial"
    ),
    pytest.param(
        [(started("A", H), 0), (received(H_HEX, ROUTER_MODEL), 1)],
        {"A": stopped("not_an_onu", H)},
        id="stock-has-a-router-of-that-serial",
    ),
    pytest.param(
        [(started("A", H), 0), (bound(H, "A"), 1)],
        {"A": UNDECIDED},
        id="stock-lends-what-may-be-a-mac-address",
    ),
    pytest.param(
        [(started("A"), 0), (bound(H, "A"), 1)], {"A": WAITING}, id="stock-binds-what-may-be-a-router"
    ),
    pytest.param(
        [(started("A"), 0), (bound(H, "A"), 1), (received(H), 2)],
        {"A": working(H)},
        id="stock-binds-what-it-knows-as-an-onu",
    ),
    pytest.param(
        [(started("A", H), 0), (bound(H_HEX, "A"), 1)], {"A": working(H)}, id="stock-lends-it-beyond-doubt"
    ),
    pytest.param(
        [(bound(H, "A"), 0), (unbound(H, "A"), 1), (received(H), 2), (started("A"), 3)],
        {"A": WAITING},
        id="given-back-before-anybody-knew-that-it-is-an-onu",
    ),
    pytest.param(
        [(started("A", H, "K"), 0), (started("B", H_HEX, "K"), 1)],
        {"A": stopped("serial_claimed", H), "B": working(H)},
        id="another-order-names-it-beyond-doubt",
    ),
    pytest.param(
        [(started("B", H_HEX), 0), (started("B", T), 1), (started("A", H), 2)],
        {"A": working(H), "B": working(T)},
        id="another-order-named-it-beyond-doubt-once",
    ),
    pytest.param(
        [(started("A", H_HEX), 0), (started("A", H), 1)], {"A": working(H)}, id="named-beyond-doubt-before"
    ),
    pytest.param(
        [(started("A", H), 0), (started("B", H), 1)],
        {"A": UNDECIDED, "B": UNDECIDED},
        id="two-that-may-be-mac-addresses-prove-nothing",
    ),
    pytest.param([(started("A", H), 0), (cancelled("A"), 1)], {"A": CANCELLED}, id="in-doubt-and-cancelled"),
    pytest.param(
        [(started("A", H), 0), (started("A", S), 1)],
        {"A": working(S)},
        id="in-doubt-then-read-from-the-label",
    ),
]


def _events(facts: Facts) -> list[Event]:
    return [fact(data, minute, f"event-{number}") for number, (data, minute) in enumerate(facts)]


@pytest.mark.parametrize(("facts", "expected"), CASES)
def test_case(facts: Facts, expected: dict[str, Stand]) -> None:
    events = _events(facts)
    for arrived in permutations(events):
        one_by_one = played([event] for event in arrived)
        assert _stands(one_by_one, expected) == expected
    assert _stands(played([events]), expected) == expected


@pytest.mark.parametrize(("facts", "expected"), CASES)
def test_case_delivered_twice_and_under_new_ids(facts: Facts, expected: dict[str, Stand]) -> None:
    events = _events(facts)
    renamed = [Event("crm", f"new-{event.id}", event.type, event.time, event.data) for event in events]
    town = played([events, events, renamed])
    assert _stands(town, expected) == expected


def _stands(town: Town, expected: dict[str, Stand]) -> dict[str, Stand]:
    assert set(town.orders) == set(expected)
    found = {order: town.stand(order) for order in expected}
    return {
        order: (state, None, claims, verdict) if state == "cancelled" else (state, serial, claims, verdict)
        for order, (state, serial, claims, verdict) in found.items()
    }


def test_an_equal_request_while_live_changes_nothing() -> None:
    town = Town().tell(fact(started("A", S), 0))
    told, revision = len(town.told), town.orders["A"].revision
    town.tell(fact(started("A", S), 5))
    assert (len(town.told), town.orders["A"].revision, town.stopped) == (told, revision, [])


def test_a_change_of_what_is_wanted_begins_a_revision_and_publishes_no_final_of_the_former() -> None:
    town = Town().tell(fact(started("A", S, plan_code="FIBRA-300"), 0))
    town.tell(fact(started("A", S, plan_code="FIBRA-500"), 5))
    assert (town.state("A"), town.orders["A"].revision, town.finals) == ("working", 2, [])


def test_that_a_serial_looks_like_a_mac_address_is_told_at_once_and_once() -> None:
    town = Town().tell(fact(started("A", H), 0))
    assert (town.told, town.looking) == ([("A", "serial_looks_like_mac")], {"A"})
    town.tell(fact(started("A", H), 5)).wait(hours=1)
    assert (town.told, town.looking) == ([("A", "serial_looks_like_mac")], {"A"})


def test_once_decided_a_serial_stays_so_and_its_search_has_ended() -> None:
    town = Town().tell(fact(started("A", H), 0)).shown(H)
    assert (town.stand("A"), town.looking, town.orders["A"].revision) == (working(H), set(), 1)
    town.tell(fact(started("A", H), 5)).wait(minutes=20)
    assert (town.stand("A"), town.orders["A"].revision, town.stopped) == (working(H), 1, [])


def test_the_same_serial_beyond_doubt_is_an_equal_request() -> None:
    town = Town().tell(fact(started("A", H), 0)).shown(H).tell(fact(started("A", H_HEX), 5))
    assert (town.stand("A"), town.orders["A"].revision, town.stopped) == (working(H), 1, [])


@pytest.mark.parametrize(
    "later",
    [started("A", H_HEX), started("A", S), started("A"), cancelled("A")],
    ids=["beyond doubt", "another", "none", "cancelled"],
)
def test_who_is_no_longer_in_doubt_is_no_longer_looked_for(later: InputData) -> None:
    town = Town().tell(fact(started("A", H), 0)).tell(fact(later, 5))
    assert town.looking == set()
    assert town.stopped == ["A"] or town.state("A") == "working"


def test_another_unit_that_may_be_a_mac_address_is_told_and_has_its_own_day() -> None:
    town = Town().tell(fact(started("A", H), 0)).wait(hours=20)
    town.tell(fact(started("A", "DC80B0D0B70C"), 20 * 60)).wait(hours=5)
    assert town.told == [("A", "serial_looks_like_mac")] * 2
    assert (town.orders["A"].verdict_params, town.finals) == ({"serial": "DC80B0D0B70C"}, [])


def test_an_order_at_work_that_is_asked_with_what_may_be_a_mac_address_stops() -> None:
    town = Town().tell(fact(started("A", S), 0)).attempt("A").tell(fact(started("A", H), 5))
    assert (town.stand("A"), town.stopped, town.looking) == (UNDECIDED, ["A"], {"A"})


def test_who_was_completed_with_a_serial_is_in_no_doubt_about_it() -> None:
    town = Town().tell(fact(started("A", H), 0)).shown(H).complete("A")
    town.units.clear()
    town.tell(fact(started("A", H), 90), fact(started("B", H), 91))
    assert (town.stand("A"), town.stand("B")) == (working(H), stopped("serial_claimed", H))


# ------------------------------------------------------------------------------------------------------ time goes by


def test_what_nothing_shows_in_a_day_fails_as_what_it_looks_like() -> None:
    town = Town().tell(fact(started("A", H), 0)).wait(hours=23, minutes=59)
    assert (town.stand("A"), town.finals) == (UNDECIDED, [])
    town.wait(minutes=2)
    assert town.finals == [("A", 1, "failed", "serial_looks_like_mac")]
    assert (town.looking, town.orders["A"].serial) == (set(), None)


def test_a_unit_that_does_not_come_in_a_day_is_named() -> None:
    town = Town().tell(fact(started("A"), 0)).wait(hours=23, minutes=59)
    assert town.state("A") == "waiting"
    town.wait(minutes=2)
    assert town.finals == [("A", 1, "failed", "unit_not_received")]


@pytest.mark.parametrize(
    ("facts", "order", "code"),
    [
        ([(started("A", S), 0), (started("B", S), 1)], "B", "serial_claimed"),
        ([(bound(S, "A"), 0), (started("A", T), 1)], "A", "serial_differs_from_stock"),
        ([(bound(S, "A"), 0), (bound(T, "A"), 1), (started("A"), 2)], "A", "two_units_bound"),
        ([(received(S, ROUTER_MODEL), 0), (started("A", S), 1)], "A", "not_an_onu"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_verdict_fails_the_order_after_thirty_seconds_without_a_new_fact(
    facts: Facts, order: str, code: str
) -> None:
    town = Town().tell(*_events(facts)).wait(seconds=29)
    assert town.finals == []
    town.wait(seconds=2)
    assert town.finals == [(order, 1, "failed", code)]


def test_a_fact_within_these_seconds_heals_the_verdict() -> None:
    town = Town().tell(fact(bound(S, "A"), 0), fact(started("A", T), 1)).wait(seconds=20)
    town.tell(fact(bound(T, "A"), 2)).wait(seconds=60)
    assert (town.stand("A"), town.finals) == (working(T), [])


def test_a_verdict_that_changes_has_its_thirty_seconds_again() -> None:
    town = Town().tell(fact(bound(S, "A"), 0), fact(started("A", T), 1)).wait(seconds=20)
    town.tell(fact(unbound(S, "A"), 2), fact(received(T, ROUTER_MODEL), 3)).wait(seconds=20)
    assert (town.orders["A"].verdict, town.finals) == ("not_an_onu", [])
    town.wait(seconds=11)
    assert town.finals == [("A", 1, "failed", "not_an_onu")]


def test_a_request_of_another_day_starts_no_work_and_says_so() -> None:
    town = Town()
    town.now += town.rules.order_max_age
    town.tell(fact(started("A", S), 0))
    assert town.finals == [("A", 1, "failed", "order_too_old")]
    town.tell(fact(started("A", S), 24 * 60))
    assert town.stand("A") == working(S)


@pytest.mark.parametrize(("hours", "finals"), [(25, [("A", 1, "failed", "order_too_old")]), (23, [])])
def test_a_request_without_a_time_is_judged_by_when_the_technician_started(
    hours: int, finals: list[tuple[str, int, str, str]]
) -> None:
    town = Town()
    request = fact(started("A", S), 0)
    town.tell(replace(request, dated=town.now - timedelta(hours=hours)))
    assert town.finals == finals


# --------------------------------------------------------------------------------------------------- work in between


def test_facts_about_stock_begin_nothing_after_a_final() -> None:
    town = Town().tell(fact(bound(S, "A"), 0), fact(started("A", S), 1)).complete("A")
    town.tell(fact(unbound(S, "A"), 90), fact(bound(T, "A"), 91), fact(received(S, ROUTER_MODEL), 92))
    assert (town.state("A"), town.orders["A"].revision, town.finals) == ("completed", 1, [])


def test_a_completed_order_keeps_its_unit_from_a_stranger() -> None:
    town = Town().tell(fact(started("A", S), 1)).complete("A").tell(fact(started("B", S), 90))
    assert town.stand("B") == stopped("serial_claimed", S)


def test_a_unit_that_was_given_back_serves_the_next_customer() -> None:
    town = Town().tell(fact(bound(S, "A"), 0), fact(started("A", S), 1)).complete("A")
    town.tell(fact(unbound(S, "A"), 90), fact(bound(S, "B"), 91), fact(started("B", S), 92))
    assert (town.stand("A"), town.stand("B")) == (("completed", S, False, None), working(S))


def test_the_same_contract_takes_its_unit_along_to_a_new_order() -> None:
    town = Town().tell(fact(started("A", S, "K"), 1)).complete("A").tell(fact(started("B", S, "K"), 90))
    assert (town.stand("A"), town.stand("B")) == (("completed", S, False, None), working(S))


def test_a_live_order_that_has_opened_an_attempt_is_not_robbed_by_an_earlier_request() -> None:
    town = Town().tell(fact(started("B", S), 5)).attempt("B").tell(fact(started("A", S), 0))
    assert (town.stand("A"), town.stand("B")) == (stopped("serial_claimed", S), working(S))


def test_a_live_order_that_loses_its_claim_to_stock_stops() -> None:
    town = Town().tell(fact(started("A", S), 0)).attempt("A")
    town.tell(fact(started("B", S), 1), fact(bound(S, "B"), 2))
    assert town.stopped == ["A"]
    assert (town.stand("A"), town.stand("B")) == (stopped("serial_claimed", S), working(S))


def test_a_technician_who_asks_again_after_a_failure_begins_a_revision() -> None:
    town = Town().tell(fact(started("A", S), 0)).attempt("A").fail("A").tell(fact(started("A", S), 90))
    assert (town.stand("A"), town.orders["A"].revision) == (working(S), 2)


def test_the_same_request_under_a_new_id_does_not_ask_again() -> None:
    town = Town().tell(fact(started("A", S), 0)).complete("A")
    town.tell(fact(started("A", S), 0, "sent-twice"))
    assert (town.state("A"), town.orders["A"].revision) == ("completed", 1)


def test_cancelling_what_was_never_worked_on_ends_at_once() -> None:
    town = Town().tell(fact(started("A", S), 0)).tell(fact(cancelled("A"), 1))
    assert town.finals == [("A", 2, "cancelled", "cancelled_by_erp")]
    assert town.stopped == ["A"]


@pytest.mark.parametrize("done", [False, True], ids=["during-work", "after-completion"])
def test_cancelling_what_owns_something_removes_it_first(done: bool) -> None:
    town = Town().tell(fact(started("A", S), 0))
    town = town.complete("A") if done else town.attempt("A")
    town.tell(fact(cancelled("A"), 90))
    assert (town.state("A"), town.finals) == ("cancelling", [])
    assert town.removed("A").stand("A") == ("cancelled", S, False, None)


def test_a_cancelled_order_has_only_its_own_removed() -> None:
    """Whatever else is known: others' registrations of the same unit, of its contract, on the same OLT and port."""
    town = Town().tell(fact(started("F", S, "K"), 0)).complete("F", olt="olt-9")
    town.tell(fact(started("B", T, "L"), 1)).complete("B").tell(fact(started("A", S, "K"), 2))
    town.complete("A").attempt("A", olt="olt-2", port="0/1/7").tell(fact(cancelled("A"), 90))
    assert town.state("A") == "cancelling"
    assert {(one.order, one.olt, one.port, one.serial) for one in town.removing["A"]} == {
        ("A", "olt-1", "0/1/0", S),
        ("A", "olt-2", "0/1/7", S),
    }
    assert town.removing.keys() == {"A"}


def test_a_cancelled_order_that_owns_nothing_removes_nothing_of_others() -> None:
    town = Town().tell(fact(started("F", S, "K"), 0)).complete("F").tell(fact(started("A", S, "K"), 1))
    town.tell(fact(cancelled("A"), 2))
    assert (town.state("A"), town.removing) == ("cancelled", {})


def test_a_cancellation_long_after_completion_changes_neither_state_nor_claim() -> None:
    town = Town().tell(fact(started("A", S), 0)).complete("A")
    town.now += 2 * town.rules.cancel_window
    town.tell(fact(cancelled("A"), 60 + 25 * 60))
    assert (town.stand("A"), town.finals) == (("completed", S, True, None), [])


def test_a_failed_order_stands_behind_its_unit_as_long_as_it_owns_something() -> None:
    town = Town().tell(fact(started("A", S), 0)).attempt("A").fail("A").look()
    assert town.tell(fact(started("B", S), 90)).stand("B") == stopped("serial_claimed", S)
    town.vanish("A").look()
    assert (town.stand("A")[2], town.stand("B")) == (False, working(S))
