"""Builders for tests of provisioning: a migrated store, OLTs, jobs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from tests.support.migrated import migrate
from worker.store import db, leases
from worker.store.db import Store
from worker.store.schema import job

HOUR = timedelta(hours=1)


@contextlib.asynccontextmanager
async def migrated(url: str, **options: Any) -> AsyncIterator[Store]:
    """A store on a migrated database."""
    migrate(url)
    store = Store.open(url, **options)
    try:
        yield store
    finally:
        await store.aclose()


async def with_olts(store: Store, *olts: str, platform: str = "huawei_smartax") -> None:
    """Register these OLTs."""
    await store.run(_register, dict.fromkeys(olts, platform))


def _register(conn: Connection, platforms: Mapping[str, str]) -> None:
    leases.register(conn, platforms, db.now(conn))


def add_job(conn: Connection, /, olt: str, **values: Any) -> int:
    """A due scan of `olt`, or what `values` say instead."""
    now = db.now(conn)
    row = {
        "kind": "scan",
        "olt": olt,
        "state": "due",
        "live": True,
        "due_at": now - timedelta(seconds=1),
        "payload": {},
        "created_at": now,
        "updated_at": now,
    }
    return int(conn.execute(insert(job).values(row | values).returning(job.c.id)).scalar_one())


def job_row(conn: Connection, job_id: int) -> Any:
    """One job as it stands."""
    return conn.execute(select(job).where(job.c.id == job_id)).one()


def take(conn: Connection, olt: str, holder: str = "w1", lease_s: float = 60.0) -> leases.Lease | None:
    """Lease one OLT now."""
    return leases.take(conn, olt, holder, lease_s, db.now(conn))


def claim(
    conn: Connection, holder: str, known: list[str], limit: int = 10, lease_s: float = 60.0
) -> leases.Due:
    """Lease OLTs with due jobs now."""
    return leases.claim(conn, holder, known, lease_s, limit, db.now(conn))


def now_of(conn: Connection) -> datetime:
    """The database's clock."""
    return db.now(conn)
