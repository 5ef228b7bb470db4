"""How long a lease was granted for, kept beside its end, so that no step of the database's clock makes it last for ever.

A holder measures its lease by a clock that nobody sets. So a lease is over no later than its length after now, however far
ahead its end was written; and after the clock has jumped ahead it may stand until its length has passed since.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, case, func, or_, select, update

from worker.store import db

UNWRITTEN_S = 900.0
"""Length of a lease that an earlier release has granted: longer than any of its."""


def written(lease_s: float, fence: int, now: datetime) -> dict[str, Any]:
    """The columns of a lease that is granted or renewed now."""
    return {"expires_at": now + timedelta(seconds=lease_s), "length_s": lease_s, "length_fence": fence}


def length_s(row: Any) -> float:
    """Seconds for which the lease of `row` was granted at most, whoever has granted it."""
    known = row.length_s is not None and row.length_fence == row.fence
    return float(row.length_s) if known else UNWRITTEN_S


def columns(leases: Table) -> tuple[ColumnElement[Any], ...]:
    """What `stands` and `latest_end` judge by."""
    return leases.c.fence, leases.c.expires_at, leases.c.length_s, leases.c.length_fence


def stands(row: Any, now: datetime, jumped_s: float) -> bool:
    """Whether the lease of `row` may stand still, `jumped_s` seconds after the database's clock has jumped ahead."""
    return row.expires_at is not None and (row.expires_at > now or length_s(row) > jumped_s)


def standing(leases: Table, now: Any, jumped_s: Any) -> ColumnElement[bool]:
    """`stands`, in SQL."""
    known = case((leases.c.length_fence == leases.c.fence, leases.c.length_s))
    length = func.coalesce(known, UNWRITTEN_S)
    return and_(leases.c.expires_at.is_not(None), or_(leases.c.expires_at > now, length > jumped_s))


def latest_end(row: Any, now: datetime) -> datetime | None:
    """When the lease of `row` ends at the latest, where it says a later time; else None."""
    latest = now + timedelta(seconds=length_s(row))
    return latest if row.expires_at is not None and row.expires_at > latest else None


def cut(conn: Connection, leases: Table, now: datetime, only: Sequence[str] | None = None) -> int:
    """Cut leases that would last longer than they were granted for; how many. `only`: of these keys."""
    [key] = leases.primary_key.columns
    far = select(key, *columns(leases)).where(leases.c.expires_at > now).order_by(key)
    rows = conn.execute(far if only is None else far.where(key.in_(only))).all()
    count = 0
    for row in rows:
        if (end := latest_end(row, now)) is not None:
            same = and_(key == row[0], leases.c.fence == row.fence, leases.c.expires_at == row.expires_at)
            count += conn.execute(update(leases).where(same).values(expires_at=end)).rowcount
    db.note_corrected(conn, leases.name, count)
    return count
