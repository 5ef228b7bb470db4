"""What is refused: by the device, and by the parser."""

import pytest

from tests.unit.huawei_smartax.replies import OPTICS, R77, SUMMARY, said
from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse import parse


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("               ^\n  % Unknown command, the error locates at '^'\n", "unknown_command"),
        (
            "OLT(config)#display ont info by-sn xyz\n                            ^\n  % Parameter error, the error locates at '^'\n\nOLT(config)#",
            "parameter_error",
        ),
        ("  % Ambiguous command\n", "ambiguous_command"),
        ("         ^\n  % Wrong parameter found at '^' position\n", "syntax_error"),
        ("  % Too many parameters, the error locates at '^'", "too_many_parameters"),
        ("  Failure: System is busy, please retry after a while\n", "busy"),
        ("  System is busy, please save data later\n", "busy"),
        ("  Failure: The ONT is not online\n", "failure"),
        ("  Failure: Something new this year\n", "failure"),
        ("  Reenter times have reached the upper limit.\n", "busy"),
        ("{ board<K>|index<U><0,139263>|port<K> }: \n", "incomplete_command"),
    ],
)
def test_a_refusal_is_understood(raw: str, kind: str) -> None:
    assert said("display ont info by-sn xyz", raw)["refused"]["kind"] == kind


@pytest.mark.parametrize(
    "text",
    [
        "  The required ONT does not exist\n",
        "  Failure: The ONT does not exist\n",
        "  Failure: The ONT does not exist",
        "  There is no ONT available.\n",
        "  Command is being executed. Please wait\n\n  Failure: The ONT does not exist\n\nOLT#",
    ],
)
def test_an_ont_that_is_not_there_is_an_answer(text: str) -> None:
    assert said("display ont info by-sn 485754431A2B3C4D", text)["found"] is False


def test_a_wrapped_refusal_is_one_text_and_a_conflict_keeps_its_number() -> None:
    wrapped = said("ont delete 0 0", "  Failure: This configured object has some service virtual\n  ports\n")
    assert wrapped["refused"]["text"] == "Failure: This configured object has some service virtual ports"
    conflict = said(
        "service-port 7 vlan 100 gpon 0/1/0 ont 0",
        "  Failure: Service virtual port has existed already\n  Conflicted service virtual port index: 123\n",
    )
    assert conflict["refused"]["conflicting_index"] == 123


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "\n\n",
        "OLT#",
        "  Failure: The automatically found O",
        "  Failure: Something new this ye",
        "  Failure: The ONT does not exist\n\n  Ont MAC : -\n",
        "  % Unknown command",
        "  % Something new this year\n",
        "  Failure: The ONT does not exist\n  0/ 1/0    0  1234567890ABCDEF  active\n",
        "{ <cr>||<K> }:",
        "OLT#display version\n" + OPTICS,
        OPTICS + "OLT#display ont optical-info 2 1\n" + OPTICS + "OLT#",
        OPTICS.replace("GPON", "GP\x07ON"),
        OPTICS.replace("  Voltage(V)", "  Rx optical power(dBm)"),
    ],
    ids=[
        "empty",
        "blank",
        "prompt",
        "cut refusal",
        "cut unknown refusal",
        "refusal and field",
        "cut syntax",
        "unknown syntax",
        "refusal and row",
        "hint",
        "other echo",
        "two replies",
        "bell",
        "doubled",
    ],
)
def test_what_cannot_be_vouched_for_is_refused(raw: str) -> None:
    with pytest.raises(UnknownReply):
        parse("display ont optical-info 2 0", raw)


PAGER = "---- More ( Press 'Q' to break ) ----"


@pytest.mark.parametrize(
    "tail",
    [PAGER, f"{PAGER}\x1b[37D{' ' * 37}\x1b[37D\r\n\r\nOLT#", f"{PAGER}\n\nOLT(config)#\nOLT(config)#"],
)
def test_what_was_broken_off_at_the_pager_is_refused_though_a_prompt_follows(tail: str) -> None:
    version = "\r\n  VERSION : MA5600V800R013C10\r\n  PATCH   :\r\n  PRODUCT : MA5603T\r\n"
    assert said("display version", version + "\r\nOLT#")["product"] == "MA5603T"
    with pytest.raises(UnknownReply):
        parse("display version", version + tail)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n", "\n\r", "\r"])
def test_line_ends_of_any_kind_are_line_ends(end: str) -> None:
    wrapped = (
        "OLT#ont delete 0 0\n  Failure: This configured object has some service virtual\n  ports\n\nOLT#"
    )
    assert said("ont delete 0 0", wrapped.replace("\n", end)) == said("ont delete 0 0", wrapped)
    assert said("display ont optical-info 2 0", OPTICS.replace("\n", end)) == said(
        "display ont optical-info 2 0", OPTICS
    )


def test_a_silent_acceptance_needs_echo_or_prompt() -> None:
    assert said("undo service-port 22", "OLT(config)#undo service-port 22\n\nOLT(config)#") == {
        "accepted": True
    }
    with pytest.raises(UnknownReply):
        parse("undo service-port 22", "")


def test_counts_of_ports_that_failed_are_no_acceptance() -> None:
    good = "  Set ONT port(s) VLAN configuration, success: 1, failed: 0\n"
    assert said("ont port native-vlan 0 1 eth 1 vlan 100", good)["accepted"] is True
    assert (
        said("ont port native-vlan 0 1 eth 1 vlan 100", good.replace("1, failed: 0", "0, failed: 1"))[
            "accepted"
        ]
        is False
    )


@pytest.mark.parametrize(
    "command",
    [
        "dis ont inf summ 0/1/0",
        "display  ont info   summary 0/1/0 ",
        "DISPLAY ONT INFO SUMMARY 0/1/0 | no-more",
    ],
)
def test_abbreviated_and_padded_commands_find_their_parser(command: str) -> None:
    assert said(command, SUMMARY)["ports"][0]["total"] == 3


def test_a_command_without_parser_is_refused() -> None:
    with pytest.raises(UnknownReply):
        parse("load file ftp 192.0.2.1 x.bin", R77 + "  x : 1\n" + R77)


@pytest.mark.parametrize(
    "raw",
    [
        "  x : 1\n  y : 2\n",
        R77 + "  x : 1\n",
        R77 + "  A  B  C\n" + R77 + "  1  2\n" + R77,
        R77 + "  A  A\n" + R77 + "  1  2\n" + R77,
        R77 + "  A  B\n" + R77 + "  1  2\n" + R77 + "  Total: 2\n",
        R77 + "  x : 1\n  x : 2\n" + R77,
        R77 + "  anything at all\n" + R77,
        R77 + "  x : 1\n" + R77 + "  Total: 1\n",
        R77 + R77,
    ],
    ids=["no end", "open", "short row", "one name twice", "total", "doubled", "prose", "no table", "nothing"],
)
def test_a_display_without_parser_is_refused_unless_it_describes_itself_whole(raw: str) -> None:
    with pytest.raises(UnknownReply):
        parse("display something new", raw)
