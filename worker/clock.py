"""The clock by which a holder judges its own lease, and what it tells of clocks that people set."""

import time
from dataclasses import dataclass, replace

JUMP_S = 5.0
"""A clock that is set by more has jumped."""
DOUBT_S = 300.0
"""So far ahead of what it showed, a clock is not believed until a person says so."""
_FOLLOWED = 0.1
"""Clocks run differently, and are slewed: a change of so much of the time that has passed is no jump."""


def boottime() -> float:
    """Seconds that also pass while the machine sleeps, where the system tells; else monotonic seconds."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


@dataclass(frozen=True)
class Reading:
    """What another clock has shown, seconds, at a moment between two readings of ours."""

    before: float
    shown: float
    after: float

    @property
    def least(self) -> float:
        """How far it is ahead of ours at least."""
        return self.shown - self.after

    @property
    def most(self) -> float:
        """How far it is ahead of ours at most."""
        return self.shown - self.before


@dataclass(frozen=True)
class Watch:
    """A clock that people may set, as seen from one that nobody sets. Pure: `after` is the next state. Seconds."""

    usual: float
    """How far it is ahead of ours."""
    trusted: float
    """The same, without jumps ahead that are not believed."""
    seen_at: float
    """Our clock at the latest reading."""
    ahead_s: float = 0.0
    """How far it shows more than is trusted, where it is in doubt."""
    jumps: int = 0
    """How often it has jumped ahead."""
    steps_back: int = 0
    jumped_at: float | None = None
    """Our clock when it was first seen after its latest jump ahead."""
    doubted_from: float = 0.0
    """What it showed then."""

    @classmethod
    def first(cls, reading: Reading) -> "Watch":
        """What a worker that has just started knows: it believes the clock."""
        return cls(reading.least, reading.least, reading.after)

    @property
    def in_doubt(self) -> bool:
        """Whether nothing is to end because of what it shows."""
        return self.ahead_s > 0

    def after(self, reading: Reading) -> "Watch":
        """What one reading more tells; one that was taken before the latest tells nothing."""
        if reading.after < self.seen_at:
            return self
        way = _FOLLOWED * (reading.after - self.seen_at)
        jumped = reading.least > self.usual + JUMP_S
        back = reading.most < self.usual - JUMP_S
        followed = _towards(self.usual, reading, way)
        seen = replace(
            self,
            usual=_towards(self.usual, reading, float("inf")) if jumped or back else followed,
            seen_at=reading.after,
            jumps=self.jumps + jumped,
            steps_back=self.steps_back + back,
            jumped_at=reading.after if jumped else self.jumped_at,
            doubted_from=reading.shown if jumped else self.doubted_from,
        )
        return seen._judged(reading, way)

    def _judged(self, reading: Reading, way: float) -> "Watch":
        ahead_s = reading.least - self.trusted
        if ahead_s > DOUBT_S:
            return replace(self, ahead_s=ahead_s)
        trusted = min(_towards(self.trusted, reading, way), reading.most)
        return replace(self, ahead_s=0.0, trusted=trusted)

    def accepted(self) -> "Watch":
        """A person says that what it shows is right."""
        return replace(self, trusted=self.usual, ahead_s=0.0)

    def jumped_s(self, at: float) -> float | None:
        """Seconds since its latest jump ahead, None where there was none."""
        return None if self.jumped_at is None else at - self.jumped_at


def _towards(lead: float, reading: Reading, way: float) -> float:
    """`lead`, moved at most `way` towards what the reading allows."""
    nearest = min(max(lead, reading.least), reading.most)
    return lead + min(max(nearest - lead, -way), way)
