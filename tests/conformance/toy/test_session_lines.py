"""A session with a simulated OLT over real SSH and telnet: what goes out, what comes back, what is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from schemas.onu import DesiredOnu, ServicePort, Wan
from schemas.place import PonPort
from tests.conformance.toy import adapter
from tests.conformance.toy.simulator import DEVICE
from tests.support.olts import Bench, Transport, bench
from tests.support.secrets import FOREIGN_PASSWORD, OLT_PASSWORD, PPPOE_PASSWORD
from vendors.contract import Command, read, write
from vendors.dialogue import hold
from vendors.errors import OltUnreachable, OrderRejected, UnknownReply
from vendors.simulator.rows import PluggedOnu, Profile
from vendors.simulator.rows import Wan as WanRow

SERIAL = "HWTC1A2B3C4D"
PORT = PonPort.model_validate("0/1/0")
PON = ("configure", "pon 0/1/0")
WISH = DesiredOnu(
    serial=SERIAL,
    port=PORT,
    line_profile="home",
    service_ports=(ServicePort(gem_port=1, vlan=100, user_vlan=10),),
    wan=Wan(mode="pppoe", vlan=10, login="joe", password=SecretStr(PPPOE_PASSWORD)),
)
REGISTER = write(f"onu 1 serial {SERIAL} profile home", path=PON)


@pytest.fixture(params=["ssh", "telnet"])
async def olt(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    transport: Transport = request.param
    async with bench(adapter, DEVICE, transport) as made:
        made.olt.add_profile(Profile("line", "home", fields={"gems": {1: 1}}))
        made.olt.plug(PluggedOnu(SERIAL, PORT))
        yield made


async def apply(olt: Bench) -> tuple[Command, ...]:
    """Observe, plan, send; what was sent."""
    async with olt.session() as session:
        observed = await hold(session, adapter.observe(SERIAL, PORT))
        plan = adapter.plan(WISH, observed)
        for command in plan:
            [reply] = await session.send((command,))
            adapter.check(command, reply)
    return plan


async def test_an_onu_is_registered_and_nothing_but_the_plan_changed_anything(olt: Bench) -> None:
    plan = await apply(olt)
    [state] = olt.olt.snapshot().values()
    assert (state["serial"], state["line_profile"]) == (SERIAL, "home")
    assert [(flow["gem_port"], flow["vlan"], flow["user_vlan"]) for flow in state["flows"]] == [(1, 100, 10)]
    assert state["wans"][1]["password"] == PPPOE_PASSWORD
    assert [line for line in olt.commands() if line in {command.reveal() for command in plan}] == [
        command.reveal() for command in plan
    ]


async def test_every_change_is_audited_masked_and_no_secret_is_kept(olt: Bench) -> None:
    olt.olt.register(PORT, 7, "ZTEG00000001", line_profile="home")
    olt.olt.configure(olt.olt.onu(PORT, 7), WanRow(1, "pppoe", 5, login="other", password=FOREIGN_PASSWORD))
    await apply(olt)
    async with olt.session() as session:
        [reply] = await session.send((read("show ppp 7", *PON),))
    assert reply == "ppp 5 other ********\ntotal: 1"
    changes = [exchange for exchange in olt.exchanges if exchange.effect == "write"]
    assert [change.command for change in changes][-1] == "ppp 1 10 joe ********"
    assert all(change.path == PON and change.complete and change.seconds >= 0 for change in changes)
    kept = repr(olt.exchanges)
    assert not any(secret in kept for secret in (PPPOE_PASSWORD, OLT_PASSWORD, FOREIGN_PASSWORD))


async def test_a_command_costs_one_round_trip_and_reads_cost_one_together(olt: Bench) -> None:
    olt.sim.timing.rtt_s = 0.3
    async with olt.session() as session:
        started = time.monotonic()
        await session.send((read("show seen"), read("show ids 0/1/0"), read("show version")))
        together = time.monotonic() - started
        started = time.monotonic()
        batch = (read("show version"), read("show flows 1", *PON), read("show ppp 1", *PON))
        replies = await session.send(batch)
        with_modes = time.monotonic() - started
        started = time.monotonic()
        await session.send((REGISTER,))
        change = time.monotonic() - started
    assert [reply.splitlines()[-1] for reply in replies] == ["toy 1.0", "total: 0", "E02 no_such_onu"]
    assert 0.3 <= together < 0.6
    assert 0.3 <= with_modes < 0.6
    assert 0.3 <= change < 0.6


async def test_pipelining_can_be_turned_off_for_one_olt(olt: Bench) -> None:
    olt.target = olt.target.model_copy(update={"pipeline": "off"})
    async with olt.session() as session:
        await session.send((read("show flows 1", *PON), read("show ppp 1", *PON)))
    raw = olt.olt.journal.raw[1].decode()
    assert raw.split("\n")[4:8] == ["configure", "pon 0/1/0", "show flows 1", "show ppp 1"]


async def test_replies_are_those_of_the_commands_also_when_200_are_asked_for(olt: Bench) -> None:
    async with olt.session() as session:
        batch = tuple(read(f"show onu HWTC{number:08X}") for number in range(200))
        replies = await session.send(batch)
    assert len(replies) == 200
    assert set(replies) == {"total: 0"}


async def test_two_coroutines_on_one_session_take_turns(olt: Bench) -> None:
    olt.sim.timing.command_s = 0.02
    async with olt.session() as session:
        first, second, third = await asyncio.gather(
            session.send((read("show seen"), read("show flows 1", *PON))),
            session.send((read("show version"),)),
            session.send((read("show ids 0/1/0"),)),
        )
    assert first[0].startswith(SERIAL)
    assert (second, third) == (("toy 1.0",), ("total: 0",))


async def test_a_mode_that_is_refused_is_what_the_adapter_makes_of_it(olt: Bench) -> None:
    async with olt.session() as session:
        with pytest.raises(OrderRejected) as refused:
            await session.send((write("onu 1 serial X profile home", path=("configure", "pon 0/9/0")),))
        assert refused.value.command == "pon 0/9/0"
        assert session.dead
    assert not any(line.startswith("onu ") for line in olt.commands())


async def test_a_refused_mode_in_one_write_with_reads_is_the_same(olt: Bench) -> None:
    async with olt.session() as session:
        with pytest.raises(OrderRejected):
            await session.send((read("show flows 1", "configure", "pon 0/9/0"), read("show version")))


async def test_a_command_that_changes_the_mode_by_itself_ends_the_session(olt: Bench) -> None:
    async with olt.session() as session:
        with pytest.raises(UnknownReply, match="prompt"):
            await session.send((write("configure", path=()),))
        assert session.dead
        with pytest.raises(OltUnreachable):
            await session.send((read("show seen"),))


async def test_an_announced_question_is_answered_and_no_other(olt: Bench) -> None:
    olt.olt.register(PORT, 1, SERIAL, line_profile="home")
    async with olt.session() as session:
        with pytest.raises(UnknownReply) as asked:
            await session.send((write("no onu 1", path=PON),))
        assert "sure?" in asked.value.reply
    assert len(olt.olt.registered) == 1
    async with olt.session() as session:
        await session.send((write("no onu 1", path=PON, answers=((r"sure\?", "y"),)),))
    assert not olt.olt.registered


async def test_the_guard_is_asked_before_every_line_and_its_refusal_sends_nothing(olt: Bench) -> None:
    class Lost(Exception):
        pass

    may = True

    def may_send(timeout_s: float) -> None:
        olt.guards.append(timeout_s)
        if not may:
            raise Lost

    async with olt.session(may_send=may_send) as session:
        await session.send((read("show seen"),))
        sent = len(olt.commands())
        may = False
        with pytest.raises(Lost):
            await session.send((REGISTER,))
        assert session.dead
    assert len(olt.commands()) == sent, "not even a logout"
    assert not olt.olt.registered
    assert 30.0 in olt.guards


async def test_the_guard_hears_the_time_out_of_the_line(olt: Bench) -> None:
    async with olt.session() as session:
        olt.guards.clear()
        await session.send(adapter.save())
        assert olt.guards == [150.0]
    assert not olt.olt.unsaved


async def test_an_olts_own_time_out_counts_for_everything_but_saving(olt: Bench) -> None:
    olt.target = olt.target.model_copy(update={"command_timeout_s": 44.0})
    async with olt.session() as session:
        olt.guards.clear()
        await session.send((read("show seen"),))
        await session.send(adapter.save())
        assert olt.guards == [44.0, 150.0]


async def test_an_olts_own_time_out_counts_for_the_lines_that_change_the_mode_too(olt: Bench) -> None:
    olt.target = olt.target.model_copy(update={"command_timeout_s": 4.0, "save_timeout_s": 9.0})
    async with olt.session() as session:
        olt.guards.clear()
        await session.send((REGISTER,))
        await session.send(adapter.save())
        assert olt.guards == [4.0, 4.0, 4.0, 9.0]


async def test_keepalive_keeps_an_idle_session_and_close_logs_out(olt: Bench) -> None:
    olt.sim.timing.idle_s = 1.0
    async with olt.session() as session:
        for _ in range(5):
            await asyncio.sleep(0.3)
            await session.keepalive()
        assert session.idle_s < 0.3
        await session.send((read("show seen", "configure"),))
    assert olt.commands()[-3:] == ["up", "bye", "y"]
    assert not olt.sim.station.live


async def test_a_session_that_idled_out_is_unreachable_and_nothing_was_sent(olt: Bench) -> None:
    olt.sim.timing.idle_s = 0.1
    async with olt.session() as session:
        await asyncio.sleep(0.3)
        with pytest.raises(OltUnreachable) as ended:
            await session.send((REGISTER,))
        assert not ended.value.maybe_sent
    assert not olt.olt.registered


async def test_what_hangs_in_the_air_is_logged_out_of_quickly(olt: Bench) -> None:
    async with olt.session() as session:
        olt.fault("freeze", pattern="bye")
        started = time.monotonic()
        await session.close()
        assert time.monotonic() - started < 6


async def test_a_hint_and_a_pager_that_cannot_be_turned_off_are_passed(olt: Bench) -> None:
    olt.fault("refuse", pattern="^no (paging|hints)", times=2)
    for number in range(30):
        olt.olt.plug(PluggedOnu(f"HWTC{number:08X}", PORT))
    olt.target = olt.target.model_copy(update={"pipeline": "off"})
    async with olt.session() as session:
        [reply] = await session.send((read("show seen"),))
    assert reply.endswith("total: 31")
    assert len(reply.splitlines()) == 32


async def test_a_hint_among_lines_sent_together_is_noticed_and_the_next_session_sends_one_by_one(
    olt: Bench,
) -> None:
    olt.fault("refuse", pattern="^no (paging|hints)", times=None)
    async with olt.session() as session:
        session.line.quiet_s = 0.5
        with pytest.raises(OltUnreachable) as lost:
            await session.send((read("show seen"), read("show version"), read("show seen")))
        assert not lost.value.maybe_sent
    assert not olt.habits.pipelines
    async with olt.session() as session:
        replies = await session.send((read("show seen"), read("show version"), read("show seen")))
    assert replies[1] == "toy 1.0"
    assert replies[0] == replies[2]
