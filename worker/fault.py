"""What a bug of ours costs: an attempt of the job in whose run it showed, and never another job its turn."""

from dataclasses import replace
from datetime import timedelta

from events.reasons import reason
from events.stages import Stage
from worker import ledger
from worker.ledger import Learnt
from worker.notes import Notes
from worker.outcome import Answered, Ended, Failed, Later, Outcome, Superseded, after_code
from worker.preview import refusal
from worker.reconcile import params_of
from worker.removal import abandoned
from worker.retry import RetryPolicy
from worker.store import Connection, db, orders, work
from worker.store.leases import Lease
from worker.store.work import Job, Step

CODE = "internal_error"
SHELVED = "result_not_recorded"


def after_fault(job: Job, policy: RetryPolicy, spread: float) -> Outcome:
    """What follows a run of `job` that a bug of ours has ended: the next try after a pause, until the attempts run out.

    Then an order fails, a removal leaves what is there, a dry run is answered; a search goes on at the longest pause.
    """
    tried = after_code(CODE, Notes.of(job.notes), policy, spread, params_of(job))
    if job.kind == "provision":
        return tried
    if job.kind == "plan":
        return Answered(refusal(job.order[0], CODE, params_of(job)).answer())
    faults = int(job.notes.get("faults", 0)) + 1
    if isinstance(tried, Failed) and job.kind == "deprovision":
        return abandoned(job, "left_refused", {"detail": CODE})
    if isinstance(tried, Failed) and job.kind == "save":
        return Ended()
    return Later(policy.pause(faults, spread), {**job.notes, "faults": faults}, code=CODE)


def record(
    conn: Connection, lease: Lease, job: Job, policy: RetryPolicy, spread: float, learnt: Learnt
) -> Outcome:
    """Count a try that a bug has ended, by what the job has noted by now; what follows. Raises StaleLease."""
    now = db.now(conn)
    wanted = work.held_fast(conn, lease, job, now)
    failed = Step("run_failed", None, {"code": CODE})
    ledger.note(conn, job, replace(learnt, steps=(*learnt.steps, failed)), now)
    if not wanted:
        return Superseded()
    outcome = after_fault(replace(job, notes=work.notes_of(conn, job)), policy, spread)
    ledger.conclude(conn, job, outcome, now)
    return outcome


def shelve(conn: Connection, lease: Lease, job: Job, policy: RetryPolicy, spread: float) -> Outcome:
    """Have a job wait of which nothing else can be recorded. Raises StaleLease."""
    now = db.now(conn)
    if not work.held_fast(conn, lease, job, now):
        return Superseded()
    notes = work.notes_of(conn, job)
    faults = int(notes.get("faults", 0)) + 1
    outcome = Later(policy.pause(faults, spread), {**notes, "faults": faults}, code=CODE)
    due_at, text = now + timedelta(seconds=outcome.seconds), reason(SHELVED).say().text_pt
    work.later(conn, job, due_at, notes=outcome.notes, code=CODE, text=text)
    return outcome


def tell(conn: Connection, lease: Lease, job: Job) -> None:
    """Tell the order of a job that was shelved why it waits. Its stage stays: it has not moved. Raises StaleLease."""
    if work.held_fast(conn, lease, job, db.now(conn)):
        say(conn, job)


def say(conn: Connection, job: Job) -> None:
    """Tell an order, once, that its end cannot be written. The caller holds order and job."""
    if order := orders.find(conn, job.order[0]):
        orders.set_stage(conn, *job.order, order.stage or Stage.QUEUED, code=SHELVED)
