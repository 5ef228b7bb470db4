"""What follows a failure, as a table over the catalogue of reason codes."""

import pytest

from events.reasons import REASONS
from vendors.errors import ProvisioningError
from worker.retry import RULES, GiveUp, RetryIn, RetryPolicy, Rule, Wait, decide

POLICY = RetryPolicy()


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 300), (200, 300)]
)
def test_pauses_double_up_to_five_minutes(attempt: int, seconds: float) -> None:
    assert POLICY.pause(attempt, 0.0) == seconds


@pytest.mark.parametrize(("spread", "seconds"), [(-1, 4), (0, 5), (1, 6)])
def test_pauses_spread_by_a_fifth(spread: float, seconds: float) -> None:
    assert POLICY.pause(1, spread) == pytest.approx(seconds)


@pytest.mark.parametrize("code", ["not_converged", "internal_error"])
def test_what_may_pass_is_tried_again_until_the_attempts_ran_out(code: str) -> None:
    assert decide(code, 1, POLICY) == RetryIn(5)
    assert decide(code, 7, POLICY) == RetryIn(300)
    assert decide(code, 8, POLICY) == GiveUp("attempts_exhausted", parked=True)


@pytest.mark.parametrize("code", sorted(code for code, rule in RULES.items() if rule is Rule.WAIT))
def test_an_olt_that_cannot_be_used_never_uses_up_attempts(code: str) -> None:
    assert isinstance(decide(code, 1000, POLICY), Wait)


@pytest.mark.parametrize("code", sorted(code for code, rule in RULES.items() if rule is Rule.STOP))
def test_what_trying_cannot_change_stops_at_once(code: str) -> None:
    assert decide(code, 1, POLICY) == GiveUp(code)


def test_a_code_without_a_rule_is_never_tried_blindly() -> None:
    assert decide("something_new", 1, POLICY) == GiveUp("something_new")


def test_every_rule_is_of_the_catalogue() -> None:
    assert set(RULES) <= set(REASONS)


def _leaves(error: type[ProvisioningError]) -> list[type[ProvisioningError]]:
    below = [leaf for child in error.__subclasses__() for leaf in _leaves(child)]
    return below or [error]


@pytest.mark.parametrize("error", _leaves(ProvisioningError), ids=lambda error: error.__name__)
def test_every_error_of_a_vendor_has_a_rule(error: type[ProvisioningError]) -> None:
    assert error.code in RULES
