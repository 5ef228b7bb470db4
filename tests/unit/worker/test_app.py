"""One worker: which loops its roles ask for, what they wait for, and how it begins and ends. No broker, no OLT."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.integration.provision.support import migrated, with_olts
from worker import app, logs, metrics, opening, tracing, wiring
from worker.app import Worker
from worker.clock import boottime
from worker.settings import ConfigurationError, Settings
from worker.store import Connection, db, leases, migrate, revisions, roles
from worker.store.db import Store, StoreFaulty, StoreUnavailable, WorkerRuns
from worker.store.retention import JOBS_MAX, drop_jobs
from worker.store.sweep import sweep
from worker.store.writes import Writes

CONFIG = cast(
    "Any",
    SimpleNamespace(
        inventory=SimpleNamespace(olts=()),
        digests={},
        is_onu=lambda model: True,
        is_not_onu=lambda model: False,
    ),
)


def settings(folder: Path, *of: str, **more: Any) -> Settings:
    return Settings(
        database_url=SecretStr(f"sqlite:///{folder / 'acende.db'}"),
        digest_key=SecretStr("k" * 32),
        worker_name="w1",
        roles=cast("Any", of or ("ingest", "provision", "publish")),
        sweep_every_s=7.0,
        shutdown_grace_s=3.0,
        **more,
    )


class Data:
    """The database as a worker asks it: `answers` by what is asked, an exception is raised."""

    def __init__(self, *, embedded: bool = True) -> None:
        self.embedded = embedded
        self.answers: dict[Any, list[Any]] = {}
        self.asked: list[tuple[Any, ...]] = []
        self.did: list[str] = []
        self.writes = Writes().taken(boottime())
        self.tries: list[Writes | None] = []

    async def try_write(self) -> None:
        self.did.append("tried")
        if self.tries and (came := self.tries.pop(0)):
            self.writes = came
        if not self.writes.well:
            raise StoreUnavailable("disk full")

    async def run(self, work: Any, *arguments: Any) -> Any:
        self.asked.append((work, *arguments))
        known = self.answers.get(work, [None])
        answer = known.pop(0) if len(known) > 1 else known[0]
        if isinstance(answer, BaseException):
            raise answer
        if callable(answer):
            return await answer()
        return answer

    read = run

    def lock_for_worker(self) -> None:
        self.did.append("locked")

    async def aclose(self) -> None:
        self.did.append("closed")


class Role:
    """A loop's own object: notes what it is made with and run with."""

    made: list[tuple[str, tuple[Any, ...], tuple[Any, ...]]]

    def __init__(self, name: str, *arguments: Any) -> None:
        self.name, self.arguments = name, arguments
        self.joined = True
        self.stopped = asyncio.Event()

    async def run(self, *arguments: Any) -> None:
        self.made.append((self.name, self.arguments, arguments))
        if self.name == "provision":
            await self.stopped.wait()

    def stop(self) -> None:
        self.stopped.set()


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A configuration without OLTs; what is asked of it."""
    asked: list[str] = []

    def read(_: Settings) -> Any:
        asked.append("read")
        return CONFIG

    monkeypatch.setattr(opening, "configuration", read)
    monkeypatch.setattr(wiring, "require_credentials", lambda config: asked.append("credentials"))
    return asked


@pytest.fixture
def stood_in(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[Any, ...], tuple[Any, ...]]]:
    """The loops' own objects do nothing but note that they ran."""
    Role.made = []
    for name in ("Ingest", "Publisher", "Surveyor"):
        monkeypatch.setattr(app, name, lambda *arguments, name=name: Role(name, *arguments))
    monkeypatch.setattr(wiring, "provisioner", lambda *arguments: Role("provision", *arguments))
    return Role.made


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Callable[..., tuple[Worker, Data]]]:
    """A worker on a stand-in for its database."""
    opened: list[Store] = []

    def made(*of: str, embedded: bool = True) -> tuple[Worker, Data]:
        worker = Worker(settings(tmp_path, *of))
        opened.append(worker.store)
        data = Data(embedded=embedded)
        worker.store = cast("Any", data)
        return worker, data

    yield made
    for store in opened:
        await store.aclose()


Make = Callable[..., tuple[Worker, Data]]


@pytest.mark.parametrize(
    ("of", "loops"),
    [
        (("ingest",), {"ingest": 30.0, "sweep": None}),
        (("provision",), {"provision": None}),
        (("publish",), {"publish": 300.0}),
        (
            ("ingest", "provision", "publish"),
            {"ingest": 30.0, "sweep": None, "provision": None, "publish": 300.0},
        ),
    ],
)
async def test_a_role_has_its_loops_and_those_of_every_worker(
    make: Make, of: tuple[str, ...], loops: dict[str, float | None]
) -> None:
    worker, _ = make(*of)
    always = {"http": None, "database": None, "survey": None}
    assert {loop.name: loop.limit_s for loop in worker.runtime.loops} == always | loops
    assert [loop.name for loop in worker.runtime.loops][:3] == list(always)
    assert worker.runtime._grace_s == 3.0


@pytest.mark.parametrize(
    ("of", "asked"),
    [
        (("publish",), []),
        (("ingest",), ["read"]),
        (("provision",), ["read", "credentials"]),
        (("ingest", "publish"), ["read"]),
    ],
)
async def test_only_who_needs_it_reads_the_configuration(
    make: Make, configured: list[str], of: tuple[str, ...], asked: list[str]
) -> None:
    make(*of)
    assert configured == asked


@pytest.mark.parametrize("of", ["ingest", "provision"])
def test_who_keeps_digests_has_their_key(tmp_path: Path, of: str) -> None:
    with pytest.raises(ConfigurationError, match="ACENDE_DIGEST_KEY"):
        Worker(settings(tmp_path, of).model_copy(update={"digest_key": None}))


async def test_a_signal_begins_the_end_and_the_next_one_ends_at_once(make: Make) -> None:
    worker, _ = make("publish")
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        worker._heed_signals()
        with capture_logs() as logged:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(worker.runtime.stop.wait(), 5)
        assert [(line["event"], line["signal"]) for line in logged] == [("worker_stops", "SIGTERM")]
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    finally:
        for number, handler in before.items():
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, handler)


async def test_it_has_the_database_alone_while_it_runs_and_closes_it(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, data = make("publish")

    async def run() -> None:
        data.did.append("ran")

    monkeypatch.setattr(worker.runtime, "run", run)
    monkeypatch.setattr(worker, "_heed_signals", lambda: data.did.append("heeds signals"))
    with capture_logs() as logged:
        await worker.run()
    assert data.did == ["heeds signals", "locked", "ran", "closed"]
    assert [line["event"] for line in logged] == ["worker_starts", "worker_ends"]


async def test_a_second_worker_of_the_database_runs_nothing_and_closes_it(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, data = make("publish")

    def locked() -> None:
        raise WorkerRuns

    monkeypatch.setattr(data, "lock_for_worker", locked)
    monkeypatch.setattr(worker, "_heed_signals", lambda: None)
    with pytest.raises(WorkerRuns):
        await worker.run()
    assert data.did == ["closed"]


async def _alive(worker: Worker, of: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """What `of` says while all loops run."""
    waiting = asyncio.create_task(asyncio.sleep(10))
    for loop in worker.runtime.loops:
        loop.task = waiting
        loop.beat()
    try:
        return await of()
    finally:
        waiting.cancel()


@pytest.mark.parametrize(
    ("of", "joined", "faults"),
    [
        ("ingest", None, ["kafka_group"]),
        ("ingest", False, ["kafka_group"]),
        ("ingest", True, []),
        ("publish", None, []),
    ],
)
async def test_a_worker_that_ingests_is_ready_once_it_is_in_the_group(
    make: Make, of: str, joined: bool | None, faults: list[str]
) -> None:
    worker, _ = make(of)
    worker._ingest = None if joined is None else cast("Any", SimpleNamespace(joined=joined))
    assert await _alive(worker, worker._not_ready) == faults


async def test_it_is_not_ready_while_it_stops_nor_where_a_loop_is_dead(make: Make) -> None:
    worker, _ = make("publish")
    assert await worker._not_ready() == ["http", "database", "survey", "publish"]
    worker.runtime.stop.set()
    assert await _alive(worker, worker._not_ready) == ["stopping"]


async def test_it_is_not_ready_without_its_database(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, data = make("publish")
    data.answers[revisions.check] = [StoreUnavailable("away")]
    assert await _alive(worker, worker._not_ready) == ["database"]
    monkeypatch.setattr(app, "_READY_S", 0.01)
    data.answers[revisions.check] = [lambda: asyncio.sleep(5)]
    assert await _alive(worker, worker._not_ready) == ["database"]


async def test_it_is_ready_as_its_last_write_was_taken(make: Make) -> None:
    worker, data = make("publish")
    data.writes = Writes().failed(boottime(), StoreUnavailable("disk full"))
    assert await _alive(worker, worker._not_ready) == ["database"]
    data.writes = Writes().taken(boottime())
    assert await _alive(worker, worker._not_ready) == []
    assert "tried" not in data.did


async def test_where_nothing_was_written_of_late_one_write_in_15_s_is_made_to_see(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = boottime()
    monkeypatch.setattr(app, "boottime", lambda: now)
    worker, data = make("publish")
    data.writes = Writes().taken(now - 16)
    data.tries = [Writes().failed(now, StoreUnavailable("disk full"))]
    for _ in range(3):
        assert await _alive(worker, worker._not_ready) == ["database"]
    assert data.did.count("tried") == 1
    now += 15.5
    data.tries = [None]  # as where the one thread that writes is held up
    data.writes = Writes().taken(now - 20)
    assert await _alive(worker, worker._not_ready) == ["database"]
    assert await _alive(worker, worker._not_ready) == ["database"]
    assert data.did.count("tried") == 2
    now += 15.5
    data.tries = [Writes().taken(now)]
    assert await _alive(worker, worker._not_ready) == []
    assert data.did.count("tried") == 3


async def test_it_is_alive_until_its_file_has_been_broken_for_ten_minutes(make: Make) -> None:
    worker, data = make("publish")
    broken = StoreFaulty("attempt to write a readonly database")
    broken.broken_file = True

    async def live() -> Sequence[str]:
        return worker._not_live()

    data.writes = Writes().failed(boottime() - 590, broken)
    assert await _alive(worker, live) == []
    data.writes = Writes().failed(boottime() - 610, broken).failed(boottime(), StoreUnavailable("locked"))
    assert await _alive(worker, live) == ["database_file"]
    data.writes = Writes().failed(boottime() - 6000, StoreUnavailable("PostgreSQL is away"))
    assert await _alive(worker, live) == []


@pytest.fixture
def upgraded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The databases that were migrated."""
    found: list[str] = []
    monkeypatch.setattr(migrate, "upgrade", found.append)
    return found


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited between two tries; nobody waits."""
    found: list[float] = []

    async def pause(event: asyncio.Event, seconds: float) -> None:
        found.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(app, "_pause", pause)
    return found


async def test_sqlite_is_migrated_by_the_worker_and_leases_of_workers_before_it_are_ended(
    make: Make, upgraded: list[str], paused: list[float]
) -> None:
    worker, data = make("publish")
    stop = asyncio.Event()
    task = asyncio.create_task(worker._database(stop, lambda: None))
    await asyncio.wait_for(worker._migrated.wait(), 5)
    assert upgraded == [worker.settings.database_url.get_secret_value()]
    assert [work for work, *_ in data.asked] == [revisions.check, app._end_leases]
    await asyncio.sleep(0)
    assert not task.done(), "a loop that ends is a fault"
    stop.set()
    await asyncio.wait_for(task, 5)
    assert paused == []


async def test_postgresql_is_waited_for_until_somebody_has_migrated_it(
    make: Make, upgraded: list[str], paused: list[float]
) -> None:
    worker, data = make("publish", embedded=False)
    data.answers[revisions.check] = [StoreUnavailable("1"), StoreUnavailable("2"), None]
    waits = metrics.STORE_WAITS.labels("database")
    counted, stop = waits._value.get(), asyncio.Event()
    with capture_logs() as logged:
        task = asyncio.create_task(worker._database(stop, lambda: None))
        await asyncio.wait_for(worker._migrated.wait(), 5)
    stop.set()
    await task
    assert (upgraded, paused) == ([], [1.0, 1.0])
    assert {work for work, *_ in data.asked} == {revisions.check}
    assert [line["event"] for line in logged] == ["store_unavailable"] * 2
    assert waits._value.get() == counted + 2


async def test_who_is_stopped_before_the_database_is_there_begins_nothing(
    make: Make, stood_in: list[Any], paused: list[float]
) -> None:
    worker, _ = make()
    stop, beats = asyncio.Event(), []

    def beat() -> None:
        beats.append(1)
        if len(beats) == 3:
            stop.set()

    assert not await worker._ready(stop, beat)
    assert (len(beats), paused) == (3, [1.0] * 3)
    for loop in (worker._run_ingest, worker._publish, worker._provision, worker._survey, worker._sweep):
        await asyncio.wait_for(loop(stop, lambda: None), 5)
    assert stood_in == []
    worker._migrated.set()
    assert not await worker._ready(stop, beat), "stopped is stopped"


async def test_a_database_that_is_there_is_not_waited_for(make: Make, paused: list[float]) -> None:
    worker, _ = make("publish")
    worker._migrated.set()
    assert await worker._ready(asyncio.Event(), lambda: None)
    assert paused == []


async def test_each_loop_runs_what_its_role_is(make: Make, stood_in: list[Any]) -> None:
    worker, data = make()
    worker._migrated.set()
    stop = asyncio.Event()

    def beat() -> None: ...

    for loop in (worker._run_ingest, worker._publish, worker._survey):
        await asyncio.wait_for(loop(stop, beat), 5)
    store, of = cast("Any", data), worker.settings
    [(_, ingest, _), publish, survey] = stood_in
    assert ingest[:2] == (store, of)
    assert stood_in[0][2] == (stop, beat)
    assert publish == ("Publisher", (store, of), (stop, beat))
    assert survey == ("Surveyor", (store, of), (stop,))
    assert worker._ingest is not None


async def test_provisioning_is_told_to_stop_and_waited_for(make: Make, stood_in: list[Any]) -> None:
    worker, data = make("provision")
    worker._migrated.set()
    stop = asyncio.Event()
    task = asyncio.create_task(worker._provision(stop, lambda: None))
    await asyncio.sleep(0.01)
    assert [(name, arguments) for name, arguments, _ in stood_in] == [
        ("provision", (worker.settings, CONFIG, data))
    ]
    assert not task.done()
    stop.set()
    await asyncio.wait_for(task, 5)


async def test_a_bug_of_provisioning_ends_the_worker(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, _ = make("provision")
    worker._migrated.set()

    async def run() -> None:
        raise RuntimeError("a bug")

    role = SimpleNamespace(run=run, stop=lambda: None)
    monkeypatch.setattr(wiring, "provisioner", lambda *_: role)
    with pytest.raises(RuntimeError, match="a bug"):
        await asyncio.wait_for(worker._provision(asyncio.Event(), lambda: None), 5)


async def test_sweeping_goes_on_at_once_while_there_is_more_and_its_role_is_given_up(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, data = make("ingest")
    worker._migrated.set()
    stop = asyncio.Event()
    waits: list[float] = []

    async def pause(event: asyncio.Event, seconds: float) -> None:
        assert event is stop
        waits.append(seconds)
        if len(waits) == 4:
            stop.set()

    monkeypatch.setattr(app, "_pause", pause)
    data.answers[roles.take] = [1, 1, StoreUnavailable("away"), None]
    data.answers[sweep] = [SimpleNamespace(full=True), SimpleNamespace(full=False)]
    data.answers[drop_jobs] = [0]
    counted = metrics.STORE_WAITS.labels("sweep")._value.get()
    with capture_logs() as logged:
        await worker._sweep(stop, lambda: None)
    assert waits == [0, 7.0, 7.0, 7.0]
    assert metrics.STORE_WAITS.labels("sweep")._value.get() == counted + 1
    assert [line["event"] for line in logged] == ["store_unavailable"]
    assert data.asked[-1] == (roles.release, "sweeper", "w1")
    assert metrics.LEADER.labels("sweeper")._value.get() == 0


@pytest.mark.parametrize(
    ("full", "dropped", "again"),
    [(True, 0, True), (False, 0, False), (False, JOBS_MAX - 1, False), (False, JOBS_MAX, True)],
)
async def test_there_is_more_to_sweep_where_a_batch_was_full(
    make: Make, *, full: bool, dropped: int, again: bool
) -> None:
    worker, data = make("ingest")
    data.answers = {roles.take: [3], sweep: [SimpleNamespace(full=full)], drop_jobs: [dropped]}
    assert await worker._sweep_once() is again
    assert data.asked == [(roles.take, "sweeper", "w1", 30.0), (sweep,), (drop_jobs,)]
    assert metrics.LEADER.labels("sweeper")._value.get() == 1


async def test_only_one_worker_sweeps(make: Make) -> None:
    worker, data = make("ingest")
    data.answers[roles.take] = [None]
    assert not await worker._sweep_once()
    assert [work for work, *_ in data.asked] == [roles.take]
    assert metrics.LEADER.labels("sweeper")._value.get() == 0


async def test_a_bug_in_one_order_does_not_end_sweeping(make: Make) -> None:
    worker, data = make("ingest")
    data.answers = {roles.take: [1], sweep: [RuntimeError("a bug")]}
    errors = metrics.LOOP_ERRORS.labels("sweep")
    counted = errors._value.get()
    with capture_logs() as logged:
        assert not await worker._sweep_once()
    assert [line["event"] for line in logged] == ["sweep_failed"]
    assert errors._value.get() == counted + 1
    data.answers[sweep] = [StoreUnavailable("away")]
    with pytest.raises(StoreUnavailable):
        await worker._sweep_once()
    assert errors._value.get() == counted + 1


async def test_a_role_that_cannot_be_given_up_expires_by_itself(make: Make) -> None:
    worker, data = make("ingest")
    data.answers[roles.release] = [StoreUnavailable("away")]
    metrics.LEADER.labels("sweeper").set(1)
    with capture_logs() as logged:
        await worker._release()
    assert [(line["event"], line["role"]) for line in logged] == [("lease_not_released", "sweeper")]
    assert metrics.LEADER.labels("sweeper")._value.get() == 0


async def test_leases_and_roles_of_a_worker_that_is_gone_are_ended_and_told(sqlite_url: str) -> None:
    def hold(conn: Connection) -> None:
        assert leases.take(conn, "olt-1", "gone", 300.0, db.now(conn))
        assert roles.take(conn, "sweeper", "gone", 300.0)

    async with migrated(sqlite_url) as store:
        with capture_logs() as logged:
            await store.run(app._end_leases)
        assert logged == [], "where there was nothing"
        await with_olts(store, "olt-1", "olt-2")
        await store.run(hold)
        with capture_logs() as logged:
            await store.run(app._end_leases)
        assert [(line["event"], line["olts"], line["roles"]) for line in logged] == [("leases_ended", 1, 1)]
        assert await store.run(roles.take, "sweeper", "w1", 30.0)


async def test_a_pause_ends_with_its_event_or_its_time() -> None:
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    began = loop.time()
    await app._pause(event, 0.05)
    assert loop.time() - began >= 0.04
    event.set()
    await asyncio.wait_for(app._pause(event, 60.0), 5)
    await asyncio.sleep(0)
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


def test_one_worker_in_this_thread_from_logs_to_the_last_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    did: list[Any] = []
    of = settings(tmp_path, "publish")

    async def work(given: Settings) -> None:
        did.append(("run", given))
        raise StoreUnavailable("away")

    monkeypatch.setattr(logs, "set_up", lambda given: did.append(("logs", given)))
    monkeypatch.setattr(tracing, "set_up", lambda name: did.append(("traces", name)))
    monkeypatch.setattr(tracing, "shut_down", lambda: did.append("flushed"))
    monkeypatch.setattr(app, "_collect_garbage_seldom", lambda: did.append("garbage"))
    monkeypatch.setattr(app, "_run", work)
    with pytest.raises(StoreUnavailable):
        app.run(of)
    assert did == [("logs", of), ("traces", "w1"), "garbage", ("run", of), "flushed"]


def test_garbage_is_looked_for_seldom() -> None:
    before = gc.get_threshold()
    try:
        app._collect_garbage_seldom()
        assert gc.get_threshold()[0] == 50_000
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
