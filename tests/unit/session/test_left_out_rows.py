"""Rows that could not be read: whose they are, and what they stand in the way of."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from vendors.errors import UnknownReply
from vendors.left_out import LeftOut, Sightings, refuse_about, refuse_unsure

SERIAL, HEX = "HWTC1A2B3C4D", "485754431A2B3C4D"
OTHER = "ZTEG00AB12CD"
PLACE = re.compile(r"\b0/1/0\b")


def refused(rule: Callable[..., None], *args: Any, **more: Any) -> bool:
    """Whether the rule refuses, as an odd reply to a question."""
    try:
        rule(*args, **more)
    except UnknownReply as error:
        return error.reading
    return False


@pytest.mark.parametrize(
    ("text", "serial"),
    [
        (f"1 {SERIAL} online", SERIAL),
        ("1 HWTC-1A2B3C4D online", SERIAL),
        (f"1 {HEX} online", SERIAL),
        (f"1 {HEX} (HWTC-1A2B3C4D) online", SERIAL),
        (f"1 {SERIAL} {OTHER}", None),
        (f"1 x{SERIAL} online", None),
        (f"1 {SERIAL}0 online", None),
        ("1 online", None),
    ],
)
def test_the_serial_of_a_row_is_the_only_one_in_it(text: str, serial: str | None) -> None:
    row = LeftOut.of(text, 7)
    assert (row.serial, row.number, row.text) == (serial, 7, text)


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (LeftOut(text="?", serial=SERIAL), True),
        (LeftOut(text="?", serial=OTHER), False),
        (LeftOut(text=f"a {SERIAL} {OTHER}"), True),
        (LeftOut(text="x hwtc-1a2b3c4d"), True),
        (LeftOut(text=f"x{HEX.lower()}y"), True),
        (LeftOut(text="HWTC 1A2B:3C4D"), True),
        (LeftOut(text="HWTC1A2B3C4"), False),
    ],
)
def test_a_row_names_a_serial_in_any_form_in_which_devices_print_one(row: LeftOut, named: bool) -> None:
    assert row.names(SERIAL) is named
    assert refused(refuse_about, [LeftOut(text="another"), row], SERIAL) is named


@pytest.mark.parametrize(("text", "place", "told"), [
    ("0/1/0 ???", PLACE, True),
    ("0/1/7 ???", PLACE, False),
    ("0/1/0 ???", None, False),
])  # fmt: skip
def test_a_row_about_the_place_that_was_asked_for_is_never_left_out(
    text: str, place: Any, told: bool
) -> None:
    assert refused(refuse_about, [LeftOut(text=text)], SERIAL, place) is told


@pytest.mark.parametrize(
    ("number", "serial", "serials", "told"),
    [
        (1, SERIAL, True, False),
        (None, SERIAL, True, True),
        (1, None, True, True),
        (1, None, False, False),
        (None, None, False, True),
        (0, SERIAL, True, False),
    ],
)
def test_nothing_is_free_beside_a_row_that_hides_its_number_or_its_serial(
    number: int | None, serial: str | None, serials: bool, told: bool
) -> None:
    rows = [LeftOut(text="?", number=1, serial=OTHER), LeftOut(text="?", number=number, serial=serial)]
    assert refused(refuse_unsure, rows, serials=serials) is told


def test_sightings_remember_what_is_missing_in_them() -> None:
    row = LeftOut(text="?")
    assert (Sightings(), Sightings().left_out) == ((), ())
    assert Sightings((), [row]).left_out == (row,)
