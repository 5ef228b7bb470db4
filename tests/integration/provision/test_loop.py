"""The loop against simulated OLTs: sessions, holds, breakers, pace, shut-down. On both databases where it matters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Literal

import pytest
from sqlalchemy import Connection

from tests.stories.plant import OTHER_PORT, PORT, Plant, at, plant, started
from tests.support.until import until
from vendors.simulator.faults import Fault
from worker.provision import PlatformChanged
from worker.retry import READS_MAX
from worker.store import db, leases
from worker.store.leases import OltState

ONU = "HWTC1A2B3C4D"
SPARE = "HWTC5E6F7081"


@pytest.fixture
async def one(sqlite_url: str) -> AsyncIterator[Plant]:
    async with plant(sqlite_url) as made:
        yield made


async def state(made: Plant, olt: str = "olt-1") -> OltState:
    [found] = await until(lambda: made.store.read(leases.overview, [olt]), 10)
    return found


def _hold(conn: Connection) -> bool:
    return leases.hold(conn, "olt-1", "ana", "troca de placa", db.now(conn))


def _end_hold(conn: Connection) -> bool:
    return leases.end_hold(conn, "olt-1", "ana", "pronto", db.now(conn))


def _reset(conn: Connection) -> bool:
    return leases.reset_breaker(conn, "olt-1", "ana", "senha corrigida", db.now(conn))


async def test_one_session_serves_many_orders_and_is_closed_when_it_has_been_idle(sqlite_url: str) -> None:
    async with plant(sqlite_url, idle_s=0.8) as made:
        made.plug(ONU)
        made.plug(SPARE, port=OTHER_PORT)
        made.work()
        await made.tell(started("OS-1", serial=ONU, **at()))
        await made.final("OS-1")
        await made.tell(started("OS-2", serial=SPARE, **at(OTHER_PORT)))
        await made.final("OS-2")
        assert made.sims["olt-1"].olt.journal.logins == ["acende: accepted"]
        assert (await state(made)).session_open

        async def released() -> bool:
            return (await state(made)).holder is None

        await until(released, 10)
        assert made.sims["olt-1"].station.live == {}
        assert made.commands()[-1] in {"quit", "y"}


async def test_a_held_olt_is_finished_with_saved_and_logged_out_of_while_orders_wait(one: Plant) -> None:
    one.plug(ONU)
    one.plug(SPARE, port=OTHER_PORT)
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))
    await one.final("OS-1")
    await one.store.run(_hold)

    async def left() -> bool:
        return (await state(one)).holder is None

    await until(left, 10)
    assert one.commands().count("save") == 1
    assert one.sims["olt-1"].station.live == {}
    await one.tell(started("OS-2", serial=SPARE, **at(OTHER_PORT)))
    await asyncio.sleep(0.5)
    assert one.registered(SPARE) == []
    await one.store.run(_end_hold)
    assert (await one.final("OS-2"))["kind"] == "completed"


async def test_a_refused_login_is_tried_once_and_orders_wait_until_a_person_resets_the_breaker(
    one: Plant,
) -> None:
    one.plug(ONU)
    one.sims["olt-1"].faults.add(Fault(kind="refuse_login", times=3))
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))

    async def opened() -> bool:
        return (await state(one)).breaker.state == "open"

    await until(opened, 10)
    await asyncio.sleep(0.7)
    assert (await state(one)).breaker.code == "olt_login_refused"
    assert len(one.sims["olt-1"].olt.journal.offered) == 1
    assert [row["data"]["code"] for row in await one.results("OS-1")][-1] == "olt_login_refused"
    one.sims["olt-1"].faults.clear()
    await one.store.run(_reset)
    final = await one.final("OS-1")
    assert (final["kind"], final["attempts"]) == ("completed", 1)


async def test_an_olt_that_does_not_answer_opens_the_breaker_and_is_tried_again_by_itself(one: Plant) -> None:
    one.plug(ONU)
    sim = one.sims["olt-1"]
    port = one.config.inventory.olts[0].tcp_port
    await sim.stop()
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))

    async def opened() -> bool:
        return (await state(one)).breaker.state == "open"

    await until(opened, 10)
    await sim.serve_telnet(port)
    final = await one.final("OS-1")
    assert (final["kind"], final["attempts"]) == ("completed", 1)
    assert (await state(one)).breaker.failures == 0


async def test_no_free_line_is_waited_for_without_counting_as_a_failure(one: Plant) -> None:
    one.plug(ONU)
    one.sims["olt-1"].faults.add(Fault(kind="too_many_users", times=2))
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))
    final = await one.final("OS-1")
    assert final["kind"] == "completed"
    assert (await state(one)).breaker.state == "closed"
    assert "olt_busy" in [row["data"].get("code") for row in await one.results("OS-1")]


async def test_a_configuration_that_is_locked_is_waited_for_without_using_up_attempts(one: Plant) -> None:
    one.plug(ONU)
    one.sims["olt-1"].faults.add(Fault(kind="busy", pattern="^ont add", times=2))
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))
    assert (await one.final("OS-1"))["kind"] == "completed"


@pytest.mark.parametrize("when", ["before", "after", "middle"])
@pytest.mark.parametrize("line", ["^ont add", "^ont ipconfig", "^service-port"])
async def test_a_line_that_drops_anywhere_is_followed_by_looking_never_by_repeating(
    one: Plant, line: str, when: Literal["before", "after", "middle"]
) -> None:
    one.plug(ONU)
    one.sims["olt-1"].faults.add(Fault(kind="drop", pattern=line, when=when))
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))
    assert (await one.final("OS-1"))["kind"] == "completed"
    [found] = one.sims["olt-1"].olt.by_serial(ONU)
    assert [flow.vlan for flow in one.sims["olt-1"].olt.flows_of(*found.key)] == [100]


@pytest.mark.parametrize(
    ("line", "times", "asked"), [("^ont add", 1, 1), ("^display ont info by-sn", None, READS_MAX)]
)
async def test_a_reply_that_no_rule_explains_fails_and_is_kept(
    one: Plant, line: str, times: int | None, asked: int
) -> None:
    one.plug(ONU)
    one.sims["olt-1"].faults.add(Fault(kind="unknown", pattern=line, times=times))
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))
    final = await one.final("OS-1")
    assert (final["kind"], final["code"]) == ("failed", "unknown_reply")
    replies = [step.detail["reply"] for step in await one.steps("OS-1") if step.kind == "command"]
    assert sum("flux capacitor" in reply for reply in replies) == asked
    assert len(one.sims["olt-1"].olt.journal.logins) == asked


async def test_healthy_olts_keep_their_pace_while_others_are_down(sqlite_url: str) -> None:
    names = [f"olt-{number:02}" for number in range(12)]
    async with plant(sqlite_url, names, parallel=4) as made:
        for name in names[2:]:
            made.sims[name].faults.add(Fault(kind="freeze", pattern="enable", times=None))
        made.work()
        for number, name in enumerate(names):
            made.plug(f"HWTC000000{number:02}", name)
            await made.tell(started(f"OS-{number}", serial=f"HWTC000000{number:02}", **at(olt=name)))
        began = time.monotonic()
        for number in range(2):
            assert (await made.final(f"OS-{number}"))["kind"] == "completed"
        assert time.monotonic() - began < 3.0, "the limit of 4 was taken up by OLTs that do not answer"


async def test_stopping_finishes_the_command_in_hand_logs_out_and_releases(one: Plant) -> None:
    one.plug(ONU)
    one.sims["olt-1"].timing.command_s = 0.1
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))

    async def adding() -> bool:
        return any(line.startswith("ont add") for line in one.commands())

    await until(adding, 20)
    await one.rest()
    assert (await state(one)).holder is None
    assert one.registered(ONU) == [PORT]
    assert not any(line.startswith("service-port") for line in one.commands())
    assert one.sims["olt-1"].station.live == {}
    assert await one.finals("OS-1") == []
    one.sims["olt-1"].timing.command_s = 0.0
    one.work("w2")
    final = await one.final("OS-1")
    assert (final["kind"], final["changed"]) == ("completed", True)
    assert len([line for line in one.commands() if line.startswith("ont add")]) == 1


async def test_two_workers_on_one_postgresql_never_have_two_sessions_with_an_olt(postgres_url: str) -> None:
    names = ["olt-1", "olt-2", "olt-3"]
    async with plant(postgres_url, names, idle_s=0.3) as made:
        for name in names:
            made.sims[name].limits.sessions = 1
        made.work("w1")
        made.work("w2")
        for number in range(18):
            olt = names[number % 3]
            made.plug(f"HWTC000000{number:02}", olt)
            await made.tell(started(f"OS-{number}", serial=f"HWTC000000{number:02}", **at(olt=olt)))
            await asyncio.sleep(0.1)
        for number in range(18):
            assert (await made.final(f"OS-{number}"))["kind"] == "completed"
        for name in names:
            assert made.sims[name].station.most == 1
            assert "acende: busy" not in made.sims[name].olt.journal.logins


async def test_a_changed_platform_refuses_the_start_while_orders_are_live(one: Plant) -> None:
    await one.tell(started("OS-1", serial=ONU, **at()))
    await one.store.run(_register_as, "zte_zxan")  # as what it was when the order began
    made = one.work()
    _, task = one.provisioners.pop()
    with pytest.raises(PlatformChanged, match="olt-1"):
        await task
    assert made.workers == {}


def _register_as(conn: Connection, platform: str) -> None:
    leases.register(conn, {"olt-1": platform}, db.now(conn))


async def test_an_idle_session_that_the_olt_has_closed_is_replaced_without_a_pause(one: Plant) -> None:
    one.plug(ONU)
    one.plug(SPARE, port=OTHER_PORT)
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))
    await one.final("OS-1")
    one.sims["olt-1"].hang_up()
    await one.tell(started("OS-2", serial=SPARE, **at(OTHER_PORT)))
    assert (await one.final("OS-2"))["kind"] == "completed"
    assert "olt_unreachable" not in [row["data"].get("code") for row in await one.results("OS-2")]
