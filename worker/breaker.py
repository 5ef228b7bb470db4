"""The breaker of an OLT: a pure state machine, kept in `olt_lease`.

Closed, it lets everybody in, with a pause after a failed connection. Failures in a row open it; then one connection is
tried whenever its time has come (half open). A login that was truly refused or a changed host key opens it at once, and
it stays open until a person acts: trying again could lock the account, or hand a password to a stranger.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

FOR_A_PERSON = frozenset({"olt_login_refused", "olt_host_key_changed"})
"""Codes that open the breaker until a person acts."""
BUSY = "olt_busy"


@dataclass(frozen=True)
class BreakerPolicy:
    """`failures` in a row open it; pauses in seconds."""

    failures: int = 3
    first_s: float = 30.0
    longest_s: float = 600.0
    pause_s: float = 5.0
    busy_s: float = 10.0
    jitter: float = 0.2


@dataclass(frozen=True)
class Breaker:
    """`until`: nobody connects before. Open without `until`: until a person acts."""

    state: Literal["closed", "open", "half_open"] = "closed"
    failures: int = 0
    until: datetime | None = None
    code: str | None = None
    text: str | None = None

    def lets_in(self, now: datetime) -> bool:
        """Whether a connection may be tried now."""
        if self.until is None:
            return self.state != "open"
        return self.until <= now

    def trying(self) -> "Breaker":
        """The state while the one connection of an open breaker is tried."""
        return replace(self, state="half_open") if self.state == "open" else self


CLOSED = Breaker()


def after_failure(
    before: Breaker, code: str, text: str, now: datetime, policy: BreakerPolicy, spread: float = 0.0
) -> Breaker:
    """The breaker after a connection failed with `code`; `spread` in -1 … 1 takes its place in the jitter."""
    if code in FOR_A_PERSON:
        return Breaker("open", before.failures + 1, None, code, text)
    if code == BUSY:
        return replace(before, until=_later(now, policy.busy_s, policy, spread), code=code, text=text)
    failures = before.failures + 1
    if failures < policy.failures:
        pause = policy.pause_s * 2 ** (failures - 1)
        return Breaker("closed", failures, _later(now, pause, policy, spread), code, text)
    pause = min(policy.first_s * 2.0 ** min(failures - policy.failures, 60), policy.longest_s)
    return Breaker("open", failures, _later(now, pause, policy, spread), code, text)


def _later(now: datetime, seconds: float, policy: BreakerPolicy, spread: float) -> datetime:
    return now + timedelta(seconds=seconds * (1 + policy.jitter * spread))
