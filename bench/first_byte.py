"""From an event to the first byte at the OLT: an installation is asked for, the unit is in stock, the session is open.

Product: from just before the ERP's producer is handed `install.started` until the OLT has the first line about the unit;
Kafka, ingest, correlation, the job, its lease and the durable beginnings of it lie between. Floor: one durable commit of the
same database, right after each event. One installation at a time, so that nothing queues.
"""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench import events
from bench.figures import Figure, Runs, percentile
from bench.plant import Plant, running
from bench.servers import Servers
from worker.store import Connection, many
from worker.store.db import Store
from worker.store.schema import inbox

EVENTS = 100
BEFORE = 5
"""Installations that are not counted: the first opens the session."""
OLT = "huawei-telnet"
AIM_MS = 150.0
PARTS = {"p50": 0.50, "p99": 0.99}
Commit = Callable[[], object]


async def measure(servers: Servers, folder: Path, runs: int, say: Callable[[str], None]) -> list[Figure]:
    """Milliseconds on both databases, half of the events and 99 of 100."""
    took: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    commits: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for run, database in itertools.product(range(runs), ("sqlite", "postgresql")):
        say(f"first-byte, run {run + 1} of {runs}, {database}")
        async with running(servers, folder, database) as plant:
            with _commits(servers, database, folder) as commit:
                product, floor = await _one_by_one(plant, commit)
        for name, part in PARTS.items():
            took[database, name].append(percentile(product, part))
            commits[database, name].append(percentile(floor, part))
    return [
        Figure(
            "first-byte",
            f"{database}, {name}",
            "ms",
            Runs(tuple(took[database, name])),
            Runs(tuple(commits[database, name])),
            AIM_MS if name == "p99" else None,
            of_ratio=False,
        )
        for database, name in took
    ]


async def _one_by_one(plant: Plant, commit: Commit) -> tuple[list[float], list[float]]:
    """Milliseconds to the first byte and milliseconds of a commit, of every event that counts."""
    line = plant.lines[OLT]
    numbers = range(1, BEFORE + EVENTS + 1)
    await plant.tell(*(events.received(number, model=line.model) for number in numbers))
    product, floor = [], []
    for number in numbers:
        place = line.plug(number)
        began = time.monotonic()
        await plant.tell(events.started(number, **place))
        await plant.completed([number])
        product.append(1000 * (line.first_line(number) - began))
        began = time.monotonic()
        commit()
        floor.append(1000 * (time.monotonic() - began))
        line.forget()
    return product[BEFORE:], floor[BEFORE:]


@contextmanager
def _commits(servers: Servers, database: str, folder: Path) -> Iterator[Commit]:
    """Makes one row durable in a database of its own, opened as the worker opens its."""
    with servers.database(database, folder) as url, closing(Store.open(url)) as store:
        numbers = itertools.count()

        def one_row(conn: Connection) -> None:
            row = {
                "source": "bench",
                "id": str(next(numbers)),
                "type": "bench",
                "arrived_at": datetime.now(UTC),
            }
            many.insert(conn, inbox, [row])

        yield lambda: store.run_sync(one_row)
