"""A whole plant under load, watched by a real Prometheus: own Kafka, own PostgreSQL, four OLTs, two workers.

Servers are its own, and not those of the test run: it breaks them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev.demo.parts import TOPICS
from dev.kafka import create_topic, kafka_broker
from dev.machine import ROOT
from dev.postgres import Database, postgres_server
from dev.process import free_port
from tests.crash.bus import Bus
from tests.crash.desk import Desk, Order
from tests.crash.stories import STORIES
from tests.crash.town import WORKERS, Site, town
from tests.crash.workers import IMPATIENT, Worker
from tests.support.forks import shims
from tests.support.kafka import Topics
from tests.support.prometheus import Prometheus, prometheus, scraped
from tests.support.secrets import DATABASE_PASSWORD, OLT_PASSWORD
from worker.store.migrate import upgrade

SERVICES = Path(__file__).parents[2] / "crash/services.yaml"
DATABASE = "acende"
PATIENT = {
    # Shorter than IMPATIENT's where a test would wait, longer where an accident must be seen.
    "ACENDE_LEASE_S": "6",
    "ACENDE_COMMAND_TIMEOUT_S": "3",
    "ACENDE_CONNECT_TIMEOUT_S": "3",
    "ACENDE_SURVEY_EVERY_S": "1",
    "ACENDE_ATTEMPTS_MAX": "2",
    "ACENDE_SESSION_IDLE_S": "5",
}
SEED = 4
BUSY = 5
"""Stories that run at the same time."""
STORY_S = 40.0
"""After so long a story is given up: an accident keeps it from its end."""


@dataclass
class Plant:
    """What runs, and what can be broken."""

    folder: Path
    env: dict[str, str]
    bootstrap: str
    database: Database
    sites: dict[str, Site]
    bus: Bus
    desk: Desk
    workers: dict[str, Worker]
    ports: dict[str, int]
    prometheus: Prometheus
    busy: int = BUSY
    stories: set[asyncio.Task[None]] = field(default_factory=set)

    # -------------------------------------------------------------------------------------------------------- workers

    async def start(self, name: str, **env: str) -> None:
        """Start a worker and wait until it is up; `env` over the plant's."""
        worker = self.workers[name]
        worker.env = {**self.env, "ACENDE_HTTP_PORT": str(self.ports[name]), **env}
        await worker.start()
        await worker.up()

    async def restart(self, name: str, **env: str) -> None:
        """Stop a worker and start it again, with other settings."""
        await self.workers[name].stop()
        await self.start(name, **env)

    # ------------------------------------------------------------------------------------------------------- database

    async def sql(self, statement: str, *values: Any) -> list[Any]:
        """Run a statement in the workers' database; its rows, if it has any."""

        def run() -> list[Any]:
            with self.database.connect(DATABASE) as connection:
                cursor = connection.execute(statement.encode(), values)
                return cursor.fetchall() if cursor.description else []

        return await asyncio.to_thread(run)

    # ----------------------------------------------------------------------------------------------------- the console

    @property
    def log(self) -> Path:
        """What all workers have logged, in the order of time, as a log store shows it."""
        lines = [line for worker in self.workers.values() for line in worker.log.read_text().splitlines(True)]
        told = sorted((line for line in lines if line.startswith("{")), key=_logged_at)
        path = self.folder / "workers.log"
        path.write_text("".join(told))
        return path

    async def shell(self, command: str, within_s: float = 30.0) -> tuple[int, str]:
        """Run a command as somebody on call does; its status and all that it printed."""
        process = await asyncio.create_subprocess_exec(
            "bash", "-o", "pipefail", "-c", command,
            cwd=self.folder,
            env=self.console,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            said, _ = await asyncio.wait_for(process.communicate(), within_s)
        except TimeoutError:
            process.kill()
            await process.wait()
            return -1, f"not within {within_s} s"
        return process.returncode or 0, said.decode(errors="replace")

    @property
    def console(self) -> dict[str, str]:
        """The environment of such commands: ACENDE_…, PROMETHEUS, LOG, and the METRICS page of a worker."""
        path = f"{shims()}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        return self.env | {
            "PATH": path,
            "PROMETHEUS": self.prometheus.url,
            "LOG": str(self.log),
            "METRICS": f"http://127.0.0.1:{self.ports['w1']}/metrics",
            "ACENDE_OLT_USERNAME": "w1",
        }

    # ----------------------------------------------------------------------------------------------------------- load

    async def load(self) -> None:
        """Keep orders of every kind coming, and once two records that nobody can read, until cancelled."""
        await self._waiters()
        for _ in range(2):
            await self.bus.put("install", b"{not json")
        bag: list[Any] = []
        while True:
            self.stories = {task for task in self.stories if not task.done()}
            while len(self.stories) < self.busy:
                bag = bag or self.desk.rng.sample(STORIES, len(STORIES))
                self.stories.add(asyncio.create_task(self._story(bag.pop())))
            await asyncio.sleep(0.1)

    async def _story(self, story: Any) -> None:
        """One story to its end, or to where an accident stops it: the judge of outcomes is tests/crash."""
        with contextlib.suppress(AssertionError, TimeoutError):
            await asyncio.wait_for(story(self.desk, self.desk.new_order()), STORY_S)

    async def _waiters(self) -> None:
        """Orders that wait for a unit, orders that wait for light, units that wait for an order."""
        for site in self.sites:
            await self.desk.start(self.order(site), named=False, placed=False)
            await self.desk.start(self.order(site), placed=False)
            await self.desk.receive(self.order(site))

    def order(self, olt: str) -> Order:
        """A new order of a place on this OLT; nobody has heard of it yet."""
        order, site = self.desk.new_order(), self.sites[olt]
        order.site, order.port = site, site.port(1)
        order.serial = self.desk.new_serial(site)
        return order

    async def install(self, *olts: str, dark: bool = False) -> None:
        """Start one installation on each of these OLTs."""
        for olt in olts:
            order = self.order(olt)
            if not dark:
                self.desk.light(order)
            await self.desk.start(order)

    async def rest(self) -> None:
        """Give up the stories that run."""
        for task in self.stories:
            task.cancel()
        await asyncio.gather(*self.stories, return_exceptions=True)


def _logged_at(line: str) -> str:
    return str(json.loads(line)["timestamp"])


def _env(bootstrap: str, url: str, topics: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ACENDE_")}
    return {
        **kept,
        **IMPATIENT,
        **PATIENT,
        **topics,
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "COLUMNS": "160",
        "NO_COLOR": "1",
        "TZ": "UTC",
        "ACENDE_KAFKA_SERVERS": bootstrap,
        "ACENDE_KAFKA_GROUP": "acende",
        "ACENDE_DATABASE_URL": url,
        "ACENDE_SERVICES_FILE": str(SERVICES),
        "ACENDE_DIGEST_KEY": "chave-de-teste-0123456789",
        "ACENDE_OLT_PASSWORD": OLT_PASSWORD,
    }


class _OwnTopics(Topics):
    """On a broker that is nobody else's: names as in production."""

    def __call__(self, stem: str, *, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        name = TOPICS[{"dead": "dead_letters"}.get(stem, stem)]
        create_topic(self.bootstrap, name, partitions=partitions, config=config)
        return name


@asynccontextmanager
async def plant(folder: Path, rule_files: Sequence[Path]) -> AsyncIterator[Plant]:
    """Everything up, scraped, and under load."""
    async with AsyncExitStack() as stack:
        broker = stack.enter_context(kafka_broker())
        database = stack.enter_context(postgres_server(password=DATABASE_PASSWORD))
        database.create_database(DATABASE)
        url = database.url(DATABASE)
        await asyncio.to_thread(upgrade, url)
        rng = random.Random(SEED)
        sites = await stack.enter_async_context(town(folder))
        bus = await stack.enter_async_context(Bus.of(_OwnTopics(broker.bootstrap), rng).open())
        watching = await stack.enter_async_context(prometheus(rule_files))
        env = _env(broker.bootstrap, url, bus.env)
        workers = {name: Worker(name, folder, env) for name in WORKERS}
        ports = {name: free_port() for name in WORKERS}
        desk = Desk(bus, sites, STORIES, rng)
        made = Plant(folder, env, broker.bootstrap, database, sites, bus, desk, workers, ports, watching)
        for name in WORKERS:
            stack.push_async_callback(workers[name].stop)
            await made.start(name)
        watching.scrape(ports)
        await _all_scraped(made)
        stack.push_async_callback(made.rest)
        stack.push_async_callback(_cancelled, asyncio.create_task(made.load()))
        yield made


async def _all_scraped(made: Plant) -> None:
    try:
        await scraped(made.prometheus, *WORKERS)
    except TimeoutError:
        for worker in made.workers.values():
            worker.must_run()
        raise


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
