"""Events a second of one process: ingested, correlated, durable, and published through the outbox.

Product: `acende run` with the roles ingest and publish. Floor: the same records read, validated with the same models and
committed, by aiokafka and pydantic alone (`bench.floor`). Both begin when their group has its partitions; the product ends
when the broker has the last progress record of a joined pair.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import kafka, product
from bench.events import pairs
from bench.figures import Figure, Runs
from bench.plant import CONFIG
from bench.servers import Servers
from dev.machine import ROOT
from worker.settings import Settings

PAIRS = 15_000
PARTITIONS = 4
AIMS = {"sqlite": 0.20, "postgresql": 0.10}
_LONGEST_S = 120.0
_LOOK_S = 0.25


@dataclass(frozen=True)
class Input:
    """The topic that the ERP writes both kinds of event to, by order, and how many there are."""

    topic: str
    events: int


async def measure(servers: Servers, folder: Path, runs: int, say: Callable[[str], None]) -> list[Figure]:
    """Rates on both databases beside the floor of the same run."""
    given = await _filled(servers.bootstrap)
    await _floor(servers.bootstrap, given)  # the broker's first answers are slow
    floors: dict[str, list[float]] = {database: [] for database in AIMS}
    rates: dict[str, list[float]] = {database: [] for database in AIMS}
    for run in range(runs):
        for database in AIMS:
            say(f"ingest, run {run + 1} of {runs}, {database}")
            floors[database].append(await _floor(servers.bootstrap, given))
            rates[database].append(await _product(servers, folder, database, given))
    return [
        Figure(
            "ingest",
            database,
            "events/s",
            Runs(tuple(rates[database])),
            Runs(tuple(floors[database])),
            aim,
            better="more",
        )
        for database, aim in AIMS.items()
    ]


async def _filled(bootstrap: str) -> Input:
    records = pairs(PAIRS, seed=1)
    given = Input(kafka.new_topic(bootstrap, "erp", PARTITIONS), len(records))
    await kafka.fill(bootstrap, ((given.topic, record) for record in records))
    return given


async def _floor(bootstrap: str, given: Input) -> float:
    batch = Settings.model_fields["ingest_batch_records"].default
    arguments = [bootstrap, f"floor-{secrets.token_hex(4)}", str(batch), given.topic]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.floor", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    count, seconds = printed.split()
    assert int(count) == given.events
    return int(count) / float(seconds)


async def _product(servers: Servers, folder: Path, database: str, given: Input) -> float:
    for name in ("inventory.yaml", "services.yaml"):
        shutil.copy(CONFIG / name, folder)
    progress = kafka.new_topic(servers.bootstrap, "progress")
    with servers.database(database, folder) as url:
        env = product.environment(
            folder,
            servers.bootstrap,
            url,
            ROLES="ingest,publish",
            TOPIC_EQUIPMENT=given.topic,
            TOPIC_INSTALL=given.topic,
            TOPIC_PROGRESS=progress,
            TOPIC_RESULTS=kafka.new_topic(servers.bootstrap, "results"),
            TOPIC_DEAD_LETTERS=kafka.new_topic(servers.bootstrap, "dead"),
        )
        async with (
            kafka.Reader(servers.bootstrap, progress) as reader,
            product.running(folder, env) as worker,
        ):
            begun = await worker.reaches("partitions_assigned")
            ended = await _all_joined(reader)
    group = env["ACENDE_KAFKA_GROUP"]
    assert await kafka.lag(servers.bootstrap, group, [given.topic], PARTITIONS) == 0
    return given.events / (ended - begun)


async def _all_joined(reader: kafka.Reader) -> float:
    """Unix time when the broker had the last of the progress records, one of each pair that was joined.

    Read only when enough records are there, so that reading takes nothing from what is measured.
    """
    joined: dict[str, float] = {}
    for _ in range(int(_LONGEST_S / _LOOK_S)):
        await asyncio.sleep(_LOOK_S)
        if await reader.written() < PAIRS:
            continue
        while records := await reader.more(0.2):
            for record in records:
                data = json.loads(record.value)["data"]
                if data["serial"]:
                    joined.setdefault(data["service_order_id"], record.timestamp / 1000)
        if len(joined) == PAIRS:
            return max(joined.values())
    raise TimeoutError(f"{len(joined)} of {PAIRS} pairs were joined and published in {_LONGEST_S:g} s")
