"""Dry runs as jobs: asked for by a person, answered by whoever has the OLT."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from worker.store import db
from worker.store.jobs import JOBS, UNPLACED
from worker.store.schema import job, service_order

PRIORITY = 10
FORGOTTEN = timedelta(minutes=10)


@dataclass(frozen=True)
class PlacedOrder:
    """An order and where its unit is to be."""

    id: str
    revision: int
    serial: str
    olt: str
    port: str
    notes: Mapping[str, Any]


def placed(conn: Connection, order_id: str) -> PlacedOrder | None:
    """The order's place: of its live job, else where it was last; None where it has none."""
    row = conn.execute(
        select(
            service_order.c.revision, service_order.c.serial, service_order.c.olt, service_order.c.port
        ).where(service_order.c.id == order_id)
    ).one_or_none()
    if row is None or row.serial is None:
        return None
    live = conn.execute(
        select(job.c.olt, job.c.port, job.c.payload).where(
            job.c.service_order_id == order_id, job.c.live, job.c.kind == "provision", job.c.olt != UNPLACED
        )
    ).one_or_none()
    olt, port = (live.olt, live.port) if live else (row.olt, row.port)
    if not olt or not port:
        return None
    return PlacedOrder(order_id, row.revision, row.serial, olt, port, (live.payload or {}) if live else {})


def ask(conn: Connection, order: PlacedOrder, now: datetime) -> int:
    """The job that answers: a new one, in place of one that nobody has answered."""
    conn.execute(
        update(job)
        .where(job.c.live, job.c.kind == "plan", job.c.service_order_id == order.id)
        .values(live=False, state="dropped", updated_at=now)
    )
    row = {
        "kind": "plan",
        "olt": order.olt,
        "port": order.port,
        "service_order_id": order.id,
        "revision": order.revision,
        "serial": order.serial,
        "state": "due",
        "live": True,
        "due_at": now,
        "deadline_at": now + FORGOTTEN,
        "priority": PRIORITY,
        "payload": dict(order.notes),
        "created_at": now,
        "updated_at": now,
    }
    db.wake(conn, JOBS)
    return int(conn.execute(insert(job).values(row).returning(job.c.id)).scalar_one())


def answer_of(conn: Connection, job_id: int) -> dict[str, Any] | None:
    """The answer, None while there is none."""
    found = select(job.c.payload).where(job.c.id == job_id, job.c.state == "done")
    return conn.execute(found).scalar()


def withdraw(conn: Connection, job_id: int) -> None:
    """Nobody waits for the answer any more."""
    conn.execute(update(job).where(job.c.id == job_id, job.c.live).values(live=False, state="dropped"))
