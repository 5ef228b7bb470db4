"""Leases and roles while the database's clock is set: back, ahead, or ahead by a release that wrote no length."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from tests.integration.provision.support import add_job, claim, migrated, take, with_olts
from worker.store import db, leases, lengths, roles
from worker.store.db import Store
from worker.store.leases import Lease, StaleLease
from worker.store.schema import olt_lease, role_lease

HOUR = timedelta(hours=1)


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url) as store:
        await with_olts(store, "olt-1")
        await store.run(add_job, "olt-1", due_at=await store.run(db.now) - 2 * HOUR)
        yield store


def row(conn: Connection) -> Any:
    return conn.execute(select(olt_lease)).one()


def cut(conn: Connection) -> int:
    return leases.cut(conn, db.now(conn)) + lengths.cut(conn, role_lease, db.now(conn))


def guard(conn: Connection, lease: Lease) -> None:
    leases.guard(conn, lease, db.now(conn))


def renew(conn: Connection, lease: Lease, lease_s: float) -> bool:
    return leases.renew(conn, lease, lease_s, db.now(conn))


def unwritten(conn: Connection) -> None:
    """As an earlier release leaves a lease that it takes."""
    conn.execute(update(olt_lease).values(fence=olt_lease.c.fence + 1))
    conn.execute(update(role_lease).values(fence=role_lease.c.fence + 1))


async def test_each_grant_and_renewal_writes_its_length_and_its_fence(store: Store) -> None:
    lease = await store.run(take, "olt-1", "w1", 60.0)
    assert lease
    found = await store.read(row)
    assert (found.length_s, found.length_fence) == (60.0, lease.fence)
    assert await store.run(renew, lease, 180.0)
    found = await store.read(row)
    assert (found.length_s, found.length_fence) == (180.0, lease.fence)
    fence = await store.run(roles.take, "publisher", "w1", 15.0)
    role = await store.read(lambda conn: conn.execute(select(role_lease)).one())
    assert (role.length_s, role.length_fence) == (15.0, fence)


@pytest.mark.parametrize(("earlier", "length_s"), [(False, 60.0), (True, 900.0)])
async def test_after_a_step_back_a_lease_lasts_as_long_as_it_was_granted_for_and_no_longer(
    store: Store, *, earlier: bool, length_s: float
) -> None:
    assert await store.run(take, "olt-1", "w1", 60.0)
    assert await store.run(roles.take, "sweeper", "w1", 60.0)
    if earlier:
        await store.run(unwritten)
    store.clock.step = -HOUR
    assert await store.run(cut) == 2
    assert await store.run(cut) == 0
    for passed_s, free in ((0.0, False), (length_s - 2, False), (length_s + 1, True)):
        store.clock.offset = s(passed_s)
        assert bool((await store.run(claim, "w2", ["olt-1"])).leased) is free, "never ended at once"
        assert (await store.run(roles.take, "sweeper", "w2", 60.0) is not None) is free


async def test_whoever_wants_one_olt_or_role_cuts_its_lease_by_asking(store: Store) -> None:
    assert await store.run(take, "olt-1", "w1", 60.0)
    assert await store.run(roles.take, "sweeper", "w1", 60.0)
    store.clock.step = -HOUR
    assert await store.run(take, "olt-1", "w2") is None
    assert await store.run(roles.take, "sweeper", "w2", 60.0) is None
    store.clock.offset = s(61)
    assert await store.run(take, "olt-1", "w2")
    assert await store.run(roles.take, "sweeper", "w2", 60.0)


async def test_a_lease_within_its_length_is_not_cut(store: Store) -> None:
    assert await store.run(take, "olt-1", "w1", 60.0)
    store.clock.offset = s(30)
    assert await store.run(cut) == 0


@pytest.mark.parametrize(("earlier", "length_s"), [(False, 60.0), (True, 900.0)])
async def test_after_a_jump_ahead_nothing_is_taken_from_another_before_its_length_has_passed(
    store: Store, *, earlier: bool, length_s: float
) -> None:
    assert await store.run(take, "olt-1", "w1", 60.0)
    assert await store.run(roles.take, "sweeper", "w1", 60.0)
    if earlier:
        await store.run(unwritten)
    store.clock.step = HOUR
    for passed_s, free in ((0.0, False), (length_s - 2, False), (length_s + 1, True)):
        store.clock.offset = s(passed_s)
        assert bool((await store.run(claim, "w2", ["olt-1"])).leased) is free
        assert (await store.run(roles.take, "sweeper", "w2", 60.0) is not None) is free


async def test_the_holder_itself_goes_on_through_a_jump_ahead(store: Store) -> None:
    lease = await store.run(take, "olt-1", "w1", 60.0)
    assert lease
    store.clock.step = HOUR
    await store.run(guard, lease)
    assert (await store.run(claim, "w1", ["olt-1"])).mine == {"olt-1"}
    assert await store.run(renew, lease, 60.0)
    store.clock.offset = s(59)
    await store.run(guard, lease)
    store.clock.offset = s(62)
    with pytest.raises(StaleLease):
        await store.run(guard, lease)


async def test_a_jump_of_less_than_five_seconds_keeps_nobody_out(store: Store) -> None:
    assert await store.run(take, "olt-1", "w1", 3.0)
    store.clock.step = s(4.5)
    assert await store.run(take, "olt-1", "w2")


# ------------------------------------------------------------------------------------------------ SQLite's one worker


def hold_all(conn: Connection) -> None:
    now = db.now(conn)
    for olt, holder in (("olt-1", "w1-0f3a"), ("olt-2", f"{leases.COMMAND}noc-17")):
        lease = leases.take(conn, olt, holder, 60.0, now)
        assert lease
        leases.hold(conn, olt, "ana", "fonte", now)
    conn.execute(update(olt_lease).values(breaker="open", breaker_code="olt_unreachable", session_open=True))
    roles.take(conn, "publisher", "w1", 15.0)


async def test_the_start_ends_what_workers_held_and_waits_for_a_command(store: Store) -> None:
    await with_olts(store, "olt-2")
    await store.run(hold_all)
    before = {one.olt: one for one in await store.read(lambda conn: conn.execute(select(olt_lease)).all())}
    assert await store.run(leases.end_workers) == 1
    assert await store.run(roles.end_all) == 1
    after = {one.olt: one for one in await store.read(lambda conn: conn.execute(select(olt_lease)).all())}
    ended, commands = after["olt-1"], after["olt-2"]
    assert (ended.holder, ended.expires_at, ended.session_open) == (None, None, False)
    assert ended.fence == before["olt-1"].fence + 1
    assert (ended.held, ended.held_by, ended.breaker) == (True, "ana", "open")
    assert commands == before["olt-2"]
    assert await store.run(roles.take, "publisher", "w2", 15.0) == 3
