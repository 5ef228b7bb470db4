"""The laws of every vendor: what a plan reaches, and that doing it again does nothing."""

from __future__ import annotations

import re

import pytest

from tests.conformance.case import SERIAL
from tests.conformance.work import Site
from vendors.contract import read
from vendors.dialogue import hold
from vendors.errors import NotConverged
from vendors.screen import masked
from vendors.simulator.rows import PluggedOnu


async def test_every_wish_is_reached_and_then_nothing_is_left_to_send(site: Site) -> None:
    for name, wish in site.case.wishes.items():
        site.start_anew()
        assert await site.run(wish) > 0, name
        assert site.wrong(wish) == [], name
        changes = site.olt.changes
        assert await site.run(wish) == 0, name
        assert site.olt.changes == changes


async def test_every_wish_is_reached_from_every_other(site: Site) -> None:
    for before, first in site.case.wishes.items():
        for after, second in site.case.wishes.items():
            site.start_anew()
            await site.run(first)
            await site.run(second)
            assert site.wrong(second) == [], f"{before} → {after}"
            assert await site.run(second) == 0, f"{before} → {after}"


async def test_removing_twice_is_harmless_and_leaves_the_others_alone(site: Site) -> None:
    for name, wish in site.case.wishes.items():
        await site.run(wish)
        assert await site.run(None) > 0, name
        assert site.wrong(None) == [], name
        assert await site.run(None) == 0, name


async def test_a_serial_moves_within_an_olt_in_one_plan(site: Site) -> None:
    wish = site.case.wishes["full"]
    await site.run(wish.model_copy(update={"port": site.case.elsewhere}))
    assert await site.run(wish) > 0
    assert site.wrong(wish) == []


async def test_what_is_lit_and_unregistered_is_discovered_where_it_is(site: Site) -> None:
    others = ("ZTEG0000000D", "DC800000000D")
    for serial in others:
        site.olt.plug(PluggedOnu(serial, site.case.elsewhere))
    async with site.bench.session() as session:
        found = await hold(session, site.case.adapter.discover())
    assert {(seen.serial, seen.port) for seen in found} == {
        (SERIAL, site.case.port),
        *((serial, site.case.elsewhere) for serial in others),
    }
    site.start_anew()
    await site.run(site.case.wishes["plain"])
    async with site.bench.session() as session:
        assert await hold(session, site.case.adapter.discover()) == ()


async def test_numbers_in_use_are_told_and_never_taken(site: Site) -> None:
    async with site.bench.session() as session:
        seen = await site.observe(session, site.case.wishes["plain"])
    first = site.device.onu_ids[0]
    assert seen.used_onu_ids == {first, first + 2}
    assert seen.onus_free == len(site.device.onu_ids) - 2
    await site.run(site.case.wishes["plain"])
    async with site.bench.session() as session:
        after = await site.observe(session, site.case.wishes["plain"])
    assert after.onus_free == len(site.device.onu_ids) - 3
    [taken] = [found.onu_id for found in site.olt.by_serial(SERIAL)]
    assert taken not in {first, first + 2}


async def test_online_and_its_levels_are_seen_only_once_it_is(site: Site) -> None:
    wish = site.case.wishes["plain"]
    now = 1000.0
    site.start_anew(clock=lambda: now, time_to_online_s=60.0)
    await site.run(wish)
    async with site.bench.session() as session:
        [found] = (await site.observe(session, wish)).registrations
        assert site.case.adapter.serving(found) in {"dark", "configuring"}
        now += 61
        [found] = (await site.observe(session, wish)).registrations
        assert site.case.adapter.serving(found) == "online"
        assert found.online
        assert found.optics
        assert found.optics.onu_rx_dbm == pytest.approx(-20.13, abs=0.01)
        site.olt.light(SERIAL, lit=False)
        [found] = (await site.observe(session, wish)).registrations
        assert site.case.adapter.serving(found) == "dark"


async def test_an_onu_that_is_dark_is_provisioned_all_the_same(site: Site) -> None:
    site.olt.unplug(SERIAL)
    wish = site.case.wishes["full"]
    try:
        await site.run(wish)
    except NotConverged:
        pytest.fail("a dark ONU must not be planned for ever")
    assert site.wrong(wish) == []


async def test_saving_saves(site: Site) -> None:
    async with site.bench.session() as session:
        await site.reconcile(session, site.case.wishes["plain"])
        before = site.olt.unsaved
        await site.apply(session, site.case.adapter.save())
    assert (before, site.olt.unsaved) == (True, False)
    site.bench.sim.reboot()
    assert site.wrong(site.case.wishes["plain"]) == []


async def test_what_names_a_customer_is_known_in_every_line_that_is_sent(site: Site) -> None:
    wish = site.case.wishes["full"].model_copy(update={"description": "MARIA-1"})
    async with site.bench.session() as session:
        plan = site.case.adapter.plan(wish, await site.observe(session, wish))
    expressions = [re.compile(text) for text in site.case.adapter.PLATFORM.personal]
    sent = " ".join(masked(command.text, (), expressions) for command in plan)
    limits = {limit.field for limit in site.case.adapter.limits(wish)}
    names = [wish.description, wish.wan.login if wish.wan else None]
    names += [wifi.name for wifi in wish.wifi] if "wifi" not in limits else []
    for name in filter(None, names):
        assert any(name in command.text for command in plan)
        assert name not in sent


async def test_health_is_told(site: Site) -> None:
    async with site.bench.session() as session:
        health = await hold(session, site.case.adapter.health())
    assert health.version is None or health.version.strip()


async def test_observing_changes_nothing_and_sends_only_questions(site: Site) -> None:
    before = site.olt.changes
    async with site.bench.session() as session:
        await site.observe(session, site.case.wishes["full"])
        await hold(session, site.case.adapter.discover())
        await hold(session, site.case.adapter.health())
    assert site.olt.changes == before
    assert {exchange.effect for exchange in site.bench.exchanges} == {"read"}
    assert all(read(exchange.command) for exchange in site.bench.exchanges)
