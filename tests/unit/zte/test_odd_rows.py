"""Lists with a row that no rule explains: it is left out where something is looked for, and frees nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.zte.builders import PORT, SERIAL, TITAN, ZXAN, play
from tests.unit.zte.test_observe import BASE, C3XX, NOTHING, STATE, UNCFG, UNKNOWN_COMMAND
from vendors.contract import Adapter, write
from vendors.errors import OrderRejected, UnknownReply

BY_SN = f"show gpon onu by sn {SERIAL}"
STATES, SERIALS = "show gpon onu state gpon-olt_1/2/3", "show gpon onu baseinfo gpon-olt_1/2/3"
OTHER, THIRD = "ZTEGC1192DD8", "ZTEGC1192DD9"


def lit(index: str, serial: str, state: str = "unknown") -> str:
    return f"{index:<25}{serial:<20}{state}\n"


ODD = [
    pytest.param(lit("gpon-onu_1/2/7:1", OTHER, ""), id="a last cell that is blank"),
    pytest.param(lit("gpon-onu_1/2/7:1", OTHER, "unkn\x02wn"), id="a control byte"),
    pytest.param(lit("gpon-onu_1/2", OTHER), id="no place"),
    pytest.param(lit("gpon-onu_1/2/7:1", OTHER, "unknown   flux"), id="a cell too many"),
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("adapter", [ZXAN, TITAN], ids=["zxan", "titan"])
def test_an_odd_row_hides_no_other_from_the_search_and_is_named(adapter: Adapter, odd: str) -> None:
    lists = {
        "show gpon onu uncfg": NOTHING,
        "show pon onu uncfg": UNCFG + lit("gpon-onu_1/2/3:1", SERIAL) + odd,
    }
    seen: Any = play(adapter.discover(), lists)
    assert [(one.serial, one.port) for one in seen] == [(SERIAL, PORT)]
    [row] = seen.left_out
    assert OTHER in row.text


def test_below_a_header_that_is_not_known_no_row_is_read_and_every_one_is_named() -> None:
    unknown = "Interface                Serial              Flux\n" + "-" * 69 + "\n"
    lists = {
        "show gpon onu uncfg": unknown + lit("gpon-onu_1/2/3:1", OTHER),
        "show pon onu uncfg": UNKNOWN_COMMAND,
    }
    seen: Any = play(ZXAN.discover(), lists)
    assert (len(seen), len(seen.left_out)) == (0, 1)


def test_what_is_no_row_is_not_left_out() -> None:
    lists = {
        "show gpon onu uncfg": UNCFG + "flux capacitor discharged\n",
        "show pon onu uncfg": UNKNOWN_COMMAND,
    }
    with pytest.raises(UnknownReply):
        play(ZXAN.discover(), lists)


# ------------------------------------------------------------------------------------------- what is registered on a port


def state(number: str) -> str:
    return f"1/2/3:{number:<6}enable       enable      working      1(GPON)\n"


def base(number: str, serial: str, rest: str = "ready") -> str:
    return f"gpon-onu_1/2/3:{number:<5}ZTE-F660    sn      SN:{serial:<21}{rest}\n"


def states(*rows: str) -> str:
    return STATE + "".join(rows) + f"ONU Number: {len(rows)}/{len(rows)}"


NOBODY = {
    BY_SN: NOTHING,
    STATES: states(state("1"), state("4")),
    SERIALS: BASE + base("1", OTHER) + base("4", THIRD),
}


def observe(**more: str) -> Any:
    return play(ZXAN.observe(SERIAL, PORT), {**C3XX, **NOBODY, **more})


def test_the_numbers_of_both_lists_are_in_use() -> None:
    assert observe().used_onu_ids == {1, 4}


def test_the_number_of_an_odd_row_is_in_use_and_the_order_goes_on() -> None:
    odd = "1/2/3:2     enable       enable      work\x02ng      1(GPON)\n"
    serials = NOBODY[SERIALS] + base("2", "ZTEGC1192DDA", "")
    seen = observe(**{STATES: states(state("1"), odd, state("4")), SERIALS: serials})
    assert seen.used_onu_ids == {1, 2, 4}
    assert len(seen.left_out) == 2


@pytest.mark.parametrize(
    ("states_odd", "serials_odd"),
    [
        ("1/2/3:?     enable       enable      working      1(GPON)\n", ""),
        ("1/2/3:4     enable       enable      wor\x02king      1(GPON)\n", ""),
        ("", base("2", "ZTEG????????")),
        ("", base("2", "ZTEG\x02192DDA", "")),
        ("", base("?", "ZTEGC1192DDA")),
    ],
    ids=[
        "no number",
        "a number twice",
        "an illegible serial",
        "a control byte in a serial",
        "no number of a serial",
    ],
)
def test_nothing_is_registered_where_a_row_hides_its_number_or_its_serial(
    states_odd: str, serials_odd: str
) -> None:
    rows = [state("1"), state("4"), *([states_odd] if states_odd else [])]
    with pytest.raises(UnknownReply) as refused:
        observe(**{STATES: states(*rows), SERIALS: NOBODY[SERIALS] + serials_odd})
    assert refused.value.command


def test_an_odd_row_about_what_was_asked_is_never_left_out() -> None:
    for odd in (lit("gpon-onu_1/2", SERIAL), lit("gpon-onu_1/2/3:1", OTHER, "")):
        with pytest.raises(UnknownReply):
            observe(**{"show gpon onu uncfg": UNCFG + lit("gpon-onu_1/2/9:1", OTHER) + odd})


# -------------------------------------------------------------------------------------------------------- what is not there


def test_an_absence_is_not_believed_where_the_same_look_shows_the_serial() -> None:
    with pytest.raises(UnknownReply) as refused:
        observe(
            **{STATES: states(state("1"), state("4")), SERIALS: BASE + base("1", OTHER) + base("4", SERIAL)}
        )
    assert refused.value.reading


class Changing(dict[str, str]):
    """An OLT whose answers to one command differ."""

    def __init__(self, olt: dict[str, str], command: str, *answers: str) -> None:
        super().__init__(olt)
        self.command, self.answers = command, iter(answers)

    def __getitem__(self, command: str) -> str:
        return next(self.answers) if command == self.command else super().__getitem__(command)


CUT = BASE + base("1", OTHER)
"""A list without a total whose end is lost, its prompt kept."""


def test_a_list_without_a_total_that_lacks_an_onu_is_read_again() -> None:
    olt = {**C3XX, **NOBODY}
    with pytest.raises(UnknownReply):
        play(ZXAN.observe(SERIAL, PORT), Changing(olt, SERIALS, CUT, NOBODY[SERIALS]))
    assert play(ZXAN.observe(SERIAL, PORT), Changing(olt, SERIALS, CUT, CUT)).used_onu_ids == {1, 4}


def test_registrations_elsewhere_have_no_total_and_are_asked_for_twice() -> None:
    elsewhere = "SearchResult\n-----------------\ngpon-onu_1/2/9:4"
    olt = {
        command.replace("1/2/3:4", "1/2/9:4"): reply.replace("1/2/3:4", "1/2/9:4")
        for command, reply in C3XX.items()
    }
    olt |= {STATES: NOBODY[STATES], SERIALS: NOBODY[SERIALS]}
    with pytest.raises(UnknownReply):
        play(ZXAN.observe(SERIAL, PORT), Changing(olt, BY_SN, elsewhere, NOTHING))
    seen = play(ZXAN.observe(SERIAL, PORT), Changing(olt, BY_SN, elsewhere, elsewhere))
    assert [str(found.port) for found in seen.registrations] == ["1/2/9"]


# ------------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "said",
    [
        "Parameter exceeds range.",  # zte cases: 23-zte-parameter-exceeds
        "%Code 62412-GPONSRV : Parameter exceeds range.",  # zte cases: 23b
        "Parameter is out of range.",
        "The value exceeds the valid range",
    ],
)
def test_a_value_that_the_olt_does_not_take_is_a_refusal_with_or_without_a_number(said: str) -> None:
    with pytest.raises(OrderRejected) as refused:
        ZXAN.check(write("tcont 1 name tcont profile 2G", path=()), said)
    assert refused.value.reason == "olt_refused"


@pytest.mark.parametrize(
    ("adapter", "line", "said", "reason"),
    [
        (ZXAN, "service-port 1 vport 1 user-vlan 100 vlan 100", "%Code 66661: The service is already existed.", "not_converged"),
        (ZXAN, "service int gemport 1 vlan 155", "%Code 63869-GPONRM : Record already exists.", "not_converged"),
        (TITAN, "vlan port eth_0/1 mode tag vlan 100", "%Error 223982: Please check if the port is in the VLAN.", "olt_refused"),
    ],
)  # fmt: skip
def test_refusals_that_were_seen_mean_what_they_say(
    adapter: Adapter, line: str, said: str, reason: str
) -> None:
    """zte cases: 22, 22b, 27."""
    with pytest.raises(Exception) as refused:  # noqa: PT011 - the reason tells
        adapter.check(write(line, path=()), said)
    assert getattr(refused.value, "reason", "") == reason


def test_a_line_that_titan_rejects_above_a_caret_is_a_refusal() -> None:
    """zte cases: 25-titan-wan-ip-rejected."""
    line = "wan-ip 1 ping-response enable traceroute-response enable"
    said = TITAN.parse(line, f"{line}\n         ^\n%Error 140303: Invalid input detected at '^' marker.\n")
    assert (said["refused"]["number"], said["refused"]["column"]) == (140303, 9)
