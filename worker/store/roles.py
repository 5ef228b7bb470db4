"""Leases of roles that only one worker has at a moment (publisher, sweeper), judged by the database's clock."""

from sqlalchemy import Connection, select, update

from worker.store import db, doubt, lengths, many
from worker.store.schema import role_lease


def take(conn: Connection, role: str, holder: str, lease_s: float) -> int | None:
    """Take or renew the lease of `role` for `lease_s` seconds: its fencing number, None while another holds it."""
    _ensure(conn, role)
    row = conn.execute(
        select(role_lease.c.holder, *lengths.columns(role_lease))
        .where(role_lease.c.role == role)
        .with_for_update()
    ).one()
    now = db.now(conn)
    doubt.ahead(conn)  # every worker asks for a role, and so learns what people say of the clock
    live = lengths.stands(row, now, db.jumped_s(conn))
    if live and row.holder != holder:
        lengths.cut(conn, role_lease, now, (role,))
        return None
    fence = int(row.fence) if live else int(row.fence) + 1
    conn.execute(
        update(role_lease)
        .where(role_lease.c.role == role)
        .values(holder=holder, fence=fence, **lengths.written(lease_s, fence, now))
    )
    return fence


def release(conn: Connection, role: str, holder: str) -> None:
    """Give the lease up, if `holder` has it: another takes it at once."""
    conn.execute(
        update(role_lease)
        .where(role_lease.c.role == role, role_lease.c.holder == holder)
        .values(holder=None, expires_at=None)
    )


def end_all(conn: Connection) -> int:
    """End the leases of all roles: no worker lives; how many were held."""
    ended = conn.execute(
        update(role_lease)
        .where(role_lease.c.holder.is_not(None))
        .values(holder=None, expires_at=None, fence=role_lease.c.fence + 1)
    )
    return ended.rowcount


def _ensure(conn: Connection, role: str) -> None:
    conn.execute(many.upserting(conn, role_lease).values(role=role).on_conflict_do_nothing())
