"""How fast orders of healthy OLTs are done beside an OLT that floods, lies and falls silent, against the same without it."""

from __future__ import annotations

import itertools
import os
import random
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

import pytest

from tests.chaos.rogue import MANNERS, Rogue
from tests.crash.bus import Bus
from tests.crash.desk import Desk
from tests.crash.stories import installed
from tests.crash.town import town
from tests.crash.workers import Worker, environment
from tests.support.kafka import Topics
from worker.store.migrate import upgrade

SEED = int(os.environ.get("ACENDE_CHAOS_SEED", secrets.randbelow(1_000_000)))
ORDERS = 24
ROUNDS = 5
SLOWER = 1.2
WITHIN_S = 180.0


@pytest.mark.pace
@pytest.mark.timeout(1800)
async def test_healthy_olts_keep_their_pace_beside_a_rogue_one(
    sqlite_url: str, kafka_topics: Topics, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    rng = random.Random(SEED)
    took: dict[bool, list[float]] = {False: [], True: []}
    async with AsyncExitStack() as stack:
        rogue = await stack.enter_async_context(Rogue(rng).served())
        sites = await stack.enter_async_context(town(tmp_path, rogue.row))
        bus = await stack.enter_async_context(Bus.of(kafka_topics, rng).open())
        upgrade(sqlite_url)
        desk = Desk(bus, sites, [installed], rng)
        worker = Worker("w1", tmp_path, environment(sqlite_url, bus))
        try:
            await worker.start()
            await worker.ready()
            await _installed(desk)
            for _, beside in itertools.product(range(ROUNDS), (False, True)):
                visit = desk.new_order() if beside else None
                if visit:
                    assert await rogue.ordered(desk, visit)
                took[beside].append(await _installed(desk))
                if visit:
                    await desk.cancel(visit)
                    await desk.ends(visit, "cancelled")
            assert await worker.stop() == 0
        finally:
            await desk.close()
            await worker.stop()
    alone, beside_it = median(took[False]), median(took[True])
    told = (
        f"{ORDERS} orders on healthy OLTs, medians of {ROUNDS}: {alone:.2f} s without the rogue, {beside_it:.2f} s beside"
        f" it (ratio {beside_it / alone:.2f}, {len(rogue.met)} connections to it), ACENDE_CHAOS_SEED={SEED}"
    )
    record_property("told", told)
    assert set(rogue.met) == set(MANNERS), told
    assert beside_it <= SLOWER * alone, told


async def _installed(desk: Desk) -> float:
    """Seconds until so many new orders on healthy OLTs are completed."""
    began = time.monotonic()
    for _ in range(ORDERS):
        desk.begin(installed)
    await desk.finish(WITHIN_S)
    return time.monotonic() - began
