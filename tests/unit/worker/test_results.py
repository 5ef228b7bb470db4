"""What our own results tell of an order: read back from their topic, they leave it as it was, and nothing is begun unasked."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from dev.machine import ROOT
from events.outputs import Cancelled, Completed, Failed, Progress
from events.stages import Stage
from tests.unit.correlate.town import NOON, RULES, S, T, started
from worker.correlate import merge
from worker.facts import Order, OrderState, Stamp, unknown
from worker.replacing import replace
from worker.results import LEAP, Result, Standing, owners, read, resumed, with_final

HOUR = timedelta(hours=1)
HERE, THERE = ("olt-1", "0/1/0", S), ("olt-2", "0/1/7", S)
GOLDEN = ROOT / "tests" / "golden" / "events"


def result(kind: str, at: datetime = NOON + HOUR, **more: Any) -> Result:
    """A result of order A as it lies in its topic."""
    event = json.loads((GOLDEN / f"{kind}.json").read_text())
    data = event["data"] | {"service_order_id": "A", "revision": 1, "sequence": 7, "serial": S} | more
    event |= {"id": f"A/{data['revision']}/final", "time": at.isoformat(), "data": data}
    found = read(json.dumps(event).encode())
    assert found
    return found


def asked(*times: datetime, fresh: bool = True) -> Order:
    """Order A, asked for at these times."""
    order = unknown("A")
    for number, time in enumerate(times):
        order = merge.asked(order, Stamp(time, "erp", str(number)), S, fresh=fresh)
    request = started("A", S).model_dump(mode="json", exclude={"pppoe_password", "wifi_key"})
    return replace(
        order, request=request if times else None, requested=order.asks[-1].stamp if times else None
    )


def cancelled(order: Order, at: datetime) -> Order:
    return merge.cancelled(order, Stamp(at, "erp", "c"), "Cliente desistiu", "cancelled_by_erp")


# ---------------------------------------------------------------------------------------------------------- a final


def test_a_completion_answers_the_request_that_it_names_and_no_later_one() -> None:
    order = with_final(asked(NOON, NOON + 2 * HOUR), result(Completed.TYPE, asked_at=NOON.isoformat()))
    assert (order.state, order.answered_at, order.final_revision) == (OrderState.COMPLETED, NOON, 1)
    assert order.completion
    assert order.completion.ask == Stamp(NOON, "erp", "0")
    _, standing = resumed(order, NOON + 3 * HOUR, RULES, behind=False)
    assert standing is Standing.GOES_ON, "the later request has no answer"


def test_a_result_that_does_not_say_what_it_answers_answers_what_was_asked_before_it() -> None:
    told = result(Failed.TYPE, at=NOON + HOUR, asked_at=None)
    order = with_final(asked(NOON, NOON + 2 * HOUR), told)
    assert order.answered_at == NOON
    alone = with_final(asked(), told)
    assert (alone.answered_at, len(alone.asks)) == (NOON + HOUR, 1)


def test_a_retry_by_a_person_is_known_from_its_result_alone() -> None:
    at = NOON + 2 * HOUR
    order = with_final(asked(NOON), result(Completed.TYPE, at=at + HOUR, asked_at=at.isoformat()))
    assert [ask.stamp.time for ask in order.asks] == [NOON, at]
    assert resumed(order, at + 2 * HOUR, RULES, behind=False)[1] is Standing.ENDED


def test_an_order_whose_request_kafka_no_longer_keeps_may_be_cancelled_but_not_retried() -> None:
    order = with_final(asked(), result(Completed.TYPE))
    assert order.request
    assert (order.contract, order.request_known) == (order.request["contract_id"], False)
    assert asked(NOON).request_known


def test_a_cancellation_by_a_person_is_known_from_its_result_alone() -> None:
    order = with_final(asked(NOON), result(Cancelled.TYPE, asked_at=(NOON + HOUR).isoformat()))
    assert (order.state, order.cancel_code) == (OrderState.CANCELLED, "cancelled_by_erp")
    assert order.cancelled
    assert order.cancelled.time == NOON + HOUR
    assert resumed(order, NOON + 2 * HOUR, RULES, behind=False)[1] is Standing.ENDED


def test_a_completion_stands_behind_a_later_failure() -> None:
    done = with_final(asked(NOON), result(Completed.TYPE, asked_at=NOON.isoformat()))
    failed = with_final(done, result(Failed.TYPE, revision=2, sequence=12, serial=T, at=NOON + 2 * HOUR))
    assert (failed.state, failed.serial) == (OrderState.FAILED, T)
    assert failed.completion == done.completion


@pytest.mark.parametrize(
    "value", [None, b"", b"no event", b'{"id":"1","type":"x.v1","time":"2026-03-02T12:00:00Z"}']
)
def test_what_is_none_of_ours_is_passed_over(value: bytes | None) -> None:
    assert read(value) is None


def test_members_that_a_later_version_adds_are_passed_over() -> None:
    assert result(Completed.TYPE, something_new={"a": 1}).told.service_order_id == "A"


def test_progress_ends_nothing() -> None:
    assert not result(Progress.TYPE).final


# ------------------------------------------------------------------------------------------------------ what is to go on

LATE = NOON + 30 * HOUR
SCENES = [
    pytest.param(asked(NOON), NOON + HOUR, False, Standing.GOES_ON, id="asked-lately"),
    pytest.param(asked(NOON, fresh=False), LATE, False, Standing.TOO_OLD, id="asked-long-ago"),
    pytest.param(unknown("A"), NOON, False, Standing.ENDED, id="nothing-asked"),
    pytest.param(unknown("A"), NOON, True, Standing.TOO_OLD, id="only-its-progress-is-known"),
    pytest.param(cancelled(unknown("A"), NOON), NOON, False, Standing.ENDED, id="only-cancelled"),
    pytest.param(cancelled(asked(NOON), NOON + HOUR), LATE, False, Standing.GOES_ON, id="withdrawn-lately"),
    pytest.param(cancelled(asked(NOON), NOON + HOUR), NOON + 80 * HOUR, False, Standing.TOO_OLD, id="withdrawn-long-ago"),
]  # fmt: skip


@pytest.mark.parametrize(("order", "at", "behind", "expected"), SCENES)
def test_what_was_asked_lately_goes_on_and_what_is_older_waits_for_somebody(
    order: Order, at: datetime, behind: bool, expected: Standing
) -> None:
    after, standing = resumed(order, at, RULES, behind=behind)
    assert standing is expected
    assert after.due_at == (at if expected is Standing.GOES_ON else None)
    assert not after.live
    again, _ = resumed(after, at, RULES, behind=False)
    assert (again.state, again.due_at) == (after.state, after.due_at), "once more changes nothing"


def test_a_completed_order_keeps_standing_where_its_old_cancellation_has_no_result() -> None:
    done = with_final(asked(NOON), result(Completed.TYPE, asked_at=NOON.isoformat()))
    order, standing = resumed(cancelled(done, NOON + 2 * HOUR), NOON + 80 * HOUR, RULES, behind=False)
    assert (order.state, order.cancelled, standing) == (OrderState.COMPLETED, None, Standing.TOO_OLD)


@pytest.mark.parametrize(("behind", "state"), [(False, OrderState.WAITING), (True, OrderState.UNKNOWN)])
def test_a_live_order_of_a_backup_goes_on_anew_if_more_of_it_was_published(
    behind: bool, state: OrderState
) -> None:
    live = replace(asked(NOON), state=OrderState.WAITING, revision=2, sequence=5)
    order, standing = resumed(live, LATE, RULES, behind=behind)
    assert (order.state, order.due_at, standing) == (state, LATE, Standing.GOES_ON)
    assert (order.revision, order.sequence) == (2, 5 + LEAP)


# ------------------------------------------------------------------------------------------------- whose own it is


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param([(1, "A", {HERE})], {HERE: "A"}, id="made"),
        pytest.param([(1, "A", {HERE}), (2, "A", {THERE})], {THERE: "A"}, id="moved"),
        pytest.param([(1, "A", {HERE}), (2, "A", set())], {}, id="removed"),
        pytest.param([(2, "B", {HERE}), (1, "A", {HERE})], {HERE: "B"}, id="inherited-whatever-the-order-of-reading"),
        pytest.param([(1, "A", {HERE}), (2, "B", {HERE}), (3, "B", set())], {}, id="removed-by-the-heir"),
        pytest.param([(1, "A", {HERE}), (2, "B", {HERE}), (3, "A", set())], {HERE: "B"}, id="no-longer-the-first-ones"),
        pytest.param([(1, "A", {HERE}), (2, "B", {HERE}), (3, "A", {HERE})], {HERE: "A"}, id="had-back"),
    ],
)  # fmt: skip
def test_finals_tell_whose_own_a_registration_is(
    told: list[tuple[int, str, set[Any]]], expected: dict[Any, str]
) -> None:
    finals = [(NOON + hour * HOUR, order, frozenset(places)) for hour, order, places in told]
    assert {place: order for place, (order, _) in owners({}, finals).items()} == expected


def test_what_a_backup_knew_stays_where_no_final_says_otherwise() -> None:
    known = {HERE: ("A", NOON), THERE: ("B", NOON)}
    assert owners(known, [(NOON + HOUR, "B", frozenset())]) == {HERE: ("A", NOON)}


# ------------------------------------------------------------------------------------------------- each member of a result


@pytest.mark.parametrize(
    ("id_", "code", "rejected"),
    [
        ("A/1/final", "invalid_data", False),
        ("A/progress/7", "invalid_data", False),
        ("t/0/1/failed", "invalid_data", True),
        ("t/0/1/failed", "internal_error", True),
        ("t/0/1/progress", "request_rejected", True),
        ("t/0/1/failed", "no_light", False),
        ("A/2/final", "invalid_data", True),
        ("A/progress/8", "invalid_data", True),
    ],
)
def test_what_was_told_of_a_request_that_could_not_be_read_is_known_by_its_id_and_code(
    id_: str, code: str, *, rejected: bool
) -> None:
    assert dataclasses.replace(result(Failed.TYPE, code=code), id=id_).of_rejected is rejected


def test_the_type_tells_whose_event_it_is() -> None:
    event = json.loads((GOLDEN / f"{Completed.TYPE}.json").read_text())
    assert read(json.dumps(event).encode())
    assert read(json.dumps(event | {"type": "acende.install.started.v1"}).encode()) is None


TOLD: dict[str, Any] = {
    "revision": 3,
    "sequence": 9,
    "serial": T,
    "olt_id": "olt-1",
    "pon_port": "0/1/0",
    "attempts": 4,
    "durations_s": {"queued": 1.5},
    "last_stage": "queued",
    "own": [{"olt_id": "olt-1", "pon_port": "0/1/0", "serial": T}, {"olt_id": "olt-1", "pon_port": "0/1/1"}],
    "asked_at": NOON.isoformat(),
}


def test_an_order_stands_as_its_final_left_it() -> None:
    before = replace(
        asked(NOON, NOON + 2 * HOUR), state=OrderState.WORKING, claims=True, place_olt="x", serial=S
    )
    told = result(Failed.TYPE, code="no_light", parked=True, **TOLD)
    after = with_final(before, told)
    assert (after.state, after.last_code, after.parked) == (OrderState.FAILED, "no_light", True)
    assert (after.revision, after.sequence, after.final_revision, after.attempts) == (3, 9, 3, 4)
    assert (after.serial, after.claims, after.place_olt, str(after.place_port)) == (
        T,
        False,
        "olt-1",
        "0/1/0",
    )
    assert (after.durations, after.stage, after.finished_at) == ({"queued": 1.5}, Stage.QUEUED, NOON + HOUR)
    assert (after.request, after.asks, after.answered_at) == (before.request, before.asks, NOON)
    assert after.final == told.data
    assert told.own == {("olt-1", "0/1/0", T)}
    nowhere = with_final(
        before, result(Failed.TYPE, **(TOLD | {"olt_id": None, "pon_port": None, "code": None}))
    )
    assert (nowhere.place_olt, nowhere.place_port, nowhere.last_code) == (None, None, "")


def test_of_a_request_that_is_not_known_all_is_kept_that_its_result_says() -> None:
    after = with_final(asked(), result(Completed.TYPE, customer_id="C", contract_id=None))
    assert after.request == {"service_order_id": "A", "customer_id": "C"}


def test_a_completion_keeps_what_it_answered() -> None:
    after = with_final(asked(NOON), result(Completed.TYPE, asked_at=NOON.isoformat()))
    assert after.completion
    assert (after.completion.serial, after.completion.at) == (S, NOON + HOUR)
    assert after.last_code is None
    found = result(Completed.TYPE, asked_at=(NOON + HOUR / 2).isoformat())
    unknown_ask = with_final(asked(NOON), found)
    assert unknown_ask.completion
    assert unknown_ask.completion.ask == Stamp(NOON + HOUR / 2, "acende", found.id)
    assert [ask.fresh for ask in unknown_ask.asks] == [True, True]
    assert unknown_ask.asks[-1].serial == S


def test_a_result_that_does_not_say_when_it_was_asked_answers_the_last_before_it() -> None:
    order = asked(NOON - HOUR, NOON, NOON + HOUR, NOON + 2 * HOUR)
    after = with_final(order, result(Failed.TYPE, asked_at=None))
    assert after.answered_at == NOON + HOUR, "at the very moment counts"
    assert after.asks == order.asks


def test_a_cancellation_answers_no_request_and_is_kept_unless_a_later_one_is_known() -> None:
    at = NOON + HOUR / 2
    told = result(Cancelled.TYPE, asked_at=at.isoformat(), code="cancelled_by_person")
    after = with_final(asked(NOON), told)
    assert (after.answered_at, after.asks, after.cancelled) == (
        None,
        asked(NOON).asks,
        Stamp(at, "acende", told.id),
    )
    assert (after.cancel_code, after.last_code, after.cancel_reason) == ("cancelled_by_person",) * 2 + ("",)
    for minutes, kept in ((0, True), (1, True), (-1, False)):
        known = cancelled(asked(NOON), at + timedelta(minutes=minutes))
        later = with_final(known, told)
        assert (later.cancelled == known.cancelled) is kept
        assert later.cancel_code == ("cancelled_by_erp" if kept else "cancelled_by_person")
    bare = with_final(asked(NOON), result(Cancelled.TYPE, asked_at=None, code=None))
    assert bare.cancelled
    assert (bare.cancelled.time, bare.cancel_code) == (NOON + HOUR, "")


def test_an_owner_of_the_same_place_keeps_its_time_and_finals_of_one_moment_go_by_order() -> None:
    known = {HERE: ("A", NOON)}
    assert owners(known, [(NOON + HOUR, "A", frozenset({HERE}))]) == known
    both = [(NOON + HOUR, "B", frozenset({HERE})), (NOON + HOUR, "A", frozenset({HERE}))]
    assert owners({}, both) == {HERE: ("B", NOON + HOUR)}
    assert (
        owners(
            {},
            [
                (NOON, "A", frozenset({HERE})),
                (NOON + HOUR, "A", frozenset()),
                (NOON + 2 * HOUR, "A", frozenset()),
            ],
        )
        == {}
    )


def test_what_is_resumed_leaps_in_its_sequence_and_forgets_its_work() -> None:
    order, _ = resumed(replace(unknown("A"), sequence=1), NOON, RULES, behind=False)
    assert order.sequence == 1 + LEAP
    assert resumed(unknown("A"), NOON, RULES, behind=False)[0].sequence == 0
    live = replace(
        asked(NOON),
        state=OrderState.WORKING,
        serial=S,
        claims=True,
        stage=Stage.QUEUED,
        work_deadline_at=NOON,
    )
    order, _ = resumed(live, NOON, RULES, behind=True)
    assert (order.claims, order.stage, order.work_deadline_at) == (False, None, None)
    ended, standing = resumed(replace(unknown("A"), finished_at=NOON), NOON + HOUR, RULES, behind=True)
    assert (ended.finished_at, standing) == (NOON, Standing.TOO_OLD)
    late, standing = resumed(asked(NOON, NOON + HOUR, fresh=False), NOON + 30 * HOUR, RULES, behind=False)
    assert (late.answered_at, late.finished_at, standing) == (NOON + HOUR, NOON + 30 * HOUR, Standing.TOO_OLD)
    known, standing = resumed(replace(asked(NOON), answered_at=NOON), NOON + HOUR, RULES, behind=True)
    assert (standing, known.finished_at) == (Standing.ENDED, None)


@pytest.mark.parametrize(("after", "goes_on"), [(72 * HOUR, True), (72 * HOUR + timedelta(seconds=1), False)])
def test_a_cancellation_is_taken_up_within_the_time_of_a_removal(after: timedelta, *, goes_on: bool) -> None:
    order, standing = resumed(cancelled(asked(NOON), NOON + HOUR), NOON + HOUR + after, RULES, behind=False)
    assert standing is (Standing.GOES_ON if goes_on else Standing.TOO_OLD)
    assert (order.state, order.finished_at) == (
        (OrderState.UNKNOWN, None) if goes_on else (OrderState.CANCELLED, NOON + HOUR + after)
    )
