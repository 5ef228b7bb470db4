"""Personal data of orders, and their end: after a time, or when the customer asks (LGPD)."""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    cast,
    delete,
    or_,
    select,
    update,
)

from worker.redaction import impersonal, record
from worker.store import many, rejected, secrets
from worker.store.db import note_erased
from worker.store.schema import action, job, job_step, olt_lease, outbox, service_order

PERSONAL = frozenset({"customer_name", "pppoe_login", "wifi_name", "cto", "cto_port"})
"""Fields of a request that tell who the customer is."""
_SHORTEST = 3
_TELLING = 5
"""A name of so many characters is looked for in what was written of others: a shorter one stands there by chance."""


def named_in(request: Mapping[str, Any]) -> tuple[str, ...]:
    """Name, login and network of the customer of a request, as far as they are long enough to be recognised."""
    values = (request.get(name) for name in ("customer_name", "pppoe_login", "wifi_name"))
    return tuple(value for value in values if isinstance(value, str) and len(value) >= _SHORTEST)


def forget(conn: Connection, orders: Collection[str], at: datetime, *, long_ago: bool = False) -> None:
    """Erase the personal data of these orders, which are not live: names, logins, passwords, timelines, what OLTs said,
    and what people wrote of them as their reasons; in records that wait to be published, too.

    What is left tells which unit is where for which contract of the ERP, what came of it, and who did what when.
    `long_ago`: they ended so long ago that of what waits only the oldest records can be of them.
    """
    rows = conn.execute(
        select(service_order.c.id, service_order.c.request, service_order.c.final).where(
            many.among(conn, service_order.c.id, orders)
        )
    ).all()
    people = {row.id: named_in(row.request or {}) for row in rows}
    for row in rows:
        values = {
            "request": _without_person(row.request),
            "final": row.final and impersonal(row.final, people[row.id]),
            "cancel_reason": None,
            "erased_at": at,
        }
        conn.execute(update(service_order).where(service_order.c.id == row.id).values(values))
    conn.execute(delete(job_step).where(many.among(conn, job_step.c.service_order_id, orders)))
    theirs = many.among(conn, job.c.service_order_id, orders)
    conn.execute(update(job).where(~job.c.live, theirs).values(payload=None))
    conn.execute(update(job).where(theirs, job.c.last_text.is_not(None)).values(last_text=None))
    conn.execute(update(action).where(many.among(conn, action.c.target, orders)).values(why="-"))
    if long_ago:
        for waiting in (outbox.c.refused.is_(None), outbox.c.refused.is_not(None)):
            _rewrite(conn, _WAITING.where(waiting).order_by(outbox.c.id).limit(_OLDEST), people.get)
    else:
        _rewrite(conn, _WAITING.where(many.among(conn, outbox.c.key, people)), people.get)
    secrets.erase(conn, orders)
    rejected.forget(conn, orders)
    note_erased(conn)


_WAITING = select(outbox.c.id, outbox.c.key, outbox.c.value)
_OLDEST = 500


def _rewrite(conn: Connection, rows: Select[Any], people: Callable[[str], Collection[str] | None]) -> None:
    """What waits to be published, or was set aside, says what it says without what tells of a person, by its key."""
    for row in conn.execute(rows).all():
        names = people(row.key)
        if names is not None and (value := record(bytes(row.value), names)):
            conn.execute(update(outbox).where(outbox.c.id == row.id).values(value=value))


def forget_elsewhere(conn: Connection, orders: Collection[str]) -> None:
    """Erase what quotes the people of these orders in rows of others: what an OLT said of them to somebody else's order.

    To be called before `forget`. Looks through all of the timelines: for when a person asks.
    """
    requests = conn.execute(
        select(service_order.c.request).where(many.among(conn, service_order.c.id, orders))
    ).scalars()
    names = {name for request in requests for name in named_in(request or {}) if len(name) >= _TELLING}
    for name in sorted(names):
        for table, column, nothing in _QUOTING:
            conn.execute(update(table).where(_holds(column, name)).values({column.name: nothing}))
        quoting = select(service_order.c.id, service_order.c.final).where(
            _holds(service_order.c.final, name), service_order.c.id.not_in(list(orders))
        )
        for row in conn.execute(quoting).all():
            final = impersonal(row.final, names)
            conn.execute(update(service_order).where(service_order.c.id == row.id).values(final=final))
    _rewrite(conn, _WAITING, lambda _: names)


_QUOTING: tuple[tuple[Table, Column[Any], Any], ...] = (
    (job_step, job_step.c.detail, None),
    (job_step, job_step.c.text, None),
    (job, job.c.last_text, None),
    (olt_lease, olt_lease.c.breaker_text, None),
    (olt_lease, olt_lease.c.held_reason, None),
    (action, action.c.why, "-"),
)
"""Columns that quote devices or people, and what stands there afterwards."""


def _holds(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether the text or document in `column` holds `name`, as it is or as JSON writes it."""
    spelt = {name, *(json.dumps(name, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))}
    return or_(*(cast(column, Text).contains(one, autoescape=True) for one in spelt))


def of_customer(conn: Connection, customer: str) -> list[str]:
    """The orders of a customer, by the ERP's key."""
    wanted = select(service_order.c.id).where(service_order.c.customer == customer)
    return sorted({*conn.execute(wanted).scalars(), *rejected.of_customer(conn, customer)})


def _without_person(request: dict[str, object] | None) -> dict[str, object] | None:
    if request is None:
        return None
    kept = {name: value for name, value in request.items() if name not in PERSONAL}
    return kept | {"customer_name": "-"}
