"""Forms of the displays that no saved capture shows: as operators' notes and drivers show them."""

import pytest

from tests.unit.zte.builders import PLACE, STATE, read
from vendors.errors import UnknownReply
from vendors.zte_common.parse.registry import parse


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


def test_the_header_tells_the_columns_also_those_that_are_not_known() -> None:
    [onu] = read(
        "show pon onu uncfg",
        "OltIndex            LOID         Hw-Version  SN                 Model",
        "-------------------------------------------------------------------------",
        "gpon-olt_1/1/3      N/A          V1.0        HWTC36D05643       XPON GGC665",
    )["onus"]
    assert onu == {
        "index": "gpon-olt_1/1/3",
        **PLACE,
        "loid": None,
        "hw_version": "V1.0",
        "model": "XPON GGC665",
        "sn": "HWTC36D05643",
        "serial": "HWTC36D05643",
    }


@pytest.mark.parametrize(
    "row",
    [
        "gpon-olt_1/1/3      F670L         HWTC36D05643       N/A",
        "gpon-olt_1/1/3      F670L                HWTC36D05643       N/A          XPON        ZTEG36D05643",
        "gpon-olt_1/1/3      F670L                HWTC36D05643",
        "gpon-olt_1/1/3      F670L                N/A",
    ],
)
def test_a_row_that_has_lost_something_is_unknown(row: str) -> None:
    head = "OltIndex            Model                SN                 PW"
    whole = "gpon-olt_1/1/2      F670L                HWTC36D05642       N/A"
    with pytest.raises(UnknownReply):
        read("show pon onu uncfg", head, "-" * 73, whole, row)


def test_a_serial_at_the_end_of_a_line_is_whole_or_unknown() -> None:
    head = ("OltIndex            Model                    SN", "-" * 73)
    row = "gpon-olt_1/1/3      F609V5.3                 ZTEGC86587D8"
    assert read("show pon onu uncfg", *head, row)["onus"][0]["serial"] == "ZTEGC86587D8"
    for length in range(len(row) - 11, len(row)):
        with pytest.raises(UnknownReply):
            read("show pon onu uncfg", *head, row[:length])


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


def test_distances_come_with_other_columns() -> None:
    head = ("OnuIndex            EQD(ns)     Distance(m)", "-" * 43)
    rows = read(
        "show gpon onu distance gpon_olt-1/1/9",
        *head,
        "gpon_onu-1/1/9:1    12345       1033",
        "gpon_onu-1/1/9:2    N/A         N/A",
    )
    assert [(row["onu"], row["eqd_ns"], row["distance_m"]) for row in rows["onus"]] == [
        (1, 12345, 1033),
        (2, None, None),
    ]
    assert (
        read("show gpon onu distance gpon-onu_1/1/9:1", "gpon-onu_1/1/9:1  1033m")["onus"][0]["distance_m"]
        == 1033
    )


def test_tconts_are_read_by_their_labels() -> None:
    value = read(
        "show gpon onu tcont gpon-olt_1/2/3 4",
        "TCONT: 1",
        "Profile Name: UP-10M",
        "Name: HSI",
        "TCONT: 2",
        "Profile Name: MGMT",
    )
    assert [block["profile_name"] for block in value["blocks"]] == ["UP-10M", "MGMT"]


def test_any_other_answer_of_an_onu_is_read_by_its_labels() -> None:
    value = read(
        "show gpon remote-onu interface wifi gpon-onu_1/1/1:1",
        "Interface:     wifi_0/1",
        "Admin status:  unlock",
        "Interface:     wifi_0/2",
        "Admin status:  lock",
    )
    assert value["blocks"] == [
        {"interface": "wifi_0/1", "admin_status": "unlock"},
        {"interface": "wifi_0/2", "admin_status": "lock"},
    ]


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        ("show gpon remote-onu interface eth gpon-onu_1/1/1:1", ("Interface:     eth_0/1", "Speed status:  auto", "Admin status:  unlock", "Interface:     eth_0/2", "Speed status:  auto")),
        ("show gpon remote-onu interface eth gpon-onu_1/1/1:1", ("Interface:     eth_0/1", "Speed status:  auto", "Interface:     eth_0/1", "Speed status:  auto")),
        ("show gpon remote-onu equip gpon-onu_1/1/1:1", ("Vendor ID:   ZTEG", "SN:   ZTEGC1192DD7", "ONU interface:  gpon-onu_1/1/1:1")),
        ("show interface gpon-olt_1/1/1", ("OLT statistic:", "   Input rate :   1 Bps    1 pps")),
        ("show optical-module-info gpon_olt-1/1/1", ("Module-Type    : SFP/SFP+            Supply-Vol     : 3.214(v)", "TxPower        : 11.095(dbm)")),
        ("show running-config interface gpon-onu_1/1/1:1", ("interface gpon-onu_1/1/1:1", "  name A", "!", "end")),
        ("show running-config-interface gpon_onu-1/1/1:1", ("  name A", "$", "!</xpon>")),
        ("show onu running config gpon-onu_1/1/1:1", ("pon-onu-mng gpon-onu_1/1/1:1", "  name A", "pon-onu-mng gpon-onu_1/1/1:2", "  name B")),
        ("show this", ("interface gpon-onu_1/1/1:1", "  name A", "  name A", "!")),
        ("show vlan port xgei-1/10/1", ("UntaggedVlan:", "TaggedVlan:", "  18")),
    ],
)  # fmt: skip
def test_what_has_lost_its_beginning_or_shows_a_thing_twice_is_unknown(
    command: str, lines: tuple[str, ...]
) -> None:
    with pytest.raises(UnknownReply):
        read(command, *lines)


@pytest.mark.parametrize(
    "said", ["10:54:47 UTC Mon Aug 17 2026", "Mon Aug 17 10:54:47 2026", "2026-08-17 10:54:47"]
)
def test_the_clock_is_read(said: str) -> None:
    assert read("show clock", said)["time"] == "10:54:47"


def test_one_card_is_read_by_its_labels() -> None:
    card = read(
        "show card shelfno 1 slotno 2",
        "Config-Type   : GTGH              Status        : INSERVICE",
        "Real-Type     : GTGHG             Serial-Number : 123456",
        "Port-Number   : 16                Hardware-VER  : V1.0.0",
    )["card"]
    assert (card["real_type"], card["port_number"], card["hardware_ver"]) == ("GTGHG", 16, "V1.0.0")


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
