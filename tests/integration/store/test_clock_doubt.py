"""A clock that jumped ahead by more than five minutes ends and erases nothing; one that was set back keeps nothing for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, text, update

from events.inputs import InputData
from events.record import Event
from tests.integration.provision.support import add_job, migrated, with_olts
from tests.support.secrets import PPPOE_PASSWORD
from tests.unit.correlate.town import RULES, S, received, started
from worker import metrics
from worker.bounds import bounds
from worker.breaker import BreakerPolicy
from worker.facts import Order, OrderState
from worker.ledger import SaveRule
from worker.retry import RetryPolicy
from worker.store import apply, db, doubt, inventories, mend, orders, roles, sweep
from worker.store.db import Clock, Context, Store
from worker.store.orders import Failure
from worker.store.retention import drop_jobs
from worker.store.schema import inbox, inventory, job, olt_lease, secret, service_order
from worker.tending import tend
from worker.verify import Patience

DAY = timedelta(days=1)
FAR = bounds(RetryPolicy(), Patience(), SaveRule(), BreakerPolicy())


def opened() -> dict[str, Any]:
    return {"shared": Context(clock=Clock(), rules=RULES)}


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url, **opened()) as made:
        yield made


async def tell(store: Store, data: InputData, behind: timedelta = timedelta()) -> None:
    """`behind`: how much earlier than the database the ERP believes it is."""
    now = await store.read(db.now)
    await store.run(apply.apply_batch, [Event("erp", now.isoformat(), data.TYPE, now - behind, data)])


async def order(store: Store, order_id: str = "A") -> Order:
    found = await store.read(orders.find, order_id)
    assert found
    return found


async def failed_with_secret(store: Store) -> None:
    await tell(store, started("A", S, pppoe_login="a@isp", pppoe_password=PPPOE_PASSWORD))
    assert await store.run(orders.finish_failed, "A", 1, Failure("profile_missing", {"detail": "x"}))


def kept(conn: Connection) -> tuple[int, int, int]:
    """Passwords, events known, orders with their people."""
    people = select(service_order.c.id).where(service_order.c.erased_at.is_(None))
    rows = (select(secret.c.service_order_id), select(inbox.c.id), people)
    return tuple(len(conn.execute(one).all()) for one in rows)  # type: ignore[return-value]


async def swept(store: Store) -> tuple[int, int, int]:
    await store.run(sweep.sweep)
    return await store.read(kept)


# ---------------------------------------------------------------------------------------------------- the clock in doubt


async def test_nothing_is_erased_while_the_clock_is_in_doubt(store: Store) -> None:
    await failed_with_secret(store)
    store.clock.step = 400 * DAY
    assert await swept(store) == (1, 1, 1)
    assert metrics.CLOCK_AHEAD._value.get() == pytest.approx(400 * 86400, abs=60)
    store.clock.step = timedelta()
    assert await swept(store) == (1, 1, 1)
    assert metrics.CLOCK_AHEAD._value.get() == 0


async def test_no_job_leaves_while_the_clock_is_in_doubt(store: Store) -> None:
    def ended(conn: Connection) -> None:
        long_ago = db.now(conn) - RULES.jobs_keep + 30 * DAY
        add_job(conn, "olt-1", state="done", live=False, updated_at=long_ago)

    await with_olts(store, "olt-1")
    await store.run(ended)
    store.clock.step = 60 * DAY
    await store.read(db.now)
    assert await store.run(drop_jobs) == 0
    await store.run(doubt.accept, "ana", "NTP set it")
    assert await store.run(drop_jobs) == 1


async def test_a_jump_of_less_than_five_minutes_keeps_nothing_back(store: Store) -> None:
    await failed_with_secret(store)
    store.clock.offset = RULES.secret_keep - timedelta(seconds=100)
    assert (await swept(store))[0] == 1
    store.clock.step = timedelta(seconds=200)
    assert (await swept(store))[0] == 0


async def test_what_waited_is_erased_once_a_named_person_accepts_the_clock(store: Store) -> None:
    await failed_with_secret(store)
    await store.run(doubt.accept, "ana", "an earlier jump")
    store.clock.step = 400 * DAY
    assert await swept(store) == (1, 1, 1)
    await store.run(doubt.accept, "ana", "NTP set it")
    assert await swept(store) == (0, 0, 0)
    assert metrics.CLOCK_AHEAD._value.get() == 0
    assert not store.clock.in_doubt


async def test_every_worker_learns_of_it_whatever_its_role(store: Store) -> None:
    await store.run(db.now)
    store.clock.step = DAY
    await store.run(doubt.accept, "ana", "before it is noticed")
    await store.run(roles.take, "survey", "w1", 15.0)
    assert not store.clock.in_doubt


async def test_a_worker_that_starts_anew_believes_the_clock(store: Store, database_url: str) -> None:
    await failed_with_secret(store)
    async with migrated(database_url, **opened()) as other:
        other.clock.step = 400 * DAY
        assert await swept(other) == (0, 0, 0)


async def test_no_wait_of_an_order_ends_and_no_request_is_old_while_the_clock_is_in_doubt(
    store: Store,
) -> None:
    await tell(store, started("A", None))
    assert (await order(store)).state is OrderState.WAITING
    store.clock.step = 3 * DAY
    await tell(store, started("B", None), behind=3 * DAY)
    await store.run(sweep.sweep)
    assert [(await order(store, one)).state for one in "AB"] == [OrderState.WAITING, OrderState.WAITING]
    await store.run(doubt.accept, "ana", "it was three days late")
    store.clock.offset = RULES.look_again + timedelta(seconds=1)
    await store.run(sweep.sweep)
    assert ((await order(store)).state, (await order(store)).last_code) == (
        OrderState.FAILED,
        "unit_not_received",
    )


async def test_no_job_is_too_late_while_the_clock_is_in_doubt(store: Store) -> None:
    await with_olts(store, "olt-1")
    now = await store.run(db.now)
    await store.run(add_job, "olt-1", kind="plan", deadline_at=now + DAY)
    store.clock.step = 2 * DAY
    assert await store.run(tend, 600.0) == 0
    store.clock.accept()
    assert await store.run(tend, 600.0) == 1


# ------------------------------------------------------------------------------------------------- the clock was set back


def job_due(conn: Connection, job_id: int) -> tuple[datetime, datetime | None]:
    row = conn.execute(select(job.c.due_at, job.c.deadline_at).where(job.c.id == job_id)).one()
    return row.due_at, row.deadline_at


async def mended(store: Store) -> None:
    await store.run(mend.mend, FAR, await store.read(mend.far_jobs, FAR))


@pytest.mark.parametrize(
    ("kind", "bound_s"),
    [("provision", 365), ("deprovision", 365), ("scan", 125), ("save", 605), ("plan", 65)],
)
async def test_a_job_due_further_ahead_than_its_kind_can_be_is_due_now(
    store: Store, kind: str, bound_s: float
) -> None:
    await with_olts(store, "olt-1", "olt-2")
    now = await store.run(db.now)
    near = await store.run(add_job, "olt-1", kind=kind, due_at=now + timedelta(seconds=bound_s - 1))
    far = await store.run(add_job, "olt-2", kind=kind, due_at=now + timedelta(seconds=bound_s + 60))
    await mended(store)
    assert (await store.read(job_due, near))[0] == now + timedelta(seconds=bound_s - 1)
    assert (await store.read(job_due, far))[0] <= await store.run(db.now)


async def test_a_breaker_that_keeps_everybody_out_for_longer_than_it_can_lets_one_try(store: Store) -> None:
    await with_olts(store, "olt-1", "olt-2", "olt-3")
    now = await store.run(db.now)
    for olt, until in (
        ("olt-1", now + timedelta(seconds=1000)),
        ("olt-2", now + timedelta(hours=1)),
        ("olt-3", None),
    ):
        await store.run(_opened, olt, until)
    await mended(store)
    found = await store.read(lambda conn: conn.execute(select(olt_lease).order_by(olt_lease.c.olt)).all())
    assert [
        one.breaker_until is not None and one.breaker_until <= await store.run(db.now) for one in found
    ] == [
        False,
        True,
        False,
    ]
    assert {one.breaker for one in found} == {"open"}


def _opened(conn: Connection, olt: str, until: datetime | None) -> None:
    conn.execute(update(olt_lease).where(olt_lease.c.olt == olt).values(breaker="open", breaker_until=until))


async def test_a_deadline_is_cut_to_what_was_given_and_never_ends_at_once(store: Store) -> None:
    await with_olts(store, "olt-1")
    now = await store.run(db.now)
    jobs = [
        await store.run(add_job, "olt-1", kind=kind, deadline_at=now + 20 * DAY)
        for kind in ("provision", "deprovision")
    ]
    await store.run(mend.cut_deadlines)
    left = [((await store.read(job_due, one))[1] or now) - now for one in jobs]
    assert [round(one.total_seconds() / 3600) for one in left] == [8, 72]
    assert await store.run(tend, 600.0) == 0


async def test_an_order_that_was_to_be_looked_at_much_later_is_looked_at_now(store: Store) -> None:
    store.clock.step = DAY
    await tell(store, started("A", None))
    store.clock.step = timedelta()
    assert (await store.run(sweep.sweep)).orders == 1
    now = await store.run(db.now)
    found = await order(store)
    assert found.began_at
    assert found.began_at <= now
    assert found.due_at
    assert found.due_at <= now + RULES.look_again
    assert (await store.run(sweep.sweep)).orders == 0


async def test_a_verdict_stands_as_long_as_it_has_to_and_no_longer(store: Store) -> None:
    await tell(store, received(S))
    await tell(store, started("A", S))
    store.clock.step = timedelta(hours=1)
    await tell(store, started("B", S))
    assert (await order(store, "B")).state is OrderState.STOPPED
    store.clock.step = timedelta()
    await store.run(sweep.sweep)
    assert (await order(store, "B")).state is OrderState.STOPPED
    store.clock.offset = RULES.verdict_delay + timedelta(seconds=1)
    await store.run(sweep.sweep)
    assert (await order(store, "B")).state is OrderState.FAILED


@pytest.mark.parametrize(("step", "left"), [(timedelta(hours=1), (1, 1, 1)), (400 * DAY, (0, 0, 0))])
async def test_nothing_is_kept_for_more_than_twice_as_long_as_it_may_be(
    store: Store, step: timedelta, left: tuple[int, int, int]
) -> None:
    store.clock.step = step
    await failed_with_secret(store)
    store.clock.step = timedelta()
    assert await swept(store) == left


async def test_an_inventory_seen_in_the_future_was_seen_now(store: Store) -> None:
    store.clock.step = DAY
    await store.run(lambda conn: inventories.use(conn, [("olt-1", "centro")], db.now(conn)))
    store.clock.step = timedelta()
    await mended(store)
    [seen_at] = await store.read(lambda conn: conn.execute(select(inventory.c.seen_at)).scalars().all())
    assert seen_at <= await store.run(db.now)


async def test_what_is_corrected_is_counted_once_it_is_committed(store: Store) -> None:
    def count(what: str) -> float:
        return float(metrics.CLOCK_CORRECTIONS.labels(what)._value.get())

    await with_olts(store, "olt-1")
    now = await store.run(db.now)
    await store.run(add_job, "olt-1", due_at=now + DAY)
    before = count("job")
    await mended(store)
    await mended(store)
    assert count("job") == before + 1


async def test_far_jobs_are_found_olt_by_olt_through_the_index_of_live_jobs(store: Store) -> None:
    plan = await store.read(_explained)
    assert "ix_job_due" in plan
    assert "SCAN job" not in plan
    assert "Seq Scan on job" not in plan


def _explained(conn: Connection) -> str:
    embedded = conn.dialect.name == "sqlite"
    if not embedded:
        conn.execute(text("SET LOCAL enable_seqscan = off"))
    query = mend.far(FAR, db.now(conn))
    sql = str(query.compile(dialect=conn.dialect, compile_kwargs={"literal_binds": True}))
    prefix = "EXPLAIN QUERY PLAN " if embedded else "EXPLAIN "
    return "\n".join(str(row[-1]) for row in conn.execute(text(prefix + sql.replace(":", "\\:"))))
