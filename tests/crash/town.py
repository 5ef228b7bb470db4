"""Four OLTs on real sockets, which live on while workers die, and the configuration by which workers know them."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import yaml

from schemas.place import PonPort
from tests.crash.watched import WatchedOlt
from tests.support.secrets import OLT_PASSWORD
from vendors.registry import vendor
from vendors.simulator.conversation import Timing
from vendors.simulator.rows import Board, Flow, Gem, PluggedOnu, Profile, Tcont
from vendors.simulator.servers import SimulatedOlt, public_line

WORKERS = ("w1", "w2")
"""Each logs in under its own name, so that an OLT can tell them apart."""
COMMAND_S = 0.05
"""How long an OLT takes over a command."""
ONLINE_S = 0.4
PROFILES = {
    "Huawei": (
        Profile("line", "internet", 10, {"gems": {1: 1, 2: 1}}),
        Profile("service", "adaptive", 20),
        Profile("traffic", "up-150M", 15),
        Profile("traffic", "down-300M", 30),
        Profile("tr069", "acs", 1),
    ),
    "ZTE": (
        Profile("dba", "UP150M"),
        Profile("traffic", "DW300M"),
        Profile("onu_type", "ZTE-F660"),
        Profile("vlan", "internet"),
    ),
}


@dataclass(frozen=True)
class Kind:
    """What an OLT is. `twin`: the other one of its site."""

    olt: str
    twin: str
    site: str
    platform: str
    transport: str
    brand: str
    model: str
    """Of the ONUs there."""


KINDS = (
    Kind("centro-1", "centro-2", "centro", "huawei_smartax", "ssh", "Huawei", "EG8145V5"),
    Kind("centro-2", "centro-1", "centro", "huawei_smartax", "telnet", "Huawei", "EG8145V5"),
    Kind("norte-1", "norte-2", "norte", "zte_zxan", "telnet", "ZTE", "F660"),
    Kind("norte-2", "norte-1", "norte", "zte_titan", "ssh", "ZTE", "F660"),
)


@dataclass
class Site:
    """One OLT being served."""

    kind: Kind
    sim: SimulatedOlt
    olt: WatchedOlt
    row: dict[str, Any] = field(default_factory=dict)
    """Its row in the inventory."""
    before: dict[str, Any] = field(default_factory=dict)
    """Registrations made by hand, which nobody may touch, in the words of `Olt.snapshot`."""
    profiles: list[Profile] = field(default_factory=list)
    """All of them, as they were."""
    strangers: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    """Their serials."""
    key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    """Its SSH host key, which the inventory pins."""

    def port(self, number: int) -> PonPort:
        """A PON port of the first board, counted from 0."""
        board = self.olt.boards[0]
        return PonPort(frame=board.frame, slot=board.slot, port=board.first_port + number)

    def plug(self, serial: str, port: PonPort) -> None:
        """Put a box on the fibre, lit."""
        self.olt.plug(PluggedOnu(serial, port, model=self.kind.model))

    def where(self, serial: str) -> list[PonPort]:
        """Where a serial is registered."""
        return [found.port for found in self.olt.by_serial(serial)]

    def settle(self, *serials: str) -> None:
        """ONUs that somebody registered by hand, online: whatever was there before the first worker came."""
        for serial in serials:
            self.plug(serial, self.port(0))
            self._register(serial, self.port(0))
            self.strangers.put_nowait(serial)
        self.before, self.profiles = copy.deepcopy((self.olt.snapshot(), self.olt.profiles))
        self.olt.mark_saved()
        self.olt.done.clear()

    def _register(self, serial: str, port: PonPort) -> None:
        olt, onu_id = self.olt, self.olt.free_onu_id(port)
        if self.kind.brand == "Huawei":
            olt.register(port, onu_id, serial, line_profile="10", service_profile="20", description="a mao")
            olt.add_flow(Flow(olt.free_service_port(), port, onu_id, 1, 77, 77))
            return
        found = olt.register(port, onu_id, serial, onu_type="ZTE-F660")
        olt.set_tcont(found, Tcont(1, "UP150M"))
        olt.set_gem(found, Gem(1, 1))
        olt.add_flow(Flow(1, port, onu_id, 1, 77, 77, vport=1))

    async def serve(self) -> None:
        """Listen, as the row of the inventory says."""
        self.row = {"id": self.kind.olt, "site": self.kind.site, "platform": self.kind.platform}
        self.row |= {"address": "127.0.0.1", "transport": self.kind.transport}
        await self.listen()
        if self.kind.transport == "ssh":
            self.row["host_key"] = public_line(self.key)

    async def listen(self, key: asyncssh.SSHKey | None = None) -> None:
        """Listen, again on the same port where it listened before; `key`: another host key than the pinned one."""
        port = self.row.get("port", 0)
        if self.kind.transport == "ssh":
            self.row["port"], _ = await self.sim.serve_ssh(port, key=key or self.key)
        else:
            self.row["port"] = await self.sim.serve_telnet(port)


def let_in(sites: Iterable[Site], *workers: str) -> None:
    """Give more workers their accounts."""
    for site in sites:
        site.sim.users.update(dict.fromkeys(workers, OLT_PASSWORD))


def built(kind: Kind) -> Site:
    """An OLT of this kind with two strangers on it, not yet served."""
    device = vendor(kind.platform).device
    olt = WatchedOlt(
        name=kind.olt.upper(),
        boards=(Board(device.first_port, 1, first_port=device.first_port),),
        numbering=device.numbering,
        onu_ids=device.onu_ids,
        profiles=list(copy.deepcopy(PROFILES[kind.brand])),
        clock=time.time,
        time_to_online_s=ONLINE_S,
    )
    if device.seed:
        device.seed(olt)
    users = dict.fromkeys(WORKERS, OLT_PASSWORD)
    site = Site(kind, SimulatedOlt(olt, device, users, timing=Timing(command_s=COMMAND_S)), olt)
    number = KINDS.index(kind)
    site.settle(f"FHTT0000001{number}", f"FHTT0000002{number}")
    return site


@asynccontextmanager
async def town(folder: Path, *more: dict[str, Any]) -> AsyncIterator[dict[str, Site]]:
    """The OLTs by id, served; `inventory.yaml` in the folder names them, and `more` rows of others."""
    sites = {kind.olt: built(kind) for kind in KINDS}
    account = {"username": {"env": "ACENDE_OLT_USERNAME"}, "password": {"env": "ACENDE_OLT_PASSWORD"}}
    async with AsyncExitStack() as stack:
        for site in sites.values():
            stack.push_async_callback(site.sim.stop)
            await site.serve()
        rows = [*(site.row for site in sites.values()), *more]
        inventory = {"credentials": {"default": account}, "olts": rows}
        (folder / "inventory.yaml").write_text(yaml.safe_dump(inventory))
        yield sites
