"""What follows a failure, as a table over the catalogue of reason codes."""

import pytest

from events.reasons import REASONS
from vendors.errors import ProvisioningError
from worker.retry import READS_MAX, RULES, GiveUp, RetryIn, RetryPolicy, Rule, Wait, decide, decide_read

POLICY = RetryPolicy()


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 300), (200, 300)]
)
def test_pauses_double_up_to_five_minutes(attempt: int, seconds: float) -> None:
    assert POLICY.pause(attempt, 0.0) == seconds


@pytest.mark.parametrize(("spread", "seconds"), [(-1, 4), (0, 5), (1, 6)])
def test_pauses_spread_by_a_fifth(spread: float, seconds: float) -> None:
    assert POLICY.pause(1, spread) == pytest.approx(seconds)


WAITS = ("olt_unreachable olt_busy olt_held olt_breaker_open olt_login_refused olt_host_key_changed").split()
RETRIES = "not_converged internal_error".split()
STOPS = (
    "olt_refused olt_syntax serial_already_registered profile_missing port_full unknown_reply"
    " serial_registered_elsewhere serial_seen_twice serial_claimed no_light not_online onu_config_failed olt_deadline"
    " olt_unknown site_unknown platform_changed unknown_model not_an_onu no_provisioning_model order_incomplete"
    " wish_required service_variable_missing services_invalid secret_expired"
).split()
"""What each code asks for, written down a second time: a rule that changes by mistake differs from it."""


def test_every_rule_is_as_it_was_decided() -> None:
    decided = {Rule.WAIT: WAITS, Rule.RETRY: RETRIES, Rule.STOP: STOPS}
    assert {code: rule for rule, codes in decided.items() for code in codes}.items() <= RULES.items()
    assert {code for code, rule in RULES.items() if rule is not Rule.STOP} == {*WAITS, *RETRIES}


@pytest.mark.parametrize("code", RETRIES)
def test_what_may_pass_is_tried_again_until_the_attempts_ran_out(code: str) -> None:
    assert decide(code, 1, POLICY) == RetryIn(5)
    assert decide(code, 7, POLICY) == RetryIn(300)
    assert decide(code, 8, POLICY) == GiveUp("attempts_exhausted", parked=True)


@pytest.mark.parametrize("code", WAITS)
def test_an_olt_that_cannot_be_used_never_uses_up_attempts(code: str) -> None:
    assert isinstance(decide(code, 1000, POLICY), Wait)


@pytest.mark.parametrize("code", STOPS)
def test_what_trying_cannot_change_stops_at_once(code: str) -> None:
    assert decide(code, 1, POLICY) == GiveUp(code)


@pytest.mark.parametrize(
    ("attempt", "follows"), [(1, RetryIn(5)), (2, RetryIn(10)), (3, GiveUp("unknown_reply"))]
)
def test_an_odd_reply_to_a_question_is_asked_for_three_times_in_all(attempt: int, follows: object) -> None:
    assert READS_MAX == 3
    assert decide_read(attempt, POLICY) == follows


def test_an_odd_reply_is_asked_for_no_more_often_than_anything_else() -> None:
    assert decide_read(1, RetryPolicy(attempts_max=1)) == GiveUp("unknown_reply")


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
