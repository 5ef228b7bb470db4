"""What a SmartAX OLT is sent for what is wanted and what it shows."""

from typing import Any

import pytest
from pydantic import SecretStr

from schemas.onu import DesiredOnu, LanPort, Management, OnuService, ServicePort, Tcont, Wan, Wifi
from schemas.place import PonPort
from vendors.contract import Adapter, Command, Flow, Observation, Registration, brought
from vendors.errors import OrderRejected
from vendors.huawei_smartax import adapter

ADAPTER: Adapter = adapter
SERIAL = "HWTC1A2B3C4D"
HEX = "485754431A2B3C4D"
PORT = PonPort(frame=0, slot=1, port=3)
ELSEWHERE = PonPort(frame=0, slot=2, port=0)
INTERNET = ServicePort(gem_port=1, vlan=100, user_vlan=100, upstream_profile="8", downstream_profile="9")
VOICE = ServicePort(gem_port=2, vlan=200, user_vlan=20)
BOARD = ("config", "interface gpon 0/1")
WAN = Wan(mode="pppoe", vlan=100, login="ana@isp", password=SecretStr("s3cret!x"), lan_ports=(1, 2))
MANAGEMENT = Management(vlan=1000, priority=2, tr069_profile="1")


def desired(**fields: Any) -> DesiredOnu:
    given = {"line_profile": "10", "service_profile": "20", "service_ports": (INTERNET,)}
    return DesiredOnu(serial=SERIAL, port=PORT, **(given | fields))


def found(**fields: Any) -> Registration:
    given: dict[str, Any] = {
        "port": PORT,
        "onu_id": 5,
        "raw_serial": HEX,
        "online": True,
        "line_profile": "10",
        "line_profile_name": "line_10",
        "service_profile": "20",
        "service_profile_name": "srv_20",
        "flows": (Flow(index=7, service=INTERNET),),
        "lan_ports": (),
        "more": {"word": "gpon"},
    }
    return Registration(**(given | fields))


def seen(*registrations: Registration, **fields: Any) -> Observation:
    given: dict[str, Any] = {"serial": SERIAL, "port": PORT, "registrations": registrations}
    return Observation(**(given | fields))


def lines(commands: tuple[Command, ...]) -> list[str]:
    return [f"{'board' if len(command.path) > 1 else 'config'}: {command.text}" for command in commands]


ADD = f'board: ont add 3 0 sn-auth "{HEX}" omci ont-lineprofile-id 10 ont-srvprofile-id 20'
FLOW = (
    "config: service-port vlan 100 gpon 0/1/3 ont {} gemport 1 multi-service user-vlan 100 tag-transform translate"
    " inbound traffic-table index 8 outbound traffic-table index 9"
)
ROUTER = {
    "host.1": "pppoe 100 0 ana@isp",
    "host.0": "dhcp 1000 2 -",
    "internet": "1",
    "route.1": "enable",
    "route.2": "enable",
    "tr069": "1",
    "word": "gpon",
}


@pytest.mark.parametrize(
    ("wish", "observed", "sent"),
    [
        pytest.param(desired(), seen(), [ADD, FLOW.format(0)], id="registers"),
        pytest.param(
            desired(description="OS-123"),
            seen(used_onu_ids=frozenset({0, 1, 3})),
            [ADD.replace("3 0", "3 2") + ' desc "OS-123"', FLOW.format(2)],
            id="picks the lowest free number",
        ),
        pytest.param(
            desired(line_profile="line_10", service_profile="srv_20", service_ports=()),
            seen(),
            [
                ADD.replace("lineprofile-id 10", 'lineprofile-name "line_10"').replace(
                    "srvprofile-id 20", 'srvprofile-name "srv_20"'
                )
            ],
            id="names profiles",
        ),
        pytest.param(desired(), seen(found()), [], id="already there"),
        pytest.param(
            desired(description="other"),
            seen(found(description="mine")),
            [],
            id="never changes a description",
        ),
        pytest.param(
            desired(line_profile="line_10"),
            seen(found()),
            [],
            id="a profile by name is the profile by number",
        ),
        pytest.param(
            desired(service_ports=(INTERNET, VOICE)),
            seen(found()),
            [
                "config: service-port vlan 200 gpon 0/1/3 ont 5 gemport 2 multi-service user-vlan 20 tag-transform translate"
            ],
            id="adds voice",
        ),
        pytest.param(
            desired(service_ports=(INTERNET.model_copy(update={"vlan": 300}),)),
            seen(found()),
            ["config: undo service-port 7", FLOW.format(5).replace("vlan 100 gpon", "vlan 300 gpon")],
            id="a changed service-port is made anew",
        ),
        pytest.param(
            desired(line_profile="11", service_profile="21"),
            seen(found()),
            ["board: ont modify 3 5 ont-lineprofile-id 11", "board: ont modify 3 5 ont-srvprofile-id 21"],
            id="changes profiles",
        ),
        pytest.param(
            desired(line_profile="11", service_ports=(VOICE,)),
            seen(found()),
            [
                "config: undo service-port 7",
                "board: ont modify 3 5 ont-lineprofile-id 11",
                "config: service-port vlan 200 gpon 0/1/3 ont 5 gemport 2 multi-service user-vlan 20 tag-transform translate",
            ],
            id="frees the GEM port before the profile drops it",
        ),
        pytest.param(
            None,
            seen(found()),
            ["config: undo service-port 7", "board: ont delete 3 5"],
            id="removes services first",
        ),
        pytest.param(None, seen(), [], id="nothing to remove"),
        pytest.param(
            desired(),
            seen(found(port=ELSEWHERE, onu_id=9)),
            ["config: undo service-port 7", "board: ont delete 0 9", ADD, FLOW.format(0)],
            id="a move removes first",
        ),
        pytest.param(
            desired(
                service_ports=(), lan_ports=(LanPort(port=1, vlan=100), LanPort(port=2, vlan=100, priority=5))
            ),
            seen(found(flows=(), lan_ports=(LanPort(port=1, vlan=100), LanPort(port=4, vlan=30)))),
            [
                "board: ont port native-vlan 3 5 eth 4 vlan 1 priority 0",
                "board: ont port native-vlan 3 5 eth 2 vlan 100 priority 5",
            ],
            id="native VLANs",
        ),
        pytest.param(
            desired(service_ports=(), wan=WAN, management=MANAGEMENT),
            seen(),
            [
                ADD,
                "board: ont ipconfig 3 0 ip-index 0 dhcp vlan 1000 priority 2",
                'board: ont ipconfig 3 0 ip-index 1 pppoe vlan 100 priority 0 user-account username "ana@isp" password "********"',
                "board: ont internet-config 3 0 ip-index 1",
                "board: ont port route 3 0 eth 1 enable",
                "board: ont port route 3 0 eth 2 enable",
                "board: ont tr069-server-config 3 0 profile-id 1",
            ],
            id="router with management",
        ),
        pytest.param(
            desired(wan=WAN, management=MANAGEMENT),
            seen(found(more=ROUTER), secrets_current=frozenset({"wan.password"})),
            [],
            id="router already there",
        ),
        pytest.param(
            desired(wan=WAN, management=MANAGEMENT),
            seen(found(more=ROUTER)),
            [
                'board: ont ipconfig 3 5 ip-index 1 pppoe vlan 100 priority 0 user-account username "ana@isp" password "********"'
            ],
            id="a password that is not known to be current is sent once",
        ),
        pytest.param(
            desired(),
            seen(found(more=ROUTER)),
            [
                "board: undo ont tr069-server-config 3 5",
                "board: undo ont ipconfig 3 5 ip-index 0",
                "board: undo ont ipconfig 3 5 ip-index 1",
                "board: ont port route 3 5 eth 1 disable",
                "board: ont port route 3 5 eth 2 disable",
            ],
            id="a router becomes a bridge",
        ),
        pytest.param(
            desired(service_ports=(), wan=Wan(mode="dhcp", vlan=100, wan_profile="0")),
            seen(found(flows=(), more={"host.1": "pppoe 100 0 ana", "internet": "1", "word": "gpon"})),
            [
                "board: undo ont ipconfig 3 5 ip-index 1",
                "board: ont ipconfig 3 5 ip-index 1 dhcp vlan 100 priority 0",
                "board: ont internet-config 3 5 ip-index 1",
                "board: ont wan-config 3 5 ip-index 1 profile-id 0",
            ],
            id="another kind of WAN",
        ),
        pytest.param(
            desired(service_ports=(), wan=Wan(mode="dhcp", vlan=100, wan_profile="0")),
            seen(firmware="MA5600V800R015C00"),
            [ADD, "board: ont ipconfig 3 0 ip-index 1 dhcp vlan 100 priority 0"],
            id="V800R015 has no WAN commands",
        ),
        pytest.param(
            desired(service_ports=(INTERNET.model_copy(update={"upstream_profile": "1G-UP"}),)),
            seen(found(more={"word": "gpon", "table.8": "1G-UP"})),
            [],
            id="a traffic table by name is the table by number",
        ),
        pytest.param(
            desired(
                service_ports=(
                    INTERNET.model_copy(update={"transform": "translate-and-add", "inner_vlan": 30}),
                )
            ),
            seen(
                found(unread=frozenset({"service_ports", "lan_ports"})),
                secrets_current=frozenset({"lan_ports"}),
            ),
            [],
            id="where tags are not shown, a service-port that looks right is left alone",
        ),
        pytest.param(
            desired(),
            seen(
                found(
                    unread=frozenset({"service_ports", "lan_ports"}),
                    flows=(
                        Flow(
                            index=7,
                            service=INTERNET.model_copy(
                                update={"upstream_profile": "9", "downstream_profile": "8"}
                            ),
                        ),
                    ),
                ),
                secrets_current=frozenset({"lan_ports"}),
            ),
            [],
            id="and one whose RX and TX are printed the other way round",
        ),
        pytest.param(
            desired(line_profile="11"),
            seen(found(more={"word": "xgpon"})),
            ["board: ont modify 3 5 ont-lineprofile-id 11"],
            id="a board that calls itself xgpon",
        ),
    ],
)
def test_plan(wish: DesiredOnu | None, observed: Observation, sent: list[str]) -> None:
    assert lines(ADAPTER.plan(wish, observed)) == sent


@pytest.mark.parametrize(
    ("flow", "tail"),
    [
        (ServicePort(gem_port=1, vlan=100), "user-vlan untagged tag-transform translate"),
        (
            ServicePort(gem_port=1, vlan=100, user_vlan=100, transform="transparent"),
            "user-vlan 100 tag-transform transparent",
        ),
        (
            ServicePort(gem_port=1, vlan=2000, user_vlan=41, inner_vlan=1001, transform="translate-and-add"),
            "user-vlan 41 tag-transform translate-and-add inner-vlan 1001",
        ),
        (
            ServicePort(gem_port=1, vlan=100, user_vlan=100, downstream_profile="1G-DOWN"),
            'user-vlan 100 tag-transform translate outbound traffic-table name "1G-DOWN"',
        ),
    ],
    ids=["untagged", "transparent", "QinQ", "named table"],
)
def test_service_ports_of_every_kind(flow: ServicePort, tail: str) -> None:
    assert ADAPTER.plan(desired(service_ports=(flow,)), seen())[-1].text.endswith(f"multi-service {tail}")


def test_commands_run_where_they_belong() -> None:
    add, flow = ADAPTER.plan(desired(), seen())
    assert (add.path, flow.path) == (BOARD, ("config",))
    [modify] = ADAPTER.plan(desired(line_profile="11"), seen(found(more={"word": "xgpon"})))
    assert modify.path == ("config", "interface xgpon 0/1")
    add, *_ = ADAPTER.plan(desired(), seen(more={"word": "xgpon"}))
    assert add.path == ("config", "interface xgpon 0/1")


def test_a_password_is_a_part_of_its_own_and_named() -> None:
    command = next(c for c in ADAPTER.plan(desired(wan=WAN), seen()) if c.secret)
    assert command.secret == "wan.password"
    assert "s3cret!x" not in command.text
    assert 'password "s3cret!x"' in command.reveal()
    assert "s3cret!x" not in repr(command)


def test_a_full_port_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(OrderRejected) as full:
        ADAPTER.plan(desired(), seen(used_onu_ids=frozenset(range(128))))
    assert full.value.reason == "port_full"


def test_without_profiles_nothing_can_be_registered() -> None:
    with pytest.raises(OrderRejected) as missing:
        ADAPTER.plan(desired(line_profile=None), seen())
    assert missing.value.reason == "profile_missing"


def test_what_has_no_command_is_listed_and_left_out() -> None:
    wish = desired(
        wifi=(Wifi(index=1, name="casa", key=SecretStr("segredo123")),),
        tconts=(Tcont(index=1, profile="10"),),
        onu_services=(OnuService(name="x", gem_port=1),),
        lan_ports=(LanPort(port=1, vlan=100), LanPort(port=2, mode="trunk")),
        wan=WAN.model_copy(update={"wifi": (1,)}),
    )
    assert [limit.field for limit in ADAPTER.limits(wish)] == [
        "tconts",
        "onu_services",
        "lan_ports.2",
        "wifi.1",
        "wan.wifi",
    ]
    assert not any(
        "wifi" in command.text or "eth 2 vlan" in command.text for command in ADAPTER.plan(wish, seen())
    )
    assert ADAPTER.limits(desired()) == ()


def test_an_inner_vlan_without_a_transform_adds_a_tag() -> None:
    flow = ServicePort(gem_port=2, vlan=2000, user_vlan=41, inner_vlan=1001)
    [line] = [
        text for text in lines(ADAPTER.plan(desired(service_ports=(flow,)), seen())) if "vlan 2000" in text
    ]
    assert line.endswith("user-vlan 41 tag-transform translate-and-add inner-vlan 1001")


@pytest.mark.parametrize("transform", ["translate", "transparent"])
def test_an_inner_vlan_that_a_transform_has_no_room_for_is_told(transform: Any) -> None:
    flow = ServicePort(gem_port=2, vlan=2000, user_vlan=41, inner_vlan=1001, transform=transform)
    assert [limit.field for limit in ADAPTER.limits(desired(service_ports=(flow,)))] == [
        "service_ports.2.inner_vlan"
    ]


def test_an_untagged_flow_to_which_a_tag_is_added_needs_the_inner_one() -> None:
    flow = ServicePort(gem_port=2, vlan=2000, transform="translate-and-add")
    with pytest.raises(OrderRejected):
        ADAPTER.plan(desired(service_ports=(flow,)), seen())


def test_a_wan_profile_that_old_software_does_not_know_is_told() -> None:
    wish = desired(wan=WAN.model_copy(update={"wan_profile": "0"}))
    assert ADAPTER.limits(wish, "MA5800V100R019C12") == ()
    [limit] = ADAPTER.limits(wish, "MA5600V800R015C10")
    assert (limit.field, limit.reason) == ("wan.wan_profile", "not_on_this_firmware")


def test_management_on_the_host_of_the_connection_is_told_and_left_out() -> None:
    wish = desired(wan=WAN, management=MANAGEMENT.model_copy(update={"index": WAN.index}))
    assert [limit.field for limit in ADAPTER.limits(wish)] == ["management"]
    assert not any("tr069" in line or "vlan 1000" in line for line in lines(ADAPTER.plan(wish, seen())))


def test_the_host_of_a_connection_becomes_managements_only_anew() -> None:
    """It would go on as the one for internet."""
    here = found(more={"host.1": "dhcp 1000 2 -", "internet": "1", "word": "gpon"})
    wish = desired(management=MANAGEMENT.model_copy(update={"index": 1, "tr069_profile": None}))
    assert lines(ADAPTER.plan(wish, seen(here))) == [
        "board: undo ont ipconfig 3 5 ip-index 1",
        "board: ont ipconfig 3 5 ip-index 1 dhcp vlan 1000 priority 2",
    ]


def test_service_ports_that_are_not_shown_are_brought_only_by_their_own_lines() -> None:
    flows = (INTERNET, VOICE)
    blind = frozenset({"service_ports"})
    assert "service_ports" in brought(ADAPTER.plan(desired(service_ports=flows), seen()))
    half = seen(found(unread=blind, flows=(Flow(index=7, service=INTERNET),)))
    assert "service_ports" not in brought(ADAPTER.plan(desired(service_ports=flows), half))


@pytest.mark.parametrize(
    ("states", "online", "verdict"),
    [
        ({"run": "online", "config": "normal", "match": "match"}, True, "online"),
        ({"run": "online", "config": "normal", "match": "mismatch"}, True, "online"),
        ({"run": "online", "config": "initial", "match": "initial"}, True, "configuring"),
        ({"run": "online", "config": "config", "match": "initial"}, True, "configuring"),
        ({"run": "online", "config": "failed", "match": "mismatch"}, True, "failed"),
        ({"run": "online", "config": "failing", "match": "match"}, True, "failed"),
        ({"run": "offline", "config": "initial", "match": "initial"}, False, "dark"),
        ({"run": "offline", "config": "initial", "control": "deactivated"}, False, "failed"),
    ],
)
def test_serving(states: dict[str, str], online: bool, verdict: str) -> None:
    assert ADAPTER.serving(found(states=states, online=online)) == verdict


INTERNET_LINE = FLOW.format(5)
QINQ = INTERNET.model_copy(update={"transform": "translate-and-add"})
BLIND = {"unread": frozenset({"service_ports", "lan_ports", "wan", "management"}), "lan_ports": None}
ALL_KNOWN = frozenset({"lan_ports", "wan", "management", "wan.password"})


def flows(service: ServicePort, **more: Any) -> Registration:
    return found(flows=(Flow(index=7, service=service),), **more)


@pytest.mark.parametrize(
    ("wanted", "here", "same"),
    [
        (INTERNET, flows(INTERNET), True),
        (INTERNET, flows(QINQ), False),
        (QINQ, flows(QINQ), True),
        (QINQ, flows(QINQ.model_copy(update={"inner_vlan": 100})), True),
        (QINQ, flows(QINQ.model_copy(update={"inner_vlan": 101})), False),
        (INTERNET, flows(INTERNET.model_copy(update={"gem_port": 2})), False),
        (INTERNET, flows(INTERNET.model_copy(update={"user_vlan": None})), False),
        (INTERNET, flows(INTERNET.model_copy(update={"upstream_profile": "7"})), False),
        (INTERNET, flows(INTERNET.model_copy(update={"downstream_profile": "7"})), False),
        (INTERNET, flows(INTERNET.model_copy(update={"upstream_profile": "9", "downstream_profile": "8"})), False),
        (INTERNET.model_copy(update={"upstream_profile": None}), flows(INTERNET), False),
        (INTERNET, flows(INTERNET.model_copy(update={"upstream_profile": None})), False),
        (INTERNET.model_copy(update={"downstream_profile": "D"}), flows(INTERNET, more={"table.9": "D"}), True),
        (INTERNET.model_copy(update={"downstream_profile": "D"}), flows(INTERNET, more={"table.8": "D"}), False),
    ],
)  # fmt: skip
def test_which_service_ports_are_the_same(wanted: ServicePort, here: Registration, same: bool) -> None:
    assert (ADAPTER.plan(desired(service_ports=(wanted,)), seen(here)) == ()) is same


@pytest.mark.parametrize(
    ("wanted", "here", "same"),
    [
        (INTERNET, INTERNET, True),
        (QINQ, INTERNET, True),
        (INTERNET, INTERNET.model_copy(update={"upstream_profile": "9", "downstream_profile": "8"}), True),
        (INTERNET, INTERNET.model_copy(update={"upstream_profile": "9"}), False),
        (INTERNET, INTERNET.model_copy(update={"downstream_profile": "8"}), False),
        (INTERNET, INTERNET.model_copy(update={"vlan": 101}), False),
    ],
)
def test_which_are_the_same_where_the_table_alone_shows_them(
    wanted: ServicePort, here: ServicePort, same: bool
) -> None:
    observed = seen(flows(here, **BLIND), secrets_current=ALL_KNOWN)
    assert (ADAPTER.plan(desired(service_ports=(wanted,)), observed) == ()) is same


ROUTER_WISH = {"wan": WAN.model_copy(update={"wan_profile": "3"}), "management": MANAGEMENT}
HOST_0 = "board: ont ipconfig 3 5 ip-index 0 dhcp vlan 1000 priority 2"
HOST_1 = 'board: ont ipconfig 3 5 ip-index 1 pppoe vlan 100 priority 0 user-account username "ana@isp" password "********"'
BIND = [
    "board: ont internet-config 3 5 ip-index 1",
    "board: ont wan-config 3 5 ip-index 1 profile-id 3",
    "board: ont port route 3 5 eth 1 enable",
    "board: ont port route 3 5 eth 2 enable",
]
LAN = "board: ont port native-vlan 3 5 eth 1 vlan 30 priority 0"
ACS = "board: ont tr069-server-config 3 5 profile-id 1"
LAN_WISH = {"lan_ports": (LanPort(port=1, vlan=30),)}


@pytest.mark.parametrize(
    ("known", "sent"),
    [
        (ALL_KNOWN, []),
        (ALL_KNOWN - {"lan_ports"}, [LAN]),
        (ALL_KNOWN - {"wan"}, [HOST_1, *BIND]),
        (ALL_KNOWN - {"wan.password"}, [HOST_1]),
        (ALL_KNOWN - {"management"}, [HOST_0, ACS]),
    ],
    ids=["all", "LAN ports", "WAN", "password", "management"],
)
def test_what_is_not_shown_is_sent_unless_it_was_applied_before(
    known: frozenset[str], sent: list[str]
) -> None:
    wish = desired(**ROUTER_WISH, **LAN_WISH)
    assert lines(ADAPTER.plan(wish, seen(found(**BLIND), secrets_current=known))) == sent


def test_each_line_names_what_it_brings() -> None:
    wish = desired(**ROUTER_WISH, **LAN_WISH)
    plan = ADAPTER.plan(wish, seen(found(**BLIND)))
    assert [sorted(command.carries) for command in plan] == [
        ["lan_ports"], ["management"], ["wan"], ["wan"], ["wan"], ["wan"], ["wan"], ["management"],
    ]  # fmt: skip
    assert [command.text.split(" 3 5 ")[0] for command in plan if command.secret] == ["ont ipconfig"]
    assert {command.timeout_s for command in plan} == {60.0}


WAN_ONLY = {"host.1": "pppoe 100 0 ana@isp", "internet": "1", "route.1": "enable", "route.2": "enable"}
KNOWN = frozenset({"wan.password"})
DHCP = Wan(mode="dhcp", vlan=100)


@pytest.mark.parametrize(
    ("wish", "more", "known", "sent"),
    [
        ({"wan": WAN}, WAN_ONLY, KNOWN, []),
        ({"wan": WAN.model_copy(update={"password": None})}, WAN_ONLY, frozenset(), []),
        ({"wan": DHCP}, {"host.1": "dhcp 100 0 -", "internet": "1"}, frozenset(), []),
        ({"wan": DHCP.model_copy(update={"password": SecretStr("s3cret!x"), "login": "ana"})}, {"host.1": "dhcp 100 0 -", "internet": "1"}, frozenset(), []),
        ({"wan": WAN.model_copy(update={"login": None, "password": None})}, {**WAN_ONLY, "host.1": "pppoe 101 0 -"}, KNOWN, ["board: ont ipconfig 3 5 ip-index 1 pppoe vlan 100 priority 0"]),
        ({"wan": WAN.model_copy(update={"password": None})}, {**WAN_ONLY, "host.1": "pppoe 100 0 -"}, KNOWN, ['board: ont ipconfig 3 5 ip-index 1 pppoe vlan 100 priority 0 user-account username "ana@isp"']),
        ({"wan": WAN.model_copy(update={"wan_profile": "3"})}, {**WAN_ONLY, "wan_profile.1": "3"}, KNOWN, []),
        ({"wan": WAN.model_copy(update={"wan_profile": "W"})}, {**WAN_ONLY, "wan_profile.1": "3"}, KNOWN, ['board: ont wan-config 3 5 ip-index 1 profile-name "W"']),
        ({"wan": WAN}, {**WAN_ONLY, "wan_profile.1": "3"}, KNOWN, []),
        ({"wan": WAN}, {**WAN_ONLY, "internet": "2"}, KNOWN, ["board: ont internet-config 3 5 ip-index 1"]),
        ({"wan": WAN.model_copy(update={"lan_ports": (2, 3)})}, WAN_ONLY, KNOWN, ["board: ont port route 3 5 eth 1 disable", "board: ont port route 3 5 eth 3 enable"]),
        ({"management": MANAGEMENT}, {"host.0": "dhcp 1000 2 -", "tr069": "1"}, KNOWN, []),
        ({"management": MANAGEMENT.model_copy(update={"tr069_profile": "ACS"})}, {"host.0": "dhcp 1000 2 -", "tr069": "1", "tr069_name": "ACS"}, KNOWN, []),
        ({"management": MANAGEMENT}, {"host.0": "dhcp 1000 2 -", "tr069": "9"}, KNOWN, ["board: undo ont tr069-server-config 3 5", ACS]),
        ({"management": MANAGEMENT.model_copy(update={"tr069_profile": None})}, {"host.0": "dhcp 1000 2 -", "tr069": "9"}, KNOWN, ["board: undo ont tr069-server-config 3 5"]),
        ({"management": MANAGEMENT}, {"host.0": "dhcp 1000 3 -", "tr069": "1"}, KNOWN, [HOST_0]),
        ({"lan_ports": (LanPort(port=1, mode="trunk", vlan=30), LanPort(port=2, mode="tag"))}, {}, KNOWN, []),
        ({"line_profile": None, "service_profile": None}, {}, KNOWN, []),
    ],
)  # fmt: skip
def test_only_what_differs_is_sent(
    wish: dict[str, Any], more: dict[str, str], known: frozenset[str], sent: list[str]
) -> None:
    observed = seen(found(more={"word": "gpon", **more}), secrets_current=known)
    assert lines(ADAPTER.plan(desired(**wish), observed)) == sent


def test_a_board_calls_itself_as_the_registration_shows_and_gpon_where_nothing_does() -> None:
    observed = {"more": {"word": "xgpon"}}
    wish = desired(line_profile="11", **LAN_WISH)
    for more, word in (({}, "gpon"), ({"word": "xgpon"}, "xgpon")):
        here = found(more=more)
        commands = [*ADAPTER.plan(wish, seen(here)), *ADAPTER.plan(None, seen(here))]
        assert {command.path[-1] for command in commands if len(command.path) > 1} == {
            f"interface {word} 0/1"
        }
    assert {command.path[-1] for command in ADAPTER.plan(wish, seen(**observed))} == {
        "interface xgpon 0/1",
        "config",
    }
    assert {command.path[-1] for command in ADAPTER.plan(wish, seen())} == {"interface gpon 0/1", "config"}


def test_what_is_not_shown_is_taken_for_nothing() -> None:
    here = found(flows=None, lan_ports=None)
    assert lines(ADAPTER.plan(None, seen(here))) == ["board: ont delete 3 5"]
    assert lines(ADAPTER.plan(desired(**LAN_WISH), seen(here))) == [LAN, INTERNET_LINE]


@pytest.mark.parametrize("missing", ["line_profile", "service_profile"])
def test_both_profiles_are_needed(missing: str) -> None:
    with pytest.raises(OrderRejected, match="a line profile and a service profile"):
        ADAPTER.plan(desired(**{missing: None}), seen())


def test_numbers_of_another_port_are_not_in_use_on_this_one() -> None:
    observed = seen(used_onu_ids=frozenset({0, 1}), port=ELSEWHERE)
    assert lines(ADAPTER.plan(desired(), observed))[0] == ADD


@pytest.mark.parametrize(
    ("firmware", "known"),
    [
        (None, True),
        ("MA5800V100R018C00", True),
        ("MA5600V800R015C00", False),
        ("MA5600V800R016C00", False),
        ("MA5600V800R017C00", True),
        ("MA5600V800R018C00", True),
        ("MA5600V800R0", True),
        ("MA5600V800R0XX", True),
        ("MA5600V800R016V800R0", False),
    ],
)
def test_which_software_has_commands_for_a_wan(firmware: str | None, known: bool) -> None:
    wish = desired(wan=WAN.model_copy(update={"wan_profile": "0"}))
    assert (ADAPTER.limits(wish, firmware) == ()) is known
    assert ADAPTER.limits(desired(wan=WAN), firmware) == ()
    sent = [command.text for command in ADAPTER.plan(wish, seen(firmware=firmware))]
    assert any("internet-config" in text for text in sent) is known


@pytest.mark.parametrize(
    ("wish", "fields"),
    [
        ({"onu_type": "X"}, ["onu_type"]),
        ({"service_ports": (QINQ.model_copy(update={"inner_vlan": 30}),)}, []),
        ({"lan_ports": (LanPort(port=1, mode="trunk", vlan=30), LanPort(port=2, mode="tag"))}, ["lan_ports.1", "lan_ports.2"]),
        ({"wan": DHCP.model_copy(update={"login": "ana", "password": SecretStr("s3cret!x"), "vlan_profile": "V"})}, ["wan.vlan_profile", "wan.login", "wan.password"]),
        ({"wan": WAN}, []),
        ({"wan": WAN, "management": MANAGEMENT}, []),
    ],
)  # fmt: skip
def test_what_no_command_does_is_told(wish: dict[str, Any], fields: list[str]) -> None:
    assert [limit.field for limit in ADAPTER.limits(desired(**wish))] == fields


def test_all_service_ports_are_brought_where_all_are_new_and_none_where_some_were_there() -> None:
    wish = desired(service_ports=(INTERNET, VOICE))
    new = [command for command in ADAPTER.plan(wish, seen()) if command.text.startswith("service-port")]
    assert [command.carries for command in new] == [frozenset({"service_ports"})] * 2
    [one] = ADAPTER.plan(wish, seen(found()))
    assert (one.carries, one.timeout_s) == (frozenset(), 60.0)
