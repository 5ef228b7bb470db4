"""Working on an OLT as the worker does: observe, plan, apply, plan again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from schemas.onu import DesiredOnu
from schemas.place import PonPort
from tests.conformance.case import SERIAL, Case
from tests.support.olts import Bench, built
from tests.support.wanted import differences
from vendors.contract import Command, Observation
from vendors.dialogue import hold
from vendors.errors import NotConverged
from vendors.session import Session
from vendors.simulator.model import Olt
from vendors.simulator.rows import Flow, Gem, PluggedOnu, Tcont
from vendors.simulator.shell import Device
from worker.wish import unseen, with_current

NEIGHBOURS = ("ZTEG0000000A", "HWTC0000000B", "DD180000000C")
"""One of a vendor whose id consists of hex digits: its serial looks like a MAC address."""


def _as_it_is(_: str, value: str) -> str:
    return value


@dataclass(repr=False)
class Site:
    """An OLT, other customers on it, and what is known of the one in hand."""

    case: Case
    device: Device
    version: str | None = None
    known: dict[str, str] = field(default_factory=dict)
    """Secrets and unread fields as they were last applied and accepted."""
    others: dict[str, Any] = field(default_factory=dict)
    """The other customers' registrations, as they were."""
    bench: Bench = field(init=False)

    @property
    def olt(self) -> Olt:
        return self.bench.olt

    def new_olt(self, **more: Any) -> Olt:
        """The OLT as it is before anything is done."""
        if self.version:
            more["version"] = self.version
        olt = built(self.device, **more)
        self.case.prepare(olt)
        first = self.device.onu_ids[0]
        places = [(self.case.port, first), (self.case.port, first + 2), (self.case.elsewhere, first)]
        for serial, (port, onu_id) in zip(NEIGHBOURS, places, strict=True):
            olt.plug(PluggedOnu(serial, port))
            self._settle(olt, serial, port, onu_id)
        olt.plug(PluggedOnu(SERIAL, self.case.port))
        olt.mark_saved()
        self.others = self.of_others(olt)
        self.known = {}
        return olt

    def start_anew(self, **more: Any) -> None:
        """Another OLT of this kind behind the same sockets."""
        self.bench.sim.olt = self.bench.sim.station.olt = self.new_olt(**more)
        self.bench.sim.faults.clear()
        self.bench.exchanges.clear()

    def _settle(self, olt: Olt, serial: str, port: PonPort, onu_id: int) -> None:
        found = olt.register(port, onu_id, serial, **self.case.registration)
        if not olt.gem_ports(found):
            olt.set_tcont(found, Tcont(1, self.case.wishes["plain"].tconts[0].profile))
            olt.set_gem(found, Gem(1, 1))
        gem = min(olt.gem_ports(found))
        number, vport = (olt.free_service_port(), None) if olt.numbering == "olt" else (1, gem)
        olt.add_flow(Flow(number, port, onu_id, gem, 77, 77, vport=vport))

    @staticmethod
    def of_others(olt: Olt) -> dict[str, Any]:
        """Everything that is registered but the one in hand."""
        return {place: row for place, row in olt.snapshot().items() if row["serial"] != SERIAL}

    # ------------------------------------------------------------------------------------------------- work

    async def observe(self, session: Session, wish: DesiredOnu | None) -> Observation:
        """What there is, with the secrets that are known to be right."""
        port = wish.port if wish else self.case.port
        seen = await hold(session, self.case.adapter.observe(SERIAL, port))
        return with_current(seen, wish, self.known, _as_it_is) if wish else seen

    async def apply(self, session: Session, plan: tuple[Command, ...]) -> None:
        """Send a plan, every reply judged."""
        for command in plan:
            [reply] = await session.send((command,))
            self.case.adapter.check(command, reply)

    async def reconcile(self, session: Session, wish: DesiredOnu | None) -> int:
        """Make the OLT agree; how many commands it took. Raises what goes wrong, NotConverged where it does not."""
        plan = self.case.adapter.plan(wish, await self.observe(session, wish))
        await self.apply(session, plan)
        seen = await hold(session, self.case.adapter.observe(SERIAL, wish.port if wish else self.case.port))
        if wish:
            self.known = unseen(wish, seen)
            seen = with_current(seen, wish, self.known, _as_it_is)
        if left := self.case.adapter.plan(wish, seen):
            raise NotConverged(f"{len(left)} commands are left", command=left[0].text)
        return len(plan)

    async def run(self, wish: DesiredOnu | None) -> int:
        """`reconcile` on a session of its own."""
        async with self.bench.session() as session:
            return await self.reconcile(session, wish)

    def wrong(self, wish: DesiredOnu | None) -> list[str]:
        """What is not as it should be: the one in hand, and everybody else."""
        limits = self.case.adapter.limits(wish) if wish else ()
        found = differences(wish, SERIAL, self.olt, [limit.field for limit in limits])
        if self.of_others(self.olt) != self.others:
            found.append("another customer's registration was touched")
        return found
