"""The breaker of an OLT."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from worker.breaker import CLOSED, Breaker, BreakerPolicy, after_failure

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
POLICY = BreakerPolicy()
CENTURY = timedelta(days=36500)


def failed(times: int, code: str = "olt_unreachable", spread: float = 0.0) -> Breaker:
    breaker = CLOSED
    for _ in range(times):
        breaker = after_failure(breaker.trying(), code, "no answer", NOW, POLICY, spread)
    return breaker


def pause(breaker: Breaker) -> float:
    assert breaker.until
    return (breaker.until - NOW).total_seconds()


@pytest.mark.parametrize(
    ("times", "state", "seconds"),
    [(1, "closed", 5), (2, "closed", 10), (3, "open", 30), (4, "open", 60), (5, "open", 120), (9, "open", 600), (900, "open", 600)],
)  # fmt: skip
def test_failures_in_a_row_open_it_for_longer_and_longer(times: int, state: str, seconds: float) -> None:
    breaker = failed(times)
    assert (breaker.state, pause(breaker)) == (state, seconds)


@pytest.mark.parametrize("times", [1, 2, 3, 10])
def test_nobody_connects_before_its_time_and_somebody_afterwards(times: int) -> None:
    breaker = failed(times)
    assert not breaker.lets_in(NOW)
    assert breaker.until
    assert breaker.lets_in(breaker.until)


def test_half_open_it_opens_again_at_the_first_failure() -> None:
    trying = failed(3).trying()
    assert trying.state == "half_open"
    assert after_failure(trying, "olt_unreachable", "", NOW, POLICY).state == "open"


@pytest.mark.parametrize("code", ["olt_login_refused", "olt_host_key_changed"])
def test_a_refused_login_or_another_host_key_opens_it_until_a_person_acts(code: str) -> None:
    breaker = after_failure(CLOSED, code, "", NOW, POLICY)
    assert (breaker.state, breaker.until) == ("open", None)
    assert not breaker.lets_in(NOW + CENTURY)


def test_no_free_line_is_no_failure_but_a_pause() -> None:
    busy = after_failure(CLOSED, "olt_busy", "", NOW, POLICY)
    assert (busy.state, busy.failures, pause(busy)) == ("closed", 0, 10)


def test_pauses_spread_so_that_workers_do_not_knock_together() -> None:
    assert pause(failed(1, spread=1)) == pytest.approx(6)
    assert pause(failed(1, spread=-1)) == pytest.approx(4)


def test_closed_it_lets_everybody_in() -> None:
    assert CLOSED.lets_in(NOW)


def test_an_olt_whose_prompt_is_not_understood_is_a_failed_connection_that_is_tried_again() -> None:
    assert failed(1, "unknown_reply") == Breaker(
        "closed", 1, NOW + timedelta(seconds=5), "unknown_reply", "no answer"
    )
    assert (failed(3, "unknown_reply").state, pause(failed(3, "unknown_reply"))) == ("open", 30)


def silent(times: int) -> Breaker:
    breaker = CLOSED
    for _ in range(times):
        breaker = after_failure(breaker.trying(), "olt_unreachable", "", NOW, POLICY, silent=True)
    return breaker


@pytest.mark.parametrize(("times", "probed"), [(1, False), (2, False), (3, True), (9, True)])
def test_only_while_it_is_open_the_pause_ends_as_soon_as_the_olt_takes_connections(
    times: int, probed: bool
) -> None:
    breaker = silent(times)
    assert breaker.awaits_answer(NOW) is probed
    after = breaker.answered(NOW)
    assert after.lets_in(NOW) is probed
    assert after.failures == times


@pytest.mark.parametrize(
    "code", ["olt_login_refused", "olt_host_key_changed", "olt_busy", "internal_error", "unknown_reply"]
)
def test_nothing_but_no_connection_at_all_is_probed(code: str) -> None:
    after = after_failure(silent(4).trying(), code, "", NOW, POLICY)
    assert not after.awaits_answer(NOW)
    assert after.answered(NOW) == after


def test_a_connection_that_came_about_and_failed_is_not_probed() -> None:
    after = after_failure(silent(4), "olt_unreachable", "no login", NOW, POLICY)
    assert not after.awaits_answer(NOW)


def test_a_pause_is_ended_once_in_an_outage_and_a_failure_after_it_doubles_the_pause() -> None:
    after = after_failure(silent(4).answered(NOW).trying(), "olt_unreachable", "", NOW, POLICY, silent=True)
    assert (after.state, pause(after)) == ("open", 120)
    assert not after.awaits_answer(NOW)
    assert silent(3).awaits_answer(NOW), "the next outage begins with a closed breaker"


def test_a_pause_that_is_over_is_not_probed() -> None:
    breaker = silent(3)
    assert breaker.until
    assert not breaker.awaits_answer(breaker.until)


@pytest.mark.parametrize("code", ["olt_login_refused", "olt_host_key_changed"])
def test_what_waits_for_a_person_is_let_in_once_and_waits_again_where_nothing_comes_of_it(code: str) -> None:
    let_in = replace(after_failure(CLOSED, code, "", NOW, POLICY), until=NOW)
    assert let_in.lets_in(NOW)
    trying = let_in.trying()
    assert (trying.state, trying.code) == ("open", code)
    assert not trying.lets_in(NOW + CENTURY)
