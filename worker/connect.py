"""Opening sessions: not too many at the same moment, and none held up by OLTs that do not answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from schemas.inventory import Olt
from vendors.registry import vendor
from vendors.session import Audit, Habits, MaySend, OltTarget, open_session
from worker.digest import of_login
from worker.olt_line import OpenSession


class Connect(Protocol):
    """Opens sessions with OLTs."""

    async def __call__(self, olt: Olt, audit: Audit, may_send: MaySend) -> OpenSession:
        """A session in the privileged mode. Raises what `open_session` raises."""

    def credential(self, olt: Olt, key: bytes) -> str | None:
        """The digest of what an OLT was last logged in to with, or was to be; None before that."""


@dataclass
class Connector:
    """The way to real OLTs. `target` knows the credentials."""

    target: Callable[[Olt], OltTarget]
    timeout_s: float = 15.0
    habits: dict[str, Habits] = field(default_factory=dict)
    _offered: dict[str, OltTarget] = field(default_factory=dict, repr=False)

    async def __call__(self, olt: Olt, audit: Audit, may_send: MaySend) -> OpenSession:
        """A session in the privileged mode."""
        target = self._offered[olt.id] = self.target(olt)
        return await open_session(
            vendor(olt.platform).adapter,
            target,
            audit=audit,
            may_send=may_send,
            habits=self.habits.setdefault(olt.id, Habits()),
            timeout_s=self.timeout_s,
        )

    def credential(self, olt: Olt, key: bytes) -> str | None:
        """The digest of user and password as they were last read for the OLT."""
        target = self._offered.get(olt.id)
        return of_login(target.username, target.password, key) if target else None


@dataclass
class Gate:
    """Lets `places` connections begin at the same moment. One that takes longer than `slow_s` gives its place up.

    Key exchange is what a crowd makes slow; an OLT that does not answer costs nothing but time.
    """

    places: int = 20
    slow_s: float = 1.0
    _free: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        """Places to be taken."""
        self._free = asyncio.Semaphore(self.places)

    async def through(self, opening: Callable[[], Awaitable[OpenSession]]) -> OpenSession:
        """What `opening` opens."""
        async with self._free:
            task = asyncio.ensure_future(opening())
            try:
                await asyncio.wait({task}, timeout=self.slow_s)
            except asyncio.CancelledError:
                task.cancel()
                raise
        return await task
