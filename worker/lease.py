"""A lease as its holder sees it: measured by a clock that also runs while the machine sleeps, renewed while it is worked under.

The clock is read before a renewal is sent, so that the holder always believes in less than the database grants. A line goes
to the OLT only if what is left exceeds the line's time-out by a margin: who wakes from a pause hangs up instead of sending.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar

from worker.clock import boottime
from worker.store import Connection, db, leases
from worker.store.db import Store, StoreFaulty, StoreUnavailable
from worker.store.leases import Lease, StaleLease

P = ParamSpec("P")
T = TypeVar("T")
LONGEST_S = 300.0
"""A slow database makes a lease no longer than this."""
_RETRY_S = 1.0
_SHORTEN_S = 1.0
"""A lease that was extended for a long line is made short again so soon after it: if this worker dies, nobody waits long."""
_LOOK_S = 2.0
"""How often the holder looks whether its lease is to be renewed."""
_REMEMBERED_S = 60.0


@dataclass(frozen=True)
class LeaseRule:
    """Seconds. What a lease is granted for, and when it is renewed. Pure."""

    lease_s: float = 60.0
    renew_s: float = 15.0
    margin_s: float = 5.0
    long_extra_s: float = 30.0

    @property
    def look_s(self) -> float:
        """How often is looked whether it is to be renewed."""
        return min(_LOOK_S, self.renew_s / 5)

    def length_s(self, timeout_s: float, slowest_s: float) -> float:
        """For how long it is granted to send lines with this time-out while a renewal takes up to `slowest_s`.

        A line for which there is no room has its time-out and `long_extra_s`.
        """
        usual_s = self._usual_s(timeout_s, slowest_s)
        return usual_s if self._fits(timeout_s, usual_s) else max(usual_s, timeout_s + self.long_extra_s)

    def enough_s(self, timeout_s: float, slowest_s: float) -> float:
        """While lines with this time-out are on their way, it is renewed once no more than this is left."""
        return timeout_s + self.margin_s + self.look_s + slowest_s

    def needed_s(self, timeout_s: float, slowest_s: float) -> float:
        """Before such a line it is renewed where no more than this is left."""
        if self._fits(timeout_s, self._usual_s(timeout_s, slowest_s)):
            return self.enough_s(timeout_s, slowest_s)
        return timeout_s + self.margin_s + self.renew_s

    def _usual_s(self, timeout_s: float, slowest_s: float) -> float:
        return max(self.lease_s, min(LONGEST_S, 4 * slowest_s + timeout_s))

    def _fits(self, timeout_s: float, length_s: float) -> bool:
        """Whether there is room for the line right before every renewal."""
        return timeout_s <= length_s - self.renew_s - self.margin_s


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
    _sending: list[float] = field(default_factory=list)
    """Time-outs of lines that are on their way."""
    _longer: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the last of them is over and the lease lasts longer than it need."""
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One renewal at a time: two at once might reach the database in another order than they come back."""
    _took: deque[tuple[float, float]] = field(default_factory=deque)
    """When the renewals of the last minute were over, and how long each took."""

    def __post_init__(self) -> None:
        """Until when it is believed in."""
        self._until = self.read_at + self.rule.lease_s

    @property
    def left_s(self) -> float:
        """Seconds for which it surely stands."""
        return self._until - self.clock()

    @property
    def slowest_s(self) -> float:
        """How long the slowest renewal of the last minute took."""
        while self._took and self._took[0][0] < self.clock() - _REMEMBERED_S:
            self._took.popleft()
        return max((seconds for _, seconds in self._took), default=0.0)

    def may_send(self, timeout_s: float) -> None:
        """Raise StaleLease if what is left does not exceed a line's time-out by the margin."""
        if self.left_s <= timeout_s + self.rule.margin_s:
            raise StaleLease(self.lease.olt)

    @asynccontextmanager
    async def room_for(self, timeout_s: float) -> AsyncIterator[None]:
        """While the block runs, the lease is long enough for lines with this time-out.

        Raises StaleLease, StoreUnavailable. Afterwards `keep` makes it short again.
        """
        self._sending.append(timeout_s)
        try:
            if self._lacks(timeout_s):
                async with self._one:
                    if self._lacks(timeout_s):
                        await self._renew(self.rule.length_s(self._timeout_s, self.slowest_s))
            yield
        finally:
            self._sending.remove(timeout_s)
            if self._too_long:
                self._longer.set()

    def _lacks(self, timeout_s: float) -> bool:
        return self.left_s <= self.rule.needed_s(timeout_s, self.slowest_s)

    @property
    def _timeout_s(self) -> float:
        return max(self._sending, default=0.0)

    @property
    def _suffices(self) -> bool:
        """Whether what is left suffices for the lines that are on their way, until it is looked at again."""
        return not self._sending or self.left_s > self.rule.enough_s(self._timeout_s, self.slowest_s)

    @property
    def _too_long(self) -> bool:
        usual_s = self.rule.length_s(0.0, self.slowest_s)
        return not self._sending and self.left_s > usual_s + self.rule.long_extra_s

    async def renew(self) -> None:
        """Have it last for as long as it is granted for from now; longer only while a long line is on its way.

        Raises StaleLease, StoreUnavailable.
        """
        async with self._one:
            await self._renew(self._length_s())

    def _length_s(self) -> float:
        if self._suffices:
            usual_s = self.rule.length_s(0.0, self.slowest_s)
            return max(usual_s, self.left_s) if self._sending else usual_s
        return self.rule.length_s(self._timeout_s, self.slowest_s)

    async def _renew(self, length_s: float) -> None:
        read_at = self.clock()
        if read_at >= self._until:
            raise StaleLease(self.lease.olt)
        self._until = min(self._until, read_at + length_s)
        stands, self.wanted_back = await self.store.run(_renew, self.lease, length_s)
        self._took.append((self.clock(), self.clock() - read_at))
        self._until = read_at + length_s if stands else read_at
        if not stands:
            raise StaleLease(self.lease.olt)

    async def keep(self) -> None:
        """Renew it where that is needed, until it is lost. Raises StaleLease."""
        while True:
            await self._pause(self.rule.look_s)
            rest_s = self.rule.lease_s - self.rule.renew_s + self.slowest_s
            if self._suffices and self.left_s > rest_s and not self._too_long:
                continue
            try:
                await self.renew()
            except (StoreUnavailable, StoreFaulty):
                await asyncio.sleep(min(_RETRY_S, self.rule.renew_s))

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
        with contextlib.suppress(StoreUnavailable, StoreFaulty):
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
