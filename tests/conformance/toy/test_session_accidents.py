"""Whatever happens on the line, a session says what is known: done, refused or unknown; and never goes on."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from schemas.place import PonPort
from tests.conformance.toy import adapter
from tests.conformance.toy.simulator import DEVICE
from tests.support.olts import Bench, Transport, bench
from tests.support.until import until
from vendors.contract import Command, read, write
from vendors.errors import OltUnreachable, UnknownReply
from vendors.simulator.rows import PluggedOnu, Profile

SERIAL = "HWTC1A2B3C4D"
PORT = PonPort.model_validate("0/1/0")
PON = ("configure", "pon 0/1/0")


def register(timeout_s: float = 1.0) -> Command:
    return write(f"onu 1 serial {SERIAL} profile home", path=PON, timeout_s=timeout_s)


@pytest.fixture(params=["ssh", "telnet"])
async def olt(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    transport: Transport = request.param
    async with bench(adapter, DEVICE, transport) as made:
        made.olt.add_profile(Profile("line", "home", fields={"gems": {1: 1}}))
        made.olt.plug(PluggedOnu(SERIAL, PORT))
        yield made


@pytest.mark.parametrize("kind", ["drop", "freeze"])
@pytest.mark.parametrize(("when", "registered"), [("before", 0), ("middle", 1), ("after", 1)])
async def test_a_change_whose_reply_never_came_is_unknown(
    olt: Bench, kind: str, when: str, registered: int
) -> None:
    olt.fault(kind, pattern="^onu ", when=when)
    async with olt.session() as session:
        with pytest.raises(OltUnreachable) as lost:
            await session.send((register(0.3),))
        assert lost.value.maybe_sent
        assert session.dead
        with pytest.raises(OltUnreachable) as again:
            await session.send((read("show seen"),))
        assert not again.value.maybe_sent
    assert len(olt.olt.registered) == registered
    assert [exchange.complete for exchange in olt.exchanges] == [False]


async def test_a_read_whose_reply_never_came_changed_nothing(olt: Bench) -> None:
    olt.fault("drop", pattern="^show")
    async with olt.session() as session:
        with pytest.raises(OltUnreachable) as lost:
            await session.send((read("show seen"), read("show version")))
        assert not lost.value.maybe_sent


async def test_a_mode_on_the_way_to_a_change_that_drops_changed_nothing(olt: Bench) -> None:
    olt.fault("drop", pattern="^configure")
    async with olt.session() as session:
        with pytest.raises(OltUnreachable) as lost:
            await session.send((register(),))
        assert not lost.value.maybe_sent
    assert not any(line.startswith("onu ") for line in olt.commands())


@pytest.mark.parametrize("at_byte", range(0, 700, 23))
async def test_a_line_cut_at_any_byte_is_unreachable_or_was_complete(olt: Bench, at_byte: int) -> None:
    olt.fault("drop", at_byte=at_byte)
    outcome = "done"
    try:
        async with olt.session() as session:
            [reply] = await session.send((register(),))
            adapter.check(register(), reply)
    except OltUnreachable as lost:
        outcome = "maybe" if lost.maybe_sent else "not sent"
    if outcome == "done":
        assert len(olt.olt.registered) == 1
    if outcome == "not sent":
        assert not olt.olt.registered


async def test_a_prompt_that_cannot_be_read_is_no_success(olt: Bench) -> None:
    olt.fault("garble_prompt", pattern="^onu ")
    async with olt.session() as session:
        with pytest.raises(OltUnreachable) as lost:
            await session.send((register(0.3),))
        assert lost.value.maybe_sent


async def test_another_host_name_after_a_reboot_is_no_success(olt: Bench) -> None:
    olt.fault("rename", pattern="^onu ", text="OTHER")
    async with olt.session() as session:
        with pytest.raises(OltUnreachable) as lost:
            await session.send((register(0.3),))
        assert lost.value.maybe_sent
    async with olt.session() as session:
        assert (await session.send((read("show version"),))) == ("toy 1.0",)


async def test_an_olt_that_reboots_loses_the_session(olt: Bench) -> None:
    async with olt.session() as session:
        await session.send((register(),))
        olt.sim.reboot()
        with pytest.raises(OltUnreachable) as lost:
            await session.send((read("show seen"),))
        assert not lost.value.maybe_sent
    assert not olt.olt.registered


@pytest.mark.parametrize("kind", ["alarm", "latin1", "duplicate_echo"])
async def test_noise_changes_nothing(olt: Bench, kind: str) -> None:
    for number in range(6):
        olt.olt.plug(PluggedOnu(f"HWTC{number:08X}", PORT))
    async with olt.session() as session:
        [clean] = await session.send((read("show seen"),))
        olt.fault(kind, pattern="show|onu", times=None)
        replies = await session.send((read("show seen"), read("show version"), read("show seen")))
        [reply] = await session.send((register(),))
    assert replies == (clean, "toy 1.0", clean)
    assert reply == "done"
    assert olt.sim.faults.struck.count(kind) == 4


async def test_an_accent_in_what_a_device_holds_is_kept(olt: Bench) -> None:
    olt.olt.register(PORT, 3, "ZTEG00000001", line_profile="home", description="Jo\xe3o")
    async with olt.session() as session:
        [reply] = await session.send((read("show onu ZTEG00000001"),))
    assert "João" in reply


async def test_slow_pages_are_waited_for(olt: Bench) -> None:
    for number in range(20):
        olt.olt.plug(PluggedOnu(f"HWTC{number:08X}", PORT))
    olt.fault("slow", pattern="show seen", seconds=0.02)
    async with olt.session() as session:
        [reply] = await session.send((read("show seen"),))
    assert reply.endswith("total: 21")


async def test_a_slow_line_of_few_bytes_at_a_time_is_read_whole(olt: Bench) -> None:
    olt.sim.timing.byte_s = 0.0005
    async with olt.session() as session:
        replies = await session.send((read("show seen"), read("show version")))
    assert replies[1] == "toy 1.0"


async def test_a_change_on_the_wire_is_waited_for_when_cancelled(olt: Bench) -> None:
    olt.sim.timing.command_s = 0.4
    async with olt.session() as session:
        task = asyncio.create_task(
            session.send((register(5.0), write("flow 1 1 gem 1 vlan 2 user 3", path=PON)))
        )

        async def on_the_wire() -> bool:
            return any(line.startswith("onu ") for line in olt.commands())

        await until(on_the_wire, within_s=10)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.01)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert olt.olt.registered, "the reply had come before the cancellation was passed on"
        assert olt.exchanges[-1].complete
        assert session.dead
    assert not any(line.startswith("flow") for line in olt.commands())


async def test_a_read_that_is_cancelled_is_given_up_at_once(olt: Bench) -> None:
    async with olt.session() as session:
        olt.sim.timing.command_s = 5.0
        task = asyncio.create_task(session.send((read("show seen"),)))
        await asyncio.sleep(0.1)
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - started < 3
        assert session.dead


async def test_a_change_not_yet_sent_is_never_sent_once_cancelled(olt: Bench) -> None:
    async with olt.session() as session:
        olt.sim.timing.command_s = 0.3
        task = asyncio.create_task(session.send((register(5.0),)))

        async def entering() -> bool:
            return "configure" in olt.commands()

        await until(entering, within_s=10)
        task.cancel()
        with pytest.raises((asyncio.CancelledError, OltUnreachable)):
            await task
    await asyncio.sleep(0.3)
    assert not any(line.startswith("onu ") for line in olt.commands())


async def test_an_unknown_reply_is_handed_over_as_it_is(olt: Bench) -> None:
    olt.fault("unknown", pattern="^onu ")
    async with olt.session() as session:
        [reply] = await session.send((register(),))
        with pytest.raises(UnknownReply):
            adapter.check(register(), reply)


async def test_what_is_said_between_two_commands_is_passed_over(olt: Bench) -> None:
    async with olt.session() as session:
        [wire] = olt.sim.station.wires
        wire.write(b"\r\nSomebody has logged in from 192.0.2.7\r\nOLT-1#")
        await asyncio.sleep(0.05)
        assert await session.send((read("show version"),)) == ("toy 1.0",)


async def test_an_end_of_the_line_between_two_commands_is_noticed_before_sending(olt: Bench) -> None:
    async with olt.session() as session:
        olt.sim.hang_up()
        await asyncio.sleep(0.05)
        with pytest.raises(OltUnreachable) as ended:
            await session.send((register(),))
        assert not ended.value.maybe_sent


async def test_sessions_that_are_dropped_leave_nothing_open(olt: Bench) -> None:
    for _ in range(5):
        with contextlib.suppress(OltUnreachable):
            async with olt.session() as session:
                olt.fault("drop", pattern="show version")
                await session.send((read("show version"),))

    async def all_gone() -> bool:
        return not olt.sim.station.live

    await until(all_gone, within_s=5)
