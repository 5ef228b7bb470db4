"""A lease as its holder sees it: measured by a clock that also runs while the machine sleeps, renewed while it is worked under.

The clock is read before a renewal is sent, so that the holder always believes in less than the database grants. A line goes
to the OLT only if what is left exceeds the line's time-out by a margin: who wakes from a pause hangs up instead of sending.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar

from worker.clock import boottime
from worker.store import Connection, db, leases
from worker.store.db import Store, StoreUnavailable
from worker.store.leases import Lease, StaleLease

P = ParamSpec("P")
T = TypeVar("T")
_RETRY_S = 1.0
_SHORTEN_S = 1.0
"""A lease that was extended for a long line is made short again so soon after it: if this worker dies, nobody waits long."""
_NEAR_S = 10.0
"""A lease that is nearly as long as a line asks for is not extended: the extra time allows for it."""


@dataclass(frozen=True)
class LeaseRule:
    """Seconds. Before a line that an unextended lease may have no room for, it is extended to the line's time-out plus
    `long_extra_s`.
    """

    lease_s: float = 60.0
    renew_s: float = 15.0
    margin_s: float = 5.0
    long_extra_s: float = 30.0

    @property
    def room_s(self) -> float:
        """The longest time-out of a line for which there is room right before every renewal."""
        return self.lease_s - self.renew_s - self.margin_s


@dataclass
class HeldLease:
    """The right to work on one OLT. `read_at` is the clock's reading from before the lease was asked for."""

    store: Store
    lease: Lease
    rule: LeaseRule
    read_at: float
    clock: Callable[[], float] = boottime
    wanted_back: bool = False
    """A person wants the OLT to be left alone."""
    _until: float = field(init=False)
    _long: int = 0
    """Lines with a long time-out that are on their way."""
    _longer: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the last of them is over and the lease lasts longer than it need."""

    def __post_init__(self) -> None:
        """Until when it is believed in."""
        self._until = self.read_at + self.rule.lease_s

    @property
    def left_s(self) -> float:
        """Seconds for which it surely stands."""
        return self._until - self.clock()

    def may_send(self, timeout_s: float) -> None:
        """Raise StaleLease if what is left does not exceed a line's time-out by the margin."""
        if self.left_s <= timeout_s + self.rule.margin_s:
            raise StaleLease(self.lease.olt)

    @asynccontextmanager
    async def room_for(self, timeout_s: float) -> AsyncIterator[None]:
        """While the block runs, the lease is long enough for a line with this time-out.

        Raises StaleLease, StoreUnavailable. Afterwards `keep` makes it short again.
        """
        needed_s = timeout_s + self.rule.long_extra_s
        long = timeout_s > self.rule.room_s
        self._long += long
        try:
            if long and self.left_s < needed_s - _NEAR_S:
                await self.renew(needed_s)
            yield
        finally:
            self._long -= long
            if not self._long and self.left_s > self.rule.lease_s:
                self._longer.set()

    async def renew(self, lease_s: float | None = None) -> None:
        """Have it last `lease_s` from now; longer only while a long line is on its way.

        Raises StaleLease, StoreUnavailable.
        """
        read_at = self.clock()
        if read_at >= self._until:
            raise StaleLease(self.lease.olt)
        length_s = self.rule.lease_s if lease_s is None else lease_s
        if self._long:
            length_s = max(length_s, self._until - read_at)
        self._until = min(self._until, read_at + length_s)
        stands, self.wanted_back = await self.store.run(_renew, self.lease, length_s)
        self._until = read_at + length_s if stands else read_at
        if not stands:
            raise StaleLease(self.lease.olt)

    async def keep(self) -> None:
        """Renew it now and then, until it is lost. Raises StaleLease."""
        pause_s = self.rule.renew_s
        while True:
            await self._pause(pause_s)
            pause_s = self.rule.renew_s
            try:
                await self.renew()
            except StoreUnavailable:
                pause_s = min(_RETRY_S, self.rule.renew_s)

    async def _pause(self, seconds: float) -> None:
        """Wait for this long, or until shortly after a long line."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._longer.wait()
                await asyncio.sleep(_SHORTEN_S)
        self._longer.clear()

    async def release(self) -> None:
        """Give it up; where the database is away, it expires by itself."""
        self._until = self.clock()
        with contextlib.suppress(StoreUnavailable):
            await self.store.run(leases.release, self.lease)


async def patiently(
    held: HeldLease, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run a transaction, again and again while the database is away and the lease stands.

    Raises StoreUnavailable once it no longer does, and what `work` raises. `work` bears repetition: the commit of a run that
    failed may be in doubt.
    """
    while True:
        try:
            return await held.store.run(work, *args, **kwargs)
        except StoreUnavailable:
            if held.left_s <= 0:
                raise
            await asyncio.sleep(_RETRY_S / 2)


def _renew(conn: Connection, lease: Lease, lease_s: float) -> tuple[bool, bool]:
    return leases.renew(conn, lease, lease_s, db.now(conn)), leases.held(conn, lease)
