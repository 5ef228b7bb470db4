"""Correlation on a real database: what is read is enough to decide, whoever holds which half of a pair."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from events.record import Event
from tests.integration.provision.support import migrated
from tests.unit.correlate.test_confluence import batches_of, stories
from tests.unit.correlate.town import NOON, RULES, S, Town, bound, fact, received, started
from worker.correlate.merge import unit_with
from worker.facts import Order, Unit
from worker.store import apply, db, sweep
from worker.store.db import Clock, Context, Store
from worker.store.rows import order_of, unit_row
from worker.store.schema import equipment, job, metadata, outbox, service_order


def _orders(conn: Connection) -> dict[str, Order]:
    rows = conn.execute(select(service_order)).mappings()
    return {row["id"]: order_of(row, frozenset()) for row in rows}


def _count(conn: Connection, table: Any) -> int:
    return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_is_read_for_a_batch_is_enough_to_decide_as_if_everything_had_been_read(
    data: st.DataObject,
) -> None:
    batches = data.draw(batches_of(data.draw(stories())))
    town = Town()
    with TemporaryDirectory() as folder:
        store = _at_noon(Path(folder))
        for batch in batches:
            town.tell(*batch)
            store.run_sync(apply.apply_batch, batch)
        found = Town(orders=store.read_sync(_orders))
        store.close()
    assert found.outcome() == town.outcome()


def _at_noon(folder: Path) -> Store:
    store = Store.open(
        f"sqlite:///{folder / 'acende.db'}", shared=Context(clock=Clock(stopped=NOON), rules=RULES)
    )
    store.run_sync(metadata.create_all)
    return store


async def test_a_batch_that_is_applied_again_changes_nothing(database_url: str) -> None:
    batch = [fact(received(S), 0), fact(bound(S, "A"), 1), fact(started("A", S), 2)]
    async with migrated(database_url, shared=Context(clock=Clock(stopped=NOON), rules=RULES)) as store:
        first = await store.run(apply.apply_batch, batch)
        before = [await store.read(_orders), await store.read(_count, outbox), await store.read(_count, job)]
        again = await store.run(apply.apply_batch, batch)
        after = [await store.read(_orders), await store.read(_count, outbox), await store.read(_count, job)]
    assert (first.applied, again.applied, again.known) == (3, 0, 3)
    assert before == after


async def test_two_workers_that_hold_the_two_halves_of_a_pair_at_the_same_moment_join_it(
    postgres_url: str,
) -> None:
    rules = replace(RULES, look_again=timedelta(days=1))
    async with migrated(postgres_url, shared=Context(rules=rules)) as one:
        other = Store.open(postgres_url, shared=Context(rules=rules))
        try:
            for number in range(150):
                order, serial = f"OS-{number}", f"HWTC{number:08X}"
                stock = [_now(one, bound(serial, order), number, 0)]
                request = [_now(one, started(order), number, 1)]
                await asyncio.gather(one.run(apply.apply_batch, stock), other.run(apply.apply_batch, request))
            states = {order.id: (order.state.value, order.serial) for order in await _read(one)}
        finally:
            await other.aclose()
    assert states == {f"OS-{number}": ("working", f"HWTC{number:08X}") for number in range(150)}


async def _read(store: Store) -> Sequence[Order]:
    return list((await store.read(_orders)).values())


def _now(store: Store, data: Any, number: int, half: int) -> Event:
    time = store.run_sync(db.now) + timedelta(microseconds=number)
    return Event("erp", f"{number}-{half}", data.TYPE, time, data)


async def test_a_pair_that_was_missed_is_a_delay_and_no_loss(database_url: str) -> None:
    """As if the two halves had passed each other: the order was judged before its unit could be seen."""
    async with migrated(database_url, shared=Context(clock=Clock(), rules=RULES)) as store:
        await store.run(apply.apply_batch, [_now(store, started("A"), 0, 0)])
        await store.run(_bound_unseen, _now(store, bound(S, "A"), 1, 1))
        assert (await store.read(_orders))["A"].state == "waiting"
        store.clock.offset += RULES.look_again + timedelta(seconds=1)
        await store.run(sweep.sweep)
        assert (await store.read(_orders))["A"].state == "working"


def _bound_unseen(conn: Connection, event: Event) -> None:
    conn.execute(equipment.insert().values(unit_row(unit_with(Unit(S), event))))
