"""The model of an OLT keeps its own rules, whatever a shell asks of it."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.place import PonPort
from vendors.simulator.model import Olt
from vendors.simulator.rows import (
    Board,
    Flow,
    Gem,
    Host,
    Lan,
    OnuServiceRow,
    PluggedOnu,
    Profile,
    Refusal,
    Ssid,
    Tcont,
    Wan,
)

PORT, OTHER = PonPort.model_validate("0/1/0"), PonPort.model_validate("0/1/5")
A, B = "HWTC1A2B3C4D", "ZTEGC1192DD7"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def olt(**more: Any) -> Olt:
    made = Olt(
        boards=(Board(0, 1, onus_per_port=3), Board(0, 9, technology=None)), **({"clock": Clock()} | more)
    )
    made.profiles = [
        Profile("line", "home", 10, {"gems": {1: 1, 2: 1}}),
        Profile("line", "thin", 11, {"gems": {2: 1}}),
        Profile("dba", "100M"),
        Profile("traffic", "DOWN"),
    ]
    made.plug(PluggedOnu(A, PORT))
    return made


def refused(kind: str, act: Any, *arguments: Any, **named: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        act(*arguments, **named)
    assert refusal.value.kind == kind
    return refusal.value


def test_a_serial_is_registered_once_on_an_olt_in_whatever_form() -> None:
    made = olt()
    made.register(PORT, 0, "485754431A2B3C4D", line_profile="10")
    assert refused("serial_exists", made.register, OTHER, 0, A.lower()).about == (PORT, 0)
    refused("onu_id_exists", made.register, PORT, 0, B)


def test_a_registration_needs_a_board_a_port_room_and_its_profiles() -> None:
    made = olt()
    refused("no_such_board", made.register, PonPort.model_validate("0/2/0"), 0, A)
    refused("no_such_port", made.register, PonPort.model_validate("0/1/16"), 0, A)
    refused("no_such_port", made.register, PonPort.model_validate("0/9/0"), 0, A)
    refused("no_such_profile", made.register, PORT, 0, A, line_profile="99")
    for number in range(3):
        made.register(PORT, number, f"FULL0000000{number}")
    refused("port_full", made.register, PORT, 3, A)
    refused("port_full", made.free_onu_id, PORT)


def test_what_is_lit_and_not_registered_where_it_is_is_seen() -> None:
    made = olt(time_to_rediscover_s=10)
    assert [onu.serial for onu in made.unregistered()] == [A]
    made.register(PORT, 0, A)
    assert made.unregistered() == []
    made.plug(PluggedOnu(A, OTHER))
    assert [onu.port for onu in made.unregistered()] == [OTHER], "moved: seen at its new place"
    made.unregister(PORT, 0)
    assert made.unregistered() == []
    assert isinstance(made.clock, Clock)
    made.clock.now += 11
    assert [onu.port for onu in made.unregistered(OTHER)] == [OTHER]
    made.light(A, lit=False)
    assert made.unregistered() == []


def test_an_onu_takes_its_time_to_come_online_after_whatever_was_last() -> None:
    made = olt(time_to_online_s=60)
    found = made.register(PORT, 0, A)
    clock = made.clock
    assert isinstance(clock, Clock)
    seen = []
    for step in (0, 40, 20):
        clock.now += step
        seen.append(made.phase(found))
    assert seen == ["logging", "syncing", "online"]
    refused("onu_offline", made.online, made.register(PORT, 1, B))
    made.restart(found)
    assert made.phase(found) == "logging"
    made.light(A, lit=False, cause="LOS")
    assert made.phase(found) == "offline"
    assert [period.cause for period in found.history] == ["ONT is reset by ONT command", "LOS"]
    made.set_active(found, active=False)
    made.light(A)
    assert made.phase(found) == "offline"


def test_service_ports_need_their_onu_gem_port_vlan_and_profiles() -> None:
    made = olt(vlans={100, 200})
    made.register(PORT, 0, A, line_profile="10")
    refused("no_such_onu", made.add_flow, Flow(1, PORT, 5, 1, 100))
    refused("no_such_gem", made.add_flow, Flow(1, PORT, 0, 7, 100))
    refused("no_such_vlan", made.add_flow, Flow(1, PORT, 0, 1, 300))
    refused("no_such_profile", made.add_flow, Flow(1, PORT, 0, 1, 100, upstream_profile="none"))
    made.add_flow(Flow(1, PORT, 0, 1, 100, 10))
    refused("service_port_exists", made.add_flow, Flow(1, PORT, 0, 2, 100, 20))
    assert refused("flow_exists", made.add_flow, Flow(2, PORT, 0, 1, 200, 10)).about == 1
    assert made.free_service_port() == 0
    assert made.flow(1).vlan == 100


@pytest.mark.parametrize(("numbering", "exists"), [("olt", True), ("onu", False), ("vport", False)])
def test_of_what_a_service_ports_number_is_unique_is_the_vendors(numbering: Any, exists: bool) -> None:
    made = olt(numbering=numbering)
    for number, serial in enumerate((A, B)):
        made.register(PORT, number, serial, line_profile="10")
    made.add_flow(Flow(1, PORT, 0, 1, 100))
    if exists:
        refused("service_port_exists", made.add_flow, Flow(1, PORT, 1, 1, 100))
    else:
        made.add_flow(Flow(1, PORT, 1, 1, 100))


def test_a_registration_with_service_ports_is_removed_only_with_them() -> None:
    made = olt()
    made.register(PORT, 0, A, line_profile="10")
    made.add_flow(Flow(1, PORT, 0, 1, 100))
    refused("service_ports_exist", made.unregister, PORT, 0)
    made.unregister(PORT, 0, cascade=True)
    assert (made.flows, made.registered) == ([], {})
    refused("no_such_onu", made.unregister, PORT, 0)
    refused("no_such_service_port", made.remove_flows, [])


def test_a_profile_whose_gem_port_is_in_use_cannot_be_taken_away() -> None:
    made = olt()
    found = made.register(PORT, 0, A, line_profile="10")
    made.add_flow(Flow(1, PORT, 0, 1, 100))
    refused("gem_in_use", made.modify, found, line_profile="11")
    assert found.line_profile == "10"
    refused("repeated", made.modify, found, line_profile="10")
    made.remove_flows(made.flows_of(PORT, 0))
    made.modify(found, line_profile="11")
    assert made.gem_ports(found) == {2: 1}


def test_tconts_and_gem_ports_hold_each_other() -> None:
    made = olt()
    found = made.register(PORT, 0, A)
    refused("no_such_profile", made.set_tcont, found, Tcont(1, "none"))
    refused("no_such_tcont", made.set_gem, found, Gem(1, 1))
    made.set_tcont(found, Tcont(1, "100M"))
    made.set_gem(found, Gem(1, 1))
    made.add_flow(Flow(1, PORT, 0, 1, 100))
    refused("tcont_in_use", made.remove_tcont, found, 1)
    refused("gem_in_use", made.remove_gem, found, 1)
    made.remove_gem(found, 1, cascade=True)
    made.remove_tcont(found, 1)
    assert made.flows == []
    refused("no_such_gem", made.remove_gem, found, 1)
    refused("no_such_tcont", made.remove_tcont, found, 1)


def test_what_is_inside_an_onu_must_be_there() -> None:
    made = olt()
    found = made.register(PORT, 0, A, line_profile="10")
    refused("no_such_uni", made.configure, found, Lan(5))
    refused("no_such_uni", made.configure, found, Ssid(9))
    refused("no_such_gem", made.configure, found, OnuServiceRow("x", 9))
    refused("no_such_profile", made.configure, found, Wan(1, "pppoe", vlan_profile="none"))
    refused("no_such_profile", made.configure, found, Host(0, 10, tr069_profile="none"))
    made.configure(found, Lan(4), Ssid(1, "x"), OnuServiceRow("x", 1), Wan(1, "dhcp"), Host(0, 10))
    assert {name for name in ("lans", "ssids", "services", "wans", "hosts") if getattr(found, name)} == {
        "lans", "ssids", "services", "wans", "hosts",
    }  # fmt: skip
    made.unconfigure(found, Wan(1, "dhcp"))
    refused("no_such_service_port", made.unconfigure, found, Wan(1, "dhcp"))


def test_what_was_not_saved_is_lost_in_a_reboot() -> None:
    made = olt(save_s=5, sysname_at_reboot="NEW")
    made.register(PORT, 0, A)
    assert made.unsaved
    made.save()
    assert (made.unsaved, made.busy) == (False, True)
    made.register(PORT, 1, B)
    made.reboot()
    assert [found.serial for found in made.on_port(PORT)] == [A]
    assert (made.name, made.unsaved) == ("NEW", False)


def test_a_snapshot_is_plain_data_that_later_changes_leave_alone() -> None:
    made = olt()
    found = made.register(PORT, 0, A, line_profile="10")
    before = made.snapshot()
    made.add_flow(Flow(1, PORT, 0, 1, 100))
    made.configure(found, Lan(1, vlan=7))
    assert before["0/1/0:0"]["flows"] == []
    assert before["0/1/0:0"]["lans"] == {}
    assert made.snapshot()["0/1/0:0"]["flows"][0]["vlan"] == 100


def test_a_refusal_changes_nothing() -> None:
    made = olt()
    made.register(PORT, 0, A, line_profile="10")
    before, changes = made.snapshot(), made.changes
    refused("serial_exists", made.register, OTHER, 0, A)
    refused("no_such_gem", made.add_flow, Flow(1, PORT, 0, 9, 1))
    refused("profile_exists", made.add_profile, Profile("line", "other", 10))
    assert (made.snapshot(), made.changes) == (before, changes)
