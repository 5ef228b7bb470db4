"""What the displays about one ONU come to."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.onu import LanPort, Management, ServicePort, Wan, Wifi
from tests.unit.zte.builders import PORT, SERIAL
from vendors.contract import Flow, Registration
from vendors.errors import UnknownReply
from vendors.zte_common.parse.statements import statement
from vendors.zte_common.registered import Shown


def shown(
    interface: tuple[str, ...] = (),
    inside: tuple[str, ...] = (),
    vports: dict[int, tuple[str, ...]] | None = None,
    **detail: Any,
) -> Registration:
    """ONU 4 with these lines of configuration."""
    whole = {"serial_number": SERIAL, "phase_state": "working"} | detail
    read = Shown(PORT, 4, detail=whole, interface=rows(interface), management=rows(inside))
    read.vports = {number: rows(lines) for number, lines in (vports or {}).items()}
    return read.registration(SERIAL)


def rows(lines: tuple[str, ...]) -> list[dict[str, Any]]:
    return [statement(line) for line in lines]


def flow(index: int, **service: Any) -> Flow:
    return Flow(index=index, service=ServicePort(**{"gem_port": 1} | service))


@pytest.mark.parametrize("printed", ["ZTEGC1192DD8", None, ""])
def test_the_details_of_another_serial_are_told(printed: str | None) -> None:
    with pytest.raises(UnknownReply, match="of another ONU"):
        shown(serial_number=printed)


@pytest.mark.parametrize(
    ("history", "cause"),
    [
        ([], None),
        (None, None),
        ([{"offline_time": "2018", "cause": "LOS"}, {"offline_time": "2019", "cause": "DyingGasp"}], "DyingGasp"),
        ([{"offline_time": "2018", "cause": "LOS"}, {"offline_time": None, "cause": "LOSi"}], "LOS"),
        ([{"offline_time": "2018", "cause": None}], None),
    ],
)  # fmt: skip
def test_the_last_cause_is_of_the_last_time_that_ended(history: Any, cause: str | None) -> None:
    assert shown(history=history).down_cause == cause


@pytest.mark.parametrize(("said", "text"), [(None, None), ("", None), ("*******", None), ("os-1", "os-1")])
def test_a_mask_is_no_description(said: str | None, text: str | None) -> None:
    assert shown(description=said).description == text


def test_states_that_are_not_shown_are_left_out() -> None:
    assert shown(admin_state="enable", config_state=None).states == {"phase": "working", "admin": "enable"}


FLOWS: list[Any] = [
    ("service-port 7 user-vlan 5 vlan 6", 1, flow(7, vlan=6, user_vlan=5)),
    ("service-port 7 vport 3 user-vlan 5 vlan 6", 3, flow(7, gem_port=3, vlan=6, user_vlan=5)),
    ("service-port 7 vport 3 user-vlan 5", 3, flow(7, gem_port=3, vlan=5, user_vlan=5)),
    ("service-port 7 vport 1 user-vlan untagged vlan 6", 1, flow(7, vlan=6)),
    (
        "service-port 7 vport 1 user-vlan 5 vlan 6 svlan 8 ingress U egress D",
        1,
        flow(
            7,
            vlan=8,
            user_vlan=5,
            inner_vlan=6,
            transform="translate-and-add",
            upstream_profile="U",
            downstream_profile="D",
        ),
    ),
    ("service-port 7 user-vlan 5 vlan 6 etype pppoe", 1, None),
    ("service-port 7 vport 2 user-vlan 10-20 vlan 6", 2, None),
    ("service-port 7 vport 2 user-vlan 5 vlan 10-20", 2, None),
    ("service-port 7 vport 2 user-vlan untagged", 2, None),
    ("service-port 7 shutdown", 1, None),
]


@pytest.mark.parametrize(("line", "vport", "known"), FLOWS)
def test_a_service_port_of_c3xx_names_its_virtual_port_or_belongs_to_the_first(
    line: str, vport: int, known: Flow | None
) -> None:
    here = shown((line,))
    assert here.flows == ((known,) if known else ())
    assert here.more == ({} if known else {f"other_flow.{vport}.7": "1"})


@pytest.mark.parametrize(("line", "vport", "known"), [row for row in FLOWS if " vport" not in row[0]])
def test_a_service_port_of_titan_belongs_to_the_virtual_port_in_which_it_stands(
    line: str, vport: int, known: Flow | None
) -> None:
    here = shown(vports={vport + 3: (line,)})
    assert [one.service.gem_port for one in here.flows or ()] == ([vport + 3] if known else [])
    assert here.more == ({} if known else {f"other_flow.{vport + 3}.7": "1"})


def test_rates_are_the_limits_of_a_gem_port_or_the_policies_of_its_virtual_port() -> None:
    gems = ("gemport 1 name A tcont 2", "gemport 2 tcont 2", "gemport 3 tcont 2")
    policies = ("qos traffic-policy I direction ingress", "qos traffic-policy E direction egress")
    here = shown(
        (*gems, "gemport 1 traffic-limit upstream U downstream D"), vports={1: policies, 2: policies}
    )
    assert [
        (gem.index, gem.tcont, gem.name, gem.upstream_profile, gem.downstream_profile)
        for gem in here.gem_ports or ()
    ] == [(1, 2, "A", "U", "D"), (2, 2, None, "I", "E"), (3, 2, None, None, None)]


@pytest.mark.parametrize(
    ("line", "lan"),
    [
        ("vlan port eth_0/2 mode tag vlan 5 pri 3", LanPort(port=2, mode="tag", vlan=5, priority=3)),
        ("vlan port eth_0/2 mode tag vlan 5", LanPort(port=2, mode="tag", vlan=5)),
        ("vlan port eth_0/2 mode hybrid def-vlan 7", LanPort(port=2, mode="hybrid", vlan=7)),
        ("vlan port eth_0/2 mode trunk", LanPort(port=2, mode="trunk")),
        ("vlan port eth_0/2 mode transparent", LanPort(port=2, mode="transparent")),
        ("vlan port eth_0/2 mode other", None),
        ("vlan port wifi_0/2 mode tag vlan 5", None),
    ],
)
def test_ethernet_ports_in_modes_that_a_wish_knows_are_shown(line: str, lan: LanPort | None) -> None:
    assert shown(inside=(line,)).lan_ports == ((lan,) if lan else ())


@pytest.mark.parametrize(
    ("line", "network"),
    [
        ("ssid ctrl wifi_0/2 name Casa da Ana", Wifi.model_construct(index=2, name="Casa da Ana")),
        ("ssid ctrl wifi_0/2", None),
        ("ssid ctrl eth_0/2 name Casa", None),
    ],
)
def test_networks_with_a_name_are_shown(line: str, network: Wifi | None) -> None:
    assert [(one.index, one.name) for one in shown(inside=(line,)).wifi or ()] == (
        [(network.index, network.name)] if network else []
    )


def test_the_key_of_a_network_is_there_and_no_other_ports() -> None:
    lines = ("ssid auth wpa wifi_0/2 key ********", "ssid auth wpa eth_0/3 key ********")
    assert shown(inside=lines).more == {"wifi.2.key": "1"}


@pytest.mark.parametrize(
    ("lines", "wan", "more"),
    [
        (("wan-ip 2 mode static ip-profile X host 2",), None, {"wan_ip.2"}),
        (
            ("wan-ip 2 mode dhcp vlan-profile VP host 3", "wan 2 service other", "wan 3 ethuni 1,4-5 ssid 2 service internet host 3"),
            Wan(mode="dhcp", vlan=600, index=3, vlan_profile="VP", lan_ports=(1, 4, 5), wifi=(2,)),
            {"wan_ip.2", "wan.2", "wan.3"},
        ),
        (
            ("wan-ip 2 mode static ip-profile X host 1", "wan-ip ipv4 mode pppoe username u password ******** vlan-profile VP", "wan 1 service internet"),
            Wan(mode="pppoe", vlan=600, index=1, vlan_profile="VP", login="u"),
            {"wan_ip.2", "wan_ip.1", "wan.1"},
        ),
        (
            ("wan-ip 2 mode dhcp vlan-profile VP", "wan 1 ethuni 3 service internet"),
            Wan(mode="dhcp", vlan=600, index=2, vlan_profile="VP"),
            {"wan_ip.2", "wan.1"},
        ),
    ],
)  # fmt: skip
def test_the_first_connection_that_a_wish_knows_is_shown(
    lines: tuple[str, ...], wan: Wan | None, more: set[str]
) -> None:
    here = shown(inside=("service HSI gemport 1 vlan 600", *lines))
    assert here.wan == wan
    assert here.more.keys() == more


CONNECTION = "wan-ip 1 mode dhcp vlan-profile VP host 1"


@pytest.mark.parametrize(
    ("inside", "interface", "vport", "vlan"),
    [
        (("service A gemport 1", "service B gemport 2 vlan 5"), ("service-port 1 user-vlan 6 vlan 7",), (), 5),
        ((), ("service-port 1 user-vlan untagged vlan 7", "service-port 2 user-vlan 6 vlan 8"), ("service-port 1 user-vlan 9",), 6),
        ((), (), ("service-port 1 user-vlan 9 vlan 10",), 9),
        ((), (), (), 0),
    ],
)  # fmt: skip
def test_the_vlan_of_a_connection_is_what_the_service_or_the_flow_carries(
    inside: tuple[str, ...], interface: tuple[str, ...], vport: tuple[str, ...], vlan: int
) -> None:
    here = shown(interface, (*inside, CONNECTION), {1: vport})
    assert here.wan is not None
    assert here.wan.vlan == vlan


@pytest.mark.parametrize(
    ("ports", "numbers"),
    [("1", (1,)), ("1,3-5", (1, 3, 4, 5)), ("2-x", ()), ("7-7", (7,)), ("60-99", (60, 61, 62, 63, 64))],
)
def test_a_list_of_ports_may_have_ranges_and_ends_at_64(ports: str, numbers: tuple[int, ...]) -> None:
    here = shown(inside=(CONNECTION, f"wan 1 ethuni {ports} service internet host 1"))
    assert here.wan is not None
    assert here.wan.lan_ports == numbers


@pytest.mark.parametrize(
    ("lines", "management"),
    [
        (("tr069-mgmt 1 state unlock", "tr069-mgmt 1 acs http://a"), None),
        (("tr069-mgmt 1 tag pri 2 vlan 88",), Management(vlan=88, index=0, priority=2)),
        (
            ("tr069-mgmt 1 acs http://a", "tr069-mgmt 1 tag pri 0 vlan 88"),
            Management.model_construct(vlan=88, index=0, priority=0, tr069_profile="http://a"),
        ),
    ],
)
def test_management_is_what_has_a_vlan(lines: tuple[str, ...], management: Management | None) -> None:
    assert shown(inside=lines).management == management


def test_what_a_plan_compares_is_kept() -> None:
    here = shown(
        ("switchport mode hybrid vport 2",), ("tr069-mgmt 1 state unlock", "tr069-mgmt 1 acs http://a")
    )
    assert here.more == {"switchport.2": "hybrid", "tr069.state": "unlock", "tr069.acs": "http://a"}
