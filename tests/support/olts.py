"""Simulated OLTs on real sockets, and sessions with them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import SecretStr

from tests.support.secrets import OLT_PASSWORD
from vendors.contract import Adapter, Command
from vendors.session import Exchange, Habits, OltTarget, Session, open_session
from vendors.simulator.faults import Fault
from vendors.simulator.model import Olt
from vendors.simulator.rows import Board
from vendors.simulator.servers import SimulatedOlt
from vendors.simulator.shell import Device

Transport = Literal["ssh", "telnet"]
USER = "acende"


def built(device: Device, *, name: str = "OLT-1", slots: tuple[int, ...] = (1, 2), **more: Any) -> Olt:
    """An OLT of a vendor with PON boards in shelf 0 or, where ports count from 1, in shelf 1."""
    frame = device.first_port
    boards = tuple(Board(frame, slot, first_port=device.first_port) for slot in slots)
    olt = Olt(name=name, boards=boards, numbering=device.numbering, onu_ids=device.onu_ids, **more)
    if device.seed:
        device.seed(olt)
    return olt


@dataclass(repr=False)
class Bench:
    """One simulated OLT being served, and what was said to it."""

    sim: SimulatedOlt
    adapter: Adapter
    target: OltTarget
    exchanges: list[Exchange] = field(default_factory=list)
    guards: list[float] = field(default_factory=list)
    habits: Habits = field(default_factory=Habits)

    @property
    def olt(self) -> Olt:
        return self.sim.olt

    def fault(self, kind: Any, **more: Any) -> None:
        """Arm a fault."""
        self.sim.faults.add(Fault(kind=kind, **more))

    def commands(self) -> list[str]:
        """Every line that arrived, answers included."""
        return self.sim.olt.journal.commands()

    @asynccontextmanager
    async def session(
        self, may_send: Callable[[float], None] | None = None, **more: Any
    ) -> AsyncIterator[Session]:
        """An open session, closed afterwards."""
        session = await open_session(
            self.adapter,
            self.target,
            audit=self.exchanges.append,
            may_send=may_send or self.guards.append,
            habits=self.habits,
            **more,
        )
        try:
            yield session
        finally:
            await session.close()

    async def ask(self, *commands: Command) -> tuple[str, ...]:
        """The replies to one batch on a session of its own."""
        async with self.session() as session:
            return await session.send(commands)


@asynccontextmanager
async def bench(
    adapter: Adapter,
    device: Device,
    transport: Transport = "ssh",
    *,
    olt: Olt | None = None,
    server: dict[str, Any] | None = None,
    **target: Any,
) -> AsyncIterator[Bench]:
    """Serve an OLT over one transport; `server` goes to `serve_ssh`, the rest to `OltTarget`."""
    sim = SimulatedOlt(olt or built(device), device, users={USER: OLT_PASSWORD})
    if transport == "ssh":
        port, host_key = await sim.serve_ssh(**(server or {}))
    else:
        port, host_key = await sim.serve_telnet(), None
    values = {
        "address": "127.0.0.1",
        "port": port,
        "transport": transport,
        "username": USER,
        "password": SecretStr(OLT_PASSWORD),
        "host_key": host_key,
    }
    try:
        yield Bench(sim, adapter, OltTarget.model_validate(values | target))
    finally:
        await sim.stop()
