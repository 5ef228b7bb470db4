"""The survey on real databases: what it counts, who leads it, and that it costs the database little."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, insert, text, update

from tests.integration.provision.support import add_job, migrated, with_olts
from tests.support.until import until
from worker import metrics
from worker.clock import boottime
from worker.settings import Settings
from worker.store import db, outbox, roles, survey
from worker.store.db import Store
from worker.store.schema import equipment, olt_lease, service_order
from worker.store.survey import Survey, Waiting
from worker.survey import LEASE_LEAST_S, ROLE, Exported, Surveyor


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url) as store:
        yield store


def order(conn: Connection, name: str, state: str, stage: str | None, age_s: float, **more: Any) -> None:
    """An order that has stood in its stage for so long."""
    now = db.now(conn)
    since = now - timedelta(seconds=age_s)
    row = {"id": name, "state": state, "stage": stage, "stage_since": since if stage else None}
    conn.execute(
        insert(service_order).values(row | {"began_at": since, "created_at": now, "updated_at": now} | more)
    )


def unit(conn: Connection, serial: str, bound: str | None, age_s: float = 0.0) -> None:
    """A unit of stock, bound to an order or not."""
    since = db.now(conn) - timedelta(seconds=age_s)
    conn.execute(insert(equipment).values(serial=serial, bound_order=bound, lent_order=bound, lent_at=since))


def lease(conn: Connection, olt: str, **values: Any) -> None:
    conn.execute(update(olt_lease).where(olt_lease.c.olt == olt).values(values))


def about(expected: float) -> Any:
    return pytest.approx(expected, abs=5)


async def test_live_orders_are_counted_by_stage_and_those_that_have_ended_are_not(store: Store) -> None:
    def orders(conn: Connection) -> None:
        order(conn, "A", "waiting", "waiting_for_equipment", 300)
        order(conn, "B", "stopped", "waiting_for_equipment", 20)
        order(conn, "C", "working", "queued", 40)
        order(conn, "D", "cancelling", None, 600)
        for name, state in (("E", "completed"), ("F", "failed"), ("G", "cancelled")):
            order(conn, name, state, "verifying", 9000)

    await store.run(orders)
    found = (await store.read(survey.look)).orders
    assert found["waiting_for_equipment"] == Waiting(2, about(300))
    assert found["queued"] == Waiting(1, about(40))
    assert found["cancelling"] == Waiting(1, about(600))
    assert found["verifying"] == Waiting(0, 0.0)
    assert found.keys() == set(survey.STAGES)


async def test_a_unit_waits_while_it_is_bound_to_an_order_that_is_not_known(store: Store) -> None:
    def units(conn: Connection) -> None:
        order(conn, "A", "completed", None, 0)
        unit(conn, "HWTC00000001", "A", 9000)
        unit(conn, "HWTC00000002", None, 9000)
        unit(conn, "HWTC00000003", "B", 500)
        unit(conn, "HWTC00000004", "C", 100)

    await store.run(units)
    assert await store.read(survey.units) == Waiting(2, about(500))


async def test_jobs_are_due_later_or_running_and_each_olt_says_whether_it_can_be_worked_on(
    store: Store,
) -> None:
    await with_olts(store, "ok", "held", "broken", "tried", "gone")

    def jobs(conn: Connection) -> None:
        now = db.now(conn)
        for olt, age_s in (("ok", 30), ("ok", 10), ("held", 500), ("broken", 700), ("gone", 900)):
            order_id = f"{olt}-{age_s}"
            add_job(
                conn, olt, kind="provision", service_order_id=order_id, due_at=now - timedelta(seconds=age_s)
            )
        add_job(conn, "ok", kind="save", due_at=now + timedelta(seconds=60))
        add_job(conn, "ok", kind="scan", state="running")
        add_job(conn, "", kind="provision", service_order_id="unplaced")
        add_job(conn, "ok", kind="provision", service_order_id="past", live=False, state="done")
        lease(conn, "held", held=True)
        lease(conn, "broken", breaker="open", breaker_code="olt_login_refused")
        lease(conn, "tried", breaker="half_open", breaker_code="olt_unreachable", breaker_until=now)
        lease(conn, "gone", platform=None)
        lease(conn, "ok", room={"onus_free_least": 7, "ports": {}})

    await store.run(jobs)
    found = await store.read(survey.look)
    live = {key: number for key, number in found.jobs.items() if number}
    assert live == {
        ("provision", "due"): 5,
        ("provision", "later"): 1,
        ("save", "later"): 1,
        ("scan", "running"): 1,
    }
    assert found.oldest_due_s["provision"] == about(30)
    assert found.oldest_due_s["save"] == 0
    olts = {olt.olt: olt for olt in found.olts}
    assert olts.keys() == {"ok", "held", "broken", "tried"}
    assert {name for name, olt in olts.items() if olt.workable} == {"ok", "tried"}
    assert {name: olt.breaker_code for name, olt in olts.items() if olt.breaker_code} == {
        "broken": "olt_login_refused",
        "tried": "olt_unreachable",
    }
    assert (olts["ok"].due, olts["broken"].due) == (Waiting(2, about(30)), Waiting(1, about(700)))
    assert (olts["ok"].onu_ids_free, olts["held"].onu_ids_free) == (7, None)


async def test_the_outbox_is_counted_and_what_was_refused_is_counted_apart(store: Store) -> None:
    def records(conn: Connection) -> None:
        for _ in range(3):
            outbox.put(conn, "results", "OS-1", b"{}", {})
        outbox.set_aside(conn, outbox.pending(conn, 1)[0].id, "MessageSizeTooLargeError")

    await store.run(records)
    found = (await store.read(survey.look)).outbox
    assert (found.waiting, found.refused) == (2, 1)
    assert found.oldest_s == about(0)


# ----------------------------------------------------------------------------------------------------------------- leading


def settings(name: str, **more: Any) -> Settings:
    return Settings(worker_name=name, survey_every_s=0.05, database_url=SecretStr("sqlite:///x"), **more)


@contextlib.asynccontextmanager
async def surveying(store: Store, name: str) -> AsyncIterator[Exported]:
    """A worker's survey, as it runs."""
    stop, exported = asyncio.Event(), Exported()
    task = asyncio.create_task(Surveyor(store, settings(name), exported).run(stop))
    try:
        yield exported
    finally:
        stop.set()
        await task


def names(exported: Exported) -> set[str]:
    return {family.name for family in exported.collect()}


async def test_one_of_two_workers_exports_the_survey_and_the_other_takes_over_when_it_leaves(
    store: Store,
) -> None:
    async def leads(exported: Exported) -> bool:
        return "acende_orders_waiting" in names(exported)

    async with surveying(store, "w1") as one:
        await until(lambda: leads(one))
        async with surveying(store, "w2") as two:
            await asyncio.sleep(0.3)
            assert names(two) == set()
            await store.run(_handed_over)
            await until(lambda: leads(two))
            await until(lambda: gone(one))
        assert names(two) == set()
        await until(lambda: leads(one))
    assert names(one) == set()


def _handed_over(conn: Connection) -> None:
    roles.release(conn, ROLE, "w1")
    roles.take(conn, ROLE, "w2", LEASE_LEAST_S)


async def gone(exported: Exported) -> bool:
    return names(exported) == set()


async def test_a_survey_that_takes_too_long_is_given_up_by_postgresql_and_survived_by_the_worker(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(conn: Connection) -> Survey:
        found = survey_look(conn)
        conn.execute(text("SELECT pg_sleep(30)"))
        return found

    survey_look = survey.look
    waits = metrics.STORE_WAITS.labels(ROLE)
    async with migrated(postgres_url) as store:
        monkeypatch.setattr(survey, "TIMEOUT_S", 0.2)
        monkeypatch.setattr(survey, "look", slow)
        before, began = waits._value.get(), boottime()

        async def given_up() -> bool:
            return bool(waits._value.get() > before)

        async with surveying(store, "w1") as exported:
            await until(given_up)
            assert boottime() - began < 10
            assert names(exported) == set()
            monkeypatch.setattr(survey, "look", survey_look)

            async def goes_on() -> bool:
                return "acende_orders_waiting" in names(exported)

            await until(goes_on)


# --------------------------------------------------------------------------------------------------------------------- cost

BIG = ("service_order", "equipment", "job", "outbox")
STATEMENTS = (survey._ORDERS, survey._UNITS, survey._JOBS, outbox._WAITING, outbox._REFUSED, outbox._OLDEST)


async def test_no_query_walks_through_a_table_that_grows_with_the_years(store: Store) -> None:
    assert await store.read(_scanned) == []


def _scanned(conn: Connection) -> list[str]:
    """Steps of the plans that read one of the big tables without an index, however small it is here."""
    embedded = conn.dialect.name == "sqlite"
    if not embedded:
        conn.execute(text("SET LOCAL enable_seqscan = off"))
    found = []
    for statement in STATEMENTS:
        sql = statement.params(now=db.now(conn)).compile(
            dialect=conn.dialect, compile_kwargs={"literal_binds": True}
        )
        plan = conn.execute(
            text(("EXPLAIN QUERY PLAN " if embedded else "EXPLAIN ") + str(sql).replace(":", "\\:"))
        )
        steps = [str(row[-1]).strip() for row in plan]
        found += [step for step in steps if _whole_table(step)]
    return found


def _whole_table(step: str) -> bool:
    on_sqlite = step.startswith("SCAN") and " USING " not in step
    return any(table in step for table in BIG) and (on_sqlite or "Seq Scan" in step)
