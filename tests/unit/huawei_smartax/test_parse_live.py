"""What ONTs measure, learn and carry, as other firmware prints it, and what terminals leave in it."""

from typing import Any

import pytest

from tests.unit.huawei_smartax.replies import OPTICS, R69, R77, said
from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse import parse


def test_optics_of_one_ont_are_numbers() -> None:
    optics = said("display ont optical-info 2 0", OPTICS)["optics"]
    assert optics["rx_optical_power_dbm"] == -18.18
    assert optics["olt_rx_ont_optical_power_dbm"] == -22.22
    assert optics["rx_power_current_alarm_threshold_dbm"] == [-29.0, -7.0]
    assert optics["tx_power_current_warning_threshold_dbm"] == [None, None]
    assert optics["temperature_c"] == 58
    assert optics["catv_rx_optical_power_dbm"] is None
    assert optics["vendor_sn"] == "19433830108"


def test_the_olts_receive_level_may_be_empty_or_hold_a_second_value() -> None:
    empty = said("display ont optical-info 2 0", OPTICS.replace(": -22.22", ":"))["optics"]
    assert empty["olt_rx_ont_optical_power_dbm"] is None
    two = said("display ont optical-info 2 0", OPTICS.replace("-22.22", "-22.22, -23.01"))["optics"]
    assert two["olt_rx_ont_optical_power_dbm"] == -22.22
    assert two["olt_rx_ont_optical_power_dbm_more"] == [-23.01]


def test_pager_residue_without_its_escapes_shifts_a_line_and_loses_nothing() -> None:
    shifted = OPTICS.replace("---- More ( Press 'Q' to break ) ----\x1b[37D", "").replace("\x1b[37D", "")
    assert said("display ont optical-info 2 0", shifted) == said("display ont optical-info 2 0", OPTICS)


@pytest.mark.parametrize(
    "dressed",
    [
        lambda raw: raw.replace("\n", "\r\n"),
        lambda raw: (
            "MA5800-X7(config-if-gpon-0/1)#display ont optical-info 2 0 \n"
            + raw
            + "\nMA5800-X7(config-if-gpon-0/1)#"
        ),
        lambda raw: (
            "display ont  optical-info 2 0 | no-more\n{ <cr>||<K> }: \n\n  Command:\n          display ont"
            " optical-info 2 0 \n" + raw + "\nOLT_1.sp@x(config-if-gpon-0/1)# "
        ),
        lambda raw: "\nOLT#\n\nOLT#display ont optical-\x1b[1Dinfo 2 0\n" + raw,
        lambda raw: raw.replace(
            "  Voltage(V)",
            "\n  ! 1[2023-01-01 10:00:00]:\n  ALARM NAME : The feed fiber is broken\n  PARAMETERS : FrameID: 0, SlotID: 1\n"
            "  --- END\n\n  Voltage(V)",
        ),
        lambda raw: "  Command is being executed. Please wait\n" + raw,
    ],
    ids=["crlf", "prompts", "hint", "wrapped echo", "alarm", "notice"],
)
def test_what_stands_around_a_reply_changes_nothing(dressed: Any) -> None:
    assert said("display ont optical-info 2 0", dressed(OPTICS)) == said(
        "display ont optical-info 2 0", OPTICS
    )


def test_optics_of_a_port_without_the_distance() -> None:
    raw = (
        R77
        + "  ONT  Rx power    Tx power    OLT Rx ONT  Temperature  Voltage     Current\n"
        + "  ID   (dBm)       (dBm)       power(dBm)  (C)          (V)         (mA)\n"
        + R77
        + "    4  -23.10      2.30        -24.21      56           3.260       13\n"
        + "    6  -           -           -           -            -           -\n"
        + R77
    )
    answer = said("display ont optical-info 0 all", raw)
    assert answer["onts"][0] == {
        "ont_id": 4,
        "rx_power_dbm": -23.1,
        "tx_power_dbm": 2.3,
        "olt_rx_ont_power_dbm": -24.21,
        "temperature_c": 56,
        "voltage_v": 3.26,
        "current_ma": 13,
    }
    assert answer["onts"][1]["rx_power_dbm"] is None


FLOWS = """\
  Switch-Oriented Flow List
  -----------------------------------------------------------------------------
   INDEX VLAN VLAN     PORT F/ S/ P VPI  VCI   FLOW  FLOW       RX   TX   STATE
         ID   ATTR     TYPE                    TYPE  PARA
  -----------------------------------------------------------------------------
       4 2250 common   gpon 0/2 /0  3    3     vlan  200        240  158  up   \n\
      16 2250 stacking gpon 0/2 /12 114  3     vlan  untag      -    -    down \n\
   16661   10 common   vdl  0/1 /17 -    -     vlan  untag      6    6    down
  -----------------------------------------------------------------------------
   Total : 3  (Up/Down :    1/2)
"""


def test_service_ports_of_gpon_name_ont_and_gem_others_keep_vpi_and_vci() -> None:
    answer = said("display service-port vlan 2250", FLOWS)
    first, second, third = answer["service_ports"]
    assert (first["ont_id"], first["gem_port"], first["flow_para"], first["rx"], first["tx"]) == (
        3,
        3,
        200,
        240,
        158,
    )
    assert (second["slot"], second["port"], second["ont_id"], second["flow_para"]) == (2, 12, 114, "untag")
    assert (third["index"], third["vpi"], third["port_type"]) == (16661, None, "vdl")
    assert (answer["total"], answer["up"], answer["down"]) == (3, 1, 2)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Total : 3", "Total : 4"),
        ("1/2)", "2/1)"),
        ("   16661", "       4"),
        ("vdl  0/1 /17", "vdl  0/1"),
        ("Total", "Sum"),
    ],
)
def test_service_ports_that_do_not_add_up_are_refused(old: str, new: str) -> None:
    with pytest.raises(UnknownReply):
        parse("display service-port all", FLOWS.replace(old, new))


def test_one_service_port_by_its_number() -> None:
    raw = (
        R69
        + "  Index               : 22\n  VLAN ID             : 100\n  Port type           : gpon\n  F/S/P               : 0/0/12\n"
        + "  ONT ID              : 12\n  GEM port index      : 1\n  Tag transform       : translate\n  State               : up\n"
        + "  Label               :\n"
        + R69
    )
    flow = said("display service-port 22", raw)["service_port"]
    assert (flow["index"], flow["vlan_id"], flow["port"], flow["ont_id"], flow["gem_port_index"]) == (
        22,
        100,
        12,
        12,
        1,
    )
    assert flow["label"] is None


def test_the_next_free_number() -> None:
    assert said(
        "display service-port next-free-index", "  Next valid free service virtual port ID: 2435\n"
    ) == {"next_free_index": 2435}


def test_macs_behind_one_ont() -> None:
    raw = """\
 ---------------------------------------------------------------
 F/S/P   ONTID    ONT        ONT       MAC-ADDRESS        VLAN
                   port-type  port-ID
 ---------------------------------------------------------------
 0/ 2/6      2    ETH              1   805e-0c5c-4277       80
 0/ 2/6      2    WLAN             4   84a9-3845-d603        -
 ---------------------------------------------------------------
 Total: 2
 Note: When the ONT port-type is WLAN, the ONT port-ID indicates WLAN SSID index
"""
    answer = said("display mac-address ont 0/2/6 2", raw)
    assert answer["macs"][0]["mac"] == "805e-0c5c-4277"
    assert (answer["macs"][1]["ont_port_type"], answer["macs"][1]["vlan"]) == ("WLAN", None)


def test_macs_of_a_port_and_none() -> None:
    raw = """\
  -----------------------------------------------------------------------
   SRV-P BUNDLE TYPE MAC            MAC TYPE F /S /P   VPI  VCI   VLAN ID
   INDEX INDEX
  -----------------------------------------------------------------------
    4252     -  gpon dc54-ad8c-04bc dynamic  0 /9 /0   56   1         206
  -----------------------------------------------------------------------
  Total: 1
"""
    [row] = said("display mac-address port 0/9/0 ont 56", raw)["macs"]
    assert (row["service_port"], row["slot"], row["ont_id"], row["gem_port"], row["vlan_id"]) == (
        4252,
        9,
        56,
        1,
        206,
    )
    none = said("display mac-address port 0/9/0", "  Failure: There is not any MAC address record\n")
    assert none["found"] is False


def test_location_of_an_address_in_both_forms() -> None:
    asked = """\
{ <cr>||<K> }:

  Command:
          display location aaaa-aaaa-aaaa ont
  It will take several minutes, and console may be timeout, please use command idle-timeout to set time limit
  Are you sure to query MAC address location ? (y/n)[n]:y
  It will take several minutes, please wait or press CTRL_C to break
  ----------------------------------------------------------------------
  MAC             MAC TYPE  F/S/P    ONT ID  Port ID  Port Type  VLAN
  ----------------------------------------------------------------------
  aaaa-aaaa-aaaa  DYNAMIC   0/ 1/0        0        1  ETH           1
  ----------------------------------------------------------------------
"""
    [row] = said("display location aaaa-aaaa-aaaa ont", asked)["macs"]
    assert (row["slot"], row["ont_id"], row["port_id"], row["port_type"], row["vlan"]) == (1, 0, 1, "ETH", 1)


def test_wan_of_newer_firmware_has_several_blocks() -> None:
    raw = (
        R69
        + "  F/S/P                      : 0/1/0\n  ONT ID                     : 0     \n"
        + R69
        + "  Index                      : 1\n  Name                       : OLT_1\n"
        + "  IPv4 Connection status     : Connected\n  IPv4 access type           : PPPoE\n  IPv4 address               : 10.0.0.2\n"
        + "  Manage VLAN                : 1000\n  MAC address                : --------------\n"
        + R69
        + "  Index                      : 2\n  Name                       : 2_Other_R_VID_1000\n  Manage VLAN                : 3000\n"
        + R69
    )
    answer = said("display ont wan-info 0/1 0 0", raw)
    assert (answer["slot"], answer["ont_id"]) == (1, 0)
    assert [wan["index"] for wan in answer["wans"]] == [1, 2]
    assert (answer["wans"][0]["ipv4_access_type"], answer["wans"][0]["mac_address"]) == ("PPPoE", None)


def test_wlan_counts_its_ssids() -> None:
    raw = (
        R77
        + "  F/S/P                    : 0/1/2\n  ONT ID                   : 0\n  The total number of SSID : 1\n"
        + R77
        + "  SSID Index               : 1\n  SSID                     : 12345\n  Maximum associate number : 64\n"
        + R77
    )
    [ssid] = said("display ont wlan-info 0/1/2 0", raw)["ssids"]
    assert (ssid["ssid_index"], ssid["ssid"], ssid["maximum_associate_number"]) == (1, "12345", 64)
    with pytest.raises(UnknownReply):
        parse("display ont wlan-info 0/1/2 0", raw.replace("SSID : 1", "SSID : 2"))


def test_wlan_status_has_titled_parts() -> None:
    rule = R77.replace("\n", " \n")
    raw = (
        "  Command is being executed. Please wait\n" + rule + "  Channel Information:\n" + rule
        + "  Channel Num                     : 1\n  AP ID                           : ONU\n" + R77
        + "  Channel Num                     : 2\n  AP ID                           : ONU\n" + rule
        + "  STA Information:\n" + rule
        + "  STA Mac Address                 : 0000-1111-2222\n  TxRate(Mbps)                    : 0\n"
        + " " + "-" * 78 + " \n"
    )  # fmt: skip
    answer = said("display ont wlan-status 0 1", raw)
    assert [row["channel_num"] for row in answer["channel_information"]] == [1, 2]
    assert answer["sta_information"][0]["sta_mac_address"] == "0000-1111-2222"


def test_ip_hosts() -> None:
    rule = "    " + "-" * 68 + "\n"
    raw = (
        "  ONT 108 IP query result\n" + rule
        + "    ONT IP host index        : 0\n    ONT config type          : PPPoE\n    ONT manage VLAN          : 10\n" + rule
        + "    ONT IP host index        : 1\n    ONT config type          : DHCP\n    ONT IP                   : 10.0.0.2\n" + rule
    )  # fmt: skip
    answer = said("display ont ipconfig 0 108", raw)
    assert answer["ont_id"] == 108
    assert [host["ont_config_type"] for host in answer["ip_hosts"]] == ["PPPoE", "DHCP"]
    assert answer["ip_hosts"][0]["ont_manage_vlan"] == 10


def test_version_of_an_ont_with_a_wrapped_product() -> None:
    rule = "  " + "-" * 74 + "\n"
    raw = (
        rule
        + "  F/S/P                    : 0/1/3\n  ONT-ID                   : 7\n  Product-ID               : 22a\n"
        + "  OntProductDescription    : OptiXstar EG8145X6 GPON Terminal (CLASS B+/PROD\n"
        + "                             UCT ID:2150084405HYM7076782/CHIP:00000020210603\n"
        + "                             )\n  Support XML Version      : 1.3.0.0\n"
        + rule
    )
    [ont] = said("display ont version 0 1 3 7", raw)["onts"]
    assert ont["ont_product_description"].endswith(
        "(CLASS B+/PRODUCT ID:2150084405HYM7076782/CHIP:00000020210603)"
    )
    assert (ont["port"], ont["support_xml_version"]) == (3, "1.3.0.0")


def test_gem_ports_of_an_ont() -> None:
    raw = (
        "  F/S/P: 0/0/0     ONT ID: 5                                                    \n" + R77.replace("\n", " \n")
        + "  GEM port  T-CONT  Service  Encrypt  Up  Down  Traffic                         \n"
        + "   ID       ID      type              PQ  PQ    table index                     \n" + R77
        + "  126       4       ETHERNET off      -   adapt -\n" + R77
        + "  Notes: Run the display traffic table ip command to query\n         traffic table configuration\n" + R77
        + "  The number of GEM ports is: 1\n"
    )  # fmt: skip
    answer = said("display ont gemport 0 ontid 5", raw)
    assert (answer["port"], answer["ont_id"]) == (0, 5)
    [gem] = answer["gem_ports"]
    assert (gem["gem_port"], gem["tcont_id"], gem["down_pq"], gem["traffic_table_index"]) == (
        126,
        4,
        "adapt",
        None,
    )


def test_history_of_an_ont() -> None:
    block = "  Index               : {}\n  Auth-type           : SN-auth\n  SN                  : 485754431A2B3C4D (HWTC-1A2B3C4D)\n"
    raw = R77 + block.format(10) + R77 + block.format(9) + R77
    answer = said("display ont register-info 0 1", raw)
    assert [one["index"] for one in answer["registrations"]] == [10, 9]
    assert answer["registrations"][0]["serial"] == "HWTC1A2B3C4D"
