"""Facts into rows: what is counted, what is written, and who has correlation to itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from events.stages import Stage
from schemas.place import PonPort
from tests.support.rows import column, plant, row_of
from tests.support.secrets import PPPOE_PASSWORD
from tests.support.statements import locking
from tests.unit.correlate.town import (
    NOON,
    ONU_MODEL,
    ROUTER_MODEL,
    H,
    S,
    T,
    bound,
    cancelled,
    fact,
    received,
    started,
    unbound,
)
from worker.correlate import Registered, World
from worker.facts import Ask, Completion, Order, OrderState, Stamp, unknown
from worker.store import apply, orders, rebuild, rows, settle, sweep, timelines, world
from worker.store.apply import Applied
from worker.store.db import _after
from worker.store.rebuild import Sources
from worker.store.schema import (
    equipment,
    inbox,
    job,
    job_step,
    outbox,
    own_registration,
    secret,
    service_order,
)

MINUTE = timedelta(minutes=1)
PORT = PonPort.model_validate("0/1/0")


def _told(conn: Connection) -> list[tuple[str, str, str | None]]:
    """Order, kind and code of each record that waits."""
    found = []
    for value in column(conn, outbox, "value"):
        told = json.loads(bytes(value))
        found.append((told["data"]["service_order_id"], told["type"].split(".")[2], told["data"]["code"]))
    return found


def _applied(conn: Connection, *data: Any) -> Applied:
    return apply.apply_batch(conn, [fact(one, minute) for minute, one in enumerate(data)])


# ------------------------------------------------------------------------------------------------------- who is alone


TAKING = {
    "apply_batch": lambda conn: apply.apply_batch(conn, []),
    "request_retry": lambda conn: apply.request_retry(conn, "A", "ana", "x"),
    "request_cancel": lambda conn: apply.request_cancel(conn, "A", "ana", "x"),
    "sweep": sweep.sweep,
    "rebuild": lambda conn: rebuild.rebuild(conn, Sources([], [], []), "ana", "x"),
}


@pytest.mark.parametrize("take", TAKING.values(), ids=[*TAKING])
def test_whoever_correlates_has_correlation_to_itself_before_it_reads(
    conn: Connection, take: Callable[[Connection], Any]
) -> None:
    said: list[str] = []
    event.listen(conn, "before_cursor_execute", lambda _conn, _cursor, text, *_: said.append(text))
    take(conn)
    alone = ["pg_advisory_xact_lock" in text for text in said]
    assert alone == [number == 0 and conn.dialect.name == "postgresql" for number in range(len(said))]


# ------------------------------------------------------------------------------------------------------- what is counted


def test_what_became_of_a_batch_is_counted(conn: Connection) -> None:
    assert apply.apply_batch(conn, []) == Applied()
    late = fact(started("B", T), -60 * 25)
    batch = [fact(received(S), 0), fact(bound(S, "A"), 1), fact(started("A", S), 2), late]
    done = apply.apply_batch(conn, [*batch, batch[0]])
    types = {
        "acende.equipment.received.v1": 1,
        "acende.equipment.bound.v1": 1,
        "acende.install.started.v1": 2,
    }
    assert done == Applied(4, 1, 2, 1, types)
    assert apply.apply_batch(conn, batch[:2]) == Applied(known=2)
    again = apply.apply_batch(conn, [batch[0], fact(received(T), 9)])
    assert again == Applied(1, 1, 0, 0, {"acende.equipment.received.v1": 1})
    assert sorted(column(conn, inbox, "arrived_at")) == [NOON] * 5


def test_the_same_id_of_another_source_is_another_event(conn: Connection) -> None:
    one = fact(received(S), 0, "x", "erp")
    assert apply.apply_batch(conn, [one]).applied == 1
    assert apply.apply_batch(
        conn, [one, fact(received(T), 0, "x", "crm"), fact(received(T), 1, "y")]
    ) == Applied(2, 1, 0, 0, {"acende.equipment.received.v1": 2})
    assert column(conn, inbox, "id") == ["x", "x", "y"]
    assert len(column(conn, equipment, "serial")) == 2


def test_who_was_finished_is_told_after_the_commit(conn: Connection) -> None:
    apply.apply_batch(conn, [fact(started("B", T), -60 * 25), fact(started("A", S), 0)])
    assert [order.id for order in _after(conn).finished] == ["B"]


def test_a_cancellation_that_comes_too_late_is_told_once(conn: Connection) -> None:
    """The order completed long before; another that completed lately is cancelled."""
    _applied(conn, started("A", S), started("B", T))
    long_ago = NOON - timedelta(days=3)
    for name, at in (("A", long_ago), ("B", NOON - 50 * MINUTE)):
        found = orders.find(conn, name)
        assert found
        asked = Stamp(at, "erp", "x")
        done = replace(
            found,
            state=OrderState.COMPLETED,
            asks=(Ask(asked, found.serial, True),),
            answered_at=at,
            completion=Completion(found.serial or "", at, asked),
        )
        orders.write(conn, done, NOON)
    before = len(_told(conn))
    apply.apply_batch(conn, [fact(cancelled("A"), 40), fact(cancelled("B"), 41)])
    assert _told(conn)[before:] == [
        ("A", "progress", "cancel_after_completion"),
        ("B", "cancelled", "cancelled_by_erp"),
    ]
    apply.apply_batch(conn, [fact(received(S), 50)])
    assert len(_told(conn)) == before + 2


# ------------------------------------------------------------------------------------------------ what people ask for


def _failed(conn: Connection) -> None:
    _applied(conn, started("A", S, pppoe_login="ana", pppoe_password=PPPOE_PASSWORD))
    assert orders.finish_failed(conn, "A", 1, orders.Failure("profile_missing", {"detail": "x"}))


def test_a_person_has_an_order_tried_again_that_has_ended(conn: Connection) -> None:
    assert apply.request_retry(conn, "A", "ana", "x") == "unknown"
    apply.apply_batch(conn, [fact(cancelled("C"), 0)])
    assert apply.request_retry(conn, "C", "ana", "x") == "unknown"
    _failed(conn)
    assert apply.request_retry(conn, "A", "ana", "de novo") is None
    found = orders.find(conn, "A")
    assert found
    assert (found.state.value, found.revision, found.serial) == ("working", 2, S)
    asked = found.asks[-1]
    assert (asked.serial, asked.fresh, asked.stamp.source) == (S, True, "acende")
    assert asked.stamp.time == NOON
    steps = [(one.kind, one.text) for one in timelines.steps(conn, "A")]
    assert ("person", "Nova tentativa pedida por ana: de novo") in steps
    assert apply.request_retry(conn, "A", "ana", "x") == "live"


def test_of_an_order_of_which_only_its_result_is_known_nothing_can_be_tried(conn: Connection) -> None:
    _failed(conn)
    conn.execute(service_order.update().values(request={"serial": S}))
    assert apply.request_retry(conn, "A", "ana", "x") == "unknown"


def test_what_a_person_asks_for_comes_after_all_that_was_asked(conn: Connection) -> None:
    """Whatever the ERP's clock says."""
    ahead = NOON + timedelta(hours=3)
    order = replace(
        unknown("A"), asks=(Ask(Stamp(NOON, "erp", "a"), S, True), Ask(Stamp(ahead, "erp", "b"), S, True))
    )
    assert apply._by_hand(order, NOON).time == ahead + timedelta(microseconds=1)
    gone = replace(order, cancelled=Stamp(ahead + MINUTE, "erp", "c"))
    assert apply._by_hand(gone, NOON).time == ahead + MINUTE + timedelta(microseconds=1)
    assert apply._by_hand(unknown("A"), NOON).time == NOON
    assert apply._by_hand(order, ahead + MINUTE).time == ahead + MINUTE


def test_a_person_cancels_an_order_that_is_not_cancelled(conn: Connection) -> None:
    assert apply.request_cancel(conn, "A", "ana", "x") == "unknown"
    apply.apply_batch(conn, [fact(cancelled("C"), 0)])
    assert apply.request_cancel(conn, "C", "ana", "x") == "unknown"
    _applied(conn, started("A", S), started("B", T))
    assert apply.request_cancel(conn, "A", "ana", "mudou de ideia") is None
    found = orders.find(conn, "A")
    assert found
    assert (found.state.value, found.cancel_reason, found.cancel_code) == (
        "cancelled", "mudou de ideia", "cancelled_by_person"
    )  # fmt: skip
    steps = [(one.kind, one.text) for one in timelines.steps(conn, "A")]
    assert ("person", "Cancelamento pedido por ana: mudou de ideia") in steps
    assert apply.request_cancel(conn, "A", "ana", "x") == "cancelled"
    orders.own(conn, "B", "olt-1", PORT, T)
    assert apply.request_cancel(conn, "B", "ana", "x") is None
    assert apply.request_cancel(conn, "B", "ana", "x") == "cancelled"


def test_a_person_who_comes_too_late_is_told_so(conn: Connection) -> None:
    _applied(conn, started("A", S))
    found = orders.find(conn, "A")
    assert found
    at = NOON - timedelta(days=2)
    asked = Stamp(at, "erp", "x")
    done = replace(
        found,
        state=OrderState.COMPLETED,
        asks=(Ask(asked, S, True),),
        answered_at=at,
        completion=Completion(S, at, asked),
    )
    orders.write(conn, done, NOON)
    assert apply.request_cancel(conn, "A", "ana", "x") == "cancel_after_completion"
    assert orders.find(conn, "A") == done


# --------------------------------------------------------------------------------------------------------- what is written


def test_a_unit_and_an_order_are_the_same_once_they_were_written(conn: Connection) -> None:
    apply.apply_batch(
        conn,
        [
            replace(fact(received(S), 0), traceparent="00-a"),
            replace(fact(bound(S, "A"), 1), traceparent="00-b"),
            fact(unbound(S, "B"), 2),
            fact(bound(H, "A"), 3),
        ],
    )
    row = conn.execute(select(equipment).where(equipment.c.serial == S)).mappings().one()
    unit = rows.unit_of(row)
    assert rows.unit_row(unit) == {name: row[name] for name in row if name != "returns"} | {
        "returns": {"B": ["2026-03-02T11:02:00+00:00", "erp", "acende.equipment.unbound.v1-2"]}
    }
    assert unit.lent
    assert (unit.lent.order, unit.lent.contract, unit.lent.customer, unit.lent.trace) == (
        "A",
        "K-A",
        "C-1",
        "00-b",
    )
    assert (unit.received_trace, row["bound_order"], row["undecided"]) == ("00-a", "A", False)
    assert unit.received_stamp == Stamp(NOON - 60 * MINUTE, "erp", "acende.equipment.received.v1-0")
    doubtful = conn.execute(select(equipment).where(equipment.c.serial == H)).mappings().one_or_none()
    if doubtful is not None:
        assert (doubtful["undecided"], doubtful["bound_order"]) == (True, None)


FULL = Order(
    "A",
    request={"plan_code": "x", "customer_id": "C", "contract_id": "K", "serial": S},
    request_digest="digest",
    requested=Stamp(NOON, "erp", "r"),
    has_secrets=True,
    traceparent="00-t",
    asks=(Ask(Stamp(NOON, "erp", "r"), S, True), Ask(Stamp(NOON + MINUTE, "erp", "s"), None, False)),
    cancelled=Stamp(NOON + MINUTE, "crm", "c"),
    cancel_reason="desistiu",
    cancel_code="cancelled_by_erp",
    state=OrderState.STOPPED,
    revision=2,
    sequence=3,
    worked_digest="digest:x",
    began_at=NOON + 2 * MINUTE,
    stage=Stage.QUEUED,
    stage_since=NOON + 3 * MINUTE,
    durations={"discovering": 1.5},
    verdict="serial_claimed",
    verdict_params={"other_order": "B"},
    verdict_since=NOON + 4 * MINUTE,
    due_at=NOON + 5 * MINUTE,
    serial=S,
    claims=True,
    attempted=None,
    attempts=4,
    place_olt="olt-1",
    place_port=PORT,
    work_deadline_at=NOON + 6 * MINUTE,
    parked=True,
    last_code="olt_busy",
    final={"code": "x"},
    final_revision=1,
    answered_at=NOON + 7 * MINUTE,
    completion=Completion(T, NOON + 8 * MINUTE, Stamp(NOON + 9 * MINUTE, "erp", "a")),
    finished_at=NOON + 10 * MINUTE,
    erased_at=NOON + 11 * MINUTE,
    created_at=NOON - MINUTE,
)


@pytest.mark.parametrize("order", [FULL, unknown("A")], ids=["all", "nothing"])
def test_an_order_is_the_same_once_it_was_written(conn: Connection, order: Order) -> None:
    settle.write_orders(conn, {}, [order], NOON)
    found = conn.execute(select(service_order)).mappings().one()
    assert rows.order_of(found, order.owns) == replace(order, created_at=order.created_at or NOON)
    assert found["updated_at"] == NOON
    assert (found["named_serial"], found["customer"], found["contract"]) == (
        order.named_serial, order.customer, order.contract
    )  # fmt: skip
    later = replace(rows.order_of(found), sequence=9, attempted=None)
    orders.write(conn, later, NOON + MINUTE)
    assert row_of(conn, service_order, "A").sequence == 9
    assert row_of(conn, service_order, "A").updated_at == NOON + MINUTE


def test_an_attempt_is_kept_with_its_unit_time_and_request(conn: Connection) -> None:
    _applied(conn, started("A", S))
    assert orders.open_attempt(conn, "A", 1) == 1
    found = orders.find(conn, "A")
    assert found
    assert found.attempted
    assert (found.attempted.serial, found.attempted.at) == (S, NOON)
    assert found.attempted.ask_at == found.asks[-1].stamp.time


def test_a_step_says_whose_it_is(conn: Connection) -> None:
    assert rows.step_row(FULL, NOON, "person", "x", {"y": 1}) == {
        "job_id": None,
        "service_order_id": "A",
        "revision": 2,
        "at": NOON,
        "kind": "person",
        "text": "x",
        "detail": {"y": 1},
    }
    assert rows.step_row(FULL, NOON, "person", "x")["detail"] is None


def test_claims_that_end_are_written_first(conn: Connection) -> None:
    """No two orders may claim one unit, not even for a moment: they change places."""
    before = {
        "A": replace(unknown("A"), state=OrderState.WORKING, serial=S, claims=True),
        "B": replace(unknown("B"), state=OrderState.WORKING, serial=T, claims=True),
        "C": replace(unknown("C"), state=OrderState.WORKING, serial="C", claims=True),
    }
    settle.write_orders(conn, {}, list(before.values()), NOON)
    after = [
        replace(before["A"], serial=T),
        replace(before["B"], serial=S),
        replace(before["C"], sequence=5),
        replace(unknown("D"), state=OrderState.WAITING),
    ]
    settle.write_orders(conn, before, after, NOON + MINUTE)
    assert column(conn, service_order, "serial") == [T, S, "C", None]
    assert column(conn, service_order, "claims") == [True, True, True, False]
    assert column(conn, service_order, "created_at") == [NOON, NOON, NOON, NOON + MINUTE]


def test_units_are_written_whether_they_are_known_or_not(conn: Connection) -> None:
    apply.apply_batch(conn, [fact(received(S), 0)])
    apply.apply_batch(conn, [fact(bound(S, "A"), 1), fact(bound(T, "B"), 2)])
    found = {row.serial: (row.lent_order, row.received is None) for row in conn.execute(select(equipment))}
    assert found == {S: ("A", False), T: ("B", True)}


def test_a_change_is_told_in_the_timeline_with_its_reason_or_its_unit(conn: Connection) -> None:
    _applied(conn, started("A", S), started("B", S))
    told = [(row.service_order_id, row.kind, row.text, row.detail) for row in conn.execute(select(job_step))]
    [mine] = [one for one in told if one[0] == "A"]
    assert mine == ("A", "working", Stage.DISCOVERING.text_pt, {"serial": S})
    [other] = [one for one in told if one[0] == "B"]
    assert other[1] == "stopped"
    assert other[2] != Stage.WAITING_FOR_EQUIPMENT.text_pt
    assert other[3] == {"code": "serial_claimed", "serial": S, "other_order": "A"}
    apply.apply_batch(conn, [fact(started("W"), 9)])
    waiting = conn.execute(select(job_step).where(job_step.c.service_order_id == "W")).one()
    assert (waiting.kind, waiting.text, waiting.detail) == (
        "waiting",
        Stage.WAITING_FOR_EQUIPMENT.text_pt,
        None,
    )


def test_a_result_of_correlation_tells_what_is_the_orders_own_and_its_unit(conn: Connection) -> None:
    _applied(conn, received(S), started("A", S))
    orders.own(conn, "A", "olt-1", PORT, S)
    orders.own(conn, "B", "olt-2", PORT, S)
    assert orders.finish_failed(conn, "A", 1, orders.Failure("profile_missing", {"detail": "x"}))
    conn.execute(secret.delete())
    conn.execute(service_order.update().values(has_secrets=True))
    assert apply.request_retry(conn, "A", "ana", "x") is None
    told = json.loads(bytes(column(conn, outbox, "value")[-1]))
    assert told["data"]["code"] == "secret_expired"
    assert told["data"]["own"] == [{"olt_id": "olt-1", "pon_port": "0/1/0", "onu_id": None, "serial": S}]
    assert told["data"]["stock_item_id"] == f"PAT-{S[-4:]}"


def test_what_stock_says_of_a_unit_is_decided_at_once_for_who_asks_for_it(conn: Connection) -> None:
    _applied(conn, received(S, ROUTER_MODEL), started("A", S))
    assert column(conn, service_order, "verdict") == ["not_an_onu"]
    apply.apply_batch(conn, [fact(received(S, ONU_MODEL), 9)])
    assert column(conn, service_order, "state") == ["working"]


def test_what_an_olt_shows_is_no_mac_address(conn: Connection) -> None:
    _applied(conn, started("A", H), started("B", S))
    assert column(conn, service_order, "state") == ["waiting", "working"]
    [looks] = column(conn, job, "id", service_order_id="A", live=True)
    conn.execute(job.update().where(job.c.id == looks).values(stage="shown"))
    done = sweep.sweep(conn)
    assert (done.orders, column(conn, service_order, "state")) == (1, ["working", "working"])
    assert row_of(conn, equipment, H).undecided is False
    assert sweep.sweep(conn) == sweep.Swept()


# ------------------------------------------------------------------------------------------------------ jobs and removals


def test_what_an_order_owns_is_removed_in_its_time_and_not_if_it_is_asked_for_again(conn: Connection) -> None:
    _applied(conn, started("A", S), started("B", T))
    orders.own(conn, "A", "olt-1", PORT, S)
    orders.own(conn, "B", "olt-2", PORT, T)
    apply.apply_batch(conn, [fact(cancelled("A"), 40)])
    [removal] = conn.execute(select(job).where(job.c.live, job.c.service_order_id == "A"))
    assert (removal.kind, removal.olt, removal.deadline_at) == (
        "deprovision",
        "olt-1",
        NOON + timedelta(hours=72),
    )
    assert column(conn, job, "kind", service_order_id="B", live=True) == ["provision"]
    apply.apply_batch(conn, [fact(cancelled("B"), 41)])
    assert column(conn, job, "kind", service_order_id="A", live=True) == ["deprovision"]
    apply.apply_batch(conn, [fact(started("A", S), 50)])
    assert column(conn, job, "kind", service_order_id="A", live=True) == ["provision"]
    assert column(conn, job, "kind", service_order_id="B", live=True) == ["deprovision"]


# --------------------------------------------------------------------------------------------------------------- passwords

WORD = {"pppoe_login": "ana", "pppoe_password": PPPOE_PASSWORD}


def _kept(conn: Connection) -> dict[str, Any]:
    return {row.service_order_id: row.erase_at for row in conn.execute(select(secret))}


def test_passwords_are_kept_while_the_order_lives_and_a_day_after_it_failed(conn: Connection) -> None:
    apply.apply_batch(
        conn,
        [
            fact(started("A", S, **WORD), 0),
            fact(started("B", T, **WORD), -60 * 25),
            fact(started("C", "HWTC00000001", **WORD), 1),
            fact(cancelled("D"), 3),
            fact(started("D", "HWTC00000002", **WORD), 2),
        ],
    )
    assert _kept(conn) == {"A": None, "B": NOON + timedelta(hours=24), "C": None}
    apply.apply_batch(conn, [fact(cancelled("C"), 9)])
    assert [*_kept(conn)] == ["A", "B"]
    assert apply.request_retry(conn, "B", "ana", "x") is None
    assert _kept(conn) == {"A": None, "B": None}
    apply.apply_batch(conn, [fact(started("A", S), 20)])
    assert [*_kept(conn)] == ["B"]


def test_passwords_of_a_request_that_is_not_the_latest_are_not_kept(conn: Connection) -> None:
    apply.apply_batch(conn, [fact(started("A", S), 9)])
    apply.apply_batch(conn, [fact(started("A", S, **WORD), 1)])
    assert _kept(conn) == {}


def test_passwords_that_come_again_are_there_again(conn: Connection) -> None:
    apply.apply_batch(conn, [fact(started("A", S, **WORD), 1)])
    conn.execute(secret.delete())
    apply.apply_batch(conn, [fact(started("A", S, **WORD), 2)])
    found = orders.find(conn, "A")
    assert found
    assert (found.state.value, found.secrets_kept) == ("working", True)


# ---------------------------------------------------------------------------------------------- what hangs together


def test_all_is_read_that_decides_about_a_unit_and_the_orders_that_may_claim_it(conn: Connection) -> None:
    plant(
        conn,
        service_order,
        {"id": "lent", "serial": "X"},
        {"id": "names", "named_serial": S},
        {"id": "works", "serial": S},
        {"id": "served", "completed_serial": S, "serial": S},
        {"id": "owner"},
        {"id": "rival", "serial": "X"},
        {"id": "stranger", "serial": T},
    )
    plant(
        conn,
        equipment,
        {
            "serial": S,
            "bound_order": "lent",
            "lent_order": "lent",
            "lent_at": NOON,
            "lent_source": "e",
            "lent_id": "i",
        },
        {"serial": "X", "bound_order": "rival"},
        {"serial": T, "bound_order": "stranger"},
    )
    plant(
        conn,
        own_registration,
        {"serial": S, "service_order_id": "owner"},
        {"serial": "Y", "port": "0/1/7", "service_order_id": "works"},
        {"serial": T, "service_order_id": "stranger"},
    )
    with locking(conn) as locked:
        reader, affected = world.gather(conn, {S}, set(), set())
    assert set(locked) == {"service_order id"}
    assert affected == {"lent", "names", "works", "served"}
    assert reader.ids() == {"lent", "names", "works", "served", "owner", "rival"}
    assert {S, "X"} <= reader.units.keys()
    assert T not in reader.units
    assert reader.registered == (
        Registered("olt-1", "0/1/0", S, "owner"),
        Registered("olt-1", "0/1/7", "Y", "works"),
    )
    assert reader.orders()["works"].owns == {"Y"}
    assert reader.orders()["owner"].owns == {S}
    assert reader.orders()["lent"].owns == frozenset()


def test_all_is_read_that_decides_about_an_order(conn: Connection) -> None:
    plant(
        conn,
        service_order,
        {"id": "A", "named_serial": S, "completed_serial": T},
        {"id": "rival", "serial": S},
        {"id": "tenant", "serial": T},
        {"id": "heir", "serial": "X"},
        {"id": "stranger", "serial": "Z"},
    )
    plant(conn, equipment, {"serial": S}, {"serial": T}, {"serial": "X", "bound_order": "A"}, {"serial": "Z"})
    reader, affected = world.gather(conn, set(), set(), {"A"})
    assert affected == {"A"}
    assert reader.ids() == {"A", "rival", "tenant", "heir"}
    assert reader.units.keys() == {S, T, "X"}
    named, affected = world.gather(conn, set(), {"Z"}, set())
    assert affected == set()
    assert named.ids() == {"stranger"}
    assert named.units.keys() == {"Z"}


def test_rows_of_orders_are_locked_in_the_order_of_their_ids(conn: Connection) -> None:
    ids = ["C", "A", "B"]
    plant(conn, service_order, *({"id": one} for one in ids))
    reader = world.Reader(conn)
    with locking(conn) as locked:
        reader.orders_of(ids, (), ())
    assert locked == ["service_order id"]
    assert [*reader._rows] == ["A", "B", "C"]
    with locking(conn) as locked:
        reader.units_of([S], ids)
        reader.orders_of((), (), ())
    assert locked == []


def test_passwords_that_are_gone_are_known_to_be(conn: Connection) -> None:
    plant(conn, service_order, *({"id": one, "has_secrets": one != "C"} for one in "ABC"))
    plant(conn, secret, {"service_order_id": "A"})
    reader = world.Reader(conn)
    reader.orders_of("ABC", (), ())
    assert {name: order.secrets_kept for name, order in reader.orders().items()} == {
        "A": True,
        "B": False,
        "C": True,
    }
    one = orders.find(conn, "B")
    assert one
    assert not one.secrets_kept
    assert (orders.find(conn, "X"), orders.hold(conn, "X")) == (None, None)


def test_a_world_of_its_own_is_settled(conn: Connection) -> None:
    assert settle.settle(conn, {}, World(), settle.News(), NOON) == settle.Settled()
    assert _after(conn).channels == set()
