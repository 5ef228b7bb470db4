"""Keyed digests of what was last applied and accepted of fields that an OLT does not show."""

import hashlib
import hmac
from collections.abc import Mapping

from sqlalchemy import Connection, delete, select

from worker.store import many
from worker.store.schema import applied_digest


def digest(key: bytes, olt: str, serial: str, field: str, value: str) -> str:
    """HMAC-SHA-256 of a value in its place: equal passwords of two customers have different digests."""
    return hmac.new(key, f"{olt}\x00{serial}\x00{field}\x00{value}".encode(), hashlib.sha256).hexdigest()


def find(conn: Connection, olt: str, serial: str) -> dict[str, str]:
    """Digests by field."""
    rows = conn.execute(
        select(applied_digest.c.field, applied_digest.c.digest).where(
            applied_digest.c.olt == olt, applied_digest.c.serial == serial
        )
    )
    return dict(rows.all())


def keep(conn: Connection, olt: str, serial: str, values: Mapping[str, str]) -> None:
    """Record what was applied and accepted."""
    if not values:
        return
    statement = many.upserting(conn, applied_digest)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["olt", "serial", "field"], set_={"digest": statement.excluded.digest}
        ),
        [{"olt": olt, "serial": serial, "field": field, "digest": value} for field, value in values.items()],
    )


def forget(conn: Connection, olt: str, serial: str) -> None:
    """The registration is gone, or made anew: what the ONU was given before says nothing."""
    conn.execute(delete(applied_digest).where(applied_digest.c.olt == olt, applied_digest.c.serial == serial))
