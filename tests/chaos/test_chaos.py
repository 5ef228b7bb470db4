"""Everything around the workers breaks at random, and nothing is lost, doubled or left behind.

The crash tests' town, stories and judge; beside the workers, broker, database, wires, OLTs and clocks are broken.

The judge sees a final that is lost, doubled, other than the story's end or never told; a registration of somebody else's that is
removed or changed; an ONU that is missing, left over, wrong, registered oftener than asked for, or not saved. `tests/unit/test_judge.py`
holds each of these against worlds made by hand.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dev.kafka import kafka_broker
from dev.postgres import postgres_server
from tests.chaos.breakages import (
    Breakage,
    BrokerKilled,
    ClockSet,
    DatabaseFar,
    DatabaseKilled,
    DatabaseLocked,
    LinesBroken,
    RogueTurns,
    Strangers,
    WorkersFrozen,
    WorkersKilled,
)
from tests.chaos.rogue import MANNERS, REFUSING, Rogue
from tests.chaos.stepped import CLOCK, set_ahead
from tests.chaos.wire import Wire
from tests.crash.bus import Bus
from tests.crash.desk import Desk
from tests.crash.judge import faults_of_events, faults_of_olts
from tests.crash.reaper import Aim
from tests.crash.state import at_rest, told_of
from tests.crash.stories import STORIES
from tests.crash.town import WORKERS, town
from tests.crash.workers import Worker, environment
from tests.support.kafka import Topics
from tests.support.secrets import DATABASE_PASSWORD
from tests.support.until import until
from worker.store.db import Store, StoreUnavailable
from worker.store.migrate import upgrade

SECONDS = float(os.environ.get("ACENDE_CHAOS_S", "10"))
SEED = int(os.environ.get("ACENDE_CHAOS_SEED", secrets.randbelow(1_000_000)))
"""Draws orders, places, breakages and pauses. What the machine does in between it does not."""
BUSY = 10
"""Stories that run at the same time."""
TOGETHER = 0.3
"""Two things are broken at once this often."""
DRAIN_S = 180.0
PATIENT = {"ACENDE_ONLINE_WAIT_S": "14400", "ACENDE_DATABASE_TIMEOUT_S": "5"}
"""No wait ends because of a clock that is an hour ahead, for a worker that is started then believes it."""

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(600 + 2 * SECONDS)]


@dataclass
class Database:
    """`url` is the workers', through the wire where there is one; `direct` the judge's."""

    url: str
    direct: str
    broken_by: Sequence[Breakage]


@dataclass
class Havoc:
    """Breaks one thing after another, now and then two at once: each once, and then in turns in which `often` come besides."""

    breakages: Sequence[Breakage]
    often: Sequence[Breakage]
    rng: random.Random
    struck: Counter[str] = field(default_factory=Counter)

    async def wreak(self, seconds: float) -> None:
        """For so long, and until each has struck."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s or not self.struck:
            for chosen in self._bag():
                self.struck.update(type(one).__name__ for one in chosen)
                await asyncio.gather(*(one.strike() for one in chosen))
                await asyncio.sleep(self.rng.uniform(0.2, 2.0))

    def _bag(self) -> Iterator[list[Breakage]]:
        turn = [*self.breakages, *(self.often if self.struck else ())]
        bag = self.rng.sample(turn, len(turn))
        while bag:
            yield [bag.pop() for _ in range(min(len(bag), 1 + (self.rng.random() < TOGETHER)))]


@asynccontextmanager
async def sqlite(folder: Path, rng: random.Random) -> AsyncIterator[Database]:
    """A file, which somebody locks."""
    file = folder / "acende.db"
    url = f"sqlite:///{file}"
    yield Database(url, url, [DatabaseLocked(str(file), rng)])


@asynccontextmanager
async def postgresql(_folder: Path, rng: random.Random) -> AsyncIterator[Database]:
    """A server of the test's own behind a wire of its own: both break."""
    with ExitStack() as stack:
        enter = postgres_server(durable=True, password=DATABASE_PASSWORD, restarts=True)
        server = await asyncio.to_thread(stack.enter_context, enter)
        server.create_database("acende")
        wire = Wire(server.port)
        direct = server.url("acende")
        url = direct.replace(f":{server.port}/", f":{await wire.listen()}/")
        try:
            yield Database(url, direct, [DatabaseKilled(server.port), DatabaseFar(wire, rng)])
        finally:
            await wire.close()


@pytest.mark.parametrize(
    ("database", "workers"),
    [pytest.param(sqlite, 1, id="sqlite"), pytest.param(postgresql, 2, id="postgresql")],
)
async def test_whatever_breaks_around_the_workers_loses_nothing_and_does_nothing_twice(
    database: Callable[[Path, random.Random], AbstractAsyncContextManager[Database]],
    workers: int,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    rng, chance, began = random.Random(SEED), random.Random(SEED + 1), time.monotonic()
    print(f"ACENDE_CHAOS_SEED={SEED}")
    async with AsyncExitStack() as stack:
        broker = await asyncio.to_thread(stack.enter_context, kafka_broker(heap_mb=256, restarts=True))
        made = await stack.enter_async_context(database(tmp_path, chance))
        rogue = await stack.enter_async_context(Rogue(rng, rng.choice(MANNERS)).served())
        sites = await stack.enter_async_context(town(tmp_path, rogue.row))
        bus = await stack.enter_async_context(Bus.of(Topics(broker.bootstrap), rng).open())
        upgrade(made.direct)
        store = Store.open(made.direct, pool_size=2)
        desk = Desk(bus, sites, STORIES, rng)
        clock = tmp_path / "clock"
        set_ahead(clock, 0.0)
        env = environment(made.url, bus) | PATIENT | {CLOCK: str(clock)}
        team = [Worker(name, tmp_path, env, program="tests.chaos.stepped") for name in WORKERS[:workers]]
        aim, held = Aim(team, sites, chance, patience_s=3.0), asyncio.Lock()
        olts = list(sites.values())
        lines, killed, frozen = (
            LinesBroken(olts, desk, chance),
            WorkersKilled(aim, held),
            WorkersFrozen(aim, held),
        )
        havoc = Havoc(
            [
                BrokerKilled(int(broker.bootstrap.rpartition(":")[2])),
                *made.broken_by,
                killed,
                frozen,
                lines,
                Strangers(olts, chance),
                RogueTurns(rogue, chance),
                ClockSet(clock, chance),
            ],
            [lines, killed, lines, frozen],
            chance,
        )
        try:
            for worker in team:
                await worker.start()
            await _first_ended(_feed(desk, rogue), havoc.wreak(SECONDS))
            rogue.manner = REFUSING
            await desk.finish(DRAIN_S)
            await until(lambda: _rests(store), DRAIN_S)
            assert [await worker.stop() for worker in team] == [0] * workers
        except (AssertionError, TimeoutError) as error:
            raise AssertionError(await _why(error, desk, store, havoc)) from None
        finally:
            await desk.close()
            for worker in team:
                await worker.stop()
            await store.aclose()
        told = _told(made, desk, havoc, rogue, time.monotonic() - began)
        record_property("told", told)
        faults = faults_of_olts(desk.orders, sites, desk.most)
        faults += faults_of_events(
            desk.orders, await bus.everything("results"), await bus.everything("progress")
        )
        assert not faults, "\n".join([told, *faults])
        assert await bus.everything("dead") == []


async def _feed(desk: Desk, rogue: Rogue) -> None:
    """Keep the desk busy, with the rogue's customers too."""
    while True:
        if not any(name.startswith(rogue.in_vain.__name__) for name in desk.unfinished()):
            desk.begin(rogue.in_vain)
        desk.keep_busy(BUSY)
        await asyncio.sleep(0.1)


async def _first_ended(*works: Coroutine[None, None, None]) -> None:
    """Run until the first has ended, and no longer; raises what it raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _rests(store: Store) -> bool:
    try:
        return await store.read(at_rest)
    except StoreUnavailable:
        return False


def _told(made: Database, desk: Desk, havoc: Havoc, rogue: Rogue, seconds: float) -> str:
    struck = ", ".join(f"{count} {name}" for name, count in sorted(havoc.struck.items()))
    return (
        f"{made.direct.partition(':')[0]}: {struck}; the rogue was met {len(rogue.met)} times;"
        f" {len(desk.orders)} orders, {seconds:.0f} s, ACENDE_CHAOS_SEED={SEED}"
    )


async def _why(error: BaseException, desk: Desk, store: Store, havoc: Havoc) -> str:
    """What is known of the first orders that the error names."""
    orders = re.findall(r"OS-\d+", str(error))[:2]
    told = await store.read(told_of, orders)
    return "\n".join(
        [f"ACENDE_CHAOS_SEED={SEED}: {error}", str(dict(havoc.struck)), *desk.unfinished(), told]
    )
