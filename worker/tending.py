"""What follows from time alone: deadlines, and OLTs that are in nobody's inventory. Transactions."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from events.stages import Stage
from worker import fault, ledger, provision_metrics, waits
from worker.breaker import FOR_A_PERSON
from worker.outcome import Ended, Failed, Outcome
from worker.removal import abandoned
from worker.store import Connection, db, doubt, leases, orders, work
from worker.store.jobs import UNPLACED
from worker.store.orders import Failure
from worker.store.work import Job


def tend(conn: Connection, light_s: float) -> int:
    """End jobs whose time is up or whose OLT is gone; how many were ended. `light_s`: longest wait to be seen."""
    now, light = db.now(conn), timedelta(seconds=light_s)
    found = () if doubt.ahead(conn) else work.overdue(conn, now, light)
    late = [job for job in found if work.is_overdue(conn, job, now, light)]
    ended = [_ended(conn, job, partial(_too_late, conn, job), now) for job in late]
    return sum(ended) + _end_unknown(conn, now)


def _ended(conn: Connection, job: Job, outcome: Callable[[], Outcome], now: datetime) -> bool:
    """End one job; what is wrong with it keeps no other from its end."""
    ended = db.alone(conn, lambda: ledger.conclude(conn, job, outcome(), now))
    if not ended:
        provision_metrics.ERRORS.labels(job.kind).inc()
        if job.kind == "provision":
            db.alone(conn, partial(fault.say, conn, job))
    return ended


def _too_late(conn: Connection, job: Job) -> Outcome:
    if job.kind == "deprovision":
        return abandoned(job, "left_olt_deadline")
    if job.kind == "plan":
        return Ended()
    order = orders.find(conn, job.order[0])
    olt, shut = (job.olt, leases.breaker_of(conn, job.olt).code)
    if job.olt == UNPLACED:
        olt, shut = waits.late(conn, job.notes.get("olt"), job.notes.get("site"), db.now(conn))
    return Failed(Failure(_code(order.stage if order else None, shut), _params(job, olt)))


_WAITED = {Stage.WAITING_FOR_LIGHT: "no_light", Stage.VERIFYING: "not_online"}


def _code(stage: Stage | None, shut: str | None) -> str:
    if stage in _WAITED:
        return _WAITED[stage]
    return shut if shut in FOR_A_PERSON else "olt_deadline"


def _params(job: Job, olt: str) -> dict[str, object]:
    return {"serial": job.serial, "olt": olt, "place": f"{olt} {job.port}" if job.port else olt}


def _end_unknown(conn: Connection, now: datetime) -> int:
    gone = [job for job in work.of_unknown_olts(conn) if work.is_live(conn, job)]
    return sum(_ended(conn, job, partial(_olt_gone, job), now) for job in gone)


def _olt_gone(job: Job) -> Outcome:
    if job.kind == "provision":
        return Failed(Failure("olt_unknown", _params(job, job.olt)))
    return abandoned(job, "left_olt_unknown") if job.kind == "deprovision" else Ended()
