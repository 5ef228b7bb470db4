"""What there is in the database as a whole, counted: live orders, jobs and OLTs, through the indexes that hold only these."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, literal, select, text

from events.reasons import REASONS
from events.stages import Stage
from worker.facts import OrderState
from worker.metrics import bounded
from worker.store import db, outbox
from worker.store.jobs import UNPLACED
from worker.store.leases import lets_in
from worker.store.outbox import Backlog
from worker.store.schema import equipment, job, olt_lease, service_order
from worker.store.work import KINDS

CANCELLING = OrderState.CANCELLING.value
STAGES = (*(stage.value for stage in Stage), CANCELLING)
JOB_STATES = ("due", "later", "running")
TIMEOUT_S = 3.0
"""Longest that one query may take on PostgreSQL: a survey must not hold the database up."""


@dataclass(frozen=True)
class Waiting:
    """How many wait, and for how long the one that waits longest."""

    count: int = 0
    oldest_s: float = 0.0

    def __add__(self, other: "Waiting") -> "Waiting":
        """Both together."""
        return Waiting(self.count + other.count, max(self.oldest_s, other.oldest_s))


NOBODY = Waiting()


@dataclass(frozen=True)
class OltSeen:
    """One OLT of somebody's inventory. `breaker_code`: why its breaker is open or half open, None while it is closed."""

    olt: str
    platform: str
    workable: bool = True
    held: bool = False
    breaker_code: str | None = None
    due: Waiting = NOBODY
    onu_ids_free: int | None = None


@dataclass(frozen=True)
class Survey:
    """Everything that was counted. `units` is None where they were not."""

    orders: Mapping[str, Waiting]
    """By stage."""
    jobs: Mapping[tuple[str, str], int]
    """By kind and state."""
    oldest_due_s: Mapping[str, float]
    """By kind, on OLTs that can be worked on."""
    olts: tuple[OltSeen, ...]
    outbox: Backlog
    units: Waiting | None = None


def look(conn: Connection) -> Survey:
    """Count everything but the units. Raises StoreUnavailable where one query takes longer than `TIMEOUT_S`."""
    _bound(conn)
    at = db.now(conn)
    rows = conn.execute(_JOBS, {"now": at}).all()
    seen = _olts(conn, at, rows)
    workable = {olt.olt for olt in seen if olt.workable}
    return Survey(
        orders=_orders(conn, at),
        jobs=_jobs(rows),
        oldest_due_s=_oldest_due(rows, workable, at),
        olts=seen,
        outbox=outbox.backlog(conn),
    )


def _bound(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"SET LOCAL statement_timeout = {int(TIMEOUT_S * 1000)}"))
        conn.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))


def _since(at: datetime, since: datetime | None) -> float:
    return max(0.0, (at - since).total_seconds()) if since else 0.0


# ----------------------------------------------------------------------------------------------------------------- orders

_STAGE = case((service_order.c.state == CANCELLING, literal(CANCELLING)), else_=service_order.c.stage)
_ORDERS = (
    select(
        _STAGE.label("stage"),
        func.count().label("number"),
        func.min(func.coalesce(service_order.c.stage_since, service_order.c.began_at)).label("since"),
    )
    .where(service_order.c.state.in_([state.value for state in OrderState if state.live]))
    .group_by(_STAGE)
)


def _orders(conn: Connection, at: datetime) -> dict[str, Waiting]:
    found = dict.fromkeys(STAGES, NOBODY)
    for row in conn.execute(_ORDERS):
        found[row.stage] = Waiting(row.number, _since(at, row.since))
    return found


# ------------------------------------------------------------------------------------------------------------------ units

_UNASKED = (
    select(equipment.c.bound_order)
    .where(
        equipment.c.bound_order.is_not(None),
        ~select(service_order.c.id).where(service_order.c.id == equipment.c.bound_order).exists(),
    )
    .cte("unasked")
)
_UNITS = select(func.count(), func.min(equipment.c.lent_at)).where(
    equipment.c.bound_order.in_(select(_UNASKED.c.bound_order))
)


def units(conn: Connection) -> Waiting:
    """Units bound to an order that is not known. Walks through two indexes, of every unit and of every order."""
    _bound(conn)
    count, since = conn.execute(_UNITS).one()
    return Waiting(count, _since(db.now(conn), since))


# ------------------------------------------------------------------------------------------------------------------- jobs

_STATE = case(
    (job.c.state == "running", literal("running")),
    ((job.c.due_at <= bindparam("now")) & (job.c.olt != UNPLACED), literal("due")),
    else_=literal("later"),
)
_JOBS = (
    select(
        job.c.olt,
        job.c.kind,
        _STATE.label("state"),
        func.count().label("number"),
        func.min(job.c.due_at).label("since"),
    )
    .where(job.c.live)
    .group_by(job.c.olt, job.c.kind, _STATE)
)


def _jobs(rows: Iterable[Row[Any]]) -> dict[tuple[str, str], int]:
    found = dict.fromkeys(product(KINDS, JOB_STATES), 0)
    for row in rows:
        found[row.kind, row.state] += row.number
    return found


def _oldest_due(rows: Iterable[Row[Any]], workable: Container[str], at: datetime) -> dict[str, float]:
    found = dict.fromkeys(KINDS, 0.0)
    for row in rows:
        if row.state == "due" and row.olt in workable:
            found[row.kind] = max(found[row.kind], _since(at, row.since))
    return found


# ------------------------------------------------------------------------------------------------------------------- OLTs

# What an OLT told of each of its ports stays where it is: that is a thousand times more than this number.
_OLTS = select(
    olt_lease.c.olt,
    olt_lease.c.platform,
    olt_lease.c.held,
    olt_lease.c.breaker,
    olt_lease.c.breaker_code,
    olt_lease.c.room["onus_free_least"].as_integer().label("onu_ids_free"),
).where(olt_lease.c.platform.is_not(None))


def _olts(conn: Connection, at: datetime, jobs: Iterable[Row[Any]]) -> tuple[OltSeen, ...]:
    due: dict[str, Waiting] = {}
    for row in jobs:
        if row.state == "due":
            due[row.olt] = due.get(row.olt, NOBODY) + Waiting(row.number, _since(at, row.since))
    wanted = _OLTS.add_columns(lets_in(at).label("lets_in"))
    return tuple(_olt(row, due.get(row.olt, NOBODY)) for row in conn.execute(wanted))


def _olt(row: Row[Any], due: Waiting) -> OltSeen:
    return OltSeen(
        olt=row.olt,
        platform=row.platform,
        workable=row.lets_in and not row.held,
        held=row.held,
        breaker_code=None if row.breaker == "closed" else bounded(row.breaker_code or "", REASONS),
        due=due,
        onu_ids_free=row.onu_ids_free,
    )
