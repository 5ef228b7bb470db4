"""A lease as its holder measures it: with a clock of its own, always believing in less than the database grants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import pytest

from tests.integration.provision.support import migrated, take, with_olts
from tests.support.until import until
from worker.clock import boottime
from worker.lease import HeldLease, LeaseRule
from worker.store.db import Store
from worker.store.leases import StaleLease


@dataclass
class Ticks:
    """A clock that is set by hand."""

    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url) as store:
        await with_olts(store, "olt-1")
        yield store


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
async def held(store: Store, ticks: Ticks) -> HeldLease:
    lease = await store.run(take, "olt-1")
    assert lease
    return HeldLease(store, lease, LeaseRule(), ticks.at, ticks)


@pytest.mark.parametrize(
    ("passed_s", "timeout_s", "allowed"),
    [(0, 30, True), (24.9, 30, True), (25, 30, False), (54.9, 0, True), (55, 0, False), (0, 55, False)],
)
async def test_a_line_is_sent_only_if_the_rest_exceeds_its_time_out_by_five_seconds(
    held: HeldLease, ticks: Ticks, passed_s: float, timeout_s: float, *, allowed: bool
) -> None:
    ticks.at += passed_s
    if allowed:
        held.may_send(timeout_s)
        return
    with pytest.raises(StaleLease):
        held.may_send(timeout_s)


async def test_a_renewal_counts_from_before_it_was_sent(held: HeldLease, ticks: Ticks) -> None:
    ticks.at += 20
    renewal = asyncio.create_task(held.renew())
    await asyncio.sleep(0)
    ticks.at += 7  # the database takes its time
    await renewal
    assert held.left_s == pytest.approx(53)


@pytest.mark.parametrize(("timeout_s", "left_s"), [(30, 60), (40, 60), (41, 71), (150, 180)])
async def test_room_is_made_before_a_line_with_a_long_time_out(
    held: HeldLease, timeout_s: float, left_s: float
) -> None:
    async with held.room_for(timeout_s):
        held.may_send(timeout_s)
        assert held.left_s == pytest.approx(left_s)


async def test_a_lease_is_long_while_a_long_line_is_on_its_way_and_short_again_afterwards(
    store: Store, held: HeldLease, ticks: Ticks
) -> None:
    async with held.room_for(150):
        ticks.at += 15
        await held.renew()
        assert held.left_s == pytest.approx(165)
    await held.renew()
    assert held.left_s == pytest.approx(60)
    store.clock.offset = timedelta(seconds=61)
    assert await store.run(take, "olt-1", "w2"), "the database has it short as well"


async def test_it_is_made_short_again_soon_after_a_long_line(store: Store) -> None:
    lease = await store.run(take, "olt-1")
    assert lease
    held = HeldLease(store, lease, LeaseRule(), boottime())
    keeper = asyncio.create_task(held.keep())
    async with held.room_for(150):
        assert held.left_s > 170
    await until(lambda: _is(held.left_s <= 60), 5)
    keeper.cancel()
    store.clock.offset = timedelta(seconds=62)
    assert await store.run(take, "olt-1", "w2"), "the database has it short as well"


async def _is(true: bool) -> bool:
    return true


async def test_a_holder_that_slept_past_its_lease_does_not_even_ask_for_more(
    store: Store, held: HeldLease, ticks: Ticks
) -> None:
    ticks.at += 60
    with pytest.raises(StaleLease):
        await held.renew()


async def test_a_lease_that_another_has_taken_is_lost_at_the_next_renewal(
    store: Store, held: HeldLease
) -> None:
    store.clock.offset = timedelta(seconds=61)
    assert await store.run(take, "olt-1", "w2")
    with pytest.raises(StaleLease):
        await held.renew()
    with pytest.raises(StaleLease):
        held.may_send(0)


async def test_what_is_released_is_not_used_any_more_and_is_free_at_once(
    store: Store, held: HeldLease
) -> None:
    await held.release()
    with pytest.raises(StaleLease):
        held.may_send(0)
    assert await store.run(take, "olt-1", "w2")


async def test_it_is_renewed_while_it_is_kept(store: Store) -> None:
    lease = await store.run(take, "olt-1", "w1", 1.0)
    assert lease
    held = HeldLease(store, lease, LeaseRule(lease_s=1.0, renew_s=0.2, margin_s=0.1), boottime())
    keeper = asyncio.create_task(held.keep())
    await asyncio.sleep(1.6)
    assert await store.run(take, "olt-1", "w2") is None
    keeper.cancel()


@dataclass
class Late:
    """A database that takes its time, and how often it was asked."""

    store: Store
    takes_s: float = 0.0
    asked: int = 0

    async def run(self, work: Callable[..., Any], *given: Any) -> Any:
        self.asked += 1
        await asyncio.sleep(self.takes_s)
        found = await self.store.run(work, *given)
        await asyncio.sleep(self.takes_s)
        return found


async def _held(store: Store, late: Late, ticks: Ticks | None = None) -> HeldLease:
    lease = await store.run(take, "olt-1")
    assert lease
    clock = ticks or boottime
    return HeldLease(cast("Store", late), lease, LeaseRule(), clock(), clock)


async def test_of_two_renewals_at_once_the_shorter_never_comes_last(store: Store) -> None:
    held = await _held(store, Late(store, 0.05))
    shorter = asyncio.create_task(held.renew())
    await asyncio.sleep(0.02)
    async with held.room_for(60):
        held.may_send(60)
        await shorter
        held.may_send(60)
        await asyncio.sleep(0.1)
        store.clock.offset = timedelta(seconds=80)
        assert await store.run(take, "olt-1", "w2") is None, "the database has it long as well"


async def test_many_long_lines_in_a_row_need_one_renewal(store: Store) -> None:
    late = Late(store)
    held = await _held(store, late)
    keeper = asyncio.create_task(held.keep())
    for _ in range(20):
        async with held.room_for(60):
            await asyncio.sleep(0.01)
    await asyncio.sleep(1.5)
    async with held.room_for(60):
        held.may_send(60)
    keeper.cancel()
    assert late.asked == 1


async def test_it_lasts_through_many_long_lines_that_are_sent_together(store: Store, ticks: Ticks) -> None:
    held = await _held(store, Late(store), ticks)
    async with held.room_for(60):
        for _ in range(10):
            ticks.at += 23
            held.may_send(60)
            await held.renew()
            assert held.left_s == pytest.approx(90)


async def test_a_slow_database_makes_it_longer_for_a_minute(store: Store, ticks: Ticks) -> None:
    held = await _held(store, Late(store), ticks)
    renewal = asyncio.create_task(held.renew())
    await asyncio.sleep(0)
    ticks.at += 20
    await renewal
    await held.renew()
    assert held.left_s == pytest.approx(80)
    ticks.at += 59
    await held.renew()
    assert held.left_s == pytest.approx(80)
    ticks.at += 2
    await held.renew()
    await held.renew()
    assert held.left_s == pytest.approx(60)
