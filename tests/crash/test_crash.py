"""Workers are killed at many instants, and nothing is lost, doubled or left behind."""

from __future__ import annotations

import os
import random
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.bus import Bus
from tests.crash.desk import Desk
from tests.crash.judge import faults_of_events, faults_of_olts
from tests.crash.reaper import Reaper
from tests.crash.state import at_rest, told_of
from tests.crash.stories import STORIES
from tests.crash.town import WORKERS, town
from tests.crash.workers import Worker, environment
from tests.support.kafka import Topics
from tests.support.until import until
from worker.store.db import Store
from worker.store.migrate import upgrade

INSTANTS = max(1, int(os.environ.get("ACENDE_CRASH_INSTANTS", "20")))
SEED = int(os.environ.get("ACENDE_CRASH_SEED", secrets.randbelow(1_000_000)))
"""Draws orders, places and instants. What the machine does in between it does not."""
BUSY = 14
"""Stories that run at the same time."""
LAST = min(4, INSTANTS // 2)
"""At so many last instants no story begins any more: at the first ones some must."""
FEW = 5
"""Of fewer instants chance decides whether half of them fall within an attempt."""
DRAIN_S = 120.0

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(240 + 30 * INSTANTS)]


@pytest.mark.parametrize("workers", [pytest.param(1, id="sqlite"), pytest.param(2, id="postgresql")])
async def test_workers_killed_at_any_instant_lose_nothing_and_do_nothing_twice(
    workers: int,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    kafka_topics: Topics,
    record_property: Callable[[str, object], None],
) -> None:
    url = request.getfixturevalue("sqlite_url" if workers == 1 else "postgres_url")
    rng, began = random.Random(SEED), time.monotonic()
    upgrade(url)
    store = Store.open(url, pool_size=2)
    async with town(tmp_path) as sites, Bus.of(kafka_topics, rng).open() as bus:
        desk = Desk(bus, sites, STORIES, rng)
        team = [Worker(name, tmp_path, environment(url, bus)) for name in WORKERS[:workers]]
        reaper = Reaper(team, sites, store, rng)
        try:
            for worker in team:
                await worker.start()
            for left in range(INSTANTS, 0, -1):
                desk.keep_busy(BUSY if left > LAST else 0)
                await reaper.strike()
            await desk.finish(DRAIN_S)
            await until(lambda: store.read(at_rest), DRAIN_S)
            assert [await worker.stop() for worker in team] == [0] * workers
        except (AssertionError, TimeoutError) as error:
            raise AssertionError(await _why(error, desk, store)) from None
        finally:
            await desk.close()
            for worker in team:
                await worker.stop()
            await store.aclose()
        told = _told(reaper, desk, time.monotonic() - began)
        record_property("told", told)
        faults = faults_of_olts(desk.orders, sites, desk.most)
        faults += faults_of_events(
            desk.orders, await bus.everything("results"), await bus.everything("progress")
        )
        assert not faults, "\n".join([told, *faults])
        assert await bus.everything("dead") == []
    assert len(reaper.instants) == INSTANTS
    assert all(instant.live for instant in reaper.instants)
    assert INSTANTS < FEW or 2 * reaper.cut >= INSTANTS


def _told(reaper: Reaper, desk: Desk, seconds: float) -> str:
    live = sum(instant.live > 0 for instant in reaper.instants)
    kind = "SQLite, one worker" if len(reaper.workers) == 1 else "PostgreSQL, two workers"
    return (
        f"{kind}: killed at {len(reaper.instants)} instants, {live} of them with an order live, {reaper.cut} within"
        f" an attempt; {len(desk.orders)} orders, {seconds:.0f} s, ACENDE_CRASH_SEED={SEED}"
    )


async def _why(error: BaseException, desk: Desk, store: Store) -> str:
    """What is known of the first orders that the error names."""
    orders = re.findall(r"OS-\d+", str(error))[:2]
    told = await store.read(told_of, orders)
    return "\n".join([f"ACENDE_CRASH_SEED={SEED}: {error}", *desk.unfinished(), told])
