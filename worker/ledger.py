"""The transactions of provisioning: what a run may write, each in one function of a connection.

Locks are taken in one order: lease, order, job. Each makes sure first that the lease still stands (`StaleLease`) and that the
job is still wanted; what a superseded run found out is kept in the timeline and nowhere else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from events.outputs import Left, Where
from events.reasons import reason
from events.stages import Stage
from schemas.place import PonPort
from vendors.errors import OltUnreachable, ProvisioningError
from worker import waits
from worker.breaker import REFUSED, Breaker, BreakerPolicy, after_failure
from worker.facts import Order, OrderState
from worker.notes import Notes
from worker.outcome import (
    Answered,
    Completed,
    Ended,
    Failed,
    Later,
    Outcome,
    Recorded,
    Removed,
    Superseded,
)
from worker.policy import Standing
from worker.store import Connection, db, digests, doubt, leases, logins, orders, room, work
from worker.store.errors import StoreError, translated
from worker.store.leases import Lease
from worker.store.orders import Brief
from worker.store.privacy import named_in
from worker.store.standing import standing
from worker.store.url import unquoted
from worker.store.work import Job, Step

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class SaveRule:
    """When the configuration is saved after a change, seconds."""

    debounce_s: float = 60.0
    latest_s: float = 600.0


@dataclass(frozen=True)
class Taken:
    """A job in hand, with all that its run needs to know. `now` is the database's clock when it was taken."""

    job: Job
    now: datetime
    brief: Brief | None = None
    order: Order | None = None
    standings: Mapping[str, Standing] = field(default_factory=dict)
    """By serial."""
    digests: Mapping[str, str] = field(default_factory=dict)
    fault: bool = False
    """A bug of ours kept what its run needs from being read."""
    in_doubt: bool = False
    """Whether the clock is: then no wait ends."""

    @property
    def trace(self) -> str | None:
        """The trace of the order's latest request, as traceparent."""
        order = self.brief.order if self.brief else self.order
        return order.traceparent if order else None

    @property
    def stock_traces(self) -> tuple[str, ...]:
        """The traces of the stock events that brought the unit and lent it."""
        return self.brief.unit.traces if self.brief else ()

    @property
    def people(self) -> tuple[str, ...]:
        """What the order's request says of its customer: to be masked wherever a device is quoted."""
        order = self.brief.order if self.brief else self.order
        return named_in(order.request) if order and order.request else ()

    @property
    def void(self) -> bool:
        """Whether there is nothing to do any more."""
        if self.fault:
            return False
        if self.job.kind == "provision":
            return self.brief is None
        return self.job.kind == "deprovision" and self.order is None


def take(conn: Connection, lease: Lease, kinds: Sequence[str] = work.KINDS) -> Taken | None:
    """The next due job of the OLT, None where there is none. Raises StaleLease."""
    return _take(conn, lease, kinds, db.now(conn))


def _take(conn: Connection, lease: Lease, kinds: Sequence[str], now: datetime) -> Taken | None:
    job = work.take(conn, lease, now, kinds)
    if job is None:
        return None
    try:
        with translated(unquoted(conn.engine.url)):
            return _briefed(conn, job, now)
    except StoreError:
        raise
    except Exception:
        log.exception("job_not_read", olt=job.olt, job=job.id, kind=job.kind, order=job.order_id)
        return Taken(job, now, fault=True)


def _briefed(conn: Connection, job: Job, now: datetime) -> Taken:
    if job.kind == "provision":
        return replace(_take_provision(conn, job, now), in_doubt=bool(doubt.ahead(conn)))
    if job.kind == "deprovision":
        return _take_removal(conn, job, now)
    return _take_view(conn, job, now) if job.kind == "plan" else Taken(job, now)


def _take_view(conn: Connection, job: Job, now: datetime) -> Taken:
    assert job.serial is not None
    brief = orders.brief(conn, *job.order)
    right = standing(conn, job.order[0], job.olt, job.serial, lit=Notes.of(job.notes).lit)
    return Taken(job, now, brief, None, {job.serial: right}, digests.find(conn, job.olt, job.serial))


def _take_provision(conn: Connection, job: Job, now: datetime) -> Taken:
    brief = orders.brief(conn, *job.order)
    if brief is None or job.serial is None or job.port is None:
        work.end(conn, job.id, now)
        return Taken(job, now)
    if (brief.order.place_olt, brief.order.place_port) != (job.olt, job.port):
        orders.set_place(conn, *job.order, job.olt, job.port)
    if brief.order.stage in {None, Stage.QUEUED}:
        orders.set_stage(conn, *job.order, Stage.DISCOVERING)
    right = standing(conn, job.order[0], job.olt, job.serial, lit=Notes.of(job.notes).lit)
    return Taken(job, now, brief, brief.order, {job.serial: right}, digests.find(conn, job.olt, job.serial))


def _take_removal(conn: Connection, job: Job, now: datetime) -> Taken:
    order = orders.find(conn, job.order[0])
    if order is None:
        work.end(conn, job.id, now)
        return Taken(job, now)
    rights = {serial: standing(conn, order.id, job.olt, serial, lit=True) for serial, _ in registrations(job)}
    return Taken(job, now, None, order, rights)


def registrations(job: Job) -> list[tuple[str, PonPort]]:
    """Serial and port of what a removal is about."""
    return [(serial, PonPort.model_validate(port)) for serial, port in job.notes.get("registrations", ())]


def goes_on(conn: Connection, lease: Lease, job_id: int) -> bool:
    """Whether the job is still wanted. Only reads. Raises StaleLease."""
    return work.still_wanted(conn, lease, job_id, db.now(conn))


@dataclass(frozen=True)
class Attempt:
    """What is about to be sent, and what it makes the order's own."""

    notes: Notes
    stage: Stage
    steps: tuple[Step, ...]
    adds: PonPort | None = None
    """Where the plan registers the unit, if the observation had nothing there."""


def open_attempt(conn: Connection, lease: Lease, job: Job, attempt: Attempt, save: SaveRule) -> bool:
    """Record, before its first byte, that an attempt begins; False where the job is no longer wanted."""
    now = db.now(conn)
    if not work.held_fast(conn, lease, job, now) or not orders.open_attempt(conn, *job.order):
        return False
    if attempt.adds is not None:
        assert job.serial is not None
        orders.own(conn, job.order[0], job.olt, attempt.adds, job.serial)
        digests.forget(conn, job.olt, job.serial)
    orders.set_stage(conn, *job.order, attempt.stage)
    work.note(conn, job, attempt.notes.kept(), open_attempt=True)
    work.save_soon(conn, job.olt, now, save.debounce_s, save.latest_s)
    work.add_steps(conn, job, attempt.steps, now)
    return True


def open_removal(conn: Connection, lease: Lease, job: Job, steps: Sequence[Step], save: SaveRule) -> bool:
    """The same for a removal."""
    now = db.now(conn)
    if not work.held_fast(conn, lease, job, now):
        return False
    attempts = int(job.notes.get("attempts", 0)) + 1
    work.note(conn, job, {**job.notes, "attempts": attempts}, open_attempt=True)
    work.save_soon(conn, job.olt, now, save.debounce_s, save.latest_s)
    work.add_steps(conn, job, steps, now)
    return True


def move_on(
    conn: Connection,
    lease: Lease,
    job: Job,
    stage: Stage,
    steps: Sequence[Step],
    *,
    open_attempt: bool = True,
) -> bool:
    """Record the stage and what was sent so far; whether the job is still wanted. Raises StaleLease."""
    now = db.now(conn)
    wanted = work.held_fast(conn, lease, job, now)
    work.add_steps(conn, job, steps, now)
    if wanted:
        orders.set_stage(conn, *job.order, stage)
        if not open_attempt:
            work.close_attempt(conn, job)
    return wanted


# ------------------------------------------------------------------------------------------------------------ outcomes


@dataclass(frozen=True)
class Learnt:
    """What a run leaves besides its outcome: rows of the timeline, how many more ONUs fit on ports that it looked at, and
    rows of the OLT's lists that could not be read, redacted.
    """

    steps: Sequence[Step] = ()
    onus_free: Mapping[PonPort, int] = field(default_factory=dict)
    left_out: Sequence[str] = ()


def record(conn: Connection, lease: Lease, job: Job, outcome: Outcome, learnt: Learnt) -> None:
    """Make the outcome of a run durable, results included. Raises StaleLease."""
    _record(conn, lease, job, outcome, learnt, db.now(conn))


def _record(
    conn: Connection, lease: Lease, job: Job, outcome: Outcome, learnt: Learnt, now: datetime
) -> None:
    wanted = work.held_fast(conn, lease, job, now)
    note(conn, job, learnt, now)
    if wanted:
        conclude(conn, job, outcome, now)


def note(conn: Connection, job: Job, learnt: Learnt, now: datetime) -> None:
    """Keep what a run has learnt, whatever becomes of it. After `work.held_fast`."""
    work.add_steps(conn, job, learnt.steps, now)
    room.tell(conn, job.olt, learnt.onus_free, now)
    leases.tell_left_out(conn, job.olt, learnt.left_out, now)


def record_and_take(
    conn: Connection, lease: Lease, job: Job, outcome: Outcome, learnt: Learnt, kinds: Sequence[str]
) -> Taken | None:
    """`record`, and the next due job with it: one wait for the disk between two ONUs. Raises StaleLease."""
    now = db.now(conn)
    _record(conn, lease, job, outcome, learnt, now)
    return _take(conn, lease, kinds, now)


def conclude(conn: Connection, job: Job, outcome: Outcome, now: datetime) -> None:
    """Write what an outcome means. The caller holds order and job."""
    match outcome:
        case Completed():
            _complete(conn, job, outcome)
            work.end(conn, job.id, now)
        case Failed(failure):
            if job.order_id is not None:
                orders.finish_failed(conn, *job.order, failure)
            work.end(conn, job.id, now)
        case Later():
            _later(conn, job, outcome, now)
        case Removed():
            _removed(conn, job, outcome, now)
        case Answered(answer):
            work.end(conn, job.id, now, notes=answer)
        case Ended() | Superseded() | Recorded():
            work.end(conn, job.id, now)


def _complete(conn: Connection, job: Job, outcome: Completed) -> None:
    assert job.serial is not None
    order_id, revision = job.order
    for port in outcome.gone:
        orders.disown(conn, job.olt, port, job.serial)
    if outcome.own:
        orders.own(conn, order_id, job.olt, outcome.achieved.pon_port, job.serial)
    digests.keep(conn, job.olt, job.serial, outcome.applied)
    orders.finish_completed(conn, order_id, revision, outcome.achieved)


def _later(conn: Connection, job: Job, outcome: Later, now: datetime) -> None:
    if job.serial is not None:
        digests.keep(conn, job.olt, job.serial, outcome.applied)
    if job.kind == "provision" and outcome.stage is not None:
        orders.set_stage(conn, *job.order, outcome.stage, code=outcome.code, params=outcome.params)
    due_at = now + timedelta(seconds=outcome.seconds)
    text = reason(outcome.code).say(outcome.params).text_pt if outcome.code else None
    first = _verifies_first(job, outcome) if job.kind == "provision" else None
    work.later(conn, job, due_at, notes=outcome.notes, code=outcome.code, text=text, first=first)


def _verifies_first(job: Job, outcome: Later) -> bool:
    """Whether this run configured the unit, or was the first that expects it to be online."""
    before, after = Notes.of(job.notes), Notes.of(outcome.notes)
    news = after.attempts > before.attempts or (after.window is not None and after.window != before.window)
    return news and outcome.stage in {Stage.VERIFYING, Stage.WAITING_FOR_LIGHT}


def _removed(conn: Connection, job: Job, outcome: Removed, now: datetime) -> None:
    for serial, port in outcome.gone:
        orders.disown(conn, job.olt, PonPort.model_validate(port), serial)
        digests.forget(conn, job.olt, serial)
    told = {
        "removed": [where.model_dump(mode="json") for where in outcome.removed],
        "left": [left.model_dump(mode="json") for left in outcome.left],
    }
    work.end(conn, job.id, now, notes={**job.notes, **told})
    work.add_steps(conn, job, [Step("removed", _told_pt(outcome), told)], now)
    _finish_cancelled(conn, job)


def _told_pt(outcome: Removed) -> str:
    """For the timeline: what was removed, what stays and why."""
    removed = [f"Registro removido em {one.olt_id} {one.pon_port}." for one in outcome.removed]
    return " ".join([*removed, *(one.text_pt for one in outcome.left)]) or "Não havia registro a remover."


def _finish_cancelled(conn: Connection, job: Job) -> None:
    """The last removal of a cancelled order ends it."""
    order_id, revision = job.order
    order = orders.find(conn, order_id)
    if order is None or order.state is not OrderState.CANCELLING:
        return
    if work.live_jobs(conn, order_id, "deprovision"):
        return
    ended = work.removals(conn, order_id, revision)
    orders.finish_cancelled(
        conn,
        order_id,
        revision,
        removed=[Where.model_validate(row) for row in _told(ended, "removed")],
        left=[Left.model_validate(row) for row in _told(ended, "left")],
    )


def _told(ended: Iterable[Job], what: str) -> list[object]:
    return [row for job in ended for row in job.notes.get(what, ())]


# ---------------------------------------------------------------------------------------------------------- connections


def put_back(conn: Connection, lease: Lease, job: Job, steps: Sequence[Step]) -> None:
    """Leave the job, due as it was, to whoever leases the OLT next: nothing of it is in hand any more. Raises StaleLease."""
    now = db.now(conn)
    wanted = work.held_fast(conn, lease, job, now)
    work.add_steps(conn, job, steps, now)
    if wanted:
        work.later(conn, job, job.due_at)


def not_connected(
    conn: Connection,
    lease: Lease,
    error: ProvisioningError,
    told: str,
    policy: BreakerPolicy,
    spread: float,
    credential: str | None = None,
) -> None:
    """No session: the breaker learns of it, and those who wait for this OLT are told once. Raises StaleLease.

    `told` is what may be told of the error; `credential`, the digest of what it was to be logged in to with.
    """
    now = db.now(conn)
    before = leases.breaker_of(conn, lease.olt)
    silent = isinstance(error, OltUnreachable) and error.silent
    after = after_failure(before, error.reason, told, now, policy, spread, silent=silent)
    leases.set_breaker(conn, lease, after, now)
    if error.reason == REFUSED:
        logins.refused(conn, lease.olt, credential, now)
    if (before.code, before.state == "open") != (after.code, after.state == "open"):
        for job in work.waiting_for(conn, lease.olt):
            work.lock_order(conn, job.order[0])
            orders.set_stage(conn, *job.order, Stage.QUEUED, code=error.reason, params={"olt": lease.olt})


def connected(conn: Connection, lease: Lease, credential: str | None = None) -> Breaker:
    """A session is open: the breaker closes, and the credential has logged in; as it was before. Raises StaleLease."""
    before, now = leases.breaker_of(conn, lease.olt), db.now(conn)
    leases.connected(conn, lease, now)
    waits.back(conn, lease.olt)
    if credential is not None:
        logins.accepted(conn, credential, now)
    return before


def faulted(
    conn: Connection, lease: Lease, before: Breaker | None, policy: BreakerPolicy, spread: float
) -> None:
    """A bug of ours showed outside any job: the breaker learns of it. Raises StaleLease.

    `before`: the breaker as it was before a session was opened that came to nothing.
    """
    now, error = db.now(conn), ProvisioningError("a bug of Acende: see its log")
    known = before or leases.breaker_of(conn, lease.olt)
    after = after_failure(known, error.reason, str(error), now, policy, spread)
    leases.set_breaker(conn, lease, after, now)


def save_now(conn: Connection, lease: Lease) -> None:
    """Have what is unsaved saved before the OLT is left alone. Raises StaleLease."""
    now = db.now(conn)
    leases.guard(conn, lease, now)
    work.save_now(conn, lease.olt, now)
