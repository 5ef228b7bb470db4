"""ONUs of a vendor whose id consists of hex digits, and technicians who scan the MAC address: on simulated OLTs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.stories.plant import PORT, Plant, at, cancelled, plant, started
from tests.support.until import until

H, H_HEX = "DD18B0D0B70C", "44443138B0D0B70C"


@pytest.fixture
async def one(database_url: str) -> AsyncIterator[Plant]:
    """One OLT and a worker."""
    async with plant(database_url) as made:
        made.work()
        yield made


async def codes(made: Plant, order: str) -> list[str | None]:
    """The reason codes of what was published of an order."""
    return [row["data"].get("code") for row in await made.results(order)]


async def test_an_onu_of_a_vendor_whose_id_is_hex_is_installed(one: Plant) -> None:
    one.plug(H)
    await one.tell(started("OS-1", serial=H_HEX, **at()))
    final = await one.final("OS-1")
    assert (final["kind"], final["serial"]) == ("completed", H)
    assert any(f'sn-auth "{H_HEX}"' in line for line in one.changes())
    assert one.registered(H) == [PORT]


@pytest.mark.parametrize("lit_before", [True, False])
async def test_twelve_hex_digits_are_a_serial_once_an_olt_shows_it(
    database_url: str, lit_before: bool
) -> None:
    async with plant(database_url, ("olt-1", "olt-2")) as made:
        made.work()
        if lit_before:
            made.plug(H, "olt-2")
        await made.tell(started("OS-1", serial=H, site="centro"))
        [told, *_] = await made.results("OS-1")
        assert told["data"]["code"] == "serial_looks_like_mac"
        if not lit_before:
            await until(lambda: _looked(made), 10)
            assert [row["data"]["stage"] for row in await made.results("OS-1")] == ["waiting_for_equipment"]
            made.plug(H, "olt-2")
        final = await made.final("OS-1")
        assert (final["kind"], final["serial"], final["olt_id"]) == ("completed", H, "olt-2")
        assert final["revision"] == 1
        await made.quiet()


async def test_what_an_olt_shows_is_taken_up_by_who_saw_it(one: Plant) -> None:
    """The sweep, which would take it up too, does not run."""
    assert one._sweeper
    one._sweeper.cancel()
    one.plug(H)
    await one.tell(started("OS-1", serial=H, site="centro"))
    assert (await one.final("OS-1"))["kind"] == "completed"
    assert await codes(one, "OS-1")


async def _looked(made: Plant) -> bool:
    """Whether each OLT was looked at for the serial, lit or registered."""
    return all(f"display ont info by-sn {H_HEX}" in made.commands(name) for name in made.sims)


async def test_a_mac_address_is_looked_for_and_nothing_is_claimed_or_sent(one: Plant) -> None:
    await one.tell(started("OS-1", serial=H, site="centro"))
    await until(lambda: _looked(one), 10)
    assert one.changes() == []
    one.plug("HWTC1A2B3C4D")
    await one.tell(started("OS-1", serial="HWTC1A2B3C4D", site="centro"))
    final = await one.final("OS-1")
    assert (final["kind"], final["serial"]) == ("completed", "HWTC1A2B3C4D")
    assert (await codes(one, "OS-1"))[0] == "serial_looks_like_mac"
    await one.quiet()


async def test_a_mac_address_that_is_cancelled_is_looked_for_no_more(one: Plant) -> None:
    await one.tell(started("OS-1", serial=H, site="centro"))
    await until(lambda: _looked(one), 10)
    await one.tell(cancelled("OS-1"))
    assert (await one.final("OS-1"))["kind"] == "cancelled"
    await one.quiet()


async def test_a_site_without_olts_is_told_although_the_serial_is_in_doubt(one: Plant) -> None:
    await one.tell(started("OS-1", serial=H, site="longe"))
    final = await one.final("OS-1")
    assert (final["kind"], final["code"]) == ("failed", "site_unknown")
    await one.quiet()
