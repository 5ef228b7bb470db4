"""Making a database good by what Kafka holds: an empty one, or one that is older than what was published since.

All of it is one transaction. Nothing is published, and no job is made: what is to go on is due, and the first sweep of a
worker takes it up as it takes up everything that is due.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Table, delete, func, select, update

from events.record import Event
from worker.correlate import World, correlate, merge
from worker.facts import Order, OrderState, Rules, unknown
from worker.replacing import replace
from worker.results import Registration, Result, Standing, owners, resumed, with_final
from worker.store import many, rejected, secrets, timelines, world
from worker.store.apply import Facts, lock, note_events
from worker.store.db import context, now
from worker.store.rows import step_row
from worker.store.schema import (
    applied_digest,
    equipment,
    inbox,
    job,
    job_step,
    olt_lease,
    outbox,
    own_registration,
    role_lease,
    service_order,
)
from worker.store.settle import write_orders, write_units
from worker.store.sweep import forget_people

ORDERS_AT_ONCE = 500
TIMELINE_PT = "Reconstruída a partir do Kafka, depois da perda do banco: o que houve antes não consta daqui."
_HELD = (inbox, equipment, service_order, job, outbox, own_registration)
_LEASES = (role_lease, olt_lease)
_STANDING = (OrderState.COMPLETED.value, OrderState.FAILED.value)


@dataclass(frozen=True)
class Sources:
    """What Kafka holds, in batches: events of the input topics, then finals, then progress."""

    events: Iterable[Sequence[Event]]
    results: Iterable[Sequence[Result]]
    progress: Iterable[Sequence[Result]]


@dataclass
class Rebuilt:
    """What came of it: how much was read and applied, and the orders that have no answer yet."""

    units: int = 0
    orders: int = 0
    events: int = 0
    finals: int = 0
    goes_on: list[str] = field(default_factory=list)
    """Orders that a worker takes up."""
    too_old: list[str] = field(default_factory=list)
    """Orders that are left until somebody asks for them again."""


def holds_data(conn: Connection) -> bool:
    """Whether a worker has ever kept anything here."""
    return any(conn.execute(select(table).limit(1)).first() for table in _HELD)


def leases(conn: Connection) -> dict[str, datetime]:
    """Workers that hold a lease now, and when the last one of each ends."""
    at = now(conn)
    found: dict[str, datetime] = {}
    for table in _LEASES:
        held = select(table.c.holder, table.c.expires_at).where(table.c.holder.is_not(None))
        for holder, until in conn.execute(held.where(table.c.expires_at > at)):
            found[holder] = max(until, found.get(holder, until))
    return found


def rebuild(conn: Connection, sources: Sources, who: str, why: str) -> Rebuilt:
    """Bring the database to what the sources tell. Facts and results that it knows already change nothing."""
    lock(conn)
    timelines.note(conn, who, "rebuild", "database", why)
    for table in _LEASES:
        conn.execute(update(table).values(holder=None, expires_at=None))
    made = _Rebuilding(conn, now(conn), context(conn).rules)
    for events in sources.events:
        made.merge(events)
    for results in sources.results:
        made.end(results)
    for results in sources.progress:
        made.reach(results)
    made.write_own()
    made.resume()
    made.claim()
    while forget_people(conn, made.at, made.at - made.rules.personal_keep) >= ORDERS_AT_ONCE:
        pass
    return made.counted()


@dataclass
class _Rebuilding:
    conn: Connection
    at: datetime
    rules: Rules
    changed: set[str] = field(default_factory=set)
    """Orders of which something was not known."""
    behind: set[str] = field(default_factory=set)
    """Orders of which later progress was published than any final."""
    ended: set[str] = field(default_factory=set)
    """Orders of which a final was not known."""
    own: list[tuple[datetime, str, frozenset[Registration]]] = field(default_factory=list)
    """What finals tell of registrations: when, and whose own."""
    done: Rebuilt = field(default_factory=Rebuilt)

    # --------------------------------------------------------------------------------------------------------- reading

    def merge(self, events: Sequence[Event]) -> None:
        """Merge facts. Old ones are not noted as applied: merging them again changes nothing."""
        kept_since = self.at - self.rules.inbox_keep
        recent = [event for event in events if event.time >= kept_since]
        new = note_events(self.conn, recent, self.at) + [event for event in events if event.time < kept_since]
        reader = world.Reader(self.conn)
        reader.units_of(merge.units_of(new), ())
        reader.orders_of(merge.orders_of(new), (), ())
        before = reader.orders()
        facts = Facts(dict(reader.units), dict(before))
        for event in new:
            facts.add(event, self.at, self.rules)
        write_units(self.conn, reader.units, [facts.units[serial] for serial in sorted(facts.changed)])
        self._write(before, facts.orders.values())
        latest = {order: found for order, found in facts.secrets.items() if found or order in before}
        secrets.keep(self.conn, latest)
        self.done.events += len(new)

    def end(self, results: Sequence[Result]) -> None:
        """Have orders end as their finals say, where these are later than what is known."""
        before = self._orders(result.order for result in results)
        after = dict(before)
        for result in results:
            if result.of_rejected:
                self._goes_on_after(result, after)
                continue
            order = after.get(result.order) or unknown(result.order)
            if not result.final or result.told.sequence <= order.sequence:
                continue
            after[order.id] = with_final(order, result)
            self.own.append((result.at, order.id, result.own))
            self.ended.add(order.id)
            self.done.finals += 1
        self._write(before, after.values())

    def reach(self, results: Sequence[Result]) -> None:
        """Note how far the records of orders have come that no final tells of."""
        before = self._orders(result.order for result in results)
        after = dict(before)
        for result in results:
            if result.of_rejected:
                self._goes_on_after(result, after)
                continue
            order, told = after.get(result.order) or unknown(result.order), result.told
            if told.sequence > order.sequence:
                revision = max(told.revision, order.revision)
                after[order.id] = replace(order, sequence=told.sequence, revision=revision)
                self.behind.add(order.id)
        self._write(before, after.values())

    def _goes_on_after(self, result: Result, orders: dict[str, Order]) -> None:
        """Note what was told of an order of which no request could be read: a later one goes on from there."""
        told = result.told
        code = told.code if result.final and told.code else "invalid_data"
        rejected.told_again(self.conn, result.order, told.revision, told.sequence, code, result.at)
        if order := orders.get(result.order):
            sequence, revision = max(told.sequence, order.sequence), max(told.revision, order.revision)
            orders[order.id] = replace(order, sequence=sequence, revision=revision)

    def _orders(self, ids: Iterable[str]) -> dict[str, Order]:
        reader = world.Reader(self.conn)
        reader.orders_of(ids, (), ())
        return reader.orders()

    def _write(self, before: dict[str, Order], after: Iterable[Order]) -> None:
        changed = [order for order in after if order != before.get(order.id)]
        write_orders(self.conn, before, changed, self.at)
        self.changed |= {order.id for order in changed}

    # ------------------------------------------------------------------------------------------------- what follows from it

    def write_own(self) -> None:
        """Write whose own each registration is, as the finals that were not known tell, one after another."""
        rows = self.conn.execute(select(own_registration))
        known = {(row.olt, row.port, row.serial): (row.service_order_id, row.since) for row in rows}
        self.conn.execute(delete(own_registration))
        many.insert(
            self.conn,
            own_registration,
            [
                {"olt": olt, "port": port, "serial": serial, "service_order_id": order, "since": since}
                for (olt, port, serial), (order, since) in owners(known, self.own).items()
            ],
        )

    def resume(self) -> None:
        """Have what was asked lately and not answered be due; leave the rest. What earlier work knew counts no more."""
        for ids in _parts(sorted(self.changed)):
            before = self._orders(ids)
            after = []
            for order in before.values():
                made, standing = resumed(order, self.at, self.rules, behind=order.id in self.behind)
                after.append(made)
                self._count(made, standing)
            self._void([order.id for order in after if not order.live], after)
            write_orders(self.conn, before, after, self.at)
            self._judge_secrets(after)
            steps = [step_row(order, self.at, "rebuilt", TIMELINE_PT) for order in after]
            many.insert(self.conn, job_step, steps)

    def _count(self, order: Order, standing: Standing) -> None:
        if standing is Standing.GOES_ON:
            self.done.goes_on.append(order.id)
        elif standing is Standing.TOO_OLD:
            self.done.too_old.append(order.id)

    def _void(self, ids: Collection[str], orders: Iterable[Order]) -> None:
        """Of orders that have ended since: their jobs, and what was last applied to their units."""
        jobs = update(job).where(job.c.live, many.among(self.conn, job.c.service_order_id, ids))
        self.conn.execute(jobs.values(live=False, state="dropped", updated_at=self.at))
        serials = {order.serial for order in orders if order.id in self.ended and order.serial}
        self.conn.execute(
            delete(applied_digest).where(many.among(self.conn, applied_digest.c.serial, serials))
        )

    def _judge_secrets(self, orders: Iterable[Order]) -> None:
        """Passwords stay with orders that go on and, for a while, with those that failed."""
        gone = []
        for order in orders:
            until = order.finished_at and order.finished_at + self.rules.secret_keep
            if order.due_at is not None:
                continue
            if order.state is OrderState.FAILED and until and until > self.at:
                secrets.erase_later(self.conn, [order.id], until)
            else:
                gone.append(order.id)
        secrets.erase(self.conn, gone)

    def claim(self) -> None:
        """Judge who claims which unit, of orders that are not live. The live are left to the sweep."""
        standing = update(service_order).where(service_order.c.state.in_(_STANDING), service_order.c.claims)
        self.conn.execute(standing.values(claims=False))
        last = ""
        while ids := self._standing_after(last):
            last = ids[-1]
            reader, _ = world.gather(self.conn, set(), set(), set(ids))
            before = reader.orders()
            changes = correlate(World(reader.units, before, reader.registered), self.at, self.rules)
            working = {order.serial for order in before.values() if order.claims}
            after = [self._claiming(before[one], changes[one].order, working) for one in ids]
            write_orders(self.conn, before, [one for one in after if one != before[one.id]], self.at)

    def _claiming(self, before: Order, judged: Order, working: Collection[str | None]) -> Order:
        if judged.claims and judged.serial in working:
            return replace(before, claims=False, due_at=self.at)
        return replace(before, serial=judged.serial, claims=judged.claims)

    def _standing_after(self, last: str) -> list[str]:
        wanted = select(service_order.c.id).where(
            service_order.c.state.in_(_STANDING), service_order.c.id > last
        )
        return list(self.conn.execute(wanted.order_by(service_order.c.id).limit(ORDERS_AT_ONCE)).scalars())

    def counted(self) -> Rebuilt:
        """What came of it."""
        self.done.units = self._rows(equipment)
        self.done.orders = self._rows(service_order)
        self.done.goes_on.sort()
        self.done.too_old.sort()
        return self.done

    def _rows(self, table: Table) -> int:
        return int(self.conn.execute(select(func.count()).select_from(table)).scalar_one())


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), ORDERS_AT_ONCE):
        yield ids[start : start + ORDERS_AT_ONCE]
