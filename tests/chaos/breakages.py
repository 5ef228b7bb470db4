"""What is broken, each in a shape of its own: `strike` breaks it for some seconds and mends it."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from tests.chaos.rogue import MANNERS, Rogue
from tests.chaos.stepped import set_ahead
from tests.chaos.wire import Wire
from tests.crash.desk import Desk
from tests.crash.reaper import Aim
from tests.crash.town import Site
from tests.crash.workers import IMPATIENT
from tests.support.freeze import killed
from vendors.simulator.faults import Fault
from vendors.simulator.rows import PluggedOnu

READ = r"^(display|show)\b"
"""Lines that change nothing."""
GARBLED = 2
"""So many garbled replies no order needs to fear: it is given up at the third."""
STEPS_S = (10.0, 240.0, 3600.0)


class Breakage(Protocol):
    """One kind of breakage."""

    async def strike(self) -> None:
        """Break it, wait, and mend it or see it mended."""
        ...


@dataclass
class BrokerKilled:
    """SIGKILL to Kafka, which comes up again by itself."""

    port: int

    async def strike(self) -> None:
        """See `Breakage`."""
        await asyncio.to_thread(killed, self.port)


@dataclass
class DatabaseKilled:
    """SIGKILL to PostgreSQL, which comes up again by itself."""

    port: int

    async def strike(self) -> None:
        """See `Breakage`."""
        await asyncio.to_thread(killed, self.port)


@dataclass
class DatabaseLocked:
    """Somebody else writes to the SQLite file, for longer than workers wait."""

    file: str
    rng: random.Random

    async def strike(self) -> None:
        """See `Breakage`."""
        with closing(sqlite3.connect(self.file, timeout=0, isolation_level=None)) as connection:
            for _ in range(100):
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    break
                except sqlite3.OperationalError:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(self.rng.choice((0.5, 4.0, 12.0)))


@dataclass
class DatabaseFar:
    """The wire to PostgreSQL: cut, slow, or dead for a while."""

    wire: Wire
    rng: random.Random

    async def strike(self) -> None:
        """See `Breakage`."""
        kind = self.rng.choice(("cut", "slow", "dead", "stuck"))
        self.wire.rtt_s = {"slow": self.rng.uniform(0.05, 0.4), "stuck": 30.0}.get(kind, 0.0)
        self.wire.dead = kind == "dead"
        if kind in {"cut", "dead"}:
            self.wire.cut()
        if kind != "cut":
            await asyncio.sleep(self.rng.uniform(1.0, 6.0))
        self.wire.rtt_s, self.wire.dead = 0.0, False
        if kind == "stuck":
            self.wire.cut()


@dataclass
class WorkersKilled:
    """SIGKILL to one or all, within an attempt or anywhere; they are started again."""

    aim: Aim
    held: asyncio.Lock

    async def strike(self) -> None:
        """See `Breakage`."""
        async with self.held:
            victims = await (
                self.aim.within_an_attempt() if self.aim.rng.random() < 0.5 else self.aim.anywhere()
            )
            await asyncio.gather(*(worker.kill() for worker in victims))
            for worker in victims:
                await worker.start()


@dataclass
class WorkersFrozen:
    """SIGSTOP to one, past its lease."""

    aim: Aim
    held: asyncio.Lock

    async def strike(self) -> None:
        """See `Breakage`."""
        async with self.held:
            victim = self.aim.rng.choice(await self.aim.within_an_attempt())
            await victim.freeze(float(IMPATIENT["ACENDE_LEASE_S"]) + self.aim.rng.uniform(0.2, 4.0))


@dataclass
class LinesBroken:
    """Lines to OLTs: cut, dropped, frozen, slow, garbled, or the OLT is away for a while."""

    sites: Sequence[Site]
    desk: Desk
    rng: random.Random
    _garbled: Counter[str] = field(default_factory=Counter)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def strike(self) -> None:
        """See `Breakage`."""
        async with self._one:
            await self._strike()

    async def _strike(self) -> None:
        site = self.rng.choice(self.sites)
        kind = self.rng.choice(("cut", "away", "drop", "drop", "freeze", "slow", "garble", "noise"))
        if kind == "cut":
            site.sim.hang_up()
        elif kind == "away":
            await site.sim.stop()
            await asyncio.sleep(self.rng.uniform(0.5, 5.0))
            await site.listen()
        else:
            site.sim.faults.add(*self._faults(kind))
            await asyncio.sleep(self.rng.uniform(1.0, 4.0))
            site.sim.faults.clear()

    def _faults(self, kind: str) -> list[Fault]:
        nth = self.rng.randint(1, 8)
        if kind == "drop":
            return [Fault(kind="drop", nth=nth, when=self._when(), times=self.rng.randint(1, 2))]
        if kind == "freeze":
            # What it has been sent it does at once: a line that takes effect later is not the worker's fault.
            when: Literal["after", "middle"] = "middle" if self._when() == "middle" else "after"
            return [Fault(kind="freeze", nth=nth, when=when, seconds=self.rng.uniform(0.5, 4.0))]
        if kind == "slow":
            return [Fault(kind="slow", pattern=READ, seconds=0.1, times=5)]
        if kind == "noise":
            return [Fault(kind=noise, times=3) for noise in ("alarm", "duplicate_echo")]
        return self._garble(nth)

    def _when(self) -> Literal["before", "after", "middle"]:
        return self.rng.choice(("before", "after", "middle"))

    def _garble(self, nth: int) -> list[Fault]:
        """One reply, unless some order has lived through as many as it can."""
        running = self.desk.unfinished()
        if any(self._garbled[name] >= GARBLED for name in running):
            return []
        self._garbled.update(running)
        return [Fault(kind="unknown", pattern=READ, nth=nth)]


@dataclass
class Strangers:
    """Units nobody has ordered light up: odd vendors, odd models."""

    sites: Sequence[Site]
    rng: random.Random

    async def strike(self) -> None:
        """See `Breakage`."""
        site = self.rng.choice(self.sites)
        number = self.rng.randrange(16**8)
        models = ("X" * 300, "F660\x85\x9b", "", "EG8145V5")
        odd = {f"{vendor}{number:08X}": self.rng.choice(models) for vendor in ("DD18", "DC80", "ABCD")}
        for serial, model in odd.items():
            site.olt.plug(PluggedOnu(serial, site.port(self.rng.randint(1, 7)), model=model))
        await asyncio.sleep(self.rng.uniform(1.0, 4.0))
        for serial in odd:
            site.olt.unplug(serial)


@dataclass
class RogueTurns:
    """The rogue takes up other manners."""

    rogue: Rogue
    rng: random.Random

    async def strike(self) -> None:
        """See `Breakage`."""
        self.rogue.manner = self.rng.choice((*MANNERS, None))
        await asyncio.sleep(self.rng.uniform(0.5, 3.0))


@dataclass
class ClockSet:
    """The database's clock is set ahead or back, and some seconds later right again."""

    file: Path
    rng: random.Random

    async def strike(self) -> None:
        """See `Breakage`."""
        set_ahead(self.file, self.rng.choice((-1, 1)) * self.rng.choice(STEPS_S))
        await asyncio.sleep(self.rng.uniform(2.0, 6.0))
        set_ahead(self.file, 0.0)
