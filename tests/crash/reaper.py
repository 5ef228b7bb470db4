"""Kills workers at instants that the seed draws, and says of each what it cut off."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.crash.state import OpenAttempt, live_orders, open_attempts
from tests.crash.town import Site
from tests.crash.workers import Worker
from vendors.simulator.journal import Received
from worker.store.db import Store

BOTH = 0.2
"""Of several workers, all are killed at once this often."""
PATIENCE_S = 15.0
SETTLED_S = 0.05
"""Until everything that a killed process had sent has been read."""
QUESTIONS = (
    "display",
    "show",
    "terminal",
    "undo smart",
    "undo interactive",
    "scroll",
    "enable",
    "config",
    "interface",
    "quit",
    "return",
    "exit",
    "end",
    "save",
    "write",
)
"""How lines begin that may be sent outside an attempt."""


@dataclass(frozen=True)
class Instant:
    """One kill. `live`: orders that were live before and after it; `cut`: attempts between their first and last byte."""

    workers: tuple[str, ...]
    live: int
    cut: int


@dataclass
class Aim:
    """When to strike, and whom."""

    workers: Sequence[Worker]
    sites: dict[str, Site]
    rng: random.Random
    patience_s: float = PATIENCE_S

    async def anywhere(self) -> list[Worker]:
        """Some time after a worker has come up."""
        worker = self.rng.choice(self.workers)
        await worker.up()
        await asyncio.sleep(self.rng.uniform(0, 1.5))
        return await self._with_others(worker)

    async def within_an_attempt(self) -> list[Worker]:
        """Within an attempt, if all goes well: the first that is seen, or one some time later."""
        await self._change()
        await asyncio.sleep(self.rng.choice((0.0, 0.0, self.rng.uniform(0, 3.0))))
        name = await self._change()
        await asyncio.sleep(self.rng.uniform(0, 0.3))
        return await self._with_others(next(worker for worker in self.workers if worker.name == name))

    async def _change(self) -> str:
        """Wait until a worker is seen to change an OLT, for a while; its name, or anybody's."""
        since = time.time()
        while time.time() < since + self.patience_s:
            for worker in self.workers:
                worker.must_run()
            if name := self._changing(since):
                return name
            await asyncio.sleep(0.01)
        return self.rng.choice(self.workers).name

    def _changing(self, since: float) -> str | None:
        """A worker whose latest line on some OLT changes it."""
        latest = [site.olt.journal.lines[-1] for site in self.sites.values() if site.olt.journal.lines]
        ours = {worker.name for worker in self.workers}
        changes = [
            row.user for row in latest if row.user in ours and row.at > since and not _is_question(row)
        ]
        return self.rng.choice(changes) if changes else None

    async def _with_others(self, worker: Worker) -> list[Worker]:
        if len(self.workers) == 1 or self.rng.random() >= BOTH:
            return [worker]
        for other in self.workers:
            await other.up()
        return list(self.workers)


@dataclass
class Reaper:
    """`strike` kills and starts again, `cut_short` kills. `instants` are those that have been."""

    workers: Sequence[Worker]
    sites: dict[str, Site]
    store: Store
    rng: random.Random
    instants: list[Instant] = field(default_factory=list)
    aim: Aim = field(init=False)

    def __post_init__(self) -> None:
        """Of the same workers, drawn by the same seed."""
        self.aim = Aim(self.workers, self.sites, self.rng)

    @property
    def cut(self) -> int:
        """How many instants fell within an attempt."""
        return sum(instant.cut > 0 for instant in self.instants)

    async def strike(self) -> None:
        """Kill at the next instant, while an order is live, and start the workers again."""
        aims = 3 * self.cut < 2 * len(self.instants) or self.rng.random() < 0.5
        victims = await (self.aim.within_an_attempt() if aims else self.aim.anywhere())
        await self._kill(victims)
        for worker in victims:
            await worker.start()

    async def cut_short(self) -> None:
        """Kill all within an attempt, and start none again."""
        while True:
            await self.aim.within_an_attempt()
            await self._kill(self.workers)
            if self.instants[-1].cut:
                return
            for worker in self.workers:
                await worker.start()

    async def _kill(self, victims: Sequence[Worker]) -> None:
        while not (before := await self.store.read(live_orders)):
            await asyncio.sleep(0.02)
        began = {worker.name: worker.began_at for worker in victims}
        await asyncio.gather(*(worker.kill() for worker in victims))
        await asyncio.sleep(SETTLED_S)
        live = before & await self.store.read(live_orders)
        attempts = await self.store.read(open_attempts)
        cut = [one for one in attempts if self._is_cut(one, began.get(one.worker))]
        self.instants.append(Instant(tuple(began), len(live), len(cut)))

    # ------------------------------------------------------------------------------------------------------ what it cut

    def _is_cut(self, attempt: OpenAttempt, began_at: float | None) -> bool:
        """Whether a killed process, begun at `began_at`, had sent something of the attempt, but not its last line."""
        if began_at is None or attempt.at < began_at:
            return False
        rows = self.sites[attempt.olt].olt.journal.lines
        sent = [_text(row) for row in rows if row.user == attempt.worker and row.at >= attempt.at]
        last, _, _ = attempt.lines[-1].partition("*")
        return bool(sent) and not any(line.startswith(last) for line in sent)


def _is_question(row: Received) -> bool:
    return _text(row).startswith(QUESTIONS) or not row.line


def _text(row: Received) -> str:
    return row.line.decode("latin-1")
