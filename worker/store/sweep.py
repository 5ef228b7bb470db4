"""What follows from time alone: verdicts and waits that run out, missed pairs, and data that are no longer needed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, literal_column, or_, select

from worker.correlate import World
from worker.facts import OrderState
from worker.store import doubt, logins, many, rejected, search, secrets, world
from worker.store.apply import Facts, lock
from worker.store.db import context, note_corrected, now
from worker.store.privacy import forget
from worker.store.schema import inbox, job_step, service_order
from worker.store.settle import News, Settled, settle

ORDERS_MAX = 500
ROWS_MAX = 5000
NOTHING = (0, 0, 0, 0)
SLACK = timedelta(seconds=5)


@dataclass(frozen=True)
class Swept:
    """What one sweep did: orders looked at, final results among them, and how many had what erased."""

    orders: int = 0
    finished: int = 0
    secrets: int = 0
    inbox: int = 0
    personal: int = 0
    rejected: int = 0

    @property
    def full(self) -> bool:
        """Whether there may be more to do at once."""
        return (
            self.orders >= ORDERS_MAX
            or self.inbox >= ROWS_MAX
            or self.personal >= ORDERS_MAX
            or self.rejected >= ROWS_MAX
        )


def sweep(conn: Connection) -> Swept:
    """Correlate due and waiting orders again, at most 500; erase what has had its time."""
    shown = take_up_shown(conn)
    at = now(conn)
    looked, finished = _due(conn, at)
    return Swept(
        looked + shown.orders,
        finished + shown.finished,
        *(NOTHING if doubt.ahead(conn) else _erase(conn, at)),
    )


def _erase(conn: Connection, at: datetime) -> tuple[int, int, int, int]:
    """Erase what has had its time; where a time lies further ahead than twice what is kept, the clock was set back."""
    rules = context(conn).rules
    _forget_steps(conn, at, at - rules.personal_keep)
    logins.forget_unused(conn, at)
    return (
        secrets.erase_due(conn, at, at + 2 * rules.secret_keep),
        _forget_events(conn, at, at - rules.inbox_keep),
        forget_people(conn, at, at - rules.personal_keep),
        rejected.forget_gone(conn, at) + rejected.forget_orders(conn, at - rules.personal_keep),
    )


def take_up_shown(conn: Connection) -> Settled:
    """Correlate the orders that named a serial which OLTs show, although it looks like a MAC address, at most 500."""
    lock(conn)
    at = now(conn)
    serials = set(search.shown(conn, ORDERS_MAX))
    if not serials:
        return Settled()
    reader, affected = world.gather(conn, serials, set(), set())
    before = reader.orders()
    facts = Facts(dict(reader.units), before)
    facts.show(serials)
    known = World(facts.units, before, reader.registered, frozenset(affected))
    return settle(conn, before, known, News(facts.changed, reader.units), at)


def _due(conn: Connection, at: datetime) -> tuple[int, int]:
    first = select(service_order.c.id).order_by(service_order.c.due_at).limit(ORDERS_MAX)
    far = set(
        conn.execute(
            first.where(service_order.c.due_at > at + context(conn).rules.look_again + SLACK)
        ).scalars()
    )
    note_corrected(conn, service_order.name, len(far))
    due = far | set(conn.execute(first.where(service_order.c.due_at <= at)).scalars())
    if not due:
        return 0, 0
    reader, affected = world.gather(conn, set(), set(), due)
    before = reader.orders()
    known = World(reader.units, before, reader.registered, frozenset(affected))
    return len(due), settle(conn, before, known, News(), at).finished


def _past(
    time: ColumnElement[datetime], at: datetime, until: datetime
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Whether something has been kept since before `until`, and whether since so far ahead of now that it cannot be."""
    return time < until, time > at + (at - until)


def _forget_events(conn: Connection, at: datetime, until: datetime) -> int:
    # By where the rows lie: to find them by their key PostgreSQL would read the whole table.
    on_postgresql = conn.dialect.name == "postgresql"
    place: ColumnElement[Any] = literal_column("ctid" if on_postgresql else "rowid")
    old = select(place).select_from(inbox).where(or_(*_past(inbox.c.arrived_at, at, until)))
    found = old.limit(ROWS_MAX).scalar_subquery()
    among = place == func.any(func.array(found)) if on_postgresql else place.in_(found)
    return int(conn.execute(delete(inbox).where(among)).rowcount)


def forget_people(conn: Connection, at: datetime, until: datetime) -> int:
    """Erase the personal data of orders that ended before `until`, at most 500; of how many."""
    ended = (
        select(service_order.c.id)
        .where(
            service_order.c.erased_at.is_(None),
            service_order.c.state.not_in([state.value for state in OrderState if state.live]),
        )
        .limit(ORDERS_MAX)
    )
    # One after the other: with either condition in one statement SQLite looks at every order that is not erased.
    long_ago, ahead = (ended.where(one) for one in _past(service_order.c.finished_at, at, until))
    # Only a cancellation is known of these, and it may say why.
    unknown = (
        select(service_order.c.id)
        .where(
            service_order.c.state == OrderState.UNKNOWN.value,
            or_(*_past(service_order.c.updated_at, at, until)),
            service_order.c.erased_at.is_(None),
        )
        .limit(ORDERS_MAX)
    )
    rows = [one for found in (long_ago, ahead, unknown) for one in conn.execute(found).scalars()]
    if rows:
        forget(conn, rows, at, long_ago=True)
    return len(rows)


def _forget_steps(conn: Connection, at: datetime, until: datetime) -> None:
    """Erase what was said to OLTs for no order in particular: looks for light, savings."""
    oldest = select(job_step.c.id, job_step.c.at).where(job_step.c.service_order_id.is_(None))
    rows = conn.execute(oldest.order_by(job_step.c.id).limit(ORDERS_MAX)).all()
    if old := [row.id for row in rows if row.at < until or row.at > at + (at - until)]:
        conn.execute(delete(job_step).where(many.among(conn, job_step.c.id, old)))
