"""A database as it is after years: a hundred thousand rows in each table that grows, written in a few seconds."""

from __future__ import annotations

from sqlalchemy import Connection, text

ROWS = 100_000
_FROM = 1_000_000
"""Numbers of one length sort as their texts do: rows that come in order are written three times as fast."""
_DAYS = 32
"""The rows are spread over so many days back: of the ids of events some have had their time, of nothing else."""

GROWS = frozenset(
    {
        "inbox",
        "equipment",
        "service_order",
        "own_registration",
        "applied_digest",
        "job",
        "job_step",
        "action",
        "secret",
        "rejected_order",
        "rejected_record",
        "credential",
    }
)
"""Tables whose rows are not those of what is under way."""

_WRITTEN = {
    "inbox": ("source, id, type, arrived_at", "'erp', 'past-' || i, 'acende.install.started.v1', {at}"),
    "equipment": (
        "serial, lent_order, lent_contract, lent_at, lent_source, lent_id, bound_order",
        "'PAST' || i, 'PAST-' || i, 'CT-' || i, {at}, 'erp', 'e-' || i, 'PAST-' || i",
    ),
    "service_order": (
        (
            "id, state, revision, sequence, serial, claims, named_serial, contract, customer, requested_at,"
            " requested_source, requested_id, stage, stage_since, began_at, finished_at, created_at, updated_at"
        ),
        (
            "'PAST-' || i, CASE i % 10 WHEN 0 THEN 'failed' WHEN 1 THEN 'cancelled' ELSE 'completed' END, 1, 5,"
            " 'PAST' || i, {true}, 'PAST' || i, 'CT-' || i, 'C-' || i, {at}, 'erp', 'e-' || i, 'verifying', {at}, {at},"
            " {at}, {at}, {at}"
        ),
    ),
    "own_registration": (
        "olt, port, serial, service_order_id, since",
        "'olt-' || (i % 200), '0/' || (i % 16) || '/' || (i % 8), 'PAST' || i, 'PAST-' || i, {at}",
    ),
    "applied_digest": (
        "olt, serial, field, digest",
        "'olt-' || (i % 200), 'PAST' || i, 'wan.password', 'digest'",
    ),
    "job": (
        (
            "kind, olt, service_order_id, revision, serial, port, state, live, due_at, deadline_at, priority, payload,"
            " created_at, updated_at"
        ),
        (
            "CASE i % 8 WHEN 0 THEN 'scan' WHEN 1 THEN 'save' ELSE 'provision' END, 'olt-' || (i % 200),"
            " CASE WHEN i % 8 < 2 THEN NULL ELSE 'PAST-' || i END, 1, 'PAST' || i, '0/1/0', 'done', {false}, {at}, {at}, 5,"
            " '{{}}', {at}, {at}"
        ),
    ),
    "job_step": (
        "job_id, service_order_id, revision, at, kind, text",
        "i, CASE WHEN i % 8 < 2 THEN NULL ELSE 'PAST-' || i END, 1, {at}, 'outcome', 'Instalação concluída.'",
    ),
    "action": ("at, who, what, target, why", "{at}, 'ana', 'retry', 'PAST-' || i, '-'"),
    "rejected_order": ("id, revision, sequence, code, at", "'PAST-' || i, 1, 1, 'invalid_data', {at}"),
    "rejected_record": (
        "place, service_order_id, serial, customer, code, at, until",
        "'t/0/' || i, 'PAST-' || i, 'PAST' || i, 'C-' || i, 'invalid_data', {at}, {later}",
    ),
    "credential": ("digest, accepted_at", "'digest-' || i, {at}"),
    "secret": (
        "service_order_id, wifi_key, erase_at",
        "'PAST-' || i, 'x', {later}",
    ),
}
_SQLITE = {
    "at": f"strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || ((i - {_FROM}) * {_DAYS} * 86400 / {ROWS}) || ' seconds') || '000'",
    "later": "strftime('%Y-%m-%d %H:%M:%f', 'now', '+1 day') || '000'",
    "true": "1",
    "false": "0",
}
_POSTGRESQL = {
    "at": f"now() - (i - {_FROM}) * ({_DAYS} * 86400.0 / {ROWS}) * interval '1 second'",
    "later": "now() + interval '1 day'",
    "true": "true",
    "false": "false",
}


def grow(conn: Connection, rows: int = ROWS) -> None:
    """Fill the tables."""
    embedded = conn.dialect.name == "sqlite"
    words = _SQLITE if embedded else _POSTGRESQL
    numbers = (
        f"WITH RECURSIVE n(i) AS (SELECT {_FROM} UNION ALL SELECT i + 1 FROM n WHERE i < {_FROM + rows})"
        if embedded
        else f"WITH n(i) AS (SELECT generate_series({_FROM}, {_FROM + rows}))"
    )
    for table, (columns, values) in _WRITTEN.items():
        cells = values.format(**words)
        if not embedded:
            cells = cells.replace("'{}'", "'{}'::jsonb").replace("%", "%%")
        conn.exec_driver_sql(f"INSERT INTO {table} ({columns}) {numbers} SELECT {cells} FROM n")


def analyse(conn: Connection) -> None:
    """Have PostgreSQL know what it holds, as it does by itself after a while; SQLite of an installation never does."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("ANALYZE"))
