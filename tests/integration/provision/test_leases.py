"""Leases on both databases: one writer per OLT, rising fencing numbers, and nothing written by a stale holder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from tests.integration.provision.support import add_job, claim, migrated, take, with_olts
from worker.breaker import CLOSED, Breaker, BreakerPolicy, after_failure
from worker.store import db, leases
from worker.store.db import Store
from worker.store.leases import Lease, StaleLease

OLTS = [f"olt-{number}" for number in range(8)]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url) as store:
        await with_olts(store, *OLTS)
        yield store


def _guard(conn: Connection, lease: Lease) -> None:
    leases.guard(conn, lease, db.now(conn))


def _renew(conn: Connection, lease: Lease, lease_s: float = 60.0) -> bool:
    return leases.renew(conn, lease, lease_s, db.now(conn))


async def test_of_many_workers_exactly_one_leases_an_olt(store: Store) -> None:
    await store.run(add_job, "olt-0")
    won = await asyncio.gather(*(store.run(claim, f"w{number}", OLTS) for number in range(12)))
    assert [len(due.leased) for due in won].count(1) == 1
    assert sum(len(due.leased) for due in won) == 1


async def test_many_olts_are_shared_out_without_doubles(store: Store) -> None:
    for olt in OLTS:
        await store.run(add_job, olt)
    won = await asyncio.gather(*(store.run(claim, f"w{number}", OLTS, 3) for number in range(6)))
    leased = [lease.olt for due in won for lease in due.leased]
    assert sorted(leased) == OLTS


async def test_an_olt_without_due_jobs_is_not_leased(store: Store) -> None:
    now = await store.run(db.now)
    await store.run(add_job, "olt-0", due_at=now + timedelta(seconds=60))
    assert (await store.run(claim, "w1", OLTS)).leased == ()


async def test_an_olt_that_this_worker_does_not_know_is_not_leased(store: Store) -> None:
    await store.run(add_job, "olt-0")
    assert (await store.run(claim, "w1", ["olt-1"])).leased == ()


async def test_the_most_urgent_olt_comes_first(store: Store) -> None:
    await store.run(add_job, "olt-0", priority=5)
    await store.run(add_job, "olt-1", priority=9)
    due = await store.run(claim, "w1", OLTS, 1)
    assert [lease.olt for lease in due.leased] == ["olt-1"]


async def test_work_on_an_olt_it_has_already_is_shown_to_its_holder_only(store: Store) -> None:
    await store.run(take, "olt-0", "w1")
    await store.run(add_job, "olt-0")
    assert (await store.run(claim, "w1", OLTS)).mine == {"olt-0"}
    other = await store.run(claim, "w2", OLTS)
    assert (other.mine, other.leased) == (frozenset(), ())


async def test_fencing_numbers_rise_with_every_holder(store: Store) -> None:
    fences = []
    for number in range(4):
        lease = await store.run(take, "olt-0", f"w{number}")
        assert lease
        fences.append(lease.fence)
        await store.run(leases.release, lease)
    assert fences == [1, 2, 3, 4]


async def test_an_expired_lease_passes_to_another_and_can_no_longer_write(store: Store) -> None:
    old = await store.run(take, "olt-0", "w1")
    assert old
    store.clock.offset = timedelta(seconds=61)
    new = await store.run(take, "olt-0", "w2")
    assert new
    with pytest.raises(StaleLease):
        await store.run(_guard, old)
    assert not await store.run(_renew, old)
    await store.run(leases.release, old)
    await store.run(_guard, new)


async def test_an_expired_lease_cannot_write_even_if_nobody_took_it(store: Store) -> None:
    lease = await store.run(take, "olt-0", "w1")
    assert lease
    store.clock.offset = timedelta(seconds=60)
    with pytest.raises(StaleLease):
        await store.run(_guard, lease)
    assert not await store.run(_renew, lease)


async def test_the_same_worker_under_a_new_lease_cannot_write_with_the_old_one(store: Store) -> None:
    old = await store.run(take, "olt-0", "w1")
    assert old
    store.clock.offset = timedelta(seconds=61)
    assert await store.run(take, "olt-0", "w1")
    with pytest.raises(StaleLease):
        await store.run(_guard, old)


async def test_renewing_counts_from_now_by_the_databases_clock(store: Store) -> None:
    lease = await store.run(take, "olt-0", "w1")
    assert lease
    store.clock.offset = timedelta(seconds=50)
    assert await store.run(_renew, lease, 60.0)
    store.clock.offset = timedelta(seconds=109)
    await store.run(_guard, lease)
    store.clock.offset = timedelta(seconds=111)
    with pytest.raises(StaleLease):
        await store.run(_guard, lease)


async def test_a_writer_that_is_slow_keeps_the_next_holder_out_until_it_commits(postgres_url: str) -> None:
    """The guard locks the lease's row: nobody takes the OLT between the check and the commit."""
    async with migrated(postgres_url) as store:
        await with_olts(store, "olt-0")
        lease = await store.run(take, "olt-0", "w1", 0.5)
        assert lease
        order: list[str] = []

        def write_slowly(conn: Connection) -> None:
            _guard(conn, lease)
            import time

            time.sleep(1.0)
            order.append("written")

        async def take_over() -> None:
            await asyncio.sleep(0.6)
            assert await store.run(take, "olt-0", "w2")
            order.append("taken")

        await asyncio.gather(store.run(write_slowly), take_over())
        assert order == ["written", "taken"]


async def test_a_held_olt_is_not_leased_until_it_is_released(store: Store) -> None:
    await store.run(add_job, "olt-0")
    now = await store.run(db.now)
    assert await store.run(leases.hold, "olt-0", "ana", "fonte trocada", now)
    assert (await store.run(claim, "w1", OLTS)).leased == ()
    assert await store.run(take, "olt-0") is None
    [state] = await store.run(leases.overview, ["olt-0"])
    assert (state.held_by, state.held_reason, state.queue) == ("ana", "fonte trocada", {"scan": 1})
    assert await store.run(leases.end_hold, "olt-0", "ana", "pronto", now)
    assert len((await store.run(claim, "w1", OLTS)).leased) == 1


async def test_holding_an_olt_that_does_not_exist_says_so(store: Store) -> None:
    now = await store.run(db.now)
    assert not await store.run(leases.hold, "olt-99", "ana", "?", now)


def _open_breaker(conn: Connection, lease: Lease, code: str) -> Breaker:
    now = db.now(conn)
    breaker = after_failure(leases.breaker_of(conn, lease.olt), code, "texto", now, BreakerPolicy(failures=1))
    leases.set_breaker(conn, lease, breaker, now)
    leases.release(conn, lease)
    return breaker


async def test_a_breaker_keeps_workers_out_and_lets_one_try_when_its_time_has_come(store: Store) -> None:
    await store.run(add_job, "olt-0")
    lease = await store.run(take, "olt-0")
    assert lease
    breaker = await store.run(_open_breaker, lease, "olt_unreachable")
    assert breaker.until
    assert (await store.run(claim, "w1", OLTS)).leased == ()
    store.clock.offset = timedelta(seconds=40)
    [trial] = (await store.run(claim, "w1", OLTS)).leased
    assert (await store.run(leases.breaker_of, "olt-0")).state == "half_open"
    assert (await store.run(claim, "w2", OLTS)).leased == ()
    await store.run(leases.connected, trial, await store.run(db.now))
    assert await store.run(leases.breaker_of, "olt-0") == CLOSED


async def test_a_refused_login_keeps_workers_out_until_a_person_resets_the_breaker(store: Store) -> None:
    await store.run(add_job, "olt-0")
    lease = await store.run(take, "olt-0")
    assert lease
    await store.run(_open_breaker, lease, "olt_login_refused")
    store.clock.offset = timedelta(days=400)
    assert (await store.run(claim, "w1", OLTS)).leased == ()
    assert await store.run(leases.reset_breaker, "olt-0", "ana", "senha corrigida", await store.run(db.now))
    assert len((await store.run(claim, "w1", OLTS)).leased) == 1


async def test_a_stale_holder_cannot_move_the_breaker(store: Store) -> None:
    old = await store.run(take, "olt-0", "w1")
    assert old
    store.clock.offset = timedelta(seconds=61)
    await store.run(take, "olt-0", "w2")
    with pytest.raises(StaleLease):
        await store.run(_open_breaker, old, "olt_login_refused")


def _register(conn: Connection, platforms: dict[str, str]) -> tuple[str, ...]:
    return leases.register(conn, platforms, db.now(conn))


async def test_a_changed_platform_is_refused_while_the_olt_has_live_jobs(store: Store) -> None:
    await store.run(add_job, "olt-0", kind="provision", service_order_id="OS-1")
    assert await store.run(_register, {"olt-0": "zte_zxan", "olt-1": "zte_zxan"}) == ("olt-0",)
    [kept, changed] = await store.run(leases.overview, ["olt-0", "olt-1"])
    assert (kept.platform, changed.platform) == ("huawei_smartax", "zte_zxan")


async def test_an_olt_that_left_and_came_back_keeps_its_fencing_number(store: Store) -> None:
    lease = await store.run(take, "olt-0")
    assert lease
    await store.run(leases.release, lease)
    await store.run(_register, {"olt-1": "huawei_smartax"})
    await store.run(_register, {"olt-0": "huawei_smartax"})
    again = await store.run(take, "olt-0")
    assert again
    assert again.fence == 2
