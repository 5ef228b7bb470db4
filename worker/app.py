"""One worker process: the loops of its roles, from the first connection to the last release."""

import asyncio
import gc
import signal
from collections.abc import Sequence

from schemas.configuration import Configuration
from worker import logs, metrics, opening, tracing, wiring, zeroes
from worker.batch import Reading
from worker.clock import boottime
from worker.http import Http
from worker.ingest import Ingest
from worker.publish import Publisher
from worker.runtime import Beat, Runtime
from worker.settings import Settings
from worker.store import Connection, leases, revisions, roles
from worker.store.db import StoreError, StoreFaulty, StoreUnavailable
from worker.store.retention import JOBS_MAX, drop_jobs
from worker.store.sweep import sweep
from worker.survey import Surveyor
from worker.survive import waited

log = logs.get(__name__)
SWEEPER = "sweeper"
_SWEEP_LEASE_S = 30.0
_RETRY_S = 1.0
_READY_S = 2.0
_WRITE_S = 15.0
_INGEST_LIMIT_S = 30.0
_PUBLISH_LIMIT_S = 300.0
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


class Worker:
    """One worker. `http` tells its port, `runtime.stop` ends it."""

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigurationError, and WorkerRuns where another worker has this SQLite database."""
        self.settings = settings
        works = {"ingest", "provision"} & set(settings.roles)
        self._config: Configuration | None = opening.configuration(settings) if works else None
        if self._config:
            metrics.tell_configuration(
                (olt.platform for olt in self._config.inventory.olts), self._config.digests
            )
            settings.digest_secret()
        if self._config and "provision" in settings.roles:
            wiring.require_credentials(self._config)
        self.store = opening.open_store(settings, self._config)
        self.runtime = Runtime(settings.shutdown_grace_s)
        self.http = Http(settings, self._not_live, self._not_ready)
        self._ingest: Ingest | None = None
        self._migrated = asyncio.Event()
        self._tried_at = float("-inf")
        self._add_loops()
        zeroes.begin(settings.topics, self._config, [loop.name for loop in self.runtime.loops])

    def _add_loops(self) -> None:
        add = self.runtime.add
        add("http", self.http.run)
        add("database", self._database)
        add("survey", self._survey)
        if "ingest" in self.settings.roles:
            add("ingest", self._run_ingest, _INGEST_LIMIT_S)
            add("sweep", self._sweep)
        if "provision" in self.settings.roles:
            add("provision", self._provision)
        if "publish" in self.settings.roles:
            add("publish", self._publish, _PUBLISH_LIMIT_S)

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT. Raises ConfigurationError, StoreError, LoopFailed."""
        self._heed_signals()
        settings = self.settings
        log.info("worker_starts", worker=settings.name, roles=settings.roles, version=metrics.VERSION)
        try:
            self.store.lock_for_worker()
            await self.runtime.run()
        finally:
            await self.store.aclose()
            log.info("worker_ends", worker=settings.name)

    def _heed_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, number)

    def _stop(self, number: signal.Signals) -> None:
        """Begin to end; who insists ends it at once."""
        log.info("worker_stops", signal=number.name)
        self.runtime.stop.set()
        asyncio.get_running_loop().remove_signal_handler(number)

    # ------------------------------------------------------------------------------------------------------ health

    def _not_live(self) -> Sequence[str]:
        """PostgreSQL is no part of it: a worker that is started anew does not bring it back."""
        broken = self.store.writes.broken_for(boottime()) > self.settings.database_broken_s
        return [*self.runtime.faults(), *(["database_file"] if broken else [])]

    async def _not_ready(self) -> Sequence[str]:
        faults = list(self._not_live())
        if self.runtime.stop.is_set():
            faults.append("stopping")
        if self._ingest is None or not self._ingest.joined:
            faults += ["kafka_group"] if "ingest" in self.settings.roles else []
        if not await self._answers():
            faults.append("database")
        return faults

    async def _answers(self) -> bool:
        """Whether the database can be read, is as this version needs it, and takes writes."""
        try:
            async with asyncio.timeout(_READY_S):
                await self.store.read(revisions.check)
                return await self._writable()
        except (StoreError, TimeoutError):
            return False

    async def _writable(self) -> bool:
        """What came of the loops' last write; where that is long ago, of one made to see: of one in 15 s at most.

        Raises StoreError.
        """
        now = boottime()
        if now - max(self.store.writes.at, self._tried_at) > _WRITE_S:
            self._tried_at = now
            await self.store.try_write()
        return self.store.writes.well and now - self.store.writes.at <= _WRITE_S

    # ------------------------------------------------------------------------------------------------------- loops

    async def _database(self, stop: asyncio.Event, _beat: Beat) -> None:
        """Wait for the database, migrated: SQLite's by us, PostgreSQL's by `acende db upgrade`."""
        while not stop.is_set() and not self._migrated.is_set():
            try:
                if self.store.embedded:
                    await asyncio.to_thread(_migrate, self.settings.database_url.get_secret_value())
                await self.store.read(revisions.check)
                if self.store.embedded:
                    await self.store.run(_end_leases)
                self._migrated.set()
            except (StoreUnavailable, StoreFaulty) as error:
                waited("database", error)
                await _pause(stop, _RETRY_S)
        await stop.wait()

    async def _ready(self, stop: asyncio.Event, beat: Beat) -> bool:
        """Wait for the database; False where we are to stop before."""
        while not stop.is_set() and not self._migrated.is_set():
            beat()
            await _pause(self._migrated, _RETRY_S)
        return not stop.is_set()

    async def _run_ingest(self, stop: asyncio.Event, beat: Beat) -> None:
        if not await self._ready(stop, beat):
            return
        self._ingest = Ingest(self.store, self.settings, Reading.of(self.settings, self._config))
        await self._ingest.run(stop, beat)

    async def _publish(self, stop: asyncio.Event, beat: Beat) -> None:
        if await self._ready(stop, beat):
            await Publisher(self.store, self.settings).run(stop, beat)

    async def _provision(self, stop: asyncio.Event, beat: Beat) -> None:
        if not await self._ready(stop, beat) or self._config is None:
            return
        provisioner = wiring.provisioner(self.settings, self._config, self.store)
        working = asyncio.create_task(provisioner.run())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        provisioner.stop()
        await working

    async def _survey(self, stop: asyncio.Event, beat: Beat) -> None:
        if await self._ready(stop, beat):
            await Surveyor(self.store, self.settings).run(stop)

    async def _sweep(self, stop: asyncio.Event, beat: Beat) -> None:
        """Deadlines, and pairs that were missed: by one worker at a time."""
        if not await self._ready(stop, beat):
            return
        while not stop.is_set():
            try:
                again = await self._sweep_once()
            except (StoreUnavailable, StoreFaulty) as error:
                waited("sweep", error)
                again = False
            await _pause(stop, 0 if again else self.settings.sweep_every_s)
        await self._release()

    async def _sweep_once(self) -> bool:
        """Sweep if it is for this worker to do; whether there may be more to do at once. Raises StoreUnavailable."""
        fence = await self.store.run(roles.take, SWEEPER, self.settings.name, _SWEEP_LEASE_S)
        metrics.LEADER.labels(SWEEPER).set(1 if fence else 0)
        if not fence:
            return False
        try:
            swept = await self.store.run(sweep)
            return await self.store.run(drop_jobs) >= JOBS_MAX or swept.full
        except (StoreUnavailable, StoreFaulty):
            raise
        except Exception:  # a bug in one order must not end the worker
            metrics.LOOP_ERRORS.labels("sweep").inc()
            log.exception("sweep_failed")
            return False

    async def _release(self) -> None:
        metrics.LEADER.labels(SWEEPER).set(0)
        try:
            await self.store.run(roles.release, SWEEPER, self.settings.name)
        except (StoreUnavailable, StoreFaulty):
            log.info("lease_not_released", role=SWEEPER)


def _migrate(url: str) -> None:
    from worker.store import migrate  # noqa: PLC0415 - Alembic takes a tenth of the start, and PostgreSQL is not migrated here

    migrate.upgrade(url)


def _end_leases(conn: Connection) -> None:
    """This worker has the database alone: whoever held OLTs and roles is gone."""
    olts, held = leases.end_workers(conn), roles.end_all(conn)
    if olts or held:
        log.info("leases_ended", olts=olts, roles=held)


async def _pause(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set, `seconds` at most."""
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()


def run(settings: Settings) -> None:
    """Run one worker in this thread until a signal. Raises ConfigurationError, StoreError, LoopFailed."""
    logs.set_up(settings)
    tracing.set_up(settings.name)
    _collect_garbage_seldom()
    try:
        asyncio.run(_run(settings))
    finally:
        tracing.shut_down()


def _collect_garbage_seldom() -> None:
    """A batch makes tens of thousands of objects without cycles; to look for cycles among them took an eighth of its time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


async def _run(settings: Settings) -> None:
    await Worker(settings).run()
