"""The adapters over real SSH and telnet, with the accidents that a line has."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from pydantic import SecretStr

from schemas.onu import DesiredOnu
from tests.unit.zte.builders import PORT, SERIAL
from tests.unit.zte.simulated import PASSWORDS, Bench, bench, router
from vendors.dialogue import hold
from vendors.errors import (
    LoginRefused,
    OltBusy,
    OltUnreachable,
    OrderRejected,
    ProvisioningError,
    UnknownReply,
)
from vendors.session import Exchange, OltTarget, Session, open_session
from vendors.simulator.faults import Fault
from vendors.simulator.servers import SimulatedOlt
from vendors.simulator.shell import Terminal

KINDS = [("zte_zxan", "V1.2.5"), ("zte_zxan", "V2.1.0"), ("zte_titan", "V1.2.2"), ("zte_titan", "V2.0.1")]
LOGIN = "olt-secret"


class Olt:
    """A simulated OLT on a socket."""

    def __init__(self, kind: tuple[str, str], transport: str) -> None:
        self.bench: Bench = bench(*kind)
        self.transport = transport
        self.served = SimulatedOlt(self.bench.olt, self.bench.device)
        self.audited: list[Exchange] = []
        self.enable: str | None = None

    async def target(self, password: str = LOGIN) -> OltTarget:
        key = None
        if self.transport == "ssh":
            port, key = await self.served.serve_ssh()
        else:
            port = await self.served.serve_telnet()
        return OltTarget(
            address="127.0.0.1",
            port=port,
            transport=self.transport,  # type: ignore[arg-type]
            username="acende",
            password=SecretStr(password),
            enable_secret=SecretStr(self.enable) if self.enable else None,
            host_key=key,
        )

    @asynccontextmanager
    async def session(self, password: str = LOGIN) -> AsyncIterator[Session]:
        session = await open_session(
            self.bench.adapter,
            await self.target(password),
            audit=self.audited.append,
            may_send=lambda _: None,
        )
        try:
            yield session
        finally:
            await session.close()

    async def reconcile(self, session: Session, wish: DesiredOnu | None, *current: str) -> int:
        """How many lines had to be sent."""
        adapter = self.bench.adapter
        observed = await hold(session, adapter.observe(SERIAL, PORT))
        observed = observed.model_copy(update={"secrets_current": frozenset(current)})
        plan = adapter.plan(wish, observed)
        for command in plan:
            [reply] = await session.send((command,))
            adapter.check(command, reply)
        return len(plan)


@pytest.fixture(params=["ssh", "telnet"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def made() -> AsyncIterator[Callable[[tuple[str, str], str], Olt]]:
    olts: list[Olt] = []

    def make(kind: tuple[str, str], transport: str) -> Olt:
        olts.append(Olt(kind, transport))
        return olts[-1]

    yield make
    for olt in olts:
        await olt.served.stop()


Made = Callable[[tuple[str, str], str], Olt]


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
async def test_an_onu_is_provisioned_saved_and_removed_over_a_real_line(
    made: Made, kind: tuple[str, str], transport: str
) -> None:
    olt = made(kind, transport)
    wish = router(olt.bench.adapter)
    async with olt.session() as session:
        assert [seen.serial for seen in await hold(session, olt.bench.adapter.discover())] == [SERIAL]
        assert await olt.reconcile(session, wish) > 15
        assert await olt.reconcile(session, wish, *PASSWORDS) == 0
        [save] = olt.bench.adapter.save()
        [reply] = await session.send((save,))
        olt.bench.adapter.check(save, reply)
        await session.keepalive()
        assert not olt.bench.olt.unsaved
        assert await olt.reconcile(session, None) > 0
        assert await olt.reconcile(session, None) == 0


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
async def test_no_password_is_in_what_is_kept(made: Made, kind: tuple[str, str], transport: str) -> None:
    olt = made(kind, transport)
    async with olt.session() as session:
        await olt.reconcile(session, router(olt.bench.adapter))
        await olt.reconcile(session, router(olt.bench.adapter), *PASSWORDS)
    kept = repr(olt.audited)
    assert any(secret in line for secret in PASSWORDS.values() for line in olt.bench.olt.journal.commands())
    assert not any(secret in kept for secret in (*PASSWORDS.values(), LOGIN))


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
@pytest.mark.parametrize("accident", ["alarm", "duplicate_echo", "slow"])
async def test_accidents_that_change_nothing(
    made: Made, kind: tuple[str, str], transport: str, accident: str
) -> None:
    olt = made(kind, transport)
    olt.served.faults.add(Fault(kind=accident, times=None, pattern="show", seconds=0.001))  # type: ignore[arg-type]
    wish = router(olt.bench.adapter)
    async with olt.session() as session:
        await olt.reconcile(session, wish)
        assert await olt.reconcile(session, wish, *PASSWORDS) == 0
    assert olt.served.faults.struck


@pytest.mark.parametrize("kind", [KINDS[1], KINDS[3]], ids="-".join)
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="refuse", pattern="tcont 1"), OrderRejected),
        (Fault(kind="busy", pattern="tcont 1", seconds=60), OltBusy),
        (Fault(kind="unknown", pattern="tcont 1"), UnknownReply),
        (Fault(kind="unknown", pattern="show gpon onu state"), UnknownReply),
        (Fault(kind="drop", pattern="tcont 1"), OltUnreachable),
        (Fault(kind="drop", pattern="show gpon onu baseinfo", when="middle"), OltUnreachable),
        (Fault(kind="refuse", pattern="interface gpon.onu"), OrderRejected),
    ],
    ids=str,
)
async def test_accidents_are_the_errors_they_mean(
    made: Made, kind: tuple[str, str], fault: Fault, error: type[ProvisioningError]
) -> None:
    olt = made(kind, "telnet")
    olt.served.faults.add(fault)
    wish = router(olt.bench.adapter)
    async with olt.session() as session:
        with pytest.raises(error):
            await olt.reconcile(session, wish)
    olt.served.faults.clear()
    async with olt.session() as session:
        await olt.reconcile(session, wish)
        assert await olt.reconcile(session, wish, *PASSWORDS) == 0


async def test_a_wrong_password_is_refused(made: Made, transport: str) -> None:
    for kind in (KINDS[1], KINDS[3]):
        with pytest.raises(LoginRefused):
            async with made(kind, transport).session("wrong"):
                pass


async def test_one_session_too_many_is_busy(made: Made) -> None:
    olt = made(KINDS[1], "telnet")
    olt.served.limits.sessions = 0
    with pytest.raises(OltBusy):
        async with olt.session():
            pass


async def test_an_account_of_low_rank_is_raised(made: Made, transport: str) -> None:
    olt = made(KINDS[1], transport)
    olt.bench.olt.more["enable"] = olt.enable = "zxr10"
    async with olt.session() as session:
        assert await olt.reconcile(session, router(olt.bench.adapter)) > 15


async def test_leaving_with_unsaved_changes_answers_the_question(made: Made, transport: str) -> None:
    olt = made(KINDS[1], transport)
    async with olt.session() as session:
        await olt.reconcile(session, router(olt.bench.adapter))
    last = olt.bench.olt.journal.lines[-1]
    assert (last.line, "[yes/no]" in last.waiting) == (b"yes", True)


async def test_a_screen_of_80_columns_breaks_lines_and_a_configuration_is_still_read(made: Made) -> None:
    olt = made(KINDS[3], "telnet")
    wish = router(olt.bench.adapter)
    olt.bench.reconcile(wish)
    shell = olt.bench.device.shell
    olt.served.station.device = replace(
        olt.bench.device, shell=lambda model, terminal: shell(model, _narrow(terminal))
    )
    async with olt.session() as session:
        assert await olt.reconcile(session, wish, *PASSWORDS) == 0
    assert any(len(line) == 80 for exchange in olt.audited for line in exchange.reply.split("\n"))


class _Narrow(Terminal):
    """A terminal whose width nobody can change."""

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, 80 if name == "width" else value)


def _narrow(terminal: Terminal) -> Terminal:
    terminal.__class__ = _Narrow
    terminal.width = 80
    return terminal
