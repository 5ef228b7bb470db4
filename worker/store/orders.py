"""Orders as rows: how work reports on them. Every function belongs into the caller's transaction.

Each names the revision that it worked on and does nothing, returning False, where that is no longer the current one or
the order is no longer live: what a superseded revision has to say is not said.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import BindParameter, Connection, RowMapping, bindparam, insert, select, update

from events.inputs import InstallStarted
from events.outputs import Applied, Left, Optical, Skipped, Warned, Where
from events.reasons import reason
from events.stages import Stage
from schemas.place import PonPort
from worker import lifecycle
from worker.facts import Order, OrderState, Unit
from worker.lifecycle import keeps_claim, reach
from worker.replacing import replace
from worker.store import emit, many, secrets
from worker.store.db import context, note_finished, now
from worker.store.jobs import Owned, remove, stop_work
from worker.store.outbox import Record, put_all
from worker.store.own import inherit, own, owned_by
from worker.store.own import remove as remove_own
from worker.store.rows import order_of, order_row, step_row, unit_of
from worker.store.schema import equipment, job_step, own_registration, secret, service_order


@dataclass(frozen=True)
class Achieved:
    """What a completed provisioning tells beyond what the order's row knows."""

    olt_id: str
    pon_port: PonPort
    onu_id: int
    applied: Applied
    optical: Optical
    changed: bool
    plan_hash: str | None = None
    model_seen: str | None = None
    model_rule: str | None = None
    distance_m: int | None = None
    not_applied: tuple[Skipped, ...] = ()
    warnings: tuple[Warned, ...] = ()
    left: tuple[Left, ...] = ()
    """Registrations that stay, other than those in `clear`."""
    clear: tuple[Owned, ...] = ()
    """Former registrations on other OLTs, not its own, that invariant 6 lets this order remove once they are offline."""


__all__ = [
    "Achieved",
    "Brief",
    "Failure",
    "brief",
    "disown",
    "find",
    "find_unit",
    "finish_cancelled",
    "finish_completed",
    "finish_failed",
    "hold",
    "open_attempt",
    "own",
    "owned_by",
    "secrets_of",
    "set_place",
    "set_stage",
]

_TOLD = (
    "olt_id",
    "pon_port",
    "onu_id",
    "applied",
    "optical",
    "changed",
    "plan_hash",
    "model_seen",
    "model_rule",
    "distance_m",
    "not_applied",
    "warnings",
)


@dataclass(frozen=True)
class Failure:
    """Why a revision has failed. `parked`: its attempts ran out."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    parked: bool = False
    removed: tuple[Where, ...] = ()
    left: tuple[Left, ...] = ()


@dataclass(frozen=True)
class Brief:
    """All that provisioning needs to know of an order."""

    order: Order
    request: InstallStarted
    """With its passwords, as far as they are kept."""
    unit: Unit
    own: tuple[Owned, ...]
    """Every registration that is the order's own."""
    claimed_by: str | None
    """Another order that claims the serial."""
    secret_expired: bool
    """The request had passwords and they have been erased."""


# Statements that are run many times for each order are built once: that costs more than to run them.
_THIS: BindParameter[Any] = bindparam("this")
_HELD = select(service_order).where(service_order.c.id == _THIS).with_for_update()
_OWNED = select(own_registration.c.serial).where(own_registration.c.service_order_id == _THIS)
_KEPT = select(secret.c.service_order_id).where(secret.c.service_order_id == _THIS)
_WRITTEN = update(service_order).where(service_order.c.id == _THIS)


def hold(conn: Connection, order_id: str) -> Order | None:
    """The order, kept from other transactions until this one ends; None where there is none."""
    row = conn.execute(_HELD, {"this": order_id}).mappings().one_or_none()
    return _of(conn, row) if row else None


def find(conn: Connection, order_id: str) -> Order | None:
    """The order, or None."""
    row = conn.execute(select(service_order).where(service_order.c.id == order_id)).mappings().one_or_none()
    return _of(conn, row) if row else None


def _of(conn: Connection, row: RowMapping) -> Order:
    this = {"this": row["id"]}
    owns = frozenset(conn.execute(_OWNED, this).scalars())
    kept = not row["has_secrets"] or conn.execute(_KEPT, this).first() is not None
    return order_of(row, owns, secrets_kept=kept)


def _current(conn: Connection, order_id: str, revision: int, *states: OrderState) -> Order | None:
    """The order, held, if it is live in this revision (and in one of `states`)."""
    order = hold(conn, order_id)
    if order is None or not order.live or order.revision != revision:
        return None
    return order if not states or order.state in states else None


def write(conn: Connection, order: Order, at: datetime) -> None:
    """Make the order's row what `order` says. The order is held."""
    values = order_row(order, at)
    conn.execute(_WRITTEN, values | {"this": values.pop("id")})


def brief(conn: Connection, order_id: str, revision: int) -> Brief | None:
    """What provisioning needs, or None where this revision is no longer current or not at work."""
    order = find(conn, order_id)
    if order is None or order.state is not OrderState.WORKING or order.revision != revision:
        return None
    assert order.request
    assert order.serial
    secrets = secrets_of(conn, order_id)
    return Brief(
        order,
        InstallStarted.model_validate(order.request | secrets),
        find_unit(conn, order.serial) or Unit(order.serial),
        owned_by(conn, order_id),
        _other_claim(conn, order),
        order.has_secrets and not secrets,
    )


def _other_claim(conn: Connection, order: Order) -> str | None:
    found: str | None = conn.execute(
        select(service_order.c.id).where(
            service_order.c.serial == order.serial, service_order.c.claims, service_order.c.id != order.id
        )
    ).scalar()
    return found


def find_unit(conn: Connection, serial: str) -> Unit | None:
    """The unit of stock, or None."""
    row = conn.execute(select(equipment).where(equipment.c.serial == serial)).mappings().one_or_none()
    return unit_of(row) if row else None


def set_stage(
    conn: Connection,
    order_id: str,
    revision: int,
    stage: Stage,
    *,
    code: str | None = None,
    params: Mapping[str, object] | None = None,
    keeps: Collection[str] = (),
) -> bool:
    """Record the stage, publish a progress record and say so in the timeline, if stage or code are new.

    A code of `keeps` stays as long as the stage does.
    """
    order = _current(conn, order_id, revision, OrderState.WORKING)
    if order is None:
        return False
    if order.stage == stage and (order.last_code == code or order.last_code in keeps):
        return True
    at = now(conn)
    order = replace(reach(order, stage, at), last_code=code)
    say = emit.Say(code, params or {}) if code else None
    order, record = emit.progress(context(conn), order, at, say)
    write(conn, order, at)
    put_all(conn, [record], at)
    many.insert(conn, job_step, [_stage_step(order, stage, say, at)])
    return True


def _stage_step(order: Order, stage: Stage, say: emit.Say | None, at: datetime) -> dict[str, Any]:
    if say is None:
        return step_row(order, at, "stage", stage.text_pt, {"stage": stage.value})
    why = reason(say.code)
    detail = {"stage": stage.value, "code": why.code, **why.kept(say.params)}
    return step_row(order, at, "stage", why.say(say.params).text_pt, detail)


def set_place(conn: Connection, order_id: str, revision: int, olt: str, port: PonPort) -> bool:
    """Record where the unit is to be registered in this revision."""
    order = _current(conn, order_id, revision, OrderState.WORKING)
    if order is None:
        return False
    write(conn, replace(order, place_olt=olt, place_port=port), now(conn))
    return True


def open_attempt(conn: Connection, order_id: str, revision: int) -> int:
    """Record that an attempt begins; its number in this revision, from 1; 0 where the revision is not at work."""
    order = _current(conn, order_id, revision, OrderState.WORKING)
    if order is None:
        return 0
    at = now(conn)
    order = lifecycle.open_attempt(order, at)
    write(conn, order, at)
    inherit(conn, order_id, order.serial or "")
    return order.attempts


def disown(conn: Connection, olt: str, port: PonPort, serial: str) -> None:
    """Record that this registration is no longer on the OLT. Ends the claim of a failed order that has no other."""
    owner = remove_own(conn, olt, port, serial)
    order = hold(conn, owner) if owner else None
    if order and order.state is OrderState.FAILED and order.claims and not keeps_claim(order):
        write(conn, replace(order, claims=False), now(conn))


def finish_completed(conn: Connection, order_id: str, revision: int, achieved: Achieved) -> bool:
    """End the revision as completed: final event, secrets erased, claim kept, former registrations on the way out.

    Former registrations (its own ones elsewhere, and `achieved.clear`) get a job that removes them once they are
    offline; the event lists them as left and does not wait.
    """
    order = _current(conn, order_id, revision, OrderState.WORKING)
    if order is None:
        return False
    at, known = now(conn), context(conn)
    inherit(conn, order_id, order.serial or "")
    here = Owned(achieved.olt_id, achieved.pon_port, order.serial or "")
    owned = owned_by(conn, order_id)
    former = {one for one in (*owned, *achieved.clear) if one != here}
    placed = replace(order, place_olt=achieved.olt_id, place_port=achieved.pon_port, claims=True)
    done, record = emit.completed(
        known,
        lifecycle.complete(placed, at),
        find_unit(conn, here.serial),
        _told(achieved, owned, former),
        at,
    )
    _finish(conn, done, record, at)
    if former:
        remove(
            conn,
            order_id,
            sorted(former, key=str),
            at,
            at + known.rules.deprovision_deadline,
            {"why": "former"},
        )
    return True


def _told(achieved: Achieved, own: Iterable[Owned], former: Iterable[Owned]) -> dict[str, Any]:
    """The fields of `Completed` that the order's row does not know."""
    told = {name: getattr(achieved, name) for name in _TOLD}
    known = emit.places(achieved.left)
    going = [
        emit.left(_where(owned), "left_pending_removal")
        for owned in sorted(former, key=str)
        if (owned.olt, str(owned.port), owned.serial) not in known
    ]
    return {**told, "left": (*achieved.left, *going), "own": tuple(map(_where, own))}


def _own(conn: Connection, order_id: str) -> tuple[Where, ...]:
    return tuple(map(_where, owned_by(conn, order_id)))


def _where(owned: Owned) -> Where:
    return Where(olt_id=owned.olt, pon_port=owned.port, serial=owned.serial)


def _finish(conn: Connection, order: Order, record: Record, at: datetime) -> None:
    write(conn, order, at)
    put_all(conn, [record], at)
    note_finished(conn, order)
    if order.state is OrderState.FAILED:
        secrets.erase_later(conn, [order.id], at + context(conn).rules.secret_keep)
    else:
        secrets.erase(conn, [order.id])
    note_step(conn, order, at)


def note_step(conn: Connection, order: Order, at: datetime) -> None:
    """Append the final result to the order's timeline."""
    final = order.final or {}
    text = final.get("text_pt") or "Instalação concluída."
    conn.execute(
        insert(job_step).values(step_row(order, at, order.state.value, text, {"code": order.last_code}))
    )


def finish_failed(conn: Connection, order_id: str, revision: int, failure: Failure) -> bool:
    """End the revision as failed: final event, secrets kept for a while, claim kept while anything of its own is left."""
    order = _current(conn, order_id, revision)
    if order is None:
        return False
    at = now(conn)
    failed = lifecycle.fail(order, failure.code, at, parked=failure.parked)
    told = {"removed": failure.removed, "left": failure.left, "own": _own(conn, order_id)}
    unit = find_unit(conn, order.serial) if order.serial else None
    done, record = emit.failed(context(conn), failed, unit, emit.Say(failure.code, failure.params), told, at)
    stop_work(conn, order_id, at)
    _finish(conn, _fallen_back(done, at), record, at)
    return True


def _fallen_back(order: Order, at: datetime) -> Order:
    """A failed order stands behind the unit that it completed with or owns; the sweep judges its claim."""
    held = lifecycle.held_serial(order)
    return order if held in {None, order.serial} else replace(order, serial=held, claims=False, due_at=at)


def finish_cancelled(
    conn: Connection,
    order_id: str,
    revision: int,
    *,
    removed: Sequence[Where] = (),
    left: Sequence[Left] = (),
) -> bool:
    """End the revision as cancelled: final event, secrets erased, claim given up.

    What is its own still and not in `left`, since another order claims it, is listed too.
    """
    order = _current(conn, order_id, revision, OrderState.CANCELLING)
    if order is None:
        return False
    at = now(conn)
    listed = emit.places([*left, *removed])
    others = [
        emit.left(_where(owned), "left_claimed", {"other_order": claimant})
        for owned, claimant in _claimed_by_others(conn, order_id)
        if (owned.olt, str(owned.port), owned.serial) not in listed
    ]
    told = {"removed": tuple(removed), "left": (*left, *others), "own": _own(conn, order_id)}
    unit = find_unit(conn, order.serial) if order.serial else None
    done, record = emit.cancelled(context(conn), lifecycle.cancel(order, at), unit, told, at)
    _finish(conn, done, record, at)
    return True


def _claimed_by_others(conn: Connection, order_id: str) -> list[tuple[Owned, str]]:
    rows = conn.execute(
        select(own_registration, service_order.c.id.label("claimant"))
        .join(service_order, (service_order.c.serial == own_registration.c.serial) & service_order.c.claims)
        .where(own_registration.c.service_order_id == order_id, service_order.c.id != order_id)
    )
    return [(Owned(row.olt, PonPort.model_validate(row.port), row.serial), row.claimant) for row in rows]


def secrets_of(conn: Connection, order_id: str) -> dict[str, SecretStr]:
    """Passwords of the order by the field of `install.started`; empty where none are kept."""
    return secrets.of_order(conn, order_id)
