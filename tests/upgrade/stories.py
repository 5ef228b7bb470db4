"""Orders that the first release leaves half done. What they wait for happens once the upgrade is over."""

from __future__ import annotations

import asyncio

from tests.crash.desk import NEW_PASSWORD, Desk, Order, Story


def waiting(upgraded: asyncio.Event) -> tuple[Story, ...]:
    """One order of each kind."""

    async def for_the_unit(desk: Desk, order: Order) -> None:
        """Nobody knows the unit yet."""
        desk.light(order)
        await desk.start(order, named=False, placed=False)
        await upgraded.wait()
        await desk.receive(order)
        await desk.ends(order, "completed")

    async def for_the_order(desk: Desk, order: Order) -> None:
        """The unit is lent, and the technician comes later."""
        desk.light(order)
        await desk.receive(order)
        await upgraded.wait()
        await desk.start(order, named=False)
        await desk.ends(order, "completed")

    async def for_light(desk: Desk, order: Order) -> None:
        """The unit is looked for at its site."""
        await desk.start(order, placed=False)
        await upgraded.wait()
        desk.light(order)
        await desk.ends(order, "completed")

    async def to_be_online(desk: Desk, order: Order) -> None:
        """Registered before it is lit."""
        await desk.start(order)
        await desk.until(lambda: order.site.where(order.serial))
        await upgraded.wait()
        desk.light(order)
        await desk.ends(order, "completed")

    async def for_another_password(desk: Desk, order: Order) -> None:
        """Completed, and asked for again."""
        desk.light(order)
        await desk.start(order)
        await desk.until(lambda: order.site.where(order.serial))
        await upgraded.wait()
        await desk.ends(order, "completed")
        order.password = NEW_PASSWORD
        await desk.start(order, anew=False)
        await desk.ends(order, "completed")

    async def to_be_cancelled(desk: Desk, order: Order) -> None:
        """Completed, and cancelled."""
        desk.light(order)
        await desk.start(order)
        await desk.until(lambda: order.site.where(order.serial))
        await upgraded.wait()
        await desk.ends(order, "completed")
        await desk.cancel(order)
        await desk.ends(order, "cancelled")

    return for_the_unit, for_the_order, for_light, to_be_online, for_another_password, to_be_cancelled
