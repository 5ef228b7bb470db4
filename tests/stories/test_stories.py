"""The stories of an installation, each from events to results, against simulated OLTs on real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.stories.plant import (
    OTHER_PORT,
    PORT,
    Plant,
    at,
    bound,
    cancelled,
    plant,
    received,
    started,
    swift,
    unbound,
)
from tests.support.until import until
from vendors.simulator.model import Olt
from vendors.simulator.rows import Flow

ONU = "HWTC1A2B3C4D"
SPARE = "HWTC5E6F7081"


@pytest.fixture
async def one(database_url: str) -> AsyncIterator[Plant]:
    """One OLT and a worker."""
    async with plant(database_url) as made:
        made.work()
        yield made


@pytest.fixture
async def two(database_url: str) -> AsyncIterator[Plant]:
    """Two OLTs, one over SSH, and a worker."""
    async with plant(database_url, ("olt-1", "olt-2"), transports=("telnet", "ssh")) as made:
        made.work()
        yield made


async def test_a_unit_nobody_is_bound_to_lit_on_one_of_twelve_olts_of_which_two_do_not_answer(
    database_url: str,
) -> None:
    names = [f"olt-{number:02}" for number in range(12)]
    async with plant(database_url, names, transports=("telnet", "telnet", "ssh")) as made:
        for dead in ("olt-03", "olt-08"):
            await made.sims[dead].stop()
        made.plug(ONU, "olt-05", OTHER_PORT)
        made.work()
        await made.tell(started("OS-1", serial=ONU, site="centro"))
        final = await made.final("OS-1")
        assert (final["kind"], final["olt_id"], final["pon_port"]) == ("completed", "olt-05", "0/1/3")
        assert made.registered(ONU, "olt-05") == [OTHER_PORT]
        assert not any(made.changes(name) for name in names if name != "olt-05")


async def test_an_olt_that_answers_late_does_not_say_that_a_unit_found_elsewhere_is_dark(two: Plant) -> None:
    two.plug(SPARE, "olt-2")
    await two.tell(started("OS-0", serial=SPARE))
    await two.final("OS-0")  # so that both sessions are warm
    two.sims["olt-2"].timing.command_s = 0.3
    two.plug(ONU, time_to_online_s=3.0)
    await two.tell(started("OS-1", serial=ONU))
    await two.final("OS-1")
    await two.quiet()
    assert "waiting_for_light" not in await two.stages("OS-1")


async def test_a_unit_that_is_received_after_the_installation_started_is_provisioned_then(one: Plant) -> None:
    one.plug(ONU)
    await one.tell(started("OS-1"))
    await one.reaches("OS-1", "waiting_for_equipment")
    assert one.changes() == []
    await one.tell(received(ONU, service_order_id="OS-1"))
    final = await one.final("OS-1")
    assert (final["kind"], final["serial"], final["stock_item_id"]) == ("completed", ONU, "PAT-3C4D")


async def test_a_reinstallation_at_the_same_address_under_a_new_order_while_the_onu_is_online(
    one: Plant,
) -> None:
    one.plug(ONU)
    await one.tell(received(ONU), bound(ONU, "OS-1", "CT-1"), started("OS-1", "CT-1", serial=ONU, **at()))
    await one.final("OS-1")
    before = one.changes()
    await one.tell(bound(ONU, "OS-2", "CT-1"), started("OS-2", "CT-1", serial=ONU))
    final = await one.final("OS-2")
    assert (final["kind"], final["pon_port"], final["changed"]) == ("completed", "0/1/0", False)
    assert one.changes() == before


async def test_an_online_registration_of_somebody_else_is_never_touched(one: Plant) -> None:
    one.plug(ONU)
    foreign(one.sims["olt-1"].olt, ONU)
    await one.tell(started("OS-1", serial=ONU))
    final = await one.final("OS-1")
    assert (final["kind"], final["code"]) == ("failed", "serial_registered_elsewhere")
    assert final["params"]["place"] == "olt-1 0/1/0"
    assert one.changes() == []


def foreign(olt: Olt, serial: str) -> None:
    """A registration that somebody made by hand, with its service-port."""
    olt.register(PORT, 7, serial, line_profile="10", service_profile="20", description="antigo")
    olt.add_flow(Flow(50, PORT, 7, 1, 100, 100))


async def test_a_move_of_house_with_the_onu_still_dark(one: Plant) -> None:
    one.plug(ONU)
    await one.tell(received(ONU), bound(ONU, "OS-1", "CT-1"), started("OS-1", "CT-1", serial=ONU, **at()))
    await one.final("OS-1")
    one.sims["olt-1"].olt.unplug(ONU)
    await one.tell(bound(ONU, "OS-2", "CT-1"), started("OS-2", "CT-1", serial=ONU, **at(OTHER_PORT)))
    await one.reaches("OS-2", "waiting_for_light")
    assert one.registered(ONU) == [OTHER_PORT]
    one.plug(ONU, port=OTHER_PORT)
    final = await one.final("OS-2")
    assert (final["kind"], final["pon_port"]) == ("completed", "0/1/3")
    removal = next(line for line in one.changes() if line.startswith("ont delete"))
    adding = [line for line in one.changes() if line.startswith("ont add")][1]
    assert one.changes().index(removal) < one.changes().index(adding)


async def test_a_move_to_another_olt_removes_at_the_old_place_after_the_new_one_is_verified(
    two: Plant,
) -> None:
    two.plug(ONU)
    await two.tell(received(ONU), bound(ONU, "OS-1", "CT-1"), started("OS-1", "CT-1", serial=ONU, **at()))
    await two.final("OS-1")
    two.sims["olt-1"].olt.unplug(ONU)
    two.plug(ONU, "olt-2")
    await two.tell(started("OS-1", "CT-1", serial=ONU))
    final = await two.final("OS-1", 2)
    assert (final["kind"], final["olt_id"]) == ("completed", "olt-2")
    assert [(left["olt_id"], left["code"]) for left in final["left"]] == [("olt-1", "left_pending_removal")]
    await two.quiet()
    assert two.registered(ONU, "olt-1") == []
    assert two.registered(ONU, "olt-2") == [PORT]


async def test_a_swap_on_the_spot_after_completed(one: Plant) -> None:
    one.plug(ONU)
    await one.tell(received(ONU), bound(ONU, "OS-1"), started("OS-1", serial=ONU, **at()))
    await one.final("OS-1")
    one.sims["olt-1"].olt.unplug(ONU)
    one.plug(SPARE)
    await one.tell(
        received(SPARE), unbound(ONU, "OS-1"), bound(SPARE, "OS-1"), started("OS-1", serial=SPARE, **at())
    )
    final = await one.final("OS-1", 2)
    assert (final["kind"], final["serial"]) == ("completed", SPARE)
    await one.quiet()
    assert one.registered(SPARE) == [PORT]
    assert one.registered(ONU) == []


async def test_a_cancellation_half_way_through_a_plan_stops_after_the_command_in_hand_and_cleans_up(
    one: Plant,
) -> None:
    one.plug(ONU)
    one.sims["olt-1"].timing.command_s = 0.2
    await one.tell(started("OS-1", serial=ONU, **at()))
    await until(lambda: _sent(one, "ont ipconfig"))
    await one.tell(cancelled("OS-1"))
    final = await one.final("OS-1")
    assert final["kind"] == "cancelled"
    assert [row["pon_port"] for row in final["removed"]] == ["0/1/0"]
    assert final["left"] == []
    assert not any(line.startswith("service-port") for line in one.changes())
    assert one.registered(ONU) == []


async def _sent(made: Plant, start: str, olt: str = "olt-1") -> bool:
    return any(line.startswith(start) for line in made.commands(olt))


async def test_of_two_orders_with_one_serial_one_is_served_and_the_other_is_told_so(one: Plant) -> None:
    one.plug(ONU)
    await one.tell(received(ONU), bound(ONU, "OS-2"))
    await one.tell(started("OS-1", serial=ONU, **at()), started("OS-2", serial=ONU, **at()))
    served, told = await one.final("OS-2"), await one.final("OS-1")
    assert (served["kind"], told["kind"], told["code"]) == ("completed", "failed", "serial_claimed")
    assert told["params"]["other_order"] == "OS-2"
    assert len([line for line in one.changes() if line.startswith("ont add")]) == 1


async def test_a_changed_pppoe_password_after_completed_is_the_only_thing_that_is_sent(one: Plant) -> None:
    one.plug(ONU)
    await one.tell(received(ONU), bound(ONU, "OS-1"), started("OS-1", serial=ONU, **at()))
    await one.final("OS-1")
    before = len(one.changes())
    await one.tell(started("OS-1", serial=ONU, pppoe_password="plantada-pppoe-Nova8Xy2", **at()))
    final = await one.final("OS-1", 2)
    assert (final["kind"], final["changed"]) == ("completed", True)
    [sent] = one.changes()[before:]
    assert sent.startswith("ont ipconfig")
    await one.tell(started("OS-1", serial=ONU, pppoe_password="plantada-pppoe-Nova8Xy2", **at()))
    again = await one.final("OS-1", 3)
    assert (again["kind"], again["changed"]) == ("completed", False)
    assert len(one.changes()) == before + 1


async def test_a_pre_provisioned_onu_completes_when_it_lights_up(one: Plant) -> None:
    await one.tell(started("OS-1", serial=ONU, **at()))
    await one.reaches("OS-1", "waiting_for_light")
    assert one.registered(ONU) == [PORT]
    sent = one.changes()
    one.plug(ONU)
    final = await one.final("OS-1")
    assert (final["kind"], final["attempts"]) == ("completed", 1)
    assert one.changes() == sent


async def test_an_onu_that_never_lights_up_fails_and_keeps_its_place(database_url: str) -> None:
    async with plant(database_url, rules=swift(light_s=1.0)) as made:
        made.work()
        await made.tell(started("OS-1", serial=ONU))
        final = await made.final("OS-1")
        assert (final["kind"], final["code"]) == ("failed", "no_light")
        assert made.changes() == []


async def test_an_onu_that_was_lit_and_does_not_come_online_fails_as_such(database_url: str) -> None:
    async with plant(database_url, rules=swift(online_s=1.0)) as made:
        made.plug(ONU, time_to_online_s=600.0)
        made.work()
        await made.tell(started("OS-1", serial=ONU))
        final = await made.final("OS-1")
        assert (final["kind"], final["code"]) == ("failed", "not_online")


async def test_while_one_onu_comes_online_the_session_serves_the_next_order(one: Plant) -> None:
    one.plug(ONU, time_to_online_s=3.0)
    one.plug(SPARE, port=OTHER_PORT)
    await one.tell(started("OS-1", serial=ONU, **at()))
    await one.reaches("OS-1", "verifying")
    await one.tell(started("OS-2", serial=SPARE, **at(OTHER_PORT)))
    await one.final("OS-2")
    assert await one.finals("OS-1") == []
    assert (await one.final("OS-1"))["kind"] == "completed"


async def test_a_serial_seen_lit_in_two_places_at_once_stops_before_anything_is_sent(two: Plant) -> None:
    for number, olt in enumerate(("olt-1", "olt-2")):
        two.plug(f"HWTC0000000{number}", olt)
        await two.tell(started(f"OS-{number}", serial=f"HWTC0000000{number}", **at(olt=olt)))
        await two.final(f"OS-{number}")  # so that both sessions are warm
    await two.quiet()  # both have saved: nothing stands before the scans
    for number, olt in enumerate(("olt-1", "olt-2")):
        two.plug(ONU, olt, OTHER_PORT)
        two.sims[olt].timing.command_s = 0.4 + number / 10
    before = two.changes("olt-1") + two.changes("olt-2")
    await two.tell(started("OS-9", serial=ONU))
    final = await two.final("OS-9")
    assert (final["kind"], final["code"]) == ("failed", "serial_seen_twice")
    assert {"olt-1 0/1/3", "olt-2 0/1/3"} == set(final["params"]["places"].split(", "))
    assert two.changes("olt-1") + two.changes("olt-2") == before


async def test_what_the_olt_refuses_fails_at_once_with_its_words(one: Plant) -> None:
    one.plug(ONU)
    one.sims["olt-1"].olt.profiles = [
        found for found in one.sims["olt-1"].olt.profiles if found.kind != "line"
    ]
    await one.tell(started("OS-1", serial=ONU, **at()))
    final = await one.final("OS-1")
    assert (final["kind"], final["code"], final["parked"]) == ("failed", "profile_missing", False)


async def test_an_order_on_an_olt_that_is_not_in_the_inventory_fails(one: Plant) -> None:
    await one.tell(started("OS-1", serial=ONU, **at(olt="olt-99")))
    final = await one.final("OS-1")
    assert (final["kind"], final["code"]) == ("failed", "olt_unknown")


async def test_the_configuration_is_saved_once_after_many_changes(one: Plant) -> None:
    for number in range(6):
        one.plug(f"HWTC0000000{number}", port=PORT)
    await one.tell(*(started(f"OS-{number}", serial=f"HWTC0000000{number}", **at()) for number in range(6)))
    for number in range(6):
        await one.final(f"OS-{number}")
    await one.quiet()
    assert one.commands().count("save") == 1
    assert not one.sims["olt-1"].olt.unsaved


async def test_no_password_stands_in_any_table_after_completion(one: Plant) -> None:
    one.plug(ONU)
    await one.tell(received(ONU), bound(ONU, "OS-1"), started("OS-1", serial=ONU, **at()))
    await one.final("OS-1")
    told = await one.why("OS-1")
    assert "plantada" not in told
