"""Credentials that have logged in, OLTs that refused them, and who may try again. Transactions.

A credential is known by a keyed digest, which leaves the database nowhere.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select, update
from sqlalchemy.dialects import postgresql, sqlite

from worker.breaker import REFUSED
from worker.logins import Again, Credential, Refusal, again, counted
from worker.store import db, doubt
from worker.store.jobs import JOBS
from worker.store.leases import due
from worker.store.schema import credential, olt_lease


def accepted(conn: Connection, digest: str, now: datetime) -> None:
    """An OLT has accepted this credential."""
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    conn.execute(
        dialect.insert(credential)
        .values(digest=digest, accepted_at=now)
        .on_conflict_do_update(index_elements=["digest"], set_={"accepted_at": now})
    )


def refused(conn: Connection, olt: str, digest: str | None, now: datetime) -> None:
    """The OLT has refused this credential. After `leases.guard`."""
    known = update(olt_lease).where(olt_lease.c.olt == olt)
    conn.execute(known.values(refused_credential=digest, refused_at=now))


def try_again(conn: Connection, retries: int) -> tuple[str, ...]:
    """Let in who may try a refused login once more, by `worker.logins`; the OLTs.

    Rows are locked in one order everywhere: OLTs, then credentials.
    """
    now = db.now(conn)
    if retries <= 0 or doubt.ahead(conn):
        return ()
    refusals: dict[str, list[Refusal]] = defaultdict(list)
    for row in conn.execute(waiting(now)):
        refusal = Refusal(row.olt, row.refused_at, row.freed_at, bool(row.awaited))
        refusals[row.refused_credential].append(refusal)
    known = select(credential).where(credential.c.digest.in_(sorted(refusals))).order_by(credential.c.digest)
    rows = conn.execute(known.with_for_update()).all() if refusals else ()
    let_in = [olt for row in rows for olt in _let_in(conn, row, refusals[row.digest], now, retries)]
    if let_in:
        db.wake(conn, JOBS)
    return tuple(let_in)


def waiting(now: datetime) -> Select[Any]:
    """The query for OLTs that wait for a person after a refused login, locked."""
    awaited = due(now).exists() & ~olt_lease.c.held
    return (
        select(
            olt_lease.c.olt,
            olt_lease.c.refused_credential,
            olt_lease.c.refused_at,
            olt_lease.c.freed_at,
            awaited.label("awaited"),
        )
        .where(
            olt_lease.c.breaker == "open",
            olt_lease.c.breaker_code == REFUSED,
            olt_lease.c.breaker_until.is_(None),
            olt_lease.c.refused_credential.is_not(None),
            olt_lease.c.platform.is_not(None),
        )
        .order_by(olt_lease.c.olt)
        .with_for_update(of=olt_lease, skip_locked=True)
    )


def _let_in(
    conn: Connection, row: Any, refusals: list[Refusal], now: datetime, retries: int
) -> tuple[str, ...]:
    known = Credential(row.accepted_at, tuple(map(datetime.fromisoformat, row.retried or ())))
    who: Again = again(known, refusals, now, retries)
    if who.freed:
        _open(conn, who.freed, now, freed_at=now)
    if who.retry is None:
        return who.freed
    _open(conn, (who.retry,), now)
    times = [at.isoformat() for at in (*counted(known, now), now)]
    conn.execute(update(credential).where(credential.c.digest == row.digest).values(retried=times))
    return (*who.freed, who.retry)


def _open(conn: Connection, olts: tuple[str, ...], now: datetime, **more: datetime) -> None:
    conn.execute(update(olt_lease).where(olt_lease.c.olt.in_(olts)).values(breaker_until=now, **more))
