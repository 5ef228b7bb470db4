"""OLTs that cannot be worked on now, and the orders that wait for them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from worker.facts import OrderState
from worker.store.jobs import UNPLACED
from worker.store.schema import job, olt_lease, service_order

HELD = "olt_held"
AWAY = frozenset(
    {HELD, "olt_busy", "olt_unreachable", "olt_login_refused", "olt_host_key_changed", "unknown_reply", "internal_error"}
)  # fmt: skip
"""Codes by which an order is told that it waits for its OLT."""
TOLD_AT_ONCE = 200
"""Most orders that are told in one transaction."""


@dataclass(frozen=True)
class Waiting:
    """An order whose job waits, and where: on `olt`, or where its unit may appear (`named` OLT, else `site`, else anywhere)."""

    job_id: int
    order_id: str
    revision: int
    olt: str
    named: str | None
    site: str | None


def away(conn: Connection, now: datetime) -> dict[str, str]:
    """The OLTs that are held, or let nobody in for now, or whose last scan could not work there: the code of each."""
    scans = select(job.c.olt, job.c.last_code).where(
        job.c.live, job.c.kind == "scan", job.c.service_order_id.is_(None), job.c.last_code.in_(AWAY)
    )
    found: dict[str, str] = {row.olt: row.last_code for row in conn.execute(scans)}
    shut = and_(
        olt_lease.c.breaker_code.in_(AWAY),
        or_(
            olt_lease.c.breaker_until > now,
            and_(olt_lease.c.breaker == "open", olt_lease.c.breaker_until.is_(None)),
        ),
    )
    leased = select(olt_lease.c.olt, olt_lease.c.held, olt_lease.c.breaker_code).where(
        olt_lease.c.platform.is_not(None), or_(olt_lease.c.held, shut)
    )
    for row in conn.execute(leased):
        found[row.olt] = HELD if row.held else row.breaker_code
    return found


def placed(conn: Connection, olts: Collection[str], code: str | None) -> list[Waiting]:
    """Orders that wait on these OLTs and are not told this code; with None, those that are told any of `AWAY`."""
    told = service_order.c.last_code
    news = told.in_(AWAY) if code is None else or_(told.is_(None), told != code)
    return _waiting(conn, job.c.olt.in_(list(olts)), news)


def unplaced(
    conn: Connection, olts: Collection[str], sites: Collection[str], *, anywhere: bool, told: bool
) -> list[Waiting]:
    """Orders without a place whose unit may appear on these OLTs or at these sites, or with `anywhere` on any OLT.

    `told`: those that are told any of `AWAY`, else those that are not.
    """
    named, site = job.c.payload["olt"].as_string(), job.c.payload["site"].as_string()
    where = or_(
        named.in_(list(olts)),
        named.is_(None) & site.in_(list(sites)),
        named.is_(None) & site.is_(None) if anywhere else named.in_([]),
    )
    code = service_order.c.last_code
    news = code.in_(AWAY) if told else or_(code.is_(None), code.not_in(AWAY))
    return _waiting(conn, (job.c.olt == UNPLACED) & where, news)


def _waiting(conn: Connection, where: ColumnElement[bool], news: ColumnElement[bool]) -> list[Waiting]:
    rows = conn.execute(
        select(job.c.id, job.c.service_order_id, job.c.revision, job.c.olt, job.c.payload)
        .join(service_order, service_order.c.id == job.c.service_order_id)
        .where(
            job.c.live,
            job.c.kind == "provision",
            job.c.state == "due",
            service_order.c.state == OrderState.WORKING.value,
            where,
            news,
        )
        .order_by(job.c.service_order_id)
        .limit(TOLD_AT_ONCE)
    )
    return [_row(row) for row in rows]


def _row(row: Any) -> Waiting:
    notes = row.payload or {}
    return Waiting(row.id, row.service_order_id, row.revision, row.olt, notes.get("olt"), notes.get("site"))


def note(conn: Connection, waiting: Waiting, code: str | None, text: str | None) -> bool:
    """Write at the job why it waits; False where it no longer waits there. The order is locked."""
    noted = conn.execute(
        update(job)
        .where(job.c.id == waiting.job_id, job.c.live, job.c.state == "due", job.c.olt == waiting.olt)
        .values(last_code=code, last_text=text)
    )
    return bool(noted.rowcount)


def was_in_the_way(conn: Connection, job_id: int) -> bool:
    """Whether this scan could not work on its OLT when it ran last."""
    return conn.execute(select(job.c.last_code).where(job.c.id == job_id)).scalar() in AWAY
