"""Credentials that have logged in, OLTs that refused them, and who may try again. Transactions.

A credential is known by a keyed digest, which leaves the database nowhere.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, select, update

from worker.breaker import REFUSED
from worker.logins import KEPT, Again, Credential, Refusal, again, counted, next_try
from worker.store import db, doubt, many
from worker.store.jobs import JOBS
from worker.store.leases import due
from worker.store.schema import credential, olt_lease

_REFUSAL = (olt_lease.c.olt, olt_lease.c.refused_credential, olt_lease.c.refused_at, olt_lease.c.freed_at)
_WAITS = (
    olt_lease.c.breaker == "open",
    olt_lease.c.breaker_code == REFUSED,
    olt_lease.c.breaker_until.is_(None),
    olt_lease.c.refused_credential.is_not(None),
    olt_lease.c.platform.is_not(None),
)


def accepted(conn: Connection, digest: str, now: datetime) -> None:
    """An OLT has accepted this credential."""
    conn.execute(
        many.upserting(conn, credential)
        .values(digest=digest, accepted_at=now)
        .on_conflict_do_update(index_elements=["digest"], set_={"accepted_at": now})
    )


def refused(conn: Connection, olt: str, digest: str | None, now: datetime) -> None:
    """The OLT has refused this credential. After `leases.guard`."""
    known = update(olt_lease).where(olt_lease.c.olt == olt)
    conn.execute(known.values(refused_credential=digest, refused_at=now))


def forget_unused(conn: Connection, now: datetime, limit: int = 500) -> int:
    """Delete credentials that nobody has accepted for long and no OLT waits for, some at once; how many."""
    old = credential.c.accepted_at <= now - KEPT
    awaited = select(olt_lease.c.olt).where(olt_lease.c.refused_credential == credential.c.digest, *_WAITS)
    unused = select(credential.c.digest).where(old, ~awaited.exists()).limit(limit)
    return int(conn.execute(delete(credential).where(credential.c.digest.in_(unused), old)).rowcount)


def try_again(conn: Connection, retries: int) -> tuple[str, ...]:
    """Let in who may try a refused login once more, by `worker.logins`; the OLTs.

    Rows are locked in one order everywhere: OLTs, then credentials.
    """
    now = db.now(conn)
    if retries <= 0 or doubt.ahead(conn):
        return ()
    refusals: dict[str, list[Refusal]] = defaultdict(list)
    for row in conn.execute(waiting(now)):
        refusals[row.refused_credential].append(_refusal(row, awaited=bool(row.awaited)))
    known = select(credential).where(credential.c.digest.in_(sorted(refusals))).order_by(credential.c.digest)
    rows = conn.execute(known.with_for_update()).all() if refusals else ()
    let_in = [olt for row in rows for olt in _let_in(conn, row, refusals[row.digest], now, retries)]
    if let_in:
        db.wake(conn, JOBS)
    return tuple(let_in)


def next_tries(conn: Connection, retries: int) -> dict[str, datetime]:
    """The OLTs that have refused a login and may try it again by themselves: when that is at the earliest. Only reads."""
    now = db.now(conn)
    known = {row.digest: _known(row) for row in conn.execute(select(credential))}
    found = {
        row.olt: next_try(known.get(row.refused_credential), _refusal(row), now, retries)
        for row in conn.execute(select(*_REFUSAL).where(*_WAITS))
    }
    return {olt: at for olt, at in found.items() if at}


def _refusal(row: Any, *, awaited: bool = True) -> Refusal:
    return Refusal(row.olt, row.refused_at, row.freed_at, awaited)


def _known(row: Any) -> Credential:
    return Credential(row.accepted_at, tuple(map(datetime.fromisoformat, row.retried or ())))


def waiting(now: datetime) -> Select[Any]:
    """The query for OLTs that wait for a person after a refused login, locked."""
    awaited = due(now).exists() & ~olt_lease.c.held
    return (
        select(*_REFUSAL, awaited.label("awaited"))
        .where(*_WAITS)
        .order_by(olt_lease.c.olt)
        .with_for_update(of=olt_lease, skip_locked=True)
    )


def _let_in(
    conn: Connection, row: Any, refusals: list[Refusal], now: datetime, retries: int
) -> tuple[str, ...]:
    known = _known(row)
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
