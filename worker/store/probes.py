"""Which OLTs are probed whether they take connections again: each by one worker at a time, every few seconds. Transactions."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select, update

from worker.breaker import UNREACHABLE
from worker.store import db
from worker.store.jobs import JOBS
from worker.store.leases import due
from worker.store.schema import olt_lease

EVERY = timedelta(seconds=5)
"""An OLT is probed no more often than this, by all workers together."""


def wanted(conn: Connection, known: Collection[str]) -> bool:
    """Whether any OLT of `known` is to be probed now. Only reads."""
    return conn.execute(to_probe(known, db.now(conn)).limit(1)).first() is not None


def claim(conn: Connection, known: Collection[str], limit: int) -> tuple[str, ...]:
    """The OLTs of `known`, `limit` at most, that the caller probes now; nobody else does for the next 5 s."""
    now = db.now(conn)
    longest_ago = to_probe(known, now).order_by(olt_lease.c.probed_at.nulls_first(), olt_lease.c.olt)
    rows = longest_ago.limit(limit).with_for_update(of=olt_lease, skip_locked=True)
    olts = tuple(conn.execute(rows).scalars())
    if olts:
        conn.execute(update(olt_lease).where(olt_lease.c.olt.in_(olts)).values(probed_at=now))
    return olts


def answered(conn: Connection, olts: Collection[str]) -> None:
    """These take connections: their pauses are over, once in an outage."""
    now = db.now(conn)
    over = update(olt_lease).where(olt_lease.c.olt.in_(list(olts)), _awaits_answer(now))
    if conn.execute(over.values(breaker_until=now, probed=True)).rowcount:
        db.wake(conn, JOBS)


def to_probe(known: Collection[str], now: datetime) -> Select[Any]:
    last = olt_lease.c.probed_at
    return select(olt_lease.c.olt).where(
        olt_lease.c.olt.in_(list(known)),
        _awaits_answer(now),
        or_(last.is_(None), last <= now - EVERY, last > now + EVERY),
        ~olt_lease.c.held,
        due(now).exists(),
    )


def _awaits_answer(now: datetime) -> ColumnElement[bool]:
    """`Breaker.awaits_answer`, in SQL."""
    return and_(
        olt_lease.c.breaker == "open",
        olt_lease.c.breaker_until > now,
        olt_lease.c.breaker_code == UNREACHABLE,
        olt_lease.c.silent,
        or_(olt_lease.c.probed.is_(None), ~olt_lease.c.probed),
    )
