"""Personal data of orders, and their end: after a time, or when the customer asks (LGPD)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from worker.store import many, secrets
from worker.store.db import note_erased
from worker.store.schema import action, job, job_step, service_order

PERSONAL = frozenset({"customer_name", "pppoe_login", "wifi_name", "cto", "cto_port"})
"""Fields of a request that tell who the customer is."""
_SHORTEST = 3


def named_in(request: Mapping[str, Any]) -> tuple[str, ...]:
    """Name, login and network of the customer of a request, as far as they are long enough to be recognised."""
    values = (request.get(name) for name in ("customer_name", "pppoe_login", "wifi_name"))
    return tuple(value for value in values if isinstance(value, str) and len(value) >= _SHORTEST)


def forget(conn: Connection, orders: Collection[str], at: datetime) -> None:
    """Erase the personal data of these orders, which are not live: names, logins, passwords, timelines, what OLTs said.

    What is left tells which unit is where for which contract of the ERP, and what came of it.
    """
    rows = conn.execute(
        select(service_order.c.id, service_order.c.request).where(
            many.among(conn, service_order.c.id, orders)
        )
    ).all()
    for row in rows:
        values = {"request": _without_person(row.request), "cancel_reason": None, "erased_at": at}
        conn.execute(update(service_order).where(service_order.c.id == row.id).values(values))
    conn.execute(delete(job_step).where(many.among(conn, job_step.c.service_order_id, orders)))
    ended = update(job).where(~job.c.live, many.among(conn, job.c.service_order_id, orders))
    conn.execute(ended.values(payload=None, last_text=None))
    secrets.erase(conn, orders)
    note_erased(conn)


def forget_whys(conn: Connection, orders: Iterable[str]) -> None:
    """Erase what people wrote of these orders as their reasons; who did what when stays."""
    conn.execute(update(action).where(many.among(conn, action.c.target, list(orders))).values(why="-"))


def of_customer(conn: Connection, customer: str) -> list[str]:
    """The orders of a customer, by the ERP's key."""
    wanted = select(service_order.c.id).where(service_order.c.customer == customer)
    return list(conn.execute(wanted.order_by(service_order.c.id)).scalars())


def _without_person(request: dict[str, object] | None) -> dict[str, object] | None:
    if request is None:
        return None
    kept = {name: value for name, value in request.items() if name not in PERSONAL}
    return kept | {"customer_name": "-"}
