"""What ends when its time is up: on the database's clock, whatever stands in the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from tests.stories.plant import Plant, at, cancelled, plant, started
from tests.support.until import until
from worker.facts import Rules
from worker.store import db, emit, leases
from worker.tending import tend

ONU = "HWTC1A2B3C4D"
RULES = Rules()
NEARLY = timedelta(minutes=1)


@pytest.fixture
async def one(database_url: str) -> AsyncIterator[Plant]:
    """One OLT, no worker yet."""
    async with plant(database_url) as made:
        yield made


def _hold(conn: Connection) -> None:
    assert leases.hold(conn, "olt-1", "bia", "troca de placa", db.now(conn))


async def _completed(made: Plant) -> None:
    made.plug(ONU)
    await made.tell(started("OS-1", serial=ONU, **at()))
    await made.final("OS-1")


async def _waits(made: Plant) -> None:
    """The order is live and nothing was said that is final."""

    async def look() -> bool:
        return bool(await made.jobs())

    await until(look)
    assert await made.finals("OS-1") == []


async def test_an_olt_that_is_not_reached_uses_up_the_eight_hours_of_the_order(one: Plant) -> None:
    await one.sims["olt-1"].stop()
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))
    await one.reaches("OS-1", "queued")
    one.store.clock.offset += RULES.provision_deadline - NEARLY
    await _waits(one)
    one.store.clock.offset += 2 * NEARLY
    final = await one.final("OS-1")
    assert (final["kind"], final["code"], final["retryable"]) == ("failed", "olt_deadline", True)
    assert final["attempts"] == 0


async def test_so_does_an_olt_that_a_person_holds(one: Plant) -> None:
    one.work()
    await one.prepared()
    await one.store.run(_hold)
    await one.tell(started("OS-1", serial=ONU, **at()))
    one.store.clock.offset += RULES.provision_deadline + NEARLY
    final = await one.final("OS-1")
    assert (final["kind"], final["code"]) == ("failed", "olt_deadline")
    assert one.commands() == []


async def test_an_order_of_which_no_end_can_be_written_when_its_time_is_up_is_told_so_once(
    one: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(emit, "failed", fails)
    await one.prepared()
    await one.tell(started("OS-1", serial=ONU, **at()))
    one.store.clock.offset += RULES.provision_deadline + NEARLY
    for _ in range(3):
        assert await one.store.run(tend, 600.0) == 0
    codes = [row["data"].get("code") for row in await one.results("OS-1")]
    assert codes.count("result_not_recorded") == 1


async def test_a_refused_login_is_the_reason_that_is_told(one: Plant) -> None:
    one.sims["olt-1"].users.clear()
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))

    async def refused() -> bool:
        return (await one.store.read(leases.breaker_of, "olt-1")).state == "open"

    await until(refused)
    one.store.clock.offset += RULES.provision_deadline + NEARLY
    final = await one.final("OS-1")
    assert (final["kind"], final["code"]) == ("failed", "olt_login_refused")


async def test_a_removal_that_cannot_be_done_in_72_hours_is_left_and_the_order_is_cancelled(
    one: Plant,
) -> None:
    one.work()
    await _completed(one)
    await one.store.run(_hold)
    await one.tell(cancelled("OS-1"))
    one.store.clock.offset += RULES.deprovision_deadline - NEARLY
    await _waits_for_removal(one)
    one.store.clock.offset += 2 * NEARLY
    final = await one.final("OS-1", 2)
    assert (final["kind"], final["removed"]) == ("cancelled", [])
    assert [(left["pon_port"], left["code"]) for left in final["left"]] == [("0/1/0", "left_olt_deadline")]
    assert one.registered(ONU), "nothing was sent to an OLT that is held"


async def _waits_for_removal(made: Plant) -> None:
    async def look() -> bool:
        return "deprovision" in {row.kind for row in await made.jobs()}

    await until(look)
    assert len(await made.finals("OS-1")) == 1
