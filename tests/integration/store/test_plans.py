"""No loop of a worker reads what grows with the years: the plan of each statement that the loops run, on a grown database.

The statements are listed nowhere: they are what the engine was given while the loops ran, and every transaction that the code
of the loops names must have run.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, event, insert, update

from dev.machine import ROOT
from tests.integration.provision.support import add_job, take
from tests.stories.plant import OTHER_PORT, Plant, at, bound, cancelled, loop_of, plant, received, started
from tests.support import grown
from tests.support.kafka import Topics
from tests.support.until import until
from vendors.errors import LoginRefused
from worker import fault, ledger
from worker.app import Worker
from worker.breaker import BreakerPolicy
from worker.ledger import Learnt
from worker.outcome import Ended
from worker.plan_view import plan_order
from worker.probe import probe_away
from worker.retry import RetryPolicy
from worker.settings import Settings
from worker.store import db, doubt, leases, logins, outbox, probes, sweep
from worker.store.db import Store
from worker.store.migrate import upgrade
from worker.store.schema import job, service_order
from worker.store.work import Job

ROWS_MOST = grown.ROWS // 5
"""Rows of one step by which PostgreSQL's planner expects to look through a table that grows."""
BOUNDED = frozenset(
    {
        "ix_job_deadline",
        "ix_job_due",
        "ix_job_step_of_olt",
        "ix_outbox_pending",
        "ix_outbox_refused",
        "uq_job_live_olt",
        "uq_job_live_order",
    }
)
"""Indexes that hold what is under way alone: they may be read from end to end. Or that are read from their oldest end."""
COUNTS_UNITS = "WITH unasked AS"
"""The survey's count of units whose order is not known reads two indexes whole: in a reader's thread, at a pace that it measures
itself, for 3 s at most on PostgreSQL."""


ONLY_ON_SQLITE = {"end_leases"}


# ------------------------------------------------------------------------------------------------------------- listening


class Heard:
    """What engines were given meanwhile, but for what tests ask: statements with the parameters of a run, and transactions."""

    def __init__(self) -> None:
        self.statements: dict[str, Any] = {}
        self.operations: set[str] = set()
        self._now = threading.local()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen while the block runs."""
        transact = Store._transact

        def named(store: Store, asked: Any, *args: Any, **kwargs: Any) -> Any:
            self._now.ours = not asked.__module__.startswith("tests.")
            if self._now.ours:
                self.operations.add(db.operation(asked))
            return transact(store, asked, *args, **kwargs)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Store, "_transact", named)
            event.listen(Engine, "before_cursor_execute", self._remember)
            yield
        event.remove(Engine, "before_cursor_execute", self._remember)

    def _remember(
        self, conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if getattr(self._now, "ours", False) and _plannable(statement):
            self.statements.setdefault(statement, parameters[0] if many else parameters)


def _plannable(statement: str) -> bool:
    return statement.split(maxsplit=1)[0] in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}


# ---------------------------------------------------------------------------------------------------------------- plans


def walks(conn: Connection, statement: str, parameters: Any) -> list[str]:
    """Steps of the statement's plan that go through a table that grows, or through a whole index of one."""
    if conn.dialect.name == "sqlite":
        rows = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[-1] for row in rows if _walks_on_sqlite(row[-1])]
    [[plan]] = conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
    return list(_walks_on_postgresql(plan[0]["Plan"]))


_BOUNDED_TABLE = re.compile(
    r"SCAN (?:olt_lease|role_lease|inventory|inventory_olt|compatibility|alembic_version|outbox|json_each|CONSTANT ROW|\(|anon_)"
)
_INDEX = re.compile(r"USING (?:COVERING )?INDEX (\w+)")


def _walks_on_sqlite(step: str) -> bool:
    index = _INDEX.search(step)
    bounded = _BOUNDED_TABLE.match(step) or (index is not None and index[1] in BOUNDED)
    return step.startswith("SCAN") and not bounded


def _walks_on_postgresql(node: Mapping[str, Any]) -> Iterator[str]:
    kind, table, index = node["Node Type"], node.get("Relation Name"), node.get("Index Name")
    if table in grown.GROWS and index not in BOUNDED:
        whole = kind == "Seq Scan" or (kind.startswith("Index") and "Index Cond" not in node)
        if whole or node["Plan Rows"] > ROWS_MOST:
            yield f"{kind} of {table} by {index}: {node['Plan Rows']} rows"
    for below in node.get("Plans", ()):
        yield from _walks_on_postgresql(below)


# ---------------------------------------------------------------------------------------------------------------- loops

ONU, SPARE, DARK, AWAY = "HWTC1A2B3C4D", "HWTC5E6F7081", "HWTC000000C3", "HWTC000000D4"
LOOPS = (
    "app",
    "lease",
    "olt_worker",
    "probe",
    "provision",
    "publish",
    "reconcile",
    "removal",
    "scan",
    "survey",
)
_RUN = re.compile(r"(?:store\.(?:run|read)\(|patiently\(\s*(?:self\.)?held,)\s*([\w.]+)")


def transactions() -> set[str]:
    """What the code of the loops names as a transaction, by its last name."""
    code = [(ROOT / "worker" / f"{module}.py").read_text() for module in LOOPS]
    names = {name for text in code for name in _RUN.findall(text)}
    return {name.rpartition(".")[2].lstrip("_") for name in names} - {"work"}


@asynccontextmanager
async def grown_plant(url: str) -> AsyncIterator[Plant]:
    """Two OLTs and a database that has grown, a few orders of it so old that their data have had their time."""
    async with plant(url, ("olt-1", "olt-2"), alone=False) as made:
        await made.store.run(grown.grow)
        await made.store.run(_age)
        await made.store.run(grown.analyse)
        yield made


def _age(conn: Connection) -> None:
    long_ago = db.now(conn) - timedelta(days=200)
    old = {
        "id": "OLD-1",
        "state": "completed",
        "finished_at": long_ago,
        "created_at": long_ago,
        "updated_at": long_ago,
    }
    conn.execute(insert(service_order).values(old))
    ended: dict[str, Any] = {"state": "done", "live": False, "updated_at": long_ago}
    add_job(conn, "olt-1", kind="provision", service_order_id="OLD-1", **ended)
    add_job(conn, "olt-1", kind="save", **ended)


async def keep_going(url: str, topics: Topics) -> None:
    """The loops of a worker that has no OLTs: ingest, sweep, survey, publish."""
    worker = Worker(
        Settings(
            database_url=SecretStr(url),
            kafka_servers=topics.bootstrap,
            worker_name="w0",
            roles=("publish",),
            survey_every_s=0.1,
            sweep_every_s=0.1,
            topic_equipment=topics("equipment"),
            topic_install=(install := topics("install")),
            topic_progress=topics("progress"),
            topic_results=topics("results"),
            topic_dead_letters=topics("dead"),
        )
    )
    stop = asyncio.Event()
    loops = (worker._database, worker._run_ingest, worker._sweep, worker._survey, worker._publish)
    running = [asyncio.create_task(loop(stop, lambda: None)) for loop in loops]
    producer = AIOKafkaProducer(bootstrap_servers=topics.bootstrap)
    await producer.start()
    await producer.send_and_wait(install, b"{")
    await producer.stop()

    async def published() -> bool:
        found = await worker.store.read(outbox.backlog)
        known = await worker.store.read(_dead_letters)
        return bool(known) and not found.waiting

    try:
        await until(published, 30)
        await worker._not_ready()
    finally:
        stop.set()
        await asyncio.gather(*running)
        await worker.store.aclose()


def _dead_letters(conn: Connection) -> int:
    return int(
        conn.exec_driver_sql("SELECT count(*) FROM inbox WHERE source = 'acende/dead-letters'").scalar_one()
    )


async def provision(made: Plant) -> None:
    """The loop of OLTs: installed, looked for, planned, removed, too late, not reached, held."""
    await made.tell(received(ONU), bound(ONU, "OS-1"), started("OS-1", **at()))
    shared = loop_of(made.store, made.config, "cli").shared
    made.plug(ONU)
    made.plug(SPARE, port=OTHER_PORT)
    await made.sims["olt-2"].stop()
    made.work().olt_gone_s = 0.0
    await made.tell(
        started("OS-2", serial=SPARE, site="centro"), started("OS-4", serial=AWAY, **at(olt="olt-2"))
    )
    await made.final("OS-1")
    await made.final("OS-2")
    await made.tell(started("OS-3", serial=DARK, **at()))
    await made.reaches("OS-3", "waiting_for_light")
    await plan_order(shared, "OS-3", "cli-ana", wait_s=20.0)
    await made.tell(cancelled("OS-2"))
    await made.final("OS-2", 2)
    await made.store.run(_too_late)
    await made.final("OS-3")
    await made.store.run(_gone)
    await made.store.run(_hold)

    async def left() -> bool:
        [state] = await made.store.read(leases.overview, ["olt-1"])
        return state.holder is None

    await until(left, 20)


async def when_told_to_stop_and_after_bugs(made: Plant) -> None:
    """What only a worker that is about to leave does, and what only a bug of ours leads to."""
    await made.store.run(leases.reset_breaker, "olt-2", "ana", "-", await made.store.read(db.now))
    lease = await made.store.run(take, "olt-2", "w9")
    assert lease

    async def saving() -> Job:
        await made.store.run(add_job, "olt-2", kind="save")
        taken = await made.store.run(ledger.take, lease, ("save",))
        assert taken
        return taken.job

    await made.store.run(ledger.record, lease, await saving(), Ended(), Learnt())
    faulty = await saving()
    await made.store.run(fault.record, lease, faulty, RetryPolicy(), 0.0, Learnt())
    await made.store.run(fault.shelve, lease, faulty, RetryPolicy(), 0.0)
    await made.store.run(ledger.faulted, lease, None, BreakerPolicy(), 0.0)
    await probe_away(made.store, made.config.inventory)
    await made.store.run(probes.claim, ["olt-2"], 1)
    await made.store.run(probes.answered, ["olt-2"])
    refused = LoginRefused("no", step="cli")
    await made.store.run(ledger.connected, lease, "digest")
    await made.store.run(ledger.not_connected, lease, refused, "", BreakerPolicy(), 0.0, "digest")
    made.store.clock.offset += timedelta(seconds=61)
    await made.store.run(logins.try_again, 2)
    await made.store.run(sweep.take_up_shown)
    made.store.clock.step = timedelta(days=1)
    await made.store.read(db.now)
    assert await made.store.run(doubt.ahead)


def _too_late(conn: Connection) -> None:
    conn.execute(update(job).where(job.c.service_order_id == "OS-3").values(deadline_at=job.c.created_at))


def _gone(conn: Connection) -> None:
    add_job(conn, "olt-99", kind="save")


def _hold(conn: Connection) -> None:
    leases.hold(conn, "olt-1", "ana", "placa", db.now(conn))


async def test_no_statement_of_a_loop_reads_what_grows(database_url: str, kafka_topics: Topics) -> None:
    heard = Heard()
    async with grown_plant(database_url) as made:
        with heard.listening():
            await keep_going(database_url, kafka_topics)
            await provision(made)
            await made.rest()
            await when_told_to_stop_and_after_bugs(made)
        found = {
            statement: steps
            for statement, parameters in heard.statements.items()
            if not statement.startswith(COUNTS_UNITS)
            and (steps := await made.store.run(walks, statement, parameters))
        }
    ran = {name.rpartition(".")[2] for name in heard.operations}
    elsewhere = set() if "sqlite" in database_url else ONLY_ON_SQLITE
    missing = transactions() - elsewhere - ran
    assert not missing, (
        f"have the loops do these above, so that their statements are checked: {sorted(missing)}"
    )
    assert len(heard.statements) > 100
    assert found == {}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM job ORDER BY service_order_id, id LIMIT 5",
        "SELECT count(*) FROM service_order WHERE contract = 'x'",
        "DELETE FROM inbox WHERE type = 'x'",
    ],
)
def test_what_reads_a_whole_table_or_index_is_noticed(sqlite_url: str, statement: str) -> None:
    upgrade(sqlite_url)
    store = Store.open(sqlite_url)
    try:
        assert store.run_sync(walks, statement, ())
    finally:
        store.close()
