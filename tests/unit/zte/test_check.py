"""What replies mean to the worker, what states mean to the customer, and how the session knows prompts and secrets."""

import re
from pathlib import Path

import pytest

from tests.unit.zte.builders import TITAN, ZXAN, found
from tests.unit.zte.captures import FOLDER, text_of
from vendors.contract import Adapter, Command, read, write
from vendors.errors import NotConverged, OltBusy, OrderRejected, ProvisioningError, UnknownReply
from vendors.screen import masked
from vendors.zte_common.parse.registry import parse

PATH = ("configure terminal",)
SYNTAX = "%Error 20200: Invalid input detected at '^' marker."


@pytest.mark.parametrize(
    ("line", "reply", "error", "code"),
    [
        ("tcont 1 profile X", SYNTAX, OrderRejected, "olt_syntax"),
        ("tcont 1 profile X", "        ^\n%Error 20202: Invalid input detected at '^' marker. Invalid parameter", OrderRejected, "olt_syntax"),
        ("wan-ip 1 mode dhcp", "wan-ip 1 mode dhcp\n         ^\n%Error 140303: Invalid input detected at '^' marker.", OrderRejected, "olt_syntax"),
        ("pon-onu-mng", "%Error 140305: Incomplete command.", OrderRejected, "olt_syntax"),
        ("onu 4 type A sn ZTEGC1192DD7", "GPON ONU sn already exists", OrderRejected, "serial_already_registered"),
        ("onu 4 type A sn ZTEGC1192DD7", "%Code 62000-GPONSRV : GPON ONU sn already exists", OrderRejected, "serial_already_registered"),
        ("onu 4 type A sn ZTEGC1192DD7", "%Error 222391: The entry is existed. This is a re-create operation.", NotConverged, "not_converged"),
        ("service-port 1 user-vlan 5 vlan 5", "%Error 222391: The entry is existed. This is a re-create operation.", NotConverged, "not_converged"),
        ("wan-ip 1 ipv4 mode dhcp", "%Error 223981: Profile does not exist.", OrderRejected, "profile_missing"),
        ("onu 4 type A sn ZTEGC1192DD7", "%Code 62321-GPONSRV : The ONU type is not existed", OrderRejected, "profile_missing"),
        ("vlan port eth_0/9 mode trunk", "%Error 223845: UNI does not exist", OrderRejected, "olt_refused"),
        ("vlan port eth_0/1 mode tag vlan 5", "%Error 223982: Please check if the port is in the VLAN.", OrderRejected, "olt_refused"),
        ("ssid ctrl wifi_0/1 name A", "%Code 63990-ONTMNG: ONT return error", NotConverged, "not_converged"),
        ("tcont 1 profile X", "%Error 1: System is busy", OltBusy, "olt_busy"),
        ("no onu 4", "something nobody has seen", UnknownReply, "unknown_reply"),
        ("no onu 4", "%Error 140301: Ambiguous command", OrderRejected, "olt_syntax"),
        ("no onu 4", "%Error 1: The ONU is locked", OrderRejected, "olt_refused"),
        ("tcont 1 profile X", "%Code 62310-GPONSRV : No related information to show.", OrderRejected, "olt_refused"),
        ("switchport mode hybrid vport 1", "%Error 1: System is busy", OltBusy, "olt_busy"),
        ("switchport mode hybrid vport 1 2", SYNTAX, OrderRejected, "olt_syntax"),
        ("wan-ip 1 ipv4 mode dhcp", "%Error 223981: Not like this.", OrderRejected, "profile_missing"),
        ("onu 4 type A sn ZTEGC1192DD7", "%Error 222391: Not like this.", NotConverged, "not_converged"),
        ("service-port 1 user-vlan 5 vlan 5", "%Error 222391: Not like this.", OrderRejected, "olt_refused"),
        ("onu 129 type A sn ZTEGC1192DD7", "%Error 2: The number of ONU exceeds the limit", OrderRejected, "port_full"),
    ],
)  # fmt: skip
def test_a_refusal_is_the_error_it_means(
    line: str, reply: str, error: type[ProvisioningError], code: str
) -> None:
    with pytest.raises(error) as raised:
        ZXAN.check(write(line, path=PATH), reply)
    assert raised.value.reason == code
    assert (raised.value.command, raised.value.reply) == (line, reply)


def test_a_refusal_is_told_with_all_its_words() -> None:
    reply = "        ^\n%Error 20202: Invalid input detected at '^' marker.\nInvalid parameter"
    with pytest.raises(OrderRejected) as raised:
        ZXAN.check(write("tcont 1 profile X", path=PATH), reply)
    assert str(raised.value) == "the OLT refused: Invalid input detected at '^' marker. Invalid parameter"
    with pytest.raises(OrderRejected) as raised:
        ZXAN.check(write("tcont 1 profile X", path=PATH), "%Error 9: " + "no " * 200)
    assert str(raised.value) == "the OLT refused: " + ("no " * 200)[:200]


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("tcont 1 profile X", ""),
        ("onu 4 type A sn ZTEGC1192DD7", ".[Successful]"),
        ("no onu 4", ".[Successful]"),
        ("no onu 4", "%Code 62397-GPONSRV : The entry is not existed"),
        ("no service-port 1", "%Code 62310-GPONSRV : No related information to show."),
        (
            "interface gpon-olt_1/2/3",
            "%Info 20272: Enter configuration commands, one per line. End with CTRL/Z.",
        ),
        ("switchport mode hybrid vport 1", SYNTAX),
    ],
)
def test_what_is_accepted_raises_nothing(line: str, reply: str) -> None:
    ZXAN.check(write(line, path=PATH), reply)


def test_a_question_may_be_answered_with_nothing() -> None:
    TITAN.check(
        read("show gpon onu by sn ZTEGC1192DD7"), "%Code 62310-GPONSRV : No related information to show."
    )


@pytest.mark.parametrize("adapter", [ZXAN, TITAN])
def test_saving_is_done_when_it_says_so(adapter: Adapter) -> None:
    [save] = adapter.save()
    assert (save.effect, save.timeout_s, save.path) == ("save", 150.0, ())
    adapter.check(save, "Building configuration..... [OK]")
    with pytest.raises(UnknownReply):
        adapter.check(save, "Building configuration.....")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({"phase": "working", "config": "fail"}, "online"),
        ({"phase": "logging"}, "configuring"),
        ({"phase": "syncMib"}, "configuring"),
        ({"phase": "LOS"}, "dark"),
        ({"phase": "DyingGasp"}, "dark"),
        ({"phase": "OffLine"}, "dark"),
        ({"phase": "OffLine", "admin": "disable"}, "failed"),
        ({"phase": "AuthFailed"}, "failed"),
        ({}, "configuring"),
    ],
)
def test_the_phase_tells_whether_it_serves(states: dict[str, str], expected: str) -> None:
    assert ZXAN.serving(found(states=states)) == expected


PROMPT = re.compile(ZXAN.PLATFORM.prompt.replace("{host}", rf"(?P<host>{ZXAN.PLATFORM.host_pattern})"))


@pytest.mark.parametrize(
    "line",
    [
        "ZXAN>",
        "ZXAN#",
        "ZXAN(config)#",
        "ZXAN(config-if)# ",
        "OLT-ZTE_C320(gpon-onu-mng)#",
        "ZXAN(config-gpon-onu-mng)#",
        "ZXAN(gpon-onu-mng 1/2/1:1)#",
        "PORTALNETFSA-POP1-OLT1c300#",
        "olt-zte-miracema-01(config-gpon)#",
    ],
)
def test_a_prompt_is_known(line: str) -> None:
    assert PROMPT.search(line)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_every_prompt_of_a_capture_is_known(path: Path) -> None:
    found = [
        line.partition("#")[0] + "#" for line in text_of(path).split("\n") if re.match(r"[\w.()-]+#", line)
    ]
    for line in found:
        assert PROMPT.search(line), line


@pytest.mark.parametrize(
    "line",
    [
        "",
        "  Password:            ",
        "banner incoming #",
        "1/1/1:1 enable",
        "  name foo#",
        " --More--",
        "a b#",
    ],
)
def test_what_is_no_prompt_is_not_taken_for_one(line: str) -> None:
    assert not PROMPT.search(line)


@pytest.mark.parametrize(
    ("line", "asks"), [("Password:", True), ("password: ", True), ("  Password:            ", False)]
)
def test_a_field_of_an_onu_is_no_question_for_a_password(line: str, asks: bool) -> None:
    assert (re.search(ZXAN.PLATFORM.password_prompt, line) is not None) is asks


@pytest.mark.parametrize(
    "text",
    [
        "wan-ip 1 mode pppoe username joao password PLANTED vlan-profile VP host 1",
        "ssid auth wpa wifi_0/1 key PLANTED",
        "  Password:            PLANTED",
        "onu 1 type A pw PLANTED",
        "gpon-onu_1/1/15:2   F601        pw      PW:PLANTED           ready",
        "gpon_olt-1/1/9      XPON R1 v2           ITBSCF8F197E       PLANTED",
        "gpon-onu_1/1/13:2                        ZTEGC1192DD7       PLANTED      unknown",
        "gpon-onu_1/1/13:2   ZTEGC1192DD7         PLANTED PLANTED    F660",
        "tr069-mgmt 1 acs http://a validate basic username acs password PLANTED tag pri 0 vlan 600",
        "enable secret level 15 5 PLANTED",
        "username oltcloud password  7 PLANTED privilege 15",
        "snmp-server community PLANTED view AllView rw",
    ],
)
def test_secrets_of_others_are_masked_in_what_is_kept(text: str) -> None:
    redactions = [re.compile(expression, re.MULTILINE) for expression in ZXAN.PLATFORM.redactions]
    assert "PLANTED" not in masked(text, (), redactions)


@pytest.mark.parametrize("password", ["0", "7", "42", "12345678", "encrypted", "password", "PLANTED"])
def test_a_password_of_digits_is_masked_and_no_word_behind_it(password: str) -> None:
    lines = (
        "wan-ip 1 mode pppoe username u@isp password {} vlan-profile VP host 1\n"
        "wan-ip 1 ipv4 mode pppoe username u@isp password {} host 1\n"
        "tr069-mgmt 1 acs http://a validate basic username password password {}\n"
        "username oltcloud password 7 {} privilege 15\n"
    )
    redactions = [re.compile(expression, re.MULTILINE) for expression in ZXAN.PLATFORM.redactions]
    kept = masked(lines.replace("{}", password), (), redactions)
    assert kept == lines.replace("password 7", "password").replace("{}", "********")


@pytest.mark.parametrize("name", ["password", "key", "pw", "secret", "community", "name", "service"])
def test_a_name_may_be_any_word(name: str) -> None:
    lines = (
        "service {} gemport 1 vlan 600\n"
        "tcont 1 name {} profile {}\n"
        "gemport 1 name {} unicast tcont 1\n"
        "onu 1 type {} sn ZTEGC1192DD7\n"
        "wan-ip 1 mode pppoe username {} password PLANTED vlan-profile {} host 1\n"
        "wan-ip 1 mode dhcp vlan-profile {} host 1\n"
        "onu 1 type {} pw PLANTED\n"
        "ssid ctrl wifi_0/1 name {}\n"
        "ssid auth wpa wifi_0/1 key PLANTED\n"
    ).replace("{}", name)
    redactions = [re.compile(expression, re.MULTILINE) for expression in ZXAN.PLATFORM.redactions]
    assert masked(lines, (), redactions) == lines.replace("PLANTED", "********")


def test_states_and_serials_are_not_masked() -> None:
    rows = (
        "gpon-onu_1/3/16:8        ZTEGCCA16805        unknown\n"
        "gpon_olt-1/1/9      HG8010H              HWTC36D05643       N/A\n"
        "gpon-olt_1/1/3      SM16101ABC12         ZTEGC86587D8\n"
        "%Error 20209: No username or bad password\n"
    )
    assert not any(re.search(expression, rows, re.MULTILINE) for expression in ZXAN.PLATFORM.redactions)


def test_a_command_never_holds_a_question_mark() -> None:
    with pytest.raises(ValueError, match="one line"):
        Command(parts=("description a?",))


@pytest.mark.parametrize("password", ["1", "0123456789", "A" * 19])
@pytest.mark.parametrize("redacted", [False, True])
def test_a_list_with_a_masked_password_keeps_its_columns(password: str, redacted: bool) -> None:
    text = (
        "OnuIndex                 Model               Sn                  Pw                   State\n"
        "--------------------------------------------------------------------------------------------\n"
        f"gpon-onu_1/1/13:1        HG8546M             HWTC60C98CAF        {password:<20} unknown\n"
        "gpon-onu_1/1/13:2                            ZTEGC1192DD7        N/A                  unknown\n"
    )
    redactions = [re.compile(expression, re.MULTILINE) for expression in ZXAN.PLATFORM.redactions]
    read = parse("show gpon onu uncfg", masked(text, (), redactions) if redacted else text)
    assert [(row["serial"], row["state"]) for row in read["onus"]] == [
        ("HWTC60C98CAF", "unknown"),
        ("ZTEGC1192DD7", "unknown"),
    ]
    assert read["onus"][0]["pw"] == ("********" if redacted else password)
