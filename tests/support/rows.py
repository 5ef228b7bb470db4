"""Rows planted as they stand, and others beside them that differ in one thing: what a statement means, and what it must pass over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from tests.unit.correlate.town import NOON
from worker.store.schema import (
    action,
    inbox,
    inventory,
    job,
    job_step,
    olt_lease,
    outbox,
    own_registration,
    rejected_order,
    rejected_record,
    service_order,
)

_NEEDED: dict[Table, dict[str, Any]] = {
    service_order: {"state": "working", "created_at": NOON, "updated_at": NOON},
    job: {
        "kind": "provision",
        "olt": "olt-1",
        "state": "due",
        "live": True,
        "due_at": NOON,
        "created_at": NOON,
        "updated_at": NOON,
    },
    job_step: {"at": NOON, "kind": "command"},
    olt_lease: {"platform": "huawei_smartax"},
    outbox: {"topic": "results", "key": "A", "value": b"{}", "created_at": NOON},
    own_registration: {"olt": "olt-1", "port": "0/1/0", "since": NOON},
    inbox: {"source": "erp", "type": "install.started.v1", "arrived_at": NOON},
    action: {"at": NOON, "who": "ana", "what": "retry", "target": "A", "why": "x"},
    inventory: {"seen_at": NOON},
    rejected_order: {"revision": 1, "sequence": 1, "code": "invalid_data", "at": NOON},
    rejected_record: {"service_order_id": "A", "code": "invalid_data", "at": NOON, "until": NOON},
}
"""What a row must have where a test has nothing to say of it."""


def plant(conn: Connection, table: Table, *rows: Mapping[str, Any]) -> list[Any]:
    """Insert these rows one after another; the first column of the key of each."""
    [key, *_] = table.primary_key
    return [
        conn.execute(insert(table).values({**_NEEDED.get(table, {}), **row}).returning(key)).scalar_one()
        for row in rows
    ]


def beside(row: Mapping[str, Any], *differences: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The row, and for each of the differences one that is like it but for that."""
    return [{**row, **one} for one in ({}, *differences)]


def column(conn: Connection, table: Table, name: str, **same: Any) -> list[Any]:
    """The values of a column in the order of the key, of all rows or those with these values elsewhere."""
    wanted = select(table.c[name]).order_by(*table.primary_key).filter_by(**same)
    return list(conn.execute(wanted).scalars())


def row_of(conn: Connection, table: Table, key: Any) -> Any:
    """The row of this key."""
    [first, *_] = table.primary_key
    return conn.execute(select(table).where(first == key)).one()
