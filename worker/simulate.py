"""A fleet of simulated OLTs for the OLTs of an inventory: for demos, tests and an ISP's own rehearsals."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from schemas.inventory import Inventory, Olt
from vendors.registry import vendor
from vendors.simulator.fleet import Fleet, FleetOlt, built
from vendors.simulator.rows import Refusal
from vendors.simulator.servers import SimulatedOlt, host_key


class CannotServe(Exception):
    """What is said of a simulated OLT contradicts itself; the message says which and how."""


@dataclass(frozen=True)
class Account:
    """Who may log in to a simulated OLT."""

    username: str
    password: str
    enable_secret: str | None = None


Accounts = Callable[[Olt], Account]


@dataclass(frozen=True)
class Served:
    """A simulated OLT that listens. `olt` is its row of the inventory with address, port and host key as they are."""

    olt: Olt
    sim: SimulatedOlt


def plan_of(olt: Olt, fleet: Fleet) -> FleetOlt:
    """What the fleet file says of an OLT, else the inventory's `simulator`, else the fleet's default.

    Raises ValidationError where `simulator` is none.
    """
    if olt.id in fleet.olts:
        return fleet.olts[olt.id]
    return FleetOlt.model_validate(olt.simulator) if olt.simulator is not None else fleet.default


@asynccontextmanager
async def serve_fleet(
    inventory: Inventory,
    accounts: Accounts,
    fleet: Fleet | None = None,
    *,
    host: str = "127.0.0.1",
    keys: Path | None = None,
    any_port: bool = False,
) -> AsyncIterator[tuple[Served, ...]]:
    """Serve every OLT of the inventory whose platform has a simulator, until the block is left.

    `keys`: the folder where SSH host keys are kept, so that they can be pinned; without it each start has new ones.
    `any_port`: listen on free ports instead of the inventory's. Raises KeyError for an unknown platform, OSError for a port
    that is taken, ValidationError for a `simulator` that is none, CannotServe for one that contradicts itself.
    """
    async with AsyncExitStack() as stack:
        served = []
        for olt in inventory.olts:
            sim = _simulated(olt, plan_of(olt, fleet or Fleet()), accounts(olt))
            stack.push_async_callback(sim.stop)
            served.append(await _listen(olt, sim, host, keys, any_port=any_port))
        sunrises = [
            asyncio.create_task(_sunrise(row.sim, plan_of(row.olt, fleet or Fleet()))) for row in served
        ]
        stack.push_async_callback(_cancelled, sunrises)
        yield tuple(served)


async def run_fleet(
    inventory: Inventory,
    accounts: Accounts,
    fleet: Fleet | None = None,
    *,
    ready: Callable[[tuple[Served, ...]], None],
    stop: asyncio.Event,
    host: str = "127.0.0.1",
    keys: Path | None = None,
) -> None:
    """What `acende simulate` does: serve, say so through `ready`, and wait for `stop`."""
    async with serve_fleet(inventory, accounts, fleet, host=host, keys=keys) as served:
        ready(served)
        await stop.wait()


def _simulated(olt: Olt, plan: FleetOlt, account: Account) -> SimulatedOlt:
    device = vendor(olt.platform).device
    try:
        model = built(device, plan, olt.id)
    except Refusal as refusal:
        raise CannotServe(
            f"{olt.id}: what hangs on it does not fit: {refusal.kind}, {refusal.about}"
        ) from None
    except TypeError:
        raise CannotServe(f"{olt.id}: a registration has a member that no registration has") from None
    if account.enable_secret:
        model.more.setdefault("enable", account.enable_secret)
    users = {account.username: account.password}
    sim = SimulatedOlt(model, device, users, timing=plan.timing, limits=plan.limits)
    sim.faults.add(*plan.faults)
    return sim


async def _listen(olt: Olt, sim: SimulatedOlt, host: str, keys: Path | None, *, any_port: bool) -> Served:
    wanted = 0 if any_port else olt.tcp_port
    try:
        return await _served(olt, sim, host, keys, wanted)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise OSError(error.errno, f"{olt.id} at {host}:{wanted}: {why}") from None


async def _served(olt: Olt, sim: SimulatedOlt, host: str, keys: Path | None, wanted: int) -> Served:
    if olt.transport == "telnet":
        port = await sim.serve_telnet(wanted, host)
        return Served(olt.model_copy(update={"address": host, "port": port}), sim)
    key = host_key(keys / f"{olt.id}.key") if keys else None
    port, line = await sim.serve_ssh(wanted, host, key=key)
    return Served(olt.model_copy(update={"address": host, "port": port, "host_key": line}), sim)


async def _sunrise(sim: SimulatedOlt, plan: FleetOlt) -> None:
    """Light the boxes that come later, each in its time."""
    passed = 0.0
    later = sorted((onu.lit_after_s, onu.serial) for onu in plan.onus if onu.lit_after_s is not None)
    for at, serial in later:
        await asyncio.sleep(at - passed)
        passed = at
        if serial in sim.olt.plugged:
            sim.olt.light(serial)


async def _cancelled(tasks: Iterable["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
