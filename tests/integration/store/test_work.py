"""What a lease's holder does to the jobs of its OLT: whole rows, which others are left alone, and what is locked first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from schemas.place import PonPort
from tests.support.rows import beside, column, plant, row_of
from tests.support.statements import locking
from tests.unit.correlate.town import NOON, S
from worker.store import work
from worker.store.db import _after
from worker.store.leases import Lease, StaleLease
from worker.store.schema import job, job_step, olt_lease, service_order
from worker.store.work import Job, Step

MINE = Lease("olt-1", "w1", 7)
MINUTE, MOMENT = timedelta(minutes=1), timedelta(microseconds=1)
LATER = NOON + timedelta(hours=1)


def _lease(conn: Connection, **more: Any) -> None:
    stands = {"holder": "w1", "fence": 7, "expires_at": NOON + MINUTE, "length_s": 60.0, "length_fence": 7}
    plant(
        conn,
        olt_lease,
        {"olt": "olt-1"} | stands | more,
        {"olt": "olt-2"} | stands | {"platform": "zte_zxan"},
    )


def _job(conn: Connection, **more: Any) -> int:
    [made] = plant(conn, job, {"service_order_id": "A", "updated_at": NOON - MINUTE} | more)
    return int(made)


def _running(job_id: int, order: str | None = "A") -> Job:
    return Job(job_id, "provision", "olt-1", NOON, NOON, order, 1)


# ------------------------------------------------------------------------------------------------------------ to take


def test_a_holder_takes_the_due_job_that_has_the_next_turn(conn: Connection) -> None:
    _lease(conn)
    plant(conn, service_order, {"id": "A"})
    row = {
        "service_order_id": "A",
        "revision": 2,
        "serial": S,
        "port": "0/1/0",
        "deadline_at": LATER,
        "open_attempt": True,
        "payload": {"attempts": 1},
        "created_at": NOON - MINUTE,
        "due_at": NOON,
    }
    first, *others = plant(
        conn,
        job,
        *beside(
            row,
            {"olt": "olt-2", "priority": 9},
            {"live": False, "priority": 9},
            {"due_at": NOON + MOMENT, "priority": 9, "service_order_id": "B"},
            {"kind": "mystery", "priority": 9},
        ),
    )
    with locking(conn) as locked:
        taken = work.take(conn, MINE, NOON)
    assert locked == ["olt_lease", "service_order"]
    assert taken == Job(
        first,
        "provision",
        "olt-1",
        NOON - MINUTE,
        NOON,
        "A",
        2,
        S,
        PonPort.model_validate("0/1/0"),
        LATER,
        open_attempt=True,
        notes={"attempts": 1},
    )
    begun = row_of(conn, job, first)
    assert (begun.state, begun.platform, begun.updated_at) == ("running", "huawei_smartax", NOON)
    assert {row_of(conn, job, one).state for one in others} == {"due"}
    assert row_of(conn, olt_lease, "olt-1").since_longest_due == 1
    assert row_of(conn, olt_lease, "olt-2").since_longest_due is None


def test_a_holder_takes_only_kinds_that_it_asks_for(conn: Connection) -> None:
    _lease(conn)
    _job(conn, kind="provision", priority=9)
    [saves] = plant(conn, job, {"kind": "save"})
    taken = work.take(conn, MINE, NOON, ("save",))
    assert taken
    assert (taken.id, taken.order_id, taken.port, taken.notes) == (saves, None, None, {})
    assert work.take(conn, MINE, NOON, ("scan",)) is None


@pytest.mark.parametrize(
    "change",
    [{"holder": "w2"}, {"fence": 8}, {"expires_at": None}, {"expires_at": NOON - MOMENT}],
    ids=lambda one: str([*one]),
)
@pytest.mark.parametrize(
    "ask",
    [
        lambda conn, one: work.take(conn, MINE, NOON),
        lambda conn, one: work.still_wanted(conn, MINE, one, NOON),
        lambda conn, one: work.held_fast(conn, MINE, _running(one), NOON),
    ],
    ids=["take", "still_wanted", "held_fast"],
)
def test_who_has_lost_its_lease_does_nothing_more(
    conn: Connection, change: dict[str, Any], ask: Callable[[Connection, int], Any]
) -> None:
    _lease(conn, **change)
    made = _job(conn)
    with pytest.raises(StaleLease, match="olt-1"):
        ask(conn, made)


def test_a_job_is_wanted_as_long_as_it_lives(conn: Connection) -> None:
    _lease(conn)
    lives, ended = _job(conn), _job(conn, live=False, service_order_id="B")
    assert work.still_wanted(conn, MINE, lives, NOON) is True
    assert work.still_wanted(conn, MINE, ended, NOON) is False
    assert work.is_live(conn, _running(lives)) is True
    assert work.is_live(conn, _running(ended)) is False
    with pytest.raises(StaleLease):
        work.still_wanted(conn, MINE, ended + 1, NOON)
    with locking(conn) as locked:
        assert work.held_fast(conn, MINE, _running(lives), NOON)
        assert work.is_live(conn, _running(lives, None))
    assert locked == ["olt_lease", "service_order", "job", "job"]


# ---------------------------------------------------------------------------------------------------- what becomes of it


def _as_it_was(conn: Connection, other: int) -> bool:
    row = row_of(conn, job, other)
    return (row.state, row.live, row.due_at, row.payload, row.open_attempt) == ("due", True, NOON, None, True)


def test_a_job_that_goes_on_later_is_due_then_with_what_was_learnt(conn: Connection) -> None:
    made, ended = _job(conn, state="running", stage="first"), _job(conn, live=False, state="done")
    other = _job(conn, service_order_id="B", open_attempt=True)
    work.later(conn, _running(made), LATER, notes={"x": 1}, code="olt_busy", text="espera")
    row = row_of(conn, job, made)
    told = (row.state, row.due_at, row.payload, row.last_code, row.last_text, row.stage, row.updated_at)
    assert told == ("due", LATER, {"x": 1}, "olt_busy", "espera", "first", NOON)
    work.later(conn, _running(made), NOON, first=False)
    row = row_of(conn, job, made)
    assert (row.due_at, row.payload, row.last_code, row.last_text, row.stage) == (
        NOON,
        {"x": 1},
        None,
        None,
        None,
    )
    work.later(conn, _running(made), NOON, first=True, notes={})
    row = row_of(conn, job, made)
    assert (row.payload, row.stage) == ({}, "first")
    work.later(conn, _running(ended), LATER)
    assert row_of(conn, job, ended).state == "done"
    assert _as_it_was(conn, other)


@pytest.mark.parametrize(
    ("first_for", "priority", "stage"), [(None, 5, None), (8, 8, "first"), (0, 0, "first")]
)
def test_a_scan_looks_again_with_the_priority_of_whom_it_looks_for_first(
    conn: Connection, first_for: int | None, priority: int, stage: str | None
) -> None:
    made = _job(conn, kind="scan", stage="first", priority=9, last_code="olt_busy", last_text="espera")
    work.look_again(conn, _running(made), LATER, {"x": 1}, first_for)
    row = row_of(conn, job, made)
    assert (row.priority, row.stage, row.last_code, row.last_text, row.payload, row.due_at) == (
        priority, stage, None, None, {"x": 1}, LATER
    )  # fmt: skip


def test_a_job_that_is_done_is_live_no_more(conn: Connection) -> None:
    made, other = (
        _job(conn, open_attempt=True, payload={"x": 1}),
        _job(conn, service_order_id="B", open_attempt=True),
    )
    work.end(conn, made, LATER)
    row = row_of(conn, job, made)
    assert (row.state, row.live, row.open_attempt, row.updated_at, row.payload) == (
        "done", False, False, LATER, {"x": 1}
    )  # fmt: skip
    work.end(conn, made, LATER, notes={"y": 2})
    assert row_of(conn, job, made).payload == {"y": 2}
    assert _as_it_was(conn, other)


def test_what_a_run_finds_is_kept_for_whoever_goes_on(conn: Connection) -> None:
    made, other = _job(conn), _job(conn, service_order_id="B", open_attempt=True)
    running = _running(made)
    assert work.notes_of(conn, running) == {}
    work.note(conn, running, {"attempts": 2, "x": 1}, open_attempt=True)
    row = row_of(conn, job, made)
    assert (row.payload, row.open_attempt, row.attempts) == ({"attempts": 2, "x": 1}, True, 2)
    assert work.notes_of(conn, running) == {"attempts": 2, "x": 1}
    work.close_attempt(conn, running)
    assert row_of(conn, job, made).open_attempt is False
    work.note(conn, running, {}, open_attempt=False)
    row = row_of(conn, job, made)
    assert (row.open_attempt, row.attempts) == (False, 0)
    assert _as_it_was(conn, other)


def test_the_live_jobs_of_an_order_are_those_of_the_kind(conn: Connection) -> None:
    row = {"service_order_id": "A"}
    made, *_ = plant(conn, job, *beside(row, {"live": False}, {"service_order_id": "B"}, {"kind": "scan"}))
    assert work.live_jobs(conn, "A", "provision") == [made]


def test_the_removals_of_a_revision_are_all_that_were_not_dropped_oldest_first(conn: Connection) -> None:
    row = {"kind": "deprovision", "service_order_id": "A", "revision": 2}
    made, ended, *_ = plant(
        conn,
        job,
        *beside(
            row,
            {"olt": "olt-0", "live": False, "state": "done"},
            {"service_order_id": "B"},
            {"revision": 1, "olt": "olt-3"},
            {"kind": "provision"},
            {"state": "dropped", "live": False},
        ),
    )
    assert [one.id for one in work.removals(conn, "A", 2)] == [made, ended]


# ------------------------------------------------------------------------------------------------- jobs of a whole OLT


def _saves(conn: Connection) -> list[Any]:
    return [
        (row.due_at, row.deadline_at, row.state, row.updated_at)
        for row in (
            row_of(conn, job, one) for one in column(conn, job, "id", kind="save", olt="olt-1", live=True)
        )
        if row.service_order_id is None
    ]


def test_a_change_is_saved_when_it_has_been_quiet_for_a_while(conn: Connection) -> None:
    decoys = plant(
        conn,
        job,
        *beside(
            {"kind": "save", "olt": "olt-2"},
            {"live": False},
            {"olt": "olt-1", "service_order_id": "A"},
            {"kind": "scan", "olt": "olt-1"},
        ),
    )
    work.save_soon(conn, "olt-1", NOON, 30, 300)
    soon, latest = NOON + timedelta(seconds=30), NOON + timedelta(seconds=300)
    assert _saves(conn) == [(soon, latest, "due", NOON)]
    [made] = column(conn, job, "id", kind="save", olt="olt-1", service_order_id=None)
    row = row_of(conn, job, made)
    assert (row.priority, row.payload, row.created_at) == (0, {}, NOON)
    again = NOON + timedelta(seconds=20)
    work.save_soon(conn, "olt-1", again, 30, 300)
    assert _saves(conn) == [(again + timedelta(seconds=30), latest, "due", again)]
    at_last = NOON + timedelta(seconds=290)
    work.save_soon(conn, "olt-1", at_last, 30, 300)
    assert _saves(conn) == [(latest, latest, "due", at_last)]
    assert [row_of(conn, job, one).due_at for one in decoys] == [NOON] * 4
    assert _after(conn).channels == set()


@pytest.mark.parametrize(
    ("deadline", "due"),
    [(NOON, LATER), (NOON + MOMENT, NOON + MOMENT), (NOON + 30 * MINUTE / 60, NOON + timedelta(seconds=30))],
)
def test_a_save_that_is_late_stays_as_it_is(conn: Connection, deadline: Any, due: Any) -> None:
    plant(conn, job, {"kind": "save", "due_at": LATER, "deadline_at": deadline})
    work.save_soon(conn, "olt-1", NOON, 30, 300)
    assert [one[0] for one in _saves(conn)] == [due]


def test_a_save_under_way_is_followed_by_none_while_it_lives(conn: Connection) -> None:
    plant(conn, job, {"kind": "save", "state": "running"})
    work.save_soon(conn, "olt-1", NOON, 30, 300)
    assert _saves(conn) == [(NOON, None, "running", NOON)]


def test_what_is_unsaved_is_saved_at_once_on_that_olt(conn: Connection) -> None:
    save = {"kind": "save", "due_at": LATER, "deadline_at": LATER}
    made, *others = plant(
        conn,
        job,
        *beside(save, {"olt": "olt-2"}, {"kind": "scan"}, {"live": False}, {"service_order_id": "A"}),
    )
    work.save_now(conn, "olt-1", NOON + MINUTE)
    row = row_of(conn, job, made)
    assert (row.due_at, row.deadline_at, row.updated_at) == (NOON + MINUTE,) * 3
    assert [row_of(conn, job, one).due_at for one in others] == [LATER] * 4


def test_olts_are_looked_at_now_with_the_priority_of_whom_they_are_looked_at_for(conn: Connection) -> None:
    scan = {"kind": "scan", "due_at": LATER, "priority": 5, "updated_at": NOON - MINUTE}
    [repeated, urgent, same, due, *others] = plant(
        conn,
        job,
        scan,
        scan | {"olt": "olt-2", "stage": "first", "priority": 9},
        scan | {"olt": "olt-3", "stage": None, "priority": 9},
        scan | {"olt": "olt-4", "stage": "first", "priority": 3, "due_at": NOON - MINUTE},
        *beside(scan | {"olt": "olt-9"}, {"olt": "olt-1", "kind": "save"}, {"olt": "olt-1", "live": False}),
    )
    wanted = {"olt-1": 7, "olt-2": 7, "olt-3": 7, "olt-4": 2, "olt-5": 4}
    with locking(conn) as locked:
        work.scan_now(conn, wanted, NOON)
    assert locked == ["job olt"]

    def told(one: int) -> Any:
        row = row_of(conn, job, one)
        return row.due_at, row.priority, row.stage, row.updated_at

    assert told(repeated) == (NOON, 7, "first", NOON)
    assert told(urgent) == (NOON, 9, "first", NOON)
    assert told(same) == (NOON, 7, "first", NOON)
    assert told(due) == (NOON - MINUTE, 3, "first", NOON)
    assert {told(one) for one in others} == {(LATER, 5, None, NOON - MINUTE)}
    [made] = column(conn, job, "id", olt="olt-5")
    assert told(made) == (NOON, 4, "first", NOON)
    row = row_of(conn, job, made)
    assert (row.kind, row.state, row.live, row.deadline_at, row.payload) == ("scan", "due", True, None, {})
    assert len(column(conn, job, "id", kind="scan", live=True)) == 6
    assert _after(conn).channels == {"jobs"}


def test_no_olt_to_look_at_wakes_nobody(conn: Connection) -> None:
    work.scan_now(conn, {}, NOON)
    assert _after(conn).channels == set()


def test_who_waits_on_an_olt_is_told_by_the_id_of_its_order(conn: Connection) -> None:
    plant(
        conn,
        job,
        *beside(
            {"service_order_id": "C", "due_at": NOON - MINUTE},
            {"service_order_id": "B", "due_at": NOON},
            {"service_order_id": "A", "due_at": LATER},
            {"service_order_id": "D", "live": False},
            {"service_order_id": "E", "olt": "olt-2"},
            {"service_order_id": "F", "kind": "deprovision"},
        ),
    )
    assert [one.order_id for one in work.waiting_for(conn, "olt-1")] == ["A", "B", "C"]
    assert [one.order_id for one in work.waiting_for(conn, "olt-1", 2)] == ["A", "B"]


def test_a_breaker_tells_two_hundred_who_wait_and_no_more(conn: Connection) -> None:
    plant(
        conn, job, *beside({"service_order_id": "0"}, *({"service_order_id": f"{n}"} for n in range(1, 202)))
    )
    assert len(work.waiting_for(conn, "olt-1")) == 200


def test_steps_stand_with_their_job_and_its_order(conn: Connection) -> None:
    work.add_steps(conn, _running(9), [Step("command", "x", {"y": 1}), Step("outcome")], LATER)
    rows = [row_of(conn, job_step, one) for one in column(conn, job_step, "id")]
    told = [
        (row.job_id, row.service_order_id, row.revision, row.at, row.kind, row.text, row.detail)
        for row in rows
    ]
    assert told == [
        (9, "A", 1, LATER, "command", "x", {"y": 1}),
        (9, "A", 1, LATER, "outcome", None, None),
    ]


# ------------------------------------------------------------------------------------------------------- what is too late

LIGHT = timedelta(hours=2)
LATE = {"state": "running", "deadline_at": NOON, "due_at": NOON}
IDLE = [
    ({"state": "due"}, True),
    ({"olt": "olt-3"}, True),
    ({"olt": "olt-4"}, True),
    ({"olt": "unknown"}, True),
    ({}, False),
    ({"state": "due", "deadline_at": NOON + MOMENT}, False),
    ({"state": "due", "live": False}, False),
    ({"state": "due", "deadline_at": None}, False),
    ({"state": "due", "deadline_at": None, "olt": "", "due_at": NOON - LIGHT}, True),
    ({"state": "due", "deadline_at": None, "olt": "", "due_at": NOON - LIGHT + MOMENT}, False),
    ({"state": "due", "deadline_at": None, "due_at": NOON - LIGHT}, False),
    ({"state": "due", "deadline_at": NOON, "olt": "", "due_at": NOON - LIGHT}, True),
]


@pytest.mark.parametrize(("change", "late"), IDLE, ids=str)
def test_a_job_is_overdue_once_its_time_is_up_and_nobody_works_on_it(
    conn: Connection, change: dict[str, Any], *, late: bool
) -> None:
    held = {"holder": "w1", "expires_at": NOON + MOMENT}
    plant(
        conn,
        olt_lease,
        {"olt": "olt-1"} | held,
        {"olt": "olt-3"},
        {"olt": "olt-4"} | held | {"expires_at": NOON},
    )
    plant(conn, service_order, {"id": "A"})
    made = _job(conn, **(LATE | change))
    candidate = Job(made, "provision", "olt-1", NOON, NOON, "A", 1)
    found = [one.id for one in work.overdue(conn, NOON, LIGHT)]
    assert found == ([made] if late else [])
    with locking(conn) as locked:
        assert work.is_overdue(conn, candidate, NOON, LIGHT) is late
    assert locked == ["service_order", "job"]


def test_overdue_are_jobs_of_orders_in_the_order_in_which_they_are_locked(conn: Connection) -> None:
    plant(conn, olt_lease, {"olt": "olt-1"})
    late = {"deadline_at": NOON - MINUTE, "service_order_id": "B"}
    made = plant(
        conn,
        job,
        *beside(
            late,
            {"service_order_id": "A", "deadline_at": NOON, "kind": "plan"},
            {"service_order_id": "A", "deadline_at": NOON, "kind": "deprovision"},
            {"kind": "scan"},
            {"kind": "save", "service_order_id": None},
            {"service_order_id": "C", "olt": "", "due_at": NOON - LIGHT, "deadline_at": None},
            {"service_order_id": "D", "olt": "", "due_at": NOON - LIGHT, "deadline_at": LATER},
        ),
    )
    b, plan, removal, _, _, c, d = made
    assert [one.id for one in work.overdue(conn, NOON, LIGHT)] == [plan, removal, b, c, d]
    assert b in {one.id for one in work.overdue(conn, NOON, LIGHT, 1)}
    assert len(work.overdue(conn, NOON, LIGHT, 1)) == 2
    other = Job(plan, "plan", "olt-1", NOON, NOON, None)
    with locking(conn) as locked:
        assert work.is_overdue(conn, other, NOON, LIGHT)
    assert locked == ["job"]


def test_jobs_on_olts_that_nobody_has_are_found_in_the_order_in_which_they_are_locked(
    conn: Connection,
) -> None:
    plant(conn, olt_lease, {"olt": "olt-1"}, {"olt": "gone", "platform": None})
    row = {"olt": "gone", "service_order_id": "B"}
    b, a, *_ = plant(
        conn,
        job,
        *beside(
            row,
            {"olt": "unknown", "service_order_id": "A"},
            {"olt": "olt-1"},
            {"olt": ""},
            {"live": False},
        ),
    )
    assert [one.id for one in work.of_unknown_olts(conn)] == [a, b]
    assert len(work.of_unknown_olts(conn, 1)) == 1
