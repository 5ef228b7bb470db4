"""A RADIUS server that is away for a minute, and an OLT that comes back: orders go on by themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from tests.stories.plant import Plant, at, plant, started
from tests.support.until import until
from vendors.simulator.faults import Fault
from worker.breaker import Breaker, BreakerPolicy
from worker.store import leases

NAMES = ["olt-1", "olt-2", "olt-3"]
PATIENT = BreakerPolicy(failures=2, pause_s=0.2, first_s=300.0)


async def breaker(made: Plant, olt: str) -> Breaker:
    return await made.store.read(leases.breaker_of, olt)


def refused(made: Plant, *olts: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return all([(await breaker(made, olt)).code == "olt_login_refused" for olt in olts])

    return look


def offered(made: Plant) -> int:
    return sum(len(sim.olt.journal.offered) for sim in made.sims.values())


async def order_everywhere(made: Plant, series: int) -> list[str]:
    orders = []
    for number, olt in enumerate(NAMES):
        serial = f"HWTC00000{series}{number:02}"
        made.plug(serial, olt)
        await made.tell(started(f"OS-{series}{number}", serial=serial, **at(olt=olt)))
        orders.append(f"OS-{series}{number}")
    return orders


async def test_after_a_radius_hiccup_one_olt_tries_again_and_all_go_on(sqlite_url: str) -> None:
    async with plant(sqlite_url, NAMES, transports=("telnet", "ssh"), idle_s=0.2) as made:
        made.work()
        for order in await order_everywhere(made, 1):
            await made.final(order)
        await _all_left(made)
        for sim in made.sims.values():
            sim.faults.add(Fault(kind="refuse_login"))
        before = offered(made)
        orders = await order_everywhere(made, 2)
        await until(refused(made, *NAMES), 20)
        await asyncio.sleep(0.7)
        assert offered(made) == before + 3, "each password was sent once"
        made.store.clock.offset += timedelta(seconds=61)
        for order in orders:
            assert (await made.final(order))["kind"] == "completed"
        for sim in made.sims.values():
            assert [login.split(": ")[1] for login in sim.olt.journal.logins].count("refused") == 1


async def test_a_password_that_is_wrong_from_now_on_is_sent_twice_more_in_all_and_then_a_person_is_waited_for(
    sqlite_url: str,
) -> None:
    async with plant(sqlite_url, NAMES, idle_s=0.2) as made:
        made.work()
        for order in await order_everywhere(made, 1):
            await made.final(order)
        await _all_left(made)
        for sim in made.sims.values():
            sim.faults.add(Fault(kind="refuse_login", times=None))
        before = offered(made)
        await order_everywhere(made, 2)
        await until(refused(made, *NAMES), 20)
        for retry, seconds in enumerate((61, 901, 3600, 3600)):
            made.store.clock.offset += timedelta(seconds=seconds)
            made.store.clock.accept()
            await asyncio.sleep(1.0)
            assert offered(made) == before + 3 + min(retry + 1, 2)
        assert [(await breaker(made, olt)).until for olt in NAMES] == [None] * 3


async def _all_left(made: Plant) -> None:
    async def left() -> bool:
        return all(olt.holder is None for olt in await made.store.read(leases.overview))

    await until(left, 20)


async def test_an_olt_that_is_back_after_an_outage_is_worked_on_within_seconds(sqlite_url: str) -> None:
    async with plant(sqlite_url, breaker=PATIENT) as made:
        made.plug("HWTC00000001")
        sim, port = made.sims["olt-1"], made.config.inventory.olts[0].tcp_port
        await sim.stop()
        made.work()
        await made.tell(started("OS-1", serial="HWTC00000001", **at()))

        async def opened() -> bool:
            return (await breaker(made, "olt-1")).state == "open"

        await until(opened, 20)
        assert (await breaker(made, "olt-1")).silent
        await sim.serve_telnet(port)
        began = time.monotonic()
        assert (await made.final("OS-1"))["kind"] == "completed"
        assert time.monotonic() - began < 20.0
        assert (await breaker(made, "olt-1")).probed is False
