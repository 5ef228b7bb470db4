"""Forms of the displays that no saved capture shows: as operators' notes and drivers show them."""

from typing import Any

import pytest

from vendors.errors import UnknownReply
from vendors.zte_common.parse.registry import parse

PLACE = {"shelf": 1, "slot": 1, "port": 3}
STATE = """OnuIndex   Admin State  OMCC State  Phase State  Channel
--------------------------------------------------------------
1/1/1:1     enable       enable      working      1(GPON)
1/1/1:4     enable       disable     OffLine      1(GPON)
ONU Number: 1/2
"""


def read(command: str, *lines: str) -> dict[str, Any]:
    return parse(command, "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("said", "module"),
    [
        ("%Code 62310-GPONSRV : No related information to show.", "GPONSRV"),
        ("%Code 32310-GPONSRV : No related information to show.", "GPONSRV"),
        ("%Code 62310 : No related information to show.", None),
        ("%Error 223310: No related information to show.", None),
        ("No related information to show.", None),
    ],
)
def test_nothing_to_show_is_not_found_whatever_its_number(said: str, module: str | None) -> None:
    value = parse("show pon onu uncfg", f"ZXAN#show pon onu uncfg\r\n{said}\r\nZXAN#")
    assert value["not_found"]["text"] == "No related information to show."
    assert value["not_found"]["module"] == module


@pytest.mark.parametrize(
    ("lines", "number", "more"),
    [
        (
            ["%Error 20200: Invalid input detected at '^' marker.", "Invalid command"],
            20200,
            {"details": ["Invalid command"]},
        ),
        (
            ["       ^", "%Error 20202: Invalid input detected at '^' marker. Invalid parameter"],
            20202,
            {"column": 7},
        ),
        (["%Error 20201: Something wrong. Invalid keyword"], 20201, {}),
        (["%Error 20203: Incomplete command."], 20203, {}),
        (["%Error 20206: Unrecognized command"], 20206, {}),
        (["%Error 140301: Ambiguous command"], 140301, {}),
        (
            ["something else", "     ^", "%Error 140303: Invalid input detected at '^' marker."],
            140303,
            {"line": "something else", "column": 5},
        ),
        (["%Error 222391: The entry is existed. This is a re-create operation."], 222391, {}),
        (["%Code 62397-GPONSRV : The entry is not existed"], 62397, {"module": "GPONSRV"}),
        (["%Code 63990-ONTMNG: ONT return error"], 63990, {"module": "ONTMNG"}),
        (["GPON ONU sn already exists"], None, {}),
        (["% Username or password error"], None, {}),
    ],
)
def test_a_refusal_is_a_value(lines: list[str], number: int | None, more: dict[str, Any]) -> None:
    refused = read("onu 4 type ZTE-F660 sn ZTEGC1192DD7", *lines)["refused"]
    assert refused["number"] == number
    assert {key: refused[key] for key in more} == more


def test_a_refused_line_may_be_repeated_above_the_caret() -> None:
    raw = (
        "ZXAN(config-gpon-onu-mng)#wan-ip 1 ping-response enable traceroute-response enable \r\n"
        "wan-ip 1 ping-response enable traceroute-response enable \r\n         ^\r\n"
        "%Error 140303: Invalid input detected at '^' marker.\r\nZXAN(config-gpon-onu-mng)#"
    )
    value = parse("wan-ip 1 ping-response enable traceroute-response enable", raw)
    assert (value["refused"]["number"], value["refused"]["column"]) == (140303, 9)


def test_information_is_neither_refusal_nor_output() -> None:
    value = read(
        "configure terminal", "%Info 20272: Enter configuration commands, one per line. End with CTRL/Z."
    )
    assert value["info"]["number"] == 20272


@pytest.mark.parametrize("mark", [".[Successful]", "[Successful]", ""])
def test_a_change_is_confirmed_by_a_mark_or_by_silence(mark: str) -> None:
    assert read("onu 4 type ZTE-F660 sn ZTEGC1192DD7", mark)["done"] is True


def test_a_change_that_says_something_else_is_unknown() -> None:
    with pytest.raises(UnknownReply):
        read("no onu 4", "The flux capacitor was realigned")


def test_a_reboot_asks_and_is_answered() -> None:
    value = read("reboot", "Confirm to reboot? [yes/no]:yes")
    assert value["questions"] == [{"question": "Confirm to reboot? [yes/no]", "answer": "yes"}]


@pytest.mark.parametrize(
    "said", ["Building configuration..... [OK]", ".[OK]", "Building configuration......[OK]"]
)
def test_saving_has_other_forms(said: str) -> None:
    assert read("write", said)["saved"] is True


@pytest.mark.parametrize(
    "said", ["", "Backuping old configuration into flash...", "Writing configuration into flash...."]
)
def test_saving_without_its_mark_is_unknown(said: str) -> None:
    with pytest.raises(UnknownReply):
        read("write", said)


def test_a_model_may_hold_blanks() -> None:
    [onu] = read(
        "show pon onu uncfg",
        "OltIndex            Model                SN                 PW",
        "-------------------------------------------------------------------------",
        "gpon-olt_1/1/3      XPON GGC665          HWTC36D05643       N/A",
    )["onus"]
    assert onu == {
        "index": "gpon-olt_1/1/3",
        **PLACE,
        "model": "XPON GGC665",
        "pw": None,
        "sn": "HWTC36D05643",
        "serial": "HWTC36D05643",
    }


def test_unregistered_onus_may_come_with_a_mac() -> None:
    [onu] = read(
        "show pon onu uncfg",
        "OltIndex            Model              MAC               SN",
        "-------------------------------------------------------------------------",
        "gpon_olt-1/4/3      F612V6.0           N/A               ZTEGC97E6BC5",
    )["onus"]
    assert (onu["model"], onu["mac"], onu["serial"]) == ("F612V6.0", None, "ZTEGC97E6BC5")


def test_unregistered_onus_may_come_without_a_password() -> None:
    onus = read(
        "show pon onu uncfg",
        "OltIndex            Model                    SN                     ",
        "-------------------------------------------------------------------------",
        "gpon-olt_1/1/3      F609V5.3                 ZTEGC86587D8",
        "gpon-olt_1/1/3      XPON GGC665              ZTEGC86587D9",
    )["onus"]
    assert [onu["model"] for onu in onus] == ["F609V5.3", "XPON GGC665"]


@pytest.mark.parametrize(
    ("title", "index"), [("SearchResult", "gpon-onu_1/4/1:2"), ("Search result", "gpon_onu-1/4/1:2")]
)
def test_a_serial_is_looked_up(title: str, index: str) -> None:
    [onu] = read("show gpon onu by sn ZTEGC1192DD7", title, "-----------------", index)["onus"]
    assert onu == {"index": index, "shelf": 1, "slot": 4, "port": 1, "onu": 2}


def test_states_of_all_ports_are_read() -> None:
    value = read(
        "show gpon onu state",
        "OnuIndex     Admin state  OMCC state  Phase state  Speed mode",
        "-----------------------------------------------------------------",
        "1/1/1:1      enable       enable      working      GPON",
        "1/17/16:128  enable       enable      syncMib      GPON",
        "ONU Number: 1/2",
    )
    assert [(onu["slot"], onu["onu"], onu["phase_state"]) for onu in value["onus"]] == [
        (1, 1, "working"),
        (17, 128, "syncMib"),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        STATE.replace("ONU Number: 1/2\n", ""),
        STATE.replace("1/1/1:4     enable       disable     OffLine      1(GPON)\n", ""),
        STATE.replace("1/2", "1/3"),
        STATE.replace("1/1/1:4", "1/1/1:1"),
        STATE.replace("OffLine      1(GPON)", "OffLine"),
        STATE + "1/1/1:9     enable       disable     OffLine      1(GPON)\n",
        STATE.replace("1/1/1:4 ", "what is this"),
        "OLT#show card\n" + STATE,
        STATE + "OLT#show card\n",
    ],
)
def test_states_that_are_not_whole_are_unknown(broken: str) -> None:
    assert parse("show gpon onu state gpon-olt_1/1/1", STATE)["onu_number"] == {"working": 1, "total": 2}
    with pytest.raises(UnknownReply):
        parse("show gpon onu state gpon-olt_1/1/1", broken)


PAGED = "1/1/1:1     enable       enable      working      1(GPON)\r\n"
NEXT = "1/1/1:4     enable       disable     OffLine      1(GPON)\r\n"


@pytest.mark.parametrize(
    "pager",
    [
        " --More--" + "\b" * 9 + " " * 9 + "\b" * 9,
        " --More--" + "\b \b" * 9,
        " --More--" + "\b" * 8 + " " * 8 + "\b" * 8,
        " --More--\r         \r",
        " --More--\r\0         \r\0",
        " --More--         ",
        " --More--        ",
        " --More--",
        " --More--\r\n",
        "\x1b[9D         \x1b[9D",
        "--More--\b\b\b\b\b\b\b\b        \b\b\b\b\b\b\b\b",
    ],
)
def test_the_pager_leaves_no_trace_and_takes_no_row(pager: str) -> None:
    raw = STATE.replace("\n", "\r\n").replace(PAGED + NEXT, PAGED + pager + NEXT)
    assert pager in raw
    assert parse("show gpon onu state gpon-olt_1/1/1", raw) == parse(
        "show gpon onu state gpon-olt_1/1/1", STATE
    )


def test_a_pager_that_was_not_answered_is_a_cut() -> None:
    detail = "ONU interface:         gpon-onu_1/2/1:1\n  Phase state:         working\n  Serial number:       ZTEGD5D42874\n"
    assert parse("show gpon onu detail-info gpon-onu_1/2/1:1", detail)
    for rest in (" --More--", " --More-- \r\n"):
        with pytest.raises(UnknownReply):
            parse("show gpon onu detail-info gpon-onu_1/2/1:1", detail + rest)


@pytest.mark.parametrize(
    ("command", "raw"),
    [
        ("show gpon onu uncfg", "%Code 62310-GPONSRV : No related information to sh"),
        ("show gpon onu uncfg", "%Code 62310-GPON"),
        ("tcont 1 profile X", "%Error 20200: Invalid input det"),
        ("onu 4 type ZTE-F660 sn ZTEGC1192DD7", "ZXAN(config-if)#onu 4 type ZTE"),
        (
            "show card",
            "Shelf Slot CfgType CardName Port HardVer Status\n------------\n1 3 GFGL GFGL 16 V1.8.0 INSERV",
        ),
    ],
)
def test_a_word_that_is_known_and_cut_is_a_cut(command: str, raw: str) -> None:
    with pytest.raises(UnknownReply):
        parse(command, raw)


def test_the_pager_keeps_the_indentation_of_a_configuration() -> None:
    lines = [
        "Building configuration...",
        "!",
        "interface gpon-onu_1/2/5:4",
        "  name A",
        "  tcont 1 profile P",
        "!",
        "end",
        "",
    ]
    whole = parse("show running-config interface gpon-onu_1/2/5:4", "\r\n".join(lines))
    for pager in (" --More--" + "\b \b" * 8, " --More--" + "\b \b" * 9, " --More--         "):
        raw = "\r\n".join(lines).replace("  tcont", pager + "  tcont")
        assert parse("show running-config interface gpon-onu_1/2/5:4", raw) == whole


def test_an_alarm_in_the_middle_is_passed_over() -> None:
    alarm = (
        "18:57:30 08/26/2008 UTC alarm 33281 occurred %EPON% Epon alarm\r\nframe-error-rate sent by NPC3\r\n"
    )
    raw = STATE.replace("\n", "\r\n").replace(NEXT, alarm + NEXT)
    assert parse("show gpon onu state", raw) == parse("show gpon onu state", STATE)


def test_an_echo_may_be_short_broken_twice_or_without_a_prompt() -> None:
    command = "show gpon onu state gpon-olt_1/1/1"
    host = "OLT-OF-A-VILLAGE-WITH-A-RATHER-LONG-NAME-ON-IT(config-if)#"
    line = host + command
    for echo in (
        "sho gpon onu sta gpon-olt_1/1/1 ",
        command,
        f"ZXAN#{command}\n{command}",
        f"{line[:80]}\n{line[80:]}",
        "\nZXAN(gpon-onu-mng)#" + command,
        "ZXAN#",
    ):
        assert parse(command, f"{echo}\n{STATE}ZXAN# ")["onu_number"]["total"] == 2, echo


def test_the_echo_of_another_command_is_unknown() -> None:
    with pytest.raises(UnknownReply):
        parse("show gpon onu state gpon-olt_1/1/1", "ZXAN#show gpon onu state gpon-olt_1/1/2\n" + STATE)


def test_a_type_that_is_too_long_goes_on_below_itself() -> None:
    onus = read(
        "show gpon onu baseinfo gpon-olt_1/1/15",
        "OnuIndex            Type        Mode    AuthInfo                State",
        "-------------------------------------------------------------------------------",
        "gpon-onu_1/1/15:1   SM16101-GHZ sn      SN:SU10B2019C15         ready",
        "                    -T10                                        ",
        "gpon-onu_1/1/15:2   F601        pw      PW:1234567890           ready",
    )["onus"]
    assert [(onu["type"], onu["serial"]) for onu in onus] == [
        ("SM16101-GHZ-T10", "SU10B2019C15"),
        ("F601", None),
    ]


def test_details_of_newer_firmware_are_read_by_their_labels() -> None:
    onu = read(
        "show gpon onu detail-info gpon_onu-1/4/1:2",
        "ONU interface:          gpon_onu-1/4/1:2",
        "  Name:                 ********",
        "  Configured speed mode:auto",
        "  Current channel:     1(GPON)",
        "  Phase state:          working",
        "  Serial number:        ZTEGCCEC5655",
        "  Description:          " + "A" * 56,
        "AAAA",
        "  ONU Distance:         1033m",
        "  Online Duration:      1029h 55m 38s",
        "  1PPS+ToD:             disable",
        "  Multicast encryption current state:N/A",
    )["onu"]
    assert onu["description"] == "A" * 60
    assert onu["onu_distance_m"] == 1033
    assert onu["online_duration_s"] == 1029 * 3600 + 55 * 60 + 38
    assert (onu["current_channel_number"], onu["current_channel_name"]) == (1, "GPON")
    assert onu["configured_speed_mode"] == "auto"
    assert onu["multicast_encryption_current_state"] is None


def test_levels_of_a_port_are_numbers() -> None:
    levels = read(
        "show pon power onu-rx gpon_olt-1/2/1",
        "Onu                  Rx power   ",
        "------------------------------------",
        "gpon_onu-1/2/1:1       -21.337(dbm)",
        "gpon_onu-1/2/1:2       N/A",
        "gpon_onu-1/2/1:3       no signal",
    )["levels"]
    assert [(row["onu"], row["power_dbm"], row["signal"]) for row in levels] == [
        (1, -21.337, True),
        (2, None, None),
        (3, None, False),
    ]


def test_no_mac_address_is_an_empty_list() -> None:
    assert read("show mac gpon onu gpon-onu_1/2/5:5", "Total mac address : 0")["macs"] == []


def test_mac_addresses_have_other_columns() -> None:
    [row] = read(
        "show mac-real-time gpon onu gpon-onu_1/5/12:3",
        "Total mac address : 1",
        "",
        "Mac address      Vlan  Type      Port                     Vc        Time",
        "",
        "-------------------------------------------------------------------------------",
        "4c09.b4ff.9e78   500   Dynamic   gpon-onu_1/5/12:3        vport 1   N/A",
    )["macs"]
    assert (row["vlan"], row["vport"], row["time"]) == (500, 1, None)
    [row] = read(
        "show mac interface vport-1/1/1.4:1",
        "Total mac address : 1",
        "Mac address      Vlan  Type      Port                  Vc                      ",
        "            ",
        "-------------------------------------------------------------------------------",
        "4c09.b4ff.9e78   2516   Dynamic   vport-1/1/1.4:1:1                 ",
    )["macs"]
    assert (row["onu"], row["vport"], row["vlan"]) == (4, 1, 2516)


def test_cards_of_the_other_family_have_no_rack() -> None:
    cards = read(
        "show card",
        "Shelf Slot CfgType CardName        Port HardVer Status",
        "-------------------------------------------------------",
        "1     3    GFGL    GFGL            16   V1.8.0  INSERVICE",
        "1    11    SFUB   SFUB            4              OFFLINE",
        "1     17   GFGN                    16            OFFLINE",
        "1     21   FCVDE-I FCVDE-I         0    N/A     INSERVICE",
    )["cards"]
    assert [(card["slot"], card["card_name"], card["ports"], card["hard_ver"]) for card in cards] == [
        (3, "GFGL", 16, "V1.8.0"),
        (11, "SFUB", 4, None),
        (17, None, 16, None),
        (21, "FCVDE-I", 0, None),
    ]


def test_a_card_may_lack_its_software_version_only() -> None:
    [card] = read(
        "show card",
        "Rack Shelf Slot CfgType RealType Port  HardVer SoftVer         Status",
        "-------------------------------------------------------------------------------",
        "1    1     0    PRWH    PRWH     0     V1.0.0                  INSERVICE",
    )["cards"]
    assert (card["rack"], card["hard_ver"], card["soft_ver"]) == (1, "V1.0.0", None)


def test_profiles_are_read_with_their_rates() -> None:
    tconts = read(
        "show gpon profile tcont",
        "Profile name :default  ",
        " Type           FBW(kbps)   ABW(kbps)",
        " 1              10000       0",
        " ",
        "Profile name :1G  ",
        " Type           FBW(kbps)   ABW(kbps)   MBW(kbps)   PRIORITY   WEIGHT    ",
        " 3              0           512         1024000     N/A         N/A         ",
    )["profiles"]
    assert tconts[0] == {"name": "default", "type": 1, "fbw_kbps": 10000, "abw_kbps": 0}
    assert tconts[1]["mbw_kbps"] == 1024000
    assert tconts[1]["weight"] is None
    [traffic] = read(
        "show gpon profile traffic",
        "Profile name  :100M          ",
        "  SIR(kbps)           PIR(kbps)           CBS(kbytes)         PBS(kbytes)          ",
        " 100000              100000              default             default        ",
    )["profiles"]
    assert traffic == {
        "name": "100M",
        "sir_kbps": 100000,
        "pir_kbps": 100000,
        "cbs_kbytes": "default",
        "pbs_kbytes": "default",
    }


def test_vlans_are_counted() -> None:
    head = ["All created vlan num: 4", "Details are following:"]
    assert read("show vlan summary", *head, "    1,15,100,438")["vlans"] == [1, 15, 100, 438]
    long = read(
        "sho vlan sum",
        "All created vlan num: 8  ",
        "Details are following:",
        "  1,11,40-41",
        "1300, 2239-2240",
        "2501",
        "Hardware operate fail following:",
        "  ",
    )
    assert long["vlans"] == [1, 11, 40, 41, 1300, 2239, 2240, 2501]
    with pytest.raises(UnknownReply):
        read("show vlan summary", *head, "    1,15,100")


TITAN = [
    "!<xpon>",
    "interface gpon_onu-1/2/2:1",
    "  name ********",
    "  tcont 1 profile SMARTOLT-1G-UP",
    "  gemport 1 tcont 1",
    "$",
    "pon-onu-mng gpon_onu-1/2/2:1",
    "  service vlan200 gemport 1 vlan 200",
    "  veip 1",
    "  tr069-mgmt 1 state unlock acs http://192.0.2.1/ validate basic username acs".ljust(80, "x"),
    "yz password acs tag pri 0 vlan 600",
    "$",
    "!</xpon>",
]


def test_a_configuration_of_the_other_family_is_read_and_unwrapped() -> None:
    value = read("show running-config-interface gpon_onu-1/2/2:1", *TITAN)
    onu, management = value["sections"]
    assert (onu["mode"], onu["onu"], management["mode"]) == ("interface", 1, "pon-onu-mng")
    assert onu["lines"][1] == {
        "line": "tcont 1 profile SMARTOLT-1G-UP",
        "statement": "tcont",
        "tcont": 1,
        "profile": "SMARTOLT-1G-UP",
    }
    assert management["lines"][2]["vlan"] == 600
    assert management["lines"][2]["username"].endswith("yz")


@pytest.mark.parametrize("length", range(1, len(TITAN)))
def test_a_configuration_that_is_cut_is_unknown(length: int) -> None:
    with pytest.raises(UnknownReply):
        read("show running-config-interface gpon_onu-1/2/2:1", *TITAN[:length])


WHOLE = """                ! show version-running
!<mim>
!configuration saved at 13:59:37 Thu Oct 16 2025 by write zdb
!</mim>
!<system-config>
hostname ZTE
banner incoming #
A-NETWORK
 Commands:
   show:
   - show pon onu uncfg
#
!</system-config>
!<if-intf>
interface gpon_onu-1/1/1:1
$
interface mgmt_eth
  ip address 192.0.2.100 255.255.0.0
$
!</if-intf>
!<xpon>
pon
  onu-profile gpon service vlan360
    type PROFILE-DEFAULT
  $
$
interface gpon_olt-1/1/1
  onu 1 type F601 sn FHTT6A9B7700
$
interface gpon_onu-1/1/1:1
  name ********
  tcont 1 profile T1G
$
!</xpon>
!<MSAN>
traffic-profile DW10G cir 10240000 cbs 131072 pir 10240000 pbs 131072 color-mode
 blind policer-type enhanced_mef coupling-flag enable
qos queue-number 8
!</MSAN>
"""


def test_a_whole_configuration_is_a_tree_with_the_sections_taken_out() -> None:
    value = parse("show running-config", WHOLE)
    names = [section["name"] for section in value["sections"]]
    assert names == ["gpon_onu-1/1/1:1", "mgmt_eth", "gpon_olt-1/1/1", "gpon_onu-1/1/1:1"]
    assert value["sections"][2]["lines"][0]["sn"] == "FHTT6A9B7700"
    pon = next(row for row in value["other"] if row["line"] == "pon")
    assert pon["below"][0]["below"] == [{"line": "type PROFILE-DEFAULT"}]
    assert any(
        row["line"].endswith("color-mode blind policer-type enhanced_mef coupling-flag enable")
        for row in value["other"]
    )


def test_a_virtual_port_is_read() -> None:
    [section] = read(
        "show this",
        "interface vport-1/2/2.1:1",
        "  service-port 1 user-vlan 200 vlan 28",
        "  qos traffic-policy SMARTOLT-1G-DOWN direction egress",
        "$",
    )["sections"]
    assert (section["onu"], section["vport"]) == (1, 1)
    assert section["lines"][0]["vlan"] == 28


def test_help_is_read() -> None:
    assert read("show gpon onu ?", "  baseinfo  Base information", "  by        By")["help"][0] == {
        "word": "baseinfo",
        "meaning": "Base information",
    }


@pytest.mark.parametrize("command", ["show flux", "show", "", "   "])
def test_a_reply_to_an_unknown_command_is_unknown(command: str) -> None:
    with pytest.raises(UnknownReply):
        parse(command, "anything\n")


@pytest.mark.parametrize("raw", ["\x01\x02", "\x1b]0;title", STATE.replace("enable", "ena\x07\x06ble")])
def test_binary_is_unknown(raw: str) -> None:
    with pytest.raises(UnknownReply):
        parse("show gpon onu state", raw)
