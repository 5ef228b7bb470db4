"""Turns: a turn is one job taken under one lease. Their counters live with the lease; who leases OLTs counts its own.

Which job has the next turn is asked of the database: `worker.store.turns`.
"""

from dataclasses import dataclass
from typing import Self

LONGEST_DUE_EVERY = 8
"""Every so many turns, one goes to the job that has been due for longest."""
LOOKS_EVERY = 5
"""Of so many turns at most one goes to a repeated look, while other jobs are due."""


@dataclass(frozen=True)
class Turns:
    """How many turns have passed since one went to the longest due, and since one went to a repeated look."""

    since_longest_due: int = 0
    since_look: int = LOOKS_EVERY - 1

    @classmethod
    def of(cls, since_longest_due: int | None, since_look: int | None) -> Self:
        """As they are kept; None where none has been counted."""
        return cls(
            cls.since_longest_due if since_longest_due is None else since_longest_due,
            cls.since_look if since_look is None else since_look,
        )

    @property
    def to_longest_due(self) -> bool:
        """Whether the next turn goes to the job that has been due for longest, of any class."""
        return self.since_longest_due >= LONGEST_DUE_EVERY - 1

    @property
    def looks_wait(self) -> bool:
        """Whether a repeated look has the next turn only where nothing else is due."""
        return self.since_look < LOOKS_EVERY - 1

    @property
    def alike(self) -> int:
        """How many of the next turns, one at least, go by the same rule as long as none of them goes to a repeated look."""
        if self.to_longest_due:
            return 1
        normal = LONGEST_DUE_EVERY - 1 - self.since_longest_due
        return min(normal, LOOKS_EVERY - 1 - self.since_look) if self.looks_wait else normal

    def after(self, *, look: bool, late_save: bool) -> Self:
        """Once a turn is over: whether a repeated look had it, or a save at its latest time, which goes before any other."""
        passed = self.since_longest_due + 1
        return type(self)(
            since_longest_due=0 if self.to_longest_due and not late_save else passed,
            since_look=0 if look else min(self.since_look + 1, LOOKS_EVERY - 1),
        )


BEGUN = Turns()
"""None counted yet."""
