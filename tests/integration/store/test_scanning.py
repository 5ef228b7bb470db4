"""Who is searched for where, and what follows from what an OLT shows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from events.stages import Stage
from schemas.inventory import Inventory
from schemas.place import PonPort
from tests.support.rows import column, plant, row_of
from tests.unit.config.samples import inventory as sample_inventory
from tests.unit.correlate.town import NOON, H, S, T, fact, started
from worker import scan
from worker.ledger import Learnt
from worker.scan import Findings, Memory, Seen
from worker.store import apply, orders, search
from worker.store.leases import Lease, StaleLease
from worker.store.schema import inventory_olt, job, job_step, olt_lease, outbox, service_order
from worker.store.search import Search
from worker.store.work import Job, Step
from worker.verify import Patience

HERE, THERE = PonPort.model_validate("0/1/0"), PonPort.model_validate("0/1/7")
MINUTE = timedelta(minutes=1)
MINE = Lease("olt-1", "w1", 7)
PATIENCE = Patience()
INVENTORY = Inventory.model_validate(sample_inventory())
OWN_OLT = INVENTORY.olts[0]


def _asked(conn: Connection, name: str, serial: str, **place: Any) -> None:
    apply.apply_batch(conn, [fact(started(name, serial, **place), id_=name)])


def _scans(conn: Connection) -> dict[str, int]:
    rows = conn.execute(select(job).where(job.c.kind == "scan", job.c.live, job.c.service_order_id.is_(None)))
    return {row.olt: row.priority for row in rows}


def _told(conn: Connection) -> dict[str, Any]:
    return dict(json.loads(bytes(column(conn, outbox, "value")[-1]))["data"])


# ------------------------------------------------------------------------------------------------------ who is searched


def test_each_order_that_has_no_place_has_its_olts_looked_at_once_with_the_highest_priority(
    conn: Connection,
) -> None:
    plant(
        conn,
        inventory_olt,
        {"digest": "d", "olt": "olt-x", "site": "longe"},
        {"digest": "d", "olt": "olt-y", "site": "longe"},
    )
    assert scan.begin_searches(conn, INVENTORY) == 0
    _asked(conn, "A", S, site="longe", priority=3)
    _asked(conn, "B", T, olt_id="olt-x", priority=7)
    assert scan.begin_searches(conn, INVENTORY) == 2
    assert _scans(conn) == {"olt-x": 7, "olt-y": 3}
    assert set(column(conn, job, "stage", olt="")) == {"searched"}
    assert scan.begin_searches(conn, INVENTORY) == 0
    _asked(conn, "C", "HWTC00000001", priority=0)
    assert scan.begin_searches(conn, INVENTORY) == 1
    known = {olt.id for olt in INVENTORY.olts} | {"olt-x", "olt-y"}
    assert _scans(conn).keys() == known
    assert {_scans(conn)[olt.id] for olt in INVENTORY.olts} == {0}


@pytest.mark.parametrize(
    ("place", "code", "params"),
    [
        ({"olt_id": "nowhere"}, "olt_unknown", {"olt": "nowhere"}),
        ({"site": "nowhere"}, "site_unknown", {"site": "nowhere"}),
    ],
)
def test_an_order_for_which_no_olt_fits_fails_and_keeps_no_other(
    conn: Connection, place: dict[str, str], code: str, params: dict[str, str]
) -> None:
    _asked(conn, "A", S, **place)
    _asked(conn, "B", T, site=OWN_OLT.site)
    assert scan.begin_searches(conn, INVENTORY) == 2
    failed = orders.find(conn, "A")
    assert failed
    assert (failed.state.value, failed.last_code) == ("failed", code)
    assert _told(conn)["params"] == params
    assert column(conn, job, "live", service_order_id="A") == [False]
    assert column(conn, job, "stage", service_order_id="B", live=True) == ["searched"]


# ----------------------------------------------------------------------------------------------------- what follows


def _scan(conn: Connection, **more: Any) -> Job:
    plant(
        conn,
        olt_lease,
        {"olt": "olt-1", "holder": "w1", "fence": 7, "expires_at": NOON + MINUTE},
        {"olt": "olt-2"},
    )
    [made] = plant(conn, job, {"kind": "scan", "state": "running", "payload": {}} | more)
    return Job(made, "scan", "olt-1", NOON, NOON)


OLT = OWN_OLT.model_copy(update={"id": "olt-1", "site": "centro"})


def _conclude(
    conn: Connection,
    running: Job,
    *seen: tuple[Search, Seen],
    rest: frozenset[int] = frozenset(),
    **more: Any,
) -> None:
    findings = Findings(tuple(one for one, _ in seen), seen, Memory(frozenset({5})), rest)
    scan.conclude(conn, MINE, running, OLT, findings, PATIENCE, **more)


def _searched(conn: Connection, name: str) -> Search:
    [found] = [one for one in search.waiting(conn, "olt-1", "centro") if one.order_id == name]
    return found


def _order(conn: Connection, name: str) -> Any:
    found = orders.find(conn, name)
    assert found
    return found


def _job(conn: Connection, name: str) -> Any:
    [made] = column(conn, job, "id", service_order_id=name)
    return row_of(conn, job, made)


def test_who_is_seen_in_one_place_is_queued_there(conn: Connection) -> None:
    running = _scan(conn)
    for name, serial in (("A", S), ("B", T), ("C", "HWTC00000001")):
        _asked(conn, name, serial)
    lit, online = _searched(conn, "A"), _searched(conn, "B")
    search.add_former(conn, lit, "olt-9", THERE)
    _conclude(conn, running, (lit, Seen(lit=(HERE,))), (online, Seen(online=(THERE,))))
    for name, port, is_lit in (("A", "0/1/0", True), ("B", "0/1/7", False)):
        row, order = _job(conn, name), _order(conn, name)
        assert (row.olt, row.port, row.stage, row.payload["lit"]) == ("olt-1", port, None, is_lit)
        assert (order.place_olt, str(order.place_port), order.stage) == ("olt-1", port, Stage.QUEUED)
    assert _job(conn, "A").payload["former"] == [["olt-9", "0/1/7"]]
    assert _job(conn, "C").olt == ""
    row = row_of(conn, job, running.id)
    assert (row.state, row.live, row.due_at, row.stage, row.priority, row.payload["looked"]) == (
        "due", True, NOON, "first", 5, [5]
    )  # fmt: skip


def test_who_is_not_seen_waits_for_light_and_its_offline_places_are_remembered(conn: Connection) -> None:
    running = _scan(conn)
    _asked(conn, "A", S)
    one = _searched(conn, "A")
    _conclude(conn, running, (one, Seen(offline=(HERE,))))
    assert _order(conn, "A").stage is Stage.WAITING_FOR_LIGHT
    assert search.former(conn, one) == (("olt-1", "0/1/0"),)
    row = row_of(conn, job, running.id)
    assert (row.due_at, row.stage, row.priority) == (NOON + timedelta(seconds=10), None, 5)
    conn.execute(service_order.update().values(last_code="olt_busy", stage="discovering"))
    conn.execute(job.update().where(job.c.id == running.id).values(state="running"))
    _conclude(conn, running, (one, Seen()))
    assert (_order(conn, "A").stage, _order(conn, "A").last_code) == (Stage.WAITING_FOR_LIGHT, None)
    conn.execute(service_order.update().values(last_code="olt_busy"))
    _conclude(conn, running, (one, Seen()))
    assert _order(conn, "A").last_code == "olt_busy", "it is told that another OLT is away"


def test_who_is_seen_in_two_places_fails_and_is_told_where(conn: Connection) -> None:
    running = _scan(conn)
    _asked(conn, "A", S)
    _conclude(conn, running, (_searched(conn, "A"), Seen(lit=(HERE,), online=(THERE,))))
    assert _told(conn)["params"] == {"serial": S, "places": "olt-1 0/1/0, olt-1 0/1/7"}
    assert (_order(conn, "A").last_code, _job(conn, "A").live) == ("serial_seen_twice", False)
    assert row_of(conn, job, running.id).live is False, "nobody waits any more"


PLACED_ELSEWHERE = [
    ({"olt": "olt-2", "port": "0/1/3", "payload": {}}, Seen(lit=(HERE,)), True),
    ({"olt": "olt-2", "port": "0/1/3", "payload": {"attempts": 1}}, Seen(lit=(HERE,)), False),
    ({"olt": "olt-2", "port": None, "payload": {}}, Seen(lit=(HERE,)), False),
    ({"olt": "olt-2", "port": "0/1/3", "payload": {}}, Seen(offline=(HERE,)), False),
    ({"olt": "olt-1", "port": "0/1/3", "payload": {}}, Seen(lit=(HERE,)), False),
]


@pytest.mark.parametrize(("row", "seen", "twice"), PLACED_ELSEWHERE, ids=str)
def test_who_was_seen_elsewhere_first_and_is_seen_here_too_is_in_two_places(
    conn: Connection, row: dict[str, Any], seen: Seen, *, twice: bool
) -> None:
    running = _scan(conn)
    _asked(conn, "A", S)
    one = _searched(conn, "A")
    conn.execute(job.update().where(job.c.id == one.job_id).values(row))
    _conclude(conn, running, (one, seen))
    if twice:
        assert _told(conn)["params"] == {"serial": S, "places": "olt-2 0/1/3, olt-1 0/1/0"}
    assert _order(conn, "A").state.value == ("failed" if twice else "working")
    assert (_job(conn, "A").olt, _job(conn, "A").port) == (row["olt"], row["port"])


def test_a_serial_that_may_be_a_mac_address_is_shown_wherever_it_is_seen(conn: Connection) -> None:
    running = _scan(conn)
    _asked(conn, "A", H)
    one = _searched(conn, "A")
    _conclude(conn, running, (one, Seen()))
    assert search.shown(conn) == []
    _conclude(conn, running, (one, Seen(offline=(HERE,))))
    assert search.shown(conn) == [H]
    assert (_job(conn, "A").olt, search.former(conn, one)) == ("", ())


def test_an_order_that_ended_meanwhile_is_let_alone(conn: Connection) -> None:
    running = _scan(conn)
    _asked(conn, "A", S)
    one = _searched(conn, "A")
    conn.execute(job.update().where(job.c.id == one.job_id).values(live=False))
    before = len(column(conn, outbox, "id"))
    _conclude(conn, running, (one, Seen(lit=(HERE,))))
    assert (_job(conn, "A").olt, len(column(conn, outbox, "id"))) == ("", before)


def test_what_is_wrong_with_one_order_keeps_no_other_from_its_place(conn: Connection) -> None:
    running = _scan(conn)
    _asked(conn, "B", T)
    _asked(conn, "A", S)
    bad, good = _searched(conn, "A"), _searched(conn, "B")
    broken = replace(bad, serial=S)
    _conclude(conn, running, (good, Seen(lit=(THERE,))), (broken, Seen(lit=("x",))))  # type: ignore[arg-type]
    assert (_job(conn, "B").olt, _job(conn, "A").olt) == ("olt-1", "")


def test_the_next_look_is_at_once_for_who_came_meanwhile_and_later_for_who_waited_long(
    conn: Connection,
) -> None:
    running = _scan(conn)
    _asked(conn, "A", S, priority=3)
    one = _searched(conn, "A")
    _asked(conn, "B", T, priority=8)
    _conclude(conn, running, (one, Seen()))
    row = row_of(conn, job, running.id)
    assert (row.due_at, row.stage, row.priority) == (NOON, "first", 8)
    both = [_searched(conn, name) for name in "AB"]
    _conclude(conn, running, *((each, Seen()) for each in both), rest=frozenset({one.job_id}))
    row = row_of(conn, job, running.id)
    assert (row.due_at, row.stage, row.priority) == (NOON, "first", 3), (
        "one of those that were left for later"
    )
    long_ago = NOON - timedelta(seconds=900)
    conn.execute(job.update().where(job.c.service_order_id.is_not(None)).values(created_at=long_ago))
    both = [_searched(conn, name) for name in "AB"]
    _conclude(conn, running, *((each, Seen()) for each in both))
    row = row_of(conn, job, running.id)
    assert (row.due_at, row.stage) == (NOON + timedelta(seconds=120), None)


def test_what_was_learnt_is_kept_and_who_was_told_of_the_olt_is_told_that_it_is_back(
    conn: Connection,
) -> None:
    running = _scan(conn, last_code="olt_busy")
    plant(conn, inventory_olt, {"digest": "d", "olt": "olt-1", "site": "centro"})
    _asked(conn, "A", S, olt_id="olt-1", pon_port="0/1/0")
    conn.execute(service_order.update().values(last_code="olt_busy"))
    learnt = Learnt((Step("look", "x"),), {HERE: 4}, ("row",))
    _conclude(conn, running, learnt=learnt)
    assert _order(conn, "A").last_code is None
    assert [row.text for row in conn.execute(select(job_step).where(job_step.c.kind == "look"))] == ["x"]
    lease = row_of(conn, olt_lease, "olt-1")
    assert (lease.room["onus_free_least"], lease.left_out["rows"]) == (4, ["row"])
    with pytest.raises(StaleLease):
        scan.conclude(conn, replace(MINE, fence=8), running, OLT, Findings((), (), Memory()), PATIENCE)
