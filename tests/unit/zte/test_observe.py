"""What the dialogues make of an OLT that answers as the captures do."""

from typing import Any

import pytest

from schemas.place import PonPort
from tests.unit.zte.builders import PORT, SERIAL, TITAN, ZXAN, lines, onu, play
from vendors.contract import Adapter, Flow
from vendors.errors import OrderRejected, UnknownReply

NOTHING = "%Code 62310-GPONSRV : No related information to show."
UNKNOWN_COMMAND = "%Error 20200: Invalid input detected at '^' marker."
REFUSED = "%Error 140303: Invalid input detected at '^' marker."
UNCFG = "OnuIndex                 Sn                  State\n" + "-" * 69 + "\n"
STATE = "OnuIndex   Admin State  OMCC State  Phase State  Channel\n" + "-" * 62 + "\n"
BASE = "OnuIndex            Type        Mode    AuthInfo                State\n" + "-" * 79 + "\n"
C, T = "gpon-onu_1/2/3:4", "gpon_onu-1/2/3:4"

BASEINFO = "show gpon onu baseinfo gpon-olt_1/2/3"
C3XX = {
    f"show gpon onu by sn {SERIAL}": f"SearchResult\n-----------------\n{C}",
    "show gpon onu uncfg": NOTHING,
    "show pon onu uncfg": UNKNOWN_COMMAND,
    "show gpon onu state gpon-olt_1/2/3": STATE
    + "1/2/3:1     enable       enable      working      1(GPON)\n1/2/3:4     enable       enable      working      1(GPON)\nONU Number: 2/2",
    "show gpon onu baseinfo gpon-olt_1/2/3": BASE
    + f"gpon-onu_1/2/3:4    ZTE-F660    sn      SN:{SERIAL}         ready\n"
    + "gpon-onu_1/2/3:7    ZTE-F660    sn      SN:ZTEGC1192DD8         ready",
    f"show gpon onu detail-info {C}": f"ONU interface:         {C}\n  Name:                A\n  Type:                ZTE-F660\n"
    "  State:               ready\n  Admin state:         enable\n  Phase state:         working\n  Config state:        fail\n"
    f"  Serial number:       {SERIAL}\n  Password:            \n  Description:         os-1\n  Line Profile:        N/A\n"
    "  ONU Distance:        3540m",
    f"show pon power attenuation {C}": "           OLT                  ONU              Attenuation\n" + "-" * 74
    + "\n up      Rx :-20.850(dbm)      Tx:2.868(dbm)        23.718(dB)\n\n down    Tx :4.230(dbm)        Rx:-18.210(dbm)      22.440(dB)",
    f"show running-config interface {C}": f"Building configuration...\n!\ninterface {C}\n  name A\n  description os-1\n"
    "  tcont 1 name X profile UP-50M\n  gemport 1 name Internet unicast tcont 1 dir both\n"
    "  gemport 1 traffic-limit upstream U downstream D\n  switchport mode hybrid vport 1\n"
    "  service-port 1 vport 1 user-vlan 1247 vlan 1247 svlan 1402\n  service-port 2 vport 1 user-vlan untagged vlan 30\n"
    "  service-port 3 vport 1 user-vlan 10-20 vlan 10\n!\nend",
    f"show onu running config {C}": f"pon-onu-mng {C}\n  service HSI type internet gemport 1 cos 0 vlan 1247\n"
    "  vlan port eth_0/1 mode tag vlan 1247\n  wan-ip 1 mode pppoe username joao password ******** vlan-profile VP host 1\n"
    "  wan 1 ethuni 1,2 ssid 1 service internet host 1\n  ssid ctrl wifi_0/1 name Casa da Ana\n"
    "  ssid auth wpa wifi_0/1 key ********\n  tr069-mgmt 1 state unlock\n  tr069-mgmt 1 acs http://192.0.2.1:7547\n"
    "  tr069-mgmt 1 tag pri 2 vlan 88\n!",
}  # fmt: skip
TITAN_ONU = f"interface {T}\n  name ********\n  tcont 1 profile UP\n  gemport 1 name A tcont 1\n$\n"
TITAN_MNG = f"pon-onu-mng {T}\n  service 1 gemport 1 vlan 150\n$\n"
TITAN_VPORT = "interface vport-1/2/3.4:1\n  service-port 1 user-vlan 721 vlan 721\n  qos traffic-policy D direction egress\n$\n"
C6XX = {
    f"show gpon onu by sn {SERIAL}": f"SearchResult\n-----------------\n{T}",
    "show pon onu uncfg": "%Error 223310: No related information to show.",
    "show gpon onu state gpon_olt-1/2/3": C3XX["show gpon onu state gpon-olt_1/2/3"],
    "show gpon onu baseinfo gpon_olt-1/2/3": BASE + f"gpon_onu-1/2/3:4    F660        sn      SN:{SERIAL}         ready",
    f"show gpon onu detail-info {T}": C3XX[f"show gpon onu detail-info {C}"].replace(C, T).replace("os-1", "********"),
    f"show pon power attenuation {T}": C3XX[f"show pon power attenuation {C}"],
    f"show running-config-interface {T}": f"!<xpon>\n{TITAN_ONU}{TITAN_MNG}!</xpon>",
    "show running-config-interface vport-1/2/3.4:1": f"!<MSAN>\n{TITAN_VPORT}!</MSAN>",
}  # fmt: skip


def look(adapter: Adapter, replies: dict[str, str], port: PonPort | None = PORT) -> Any:
    return play(adapter.observe(SERIAL, port), replies)


def test_everything_that_c3xx_shows_of_an_onu_is_observed() -> None:
    observed = look(ZXAN, C3XX)
    [here] = observed.registrations
    assert observed.used_onu_ids == {1, 4, 7}
    assert (here.port, here.onu_id, here.online, here.onu_type) == (PORT, 4, True, "ZTE-F660")
    assert here.states == {"phase": "working", "admin": "enable", "config": "fail", "state": "ready"}
    assert here.description == "os-1"
    assert (here.optics.onu_rx_dbm, here.optics.olt_rx_dbm, here.optics.distance_m) == (-18.21, -20.85, 3540)
    assert [(tcont.index, tcont.profile) for tcont in here.tconts] == [(1, "UP-50M")]
    assert [(gem.upstream_profile, gem.downstream_profile) for gem in here.gem_ports] == [("U", "D")]
    assert [_flow(flow) for flow in here.flows] == [(1, 1, 1247, 1402, 1247), (2, 1, None, 30, None)]
    assert [(s.name, s.type, s.gem_port, s.priority, s.vlan) for s in here.onu_services] == [
        ("HSI", "internet", 1, 0, 1247)
    ]
    assert (here.wan.mode, here.wan.login, here.wan.lan_ports, here.wan.wifi) == (
        "pppoe",
        "joao",
        (1, 2),
        (1,),
    )
    assert [wifi.name for wifi in here.wifi] == ["Casa da Ana"]
    assert (here.management.vlan, here.management.priority) == (88, 2)
    assert here.more["other_flow.1.3"] == "1"
    assert here.more["wifi.1.key"] == "1"


def _flow(flow: Flow) -> tuple[Any, ...]:
    service = flow.service
    return flow.index, service.gem_port, service.user_vlan, service.vlan, service.inner_vlan


def test_titan_shows_the_virtual_ports_apart() -> None:
    [here] = look(TITAN, C6XX).registrations
    assert [_flow(flow) for flow in here.flows] == [(1, 1, 721, 721, None)]
    assert [gem.downstream_profile for gem in here.gem_ports] == ["D"]
    assert [service.name for service in here.onu_services] == ["1"]
    assert here.description is None


def test_titan_that_refuses_to_show_by_name_is_asked_in_each_mode() -> None:
    replies = C6XX | {
        f"show running-config-interface {T}": REFUSED,
        f"interface {T} > show this": f"!<xpon>\n{TITAN_ONU}!</xpon>",
        f"pon-onu-mng {T} > show this": f"!<xpon>\n{TITAN_MNG}!</xpon>",
        "interface vport-1/2/3.4:1 > show this": TITAN_VPORT,
    }
    assert look(TITAN, replies).registrations == look(TITAN, C6XX).registrations


def test_titan_may_show_an_interface_in_two_parts() -> None:
    reply = f"!<if-intf>\ninterface {T}\n$\n!</if-intf>\n!<xpon>\n{TITAN_ONU}{TITAN_MNG}!</xpon>"
    replies = C6XX | {f"show running-config-interface {T}": reply}
    assert look(TITAN, replies).registrations == look(TITAN, C6XX).registrations


def test_titan_whose_inside_is_not_shown_is_asked_for_it() -> None:
    replies = C6XX | {
        f"show running-config-interface {T}": f"!<xpon>\n{TITAN_ONU}!</xpon>",
        f"pon-onu-mng {T} > show this": "",
    }
    [here] = look(TITAN, replies).registrations
    assert here.onu_services == ()


def test_a_serial_that_is_nowhere_is_only_seen() -> None:
    replies = C3XX | {
        f"show gpon onu by sn {SERIAL}": NOTHING,
        "show gpon onu uncfg": f"{UNCFG}gpon-onu_1/2/3:4         {SERIAL}        unknown",
        "show gpon onu state gpon-olt_1/2/3": NOTHING,
        "show gpon onu baseinfo gpon-olt_1/2/3": NOTHING,
    }
    observed = look(ZXAN, replies)
    assert observed.registrations == ()
    assert observed.used_onu_ids == frozenset()
    assert (observed.sighting.port, observed.sighting.serial, observed.sighting.model) == (PORT, SERIAL, None)


def test_without_a_port_no_numbers_are_asked_for() -> None:
    assert look(ZXAN, C3XX, port=None).used_onu_ids == frozenset()


@pytest.mark.parametrize(
    ("said", "firmware"),
    [("%Code 32310-GPONSRV : No related information to show.", "V1"), (NOTHING, "V2")],
)
def test_the_empty_answer_tells_the_software(said: str, firmware: str) -> None:
    assert look(ZXAN, C3XX | {"show gpon onu state gpon-olt_1/2/3": said}).firmware == firmware


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("show gpon onu state gpon-olt_1/2/3", STATE + "1/2/3:1     enable       enable      working      1(GPON)\nONU Number: 2/2"),
        ("show gpon onu state gpon-olt_1/2/3", STATE + "1/9/9:1     enable       enable      working      1(GPON)\nONU Number: 1/1"),
        (f"show gpon onu by sn {SERIAL}", "SearchResult\n----------"),
        (f"show gpon onu detail-info {C}", NOTHING),
        (f"show gpon onu detail-info {C}", C3XX[f"show gpon onu detail-info {C}"].replace(SERIAL, "ZTEGC1192DD8")),
        (f"show running-config interface {C}", C3XX[f"show running-config interface {C}"].replace("\nend", "")),
        (f"show running-config interface {C}", C3XX[f"show running-config interface {C}"].replace(":4", ":5")),
        (f"show running-config interface {C}", ""),
    ],
)  # fmt: skip
def test_what_is_not_whole_or_of_another_onu_is_unknown(command: str, reply: str) -> None:
    with pytest.raises(UnknownReply):
        look(ZXAN, C3XX | {command: reply})


def test_a_port_that_is_not_there_is_a_refusal() -> None:
    with pytest.raises(OrderRejected):
        look(ZXAN, C3XX | {"show gpon onu state gpon-olt_1/2/3": UNKNOWN_COMMAND})


def test_the_models_come_from_the_list_that_newer_software_has() -> None:
    replies = {
        "show gpon onu uncfg": f"{UNCFG}gpon-onu_1/2/3:4         {SERIAL}        unknown\ngpon-onu_1/2/3:5         XXXX12345678        unknown",
        "show pon onu uncfg": "OltIndex            Model                SN                 PW\n" + "-" * 73
        + f"\ngpon-olt_1/2/3      XPON GGC665          {SERIAL}       N/A",
    }  # fmt: skip
    first, second = play(ZXAN.discover(), replies)
    assert (first.serial, first.model, first.port) == (SERIAL, "XPON GGC665", PORT)
    assert (second.raw_serial, second.model) == ("XXXX12345678", None)
    assert play(ZXAN.discover(), replies | {"show pon onu uncfg": UNKNOWN_COMMAND})[0].model is None
    assert play(ZXAN.discover(), {"show gpon onu uncfg": NOTHING, "show pon onu uncfg": NOTHING}) == ()


def test_software_that_knows_only_the_newer_list_is_read_by_it() -> None:
    listed = (
        "OltIndex            Model                SN                 PW\n"
        + "-" * 73
        + f"\ngpon-olt_1/2/3      F670LV9.0            {SERIAL}       N/A"
    )
    replies = {"show gpon onu uncfg": UNKNOWN_COMMAND, "show pon onu uncfg": listed}
    [sighting] = play(ZXAN.discover(), replies)
    assert (sighting.serial, sighting.model, sighting.port) == (SERIAL, "F670LV9.0", PORT)
    [sighting] = play(ZXAN.discover(), replies | {"show gpon onu uncfg": NOTHING})
    assert sighting.serial == SERIAL
    with pytest.raises(OrderRejected):
        play(ZXAN.discover(), replies | {"show pon onu uncfg": UNKNOWN_COMMAND})


@pytest.mark.parametrize("said", [f"{C} is not online", NOTHING])
def test_an_onu_that_is_dark_has_no_levels(said: str) -> None:
    [here] = look(ZXAN, C3XX | {f"show pon power attenuation {C}": said}).registrations
    assert here.optics is None


@pytest.mark.parametrize(
    "line",
    [
        "service-port 2 vport 1 user-vlan 600 vlan 600 etype pppoe",
        "service-port 2 vport 1 user-vlan 201 user-svlan 301 vlan 3101 svlan 3201 cos 4 scos 6",
        "service-port 2 vport 1 shutdown",
    ],
)
def test_a_service_port_of_another_form_is_one_that_no_wish_names(line: str) -> None:
    shown = C3XX[f"show running-config interface {C}"].replace(
        "service-port 2 vport 1 user-vlan untagged vlan 30", line
    )
    [here] = look(ZXAN, C3XX | {f"show running-config interface {C}": shown}).registrations
    assert [flow.index for flow in here.flows] == [1]
    assert here.more["other_flow.1.2"] == "1"


def test_the_words_of_a_wan_connection_may_stand_in_another_order() -> None:
    inside = C3XX[f"show onu running config {C}"]
    usual = "username joao password ******** vlan-profile VP host 1"
    assert usual in inside
    other = inside.replace(usual, "vlan-profile VP auth-mode chap username joao password ******** host 1")
    assert (
        look(ZXAN, C3XX | {f"show onu running config {C}": other}).registrations[0].wan
        == look(ZXAN, C3XX).registrations[0].wan
    )


def test_titan_lists_models_at_once() -> None:
    listed = (
        "OltIndex            Model                SN                 PW\n"
        + "-" * 77
        + f"\ngpon_olt-1/2/3      R1v2                 {SERIAL}       ********"
    )
    [sighting] = play(TITAN.discover(), {"show pon onu uncfg": listed})
    assert (sighting.model, sighting.port) == ("R1v2", PORT)


def test_the_cards_tell_the_software() -> None:
    cards = (
        "Rack Shelf Slot CfgType RealType Port  HardVer SoftVer         Status\n" + "-" * 79 + "\n"
        "1    1     2    GTGH    GTGHG    16    V1.0.0  V2.1.0          INSERVICE\n1    1     4    SMXA             3                             OFFLINE"
    )
    assert play(ZXAN.health(), {"show card": cards}).version == "V2.1.0"


@pytest.mark.parametrize(("printed", "said"), [("ztegC1192DD7", "ztegC1192DD7"), (SERIAL, SERIAL)])
def test_a_vendor_id_is_registered_as_it_is_printed(printed: str, said: str) -> None:
    nobody = {f"show gpon onu by sn {form}": NOTHING for form in (SERIAL, printed)}
    lit = UNCFG + f"gpon-onu_1/2/3:1         {printed:<20}unknown"
    base = {
        BASEINFO: C3XX[BASEINFO].replace(SERIAL, "ZTEGC1192DD6"),
    }
    seen = look(ZXAN, {**C3XX, **nobody, **base, "show gpon onu uncfg": lit})
    assert (seen.sighting.serial, seen.sighting.raw_serial) == (SERIAL, printed)
    assert lines(ZXAN, onu(), seen)[0].endswith(f"onu 2 type ZTE-F660 sn {said}")


def test_a_vendor_id_of_small_letters_is_found_again_where_it_is_registered() -> None:
    small = "ztegC1192DD7"
    olt = {command: reply.replace(SERIAL, small) for command, reply in C3XX.items()}
    olt[f"show gpon onu by sn {small}"] = C3XX[f"show gpon onu by sn {SERIAL}"]
    olt[f"show gpon onu by sn {SERIAL}"] = NOTHING
    [here] = look(ZXAN, olt).registrations
    assert (here.port, here.onu_id, here.raw_serial) == (PORT, 4, small)


def test_an_onu_whose_vendor_id_is_hex_is_found_like_any_other() -> None:
    lit = UNCFG + "".join(
        f"gpon-onu_1/2/{port}:1         {serial}        unknown\n"
        for port, serial in enumerate(("ZTEGC1192DD8", "DD18B0D0B70C", "ZTEGC1192DD9"), start=3)
    )
    seen = play(ZXAN.observe("DD18B0D0B70C", None), {
        "show gpon onu by sn DD18B0D0B70C": NOTHING, "show gpon onu uncfg": lit, "show pon onu uncfg": UNKNOWN_COMMAND
    })  # fmt: skip
    assert seen.sighting is not None
    assert (seen.sighting.serial, seen.sighting.port.port) == ("DD18B0D0B70C", 4)


PHASES = [("working", True), ("Working", True)] + [
    (phase, False)
    for phase in (
        "OffLine",
        "DyingGasp",
        "LOS",
        "syncMib",
        "logging",
        "AuthFailed",
        "unknown",
        "ready",
        "workin",
    )
]


@pytest.mark.parametrize(("phase", "online"), PHASES)
def test_an_onu_is_online_in_one_phase_alone(phase: str, online: bool) -> None:
    detail = f"show gpon onu detail-info {C}"
    olt = {
        **C3XX,
        detail: C3XX[detail].replace("Phase state:         working", f"Phase state:         {phase}"),
    }
    [here] = look(ZXAN, olt).registrations
    assert here.online is online
