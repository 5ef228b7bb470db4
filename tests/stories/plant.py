"""A whole plant in one process: a real database, simulated OLTs on real sockets, the provisioning loop.

Events are applied as `ingest` applies them; results are read from the outbox, as `publish` would read them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Connection, select

from events.inputs import (
    EquipmentBound,
    EquipmentReceived,
    EquipmentUnbound,
    InputData,
    InstallCancelled,
    InstallStarted,
)
from events.record import Event
from schemas.configuration import Configuration
from schemas.inventory import Inventory, Olt
from schemas.place import PonPort
from schemas.services import Services
from tests.support.migrated import migrate
from tests.support.olts import USER, built
from tests.support.secrets import OLT_PASSWORD, PPPOE_PASSWORD
from tests.support.until import until
from vendors.catalog import shipped
from vendors.registry import vendor
from vendors.session import OltTarget
from vendors.simulator.rows import PluggedOnu, Profile
from vendors.simulator.servers import SimulatedOlt
from worker.breaker import BreakerPolicy
from worker.connect import Connector
from worker.facts import Order
from worker.facts import Rules as FactRules
from worker.lease import LeaseRule
from worker.ledger import SaveRule
from worker.olt_worker import Shared
from worker.provision import Provisioner, register
from worker.reconcile import Rules
from worker.retry import RetryPolicy
from worker.store import apply
from worker.store.db import Clock, Context, Store
from worker.store.schema import job, job_step, olt_lease, outbox, service_order
from worker.store.sweep import sweep
from worker.verify import Patience

KEY = b"a-key-for-digests-of-tests"
PORT = PonPort(frame=0, slot=1, port=0)
OTHER_PORT = PonPort(frame=0, slot=1, port=3)
VLAN = 100
SWIFT = Rules(
    KEY,
    Patience(light_poll_s=0.2, light_poll_slow_s=0.5, online_poll_s=0.1, online_s=20.0),
    RetryPolicy(first_s=0.2, longest_s=0.5),
    SaveRule(debounce_s=0.3, latest_s=3.0),
)

SERVICES = Services.model_validate(
    {
        "models": [
            {
                "name": "roteador",
                "when": {"mode": "router"},
                "give": {
                    "line_profile": "10",
                    "service_profile": "20",
                    "service_ports": [{"gem_port": 1, "vlan": VLAN, "user_vlan": VLAN}],
                    "wan": {"mode": "pppoe", "vlan": VLAN},
                },
            },
            {
                "name": "bridge",
                "when": {"mode": "bridge"},
                "give": {
                    "line_profile": "10",
                    "service_profile": "20",
                    "service_ports": [{"gem_port": 1, "vlan": VLAN, "user_vlan": VLAN}],
                    "lan_ports": [{"ports": [1], "vlan": VLAN}],
                },
            },
        ]
    }
)


SWIFT_BREAKER = BreakerPolicy(pause_s=0.2, first_s=0.5, busy_s=0.2)


def loop_of(
    store: Store,
    config: Configuration,
    name: str,
    *,
    rules: Rules = SWIFT,
    lease: LeaseRule | None = None,
    breaker: BreakerPolicy = SWIFT_BREAKER,
    idle_s: float = 60.0,
    parallel: int = 50,
    olt_gone_s: float = 300.0,
) -> Provisioner:
    """A worker's loop on simulated OLTs, impatient."""
    shared = Shared(
        store,
        config,
        rules,
        Connector(_target, timeout_s=4.0),
        lambda platform: vendor(platform).adapter,
        asyncio.Semaphore(parallel),
        breaker=breaker,
        idle_s=idle_s,
    )
    rule = lease or LeaseRule()
    return Provisioner(shared, name, parallel, rule, poll_s=0.05, tend_s=0.2, olt_gone_s=olt_gone_s)


def _target(olt: Olt) -> OltTarget:
    return OltTarget.of(olt, USER, SecretStr(OLT_PASSWORD))


def opened(url: str, finished: Callable[[Sequence[Order]], None] = lambda _orders: None) -> Store:
    """The store of a plant's database; `finished` is told of final results."""
    rules = FactRules(digest_key=KEY, verdict_delay=timedelta(seconds=0.5))
    return Store.open(url, shared=Context(clock=Clock(), rules=rules, finished=finished))


@dataclass
class Plant:
    """The database, the OLTs by id, and the loop."""

    store: Store
    sims: dict[str, SimulatedOlt]
    config: Configuration
    rules: Rules = SWIFT
    lease: LeaseRule = field(default_factory=LeaseRule)
    provisioners: list[tuple[Provisioner, asyncio.Task[None]]] = field(default_factory=list)
    idle_s: float = 60.0
    parallel: int = 50
    olt_gone_s: float = 300.0
    breaker: BreakerPolicy = field(
        default_factory=lambda: BreakerPolicy(pause_s=0.2, first_s=0.5, busy_s=0.2)
    )
    _olts: dict[str, Olt] = field(init=False)
    _ticks: int = 0
    _sweeper: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        """All OLTs that there are, whatever inventories say."""
        self._olts = dict(self.config.inventory.by_id)

    # ------------------------------------------------------------------------------------------------------- the worker

    def work(self, name: str = "w1") -> Provisioner:
        """Start a worker's loop."""
        made = loop_of(
            self.store,
            self.config,
            name,
            rules=self.rules,
            lease=self.lease,
            breaker=self.breaker,
            idle_s=self.idle_s,
            parallel=self.parallel,
            olt_gone_s=self.olt_gone_s,
        )
        self.provisioners.append((made, asyncio.create_task(made.run(), name=f"provision-{name}")))
        self._sweeper = self._sweeper or asyncio.create_task(self._sweep(), name="sweep")
        return made

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            await self.store.run(sweep)

    async def prepared(self) -> None:
        """Make the OLTs known without a worker."""
        await self.store.run(register, self.config.inventory)

    def roll_out(self, *olts: str) -> None:
        """From now on workers start with an inventory of these OLTs of the plant."""
        self.config = replace(self.config, inventory=Inventory(olts=tuple(self._olts[name] for name in olts)))

    async def rest(self) -> None:
        """Stop every worker; raises what one of them stumbled over."""
        provisioners, self.provisioners = self.provisioners, []
        for made, _ in provisioners:
            made.stop()
        if self._sweeper:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
            self._sweeper = None
        await asyncio.gather(*(task for _, task in provisioners))

    # --------------------------------------------------------------------------------------------------------- the fibre

    def plug(self, serial: str, olt: str = "olt-1", port: PonPort = PORT, **more: Any) -> PluggedOnu:
        """Put a box on the fibre."""
        return self.sims[olt].olt.plug(PluggedOnu(serial, port, **more))

    def commands(self, olt: str = "olt-1") -> list[str]:
        """Every line that an OLT was sent."""
        return self.sims[olt].olt.journal.commands()

    def changes(self, olt: str = "olt-1") -> list[str]:
        """The lines that change an ONU: what the stories are about."""
        starts = (
            "ont add",
            "ont delete",
            "ont modify",
            "ont ipconfig",
            "ont port",
            "service-port",
            "undo service-port",
        )
        return [line for line in self.commands(olt) if line.startswith(starts)]

    def registered(self, serial: str, olt: str = "olt-1") -> list[PonPort]:
        """Where a serial is registered on an OLT."""
        return [found.port for found in self.sims[olt].olt.by_serial(serial)]

    # -------------------------------------------------------------------------------------------------------- the events

    async def tell(self, *facts: InputData, time: datetime | None = None) -> None:
        """Apply facts as one batch, each later than the one before."""
        now = datetime.now(UTC) + self.store.clock.offset
        batch = []
        for fact in facts:
            self._ticks += 1
            at = (time or now) + timedelta(microseconds=self._ticks)
            batch.append(Event("erp", f"event-{self._ticks}", fact.TYPE, at, fact))
        await self.store.run(apply.apply_batch, batch)

    # ------------------------------------------------------------------------------------------------------- the results

    async def results(self, order: str) -> list[dict[str, Any]]:
        """Everything published of an order, in order."""
        return [
            row for row in await self.store.read(_published) if row["data"].get("service_order_id") == order
        ]

    async def finals(self, order: str) -> list[dict[str, Any]]:
        """The data of the order's final results."""
        return [
            row["data"] | {"kind": _kind(row)}
            for row in await self.results(order)
            if _kind(row) != "progress"
        ]

    async def told(self) -> list[tuple[str, int, str]]:
        """Order, revision and kind of every final result."""
        return [
            (row["data"]["service_order_id"], row["data"]["revision"], _kind(row))
            for row in await self.store.read(_published)
            if _kind(row) in {"completed", "failed", "cancelled"}
        ]

    async def final(self, order: str, count: int = 1, within_s: float = 30.0) -> dict[str, Any]:
        """The order's final result number `count`, once it is there."""

        async def look() -> list[dict[str, Any]]:
            found = await self.finals(order)
            return found if len(found) >= count else []

        try:
            return (await until(look, within_s))[count - 1]
        except TimeoutError:
            raise AssertionError(await self.why(order)) from None

    async def stages(self, order: str) -> list[str]:
        """The stages of the order's progress records."""
        return [row["data"]["stage"] for row in await self.results(order) if _kind(row) == "progress"]

    async def reaches(self, order: str, stage: str, within_s: float = 30.0) -> None:
        """Wait until a progress record says so."""

        async def look() -> bool:
            return stage in await self.stages(order)

        try:
            await until(look, within_s)
        except TimeoutError:
            raise AssertionError(await self.why(order)) from None

    async def steps(self, order: str) -> list[Any]:
        """The order's timeline."""
        return await self.store.read(_steps, order)

    async def jobs(self, *, live: bool = True) -> list[Any]:
        """Jobs as they stand."""
        return await self.store.read(_jobs, live=live)

    async def quiet(self, within_s: float = 20.0) -> None:
        """Wait until no job is live."""

        async def look() -> bool:
            return not await self.jobs()

        await until(look, within_s)

    async def why(self, order: str) -> str:
        """All that is known of an order, for a test that waits in vain."""
        rows = [dict(row._mapping) for row in await self.steps(order)]
        return json.dumps(
            {
                "order": await self.store.read(_order, order),
                "results": [row["data"] for row in await self.results(order)],
                "jobs": [dict(row._mapping) for row in await self.jobs(live=False)],
                "leases": [dict(row._mapping) for row in await self.store.read(_leases)],
                "steps": rows,
            },
            default=str,
            indent=1,
        )


def _kind(row: dict[str, Any]) -> str:
    return str(row["type"]).split(".")[2]


def _published(conn: Connection) -> list[dict[str, Any]]:
    rows = conn.execute(select(outbox.c.value).order_by(outbox.c.id)).scalars()
    return [json.loads(value) for value in rows]


def _steps(conn: Connection, order: str) -> list[Any]:
    return list(
        conn.execute(select(job_step).where(job_step.c.service_order_id == order).order_by(job_step.c.id))
    )


def _jobs(conn: Connection, *, live: bool) -> list[Any]:
    rows = select(job).order_by(job.c.id)
    return list(conn.execute(rows.where(job.c.live) if live else rows))


def _leases(conn: Connection) -> list[Any]:
    return list(conn.execute(select(olt_lease)))


def _order(conn: Connection, order: str) -> Any:
    found = conn.execute(select(service_order).where(service_order.c.id == order)).one_or_none()
    return dict(found._mapping) if found else None


# ------------------------------------------------------------------------------------------------------------ the facts


def received(serial: str, **more: Any) -> EquipmentReceived:
    base = {
        "serial": serial,
        "model": "EG8145V5",
        "brand": "Huawei",
        "stock_item_id": f"PAT-{serial[-4:]}",
        "product_id": "P-1",
        "warehouse": "Centro",
        "received_at": datetime(2026, 1, 5, tzinfo=UTC),
    }
    return EquipmentReceived.model_validate(base | more)


def _lending(serial: str, order: str, contract: str | None) -> dict[str, str]:
    return {
        "serial": serial,
        "service_order_id": order,
        "customer_id": f"C-{contract or order}",
        "contract_id": contract or f"CT-{order}",
    }


def bound(serial: str, order: str, contract: str | None = None) -> EquipmentBound:
    return EquipmentBound.model_validate(_lending(serial, order, contract))


def unbound(serial: str, order: str, contract: str | None = None) -> EquipmentUnbound:
    return EquipmentUnbound.model_validate(_lending(serial, order, contract))


def started(order: str, contract: str | None = None, **more: Any) -> InstallStarted:
    base = {
        "service_order_id": order,
        "customer_id": f"C-{contract or order}",
        "contract_id": contract or f"CT-{order}",
        "customer_name": "Ana Sousa",
        "plan_code": "FIBRA-500",
        "mode": "router",
        "technician_id": "T-7",
        "started_at": datetime.now(UTC),
        "pppoe_login": "ana@isp",
        "pppoe_password": PPPOE_PASSWORD,
    }
    return InstallStarted.model_validate(base | more)


def at(port: PonPort = PORT, olt: str = "olt-1") -> dict[str, Any]:
    """The members of `started` that name a place."""
    return {"olt_id": olt, "pon_port": str(port)}


def cancelled(order: str) -> InstallCancelled:
    return InstallCancelled(service_order_id=order, reason="Cliente desistiu")


# ------------------------------------------------------------------------------------------------------------- building


async def _served(
    name: str, platform: str, transport: str, site: str, command_timeout_s: float | None
) -> tuple[SimulatedOlt, Olt]:
    device = vendor(platform).device
    model = built(device, name=name.upper())
    model.profiles += [
        Profile("line", "LINHA", 10, {"gems": {1: 0}, "tconts": {0: "1"}}),
        Profile("service", "SERVICO", 20),
    ]
    sim = SimulatedOlt(model, device, users={USER: OLT_PASSWORD})
    host_key = None
    if transport == "ssh":
        port, host_key = await sim.serve_ssh()
    else:
        port = await sim.serve_telnet()
    olt = Olt.model_validate(
        {
            "id": name,
            "site": site,
            "platform": platform,
            "address": "127.0.0.1",
            "port": port,
            "transport": transport,
            "host_key": host_key,
            "command_timeout_s": command_timeout_s,
        }
    )
    return sim, olt


@contextlib.asynccontextmanager
async def plant(
    url: str,
    olts: Sequence[str] = ("olt-1",),
    *,
    platform: str = "huawei_smartax",
    transports: Sequence[str] = ("telnet",),
    site: str = "centro",
    command_timeout_s: float | None = None,
    alone: bool = True,
    **more: Any,
) -> AsyncIterator[Plant]:
    """A plant with these OLTs, its database migrated; nothing works yet. `alone`: no command line ends orders beside it."""
    migrate(url)
    counted: list[Order] = []
    store = opened(url, counted.extend)
    served = [
        await _served(name, platform, transports[at_ % len(transports)], site, command_timeout_s)
        for at_, name in enumerate(olts)
    ]
    inventory = Inventory(olts=tuple(olt for _, olt in served))
    config = Configuration(inventory, SERVICES, shipped())
    made = Plant(store, {olt.id: sim for sim, olt in served}, config, **more)
    try:
        yield made
        await made.rest()
        ended, told = Counter(map(_final_of, counted)), Counter(await made.told())
        assert ended == told if alone else ended <= told, "finals are counted once each"
    finally:
        await made.rest()
        for sim, _ in served:
            await sim.stop()
        await store.aclose()


def _final_of(order: Order) -> tuple[str, int, str]:
    return order.id, order.revision, order.state.value


def swift(**patience: Any) -> Rules:
    """`SWIFT` with other patience."""
    return replace(SWIFT, patience=replace(SWIFT.patience, **patience))
