"""What correlation asks of the table of jobs: whole rows, and which others are left alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from events.stages import Stage
from schemas.place import PonPort
from tests.support.rows import beside, column, plant, row_of
from tests.unit.correlate.town import NOON, S, T
from worker.store import jobs
from worker.store.db import _after
from worker.store.jobs import Owned
from worker.store.schema import job, service_order

PORT, OTHER = PonPort.model_validate("0/1/0"), PonPort.model_validate("0/1/7")
LATER = NOON + timedelta(hours=8)
EARLIER = NOON - timedelta(hours=1)


@dataclass(frozen=True)
class Asked:
    """A `Wanted`."""

    id: str = "A"
    revision: int = 2
    serial: str = S
    site: str | None = "centro"
    olt: str | None = None
    port: PonPort | None = None
    priority: int = 7
    deadline_at: Any = LATER


def _live(conn: Connection) -> list[dict[str, Any]]:
    rows = conn.execute(select(job).where(job.c.live).order_by(job.c.id)).mappings()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


MADE = {
    "service_order_id": "A",
    "revision": 2,
    "serial": S,
    "state": "due",
    "live": True,
    "due_at": NOON,
    "priority": 7,
    "attempts": 0,
    "open_attempt": False,
    "created_at": NOON,
    "updated_at": NOON,
}


def test_an_order_that_begins_has_a_job_where_it_is_to_be_or_one_without_a_place(conn: Connection) -> None:
    asked = (Asked(olt="olt-1", port=PORT), Asked("B", olt="olt-1"), Asked("C", port=PORT))
    assert jobs.start_all(conn, asked, NOON) == {
        "A": Stage.QUEUED,
        "B": Stage.DISCOVERING,
        "C": Stage.DISCOVERING,
    }
    placed, *searched = _live(conn)
    del placed["id"]
    begun = {**MADE, "kind": "provision", "deadline_at": LATER}
    assert placed == begun | {"olt": "olt-1", "port": "0/1/0", "payload": {}}
    for one, order, olt in zip(searched, "BC", ("olt-1", None), strict=True):
        del one["id"]
        nowhere = {"olt": "", "payload": {"site": "centro", "olt": olt}}
        assert one == begun | {"service_order_id": order} | nowhere
    assert _after(conn).channels == {"jobs"}
    assert jobs.start_work(conn, Asked("D"), NOON) is Stage.DISCOVERING


def test_nothing_to_begin_wakes_nobody(conn: Connection) -> None:
    assert jobs.start_all(conn, (), NOON) == {}
    jobs.look_all(conn, (), NOON)
    assert _after(conn).channels == set()


def test_a_revision_takes_the_place_of_the_orders_other_jobs_and_of_nobody_elses(conn: Connection) -> None:
    former = {"kind": "provision", "olt": "olt-9", "service_order_id": "A", "revision": 1}
    dropped = plant(
        conn, job, *beside(former, {"kind": "deprovision", "revision": 2}, {"kind": "scan", "revision": 2})
    )
    kept = plant(
        conn,
        job,
        *beside(
            former | {"service_order_id": "B"},
            {"service_order_id": "A", "kind": "plan"},
            {"service_order_id": "A", "live": False, "state": "done", "revision": 2},
        ),
    )
    jobs.start_all(conn, [Asked()], NOON)
    assert [(row_of(conn, job, one).live, row_of(conn, job, one).state) for one in dropped] == [
        (False, "dropped")
    ] * 3
    assert [row_of(conn, job, one).state for one in kept] == ["due", "due", "done"]
    assert {row_of(conn, job, one).updated_at for one in dropped} == {NOON}
    assert column(conn, job, "revision", service_order_id="A", live=True, kind="provision") == [2]


def test_the_job_of_this_revision_goes_on_and_others_of_the_order_do_not(conn: Connection) -> None:
    own, older = plant(
        conn,
        job,
        *beside(
            {"olt": "olt-9", "service_order_id": "A", "revision": 2, "due_at": LATER},
            {"olt": "olt-8", "revision": 1},
        ),
    )
    jobs.start_all(conn, [Asked(), Asked("B")], NOON)
    assert [one["service_order_id"] for one in _live(conn)] == ["A", "B"]
    assert row_of(conn, job, own).due_at == LATER
    assert row_of(conn, job, older).state == "dropped"


def test_what_has_ended_meanwhile_is_not_dropped(conn: Connection) -> None:
    ended, other, meant = plant(
        conn,
        job,
        {"live": False, "state": "done", "service_order_id": "A"},
        {"kind": "scan"},
        {"kind": "save"},
    )
    jobs._drop(conn, [ended, meant], NOON)
    assert [row_of(conn, job, one).state for one in (ended, other, meant)] == ["done", "due", "dropped"]


def test_an_order_that_may_have_named_a_serial_has_one_job_that_looks(conn: Connection) -> None:
    jobs.look_all(conn, [Asked(olt="olt-1")], NOON)
    [made] = _live(conn)
    payload = {"site": "centro", "olt": "olt-1"}
    assert made == MADE | {"id": made["id"], "kind": "scan", "olt": "", "payload": payload}
    assert _after(conn).channels == {"jobs"}
    _after(conn).channels.clear()
    jobs.look_all(conn, [Asked(olt="olt-1", priority=3)], NOON + timedelta(minutes=1))
    assert _live(conn) == [made]
    assert _after(conn).channels == set()


@pytest.mark.parametrize(
    "change",
    [{"revision": 3}, {"serial": T}, {"site": "norte"}, {"olt": "olt-2"}],
    ids=lambda one: str([*one]),
)
def test_a_look_for_something_else_takes_the_place_of_the_former_one(
    conn: Connection, change: dict[str, Any]
) -> None:
    jobs.look_all(conn, [Asked(olt="olt-1"), Asked("B")], NOON)
    former, other = column(conn, job, "id")
    changed = replace(Asked(olt="olt-1"), **change)
    jobs.look_all(conn, [changed, Asked("B")], NOON)
    assert row_of(conn, job, former).state == "dropped"
    assert row_of(conn, job, other).live
    [made] = [one for one in _live(conn) if one["service_order_id"] == "A"]
    assert (made["revision"], made["serial"]) == (changed.revision, changed.serial)


@pytest.mark.parametrize("other", [{"live": False}, {"kind": "provision"}, {"service_order_id": "B"}])
def test_only_a_look_under_way_for_the_order_is_one(conn: Connection, other: dict[str, Any]) -> None:
    looks = {
        "kind": "scan",
        "olt": "",
        "service_order_id": "A",
        "revision": 2,
        "serial": S,
        "payload": {"site": "centro", "olt": None},
    }
    [planted] = plant(conn, job, looks | other)
    jobs.look_all(conn, [Asked()], NOON)
    found = column(conn, job, "id", service_order_id="A", kind="scan", live=True)
    assert len(found) == 1
    assert found != [planted]
    assert row_of(conn, job, planted).state == "due"


def test_stopping_ends_what_installs_and_looks_for_this_order_and_nothing_else(conn: Connection) -> None:
    works = {"service_order_id": "A"}
    provisions, looks, *others = plant(
        conn,
        job,
        *beside(
            works,
            {"kind": "scan"},
            {"kind": "deprovision"},
            {"kind": "plan"},
            {"service_order_id": "B"},
            {"live": False, "state": "done"},
        ),
    )
    later = NOON + timedelta(minutes=1)
    jobs.stop_work(conn, "A", later)
    for one in (provisions, looks):
        row = row_of(conn, job, one)
        assert (row.live, row.state, row.updated_at) == (False, "dropped", later)
    assert [row_of(conn, job, one).state for one in others] == ["due", "due", "due", "done"]


def test_what_is_to_be_removed_is_one_job_an_olt_with_its_serials_and_places(conn: Connection) -> None:
    plant(conn, service_order, {"id": "A", "revision": 4}, {"id": "B", "revision": 5})
    former = {"kind": "deprovision", "service_order_id": "A", "olt": "olt-9"}
    dropped, *kept = plant(
        conn,
        job,
        *beside(
            former,
            {"service_order_id": "B"},
            {"kind": "provision"},
            {"live": False, "state": "done"},
        ),
    )
    owned = [Owned("olt-2", PORT, S), Owned("olt-1", OTHER, T), Owned("olt-1", PORT, S)]
    assert jobs.start_removal(conn, "A", owned, NOON) == 2
    assert _after(conn).channels == {"jobs"}
    one, two = [row for row in _live(conn) if row["id"] not in kept]
    removes = {
        **MADE,
        "kind": "deprovision",
        "revision": 4,
        "priority": 5,
        "deadline_at": NOON + timedelta(hours=72),
    }
    del removes["serial"], one["id"], two["id"]
    assert one == removes | {
        "olt": "olt-1",
        "payload": {"why": "cancelled", "registrations": sorted([[T, "0/1/7"], [S, "0/1/0"]])},
    }
    assert two == removes | {
        "olt": "olt-2",
        "serial": S,
        "payload": {"why": "cancelled", "registrations": [[S, "0/1/0"]]},
    }
    row = row_of(conn, job, dropped)
    assert (row.live, row.state) == (False, "dropped")
    assert [row_of(conn, job, other).state for other in kept] == ["due", "due", "done"]


def test_a_removal_ends_when_it_is_told_to_and_none_wakes_nobody(conn: Connection) -> None:
    assert jobs.start_removal(conn, "A", [], NOON, LATER) == 0
    assert _after(conn).channels == set()
    assert jobs.start_removal(conn, "A", [Owned("olt-1", PORT, S)], NOON, LATER) == 1
    assert column(conn, job, "deadline_at") == [LATER]
