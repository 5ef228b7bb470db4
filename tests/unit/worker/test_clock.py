"""What a worker makes of the database's clock, which people set, by one that nobody sets."""

from __future__ import annotations

import pytest

from worker.clock import Reading, Watch

HOUR = 3600.0
LEAD = 1_700_000_000.0


def reading(at: float, lead: float = 0.0, took_s: float = 0.01) -> Reading:
    """The other clock is `lead` seconds further ahead than at first."""
    return Reading(at, LEAD + at + lead, at + took_s)


def seen(*leads: float, every_s: float = 1.0) -> Watch:
    """A reading every so often, each with its lead."""
    watch = Watch.first(reading(100.0))
    for number, lead in enumerate(leads, 1):
        watch = watch.after(reading(100.0 + number * every_s, lead))
    return watch


@pytest.mark.parametrize(("lead_s", "jumps"), [(0.0, 0), (4.9, 0), (5.2, 1), (HOUR, 1)])
def test_more_than_five_seconds_ahead_is_a_jump(lead_s: float, jumps: int) -> None:
    watch = seen(0.0, lead_s, lead_s)
    assert (watch.jumps, watch.steps_back) == (jumps, 0)
    assert watch.jumped_s(112.0) == (pytest.approx(9.99) if jumps else None)


@pytest.mark.parametrize(("lead_s", "doubted"), [(299.0, False), (302.0, True), (HOUR, True)])
def test_more_than_five_minutes_ahead_is_in_doubt(lead_s: float, *, doubted: bool) -> None:
    watch = seen(0.0, lead_s)
    assert watch.in_doubt is doubted
    assert watch.ahead_s == (pytest.approx(lead_s, abs=0.2) if doubted else 0.0)


def test_doubt_lasts_until_the_clock_is_back() -> None:
    assert seen(0.0, *[HOUR] * 10, every_s=600.0).in_doubt, "it is not believed because time passes"
    assert not seen(0.0, HOUR, HOUR, 0.0, 0.0).in_doubt


def test_doubt_ends_when_a_person_accepts_the_clock_and_begins_anew_with_the_next_jump() -> None:
    watch = seen(0.0, HOUR).accepted()
    assert not watch.in_doubt
    watch = watch.after(reading(103.0, HOUR))
    assert not watch.in_doubt
    watch = watch.after(reading(104.0, 2 * HOUR))
    assert watch.in_doubt
    assert watch.ahead_s == pytest.approx(HOUR, abs=0.2)


def test_a_step_back_is_followed_and_counted_and_the_way_ahead_again_is_a_jump() -> None:
    assert seen(0.0, -HOUR) == seen(0.0, -HOUR)
    back = seen(0.0, -HOUR, -HOUR)
    assert (back.jumps, back.steps_back, back.in_doubt) == (0, 1, False)
    again = back.after(reading(103.0))
    assert (again.jumps, again.in_doubt) == (1, True)


def test_many_small_steps_are_a_jump() -> None:
    assert seen(3.0, 6.0, 9.0).jumps == 1


def test_a_clock_that_runs_slightly_faster_never_jumps() -> None:
    watch = seen(*(0.001 * number for number in range(1, 20_000)))
    assert (watch.jumps, watch.ahead_s) == (0, 0.0)


def test_a_slow_reading_and_one_that_comes_late_are_no_jumps() -> None:
    watch = Watch.first(reading(100.0)).after(Reading(101.0, LEAD + 131.0, 131.0))
    watch = watch.after(Reading(132.0, LEAD + 132.0, 162.0)).after(reading(120.0))
    assert (watch.jumps, watch.steps_back) == (0, 0)


def test_what_the_clock_showed_when_it_jumped_is_kept() -> None:
    assert seen(0.0, HOUR, HOUR).doubted_from == LEAD + 102.0 + HOUR
