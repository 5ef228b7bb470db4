"""Refused logins: who may try again, and when. Pure.

A RADIUS server that is away for a minute refuses everybody, and a password that is wrong is refused everywhere. So tries are
counted per credential, over all OLTs: few enough that no account is locked. One that is accepted anywhere says that the
credential is right, and everybody who was refused it may try once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_S = 60.0
"""After a refusal."""
AGAIN_S = 900.0
"""After the retry before."""
WITHIN = timedelta(hours=24)
KEPT = timedelta(days=90)
"""A credential that no OLT has accepted for so long is forgotten: it was changed, or it is time that a person looks."""


@dataclass(frozen=True)
class Credential:
    """A credential that has logged in: when it did so last on any OLT, and when it was retried, as far as that counts."""

    accepted_at: datetime
    retried: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """An OLT that refused the credential last `at`. `freed_at`: when it was last let try once more, not counted.

    `awaited`: orders wait there, and nobody wants it to be left alone.
    """

    olt: str
    at: datetime
    freed_at: datetime | None = None
    awaited: bool = True


@dataclass(frozen=True)
class Again:
    """Which OLTs may try once more: `freed` are not counted, `retry` is."""

    freed: tuple[str, ...] = ()
    retry: str | None = None


NOBODY = Again()


def again(known: Credential | None, refusals: Sequence[Refusal], now: datetime, retries: int) -> Again:
    """Who may try a refused credential again now. `retries`: how many in 24 h together; 0: nobody ever."""
    if known is None or retries <= 0:
        return NOBODY
    freed = tuple(refusal.olt for refusal in refusals if _freed(known, refusal, now))
    waiting = [refusal for refusal in refusals if refusal.awaited]
    if freed or len(counted(known, now)) >= retries:
        return Again(freed)
    ripe = [refusal for refusal in waiting if _passed(refusal.at, FIRST_S, now)]
    if not ripe or not all(_passed(at, AGAIN_S, now) for at in counted(known, now)):
        return NOBODY
    return Again(retry=min(ripe, key=lambda refusal: (refusal.at, refusal.olt)).olt)


def next_try(known: Credential | None, refusal: Refusal, now: datetime, retries: int) -> datetime | None:
    """When this OLT may try the credential again at the earliest, should orders wait there; None: only a person ends it."""
    if known is None or retries <= 0:
        return None
    tries = sorted(counted(known, now))
    pauses = [(refusal.at, FIRST_S), *((at, AGAIN_S) for at in tries)]
    earliest = [
        since + timedelta(seconds=pause_s) for since, pause_s in pauses if not _passed(since, pause_s, now)
    ]
    if len(tries) >= retries:
        earliest.append(tries[-retries] + WITHIN)
    retry = max(earliest, default=now)
    if known.accepted_at <= refusal.at:
        return retry
    return (
        now
        if _freed(known, refusal, now) or refusal.freed_at is None
        else min(retry, refusal.freed_at + WITHIN)
    )


def counted(known: Credential, now: datetime) -> tuple[datetime, ...]:
    """The retries of the last 24 h."""
    return tuple(at for at in known.retried if abs(now - at) < WITHIN)


def _freed(known: Credential, refusal: Refusal, now: datetime) -> bool:
    once = refusal.freed_at is None or abs(now - refusal.freed_at) >= WITHIN
    return once and known.accepted_at > refusal.at


def _passed(since: datetime, seconds: float, now: datetime) -> bool:
    """A time further ahead than that was written before the clock was set back: it holds nothing up."""
    return abs(now - since) >= timedelta(seconds=seconds)
