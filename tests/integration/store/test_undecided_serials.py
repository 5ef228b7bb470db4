"""Serials that look like a MAC address, on both databases: kept in doubt, decided whichever half comes first."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from dev.machine import ROOT
from events.inputs import InputData
from events.outputs import Applied, Optical
from events.record import Event, RawRecord
from schemas.place import PonPort
from tests.integration.provision.support import migrated
from tests.unit.correlate.town import (
    H_HEX,
    NOON,
    ROUTER_MODEL,
    RULES,
    H,
    T,
    bound,
    cancelled,
    fact,
    received,
    started,
)
from worker import results
from worker.batch import Reading
from worker.store import apply, orders, rebuild, search, timelines
from worker.store.db import Clock, Context, Store
from worker.store.orders import Achieved
from worker.store.rebuild import Sources
from worker.store.schema import equipment, job, outbox, service_order
from worker.store.sweep import sweep

LOOKS_LIKE_MAC = "serial_looks_like_mac"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url, shared=Context(clock=Clock(stopped=NOON), rules=RULES)) as made:
        yield made


def _stand(conn: Connection, order: str) -> tuple[str, str | None, bool, str | None]:
    found = orders.find(conn, order)
    assert found
    return found.state.value, found.serial, found.claims, found.verdict


def _looks(conn: Connection) -> list[tuple[str, str, str | None]]:
    """Orders that have OLTs looked at: the order, what for, how far it is."""
    rows = conn.execute(select(job).where(job.c.live, job.c.kind == "scan").order_by(job.c.id))
    return [(row.service_order_id, row.serial, row.stage) for row in rows]


def _told(conn: Connection) -> list[tuple[str, str | None]]:
    values = conn.execute(select(outbox.c.value).order_by(outbox.c.id)).scalars()
    found = [json.loads(value)["data"] for value in values]
    return [(row["service_order_id"], row.get("code")) for row in found]


def _shown(conn: Connection) -> None:
    """As a scan does that sees the serial."""
    for one in search.new(conn):
        assert one.undecided
        search.where_now(conn, one)
        search.show(conn, one)


UNDECIDED = ("waiting", None, False, LOOKS_LIKE_MAC)
WORKING = ("working", H, True, None)
SHOWN_BY: list[tuple[str, list[InputData]]] = [
    ("stock", [received(H)]),
    ("stock-beyond-doubt", [received(H_HEX, "unheard of")]),
    ("another-order", [started("B", H_HEX), cancelled("B")]),
    ("another-order-once", [started("B", H_HEX), started("B", T)]),
    ("stock-in-two-steps", [bound(H, "A"), received(H)]),
]


@pytest.mark.parametrize(("name", "shown_by"), SHOWN_BY, ids=[name for name, _ in SHOWN_BY])
async def test_it_is_decided_whichever_comes_first(
    store: Store, name: str, shown_by: list[InputData]
) -> None:
    events = [
        fact(data, minute, f"{name}-{minute}") for minute, data in enumerate([started("A", H), *shown_by])
    ]
    for number, arrived in enumerate(permutations(events)):
        for event in arrived:
            await store.run(apply.apply_batch, [event])
        assert await store.read(_stand, "A") == WORKING, [event.id for event in arrived]
        assert await store.read(_looks) == []
        assert (await store.read(_told)).count(("A", LOOKS_LIKE_MAC)) <= 1
        await store.run(_emptied)
        await store.run(apply.apply_batch, [*arrived][:: -1 if number % 2 else 1])
        assert await store.read(_stand, "A") == WORKING
        await store.run(_emptied)


def _emptied(conn: Connection) -> None:
    for table in ("inbox", "equipment", "service_order", "job", "outbox", "job_step"):
        conn.exec_driver_sql(f"DELETE FROM {table}")


async def test_an_olt_that_shows_it_decides(store: Store) -> None:
    await store.run(apply.apply_batch, [fact(started("A", H), 0), fact(bound(H, "A"), 1)])
    assert await store.read(_stand, "A") == UNDECIDED
    assert await store.read(_looks) == [("A", H, None)]
    await store.run(_shown)
    assert (await store.run(sweep)).orders == 1
    assert await store.read(_stand, "A") == WORKING
    assert await store.read(_looks) == []
    await store.run(apply.apply_batch, [fact(started("B", H), 2)])
    assert await store.read(_stand, "B") == ("stopped", H, False, "serial_claimed")


async def test_an_olt_that_shows_what_nobody_asks_for_any_more_changes_nothing(store: Store) -> None:
    await store.run(apply.apply_batch, [fact(started("A", H), 0)])
    await store.run(_shown)
    await store.run(apply.apply_batch, [fact(started("A", T), 1)])
    assert (await store.run(sweep)).orders == 0
    assert await store.read(_stand, "A") == ("working", T, True, None)


async def test_what_nothing_shows_ends_at_the_deadline_and_is_looked_for_no_more(store: Store) -> None:
    await store.run(apply.apply_batch, [fact(started("A", H), 0), fact(received(T, ROUTER_MODEL), 1)])
    store.clock.stopped = NOON + RULES.unit_wait - timedelta(seconds=1)
    await store.run(sweep)
    assert (await store.read(_stand, "A"), len(await store.read(_looks))) == (UNDECIDED, 1)
    store.clock.stopped = NOON + RULES.unit_wait
    await store.run(sweep)
    assert await store.read(_stand, "A") == ("failed", None, False, None)
    assert await store.read(_looks) == []
    assert await store.read(_told) == [("A", LOOKS_LIKE_MAC), ("A", LOOKS_LIKE_MAC)]


async def test_who_asks_again_is_looked_for_again(store: Store) -> None:
    await store.run(apply.apply_batch, [fact(started("A", H), 0)])
    store.clock.stopped = NOON + RULES.unit_wait
    await store.run(sweep)
    assert await store.run(apply.request_retry, "A", "bia", "etiqueta conferida") is None
    assert (await store.read(_stand, "A"), await store.read(_looks)) == (UNDECIDED, [("A", H, None)])


async def test_one_search_is_kept_while_nothing_changes_and_replaced_when_its_object_does(
    store: Store,
) -> None:
    await store.run(apply.apply_batch, [fact(started("A", H, site="centro"), 0)])
    store.clock.stopped = NOON + RULES.look_again
    await store.run(sweep)
    await store.run(apply.apply_batch, [fact(started("A", H, site="centro"), 1)])
    before = await store.read(_ids)
    assert len(before) == 1
    await store.run(apply.apply_batch, [fact(started("A", H, site="norte"), 2)])
    [after] = await store.read(_ids)
    assert after not in before


def _ids(conn: Connection) -> list[int]:
    return list(conn.execute(select(job.c.id).where(job.c.live)).scalars())


def _placed(conn: Connection) -> None:
    conn.execute(update(job).values(olt="olt-1", port="0/1/0", payload={}))


async def test_a_search_that_an_earlier_version_has_placed_is_begun_anew(store: Store) -> None:
    await store.run(apply.apply_batch, [fact(started("A", H), 0)])
    await store.run(_placed)
    store.clock.stopped = NOON + RULES.look_again
    await store.run(sweep)
    assert await store.read(_looks) == [("A", H, None)]
    assert await store.read(lambda conn: conn.execute(select(job.c.olt).where(job.c.live)).scalar_one()) == ""


async def test_an_earlier_version_sees_an_order_that_names_no_serial(store: Store) -> None:
    """It reads `request.serial` and `bound_order`: of what is in doubt it must see neither."""
    await store.run(apply.apply_batch, [fact(started("A", H), 0), fact(bound(H, "A"), 1)])
    row = await store.read(lambda conn: conn.execute(select(service_order)).mappings().one())
    assert "serial" not in row["request"]
    assert row["named_serial"] == H
    lent = await store.read(lambda conn: conn.execute(select(equipment)).mappings().one())
    assert (lent["lent_order"], lent["bound_order"]) == ("A", None)


async def test_a_stored_request_of_a_hex_vendor_is_read_again_for_the_work(store: Store) -> None:
    await store.run(apply.apply_batch, [fact(started("A", H_HEX), 0)])
    brief = await store.read(orders.brief, "A", 1)
    assert brief
    assert (brief.order.serial, brief.request.serial) == (H, H)


@pytest.mark.parametrize("asked", [H, H.lower(), H_HEX, "DD18-B0D0B70C", "dd:18:b0:d0:b7:0c"])
async def test_people_find_it_as_a_serial_and_as_a_mac_address(store: Store, asked: str) -> None:
    mine = received(T, mac="DD-18-B0-D0-B7-0C", service_order_id="B")
    facts = [fact(started("A", H), 0), fact(mine, 1), fact(started("B"), 2), fact(started("C", H_HEX), 3)]
    await store.run(apply.apply_batch, facts)
    as_serial, as_mac = {"A", "C"}, {"B"}
    expected = as_mac if ":" in asked else as_serial if len(asked) != 12 else as_serial | as_mac
    found = await store.read(timelines.find, asked)
    assert {order.id for order in found} == expected


async def test_a_serial_that_was_only_named_is_no_unit_of_stock(store: Store) -> None:
    await store.run(apply.apply_batch, [fact(started("A", H_HEX), 0)])
    assert await store.read(timelines.unit, H) is None
    await store.run(apply.apply_batch, [fact(received(H), 1)])
    assert (await store.read(timelines.unit, H) or {})["serial"] == H


async def test_what_lies_on_the_topics_is_kept_as_it_is_meant(store: Store) -> None:
    """The same facts through the reader of records, as `ingest` and `rebuild` have them."""
    reading = Reading(apply.apply_batch, is_onu_model=lambda model: model == "EG8145V5")
    data: list[dict[str, Any]] = [
        {"serial": "dd18b0d0b70c", "model": "ARCHER C6"},
        {"serial": "dc80b0d0b70c", "model": "EG8145V5"},
    ]
    lacking = received(T).model_dump(mode="json")
    items = []
    for offset, unit in enumerate(data):
        document = {"type": received(T).TYPE, "time": NOON.isoformat(), **lacking, **unit}
        record = RawRecord("erp.equipment", 0, offset, None, None, json.dumps(document).encode())
        items.append(reading.read(record, NOON))
    await store.run(reading.keep, items)
    known = await store.read(lambda conn: list(conn.execute(select(equipment.c.serial)).scalars()))
    assert known == ["DC80B0D0B70C"]
    assert isinstance(items[1].outcome, Event)


async def test_case_28b_becomes_an_order_at_work(store: Store) -> None:
    reading = Reading(apply.apply_batch)
    value = (ROOT / "tests/unit/events/28b-event-hex-vendor.json").read_bytes()
    await store.run(reading.keep, [reading.read(RawRecord("erp.install", 0, 0, None, None, value), NOON)])
    assert await store.read(_stand, "OS-1") == WORKING
    brief = await store.read(orders.brief, "OS-1", 1)
    assert brief
    assert brief.unit.serial == H


async def test_what_an_olt_decided_is_known_again_after_a_rebuild(store: Store, tmp_path: Path) -> None:
    """The final result tells it: the events alone do not."""
    events = [fact(started("A", H), 0), fact(started("B", H), 1)]
    await store.run(apply.apply_batch, events[:1])
    await store.run(_shown)
    await store.run(sweep)
    await store.run(_completed)
    values = await store.read(
        lambda conn: list(conn.execute(select(outbox.c.value).order_by(outbox.c.id)).scalars())
    )
    told = [found for value in values if (found := results.read(value))]
    finals = [one for one in told if one.final]
    assert [one.told.serial for one in finals] == [H]
    context = Context(clock=Clock(stopped=NOON), rules=RULES)
    async with migrated(f"sqlite:///{tmp_path / 'again.db'}", shared=context) as again:
        sources = Sources([events], [finals], [[one for one in told if not one.final]])
        await again.run(rebuild.rebuild, sources, "bia", "o banco foi perdido")
        await again.run(sweep)
        assert await again.read(_stand, "A") == ("completed", H, True, None)
        assert await again.read(_stand, "B") == ("stopped", H, False, "serial_claimed")


def _completed(conn: Connection) -> None:
    optical = Optical()
    achieved = Achieved("olt-1", PonPort.model_validate("0/1/0"), 1, Applied(), optical, changed=True)
    assert orders.finish_completed(conn, "A", 1, achieved)
