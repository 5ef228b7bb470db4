"""Jobs that ended long ago leave: the table that every worker asks for its next job does not grow with the years."""

from datetime import datetime

from sqlalchemy import Connection, delete, or_, select, update

from worker.facts import OrderState
from worker.store import doubt, many
from worker.store.db import context, now
from worker.store.schema import job, service_order

JOBS_MAX = 500


def drop_jobs(conn: Connection) -> int:
    """Delete jobs that ended long ago, at most 500; as many as that: there may be more at once.

    Those of an order leave a while after its last final result, those of a whole OLT as long after their end. Timelines and own
    registrations stay. None leaves while the clock is in doubt.
    """
    if doubt.ahead(conn):
        return 0
    at = now(conn)
    until = at - context(conn).rules.jobs_keep
    orders, gone = _of_orders(conn, at, until)
    gone += _of_olts(conn, until, JOBS_MAX - gone)
    return max(orders, gone)


def _of_orders(conn: Connection, at: datetime, until: datetime) -> tuple[int, int]:
    """How many orders were looked at, and how many jobs deleted.

    An order is marked once it has none left, so that it is not looked at again before it has another final result.
    """
    kept = or_(
        service_order.c.jobs_left_at.is_(None), service_order.c.jobs_left_at < service_order.c.finished_at
    )
    theirs = select(job.c.id).where(job.c.service_order_id == service_order.c.id)
    ripe = select(service_order.c.id).where(
        service_order.c.finished_at < until,
        kept,
        service_order.c.state.not_in([state.value for state in OrderState if state.live]),
        ~theirs.where(job.c.live).exists(),
    )
    oldest = ripe.order_by(service_order.c.finished_at).limit(JOBS_MAX)
    orders = list(conn.execute(oldest.with_for_update(skip_locked=True)).scalars())
    if not orders:
        return 0, 0
    ended = select(job.c.id).where(many.among(conn, job.c.service_order_id, orders), ~job.c.live)
    ids = list(conn.execute(ended.limit(JOBS_MAX)).scalars())
    conn.execute(delete(job).where(many.among(conn, job.c.id, ids)))
    done = update(service_order).where(many.among(conn, service_order.c.id, orders), ~theirs.exists())
    conn.execute(done.values(jobs_left_at=at))
    return len(orders), len(ids)


def _of_olts(conn: Connection, until: datetime, limit: int) -> int:
    ended = select(job.c.id).where(~job.c.live, job.c.service_order_id.is_(None), job.c.updated_at < until)
    ids = list(conn.execute(ended.order_by(job.c.updated_at).limit(limit)).scalars())
    conn.execute(delete(job).where(many.among(conn, job.c.id, ids)))
    return len(ids)
