"""The ERP, its stock and its technicians: what they do to an order, and what must be true of it in the end."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from schemas.place import PonPort
from tests.crash.bus import Bus
from tests.crash.town import Site
from tests.crash.wanted import LOGIN, WIFI_NAME
from tests.support.secrets import PPPOE_PASSWORD, WIFI_KEY

NEW_PASSWORD = f"{PPPOE_PASSWORD}-2"


@dataclass
class Order:
    """An installation. `ends` is the kind of its last final, `code` its reason."""

    id: str
    site: Site
    port: PonPort
    serial: str
    mode: str = "router"
    password: str = PPPOE_PASSWORD
    ends: str = ""
    code: str | None = None
    heard: int = 0
    """Finals that its story has waited for."""


@dataclass
class Desk:
    """Where orders are made. `most` is how often a serial may be registered on an OLT, by OLT and serial."""

    bus: Bus
    sites: dict[str, Site]
    stories: Sequence[Story]
    rng: random.Random
    orders: list[Order] = field(default_factory=list)
    most: Counter[tuple[str, str]] = field(default_factory=Counter)
    running: set[asyncio.Task[None]] = field(default_factory=set)
    _serials: int = 0
    _bag: list[Story] = field(default_factory=list)

    # ------------------------------------------------------------------------------------------------------- the work

    def keep_busy(self, stories: int) -> None:
        """Have so many stories running; each kind comes once before any comes again. Raises what one stumbled over."""
        self._look_at_ended()
        while len(self.running) < stories:
            if not self._bag:
                self._bag = self.rng.sample(self.stories, len(self.stories))
            self.begin(self._bag.pop())

    def begin(self, story: Story) -> None:
        """Have one more story running."""
        order = self.new_order()
        self.running.add(asyncio.create_task(story(self, order), name=f"{story.__name__} {order.id}"))

    @asynccontextmanager
    async def load(self, stories: int, more_per_s: float = 0.0) -> AsyncIterator[None]:
        """So many stories run for as long as the block does, and ever more. Raises what one of them stumbled over."""
        began = time.monotonic()

        async def go_on() -> None:
            while True:
                self.keep_busy(stories + int(more_per_s * (time.monotonic() - began)))
                await asyncio.sleep(0.1)

        going = asyncio.create_task(go_on())
        try:
            yield
        finally:
            going.cancel()
            with suppress(asyncio.CancelledError):
                await going

    async def finish(self, within_s: float) -> None:
        """Wait until every story has ended. Raises AssertionError that names those that have not."""
        if self.running:
            await asyncio.wait(self.running, timeout=within_s, return_when=asyncio.FIRST_EXCEPTION)
        self._look_at_ended()
        assert not self.running, f"after {within_s} s still wait: {self.unfinished()}"

    def unfinished(self) -> list[str]:
        """The stories that have not ended."""
        return sorted(task.get_name() for task in self.running)

    async def close(self) -> None:
        """Give up what has not ended."""
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)

    def _look_at_ended(self) -> None:
        for task in [task for task in self.running if task.done()]:
            self.running.discard(task)
            task.result()

    # ------------------------------------------------------------------------------------------------ what stories use

    def new_order(self) -> Order:
        """An order for a unit of its own, somewhere in the town."""
        site = list(self.sites.values())[len(self.orders) % len(self.sites)]
        order = Order(
            f"OS-{len(self.orders) + 1}", site, site.port(self.rng.randint(1, 7)), self.new_serial(site)
        )
        self.orders.append(order)
        return order

    def new_serial(self, site: Site) -> str:
        """A unit that nobody has seen."""
        self._serials += 1
        return f"{'HWTC' if site.kind.brand == 'Huawei' else 'ZTEG'}{self._serials:08X}"

    def light(self, order: Order) -> None:
        """The technician plugs the unit in."""
        order.site.plug(order.serial, order.port)

    def unplug(self, order: Order) -> None:
        """And takes it off the fibre."""
        order.site.olt.unplug(order.serial)

    async def receive(self, order: Order) -> None:
        """The unit enters stock, and is lent to the order."""
        await self.bus.send("equipment.received", _received(order))
        await self.bus.send("equipment.bound", _lent(order))

    async def give_back(self, order: Order) -> None:
        """The unit comes back to stock."""
        await self.bus.send("equipment.unbound", _lent(order))

    async def start(
        self, order: Order, *, named: bool = True, placed: bool = True, anew: bool = True, **more: Any
    ) -> None:
        """The technician starts, or asks again. `anew`: the unit may be registered (once more) for it."""
        if anew:
            self.most[order.site.kind.olt, order.serial] += 1
        await self.bus.send("install.started", _started(order, named=named, placed=placed) | more)

    async def cancel(self, order: Order) -> None:
        """The customer changes his mind."""
        await self.bus.send("install.cancelled", {"service_order_id": order.id, "reason": "cliente desistiu"})

    async def ends(self, order: Order, kind: str, code: str | None = None) -> None:
        """Wait for the next final of the order that is of this kind: the last one, unless the story goes on.

        Raises AssertionError where it has failed instead.
        """
        order.ends, order.code = kind, code

        def heard() -> bool:
            new = self.bus.finals[order.id][order.heard :]
            failed = [final.data["code"] for final in new if final.kind == "failed" != kind]
            assert not failed, f"{order.id} has failed: {failed}"
            return any(final.kind == kind for final in new)

        async with self.bus.news:
            await self.bus.news.wait_for(heard)
        order.heard = len(self.bus.finals[order.id])

    async def until(self, look: Callable[[], object]) -> None:
        """Wait until something is to be seen on the OLTs."""
        while not look():
            await asyncio.sleep(0.02)

    async def moment(self, longest_s: float = 1.0) -> None:
        """Some time passes."""
        await asyncio.sleep(self.rng.uniform(0, longest_s))


Story = Callable[[Desk, Order], Coroutine[Any, Any, None]]
"""What happens to one order. It sees to it that `ends`, `site`, `port` and `serial` of the order are those of the end."""


def _lent(order: Order) -> dict[str, Any]:
    return {
        "serial": order.serial,
        "service_order_id": order.id,
        "customer_id": f"C-{order.id}",
        "contract_id": f"CT-{order.id}",
    }


def _received(order: Order) -> dict[str, Any]:
    return {
        "serial": order.serial,
        "model": order.site.kind.model,
        "brand": order.site.kind.brand,
        "stock_item_id": f"PAT-{order.serial}",
        "product_id": "1207",
        "warehouse": "Central",
        "received_at": datetime.now(UTC).isoformat(),
    }


def _started(order: Order, *, named: bool, placed: bool) -> dict[str, Any]:
    told = {
        "service_order_id": order.id,
        "customer_id": f"C-{order.id}",
        "contract_id": f"CT-{order.id}",
        "customer_name": "Ana Sousa",
        "plan_code": "FIBRA-300",
        "mode": order.mode,
        "technician_id": "7",
        "started_at": datetime.now(UTC).isoformat(),
        "site": order.site.kind.site,
        "pppoe_login": LOGIN,
        "pppoe_password": order.password,
        "wifi_name": WIFI_NAME,
        "wifi_key": WIFI_KEY,
    }
    told |= {"serial": order.serial} if named else {}
    return told | ({"olt_id": order.site.kind.olt, "pon_port": str(order.port)} if placed else {})
