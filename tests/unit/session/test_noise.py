"""What is taken out of the middle of anything, and what only looks like it."""

from __future__ import annotations

import pytest

from vendors.expressions import LONGEST, Bounded, expression
from vendors.noise import Notice, Quiet, without

ALARM = Notice("^!", last="END$", torn="END", most=4, before=2, after=1)
NOTE = Notice("^note")
TWO = Notice("^two$", last="^of$", most=3)
NOTICES = (ALARM, NOTE, TWO)
LONG = "x" * 1_024


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\nnote\nb", "a\nb"),
        ("a\n\nnote\n\nb\n", "a\n\n\nb\n"),
        ("note", ""),
        ("", ""),
        ("\nrow", "\nrow"),
        ("! a\nEND\nrow", "row"),
        ("! END\nrow", "row"),
        ("! a\nEND", ""),
        ("a\n\n! x\nEND\nb", "a\nb"),
        ("a\n\n\n! x\nEND\nb", "a\nb"),
        ("a\n\n\n\n! x\nEND\nb", "a\n\nb"),
        ("a\n! x\nEND\n\nb", "a\nb"),
        ("a\n! x\nEND\n\n\nb", "a\n\nb"),
        ("! a\nEND\nx\n\ny", "x\n\ny"),
        ("! a\n1\n2\nEND\nz", "z"),
        ("! a\n1\n2\n3\nEND\nz", "! a\n1\n2\n3\nEND\nz"),
        ("! a\n1\n2\n3\n\nz", "! a\n1\n2\n3\n\nz"),
        ("! a\nEND x\nEND\nz", "! a\nEND x\nEND\nz"),
        ("! a\n1\n! b\n2\nEND\nz", "! a\n1\nz"),
        ("! a\n1\n2\ntwo\nof\nz", "! a\n1\n2\nz"),
        ("! a\nnote\n1\n2\n3", "! a\n1\n2\n3"),
        ("! a\n! b\nEND x\nEND\nz", "! a\n! b\nEND x\nEND\nz"),
        ("two\nx\ntwo\nof\nz", "two\nx\nz"),
        ("two\nof\nz", "z"),
        ("two\nx\nx\nof\nz", "two\nx\nx\nof\nz"),
        ("two", "two"),
        (f"! a\n{LONG}\nEND\nz", "z"),
        (f"! a\n{LONG}x\nEND\nz", f"! a\n{LONG}x\nEND\nz"),
        (f"! a\n! b\n{LONG}x\nEND\nz", f"! a\n! b\n{LONG}x\nEND\nz"),
        (f"note{LONG[4:]}\nz", "z"),
        (f"note{LONG[3:]}\nz", f"note{LONG[3:]}\nz"),
    ],
)
def test_a_notice_goes_with_its_blank_lines_and_what_is_none_stays(text: str, left: str) -> None:
    assert without(NOTICES, text) == left


def test_a_notice_of_one_line_has_one_line_and_no_blank_ones() -> None:
    assert without((Notice("^x", last="^y"),), "x\ny\n") == "x\ny\n"
    assert without((), "! a\n\nEND\n") == "! a\n\nEND\n"


@pytest.mark.parametrize(
    ("pieces", "before"),
    [
        ([["OLT#", "note"]], "OLT#"),
        ([["OLT#"]], None),
        ([["OLT#", "note", "row"]], None),
        ([["OLT#", "! a"]], None),
        ([["OLT#", "! a", "END", "! b"]], None),
        ([["OLT#", "! a", "END", "", ""]], "OLT#"),
        ([["OLT#", "note", "", "", ""]], "OLT#"),
        ([["OLT#", "note", "", "", "", ""]], None),
        ([["row", "OLT#"], ["note"], [""]], "OLT#"),
        ([["note"]], None),
        ([["note", "row"]], None),
    ],
)
def test_a_line_is_waited_at_though_notices_and_blank_lines_came_after_it(
    pieces: list[list[str]], before: str | None
) -> None:
    quiet = Quiet(NOTICES)
    for piece in pieces:
        quiet.feed(piece)
    assert quiet.before_notice() == before


def test_the_blank_line_of_a_notice_may_come_later_than_it() -> None:
    quiet = Quiet(NOTICES)
    for piece in (["row", "! a"], ["END"], ["", "", "row 2"]):
        quiet.feed(piece)
    assert quiet.lines == ["row", "", "row 2"]


def test_what_was_forgotten_is_not_waited_at() -> None:
    quiet = Quiet(NOTICES)
    quiet.feed(["OLT#", "note"])
    quiet.forget()
    assert quiet.before_notice() is None
    quiet.feed(["OLT-2#"])
    assert (quiet.lines, quiet.before_notice()) == (["OLT-2#"], None)
    quiet.feed(["! a"])
    quiet.forget()
    assert (quiet.lines, quiet.held) == ([], ["! a"])
    quiet.feed(["END", "row"])
    assert (quiet.lines, quiet.held) == (["row"], [])


# ----------------------------------------------------------------------------------------------------------- expressions


@pytest.mark.parametrize("before", [0, 1, LONGEST - 3, LONGEST - 1, LONGEST, LONGEST + 1, 3 * LONGEST])
@pytest.mark.parametrize("around", ["", "ab\n", "ab\n\nab\n"])
def test_an_expression_with_lookaround_finds_all_that_there_is_on_a_line_of_any_length(
    before: int, around: str
) -> None:
    text = f"{around}{'y' * before} ab xab{'y' * before}\n{around}"
    found = {match.span() for match in Bounded(r"(?<!x)ab").finditer(text)}
    wanted = {
        (at, at + 2) for at in range(len(text)) if text.startswith("ab", at) and text[at - 1 : at] != "x"
    }
    assert found == wanted
    first = Bounded(r"(?<!x)ab").search(text)
    assert first is not None
    assert first.span() == min(wanted)


def test_letters_are_told_apart_unless_it_is_said() -> None:
    assert expression("a").search("A") is None
    assert expression("a", any_case=True).search("A") is not None
    assert Bounded("(?<!x)b").search("xb") is None
    with pytest.raises(ValueError, match=r"unterminated|missing"):
        expression("(?<!x")
