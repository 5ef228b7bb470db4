"""Waiting for what becomes true by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T | None]], within_s: float = 30.0, every_s: float = 0.05) -> T:
    """What `look` finds as soon as that is true; TimeoutError with what it found last."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not (found := await look()):
        if loop.time() > deadline:
            raise TimeoutError(f"not within {within_s} s; last: {found!r}")
        await asyncio.sleep(every_s)
    return found
