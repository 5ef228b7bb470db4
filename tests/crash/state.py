"""What the database says, read beside the workers: which orders are live, and which attempts are open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from worker.facts import OrderState
from worker.store.schema import job, job_step, olt_lease, outbox, service_order

LIVE = [state for state in OrderState if state.live]
STARTED = ("attempt_started", "removal_started")


@dataclass(frozen=True)
class OpenAttempt:
    """An attempt of which no end is recorded. `at`: seconds since the epoch, before its first byte."""

    olt: str
    worker: str
    at: float
    lines: tuple[str, ...]
    """What it has to send, passwords masked."""


def live_orders(conn: Connection) -> set[tuple[str, int]]:
    """Orders of which a final is still to come, with their revision."""
    rows = conn.execute(
        select(service_order.c.id, service_order.c.revision).where(service_order.c.state.in_(LIVE))
    )
    return {(row.id, row.revision) for row in rows}


def open_attempts(conn: Connection) -> list[OpenAttempt]:
    """By the step that began each, and the holder of the OLT's lease."""
    latest = (
        select(job_step.c.job_id, func.max(job_step.c.id).label("id"))
        .where(job_step.c.kind.in_(STARTED))
        .group_by(job_step.c.job_id)
        .subquery()
    )
    rows = conn.execute(
        select(job.c.olt, olt_lease.c.holder, job_step.c.at, job_step.c.detail)
        .join(latest, latest.c.job_id == job.c.id)
        .join(job_step, job_step.c.id == latest.c.id)
        .join(olt_lease, olt_lease.c.olt == job.c.olt)
        .where(job.c.live, job.c.open_attempt, olt_lease.c.holder.is_not(None))
    )
    return [
        OpenAttempt(
            row.olt,
            row.holder.rsplit("-", 1)[0],
            row.at.timestamp(),
            tuple(planned["line"] for planned in row.detail["plan"]),
        )
        for row in rows
    ]


def at_rest(conn: Connection) -> bool:
    """Whether nothing is left to be done or published."""
    work = conn.execute(select(func.count()).select_from(job).where(job.c.live)).scalar_one()
    return not work and not conn.execute(select(func.count()).select_from(outbox)).scalar_one()


def told_of(conn: Connection, orders: Sequence[str]) -> str:
    """All that is known of some orders, and the work in hand, for a run that waits in vain."""
    tables = {
        "orders": select(service_order).where(service_order.c.id.in_(orders)),
        "jobs": select(job).where(job.c.service_order_id.in_(orders) | job.c.live).order_by(job.c.id),
        "steps": select(job_step).where(job_step.c.service_order_id.in_(orders)).order_by(job_step.c.id),
        "leases": select(olt_lease),
        "outbox": select(outbox.c.id, outbox.c.topic, outbox.c.key, outbox.c.refused),
    }
    told = {name: [dict(row._mapping) for row in conn.execute(wanted)] for name, wanted in tables.items()}
    return json.dumps(told, default=str, indent=1)
