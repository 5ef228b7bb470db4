"""Whose own a registration is, on both databases: what is handed over for removal, and who keeps a claim."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, select

from schemas.place import PonPort
from tests.integration.provision.support import migrated
from tests.unit.correlate.town import NOON, RULES, S, T, cancelled, fact, started
from worker import lifecycle
from worker.store import apply, orders
from worker.store.db import Clock, Context, Store
from worker.store.orders import Failure
from worker.store.schema import job

HERE, THERE = PonPort.model_validate("0/1/0"), PonPort.model_validate("0/1/7")
PROFILE_MISSING = Failure("profile_missing", {"detail": "x"})


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url, shared=Context(clock=Clock(stopped=NOON), rules=RULES)) as made:
        yield made


async def _own(store: Store, order: str, serial: str, *places: tuple[str, PonPort]) -> None:
    for olt, port in places:
        await store.run(orders.own, order, olt, port, serial)


def _removals(conn: Connection) -> dict[tuple[str, str], list[list[str]]]:
    """By order and OLT, serial and port of what is handed over for removal."""
    rows = conn.execute(select(job).where(job.c.live, job.c.kind == "deprovision"))
    return {(row.service_order_id, row.olt): row.payload["registrations"] for row in rows}


async def _claims(store: Store, order: str) -> tuple[str, str | None, bool]:
    found = await store.read(orders.find, order)
    assert found
    return found.state.value, found.serial, found.claims


async def test_a_cancelled_order_hands_over_its_own_registrations_and_nobody_elses(store: Store) -> None:
    """Others own the same unit elsewhere, for the same contract and for another, and other units on the same OLT."""
    facts = [started("F", S, "K"), started("B", T, "L"), started("A", S, "K"), started("C", S, "M")]
    await store.run(apply.apply_batch, [fact(data, minute) for minute, data in enumerate(facts)])
    await _own(store, "F", S, ("olt-9", HERE))
    await _own(store, "C", S, ("olt-1", THERE))
    await _own(store, "B", T, ("olt-1", HERE))
    await _own(store, "A", S, ("olt-1", HERE), ("olt-2", HERE))
    await store.run(apply.apply_batch, [fact(cancelled("A"), 90)])
    assert await _claims(store, "A") == ("cancelling", S, False)
    assert await store.read(_removals) == {
        ("A", "olt-1"): [[S, "0/1/0"]],
        ("A", "olt-2"): [[S, "0/1/0"]],
    }


async def test_a_cancelled_order_that_owns_nothing_hands_nothing_over(store: Store) -> None:
    await store.run(apply.apply_batch, [fact(started("F", S, "K"), 0), fact(started("A", S, "K"), 1)])
    await _own(store, "F", S, ("olt-1", HERE))
    await store.run(apply.apply_batch, [fact(cancelled("A"), 90)])
    assert (await _claims(store, "A"))[0] == "cancelled"
    assert await store.read(_removals) == {}


@pytest.mark.parametrize("places", [1, 2])
async def test_a_failed_order_claims_its_unit_until_the_last_of_its_registrations_is_gone(
    store: Store, places: int
) -> None:
    await store.run(apply.apply_batch, [fact(started("A", S), 0)])
    owned = [("olt-1", HERE), ("olt-2", THERE)][:places]
    await _own(store, "A", S, *owned)
    assert await store.run(orders.finish_failed, "A", 1, PROFILE_MISSING)
    for number, (olt, port) in enumerate(owned):
        assert await _claims(store, "A") == ("failed", S, True)
        await store.run(apply.apply_batch, [fact(started("B", S), 90 + number)])
        assert await _claims(store, "B") == ("stopped", S, False)
        await store.run(orders.disown, olt, port, S)
    assert await _claims(store, "A") == ("failed", S, False)
    await store.run(apply.apply_batch, [fact(started("B", S), 95)])
    assert await _claims(store, "B") == ("working", S, True)


async def test_a_failed_order_that_registered_nothing_claims_nothing(store: Store) -> None:
    await store.run(apply.apply_batch, [fact(started("A", S), 0)])
    assert await store.run(orders.finish_failed, "A", 1, PROFILE_MISSING)
    assert await _claims(store, "A") == ("failed", S, False)


@pytest.mark.parametrize(("asked", "other"), [(S, T), (T, S)])
async def test_that_another_unit_of_it_is_gone_ends_no_claim(store: Store, asked: str, other: str) -> None:
    await store.run(apply.apply_batch, [fact(started("A", asked), 0)])
    await _own(store, "A", asked, ("olt-1", HERE))
    await _own(store, "A", other, ("olt-2", HERE))
    assert await store.run(orders.finish_failed, "A", 1, PROFILE_MISSING)
    assert await _claims(store, "A") == ("failed", asked, True)
    await store.run(orders.disown, "olt-2", HERE, other)
    assert await _claims(store, "A") == ("failed", asked, True)


async def test_an_order_at_work_keeps_its_claim_while_its_unit_moves(store: Store) -> None:
    await store.run(apply.apply_batch, [fact(started("A", S), 0)])
    await _own(store, "A", S, ("olt-1", HERE))
    await store.run(orders.disown, "olt-1", HERE, S)
    assert await _claims(store, "A") == ("working", S, True)


async def test_a_completed_order_keeps_its_claim_whatever_is_gone(store: Store) -> None:
    """That its registration vanished from the OLT is no reason to give a customer's unit to another."""
    await store.run(apply.apply_batch, [fact(started("A", S), 0)])
    await _own(store, "A", S, ("olt-1", HERE))
    await store.run(_completed)
    await store.run(orders.disown, "olt-1", HERE, S)
    assert await _claims(store, "A") == ("completed", S, True)
    await store.run(apply.apply_batch, [fact(started("B", S), 90)])
    assert await _claims(store, "B") == ("stopped", S, False)


def _completed(conn: Connection) -> None:
    found = orders.find(conn, "A")
    assert found
    orders.write(conn, lifecycle.complete(found, NOON), NOON)
