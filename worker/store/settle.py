"""Writing what correlation decided: orders, claims, jobs, registrations, results, secrets, timeline."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Connection, update

from events.outputs import Where
from events.reasons import reason
from schemas.place import PonPort
from worker.correlate import Change, Registered, World, correlate
from worker.facts import Look, Order, OrderState, Unit, Work
from worker.store import doubt, emit, jobs, many, secrets
from worker.store.db import Context, context, note_finished
from worker.store.jobs import Owned
from worker.store.outbox import Record, put_all
from worker.store.rows import order_row, step_row, unit_row
from worker.store.schema import equipment, job_step, service_order


@dataclass(frozen=True)
class News:
    """What came in besides the merged facts."""

    units: Iterable[str] = ()
    """Units that changed."""
    known_units: Collection[str] = ()
    """Those of them that have a row already, and maybe others."""
    secrets: Mapping[str, Mapping[str, SecretStr]] = field(default_factory=dict)
    """Passwords of new requests, by order."""
    late_cancellations: frozenset[str] = frozenset()
    """Completed orders whose cancellation came too late."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """What is to be said in an order's timeline of why it changed."""


@dataclass(frozen=True)
class Settled:
    """Orders that were written, and final results among them."""

    orders: int = 0
    finished: int = 0


@dataclass
class _Settling:
    """One settlement under way: what every order becomes once its records are made."""

    known: Context
    world: World
    before: Mapping[str, Order]
    at: datetime
    orders: dict[str, Order] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)

    def take(self, change: Change, *, late: bool, note: str | None) -> None:
        """Make the records of one change."""
        order = change.order
        if note:
            self.steps.append(step_row(order, self.at, "person", note))
        if late:
            say = emit.Say("cancel_after_completion", {})
            order, record = emit.progress(self.known, order, self.at, say, news=True)
            self.records.append(record)
        if change.told:
            order, record = emit.progress(self.known, order, self.at, _said(change))
            self.records.append(record)
        elif change.finished:
            order, record = self._final(order, change)
            self.records.append(record)
        if change.told or change.finished:
            self.steps.append(_step(order, change, self.at))
        if order != self.before.get(order.id):
            self.orders[order.id] = order

    def _final(self, order: Order, change: Change) -> tuple[Order, Record]:
        unit = self.world.units.get(order.serial or "")
        told = {"own": tuple(_where(one) for one in self.world.registered if one.order == order.id)}
        if order.state is OrderState.FAILED:
            say = _said(change)
            assert say
            return emit.failed(self.known, order, unit, say, told, self.at)
        return emit.cancelled(self.known, order, unit, told, self.at)


def settle(conn: Connection, before: Mapping[str, Order], world: World, news: News, at: datetime) -> Settled:
    """Decide what follows from the world, and write it. `before` are the orders as they were read."""
    known = context(conn)
    changes = correlate(world, at, doubt.rules(conn))
    under_way = _Settling(known, world, before, at)
    for order_id in sorted(changes):
        under_way.take(
            changes[order_id],
            late=order_id in news.late_cancellations,
            note=news.notes.get(order_id),
        )
    written = under_way.orders
    write_units(conn, news.known_units, [world.units[serial] for serial in news.units])
    _make_jobs(conn, changes.values(), written, at)
    write_orders(conn, before, list(written.values()), at)
    _remove(conn, changes.values(), before, at)
    _write_secrets(conn, before, written, news.secrets, at)
    put_all(conn, under_way.records, at)
    many.insert(conn, job_step, under_way.steps)
    finished = [written[order_id] for order_id, change in changes.items() if change.finished]
    for order in finished:
        note_finished(conn, order)
    return Settled(len(written), len(finished))


def _where(one: Registered) -> Where:
    return Where(olt_id=one.olt, pon_port=PonPort.model_validate(one.port), serial=one.serial)


def _said(change: Change) -> emit.Say | None:
    return emit.Say(change.say.code, change.say.params) if change.say else None


def _step(order: Order, change: Change, at: datetime) -> dict[str, Any]:
    if change.say:
        said = reason(change.say.code)
        params = said.kept(change.say.params)
        return step_row(order, at, order.state.value, said.say(params).text_pt, {"code": said.code, **params})
    text = order.stage.text_pt if order.stage else ""
    return step_row(order, at, order.state.value, text, {"serial": order.serial} if order.serial else None)


def write_units(conn: Connection, known: Collection[str], units: Sequence[Unit]) -> None:
    """Write units; `known` are those that have a row already, and maybe others."""
    many.insert(conn, equipment, [unit_row(unit) for unit in units if unit.serial not in known])
    many.upsert(conn, equipment, "serial", [unit_row(unit) for unit in units if unit.serial in known])


def write_orders(
    conn: Connection, before: Mapping[str, Order], orders: Sequence[Order], at: datetime
) -> None:
    """Write orders; those that have a row already are in `before`.

    Claims that end are written first: no two orders may claim one serial, not even for a moment.
    """
    ended = [
        former.id
        for order in orders
        if (former := before.get(order.id))
        and former.claims
        and (former.serial, True) != (order.serial, order.claims)
    ]
    if ended:
        conn.execute(update(service_order).where(service_order.c.id.in_(ended)).values(claims=False))
    known = [order_row(order, at) for order in orders if order.id in before]
    many.upsert(conn, service_order, "id", known, kept=("created_at",))
    many.insert(conn, service_order, [order_row(order, at) for order in orders if order.id not in before])


def _make_jobs(
    conn: Connection, changes: Iterable[Change], orders: Mapping[str, Order], at: datetime
) -> None:
    starting, looking = [], []
    for change in changes:
        if change.start:
            starting.append(Work.of(orders[change.order.id]))
        elif change.stop:
            jobs.stop_work(conn, change.order.id, at)
        if change.look:
            looking.append(Look.of(change.order))
    jobs.start_all(conn, starting, at)
    jobs.look_all(conn, looking, at)


def _remove(conn: Connection, changes: Iterable[Change], before: Mapping[str, Order], at: datetime) -> None:
    """Begin removals; end those of orders that are no longer being cancelled."""
    deadline = at + context(conn).rules.deprovision_deadline
    for change in changes:
        former = before.get(change.order.id)
        ended = (
            former is not None
            and former.state is OrderState.CANCELLING
            and former.state is not change.order.state
        )
        if change.remove or ended:
            owned = [Owned(one.olt, PonPort.model_validate(one.port), one.serial) for one in change.remove]
            jobs.start_removal(conn, change.order.id, owned, at, deadline)


def _write_secrets(
    conn: Connection,
    before: Mapping[str, Order],
    orders: Mapping[str, Order],
    new: Mapping[str, Mapping[str, SecretStr]],
    at: datetime,
) -> None:
    changed = [order for order in orders.values() if _state(before, order) is not order.state]
    failed = {order.id for order in changed if order.state is OrderState.FAILED}
    kept = {
        order_id: found
        for order_id, found in new.items()
        if (order := orders.get(order_id))
        and (order.live or order_id in failed)
        and (found or order_id in before)
    }
    secrets.keep(conn, kept)
    if again := [
        order.id for order in changed if order.live and order.id in before and not before[order.id].live
    ]:
        secrets.keep_on(conn, again)
    if gone := [order.id for order in changed if order.state is OrderState.CANCELLED and order.id in before]:
        secrets.erase(conn, gone)
    if failed:
        secrets.erase_later(conn, failed, at + context(conn).rules.secret_keep)


def _state(before: Mapping[str, Order], order: Order) -> OrderState:
    former = before.get(order.id)
    return former.state if former else OrderState.UNKNOWN
