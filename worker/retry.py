"""What follows a failure: a pure function of its reason code and of how often it was tried."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how soon. Times in seconds; `jitter` is the part by which pauses are spread either way."""

    attempts_max: int = 8
    first_s: float = 5.0
    longest_s: float = 300.0
    jitter: float = 0.2

    def pause(self, attempt: int, spread: float) -> float:
        """The pause after the failed try `attempt` (1, 2, …); `spread` in -1 … 1 takes its place in the jitter."""
        doubled = min(self.first_s * 2.0 ** min(attempt - 1, 60), self.longest_s)
        return doubled * (1 + self.jitter * spread)


@dataclass(frozen=True)
class RetryIn:
    """Observe and plan again after a pause; an attempt is used up."""

    seconds: float


@dataclass(frozen=True)
class Wait:
    """Observe and plan again after a pause; the deadline is used up, no attempt."""

    seconds: float


@dataclass(frozen=True)
class GiveUp:
    """Publish the failure. `parked`: the attempts ran out; a person decides."""

    code: str
    parked: bool = False


Decision = RetryIn | Wait | GiveUp


class Rule(StrEnum):
    """What a reason code asks for."""

    WAIT = "wait"
    """The OLT cannot be used now. That is no fault of the order."""
    RETRY = "retry"
    STOP = "stop"
    """Trying again would change nothing: a person or a new order must act."""


RULES: dict[str, Rule] = {
    "olt_unreachable": Rule.WAIT,
    "olt_busy": Rule.WAIT,
    "olt_held": Rule.WAIT,
    "olt_breaker_open": Rule.WAIT,
    "olt_login_refused": Rule.WAIT,
    "olt_host_key_changed": Rule.WAIT,
    "not_converged": Rule.RETRY,
    "internal_error": Rule.RETRY,
    "olt_refused": Rule.STOP,
    "olt_syntax": Rule.STOP,
    "serial_already_registered": Rule.STOP,
    "profile_missing": Rule.STOP,
    "port_full": Rule.STOP,
    "unknown_reply": Rule.STOP,
    "serial_registered_elsewhere": Rule.STOP,
    "serial_seen_twice": Rule.STOP,
    "serial_claimed": Rule.STOP,
    "no_light": Rule.STOP,
    "not_online": Rule.STOP,
    "onu_config_failed": Rule.STOP,
    "olt_deadline": Rule.STOP,
    "olt_unknown": Rule.STOP,
    "site_unknown": Rule.STOP,
    "platform_changed": Rule.STOP,
    "unknown_model": Rule.STOP,
    "not_an_onu": Rule.STOP,
    "no_provisioning_model": Rule.STOP,
    "order_incomplete": Rule.STOP,
    "wish_required": Rule.STOP,
    "service_variable_missing": Rule.STOP,
    "services_invalid": Rule.STOP,
    "secret_expired": Rule.STOP,
}
"""What each code that provisioning can meet asks for."""


READS_MAX = 3
"""So often is asked, each time on a new session, before a reply that no rule explains is believed to come again."""


def rule_of(code: str) -> Rule:
    """What `code` asks for; a code that stands nowhere stops."""
    return RULES.get(code, Rule.STOP)


def decide(code: str, attempt: int, policy: RetryPolicy, spread: float = 0.0) -> Decision:
    """What to do after try `attempt` (1, 2, …) ended with `code`.

    For codes that wait, `attempt` only lengthens the pause. `spread` in -1 … 1 is drawn by the caller.
    """
    rule = rule_of(code)
    if rule is Rule.STOP:
        return GiveUp(code)
    pause = policy.pause(attempt, spread)
    if rule is Rule.WAIT:
        return Wait(pause)
    return RetryIn(pause) if attempt < policy.attempts_max else GiveUp("attempts_exhausted", parked=True)


def decide_read(attempt: int, policy: RetryPolicy, spread: float = 0.0) -> RetryIn | GiveUp:
    """What to do after try `attempt` ended with a reply to a question that no rule explains: nothing was being changed."""
    if attempt < min(READS_MAX, policy.attempts_max):
        return RetryIn(policy.pause(attempt, spread))
    return GiveUp("unknown_reply")
