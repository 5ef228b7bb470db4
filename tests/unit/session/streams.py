"""A stream that says what a test tells it to: chunks at once, or as answers to what is written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from vendors.contract import Platform
from vendors.line import Expressions, Line


@dataclass
class Script:
    """`opening` comes first; every write that holds a line end takes the next of `answers` (chunks, None: end)."""

    opening: Sequence[bytes] = ()
    answers: list[Sequence[bytes | None]] = field(default_factory=list)
    written: bytearray = field(default_factory=bytearray)
    closed: bool = False
    _queue: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        for chunk in self.opening:
            self._queue.put_nowait(chunk)

    async def read(self) -> bytes:
        return await self._queue.get() or b""

    def write(self, data: bytes) -> None:
        self.written += data
        for chunk in self.answers.pop(0) if self.answers else ():
            self._queue.put_nowait(chunk)

    def say(self, chunk: bytes) -> None:
        """Say something unasked."""
        self._queue.put_nowait(chunk)

    async def close(self) -> None:
        self.closed = True


def line(script: Script, platform: Platform, host: str | None = None, quiet_s: float = 0.05) -> Line:
    """A line over a script; `host` is the pinned host name."""
    made = Line(script, platform, Expressions.of(platform, host), quiet_s=quiet_s)
    made.start()
    return made
