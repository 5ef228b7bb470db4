"""The database: engine, transactions in a thread, the clock, the errors, and who wakes whom.

A transaction is one synchronous function of a connection, run with one hop to a thread. On SQLite one thread writes, and
every writing transaction begins with BEGIN IMMEDIATE, since pysqlite's own default begins none before a SELECT.
"""

import asyncio
import contextlib
import fcntl
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import IO, Any, Concatenate, ParamSpec, Self, TypeVar

import structlog
from pydantic_core import from_json
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL

from events.outgoing import SOURCE
from events.topics import Topics
from worker import metrics
from worker.clock import Reading, Watch, boottime
from worker.facts import Order, Rules
from worker.store.errors import DataRefused, StoreError, StoreFaulty, StoreUnavailable, WorkerRuns, translated
from worker.store.private import make_private, narrow_database
from worker.store.schema import json_text
from worker.store.url import parse_url, unquoted
from worker.store.wake import Wakeup, Wakeups
from worker.store.writes import Writes, try_write

__all__ = [
    "Clock",
    "Context",
    "DataRefused",
    "Store",
    "StoreError",
    "StoreFaulty",
    "StoreUnavailable",
    "WorkerRuns",
    "context",
    "now",
    "wake",
]

log = structlog.get_logger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
_JSON: dict[str, Any] = {
    "json_serializer": json_text,
    "json_deserializer": from_json,
}
_AFTER = "acende_after"
NO_JUMP_S = 1e12


@dataclass
class Clock:
    """The database's clock, watched for jumps, with an offset by which tests and rehearsals let time pass.

    `stopped` is the time it shows instead, where a test wants it to stand still; `step` is by how much it was set, while
    no more time has passed than before.
    """

    offset: timedelta = timedelta()
    stopped: datetime | None = None
    step: timedelta = timedelta()
    watch: Watch | None = None
    _one: Lock = field(default_factory=Lock)

    def shown(self, read: Callable[[], datetime]) -> datetime:
        """The time: `read` asks the database."""
        if self.stopped:
            return self.stopped + self.offset
        before = self._passed()
        shown = read() + self.offset + self.step
        self._see(Reading(before, shown.timestamp(), self._passed()))
        return shown

    def _passed(self) -> float:
        return boottime() + self.offset.total_seconds()

    def _see(self, reading: Reading) -> None:
        with self._one:
            former = self.watch
            self.watch = seen = former.after(reading) if former else Watch.first(reading)
        metrics.CLOCK_AHEAD.set(seen.ahead_s)
        if former and seen.jumps > former.jumps:
            metrics.CLOCK_STEPS.labels("ahead").inc()
            log.warning("clock_jumped", ahead_s=round(seen.usual - former.usual, 3), in_doubt=seen.in_doubt)
        if former and seen.steps_back > former.steps_back:
            metrics.CLOCK_STEPS.labels("back").inc()
            log.warning("clock_stepped_back", back_s=round(former.usual - seen.usual, 3))

    def accept(self) -> None:
        """A person says that it is right."""
        with self._one:
            self.watch = self.watch.accepted() if self.watch else None
        metrics.CLOCK_AHEAD.set(0)

    @property
    def in_doubt(self) -> timedelta:
        """How far it shows more than is believed; zero where it is believed."""
        return timedelta(seconds=self.watch.ahead_s if self.watch else 0.0)

    @property
    def doubted_from(self) -> datetime:
        """What it showed when it was first in doubt."""
        return datetime.fromtimestamp(self.watch.doubted_from if self.watch else 0.0, UTC)

    @property
    def jumped_s(self) -> float | None:
        """Seconds since it jumped ahead, None where it was not seen to."""
        return self.watch.jumped_s(self._passed()) if self.watch else None


@dataclass(frozen=True)
class Context:
    """What every transaction of a store knows: the clock, where results go, the rules."""

    clock: Clock = field(default_factory=Clock)
    topics: Topics = field(default_factory=Topics)
    source: str = SOURCE
    """`source` of the events that are published."""
    rules: Rules = field(default_factory=Rules)
    """Durations, and the key of digests."""
    finished: Callable[[Sequence[Order]], None] = lambda _orders: None
    """Told, after the commit, of orders as a transaction has finished them. Must not raise."""


@dataclass
class _After:
    """What is to be done once a transaction is committed."""

    channels: set[str] = field(default_factory=set)
    erased: bool = False
    finished: list[Order] = field(default_factory=list)
    corrected: dict[str, int] = field(default_factory=dict)


def context(conn: Connection) -> Context:
    """What the store of this connection was opened with."""
    found = conn.get_execution_options().get("acende")
    return found if isinstance(found, Context) else Context()


def now(conn: Connection) -> datetime:
    """The database's clock, UTC. On PostgreSQL one round trip; it goes on within a transaction."""

    def read() -> datetime:
        if conn.dialect.name == "sqlite":
            return datetime.now(UTC)
        shown: datetime = conn.execute(text("SELECT clock_timestamp()")).scalar_one()
        return shown.astimezone(UTC)

    return context(conn).clock.shown(read)


def jumped_s(conn: Connection) -> float:
    """Seconds since this worker saw the database's clock jump ahead; more than any lease lasts where it did not."""
    since = context(conn).clock.jumped_s
    return NO_JUMP_S if since is None else since


def wake(conn: Connection, *channels: str) -> None:
    """Wake who listens to `channels`, in every process, once this transaction is committed."""
    _after(conn).channels.update(channels)


def alone(conn: Connection, work: Callable[[], object]) -> bool:
    """Run `work` as a part of the transaction that may fail by itself; whether it went well. Raises StoreUnavailable."""
    try:
        with translated(unquoted(conn.engine.url)), conn.begin_nested():
            work()
    except StoreUnavailable:
        raise
    except Exception:
        log.exception("part_of_transaction_failed")
        return False
    return True


def note_erased(conn: Connection) -> None:
    """Secrets were erased in this transaction: SQLite's log is truncated after the commit, since it still holds them."""
    _after(conn).erased = True


def note_finished(conn: Connection, order: Order) -> None:
    """The order has its final result in this transaction: who counts them is told after the commit."""
    _after(conn).finished.append(order)


def note_corrected(conn: Connection, what: str, count: int) -> None:
    """Times that lay further ahead than they can be were corrected in this transaction: counted after the commit."""
    if count:
        corrected = _after(conn).corrected
        corrected[what] = corrected.get(what, 0) + count


def _after(conn: Connection) -> _After:
    after: _After = conn.info.setdefault(_AFTER, _After())
    return after


class Store:
    """One database. `run` is a writing transaction, `read` one that only reads.

    Both raise StoreUnavailable where the database cannot be had (connection, lock, disk, not migrated): nothing has
    happened, or the commit is in doubt, so what is run must bear repetition. They raise DataRefused where the data
    are at fault, StoreFaulty where the database is there and does not do what we ask.
    """

    def __init__(self, engine: Engine, shared: Context, threads: int) -> None:
        self._engine = engine.execution_options(acende=shared)
        self._shared = shared
        self._writers = ThreadPoolExecutor(threads, thread_name_prefix="store")
        self._readers = (
            ThreadPoolExecutor(2, thread_name_prefix="store-read") if self.embedded else self._writers
        )
        self._wakeups = Wakeups(engine.url if not self.embedded else None)
        self.writes = Writes()
        self._lock: IO[str] | None = None
        self._log_to_truncate = False

    @classmethod
    def open(
        cls,
        url: str,
        *,
        pool_size: int = 8,
        timeout_s: float = 10.0,
        shared: Context | None = None,
    ) -> Self:
        """A store for a SQLAlchemy URL, connected when it is first used. Raises ValueError for a URL of another kind."""
        target = parse_url(url)
        shared = shared or Context()
        if target.get_backend_name() == "sqlite":
            return cls(_sqlite(target, timeout_s), shared, threads=1)
        return cls(_postgresql(target, pool_size, timeout_s), shared, threads=pool_size)

    @property
    def embedded(self) -> bool:
        """True on SQLite: one worker, this one."""
        return self._engine.dialect.name == "sqlite"

    @property
    def clock(self) -> Clock:
        """The clock of all transactions, to be moved by tests."""
        return self._shared.clock

    async def run(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run one synchronous function in one writing transaction, in a thread; its result.

        Goes on to its end in the thread when the caller is cancelled.
        """
        loop = asyncio.get_running_loop()
        self._wakeups.attach(loop)
        began, caller = time.perf_counter(), copy_context()  # the span of whom it writes for
        return await loop.run_in_executor(
            self._writers, lambda: caller.run(self._timed, began, work, args, kwargs, read_only=False)
        )

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run one function that only reads, on one consistent state; its result. On SQLite it waits for no writer."""
        loop, began = asyncio.get_running_loop(), time.perf_counter()
        return await loop.run_in_executor(
            self._readers, lambda: self._timed(began, work, args, kwargs, read_only=True)
        )

    async def try_write(self) -> None:
        """Write and undo it, as `run` does; `writes` tells what came of it. Raises StoreError."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writers, self._try_write)

    def _try_write(self) -> None:
        with self._noted(), translated(unquoted(self._engine.url)), self._engine.connect() as conn:
            undone = conn.begin()
            try_write(conn)
            undone.rollback()

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        """Keep in `writes` what came of a write."""
        try:
            yield
        except (StoreUnavailable, StoreFaulty) as error:
            self.writes = self.writes.failed(boottime(), error)
            raise
        self.writes = self.writes.taken(boottime())

    def run_sync(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`run` in this thread, for programs without a loop."""
        return self._timed(time.perf_counter(), work, args, kwargs, read_only=False)

    def read_sync(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`read` in this thread."""
        return self._timed(time.perf_counter(), work, args, kwargs, read_only=True)

    def _timed(self, began: float, work: Callable[..., T], args: Any, kwargs: Any, *, read_only: bool) -> T:
        """Run the transaction; its time counts from `began`, so that waits for a thread are seen as well."""
        try:
            with contextlib.nullcontext() if read_only else self._noted():
                return self._transact(work, args, kwargs, read_only=read_only)
        finally:
            seconds = time.perf_counter() - began
            metrics.STORE_SECONDS.labels(operation(work), "read" if read_only else "write").observe(seconds)

    def _transact(self, work: Callable[..., T], args: Any, kwargs: Any, *, read_only: bool) -> T:
        with translated(unquoted(self._engine.url)), self._engine.connect() as conn:
            after = conn.info[_AFTER] = _After()
            with conn.execution_options(acende_read_only=read_only).begin():
                result = work(conn, *args, **kwargs)
                if not self.embedded:
                    _notify(conn, after.channels)
            self._truncate_log(conn, erased=after.erased)
        self._wakeups.fire(after.channels)
        for what, count in after.corrected.items():
            metrics.CLOCK_CORRECTIONS.labels(what).inc(count)
        if after.finished:
            self._shared.finished(after.finished)
        return result

    def _truncate_log(self, conn: Connection, *, erased: bool) -> None:
        """Empty SQLite's write-ahead log after secrets were erased; where a reader is in the way, after the next commit."""
        self._log_to_truncate = self._log_to_truncate or erased
        if self.embedded and self._log_to_truncate:
            driver: Any = conn.connection.driver_connection
            busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            self._log_to_truncate = bool(busy)

    def notify(self, channel: str) -> None:
        """Wake who listens to `channel` in this process, without a transaction."""
        self._wakeups.fire({channel})

    def listen(self, channel: str) -> Wakeup:
        """A wake-up call of its own for one waiter: nothing that happens between two waits is missed."""
        return self._wakeups.listen(channel)

    async def wait(self, channel: str, timeout_s: float) -> bool:
        """Wait until `channel` is woken, at most `timeout_s`; whether it was. One waiter per channel and process."""
        return await self._wakeups.shared(channel).wait(timeout_s)

    def lock_for_worker(self) -> None:
        """Hold this database for one worker process as long as the store is open; nothing to do on PostgreSQL.

        Raises WorkerRuns where another worker holds it.
        """
        database = self._engine.url.database
        if not self.embedded or self._lock or not database:
            return
        path = Path(database + ".worker.lock")
        try:
            make_private(path)
            lock = path.open("a")
        except OSError as error:
            raise StoreUnavailable(f"{path}: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise WorkerRuns(
                f"another worker runs on {database}: SQLite serves one. For several, set ACENDE_DATABASE_URL to a"
                " PostgreSQL database."
            ) from None
        self._lock = lock

    async def aclose(self) -> None:
        """Stop listening and close."""
        await self._wakeups.aclose()
        self.close()

    def close(self) -> None:
        """Wait for transactions in hand, then let go of connections and lock."""
        self._writers.shutdown()
        self._readers.shutdown()
        self._engine.dispose()
        if self._lock:
            self._lock.close()
            self._lock = None


def operation(work: Callable[..., object]) -> str:
    """A transaction's name for metrics: module and function, which the code bounds; `other` for what has no name."""
    module, function = (
        getattr(work, name, "").rpartition(".")[2].lstrip("_") for name in ("__module__", "__qualname__")
    )
    return f"{module}.{function}" if function.isidentifier() else metrics.OTHER


_NOTIFY = text("SELECT pg_notify('acende', channel) FROM unnest(CAST(:channels AS text[])) AS channel")


def _notify(conn: Connection, channels: set[str]) -> None:
    if channels:
        conn.execute(_NOTIFY, {"channels": sorted(channels)})


def _sqlite(url: URL, timeout_s: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": timeout_s, "check_same_thread": False}, **_JSON)

    @event.listens_for(engine, "do_connect")
    def keep_private(_dialect: object, _record: object, arguments: list[Any], _options: object) -> None:
        with contextlib.suppress(OSError):  # SQLite says what is wrong
            if "uri" not in url.query:
                make_private(Path(arguments[0]))

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={int(timeout_s * 1000)}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}").close()
        narrow_database(Path(connection.execute("PRAGMA database_list").fetchone()[2]))

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        read_only = conn.get_execution_options().get("acende_read_only")
        conn.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: URL, pool_size: int, timeout_s: float) -> Engine:
    defaults = {
        "connect_timeout": str(max(2, int(timeout_s))),
        "application_name": "acende",
        # A connection whose other end has vanished is noticed in seconds, not after the system's two hours.
        "keepalives_idle": "15",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        "tcp_user_timeout": "30000",
    }
    settings = {
        "timezone": "UTC",
        "lock_timeout": f"{int(timeout_s * 1000)}",
        "default_transaction_isolation": "read\\ committed",
        "idle_in_transaction_session_timeout": "60000",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    arguments: dict[str, Any] = {name: value for name, value in defaults.items() if name not in url.query}
    arguments["options"] = f"{options} {url.query.get('options', '')}".strip()
    return create_engine(
        url.difference_update_query(["options"]),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=timeout_s,
        pool_use_lifo=True,
        connect_args=arguments,
        **_JSON,
    )


@contextlib.contextmanager
def connected(store: Store) -> Any:
    """A bare connection, for migrations."""
    with translated(unquoted(store._engine.url)), store._engine.connect() as conn:
        yield conn
