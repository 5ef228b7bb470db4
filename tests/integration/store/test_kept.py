"""What is kept of orders beside their rows, and what of it leaves: each statement means its own rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, select

from schemas.inventory import Inventory
from schemas.place import PonPort
from tests.support.rows import beside, column, plant, row_of
from tests.support.statements import locking
from tests.unit.config.samples import inventory as sample_inventory
from tests.unit.correlate.town import NOON, S, T, started
from worker.policy import Standing
from worker.store import (
    dead_letters,
    digests,
    inventories,
    outbox,
    own,
    retention,
    secrets,
    standing,
    views,
)
from worker.store.db import _after
from worker.store.dead_letters import Letter
from worker.store.jobs import Owned
from worker.store.outbox import Record
from worker.store.schema import (
    applied_digest,
    equipment,
    inbox,
    inventory,
    inventory_olt,
    job,
    olt_lease,
    own_registration,
    secret,
    service_order,
)
from worker.store.schema import outbox as outbox_table

PORT, OTHER = PonPort.model_validate("0/1/0"), PonPort.model_validate("0/1/7")
MOMENT = timedelta(microseconds=1)
LATER = NOON + timedelta(hours=1)


# ------------------------------------------------------------------------------------------------------ whose own it is


def test_a_registration_is_its_owners_until_it_is_gone(conn: Connection) -> None:
    at = {"olt": "olt-1", "port": "0/1/0", "serial": S}
    others = ({"olt": "olt-2"}, {"port": "0/1/7"}, {"serial": T})
    plant(conn, own_registration, *beside(at | {"service_order_id": "B"}, *others))
    own.own(conn, "A", "olt-1", PORT, S)
    assert own.owned_by(conn, "A") == (Owned("olt-1", PORT, S),)
    assert own.owned_by(conn, "B") == (
        Owned("olt-1", PORT, T),
        Owned("olt-1", OTHER, S),
        Owned("olt-2", PORT, S),
    )
    assert column(conn, own_registration, "since", service_order_id="A") == [NOON]
    assert own.remove(conn, "olt-1", PORT, S) == "A"
    assert own.remove(conn, "olt-1", PORT, S) is None
    assert len(own.owned_by(conn, "B")) == 3


def _heirs(conn: Connection, **maker: Any) -> None:
    plant(conn, service_order, {"id": "A", "serial": S, "claims": True, "contract": "K"})
    if maker:
        plant(conn, service_order, {"id": "M", "state": "failed", "contract": "L"} | maker)


@pytest.mark.parametrize(
    ("maker", "inherits"),
    [
        ({}, True),
        ({"contract": "L"}, True),
        ({"completed_serial": T}, False),
        ({"completed_serial": T, "contract": "K"}, True),
        ({"completed_serial": T, "state": "cancelled"}, True),
        ({"completed_serial": T, "state": "cancelling"}, True),
    ],
)
def test_what_another_made_is_inherited_with_the_claim_unless_it_may_be_served_by_it(
    conn: Connection, maker: dict[str, Any], *, inherits: bool
) -> None:
    _heirs(conn, **maker)
    made = {"serial": S, "service_order_id": "M"}
    plant(conn, own_registration, *beside(made, {"olt": "olt-2", "port": "0/1/7"}, {"serial": T}))
    plant(conn, own_registration, {"serial": S, "port": "0/1/9", "service_order_id": "A"})
    mine = {PonPort.model_validate("0/1/9")}
    assert own.own_ports(conn, "A", "olt-1", S) == (mine | {PORT} if inherits else mine)
    assert own.own_ports(conn, "A", "olt-1", T) == set()
    own.inherit(conn, "A", S)
    owners = {
        (row.olt, row.serial): row.service_order_id
        for row in conn.execute(select(own_registration))
        if row.port != "0/1/9"
    }
    heir = "A" if inherits else "M"
    assert owners == {("olt-1", S): heir, ("olt-2", S): heir, ("olt-1", T): "M"}


@pytest.mark.parametrize(
    "change", [{"claims": False}, {"serial": T}, {"id": "Z"}], ids=lambda one: str([*one])
)
def test_nothing_is_inherited_without_the_claim_of_that_serial(
    conn: Connection, change: dict[str, Any]
) -> None:
    plant(conn, service_order, {"id": "A", "serial": S, "claims": True} | change)
    plant(conn, own_registration, {"serial": S, "service_order_id": "M"})
    own.inherit(conn, "A", S)
    assert column(conn, own_registration, "service_order_id") == ["M"]
    assert own.own_ports(conn, "A", "olt-1", S) == set()


@pytest.mark.parametrize("row", [{"serial": T}, {"claims": False}, {"id": "A"}], ids=lambda one: str([*one]))
def test_an_orders_standing_names_who_else_claims_this_serial(conn: Connection, row: dict[str, Any]) -> None:
    plant(conn, service_order, {"id": "B", "serial": S, "claims": True} | row)
    assert standing.standing(conn, "A", "olt-1", S, lit=False) == Standing("nobody", frozenset(), None, False)


@pytest.mark.parametrize(
    ("bound", "binding"), [("A", "here"), ("B", "elsewhere"), (None, "nobody"), ("none", "nobody")]
)
def test_an_orders_standing_says_to_whom_stock_binds_the_serial_and_where_it_is_its_own(
    conn: Connection, bound: str | None, binding: Any
) -> None:
    plant(conn, service_order, {"id": "B", "serial": S, "claims": True})
    plant(conn, equipment, {"serial": T, "bound_order": "A"})
    if bound != "none":
        plant(conn, equipment, {"serial": S, "bound_order": bound})
    plant(conn, own_registration, {"serial": S, "service_order_id": "A"})
    found = standing.standing(conn, "A", "olt-1", S, lit=True)
    assert found == Standing(binding, frozenset({PORT}), "B", True)


# ------------------------------------------------------------------------------------------------------------ passwords


def _secrets(conn: Connection) -> dict[str, tuple[str | None, str | None, Any]]:
    rows = conn.execute(select(secret))
    return {row.service_order_id: (row.pppoe_password, row.wifi_key, row.erase_at) for row in rows}


WORD = {"pppoe_password": SecretStr("p"), "wifi_key": SecretStr("w")}


def test_passwords_are_kept_by_field_in_place_of_the_former_ones(conn: Connection) -> None:
    secrets.keep(conn, {"A": WORD, "B": WORD, "C": {}})
    assert not _after(conn).erased
    assert _secrets(conn) == {"A": ("p", "w", None), "B": ("p", "w", None)}
    secrets.erase_later(conn, ["A", "B"], LATER)
    secrets.keep(conn, {"A": {"wifi_key": SecretStr("x")}})
    assert _secrets(conn) == {"A": (None, "x", None), "B": ("p", "w", LATER)}
    assert {name: one.get_secret_value() for name, one in secrets.of_order(conn, "A").items()} == {
        "wifi_key": "x"
    }
    secrets.keep(conn, {"B": {}})
    assert _secrets(conn) == {"A": (None, "x", None)}
    assert _after(conn).erased
    assert secrets.of_order(conn, "B") == {}


def test_passwords_are_put_off_and_erased_of_the_orders_that_are_meant(conn: Connection) -> None:
    secrets.keep(conn, {"A": WORD, "B": WORD})
    secrets.erase_later(conn, ["A"], LATER)
    assert _secrets(conn) == {"A": ("p", "w", LATER), "B": ("p", "w", None)}
    secrets.erase_later(conn, ["B"], NOON)
    secrets.keep_on(conn, ["A"])
    assert _secrets(conn) == {"A": ("p", "w", None), "B": ("p", "w", NOON)}
    secrets.erase(conn, ["C"])
    assert not _after(conn).erased
    secrets.erase(conn, ["A"])
    assert _after(conn).erased
    assert [*_secrets(conn)] == ["B"]


def test_passwords_whose_time_has_come_or_lies_too_far_ahead_are_erased(conn: Connection) -> None:
    far = LATER + MOMENT
    for name, at in {"A": NOON, "B": NOON + MOMENT, "C": LATER, "D": far, "E": None}.items():
        plant(conn, secret, {"service_order_id": name, "erase_at": at})
    assert secrets.erase_due(conn, NOON, LATER) == 2
    assert [*_secrets(conn)] == ["B", "C", "E"]
    assert _after(conn).erased
    _after(conn).erased = False
    assert secrets.erase_due(conn, NOON, LATER) == 0
    assert not _after(conn).erased


def test_the_passwords_of_a_request_are_those_it_has() -> None:
    request = started("A", S, pppoe_login="ana", pppoe_password="p")
    assert {name: one.get_secret_value() for name, one in secrets.secrets_in(request).items()} == {
        "pppoe_password": "p"
    }


# ------------------------------------------------------------------------------------------- digests of what was applied


def test_digests_are_kept_by_place_and_field_and_forgotten_with_the_registration(conn: Connection) -> None:
    at = {"olt": "olt-1", "serial": S, "field": "x", "digest": "other"}
    plant(conn, applied_digest, *beside(at | {"olt": "olt-2"}, {"olt": "olt-1", "serial": T}))
    digests.keep(conn, "olt-1", S, {})
    assert digests.find(conn, "olt-1", S) == {}
    digests.keep(conn, "olt-1", S, {"x": "1", "y": "2"})
    digests.keep(conn, "olt-1", S, {"x": "3"})
    assert digests.find(conn, "olt-1", S) == {"x": "3", "y": "2"}
    assert digests.find(conn, "olt-2", S) == digests.find(conn, "olt-1", T) == {"x": "other"}
    digests.forget(conn, "olt-1", S)
    assert digests.find(conn, "olt-1", S) == {}
    assert digests.find(conn, "olt-2", S) == digests.find(conn, "olt-1", T) == {"x": "other"}


def test_a_digest_is_of_the_value_in_its_place_under_the_key() -> None:
    """What releases before this one have kept stays comparable."""
    made = digests.digest(b"key", "olt-1", S, "pppoe_password", "p")
    assert made == "9cb56329d2007d81f55db5d14d69787883b71aeea3d551cf84cfe73d7bb1d7a9"
    others = {
        digests.digest(b"kez", "olt-1", S, "pppoe_password", "p"),
        digests.digest(b"key", "olt-2", S, "pppoe_password", "p"),
        digests.digest(b"key", "olt-1", T, "pppoe_password", "p"),
        digests.digest(b"key", "olt-1", S, "wifi_key", "p"),
        digests.digest(b"key", "olt-1", S, "pppoe_password", "q"),
    }
    assert len(others | {made}) == 6


# --------------------------------------------------------------------------------------------------------- dead letters


def _letter(at: str, key: str) -> Letter:
    return Letter(at, Record("dead", key, b"{}", {}))


def test_each_record_that_is_set_aside_has_one_dead_letter_however_often_it_is_read(conn: Connection) -> None:
    plant(conn, inbox, {"source": "erp", "id": "t/0/1/9"})
    assert dead_letters.put(conn, [], NOON) == set()
    assert dead_letters.put(conn, [_letter("t/0/1/9", "a"), _letter("t/0/2/9", "b")], NOON) == {
        "t/0/1/9",
        "t/0/2/9",
    }
    again = [_letter("t/0/2/9", "b"), _letter("t/0/3/9", "c"), _letter("t/0/3/9", "c")]
    assert dead_letters.put(conn, again, LATER) == {"t/0/3/9"}
    assert dead_letters.put(conn, again, LATER) == set()
    assert column(conn, outbox_table, "key") == ["a", "b", "c"]
    assert column(conn, outbox_table, "created_at") == [NOON, NOON, LATER]
    noted = column(conn, inbox, "arrived_at", source="acende/dead-letters", type="acende.dead-letter.v1")
    assert noted == [NOON, NOON, LATER]


# ----------------------------------------------------------------------------------------------------------- the outbox


def test_the_outbox_is_read_without_what_was_refused_is_in_flight_or_held_back(conn: Connection) -> None:
    outbox.put_all(
        conn, [Record("t", key, b"xy", {"h": "1"}) for key in "ABCDE"], NOON - timedelta(minutes=3)
    )
    assert _after(conn).channels == {"outbox"}
    first, second, *_ = column(conn, outbox_table, "id")
    outbox.set_aside(conn, second, "too large")
    found = outbox.pending(conn, 2, without=[first], keys_held=["C"])
    assert [(one.topic, one.key, one.value, one.headers) for one in found] == [
        ("t", key, b"xy", {"h": "1"}) for key in "DE"
    ]
    assert outbox.pending(conn, 10, keys_held=[*"ACDE"]) == []
    backlog = outbox.backlog(conn)
    assert (backlog.waiting, backlog.refused, backlog.oldest_s) == (4, 1, 180.0)
    outbox.published(conn, [first])
    assert column(conn, outbox_table, "key") == ["B", "C", "D", "E"]
    assert column(conn, outbox_table, "refused") == ["too large", None, None, None]


def test_the_oldest_that_waits_is_the_one_written_first_and_none_is_no_time(conn: Connection) -> None:
    assert outbox.backlog(conn) == outbox.Backlog(0, 0, 0.0)
    outbox.put_all(conn, [], NOON)
    assert _after(conn).channels == set()
    old = {"created_at": NOON - timedelta(minutes=9), "refused": "x"}
    plant(
        conn,
        outbox_table,
        old,
        {"created_at": NOON - timedelta(minutes=1)},
        {"created_at": NOON - timedelta(minutes=5)},
    )
    assert outbox.backlog(conn) == outbox.Backlog(2, 1, 60.0)
    outbox.published(conn, column(conn, outbox_table, "id"))
    plant(conn, outbox_table, {"created_at": LATER})
    assert outbox.backlog(conn).oldest_s == 0.0


def test_records_leave_in_the_order_of_their_ids_with_when_they_were_written(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "boottime", lambda: 1000.0)
    ages = {3: 30, 1: 10, 2: 20}
    rows = (
        {"id": one, "key": str(one), "created_at": NOON - timedelta(seconds=age)} for one, age in ages.items()
    )
    plant(conn, outbox_table, *rows)
    found = outbox.pending(conn, 2)
    assert [(one.id, one.written_at, one.headers) for one in found] == [(1, 990.0, {}), (2, 980.0, {})]
    assert [one.id for one in outbox.pending(conn, 9)] == [1, 2, 3]
    outbox.put(conn, "topic", "key", b"v", {"h": "1"})
    last = outbox.pending(conn, 9)[-1]
    assert (last.topic, last.key, last.value, last.headers, last.written_at) == (
        "topic",
        "key",
        b"v",
        {"h": "1"},
        1000.0,
    )


def test_no_more_bytes_are_brought_into_memory_than_that(conn: Connection) -> None:
    outbox.put_all(conn, [Record("t", "k", b"x" * (outbox.WINDOW_BYTES_MAX // 20)) for _ in range(21)])
    assert len(outbox.pending(conn, 99)) == 20


# ---------------------------------------------------------------------------------------------------------- inventories


def test_the_olts_of_an_inventory_are_those_with_their_sites() -> None:
    made = Inventory.model_validate(sample_inventory())
    assert inventories.sited(made) == {(olt.id, olt.site) for olt in made.olts}


def test_an_olt_has_left_when_no_inventory_in_use_has_it(conn: Connection) -> None:
    plant(conn, olt_lease, {"olt": "a"}, {"olt": "b"}, {"olt": "c", "platform": None})
    assert inventories.use(conn, [("b", "centro"), ("a", "norte")], NOON)
    assert not inventories.use(conn, [("a", "norte"), ("b", "centro")], LATER)
    assert column(conn, inventory, "seen_at") == [LATER]
    assert inventories.use(conn, [("a", "norte")], NOON)
    assert sorted(column(conn, inventory, "seen_at")) == [NOON, LATER]
    assert inventories.in_use(conn) == {("a", "norte"), ("b", "centro")}
    assert not inventories.forget(conn, NOON)
    assert not inventories.forget(conn, NOON + MOMENT)
    assert len(column(conn, inventory_olt, "olt")) == 2
    assert inventories.use(conn, [("a", "norte")], LATER + timedelta(hours=1))
    assert inventories.forget(conn, LATER + MOMENT)
    assert inventories.in_use(conn) == {("a", "norte")}
    assert column(conn, olt_lease, "platform") == ["huawei_smartax", None, None]


# ------------------------------------------------------------------------------------------------------------- dry runs


def test_where_a_dry_run_goes_is_where_the_order_is_being_installed_else_where_it_was(
    conn: Connection,
) -> None:
    row = {"id": "A", "revision": 2, "serial": S, "olt": "olt-9", "port": "0/1/7"}
    plant(
        conn,
        service_order,
        *beside(row, {"id": "B", "serial": None}, {"id": "C", "port": None}, {"id": "D", "olt": None}),
    )
    live = {"service_order_id": "A", "olt": "olt-1", "port": "0/1/0", "payload": {"lit": True}}
    plant(
        conn,
        job,
        *beside(
            live | {"live": False},
            {"kind": "plan", "live": True},
            {"olt": "", "live": True},
            {"service_order_id": "Z", "live": True},
        ),
    )
    assert views.placed(conn, "A") == views.PlacedOrder("A", 2, S, "olt-9", "0/1/7", {})
    assert [views.placed(conn, one) for one in "BCDX"] == [None] * 4
    plant(conn, job, live | {"olt": "olt-3"})
    assert views.placed(conn, "A") == views.PlacedOrder("A", 2, S, "olt-3", "0/1/0", {"lit": True})


def test_a_dry_run_that_is_asked_for_is_due_at_once_and_forgotten_after_ten_minutes(conn: Connection) -> None:
    asked = {"kind": "plan", "service_order_id": "A", "updated_at": NOON - MOMENT}
    former, *others = plant(
        conn,
        job,
        *beside(
            asked,
            {"service_order_id": "B"},
            {"kind": "provision"},
            {"live": False, "state": "done", "payload": {"x": 1}},
        ),
    )
    made = views.ask(conn, views.PlacedOrder("A", 2, S, "olt-1", "0/1/0", {"lit": True}), NOON)
    row = row_of(conn, job, made)._asdict()
    assert {name: value for name, value in row.items() if value is not None} == {
        "id": made,
        "kind": "plan",
        "olt": "olt-1",
        "port": "0/1/0",
        "service_order_id": "A",
        "revision": 2,
        "serial": S,
        "state": "due",
        "live": True,
        "due_at": NOON,
        "deadline_at": NOON + timedelta(minutes=10),
        "priority": 10,
        "attempts": 0,
        "open_attempt": False,
        "payload": {"lit": True},
        "created_at": NOON,
        "updated_at": NOON,
    }
    assert _after(conn).channels == {"jobs"}
    dropped = row_of(conn, job, former)
    assert (dropped.live, dropped.state, dropped.updated_at) == (False, "dropped", NOON)
    assert [row_of(conn, job, one).state for one in others] == ["due", "due", "done"]
    assert [views.answer_of(conn, one) for one in (made, former, others[2])] == [None, None, {"x": 1}]
    views.withdraw(conn, made)
    views.withdraw(conn, others[2])
    withdrawn = row_of(conn, job, made)
    assert (withdrawn.live, withdrawn.state) == (False, "dropped")
    assert [row_of(conn, job, one).state for one in others] == ["due", "due", "done"]


# ------------------------------------------------------------------------------------------------------------ retention


def test_jobs_leave_of_orders_that_ended_long_ago_and_were_not_looked_at_since(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = NOON - timedelta(days=91)
    ended = {"id": "A", "state": "completed", "finished_at": long_ago}
    orders = beside(
        ended,
        {"id": "B", "finished_at": NOON - timedelta(days=90)},
        {"id": "C", "state": "working"},
        {"id": "D", "jobs_left_at": long_ago},
        {"id": "E", "jobs_left_at": long_ago - MOMENT},
        {"id": "F", "finished_at": long_ago - timedelta(days=1)},
        {"id": "G"},
    )
    plant(conn, service_order, *orders)
    plant(conn, job, *({"live": False, "service_order_id": one["id"]} for one in orders))
    plant(conn, job, {"service_order_id": "G", "kind": "deprovision"})
    monkeypatch.setattr(retention, "JOBS_MAX", 2)
    with locking(conn) as locked:
        assert retention.drop_jobs(conn) == 2
    assert locked == ["service_order finished_at skip locked"]
    kept = column(conn, job, "service_order_id", live=False)
    assert len(kept) == 5
    assert "F" not in kept
    marked = {
        row.id: row.jobs_left_at for row in conn.execute(select(service_order)) if row.jobs_left_at == NOON
    }
    assert len(marked) == 2
    assert retention.drop_jobs(conn) == 1
    assert retention.drop_jobs(conn) == 0
    assert column(conn, job, "service_order_id", live=False) == ["B", "C", "D", "G"]


def test_an_order_is_looked_at_until_none_of_its_jobs_is_left(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "JOBS_MAX", 2)
    long_ago = NOON - timedelta(days=91)
    plant(conn, service_order, {"id": "A", "state": "completed", "finished_at": long_ago})
    plant(conn, job, *({"live": False, "service_order_id": "A"} for _ in range(3)))
    assert retention.drop_jobs(conn) == 2
    assert row_of(conn, service_order, "A").jobs_left_at is None
    assert retention.drop_jobs(conn) == 1
    assert row_of(conn, service_order, "A").jobs_left_at == NOON


def test_jobs_of_whole_olts_leave_those_that_ended_first_first(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "JOBS_MAX", 2)
    long_ago = NOON - timedelta(days=91)
    ended = {"kind": "save", "live": False, "updated_at": long_ago}
    plant(
        conn,
        job,
        *beside(
            ended | {"port": "late"},
            {"port": "first", "updated_at": long_ago - MOMENT},
            {"port": "second", "updated_at": long_ago - MOMENT},
            {"port": "live", "live": True},
            {"port": "of-an-order", "service_order_id": "X"},
            {"port": "lately", "updated_at": NOON - timedelta(days=90)},
        ),
    )
    assert retention.drop_jobs(conn) == 2
    assert column(conn, job, "port") == ["late", "live", "of-an-order", "lately"]
    assert retention.drop_jobs(conn) == 1
    assert column(conn, job, "port") == ["live", "of-an-order", "lately"]
