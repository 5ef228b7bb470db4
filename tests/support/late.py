"""A network that delivers late: a proxy on loopback, each byte delayed on its way there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def late(port: int, rtt_s: float) -> AsyncIterator[int]:
    """The port that leads to `port` with this round trip, in seconds, while the block runs."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        back = None
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            there, back = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_pass(reader, back, rtt_s), _pass(there, writer, 0.0))
        for end in (writer, back):
            if end is not None:
                await _closed(end)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float) -> None:
    """What is asked waits for an answer, so that one delay for each piece is one for each round trip."""
    while data := await reader.read(65_536):
        await asyncio.sleep(delay_s)
        writer.write(data)
    writer.close()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
        await writer.wait_closed()
