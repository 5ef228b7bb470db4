"""How far ahead of now what is due later can lie: further, and the clock was set back meanwhile. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from worker.breaker import BreakerPolicy
from worker.ledger import SaveRule
from worker.retry import RetryPolicy
from worker.verify import Patience

_BUG_S = 60.0
"""Pause after an unexpected error."""
_SLACK_S = 5.0
_REFUSED_LOGIN_S = 900.0
"""Longest pause after a refused login that is tried again by itself."""


@dataclass(frozen=True)
class Bounds:
    """Seconds. `jobs`: by kind, how far ahead its next run can lie; `breaker_s`: how far ahead a breaker's next trial can."""

    jobs: Mapping[str, float]
    breaker_s: float


def bounds(retry: RetryPolicy, patience: Patience, save: SaveRule, breaker: BreakerPolicy) -> Bounds:
    """What follows from how often things are tried."""
    again = max(retry.longest_s, retry.first_s) * (1 + retry.jitter)
    light = max(patience.light_poll_s, patience.light_poll_slow_s)
    jobs = {
        "provision": max(again, light, patience.online_poll_s),
        "deprovision": again,
        "scan": light,
        "save": max(again, save.debounce_s, save.latest_s),
        "plan": 0.0,
    }
    pause = max(breaker.longest_s, breaker.busy_s, breaker.pause_s * 2.0**breaker.failures, _REFUSED_LOGIN_S)
    return Bounds(
        {kind: max(seconds, _BUG_S) + _SLACK_S for kind, seconds in jobs.items()},
        pause * (1 + breaker.jitter) + _SLACK_S,
    )
