"""An OLT that keeps no promise: whoever connects is told what no OLT should say, or nothing, or far too much."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tests.crash.desk import Desk, Order
from tests.crash.town import Kind

KIND = Kind("velho-1", "velho-1", "velho", "huawei_smartax", "telnet", "Huawei", "EG8145V5")
MANNERS = ("chatter", "escapes", "garbage", "endless", "silence", "closing", "odd")
"""How it behaves; `refusing` is one more, which it takes up where it is told to: a breaker waits for a person then."""
REFUSING = "refusing"
FLOODS = {
    "chatter": b"\r\n  ALARM 4711 FAULT MAJOR\r\n  PARAMETERS : FrameID: 0, SlotID: 1\r\n",
    "escapes": b"\x1b[20000000C\x1b[" + b"5" * 5000 + b"A\x1b[999999;999999H\x1b[4096C\x08\x08" * 20,
    "endless": b"A\x08 B" * 500,
}
PATIENCE_S = 20.0
FLOOD_BYTES = 4_000_000
"""What it sends at most to one connection: it is to harm the worker, not the machine that runs the test."""


@dataclass
class Rogue:
    """`manner` is how it behaves to the next connection (None: one after the other), `met` to those that have come."""

    rng: random.Random
    manner: str | None = None
    met: list[str] = field(default_factory=list)
    row: dict[str, Any] = field(default_factory=dict)
    """Of the inventory."""
    _guests: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[Rogue]:
        """While the block runs, it listens on a port of 127.0.0.1."""
        server = await asyncio.start_server(self._receive, "127.0.0.1", 0)
        self.row = {"id": KIND.olt, "site": KIND.site, "platform": KIND.platform, "transport": KIND.transport}
        self.row |= {"address": "127.0.0.1", "port": server.sockets[0].getsockname()[1]}
        try:
            yield self
        finally:
            server.close()
            for guest in self._guests:
                guest.cancel()
            await asyncio.gather(*self._guests, return_exceptions=True)

    async def ordered(self, desk: Desk, order: Order) -> bool:
        """Ask for an order here, on boards like those of the place it was meant for; whether somebody has come for it."""
        met = len(self.met)
        order.site = replace(order.site, kind=KIND)
        await desk.start(order, anew=False)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(desk.until(lambda: len(self.met) > met), PATIENCE_S)
        return len(self.met) > met

    async def in_vain(self, desk: Desk, order: Order) -> None:
        """The story of a customer of this OLT, who loses patience."""
        await self.ordered(desk, order)
        await desk.moment(3.0)
        await desk.cancel(order)
        await desk.ends(order, "cancelled")

    def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = asyncio.create_task(self._talk(reader, writer))
        self._guests.add(guest)
        guest.add_done_callback(self._guests.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        manner = self.manner or MANNERS[len(self.met) % len(MANNERS)]
        self.met.append(manner)
        with contextlib.suppress(ConnectionError):
            try:
                await self._behave(reader, writer, manner)
            finally:
                writer.transport.abort()

    async def _behave(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, manner: str) -> None:
        if manner == "closing":
            return
        if manner == "silence":
            await reader.read(-1)
        elif manner == "odd":
            await self._log_in(reader, writer)
            while await reader.read(4096):
                writer.write(b"\r\n\xff\xff\x85<velho>\x9b 1 / ? \x00" + bytes([self.rng.randrange(256)]))
                await writer.drain()
        elif manner == REFUSING:
            await self._log_in(reader, writer)
            writer.write(b"\r\n  Username or password invalid.\r\n")
            await writer.drain()
        else:
            await self._flood(writer, manner)

    async def _log_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for question in (b"\r\n>>User name:", b"\r\n>>User password:"):
            writer.write(question)
            while b"\n" not in (typed := await reader.read(256)) and b"\r" not in typed and typed:
                pass

    async def _flood(self, writer: asyncio.StreamWriter, manner: str) -> None:
        for _ in range(FLOOD_BYTES // 4096):
            writer.write(FLOODS.get(manner) or self.rng.randbytes(4096))
            await writer.drain()
            await asyncio.sleep(0.001)
