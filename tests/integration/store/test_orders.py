"""How work reports on orders, and how long what tells of people stays: whole results, and which rows they mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from events.outputs import Applied, Optical, Skipped, Warned, Where
from events.reasons import reason
from events.record import About, Rejected
from events.stages import Stage
from schemas.place import PonPort
from tests.support.rows import beside, column, plant, row_of
from tests.support.secrets import PPPOE_PASSWORD
from tests.support.statements import locking
from tests.unit.correlate.town import NOON, S, T, U, cancelled, fact, received, started
from worker.facts import Completion, Order, OrderState, Stamp, Unit
from worker.store import apply, emit, orders, privacy, rejected, sweep
from worker.store.db import _after
from worker.store.jobs import Owned
from worker.store.orders import Achieved, Failure
from worker.store.schema import (
    action,
    credential,
    inbox,
    job,
    job_step,
    olt_lease,
    outbox,
    own_registration,
    rejected_order,
    rejected_record,
    secret,
    service_order,
)

MINUTE, MOMENT = timedelta(minutes=1), timedelta(microseconds=1)
HERE, THERE = PonPort.model_validate("0/1/0"), PonPort.model_validate("0/1/7")
KEPT = timedelta(days=90)


def _begun(conn: Connection, *more: Any) -> None:
    """A works with S, B with T."""
    data = [
        received(S),
        started("A", S, pppoe_login="ana", pppoe_password=PPPOE_PASSWORD),
        started("B", T),
        *more,
    ]
    apply.apply_batch(conn, [fact(one, minute) for minute, one in enumerate(data)])


def _order(conn: Connection, order_id: str = "A") -> Order:
    found = orders.find(conn, order_id)
    assert found
    return found


def _last(conn: Connection) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(bytes(column(conn, outbox, "value")[-1]))
    return told


def _steps(conn: Connection, order_id: str = "A") -> list[tuple[str, str | None, Any]]:
    rows = conn.execute(
        select(job_step).where(job_step.c.service_order_id == order_id).order_by(job_step.c.id)
    )
    return [(row.kind, row.text, row.detail) for row in rows]


# ----------------------------------------------------------------------------------------------------- who may report

OPTICAL = Optical(onu_rx_dbm=-19.0)
ACHIEVED = Achieved("olt-1", HERE, 17, Applied(), OPTICAL, changed=True)
REPORTS: dict[str, Callable[[Connection, str, int], Any]] = {
    "stage": lambda conn, order, revision: orders.set_stage(conn, order, revision, Stage.CONFIGURING),
    "place": lambda conn, order, revision: orders.set_place(conn, order, revision, "olt-1", HERE),
    "attempt": orders.open_attempt,
    "completed": lambda conn, order, revision: orders.finish_completed(conn, order, revision, ACHIEVED),
    "failed": lambda conn, order, revision: orders.finish_failed(conn, order, revision, Failure("no_light")),
    "cancelled": orders.finish_cancelled,
    "brief": orders.brief,
}
LIVE = {"waiting", "stopped", "working", "cancelling"}
ALLOWED = {name: {"working"} for name in REPORTS} | {"failed": LIVE, "cancelled": {"cancelling"}}


@pytest.mark.parametrize("state", [state.value for state in OrderState])
@pytest.mark.parametrize("report", [*REPORTS])
def test_only_the_revision_at_work_reports(conn: Connection, report: str, state: str) -> None:
    _begun(conn)
    conn.execute(service_order.update().where(service_order.c.id == "A").values(state=state))
    before = len(column(conn, outbox, "id"))
    for order_id, revision in (("A", 0), ("A", 2), ("X", 1)):
        assert not REPORTS[report](conn, order_id, revision)
    assert len(column(conn, outbox, "id")) == before
    with locking(conn) as locked:
        assert bool(REPORTS[report](conn, "A", 1)) is (state in ALLOWED[report])
    assert locked[:1] == ([] if report == "brief" else ["service_order"])


def test_a_brief_holds_all_that_provisioning_needs(conn: Connection) -> None:
    _begun(conn, started("C", S))
    orders.own(conn, "A", "olt-1", HERE, S)
    found = orders.brief(conn, "A", 1)
    assert found
    assert (found.order.id, found.unit.model, found.own) == ("A", "EG8145V5", (Owned("olt-1", HERE, S),))
    assert found.request.pppoe_password
    assert found.request.pppoe_password.get_secret_value() == PPPOE_PASSWORD
    assert (found.claimed_by, found.secret_expired) == (None, False)
    unknown_to_stock = orders.brief(conn, "B", 1)
    assert unknown_to_stock
    assert unknown_to_stock.unit == Unit(T)
    conn.execute(service_order.update().where(service_order.c.id == "A").values(claims=False))
    claims: dict[str, dict[str, Any]] = {"C": {"serial": S, "claims": True}, "B": {"serial": S}}
    for name, values in claims.items():
        conn.execute(
            service_order.update().where(service_order.c.id == name).values({"claims": False, **values})
        )
    conn.execute(secret.delete())
    found = orders.brief(conn, "A", 1)
    assert found
    assert (found.claimed_by, found.secret_expired, found.request.pppoe_password) == ("C", True, None)
    other = orders.brief(conn, "B", 1)
    assert other
    assert (other.claimed_by, other.secret_expired) == ("C", False)


# -------------------------------------------------------------------------------------------------- stages and attempts


def test_a_stage_is_told_when_it_or_its_code_is_new(conn: Connection) -> None:
    _begun(conn)
    before = len(column(conn, outbox, "id"))
    assert orders.set_stage(conn, "A", 1, Stage.QUEUED)
    told = _last(conn)["data"]
    assert (told["stage"], told["code"], told["sequence"]) == ("queued", None, 2)
    assert _steps(conn)[-1] == ("stage", Stage.QUEUED.text_pt, {"stage": "queued"})
    assert orders.set_stage(conn, "A", 1, Stage.QUEUED)
    assert len(column(conn, outbox, "id")) == before + 1
    assert orders.set_stage(conn, "A", 1, Stage.QUEUED, code="olt_busy", params={"olt": "olt-1"})
    told = _last(conn)["data"]
    assert (told["stage"], told["code"], told["params"]) == ("queued", "olt_busy", {"olt": "olt-1"})
    said = reason("olt_busy").say({"olt": "olt-1"}).text_pt
    assert _steps(conn)[-1] == ("stage", said, {"stage": "queued", "code": "olt_busy", "olt": "olt-1"})
    assert orders.set_stage(conn, "A", 1, Stage.QUEUED, code="olt_held", keeps={"olt_busy"})
    assert _order(conn).last_code == "olt_busy"
    assert orders.set_stage(conn, "A", 1, Stage.CONFIGURING, keeps={"olt_busy"})
    assert (_order(conn).last_code, _order(conn).stage) == (None, Stage.CONFIGURING)
    assert len(column(conn, outbox, "id")) == before + 3
    assert len(_steps(conn, "B")) == 1


def test_an_order_of_which_the_row_says_nothing_says_nothing(conn: Connection) -> None:
    plant(conn, service_order, {"id": "A", "verdict_params": None, "durations": None})
    found = _order(conn)
    assert (found.verdict_params, found.durations, found.stage, found.attempted, found.place_port) == (
        {}, {}, None, None, None
    )  # fmt: skip


def test_the_place_and_the_attempts_of_an_order_are_kept(conn: Connection) -> None:
    _begun(conn)
    plant(conn, own_registration, {"olt": "olt-9", "serial": S, "service_order_id": "M"})
    assert orders.set_place(conn, "A", 1, "olt-1", THERE)
    assert (_order(conn).place_olt, _order(conn).place_port) == ("olt-1", THERE)
    assert [orders.open_attempt(conn, "A", 1), orders.open_attempt(conn, "A", 1)] == [1, 2]
    assert orders.owned_by(conn, "A") == (Owned("olt-9", HERE, S),)
    assert (_order(conn, "B").place_olt, _order(conn, "B").attempts) == (None, 0)


@pytest.mark.parametrize(
    ("row", "claims"),
    [
        ({}, False),
        ({"state": "working"}, True),
        ({"completed_serial": S}, True),
        ({"state": "cancelled"}, True),
    ],
)
def test_a_registration_that_is_gone_ends_the_claim_of_a_failed_order_without_another(
    conn: Connection, row: dict[str, Any], *, claims: bool
) -> None:
    done = {
        "completed_at": NOON,
        "completed_ask_at": NOON,
        "completed_ask_source": "e",
        "completed_ask_id": "i",
    }
    plant(conn, service_order, {"id": "A", "state": "failed", "serial": S, "claims": True} | done | row)
    if "completed_serial" not in row:
        conn.execute(service_order.update().values(completed_ask_at=None))
    orders.own(conn, "A", "olt-1", HERE, S)
    with locking(conn) as locked:
        orders.disown(conn, "olt-1", HERE, S)
    assert locked == ["service_order"]
    assert _order(conn).claims is claims
    assert orders.owned_by(conn, "A") == ()
    orders.disown(conn, "olt-1", HERE, S)


# ------------------------------------------------------------------------------------------------------------ the results

SKIPPED = Skipped(field="wifi", code="no_command_on_platform", text_pt="x", text_en="y")
WARNED = Warned(code="onu_rx_low", text_pt="x", text_en="y", action_pt="z", action_en="w")


def test_a_completed_order_tells_all_that_was_achieved_and_has_its_former_places_removed(
    conn: Connection,
) -> None:
    _begun(conn)
    for olt, port, serial in (("olt-1", HERE, S), ("olt-2", THERE, S), ("olt-3", HERE, U)):
        orders.own(conn, "A", olt, port, serial)
    plant(conn, own_registration, {"olt": "olt-4", "serial": S, "service_order_id": "M"})
    known = emit.left(Where(olt_id="olt-2", pon_port=THERE, serial=S), "left_online")
    achieved = Achieved(
        "olt-1", HERE, 17, Applied(), OPTICAL, True, "0" * 64, "EG8145V5", "bridge", 1074,
        (SKIPPED,), (WARNED,), (known,), (Owned("olt-5", THERE, S),),
    )  # fmt: skip
    assert orders.finish_completed(conn, "A", 1, achieved)
    event = _last(conn)
    told = event["data"]
    assert event["id"] == "A/1/final"
    names = ("olt_id", "pon_port", "onu_id", "changed", "plan_hash", "model_seen", "model_rule", "distance_m")
    assert [told[name] for name in names] == [
        "olt-1", "0/1/0", 17, True, "0" * 64, "EG8145V5", "bridge", 1074
    ]  # fmt: skip
    assert told["optical"]["onu_rx_dbm"] == -19.0
    assert ([one["field"] for one in told["not_applied"]], [one["code"] for one in told["warnings"]]) == (
        ["wifi"],
        ["onu_rx_low"],
    )
    assert [(one["olt_id"], one["pon_port"], one["serial"], one["code"]) for one in told["left"]] == [
        ("olt-2", "0/1/7", S, "left_online"),
        ("olt-3", "0/1/0", U, "left_pending_removal"),
        ("olt-4", "0/1/0", S, "left_pending_removal"),
        ("olt-5", "0/1/7", S, "left_pending_removal"),
    ]
    assert [one["olt_id"] for one in told["own"]] == ["olt-1", "olt-2", "olt-3", "olt-4"]
    found = _order(conn)
    assert (found.state.value, found.claims, found.place_olt, found.place_port) == (
        "completed",
        True,
        "olt-1",
        HERE,
    )
    assert found.completion
    assert (found.completion.serial, found.completion.at) == (S, NOON)
    removals = conn.execute(
        select(job).where(job.c.live, job.c.kind == "deprovision").order_by(job.c.olt)
    ).all()
    assert [(row.olt, row.payload["why"], row.deadline_at) for row in removals] == [
        (olt, "former", NOON + timedelta(hours=72)) for olt in ("olt-2", "olt-3", "olt-4", "olt-5")
    ]
    assert column(conn, secret, "service_order_id") == []
    assert [one.id for one in _after(conn).finished] == ["A"]
    assert _steps(conn)[-1] == ("completed", "Instalação concluída.", {"code": None})


def test_a_completed_order_without_former_places_has_nothing_removed(conn: Connection) -> None:
    _begun(conn)
    orders.own(conn, "A", "olt-1", HERE, S)
    assert orders.finish_completed(conn, "A", 1, ACHIEVED)
    assert _last(conn)["data"]["left"] == []
    assert column(conn, job, "kind", kind="deprovision") == []


def test_a_failed_order_tells_why_and_keeps_its_passwords_for_a_day(conn: Connection) -> None:
    _begun(conn)
    orders.own(conn, "A", "olt-1", HERE, S)
    gone = Where(olt_id="olt-2", pon_port=THERE, serial=T)
    left = emit.left(Where(olt_id="olt-3", pon_port=THERE, serial=T), "left_online")
    failure = Failure("profile_missing", {"detail": "x"}, parked=True, removed=(gone,), left=(left,))
    assert orders.finish_failed(conn, "A", 1, failure)
    told = _last(conn)["data"]
    assert (told["code"], told["params"], told["parked"]) == ("profile_missing", {"detail": "x"}, True)
    assert [one["olt_id"] for name in ("removed", "left", "own") for one in told[name]] == [
        "olt-2",
        "olt-3",
        "olt-1",
    ]
    assert told["stock_item_id"] == f"PAT-{S[-4:]}"
    found = _order(conn)
    assert (found.state.value, found.claims, found.parked, found.last_code) == (
        "failed", True, True, "profile_missing"
    )  # fmt: skip
    assert [row.erase_at for row in conn.execute(select(secret))] == [NOON + timedelta(hours=24)]
    assert column(conn, job, "service_order_id", live=True) == ["B"]
    assert _steps(conn)[-1] == ("failed", told["text_pt"], {"code": "profile_missing"})
    assert [one.id for one in _after(conn).finished] == ["A"]


@pytest.mark.parametrize(
    ("owns", "completed", "serial"), [(S, None, S), (U, None, U), (None, None, S), (None, T, T)]
)
def test_a_failed_order_falls_back_to_the_unit_that_it_has(
    conn: Connection, owns: str | None, completed: str | None, serial: str
) -> None:
    _begun(conn)
    if owns:
        orders.own(conn, "A", "olt-1", HERE, owns)
    if completed:
        done = Completion(completed, NOON, Stamp(NOON, "erp", "x"))
        orders.write(conn, replace(_order(conn), completion=done), NOON)
    assert orders.finish_failed(conn, "A", 1, Failure("no_light"))
    found = _order(conn)
    fell_back = serial != S
    assert (found.serial, found.claims, found.due_at) == (
        serial,
        owns == S,
        NOON if fell_back else None,
    )


def test_a_cancelled_order_lists_what_others_claim_by_now(conn: Connection) -> None:
    _begun(conn)
    for olt, serial in (("olt-1", S), ("olt-2", T), ("olt-3", U), ("olt-4", T)):
        orders.own(conn, "A", olt, HERE, serial)
    orders.own(conn, "B", "olt-5", HERE, T)
    apply.apply_batch(conn, [fact(cancelled("A"), 40)])
    conn.execute(service_order.update().where(service_order.c.id == "A").values(serial=U, claims=True))
    gone = Where(olt_id="olt-2", pon_port=HERE, serial=T)
    left = emit.left(Where(olt_id="olt-1", pon_port=HERE, serial=S), "left_online")
    assert orders.finish_cancelled(conn, "A", 2, removed=[gone], left=[left])
    told = _last(conn)["data"]
    assert (told["code"], [one["olt_id"] for one in told["removed"]]) == ("cancelled_by_erp", ["olt-2"])
    assert [(one["olt_id"], one["code"]) for one in told["left"]] == [
        ("olt-1", "left_online"),
        ("olt-4", "left_claimed"),
    ]
    assert "B" in told["left"][1]["text_pt"]
    assert [one["olt_id"] for one in told["own"]] == ["olt-1", "olt-2", "olt-3", "olt-4"]
    assert (_order(conn).state.value, _order(conn).claims) == ("cancelled", False)
    assert column(conn, secret, "service_order_id") == []


# ----------------------------------------------------------------------------------------------- requests set aside


def _request(order: str = "A", place: str = "t/0/1", **more: Any) -> rejected.Request:
    why = Rejected("unknown_field", ("data.mode: unknown", "data.x", "c", "d", "e", "f"))
    values: dict[str, Any] = {"rejected": why, "about": About(order, S, "C-1", NOON), "written": NOON} | more
    return rejected.Request(place, place, **values)


def test_a_request_is_too_old_once_either_of_its_times_is(conn: Connection) -> None:
    age = timedelta(hours=24)
    old, new = NOON - age - MOMENT, NOON - age
    for time, written, too_old in (
        (new, new, False),
        (old, new, True),
        (new, old, True),
        (None, None, False),
    ):
        request = _request(about=About("A", None, None, time), written=written)
        assert request.older_than(age, NOON) is too_old


def test_a_request_that_was_set_aside_says_the_members_at_fault_five_at_most() -> None:
    request = _request()
    assert request.say("invalid_data") == emit.Say("invalid_data", {"where": "data.mode, data.x, c, d, e"})
    assert request.code == "invalid_data"
    bug = _request(rejected=Rejected("internal_error"))
    assert (bug.code, bug.say("x").params) == ("internal_error", {"where": "?"})


def test_requests_set_aside_are_told_and_found(conn: Connection) -> None:
    plant(
        conn,
        service_order,
        {
            "id": "K",
            "request": {"plan_code": "x"},
            "sequence": 4,
            "revision": 2,
            "serial": T,
            "stage": "queued",
        },
    )
    week = timedelta(days=7)
    requests = [_request("Z", "t/0/3"), _request("K", "t/0/2", kept=week), _request("A", "t/0/1")]
    rejected.tell(conn, requests, NOON)
    events = [json.loads(bytes(value)) for value in column(conn, outbox, "value")]
    assert [(one["data"]["service_order_id"], one["data"]["code"], one["id"]) for one in events] == [
        ("A", "invalid_data", "t/0/1/failed"),
        ("K", "request_rejected", "K/progress/5"),
        ("Z", "invalid_data", "t/0/3/failed"),
    ]
    assert (row_of(conn, service_order, "K").sequence, events[1]["data"]["stage"]) == (5, None)
    assert [one.id for one in _after(conn).finished] == ["A", "Z"]
    [(kind, _, detail)] = _steps(conn, "K")
    assert (kind, detail["code"], detail["record"]) == ("rejected", "request_rejected", "t/0/2")
    assert [row.until for row in conn.execute(select(rejected_record).order_by(rejected_record.c.place))] == [
        NOON + timedelta(days=30), NOON + week, NOON + timedelta(days=30)
    ]  # fmt: skip
    rejected.tell(conn, [_request("A", "t/0/4")], NOON + MINUTE)
    told = _last(conn)
    assert (told["id"], told["data"]["revision"], told["data"]["sequence"]) == ("t/0/4/progress", 1, 2)
    row = row_of(conn, rejected_order, "A")
    assert (row.revision, row.sequence, row.code, row.at) == (1, 2, "invalid_data", NOON + MINUTE)


def test_nothing_is_told_of_a_request_that_is_too_old_unless_more_is_known_of_it(conn: Connection) -> None:
    old = _request(written=NOON - timedelta(days=2))
    rejected.tell(conn, [old], NOON)
    assert column(conn, outbox, "id") == []
    assert column(conn, rejected_order, "id") == []
    assert column(conn, rejected_record, "place") == ["t/0/1"]
    plant(conn, rejected_order, {"id": "A", "code": "internal_error"})
    rejected.tell(conn, [old], NOON)
    assert _last(conn)["data"]["code"] == "request_rejected"
    assert row_of(conn, rejected_order, "A").code == "internal_error"


def test_an_order_of_which_only_a_cancellation_is_known_goes_on_from_its_sequence(conn: Connection) -> None:
    plant(conn, service_order, {"id": "A", "state": "unknown", "sequence": 3, "revision": 2})
    rejected.tell(conn, [_request()], NOON)
    told = _last(conn)["data"]
    assert (told["revision"], told["sequence"], told["asked_at"]) == (3, 4, "2026-03-02T12:00:00Z")


@pytest.mark.parametrize(
    ("row", "known"),
    [
        ({"state": "unknown", "request": {"plan_code": "x"}}, True),
        ({"state": "failed", "request": None}, True),
        ({"state": "unknown", "request": None}, False),
    ],
)
def test_an_order_is_known_that_was_asked_for_or_of_which_anything_was_made(
    conn: Connection, row: dict[str, Any], *, known: bool
) -> None:
    plant(conn, service_order, {"id": "A", "stage": "queued"} | row)
    rejected.tell(conn, [_request()], NOON)
    assert _last(conn)["data"]["code"] == ("request_rejected" if known else "invalid_data")
    assert _last(conn)["data"].get("stage") is None
    assert len(column(conn, rejected_order, "id")) == (0 if known else 1)


def test_what_was_told_last_of_orders_goes_on_with_the_first_request_that_is_read(conn: Connection) -> None:
    plant(conn, rejected_order, *({"id": one, "revision": 2, "sequence": 9} for one in "ABCD"))
    plant(conn, service_order, {"id": "B", "request": {}}, {"id": "C", "state": "unknown", "sequence": 10})
    known = {one: _order(conn, one) for one in "BC"}
    assert rejected.last(conn, []) == {}
    assert rejected.last(conn, ["A", "X"]) == {"A": rejected.Last(2, 9, "invalid_data", NOON)}
    going = rejected.going_on(conn, known, ["A", "B", "C", "X"])
    assert {name: (order.revision, order.sequence) for name, order in going.items()} == {
        "A": (2, 9),
        "C": (2, 10),
    }


def test_what_a_topic_tells_is_known_where_it_is_later(conn: Connection) -> None:
    rejected.told_again(conn, "A", 1, 5, "invalid_data", NOON)
    rejected.told_again(conn, "A", 2, 5, "internal_error", NOON + MINUTE)
    assert rejected.last(conn, ["A"]) == {"A": rejected.Last(1, 5, "invalid_data", NOON)}
    rejected.told_again(conn, "A", 2, 6, "internal_error", NOON + MINUTE)
    assert rejected.last(conn, ["A"]) == {"A": rejected.Last(2, 6, "invalid_data", NOON + MINUTE)}


def test_requests_are_found_by_order_or_serial_oldest_first_and_forgotten_in_time(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"service_order_id": "A", "serial": S, "customer": "C-1", "at": NOON, "until": NOON + MOMENT}
    plant(
        conn,
        rejected_record,
        *beside(
            row | {"place": "1"},
            {"place": "2", "at": NOON - MINUTE, "service_order_id": "B"},
            {"place": "3", "serial": T, "until": NOON},
            {"place": "4", "serial": T, "service_order_id": "C", "customer": "C-2", "until": NOON - MINUTE},
        ),
    )
    assert [one.record for one in rejected.find(conn, "A", [])] == ["1", "3"]
    assert [one.record for one in rejected.find(conn, "X", [S])] == ["2", "1"]
    assert rejected.find(conn, "C", []) == [rejected.RejectedView("4", "C", T, "invalid_data", NOON)]
    assert rejected.of_customer(conn, "C-1") == {"A", "B"}
    plant(conn, rejected_order, {"id": "D"})
    assert [rejected.is_there(conn, one) for one in "ADX"] == [True, True, False]
    monkeypatch.setattr(rejected, "ROWS_MAX", 1)
    assert rejected.forget_gone(conn, NOON) == 1
    assert rejected.forget_gone(conn, NOON) == 1
    assert rejected.forget_gone(conn, NOON) == 0
    assert column(conn, rejected_record, "place") == ["1", "2"]
    rejected.forget(conn, ["B"])
    assert column(conn, rejected_record, "place") == ["1"]


def test_orders_that_were_told_long_ago_are_forgotten_once_no_request_of_them_lies_anywhere(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(
        conn,
        rejected_order,
        {"id": "A", "at": NOON},
        {"id": "B", "at": NOON + MOMENT},
        {"id": "C", "at": NOON - MINUTE},
        {"id": "D", "at": NOON - 2 * MINUTE},
    )
    plant(conn, rejected_record, {"place": "t", "service_order_id": "C"})
    monkeypatch.setattr(rejected, "ROWS_MAX", 2)
    assert rejected.forget_orders(conn, NOON) == 1
    assert column(conn, rejected_order, "id") == ["A", "B", "C"]
    monkeypatch.setattr(rejected, "ROWS_MAX", 9)
    assert rejected.forget_orders(conn, NOON) == 1
    assert column(conn, rejected_order, "id") == ["B", "C"]
    plant(conn, rejected_order, {"id": "E", "at": NOON - KEPT})
    plant(conn, credential, {"digest": "d", "accepted_at": NOON - timedelta(days=9999)})
    assert sweep.sweep(conn).rejected == 2
    assert column(conn, rejected_order, "id") == ["B", "C"]
    assert column(conn, credential, "digest") == []


# --------------------------------------------------------------------------------------------------- what tells of people

ANA = {
    "customer_name": "Ana Sousa",
    "pppoe_login": "ana@isp",
    "pppoe_password": None,
    "wifi_name": "Casa da Ana",
    "cto": "CTO-9",
    "cto_port": "3",
    "plan_code": "FIBRA",
    "customer_id": "C-1",
}


def test_people_are_known_by_name_login_and_network_where_these_are_long_enough() -> None:
    assert privacy.named_in(ANA) == ("Ana Sousa", "ana@isp", "Casa da Ana")
    assert privacy.named_in({"customer_name": "Ana", "pppoe_login": "an", "wifi_name": 7}) == ("Ana",)


def _record_of(text: str) -> bytes:
    data = {"code": "profile_missing", "params": {"detail": f"recusou {text}", "owner": "Ana Sousa"}}
    return json.dumps({"type": "acende.provisioning.failed.v1", "data": data}).encode()


def _people(conn: Connection) -> None:
    for name in "AB":
        plant(
            conn,
            service_order,
            {
                "id": name,
                "request": ANA,
                "state": "completed",
                "customer": "C-1",
                "final": {
                    "code": "x",
                    "params": {"detail": "recusou ana@isp", "owner": "Ana Sousa"},
                    "text_pt": "recusou ana@isp",
                },
                "cancel_reason": "Ana desistiu",
            },
        )
        plant(conn, secret, {"service_order_id": name, "wifi_key": "x"})
        plant(conn, job_step, {"service_order_id": name, "text": "ana@isp"})
        plant(
            conn,
            job,
            {"service_order_id": name, "payload": {"x": 1}, "last_text": "ana@isp"},
            {"service_order_id": name, "live": False, "payload": {"x": 1}, "last_text": "ana@isp"},
        )
        plant(conn, action, {"target": name, "why": "Ana ligou"})
        plant(conn, outbox, {"key": name, "value": _record_of("ana@isp")})
        plant(conn, outbox, {"key": name, "value": _record_of("ana@isp"), "refused": "x"})
        plant(conn, rejected_record, {"place": f"t/0/{name}", "service_order_id": name})


@pytest.mark.parametrize("long_ago", [True, False])
def test_what_tells_of_a_person_is_erased_of_the_orders_that_are_meant(
    conn: Connection, *, long_ago: bool
) -> None:
    _people(conn)
    privacy.forget(conn, ["A"], NOON, long_ago=long_ago)
    assert _after(conn).erased
    row, other = row_of(conn, service_order, "A"), row_of(conn, service_order, "B")
    assert row.request == {
        "plan_code": "FIBRA",
        "customer_id": "C-1",
        "customer_name": "-",
        "pppoe_password": None,
    }
    assert "ana@isp" not in json.dumps(row.final)
    assert "Ana Sousa" not in json.dumps(row.final)
    assert row.final["code"] == "x"
    assert (row.cancel_reason, row.erased_at) == (None, NOON)
    assert (other.request, other.cancel_reason, other.erased_at) == (ANA, "Ana desistiu", None)
    assert "ana@isp" in json.dumps(other.final)
    assert column(conn, secret, "service_order_id") == ["B"]
    assert column(conn, job_step, "service_order_id") == ["B"]
    assert column(conn, job, "payload", service_order_id="A") == [{"x": 1}, None]
    assert column(conn, job, "last_text", service_order_id="A") == [None, None]
    assert column(conn, job, "payload", service_order_id="B") == [{"x": 1}] * 2
    assert column(conn, job, "last_text", service_order_id="B") == ["ana@isp"] * 2
    assert column(conn, action, "why") == ["-", "Ana ligou"]
    owners = [b"Ana Sousa" in bytes(value) for value in column(conn, outbox, "value")]
    assert owners == [False, False, True, True]
    waiting = [
        (row.key, b"ana@isp" in bytes(row.value))
        for row in conn.execute(select(outbox).order_by(outbox.c.id))
    ]
    assert waiting == [("A", False), ("A", False), ("B", True), ("B", True)]
    assert column(conn, rejected_record, "service_order_id") == ["B"]


def test_of_what_waits_only_the_oldest_records_are_of_orders_of_long_ago(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy, "_OLDEST", 1)
    plant(conn, service_order, {"id": "A", "request": ANA})
    for number, refused in {4: None, 3: "x", 2: None, 1: "x"}.items():
        plant(conn, outbox, {"id": number, "key": "A", "value": _record_of("ana@isp"), "refused": refused})
    privacy.forget(conn, ["A"], NOON, long_ago=True)
    assert _after(conn).erased
    assert [b"ana@isp" in bytes(value) for value in column(conn, outbox, "value")] == [
        False,
        False,
        True,
        True,
    ]


def test_what_others_rows_quote_of_a_person_goes_too(conn: Connection) -> None:
    plant(conn, service_order, {"id": "A", "request": ANA | {"wifi_name": "Lar"}})
    final = {"code": "x", "params": {"detail": "conflito: ana@isp"}, "text_pt": "conflito: ana@isp"}
    plant(
        conn,
        service_order,
        {"id": "B", "final": final},
        {"id": "C", "final": {"code": "x", "text_pt": "Lar"}},
    )
    plant(
        conn,
        job_step,
        {"text": "de Ana Sousa", "detail": {"reply": "x"}},
        {"text": "x", "detail": {"reply": "ana@isp"}},
        {"text": "Lar", "detail": {"reply": "%"}},
    )
    plant(conn, job, {"last_text": "ana@isp"}, {"last_text": "Lar", "olt": "olt-2"})
    plant(
        conn,
        olt_lease,
        {"olt": "a", "breaker_text": "ana@isp", "held_reason": "na Ana Sousa"},
        {"olt": "b", "breaker_text": "x", "held_reason": "y"},
    )
    plant(conn, action, {"why": "Ana Sousa ligou"}, {"why": "Lar"})
    plant(
        conn, outbox, {"key": "B", "value": _record_of("ana@isp")}, {"key": "C", "value": _record_of("Lar")}
    )
    privacy.forget_elsewhere(conn, ["A"])
    assert column(conn, job_step, "text") == [None, "x", "Lar"]
    assert column(conn, job_step, "detail") == [{"reply": "x"}, None, {"reply": "%"}]
    assert column(conn, job, "last_text") == [None, "Lar"]
    assert column(conn, olt_lease, "breaker_text") == [None, "x"]
    assert column(conn, olt_lease, "held_reason") == [None, "y"]
    assert column(conn, action, "why") == ["-", "Lar"]
    assert "ana@isp" not in json.dumps(row_of(conn, service_order, "B").final)
    assert row_of(conn, service_order, "C").final == {"code": "x", "text_pt": "Lar"}
    assert b"ana@isp" not in bytes(column(conn, outbox, "value")[0])


ODD = 'Ana_"Nina" Sá'


def test_a_name_is_found_as_documents_spell_it_and_nothing_that_only_looks_like_it(conn: Connection) -> None:
    plant(
        conn,
        service_order,
        {"id": "A", "request": {"customer_name": ODD, "wifi_name": "Lares", "pppoe_login": "%%%%%"}},
    )
    plant(conn, service_order, {"id": "N", "request": None})
    final = {"code": "x", "params": {"owner": ODD}}
    plant(
        conn,
        service_order,
        {"id": "B", "final": final},
        {"id": "C", "final": {"code": "x", "params": {"owner": "outra"}}},
    )
    mine = {"code": "x", "params": {"owner": ODD}, "text_pt": "x"}
    conn.execute(service_order.update().where(service_order.c.id == "A").values(final=mine))
    plant(
        conn,
        job_step,
        {"detail": {"said": ODD}},
        {"detail": {"said": ODD.replace("_", "X")}},
        {"text": "os Lares"},
        {"text": "50%"},
    )
    privacy.forget_elsewhere(conn, ["A", "N"])
    assert column(conn, job_step, "detail") == [None, {"said": ODD.replace("_", "X")}, None, None]
    assert column(conn, job_step, "text") == [None, None, None, "50%"]
    assert ODD not in row_of(conn, service_order, "B").final["params"]["owner"]
    assert row_of(conn, service_order, "C").final == {"code": "x", "params": {"owner": "outra"}}
    assert row_of(conn, service_order, "A").final == mine, "its own is forgotten with the rest of it"


def test_the_orders_of_a_customer_are_those_known_and_those_set_aside(conn: Connection) -> None:
    plant(
        conn,
        service_order,
        {"id": "B", "customer": "C-1"},
        {"id": "A", "customer": "C-1"},
        {"id": "C", "customer": "C-2"},
    )
    plant(conn, rejected_record, {"place": "t", "service_order_id": "R", "customer": "C-1"})
    plant(conn, rejected_record, {"place": "u", "service_order_id": "A", "customer": "C-1"})
    assert privacy.of_customer(conn, "C-1") == ["A", "B", "R"]


# ------------------------------------------------------------------------------------------------- what time alone does

ENDED = {"state": "completed", "finished_at": NOON - KEPT - MOMENT}
PEOPLE = [
    (ENDED, True),
    (ENDED | {"finished_at": NOON - KEPT}, False),
    (ENDED | {"state": "working"}, False),
    (ENDED | {"erased_at": NOON}, False),
    (ENDED | {"finished_at": None}, False),
    (ENDED | {"finished_at": NOON + KEPT}, False),
    (ENDED | {"finished_at": NOON + KEPT + MOMENT}, True),
    ({"state": "unknown", "updated_at": NOON - KEPT - MOMENT}, True),
    ({"state": "unknown", "updated_at": NOON - KEPT}, False),
    ({"state": "unknown", "updated_at": NOON + KEPT + MOMENT}, True),
    ({"state": "unknown", "updated_at": NOON - KEPT - MOMENT, "erased_at": NOON}, False),
    ({"state": "failed", "updated_at": NOON - KEPT - MOMENT}, False),
]


@pytest.mark.parametrize(("row", "forgotten"), PEOPLE, ids=str)
def test_people_are_forgotten_so_long_after_the_end(
    conn: Connection, row: dict[str, Any], *, forgotten: bool
) -> None:
    plant(conn, service_order, {"id": "A", "request": ANA} | row)
    plant(conn, outbox, {"key": "A", "value": _record_of("ana@isp")})
    assert sweep.forget_people(conn, NOON, NOON - KEPT) == int(forgotten)
    assert (row_of(conn, service_order, "A").request["customer_name"] == "-") is forgotten


def test_no_more_are_forgotten_and_looked_at_in_one_sweep_than_that(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "ORDERS_MAX", 2)
    monkeypatch.setattr(sweep, "ROWS_MAX", 2)
    plant(conn, service_order, *({"id": one} | ENDED for one in "ABC"))
    plant(
        conn,
        service_order,
        *({"id": one, "state": "unknown", "updated_at": NOON - 2 * KEPT} for one in "DEF"),
    )
    assert sweep.forget_people(conn, NOON, NOON - KEPT) == 4
    plant(conn, inbox, *({"id": one, "arrived_at": NOON - KEPT} for one in "ABC"))
    plant(conn, job_step, *({"at": NOON - 2 * KEPT} for _ in "ABC"))
    plant(
        conn,
        service_order,
        *(
            {"id": one, "state": "waiting", "due_at": at}
            for one, at in {"X": NOON, "Y": NOON - MINUTE, "Z": NOON - 2 * MINUTE}.items()
        ),
    )
    done = sweep.sweep(conn)
    assert (done.orders, done.inbox) == (2, 2)
    assert done.full
    assert len(column(conn, job_step, "id", service_order_id=None)) == 1
    assert row_of(conn, service_order, "X").updated_at == NOON
    assert column(conn, inbox, "id") == ["C"] or len(column(conn, inbox, "id")) == 1


@pytest.mark.parametrize(
    ("swept", "full"),
    [
        (sweep.Swept(499, 9, 9, 4999, 499, 4999), False),
        (sweep.Swept(orders=500), True),
        (sweep.Swept(inbox=5000), True),
        (sweep.Swept(personal=500), True),
        (sweep.Swept(rejected=5000), True),
        (sweep.Swept(), False),
    ],
)
def test_a_sweep_that_did_all_it_may_goes_on_at_once(swept: sweep.Swept, *, full: bool) -> None:
    assert swept.full is full


def test_what_has_had_its_time_is_erased_and_counted(conn: Connection) -> None:
    day, month = timedelta(hours=24), timedelta(days=30)
    for name, at in {"A": NOON, "B": NOON + 2 * day, "C": NOON + 2 * day + MOMENT, "D": None}.items():
        plant(conn, secret, {"service_order_id": name, "erase_at": at})
    for name, at in {
        "A": NOON - month,
        "B": NOON - month - MOMENT,
        "C": NOON + month,
        "D": NOON + month + MOMENT,
    }.items():
        plant(conn, inbox, {"id": name, "arrived_at": at})
    steps = {"A": NOON - KEPT, "B": NOON - KEPT - MOMENT, "C": NOON + KEPT, "D": NOON + KEPT + MOMENT}
    plant(conn, job_step, *({"text": name, "at": at} for name, at in steps.items()))
    plant(conn, job_step, {"text": "E", "at": NOON - 2 * KEPT, "service_order_id": "X"})
    plant(conn, rejected_record, {"place": "t", "until": NOON}, {"place": "u", "until": NOON + MOMENT})
    done = sweep.sweep(conn)
    assert done == sweep.Swept(0, 0, 2, 2, 0, 1)
    assert column(conn, secret, "service_order_id") == ["B", "D"]
    assert column(conn, inbox, "id") == ["A", "C"]
    assert column(conn, job_step, "text") == ["A", "C", "E"]
    assert column(conn, rejected_record, "place") == ["u"]


def test_orders_are_looked_at_that_are_due_or_lie_too_far_ahead(conn: Connection) -> None:
    ahead = timedelta(minutes=10, seconds=5)
    dues = {"A": NOON, "B": NOON + MOMENT, "C": NOON + ahead, "D": NOON + ahead + MOMENT, "E": None}
    waits = {
        "state": "waiting",
        "request": {"plan_code": "x"},
        "began_at": NOON,
        "asks": [["2026-03-02T11:00:00+00:00", "e", "i", None, True]],
    }
    plant(conn, service_order, *({"id": one, "due_at": at} | waits for one, at in dues.items()))
    done = sweep.sweep(conn)
    assert (done.orders, done.finished) == (2, 0)
    assert _after(conn).corrected == {"service_order": 1}
    at = {row.id: row.due_at for row in conn.execute(select(service_order))}
    assert at == {
        "A": NOON + timedelta(minutes=10),
        "B": NOON + MOMENT,
        "C": NOON + ahead,
        "D": NOON + timedelta(minutes=10),
        "E": None,
    }


def test_an_order_whose_time_is_over_ends_in_the_sweep(conn: Connection) -> None:
    waits = {
        "state": "waiting",
        "request": {"plan_code": "x"},
        "asks": [["2026-03-01T11:00:00+00:00", "e", "i", None, True]],
    }
    plant(
        conn,
        service_order,
        {"id": "A", "due_at": NOON, "began_at": NOON - timedelta(hours=24), "worked_digest": ":"} | waits,
    )
    conn.execute(service_order.update().values(request_digest="", worked_digest=":"))
    assert (sweep.sweep(conn).orders, _last(conn)["data"]["code"]) == (1, "unit_not_received")
    assert [one.id for one in _after(conn).finished] == ["A"]
