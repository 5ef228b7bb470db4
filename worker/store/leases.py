"""Leases of OLTs: one writer per OLT over all workers, with a fencing number that rises with every holder.

Expiry is judged by the database's clock, in the statement that uses it. Hold and breaker stand in the same row, so that an
OLT that must not be worked on is never leased.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, insert, or_, select, update

from worker.breaker import CLOSED, Breaker
from worker.store import db, lengths, many
from worker.store import turns as rule
from worker.store.jobs import JOBS
from worker.store.schema import action, job, olt_lease
from worker.turns import BEGUN, Turns

LEFT_OUT_KEPT = 10
"""So many rows that could not be read are shown of an OLT."""


class StaleLease(Exception):
    """Another worker has this OLT, or may have it: nothing more is written, nothing more is sent."""


@dataclass(frozen=True)
class Lease:
    """The right to work on `olt`, as long as `fence` is its number and it has not expired."""

    olt: str
    holder: str
    fence: int


@dataclass(frozen=True)
class Due:
    """What there is to do for a worker: OLTs it was just given, and OLTs it has already where work is due."""

    leased: tuple[Lease, ...] = ()
    mine: frozenset[str] = frozenset()
    wanted_back: frozenset[str] = frozenset()
    """OLTs it has that a person wants to be left alone."""
    turns: Turns = BEGUN
    """How its turns stand after those that were leased."""


# ------------------------------------------------------------------------------------------------------------- leasing


def claim(
    conn: Connection,
    holder: str,
    known: Collection[str],
    lease_s: float,
    limit: int,
    now: datetime,
    turns: Turns = BEGUN,
) -> Due:
    """Lease at most `limit` OLTs of `known` that have due jobs, whose turn it is first; and where own ones have some.

    `turns`: those of this holder, one for each OLT that it leased.
    """
    stands = _stands(conn, now)
    mine = select(olt_lease.c.olt).where(olt_lease.c.holder == holder, stands, due(now).exists())
    found, back = frozenset(conn.execute(mine).scalars()), _wanted_back(conn, holder, stands)
    free = _in_turn().where(_free(stands), ~olt_lease.c.held, lets_in(now), olt_lease.c.olt.in_(list(known)))
    granted: list[Lease] = []
    while (wanted := min(turns.alike, limit - len(granted))) > 0:
        rows = conn.execute(free.limit(wanted), rule.parameters(turns, now)).all()
        for row in rows:
            granted.append(_grant(conn, row, holder, lease_s, now))
            turns = turns.after(look=row.look, late_save=row.late_save)
            if row.look:
                break
        else:
            if len(rows) < wanted:
                break
    return Due(tuple(granted), found, back, turns)


def _wanted_back(conn: Connection, holder: str, stands: ColumnElement[bool]) -> frozenset[str]:
    held = select(olt_lease.c.olt).where(olt_lease.c.holder == holder, stands, olt_lease.c.held)
    return frozenset(conn.execute(held).scalars())


def take(conn: Connection, olt: str, holder: str, lease_s: float, now: datetime) -> Lease | None:
    """Lease this one OLT, due jobs or not: None while another holds it, or it is held, or its breaker is open."""
    lengths.cut(conn, olt_lease, now, (olt,))
    row = conn.execute(
        select(olt_lease.c.olt, olt_lease.c.fence, *_BREAKER)
        .where(olt_lease.c.olt == olt, _free(_stands(conn, now)), ~olt_lease.c.held, lets_in(now))
        .with_for_update()
    ).one_or_none()
    return _grant(conn, row, holder, lease_s, now) if row else None


_best = job.alias("best")
_BREAKER = (
    olt_lease.c.breaker,
    olt_lease.c.failures,
    olt_lease.c.breaker_until,
    olt_lease.c.breaker_code,
    olt_lease.c.breaker_text,
    olt_lease.c.silent,
    olt_lease.c.probed,
)


def _breaker(row: Any) -> Breaker:
    return Breaker(
        row.breaker,
        row.failures,
        row.breaker_until,
        row.breaker_code,
        row.breaker_text,
        bool(row.silent),
        bool(row.probed),
    )


def due(now: datetime) -> Any:
    """Due jobs of an OLT, correlated with its lease."""
    return select(job.c.id).where(job.c.olt == olt_lease.c.olt, job.c.live, job.c.due_at <= now)


@cache
def _in_turn() -> Any:
    """OLTs with due jobs, locked, those first whose job has the next turn."""
    due = select(_best.c.id).where(
        _best.c.olt == olt_lease.c.olt, _best.c.live, _best.c.due_at <= bindparam("now")
    )
    first = due.order_by(*rule.order(_best)).limit(1).scalar_subquery()
    return (
        select(
            olt_lease.c.olt,
            olt_lease.c.fence,
            *_BREAKER,
            rule.repeated_look().label("look"),
            rule.late_save().label("late_save"),
        )
        .select_from(olt_lease)
        .join(job, job.c.id == first)
        .order_by(*rule.order())
        .with_for_update(of=olt_lease, skip_locked=True)
    )


def _stands(conn: Connection, now: datetime) -> ColumnElement[bool]:
    return lengths.standing(olt_lease, now, db.jumped_s(conn))


def _free(stands: ColumnElement[bool]) -> ColumnElement[bool]:
    return or_(olt_lease.c.holder.is_(None), ~stands)


def lets_in(now: datetime) -> ColumnElement[bool]:
    """`Breaker.lets_in`, in SQL."""
    return case(
        (olt_lease.c.breaker_until.is_(None), olt_lease.c.breaker != "open"),
        else_=olt_lease.c.breaker_until <= now,
    )


def _grant(conn: Connection, row: Any, holder: str, lease_s: float, now: datetime) -> Lease:
    lease = Lease(row.olt, holder, int(row.fence) + 1)
    conn.execute(
        update(olt_lease)
        .where(olt_lease.c.olt == row.olt)
        .values(
            holder=holder,
            fence=lease.fence,
            **lengths.written(lease_s, lease.fence, now),
            **_columns(_breaker(row).trying()),
            session_open=False,
            updated_at=now,
        )
    )
    return lease


_GUARDED = (  # built once, since every transaction of a job runs it
    select(olt_lease.c.since_longest_due, olt_lease.c.since_look)
    .where(
        olt_lease.c.olt == bindparam("olt"),
        olt_lease.c.fence == bindparam("fence"),
        olt_lease.c.holder == bindparam("holder"),
        lengths.standing(olt_lease, bindparam("now"), bindparam("jumped_s")),
    )
    .with_for_update()
)


def guard(conn: Connection, lease: Lease, now: datetime) -> Turns:
    """Make sure, until this transaction ends, that the lease still stands; its turns so far. Raises StaleLease."""
    mine = {"olt": lease.olt, "fence": lease.fence, "holder": lease.holder, "now": now}
    row = conn.execute(_GUARDED, mine | {"jumped_s": db.jumped_s(conn)}).one_or_none()
    if row is None:
        raise StaleLease(lease.olt)
    return Turns.of(*row)


_TURNED = update(olt_lease).where(olt_lease.c.olt == bindparam("this"))


def count(conn: Connection, lease: Lease, turns: Turns) -> None:
    """Keep how its turns stand. After `guard`."""
    conn.execute(_TURNED, {"this": lease.olt, **asdict(turns)})


def _own(lease: Lease) -> ColumnElement[bool]:
    return and_(
        olt_lease.c.olt == lease.olt, olt_lease.c.fence == lease.fence, olt_lease.c.holder == lease.holder
    )


def renew(conn: Connection, lease: Lease, lease_s: float, now: datetime) -> bool:
    """Have the lease end `lease_s` from now; False where it is lost."""
    changed = conn.execute(
        update(olt_lease)
        .where(_own(lease), _stands(conn, now))
        .values(**lengths.written(lease_s, lease.fence, now))
    )
    return changed.rowcount == 1


def release(conn: Connection, lease: Lease) -> None:
    """Give the lease up, if it is still there: another worker takes the OLT at once."""
    conn.execute(
        update(olt_lease).where(_own(lease)).values(holder=None, expires_at=None, session_open=False)
    )
    db.wake(conn, JOBS)


def cut(conn: Connection, now: datetime) -> int:
    """Cut leases that would last longer than they were granted for; how many."""
    return lengths.cut(conn, olt_lease, now)


COMMAND = "plan-"
"""How the holder of a lease begins that a command has taken, which needs no worker's lock."""


def end_workers(conn: Connection) -> int:
    """End the leases of workers, of which none lives; how many. What commands hold is left to them."""
    ended = conn.execute(
        update(olt_lease)
        .where(~olt_lease.c.holder.startswith(COMMAND))
        .values(holder=None, expires_at=None, session_open=False, fence=olt_lease.c.fence + 1)
    )
    return ended.rowcount


def held(conn: Connection, lease: Lease) -> bool:
    """Whether a person wants the OLT to be left alone."""
    return bool(conn.execute(select(olt_lease.c.held).where(olt_lease.c.olt == lease.olt)).scalar())


# -------------------------------------------------------------------------------------------------- session and breaker


def connected(conn: Connection, lease: Lease, now: datetime) -> None:
    """A session is open: the breaker closes. Raises StaleLease."""
    guard(conn, lease, now)
    conn.execute(
        update(olt_lease)
        .where(_own(lease))
        .values(**_columns(CLOSED), session_open=True, last_ok_at=now, updated_at=now)
    )


def tell_left_out(conn: Connection, olt: str, rows: Sequence[str], now: datetime) -> None:
    """Keep the rows of its lists that could not be read, redacted. Its holder calls it."""
    if rows:
        told = {
            "at": now.isoformat(timespec="seconds"),
            "count": len(rows),
            "rows": list(rows[:LEFT_OUT_KEPT]),
        }
        conn.execute(update(olt_lease).where(olt_lease.c.olt == olt).values(left_out=told))


def breaker_of(conn: Connection, olt: str) -> Breaker:
    """The breaker as it stands; closed for an OLT that is not known."""
    row = conn.execute(select(*_BREAKER).where(olt_lease.c.olt == olt)).one_or_none()
    return _breaker(row) if row else CLOSED


def set_breaker(conn: Connection, lease: Lease, breaker: Breaker, now: datetime) -> None:
    """Keep what `worker.breaker` made of a failure. Raises StaleLease."""
    guard(conn, lease, now)
    conn.execute(update(olt_lease).where(_own(lease)).values(**_columns(breaker), updated_at=now))


def _columns(breaker: Breaker) -> dict[str, Any]:
    return {
        "breaker": breaker.state,
        "failures": breaker.failures,
        "breaker_until": breaker.until,
        "breaker_code": breaker.code,
        "breaker_text": breaker.text,
        "silent": breaker.silent,
        "probed": breaker.probed,
    }


# -------------------------------------------------------------------------------------------- inventory, and what people do


def register(conn: Connection, platforms: Mapping[str, str], now: datetime) -> tuple[str, ...]:
    """Make an inventory's OLTs leasable; OLTs whose platform changed while they have live jobs, which are not touched.

    `platforms`: platform by OLT. What other inventories in use have is left alone.
    """
    before = dict(conn.execute(select(olt_lease.c.olt, olt_lease.c.platform)).all())
    busy = set(conn.execute(select(job.c.olt).where(job.c.live, _CONCERNED).distinct()).scalars())
    changed = {
        olt for olt, platform in platforms.items() if olt in busy and before.get(olt) not in {None, platform}
    }
    for olt, platform in platforms.items():
        if olt not in changed and before.get(olt) != platform:
            _upsert(conn, olt, platform, now)
    return tuple(sorted(changed))


_CONCERNED = job.c.kind.in_(("provision", "deprovision"))


def _upsert(conn: Connection, olt: str, platform: str, now: datetime) -> None:
    conn.execute(
        many.upserting(conn, olt_lease)
        .values(olt=olt, platform=platform, updated_at=now)
        .on_conflict_do_update(index_elements=["olt"], set_={"platform": platform})
    )


def hold(conn: Connection, olt: str, who: str, why: str, now: datetime) -> bool:
    """Have the OLT left alone: its worker finishes, saves and logs out; orders wait. False where it is not known."""
    changed = conn.execute(
        update(olt_lease)
        .where(olt_lease.c.olt == olt)
        .values(held=True, held_by=who, held_reason=why, updated_at=now)
    )
    return _noted(conn, changed.rowcount, who, "olt hold", olt, why, now)


def end_hold(conn: Connection, olt: str, who: str, why: str, now: datetime) -> bool:
    """Let the OLT be worked on again. False where it is not known."""
    changed = conn.execute(
        update(olt_lease)
        .where(olt_lease.c.olt == olt)
        .values(held=False, held_by=None, held_reason=None, updated_at=now)
    )
    return _noted(conn, changed.rowcount, who, "olt release", olt, why, now)


def reset_breaker(conn: Connection, olt: str, who: str, why: str, now: datetime) -> bool:
    """Close the breaker: the cause is removed, says a person. False where the OLT is not known."""
    changed = conn.execute(
        update(olt_lease).where(olt_lease.c.olt == olt).values(**_columns(CLOSED), updated_at=now)
    )
    return _noted(conn, changed.rowcount, who, "olt reset-breaker", olt, why, now)


def _noted(conn: Connection, changed: int, who: str, what: str, olt: str, why: str, now: datetime) -> bool:
    if changed:
        conn.execute(insert(action).values(at=now, who=who, what=what, target=olt, why=why))
        db.wake(conn, JOBS)
    return bool(changed)


@dataclass(frozen=True)
class OltState:
    """One OLT as `acende olts` shows it. `queue` counts its live jobs by kind."""

    olt: str
    platform: str | None
    holder: str | None
    expires_at: datetime | None
    session_open: bool
    held_by: str | None
    held_reason: str | None
    breaker: Breaker
    last_ok_at: datetime | None
    queue: dict[str, int]
    left_out: Mapping[str, Any] | None = None
    """Rows of its lists that could not be read, when that was seen last: `at`, `count`, `rows`."""
    retry_at: datetime | None = None
    """When a login that it has refused is tried again by itself, at the earliest."""


def overview(conn: Connection, olts: Iterable[str] | None = None) -> list[OltState]:
    """Every OLT, or those named, by id."""
    jobs = conn.execute(
        select(job.c.olt, job.c.kind, func.count()).where(job.c.live).group_by(job.c.olt, job.c.kind)
    )
    queues: dict[str, dict[str, int]] = {}
    for olt, kind, count in jobs:
        queues.setdefault(olt, {})[kind] = count
    wanted = select(olt_lease).order_by(olt_lease.c.olt)
    if olts is not None:
        wanted = wanted.where(olt_lease.c.olt.in_(list(olts)))
    return [_state(row, queues.get(row.olt, {})) for row in conn.execute(wanted)]


def _state(row: Any, queue: dict[str, int]) -> OltState:
    return OltState(
        row.olt,
        row.platform,
        row.holder,
        row.expires_at,
        row.session_open,
        row.held_by if row.held else None,
        row.held_reason if row.held else None,
        _breaker(row),
        row.last_ok_at,
        queue,
        row.left_out,
    )
