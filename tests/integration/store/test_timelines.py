"""What people look at: which rows, in which order, and what each says."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from events.reasons import reason
from events.stages import Stage
from tests.support.rows import beside, column, plant
from tests.unit.correlate.town import H_HEX, NOON, S, T
from worker.store import timelines
from worker.store.schema import (
    action,
    equipment,
    job,
    job_step,
    rejected_order,
    rejected_record,
    service_order,
)
from worker.store.timelines import Deed, JobView, Step


def at(minutes: float) -> Any:
    return NOON + timedelta(minutes=minutes)


def _ids(found: list[timelines.OrderView]) -> list[str]:
    return [one.id for one in found]


STATES = ("unknown", "waiting", "stopped", "working", "cancelling", "completed", "failed", "cancelled")


def test_orders_are_listed_by_their_state_those_that_changed_last_first(conn: Connection) -> None:
    plant(
        conn,
        service_order,
        *({"id": state, "state": state, "updated_at": at(number)} for number, state in enumerate(STATES)),
        {"id": "parked", "state": "failed", "parked": True, "updated_at": at(-1)},
        {"id": "cancelled-only", "state": "unknown", "updated_at": at(-9)},
        {"id": "asked-for", "request": {"plan_code": "x"}, "updated_at": at(-8)},
    )
    plant(
        conn,
        rejected_order,
        {"id": "rejected", "at": at(5.5)},
        {"id": "rejected-before", "at": at(-2)},
        {"id": "rejected-long-ago", "at": at(-3)},
        {"id": "asked-for", "at": at(9)},
        {"id": "cancelled-only", "at": at(-4)},
    )
    everything = _ids(timelines.orders(conn))
    assert everything == [
        "cancelled", "failed", "rejected", "completed", "cancelling", "working", "stopped", "waiting",
        "unknown", "parked", "rejected-before", "rejected-long-ago", "cancelled-only", "asked-for",
    ]  # fmt: skip
    assert _ids(timelines.orders(conn, "waiting")) == [
        "cancelling", "working", "stopped", "waiting", "asked-for"
    ]  # fmt: skip
    failed = ["failed", "rejected", "parked", "rejected-before", "rejected-long-ago", "cancelled-only"]
    assert _ids(timelines.orders(conn, "failed")) == failed
    assert _ids(timelines.orders(conn, "parked")) == ["parked"]
    assert _ids(timelines.orders(conn, "all", 3)) == everything[:3]
    assert _ids(timelines.orders(conn, "failed", 2)) == failed[:2]
    assert _ids(timelines.orders(conn, "waiting", 1)) == ["cancelling"]


def test_of_many_rejected_orders_the_latest_are_listed(conn: Connection) -> None:
    plant(conn, rejected_order, *({"id": str(number), "at": at(number)} for number in range(4)))
    assert _ids(timelines.orders(conn, "failed", 2)) == ["3", "2"]


def test_a_rejected_order_is_shown_as_failed_with_the_reason(conn: Connection) -> None:
    plant(conn, rejected_order, {"id": "A", "revision": 2, "at": at(3)})
    [found] = timelines.orders(conn)
    said = reason("invalid_data").say()
    assert asdict(found) == {
        "id": "A",
        "state": "failed",
        "revision": 2,
        "stage": None,
        "since": at(3),
        "serial": None,
        "olt": None,
        "port": None,
        "customer_id": None,
        "contract_id": None,
        "attempts": 0,
        "parked": False,
        "code": "invalid_data",
        "text_pt": said.text_pt.replace(": ?", ""),
        "action_pt": said.action_pt,
        "updated_at": at(3),
        "final": None,
    }
    assert found.text_pt
    assert "?" not in found.text_pt
    assert not found.live


ROW = {
    "id": "A",
    "state": "working",
    "revision": 3,
    "stage": "queued",
    "stage_since": at(-5),
    "finished_at": at(-50),
    "serial": S,
    "named_serial": T,
    "olt": "olt-1",
    "port": "0/1/0",
    "customer": "C-1",
    "contract": "K-1",
    "attempts": 2,
    "updated_at": at(1),
}


def _one(conn: Connection, **more: Any) -> timelines.OrderView:
    plant(conn, service_order, ROW | more, {"id": "B"})
    found = timelines.one(conn, "A")
    assert found
    return found


def test_an_order_at_work_is_shown_with_its_stage_and_since_when(conn: Connection) -> None:
    assert timelines.one(conn, "A") is None
    found = _one(conn)
    assert asdict(found) == {
        "id": "A",
        "state": "working",
        "revision": 3,
        "stage": "queued",
        "since": at(-5),
        "serial": S,
        "olt": "olt-1",
        "port": "0/1/0",
        "customer_id": "C-1",
        "contract_id": "K-1",
        "attempts": 2,
        "parked": False,
        "code": None,
        "text_pt": Stage.QUEUED.text_pt,
        "action_pt": None,
        "updated_at": at(1),
        "final": None,
    }
    assert found.live


@pytest.mark.parametrize(
    ("row", "code", "text"),
    [
        ({"stage": None}, None, None),
        ({"last_code": "olt_busy"}, "olt_busy", "reason"),
        ({"verdict": "serial_claimed", "verdict_params": {"other_order": "B"}}, "serial_claimed", "reason"),
        ({"verdict": "serial_claimed", "last_code": "olt_busy"}, "serial_claimed", "reason"),
        ({"last_code": "olt_busy", "final": {"code": "x", "text_pt": "Y"}}, "olt_busy", "reason"),
    ],
)
def test_an_order_at_work_says_its_verdict_else_why_it_waits(
    conn: Connection, row: dict[str, Any], code: str | None, text: str | None
) -> None:
    found = _one(conn, **row)
    assert found.code == code
    if code is None:
        assert (found.text_pt, found.action_pt) == (None, None)
    else:
        place = {"olt": "olt-1", "port": "0/1/0", "serial": S} | row.get("verdict_params", {})
        said = reason(code).say(place)
        assert (found.text_pt, found.action_pt) == (said.text_pt, said.action_pt)


@pytest.mark.parametrize(
    ("row", "code", "texts", "serial"),
    [
        ({"final": {"code": "x", "text_pt": "Y", "action_pt": "Z"}}, "x", ("Y", "Z"), S),
        ({"last_code": "olt_busy", "final": {"text_pt": "Y"}}, "olt_busy", ("Y", None), S),
        ({"last_code": "olt_busy", "final": {"code": "x"}}, "x", (None, None), S),
        ({"verdict": "v", "serial": None}, None, (None, None), T),
    ],
)
def test_an_order_that_ended_says_its_result(
    conn: Connection, row: dict[str, Any], code: str, texts: tuple[str | None, str | None], serial: str
) -> None:
    found = _one(conn, state="failed", parked=True, **row)
    assert (found.code, (found.text_pt, found.action_pt), found.serial) == (code, texts, serial)
    assert (found.since, found.parked, found.live) == (at(-50), True, False)
    assert found.final == row.get("final")


def test_an_order_without_a_place_says_the_text_at_its_own_job(conn: Connection) -> None:
    nowhere = {"olt": None, "port": None, "last_code": "olt_held"}
    plant(
        conn,
        service_order,
        ROW | nowhere,
        ROW | nowhere | {"id": "B"},
        ROW | nowhere | {"id": "C", "olt": "olt-1"},
        ROW | nowhere | {"id": "D", "last_code": "profile_missing"},
        ROW | nowhere | {"id": "E", "verdict": "serial_claimed"},
        ROW | nowhere | {"id": "F", "state": "completed"},
        ROW | nowhere | {"id": "G"},
    )
    plant(
        conn,
        job,
        *({"service_order_id": one, "last_text": f"espera {one}"} for one in "ACDEF"),
        {"service_order_id": "B", "last_text": "espera B", "live": False},
        {"service_order_id": "G", "last_text": None},
        {"service_order_id": "G", "kind": "deprovision", "last_text": "remove"},
    )
    told = {view.id: view.text_pt for view in timelines.orders(conn)}
    held = reason("olt_held").say({"olt": None, "port": None, "serial": S}).text_pt
    assert told["A"] == "espera A"
    assert {told["B"], told["G"]} == {held}
    assert told["C"] == reason("olt_held").say({"olt": "olt-1", "port": None, "serial": S}).text_pt
    assert told["D"] != "espera D"
    assert told["E"] != "espera E"
    assert told["F"] is None


def test_orders_are_found_by_their_id_and_by_the_unit_they_work_with_name_or_are_lent(
    conn: Connection,
) -> None:
    plant(
        conn,
        service_order,
        {"id": "A", "serial": S, "updated_at": at(1)},
        {"id": "B", "named_serial": S, "updated_at": at(3)},
        {"id": "C", "updated_at": at(2)},
        {"id": "D", "serial": T, "updated_at": at(4)},
        {"id": "E", "updated_at": at(5)},
        {"id": "F", "serial": S, "named_serial": S, "updated_at": at(0)},
    )
    mac = {"received": {"mac": "aa:bb:cc-00.1122"}}
    plant(
        conn,
        equipment,
        {"serial": S, "bound_order": "C", **mac},
        {"serial": T, "bound_order": "D", "received": {"mac": "AABBCC001123"}},
    )
    plant(
        conn,
        rejected_order,
        {"id": "R"},
        {"id": "Q"},
        {"id": "A"},
    )
    plant(
        conn,
        rejected_record,
        {"place": "t/0/1", "service_order_id": "R", "serial": S},
        {"place": "t/0/2", "service_order_id": "Q", "serial": T},
        {"place": "t/0/3", "service_order_id": "A", "serial": S},
    )
    assert _ids(timelines.find(conn, "A")) == ["A"]
    assert _ids(timelines.find(conn, "R")) == ["R"]
    assert _ids(timelines.find(conn, S.lower())) == ["B", "C", "A", "F", "R"]
    assert _ids(timelines.find(conn, "AABBCC001122")) == ["B", "C", "A", "F", "R"]
    assert _ids(timelines.find(conn, "nobody")) == []
    assert [one.record for one in timelines.requests_rejected(conn, S)] == ["t/0/1", "t/0/3"]
    assert [one.record for one in timelines.requests_rejected(conn, "Q")] == ["t/0/2"]


def test_a_unit_is_what_stock_says_of_it(conn: Connection) -> None:
    plant(
        conn,
        equipment,
        {"serial": S, "received": {"mac": "AABBCC001122", "model": "x"}},
        {"serial": T, "bound_order": "B"},
        {"serial": H_HEX},
    )
    received = {"serial": S, "received": {"mac": "AABBCC001122", "model": "x"}, "lent_to": None}
    assert timelines.unit(conn, S) == received
    assert timelines.unit(conn, "aa-bb-cc-00-11-22") == received
    assert timelines.unit(conn, T) == {"serial": T, "received": None, "lent_to": "B"}
    assert timelines.unit(conn, H_HEX) is None
    assert timelines.unit(conn, "nobody") is None


def test_a_timeline_is_the_orders_own_oldest_first_from_a_step_on(conn: Connection) -> None:
    told = {
        "service_order_id": "A",
        "kind": "command",
        "at": at(9),
        "revision": 2,
        "text": "x",
        "detail": {"y": 1},
    }
    first, second, *_ = plant(conn, job_step, told, told | {"at": at(1)}, told | {"service_order_id": "B"})
    assert timelines.steps(conn, "A") == [
        Step(first, at(9), 2, "command", "x", {"y": 1}),
        Step(second, at(1), 2, "command", "x", {"y": 1}),
    ]
    assert [one.id for one in timelines.steps(conn, "A", first)] == [second]
    assert timelines.steps(conn, "A", second) == []


def test_a_timeline_is_read_from_the_first_step_on(conn: Connection) -> None:
    plant(conn, job_step, {"id": 1, "service_order_id": "A"})
    assert [one.id for one in timelines.steps(conn, "A")] == [1]


def test_the_jobs_of_an_order_are_its_live_ones_oldest_first(conn: Connection) -> None:
    row = {
        "service_order_id": "A",
        "due_at": at(3),
        "attempts": 2,
        "last_code": "olt_busy",
        "last_text": "espera",
    }
    plant(
        conn,
        job,
        *beside(row, {"kind": "deprovision", "due_at": at(1)}, {"live": False}, {"service_order_id": "B"}),
    )
    assert timelines.jobs(conn, "A") == [
        JobView("provision", "olt-1", "due", at(3), 2, "olt_busy", "espera"),
        JobView("deprovision", "olt-1", "due", at(1), 2, "olt_busy", "espera"),
    ]


def test_the_book_shows_the_latest_deeds_of_one_target_first(conn: Connection) -> None:
    timelines.note(conn, "ana", "retry", "A", "porque")
    timelines.note(conn, "bia", "cancel", "B", "sim")
    timelines.note(conn, "caio", "cancel", "A", "nao")
    assert timelines.deeds(conn, "A") == [
        Deed(NOON, "caio", "cancel", "A", "nao"),
        Deed(NOON, "ana", "retry", "A", "porque"),
    ]
    assert [one.who for one in timelines.deeds(conn, "A", 1)] == ["caio"]
    assert column(conn, action, "who") == ["ana", "bia", "caio"]
