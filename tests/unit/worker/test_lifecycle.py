"""The steps in the life of an order, member by member; and the values that its work leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from events.reason_tables.row import Row
from events.reasons import Texts, _reason
from events.record import Event
from events.stages import Stage
from schemas.place import PonPort
from tests.unit.correlate.town import NOON, S, T, U, fact, received, started
from worker import lifecycle
from worker.breaker import CLOSED, Breaker, BreakerPolicy, after_failure
from worker.clock import Reading, Watch, boottime
from worker.facts import (
    EPOCH,
    Ask,
    Attempt,
    Completion,
    Lending,
    Look,
    Order,
    OrderState,
    Rules,
    Stamp,
    Unit,
    Work,
    unknown,
)
from worker.notes import Notes
from worker.store.outbox import Record
from worker.window import _HELD_MAX, STUCK_S, Window

MINUTE = timedelta(minutes=1)
LATER = NOON + MINUTE
ASKED = (Ask(Stamp(NOON, "erp", "a"), S, True), Ask(Stamp(LATER, "erp", "b"), S, True))
FULL = Order(
    "A",
    request={"serial": S, "olt_id": "olt-1", "pon_port": "0/1/0", "site": "centro", "priority": 9},
    request_digest="d",
    asks=ASKED,
    state=OrderState.WORKING,
    revision=2,
    sequence=7,
    worked_digest="x",
    began_at=NOON,
    stage=Stage.QUEUED,
    stage_since=NOON,
    durations={"queued": 1.5, "discovering": 2.0},
    verdict="v",
    verdict_params={"a": "b"},
    verdict_since=NOON,
    due_at=NOON,
    serial=S,
    claims=True,
    attempted=Attempt(S, NOON, NOON),
    attempts=3,
    place_olt="olt-1",
    place_port=PonPort.model_validate("0/1/0"),
    work_deadline_at=NOON,
    parked=True,
    last_code="olt_busy",
    cancel_code="cancelled_by_erp",
)
ENDED: dict[str, Any] = {
    "durations": {"queued": 61.5, "discovering": 2.0},
    "stage_since": LATER,
    "verdict": None,
    "verdict_params": {},
    "verdict_since": None,
    "due_at": None,
    "work_deadline_at": None,
    "finished_at": LATER,
    "attempted": None,
}


def test_a_revision_begins_with_nothing_of_the_one_before() -> None:
    begun = lifecycle.begin(FULL, LATER)
    assert begun == replace(
        FULL,
        revision=3,
        worked_digest="d",
        began_at=LATER,
        stage=None,
        stage_since=None,
        durations={},
        verdict=None,
        verdict_params={},
        verdict_since=None,
        due_at=None,
        attempts=0,
        place_olt=None,
        place_port=None,
        work_deadline_at=None,
        parked=False,
        last_code=None,
    )


def test_the_time_in_a_stage_is_added_up_when_it_is_left() -> None:
    assert lifecycle.reach(FULL, Stage.QUEUED, LATER) is FULL
    reached = lifecycle.reach(FULL, Stage.CONFIGURING, LATER)
    assert (reached.stage, reached.stage_since, reached.durations) == (
        Stage.CONFIGURING,
        LATER,
        ENDED["durations"],
    )
    assert lifecycle.spent(FULL, NOON - MINUTE)["queued"] == 1.5
    for lacking in ({"stage": None}, {"stage_since": None}):
        assert lifecycle.spent(replace(FULL, **lacking), LATER) == FULL.durations  # type: ignore[arg-type]
    assert lifecycle.spent(replace(FULL, durations={}), NOON + timedelta(seconds=1 / 3)) == {"queued": 0.333}


@pytest.mark.parametrize(
    ("olt", "port", "stage"),
    [("o", "0/1/0", Stage.QUEUED), ("o", None, Stage.DISCOVERING), (None, "0/1/0", Stage.DISCOVERING)],
)
def test_an_order_begins_in_the_queue_where_its_place_is_named(olt: Any, port: Any, stage: Stage) -> None:
    assert lifecycle.first_stage(replace(FULL, request={"olt_id": olt, "pon_port": port})) is stage


def test_an_attempt_is_for_the_unit_and_the_latest_request() -> None:
    assert lifecycle.open_attempt(FULL, LATER + MINUTE) == replace(
        FULL, attempts=4, attempted=Attempt(S, LATER + MINUTE, LATER)
    )
    for lacking in ({"serial": None}, {"asks": ()}):
        one = replace(FULL, **lacking)
        assert lifecycle.open_attempt(one, LATER) == replace(one, attempts=4)


def test_a_completed_order_answers_its_latest_request_and_keeps_its_claim() -> None:
    done = Completion(S, LATER, ASKED[1].stamp)
    ended: dict[str, Any] = {
        **ENDED,
        "state": OrderState.COMPLETED,
        "answered_at": LATER,
        "last_code": None,
        "parked": False,
    }
    assert lifecycle.complete(FULL, LATER) == replace(FULL, **ended, completion=done)


@pytest.mark.parametrize(
    ("more", "claims"),
    [
        ({}, False),
        ({"owns": frozenset({S})}, True),
        ({"owns": frozenset({T})}, False),
        ({"completion": Completion(S, NOON, EPOCH)}, True),
        ({"completion": Completion(T, NOON, EPOCH), "owns": frozenset({S})}, False),
        ({"owns": frozenset({S}), "claims": False}, False),
    ],
)
def test_a_failed_order_keeps_its_claim_while_it_has_something_behind_it(
    more: dict[str, Any], claims: bool
) -> None:
    one = replace(FULL, **more)
    ended: dict[str, Any] = {
        **ENDED,
        "state": OrderState.FAILED,
        "answered_at": LATER,
        "last_code": "x",
        "parked": True,
    }
    assert lifecycle.fail(one, "x", LATER, parked=True) == replace(one, **ended, claims=claims)
    assert not lifecycle.fail(one, "x", LATER).parked
    unasked = lifecycle.fail(replace(one, asks=()), "x", LATER)
    assert unasked.answered_at is None


def test_a_cancelled_order_claims_nothing_and_answers_nothing() -> None:
    ended = {
        **ENDED,
        "state": OrderState.CANCELLED,
        "last_code": "cancelled_by_erp",
        "parked": False,
        "claims": False,
    }
    assert lifecycle.cancel(FULL, LATER) == replace(FULL, **ended)


@pytest.mark.parametrize(
    ("more", "held"),
    [
        ({}, None),
        ({"owns": frozenset({U, S})}, S),
        ({"owns": frozenset({U, T})}, min(U, T)),
        ({"completion": Completion(T, NOON, EPOCH), "owns": frozenset({S})}, T),
    ],
)
def test_an_order_stands_behind_what_it_completed_with_else_what_it_owns(
    more: dict[str, Any], held: str | None
) -> None:
    one = replace(FULL, **more)
    assert lifecycle.held_serial(one) == held
    assert lifecycle.keeps_claim(one) is (held == S)
    assert not lifecycle.keeps_claim(replace(one, serial=None))


# ----------------------------------------------------------------------------------------------------------------- facts


def test_stock_binds_a_unit_to_the_latest_lending_until_that_order_gives_it_back() -> None:
    lent = Lending("A", "K", "C", Stamp(NOON, "erp", "l"), "t-l")
    unit = Unit(S, lent=lent, received={"model": "M"}, received_trace="t-r")
    assert (unit.bound_order, unit.model, unit.traces) == ("A", "M", ("t-r", "t-l"))
    assert replace(unit, received_trace="t-l").traces == ("t-l",)
    assert replace(unit, received_trace=None, lent=None).traces == ()
    assert Unit(S).model is None
    at_once, later = Stamp(NOON, "erp", "l"), Stamp(NOON, "erp", "m")
    assert replace(unit, returns={"A": at_once}).bound_order == "A"
    assert replace(unit, returns={"A": later}).bound_order is None
    assert replace(unit, returns={"B": later}).bound_order == "A"
    assert replace(unit, undecided=True).bound_order is None
    assert replace(unit, lent=None).bound_order is None


def test_an_order_asks_what_its_latest_request_says() -> None:
    full = replace(
        FULL, request={**(FULL.request or {}), "customer_id": "C", "contract_id": "K", "plan_code": "P"}
    )
    assert (full.customer, full.contract, full.site, full.olt, full.named_serial) == (
        "C",
        "K",
        "centro",
        "olt-1",
        S,
    )
    assert (full.port, full.priority, full.request_known) == (PonPort.model_validate("0/1/0"), 9, True)
    nothing = replace(FULL, request=None)
    assert (nothing.customer, nothing.port, nothing.priority, nothing.request_known) == (None, None, 5, False)
    assert replace(FULL, request={"priority": 0}).priority == 0
    doubtful = replace(FULL, request={"undecided_serial": T})
    assert (doubtful.named_serial, doubtful.undecided_serial, full.undecided_serial) == (T, T, None)
    assert {state for state in OrderState if state.live} == {"waiting", "stopped", "working", "cancelling"}
    assert unknown("A") == Order("A")


def test_what_is_asked_of_olts_is_what_the_order_names() -> None:
    one = replace(FULL, work_deadline_at=LATER)
    assert Work.of(one) == Work("A", 2, S, "centro", "olt-1", PonPort.model_validate("0/1/0"), 9, LATER)
    looks = replace(FULL, request={"undecided_serial": T, "site": "norte", "olt_id": "o", "priority": 3})
    assert Look.of(looks) == Look("A", 2, T, "norte", "o", 3)


def test_rules_under_a_clock_in_doubt_end_no_wait() -> None:
    patient = Rules().patient(MINUTE)
    endless = timedelta(days=3650)
    assert patient == replace(
        Rules(), unit_wait=endless, verdict_delay=endless, order_max_age=timedelta(days=1, minutes=1),
        is_onu=patient.is_onu,
    )  # fmt: skip
    assert Rules().is_onu("x") is None


def test_an_event_is_of_its_own_time_unless_it_says_otherwise() -> None:
    event: Event = fact(received(S), 0)
    assert (event.arrival_overrode_time, event.dated, event.traceparent) == (False, None, None)
    assert fact(started("A"), 1).data.service_order_id == "A"


def test_a_reason_has_the_texts_of_its_row() -> None:
    made = _reason(Row("x", "failed", True, "pt", "en", "faça", "do", "erp"))
    assert (made.code, made.kind, made.retryable, made.fault) == ("x", "failed", True, "erp")
    assert made.texts == Texts("pt", "en", "faça", "do")


# ------------------------------------------------------------------------------------------------- breaker and clocks

POLICY = BreakerPolicy()


def test_a_breaker_that_waits_for_a_person_lets_one_in_once_and_others_are_half_open() -> None:
    waits = Breaker("open", 3, NOON, "olt_login_refused")
    assert waits.trying() == replace(waits, until=None)
    for state in ("closed", "half_open"):
        one = Breaker(state, 3, NOON, "olt_login_refused")
        assert one.trying() is one
    assert Breaker("open", 3, NOON, "olt_busy").trying() == Breaker("half_open", 3, NOON, "olt_busy")
    refused = after_failure(Breaker(failures=2), "olt_login_refused", "x", NOON, POLICY)
    assert (refused.failures, refused.code, refused.text) == (3, "olt_login_refused", "x")


SILENT = Breaker("open", 3, LATER, "olt_unreachable", silent=True)
AWAITS: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"state": "closed"}, False),
    ({"until": None}, False),
    ({"until": NOON}, False),
    ({"silent": False}, False),
    ({"probed": True}, False),
    ({"code": "olt_busy"}, False),
]


@pytest.mark.parametrize(("change", "awaits"), AWAITS, ids=str)
def test_a_pause_ends_with_an_answer_where_nobody_was_there(change: dict[str, Any], *, awaits: bool) -> None:
    one = replace(SILENT, **change)
    assert one.awaits_answer(NOON) is awaits
    assert one.answered(NOON) == (replace(one, until=NOON, probed=True) if awaits else one)
    assert CLOSED.lets_in(NOON)


def test_a_failure_keeps_whether_anybody_was_there_and_that_a_pause_was_ended() -> None:
    after = after_failure(replace(SILENT, probed=True), "olt_unreachable", "y", NOON, POLICY, silent=True)
    assert (after.silent, after.probed, after.text, after.failures) == (True, True, "y", 4)
    assert not after_failure(SILENT, "olt_unreachable", "y", NOON, POLICY).silent


def test_a_reading_that_was_taken_before_the_latest_tells_nothing() -> None:
    watch = Watch.first(Reading(10.0, 1010.0, 11.0))
    assert (watch.usual, watch.trusted, watch.seen_at) == (999.0, 999.0, 11.0)
    assert watch.after(Reading(9.0, 5000.0, 10.9)) is watch
    assert watch.after(Reading(10.0, 5000.0, 11.0)).jumps == 1
    assert (Reading(10.0, 1010.0, 12.0).most, Reading(10.0, 1010.0, 12.0).least) == (1000.0, 998.0)
    assert watch.after(Reading(11.0, 1016.0, 12.0)).jumps == 0, "5 s ahead is no jump"
    assert watch.after(Reading(11.0, 1016.1, 12.0)).jumps == 1
    assert watch.after(Reading(11.0, 1005.0, 12.0)).steps_back == 0, "nor are 5 s back"
    assert watch.after(Reading(11.0, 1004.9, 12.0)).steps_back == 1
    assert watch.after(Reading(11.0, 1311.0, 12.0)).ahead_s == 0.0
    assert watch.after(Reading(11.0, 1311.5, 12.0)).ahead_s == 300.5
    assert boottime() > 0
    assert not replace(watch, ahead_s=0.0).in_doubt
    assert replace(watch, ahead_s=0.5).in_doubt


# ---------------------------------------------------------------------------------------------------------------- notes


def test_notes_are_what_a_job_keeps() -> None:
    notes = Notes(1, 2, 3, True, NOON.isoformat(), True, "h", "M", (("olt-1", "0/1/0"),), 4)
    assert Notes.of(notes.kept()) == notes
    assert notes.kept()["former"] == [["olt-1", "0/1/0"]]
    assert notes.window_at == NOON
    assert Notes().window_at is None
    assert Notes.of({"unknown": 1}) == Notes()


# --------------------------------------------------------------------------------------------------------------- window


def test_with_too_many_keys_held_back_there_is_no_room() -> None:
    window = Window(10)
    for number in range(_HELD_MAX):
        window._held[str(number)] = (5.0, 1.0)
    assert window.room(4.0) == 0
    assert window.room(5.0) == 10
    window._held.popitem()
    assert window.room(4.0) == 10


def test_a_partition_is_stuck_after_ten_seconds_and_not_at_them() -> None:
    window = Window(10)
    window.launch([(Record("results", "A", b"{}", {}, 1), ("results", 0))], 100.0)
    assert window.stuck(100.0 + STUCK_S) == set()
    assert window.stuck(100.1 + STUCK_S) == {("results", 0)}
    assert (window.room(100.0 + STUCK_S), window.room(100.1 + STUCK_S)) == (9, 10)
