"""The adapter over real SSH and telnet, with the accidents that a line has."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from schemas.onu import DesiredOnu, Management, Wan
from tests.support.olts import Bench, Transport, bench
from tests.support.secrets import OLT_PASSWORD, PPPOE_PASSWORD
from tests.unit.huawei_smartax.simulated import PORT, SERIAL, an_olt
from tests.unit.huawei_smartax.test_simulator import INTERNET, QINQ, wish
from vendors.contract import read
from vendors.dialogue import hold
from vendors.errors import (
    LoginRefused,
    OltBusy,
    OltUnreachable,
    OrderRejected,
    ProvisioningError,
    UnknownReply,
)
from vendors.huawei_smartax import adapter
from vendors.huawei_smartax.simulator import DEVICE
from vendors.session import Session
from vendors.simulator.faults import Fault
from vendors.simulator.rows import PluggedOnu

NEW, OLD = "MA5800V100R019C12", "MA5600V800R018C10"
WAN = Wan(mode="pppoe", vlan=100, login="ana@isp", password=SecretStr(PPPOE_PASSWORD), wan_profile="0")
ROUTER = wish(wan=WAN, management=Management(vlan=1000, tr069_profile="1"), service_ports=(INTERNET, QINQ))


@pytest.fixture(params=["ssh", "telnet"])
def transport(request: pytest.FixtureRequest) -> Transport:
    """Both ways in."""
    return "ssh" if request.param == "ssh" else "telnet"


def served(
    transport: Transport = "telnet", version: str = NEW, **more: Any
) -> AbstractAsyncContextManager[Bench]:
    """An OLT with a box lit, on a socket."""
    return bench(adapter, DEVICE, transport, olt=an_olt(version=version), **more)


async def reconcile(session: Session, desired: DesiredOnu | None, *current: str) -> int:
    """How many commands had to be sent."""
    observed = await hold(session, adapter.observe(SERIAL, PORT))
    plan = adapter.plan(desired, observed.model_copy(update={"secrets_current": frozenset(current)}))
    for command in plan:
        [reply] = await session.send((command,))
        adapter.check(command, reply)
    return len(plan)


@pytest.mark.parametrize("version", [NEW, OLD])
async def test_an_ont_is_provisioned_saved_and_removed(transport: Transport, version: str) -> None:
    async with served(transport, version) as olt:
        async with olt.session() as session:
            assert [seen.serial for seen in await hold(session, adapter.discover())] == [SERIAL]
            assert await reconcile(session, ROUTER) > 5
            assert await reconcile(session, ROUTER, "wan.password") == 0
            for command in adapter.save():
                [reply] = await session.send((command,))
                adapter.check(command, reply)
            assert not olt.olt.unsaved
            await session.keepalive()
            assert await reconcile(session, None) > 0
            assert await reconcile(session, None) == 0
        assert olt.commands()[-1] == "quit"


async def test_no_password_is_in_what_is_kept(transport: Transport) -> None:
    async with served(transport) as olt:
        async with olt.session() as session:
            await reconcile(session, ROUTER)
            await reconcile(session, ROUTER)
        assert any(PPPOE_PASSWORD in line for line in olt.commands())
        kept = repr(olt.exchanges)
    assert PPPOE_PASSWORD not in kept
    assert OLT_PASSWORD not in kept


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="alarm", times=None, pattern="display"),
        Fault(kind="duplicate_echo", times=None, pattern="display"),
        Fault(kind="slow", times=None, pattern="display", seconds=0.001),
        Fault(kind="unknown", when="before", times=None, pattern="undo interactive", text=""),
    ],
    ids=lambda fault: f"{fault.kind} {fault.pattern}",
)
async def test_accidents_that_change_nothing(transport: Transport, fault: Fault) -> None:
    async with served(transport) as olt:
        for number in range(40):
            olt.olt.plug(PluggedOnu(f"HWTC000000{number:02X}", PORT))
        olt.sim.faults.add(fault)
        async with olt.session() as session:
            assert len(await hold(session, adapter.discover())) == 41
            await reconcile(session, ROUTER)
            assert await reconcile(session, ROUTER, "wan.password") == 0
            for command in adapter.save():
                [reply] = await session.send((command,))
                adapter.check(command, reply)
        assert olt.sim.faults.struck


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="refuse", pattern="ont add"), OrderRejected),
        (Fault(kind="busy", pattern="ont add", seconds=60), OltBusy),
        (Fault(kind="unknown", pattern="ont add"), UnknownReply),
        (Fault(kind="unknown", pattern="autofind"), UnknownReply),
        (Fault(kind="drop", pattern="ont add"), OltUnreachable),
        (Fault(kind="drop", pattern="autofind", when="middle"), OltUnreachable),
        (Fault(kind="refuse", pattern="interface gpon"), OrderRejected),
        (Fault(kind="busy", pattern="display ont info", seconds=60), OltBusy),
    ],
    ids=str,
)
async def test_accidents_are_the_errors_they_mean(fault: Fault, error: type[ProvisioningError]) -> None:
    async with served() as olt:
        olt.sim.faults.add(fault)
        async with olt.session() as session:
            with pytest.raises(error):
                await reconcile(session, ROUTER)
        olt.sim.faults.clear()
        async with olt.session() as session:
            await reconcile(session, ROUTER)
            assert await reconcile(session, ROUTER, "wan.password") == 0


async def test_a_change_on_a_line_that_dies_may_have_happened() -> None:
    async with served() as olt:
        olt.fault("drop", pattern="ont add", when="after")
        async with olt.session() as session:
            with pytest.raises(OltUnreachable) as lost:
                await reconcile(session, ROUTER)
        assert lost.value.maybe_sent
        assert len(olt.olt.registered) == 1


async def test_a_wrong_password_is_refused(transport: Transport) -> None:
    async with served(transport, password=SecretStr("wrong")) as olt:
        with pytest.raises(LoginRefused):
            await olt.ask()


@pytest.mark.parametrize("limit", ["sessions", "sessions_per_user"])
async def test_one_session_too_many_is_busy(limit: str) -> None:
    async with served() as olt:
        setattr(olt.sim.limits, limit, 0)
        with pytest.raises(OltBusy):
            await olt.ask()


async def test_saving_leaves_the_olt_busy_for_a_while() -> None:
    async with served() as olt, olt.session() as session:
        await reconcile(session, ROUTER)
        olt.olt.save_s = 60
        for command in adapter.save():
            [reply] = await session.send((command,))
            adapter.check(command, reply)
        with pytest.raises(OltBusy):
            await reconcile(session, None)


async def test_a_screen_of_80_columns_breaks_echoes(transport: Transport) -> None:
    async with served(transport) as olt:
        narrow(olt)
        async with olt.session() as session:
            await reconcile(session, ROUTER)
            assert await reconcile(session, ROUTER, "wan.password") == 0


def narrow(olt: Bench) -> None:
    """Give every session a terminal whose width nobody can change."""
    shell = DEVICE.shell

    def made(model: Any, terminal: Any) -> Any:
        fixed = type("Fixed", (type(terminal),), {"width": property(lambda _: 80, lambda *_: None)})
        terminal.__class__ = fixed
        return shell(model, terminal)

    olt.sim.station.device = replace(DEVICE, shell=made)


async def test_questions_that_cannot_be_switched_off_are_answered(transport: Transport) -> None:
    async with served(transport) as olt:
        olt.fault("unknown", when="before", times=None, pattern="undo interactive", text="")
        async with olt.session() as session:
            await reconcile(session, ROUTER)
            assert await reconcile(session, None) > 0
        assert not olt.olt.registered
        assert olt.commands()[-2:] == ["quit", "y"]


@pytest.mark.parametrize("habit", ["undo smart", "scroll"])
async def test_hints_and_pages_that_cannot_be_switched_off_are_answered(
    transport: Transport, habit: str
) -> None:
    """Of commands sent together the second answers what the first asks: noticed, and not done again on that OLT."""
    async with served(transport) as olt:
        for number in range(40):
            olt.olt.plug(PluggedOnu(f"HWTC000000{number:02X}", PORT))
        olt.fault("unknown", when="before", times=None, pattern=habit, text="")
        async with olt.session() as session:
            with pytest.raises(OltUnreachable):
                await reconcile(session, ROUTER)
        assert not olt.habits.pipelines
        async with olt.session() as session:
            assert len(await hold(session, adapter.discover())) == 41
            await reconcile(session, ROUTER)
            assert await reconcile(session, ROUTER, "wan.password") == 0
            assert await reconcile(session, None) > 0
        assert not olt.olt.registered


async def test_a_hint_that_needs_more_than_enter_ends_the_session_at_once() -> None:
    """The firmware refuses `undo smart`; a command that lacks a word gets a hint without `<cr>`, and waits."""
    async with served() as olt:
        olt.fault("unknown", when="before", times=None, pattern="undo smart", text="")
        async with olt.session() as session:
            with pytest.raises(UnknownReply) as waited:
                await session.send((read("display service-port"),))
            assert "board<K>" in waited.value.reply
