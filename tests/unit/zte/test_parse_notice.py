"""What a device says instead of an answer, and what it answers to changes."""

from typing import Any

import pytest

from tests.unit.zte.builders import read
from vendors.errors import UnknownReply
from vendors.zte_common.parse.registry import parse


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
    "said",
    [
        "Building configuration..... [OK]",
        ".[OK]",
        "Building configuration......[OK]",
        "Building configuration...\n[OK]",
        "Writing configuration...\n.......\n..[Successful]",
    ],
)
def test_saving_has_other_forms(said: str) -> None:
    assert read("write", said)["saved"] is True


@pytest.mark.parametrize(
    "said", ["", "Backuping old configuration into flash...", "Writing configuration into flash...."]
)
def test_saving_without_its_mark_is_unknown(said: str) -> None:
    with pytest.raises(UnknownReply):
        read("write", said)


def test_help_is_read() -> None:
    assert read("show gpon onu ?", "  baseinfo  Base information", "  by        By")["help"][0] == {
        "word": "baseinfo",
        "meaning": "Base information",
    }
