"""How far ahead a due time can lie: as far as the program itself puts it at most, and hardly further."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.correlate.town import NOON
from worker.bounds import Bounds, bounds
from worker.breaker import Breaker, BreakerPolicy, after_failure
from worker.ledger import SaveRule
from worker.retry import RetryPolicy
from worker.verify import Patience

DEFAULT = bounds(RetryPolicy(), Patience(), SaveRule(), BreakerPolicy())


def test_the_bounds_of_the_defaults() -> None:
    assert (
        Bounds({"provision": 365.0, "deprovision": 365.0, "scan": 125.0, "save": 605.0, "plan": 65.0}, 1085.0)
        == DEFAULT
    )


@given(st.integers(1, 20), st.floats(-1, 1))
def test_no_retry_lies_further_ahead(attempt: int, spread: float) -> None:
    pause_s = RetryPolicy().pause(attempt, spread)
    assert all(pause_s < DEFAULT.jobs[kind] for kind in ("provision", "deprovision", "save"))


@given(st.integers(0, 40), st.floats(-1, 1), st.sampled_from(["olt_busy", "olt_unreachable"]))
def test_no_trial_of_a_breaker_lies_further_ahead(failures: int, spread: float, code: str) -> None:
    after = after_failure(Breaker(failures=failures), code, "", NOON, BreakerPolicy(), spread)
    assert after.until
    assert after.until - NOON < timedelta(seconds=DEFAULT.breaker_s)


@pytest.mark.parametrize("setting_s", [10.0, 5000.0])
def test_they_follow_the_settings(setting_s: float) -> None:
    retry, patience = RetryPolicy(longest_s=setting_s), Patience(light_poll_slow_s=setting_s)
    found = bounds(retry, patience, SaveRule(), BreakerPolicy(longest_s=setting_s))
    assert found.jobs["scan"] >= setting_s
    assert found.jobs["deprovision"] >= setting_s
    assert found.breaker_s >= setting_s


@pytest.mark.parametrize(
    ("more", "kind", "bound_s"),
    [
        ({"retry": RetryPolicy(first_s=1000, longest_s=300, jitter=0.1)}, "deprovision", 1105.0),
        ({"retry": RetryPolicy(first_s=1000, longest_s=2000, jitter=0.1)}, "provision", 2205.0),
        ({"retry": RetryPolicy(first_s=1000, longest_s=2000, jitter=0.1)}, "save", 2205.0),
        ({"retry": RetryPolicy(first_s=1, longest_s=2)}, "deprovision", 65.0),
        ({"patience": Patience(light_poll_s=2000)}, "scan", 2005.0),
        ({"patience": Patience(light_poll_slow_s=2000)}, "provision", 2005.0),
        ({"patience": Patience(online_poll_s=2000)}, "provision", 2005.0),
        ({"save": SaveRule(debounce_s=2000)}, "save", 2005.0),
        ({"save": SaveRule(latest_s=2000)}, "save", 2005.0),
        ({"save": SaveRule(latest_s=2000)}, "plan", 65.0),
    ],
)
def test_each_kind_is_bound_by_what_puts_it_furthest(more: dict[str, Any], kind: str, bound_s: float) -> None:
    given: dict[str, Any] = {
        "retry": RetryPolicy(),
        "patience": Patience(),
        "save": SaveRule(),
        "breaker": BreakerPolicy(),
    }
    assert bounds(**given | more).jobs[kind] == pytest.approx(bound_s)


@pytest.mark.parametrize(
    ("policy", "bound_s"),
    [
        (BreakerPolicy(longest_s=2000, jitter=0.1), 2205.0),
        (BreakerPolicy(busy_s=2000, jitter=0.1), 2205.0),
        (BreakerPolicy(pause_s=1000, failures=2, jitter=0.1), 4405.0),
        (BreakerPolicy(longest_s=1, jitter=0), 905.0),
    ],
)
def test_a_breaker_is_bound_by_its_longest_pause(policy: BreakerPolicy, bound_s: float) -> None:
    found = bounds(RetryPolicy(), Patience(), SaveRule(), policy)
    assert found.breaker_s == pytest.approx(bound_s)
