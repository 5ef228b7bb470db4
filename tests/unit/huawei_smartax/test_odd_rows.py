"""Lists with a row that no rule explains: it is left out where something is looked for, and frees nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.huawei_smartax.test_observe import NOT_THERE, OLT, PORT, play
from vendors.contract import write
from vendors.errors import OrderRejected, UnknownReply
from vendors.huawei_smartax import adapter

RULE = "   " + "-" * 76 + "\n"
SERIAL, HEX = "HWTC1A2B3C4D", "485754431A2B3C4D"
LIST = "display ont info 0 3 0 all"
BY_SN = f"display ont info by-sn {HEX}"


def block(number: int, port: str, sn: str, **more: str) -> str:
    rows = {"Number": str(number), "F/S/P": port, "Ont SN": sn, "Ont EquipmentID": "EG8145V5", **more}
    return RULE + "".join(f"   {label:<20}: {value}\n" for label, value in rows.items())


def found(*blocks: str, total: int | None = None) -> str:
    return (
        "".join(blocks)
        + RULE
        + (f"   The number of GPON autofind ONTs is {total}\n" if total is not None else "")
    )


MINE = block(1, "0/3/1", f"{HEX} (HWTC-1A2B3C4D)")
NAMELESS = block(2, "0/1/7", "48575443A1B2C3D4").replace("F/S/P", "F/S/Q")
ODD = [
    pytest.param(NAMELESS, id="a label that is missing"),
    pytest.param(block(2, "0/1", "48575443A1B2C3D4"), id="no port"),
    pytest.param(block(2, "0/1/99999999", "48575443A1B2C3D4"), id="a port that cannot be"),
    pytest.param(block(2, "0/1/7", "48575443A1\x07B2C3D4"), id="a control byte"),
    pytest.param(block(2, "0/1/7", "48575443A1B2C3D4") + "   flux capacitor\n", id="a line that is no field"),
]


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_row_hides_no_other_from_the_search_and_is_named(odd: str) -> None:
    seen = play(adapter.discover(), {"display ont autofind all": found(MINE, odd, total=2)})
    assert [(one.serial, str(one.port)) for one in seen] == [(SERIAL, "0/3/1")]
    [row] = seen.left_out
    assert "A1B2C3D4" in row.text or "B2C3D4" in row.text


@pytest.mark.parametrize("total", [1, 3])
def test_the_total_counts_rows_that_are_left_out(total: int) -> None:
    with pytest.raises(UnknownReply):
        play(adapter.discover(), {"display ont autofind all": found(MINE, NAMELESS, total=total)})


def test_a_cut_is_one_still() -> None:
    whole = found(MINE, NAMELESS, total=2)
    with pytest.raises(UnknownReply):
        play(adapter.discover(), {"display ont autofind all": whole[: whole.rindex(RULE)]})


@pytest.mark.parametrize(
    "odd",
    [
        block(2, "0/1", HEX),
        block(2, "0/1", "HWTC-1A2B3C4D"),
        block(2, "0/3/0", "48575443A1B2C3D4").replace("Ont SN", "Ont NS"),
    ],
    ids=["the asked serial", "the asked serial, readable", "the asked place"],
)
def test_an_odd_row_about_what_was_asked_is_never_left_out(odd: str) -> None:
    other = block(1, "0/3/1", "48575443A1B2C3D5")
    with pytest.raises(UnknownReply) as refused:
        observe(**{"display ont autofind all": found(other, odd, total=2)})
    assert refused.value.command


# ------------------------------------------------------------------------------------------- what is registered on a port

HEADER = (
    "  " + "-" * 77 + "\n"
    "  F/S/P   ONT         SN         Control     Run      Config   Match    Protect\n"
    "          ID                     flag        state    state    state    side\n"
    "  " + "-" * 77 + "\n"
)


def row(number: str, sn: str, rest: str = "active      online   normal   match    no") -> str:
    return f"  0/ 3/0  {number:>3}  {sn}  {rest}\n"


def port(*rows: str, total: int | None = None) -> str:
    count = len(rows) if total is None else total
    rule = "  " + "-" * 77 + "\n"
    return (
        f"{HEADER}{''.join(rows)}{rule}  In port 0/ 3/0 , the total of ONTs are: {count}, online: 1\n{rule}"
    )


OTHERS = (row("0", "48575443A1B2C3D4"), row("2", "48575443A1B2C3D5"))


def observe(**replies: Any) -> Any:
    nobody = {BY_SN: NOT_THERE, LIST: port(*OTHERS)}
    return play(adapter.observe(SERIAL, PORT), {**OLT, **nobody, **replies})


def observed(listed: str, **more: str) -> Any:
    return observe(**{LIST: listed, **more})


@pytest.mark.parametrize(
    "odd",
    [
        row("1", "48575443A1B2C3D6", "active      online   normal"),
        row("1", "48575443A1B2C3D6", "active      \x07line   normal   match    no"),
        row("1", "48575443A1B2C3D6", "active      online   normal   match    no   flux"),
    ],
    ids=["a cell that is missing", "a control byte", "a cell too many"],
)
def test_the_number_of_an_odd_row_is_in_use_and_the_order_goes_on(odd: str) -> None:
    seen = observed(port(OTHERS[0], odd, OTHERS[1]))
    assert seen.used_onu_ids == {0, 1, 2}
    assert len(seen.left_out) == 1


@pytest.mark.parametrize(
    "odd",
    [
        row("?", "48575443A1B2C3D6"),
        row("0", "48575443A1B2C3D6", "active online"),
        row("1", "48575443A1B2C3\x07", "active online"),
        row("1", "????????????????"),
        row("1", "4857544\x02A1B2C3D6"),
    ],
    ids=[
        "no number",
        "a number that stands twice",
        "a serial that is cut",
        "an illegible serial",
        "a control byte",
    ],
)
def test_nothing_is_registered_where_a_row_hides_its_number_or_its_serial(odd: str) -> None:
    with pytest.raises(UnknownReply) as refused:
        observed(port(*OTHERS, odd))
    assert refused.value.reading


def test_whoever_is_registered_there_needs_no_number() -> None:
    listed = OLT[LIST].replace("48575751", "4857\x0751", 1)
    seen = play(adapter.observe("HWHW51175244", PORT), {**OLT, LIST: listed})
    assert seen.at(PORT) is not None


def test_the_total_of_a_port_counts_odd_rows() -> None:
    with pytest.raises(UnknownReply):
        observed(port(*OTHERS, row("1", "48575443A1B2C3D6", "active"), total=2))


# -------------------------------------------------------------------------------------------------------- what is not there


def test_an_absence_is_not_believed_where_the_same_look_shows_the_serial() -> None:
    with pytest.raises(UnknownReply) as refused:
        observed(port(*OTHERS, row("1", HEX)))
    assert refused.value.reading


def test_registrations_without_a_count_are_asked_for_twice() -> None:
    here = OLT["display ont info by-sn 4857485751175244"].replace("0/3/0", "0/5/1")
    answers = iter([here.replace("The number of required ONTs", "Nothing"), NOT_THERE])

    class Changing(dict[str, str]):
        def __getitem__(self, command: str) -> str:
            return next(answers) if command == BY_SN else super().__getitem__(command)

    with pytest.raises(UnknownReply):
        play(adapter.observe(SERIAL, PORT), Changing({**OLT, LIST: port(*OTHERS)}))


# ------------------------------------------------------------------------------------------------------------- removals


@pytest.mark.parametrize(
    "said",
    [
        "  Failure: Service virtual port does not exist\n",  # hw cases: 06-hw-sp-not-exist
        "  Failure: The service virtual port does not exist\n",
        "  Failure: The specified service virtual port does not exist\n",
    ],
)
def test_what_is_gone_need_not_be_removed(said: str) -> None:
    adapter.check(write("undo service-port 17", path=()), said)
    with pytest.raises(OrderRejected):
        adapter.check(write("service-port 17 rx-cttr 6", path=()), said)
