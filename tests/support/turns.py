"""The rule of turns once more, in plain Python over all due jobs: what the database's choice is compared with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DueJob:
    """A job that is due. `since`: when it became due, in seconds of any clock; `late`: a save at its latest time."""

    id: int
    kind: str
    since: float
    priority: int = 5
    first: bool = False
    late: bool = False

    @property
    def look(self) -> bool:
        """Whether it is a repeated look."""
        return self.kind == "scan" and not self.first


@dataclass
class Rule:
    """Who has the turn, one after another."""

    to_longest_due: int = 8
    """Turns until one goes to the longest due."""
    looks: list[bool] = field(default_factory=list)
    """Whether each turn so far went to a repeated look."""

    def next(self, due: Iterable[DueJob]) -> DueJob:
        """Take the turn; there is a due job."""
        jobs = sorted(due, key=lambda job: (job.since, job.id))
        chosen = self._choose(jobs)
        self.looks.append(chosen.look)
        longest = self.to_longest_due <= 1 and not chosen.late
        self.to_longest_due = 8 if longest else self.to_longest_due - 1
        return chosen

    def _choose(self, jobs: list[DueJob]) -> DueJob:
        """`jobs`: the longest due first."""
        for job in jobs:
            if job.late:
                return job
        if any(self.looks[-4:]):
            jobs = [job for job in jobs if not job.look] or jobs
        if self.to_longest_due <= 1:
            return jobs[0]
        best = max((job.priority, job.first) for job in jobs)
        return next(job for job in jobs if (job.priority, job.first) == best)
