"""Workers with different inventories side by side: what one of them lacks is not gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from tests.stories.plant import OTHER_PORT, Plant, at, cancelled, plant, started
from tests.support.until import until
from worker.provision import Provisioner, keep
from worker.store import db, inventories, leases

ONU = "HWTC1A2B3C4D"
SECOND = "HWTC5E6F7081"
GONE_S = 2.0


@pytest.fixture
async def two(database_url: str) -> AsyncIterator[Plant]:
    """Two OLTs, no worker yet; an OLT has left two seconds after the last worker that knew it."""
    async with plant(database_url, ("olt-1", "olt-2"), olt_gone_s=GONE_S) as made:
        yield made


def _platforms(conn: Connection) -> dict[str, str | None]:
    return {state.olt: state.platform for state in leases.overview(conn)}


async def _stop(made: Plant, worker: Provisioner) -> None:
    """One worker ends, the others go on."""
    [ending] = [pair for pair in made.provisioners if pair[0] is worker]
    made.provisioners.remove(ending)
    worker.stop()
    await ending[1]


def _hold(conn: Connection, olt: str) -> None:
    assert leases.hold(conn, olt, "bia", "troca de placa", db.now(conn))


# ---------------------------------------------------------------------------------------------- an OLT comes, one leaves


async def test_orders_on_a_new_olt_outlive_an_old_worker_that_starts_again(two: Plant) -> None:
    two.work("new-1")
    two.roll_out("olt-1")
    two.work("old-1")
    await two.tell(started("OS-1", serial=ONU, **at(olt="olt-2")))
    await asyncio.sleep(2 * GONE_S)
    assert await two.finals("OS-1") == []
    two.plug(ONU, "olt-2")
    assert (await two.final("OS-1"))["kind"] == "completed"


async def test_an_order_that_names_a_new_olt_is_looked_for_there_whoever_is_asked_first(two: Plant) -> None:
    two.roll_out("olt-1")
    two.work("old-1")
    two.roll_out("olt-1", "olt-2")
    await two.prepared()
    await two.tell(started("OS-1", serial=ONU, olt_id="olt-2"))
    await asyncio.sleep(1.0)
    assert await two.finals("OS-1") == []
    two.plug(ONU, "olt-2")
    two.work("new-1")
    assert (await two.final("OS-1"))["olt_id"] == "olt-2"


async def test_a_unit_that_waits_at_its_site_is_found_on_an_olt_that_came_later(two: Plant) -> None:
    two.roll_out("olt-1")
    two.work("old-1")
    await two.tell(started("OS-1", serial=ONU, site="centro"))
    await two.reaches("OS-1", "waiting_for_light")
    two.plug(ONU, "olt-2")
    two.roll_out("olt-1", "olt-2")
    two.work("new-1")
    assert (await two.final("OS-1"))["olt_id"] == "olt-2"


async def test_a_worker_works_on_no_olt_that_its_inventory_lacks(two: Plant) -> None:
    two.plug(ONU, "olt-2")
    await two.prepared()
    two.roll_out("olt-1")
    two.work("old-1")
    await two.tell(started("OS-1", serial=ONU, **at(olt="olt-2")))
    await two.reaches("OS-1", "queued")
    await asyncio.sleep(1.0)
    assert two.commands("olt-2") == []


async def test_orders_on_an_olt_that_has_left_end_some_time_after_the_last_worker_that_knew_it(
    two: Plant,
) -> None:
    two.plug(ONU)
    old = two.work("old-1")
    await two.tell(started("OS-1", serial=ONU, **at()))
    await two.final("OS-1")
    await two.store.run(_hold, "olt-1")
    two.roll_out("olt-2")
    two.work("new-1")
    await two.tell(
        cancelled("OS-1"),
        started("OS-2", serial=SECOND, **at(OTHER_PORT)),
        started("OS-3", serial="HWTC00000003", olt_id="olt-1"),
    )
    await asyncio.sleep(2 * GONE_S)
    assert (await two.store.read(_platforms))["olt-1"] == "huawei_smartax"
    assert await two.finals("OS-2") == await two.finals("OS-3") == []
    await _stop(two, old)
    gone, failed, sought = await two.final("OS-1", 2), await two.final("OS-2"), await two.final("OS-3")
    assert [(row["olt_id"], row["code"]) for row in gone["left"]] == [("olt-1", "left_olt_unknown")]
    assert (failed["kind"], failed["code"]) == (sought["kind"], sought["code"]) == ("failed", "olt_unknown")
    assert await two.store.read(_platforms) == {"olt-1": None, "olt-2": "huawei_smartax"}


async def test_an_olt_outlives_a_gap_in_which_no_worker_runs_that_knows_it(two: Plant) -> None:
    new = two.work("new-1")
    two.roll_out("olt-1")
    two.work("old-1")
    await two.tell(started("OS-1", serial=ONU, **at(olt="olt-2")))
    await _stop(two, new)
    await asyncio.sleep(GONE_S / 2)
    two.roll_out("olt-1", "olt-2")
    two.work("new-2")
    two.plug(ONU, "olt-2")
    assert (await two.final("OS-1"))["kind"] == "completed"


async def test_an_olt_that_left_and_comes_back_is_worked_on_again(two: Plant) -> None:
    await two.prepared()
    two.roll_out("olt-2")
    new = two.work("new-1")

    async def left() -> bool:
        return (await two.store.read(_platforms))["olt-1"] is None

    await until(left)
    two.plug(ONU)
    two.roll_out("olt-1", "olt-2")
    two.work("newer-1")
    await _stop(two, new)
    await two.tell(started("OS-1", serial=ONU, site="centro"))
    assert (await two.final("OS-1"))["olt_id"] == "olt-1"


# ----------------------------------------------------------------------------------------------------- what is kept of it


async def test_an_inventory_is_new_once_however_many_workers_use_it(two: Plant) -> None:
    known = inventories.sited(two.config.inventory)

    def use(conn: Connection) -> bool:
        return inventories.use(conn, known, db.now(conn))

    assert sorted([await two.store.run(use) for _ in range(3)]) == [False, False, True]
    assert await two.store.read(inventories.in_use) == known


async def test_an_inventory_that_was_forgotten_is_in_use_again_when_its_worker_is_heard_of(
    two: Plant,
) -> None:
    both = two.config.inventory
    await two.prepared()
    two.roll_out("olt-1")
    await two.store.run(keep, two.config.inventory, None)
    two.store.clock.offset = timedelta(hours=1)
    await two.store.run(keep, two.config.inventory, 60.0)
    assert (await two.store.read(_platforms))["olt-2"] is None
    await two.store.run(keep, both, 60.0)
    assert (await two.store.read(_platforms))["olt-2"] == "huawei_smartax"


async def test_who_has_just_come_does_not_say_that_anything_has_left(two: Plant) -> None:
    """After an outage of the database, or at the first start of a release, nobody has been heard of."""
    await two.prepared()
    two.store.clock.offset = timedelta(hours=1)
    two.roll_out("olt-1")
    two.work("new-1")
    await asyncio.sleep(GONE_S / 2)
    assert (await two.store.read(_platforms))["olt-2"] == "huawei_smartax"
