"""The database's clock is set by an hour while orders are under way: they go on, and nothing ends because of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.stories.plant import OTHER_PORT, Plant, at, plant, received, started, swift
from tests.support.until import until
from worker.lease import LeaseRule
from worker.store import Connection, db, doubt, leases

HOUR = timedelta(hours=1)
LIT, DARK, LATER = "HWTC00000001", "HWTC00000002", "HWTC00000003"
SOON_S = 25.0


async def under_way(made: Plant) -> None:
    """One order waits for light, one is being verified, one has no unit yet."""
    made.plug(LIT, time_to_online_s=4.0)
    made.work()
    await made.tell(
        started("OS-LIT", serial=LIT, **at()), started("OS-DARK", serial=DARK), started("OS-LATER")
    )
    await made.reaches("OS-LIT", "verifying")
    await made.reaches("OS-DARK", "waiting_for_light")


@pytest.mark.parametrize("step", [-HOUR, HOUR], ids=["back", "ahead"])
async def test_orders_go_on_while_the_clock_is_set_by_an_hour(database_url: str, step: timedelta) -> None:
    async with plant(database_url) as made:
        await under_way(made)
        made.store.clock.step = step
        await asyncio.sleep(1.0)
        assert [await made.finals(order) for order in ("OS-LIT", "OS-DARK", "OS-LATER")] == [[], [], []]
        made.plug(DARK, port=OTHER_PORT)
        made.plug(LATER, port=OTHER_PORT)
        await made.tell(received(LATER), started("OS-LATER", serial=LATER))
        for order in ("OS-DARK", "OS-LATER", "OS-LIT"):
            assert (await made.final(order, within_s=SOON_S))["kind"] == "completed"
        await made.quiet()
        await until(lambda: _saved(made), SOON_S)


async def _saved(made: Plant) -> bool:
    return "save" in made.commands()


def _dies_with_it(conn: Connection) -> None:
    assert leases.take(conn, "olt-1", "killed", 2.0, db.now(conn))


async def test_a_worker_killed_while_the_clock_was_ahead_keeps_nobody_out_after_its_lease(
    database_url: str,
) -> None:
    rule = LeaseRule(lease_s=30.0)
    async with plant(database_url, lease=rule) as made:
        await made.prepared()
        made.store.clock.step = HOUR
        await made.store.run(_dies_with_it)
        made.store.clock.step = timedelta()
        made.plug(LIT)
        made.work()
        await made.tell(started("OS-LIT", serial=LIT, **at()))
        assert (await made.final("OS-LIT", within_s=SOON_S))["kind"] == "completed"


async def test_what_would_end_by_the_hour_ahead_waits_until_a_person_accepts_the_clock(
    database_url: str,
) -> None:
    async with plant(database_url, rules=swift(light_s=600.0)) as made:
        made.work()
        await made.tell(started("OS-DARK", serial=DARK))
        await made.reaches("OS-DARK", "waiting_for_light")
        made.store.clock.step = HOUR
        await asyncio.sleep(1.5)
        assert await made.finals("OS-DARK") == []
        await made.store.run(doubt.accept, "ana", "NTP set it")
        final = await made.final("OS-DARK", within_s=SOON_S)
        assert (final["kind"], final["code"]) == ("failed", "no_light")
