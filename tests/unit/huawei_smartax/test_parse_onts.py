"""Lists and blocks of ONTs as other firmware prints them."""

import pytest

from tests.unit.huawei_smartax.replies import BLOCK, R77, SUMMARY, said
from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse import parse

LIST_HEAD = (
    R77
    + "  F/S/P   ONT         SN         Control     Run      Config   Match    Protect\n"
    + "          ID                     flag        state    state    state    side\n"
    + R77
)


def port_list(rows: str, described: str, total: str) -> str:
    return LIST_HEAD + rows + R77 + "  F/S/P   ONT-ID   Description\n" + R77 + described + R77 + total + R77


def test_ports_of_old_firmware_count_online_and_offline_and_describe_with_blanks() -> None:
    answer = said(
        "display ont info 0 0 0",
        port_list(
            "  0/ 0/0    0  F6JO2SI8TTKDYDRC  active      offline  initial  initial  no\n"
            "  0/ 0/0    4  PVDWI3METQ3PRRLV  active      -        -        -        yes\n"
            "  0/ 0/0    5  485754431A2B3C4D  configuring online   normal   mismatch no     \n",
            "  0/ 0/0       0   The quiet rifle stinks.\n"
            "  0/ 0/0       4   The wise emanate snows.\n"
            "  0/ 0/0       5   ONT_NO_DESCRIPTION\n",
            "  In port 0/ 0/0, the total number of ONTs are: 3, online: 1, offline: 1\n",
        ),
    )
    assert answer["ports"] == [{"frame": 0, "slot": 0, "port": 0, "total": 3, "online": 1, "offline": 1}]
    assert [ont["ont_id"] for ont in answer["onts"]] == [0, 4, 5]
    assert answer["onts"][1]["run_state"] is None
    assert answer["onts"][0]["description"] == "The quiet rifle stinks."
    assert answer["onts"][2]["control_flag"] == "configuring"


def test_a_rule_with_a_gap_in_it_is_still_a_rule() -> None:
    gap = "  " + "-" * 31 + " " + "-" * 46 + "\n"
    raw = port_list(
        "  0/ 1/0    0  485754431A2B3C4D  active      online   normal   match    no  \n",
        "  0/ 1/0       0   one two\n",
        "  In port 0/ 1/0 , the total of ONTs are: 1, online: 1\n",
    ).replace("no  \n" + R77, "no  \n" + gap)
    assert said("display ont info 0 all", raw)["onts"][0]["description"] == "one two"


def test_two_ports_one_after_another() -> None:
    one = port_list(
        "  0/ 1/0    0  485754431A2B3C4D  active      online   normal   match    no  \n",
        "  0/ 1/0       0   a\n",
        "  In port 0/ 1/0, the total of ONTs are: 1, online: 1\n",
    )
    answer = said("display ont info 0 1 all", one + "\n" + one.replace("0/ 1/0", "0/ 1/2"))
    assert [(port["slot"], port["port"]) for port in answer["ports"]] == [(1, 0), (1, 2)]
    assert [ont["port"] for ont in answer["onts"]] == [0, 2]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("are: 1, online: 1", "are: 2, online: 1"),
        ("match    no  \n", "match    no  \nfoo bar\n"),
        ("0/ 1/0       0   a", "0/ 1/0       1   a"),
        ("In port 0/ 1/0", "In port 0/ 1/1"),
        ("485754431A2B3C4D  active", "485754431A2B3C4D"),
    ],
)
def test_a_port_list_that_contradicts_itself_is_refused(old: str, new: str) -> None:
    raw = port_list(
        "  0/ 1/0    0  485754431A2B3C4D  active      online   normal   match    no  \n",
        "  0/ 1/0       0   a\n",
        "  In port 0/ 1/0, the total of ONTs are: 1, online: 1\n",
    )
    assert said("display ont info 0 all", raw)
    with pytest.raises(UnknownReply):
        parse("display ont info 0 all", raw.replace(old, new))


def test_an_ont_that_comes_online_while_its_table_is_printed_is_no_contradiction() -> None:
    raw = port_list(
        "  0/ 1/0    0  485754431A2B3C4D  active      offline  initial  initial  no  \n",
        "  0/ 1/0       0   a\n",
        "  In port 0/ 1/0, the total of ONTs are: 1, online: 1\n",
    )
    answer = said("display ont info 0 all", raw)
    assert (answer["onts"][0]["run_state"], answer["ports"][0]["online"]) == ("offline", 1)


def test_an_unknown_column_is_kept_under_its_heading() -> None:
    raw = (
        port_list(
            "  0/ 1/0    0  485754431A2B3C4D  active      online   normal   match    no      7\n",
            "  0/ 1/0       0   a\n",
            "  In port 0/ 1/0, the total of ONTs are: 1, online: 1\n",
        )
        .replace("Protect\n", "Protect Shelf\n")
        .replace("side\n", "side    no\n")
    )
    assert said("display ont info 0 all", raw)["onts"][0]["shelf_no"] == 7


def test_one_ont_of_old_firmware_ends_without_a_count() -> None:
    [ont] = said("display ont info 0 0 6 2", BLOCK)["onts"]
    assert (ont["frame"], ont["slot"], ont["port"], ont["ont_id"]) == (0, 0, 6, 2)
    assert (ont["memory_occupation"], ont["temperature"]) == (44, 57)
    assert ont["sn"] == "8XN7J0FFL8NL6I3W"
    assert ont["serial"] is None
    assert ont["last_down_cause"] == "ONT is reset by ONT command"
    assert ont["fec_upstream_state"] is None
    assert ont["multicast_mode"] == "IGMP-Snooping"
    assert ont["service_profile"]["multicast_mode"] == "Unconcern"
    assert ont["line_profile"]["tr069_management"] == "Disable"
    [mapping] = ont["tconts"][1]["gem_ports"][0]["mappings"]
    assert (mapping["mapping_index"], mapping["vlan"], mapping["port_id"]) == (0, 500, None)
    assert ont["tconts"][1]["gem_ports"][0]["encrypt"] == "off"
    assert ont["port_tables"][0] == [
        {"port_type": "POTS", "port_number": 4},
        {"port_type": "ETH", "port_number": 4},
    ]
    assert ont["port_tables"][1][0] | {"s_vlan": 500, "c_vlan": 501, "port_id": 1} == ont["port_tables"][1][0]


def test_a_wrapped_description_is_one_text_and_keeps_the_blank_at_the_break() -> None:
    [ont] = said("display ont info by-sn 8XN7J0FFL8NL6I3W", BLOCK)["onts"]
    assert ont["description"] == "Rua das Flores numero setenta e tres_apartamento_dois_bloco_quatro"


def test_an_ont_block_that_ends_at_an_inner_rule_is_refused() -> None:
    lines = BLOCK.splitlines(keepends=True)
    whole = [number for number, line in enumerate(lines, start=1) if line == R77]
    for end in whole[:-1]:
        with pytest.raises(UnknownReply):
            parse("display ont info 0 0 6 2", "".join(lines[:end]))


def test_firmware_that_shows_the_dba_type_counts_its_onts_unless_a_prompt_follows() -> None:
    newer = BLOCK.replace("  ONT LLID                : -\n", "  DBA type                : SR\n")
    with pytest.raises(UnknownReply):
        parse("display ont info 6 2", newer)
    assert (
        said("display ont info 6 2", newer + "\nMA5608T(config-if-gpon-0/0)#")["onts"][0]["dba_type"] == "SR"
    )


def test_an_added_ont_must_be_where_it_was_asked_for() -> None:
    raw = "  Number of ONTs that can be added: 1, success: 1\n  PortID :6, ONTID :2"
    assert said("ont add 6 2 sn-auth 485754431A2B3C4D omci", raw)["onts"] == [{"port": 6, "ont_id": 2}]
    with pytest.raises(UnknownReply):
        parse("ont add 6 21 sn-auth 485754431A2B3C4D omci", raw)


def test_an_ont_shown_twice_is_two_onts_only_if_the_device_counts_two() -> None:
    count = R77 + "  The number of required ONTs     : 2\n" + R77
    assert len(said("display ont info by-desc x", BLOCK + BLOCK + count)["onts"]) == 2
    with pytest.raises(UnknownReply):
        parse("display ont info by-desc x", BLOCK + count)


def test_summary_of_onts_online_offline_and_never_seen() -> None:
    [port] = said("display ont info summary 0/1/0", SUMMARY)["ports"]
    assert (port["slot"], port["total"], port["online"]) == (1, 3, 1)
    zero, one, last = port["onts"]
    assert (zero["distance_m"], zero["rx_power_dbm"], zero["tx_power_dbm"]) == (42, -22.84, 2.12)
    assert one["last_down_cause"] == "ONT is reset by ONT comma"
    assert one["description"] == "P871E two words"
    assert (last["ont_id"], last["type"], last["rx_power_dbm"], last["last_up_time"]) == (
        27,
        None,
        None,
        None,
    )


def test_summary_with_a_row_missing_is_refused() -> None:
    with pytest.raises(UnknownReply):
        parse(
            "display ont info summary 0/1/0",
            SUMMARY.replace("  27   offline -                   -                   -\n", ""),
        )


OLD_AUTOFIND = """\
   ----------------------------------------------------------------------------
   Number              : 1
   F/S/P               : 0/ 5/7
   Ont SN              : 4857544374692E75
   Password            : 0x20202020202020202020(          )
   Loid                :
   Checkcode           :
   VenderID            : 0x00000000
   Ont Version         :
   Ont SoftwareVersion :
   Ont EquipmentID     : 1126
   Ont autofind time   : 2016-12-12 20:13:32
   ----------------------------------------------------------------------------
   ----------------------------------------------------------------------------
   Number              : 2
   F/S/P               : 0/5/7
   Ont SN              : 424C4B4768EEFF22 (BLKG-68EEFF22)
   Ont autofind time   : 2016-12-12 20:13:33
   ----------------------------------------------------------------------------

   The number of GPON autofind ONT is 2
"""


def test_autofind_of_old_firmware_lacks_lines_doubles_rules_and_counts() -> None:
    answer = said("display ont autofind all", OLD_AUTOFIND)
    first, second = answer["onts"]
    assert (first["slot"], first["port"], first["serial"]) == (5, 7, "HWTC74692E75")
    assert first["ont_equipment_id"] == "1126"
    assert first["ont_version"] is None
    assert second["serial"] == "BLKG68EEFF22"
    with pytest.raises(UnknownReply):
        parse("display ont autofind all", OLD_AUTOFIND.replace("ONT is 2", "ONT is 3"))


def test_nothing_found_is_an_answer() -> None:
    answer = said("display ont autofind all", "  Failure: The automatically found ONTs do not exist\n\nOLT#")
    assert answer == {"found": False, "text": "The automatically found ONTs do not exist"}
