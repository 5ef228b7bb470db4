"""`acende clock accept`: a person says that the clock is right, and workers believe it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, select

from tests.integration.cli.conftest import WHY, Desk, both
from tests.support.until import until
from worker.store.schema import action


def _actions(conn: Connection) -> list[tuple[str, ...]]:
    columns = (action.c.who, action.c.what, action.c.target, action.c.why)
    return [tuple(row) for row in conn.execute(select(*columns))]


@both
async def test_accepting_the_clock_is_written_down_and_ends_the_workers_doubt(desk: Desk) -> None:
    desk.plant.work()
    await until(lambda: _watched(desk))
    desk.plant.store.clock.step = timedelta(minutes=20)
    await until(lambda: _in_doubt(desk, is_so=True))
    clock, desk.plant.store.clock.step = desk.plant.store.clock, timedelta()
    assert "is accepted as it is" in (await desk.acende("clock", "accept", *WHY, "--who", "ana")).out
    await until(lambda: _in_doubt(desk, is_so=False))
    assert not clock.in_doubt
    assert await desk.plant.store.read(_actions) == [("ana", "clock accept", "clock", "teste")]


async def test_a_reason_is_asked_for(desk: Desk) -> None:
    assert (await desk.acende("clock", "accept")).status != 0
    assert await desk.plant.store.read(_actions) == []


async def _watched(desk: Desk) -> bool:
    return desk.plant.store.clock.watch is not None


async def _in_doubt(desk: Desk, *, is_so: bool) -> bool:
    return bool(desk.plant.store.clock.in_doubt) is is_so
