"""The outbox: records to be published, written in the transaction that made them true."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, select, update

from worker.clock import boottime
from worker.store import db, many
from worker.store.schema import outbox

RECORD_BYTES_MAX = 900_000
"""Largest record, key and headers included: below the broker's default of 1 MiB, with room for its framing."""


WINDOW_BYTES_MAX = 16_000_000
"""Most bytes of values that one `pending` brings into memory, one record aside."""


WAKE = "outbox"
"""The channel that is woken when a record was written."""


class RecordTooLarge(ValueError):
    """A record over `RECORD_BYTES_MAX`: nothing was written."""


@dataclass(frozen=True)
class Record:
    """One record to be published. `id` is its row, 0 before it has one.

    `written_at`: what this worker's `boottime` was when the row was written, by the database's clock.
    """

    topic: str
    key: str
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    id: int = 0
    written_at: float = 0.0

    @property
    def size(self) -> int:
        """Bytes of key, value and headers."""
        headers = sum(len(name.encode()) + len(value.encode()) for name, value in self.headers.items())
        return len(self.key.encode()) + len(self.value) + headers


def put(conn: Connection, topic: str, key: str, value: bytes, headers: Mapping[str, str]) -> None:
    """Write one record; it is published after the commit, in order with others of its key. Raises RecordTooLarge."""
    put_all(conn, [Record(topic, key, value, headers)])


def put_all(conn: Connection, records: Iterable[Record], at: datetime | None = None) -> None:
    """Write many at once, in their order. `at` saves asking the database for its clock. Raises RecordTooLarge."""
    rows = list(records)
    for row in rows:
        if row.size > RECORD_BYTES_MAX:
            raise RecordTooLarge(f"a record of {row.size} bytes for {row.topic}: at most {RECORD_BYTES_MAX}")
    if not rows:
        return
    created_at = at or db.now(conn)
    db.wake(conn, WAKE)
    many.insert(
        conn,
        outbox,
        [
            {
                "topic": row.topic,
                "key": row.key,
                "value": row.value,
                "headers": dict(row.headers),
                "created_at": created_at,
            }
            for row in rows
        ],
    )


def pending(
    conn: Connection, limit: int, *, without: Sequence[int] = (), keys_held: Sequence[str] = ()
) -> list[Record]:
    """The oldest unpublished rows, at most `limit` and 16 MB, without those in flight and those of keys held back.

    Never by `id > last`: ids do not follow commit order.
    """
    given = {"most": limit, "without": many.argument(conn, without), "held": many.argument(conn, keys_held)}
    rows = conn.execute(_oldest(conn.dialect.name), given).all()
    if not rows:
        return []
    at, read_at = db.now(conn), boottime()
    return [
        Record(
            row.topic,
            row.key,
            row.value,
            row.headers or {},
            row.id,
            read_at - (at - row.created_at).total_seconds(),
        )
        for row in rows
    ]


@cache
def _oldest(dialect: str) -> Select[Any]:
    """Built once: that costs more than to run it, and the publisher runs it for every record while there are few."""
    without = many.rows_of(dialect, outbox.c.id, lambda kind: bindparam("without", type_=kind))
    held = many.rows_of(dialect, outbox.c.key, lambda kind: bindparam("held", type_=kind))
    oldest = (
        select(outbox.c.id, func.length(outbox.c.value).label("size"))
        .where(outbox.c.refused.is_(None), outbox.c.id.not_in(without), outbox.c.key.not_in(held))
        .order_by(outbox.c.id)
        .limit(bindparam("most"))
        .subquery()
    )
    before = (func.sum(oldest.c.size).over(order_by=oldest.c.id) - oldest.c.size).label("before")
    sized = select(oldest.c.id, before).subquery()
    return (
        select(
            outbox.c.id, outbox.c.topic, outbox.c.key, outbox.c.value, outbox.c.headers, outbox.c.created_at
        )
        .join(sized, sized.c.id == outbox.c.id)
        .where(sized.c.before < WINDOW_BYTES_MAX)
        .order_by(outbox.c.id)
    )


def published(conn: Connection, ids: Sequence[int]) -> None:
    """Delete rows that the broker has acknowledged."""
    conn.execute(delete(outbox).where(many.among(conn, outbox.c.id, ids)))


def set_aside(conn: Connection, row_id: int, why: str) -> None:
    """Keep a row that the broker refuses for good out of the queue, with the reason."""
    conn.execute(update(outbox).where(outbox.c.id == row_id).values(refused=why))


@dataclass(frozen=True)
class Backlog:
    """Rows that wait, rows set aside, and the age of the oldest that waits, seconds."""

    waiting: int = 0
    refused: int = 0
    oldest_s: float = 0.0


_WAITING = select(func.count()).where(outbox.c.refused.is_(None))
_REFUSED = select(func.count()).where(outbox.c.refused.is_not(None))
_OLDEST = select(outbox.c.created_at).where(outbox.c.refused.is_(None)).order_by(outbox.c.id).limit(1)


def backlog(conn: Connection) -> Backlog:
    """How far publishing is behind."""
    oldest = conn.execute(_OLDEST).scalar()
    return Backlog(
        conn.execute(_WAITING).scalar_one(),
        conn.execute(_REFUSED).scalar_one(),
        max(0.0, (db.now(conn) - oldest).total_seconds()) if oldest else 0.0,
    )
