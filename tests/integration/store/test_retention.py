"""Ended jobs leave some time after the order's final result; what tells of the order stays. On both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Table, func, insert, select, update

from tests.integration.provision.support import add_job
from tests.unit.correlate.town import RULES
from worker.store import retention
from worker.store.db import Clock, Context, Store
from worker.store.migrate import upgrade
from worker.store.schema import job, job_step, own_registration, service_order

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEPT = timedelta(days=20)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    upgrade(database_url)
    rules = replace(RULES, jobs_keep=KEPT)
    store = Store.open(database_url, shared=Context(clock=Clock(stopped=NOW), rules=rules))
    yield store
    store.close()


def order(
    conn: Connection, name: str, ago: timedelta, jobs: int = 1, state: str = "completed", **more: Any
) -> None:
    """An order that ended so long ago, with its jobs."""
    at = NOW - ago
    row = {"id": name, "state": state, "finished_at": at, "created_at": at, "updated_at": at} | more
    conn.execute(insert(service_order).values(row))
    for revision in range(jobs):
        ended(conn, kind="provision", service_order_id=name, revision=revision, updated_at=at)
    conn.execute(insert(job_step).values(service_order_id=name, at=at, kind="outcome", text="x"))
    own = {"olt": "olt-1", "port": "0/1/0", "serial": f"S{name}", "service_order_id": name, "since": at}
    conn.execute(insert(own_registration).values(own))


def ended(conn: Connection, **more: Any) -> int:
    return add_job(conn, "olt-1", **{"state": "done", "live": False, **more})


def rows(conn: Connection, table: Table) -> int:
    return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def owners(conn: Connection) -> set[str | None]:
    """Orders that have jobs; None for those of a whole OLT."""
    return set(conn.execute(select(job.c.service_order_id)).scalars())


MOMENT = timedelta(microseconds=1)


def test_jobs_leave_once_the_final_is_old_enough_and_timeline_and_registrations_stay(store: Store) -> None:
    def work(conn: Connection) -> Any:
        for name, ago in (("old", KEPT + MOMENT), ("due", KEPT), ("new", KEPT - MOMENT)):
            for state in ("completed", "failed", "cancelled"):
                order(conn, f"{name}-{state}", ago, jobs=2, state=state)
        retention.drop_jobs(conn)
        return owners(conn), rows(conn, job_step), rows(conn, own_registration), rows(conn, service_order)

    left, steps, own, orders = store.run_sync(work)
    states = ("completed", "failed", "cancelled")
    assert left == {f"{name}-{state}" for name in ("due", "new") for state in states}
    assert (steps, own, orders) == (9, 9, 9)


def test_an_order_that_is_live_again_keeps_all_its_jobs(store: Store) -> None:
    def work(conn: Connection) -> Any:
        order(conn, "again", KEPT * 2, state="working")
        retention.drop_jobs(conn)
        return owners(conn)

    assert store.run_sync(work) == {"again"}


def test_jobs_of_a_later_revision_leave_after_its_own_final(store: Store) -> None:
    def work(conn: Connection) -> list[Any]:
        order(conn, "A", KEPT * 2)
        retention.drop_jobs(conn)
        ended(conn, kind="provision", service_order_id="A", revision=2, updated_at=NOW)
        found = [retention.drop_jobs(conn), owners(conn)]
        conn.execute(update(service_order).values(finished_at=NOW + MOMENT))
        store.clock.offset = KEPT
        found += [retention.drop_jobs(conn), owners(conn)]
        store.clock.offset = KEPT + 2 * MOMENT
        return [*found, retention.drop_jobs(conn), owners(conn)]

    assert store.run_sync(work) == [0, {"A"}, 0, {"A"}, 1, set()]


def test_an_order_from_which_something_is_still_removed_is_waited_for(store: Store) -> None:
    def work(conn: Connection) -> list[Any]:
        order(conn, "A", KEPT * 2)
        removing = add_job(conn, "olt-2", kind="deprovision", service_order_id="A")
        retention.drop_jobs(conn)
        found: list[Any] = [rows(conn, job)]
        conn.execute(update(job).where(job.c.id == removing).values(live=False, state="done"))
        retention.drop_jobs(conn)
        return [*found, rows(conn, job)]

    assert store.run_sync(work) == [2, 0]


def test_scans_and_saves_leave_as_long_after_they_ended_and_live_ones_never(store: Store) -> None:
    def work(conn: Connection) -> Any:
        long_ago = NOW - KEPT - MOMENT
        ended(conn, kind="save", updated_at=long_ago)
        kept = {
            ended(conn, kind="save", updated_at=NOW - KEPT),
            add_job(conn, "olt-1", kind="save", updated_at=long_ago),
            add_job(conn, "olt-2", kind="scan", updated_at=long_ago),
        }
        retention.drop_jobs(conn)
        return set(conn.execute(select(job.c.id)).scalars()) == kept

    assert store.run_sync(work)


def test_no_transaction_deletes_more_than_five_hundred_and_all_leave_in_the_end(store: Store) -> None:
    def fill(conn: Connection) -> None:
        order(conn, "many", KEPT * 3, jobs=620)
        for number in range(30):
            order(conn, f"few-{number}", KEPT * 2)
        for _ in range(510):
            ended(conn, kind="save", updated_at=NOW - KEPT * 2)

    store.run_sync(fill)
    before, more = store.read_sync(rows, job), retention.JOBS_MAX
    largest = 0
    while more >= retention.JOBS_MAX:
        more = store.run_sync(retention.drop_jobs)
        left = store.read_sync(rows, job)
        largest, before = max(largest, before - left), left
    assert before == 0
    assert largest == retention.JOBS_MAX
    assert store.run_sync(retention.drop_jobs) == 0
