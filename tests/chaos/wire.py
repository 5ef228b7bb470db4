"""The network between workers and PostgreSQL: it is late, dead, or cuts every connection."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from weakref import WeakSet

from bench.network import Network


@dataclass
class Wire(Network):
    """`dead`: nobody gets through. Whatever the server does, it goes on listening."""

    dead: bool = False
    _ends: WeakSet[asyncio.StreamWriter] = field(default_factory=WeakSet)

    def cut(self) -> None:
        """Reset every connection, in the middle of whatever it carries."""
        for end in list(self._ends):
            end.transport.abort()
        self._ends.clear()

    async def close(self) -> None:
        """Cut all, and listen no more."""
        self.cut()
        await super().close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        if self.dead:
            return writer.transport.abort()
        try:
            await super()._accept(reader, writer)
        except OSError:
            writer.transport.abort()
        return None
