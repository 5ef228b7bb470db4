"""Jobs that have no place yet: whom a look at an OLT is for, and what becomes of them once they are seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from schemas.place import PonPort
from tests.support.rows import beside, column, plant, row_of
from tests.support.statements import locking
from tests.unit.correlate.town import NOON, S, T
from worker.store import search
from worker.store.db import _after
from worker.store.schema import job, service_order
from worker.store.search import Placed, Search

PORT = PonPort.model_validate("0/1/0")
WAITS: dict[str, Any] = {"olt": "", "service_order_id": "A", "revision": 2, "serial": S, "priority": 7}


def _orders(found: list[Search]) -> list[str]:
    return [one.order_id for one in found]


def test_scans_are_asked_for_once_for_who_has_no_place_in_the_order_of_their_coming(conn: Connection) -> None:
    [first, *_] = plant(
        conn,
        job,
        *beside(
            WAITS | {"payload": {"olt": "olt-1", "site": "centro"}, "due_at": NOON + timedelta(hours=1)},
            {"service_order_id": "B", "kind": "scan", "due_at": NOON},
            {"service_order_id": "C", "olt": "olt-1"},
            {"service_order_id": "D", "live": False},
            {"service_order_id": "E", "stage": "searched"},
            {"service_order_id": "F", "due_at": NOON - timedelta(hours=1)},
        ),
    )
    found = search.new(conn)
    assert _orders(found) == ["A", "B", "F"]
    assert found[0] == Search(first, "A", 2, S, NOON, "olt-1", "centro", undecided=False, priority=7)
    assert [one.undecided for one in found] == [False, True, False]
    assert _orders(search.new(conn, 2)) == ["A", "B"]
    search.begun(conn, [one.job_id for one in found[:2]])
    assert _orders(search.new(conn)) == ["F"]
    search.begin_all_anew(conn)
    assert _orders(search.new(conn)) == ["A", "B", "E", "F"]
    assert column(conn, job, "stage", service_order_id="C") == [None]


def test_all_are_asked_for_anew_but_who_has_a_place_or_has_ended(conn: Connection) -> None:
    searched, placed, ended = plant(
        conn,
        job,
        *beside(
            WAITS | {"stage": "searched"},
            {"olt": "olt-1", "service_order_id": "B"},
            {"live": False, "service_order_id": "C"},
        ),
    )
    search.begin_all_anew(conn)
    stages = [row_of(conn, job, one).stage for one in (searched, placed, ended)]
    assert stages == [None, "searched", "searched"]


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({}, True),
        ({"olt": "olt-1"}, True),
        ({"olt": "olt-1", "site": "norte"}, True),
        ({"olt": "olt-2"}, False),
        ({"olt": "olt-2", "site": "centro"}, False),
        ({"site": "centro"}, True),
        ({"site": "norte"}, False),
    ],
)
def test_a_unit_may_appear_on_the_olt_it_names_else_at_its_site_else_anywhere(
    conn: Connection, payload: dict[str, str], *, found: bool
) -> None:
    plant(conn, job, WAITS | {"service_order_id": "Z", "due_at": NOON + timedelta(hours=1)})
    plant(
        conn,
        job,
        *beside(
            WAITS | {"payload": payload},
            {"olt": "olt-1", "service_order_id": "B"},
            {"live": False, "service_order_id": "C"},
        ),
    )
    assert _orders(search.waiting(conn, "olt-1", "centro")) == (["Z", "A"] if found else ["Z"])


def _search(conn: Connection, **more: Any) -> Search:
    [made] = plant(conn, job, WAITS | more)
    plant(conn, job, WAITS | {"service_order_id": "B"})
    return Search(made, "A", 2, S, NOON)


@pytest.mark.parametrize(
    ("row", "now"),
    [
        ({}, Placed("", None, opened=False)),
        (
            {"olt": "olt-1", "port": "0/1/0", "payload": {"attempts": 1}},
            Placed("olt-1", PORT, opened=True),
        ),
        ({"payload": {"attempts": 0}}, Placed("", None, opened=False)),
        ({"live": False}, None),
    ],
)
def test_who_was_searched_for_is_where_its_job_is_now_and_stays_so(
    conn: Connection, row: dict[str, Any], now: Placed | None
) -> None:
    plant(conn, service_order, {"id": "A"})
    sought = _search(conn, **row)
    with locking(conn) as locked:
        assert search.where_now(conn, sought) == now
    assert locked == ["service_order", "job"]


def test_a_job_that_is_given_its_place_is_due_there_at_once(conn: Connection) -> None:
    sought = _search(conn, stage="searched", due_at=NOON - timedelta(hours=1), updated_at=NOON - timedelta(1))
    search.place(conn, sought, "olt-1", PORT, {"former": []})
    row = row_of(conn, job, sought.job_id)
    assert (row.olt, row.port, row.payload, row.stage, row.due_at, row.updated_at) == (
        "olt-1", "0/1/0", {"former": []}, None, NOON, NOON
    )  # fmt: skip
    assert column(conn, job, "olt", service_order_id="B") == [""]
    assert _after(conn).channels == {"jobs"}


def test_a_serial_that_an_olt_shows_is_told_of_orders_that_only_look(conn: Connection) -> None:
    looks = _search(conn, kind="scan")
    [installs] = plant(conn, job, WAITS | {"service_order_id": "C"})
    search.show(conn, replace(looks, job_id=installs))
    assert search.shown(conn) == []
    search.show(conn, looks)
    assert search.shown(conn) == [S]
    shown = WAITS | {"kind": "scan", "stage": "shown", "due_at": NOON - timedelta(hours=1), "serial": T}
    plant(
        conn,
        job,
        *beside(
            shown | {"service_order_id": "D"},
            {"service_order_id": "E", "olt": "olt-1", "serial": "E"},
            {"service_order_id": "F", "live": False, "serial": "F"},
            {"service_order_id": "G", "kind": "provision", "serial": "G"},
            {"service_order_id": "H", "stage": "searched", "serial": "H"},
        ),
    )
    assert search.shown(conn) == [S, T]
    assert search.shown(conn, 1) == [S]


def test_former_registrations_are_kept_once_each_at_the_job_while_it_lives(conn: Connection) -> None:
    sought = _search(conn, payload={"site": "centro"})
    assert search.former(conn, sought) == ()
    with locking(conn) as locked:
        search.add_former(conn, sought, "olt-1", PORT)
    assert locked == ["job"]
    search.add_former(conn, sought, "olt-1", PORT)
    search.add_former(conn, sought, "olt-2", PORT)
    assert search.former(conn, sought) == (("olt-1", "0/1/0"), ("olt-2", "0/1/0"))
    assert row_of(conn, job, sought.job_id).payload["site"] == "centro"
    assert column(conn, job, "payload", service_order_id="B") == [None]


def test_no_former_registration_is_kept_at_a_job_that_has_ended(conn: Connection) -> None:
    ended = _search(conn, live=False)
    search.add_former(conn, ended, "olt-1", PORT)
    assert search.former(conn, ended) == ()
