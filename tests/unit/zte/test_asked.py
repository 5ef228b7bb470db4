"""What the dialogues ask, how often, and which answers are believed to be about what was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schemas.onu import ServicePort
from tests.unit.zte.builders import PORT, SERIAL, TITAN, WAN, ZXAN, LanPort, Management, onu, play
from tests.unit.zte.test_observe import (
    BASE,
    C3XX,
    C6XX,
    NOTHING,
    TITAN_MNG,
    TITAN_ONU,
    TITAN_VPORT,
    UNCFG,
    UNKNOWN_COMMAND,
    C,
    T,
)
from tests.unit.zte.test_odd_rows import BY_SN, NOBODY, OTHER, SERIALS, STATES, base, lit, state, states
from vendors.contract import Adapter, Dialogue
from vendors.errors import OltBusy, OrderRejected, UnknownReply
from vendors.zte_common.grammar import FlowKey, flow_key
from vendors.zte_titan.grammar import GRAMMAR as TITAN_WORDS
from vendors.zte_zxan.grammar import GRAMMAR as ZXAN_WORDS


class Asked(dict[str, str]):
    """An OLT that remembers what it was asked."""

    def __init__(self, olt: dict[str, str]) -> None:
        super().__init__(olt)
        self.asked: list[str] = []

    def __getitem__(self, command: str) -> str:
        self.asked.append(command)
        return super().__getitem__(command)


def look(adapter: Adapter = ZXAN, /, **more: str) -> tuple[Any, list[str]]:
    olt = Asked({**(C3XX if adapter is ZXAN else C6XX), **more})
    return play(adapter.observe(SERIAL, PORT), olt), olt.asked


DETAILS = [f"show gpon onu detail-info {C}", f"show pon power attenuation {C}"]
CONFIG = [f"show running-config interface {C}", f"show onu running config {C}"]
LISTS = [BY_SN, "show gpon onu uncfg", "show pon onu uncfg", STATES, SERIALS]


def test_each_question_is_asked_once() -> None:
    assert look()[1] == [*LISTS, *DETAILS, *CONFIG]


@pytest.mark.parametrize(
    "printed",
    [SERIAL, SERIAL.lower().replace("c1192dd7", "C1192DD7")],
    ids=["as usual", "in small letters"],
)
def test_whoever_is_found_is_not_looked_for_under_another_name(printed: str) -> None:
    assert look(**{"show gpon onu uncfg": UNCFG + lit("gpon-onu_1/2/9:1", printed)})[1][5:] == [
        *DETAILS,
        *CONFIG,
    ]


@pytest.mark.parametrize(
    ("states_row", "serials_row"),
    [
        ("", ""),
        ("1/2/3:2     enable       enable      work\x02ng      1(GPON)\n", base("2", "ZTEGC1192DDA")),
        (state("2"), base("2", "ZTEGC1192DDA", "")),
    ],
    ids=["whole", "an odd state", "an odd serial"],
)
def test_lists_of_the_same_onus_are_not_read_again(states_row: str, serials_row: str) -> None:
    rows = [state("1"), *filter(None, [states_row]), state("4")]
    seen, asked = look(**NOBODY | {STATES: states(*rows), SERIALS: NOBODY[SERIALS] + serials_row})
    assert asked == LISTS
    assert seen.onus_free == 128 - len(rows)


def test_an_onu_that_is_known_by_its_password_hides_no_serial() -> None:
    by_password = "gpon-onu_1/2/3:7    ZTE-F660    pw      PW:abc                  ready\n"
    rows = states(state("1"), state("4"), state("7"))
    seen, _ = look(**NOBODY | {STATES: rows, SERIALS: NOBODY[SERIALS] + by_password})
    assert seen.used_onu_ids == {1, 4, 7}


ABOUT = "a row about what was asked"
ODD_4 = "1/2/3:4     enable       enable      wor\x02king      1(GPON)\n"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"show gpon onu uncfg": UNCFG + lit("gpon-onu_1/2/9:1", OTHER) + lit("gpon-onu_1/2", SERIAL)}, ABOUT),
        ({"show gpon onu uncfg": UNCFG + lit("gpon-onu_1/2/9:1", OTHER) + lit("gpon-onu_1/2/3:1", OTHER, "")}, ABOUT),
        ({SERIALS: NOBODY[SERIALS] + base("7", SERIAL, "")}, ABOUT),
        ({BY_SN: C3XX[BY_SN], STATES: states(state("1"), ODD_4)}, "a row about the ONU itself"),
        ({STATES: states(state("1"), state("4").replace("1/2/3", "1/9/9"))}, "the ONUs of another port"),
        ({SERIALS: BASE + base("1", OTHER) + base("4", "ZTEG")}, "a row hides a serial|cannot be read"),
        ({SERIALS: BASE + base("1", OTHER) + base("4", SERIAL)}, "a serial that it says is not registered"),
    ],
)  # fmt: skip
def test_what_hides_the_answer_is_told(more: dict[str, str], why: str) -> None:
    with pytest.raises(UnknownReply, match=why) as told:
        look(**NOBODY | more)
    assert told.value.reading


@pytest.mark.parametrize(
    ("command", "reply", "why"),
    [
        (DETAILS[0], NOTHING, "has just named"),
        (DETAILS[0], C3XX[DETAILS[0]].replace(C, "gpon-onu_1/2/3:5"), "those of another"),
        (DETAILS[0], C3XX[DETAILS[0]].replace(C, "gpon-onu_1/2/4:4"), "those of another"),
        (DETAILS[0], C3XX[DETAILS[0]].replace(SERIAL, OTHER), "of another ONU than the one that was looked up"),
        (CONFIG[0], C3XX[CONFIG[0]].replace(":4", ":5"), "of another ONU than the one that was asked about"),
        (CONFIG[1], C3XX[CONFIG[1]].replace(":4", ":5"), "of another ONU than the one that was asked about"),
        (CONFIG[0], f"Building configuration...\n!\npon-onu-mng {C}\n  name A\n!\nend", "no configuration of the interface"),
    ],
)  # fmt: skip
def test_an_answer_about_another_onu_is_told(command: str, reply: str, why: str) -> None:
    with pytest.raises(UnknownReply, match=why) as told:
        look(**{command: reply})
    assert told.value.reply


def test_a_list_that_the_olt_cannot_show_now_is_not_done_without() -> None:
    with pytest.raises(OltBusy):
        play(
            ZXAN.discover(),
            {"show gpon onu uncfg": "%Error 1: System is busy", "show pon onu uncfg": NOTHING},
        )


def test_what_the_first_list_says_is_told_where_no_list_is_known() -> None:
    replies = [UNKNOWN_COMMAND, "%Error 20202: Incomplete command."]
    lists = dict(zip(("show gpon onu uncfg", "show pon onu uncfg"), replies, strict=True))
    with pytest.raises(OrderRejected) as refused:
        play(ZXAN.discover(), lists)
    assert (refused.value.command, refused.value.reply) == ("show gpon onu uncfg", replies[0])


TWO = "gpon-onu_1/2/9:5"


def test_each_of_two_registrations_is_given_its_own() -> None:
    olt = dict(C3XX)
    for command in (*DETAILS, *CONFIG):
        olt[command.replace(C, TWO)] = C3XX[command].replace(C, TWO).replace("os-1", "os-2")
    power = olt[DETAILS[1].replace(C, TWO)]
    olt[DETAILS[1].replace(C, TWO)] = power.replace("-18.210", "-25.5").replace("-20.850", "-27.5")
    olt[BY_SN] += f"\n{TWO}"
    seen = play(ZXAN.observe(SERIAL, PORT), olt)
    assert [(str(one.port), one.onu_id, one.description) for one in seen.registrations] == [
        ("1/2/3", 4, "os-1"),
        ("1/2/9", 5, "os-2"),
    ]
    levels = [one.optics for one in seen.registrations if one.optics]
    assert [(one.onu_rx_dbm, one.olt_rx_dbm, one.onu_tx_dbm) for one in levels] == [
        (-18.21, -20.85, 2.868),
        (-25.5, -27.5, 2.868),
    ]


CARDS = "Rack Shelf Slot CfgType RealType Port  HardVer SoftVer         Status\n" + "-" * 79 + "\n"
CARD = "1    1     {slot}    GTGH    GTGHG    16    V1.0.0  {version:<16}INSERVICE\n"


@pytest.mark.parametrize(
    ("rows", "version"),
    [
        ("1    1     4    SMXA             3                             OFFLINE\n", None),
        (CARD.format(slot=2, version="V2.1.0") + CARD.format(slot=3, version="V2.0.9"), "V2.0.9, V2.1.0"),
    ],
)
def test_every_version_of_the_cards_is_told(rows: str, version: str | None) -> None:
    assert play(ZXAN.health(), {"show card": CARDS + rows}).version == version


OLD_STATE = (
    "OnuIndex               Admin State  OMCC State   O7 State     Phase State\n" + "-" * 77 + "\n"
    "gpon-onu_1/2/3:4       enable       enable       operation    working\nONU Number: 1/1\n"
)


@pytest.mark.parametrize(
    ("listed", "firmware"),
    [
        (OLD_STATE, "V1"),
        (C3XX[STATES], "V2"),
        ("%Code 29999-GPONSRV : No related information to show.", "V2"),
        ("%Code 30000-GPONSRV : No related information to show.", "V1"),
        ("%Code 39999-GPONSRV : No related information to show.", "V1"),
        ("%Code 40000-GPONSRV : No related information to show.", "V2"),
        ("No related information to show.", None),
    ],
)
def test_the_list_of_states_tells_the_software(listed: str, firmware: str | None) -> None:
    assert look(**{STATES: listed})[0].firmware == firmware


def test_without_a_port_neither_numbers_nor_software_are_known() -> None:
    seen = play(ZXAN.observe(SERIAL, None), C3XX)
    assert (seen.firmware, seen.onus_free, seen.port) == (None, None, None)


# ---------------------------------------------------------------------------------------------------------------- TITAN

NAMED = f"show running-config-interface {T}"


def test_a_section_of_a_virtual_port_is_not_the_onus_own() -> None:
    plain, _ = look(TITAN)
    with_vport, _ = look(TITAN, **{NAMED: C6XX[NAMED].replace("!</xpon>", f"{TITAN_VPORT}!</xpon>")})
    vport = "show running-config-interface vport-1/2/3.4:1"
    with_onu, _ = look(TITAN, **{vport: C6XX[vport].replace("!</MSAN>", f"{TITAN_ONU}!</MSAN>")})
    assert plain == with_vport == with_onu


def test_both_parts_of_an_interface_are_read() -> None:
    first = f"!<if-intf>\ninterface {T}\n  tcont 2 profile DOWN\n$\n!</if-intf>\n"
    seen, _ = look(TITAN, **{NAMED: f"{first}!<xpon>\n{TITAN_ONU}{TITAN_MNG}!</xpon>"})
    assert [tcont.index for tcont in seen.registrations[0].tconts] == [2, 1]


def test_an_interface_of_which_titan_shows_nothing_is_not_asked_for_otherwise() -> None:
    with pytest.raises(UnknownReply, match="no configuration of the interface") as told:
        look(TITAN, **{NAMED: NOTHING})
    assert told.value.command == NAMED


def test_titan_is_asked_for_nothing_more_where_all_was_shown() -> None:
    bare = f"interface {T}\n  tcont 1 profile UP\n$\n"
    seen, asked = look(TITAN, **{NAMED: f"!<xpon>\n{bare}{TITAN_MNG}!</xpon>"})
    assert asked[-1] == NAMED
    assert (seen.registrations[0].flows, len(seen.registrations[0].onu_services)) == ((), 1)


def test_titan_shows_each_virtual_port_and_the_inside_by_its_own_question() -> None:
    second = TITAN_VPORT.replace(".4:1", ".4:2").replace("721", "722")
    olt = {
        NAMED: f"!<xpon>\n{TITAN_ONU.replace('$', '  gemport 2 name B tcont 1' + chr(10) + '$')}!</xpon>",
        "show running-config-interface vport-1/2/3.4:2": f"!<MSAN>\n{second}!</MSAN>",
        f"pon-onu-mng {T} > show this": f"!<xpon>\n{TITAN_MNG}!</xpon>",
    }
    seen, _ = look(TITAN, **olt)
    [here] = seen.registrations
    assert [(flow.service.gem_port, flow.service.vlan) for flow in here.flows] == [(1, 721), (2, 722)]
    assert [service.name for service in here.onu_services] == ["1"]


# ------------------------------------------------------------------------------------------------- as many as were asked


def short(dialogue: Dialogue[Any], olt: dict[str, str], at: int) -> bool:
    """Hand back one reply less than was asked, in the batch with this number. False where the dialogue is shorter."""
    try:
        batch = next(dialogue)
        while True:
            replies = tuple(olt[" > ".join((*command.path[1:], command.text))] for command in batch)
            batch = dialogue.send(replies[:-1] if at == 0 else replies)
            at -= 1
    except StopIteration:
        return at < 0


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize(
    ("dialogue", "olt"),
    [
        (lambda: ZXAN.observe(SERIAL, PORT), C3XX),
        (lambda: TITAN.observe(SERIAL, PORT), C6XX),
        (lambda: ZXAN.observe(SERIAL, PORT), C3XX | NOBODY),
        (ZXAN.discover, C3XX),
    ],
    ids=["zxan", "titan", "nobody", "discover"],
)
def test_replies_that_are_too_few_are_never_read(
    dialogue: Callable[[], Dialogue[Any]], olt: dict[str, str], at: int
) -> None:
    try:
        assert not short(dialogue(), olt, at)
    except UnknownReply as told:
        assert told.reading  # noqa: PT017 - a dialogue that ends earlier raises nothing


# ------------------------------------------------------------------------------------------------- what words there are for


def test_all_that_is_not_on_another_makers_onu_is_told_once() -> None:
    wish = onu(
        serial="HWTC1A2B3C4D",
        wan=WAN.model_copy(update={"priority": 3, "wan_profile": "X"}),
        management=Management(vlan=5, index=2),
        lan_ports=(LanPort(port=1, vlan=5, priority=3),),
    )
    told = [(limit.field, limit.reason) for limit in ZXAN.limits(wish)]
    assert told == [
        ("lan_ports.1.priority", "no_command_on_platform"),
        ("wan", "not_on_this_onu"),
        ("management", "not_on_this_onu"),
    ]


def test_the_wish_that_is_left_holds_nothing_without_words() -> None:
    wish = onu(
        wan=WAN.model_copy(update={"mode": "dhcp", "priority": 3, "wan_profile": "X"}),
        management=Management(vlan=5, index=2, tr069_profile="ACS"),
        lan_ports=(LanPort(port=1, vlan=5, priority=3), LanPort(port=2, mode="trunk", vlan=5)),
    )
    kept, _ = ZXAN_WORDS.doable(wish)
    assert kept.wan == WAN.model_copy(update={"mode": "dhcp", "login": None, "password": None})
    assert kept.management == Management(vlan=5)
    assert kept.lan_ports == (LanPort(port=1, vlan=5), LanPort(port=2, mode="trunk"))
    assert TITAN_WORDS.doable(onu(wan=None))[0].wan is None


@pytest.mark.parametrize(
    ("flow", "key"),
    [
        (ServicePort(gem_port=2, vlan=30), (2, None, 30, None, None, None)),
        (ServicePort(gem_port=1, vlan=30, user_vlan=7, transform="transparent"), (1, 30, 30, None, None, None)),
        (ServicePort(gem_port=1, vlan=30, user_vlan=7, transform="translate"), (1, 7, 30, None, None, None)),
        (ServicePort(gem_port=1, vlan=30, user_vlan=7, transform="translate-and-add"), (1, 7, 30, 7, None, None)),
        (ServicePort(gem_port=1, vlan=30, user_vlan=7, inner_vlan=9, transform="translate-and-add"), (1, 7, 30, 9, None, None)),
        (ServicePort(gem_port=1, vlan=30, user_vlan=7, upstream_profile="U", downstream_profile="D"), (1, 7, 30, None, "U", "D")),
    ],
)  # fmt: skip
def test_what_a_service_port_does(flow: ServicePort, key: FlowKey) -> None:
    assert flow_key(flow) == key
