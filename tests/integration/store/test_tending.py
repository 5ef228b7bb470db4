"""What time alone ends: each kind of job with its own reason, and nothing while the clock is in doubt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from tests.integration.store.test_leasing import Doubted
from tests.support.rows import column, plant, row_of
from tests.unit.correlate.town import NOON, RULES, S, fact, started
from worker import provision_metrics, tending
from worker.store import apply, orders
from worker.store.db import Context
from worker.store.schema import inventory_olt, job, job_step, olt_lease, outbox, service_order

LIGHT_S = 3600.0
MOMENT = timedelta(microseconds=1)


def _order(
    conn: Connection, *, platform: str | None = "p", row: Mapping[str, Any], breaker: str | None = None
) -> int:
    plant(conn, olt_lease, {"olt": "olt-1", "platform": platform, "breaker": "open", "breaker_code": breaker})
    plant(conn, inventory_olt, {"digest": "d", "olt": "olt-1", "site": "centro"})
    apply.apply_batch(conn, [fact(started("A", S, olt_id="olt-1", pon_port="0/1/0"))])
    conn.execute(job.update().values(row))
    [made] = column(conn, job, "id")
    return int(made)


def _told(conn: Connection) -> tuple[str, dict[str, str]]:
    told = json.loads(bytes(column(conn, outbox, "value")[-1]))["data"]
    return told["code"], told.get("params", {})


UP: dict[str, Any] = {"deadline_at": NOON}
WAITED = [
    ("queued", None, {}, "olt_deadline"),
    ("waiting_for_light", None, {}, "no_light"),
    ("verifying", None, {}, "not_online"),
    ("queued", "olt_login_refused", {}, "olt_login_refused"),
    ("queued", "olt_host_key_changed", {}, "olt_host_key_changed"),
    ("queued", "olt_unreachable", {}, "olt_deadline"),
    ("verifying", "olt_login_refused", {}, "not_online"),
    ("discovering", None, {"olt": "", "port": None, "payload": {"site": "centro"}}, "olt_deadline"),
    (
        "discovering",
        "olt_login_refused",
        {"olt": "", "port": None, "payload": {"olt": "olt-1"}},
        "olt_login_refused",
    ),
    (
        "discovering",
        "olt_login_refused",
        {"olt": "", "port": None, "payload": {"olt": "olt-7"}},
        "olt_deadline",
    ),
]


@pytest.mark.parametrize(("stage", "breaker", "row", "code"), WAITED)
def test_an_order_whose_time_is_up_fails_with_what_it_waited_for(
    conn: Connection, stage: str, breaker: str | None, row: dict[str, Any], code: str
) -> None:
    made = _order(conn, row=UP | row, breaker=breaker)
    conn.execute(service_order.update().values(stage=stage))
    assert tending.tend(conn, LIGHT_S) == 1
    found, params = _told(conn)
    assert found == code
    place = "olt-7" if row.get("payload") == {"olt": "olt-7"} else "olt-1"
    assert (params["serial"], params["olt"]) == (S, place)
    assert params["place"] == (place if row else "olt-1 0/1/0")
    assert (row_of(conn, job, made).live, row_of(conn, job, made).state) == (False, "done")
    assert tending.tend(conn, LIGHT_S) == 0


def test_nothing_ends_before_its_time_and_an_unseen_unit_after_the_time_for_light(conn: Connection) -> None:
    made = _order(conn, row={"deadline_at": NOON + MOMENT})
    assert tending.tend(conn, LIGHT_S) == 0
    unseen: dict[str, Any] = {
        "olt": "",
        "port": None,
        "due_at": NOON - timedelta(seconds=LIGHT_S),
        "payload": {},
    }
    conn.execute(job.update().values(unseen | {"due_at": unseen["due_at"] + MOMENT}))
    assert tending.tend(conn, LIGHT_S) == 0
    conn.execute(job.update().values(unseen))
    assert tending.tend(conn, LIGHT_S) == 1
    assert row_of(conn, job, made).live is False


@pytest.mark.parametrize(
    ("kind", "platform", "said"),
    [
        ("deprovision", "p", "removed"),
        ("deprovision", None, "removed"),
        ("plan", "p", None),
        ("plan", None, None),
    ],
)
def test_a_removal_leaves_what_is_there_and_a_dry_run_says_nothing(
    conn: Connection, kind: str, platform: str | None, said: str | None
) -> None:
    payload = {"registrations": [[S, "0/1/0"]]}
    row = {"kind": kind, "payload": payload, "deadline_at": NOON if platform else None}
    made = _order(conn, platform=platform, row=row)
    before = len(column(conn, outbox, "id"))
    assert tending.tend(conn, LIGHT_S) == 1
    assert row_of(conn, job, made).live is False
    assert len(column(conn, outbox, "id")) == before
    steps = [row.detail for row in conn.execute(select(job_step).where(job_step.c.kind == "removed"))]
    if said is None:
        assert steps == []
    else:
        [detail] = steps
        [left] = detail["left"]
        code = "left_olt_deadline" if platform else "left_olt_unknown"
        assert (left["serial"], left["pon_port"], left["code"]) == (S, "0/1/0", code)


def test_an_order_on_an_olt_that_nobody_has_fails(conn: Connection) -> None:
    _order(conn, platform=None, row={"deadline_at": NOON + timedelta(hours=9)})
    assert tending.tend(conn, LIGHT_S) == 1
    assert _told(conn) == ("olt_unknown", {"serial": S, "olt": "olt-1", "place": "olt-1 0/1/0"})


def test_what_is_wrong_with_one_job_keeps_no_other_from_its_end(conn: Connection) -> None:
    _order(conn, row=UP)
    plant(conn, service_order, {"id": "B", "revision": 1, "serial": S})
    plant(
        conn,
        job,
        {"service_order_id": "B", "revision": 1, "deadline_at": NOON, "payload": {}, "port": "0/1/0"},
    )
    conn.execute(
        service_order.update()
        .where(service_order.c.id == "B")
        .values(request={"pon_port": "?"}, stage="nowhere")
    )
    errors = provision_metrics.ERRORS.labels("provision")
    before = errors._value.get()
    assert tending.tend(conn, LIGHT_S) == 1
    assert errors._value.get() == before + 1
    found = orders.find(conn, "A")
    assert found
    assert found.state.value == "failed"
    assert column(conn, job, "live", service_order_id="B") == [True]


def test_no_deadline_ends_anything_while_the_clock_is_in_doubt(conn: Connection) -> None:
    _order(conn, row=UP)
    plant(conn, job, {"olt": "gone", "kind": "save", "service_order_id": None})
    conn.execution_options(acende=Context(clock=Doubted(stopped=NOON), rules=RULES))
    assert tending.tend(conn, LIGHT_S) == 1
    assert column(conn, job, "live") == [True, False]
