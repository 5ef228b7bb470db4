"""Whether OLTs take connections again: one TCP connection, closed at once; nothing is sent."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from schemas.inventory import Inventory, Olt
from worker.store import probes
from worker.store.db import Store

AT_ONCE = 100
"""OLTs that one worker probes at the same moment."""
TIMEOUT_S = 3.0

Probe = Callable[[Olt], Awaitable[bool]]


async def takes_connections(olt: Olt, timeout_s: float = TIMEOUT_S) -> bool:
    """Whether somebody takes a TCP connection at the OLT's address within `timeout_s`."""
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(olt.address, olt.tcp_port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(timeout_s):
            await writer.wait_closed()
    return True


async def probe_away(store: Store, inventory: Inventory, takes: Probe = takes_connections) -> Sequence[str]:
    """Probe the OLTs that are due for it; those that answered, whose pauses are over. Raises StoreError."""
    known = inventory.by_id
    if not await store.read(probes.wanted, known.keys()):
        return ()
    olts = await store.run(probes.claim, known.keys(), AT_ONCE)
    took = await asyncio.gather(*(takes(known[olt]) for olt in olts))
    if back := [olt for olt, taken in zip(olts, took, strict=True) if taken]:
        await store.run(probes.answered, back)
    return back
