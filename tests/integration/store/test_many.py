"""Many rows and many values in one statement: what is written is read back the same, on both databases."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from tests.support.rows import plant
from tests.unit.correlate.town import NOON
from worker.store import many
from worker.store.schema import equipment, job_step, outbox, service_order

ORDER: dict[str, Any] = {
    "id": "A",
    "state": "working",
    "request": {"x": [1, None, "é"], "y": {"z": True}},
    "requested_at": NOON.astimezone(timezone(timedelta(hours=-3))),
    "durations": {},
    "has_secrets": True,
    "claims": False,
    "customer": None,
    "revision": 7,
    "created_at": NOON,
    "updated_at": NOON,
}


def _rows(conn: Connection, names: Any = ORDER) -> list[dict[str, Any]]:
    found = conn.execute(select(service_order).order_by(service_order.c.id)).mappings()
    return [{name: row[name] for name in names} for row in found]


def test_rows_are_read_as_they_were_written(conn: Connection) -> None:
    other = ORDER | {"id": "B", "customer": "C-1", "request": None, "durations": None, "claims": False}
    many.insert(conn, service_order, [ORDER, other])
    assert _rows(conn) == [ORDER, other]
    blank = {"id": "C", "state": "x", "customer": None, "created_at": NOON, "updated_at": NOON}
    many.insert(conn, service_order, [blank])
    assert _rows(conn, blank)[2] == blank
    assert [row.revision for row in conn.execute(select(service_order))] == [7, 7, 0]


def test_bytes_and_headers_are_read_as_they_were_written(conn: Connection) -> None:
    rows: list[dict[str, Any]] = [
        {"topic": "t", "key": "é", "value": bytes(range(256)), "headers": {"a": "b"}, "created_at": NOON},
        {"topic": "t", "key": "k", "value": b"", "headers": None, "created_at": NOON},
    ]
    many.insert(conn, outbox, rows)
    found = conn.execute(select(outbox).order_by(outbox.c.id)).all()
    assert [bytes(row.value) for row in found] == [one["value"] for one in rows]
    assert [(row.key, row.headers, row.created_at) for row in found] == [
        ("é", {"a": "b"}, NOON),
        ("k", None, NOON),
    ]


def test_a_row_that_is_there_is_overwritten_but_for_what_is_kept(conn: Connection) -> None:
    many.insert(conn, service_order, [ORDER, ORDER | {"id": "B"}])
    later = NOON + timedelta(hours=1)
    changed = ORDER | {
        "state": "failed",
        "request": None,
        "customer": "C-2",
        "created_at": later,
        "updated_at": later,
    }
    many.upsert(conn, service_order, "id", [changed, changed | {"id": "D"}], kept=("created_at",))
    assert _rows(conn) == [changed | {"created_at": NOON}, ORDER | {"id": "B"}, changed | {"id": "D"}]
    many.upsert(conn, service_order, "id", [changed])
    assert _rows(conn)[0] == changed


def test_nothing_is_said_where_there_is_nothing_to_write(conn: Connection) -> None:
    said: list[str] = []
    event.listen(conn, "before_cursor_execute", lambda _conn, _cursor, text, *_: said.append(text))
    many.insert(conn, job_step, [])
    many.upsert(conn, equipment, "serial", [])
    assert said == []


@pytest.mark.parametrize(
    ("values", "found"), [(["A", "é", "X"], ["A", "é"]), ([], []), (["a"], []), ({"B": 1}, ["B"])], ids=str
)
def test_values_are_found_among_others(conn: Connection, values: Any, found: list[str]) -> None:
    plant(conn, service_order, *({"id": one} for one in ("A", "B", "é")))
    wanted = select(service_order.c.id).where(many.among(conn, service_order.c.id, values))
    assert sorted(conn.execute(wanted).scalars()) == sorted(found)


def test_numbers_are_found_among_others(conn: Connection) -> None:
    made = plant(conn, job_step, *({"text": one} for one in "abc"))
    wanted = select(job_step.c.text).where(many.among(conn, job_step.c.id, made[1:])).order_by(job_step.c.id)
    assert list(conn.execute(wanted).scalars()) == ["b", "c"]


def test_the_text_of_a_statement_does_not_grow_with_its_values(conn: Connection) -> None:
    said: set[str] = set()
    event.listen(conn, "before_cursor_execute", lambda _conn, _cursor, text, *_: said.add(text))
    for count in (1, 2, 50):
        wanted = select(service_order.c.id).where(
            many.among(conn, service_order.c.id, [str(n) for n in range(count)])
        )
        conn.execute(wanted).all()
    assert len(said) == 1
    said.clear()
    for start in (0, 100):
        many.insert(conn, service_order, [ORDER | {"id": str(start + number)} for number in range(1 + start)])
    assert len(said) == 1
