"""Wake-up calls between loops and, on PostgreSQL, between workers: so that work need not wait for the next look.

A call only says "look now". It may be lost with a connection, so every waiter looks now and then by itself.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterable
from weakref import WeakSet

import psycopg
from sqlalchemy.engine import URL

_RECONNECT_S = 2.0


class Wakeup:
    """One waiter's call. Rings once for any number of calls since the last wait."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """End the wait in hand, or the next one at once."""
        self._rung.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait until it rings, at most `timeout_s` seconds; whether it rang."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        rung = self._rung.is_set()
        self._rung.clear()
        return rung


class Wakeups:
    """All calls of one process; with a URL, those of other processes on the same PostgreSQL too."""

    def __init__(self, url: URL | None) -> None:
        self._url = url
        self._waiting: defaultdict[str, WeakSet[Wakeup]] = defaultdict(WeakSet)
        self._shared: dict[str, Wakeup] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listener: asyncio.Task[None] | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ring in this loop from now on."""
        self._loop = loop

    def listen(self, channel: str) -> Wakeup:
        """A new call for `channel`, alive as long as somebody holds it. To be called in the loop."""
        self.attach(asyncio.get_running_loop())
        if self._url is not None and (self._listener is None or self._listener.done()):
            self._listener = asyncio.create_task(self._hear(), name="store-listen")
        call = Wakeup()
        self._waiting[channel].add(call)
        return call

    def shared(self, channel: str) -> Wakeup:
        """The one call of this process for `channel`."""
        if channel not in self._shared:
            self._shared[channel] = self.listen(channel)
        return self._shared[channel]

    def fire(self, channels: Iterable[str]) -> None:
        """Ring every call of `channels` in this process, from any thread."""
        if self._loop and not self._loop.is_closed():
            for channel in channels:
                with contextlib.suppress(RuntimeError):  # the loop was closed in between
                    self._loop.call_soon_threadsafe(self._ring, channel)

    def _ring(self, channel: str) -> None:
        for call in list(self._waiting.get(channel, ())):
            call.ring()

    def _ring_all(self) -> None:
        for channel in list(self._waiting):
            self._ring(channel)

    async def _hear(self) -> None:
        while True:
            with contextlib.suppress(psycopg.Error, OSError):
                await self._hear_once()
            await asyncio.sleep(_RECONNECT_S)

    async def _hear_once(self) -> None:
        assert self._url is not None
        conninfo = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        async with await psycopg.AsyncConnection.connect(
            conninfo, autocommit=True, connect_timeout=10
        ) as conn:
            await conn.execute("LISTEN acende")
            self._ring_all()  # what was called while nobody listened
            async for call in conn.notifies():
                self._ring(call.payload)

    async def aclose(self) -> None:
        """Stop listening to other processes."""
        if self._listener:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
            self._listener = None
