"""Times that lie further ahead than they can: the clock was set back since they were written. What was due then is due now."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select, update

from worker.bounds import Bounds
from worker.store import db
from worker.store.jobs import JOBS, REMOVAL_DEADLINE
from worker.store.schema import inventory, job, olt_lease

JOBS_MAX = 500


def far_jobs(conn: Connection, bounds: Bounds) -> list[int]:
    """Ids of live jobs, at most 500, whose next run lies further ahead than it can. Only reads."""
    return sorted(conn.execute(far(bounds, db.now(conn))).scalars())


def far(bounds: Bounds, now: datetime) -> Select[Any]:
    """The query for them: OLT by OLT, since that is what the index of live jobs begins with."""
    ends = _ends(bounds, now)
    return (
        select(job.c.id)
        .where(
            job.c.live,
            job.c.olt.in_(select(olt_lease.c.olt)),
            job.c.due_at > min(ends.values()),
            _too_far(ends),
        )
        .limit(JOBS_MAX)
    )


def _ends(bounds: Bounds, now: datetime) -> dict[str, datetime]:
    return {kind: now + timedelta(seconds=seconds) for kind, seconds in bounds.jobs.items()}


def _too_far(ends: dict[str, datetime]) -> ColumnElement[bool]:
    return or_(*(and_(job.c.kind == kind, job.c.due_at > end) for kind, end in ends.items()))


def mend(conn: Connection, bounds: Bounds, jobs: list[int]) -> None:
    """Have these jobs due now, and OLTs tried whose breaker keeps everybody out for longer than it can."""
    now = db.now(conn)
    if jobs:
        still = _too_far(_ends(bounds, now))
        due = update(job).where(job.c.id.in_(jobs), job.c.live, still).values(due_at=now, updated_at=now)
        db.note_corrected(conn, job.name, conn.execute(due).rowcount)
        db.wake(conn, JOBS)
    latest = now + timedelta(seconds=bounds.breaker_s)
    tried = update(olt_lease).where(olt_lease.c.breaker_until > latest).values(breaker_until=now)
    db.note_corrected(conn, "breaker", conn.execute(tried).rowcount)
    seen = update(inventory).where(inventory.c.seen_at > now).values(seen_at=now)
    db.note_corrected(conn, inventory.name, conn.execute(seen).rowcount)


def cut_deadlines(conn: Connection) -> None:
    """Cut what live jobs may still take to what they were given: never ended at once."""
    now, rules = db.now(conn), db.context(conn).rules
    for kind, longest in (
        ("provision", rules.provision_deadline),
        ("deprovision", max(rules.deprovision_deadline, REMOVAL_DEADLINE)),
    ):
        late = now + longest
        cut = update(job).where(job.c.live, job.c.kind == kind, job.c.deadline_at > late)
        db.note_corrected(conn, "deadline", conn.execute(cut.values(deadline_at=late)).rowcount)
