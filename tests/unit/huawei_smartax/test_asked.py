"""What the dialogues ask, how often, and which rows are believed to be about what was asked."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.onu import GemPort, Management, ServicePort
from tests.unit.huawei_smartax.test_observe import NOT_THERE, OLT, PORT, UNKNOWN_COMMAND
from tests.unit.huawei_smartax.test_observe import SERIAL as MINE
from tests.unit.huawei_smartax.test_odd_rows import BY_SN, HEX, LIST, OTHERS, SERIAL, block, found, port, row
from vendors.contract import Command, Dialogue, read, write
from vendors.errors import OltBusy, OrderRejected, UnknownReply
from vendors.huawei_smartax import adapter

MINE_BY_SN = "display ont info by-sn 4857485751175244"
CONFIG, FLOWS = "display current-configuration ont 0/3/0 1", "display service-port port 0/3/0 ont 1"
LOOK = [MINE_BY_SN, "display ont autofind all", "display version", LIST]
OWN = [
    CONFIG,
    FLOWS,
    "display traffic table ip index 10",
    "display traffic table ip index 11",
    "display ont version 0 1",
    "display ont optical-info 0 1",
]
NOBODY = {BY_SN: NOT_THERE, LIST: port(*OTHERS)}
OLD = OLT["display version"].replace("MA5800V100R018C00", "MA5600V800R018C00")


class Olt:
    """Answers from a table, a list of answers one after another; remembers what it was asked."""

    def __init__(self, **replies: Any) -> None:
        self.replies: dict[str, Any] = {**OLT, **replies}
        self.asked: list[Command] = []

    def says(self, command: Command) -> str:
        self.asked.append(command)
        said = self.replies[command.text]
        return said if isinstance(said, str) else str(said.pop(0))

    def play(self, dialogue: Dialogue[Any], short: int = -1) -> Any:
        """What the dialogue learns; in the batch of the number `short` one reply is missing."""
        try:
            batch = next(dialogue)
            while True:
                assert batch
                replies = tuple(map(self.says, batch))
                batch = dialogue.send(replies[:-1] if short == 0 else replies)
                short -= 1
        except StopIteration as finished:
            assert short < 0
            return finished.value

    @property
    def texts(self) -> list[str]:
        return [command.text for command in self.asked]


def look(**replies: Any) -> tuple[Any, Olt]:
    olt = Olt(**NOBODY | replies)
    return olt.play(adapter.observe(SERIAL, PORT)), olt


def mine(**replies: Any) -> tuple[Any, Olt]:
    olt = Olt(**replies)
    return olt.play(adapter.observe(MINE, PORT)), olt


def test_each_question_is_asked_once() -> None:
    seen, olt = mine()
    assert olt.texts == [*LOOK, *OWN]
    assert (seen.onus_free, seen.more, seen.left_out) == (128 - 31, {}, ())
    assert seen.registrations[0].raw_serial == "4857485751175244 (HWHW-51175244)"


def test_whoever_is_found_is_not_looked_for_under_another_name() -> None:
    small = block(1, "0/9/1", "6877687751175244 (hwhw-51175244)")
    assert mine(**{"display ont autofind all": found(small)})[1].texts == [*LOOK, *OWN]


@pytest.mark.parametrize("short", [1, 2])
def test_replies_that_are_too_few_are_never_read(short: int) -> None:
    with pytest.raises(UnknownReply) as told:
        Olt().play(adapter.observe(MINE, PORT), short)
    assert told.value.reading


def test_without_a_port_nothing_is_known_of_one() -> None:
    olt = Olt(**{MINE_BY_SN: OLT[MINE_BY_SN].replace("The number of required ONTs", "Nothing")})
    seen = olt.play(adapter.observe(MINE, None))
    assert olt.texts == [*LOOK[:3], *OWN]
    assert (seen.port, seen.used_onu_ids, seen.onus_free) == (None, frozenset(), None)


def test_software_that_is_not_told_is_none() -> None:
    seen, olt = look(**{"display version": UNKNOWN_COMMAND})
    assert (seen.firmware, seen.more) == (None, {})
    assert olt.texts[-1] == LIST


def test_of_a_lit_unit_without_a_serial_the_place_is_known() -> None:
    [one] = Olt(**{"display ont autofind all": found(block(1, "0/3/1", ""))}).play(adapter.discover())
    assert (one.serial, one.raw_serial, str(one.port)) == (None, "", "0/3/1")


# -------------------------------------------------------------------------------------------------- what hides the answer

ABOUT = "a row about what was asked"
ITSELF = "a row about the ONU itself"
OTHER = block(1, "0/3/1", "48575443A1B2C3D5")
ODD_PLACE = block(2, "0/3/0", "48575443A1B2C3D4").replace("Ont SN", "Ont NS")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"display ont autofind all": found(OTHER, block(2, "0/1", HEX), total=2)}, ABOUT),
        ({"display ont autofind all": found(OTHER, ODD_PLACE, total=2)}, ABOUT),
        ({LIST: port(*OTHERS, row("1", HEX, "active"))}, ABOUT),
        ({LIST: port(*OTHERS, row("1", HEX))}, "a serial that it says is not registered"),
        ({LIST: port(*OTHERS, row("1", "????????????????"))}, "hides a serial|cannot be read"),
    ],
)
def test_what_hides_the_answer_is_told(more: dict[str, str], why: str) -> None:
    with pytest.raises(UnknownReply, match=why) as told:
        look(**more)
    assert told.value.reading


def test_a_row_about_the_onu_itself_is_told_and_one_about_another_is_left_out() -> None:
    rows = OLT[LIST].split("\n")
    [own, other] = [next(n for n, line in enumerate(rows) if f"0/ 3/0   {id_:>2}" in line) for id_ in (1, 2)]

    def odd(number: int) -> str:
        return "\n".join(
            line.replace("online", "onl\x07ne") if n == number else line for n, line in enumerate(rows)
        )

    with pytest.raises(UnknownReply, match=ITSELF):
        mine(**{LIST: odd(own)})
    seen, _ = mine(**{LIST: odd(other)})
    assert (len(seen.left_out), len(seen.used_onu_ids)) == (1, 31)


# ------------------------------------------------------------------------------------------------ what is asked for twice

ELSEWHERE = OLT[MINE_BY_SN].replace("0/3/0", "0/3/1")
UNCOUNTED = ELSEWHERE.replace("The number of required ONTs", "Nothing")
AT_1 = {
    command.replace("0/3/0", "0/3/1").replace(" 0 1", " 1 1"): reply.replace("0/3 /0", "0/3 /1")
    for command, reply in OLT.items()
    if command in OWN
}


@pytest.mark.parametrize(("again", "agrees"), [(ELSEWHERE, True), (NOT_THERE, False)])
def test_registrations_elsewhere_without_a_count_are_asked_for_once_more(again: str, agrees: bool) -> None:
    olt = Olt(**AT_1, **{MINE_BY_SN: [UNCOUNTED, again], LIST: port(*OTHERS)})
    if agrees:
        seen = olt.play(adapter.observe(MINE, PORT))
        assert [str(one.port) for one in seen.registrations] == ["0/3/1"]
        assert olt.texts[:5] == [*LOOK, MINE_BY_SN]
    else:
        with pytest.raises(UnknownReply, match="twice, and differently"):
            olt.play(adapter.observe(MINE, PORT))


def test_registrations_elsewhere_with_their_count_are_believed() -> None:
    olt = Olt(**AT_1, **{MINE_BY_SN: ELSEWHERE, LIST: port(*OTHERS)})
    assert olt.play(adapter.observe(MINE, PORT)).at(PORT) is None
    assert olt.texts.count(MINE_BY_SN) == 1


def test_nobody_is_asked_for_once() -> None:
    seen, olt = look()
    assert olt.texts == [BY_SN, *LOOK[1:]]
    assert seen.used_onu_ids == {0, 2}


# ------------------------------------------------------------------------------------------------------- boards of 10G

BOARDS = (
    "  -------------------------------------------------------------------------\n"
    "  SlotID  BoardName  Status          SubType0 SubType1    Online/Offline\n"
    "  -------------------------------------------------------------------------\n"
    "  2       H80{}   Normal\n"
    "  3       H80{}   Normal\n"
    "  -------------------------------------------------------------------------\n"
)


@pytest.mark.parametrize(
    ("version", "boards", "more"),
    [
        (OLD, BOARDS.format("5GPFD", "6XGBD"), {"word": "xgpon"}),
        (OLD, BOARDS.format("6XGBD", "5GPFD"), {}),
        (OLD, BOARDS.format("6XGBD", "5GPFD").replace("  3 ", "  4 "), {}),
        (OLD, "  Failure: The board does not exist\n", {}),
        (OLT["display version"], None, {}),
    ],
    ids=["XG", "XG beside it", "no such slot", "no board", "another family"],
)
def test_a_board_is_asked_for_its_name_where_nothing_shows_it(
    version: str, boards: str | None, more: dict[str, str]
) -> None:
    seen, olt = look(**{"display version": version, "display board 0": boards})
    assert seen.more == more
    assert ("display board 0" in olt.texts) is (boards is not None)


def test_where_the_onu_is_registered_no_board_is_asked() -> None:
    _, olt = mine(**{"display version": OLD})
    assert olt.texts == [*LOOK, *OWN]


# --------------------------------------------------------------------------------------------------- one registration

STORED = OLT[CONFIG]


@pytest.mark.parametrize(("config", "word"), [(STORED.replace("gpon 0/3\n", "xgpon 0/3\n", 1), "xgpon"), (UNKNOWN_COMMAND, "gpon")])  # fmt: skip
def test_the_levels_are_asked_for_on_the_board_as_it_calls_itself(config: str, word: str) -> None:
    seen, olt = mine(**{CONFIG: config})
    assert [command.path for command in olt.asked[-2:]] == [("config", f"interface {word} 0/3")] * 2
    assert seen.registrations[0].more["word"] == word


def test_only_service_ports_of_this_onu_are_its_own() -> None:
    own = next(line for line in OLT[FLOWS].split("\n") if line.lstrip().startswith("17 "))
    others = [
        own.replace("  17 ", "  18 ").replace("0/3 /0  1 ", "0/3 /0  2 "),
        own.replace("  17 ", "  19 ").replace("0/3 /0  1 ", "0/3 /1  1 "),
    ]
    total = OLT[FLOWS].replace(own, "\n".join([own, *others]))
    total = total.replace("Total : 1  (Up/Down :    1/0)", "Total : 3  (Up/Down :    3/0)")
    seen, _ = mine(**{FLOWS: total})
    assert [flow.index for flow in seen.registrations[0].flows] == [17]


def test_the_stored_configuration_knows_more_of_a_service_port_than_the_table() -> None:
    plain = mine()[0].registrations[0].flows
    transparent = STORED.replace("tag-transform translate ", "tag-transform transparent ")
    [flow] = mine(**{CONFIG: transparent})[0].registrations[0].flows
    assert (flow.service.transform, flow.up) == ("transparent", True)
    without = STORED[: STORED.index(" service-port 17")] + "return\n"
    assert mine(**{CONFIG: without})[0].registrations[0].flows == plain
    assert plain[0].service == ServicePort(
        gem_port=1, vlan=300, user_vlan=300, upstream_profile="10", downstream_profile="11"
    )


def test_a_gem_port_of_two_tconts_is_one() -> None:
    block_ = OLT[MINE_BY_SN]
    start, gem = block_.index("  <T-CONT   1>"), block_[block_.index("   <Gem Index 0>") :]
    gem = gem[: gem.index("\n  -----") + 1]
    twice = block_[:start] + gem + block_[start:]
    assert mine(**{MINE_BY_SN: twice})[0].registrations[0].gem_ports == (GemPort(index=0, tcont=0),)


HOSTS = " ont ipconfig 0 1 ip-index 2 dhcp vlan 400 priority 1\n"
TR069 = " ont tr069-server-config 0 1 profile-id 2\n"


def wan_and_management(more: str, without: str = "") -> tuple[Any, Any, dict[str, str]]:
    config = STORED.replace(TR069, f"{'' if without else TR069}{more}")
    [one] = mine(**{CONFIG: config})[0].registrations
    return one.wan, one.management, one.more


def test_the_connection_is_the_host_for_internet_else_the_first_that_dials_in() -> None:
    wan, management, _ = wan_and_management(HOSTS)
    assert (wan.index, wan.mode, management) == (
        1,
        "pppoe",
        Management(vlan=400, index=2, priority=1, tr069_profile="2"),
    )
    wan, management, more = wan_and_management(HOSTS + " ont internet-config 0 1 ip-index 2\n")
    assert (wan.index, wan.mode, wan.vlan, wan.priority, management) == (2, "dhcp", 400, 1, None)
    assert more["internet"] == "2"
    wan, _, _ = wan_and_management(" ont internet-config 0 1 ip-index 3\n")
    assert wan.index == 1
    static = HOSTS.replace("dhcp", "static ip-address 192.0.2.1 mask 255.255.255.0")
    assert wan_and_management(static + " ont internet-config 0 1 ip-index 2\n")[0] is None


def test_what_the_onu_is_bound_to_is_shown_with_it() -> None:
    bound = " ont wan-config 0 1 ip-index 1 profile-id 7\n ont port route 0 1 eth 2 enable\n ont port route 0 1 eth 1 enable\n"
    wan, _, more = wan_and_management(bound)
    assert (wan.wan_profile, wan.lan_ports) == ("7", (1, 2))
    assert {name: more[name] for name in ("wan_profile.1", "route.1", "route.2")} == {
        "wan_profile.1": "7",
        "route.1": "enable",
        "route.2": "enable",
    }
    assert "tr069" not in wan_and_management(HOSTS, without="tr069")[2]


@pytest.mark.parametrize(
    ("label", "profile"),
    [("  TR069 server profile ID      :9\n", "9"), ("", None)],
    ids=["shown", "not shown"],
)
def test_the_tr069_profile_is_the_stored_one_or_that_of_the_display(label: str, profile: str | None) -> None:
    lines = [line for line in OLT[MINE_BY_SN].split("\n") if "erver profile" not in line]
    shown = "\n".join(lines).replace("TR069 IP index      :0\n", f"TR069 IP index      :0\n{label}")
    [one] = mine(**{CONFIG: STORED.replace(TR069, HOSTS), MINE_BY_SN: shown})[0].registrations
    assert one.management.tr069_profile == profile
    [one] = mine(**{MINE_BY_SN: shown})[0].registrations
    assert (one.more["tr069"], one.more["tr069_name"]) == ("2", "")


# ------------------------------------------------------------------------------------------------------ health, refusals


@pytest.mark.parametrize(
    ("said", "version"),
    [
        (OLT["display version"], "MA5800V100R018C00 SPH613"),
        (OLT["display version"].replace("  PATCH   : SPH613\n", ""), "MA5800V100R018C00"),
        (NOT_THERE, None),
    ],
)
def test_version_and_patch_are_the_health(said: str, version: str | None) -> None:
    assert Olt(**{"display version": said}).play(adapter.health()).version == version


def test_an_answer_to_a_question_need_not_be_explained() -> None:
    adapter.check(read("display version"), "  Notice 4711: flux capacitor realigned\n")


@pytest.mark.parametrize(
    ("line", "said", "error", "words"),
    [
        ("ont port native-vlan 3 0 eth 1 vlan 100 priority 0", "  Set ONT port(s) native VLAN configuration, success: 1, failed: 1", OrderRejected, "did not carry it out"),
        ("display x", "  System is busy, please retry after a while", OltBusy, "System is busy"),
        ("display x", "  Failure: System is upgrading, please wait", OrderRejected, "upgrading"),
    ],
)  # fmt: skip
def test_what_is_refused_is_told_in_its_own_words(
    line: str, said: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        adapter.check(write(line, path=()), said)
