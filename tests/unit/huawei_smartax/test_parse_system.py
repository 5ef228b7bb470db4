"""Profiles, boards, versions and configuration."""

from typing import Any

import pytest

from tests.unit.huawei_smartax.replies import BLOCK, R77, said
from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse import parse

PROFILES = """\
  ------------------------------------------------------------------------------
  Profile-ID  Profile-name                                Binding times
  ------------------------------------------------------------------------------
  0           line-profile_default_0                      0           \n\
  429         two words                                   12            \n\
  ------------------------------------------------------------------------------
  Total: 2"""


@pytest.mark.parametrize("command", ["display ont-lineprofile gpon all", "display ont-srvprofile gpon all"])
def test_profile_lists(command: str) -> None:
    answer = said(command, PROFILES)
    assert answer["profiles"][1] == {"profile_id": 429, "profile_name": "two words", "binding_times": 12}
    with pytest.raises(UnknownReply):
        parse(command, PROFILES.replace("Total: 2", "Total: 3"))


def test_one_line_profile() -> None:
    start = BLOCK.index("  FEC upstream switch")
    raw = (
        R77 + "  Profile-ID          :500\n  Profile-name        :new_link\n  Access-type         :GPON\n" + R77
        + BLOCK[start : BLOCK.index("  Service profile ID")] + "  Binding times       :82\n" + R77
    )  # fmt: skip
    profile = said("display ont-lineprofile gpon profile-id 500", raw)["profile"]
    assert (profile["profile_id"], profile["profile_name"], profile["binding_times"]) == (500, "new_link", 82)
    assert profile["tconts"][1]["gem_ports"][0]["mappings"][0]["vlan"] == 500


def test_dba_profiles() -> None:
    raw = (
        R77 + "  Profile-ID  type  Bandwidth     Fix       Assure    Max       Bind\n"
        + "                    compensation  (kbps)    (kbps)    (kbps)    times\n" + R77
        + "           0     3            No         0      8192     20480          3\n"
        + "          10     4            No         0         0   1024000          1\n" + R77
    )  # fmt: skip
    rows = said("display dba-profile all", raw)["profiles"]
    assert rows[0] == {
        "profile_id": 0,
        "type": 3,
        "bandwidth_compensation": "No",
        "fix_kbps": 0,
        "assure_kbps": 8192,
        "max_kbps": 20480,
        "bind_times": 3,
    }


def test_traffic_tables_off_is_no_number() -> None:
    rule = "  " + "-" * 75 + "\n"
    raw = (
        rule + "  TID CIR      CBS        PIR      PBS        Pri Copy-policy     Pri-Policy\n"
        + "      (kbps)   (bytes)    (kbps)   (bytes)\n" + rule
        + "   4  64       4048       128      8096         4 -                  tag-pri\n"
        + "   6  off      off        off      off          0 -                  tag-pri\n" + rule + "  Total Num : 2"
    )  # fmt: skip
    answer = said("display traffic table ip from-index 0", raw)
    assert answer["traffic_tables"][0]["cir_kbps"] == 64
    assert answer["traffic_tables"][1]["pir_kbps"] == "off"
    assert answer["traffic_tables"][1]["copy_policy"] is None


def test_one_traffic_table() -> None:
    raw = (
        R77
        + "  TD Index              : 8\n  TD Name               : 50M\n  Priority              : 0\n  CIR                   : 51200 kbps\n"
        + R77
    )
    table = said("display traffic table ip index 8", raw)["traffic_table"]
    assert (table["td_index"], table["td_name"], table["cir"]) == (8, "50M", 51200)


VERSION = """\

  VERSION : MA5600V800R015C00
  PATCH   : SPH206 HP0229
  PRODUCT : MA5608T

  Active Mainboard Running Area Information:
  --------------------------------------------------
  Current Program Area : Area A
  Program Area A Version : MA5600V800R015C00
  --------------------------------------------------

  Standby Mainboard Running Area Information:
  --------------------------------------------------
  Current Program Area : Area B
  --------------------------------------------------

  Uptime is 20 day(s), 23 hour(s), 19 minute(s), 16 second(s)"""


def test_version_of_the_olt() -> None:
    answer = said("display version", VERSION)
    assert (answer["version"], answer["patch"], answer["product"]) == (
        "MA5600V800R015C00",
        "SPH206 HP0229",
        "MA5608T",
    )
    assert [board["mainboard"] for board in answer["mainboards"]] == ["active", "standby"]
    assert answer["uptime_s"] == 1811956
    with pytest.raises(UnknownReply):
        parse("display version", VERSION[:-3])


def test_boards_with_empty_slots_and_cells() -> None:
    raw = """\
  -------------------------------------------------------------------------
  SlotID  BoardName  Status          SubType0 SubType1    Online/Offline
  -------------------------------------------------------------------------
  0       A123ABCD   Normal                           \n\
  1     \n\
  4       A123ABCDE  Standby_failed  CPCF                 Offline  \n\
  -------------------------------------------------------------------------
"""
    rows = said("display board 0", raw)["boards"]
    assert [row["slot_id"] for row in rows] == [0, 1, 4]
    assert rows[1]["board_name"] is None
    assert (rows[2]["status"], rows[2]["sub_type0"], rows[2]["sub_type1"]) == ("Standby_failed", "CPCF", None)
    assert rows[2]["online_offline"] == "Offline"


def test_port_info_with_channels() -> None:
    rule = "  " + "-" * 59 + "\n"
    raw = (
        rule + "  F/S/P                                      0/0/0\n  Max distance(km)                           20\n"
        + "  Max guaranteed bandwidth(kbps)             -\n  Autofind                                   Enable\n" + rule
        + "  Channel 0 Information              \n" + rule + "  Channel Type                               GPON\n" + rule
    )  # fmt: skip
    answer = said("display port info 0", raw)
    assert (answer["slot"], answer["max_distance_km"], answer["autofind"]) == (0, 20, "Enable")
    assert answer["channels"] == [{"channel": 0, "channel_type": "GPON"}]


@pytest.mark.parametrize(
    ("command", "raw", "answer"),
    [
        ("display cpu 0/1", "  CPU occupancy: 17%", {"cpu_occupancy_percent": 17}),
        ("display mem 0/1", "  Memory occupancy: 79%", {"memory_occupancy_percent": 79}),
        ("display sysuptime", "  System up time: 11 day 22 hour 5 minute 17 second", {"uptime_s": 1029917}),
    ],
)
def test_small_displays(command: str, raw: str, answer: dict[str, Any]) -> None:
    assert said(command, raw) == answer


def test_temperatures() -> None:
    raw = "  SlotID:  4      BoardName: H805GPFD       Temperature:   57C( 134F)\n\n  SlotID: 11      BoardName: X       Temperature:   -3C(  27F)\n"
    assert [row["temperature_c"] for row in said("display temperature 0", raw)["boards"]] == [57, -3]


CONFIGURATION = """\
[MA5600V800R015: 5011]
#
[gpon]
  <gpon-0/1>
 interface gpon 0/1
 ont add 0 4 sn-auth "485754431A2B3C4D" omci ont-lineprofile-id 5
 ont-srvprofile-id 1 desc "A  B"
 ont ipconfig 0 4 ip-index 1 pppoe vlan 203 priority 5 user-account username "u" password "$*hidden*$"
 ont port native-vlan 0 4 eth 2 vlan 122 priority 0
#
[bbs-config]
  <bbs-config>
 service-port 2677 vlan 212 gpon 0/1/0 ont 4 gemport 1 multi-service user-vlan
 212 tag-transform translate
 service-port 2678 vlan 122 gpon 0/1/0 ont 4 gemport 2 multi-service user-vlan  122 tag-transform translate
#
return
"""


def test_configuration_is_put_together_and_its_passwords_masked() -> None:
    answer = said("display current-configuration ont 0/1/0 4", CONFIGURATION)
    commands = [one["command"] for one in answer["commands"]]
    assert commands[1].endswith('ont-srvprofile-id 1 desc "A  B"')
    assert commands[2].endswith('username "u" password ********')
    assert commands[4].endswith("user-vlan 212 tag-transform translate")
    assert commands[5].endswith("user-vlan 122 tag-transform translate")
    assert answer["commands"][0] == {"section": "gpon", "view": "gpon-0/1", "command": "interface gpon 0/1"}
    with pytest.raises(UnknownReply):
        parse("display current-configuration ont 0/1/0 4", CONFIGURATION.removesuffix("return\n"))
