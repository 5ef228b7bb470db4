"""Events into rows: facts are merged, what follows is decided, results go to the outbox, all in one transaction."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from pydantic import SecretStr
from sqlalchemy import Connection, select, text

from events.inputs import InstallCancelled, InstallStarted
from events.record import Event
from worker.correlate import World, merge
from worker.correlate.world import cancels_too_late
from worker.facts import Order, Rules, Stamp, Unit, unknown
from worker.replacing import replace
from worker.store import doubt, many, rejected, world
from worker.store.db import context, now
from worker.store.schema import inbox
from worker.store.secrets import secrets_in
from worker.store.settle import News, Settled, settle

LOCK = 0x4143434F
"""Correlation takes this lock first: two workers may hold the two halves of a pair at the same moment."""
_OF_ORDERS = (InstallStarted, InstallCancelled)
BY_HAND = "acende"
"""The source of what people ask for by the command line."""


@dataclass(frozen=True)
class Applied:
    """What became of a batch: events applied (by type), events known already, orders written, final results among them."""

    applied: int = 0
    known: int = 0
    orders: int = 0
    finished: int = 0
    types: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Facts:
    """What is known, while a batch is merged into it."""

    units: dict[str, Unit]
    orders: dict[str, Order]
    changed: set[str] = field(default_factory=set)
    """Units that changed."""
    secrets: dict[str, Mapping[str, SecretStr]] = field(default_factory=dict)

    def add(self, event: Event, at: datetime, rules: Rules) -> None:
        """Merge one event."""
        data = event.data
        if isinstance(data, _OF_ORDERS):
            self._add_to_order(data.service_order_id, event, at, rules)
        if serial := merge.unit_of(event):
            self._put(serial, lambda unit: merge.unit_with(unit, event))

    def show(self, serials: Iterable[str]) -> None:
        """Have these serials be ones without doubt: an OLT shows them."""
        for serial in serials:
            self._put(serial, merge.shown)

    def _put(self, serial: str, change: Callable[[Unit], Unit]) -> None:
        before = self.units.get(serial)
        after = change(before or merge.new_unit(serial))
        if after is not before:
            self.units[serial] = after
            self.changed.add(serial)

    def _add_to_order(self, order_id: str, event: Event, at: datetime, rules: Rules) -> None:
        before = self.orders.get(order_id) or unknown(order_id)
        after = merge.order_with(before, event, at, rules)
        if isinstance(event.data, InstallStarted) and after.requested != before.requested:
            self.secrets[order_id] = secrets_in(event.data)
            after = replace(after, secrets_kept=True)
        self.orders[order_id] = after


def lock(conn: Connection) -> None:
    """Have correlation to oneself until the end of the transaction. A statement of its own, before any read."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


def apply_batch(conn: Connection, events: Sequence[Event]) -> Applied:
    """Apply those of the events that were not applied before. Applying one again changes nothing."""
    lock(conn)
    at = now(conn)
    new = note_events(conn, events, at)
    if not new:
        return Applied(known=len(events))
    rules = doubt.rules(conn)
    reader, affected = world.gather(conn, merge.units_of(new), merge.serials_named(new), merge.orders_of(new))
    before = reader.orders()
    asked = {e.data.service_order_id for e in new if isinstance(e.data, _OF_ORDERS)}
    going_on = rejected.going_on(conn, before, asked)
    facts = Facts(dict(reader.units), {**before, **going_on})
    for event in new:
        facts.add(event, at, rules)
    known = World(facts.units, facts.orders, reader.registered, frozenset(affected))
    news = News(facts.changed, reader.units, facts.secrets, _late_cancellations(before, facts.orders, rules))
    settled = settle(conn, before, known, news, at)
    types = Counter(event.type for event in new)
    return Applied(len(new), len(events) - len(new), settled.orders, settled.finished, types)


def note_events(conn: Connection, events: Sequence[Event], at: datetime) -> list[Event]:
    """Write the events into the inbox; those that were not there."""
    by_key = {(event.source, event.id): event for event in events}
    known = _known(conn, by_key)
    new = [event for key, event in by_key.items() if key not in known]
    rows = [{"source": e.source, "id": e.id, "type": e.type, "arrived_at": at} for e in new]
    many.insert(conn, inbox, rows)
    return new


def _known(conn: Connection, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the keys, maybe with others, that are in the inbox."""
    sources, ids = {source for source, _ in keys}, [id_ for _, id_ in keys]
    found = conn.execute(
        select(inbox.c.source, inbox.c.id).where(
            many.among(conn, inbox.c.source, sources), many.among(conn, inbox.c.id, ids)
        )
    )
    return {(source, id_) for source, id_ in found}


def _late_cancellations(
    before: Mapping[str, Order], after: Mapping[str, Order], rules: Rules
) -> frozenset[str]:
    """Completed orders whose cancellation came too late, and came now."""
    return frozenset(
        order.id
        for order in after.values()
        if (former := before.get(order.id))
        and former.cancelled != order.cancelled
        and cancels_too_late(order, rules)
    )


# -------------------------------------------------------------------------------------------------- what people ask for


def request_retry(conn: Connection, order_id: str, who: str, why: str) -> str | None:
    """Have an order that is not live tried again; None, or why it cannot be: `unknown` or `live`."""
    lock(conn)
    at = now(conn)
    reader, before = _judged(conn, {order_id})
    order = before.get(order_id)
    if order is None or not order.request_known:
        return "unknown"
    if order.live:
        return "live"
    stamp = _by_hand(order, at)
    asked = merge.asked(order, stamp, order.named_serial, fresh=True)
    _settle_by_hand(conn, reader, before, asked, at, f"Nova tentativa pedida por {who}: {why}")
    return None


def request_cancel(conn: Connection, order_id: str, who: str, why: str) -> str | None:
    """Cancel an order; None, or why not: `unknown`, `cancelled` or `cancel_after_completion`."""
    lock(conn)
    at = now(conn)
    reader, before = _judged(conn, {order_id})
    order = before.get(order_id)
    if order is None or order.request is None:
        return "unknown"
    if order.state in {order.state.CANCELLED, order.state.CANCELLING}:
        return "cancelled"
    gone = merge.cancelled(order, _by_hand(order, at), why, "cancelled_by_person")
    if cancels_too_late(gone, context(conn).rules):
        return "cancel_after_completion"
    _settle_by_hand(conn, reader, before, gone, at, f"Cancelamento pedido por {who}: {why}")
    return None


def _judged(conn: Connection, ids: set[str]) -> tuple[world.Reader, dict[str, Order]]:
    reader, _ = world.gather(conn, set(), set(), ids)
    return reader, reader.orders()


def _by_hand(order: Order, at: datetime) -> Stamp:
    """A fact of now, later than every other of the order, whatever the ERP's clock."""
    latest = [ask.stamp.time for ask in order.asks[-1:]] + ([order.cancelled.time] if order.cancelled else [])
    time = max([at, *(earlier + timedelta(microseconds=1) for earlier in latest)])
    return Stamp(time, BY_HAND, uuid4().hex)


def _settle_by_hand(
    conn: Connection, reader: world.Reader, before: dict[str, Order], order: Order, at: datetime, note: str
) -> Settled:
    known = World(reader.units, {**before, order.id: order}, reader.registered, frozenset({order.id}))
    return settle(conn, before, known, News(notes={order.id: note}), at)
