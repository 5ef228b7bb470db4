"""Statements that mean one order, one unit, one kind of job touch no other, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, select, update

from events.stages import Stage
from schemas.place import PonPort
from tests.integration.provision.support import add_job, job_row, migrated, with_olts
from tests.support.secrets import PPPOE_PASSWORD
from tests.unit.correlate.town import NOON, RULES, S, T, cancelled, fact, started
from worker.store import apply, jobs, leases, orders, secrets, views
from worker.store.db import Clock, Context, Store
from worker.store.jobs import Owned
from worker.store.orders import Failure
from worker.store.schema import job, service_order
from worker.store.schema import secret as secret_table
from worker.store.views import PlacedOrder

HERE, THERE = PonPort.model_validate("0/1/0"), PonPort.model_validate("0/1/7")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url, shared=Context(clock=Clock(stopped=NOON), rules=RULES)) as made:
        await with_olts(made, "olt-1", "olt-2")
        yield made


async def tell(store: Store, *data: Any) -> None:
    await store.run(apply.apply_batch, [fact(one, minute) for minute, one in enumerate(data)])


def _live(conn: Connection) -> dict[tuple[str, str | None], str]:
    """By kind and order, the OLT of each live job."""
    rows = conn.execute(select(job).where(job.c.live))
    return {(row.kind, row.service_order_id): row.olt for row in rows}


def _claim(conn: Connection, order: str, claims: bool) -> None:
    conn.execute(update(service_order).where(service_order.c.id == order).values(claims=claims))


async def test_a_brief_names_who_else_claims_the_unit_and_nobody_who_claims_another(store: Store) -> None:
    await tell(store, started("A", S), started("B", T))
    brief = await store.read(orders.brief, "A", 1)
    assert brief is not None
    assert (brief.claimed_by, brief.own, brief.secret_expired) == (None, (), False)
    await store.run(orders.own, "A", "olt-1", HERE, S)
    await store.run(orders.own, "B", "olt-1", THERE, T)
    await store.run(apply.apply_batch, [fact(started("C", S), 30)])
    await store.run(_claim, "A", False)
    await store.run(_claim, "C", True)
    brief = await store.read(orders.brief, "A", 1)
    assert brief is not None
    assert (brief.claimed_by, [(one.olt, one.port) for one in brief.own]) == ("C", [("olt-1", HERE)])
    assert await store.read(orders.brief, "A", 2) is None
    assert await store.read(orders.brief, "X", 1) is None


async def test_a_removal_takes_the_place_of_former_removals_and_of_no_other_job(store: Store) -> None:
    await tell(store, started("A", S), started("B", T))
    for name in ("A", "B"):
        await store.run(
            jobs.remove, name, [Owned("olt-1", THERE, S)], NOON, NOON + timedelta(hours=1), {"why": "x"}
        )
    await store.run(
        jobs.remove, "A", [Owned("olt-2", HERE, S)], NOON, NOON + timedelta(hours=1), {"why": "y"}
    )
    live = await store.read(_live)
    assert live[("deprovision", "A")] == "olt-2"
    assert live[("deprovision", "B")] == "olt-1"
    assert live.keys() == {
        ("provision", "A"), ("provision", "B"), ("deprovision", "A"), ("deprovision", "B")
    }  # fmt: skip


async def test_passwords_are_kept_erased_and_put_off_for_the_orders_that_are_meant(store: Store) -> None:
    word = {"pppoe_password": SecretStr(PPPOE_PASSWORD)}
    await tell(store, started("A", S), started("B", T))
    await store.run(secrets.keep, {"A": word, "B": word})
    await store.run(secrets.erase_later, ["A", "B"], NOON)
    await store.run(secrets.keep_on, ["A"])
    assert await store.read(_erased_at) == {"A": None, "B": NOON}
    await store.run(secrets.keep, {"B": {}})
    assert (await store.read(secrets.of_order, "B"), len(await store.read(secrets.of_order, "A"))) == ({}, 1)
    await store.run(secrets.erase, ["A"])
    assert await store.read(secrets.of_order, "A") == {}


def _erased_at(conn: Connection) -> dict[str, Any]:
    rows = conn.execute(select(secret_table.c.service_order_id, secret_table.c.erase_at))
    return {row.service_order_id: row.erase_at for row in rows}


async def test_a_dry_run_takes_the_place_of_one_that_nobody_answered_and_of_nothing_else(
    store: Store,
) -> None:
    await tell(store, started("A", S), started("B", T))
    asked = [PlacedOrder(name, 1, S, "olt-1", "0/1/0", {"lit": True}) for name in ("A", "B", "A")]
    first, other, again = [await store.run(views.ask, one, NOON) for one in asked]
    assert await store.read(views.answer_of, again) is None
    states = {one: (await store.read(job_row, one)).state for one in (first, other, again)}
    assert states == {first: "dropped", other: "due", again: "due"}
    row = await store.read(job_row, again)
    assert (row.kind, row.port, row.payload, row.due_at) == ("plan", "0/1/0", {"lit": True}, NOON)
    await store.run(_answered, again)
    assert await store.read(views.answer_of, again) == {"code": "x"}
    await store.run(views.withdraw, again)
    await store.run(views.withdraw, other)
    assert (await store.read(job_row, again)).state == "done"
    assert (await store.read(job_row, other)).state == "dropped"
    assert ("provision", "B") in await store.read(_live)


def _answered(conn: Connection, job_id: int) -> None:
    conn.execute(
        update(job).where(job.c.id == job_id).values(state="done", live=False, payload={"code": "x"})
    )


async def test_an_order_is_where_its_live_job_is_else_where_it_was_last(store: Store) -> None:
    await tell(store, started("A", S), started("B", T))
    assert await store.read(views.placed, "X") is None
    assert await store.read(views.placed, "A") is None
    await store.run(orders.set_place, "A", 1, "olt-2", THERE)
    last = await store.read(views.placed, "A")
    assert last == PlacedOrder("A", 1, S, "olt-2", "0/1/7", {})
    await store.run(_placed, "A")
    live = await store.read(views.placed, "A")
    assert live == PlacedOrder("A", 1, S, "olt-1", "0/1/0", {"lit": True})


def _placed(conn: Connection, order: str) -> None:
    mine = (job.c.service_order_id == order, job.c.live)
    conn.execute(update(job).where(*mine).values(olt="olt-1", port="0/1/0", payload={"lit": True}))


@pytest.mark.parametrize(
    ("served", "state", "contract", "inherits"),
    [
        (None, "failed", "L", True),
        (S, "completed", "L", False),
        (S, "completed", "K", True),
        (S, "cancelled", "L", True),
    ],
)
async def test_what_one_order_made_becomes_anothers_unless_a_customer_may_be_served_by_it(
    store: Store, served: str | None, state: str, contract: str, inherits: bool
) -> None:
    await tell(store, started("A", S, "K"), started("M", T, contract))
    await store.run(orders.own, "M", "olt-1", HERE, S)
    await store.run(orders.own, "M", "olt-1", THERE, T)
    await store.run(_made, served, state)
    await store.run(orders.open_attempt, "A", 1)
    owned = [(one.port, one.serial) for one in await store.read(orders.owned_by, "A")]
    assert owned == ([(HERE, S)] if inherits else [])
    assert (THERE, T) in [(one.port, one.serial) for one in await store.read(orders.owned_by, "M")]


def _made(conn: Connection, served: str | None, state: str) -> None:
    made = update(service_order).where(service_order.c.id == "M")
    conn.execute(made.values(completed_serial=served, state=state, claims=False))


async def test_only_orders_at_work_keep_an_olts_platform_from_changing(store: Store) -> None:
    await store.run(add_job, "olt-1", kind="scan")
    assert await store.run(leases.register, {"olt-1": "zte_zxan", "olt-2": "huawei_smartax"}, NOON) == ()
    await store.run(add_job, "olt-1", kind="provision")
    await store.run(add_job, "olt-2", kind="provision")
    asked = {"olt-1": "huawei_smartax", "olt-2": "huawei_smartax"}
    assert await store.run(leases.register, asked, NOON) == ("olt-1",)
    known = {one.olt: (one.platform, one.queue) for one in await store.read(leases.overview)}
    assert known["olt-1"] == ("zte_zxan", {"scan": 1, "provision": 1})
    assert known["olt-2"] == ("huawei_smartax", {"provision": 1})


async def test_what_a_superseded_revision_says_is_not_said(store: Store) -> None:
    await tell(store, started("A", S))
    failure = Failure("profile_missing", {"detail": "x"})
    for revision in (0, 2):
        assert not await store.run(orders.set_stage, "A", revision, Stage.QUEUED)
        assert not await store.run(orders.set_place, "A", revision, "olt-1", HERE)
        assert not await store.run(orders.open_attempt, "A", revision)
        assert not await store.run(orders.finish_failed, "A", revision, failure)
    assert not await store.run(orders.finish_failed, "X", 1, failure)
    assert not await store.run(orders.finish_cancelled, "A", 1)
    await store.run(apply.apply_batch, [fact(cancelled("A"), 90)])
    assert not await store.run(orders.finish_failed, "A", 1, failure)
