"""The dry run of an order: what it says, and that it sends nothing but reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Connection

from schemas.inventory import Olt
from tests.stories.plant import OTHER_PORT, Plant, at, loop_of, plant, started
from vendors.quoting import line
from vendors.registry import vendor
from vendors.simulator.faults import Fault
from worker import plan_view
from worker.lease import HeldLease, LeaseRule
from worker.plan_view import PlanView, plan_order
from worker.store import db, leases
from worker.store.db import Store
from worker.store.leases import Lease

ONU = "HWTC1A2B3C4D"


@pytest.fixture
async def one(database_url: str) -> AsyncIterator[Plant]:
    async with plant(database_url) as made:
        await made.prepared()
        yield made


async def dry_run(made: Plant, order: str = "OS-1") -> PlanView:
    shared = loop_of(made.store, made.config, "cli").shared
    return await plan_order(shared, order, "cli-ana", wait_s=20.0)


async def test_without_a_worker_whoever_asks_leases_the_olt_and_answers(one: Plant) -> None:
    one.plug(ONU)
    await one.tell(started("OS-1", serial=ONU, **at()))
    found = await dry_run(one)
    assert (found.code, found.place, found.rule) == (None, "olt-1 0/1/0", "roteador")
    lines = [row["line"] for row in found.lines]
    assert lines[0].startswith("ont add 0 0 sn-auth")
    assert any('password "********"' in line for line in lines)
    assert {row["field"] for row in found.diff} >= {"line_profile", "service_ports", "wan"}
    assert "plantada" not in repr(found)
    assert one.changes() == []
    assert one.sims["olt-1"].station.live == {}


async def test_the_worker_that_has_the_olt_answers_on_its_open_session(one: Plant) -> None:
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))
    await one.reaches("OS-1", "waiting_for_light")
    sent = one.changes()
    found = await dry_run(one)
    assert (found.code, found.lines, found.diff) == (None, (), ())
    assert one.changes() == sent
    assert one.sims["olt-1"].station.most == 1


async def test_what_the_dry_run_shows_is_what_is_sent(one: Plant) -> None:
    one.plug(ONU)
    await one.tell(started("OS-1", serial=ONU, **at()))
    found = await dry_run(one)
    one.work()
    final = await one.final("OS-1")
    assert final["plan_hash"] == found.hash
    [attempt] = [step for step in await one.steps("OS-1") if step.kind == "attempt_started"]
    platform = vendor("huawei_smartax").adapter.PLATFORM
    assert attempt.detail["plan"] == [dict(row, line=line(platform, row["line"])) for row in found.lines]


async def test_an_order_that_has_no_place_yet_says_so(one: Plant) -> None:
    await one.tell(started("OS-1", serial=ONU))
    assert (await dry_run(one)).code == "not_placed"
    assert (await dry_run(one, "OS-404")).code == "order_unknown"


async def test_an_olt_that_does_not_let_us_in_is_named_as_the_reason(one: Plant) -> None:
    one.sims["olt-1"].faults.add(Fault(kind="refuse_login", times=None))
    await one.tell(started("OS-1", serial=ONU, **at(OTHER_PORT)))
    assert (await dry_run(one)).code == "olt_login_refused"
    assert len(one.sims["olt-1"].olt.journal.offered) == 1


async def test_the_lease_of_who_answers_alone_is_as_the_settings_say(
    one: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one.tell(started("OS-1", serial=ONU, **at()))
    asked: list[object] = []

    def lease(conn: Connection, olt: str, asker: str, lease_s: float) -> Lease | None:
        asked.append(lease_s)
        return leases.take(conn, olt, asker, lease_s, db.now(conn))

    def held(store: Store, taken: Lease, rule: LeaseRule, *more: Any) -> HeldLease:
        asked.append(rule)
        return HeldLease(store, taken, rule, *more)

    def no_login(_olt: Olt) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(plan_view, "_OWN_AFTER_S", 0.0)
    monkeypatch.setattr(plan_view, "_lease", lease)
    monkeypatch.setattr(plan_view, "HeldLease", held)
    shared, rule = loop_of(one.store, one.config, "cli").shared, LeaseRule(lease_s=77.0)
    for given in (rule, None):
        with pytest.raises(ZeroDivisionError):
            await plan_order(shared, "OS-1", "cli-ana", rule=given, wait_s=20.0, before_login=no_login)
    assert asked == [77.0, rule, 60.0, LeaseRule()]


async def test_who_asks_leaves_a_free_olt_to_the_workers_for_a_while(one: Plant) -> None:
    await one.tell(started("OS-1", serial=ONU, **at()))
    shared = loop_of(one.store, one.config, "cli").shared
    found = await plan_order(shared, "OS-1", "cli-ana", wait_s=0.3)
    assert (found.code, found.place) == ("olt_busy", "olt-1 0/1/0")
    assert one.sims["olt-1"].station.most == 0
