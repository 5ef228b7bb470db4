"""Jobs: work on one OLT. What correlation calls stands here; what a lease's holder calls, in `worker.store.work`.

A provision job whose place is not known yet has no OLT (`UNPLACED`): scans look for its serial, and the first sighting
gives it its OLT and port. So "which orders wait for light, and where may they be?" is a question to this table alone.
A job never changes its revision: a later one drops it, and whoever runs it stops after the command in hand.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, insert, select, update

from events.stages import Stage
from schemas.place import PonPort
from worker.store import db, many
from worker.store.schema import job, service_order

UNPLACED = ""
"""The OLT of a provision job that has none yet."""
FIRST = "first"
"""`job.stage` of a job whose next run is the first verification of what was configured, or the first look for an order."""
JOBS = "jobs"
"""The wake-up channel: a job became due."""
REMOVAL_DEADLINE = timedelta(hours=72)
REMOVAL_PRIORITY = 5
LOOK = "scan"
"""Of an order, a job that is never placed: scans look for the serial that it may have named. Nothing is sent for it."""


class Looked(Protocol):
    """What an order has looked for. `olt` and `site` are what the order names."""

    @property
    def id(self) -> str: ...
    @property
    def revision(self) -> int: ...
    @property
    def serial(self) -> str: ...
    @property
    def site(self) -> str | None: ...
    @property
    def olt(self) -> str | None: ...
    @property
    def priority(self) -> int: ...


class Wanted(Looked, Protocol):
    """What an order asks of the OLTs, as correlation decided it. `olt` and `port` are what the order names."""

    @property
    def port(self) -> PonPort | None: ...
    @property
    def deadline_at(self) -> datetime: ...


@dataclass(frozen=True)
class Owned:
    """A registration that is an order's own (a row of `own_registration`)."""

    olt: str
    port: PonPort
    serial: str


def start_work(conn: Connection, order: Wanted, now: datetime) -> Stage:
    """Begin, or begin anew for a later revision, to provision `order`; the stage in which it now stands.

    Jobs of earlier revisions are dropped, those that remove included. The caller records the stage. Idempotent.
    """
    return start_all(conn, (order,), now)[order.id]


def start_all(conn: Connection, orders: Sequence[Wanted], now: datetime) -> dict[str, Stage]:
    """`start_work` for many orders in three statements; the stage of each."""
    if not orders:
        return {}
    drop = _not_of_revision(conn, {order.id: order.revision for order in orders})
    if drop.jobs:
        _drop(conn, drop.jobs, now)
    if rows := [_provision_row(order, now) for order in orders if order.id not in drop.have_one]:
        many.insert(conn, job, rows)
    db.wake(conn, JOBS)
    return {order.id: Stage.QUEUED if _placed(order) else Stage.DISCOVERING for order in orders}


@dataclass(frozen=True)
class _Former:
    """Live jobs to be dropped, and the orders that have their job already."""

    jobs: list[int]
    have_one: set[str]


def _not_of_revision(conn: Connection, revisions: dict[str, int]) -> _Former:
    rows = conn.execute(
        select(job.c.id, job.c.kind, job.c.service_order_id, job.c.revision).where(
            job.c.live,
            many.among(conn, job.c.service_order_id, revisions),
            job.c.kind.in_(("provision", "deprovision", LOOK)),
        )
    ).all()
    current = {
        row.id: row.service_order_id
        for row in rows
        if row.kind == "provision" and row.revision == revisions[row.service_order_id]
    }
    return _Former([row.id for row in rows if row.id not in current], set(current.values()))


def look_all(conn: Connection, orders: Sequence[Looked], now: datetime) -> None:
    """Have OLTs looked at for what each of these orders may have named, in one job for each. Idempotent."""
    if not orders:
        return
    rows = {order.id: _look_row(order, now) for order in orders}
    known = conn.execute(
        select(job).where(job.c.live, job.c.kind == LOOK, many.among(conn, job.c.service_order_id, rows))
    ).mappings()
    stale = []
    for row in known:
        wanted = rows[row["service_order_id"]]
        if all(row[name] == wanted[name] for name in ("olt", "revision", "serial", "payload")):
            del rows[row["service_order_id"]]
        else:
            stale.append(row["id"])
    if stale:
        _drop(conn, stale, now)
    if rows:
        many.insert(conn, job, list(rows.values()))
        db.wake(conn, JOBS)


def _look_row(order: Looked, now: datetime) -> dict[str, Any]:
    return {
        "kind": LOOK,
        "olt": UNPLACED,
        "service_order_id": order.id,
        "revision": order.revision,
        "serial": order.serial,
        "state": "due",
        "live": True,
        "due_at": now,
        "priority": order.priority,
        "payload": {"site": order.site, "olt": order.olt},
        "created_at": now,
        "updated_at": now,
    }


def _placed(order: Wanted) -> bool:
    return order.olt is not None and order.port is not None


def _provision_row(order: Wanted, now: datetime) -> dict[str, Any]:
    placed = _placed(order)
    return {
        "kind": "provision",
        "olt": order.olt if placed else UNPLACED,
        "port": str(order.port) if placed else None,
        "service_order_id": order.id,
        "revision": order.revision,
        "serial": order.serial,
        "state": "due",
        "live": True,
        "due_at": now,
        "deadline_at": order.deadline_at,
        "priority": order.priority,
        "payload": {} if placed else {"site": order.site, "olt": order.olt},
        "created_at": now,
        "updated_at": now,
    }


def _drop(conn: Connection, ids: Sequence[int], now: datetime) -> None:
    conn.execute(
        update(job).where(job.c.id.in_(ids), job.c.live).values(live=False, state="dropped", updated_at=now)
    )


def stop_work(conn: Connection, order_id: str, now: datetime) -> None:
    """End the order's provision jobs, whatever they do; one that is running stops after the command in hand."""
    conn.execute(
        update(job)
        .where(job.c.live, job.c.service_order_id == order_id, job.c.kind.in_(("provision", LOOK)))
        .values(live=False, state="dropped", updated_at=now)
    )


def start_removal(
    conn: Connection,
    order_id: str,
    registrations: Iterable[Owned],
    now: datetime,
    deadline_at: datetime | None = None,
) -> int:
    """Begin to remove what a cancelled order owns, one job per OLT; how many jobs there are.

    The transaction that ends the last of them calls `orders.finish_cancelled`; with none, the caller does. What the
    order's earlier jobs were to remove is theirs no longer. `deadline_at` is 72 h from now where it is not given.
    """
    return remove(
        conn, order_id, registrations, now, deadline_at or now + REMOVAL_DEADLINE, {"why": "cancelled"}
    )


def remove(
    conn: Connection,
    order_id: str,
    registrations: Iterable[Owned],
    now: datetime,
    deadline_at: datetime,
    payload: dict[str, Any],
) -> int:
    """One deprovision job per OLT for `registrations`; `payload` says why. How many jobs there are."""
    by_olt: defaultdict[str, list[Owned]] = defaultdict(list)
    for owned in registrations:
        by_olt[owned.olt].append(owned)
    conn.execute(
        update(job)
        .where(job.c.live, job.c.service_order_id == order_id, job.c.kind == "deprovision")
        .values(live=False, state="dropped", updated_at=now)
    )
    revision = conn.execute(select(service_order.c.revision).where(service_order.c.id == order_id)).scalar()
    rows = [
        _removal_row(order_id, revision, olt, owned, payload) | _timing(now, deadline_at)
        for olt, owned in sorted(by_olt.items())
    ]
    if rows:
        conn.execute(insert(job), rows)
        db.wake(conn, JOBS)
    return len(rows)


def _removal_row(
    order_id: str, revision: int | None, olt: str, owned: list[Owned], payload: dict[str, Any]
) -> dict[str, Any]:
    serials = sorted({registration.serial for registration in owned})
    places = sorted((registration.serial, str(registration.port)) for registration in owned)
    return {
        "kind": "deprovision",
        "olt": olt,
        "service_order_id": order_id,
        "revision": revision,
        "serial": serials[0] if len(serials) == 1 else None,
        "priority": REMOVAL_PRIORITY,
        "payload": payload | {"registrations": [list(place) for place in places]},
    }


def _timing(now: datetime, deadline_at: datetime) -> dict[str, Any]:
    return {
        "state": "due",
        "live": True,
        "due_at": now,
        "deadline_at": deadline_at,
        "created_at": now,
        "updated_at": now,
    }
