"""What is quoted of a device holds no secret and tells of nobody, whatever vendor, line or display it comes from."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.text import MASK
from vendors.contract import Platform
from vendors.huawei_smartax.platform import PLATFORM as HUAWEI
from vendors.quoting import hidden, line, quoted, told, without_credentials, without_hidden, without_secrets
from vendors.zte_zxan.adapter import PLATFORM as ZTE
from worker.cli.failure import Failure
from worker.cli.reply import understood

SECRET = "Zr9K7Qx4"
BOTH = pytest.mark.parametrize("platform", [HUAWEI, ZTE], ids=lambda platform: platform.name)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("http://u:{}@192.0.2.9:7547", "http://{}@192.0.2.9:7547"),
        ("HTTPS://u:{}@acs.example/cwmp", "HTTPS://{}@acs.example/cwmp"),
        ("http://{}@acs", "http://{}@acs"),
        ("http://:{}@acs", "http://{}@acs"),
        ("http://u:a@{}@acs", "http://{}@acs"),
        ("http://u:a/{}@acs/x", "http://{}@acs/x"),
        ("http://u:%40{}@[2001:db8::9]:7547/", "http://{}@[2001:db8::9]:7547/"),
        ('url "http://u:{}@acs" user', 'url "http://{}@acs" user'),
        ("url='ftp://u:{}@acs'", "url='ftp://{}@acs'"),
        ("<tftp://u:{}@acs>", "<tftp://{}@acs>"),
        ('"http://acsuser:{}\nx@acs"', '"http://{}\n{}@acs"'),
        ('"http://acs\n  user:{}@acs"', '"http://{}\n  {}@acs"'),
        ("http://acs/?user=ana&password={}&x=1", "http://acs/?user={}&password={}&x=1"),
        ("http://acs/;token={}#top", "http://acs/;token={}#top"),
    ],
)
def test_an_address_is_kept_without_its_credentials(text: str, kept: str) -> None:
    assert without_credentials(text.replace("{}", SECRET)) == kept.replace("{}", MASK)


@pytest.mark.parametrize(
    "text", ["http://acs:7547/x", "http://acs\nana@isp", "see http://a and b@c", 'url "http://acs"\n"x@y"']
)
def test_an_address_without_credentials_is_kept(text: str) -> None:
    assert without_credentials(text).replace(f"{MASK}\n{MASK}@isp", "acs\nana@isp") == text


HUAWEI_SECRETS = (
    ' ont ipconfig 0 4 ip-index 1 pppoe vlan 203 user-account username "u" password "{}"',
    " ont ipconfig 0 4 ip-index 1 pppoe vlan 203 user-account username u password {} priority 0",
    " local-user admin password cipher {}",
    ' local-user admin password irreversible-cipher "{}" level 3',
    " super password level 3 cipher {}",
    ' password\n"{}"',
    ' ont add 0 1 password-auth "{}" always-on omci',
    ' ont add 0 1 loid-auth "l" checkcode-auth "{}" always-on',
    ' ont tr069-server-profile add profile-id 1 profile-name "A" url "http://acs" user "u" "{}"',
    ' ont tr069-server-profile add profile-id 1 profile-name "A" url\n"http://acs/" user "u" "{}"',
    " ont tr069-server-profile modify profile-id 1 url http://u:{}@acs",
    ' snmp-agent community read "{}"',
    " snmp-agent community write cipher {}",
    ' snmp-agent community "{}"',
    " snmp-agent target-host trap-paramsname p v2c securityname {}",
    " snmp-agent target-host trap address udp-domain 192.0.2.1 params securityname cipher {} v2c",
    " snmp-agent usm-user v3 u g authentication-mode md5 {} privacy-mode des56 x",
    " snmp-agent usm-user v3 u g authentication-mode sha x privacy-mode aes128 cipher {}",
    " radius-server shared-key cipher {}",
    ' hwtacacs-server shared-key "{}"',
    " ntp-service authentication-keyid 1 authentication-mode md5 cipher {}",
    " ospf authentication-mode simple {}",
    " terminal user name buildrun_new_password root {} 0 admin 0 0",
    "  Password            : {}",
    "  Checkcode           : {}",
    "   Community name:{}",
    "   URL             : http://u:{}@192.0.2.9:7547",
    "   Shared-key      : {}",
)
ZTE_SECRETS = (
    "wan-ip 1 mode pppoe username joao password {} vlan-profile VP host 1",
    "  wan-ip 1 mode pppoe username joao password\n {} vlan-profile VP host 1",
    f"  wan-ip 1 mode pppoe username {'c' * 36} password sen\n{{}} host 1",
    "  pppoe 1 nat enable user cliente07@isp password {}",
    "ssid auth wpa wifi_0/1 key {}",
    "ssid auth wep wifi_0/1 key-1 {}",
    "  Password:            {}",
    "onu 1 type A pw {}",
    "gpon-onu_1/1/15:2   F601        pw      PW:{}           ready",
    "tr069-mgmt 1 acs http://a validate basic username acs password {} tag pri 0 vlan 600",
    "tr069-mgmt 1 acs http://u:{}@acs validate basic username acs password x",
    "enable secret level 15 5 {}",
    "username oltcloud password  7 {} privilege 15",
    "snmp-server community {} view AllView rw",
    "snmp-server community encrypted {} view AllView rw",
    "snmp-server host 192.0.2.1 trap version 2c {} udp-port 162",
    "snmp-server host vrf mng 192.0.2.1 inform version 1 {} target-addr-name x",
    "snmp-server user u g v3 auth md5 {} priv des56 x",
    "snmp-server user u g v3 encrypted auth sha x priv aes128 {}",
    "radius-server host 192.0.2.1 key {}",
    "ntp authentication-key 1 md5 {}",
    "ip ospf message-digest-key 1 md5 encrypted {}",
    "copy ftp: root: //192.0.2.1/x@u:{}",
    "  ACS URL:  http://u:{}@192.0.2.9/",
    "  ACS password:  {}",
)


@pytest.mark.parametrize(
    ("platform", "text"),
    [(HUAWEI, text) for text in HUAWEI_SECRETS] + [(ZTE, text) for text in ZTE_SECRETS[:-3]],
)
def test_no_secret_is_in_a_reply(platform: Platform, text: str) -> None:
    assert SECRET not in without_secrets(platform, text.replace("{}", SECRET))


@pytest.mark.parametrize(
    ("platform", "text"), [(HUAWEI, text) for text in HUAWEI_SECRETS] + [(ZTE, text) for text in ZTE_SECRETS]
)
def test_no_secret_is_quoted(platform: Platform, text: str) -> None:
    for short in (text, f"\n{text}\nnext line", f"before\n{text}"):
        assert SECRET not in quoted(platform, short.replace("{}", SECRET))
        assert SECRET not in told(platform, short.replace("{}", SECRET))


def test_a_zte_breaks_its_lines_after_80_columns_in_the_middle_of_a_word() -> None:
    line = f"  wan-ip 1 mode pppoe username {'c' * 43} passw"
    assert len(line) == 80
    for more, broken in (("", True), ("c", False)):
        said = line.replace("cc", f"cc{more}", 1) + f"\nord {SECRET} host 1"
        assert (SECRET not in without_secrets(ZTE, said)) is broken


def test_what_stands_behind_a_secret_stays() -> None:
    profile = ' ont tr069-server-profile add profile-id 1 profile-name "A" url "http://a" user "u"\n vlan 5'
    assert without_secrets(HUAWEI, profile) == profile
    complexity = " snmp-agent community complexity-check disable\n#\n"
    assert without_secrets(HUAWEI, complexity) == complexity
    flow = f' ont add 0 1 desc "a" password "{SECRET}"\n service-port 7 vlan 101'
    assert without_secrets(HUAWEI, flow).endswith(f'password "{MASK}"\n service-port 7 vlan 101')


PEOPLE = ("JOAO DA SILVA", "Joao_da_Silva", "joao.silva@isp", "Rua das Flores 12", "RUA-DAS-FLORES", "123.456.789-09",
          "(11) 98765-4321")  # fmt: skip
DISPLAYS = (
    "  Description             : {}",
    "  Name:                {}",
    "  User name      : {}",
    "  SSID  : {}",
    " F/S/P  ONT-ID   Description\n -----------------\n  0/ 1/0   5    {}\n -------------\n",
    "ONT  SN                Type     Description\nID\n----\n 0   48575443A1B2C3D4  EG8145V5  {}\n",
    "  a row that nobody knows 12 {} up",
    ' ont add 0 1 sn-auth "48575443A1B2C3D4" omci desc "{}"',
    "  description {}",
    "  name {}",
    "  wan-ip 1 mode pppoe username {} password x",
    "state: working, customer={}",
    "{}",
)


@BOTH
@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize("person", PEOPLE)
def test_nobody_is_named_in_what_is_kept_or_leaves(platform: Platform, display: str, person: str) -> None:
    text = display.replace("{}", person)
    words = [
        word for word in person.replace("_", " ").replace("-", " ").replace(".", " ").split() if len(word) > 3
    ]
    for said in (quoted(platform, text), told(platform, text)):
        assert not any(word.casefold() in said.casefold() for word in words), said


@BOTH
def test_what_is_known_of_the_customer_is_masked_wherever_it_stands(platform: Platform) -> None:
    known = ("Ana Sousa", "ana", "casa")
    text = "state ana-1 up\nrow  Ana\nSousa  CASA,5"
    assert quoted(platform, text, known) == f"state {MASK}-1 up\nrow  {MASK}  {MASK},5"
    assert line(platform, "onu ana", known) == f"onu {MASK}"
    assert told(platform, "onu ana", "", known) == f"onu {MASK}"


@pytest.mark.parametrize(
    ("platform", "said"),
    [
        (HUAWEI, "Failure: The ONT does not exist"),
        (HUAWEI, "% Unknown command, the error locates at '^'"),
        (HUAWEI, "Failure: The maximum bandwidth of the referenced DBA profile exceeds the limitation"),
        (HUAWEI, "Failure: The profile FIBRA-500 does not exist"),
        (ZTE, "%Error 20203: Invalid input detected at '^' marker."),
        (ZTE, "%Code 62310-GPONSRV : The profile FIBRA-500 does not exist."),
        (ZTE, "%Code 223981-GPONRM : Onu type is not found."),
    ],
)
def test_what_a_refusal_says_of_devices_leaves(platform: Platform, said: str) -> None:
    assert told(platform, said, "ont add 0 1 profile FIBRA-500") == said


def test_of_a_display_only_the_words_of_command_lines_leave() -> None:
    said = told(ZTE, "gpon-onu_1/1/3:5  FELIPE  rua  ZTEGC1192DD7  10.1.2.3  working")
    assert said == f"gpon-onu_1/1/3:5 {MASK} working"


def test_states_numbers_and_places_are_kept() -> None:
    text = (
        "  F/S/P                   : 0/1/0\n  ONT-ID                  : 5\n  Control flag            : active\n"
        "  SN                      : 48575443A1B2C3D4 (HWTC-A1B2C3D4)\n  Run state               : onlixe\n"
        "  Last down cause         : dying-gasp\n  Rx optical power(dBm)   : -21.53\n"
    )
    assert quoted(HUAWEI, text) == text


def test_of_two_secrets_the_longer_is_masked_first() -> None:
    platform = Platform(name="vsol", prompt="#")
    assert without_secrets(platform, "x senha-1 senha", ["senha", "senha-1"]) == f"x {MASK} {MASK}"
    assert quoted(platform, "x ana-1 ana", ["ana", "ana-1"]) == f"x {MASK} {MASK}"


def test_no_secret_at_all_masks_nothing() -> None:
    assert without_secrets(Platform(name="vsol", prompt="#"), "up 1", [""]) == "up 1"


@BOTH
@given(st.text(max_size=300))
def test_any_text_is_quoted(platform: Platform, text: str) -> None:
    assert isinstance(quoted(platform, text, ["ana"]), str)
    assert "\n" not in told(platform, text)


@BOTH
def test_an_excerpt_is_short_and_holds_no_piece_of_a_secret(platform: Platform) -> None:
    text = "x" * 40 + f"\n password {SECRET}" * 3000
    kept = quoted(platform, text, most=60)
    assert len(kept) <= 60
    assert SECRET[:4] not in kept


@BOTH
@pytest.mark.parametrize(
    "piece", ["a ", "a.", "://", "a@", "\n ", "password ", 'user "', "Name: ", "João ", "- ", "key-", "1."]
)
def test_a_long_text_costs_no_more_than_its_length(platform: Platform, piece: str) -> None:
    def seconds(size: int) -> float:
        began = time.process_time()
        quoted(platform, piece * (size // len(piece)))
        return time.process_time() - began

    seconds(1000)
    assert seconds(32_000) < 40 * (seconds(4_000) + 0.005)


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        (
            "display current-configuration section config",
            (
                "[MA5600V800R018: 9001]\n#\n[config]\n  <config>\n"
                ' ont tr069-server-profile add profile-id 1 profile-name "ACS" url\n'
                '"http://acsuser:{}@192.0.2.9:7547" user user-name "acsuser"\n snmp-agent community read "{}"\n#\nreturn\n\n'
            ),
        ),
        (
            "display ont tr069-server-profile profile-id 1",
            (
                "  ----------\n  Profile-ID      : 1\n  Profile-name    : ACS\n  Profile-type    : -\n"
                "  URL             : http://acsuser:{}@192.0.2.9:7547\n  User name       : acsuser\n  Binding times   : 12\n"
                "  ----------\n"
            ),
        ),
    ],
)
def test_what_is_parsed_for_people_shows_no_secret(command: str, reply: str, tmp_path: Path) -> None:
    file = tmp_path / "reply"
    file.write_text(f"OLT(config)#{command}\n" + reply.replace("{}", SECRET) + "OLT(config)#")
    said = understood("huawei_smartax", command, str(file))
    assert SECRET not in said
    assert "192.0.2.9:7547" in said
    assert json.loads(said)


ZTE_HEAD = "pon-onu-mng gpon-onu_1/3/16:54\n"
HUAWEI_HEAD = "[MA5600V800R018: 9001]\n#\n[gpon]\n  <gpon-0/1>\n interface gpon 0/1\n"
ASKED = {
    "zte_zxan": "show onu running config gpon-onu_1/3/16:54",
    "zte_titan": "show running-config-interface gpon_onu-1/3/16:54",
    "huawei_smartax": "display current-configuration ont 0/1/0 1",
}
CONFIGURED = [
    (
        "zte_zxan",
        ZTE_HEAD,
        "  wan-ip 1 mode pppoe username {pad} password {} vlan-profile VLAN2101 host 1\n!\n",
    ),
    (
        "zte_zxan",
        ZTE_HEAD,
        "  tr069-mgmt 1 acs http://{pad}:{}@192.0.2.9 validate basic username acs password {}\n!\n",
    ),
    ("zte_titan", ZTE_HEAD, "  wan-ip 1 ipv4 mode pppoe username {pad} password {} host 1\n!\n"),
    (
        "huawei_smartax",
        HUAWEI_HEAD,
        " ont ipconfig 0 1 pppoe vlan 10 user-account username {pad} password {}\n#\nreturn\n",
    ),
    ("huawei_smartax", HUAWEI_HEAD, " snmp-agent community read cipher {pad}{}\n#\nreturn\n"),
]


@pytest.mark.parametrize(("platform", "head", "line"), CONFIGURED)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_what_is_parsed_shows_no_secret_wherever_a_line_of_80_columns_breaks_it(
    platform: str, head: str, line: str, line_end: str, tmp_path: Path
) -> None:
    file = tmp_path / "reply"
    for pad in range(1, 70, 4):
        rows = line.replace("{pad}", "c" * pad).replace("{}", "Zq7SECRETzq9").split("\n")
        cut = [row[at : at + 80] for row in rows for at in range(0, max(len(row), 1), 80)]
        if any(row.endswith(("passwor", "passwo", "passw", "pass", "pas", "pa", "p")) for row in cut[:1]):
            continue  # a session knows no such word either
        file.write_bytes((head + "\n".join(cut)).replace("\n", line_end).encode())
        try:
            said = understood(platform, ASKED[platform], str(file))
        except Failure as failure:
            said = str(failure)
        assert not any("Zq7SECRETzq9"[at : at + 5] in said for at in range(8)), (pad, said)


def test_a_secret_in_a_cell_is_masked_in_what_was_read_of_it() -> None:
    text = f"wan-ip 1 mode pppoe username u password {SECRET} vlan-profile internet host 1"
    read = {"wan": [{"password": SECRET, "host": 1, "line": f"password {SECRET} x"}]}
    assert without_hidden(ZTE, read, hidden(ZTE, text)) == {
        "wan": [{"password": MASK, "host": 1, "line": f"password {MASK} x"}]
    }


# ------------------------------------------------------------------------------------------------------ edges, case by case

SMALL = Platform(name="x", prompt="^{host}#$", redactions=(r"key (\S+)",), personal=(r"called (\S+)",))


def wide(columns: int, tail: str) -> str:
    """A line of so many columns that ends so."""
    return "x" * (columns - len(tail) - 1) + " " + tail


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('key "abc" x', 'key "********" x'),
        ('key "" x', 'key "" x'),
        ('key " x', "key ******** x"),
        (wide(79, "key abc") + "\ndef ghi", wide(79, "key abc")[:-3] + "********\ndef ghi"),
        (wide(81, "key abc") + "\ndef ghi", wide(81, "key abc")[:-3] + "********\ndef ghi"),
        (wide(80, 'key abc"') + "\ndef ghi", wide(80, 'key abc"')[:-4] + "********\ndef ghi"),
        (wide(80, "key abc") + "\n#ghi", wide(80, "key abc")[:-3] + "********\n#ghi"),
        (wide(80, "key abc") + " def", wide(80, "key abc")[:-3] + "******** def"),
        ("\n" + wide(80, "key abc") + "\ndef ghi", "\n" + wide(80, "key abc")[:-3] + "******** ghi"),
        ("y\n" + wide(80, "key abc") + "\ndef ghi", "y\n" + wide(80, "key abc")[:-3] + "******** ghi"),
        (wide(80, "key abc") + "\ndef ghi", wide(80, "key abc")[:-3] + "******** ghi"),
        (wide(80, "key abc"), wide(80, "key abc")[:-3] + "********"),
    ],
)
def test_a_secret_is_masked_with_what_the_end_of_a_line_of_80_columns_cuts_off(text: str, kept: str) -> None:
    assert without_secrets(SMALL, text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("http://u:p@h/x", "http://********@h/x"),
        ("://u@h", "://********@h"),
        ("a://u@h b://v@k", "a://********@h b://********@k"),
        ("http://@h\nfoo@bar", "http://@h\nfoo@bar"),
        ("http://us\n  er:p@host x", "http://********\n  ********@host x"),
        ("http://a\nhttp://u@h", "http://a\nhttp://********@h"),
        ("http://a b@c", "http://a b@c"),
        ("http://a\n\nb@c", "http://a\n\nb@c"),
        ("http://us\n@host", "http://********\n@host"),
        ("http://us\nhost", "http://us\nhost"),
        ("http://a\nb@http://c", "http://********\n********@http://c"),
        ("http://h/?user=ana&x=1;pass=b", "http://h/?user=********&x=1;pass=********"),
        ("mail a@b", "mail a@b"),
        ("mail a@b http://h", "mail a@b http://h"),
        ("x ?user=ana", "x ?user=ana"),
    ],
)
def test_the_user_part_of_an_address_is_masked(text: str, kept: str) -> None:
    assert without_credentials(text) == kept


@pytest.mark.parametrize(
    ("text", "people", "kept"),
    [
        ("Ana Maria", ["Ana", "Ana Maria"], "********"),
        ("ANA_MARIA, banana", ["Ana Maria"], "********, banana"),
        ("ana  maria", ["", "Ana Maria"], "********"),
        ("Name : Ana Souza", [], "Name : ********"),
        ("Profile name : xpto", [], "Profile name : xpto"),
        ("Description = foo", [], "Description = ********"),
        ("port description xjoao", [], "port description ********"),
        ('description ""', [], 'description ""'),
        ('description "********"', [], 'description "********"'),
        ("password irreversible-cipher", [], "password irreversible-cipher"),
        ("VlanJoao PortSilva", [], "********"),
        ("Port : 1  Name : Ana", [], "Port : 1  Name : ********"),
        ("Name : ******** rest", [], "Name : ******** rest"),
        ("Name :", [], "Name :"),
        ("Port : Ana", [], "Port : Ana"),
        ("joao carlos silva port", [], "******** port"),
        ("joao carlos port ana maria", [], "******** port ********"),
        ("joao port silva", [], "joao port silva"),
        ("joao da silva", [], "********"),
        ("bo li", [], "********"),
        ("a b c", [], "a b c"),
        ("VlanX VlanX", [], "********"),
        ("VlanPort PortVlan", [], "VlanPort PortVlan"),
        ("12345678901 x", [], "******** x"),
        ("write to a@b.c now", [], "write to ******** now"),
        ("description joao", [], "description ********"),
        ("description port", [], "description port"),
        ('description "joao silva" port', [], "description ******** port"),
        ("password cipher joao", [], "password cipher ********"),
        ("password cipher", [], "password cipher"),
        ("called joao", [], "called ********"),
        ("key abc", [], "key ********"),
    ],
)
def test_who_is_named_is_masked(text: str, people: list[str], kept: str) -> None:
    assert quoted(SMALL, text, people) == kept


HEADER = "Port  Name      Serial\n"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("0/1   joao      HWTC1\n0/2   xpto", "0/1   ********      HWTC1\n0/2   ********"),
        ("----  ----\n0/1   joao      A\n----  ----\n0/1   joao", "----  ----\n0/1   ********      A\n----  ----\n0/1   joao"),
        ("0/1   joao\n----  ----\n0/1   joao", "0/1   ********\n----  ----\n0/1   ********"),
        ("----  ----\n----  ----\n0/1   joao", "----  ----\n----  ----\n0/1   ********"),
        ("----  ----\n0/1   joao\n0/2   xana", "----  ----\n0/1   ********\n0/2   ********"),
        ("\n0/1   joao", "\n0/1   joao"),
        ("0/1   joao\n\n0/1   joao", "0/1   ********\n\n0/1   joao"),
        ("abcdef", "abcdef"),
        ("abcdefg", "********"),
        ("0/1   N/A  -", "0/1   N/A  -"),
        ("0/1   --        x\n0/2   joao", "0/1   --        x\n0/2   ********"),
        ("0/1             HWTC1", "0/1             HWTC1"),
        ("0/1            HWTC1", "0/1            ********"),
        ("Port  Alias\n0/1   joao      HWTC1", "Port  Alias\n0/1   ********      ********"),
    ],
)  # fmt: skip
def test_cells_below_a_header_that_speaks_of_a_person_are_masked(text: str, kept: str) -> None:
    assert quoted(SMALL, HEADER + text) == HEADER + kept


def test_a_label_is_no_header() -> None:
    assert quoted(SMALL, "Name: x  Port\njoao  x") == "Name: ********\njoao  x"


@pytest.mark.parametrize("header", ["Name", "Name  P1", "Profile name  Port", "Slot  Port"])
def test_what_is_no_header_of_people_hides_nothing(header: str) -> None:
    assert quoted(SMALL, f"{header}\njoao          x") == f"{header}\njoao          x"


@pytest.mark.parametrize(
    ("text", "command", "kept"),
    [
        ("port 0/1 xjoao silvax", "", "port 0/1 ********"),
        ("xjoao", "show xjoao", "xjoao"),
        ('"xjoao",', "show xjoao", '"xjoao",'),
        ('"xjoao"', 'desc "xjoao"', '"xjoao"'),
        ("1234567 123456", "", "******** 123456"),
        ("10.0.0.1 port aa:bb:cc:dd:ee:ff", "", "******** port ********"),
        ("a1b2", "", "a1b2"),
        ("port-xjoao", "", "********"),
        ("xjoao port xana", "", "******** port ********"),
        ("port " * 399 + "port xjoao", "", "port " * 399 + "port"),
    ],
)
def test_what_leaves_is_made_of_words_that_are_known(text: str, command: str, kept: str) -> None:
    assert told(SMALL, text, command) == kept


def test_an_excerpt_is_cut_after_what_its_end_hides_was_masked() -> None:
    assert quoted(SMALL, "port key abcdefgh", most=12) == "port key ***"
    assert quoted(SMALL, "port " * 100, most=10) == "port port "
    assert len(quoted(SMALL, "port " * 100, most=100)) == 100


def test_the_secrets_of_a_text_are_named_and_hidden_in_what_was_read_of_it() -> None:
    assert hidden(SMALL, 'key abc key ******** key "" x') == {"abc"}
    read = {"a": ["key abc", 1, ("key abc",)], "b": None, "c": "abcd abc"}
    assert without_hidden(SMALL, read, frozenset({"abc"})) == {
        "a": ["key ********", 1, ["key ********"]],
        "b": None,
        "c": "abcd ********",
    }


def test_a_line_of_ours_is_told_without_secrets_and_people() -> None:
    assert (
        line(SMALL, "key abc called ana and ana maria", ["ana"])
        == "key ******** called ******** and ******** maria"
    )
