"""Who may try a refused login again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.logins import NOBODY, Again, Credential, Refusal, again, next_try

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = 3600.0
DAY = 24 * HOUR


def at(seconds: float) -> datetime:
    """So many seconds after the refusal, which is at noon."""
    return NOON + timedelta(seconds=seconds)


def known(*retried: float, accepted: float = -DAY) -> Credential:
    return Credential(at(accepted), tuple(map(at, retried)))


def refused(
    olt: str = "a", seconds: float = 0, *, freed: float | None = None, awaited: bool = True
) -> Refusal:
    return Refusal(olt, at(seconds), None if freed is None else at(freed), awaited)


@pytest.mark.parametrize(
    ("now", "retried", "retry"),
    [
        (0, (), False),
        (59, (), False),
        (60, (), True),
        (8 * HOUR, (), True),
        (60, (0,), False),
        (899, (0,), False),
        (900, (0,), True),
        (60, (-840,), True),
        (900, (0, -1000), False),
        (DAY - 1001, (0, -1000), False),
        (DAY - 999, (0, -1000), True),
        (DAY + 1, (0, -1000), True),
    ],
)
def test_the_first_retry_is_60_s_after_a_refusal_the_second_15_minutes_later_and_no_third_in_24_h(
    now: float, retried: tuple[float, ...], retry: bool
) -> None:
    found = again(known(*retried), [refused()], at(now), 2)
    assert found == (Again(retry="a") if retry else NOBODY)


def test_a_credential_that_never_logged_in_is_never_retried() -> None:
    assert again(None, [refused()], at(DAY), 2) == NOBODY


def test_with_0_retries_nobody_tries_again_even_where_the_credential_is_accepted_elsewhere() -> None:
    assert again(known(accepted=100), [refused()], at(DAY), 0) == NOBODY


def test_with_1_retry_there_is_no_second() -> None:
    assert again(known(), [refused()], at(60), 1).retry == "a"
    assert again(known(60), [refused(seconds=61)], at(DAY), 1) == NOBODY


def test_one_olt_retries_for_all_that_who_was_refused_longest_ago() -> None:
    refusals = [refused("b", 5), refused("c", 1), refused("a", 5)]
    assert again(known(), refusals, at(100), 2) == Again(retry="c")
    assert again(known(100), [refused("c", 101), refused("b", 5), refused("a", 5)], at(1001), 2).retry == "a"


def test_an_olt_where_nobody_waits_takes_no_retry_from_the_others() -> None:
    assert again(known(), [refused("a", awaited=False), refused("b", 1)], at(100), 2) == Again(retry="b")
    assert again(known(), [refused("a", awaited=False)], at(100), 2) == NOBODY


def test_an_accepted_login_later_than_the_refusal_frees_everybody_who_was_refused_before_it() -> None:
    refusals = [refused("a", 0), refused("b", 10, awaited=False), refused("c", 30)]
    found = again(known(0, -1000, accepted=20), refusals, at(31), 2)
    assert found == Again(freed=("a", "b")), "not counted, and whatever retries there were"


def test_an_accepted_login_before_the_refusal_frees_nobody() -> None:
    assert again(known(accepted=0), [refused()], at(1), 2) == NOBODY


@pytest.mark.parametrize(("now", "freed"), [(DAY - 1, False), (DAY, True)])
def test_an_olt_is_freed_once_in_24_h(now: float, freed: bool) -> None:
    found = again(known(1, 901, accepted=50), [refused("a", 10, freed=0)], at(now), 2)
    assert found.freed == (("a",) if freed else ())


def test_who_was_freed_and_refused_again_still_has_the_retries() -> None:
    found = again(known(accepted=5), [refused("a", 10, freed=6)], at(70), 2)
    assert found == Again(retry="a")


@pytest.mark.parametrize("ahead", [HOUR, 400 * DAY])
def test_times_written_before_the_clock_was_set_back_hold_nothing_up(ahead: float) -> None:
    assert again(known(), [refused(seconds=ahead)], at(0), 2) == Again(retry="a")
    assert again(known(ahead), [refused(seconds=-100)], at(0), 2) == Again(retry="a")


def test_a_clock_that_was_set_back_gives_no_retries_beyond_their_number() -> None:
    assert again(known(HOUR, HOUR + 900), [refused(seconds=-100)], at(0), 2) == NOBODY


@given(st.lists(st.integers(0, 3 * 86_400), max_size=60), st.integers(0, 4))
def test_whatever_is_refused_when_in_any_24_h_no_more_retries_are_made_than_allowed(
    looks: list[int], retries: int
) -> None:
    """Every retry is refused; looks come at any second, for less than a microsecond is no time to a database."""
    made: list[float] = []
    last = {"a": -HOUR, "b": -1.0}
    for now in sorted(looks):
        found = again(known(*made), [refused(olt, when) for olt, when in last.items()], at(now), retries)
        assert not found.freed
        if found.retry:
            made.append(now)
            last[found.retry] = now
    for first in made:
        assert len([one for one in made if first <= one < first + DAY]) <= retries
    assert all(later - first >= 900 for first, later in pairwise(made))


# ------------------------------------------------------------------------------------------------ when that will be


@given(
    st.lists(st.integers(-2 * 86_400, 0), max_size=4),
    st.integers(-2 * 86_400, 0),
    st.none() | st.integers(-2 * 86_400, 0),
    st.integers(-3 * 86_400, 0),
    st.integers(1, 3),
)
def test_what_is_told_of_the_next_try_is_when_it_comes_and_no_sooner(
    retried: list[int], seconds: int, freed: int | None, accepted: int, retries: int
) -> None:
    credential, refusal = known(*retried, accepted=accepted), refused(seconds=seconds, freed=freed)
    told = next_try(credential, refusal, at(0), retries)
    assert told is not None
    assert told >= at(0)
    assert again(credential, [refusal], told, retries) != NOBODY
    if told > at(0):
        for part in (0.0, 0.5, 0.999):
            sooner = at(0) + (told - at(0)) * part
            assert again(credential, [refusal], sooner, retries) == NOBODY


def test_where_no_try_will_come_none_is_told() -> None:
    assert next_try(None, refused(), at(0), 2) is None
    assert next_try(known(), refused(), at(0), 0) is None


def test_a_refusal_written_before_the_clock_was_set_back_is_told_as_due() -> None:
    assert next_try(known(), refused(seconds=DAY), at(0), 2) == at(0)
