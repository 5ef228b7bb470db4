"""The breaker of an OLT: a pure state machine, kept in `olt_lease`.

Closed, it lets everybody in, with a pause after a failed connection. Failures in a row open it; then one connection is
tried whenever its time has come (half open). A login that was truly refused or a changed host key opens it at once, and
it stays open until a person acts: trying again could lock the account, or hand a password to a stranger. Who may try a
refused login again for once is decided in `worker.logins`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

REFUSED = "olt_login_refused"
FOR_A_PERSON = frozenset({REFUSED, "olt_host_key_changed"})
"""Codes that open the breaker until a person acts."""
BUSY = "olt_busy"
UNREACHABLE = "olt_unreachable"


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
    silent: bool = False
    """The last failure was no connection at all: nobody was there to refuse anything."""
    probed: bool = False
    """A pause of this outage was ended, because the OLT took a connection again: that is done once."""

    def lets_in(self, now: datetime) -> bool:
        """Whether a connection may be tried now."""
        if self.until is None:
            return self.state != "open"
        return self.until <= now

    def trying(self) -> "Breaker":
        """The state while the one connection of an open breaker is tried. What waits for a person is let in once:
        where nothing comes of it, it waits again.
        """
        if self.state == "open" and self.code in FOR_A_PERSON:
            return replace(self, until=None)
        return replace(self, state="half_open") if self.state == "open" else self

    def awaits_answer(self, now: datetime) -> bool:
        """Whether the pause ends as soon as the OLT takes a connection."""
        paused = self.state == "open" and self.until is not None and self.until > now
        return paused and self.silent and not self.probed and self.code == UNREACHABLE

    def answered(self, now: datetime) -> "Breaker":
        """The OLT takes connections again: the pause is over, once in an outage."""
        return replace(self, until=now, probed=True) if self.awaits_answer(now) else self


CLOSED = Breaker()


def after_failure(
    before: Breaker,
    code: str,
    text: str,
    now: datetime,
    policy: BreakerPolicy,
    spread: float = 0.0,
    *,
    silent: bool = False,
) -> Breaker:
    """The breaker after a connection failed with `code`; `spread` in -1 … 1 takes its place in the jitter.

    `silent`: no connection came about at all.
    """
    last = replace(before, code=code, text=text, silent=silent)
    if code in FOR_A_PERSON:
        return replace(last, state="open", failures=before.failures + 1, until=None)
    if code == BUSY:
        return replace(last, until=_later(now, policy.busy_s, policy, spread))
    failures = before.failures + 1
    if failures < policy.failures:
        pause = policy.pause_s * 2 ** (failures - 1)
        return replace(last, state="closed", failures=failures, until=_later(now, pause, policy, spread))
    pause = min(policy.first_s * 2.0 ** min(failures - policy.failures, 60), policy.longest_s)
    return replace(last, state="open", failures=failures, until=_later(now, pause, policy, spread))


def _later(now: datetime, seconds: float, policy: BreakerPolicy, spread: float) -> datetime:
    return now + timedelta(seconds=seconds * (1 + policy.jitter * spread))
