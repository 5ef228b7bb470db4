"""What a lease's holder does to the jobs of its OLT. Every write first makes sure that the lease still stands.

Rows are locked in one order everywhere: lease, order, job.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    or_,
    select,
    update,
)

from schemas.place import PonPort
from worker.store import db, lengths, many, turns
from worker.store.jobs import FIRST, JOBS, UNPLACED
from worker.store.leases import Lease, StaleLease, count, guard
from worker.store.schema import job, job_step, olt_lease, service_order

KINDS = ("provision", "deprovision", "scan", "save", "plan")
SAVE_PRIORITY = 0
SCAN_PRIORITY = 5
"""Of looks that are repeated; the first one for an order has the order's."""


@dataclass(frozen=True)
class Job:
    """One job as it was taken. `notes` is what earlier runs of it left for this one."""

    id: int
    kind: str
    olt: str
    created_at: datetime
    due_at: datetime
    """Since when this run was due."""
    order_id: str | None = None
    revision: int | None = None
    serial: str | None = None
    port: PonPort | None = None
    deadline_at: datetime | None = None
    open_attempt: bool = False
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[str, int]:
        """Order and revision. To be asked only of jobs that have them."""
        assert self.order_id is not None
        assert self.revision is not None
        return self.order_id, self.revision


def _job(row: Any) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        olt=row.olt,
        created_at=row.created_at,
        due_at=row.due_at,
        order_id=row.service_order_id,
        revision=row.revision,
        serial=row.serial,
        port=PonPort.model_validate(row.port) if row.port else None,
        deadline_at=row.deadline_at,
        open_attempt=row.open_attempt,
        notes=row.payload or {},
    )


# Statements that are run many times for each job are built once: that costs more than to run them.
_THIS: BindParameter[Any] = bindparam("this")
_NEXT = (
    select(job, turns.repeated_look().label("look"), turns.late_save().label("late_save"))
    .where(
        job.c.live,
        job.c.olt == bindparam("olt"),
        job.c.due_at <= bindparam("now"),
        job.c.kind.in_(bindparam("kinds", expanding=True)),
    )
    .order_by(*turns.order())
    .limit(1)
)
_BEGUN = (
    update(job)
    .where(job.c.id == _THIS, job.c.live)
    .values(
        state="running",
        platform=select(olt_lease.c.platform).where(olt_lease.c.olt == bindparam("here")).scalar_subquery(),
    )
)
_STANDING = (
    select(job.c.live, olt_lease.c.holder, *lengths.columns(olt_lease))
    .join(olt_lease, olt_lease.c.olt == job.c.olt)
    .where(job.c.id == _THIS)
)
_ORDER_LOCKED = select(service_order.c.id).where(service_order.c.id == _THIS).with_for_update()
_JOB_LOCKED = select(job.c.live).where(job.c.id == _THIS).with_for_update()


def take(conn: Connection, lease: Lease, now: datetime, kinds: Sequence[str] = KINDS) -> Job | None:
    """The due job of the OLT that has the next turn, marked as running; None where there is none.

    Raises StaleLease. A job that is marked as running already belongs to a holder that is gone.
    """
    passed = guard(conn, lease, now)
    asked = {"olt": lease.olt, "kinds": list(kinds), **turns.parameters(passed, now)}
    row = conn.execute(_NEXT, asked).one_or_none()
    if row is None:
        return None
    count(conn, lease, passed.after(look=row.look, late_save=row.late_save))
    if row.service_order_id is not None:
        lock_order(conn, row.service_order_id)
    changed = conn.execute(_BEGUN, {"this": row.id, "here": lease.olt, "updated_at": now})
    return _job(row) if changed.rowcount else None


def still_wanted(conn: Connection, lease: Lease, job_id: int, now: datetime) -> bool:
    """Whether the job goes on: asked after every command that changes something. Only reads. Raises StaleLease."""
    row = conn.execute(_STANDING, {"this": job_id}).one_or_none()
    if row is None or (row.fence, row.holder) != (lease.fence, lease.holder):
        raise StaleLease(lease.olt)
    if not lengths.stands(row, now, db.jumped_s(conn)):
        raise StaleLease(lease.olt)
    return bool(row.live)


def held_fast(conn: Connection, lease: Lease, running: Job, now: datetime) -> bool:
    """Lock lease, order and job for this transaction; whether the job is still live. Raises StaleLease."""
    guard(conn, lease, now)
    return is_live(conn, running)


def lock_order(conn: Connection, order_id: str) -> None:
    """Keep other transactions from this order until this one ends."""
    conn.execute(_ORDER_LOCKED, {"this": order_id})


def later(
    conn: Connection,
    running: Job,
    due_at: datetime,
    *,
    notes: Mapping[str, Any] | None = None,
    code: str | None = None,
    text: str | None = None,
    first: bool | None = None,
) -> None:
    """The job is due again at `due_at`. After `held_fast`.

    `first`: whether its next run is the first verification; as it was where that is None.
    """
    _due_again(conn, running, due_at, notes, first, last_code=code, last_text=text)


def look_again(
    conn: Connection, running: Job, due_at: datetime, notes: Mapping[str, Any], first_for: int | None
) -> None:
    """The scan is due again at `due_at`, for the first time for an order of the priority `first_for`, if there is one.

    After `held_fast`.
    """
    priority = SCAN_PRIORITY if first_for is None else first_for
    told = {"last_code": None, "last_text": None, "priority": priority}
    _due_again(conn, running, due_at, notes, first_for is not None, **told)


def _due_again(
    conn: Connection,
    running: Job,
    due_at: datetime,
    notes: Mapping[str, Any] | None,
    first: bool | None,
    **values: Any,
) -> None:
    values |= {"state": "due", "due_at": due_at, "updated_at": db.now(conn)}
    if notes is not None:
        values["payload"] = dict(notes)
    if first is not None:
        values["stage"] = FIRST if first else None
    conn.execute(update(job).where(job.c.id == running.id, job.c.live).values(values))


def end(conn: Connection, job_id: int, now: datetime, *, notes: Mapping[str, Any] | None = None) -> None:
    """The job is done."""
    values: dict[str, Any] = {"state": "done", "live": False, "open_attempt": False, "updated_at": now}
    if notes is not None:
        values["payload"] = dict(notes)
    conn.execute(update(job).where(job.c.id == job_id).values(values))


def note(conn: Connection, running: Job, notes: Mapping[str, Any], *, open_attempt: bool) -> None:
    """Keep what this run has found, for whoever goes on with the job. After `held_fast`."""
    conn.execute(
        update(job)
        .where(job.c.id == running.id)
        .values(payload=dict(notes), open_attempt=open_attempt, attempts=int(notes.get("attempts", 0)))
    )


def notes_of(conn: Connection, running: Job) -> Mapping[str, Any]:
    """What is kept of the job by now. After `held_fast`."""
    kept: Mapping[str, Any] | None = conn.execute(
        select(job.c.payload).where(job.c.id == running.id)
    ).scalar()
    return kept or {}


def close_attempt(conn: Connection, running: Job) -> None:
    """Everything that the attempt had to send was sent, and answered. After `held_fast`."""
    conn.execute(update(job).where(job.c.id == running.id).values(open_attempt=False))


def live_jobs(conn: Connection, order_id: str, kind: str) -> list[int]:
    """Ids of the order's live jobs of a kind."""
    found = select(job.c.id).where(job.c.live, job.c.service_order_id == order_id, job.c.kind == kind)
    return list(conn.execute(found).scalars())


def removals(conn: Connection, order_id: str, revision: int) -> list[Job]:
    """Every removal of this revision, ended ones included; dropped ones are not."""
    rows = conn.execute(
        select(job)
        .where(
            job.c.service_order_id == order_id,
            job.c.revision == revision,
            job.c.kind == "deprovision",
            job.c.state != "dropped",
        )
        .order_by(job.c.id)
    )
    return [_job(row) for row in rows]


# ------------------------------------------------------------------------------------------------- jobs of a whole OLT


def save_soon(conn: Connection, olt: str, now: datetime, debounce_s: float, latest_s: float) -> None:
    """Have the OLT's configuration saved `debounce_s` after the last change, `latest_s` after the first at most.

    One that is late is due, or waits after a failure: it stays so.
    """
    soon = now + timedelta(seconds=debounce_s)
    latest = now + timedelta(seconds=latest_s)
    due_at = case(
        (job.c.deadline_at <= now, job.c.due_at), (job.c.deadline_at < soon, job.c.deadline_at), else_=soon
    )
    postponed = conn.execute(
        update(job).where(_whole(olt, "save"), job.c.state == "due").values(due_at=due_at, updated_at=now)
    )
    if not postponed.rowcount:
        _insert_whole(conn, [_whole_row(olt, "save", soon, now, SAVE_PRIORITY, latest)])


def scan_now(conn: Connection, olts: Mapping[str, int], now: datetime) -> None:
    """Have these OLTs looked at now, for the first time for an order of this priority."""
    if not olts:
        return
    # A scan that is about to end is waited for: either it sees who waits, or its successor is made here.
    conn.execute(select(job.c.id).where(_scans(olts)).order_by(job.c.olt).with_for_update())
    for priority in sorted(set(olts.values())):
        wanted = [olt for olt, named in olts.items() if named == priority]
        urgent = and_(job.c.stage == FIRST, job.c.priority > priority)
        brought_forward = {
            "due_at": case((job.c.due_at > now, now), else_=job.c.due_at),
            "priority": case((urgent, job.c.priority), else_=priority),
            "stage": FIRST,
            "updated_at": now,
        }
        conn.execute(update(job).where(_scans(wanted)).values(brought_forward))
    rows = [_whole_row(olt, "scan", now, now, olts[olt], None) | {"stage": FIRST} for olt in sorted(olts)]
    _insert_whole(conn, rows)
    db.wake(conn, JOBS)


def _scans(olts: Collection[str]) -> ColumnElement[bool]:
    return and_(job.c.olt.in_(sorted(olts)), job.c.kind == "scan", job.c.live)


def _whole(olt: str, kind: str) -> ColumnElement[bool]:
    return and_(job.c.olt == olt, job.c.kind == kind, job.c.live, job.c.service_order_id.is_(None))


def _whole_row(
    olt: str, kind: str, due_at: datetime, now: datetime, priority: int, deadline_at: datetime | None
) -> dict[str, Any]:
    return {
        "kind": kind,
        "olt": olt,
        "state": "due",
        "live": True,
        "due_at": due_at,
        "deadline_at": deadline_at,
        "priority": priority,
        "payload": {},
        "created_at": now,
        "updated_at": now,
    }


def _insert_whole(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    conn.execute(many.upserting(conn, job).on_conflict_do_nothing(), rows)


def save_now(conn: Connection, olt: str, now: datetime) -> None:
    """Have what is unsaved saved at once, before anything else."""
    conn.execute(update(job).where(_whole(olt, "save")).values(due_at=now, deadline_at=now, updated_at=now))


def waiting_for(conn: Connection, olt: str, limit: int = 200) -> list[Job]:
    """Orders that are due on this OLT."""
    rows = conn.execute(
        select(job)
        .where(job.c.live, job.c.olt == olt, job.c.kind == "provision")
        .order_by(job.c.service_order_id)
        .limit(limit)
    )
    return [_job(row) for row in rows]


# ------------------------------------------------------------------------------------------------------- the timeline


@dataclass(frozen=True)
class Step:
    """One row of a timeline: `text` for people, `detail` redacted."""

    kind: str
    text: str | None = None
    detail: Mapping[str, Any] | None = None


def add_steps(conn: Connection, running: Job, steps: Iterable[Step], now: datetime) -> None:
    """Append to the timeline of the job and its order."""
    rows = [
        {
            "job_id": running.id,
            "service_order_id": running.order_id,
            "revision": running.revision,
            "at": now,
            "kind": step.kind,
            "text": step.text,
            "detail": dict(step.detail) if step.detail is not None else None,
        }
        for step in steps
    ]
    many.insert(conn, job_step, rows)


# ------------------------------------------------------------------------------------------------------- what is too late


def overdue(conn: Connection, now: datetime, light: timedelta, limit: int = 100) -> list[Job]:
    """Live jobs of orders whose time is up and that nobody works on: candidates for `is_overdue`.

    `light`: how long an order without a place waits to be seen.
    """
    late = _concerned(job.c.deadline_at <= now, _idle(now)).order_by(job.c.deadline_at)
    return _in_order(conn, late.limit(limit), _concerned(_unseen(now, light)).limit(limit))


def _in_order(conn: Connection, *found: Select[Any]) -> list[Job]:
    """Each of these jobs once, in the order in which rows are locked. Sorting here leaves the indexes to the conditions."""
    rows = {row.id: row for statement in found for row in conn.execute(statement)}
    return [_job(row) for row in sorted(rows.values(), key=lambda row: (row.service_order_id or "", row.id))]


def is_overdue(conn: Connection, candidate: Job, now: datetime, light: timedelta) -> bool:
    """Lock order and job for this transaction; whether it is still so."""
    if candidate.order_id is not None:
        lock_order(conn, candidate.order_id)
    found = conn.execute(
        select(job.c.id)
        .outerjoin(olt_lease, olt_lease.c.olt == job.c.olt)
        .where(
            job.c.id == candidate.id,
            job.c.live,
            or_(and_(job.c.deadline_at <= now, _idle(now)), _unseen(now, light)),
        )
        .with_for_update(of=job)
    ).scalar()
    return found is not None


def _concerned(*conditions: ColumnElement[bool]) -> Select[Any]:
    kinds = job.c.kind.in_(("provision", "deprovision", "plan"))
    joined = select(job).outerjoin(olt_lease, olt_lease.c.olt == job.c.olt)
    return joined.where(job.c.live, kinds, *conditions)


def _idle(now: datetime) -> ColumnElement[bool]:
    return or_(job.c.state == "due", olt_lease.c.holder.is_(None), olt_lease.c.expires_at <= now)


def _unseen(now: datetime, light: timedelta) -> ColumnElement[bool]:
    """A job without a place has been due since it was made."""
    return and_(job.c.olt == UNPLACED, job.c.due_at <= now - light)


def of_unknown_olts(conn: Connection, limit: int = 100) -> list[Job]:
    """Live jobs on OLTs that are in nobody's inventory."""
    joined = select(job).outerjoin(olt_lease, olt_lease.c.olt == job.c.olt)
    gone = joined.where(job.c.live, job.c.olt != UNPLACED, olt_lease.c.platform.is_(None))
    return _in_order(conn, gone.limit(limit))


def is_live(conn: Connection, candidate: Job) -> bool:
    """Lock order and job for this transaction; whether the job is live."""
    if candidate.order_id is not None:
        lock_order(conn, candidate.order_id)
    live = conn.execute(_JOB_LOCKED, {"this": candidate.id}).scalar()
    return bool(live)
