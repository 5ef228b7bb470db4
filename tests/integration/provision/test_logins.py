"""Refused logins and OLTs that are away, on both databases: who is let in again, by whom, how often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, text, update

from tests.integration.provision.support import add_job, claim, migrated, take, with_olts
from vendors.errors import HostKeyChanged, LoginRefused, OltBusy, OltUnreachable, ProvisioningError
from worker import ledger
from worker.breaker import BreakerPolicy
from worker.store import db, doubt, leases, logins, probes, sweep
from worker.store.db import Store
from worker.store.schema import credential, olt_lease

OLTS = ["olt-0", "olt-1", "olt-2", "olt-3"]
POLICY = BreakerPolicy(failures=2)
RIGHT, WRONG = "digest-of-one", "digest-of-another"
REFUSED = LoginRefused("no", step="cli")
AWAY = OltUnreachable("no answer", silent=True)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url) as store:
        await with_olts(store, *OLTS)
        for olt in OLTS:
            await store.run(add_job, olt, due_at=await store.run(db.now) - timedelta(days=400))
        yield store


async def log_in(store: Store, olt: str, error: ProvisioningError | None, digest: str = RIGHT) -> None:
    """A worker leases the OLT, tries to log in, and leaves."""
    lease = await store.run(take, olt, f"w-{olt}")
    assert lease, f"{olt} lets nobody in"
    if error:
        await store.run(ledger.not_connected, lease, error, "told", POLICY, 0.0, digest)
    else:
        await store.run(ledger.connected, lease, digest)
    await store.run(leases.release, lease)


async def later(store: Store, seconds: float, retries: int = 2) -> tuple[str, ...]:
    """Who is let in so much later."""
    store.clock.offset += timedelta(seconds=seconds)
    return await store.run(logins.try_again, retries)


async def open_now(store: Store) -> set[str]:
    return {lease.olt for lease in (await store.run(claim, "w1", OLTS)).leased}


async def test_a_credential_that_logged_in_before_is_retried_on_one_olt_for_all_twice_in_24_h(
    store: Store,
) -> None:
    await log_in(store, "olt-3", None)
    await log_in(store, "olt-0", REFUSED)
    await log_in(store, "olt-1", REFUSED)
    assert await later(store, 50) == ()
    assert await later(store, 15) == ("olt-0",)
    await log_in(store, "olt-0", REFUSED)
    assert await later(store, 890) == ()
    assert await later(store, 15) == ("olt-1",)
    await log_in(store, "olt-1", REFUSED)
    assert await later(store, 20 * 3600) == ()
    assert await later(store, 4 * 3600) == ("olt-0",)


async def test_a_credential_that_never_logged_in_waits_for_a_person(store: Store) -> None:
    await log_in(store, "olt-3", None, RIGHT)
    await log_in(store, "olt-0", REFUSED, WRONG)
    assert await later(store, 400 * 86400.0) == ()


async def test_an_accepted_login_elsewhere_lets_all_who_had_refused_try_once_more_once_in_24_h(
    store: Store,
) -> None:
    await log_in(store, "olt-3", None)
    for olt in OLTS[:3]:
        await log_in(store, olt, REFUSED, WRONG if olt == "olt-2" else RIGHT)
    store.clock.offset += timedelta(seconds=1)
    await log_in(store, "olt-3", None)
    assert set(await later(store, 1)) == {"olt-0", "olt-1"}
    await log_in(store, "olt-0", REFUSED)
    await log_in(store, "olt-1", None)
    assert await later(store, 10) == (), (
        "it had its try, and others' retries are not used up before their time"
    )
    assert await later(store, 60) == ("olt-0",), "the retries that count are still there"


async def test_with_0_retries_only_a_person_lets_anybody_in(store: Store) -> None:
    await log_in(store, "olt-3", None)
    await log_in(store, "olt-0", REFUSED)
    store.clock.offset += timedelta(seconds=1)
    await log_in(store, "olt-3", None)
    assert await later(store, 86400.0, retries=0) == ()


async def test_a_retry_that_a_worker_took_and_died_with_is_not_taken_again(store: Store) -> None:
    await log_in(store, "olt-3", None)
    await log_in(store, "olt-0", REFUSED)
    assert await later(store, 61) == ("olt-0",)
    assert await store.run(take, "olt-0", "w1")
    store.clock.offset += timedelta(seconds=120)
    assert await store.run(take, "olt-0", "w2") is None


async def test_a_changed_host_key_is_never_retried(store: Store) -> None:
    await log_in(store, "olt-3", None)
    await log_in(store, "olt-0", REFUSED)
    assert await later(store, 61) == ("olt-0",)
    await log_in(store, "olt-0", HostKeyChanged("another"))
    await log_in(store, "olt-3", None)
    assert await later(store, 10 * 86400.0) == ()


async def test_of_many_workers_that_look_at_once_one_gives_one_retry(store: Store) -> None:
    await log_in(store, "olt-3", None)
    for olt in OLTS[:3]:
        await log_in(store, olt, REFUSED)
    store.clock.offset += timedelta(seconds=61)
    found = await asyncio.gather(*(store.run(logins.try_again, 2) for _ in range(8)))
    assert sum(map(len, found)) == 1
    assert len(await open_now(store)) == 2, "the one, and the OLT that accepts"


async def test_an_olt_where_nobody_waits_or_that_is_held_takes_no_retry(store: Store) -> None:
    await log_in(store, "olt-3", None)
    await log_in(store, "olt-0", REFUSED)
    await store.run(lambda conn: leases.hold(conn, "olt-0", "ana", "placa", db.now(conn)))
    assert await later(store, 61) == ()
    await store.run(lambda conn: leases.end_hold(conn, "olt-0", "ana", "pronto", db.now(conn)))
    assert await later(store, 1) == ("olt-0",)


async def test_no_retry_is_made_while_the_clock_is_in_doubt(store: Store, monkeypatch: Any) -> None:
    await log_in(store, "olt-3", None)
    await log_in(store, "olt-0", REFUSED)
    monkeypatch.setattr(doubt, "ahead", lambda _: timedelta(hours=1))
    assert await later(store, 3600) == ()


async def test_a_person_who_resets_the_breaker_needs_no_retry(store: Store) -> None:
    await log_in(store, "olt-0", REFUSED)
    await store.run(lambda conn: leases.reset_breaker(conn, "olt-0", "ana", "senha", db.now(conn)))
    assert "olt-0" in await open_now(store)


# --------------------------------------------------------------------------------------------------------------- probes


async def cut_off(store: Store, olt: str, error: ProvisioningError = AWAY, times: int = 2) -> None:
    """The OLT's breaker opens."""
    for _ in range(times):
        store.clock.offset += timedelta(seconds=60)
        await log_in(store, olt, error)


async def probed(store: Store, seconds: float = 0.0) -> tuple[str, ...]:
    store.clock.offset += timedelta(seconds=seconds)
    assert await store.read(probes.wanted, OLTS) in {True, False}
    return await store.run(probes.claim, OLTS, 10)


async def test_an_olt_is_probed_every_5_s_by_one_worker_of_all(store: Store) -> None:
    await cut_off(store, "olt-0")
    store.clock.offset += timedelta(seconds=1)
    found = await asyncio.gather(*(store.run(probes.claim, OLTS, 10) for _ in range(8)))
    assert [olts for olts in found if olts] == [("olt-0",)]
    assert await probed(store, 4) == ()
    assert await probed(store, 1.5) == ("olt-0",)


async def test_an_olt_that_answers_is_let_in_at_once_and_not_probed_again_in_this_outage(
    store: Store,
) -> None:
    await cut_off(store, "olt-0")
    assert "olt-0" not in await open_now(store)
    assert await probed(store) == ("olt-0",)
    await store.run(probes.answered, ["olt-0"])
    before = await store.run(leases.breaker_of, "olt-0")
    await log_in(store, "olt-0", AWAY)
    after = await store.run(leases.breaker_of, "olt-0")
    assert (before.failures, after.failures, after.state) == (2, 3, "open")
    assert await probed(store, 10) == ()
    await cut_off(store, "olt-0", times=1)
    assert await probed(store, 10) == ()


async def test_after_a_login_the_next_outage_is_probed_anew(store: Store) -> None:
    await cut_off(store, "olt-0")
    assert await probed(store) == ("olt-0",)
    await store.run(probes.answered, ["olt-0"])
    await log_in(store, "olt-0", None)
    await cut_off(store, "olt-0")
    assert await probed(store, 6) == ("olt-0",)


@pytest.mark.parametrize(
    "error",
    [OltUnreachable("no login within 15 s"), OltBusy("no line"), REFUSED, HostKeyChanged("another")],
    ids=["a connection that came to nothing", "busy", "login refused", "host key"],
)
async def test_only_no_connection_at_all_is_probed(store: Store, error: ProvisioningError) -> None:
    await cut_off(store, "olt-0")
    store.clock.offset += timedelta(seconds=60)
    await log_in(store, "olt-0", error)
    assert await probed(store) == ()
    await store.run(probes.answered, ["olt-0"])
    assert (await store.run(leases.breaker_of, "olt-0")).probed is False


async def test_a_closed_breaker_a_held_olt_and_one_where_nobody_waits_are_not_probed(store: Store) -> None:
    await cut_off(store, "olt-0", times=1)
    assert await probed(store) == ()
    await cut_off(store, "olt-1")
    await store.run(lambda conn: leases.hold(conn, "olt-1", "ana", "placa", db.now(conn)))
    assert await probed(store) == ()
    assert await store.run(probes.claim, ["olt-2"], 10) == ()


async def test_no_more_olts_are_probed_at_once_than_asked_those_first_that_waited_longest(
    store: Store,
) -> None:
    for olt in OLTS[:3]:
        await cut_off(store, olt, times=1)
    for olt in OLTS[:3]:
        await log_in_after(store, olt)
    first = await store.run(probes.claim, OLTS, 2)
    assert first == ("olt-0", "olt-1")
    store.clock.offset += timedelta(seconds=6)
    assert (await store.run(probes.claim, OLTS, 2))[0] == "olt-2"


async def log_in_after(store: Store, olt: str) -> None:
    store.clock.offset += timedelta(seconds=6)
    await log_in(store, olt, AWAY)


# ---------------------------------------------------------------------------------------------------------------- plans


@pytest.mark.parametrize(
    "query",
    [logins.waiting, lambda now: probes.to_probe(OLTS, now)],
    ids=["logins", "probes"],
)
async def test_what_is_asked_again_and_again_reads_no_jobs_but_by_their_index(
    store: Store, query: Callable[[Any], Any]
) -> None:
    plan = await store.run(_plan, query)
    assert "ix_job_due" in plan
    assert "SCAN job" not in plan
    assert "Seq Scan on job" not in plan


def _plan(conn: Connection, query: Callable[[Any], Any]) -> str:
    embedded = conn.dialect.name == "sqlite"
    if not embedded:
        conn.execute(text("SET LOCAL enable_seqscan = off"))
    sql = str(query(db.now(conn)).compile(dialect=conn.dialect, compile_kwargs={"literal_binds": True}))
    prefix = "EXPLAIN QUERY PLAN " if embedded else "EXPLAIN "
    return "\n".join(str(row[-1]) for row in conn.execute(text(prefix + sql.replace(":", "\\:"))))


async def test_what_an_earlier_release_writes_is_never_probed_and_never_retried(store: Store) -> None:
    """It knows neither the columns nor the table."""
    await log_in(store, "olt-3", None)

    def earlier(conn: Connection) -> None:
        conn.execute(
            update(olt_lease)
            .where(olt_lease.c.olt.in_(["olt-0", "olt-1"]))
            .values(breaker="open", failures=3, breaker_code="olt_login_refused")
        )
        ahead = db.now(conn) + timedelta(seconds=60)
        conn.execute(
            update(olt_lease)
            .where(olt_lease.c.olt == "olt-1")
            .values(breaker_code="olt_unreachable", breaker_until=ahead)
        )

    await store.run(earlier)
    assert await probed(store) == ()
    assert await later(store, 3600) == ()


async def test_credentials_are_kept_as_keyed_digests_alone(store: Store) -> None:
    await log_in(store, "olt-3", None)
    [row] = await store.read(lambda conn: conn.execute(select(credential)).all())
    assert (row.digest, row.retried) == (RIGHT, None)


async def test_a_credential_that_nobody_accepts_any_more_is_forgotten_unless_an_olt_waits_for_it(
    store: Store,
) -> None:
    await log_in(store, "olt-0", None, RIGHT)
    await log_in(store, "olt-1", None, WRONG)
    await log_in(store, "olt-1", REFUSED, WRONG)
    start = store.clock.offset
    store.clock.offset = start + timedelta(days=89)
    await store.run(sweep.sweep)
    assert await store.read(_digests) == {RIGHT, WRONG}
    await log_in(store, "olt-0", None, RIGHT)
    store.clock.offset = start + timedelta(days=91)
    await store.run(sweep.sweep)
    assert await store.read(_digests) == {RIGHT, WRONG}, "one was accepted since, one is waited for"
    store.clock.offset = start + timedelta(days=180)
    await store.run(leases.reset_breaker, "olt-1", "ana", "senha trocada", await store.read(db.now))
    await store.run(sweep.sweep)
    assert await store.read(_digests) == set()


def _digests(conn: Connection) -> set[str]:
    return set(conn.execute(select(credential.c.digest)).scalars())
