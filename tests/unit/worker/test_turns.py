"""How turns are counted: every eighth to the longest due, one in five to a repeated look. No database."""

from __future__ import annotations

import pytest

from worker.turns import BEGUN, Turns


@pytest.mark.parametrize(
    ("kept", "turns"),
    [
        ((None, None), BEGUN),
        ((3, None), Turns(3, 4)),
        ((None, 2), Turns(0, 2)),
        ((0, 0), Turns(0, 0)),
    ],
)
def test_what_was_never_counted_begins_with_a_look_let_in(
    kept: tuple[int | None, int | None], turns: Turns
) -> None:
    assert Turns.of(*kept) == turns
    assert Turns() == Turns(0, 4)


@pytest.mark.parametrize(("since", "longest"), [(0, False), (6, False), (7, True), (8, True)])
def test_the_eighth_turn_goes_to_the_longest_due(since: int, longest: bool) -> None:
    assert Turns(since, 0).to_longest_due is longest


@pytest.mark.parametrize(("since", "wait"), [(0, True), (3, True), (4, False)])
def test_a_repeated_look_waits_for_four_turns_of_others(since: int, wait: bool) -> None:
    assert Turns(0, since).looks_wait is wait


@pytest.mark.parametrize(
    ("turns", "alike"),
    [
        (Turns(7, 0), 1),
        (Turns(9, 0), 1),
        (Turns(0, 0), 4),
        (Turns(0, 3), 1),
        (Turns(5, 0), 2),
        (Turns(6, 0), 1),
        (Turns(0, 4), 7),
        (Turns(6, 4), 1),
    ],
)
def test_how_many_turns_go_by_the_same_rule(turns: Turns, alike: int) -> None:
    assert turns.alike == alike


@pytest.mark.parametrize(
    ("before", "look", "late_save", "after"),
    [
        (Turns(0, 0), False, False, Turns(1, 1)),
        (Turns(0, 4), False, False, Turns(1, 4)),
        (Turns(3, 4), True, False, Turns(4, 0)),
        (Turns(7, 2), False, False, Turns(0, 3)),
        (Turns(7, 2), False, True, Turns(8, 3)),
        (Turns(8, 2), False, False, Turns(0, 3)),
        (Turns(7, 4), True, False, Turns(0, 0)),
        (Turns(2, 1), False, True, Turns(3, 2)),
    ],
)
def test_a_turn_is_counted(before: Turns, look: bool, late_save: bool, after: Turns) -> None:
    assert before.after(look=look, late_save=late_save) == after
