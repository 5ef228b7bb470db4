"""Jobs that have no place yet: who looks for whom, and the first sighting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select, update

from schemas.place import PonPort
from worker.store import db
from worker.store.jobs import JOBS, LOOK, UNPLACED
from worker.store.schema import job
from worker.store.work import SCAN_PRIORITY, lock_order

_SEARCHED = "searched"
"""`job.stage` of an unplaced job for which scans have been asked for."""
_SHOWN = "shown"
"""`job.stage` of one that only looks, once an OLT has shown its serial."""


@dataclass(frozen=True)
class Search:
    """An order that waits to be seen. `olt` and `site` narrow where it may be."""

    job_id: int
    order_id: str
    revision: int
    serial: str
    created_at: datetime
    olt: str | None = None
    site: str | None = None
    undecided: bool = False
    """Whether the OLT is only to show that there is such a serial."""
    priority: int = SCAN_PRIORITY


def _search(row: Any) -> Search:
    notes = row.payload or {}
    return Search(
        row.id,
        row.service_order_id,
        row.revision,
        row.serial,
        row.created_at,
        notes.get("olt"),
        notes.get("site"),
        row.kind == LOOK,
        row.priority,
    )


def new(conn: Connection, limit: int = 500) -> list[Search]:
    """Orders for which no scan has been asked yet."""
    rows = conn.execute(
        select(job)
        .where(job.c.live, job.c.olt == UNPLACED, job.c.stage.is_(None))
        .order_by(job.c.id)
        .limit(limit)
    )
    return [_search(row) for row in rows]


def begun(conn: Connection, job_ids: Sequence[int]) -> None:
    """Scans have been asked for."""
    conn.execute(update(job).where(job.c.id.in_(job_ids)).values(stage=_SEARCHED))


def begin_all_anew(conn: Connection) -> None:
    """Ask for every waiting order's scans again: the OLTs are no longer the same."""
    conn.execute(update(job).where(job.c.live, job.c.olt == UNPLACED).values(stage=None))


def waiting(conn: Connection, olt: str, site: str) -> list[Search]:
    """Orders whose unit may appear on this OLT, in the order in which they began to wait."""
    named, where = job.c.payload["olt"].as_string(), job.c.payload["site"].as_string()
    rows = conn.execute(
        select(job)
        .where(
            job.c.live,
            job.c.olt == UNPLACED,
            or_(named == olt, named.is_(None) & or_(where.is_(None), where == site)),
        )
        .order_by(job.c.id)
    )
    return [_search(row) for row in rows]


@dataclass(frozen=True)
class Placed:
    """Where a job is by now. `opened`: it has opened an attempt there."""

    olt: str
    port: PonPort | None
    opened: bool


def where_now(conn: Connection, search: Search) -> Placed | None:
    """Lock order and job for this transaction; where the job is by now, None where it is no longer live."""
    lock_order(conn, search.order_id)
    row = conn.execute(
        select(job.c.olt, job.c.port, job.c.payload)
        .where(job.c.id == search.job_id, job.c.live)
        .with_for_update()
    ).one_or_none()
    if row is None:
        return None
    port = PonPort.model_validate(row.port) if row.port else None
    return Placed(row.olt, port, opened=bool((row.payload or {}).get("attempts")))


def place(conn: Connection, search: Search, olt: str, port: PonPort, notes: Mapping[str, Any]) -> None:
    """Give the job its place; it is due at once. After `where_now`."""
    now = db.now(conn)
    conn.execute(
        update(job)
        .where(job.c.id == search.job_id)
        .values(olt=olt, port=str(port), payload=dict(notes), stage=None, due_at=now, updated_at=now)
    )
    db.wake(conn, JOBS)


def show(conn: Connection, search: Search) -> None:
    """Note that an OLT shows the serial that the order may have named: correlation decides then. After `where_now`."""
    conn.execute(
        update(job)
        .where(job.c.id == search.job_id, job.c.kind == LOOK)
        .values(stage=_SHOWN, updated_at=db.now(conn))
    )


def shown(conn: Connection, limit: int = 500) -> list[str]:
    """Serials that orders may have named and that OLTs show."""
    return list(
        conn.execute(
            select(job.c.serial)
            .where(job.c.live, job.c.olt == UNPLACED, job.c.kind == LOOK, job.c.stage == _SHOWN)
            .order_by(job.c.id)
            .limit(limit)
        ).scalars()
    )


def add_former(conn: Connection, search: Search, olt: str, port: PonPort) -> None:
    """Remember a registration of the serial, seen offline: it is cleared once the unit is verified elsewhere."""
    row = conn.execute(
        select(job.c.payload).where(job.c.id == search.job_id, job.c.live).with_for_update()
    ).one_or_none()
    if row is None:
        return
    notes = dict(row.payload or {})
    former = [list(place) for place in notes.get("former", [])]
    if [olt, str(port)] not in former:
        notes["former"] = [*former, [olt, str(port)]]
        conn.execute(update(job).where(job.c.id == search.job_id).values(payload=notes))


def former(conn: Connection, search: Search) -> tuple[tuple[str, str], ...]:
    """OLT and port of the registrations that `add_former` has kept."""
    notes = conn.execute(select(job.c.payload).where(job.c.id == search.job_id)).scalar() or {}
    return tuple((olt, port) for olt, port in notes.get("former", ()))
