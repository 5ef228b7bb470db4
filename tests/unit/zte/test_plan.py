"""The lines that make an ONU what it is to be, in both grammars."""

from typing import Any

import pytest
from pydantic import SecretStr

from schemas.place import PonPort
from tests.unit.zte.builders import (
    SERIAL,
    TITAN,
    WAN,
    ZXAN,
    Flow,
    GemPort,
    LanPort,
    Management,
    OnuService,
    ServicePort,
    Tcont,
    Wifi,
    found,
    lines,
    onu,
    seen,
)
from vendors.contract import Adapter
from vendors.errors import OrderRejected

OLT_C, ONU_C, MNG_C = "interface gpon-olt_1/2/3", "interface gpon-onu_1/2/3:4", "pon-onu-mng gpon-onu_1/2/3:4"
OLT_T, ONU_T, MNG_T = "interface gpon_olt-1/2/3", "interface gpon_onu-1/2/3:4", "pon-onu-mng gpon_onu-1/2/3:4"
VPORT = "interface vport-1/2/3.4:1"
BOTH = pytest.mark.parametrize("adapter", [ZXAN, TITAN], ids=["zxan", "titan"])


@BOTH
def test_an_onu_that_is_as_wanted_needs_nothing(adapter: Adapter) -> None:
    assert lines(adapter, onu(), seen(found())) == []


def test_a_new_onu_is_registered_and_configured_on_c3xx() -> None:
    wish = onu(description="os-4711", wan=WAN, wifi=(Wifi(name="Casa", key=SecretStr("12345678")),))
    assert lines(ZXAN, wish, seen(used=(1, 2, 3, 5))) == [
        f"{OLT_C} > onu 4 type ZTE-F660 sn {SERIAL}",
        f"{ONU_C} > description os-4711",
        f"{ONU_C} > tcont 1 profile 100M",
        f"{ONU_C} > gemport 1 tcont 1",
        f"{ONU_C} > switchport mode hybrid vport 1",
        f"{ONU_C} > service-port 1 vport 1 user-vlan 600 vlan 600",
        f"{MNG_C} > service HSI gemport 1 vlan 600",
        f"{MNG_C} > vlan port eth_0/1 mode tag vlan 600",
        f"{MNG_C} > wan-ip 1 mode pppoe username joao@isp password ******** vlan-profile VP host 1",
        f"{MNG_C} > wan 1 ethuni 1,2 ssid 1 service internet host 1",
        f"{MNG_C} > ssid ctrl wifi_0/1 name Casa",
        f"{MNG_C} > ssid auth wpa wifi_0/1 key ********",
    ]


def test_a_new_onu_is_registered_and_configured_on_titan() -> None:
    gem = GemPort(index=1, tcont=1, name="HSI", downstream_profile="D1G")
    flow = ServicePort(gem_port=1, vlan=28, user_vlan=200, upstream_profile="UP", downstream_profile="DOWN")
    wish = onu(
        gem_ports=(gem,),
        service_ports=(flow,),
        wan=WAN.model_copy(update={"mode": "dhcp", "login": None, "password": None}),
    )
    assert lines(TITAN, wish, seen(used=(1, 2, 3))) == [
        f"{OLT_T} > onu 4 type ZTE-F660 sn {SERIAL}",
        f"{ONU_T} > tcont 1 profile 100M",
        f"{ONU_T} > gemport 1 name HSI tcont 1",
        f"{VPORT} > qos traffic-policy D1G direction egress",
        f"{VPORT} > service-port 1 user-vlan 200 vlan 28 ingress UP egress DOWN",
        f"{MNG_T} > service HSI gemport 1 vlan 600",
        f"{MNG_T} > vlan port eth_0/1 mode tag vlan 600",
        f"{MNG_T} > wan-ip 1 ipv4 mode dhcp vlan-profile VP host 1",
        f"{MNG_T} > wan 1 ethuni 1,2 ssid 1 service internet host 1",
    ]


def test_old_software_takes_the_long_form_of_a_gem_port() -> None:
    wish = onu(
        gem_ports=(GemPort(index=1, tcont=1, name="HSI", upstream_profile="U", downstream_profile="D"),)
    )
    assert lines(ZXAN, wish, seen(firmware="V1"))[2:4] == [
        "interface gpon-onu_1/2/3:1 > gemport 1 name HSI unicast tcont 1 dir both",
        "interface gpon-onu_1/2/3:1 > gemport 1 traffic-limit upstream U downstream D",
    ]


@BOTH
def test_the_lowest_free_number_is_taken_whatever_the_olt_proposes(adapter: Adapter) -> None:
    assert lines(adapter, onu(), seen(used=(1, 3, 4)))[0].endswith(f"onu 2 type ZTE-F660 sn {SERIAL}")


@BOTH
def test_a_port_without_a_free_number_is_full(adapter: Adapter) -> None:
    with pytest.raises(OrderRejected) as refused:
        adapter.plan(onu(), seen(used=tuple(range(1, 129))))
    assert refused.value.reason == "port_full"


@BOTH
def test_an_onu_cannot_be_registered_without_a_type(adapter: Adapter) -> None:
    with pytest.raises(OrderRejected):
        adapter.plan(onu(onu_type=None), seen())


@pytest.mark.parametrize(
    ("adapter", "expected"),
    [
        (ZXAN, [f"{ONU_C} > no service-port 1", f"{OLT_C} > no onu 4"]),
        (TITAN, [f"{VPORT} > no service-port 1", f"{OLT_T} > no onu 4"]),
    ],
    ids=["zxan", "titan"],
)
def test_an_onu_is_removed_after_its_service_ports(adapter: Adapter, expected: list[str]) -> None:
    assert lines(adapter, None, seen(found())) == expected
    assert lines(adapter, None, seen()) == []


@BOTH
def test_a_registration_elsewhere_is_removed_first(adapter: Adapter) -> None:
    other = found(port=PonPort(frame=1, slot=9, port=1), onu_id=7, flows=())
    plan = lines(adapter, onu(), seen(other))
    assert plan[0].endswith("1/9/1 > no onu 7")
    assert plan[1].endswith(f"sn {SERIAL}")


QINQ = ServicePort(gem_port=1, vlan=1402, user_vlan=600, inner_vlan=600, transform="translate-and-add")
DIFFERENCES: list[Any] = [
    pytest.param({"tconts": (Tcont(index=1, profile="1G"),)}, {}, [f"{ONU_C} > tcont 1 profile 1G"], id="another-profile"),
    pytest.param(
        {"service_ports": (QINQ,)},
        {},
        [f"{ONU_C} > no service-port 1", f"{ONU_C} > switchport mode hybrid vport 1",
         f"{ONU_C} > service-port 1 vport 1 user-vlan 600 vlan 600 svlan 1402"],
        id="one-tag-becomes-two",
    ),
    pytest.param(
        {"service_ports": (ServicePort(gem_port=1, vlan=600, user_vlan=600), ServicePort(gem_port=1, vlan=30))},
        {"more": {"switchport.1": "hybrid"}},
        [f"{ONU_C} > service-port 2 vport 1 user-vlan untagged vlan 30"],
        id="a-second-flow-takes-the-next-number",
    ),
    pytest.param(
        {"service_ports": (ServicePort(gem_port=1, vlan=600, transform="transparent"),)}, {}, [], id="transparent-keeps-its-tag"
    ),
    pytest.param(
        {},
        {"more": {"other_flow.1.9": "1"}},
        [f"{ONU_C} > no service-port 9"],
        id="a-flow-that-no-wish-can-name-goes",
    ),
    pytest.param(
        {},
        {"gem_ports": (GemPort(index=1, tcont=1), GemPort(index=2, tcont=2)), "tconts": (Tcont(index=1, profile="100M"), Tcont(index=2, profile="X")),
         "flows": (Flow(index=1, service=ServicePort(gem_port=1, vlan=600, user_vlan=600)), Flow(index=2, service=ServicePort(gem_port=2, vlan=88, user_vlan=88))),
         "onu_services": (OnuService(name="HSI", gem_port=1, vlan=600), OnuService(name="MGMT", gem_port=2, vlan=88))},
        [f"{MNG_C} > no service MGMT", f"{ONU_C} > no service-port 2", f"{ONU_C} > no gemport 2", f"{ONU_C} > no tcont 2"],
        id="a-second-service-goes-from-the-inside-out",
    ),
    pytest.param(
        {},
        {"gem_ports": (GemPort(index=1, tcont=1, downstream_profile="OLD"),)},
        [f"{MNG_C} > no service HSI", f"{ONU_C} > no service-port 1", f"{ONU_C} > no gemport 1", f"{ONU_C} > gemport 1 tcont 1",
         f"{ONU_C} > switchport mode hybrid vport 1", f"{ONU_C} > service-port 1 vport 1 user-vlan 600 vlan 600",
         f"{MNG_C} > service HSI gemport 1 vlan 600"],
        id="a-rate-is-taken-off-with-its-gem-port",
    ),
    pytest.param(
        {"gem_ports": (GemPort(index=1, tcont=1, downstream_profile="NEW"),)},
        {"gem_ports": (GemPort(index=1, tcont=1, downstream_profile="OLD"),)},
        [f"{ONU_C} > gemport 1 traffic-limit downstream NEW"],
        id="another-rate-is-set-over-the-old-one",
    ),
    pytest.param(
        {"onu_services": (OnuService(name="HSI", gem_port=1, vlan=600, type="internet", priority=0),)},
        {},
        [f"{MNG_C} > no service HSI", f"{MNG_C} > service HSI type internet gemport 1 cos 0 vlan 600"],
        id="a-service-is-made-anew",
    ),
    pytest.param(
        {"lan_ports": (LanPort(port=2, mode="hybrid", vlan=7), LanPort(port=3, mode="trunk"), LanPort(port=4, mode="transparent"))},
        {},
        [f"{MNG_C} > vlan port eth_0/1 mode transparent", f"{MNG_C} > vlan port eth_0/2 mode hybrid def-vlan 7", f"{MNG_C} > vlan port eth_0/3 mode trunk"],
        id="lan-ports",
    ),
    pytest.param(
        {"management": Management(vlan=88, priority=2, tr069_profile="http://192.0.2.1:7547")},
        {},
        [f"{MNG_C} > tr069-mgmt 1 state unlock", f"{MNG_C} > tr069-mgmt 1 acs http://192.0.2.1:7547", f"{MNG_C} > tr069-mgmt 1 tag pri 2 vlan 88"],
        id="tr069",
    ),
    pytest.param(
        {"management": Management(vlan=88, tr069_profile="http://192.0.2.1:7547")},
        {"management": Management(vlan=88), "more": {"tr069.state": "unlock", "tr069.acs": "http://192.0.2.1:7547"}},
        [],
        id="tr069-is-there",
    ),
    pytest.param(
        {"onu_type": "ALL"},
        {"flows": ()},
        [f"{OLT_C} > no onu 4", f"{OLT_C} > onu 4 type ALL sn {SERIAL}", f"{ONU_C} > tcont 1 profile 100M", f"{ONU_C} > gemport 1 tcont 1",
         f"{ONU_C} > switchport mode hybrid vport 1", f"{ONU_C} > service-port 1 vport 1 user-vlan 600 vlan 600",
         f"{MNG_C} > service HSI gemport 1 vlan 600", f"{MNG_C} > vlan port eth_1/1 mode tag vlan 600"],
        id="another-type-is-another-registration",
    ),
    pytest.param({"description": "other"}, {"description": "one"}, [], id="a-description-is-no-reason-to-change"),
]  # fmt: skip


@pytest.mark.parametrize(("wished", "there", "expected"), DIFFERENCES)
def test_what_differs_is_changed(wished: dict[str, Any], there: dict[str, Any], expected: list[str]) -> None:
    assert lines(ZXAN, onu(**wished), seen(found(**there))) == expected


WAN_THERE = {"wan": WAN, "more": {"wan.1": "internet", "wan_ip.1": "1"}}
RENEWED = [
    f"{MNG_T} > no wan 1",
    f"{MNG_T} > no wan-ip 1 ipv4",
    f"{MNG_T} > wan-ip 1 ipv4 mode pppoe username joao@isp password ******** vlan-profile VP host 1",
    f"{MNG_T} > wan 1 ethuni 1,2 ssid 1 service internet host 1",
]


@pytest.mark.parametrize(
    ("wan", "there", "current", "expected"),
    [
        pytest.param(WAN, WAN_THERE, {"wan.password"}, [], id="known-password"),
        pytest.param(WAN, WAN_THERE, set(), RENEWED, id="unknown-password"),
        pytest.param(WAN, {"wan": WAN, "more": {"wan_ip.1": "1"}}, {"wan.password"}, RENEWED[1:], id="not-bound"),
        pytest.param(WAN, {}, {"wan.password"}, RENEWED[2:], id="not-there"),
        pytest.param(None, WAN_THERE, set(), RENEWED[:2], id="not-wanted"),
        pytest.param(WAN.model_copy(update={"login": "joao@isp"}), {**WAN_THERE, "wan": WAN.model_copy(update={"login": "other"})}, {"wan.password"}, RENEWED, id="another-login"),
    ],
)  # fmt: skip
def test_a_wan_connection_is_renewed_as_a_whole(
    wan: Any, there: Any, current: set[str], expected: list[str]
) -> None:
    observed = seen(found(**there), secrets_current=frozenset(current))
    assert lines(TITAN, onu(wan=wan), observed) == expected


@pytest.mark.parametrize(
    ("name", "more", "current", "expected"),
    [
        ("Casa", {"wifi.1.key": "1"}, {"wifi.1.key"}, []),
        ("Casa", {"wifi.1.key": "1"}, set(), ["ssid auth wpa wifi_0/1 key ********"]),
        ("Casa", {}, {"wifi.1.key"}, ["ssid auth wpa wifi_0/1 key ********"]),
        ("Rua", {"wifi.1.key": "1"}, {"wifi.1.key"}, ["ssid ctrl wifi_0/1 name Casa"]),
    ],
)
def test_wifi_is_set_where_it_differs_or_is_not_known(
    name: str, more: dict[str, str], current: set[str], expected: list[str]
) -> None:
    observed = seen(found(wifi=(Wifi(name=name),), more=more), secrets_current=frozenset(current))
    plan = ZXAN.plan(onu(wifi=(Wifi(name="Casa", key=SecretStr("12345678")),)), observed)
    assert [command.text for command in plan] == expected


@BOTH
def test_secrets_are_masked_in_text_and_named(adapter: Adapter) -> None:
    wish = onu(wan=WAN, wifi=(Wifi(name="Casa", key=SecretStr("12345678")),))
    plan = adapter.plan(wish, seen())
    assert {command.secret for command in plan if command.secret} == {"wan.password", "wifi.1.key"}
    assert all("segredo1" not in command.text and "12345678" not in command.text for command in plan)
    assert any("password segredo1 " in command.reveal() for command in plan)


def test_profiles_of_an_onu_are_bound_on_titan() -> None:
    plan = lines(TITAN, onu(line_profile="L", service_profile="S"), seen(found(line_profile="L")))
    assert plan == [f"{OLT_T} > bind-onu 4 profile service S"]


@pytest.mark.parametrize(
    ("adapter", "wished", "fields"),
    [
        (ZXAN, {}, []),
        (TITAN, {}, []),
        (ZXAN, {"line_profile": "L", "service_profile": "S"}, ["line_profile", "service_profile"]),
        (ZXAN, {"service_ports": (ServicePort(gem_port=1, vlan=5, upstream_profile="U"),)}, ["service_ports.1.upstream_profile"]),
        (TITAN, {"gem_ports": (GemPort(index=1, tcont=1, upstream_profile="U", downstream_profile="D"),)}, ["gem_ports.1.upstream_profile"]),
        (TITAN, {"onu_services": (OnuService(name="A", gem_port=1, type="internet", priority=0),)}, ["onu_services.A.type", "onu_services.A.priority"]),
        (ZXAN, {"lan_ports": (LanPort(port=1, vlan=5, priority=3), LanPort(port=2, mode="trunk", vlan=5))}, ["lan_ports.1.priority", "lan_ports.2.vlan"]),
        (ZXAN, {"wan": WAN.model_copy(update={"vlan_profile": None})}, ["wan"]),
        (ZXAN, {"wan": WAN.model_copy(update={"wan_profile": "X"})}, ["wan.wan_profile"]),
        (ZXAN, {"management": Management(vlan=5, tr069_profile="ACS")}, ["management.tr069_profile"]),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told_and_left_out(adapter: Adapter, wished: Any, fields: list[str]) -> None:
    wish = onu(**wished)
    limits = adapter.limits(wish)
    assert [limit.field for limit in limits] == fields
    assert {limit.reason for limit in limits} <= {"no_command_on_platform"}
    assert adapter.plan(wish, seen())


FOREIGN = "HWTC1A2B3C4D"
ROUTER = {
    "wan": WAN,
    "wifi": (Wifi(index=1, name="Casa", key=SecretStr("segredo-1")),),
    "management": Management(vlan=88),
}


@pytest.mark.parametrize("adapter", [ZXAN, TITAN])
def test_an_onu_of_another_maker_is_given_no_connection_and_it_is_told(adapter: Adapter) -> None:
    assert adapter.limits(onu(**ROUTER)) == ()
    wish = onu(serial=FOREIGN, **ROUTER)
    told = {limit.field: limit.reason for limit in adapter.limits(wish)}
    assert told == dict.fromkeys(["wan", "wifi.1", "management"], "not_on_this_onu")
    sent = " ".join(command.text for command in adapter.plan(wish, seen()))
    assert "service HSI" in sent
    assert not any(word in sent for word in ("wan-ip", "ssid", "tr069"))


@pytest.mark.parametrize("adapter", [ZXAN, TITAN])
def test_what_an_onu_of_another_maker_has_is_left_alone(adapter: Adapter) -> None:
    here = found(wan=WAN, more={"wan.1": "internet", "wan_ip.1": "1", "switchport.1": "hybrid"})
    assert adapter.plan(onu(serial=FOREIGN, wan=WAN.model_copy(update={"login": "other"})), seen(here)) == ()


@pytest.mark.parametrize(
    ("wished", "fields"),
    [
        ({"lan_ports": (LanPort(port=1), LanPort(port=2, mode="hybrid"))}, ["lan_ports.1", "lan_ports.2"]),
        ({"wan": WAN.model_copy(update={"priority": 3})}, ["wan.priority"]),
        ({"wan": WAN.model_copy(update={"mode": "dhcp"})}, ["wan.login", "wan.password"]),
        ({"management": Management(vlan=5, index=2)}, ["management.index"]),
        (
            {"service_ports": (ServicePort(gem_port=1, vlan=5, user_vlan=6, inner_vlan=7, transform="transparent"),)},
            ["service_ports.1.user_vlan", "service_ports.1.inner_vlan"],
        ),
    ],
)  # fmt: skip
def test_what_has_no_words_is_told(wished: Any, fields: list[str]) -> None:
    assert [limit.field for limit in ZXAN.limits(onu(**wished))] == fields


def test_a_port_whose_mode_lacks_its_vlan_is_not_touched() -> None:
    wish = onu(lan_ports=(LanPort(port=1, mode="tag"),))
    assert ZXAN.plan(wish, seen(found(more={"switchport.1": "hybrid"}))) == ()


@pytest.mark.parametrize("name", ["Casa da Maria", "São João", 'a"b', "a?b", "-x", "!x", "😀"])
def test_a_network_name_that_no_capture_shows_how_to_write_is_told_and_its_key_stays(name: str) -> None:
    networks = (Wifi(index=1, name=name, key=SecretStr("segredo-1")), Wifi(index=2, name="Casa-2"))
    wish = onu(wifi=networks)
    assert [(limit.field, limit.reason) for limit in ZXAN.limits(wish)] == [("wifi.1", "ssid_not_writable")]
    sent = [command.text for command in ZXAN.plan(wish, seen()) if command.text.startswith("ssid")]
    assert sent == ["ssid ctrl wifi_0/2 name Casa-2"]


@pytest.mark.parametrize("adapter", [ZXAN, TITAN], ids=["zxan", "titan"])
def test_a_gem_port_of_another_tcont_is_made_anew(adapter: Adapter) -> None:
    tconts = (Tcont(index=1, profile="100M"), Tcont(index=2, profile="50M"))
    wanted = onu(tconts=tconts)
    here = found(tconts=tconts, gem_ports=(GemPort(index=1, tcont=2),))
    sent = [line.rpartition(" > ")[2] for line in lines(adapter, wanted, seen(here))]
    assert sent.index("no gemport 1") < sent.index("gemport 1 tcont 1")
    assert lines(adapter, wanted, seen(found(tconts=tconts))) == []


TWICE = (
    ServicePort(gem_port=1, vlan=600, transform="transparent"),
    ServicePort(gem_port=1, vlan=600, user_vlan=600),
)
"""Two ways to wish the same."""
SAME = ServicePort(gem_port=1, vlan=600, user_vlan=600)
HSI = OnuService(name="HSI", gem_port=1, vlan=600, type="internet", priority=2)
ANEW = ["no service HSI", "service HSI type internet gemport 1 cos 2 vlan 600"]
OPEN = {"more": {"switchport.1": "hybrid"}}


@pytest.mark.parametrize(
    ("wished", "there", "expected"),
    [
        pytest.param({"onu_type": None}, {}, [], id="no-type-is-wanted"),
        pytest.param({}, {"flows": (Flow(index=1, service=SAME), Flow(index=2, service=SAME))}, ["no service-port 2"], id="a-flow-that-is-there-twice-goes-once"),
        pytest.param({"service_ports": TWICE}, OPEN, ["service-port 2 vport 1 user-vlan 600 vlan 600"], id="a-flow-that-is-wanted-twice-is-made-once-more"),
        pytest.param(
            {"service_ports": (SAME, ServicePort(gem_port=1, vlan=30), ServicePort(gem_port=1, vlan=31))},
            {"flows": (Flow(index=2, service=SAME),)},
            ["switchport mode hybrid vport 1", "service-port 1 vport 1 user-vlan untagged vlan 30", "service-port 3 vport 1 user-vlan untagged vlan 31"],
            id="each-new-flow-takes-a-number-and-a-virtual-port-is-opened-once",
        ),
        pytest.param({}, {"flows": None}, ["switchport mode hybrid vport 1", "service-port 1 vport 1 user-vlan 600 vlan 600"], id="flows-that-are-not-shown"),
        pytest.param(
            {"gem_ports": (GemPort(index=1, tcont=1, upstream_profile="U"),)}, {}, ["gemport 1 traffic-limit upstream U"], id="a-rate-upstream-alone"
        ),
        pytest.param({"line_profile": None}, {"line_profile": "L"}, [], id="no-profile-is-wanted"),
        pytest.param({"onu_services": (HSI,)}, {"onu_services": (HSI,)}, [], id="a-service-as-it-is-wanted"),
        pytest.param({}, {"onu_services": (HSI,)}, [], id="what-is-not-wanted-of-a-service-may-be-anything"),
        pytest.param({"onu_services": (HSI,)}, {"onu_services": (HSI.model_copy(update={"vlan": 5}),)}, ANEW, id="another-vlan"),
        pytest.param({"onu_services": (HSI,)}, {"onu_services": (HSI.model_copy(update={"type": "voip"}),)}, ANEW, id="another-type"),
        pytest.param({"onu_services": (HSI,)}, {"onu_services": (HSI.model_copy(update={"priority": 3}),)}, ANEW, id="another-priority"),
        pytest.param({"management": Management(vlan=88)}, {}, ["tr069-mgmt 1 state unlock", "tr069-mgmt 1 tag pri 0 vlan 88"], id="management-without-an-acs"),
        pytest.param(
            {"management": Management(vlan=88, priority=1)},
            {"management": Management(vlan=88), "more": {"tr069.state": "unlock", "tr069.acs": "http://a"}},
            ["tr069-mgmt 1 tag pri 1 vlan 88"],
            id="another-priority-of-management",
        ),
        pytest.param({}, {"management": Management(vlan=88), "more": {"tr069.state": "lock"}}, [], id="management-that-is-not-wanted-stays"),
    ],
)  # fmt: skip
def test_nothing_more_is_sent_than_what_differs(wished: Any, there: Any, expected: list[str]) -> None:
    assert [command.text for command in ZXAN.plan(onu(**wished), seen(found(**there)))] == expected


@BOTH
def test_an_onu_whose_service_ports_are_not_shown_is_removed_all_the_same(adapter: Adapter) -> None:
    assert [command.text for command in adapter.plan(None, seen(found(flows=None)))] == ["no onu 4"]


@pytest.mark.parametrize(
    ("wan", "there", "expected"),
    [
        pytest.param(WAN, {"more": {"wan.1": "internet"}}, [RENEWED[0], *RENEWED[2:]], id="bound-to-nothing"),
        pytest.param(WAN.model_copy(update={"password": None}), WAN_THERE, [], id="no-password-is-wanted"),
        pytest.param(
            None, {"more": {"wan.1": "internet", "wan_ip.1": "1"}}, [], id="none-is-wanted-and-none-is-known"
        ),
    ],
)
def test_a_connection_that_is_as_wanted_stays(wan: Any, there: Any, expected: list[str]) -> None:
    assert lines(TITAN, onu(wan=wan), seen(found(**there))) == expected


@pytest.mark.parametrize(
    "differs",
    [{"mode": "dhcp"}, {"vlan_profile": "VQ"}, {"lan_ports": (1,)}, {"wifi": ()}],
    ids=lambda differs: str(*differs),
)
def test_a_connection_of_another_kind_is_renewed(differs: dict[str, Any]) -> None:
    there = WAN_THERE | {"wan": WAN.model_copy(update=differs)}
    assert (
        lines(TITAN, onu(wan=WAN), seen(found(**there), secrets_current=frozenset({"wan.password"})))
        == RENEWED
    )


def test_a_connection_under_another_number_is_taken_away_before_the_new_one_is_made() -> None:
    there = {"wan": WAN.model_copy(update={"index": 2}), "more": {"wan.2": "internet", "wan_ip.2": "1"}}
    plan = lines(TITAN, onu(wan=WAN), seen(found(**there), secrets_current=frozenset({"wan.password"})))
    assert plan == [f"{MNG_T} > no wan 2", f"{MNG_T} > no wan-ip 2 ipv4", *RENEWED[2:]]
