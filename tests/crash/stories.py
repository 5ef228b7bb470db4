"""What happens to orders while workers die: one function for each kind of story."""

from __future__ import annotations

from tests.crash.desk import NEW_PASSWORD, Desk, Order, Story


async def installed(desk: Desk, order: Order) -> None:
    """Unit and place are named, the unit is lit."""
    desk.light(order)
    await desk.start(order)
    await desk.ends(order, "completed")


async def bridged(desk: Desk, order: Order) -> None:
    """The same as a bridge."""
    order.mode = "bridge"
    await installed(desk, order)


async def found_in_stock(desk: Desk, order: Order) -> None:
    """Stock says which unit, the OLTs of the site say where it is."""
    desk.light(order)
    await desk.receive(order)
    await desk.start(order, named=False, placed=False)
    await desk.ends(order, "completed")


async def received_late(desk: Desk, order: Order) -> None:
    """The installation starts before anybody knows of the unit."""
    desk.light(order)
    await desk.start(order, named=False, placed=False)
    await desk.moment(2.0)
    await desk.receive(order)
    await desk.ends(order, "completed")


async def dark(desk: Desk, order: Order) -> None:
    """Registered before it is lit."""
    await desk.start(order)
    await desk.until(lambda: order.site.where(order.serial))
    await desk.moment(2.0)
    desk.light(order)
    await desk.ends(order, "completed")


async def new_password(desk: Desk, order: Order) -> None:
    """Asked again with another password."""
    await installed(desk, order)
    order.password = NEW_PASSWORD
    await desk.start(order, anew=False)
    await desk.ends(order, "completed")


async def asked_again(desk: Desk, order: Order) -> None:
    """Asked again for the same."""
    await installed(desk, order)
    await desk.start(order, anew=False)
    await desk.ends(order, "completed")


async def cancelled_dark(desk: Desk, order: Order) -> None:
    """Cancelled while the unit is looked for."""
    await desk.start(order, placed=False)
    await desk.moment(2.0)
    await desk.cancel(order)
    await desk.ends(order, "cancelled")


async def cancelled_half_way(desk: Desk, order: Order) -> None:
    """Cancelled while it is being configured, or right after."""
    desk.light(order)
    await desk.start(order)
    await desk.until(lambda: order.site.where(order.serial))
    await desk.moment(0.5)
    await desk.cancel(order)
    await desk.ends(order, "cancelled")


async def cancelled_after(desk: Desk, order: Order) -> None:
    """Cancelled after completion."""
    await installed(desk, order)
    await desk.cancel(order)
    await desk.ends(order, "cancelled")


async def moved_along_the_olt(desk: Desk, order: Order) -> None:
    """The customer moves to another PON of the same OLT."""
    await installed(desk, order)
    desk.unplug(order)
    order.port = order.site.port(8)
    desk.light(order)
    await desk.start(order)
    await desk.ends(order, "completed")


async def moved_to_the_twin(desk: Desk, order: Order) -> None:
    """The customer moves to another OLT, where the unit is found."""
    await installed(desk, order)
    desk.unplug(order)
    order.site = desk.sites[order.site.kind.twin]
    desk.light(order)
    await desk.start(order, placed=False)
    await desk.ends(order, "completed")


async def swapped(desk: Desk, order: Order) -> None:
    """The unit turns out to be faulty: another one on the spot."""
    await desk.receive(order)
    await installed(desk, order)
    desk.unplug(order)
    await desk.give_back(order)
    order.serial = desk.new_serial(order.site)
    desk.light(order)
    await desk.receive(order)
    await desk.start(order)
    await desk.ends(order, "completed")


async def somebody_elses(desk: Desk, order: Order) -> None:
    """The technician scans a unit that serves another customer."""
    order.serial = await order.site.strangers.get()
    await desk.start(order, placed=False, anew=False)
    await desk.ends(order, "failed", "serial_registered_elsewhere")
    order.site.strangers.put_nowait(order.serial)


STORIES: tuple[Story, ...] = (
    installed,
    bridged,
    found_in_stock,
    received_late,
    dark,
    new_password,
    asked_again,
    cancelled_dark,
    cancelled_half_way,
    cancelled_after,
    moved_along_the_olt,
    moved_to_the_twin,
    swapped,
    somebody_elses,
)
