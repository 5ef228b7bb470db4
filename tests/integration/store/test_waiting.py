"""Who waits for an OLT, what a batch makes of its records, and what a bug costs: as it is written."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from events.envelope import AHEAD_MAX, Event
from events.record import About, Passed, Rejected
from events.stages import Stage
from schemas.place import PonPort
from tests.support.rows import column, plant, row_of
from tests.support.statements import locking
from tests.unit.correlate.town import NOON, S, cancelled, fact, started
from tests.unit.events.samples import event as whole
from tests.unit.events.samples import record
from tests.unit.events.samples import started as request_of
from worker import fault, waits
from worker.batch import Item, Reading, halves, where
from worker.ledger import Learnt
from worker.outcome import Answered, Ended, Failed, Later, Removed, Superseded
from worker.retry import RetryPolicy
from worker.store import apply, away, orders
from worker.store.apply import Applied
from worker.store.leases import Lease, StaleLease
from worker.store.schema import (
    inbox,
    inventory_olt,
    job,
    job_step,
    olt_lease,
    outbox,
    rejected_record,
    service_order,
)
from worker.store.work import Job

MINUTE, MOMENT = timedelta(minutes=1), timedelta(microseconds=1)
PORT = PonPort.model_validate("0/1/0")

# ------------------------------------------------------------------------------------------------------------- who waits

OLTS = {"olt-1": "centro", "olt-2": "centro", "olt-3": "norte"}


def _plant_olts(conn: Connection, **shut: str) -> None:
    """OLTs in use; those that are shut with their code."""
    plant(conn, inventory_olt, *({"digest": "d", "olt": olt, "site": site} for olt, site in OLTS.items()))
    for olt in OLTS:
        code = shut.get(olt.replace("-", "_"))
        closed = {"breaker": "open", "breaker_code": code} if code and code != "olt_held" else {}
        plant(conn, olt_lease, {"olt": olt, "held": code == "olt_held"} | closed)


def _order(conn: Connection, name: str, serial: str, **place: Any) -> None:
    apply.apply_batch(conn, [fact(started(name, serial, **place), id_=name)])


def _stands(conn: Connection) -> dict[str, tuple[str | None, str | None, str | None]]:
    """Of each order: its stage, the code it is told, and the text at its job."""
    texts = dict(conn.execute(select(job.c.service_order_id, job.c.last_text).where(job.c.live)).all())
    rows = conn.execute(select(service_order).order_by(service_order.c.id))
    return {row.id: (row.stage, row.last_code, texts.get(row.id)) for row in rows}


def _codes(conn: Connection) -> dict[str, str | None]:
    return {name: code for name, (_, code, _) in _stands(conn).items()}


def _town(conn: Connection) -> None:
    """F waits on olt-1, E on olt-3, D names olt-1 without a port, C its site, B the other site, A nothing."""
    places: dict[str, dict[str, Any]] = {
        "A": {},
        "B": {"site": "norte"},
        "C": {"site": "centro"},
        "D": {"olt_id": "olt-1"},
        "E": {"olt_id": "olt-3", "pon_port": "0/1/0"},
        "F": {"olt_id": "olt-1", "pon_port": "0/1/0"},
    }
    for number, (name, place) in enumerate(places.items()):
        _order(conn, name, f"HWTC0000000{number}", **place)


def test_nobody_is_told_while_every_olt_can_be_worked_on(conn: Connection) -> None:
    _plant_olts(conn)
    _town(conn)
    before = len(column(conn, outbox, "id"))
    assert waits.tell(conn) == 0
    assert set(_codes(conn).values()) == {None}
    assert len(column(conn, outbox, "id")) == before


def test_who_waits_for_an_olt_that_is_away_is_told_once_and_told_when_it_is_back(conn: Connection) -> None:
    _plant_olts(conn, olt_1="olt_busy")
    _town(conn)
    with locking(conn) as locked:
        assert waits.tell(conn) == 3
    assert locked == ["service_order"] * 6, "each order is locked before its job is written"
    assert _codes(conn) == {
        "A": None,
        "B": None,
        "C": "olt_busy",
        "D": "olt_busy",
        "E": None,
        "F": "olt_busy",
    }
    stands = _stands(conn)
    assert [stands[one][0] for one in "CDF"] == ["discovering", "queued", "queued"]
    for one in "CDF":
        text = stands[one][2]
        assert text
        assert "olt-1" in text
    assert waits.tell(conn) == 0
    conn.execute(olt_lease.update().values(breaker="closed", breaker_code=None))
    waits.back(conn, "olt-1")
    assert set(_codes(conn).values()) == {None}
    stands = _stands(conn)
    assert [stands[one][0] for one in "CDF"] == ["discovering", "discovering", "queued"]
    assert {text for _, _, text in stands.values()} == {None}
    before = len(column(conn, outbox, "id"))
    waits.back(conn, "olt-1")
    assert len(column(conn, outbox, "id")) == before


def test_who_waits_for_any_olt_is_told_when_all_are_away(conn: Connection) -> None:
    _plant_olts(conn, olt_1="olt_busy", olt_2="olt_held", olt_3="olt_held")
    _town(conn)
    assert waits.tell(conn) == 6
    assert _codes(conn) == {
        "A": "olt_busy",
        "B": "olt_held",
        "C": "olt_busy",
        "D": "olt_busy",
        "E": "olt_held",
        "F": "olt_busy",
    }
    assert {stage for stage, _, _ in _stands(conn).values()} == {"queued"}
    waits.back(conn, "olt-1")
    assert _codes(conn) == {
        "A": None,
        "B": "olt_held",
        "C": "olt_held",
        "D": None,
        "E": "olt_held",
        "F": None,
    }
    assert _stands(conn)["C"][0] == "discovering"
    conn.execute(olt_lease.update().where(olt_lease.c.olt == "olt-3").values(held=False))
    waits.back(conn, "olt-3")
    assert (_codes(conn)["B"], _codes(conn)["E"]) == (None, None)


def test_another_code_of_the_same_olt_is_told(conn: Connection) -> None:
    _plant_olts(conn, olt_1="olt_busy")
    _order(conn, "F", S, olt_id="olt-1", pon_port="0/1/0")
    assert waits.tell(conn) == 1
    conn.execute(olt_lease.update().where(olt_lease.c.olt == "olt-1").values(held=True))
    assert waits.tell(conn) == 1
    assert _codes(conn) == {"F": "olt_held"}


def test_orders_are_told_in_the_order_of_their_ids(conn: Connection) -> None:
    _plant_olts(conn, olt_1="olt_busy", olt_3="olt_held")
    for name, olt in {"B": "olt-3", "A": "olt-1", "C": "olt-1"}.items():
        _order(conn, name, f"HWTC0000000{name}", olt_id=olt, pon_port="0/1/0")
    before = len(column(conn, outbox, "id"))
    waits.tell(conn)
    assert column(conn, outbox, "key")[before:] == ["A", "B", "C"]


def test_who_no_longer_waits_there_is_not_told(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    _plant_olts(conn, olt_1="olt_busy")
    _order(conn, "F", S, olt_id="olt-1", pon_port="0/1/0")
    placed = away.placed

    def stale(conn: Connection, *asked: Any) -> Any:
        found = placed(conn, *asked)
        conn.execute(job.update().values(state="running"))
        return found

    monkeypatch.setattr(away, "placed", stale)
    assert waits.tell(conn) == 0
    assert _codes(conn) == {"F": None}


@pytest.mark.parametrize(
    ("named", "site", "late"),
    [
        ("olt-1", None, ("olt-1", "olt_busy")),
        ("olt-2", None, ("olt-2", None)),
        ("olt-9", None, ("olt-9", None)),
        (None, "centro", ("olt-1", "olt_busy")),
        (None, "norte", ("olt-3", None)),
        (None, None, ("olt-1", "olt_busy")),
        (None, "sul", ("-", None)),
    ],
)
def test_an_order_that_waited_in_vain_is_told_for_which_olts(
    conn: Connection, named: str | None, site: str | None, late: tuple[str, str | None]
) -> None:
    _plant_olts(conn, olt_1="olt_busy")
    assert waits.late(conn, named, site, NOON) == late


def test_of_many_olts_five_are_named(conn: Connection) -> None:
    plant(conn, inventory_olt, *({"digest": "d", "olt": f"o{number}", "site": "x"} for number in range(7)))
    assert waits.late(conn, None, "x", NOON) == ("o0, o1, o2, o3, o4", None)


# -------------------------------------------------------------------------------------------------------------- a batch

PLAIN = Reading(apply.apply_batch)
WRONG = record(whole(request_of(mode="x")))
GOOD = record(whole(request_of()), offset=7)


def test_a_record_is_read_as_the_settings_say() -> None:
    later = (NOON + timedelta(hours=3)).isoformat()
    item = Reading(apply.apply_batch, future_tolerance=timedelta(hours=9)).read(
        record(whole(time=later)), NOON
    )
    assert isinstance(item.outcome, Event)
    assert item.outcome.time == NOON + timedelta(hours=3)
    doubtful = {
        "model": "X",
        "serial": "54A51B2C3D4E",
        "brand": "b",
        "stock_item_id": "1",
        "product_id": "1",
        "warehouse": "w",
        "received_at": later,
    }
    stock = record(whole(doubtful, type="acende.equipment.received.v1"))
    assert isinstance(PLAIN.read(stock, NOON).outcome, Passed)
    assert isinstance(
        Reading(apply.apply_batch, is_onu_model=lambda model: model == "X").read(stock, NOON).outcome, Event
    )
    assert PLAIN.future_tolerance == AHEAD_MAX
    assert where(WRONG) == {"topic": "erp.install", "partition": 3, "offset": 88121}
    assert [len(half) for half in halves([PLAIN.read(WRONG, NOON)] * 5)] == [2, 3]


def test_what_escapes_the_reader_is_an_internal_error_of_this_record() -> None:
    def breaks(_model: str) -> bool:
        raise TypeError

    item = Reading(apply.apply_batch, is_onu_model=breaks).read(
        record(whole({"serial": "x", "model": "X"}, type="acende.equipment.received.v1")), NOON
    )
    assert item == Item(item.record, Rejected("internal_error"))


def test_a_record_that_cannot_be_kept_is_set_aside_then_barely_then_not_at_all() -> None:
    item = PLAIN.read(GOOD, NOON)
    assert isinstance(item.outcome, Event)
    aside = item.refused("internal_error")
    assert aside
    about = About("OS-48211", None, "10233", item.outcome.time)
    assert aside.outcome == Rejected("internal_error", (), item.outcome.type, about)
    bare = replace(aside, bare=True)
    assert aside.refused("x") == bare
    assert bare.refused("x") is None
    plain = PLAIN.read(record({"type": "acende.install.started.v1", **request_of()}), NOON).refused("x")
    assert plain
    assert plain.outcome.about  # type: ignore[union-attr]
    assert plain.outcome.about.time == datetime(2026, 3, 2, 12, 31, 7, tzinfo=UTC)  # type: ignore[union-attr]
    cancels = Item(GOOD, fact(cancelled("A"))).refused("x")
    assert cancels
    assert cancels.outcome == Rejected("x", (), "acende.install.cancelled.v1", None)
    passed = Item(GOOD, Passed("acende.equipment.received.v1")).refused("x")
    assert passed
    assert passed.outcome == Rejected("x", (), "acende.equipment.received.v1", None)


def test_a_batch_is_kept_in_one_and_what_it_makes_known_is_known(conn: Connection) -> None:
    reading = Reading(apply.apply_batch)
    reading.learn({"x": timedelta(days=1)})
    reading.learn({"erp.install": timedelta(days=7)})
    assert reading.retention == {"erp.install": timedelta(days=7)}
    said: list[str] = []
    event.listen(conn, "before_cursor_execute", lambda _conn, _cursor, text, *_: said.append(text))
    items = [reading.read(one, NOON + MINUTE * 60) for one in (WRONG, GOOD)]
    assert reading.keep(conn, items) == {"acende.install.started.v1": 1}
    assert ("pg_advisory_xact_lock" in said[0]) is (conn.dialect.name == "postgresql")
    told = [json.loads(bytes(value)) for value in column(conn, outbox, "value")]
    kinds = [one["type"] for one in told]
    assert sorted(kinds) == ["acende.dead-letter.v1", *["acende.provisioning.progress.v1"] * 2]
    assert {one["data"]["code"] for one in told if "progress" in one["type"]} == {None, "request_rejected"}
    [place] = conn.execute(select(rejected_record)).all()
    assert (place.place, place.service_order_id, place.until) == (
        "erp.install/3/88121",
        "OS-48211",
        NOON + timedelta(days=7),
    )
    assert column(conn, outbox, "topic")[kinds.index("acende.dead-letter.v1")] == "onu.dead-letters"
    [noted] = column(conn, inbox, "id", source="acende/dead-letters")
    assert noted == f"erp.install/3/88121/{WRONG.timestamp_ms}"
    before = len(told)
    assert reading.keep(conn, items) == {}
    assert len(column(conn, outbox, "id")) == before
    anew = replace(items[0], record=replace(WRONG, timestamp_ms=5))
    reading.keep(conn, [anew])
    assert len(column(conn, outbox, "id")) == before + 2, "another record in a topic that was made anew"


def test_nothing_but_what_there_is_to_do_is_asked_of_the_database(conn: Connection) -> None:
    asked: list[int] = []

    def applied(_conn: Connection, events: Any) -> Applied:
        asked.append(len(events))
        return Applied(types={"x": len(events)})

    reading = Reading(applied)
    said: list[str] = []
    event.listen(conn, "before_cursor_execute", lambda _conn, _cursor, text, *_: said.append(text))
    passed = Item(GOOD, Passed("acende.equipment.received.v1"))
    assert reading.keep(conn, [passed]) == {}
    assert (said, asked) == ([], [])
    assert reading.keep(conn, [passed, PLAIN.read(GOOD, NOON)]) == {"x": 1}
    assert (said, asked) == ([], [1])
    assert reading.keep(conn, [Item(record(b"oi"), Rejected("not_json"))]) == {}
    assert asked == [1]


def test_of_a_bare_item_nobody_is_told(conn: Connection) -> None:
    item = replace(PLAIN.read(WRONG, NOON), bare=True)
    PLAIN.keep(conn, [item])
    [value] = column(conn, outbox, "value")
    told = json.loads(bytes(value))["data"]
    assert (told["code"], told["document"], told["size"]) == ("invalid_data", None, None)
    assert column(conn, rejected_record, "place") == []


@pytest.mark.parametrize(
    ("milliseconds", "told"),
    [(None, True), (0, True), (-1, True), (1, False), (32_503_680_000_000, True), (2**62, True)],
)
def test_a_request_is_as_old_as_its_record_says_if_it_says_so(
    conn: Connection, milliseconds: int | None, *, told: bool
) -> None:
    found = record(whole(request_of(mode="x"), time=NOON.isoformat()), timestamp_ms=milliseconds)
    PLAIN.keep(conn, [PLAIN.read(found, NOON)])
    assert (len(column(conn, outbox, "id")) == 2) is told


# ----------------------------------------------------------------------------------------------------- what a bug costs

POLICY = RetryPolicy()
MINE = Lease("olt-1", "w1", 7)
LEARNT = Learnt()


def _job(conn: Connection, kind: str = "provision", **notes: Any) -> Job:
    plant(conn, olt_lease, {"olt": "olt-1", "holder": "w1", "fence": 7, "expires_at": NOON + MINUTE})
    apply.apply_batch(conn, [fact(started("A", S, olt_id="olt-1", pon_port="0/1/0"))])
    conn.execute(job.update().values(kind=kind, payload=notes, state="running"))
    [row] = conn.execute(select(job))
    return Job(row.id, kind, "olt-1", NOON, NOON, "A", 1, S, PORT, notes={"attempts": 99})


def test_a_bug_costs_the_try_of_its_job_and_is_noted(conn: Connection) -> None:
    running = _job(conn, attempts=1)
    with locking(conn) as locked:
        outcome = fault.record(conn, MINE, running, POLICY, 0.0, LEARNT)
    assert locked[:3] == ["olt_lease", "service_order", "job"]
    assert isinstance(outcome, Later)
    row = row_of(conn, job, running.id)
    assert (row.state, row.last_code, row.live) == ("due", "retry_scheduled", True)
    assert row.due_at == NOON + timedelta(seconds=outcome.seconds)
    [step] = conn.execute(select(job_step).where(job_step.c.kind == "run_failed"))
    assert (step.service_order_id, step.text, step.detail) == ("A", None, {"code": "internal_error"})
    conn.execute(job.update().values(live=False, state="dropped"))
    assert isinstance(fault.record(conn, MINE, running, POLICY, 0.0, LEARNT), Superseded)
    assert len(conn.execute(select(job_step).where(job_step.c.kind == "run_failed")).all()) == 2
    with pytest.raises(StaleLease):
        fault.record(conn, replace(MINE, fence=8), running, POLICY, 0.0, LEARNT)


def test_a_job_of_which_nothing_can_be_recorded_waits_longer_each_time_and_its_order_is_told(
    conn: Connection,
) -> None:
    running = _job(conn, attempts=1, x="y")
    first = fault.shelve(conn, MINE, running, POLICY, 0.0)
    assert isinstance(first, Later)
    row = row_of(conn, job, running.id)
    assert row.payload == {"attempts": 1, "x": "y", "faults": 1}
    assert (row.due_at, row.last_code) == (NOON + timedelta(seconds=POLICY.pause(1, 0.0)), "internal_error")
    assert row.last_text
    second = fault.shelve(conn, MINE, running, POLICY, 0.0)
    assert isinstance(second, Later)
    assert (second.seconds, second.notes["faults"]) == (POLICY.pause(2, 0.0), 2)
    fault.tell(conn, MINE, running)
    found = orders.find(conn, "A")
    assert found
    assert (found.stage, found.last_code) == (Stage.QUEUED, "result_not_recorded")
    conn.execute(service_order.update().values(stage="configuring", last_code=None))
    fault.tell(conn, MINE, running)
    found = orders.find(conn, "A")
    assert found
    assert (found.stage, found.last_code) == (Stage.CONFIGURING, "result_not_recorded")
    conn.execute(job.update().values(live=False))
    conn.execute(service_order.update().values(last_code=None))
    fault.tell(conn, MINE, running)
    assert isinstance(fault.shelve(conn, MINE, running, POLICY, 0.0), Superseded)
    found = orders.find(conn, "A")
    assert found
    assert found.last_code is None


@pytest.mark.parametrize(
    ("kind", "faults", "outcome"),
    [
        ("provision", 0, Later),
        ("provision", 6, Later),
        ("provision", 7, Failed),
        ("plan", 0, Answered),
        ("plan", 7, Answered),
        ("scan", 7, Later),
        ("save", 6, Later),
        ("save", 7, Ended),
        ("deprovision", 6, Later),
        ("deprovision", 7, Removed),
    ],
)
def test_what_follows_a_bug_depends_on_what_was_done(kind: str, faults: int, outcome: type) -> None:
    notes = {"attempts": 3, "faults": faults, "registrations": [[S, "0/1/0"]]}
    one = Job(1, kind, "olt-1", NOON, NOON, "A", 1, S, PORT, notes=notes)
    found = fault.after_fault(one, POLICY, 0.0)
    assert isinstance(found, outcome)
    if isinstance(found, Answered):
        assert found.answer["order"] == "A"
    if kind in {"scan", "save", "deprovision"} and isinstance(found, Later):
        assert found == Later(
            POLICY.pause(faults + 1, 0.0), {**notes, "faults": faults + 1}, code="internal_error"
        )
