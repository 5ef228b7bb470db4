"""What a capture holds beside the reply: pager, echo, prompts, a login, alarms, broken lines."""

import pytest

from tests.unit.zte.builders import STATE, read
from vendors.errors import UnknownReply
from vendors.zte_common.parse.registry import parse

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


@pytest.mark.parametrize(
    "command",
    [
        "sh gpon onu stat gpon-olt_1/1/1",
        "show gpon onu state",
        "Show GPON Onu State gpon-olt_1/1/1",
        "sho gp on st",
        "show pon onu state gpon-olt_1/1/1",
    ],
)
def test_a_command_may_be_short_or_without_arguments(command: str) -> None:
    value = parse(command, f"ZXAN#{command}\n{STATE}ZXAN#")
    assert value["onu_number"]["total"] == 2


@pytest.mark.parametrize(
    "before",
    [
        "ZXAN#show gpon\nZXAN#show gpon onu state gpon-olt_1/\nZXAN#show gpon onu state gpon-olt_1/1/1\n",
        "ZXAN#terminal length 0\nZXAN#\nZXAN#show gpon onu state gpon-olt_1/1/1\n",
        (
            "% The password is not strong, please change the password.\nZXAN>enable\nPassword:\n"
            "ZXAN#show gpon onu state gpon-olt_1/1/1\n"
        ),
        (
            "Username:zte\nPassword:\n*****************\nWelcome to ZXAN product C320 of ZTE Corporation\n*****************\n"
            "ZXAN#configure terminal\n%Info 20272: Enter configuration commands, one per line. End with CTRL/Z.\n"
            "ZXAN(config)#show gpon onu state gpon-olt_1/1/1\n"
        ),
    ],
)
@pytest.mark.parametrize("after", ["", "ZXAN#", "ZXAN(gpon-onu-mng 1/2/1:1)# \nZXAN#\n", "ZXAN#exit\n"])
def test_what_was_typed_before_and_after_is_passed_over(before: str, after: str) -> None:
    command = "show gpon onu state gpon-olt_1/1/1"
    assert parse(command, before + STATE + after) == parse(command, STATE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ZXAN#show gpon\n", ""),
        ("ZXAN#show card\nZXAN#show gpon onu state\n", ""),
        ("something else\nZXAN#show gpon onu state\n", ""),
        ("ZXAN#show gpon onu state\n", "ZXAN#show card\n"),
    ],
)
def test_another_command_above_or_below_is_unknown(before: str, after: str) -> None:
    with pytest.raises(UnknownReply):
        parse("show gpon onu state", before + STATE + after)


def test_a_capture_wider_than_80_columns_has_no_broken_lines() -> None:
    value = read(
        "show running-config-interface gpon_onu-1/2/2:1",
        "interface gpon_onu-1/2/2:1",
        "  description " + "A" * 66,
        "  name " + "B" * 90,
        "$",
        "vlan 100",
        "$",
    )
    assert [line["line"][-2:] for line in value["sections"][0]["lines"]] == ["AA", "BB"]


@pytest.mark.parametrize("command", ["show flux", "show", "", "   "])
def test_a_reply_to_an_unknown_command_is_unknown(command: str) -> None:
    with pytest.raises(UnknownReply):
        parse(command, "anything\n")


@pytest.mark.parametrize("raw", ["\x01\x02", "\x1b]0;title", STATE.replace("enable", "ena\x07\x06ble")])
def test_binary_is_unknown(raw: str) -> None:
    with pytest.raises(UnknownReply):
        parse("show gpon onu state", raw)
