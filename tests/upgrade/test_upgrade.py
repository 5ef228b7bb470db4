"""From earlier releases to this one with work in hand, and back: nothing is lost or done twice."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from events.stages import Stage
from tests.crash.bus import Bus
from tests.crash.desk import Desk, Order, Story
from tests.crash.judge import faults_of_events, faults_of_olts
from tests.crash.reaper import Reaper
from tests.crash.state import LIVE, at_rest
from tests.crash.stories import STORIES, installed
from tests.crash.town import Site, let_in, town
from tests.crash.workers import Worker, environment
from tests.support.kafka import Topics
from tests.support.until import until
from tests.upgrade.released_code import FIRST, PREVIOUS, Release, acende
from tests.upgrade.stories import waiting
from worker.facts import OrderState
from worker.store import migrate, revisions
from worker.store.db import Store
from worker.store.schema import inbox, outbox, service_order

SEED = secrets.randbelow(1_000_000)
BUSY = 6
"""Stories that run besides those that wait for the upgrade."""
WORKERS = ("old-1", "old-2", "new-1", "new-2")
UNPUBLISHED = {"ACENDE_ROLES": "ingest,provision"}
DRAIN_S = 90.0
TOGETHER_S = 5.0
"""For so long both releases work side by side."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@dataclass
class Upgrade:
    """One database on its way from an earlier release to this one and back."""

    folder: Path
    url: str
    store: Store
    sites: dict[str, Site]
    bus: Bus
    rng: random.Random
    release: Release
    upgraded: asyncio.Event = field(default_factory=asyncio.Event)
    running: list[Worker] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Both releases have one configuration."""
        self.new = environment(self.url, self.bus)
        self.old = self.new | {"PYTHONPATH": str(self.release.unpacked(self.folder))}
        self.desk = Desk(self.bus, self.sites, STORIES, self.rng)

    async def begin(self) -> None:
        """The database of the earlier release, and orders that will wait."""
        assert (
            await acende(self.old, "db", "upgrade")
            == f"the database is at revision {self.release.revision}\n"
        )
        for story in waiting(self.upgraded):
            self.tell(story)
        self.desk.keep_busy(len(self.desk.running) + BUSY)

    def tell(self, story: Story) -> Order:
        """Have one story run."""
        order = self.desk.new_order()
        told = asyncio.create_task(story(self.desk, order), name=f"{story.__name__} {order.id}")
        self.desk.running.add(told)
        return order

    async def migrated(self) -> None:
        """Migrate, as the chart does before it replaces any worker."""
        said = await acende(self.new, "db", "upgrade")
        assert said == f"the database is at revision {revisions.head()}\n"

    async def work(self, name: str, env: dict[str, str]) -> Worker:
        """Start a worker, ready."""
        worker = Worker(name, self.folder, env, static=False)
        self.running.append(worker)
        await worker.start()
        await worker.ready()
        return worker

    async def end(self, worker: Worker) -> None:
        """Have it end as it should."""
        self.running.remove(worker)
        assert await worker.stop() == 0

    async def cut_short(self, worker: Worker) -> None:
        """Kill it within an attempt, with orders in every state and results unpublished."""
        reaper = Reaper([worker], self.sites, self.store, self.rng)
        async with self.desk.load(len(self.desk.running), more_per_s=1.0):  # none of them hears of its end
            await until(lambda: self.store.read(_in_every_state), DRAIN_S)
            await reaper.cut_short()
        self.running.remove(worker)
        left = await self.store.read(_left)
        assert left["unpublished"] > 0
        assert left["live"] > 0
        cut = reaper.instants[-1].cut
        self.told.append(
            f"killed within {cut} attempts, {left['live']} orders live, {left['unpublished']} records unpublished"
        )

    async def finish(self) -> None:
        """Whatever was begun comes to its end."""
        await self.desk.finish(DRAIN_S)
        await until(lambda: self.store.read(at_rest), DRAIN_S)

    async def back(self) -> Worker:
        """The earlier release works again on the database that this one has used."""
        for worker in list(self.running):
            await self.end(worker)
        revision = self.release.revision
        assert migrate.downgrade(self.url, revision, lose=True) == revision
        old = await self.work("old-2", self.old)
        self.tell(installed)
        await self.finish()
        return old

    async def faults(self) -> list[str]:
        """What the judge says, of Kafka, of the OLTs and of the database."""
        results, progress = await self.bus.everything("results"), await self.bus.everything("progress")
        faults = faults_of_olts(self.desk.orders, self.sites, self.desk.most)
        faults += faults_of_events(self.desk.orders, results, progress)
        faults += [f"dead letter {record.id}" for record in await self.bus.everything("dead")]
        taken_in = await self.store.read(_count, inbox)
        return faults + (
            [] if taken_in == self.bus.sent else [f"{taken_in} of {self.bus.sent} events were applied"]
        )


def _in_every_state(conn: Connection) -> bool:
    """Whether orders wait for their unit, for light and to be online, some have ended, and nothing is published."""
    rows = conn.execute(select(service_order.c.state, service_order.c.stage)).all()
    states, stages = {row.state for row in rows}, {row.stage for row in rows if row.state in LIVE}
    wanted = {Stage.WAITING_FOR_EQUIPMENT, Stage.WAITING_FOR_LIGHT, Stage.VERIFYING}
    return stages >= wanted and OrderState.COMPLETED in states


def _left(conn: Connection) -> dict[str, int]:
    live = select(func.count()).where(service_order.c.state.in_(LIVE))
    return {"live": conn.execute(live).scalar_one(), "unpublished": _count(conn, outbox)}


def _count(conn: Connection, table: Any) -> int:
    return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def _finished(conn: Connection, order: str) -> bool:
    state = select(service_order.c.state).where(service_order.c.id == order)
    return conn.execute(state).scalar() == OrderState.COMPLETED


async def _stopped_and_started(upgrade: Upgrade) -> None:
    """SQLite: the new worker finds what the killed one left, and migrates it itself."""
    await upgrade.cut_short(await upgrade.work("old-1", upgrade.old | UNPUBLISHED))
    await upgrade.work("new-1", upgrade.new)
    upgrade.upgraded.set()
    await upgrade.finish()
    await upgrade.end(await upgrade.back())


async def _beside_running_workers(upgrade: Upgrade) -> None:
    """PostgreSQL: so too, and a worker of the earlier release works on through a migration and beside the new one."""
    await upgrade.cut_short(await upgrade.work("old-1", upgrade.old | UNPUBLISHED))
    await upgrade.migrated()
    await upgrade.work("new-1", upgrade.new)
    upgrade.upgraded.set()
    await upgrade.finish()
    old = await upgrade.back()
    async with upgrade.desk.load(BUSY):
        await upgrade.migrated()
        assert await old.faults() == ([] if upgrade.release.ready_beside_newer else ["database"])
        order = upgrade.tell(installed)
        await until(lambda: upgrade.store.read(_finished, order.id), DRAIN_S)
        await upgrade.work("new-2", upgrade.new)
        await asyncio.sleep(TOGETHER_S)
        await upgrade.end(old)
    await upgrade.finish()
    await upgrade.end(upgrade.running[0])


@pytest.mark.parametrize("release", [pytest.param(FIRST, id="first"), pytest.param(PREVIOUS, id="previous")])
@pytest.mark.parametrize(
    ("database", "way"),
    [
        pytest.param("sqlite_url", _stopped_and_started, id="sqlite"),
        pytest.param("postgres_url", _beside_running_workers, id="postgresql"),
    ],
)
async def test_work_that_an_earlier_release_has_in_hand_is_finished_by_this_one(
    database: str,
    way: Any,
    release: Release,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    kafka_topics: Topics,
    record_property: Callable[[str, object], None],
) -> None:
    url, began = request.getfixturevalue(database), time.monotonic()
    kind = "SQLite" if database == "sqlite_url" else "PostgreSQL"
    rng, store = random.Random(SEED), Store.open(url, pool_size=2)
    async with town(tmp_path) as sites, Bus.of(kafka_topics, rng).open() as bus:
        let_in(sites.values(), *WORKERS)
        upgrade = Upgrade(tmp_path, url, store, sites, bus, rng, release)
        try:
            await upgrade.begin()
            await way(upgrade)
            faults = await upgrade.faults()
        except (AssertionError, TimeoutError) as error:
            raise AssertionError(f"seed {SEED}: {error}\n{upgrade.desk.unfinished()}") from None
        finally:
            await upgrade.desk.close()
            for worker in upgrade.running:
                await worker.stop()
            await store.aclose()
        told = f"{kind}, from {release.revision}: {', '.join(upgrade.told)}; {len(upgrade.desk.orders)} orders, {time.monotonic() - began:.0f} s, seed {SEED}"
        record_property("told", f"upgraded and taken back, {told}")
        assert not faults, "\n".join([f"seed {SEED}", *faults])
