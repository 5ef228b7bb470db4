"""Configurations of both families."""

import pytest

from tests.unit.zte.builders import read
from vendors.errors import UnknownReply
from vendors.zte_common.parse.registry import parse

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


BEGUN = """interface gpon_onu-1/3/13:8
  tcont 1 profile UP
$
!</xpon>
!<MSAN>
interface vport-1/3/13.8:1
  service-port 1 user-vlan 200 vlan 28
$
!</MSAN>
"""


def test_a_configuration_may_begin_where_one_wished() -> None:
    command = "show running-config xpon | begin interface gpon_onu-1/3/13:8"
    value = parse(command, f"ZXAN#{command}\n{BEGUN}ZXAN#")
    assert [(section["mode"], section.get("onu"), section.get("vport")) for section in value["sections"]] == [
        ("interface", 8, None),
        ("interface", 8, 1),
    ]
    lines = BEGUN.split("\n")
    for length in range(1, len(lines) - 1):
        if not lines[length - 1].startswith("!</"):
            with pytest.raises(UnknownReply):
                parse(command, "\n".join(lines[:length]))


def test_of_a_configuration_the_lines_with_a_word_may_be_all() -> None:
    value = read("show running-config | include 600", "  service 1 gemport 1 vlan 600", "vlan 600")
    assert [row["line"] for row in value["other"]] == ["service 1 gemport 1 vlan 600", "vlan 600"]
