"""Jobs on both databases: what correlation asks for, what a holder takes, and what is searched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from events.stages import Stage
from schemas.inventory import Inventory, Olt
from schemas.place import PonPort
from tests.integration.provision.support import add_job, job_row, migrated, take, with_olts
from worker import scan
from worker.store import db, jobs, search, work
from worker.store.db import Store
from worker.store.jobs import JOBS, UNPLACED, Owned
from worker.store.leases import Lease, StaleLease
from worker.store.schema import job
from worker.verify import Patience

PORT = PonPort(frame=0, slot=1, port=0)
LATER = datetime(2036, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    """A `Wanted`."""

    id: str = "OS-1"
    revision: int = 1
    serial: str = "HWTC1A2B3C4D"
    site: str | None = None
    olt: str | None = None
    port: PonPort | None = None
    priority: int = 5
    deadline_at: datetime = LATER


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url) as store:
        await with_olts(store, "olt-1", "olt-2")
        yield store


def _live(conn: Connection) -> list[Any]:
    return list(conn.execute(select(job).where(job.c.live).order_by(job.c.id)))


def _start(conn: Connection, *asked: Asked) -> dict[str, Stage]:
    return jobs.start_all(conn, asked, db.now(conn))


async def test_an_order_that_names_its_place_is_queued_there(store: Store) -> None:
    stages = await store.run(_start, Asked(olt="olt-1", port=PORT))
    assert stages == {"OS-1": Stage.QUEUED}
    [row] = await store.read(_live)
    assert (row.kind, row.olt, row.port, row.revision) == ("provision", "olt-1", "0/1/0", 1)


@pytest.mark.parametrize("asked", [Asked(), Asked(olt="olt-1"), Asked(port=PORT), Asked(site="centro")])
async def test_an_order_without_a_place_is_searched_for(store: Store, asked: Asked) -> None:
    stages = await store.run(_start, asked)
    assert stages == {"OS-1": Stage.DISCOVERING}
    [row] = await store.read(_live)
    assert (row.olt, row.payload) == (UNPLACED, {"site": asked.site, "olt": asked.olt})


async def test_starting_the_same_revision_twice_changes_nothing(store: Store) -> None:
    await store.run(_start, Asked())
    before = await store.read(_live)
    await store.run(_start, Asked())
    assert await store.read(_live) == before


async def test_a_later_revision_drops_the_earlier_ones_jobs_removals_included(store: Store) -> None:
    await store.run(_start, Asked(olt="olt-1", port=PORT))
    await store.run(_remove, [Owned("olt-2", PORT, "HWTC1A2B3C4D")])
    await store.run(_start, Asked(revision=2, olt="olt-2", port=PORT))
    [row] = await store.read(_live)
    assert (row.kind, row.revision, row.olt) == ("provision", 2, "olt-2")


async def test_a_revision_may_begin_on_the_olt_of_the_earlier_one(store: Store) -> None:
    await store.run(_start, Asked(olt="olt-1", port=PORT))
    await store.run(_start, Asked(revision=2, olt="olt-1", port=PORT))
    [row] = await store.read(_live)
    assert row.revision == 2


async def test_many_orders_begin_in_one_go(store: Store) -> None:
    await store.run(_start, *(Asked(id=f"OS-{number}") for number in range(300)))
    assert len(await store.read(_live)) == 300


def _stop(conn: Connection, order_id: str) -> None:
    jobs.stop_work(conn, order_id, db.now(conn))


async def test_stopping_leaves_other_orders_alone(store: Store) -> None:
    await store.run(_start, Asked(), Asked(id="OS-2"))
    await store.run(_stop, "OS-1")
    assert [row.service_order_id for row in await store.read(_live)] == ["OS-2"]


def _remove(conn: Connection, owned: list[Owned]) -> int:
    return jobs.start_removal(conn, "OS-1", owned, db.now(conn))


async def test_a_removal_is_one_job_per_olt_and_lasts_72_hours(store: Store) -> None:
    owned = [Owned("olt-1", PORT, "HWTC1A2B3C4D"), Owned("olt-2", PORT, "HWTC1A2B3C4D")]
    assert await store.run(_remove, owned) == 2
    rows = await store.read(_live)
    assert [(row.kind, row.olt) for row in rows] == [("deprovision", "olt-1"), ("deprovision", "olt-2")]
    assert rows[0].payload["registrations"] == [["HWTC1A2B3C4D", "0/1/0"]]
    assert rows[0].deadline_at - rows[0].created_at == timedelta(hours=72)
    assert await store.run(_remove, owned[:1]) == 1
    assert len(await store.read(_live)) == 1


async def test_nothing_to_remove_makes_no_job(store: Store) -> None:
    assert await store.run(_remove, []) == 0


async def test_a_job_that_becomes_due_wakes_who_listens(store: Store) -> None:
    call = store.listen(JOBS)
    await call.wait(0.2)  # whoever begins to listen is told to look once
    await store.run(_start, Asked())
    assert await call.wait(5.0)


# ------------------------------------------------------------------------------------------------------------- a holder


async def _lease(store: Store, olt: str = "olt-1") -> Lease:
    lease = await store.run(take, olt)
    assert lease
    return lease


def _take(conn: Connection, lease: Lease) -> work.Job | None:
    return work.take(conn, lease, db.now(conn))


async def test_jobs_are_taken_by_priority_then_by_age(store: Store) -> None:
    lease = await _lease(store)
    now = await store.run(db.now)
    soon = {"kind": "provision", "service_order_id": "a", "due_at": now - timedelta(seconds=9)}
    await store.run(add_job, "olt-1", **soon)
    await store.run(
        add_job, "olt-1", **{**soon, "service_order_id": "b", "due_at": now - timedelta(seconds=19)}
    )
    await store.run(add_job, "olt-1", **{**soon, "service_order_id": "c", "priority": 9})
    order = []
    while taken := await store.run(_take, lease):
        order.append(taken.order_id)
        await store.run(_end, taken.id)
    assert order == ["c", "b", "a"]


async def test_a_job_that_is_late_keeps_its_class(store: Store) -> None:
    lease = await _lease(store)
    now = await store.run(db.now)
    await store.run(
        add_job, "olt-1", kind="deprovision", service_order_id="b", due_at=now - timedelta(seconds=900)
    )
    urgent = await store.run(add_job, "olt-1", kind="provision", service_order_id="a", priority=9)
    taken = await store.run(_take, lease)
    assert taken
    assert taken.id == urgent


def _end(conn: Connection, job_id: int) -> None:
    work.end(conn, job_id, db.now(conn))


async def test_a_job_that_its_holder_left_running_is_taken_by_the_next_one(store: Store) -> None:
    job_id = await store.run(add_job, "olt-1")
    await store.run(_take, await _lease(store))
    store.clock.offset = timedelta(seconds=61)
    lease = await store.run(take, "olt-1", "w2")
    assert lease
    taken = await store.run(_take, lease)
    assert taken
    assert taken.id == job_id


async def test_a_stale_holder_takes_nothing(store: Store) -> None:
    await store.run(add_job, "olt-1")
    lease = await _lease(store)
    store.clock.offset = timedelta(seconds=61)
    with pytest.raises(StaleLease):
        await store.run(_take, lease)


def _wanted(conn: Connection, lease: Lease, job_id: int) -> bool:
    return work.still_wanted(conn, lease, job_id, db.now(conn))


async def test_between_two_commands_a_superseded_job_and_a_lost_lease_are_noticed(store: Store) -> None:
    lease = await _lease(store)
    await store.run(_start, Asked(olt="olt-1", port=PORT))
    [row] = await store.read(_live)
    assert await store.read(_wanted, lease, row.id)
    await store.run(_start, Asked(revision=2, olt="olt-1", port=PORT))
    assert not await store.read(_wanted, lease, row.id)
    store.clock.offset = timedelta(seconds=61)
    with pytest.raises(StaleLease):
        await store.read(_wanted, lease, row.id)


@pytest.mark.parametrize(
    "differs",
    [{"fence": +1}, {"fence": -1}, {"holder": "w2"}],
    ids=["later fence", "earlier fence", "holder"],
)
async def test_between_two_commands_another_grant_of_the_lease_is_noticed(
    store: Store, differs: dict[str, Any]
) -> None:
    """It stands until later, of the same holder or under the same fence: it is another lease all the same."""
    lease = await _lease(store)
    await store.run(_start, Asked(olt="olt-1", port=PORT))
    [row] = await store.read(_live)
    fence, holder = lease.fence + differs.get("fence", 0), differs.get("holder", lease.holder)
    with pytest.raises(StaleLease):
        await store.read(_wanted, replace(lease, fence=fence, holder=holder), row.id)
    assert await store.read(_wanted, lease, row.id)


async def test_a_holder_that_took_its_olt_anew_goes_on_with_nothing_of_before(store: Store) -> None:
    before = await _lease(store)
    await store.run(_start, Asked(olt="olt-1", port=PORT))
    [row] = await store.read(_live)
    store.clock.offset = timedelta(seconds=61)
    after = await _lease(store)
    assert (after.holder, after.fence) == (before.holder, before.fence + 1)
    with pytest.raises(StaleLease):
        await store.read(_wanted, before, row.id)
    assert await store.read(_wanted, after, row.id)


async def test_a_job_that_is_there_no_more_is_not_gone_on_with(store: Store) -> None:
    lease = await _lease(store)
    with pytest.raises(StaleLease):
        await store.read(_wanted, lease, 4711)


def _save(conn: Connection, debounce_s: float = 60.0, latest_s: float = 600.0) -> None:
    work.save_soon(conn, "olt-1", db.now(conn), debounce_s, latest_s)


async def test_saving_is_debounced_and_never_later_than_ten_minutes_after_the_first_change(
    store: Store,
) -> None:
    start = datetime(2026, 3, 2, 12, tzinfo=UTC)
    store.clock.stopped = start
    for after_s in (0, 50, 100, 580):
        store.clock.stopped = start + timedelta(seconds=after_s)
        await store.run(_save)
        [row] = await store.read(_live)
        assert row.kind == "save"
        assert row.due_at == start + timedelta(seconds=min(after_s + 60, 600))


# ------------------------------------------------------------------------------------------------------------- searches

INVENTORY = Inventory(
    olts=tuple(
        Olt(id=name, site=site, platform="huawei_smartax", address="10.0.0.1", transport="telnet")
        for name, site in (("olt-1", "a"), ("olt-2", "a"), ("olt-3", "b"))
    )
)


def _scans(conn: Connection) -> list[str]:
    return [row.olt for row in _live(conn) if row.kind == "scan"]


async def test_the_olts_of_the_site_are_looked_at_once_for_any_number_of_orders(store: Store) -> None:
    await store.run(_start, Asked(site="a"), Asked(id="OS-2", site="a"))
    assert await store.run(scan.begin_searches, INVENTORY) == 2
    assert await store.run(scan.begin_searches, INVENTORY) == 0
    assert await store.read(_scans) == ["olt-1", "olt-2"]


async def test_a_new_order_brings_a_scan_forward(store: Store) -> None:
    now = await store.run(db.now)
    scan_id = await store.run(add_job, "olt-1", due_at=now + timedelta(seconds=100))
    await store.run(_start, Asked(olt="olt-1"))
    await store.run(scan.begin_searches, INVENTORY)
    assert (await store.read(job_row, scan_id)).due_at < now + timedelta(seconds=50)


async def test_an_olt_sees_the_orders_that_may_appear_there_and_no_others(store: Store) -> None:
    asked = [
        Asked(id="any"),
        Asked(id="site-a", site="a"),
        Asked(id="site-b", site="b"),
        Asked(id="named", olt="olt-1", site="b"),
        Asked(id="other", olt="olt-2"),
        Asked(id="placed", olt="olt-1", port=PORT),
    ]
    await store.run(_start, *asked)
    waiting = await store.read(search.waiting, "olt-1", "a")
    assert [one.order_id for one in waiting] == ["any", "site-a", "named"]


async def test_two_first_sightings_at_the_same_moment_place_an_order_once(store: Store) -> None:
    await store.run(_start, Asked())
    [one] = await store.run(search.new)

    def settle(conn: Connection, olt: str) -> bool:
        there = search.where_now(conn, one)
        if there is None or there.olt != UNPLACED:
            return False
        search.place(conn, one, olt, PORT, {"lit": True})
        return True

    won = await asyncio.gather(*(store.run(settle, f"olt-{number % 2 + 1}") for number in range(8)))
    assert won.count(True) == 1


async def test_a_scan_never_ends_while_an_order_that_just_came_relies_on_it(store: Store) -> None:
    """Rounds of: a scan of an OLT ends because nobody waits, while an order begins to wait."""
    [olt] = [olt for olt in INVENTORY.olts if olt.id == "olt-1"]
    lease = await _lease(store)
    for number in range(20):
        await store.run(work.scan_now, {"olt-1": 5}, await store.run(db.now))
        taken = await store.run(_take, lease)
        assert taken
        nobody = scan.Findings((), (), scan.Memory())

        async def come(name: str = f"OS-{number}") -> None:
            await store.run(_start, Asked(id=name, olt="olt-1"))
            await store.run(scan.begin_searches, INVENTORY)

        patience = Patience()
        await asyncio.gather(store.run(scan.conclude, lease, taken, olt, nobody, patience), come())
        assert await store.read(_scans) == ["olt-1"]
        await store.run(_stop, f"OS-{number}")
        taken = await store.run(_take, lease)
        assert taken
        await store.run(_end, taken.id)
