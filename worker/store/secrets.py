"""Passwords of orders, apart from everything else, and their end."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import SecretStr
from sqlalchemy import Connection, delete, or_, select, update

from events.inputs import InstallStarted
from worker.digest import SECRETS
from worker.store import many
from worker.store.db import note_erased
from worker.store.schema import secret


def secrets_in(request: InstallStarted) -> dict[str, SecretStr]:
    """The passwords of a request, by field."""
    found = {name: getattr(request, name) for name in SECRETS}
    return {name: value for name, value in found.items() if value is not None}


def of_order(conn: Connection, order_id: str) -> dict[str, SecretStr]:
    """The passwords that are kept of an order, by field; empty where none are."""
    row = conn.execute(select(secret).where(secret.c.service_order_id == order_id)).mappings().one_or_none()
    return {name: SecretStr(row[name]) for name in SECRETS if row and row[name] is not None}


def keep(conn: Connection, secrets: Mapping[str, Mapping[str, SecretStr]]) -> None:
    """Keep the passwords of live orders (`{order id: {field: password}}`) in place of their former ones."""
    if without := [order_id for order_id, found in secrets.items() if not found]:
        erase(conn, without)
    rows = [
        {"service_order_id": order_id, "erase_at": None}
        | {name: found[name].get_secret_value() if name in found else None for name in SECRETS}
        for order_id, found in secrets.items()
        if found
    ]
    many.upsert(conn, secret, "service_order_id", rows)


def keep_on(conn: Connection, order_ids: Iterable[str]) -> None:
    """Keep the passwords of orders that are live again for as long as they are."""
    conn.execute(
        update(secret)
        .where(secret.c.service_order_id.in_(list(order_ids)), secret.c.erase_at.is_not(None))
        .values(erase_at=None)
    )


def erase(conn: Connection, order_ids: Iterable[str]) -> None:
    """Erase the passwords of these orders now."""
    gone = conn.execute(delete(secret).where(secret.c.service_order_id.in_(list(order_ids))))
    if gone.rowcount:
        note_erased(conn)


def erase_later(conn: Connection, order_ids: Iterable[str], at: datetime) -> None:
    """Have the passwords of these orders erased at `at`, by `erase_due`."""
    conn.execute(update(secret).where(secret.c.service_order_id.in_(list(order_ids))).values(erase_at=at))


def erase_due(conn: Connection, now: datetime, latest: datetime) -> int:
    """Erase the passwords whose time has come, or lies after `latest`, when it cannot; how many orders had any."""
    gone = conn.execute(delete(secret).where(or_(secret.c.erase_at <= now, secret.c.erase_at > latest)))
    if gone.rowcount:
        note_erased(conn)
    return int(gone.rowcount)
