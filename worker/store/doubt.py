"""A clock that jumped far ahead: nothing ends because of it until it is back, a person accepts it, or the worker starts anew."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select

from worker.facts import Rules
from worker.store import db
from worker.store.schema import action

ACCEPT = "clock accept"
_TARGET = "clock"
"""Of what people did, the few rows that may be about the clock are found by their target."""
NONE = timedelta()


def ahead(conn: Connection) -> timedelta:
    """How far the database's clock shows more than this worker believes; zero while it believes it."""
    clock = db.context(conn).clock
    if clock.in_doubt and _accepted(conn, clock.doubted_from):
        clock.accept()
    return clock.in_doubt


def _accepted(conn: Connection, since: datetime) -> bool:
    said = select(func.max(action.c.at)).where(action.c.target == _TARGET, action.c.what == ACCEPT)
    latest = conn.execute(said).scalar()
    return latest is not None and latest >= since


def rules(conn: Connection) -> Rules:
    """The rules of this transaction: without an end to any wait while the clock is in doubt."""
    known, by = db.context(conn).rules, ahead(conn)
    return known.patient(by) if by else known


def accept(conn: Connection, who: str, why: str) -> datetime:
    """Say that the clock is right as it is; what it shows. Workers learn of it within seconds."""
    at = db.now(conn)
    conn.execute(insert(action).values(at=at, who=who, what=ACCEPT, target=_TARGET, why=why))
    return at
