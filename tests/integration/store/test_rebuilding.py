"""What a rebuild makes of what Kafka holds, part by part: what it merges, ends, voids, keeps and counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Table, select

from events.outputs import Cancelled, Completed, Failed, Progress
from events.record import Event
from tests.support.rows import column, plant, row_of
from tests.support.secrets import PPPOE_PASSWORD
from tests.unit.correlate.town import NOON, S, T, U, bound, cancelled, fact, received, started
from tests.unit.worker.test_results import result as result_of
from worker.facts import Order
from worker.results import LEAP, Result
from worker.store import orders, rebuild, rejected, sweep, world
from worker.store.rebuild import TIMELINE_PT, Rebuilt, Sources
from worker.store.schema import (
    action,
    applied_digest,
    equipment,
    inbox,
    job,
    job_step,
    olt_lease,
    outbox,
    own_registration,
    role_lease,
    secret,
    service_order,
)

HOUR, MOMENT = timedelta(hours=1), timedelta(microseconds=1)
HERE = {"olt_id": "olt-1", "pon_port": "0/1/0", "serial": S}
THERE = {"olt_id": "olt-2", "pon_port": "0/1/7", "serial": T}
WORD = {"pppoe_login": "ana", "pppoe_password": PPPOE_PASSWORD}


def result(kind: str, order: str = "A", *, at: Any = NOON, **more: Any) -> Result:
    told = result_of(kind, at, **({"service_order_id": order, "own": [], "asked_at": None} | more))
    final = kind != Progress.TYPE
    data = told.told
    return replace(
        told, id=f"{order}/{data.revision}/final" if final else f"{order}/progress/{data.sequence}"
    )


def _rebuild(
    conn: Connection, events: list[Event], *results: Result, progress: tuple[Result, ...] = ()
) -> Rebuilt:
    return rebuild.rebuild(conn, Sources([events], [results], [progress]), "ana", "perdido")


def _order(conn: Connection, order_id: str = "A") -> Order:
    found = orders.find(conn, order_id)
    assert found
    return found


# ------------------------------------------------------------------------------------------------------------- beforehand

HELD: list[tuple[Table, dict[str, Any]]] = [
    (inbox, {"id": "x"}),
    (equipment, {"serial": S}),
    (service_order, {"id": "A"}),
    (job, {}),
    (outbox, {}),
    (own_registration, {"serial": S, "service_order_id": "A"}),
]


@pytest.mark.parametrize(("table", "row"), HELD, ids=lambda one: getattr(one, "name", ""))
def test_a_database_in_which_a_worker_kept_anything_holds_data(
    conn: Connection, table: Table, row: dict[str, Any]
) -> None:
    plant(conn, olt_lease, {"olt": "olt-1"})
    assert not rebuild.holds_data(conn)
    plant(conn, table, row)
    assert rebuild.holds_data(conn)


def test_workers_that_hold_a_lease_are_known_with_the_end_of_their_last_one(conn: Connection) -> None:
    plant(
        conn,
        olt_lease,
        {"olt": "a", "holder": "w1", "expires_at": NOON + HOUR},
        {"olt": "b", "holder": "w2", "expires_at": NOON},
        {"olt": "c", "holder": None, "expires_at": NOON + HOUR},
        {"olt": "d", "holder": "w3", "expires_at": NOON + MOMENT},
    )
    plant(
        conn,
        role_lease,
        {"role": "publisher", "holder": "w1", "expires_at": NOON + 2 * HOUR},
        {"role": "sweeper", "holder": "w3", "expires_at": NOON + MOMENT},
        {"role": "survey", "holder": "w1", "expires_at": NOON + MOMENT},
    )
    assert rebuild.leases(conn) == {"w1": NOON + 2 * HOUR, "w3": NOON + MOMENT}
    _rebuild(conn, [])
    assert rebuild.leases(conn) == {}
    assert set(column(conn, olt_lease, "holder") + column(conn, role_lease, "expires_at")) == {None}
    [row] = conn.execute(select(action))
    assert (row.who, row.what, row.target, row.why) == ("ana", "rebuild", "database", "perdido")


# ----------------------------------------------------------------------------------------------------------------- facts


def test_facts_are_merged_and_the_recent_ones_noted_as_applied(conn: Connection) -> None:
    month = timedelta(days=30)
    old = replace(fact(received(T), 1), time=NOON - month - MOMENT)
    edge = replace(fact(received(U), 2), time=NOON - month)
    events = [fact(received(S), 0), old, edge, fact(bound(S, "A"), 3), fact(started("A", **WORD), 4)]
    done = _rebuild(conn, events)
    assert (done.events, done.units, done.orders, done.finals) == (5, 3, 1, 0)
    assert (done.goes_on, done.too_old) == (["A"], [])
    assert len(column(conn, inbox, "id")) == 4
    assert set(column(conn, inbox, "arrived_at")) == {NOON}
    found = _order(conn)
    assert (found.state.value, found.due_at, found.sequence) == ("unknown", NOON, 0)
    assert column(conn, secret, "service_order_id") == ["A"]
    assert (column(conn, outbox, "id"), column(conn, job, "id")) == ([], [])
    again = _rebuild(conn, events)
    assert (again.events, again.units, again.goes_on) == (1, 3, [])
    [step] = conn.execute(select(job_step))
    assert (step.service_order_id, step.kind, step.text, step.at) == ("A", "rebuilt", TIMELINE_PT, NOON)


def test_a_later_request_without_passwords_leaves_none_of_the_earlier(conn: Connection) -> None:
    _rebuild(conn, [fact(started("A", S, **WORD), 0)])
    _rebuild(conn, [fact(started("A", S), 1)])
    assert column(conn, secret, "service_order_id") == []


# --------------------------------------------------------------------------------------------------------------- results


def test_orders_end_as_their_latest_final_says(conn: Connection) -> None:
    events = [fact(started("A", S), 0), fact(started("B", T), 1)]
    results = [
        result(Completed.TYPE, sequence=4, own=[HERE]),
        result(Failed.TYPE, sequence=4, revision=2),
        result(Failed.TYPE, sequence=3, revision=2),
        result(Progress.TYPE, sequence=9),
        result(Failed.TYPE, "B", sequence=5, serial=T, own=[THERE], at=NOON - HOUR / 4),
    ]
    done = _rebuild(conn, events, *results)
    assert (done.finals, done.goes_on) == (2, [])
    assert (_order(conn).state.value, _order(conn).sequence) == ("completed", 4 + LEAP)
    assert (_order(conn, "B").state.value, _order(conn, "B").sequence) == ("failed", 5 + LEAP)
    own = [
        (row.olt, row.port, row.serial, row.service_order_id, row.since)
        for row in conn.execute(select(own_registration))
    ]
    assert sorted(own) == [
        ("olt-1", "0/1/0", S, "A", NOON),
        ("olt-2", "0/1/7", T, "B", NOON - HOUR / 4),
    ]
    assert [(_order(conn, one).serial, _order(conn, one).claims) for one in "AB"] == [(S, True), (T, True)]
    unknown_one = _rebuild(conn, [], result(Failed.TYPE, "C", sequence=1, serial=U))
    assert (unknown_one.orders, unknown_one.finals, _order(conn, "C").state.value) == (3, 1, "failed")


def test_progress_tells_how_far_an_order_has_come(conn: Connection) -> None:
    plant(
        conn,
        service_order,
        {"id": "D", "state": "waiting", "sequence": 8, "revision": 4, "request": {"plan_code": "x"}},
    )
    events = [fact(started(one, None), 0, one) for one in "AB"]
    told = (
        result(Progress.TYPE, "A", sequence=6, revision=2),
        result(Progress.TYPE, "A", sequence=5, revision=9),
        result(Progress.TYPE, "C", sequence=2),
        result(Progress.TYPE, "D", sequence=8, revision=9),
    )
    done = _rebuild(conn, events, progress=told)
    assert (done.goes_on, done.too_old) == (["A", "B"], ["C"])
    assert (_order(conn).sequence, _order(conn).revision) == (6 + LEAP, 2)
    assert (_order(conn, "C").sequence, _order(conn, "C").finished_at) == (2 + LEAP, NOON)
    assert (_order(conn, "D").sequence, _order(conn, "D").state.value) == (8, "waiting")
    later = _rebuild(conn, [], progress=(result(Progress.TYPE, "D", sequence=9, revision=3),))
    assert (later.goes_on, _order(conn, "D").sequence, _order(conn, "D").revision) == ([], 9 + LEAP, 4)
    assert _order(conn, "D").state.value == "unknown"


def _of_rejected(sequence: int, kind: str = Failed.TYPE, **more: Any) -> Result:
    told = result(kind, sequence=sequence, code="invalid_data", **more)
    return replace(told, id=f"t/0/{sequence}/x")


def test_what_was_told_of_a_request_that_could_not_be_read_is_no_fact(conn: Connection) -> None:
    bug = replace(result(Failed.TYPE, "B", sequence=2, code="internal_error"), id="t/0/2/x")
    news = _of_rejected(3, Progress.TYPE, revision=1, at=NOON + HOUR)
    _rebuild(conn, [], _of_rejected(1), bug, progress=(news,))
    assert column(conn, service_order, "id") == []
    assert rejected.last(conn, "AB") == {
        "A": rejected.Last(1, 3, "invalid_data", NOON + HOUR),
        "B": rejected.Last(1, 2, "internal_error", NOON),
    }
    alone = _of_rejected(5, Progress.TYPE)
    _rebuild(
        conn,
        [],
        progress=(
            replace(
                alone,
                told=alone.told.model_copy(update={"service_order_id": "D", "code": "request_rejected"}),
            ),
        ),
    )
    assert rejected.last(conn, "D")["D"].code == "invalid_data"


def test_an_order_that_is_known_goes_on_after_what_was_told_of_one_that_could_not_be_read(
    conn: Connection,
) -> None:
    events = [fact(started("A", S), 0)]
    _rebuild(conn, events, _of_rejected(7, revision=3))
    assert (_order(conn).sequence, _order(conn).revision) == (7 + LEAP, 3)
    _rebuild(conn, events, progress=(_of_rejected(5, Progress.TYPE, revision=2),))
    assert (_order(conn).sequence, _order(conn).revision) == (7 + LEAP, 3)


# ------------------------------------------------------------------------------------------------- what follows from it


def test_what_finals_that_were_not_known_tell_of_registrations_counts(conn: Connection) -> None:
    plant(
        conn,
        own_registration,
        {"olt": "olt-8", "serial": S, "service_order_id": "A", "since": NOON - HOUR},
        {"olt": "olt-9", "serial": T, "service_order_id": "B", "since": NOON - HOUR},
    )
    _rebuild(conn, [fact(started("A", S), 0)], result(Completed.TYPE, sequence=4, own=[HERE]))
    own = {
        (row.olt, row.port, row.serial): (row.service_order_id, row.since)
        for row in conn.execute(select(own_registration))
    }
    assert own == {("olt-1", "0/1/0", S): ("A", NOON), ("olt-9", "0/1/0", T): ("B", NOON - HOUR)}


def test_of_orders_that_ended_since_jobs_and_what_was_applied_are_void(conn: Connection) -> None:
    jobs = plant(
        conn,
        job,
        {"service_order_id": "A"},
        {"service_order_id": "A", "kind": "plan", "live": False, "state": "done"},
        {"service_order_id": "W"},
    )
    plant(conn, applied_digest, *({"olt": "o", "serial": one, "field": "x", "digest": "d"} for one in (S, T)))
    plant(conn, applied_digest, {"olt": "o", "serial": U, "field": "x", "digest": "d"})
    plant(conn, service_order, {"id": "D", "state": "failed", "serial": U, "finished_at": NOON})
    events = [fact(started("A", S), 0), fact(started("B", T), 1), fact(cancelled("D"), 2)]
    _rebuild(conn, events, result(Completed.TYPE, sequence=4))
    assert [(row_of(conn, job, one).live, row_of(conn, job, one).state) for one in jobs] == [
        (False, "dropped"),
        (False, "done"),
        (True, "due"),
    ]
    assert row_of(conn, job, jobs[0]).updated_at == NOON
    assert column(conn, applied_digest, "serial") == [T, U]


def test_passwords_stay_with_orders_that_go_on_and_for_a_day_with_those_that_failed(conn: Connection) -> None:
    """A goes on, B failed lately, C failed a day ago to the moment, D completed, E is unknown and asked long ago."""
    serials = {one: f"HWTC0000000{number}" for number, one in enumerate("ABCDE")}
    events = [fact(started(one, serial, **WORD), -60, one) for one, serial in serials.items() if one != "E"]
    events.append(fact(started("E", serials["E"], **WORD), -60 * 25, "E"))
    day = timedelta(hours=24)
    _rebuild(
        conn,
        events,
        result(
            Failed.TYPE,
            "B",
            sequence=4,
            serial=serials["B"],
            at=NOON - day + MOMENT * 1000,
            asked_at=(NOON - HOUR).isoformat(),
        ),
        result(
            Failed.TYPE,
            "C",
            sequence=4,
            serial=serials["C"],
            at=NOON - day,
            asked_at=(NOON - HOUR).isoformat(),
        ),
        result(Completed.TYPE, "D", sequence=4, serial=serials["D"]),
    )
    kept = {row.service_order_id: row.erase_at for row in conn.execute(select(secret))}
    assert kept == {"A": None, "B": NOON + MOMENT * 1000}


def test_of_two_orders_that_stood_behind_a_unit_the_one_of_the_latest_request_claims_it(
    conn: Connection,
) -> None:
    """That A claimed it before counts no more once B was completed with it."""
    first = [fact(started("A", S, "K"), 0)]
    _rebuild(conn, first, result(Completed.TYPE, "A", sequence=4, contract_id="K"))
    assert _order(conn).claims
    later = [fact(started("B", S, "L"), 30), fact(bound(S, "B", "L"), 31)]
    _rebuild(conn, later, result(Completed.TYPE, "B", sequence=4, contract_id="L"))
    assert [(_order(conn, one).serial, _order(conn, one).claims) for one in "AB"] == [(S, False), (S, True)]


@pytest.mark.parametrize("claims", [True, False])
def test_a_unit_on_which_an_order_works_is_left_to_the_sweep(conn: Connection, *, claims: bool) -> None:
    """Stock lends it to an order that ended, while another has it in hand."""
    works = {
        "id": "W",
        "state": "working",
        "serial": S,
        "claims": claims,
        "named_serial": S,
        "request": {"plan_code": "x", "serial": S, "contract_id": "W"},
    }
    plant(conn, service_order, works)
    events = [fact(started("A", S, "K"), 0), fact(bound(S, "A", "K"), 1)]
    _rebuild(conn, events, result(Completed.TYPE, "A", sequence=4, contract_id="K"))
    found = _order(conn)
    assert (found.claims, found.due_at) == ((False, NOON) if claims else (True, None))
    assert _order(conn, "W").claims is claims


def test_orders_are_judged_so_many_at_once_and_all_of_them(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "ORDERS_AT_ONCE", 2)
    judged: list[int] = []
    gather = world.gather

    def counted(conn: Connection, serials: set[str], named: set[str], ids: set[str]) -> Any:
        judged.append(len(ids))
        return gather(conn, serials, named, ids)

    monkeypatch.setattr(world, "gather", counted)
    serials = [f"HWTC0000000{number}" for number in range(5)]
    events = [fact(started(f"O{number}", serial), number) for number, serial in enumerate(serials)]
    finals = [
        result(Completed.TYPE, f"O{number}", sequence=4, serial=serial)
        for number, serial in enumerate(serials)
    ]
    done = _rebuild(conn, events, *finals)
    assert (done.orders, done.finals) == (5, 5)
    assert column(conn, service_order, "claims") == [True] * 5
    assert len(column(conn, job_step, "id")) == 5
    assert judged[-3:] == [2, 2, 1]
    assert max(judged) == 2


def test_a_claim_passes_to_an_order_that_is_judged_before_the_one_that_had_it(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "ORDERS_AT_ONCE", 1)
    _rebuild(conn, [fact(started("Z", S, "K"), 0)], result(Completed.TYPE, "Z", sequence=4, contract_id="K"))
    assert _order(conn, "Z").claims
    later = [fact(started("A", S, "L"), 30), fact(bound(S, "A", "L"), 31)]
    _rebuild(conn, later, result(Completed.TYPE, "A", sequence=4, contract_id="L"))
    assert [_order(conn, one).claims for one in "AZ"] == [True, False]


def test_who_has_no_claim_on_a_unit_in_work_waits_for_nothing(conn: Connection) -> None:
    works = {"serial": S, "contract_id": "W", "plan_code": "x"}
    plant(
        conn,
        service_order,
        {"id": "W", "state": "working", "serial": S, "claims": True, "named_serial": S, "request": works},
    )
    events = [fact(started("A", S, "K"), 0), fact(bound(S, "W", "W"), 1)]
    _rebuild(conn, events, result(Completed.TYPE, "A", sequence=4, contract_id="K"))
    assert (_order(conn).claims, _order(conn).due_at) == (False, None)


def test_all_people_of_long_ago_are_forgotten(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "ORDERS_AT_ONCE", 1)
    monkeypatch.setattr(sweep, "ORDERS_MAX", 1)
    long_ago = NOON - timedelta(days=91)
    for name in "ABC":
        plant(
            conn,
            service_order,
            {"id": name, "state": "failed", "finished_at": long_ago, "request": {"customer_name": "Ana"}},
        )
    _rebuild(conn, [])
    assert column(conn, service_order, "erased_at") == [NOON] * 3


def test_cancelled_orders_stay_so_and_people_of_long_ago_are_forgotten(conn: Connection) -> None:
    events = [fact(started("A", S), 0), fact(cancelled("A"), 1), fact(started("B", T), 2)]
    long_ago = NOON - timedelta(days=91)
    done = _rebuild(
        conn,
        events,
        result(Cancelled.TYPE, "A", sequence=4),
        result(Failed.TYPE, "B", sequence=4, at=long_ago, asked_at=(NOON + HOUR).isoformat()),
    )
    assert done.goes_on == []
    assert _order(conn).state.value == "cancelled"
    assert not _order(conn).claims
    found = _order(conn, "B")
    assert found.request
    assert (found.request["customer_name"], found.erased_at) == ("-", NOON)


def test_what_is_to_go_on_and_what_is_too_old_is_listed_in_order(conn: Connection) -> None:
    events = [fact(started(one, None), number, one) for number, one in enumerate("DB")]
    events += [fact(started(one, None), -60 * 25, one) for one in "CA"]
    done = _rebuild(conn, events)
    assert (done.goes_on, done.too_old) == (["B", "D"], ["A", "C"])
