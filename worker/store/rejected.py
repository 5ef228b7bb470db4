"""Requests that could not be read: who asked is told, and where they lie is found by order or serial.

An order of which nothing else is known has a row of its own here, of which no fact is made: the first request that can be read
begins the next revision, with the sequence going on.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, or_, select, update

from events.reasons import reason
from events.record import About, Rejected
from worker.facts import Order, OrderState, unknown
from worker.replacing import replace
from worker.store import emit, many, orders
from worker.store.db import context, note_finished
from worker.store.outbox import put_all
from worker.store.rows import step_row
from worker.store.schema import job_step, rejected_order, rejected_record, service_order

RETENTION = timedelta(days=30)
"""How long a topic keeps its records, as far as we know, where it keeps them for ever or does not say."""
ROWS_MAX = 5000
_PLACES_MAX = 5


@dataclass(frozen=True)
class Request:
    """An `install.started` that was set aside. `place` is its dead letter's id; `at` tells its record from others there."""

    place: str
    at: str
    rejected: Rejected
    about: About
    written: datetime | None
    """The record's own time."""
    kept: timedelta = RETENTION
    """How long its topic keeps it."""

    def older_than(self, age: timedelta, now: datetime) -> bool:
        """Whether what it asks for is too old to be answered."""
        return any(time is not None and now - time > age for time in (self.about.time, self.written))

    @property
    def code(self) -> str:
        """With which an order fails of which nothing else is known."""
        return "internal_error" if self.rejected.code == "internal_error" else "invalid_data"

    def say(self, code: str) -> emit.Say:
        """The reason, with the members at fault; nothing of what they hold."""
        places = ", ".join(line.split(": ")[0] for line in self.rejected.where[:_PLACES_MAX])
        return emit.Say(code, {"where": places or "?"})


def tell(conn: Connection, requests: Sequence[Request], at: datetime) -> None:
    """Note where these lie, and tell the orders that they speak of. In the transaction that has correlation to itself."""
    _index(conn, requests, at)
    for request in sorted(requests, key=lambda request: request.about.order):
        order = orders.hold(conn, request.about.order)
        if order is not None and _is_known(order):
            _tell_known(conn, order, request, at)
        else:
            _tell_unknown(conn, order or unknown(request.about.order), request, at)


def _is_known(order: Order) -> bool:
    """Whether it has been asked for; of an order that was only cancelled nothing has been read."""
    return order.request is not None or order.state is not OrderState.UNKNOWN


def _index(conn: Connection, requests: Iterable[Request], at: datetime) -> None:
    rows = [
        {
            "place": request.place,
            "service_order_id": request.about.order,
            "serial": request.about.serial,
            "customer": request.about.customer,
            "code": request.rejected.code,
            "at": at,
            "until": at + request.kept,
        }
        for request in requests
    ]
    many.upsert(conn, rejected_record, "place", rows)


def _tell_known(conn: Connection, order: Order, request: Request, at: datetime) -> None:
    say = request.say("request_rejected")
    order, record = emit.progress(context(conn), order, at, say, news=True)
    conn.execute(update(service_order).where(service_order.c.id == order.id).values(sequence=order.sequence))
    put_all(conn, [record], at)
    said = reason(say.code)
    detail = {"code": said.code, **said.kept(say.params), "record": request.place}
    many.insert(conn, job_step, [step_row(order, at, "rejected", said.say(say.params).text_pt, detail)])


def _tell_unknown(conn: Connection, order: Order, request: Request, at: datetime) -> None:
    """One `failed`, unless it is too old; then progress, each with an id of its record's place."""
    told = last(conn, [order.id]).get(order.id)
    if told is None and request.older_than(context(conn).rules.order_max_age, at):
        return
    event_id = f"{request.place}/{'progress' if told else 'failed'}"
    if told:
        order = _after(order, told)
        say = request.say("request_rejected")
        order, record = emit.progress(context(conn), order, at, say, news=True, event_id=event_id)
    else:
        order, record = _failed(conn, order, request, at, event_id)
        note_finished(conn, order)
    put_all(conn, [record], at)
    values = {"revision": order.revision, "sequence": order.sequence, "at": at}
    many.upsert(
        conn, rejected_order, "id", [{"id": order.id, "code": told.code if told else request.code, **values}]
    )


def _failed(
    conn: Connection, order: Order, request: Request, at: datetime, event_id: str
) -> tuple[Order, Any]:
    failed = replace(
        unknown(order.id),
        state=OrderState.FAILED,
        revision=order.revision + 1,
        sequence=order.sequence,
        last_code=request.code,
        finished_at=at,
    )
    more = {"asked_at": request.about.time}
    return emit.failed(context(conn), failed, None, request.say(request.code), more, at, event_id=event_id)


# -------------------------------------------------------------------------------------------------------- what was told


@dataclass(frozen=True)
class Last:
    """What was told last of an order of which no request could be read."""

    revision: int
    sequence: int
    code: str
    at: datetime


def last(conn: Connection, ids: Collection[str]) -> dict[str, Last]:
    """What was told last of those of these orders that no request could be read of."""
    if not ids:
        return {}
    found = conn.execute(_orders(conn.dialect.name), {"ids": many.argument(conn, ids)})
    return {row.id: Last(row.revision, row.sequence, row.code, row.at) for row in found}


@cache
def _orders(dialect: str) -> Select[Any]:
    """Built once: every batch asks."""
    ids = many.rows_of(dialect, rejected_order.c.id, lambda kind: bindparam("ids", type_=kind))
    return select(rejected_order).where(rejected_order.c.id.in_(ids))


def going_on(conn: Connection, known: Mapping[str, Order], ids: Iterable[str]) -> dict[str, Order]:
    """Those of these orders of which requests were rejected and none is known yet: from there on they are told."""
    new = [one for one in ids if (order := known.get(one)) is None or not _is_known(order)]
    told = last(conn, new)
    return {one: _after(known.get(one) or unknown(one), told[one]) for one in new if one in told}


def _after(order: Order, told: Last) -> Order:
    return replace(
        order, revision=max(order.revision, told.revision), sequence=max(order.sequence, told.sequence)
    )


def told_again(conn: Connection, order: str, revision: int, sequence: int, code: str, at: datetime) -> None:
    """Know from a topic what was told of an order of which no request could be read."""
    row = {"id": order, "revision": revision, "sequence": sequence, "code": code, "at": at}
    new = many.upserting(conn, rejected_order).values(row)
    latest = {name: new.excluded[name] for name in ("revision", "sequence", "at")}
    conn.execute(
        new.on_conflict_do_update(
            index_elements=["id"], set_=latest, where=rejected_order.c.sequence < new.excluded.sequence
        )
    )


# -------------------------------------------------------------------------------------------------------- where they lie


@dataclass(frozen=True)
class RejectedView:
    """A request that was set aside: where it lies, which is its dead letter's id, and why."""

    record: str
    order: str
    serial: str | None
    code: str
    at: datetime


def find(conn: Connection, subject: str, serials: Collection[str]) -> list[RejectedView]:
    """Those of this order, or that name one of these serials, oldest first."""
    concerned = or_(
        rejected_record.c.service_order_id == subject, rejected_record.c.serial.in_(list(serials))
    )
    found = conn.execute(select(rejected_record).where(concerned).order_by(rejected_record.c.at))
    return [RejectedView(row.place, row.service_order_id, row.serial, row.code, row.at) for row in found]


def of_customer(conn: Connection, customer: str) -> set[str]:
    """Orders that rejected requests of this customer spoke of."""
    wanted = select(rejected_record.c.service_order_id).where(rejected_record.c.customer == customer)
    return set(conn.execute(wanted).scalars())


def is_there(conn: Connection, order: str) -> bool:
    """Whether anything is kept here of this order."""
    return bool(last(conn, [order])) or bool(find(conn, order, ()))


def forget(conn: Connection, order_ids: Collection[str]) -> None:
    """Erase where requests of these orders lie."""
    conn.execute(
        delete(rejected_record).where(many.among(conn, rejected_record.c.service_order_id, order_ids))
    )


def forget_gone(conn: Connection, at: datetime) -> int:
    """Forget where requests lay that their topics no longer keep, some at once; how many."""
    gone = select(rejected_record.c.place).where(rejected_record.c.until <= at).limit(ROWS_MAX)
    places = list(conn.execute(gone).scalars())
    conn.execute(delete(rejected_record).where(many.among(conn, rejected_record.c.place, places)))
    return len(places)


def forget_orders(conn: Connection, until: datetime) -> int:
    """Forget orders that were told before `until` and of which no request lies anywhere any more, some at once; how many.

    Until then an order that is asked for anew goes on with the sequence that it had.
    """
    oldest = select(rejected_order.c.id).where(rejected_order.c.at <= until)
    found = set(conn.execute(oldest.order_by(rejected_order.c.at).limit(ROWS_MAX)).scalars())
    theirs = many.among(conn, rejected_record.c.service_order_id, found)
    found -= set(conn.execute(select(rejected_record.c.service_order_id).where(theirs)).scalars())
    conn.execute(delete(rejected_order).where(many.among(conn, rejected_order.c.id, found)))
    return len(found)
