"""Workers are rolled, given another inventory and scaled under load, and nothing is lost or done twice."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import Connection, func, select

from tests.crash.bus import Bus
from tests.crash.desk import Desk, Order
from tests.crash.judge import faults_of_events, faults_of_olts
from tests.crash.state import at_rest, told_of
from tests.crash.stories import STORIES, moved_to_the_twin
from tests.crash.town import Site, let_in, town
from tests.crash.workers import environment
from tests.rolling.deployment import PODS, Deployment, longest_pause
from tests.support.kafka import Topics
from tests.support.until import until
from worker.store.db import Store
from worker.store.migrate import upgrade
from worker.store.schema import inbox, job, olt_lease, role_lease

SEED = secrets.randbelow(1_000_000)
BUSY = 10
"""Stories that run at the same time."""
COMES, LEAVES = "norte-2", "centro-2"
"""Of the OLTs, one comes and one leaves while workers are rolled; so nobody moves between twins."""
GONE_S = 15.0
SETTLED_S = 3.0
"""Between two changes, so that every worker has work in hand at the next."""
DRAIN_S = 90.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


async def left_behind(desk: Desk, order: Order) -> None:
    """Asked for on an OLT that leaves before the unit is lit."""
    await desk.start(order, placed=False, anew=False, olt_id=order.site.kind.olt)
    await desk.ends(order, "failed", "olt_unknown")


async def test_workers_that_are_rolled_and_scaled_under_load_lose_nothing_and_do_nothing_twice(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    kafka_topics: Topics,
    record_property: Callable[[str, object], None],
) -> None:
    url = request.getfixturevalue("postgres_url")  # no argument: a failure would print its password
    upgrade(url)
    store = Store.open(url, pool_size=2)
    rng, began = random.Random(SEED), time.time()
    async with town(tmp_path) as sites, Bus.of(kafka_topics, rng).open() as bus:
        let_in(sites.values(), *PODS)
        env = environment(url, bus) | {"ACENDE_OLT_GONE_S": str(GONE_S)}
        desk = Desk(bus, dict(sites), [story for story in STORIES if story is not moved_to_the_twin], rng)
        new_site = desk.sites.pop(COMES)
        pods = Deployment(tmp_path, env | _inventory(tmp_path, sites, without=COMES))
        told: list[str] = []
        try:
            await pods.scale(2)
            async with desk.load(BUSY):
                await _timed(told, "rolled", pods.roll())
                await _timed(told, "killed after 20 ms", pods.roll(grace_s=0.02))

                async def come() -> None:
                    """Orders for the new OLT, while a worker that does not know it starts once more."""
                    desk.sites[COMES] = new_site
                    await asyncio.sleep(SETTLED_S)
                    await pods.crash(pods.pods[1])

                whole = env | _inventory(tmp_path, sites)
                await _timed(told, f"{COMES} comes", pods.roll(whole, begun=come))
                await _drained(desk, store, desk.sites.pop(LEAVES))
                await _timed(
                    told, f"{LEAVES} leaves", pods.roll(env | _inventory(tmp_path, sites, without=LEAVES))
                )
                await _timed(told, "2 to 4", pods.scale(4))
                await _timed(told, "4 to 1", pods.scale(1))
                await asyncio.sleep(SETTLED_S)
                loaded_until = time.time()
            await desk.finish(DRAIN_S)
            await until(lambda: store.read(at_rest), DRAIN_S)
            await pods.close()
        except (AssertionError, TimeoutError) as error:
            why = await store.read(told_of, [name.split()[-1] for name in desk.unfinished()[:2]])
            raise AssertionError(f"{error}\n{desk.unfinished()}\n{why}") from None
        finally:
            await desk.close()
            await pods.close()
            await store.aclose()
        results, progress = await bus.everything("results"), await bus.everything("progress")
        published, finals = (
            longest_pause(record.at for record in records if record.at < loaded_until)
            for records in ([*results, *progress], results)
        )
        record_property(
            "told",
            f"rolled and scaled on PostgreSQL: {len(desk.orders)} orders, {time.time() - began:.0f} s; nothing was"
            f" published for {published:.1f} s at most, no final for {finals:.1f} s; {', '.join(told)}; seed {SEED}",
        )
        faults = faults_of_olts(desk.orders, sites, desk.most)
        faults += faults_of_events(desk.orders, results, progress)
        assert not faults, "\n".join([f"seed {SEED}", *faults])
        assert await bus.everything("dead") == []
        sent = bus.sent
    assert set(pods.ended.values()) == {0, None}
    with contextlib.closing(Store.open(url)) as after:
        assert after.read_sync(_count, inbox) == sent
        assert after.read_sync(_holders) == []
    assert await _members(kafka_topics.bootstrap, env["ACENDE_KAFKA_GROUP"]) == 0


def _inventory(folder: Path, sites: dict[str, Site], without: str = "") -> dict[str, str]:
    """A file of its own, as a changed ConfigMap is to the pods that start with it."""
    whole: dict[str, Any] = yaml.safe_load((folder / "inventory.yaml").read_text())
    whole["olts"] = [site.row for name, site in sites.items() if name != without]
    path = folder / f"inventory-without-{without or 'none'}.yaml"
    path.write_text(yaml.safe_dump(whole))
    return {"ACENDE_INVENTORY_FILE": str(path)}


async def _timed(told: list[str], what: str, doing: Any) -> None:
    """Do it in the midst of work."""
    await asyncio.sleep(SETTLED_S)
    began = time.monotonic()
    await doing
    told.append(f"{what}: {time.monotonic() - began:.1f} s")


async def _drained(desk: Desk, store: Store, site: Site) -> None:
    """What begun on the OLT has ended, and one order is left behind that nobody can serve."""
    there = {order.id for order in desk.orders if order.site is site}

    async def done() -> bool:
        ours = {name for name in desk.unfinished() if name.split()[-1] in there}
        return not ours and not await store.read(_working, site.kind.olt)

    await until(done, DRAIN_S)
    order = desk.new_order()
    order.site = site
    desk.running.add(asyncio.create_task(left_behind(desk, order), name=f"left_behind {order.id}"))


def _working(conn: Connection, olt: str) -> bool:
    return bool(
        conn.execute(select(func.count()).where(job.c.live, job.c.olt == olt, job.c.kind != "scan")).scalar()
    )


def _holders(conn: Connection) -> list[str]:
    """Who still has a lease of an OLT or of a role."""
    held = [select(table.c.holder).where(table.c.holder.is_not(None)) for table in (olt_lease, role_lease)]
    return [holder for query in held for holder in conn.execute(query).scalars()]


async def _members(bootstrap: str, group: str) -> int:
    """How many consumers the group has."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        [answer] = await admin.describe_consumer_groups([group])
        [(*_, members)] = [found[:6] for found in answer.groups]
        return len(members)
    finally:
        await admin.close()


def _count(conn: Connection, table: Any) -> int:
    return int(conn.execute(select(func.count()).select_from(table)).scalar_one())
