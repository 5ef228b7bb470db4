"""Which OLTs are away, and which orders wait for them: each condition alone decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from tests.support.rows import beside, column, plant, row_of
from tests.unit.correlate.town import NOON
from worker.store import away
from worker.store.away import Waiting
from worker.store.schema import job, olt_lease, service_order

SOON, A_SECOND = NOON + timedelta(seconds=1), timedelta(seconds=1)


def test_an_olt_is_away_while_it_is_held_shut_or_could_not_be_worked_on_when_it_was_scanned(
    conn: Connection,
) -> None:
    shut = {"breaker": "open", "breaker_code": "olt_unreachable", "breaker_until": None}
    plant(
        conn,
        olt_lease,
        {"olt": "held", "held": True},
        {"olt": "held-and-in-no-inventory", "held": True, "platform": None},
        {"olt": "shut", **shut},
        {"olt": "shut-and-in-no-inventory", **shut, "platform": None},
        {"olt": "not-shut", **shut, "breaker": "closed"},
        {"olt": "shut-of-another-code", **shut, "breaker_code": "profile_missing"},
        {"olt": "paused", **shut, "breaker": "half_open", "breaker_until": SOON},
        {"olt": "let-in-now", **shut, "breaker_until": NOON},
        {"olt": "held-and-shut", **shut, "held": True},
    )
    scanned = {"olt": "scanned", "kind": "scan", "last_code": "olt_busy"}
    plant(
        conn,
        job,
        *beside(
            scanned,
            {"olt": "scanned-once", "live": False},
            {"olt": "saved", "kind": "save"},
            {"olt": "looked-at-for-an-order", "service_order_id": "A"},
            {"olt": "scanned-well", "last_code": None},
            {"olt": "scanned-with-another-end", "last_code": "profile_missing"},
            {"olt": "held-and-shut"},
        ),
    )
    assert away.away(conn, NOON) == {
        "held": "olt_held",
        "shut": "olt_unreachable",
        "paused": "olt_unreachable",
        "held-and-shut": "olt_held",
        "scanned": "olt_busy",
    }


def _orders(conn: Connection, told: dict[str, str | None], state: str = "working") -> None:
    plant(
        conn, service_order, *({"id": one, "last_code": code, "state": state} for one, code in told.items())
    )


TOLD = {"D": None, "C": "profile_missing", "B": "olt_busy", "A": "olt_held"}


@pytest.mark.parametrize(
    ("code", "told"),
    [("olt_busy", ["A", "C", "D"]), ("olt_held", ["B", "C", "D"]), (None, ["A", "B"])],
)
def test_who_waits_on_an_olt_is_told_what_it_has_not_been_told(
    conn: Connection, code: str | None, told: list[str]
) -> None:
    _orders(conn, TOLD)
    _orders(conn, dict.fromkeys("EFGH", "olt_host_key_changed"))
    _orders(conn, {"Z": "olt_host_key_changed"}, state="cancelling")
    plant(conn, job, *({"service_order_id": one} for one in TOLD))
    waiting = {"olt": "olt-1", "service_order_id": "E"}
    plant(
        conn,
        job,
        *beside(
            waiting,
            {"service_order_id": "F", "olt": "olt-2"},
            {"service_order_id": "G", "live": False},
            {"service_order_id": "H", "state": "running"},
            {"service_order_id": "Z"},
            {"kind": "deprovision"},
            {"service_order_id": "X"},
        ),
    )
    found = away.placed(conn, ["olt-1", "olt-3"], code)
    assert [one.order_id for one in found] == [*told, "E"]


def test_what_is_told_of_who_waits_is_where_and_in_which_revision(conn: Connection) -> None:
    _orders(conn, {"A": None})
    payload = {"olt": "olt-9", "site": "centro"}
    [made] = plant(conn, job, {"service_order_id": "A", "revision": 3, "payload": payload})
    assert away.placed(conn, ["olt-1"], "olt_busy") == [Waiting(made, "A", 3, "olt-1", "olt-9", "centro")]


def test_so_many_are_told_at_once(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(away, "TOLD_AT_ONCE", 2)
    _orders(conn, TOLD)
    plant(conn, job, *({"service_order_id": one} for one in TOLD))
    assert [one.order_id for one in away.placed(conn, ["olt-1"], "unknown_reply")] == ["A", "B"]


WHERE: dict[str, dict[str, Any]] = {
    "A": {"olt": "olt-1"},
    "B": {"olt": "olt-1", "site": "norte"},
    "C": {"olt": "olt-2", "site": "centro"},
    "D": {"site": "centro"},
    "E": {"site": "norte"},
    "F": {},
}


@pytest.mark.parametrize(("anywhere", "found"), [(False, ["A", "B", "D"]), (True, ["A", "B", "D", "F"])])
@pytest.mark.parametrize("told", [True, False])
def test_an_order_without_a_place_waits_for_the_olt_it_names_else_for_its_site_else_for_any(
    conn: Connection, *, anywhere: bool, found: list[str], told: bool
) -> None:
    codes: tuple[str | None, str | None] = ("olt_busy", None) if told else (None, "olt_busy")
    _orders(conn, dict.fromkeys(WHERE, codes[0]))
    _orders(conn, {"P": codes[0], "T": codes[1], "U": "olt_held" if not told else "profile_missing"})
    plant(conn, job, *({"olt": "", "service_order_id": one, "payload": of} for one, of in WHERE.items()))
    plant(conn, job, {"olt": "olt-1", "service_order_id": "P", "payload": {"olt": "olt-1"}})
    plant(conn, job, *({"olt": "", "service_order_id": one, "payload": WHERE["A"]} for one in "TU"))
    waiting = away.unplaced(conn, ["olt-1"], ["centro"], anywhere=anywhere, told=told)
    assert [one.order_id for one in waiting] == found


def test_an_order_that_was_told_something_else_is_told_that_it_waits(conn: Connection) -> None:
    _orders(conn, {"A": "profile_missing"})
    plant(conn, job, {"olt": "", "service_order_id": "A", "payload": {"olt": "olt-1"}})
    waiting = away.unplaced(conn, ["olt-1"], [], anywhere=False, told=False)
    assert [one.order_id for one in waiting] == ["A"]


@pytest.mark.parametrize(
    "change", [{}, {"live": False}, {"state": "running"}, {"olt": "olt-2"}], ids=lambda one: str([*one])
)
def test_why_a_job_waits_is_written_at_that_job_where_it_waits_there_still(
    conn: Connection, change: dict[str, Any]
) -> None:
    stands = not change
    made, other = plant(conn, job, {"service_order_id": "A"} | change, {"service_order_id": "B"})
    waiting = Waiting(made, "A", 1, "olt-1", None, None)
    assert away.note(conn, waiting, "olt_busy", "espera") is stands
    wrote = ("olt_busy", "espera") if stands else (None, None)
    assert [(row_of(conn, job, made).last_code, row_of(conn, job, made).last_text)] == [wrote]
    assert row_of(conn, job, other).last_code is None
    assert away.was_in_the_way(conn, made) is stands
    assert not away.was_in_the_way(conn, other)
    assert column(conn, job, "last_text") == [wrote[1], None]
