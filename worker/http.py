"""The HTTP side: /metrics, /livez (restart me if this fails), /readyz (send me work if this succeeds)."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from worker import logs, metrics
from worker.http_gate import GatedConfig
from worker.runtime import Beat
from worker.settings import ConfigurationError, Settings

log = logs.get(__name__)
_STOP_S = 2
_QUEUE = 512
"""Connections that the system keeps until they are accepted: one that is dropped comes again after a second."""

Faults = Callable[[], Sequence[str]]
"""What is wrong now, as short names; empty where nothing is."""
SlowFaults = Callable[[], Awaitable[Sequence[str]]]


def application(live: Faults, ready: SlowFaults) -> Starlette:
    """Answers 200 or 503, with the names of what is wrong."""

    async def metrics_page(request: Request) -> Response:
        page, content_type = metrics.exposition(request.headers.get("accept"))
        return Response(page, headers={"content-type": content_type})

    async def livez(_request: Request) -> Response:
        return _answer(live())

    async def readyz(_request: Request) -> Response:
        return _answer(await ready())

    return Starlette(
        routes=[Route("/metrics", metrics_page), Route("/livez", livez), Route("/readyz", readyz)]
    )


def _answer(faults: Sequence[str]) -> Response:
    return JSONResponse({"ok": not faults, "faults": list(faults)}, status_code=503 if faults else 200)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: signals are the worker's. Whoever is not accepted yet waits in a long queue."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(_QUEUE)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class Http:
    """The server as a loop of the worker. `port` is the one that it listens on, None before it does."""

    def __init__(self, settings: Settings, live: Faults, ready: SlowFaults) -> None:
        self._settings = settings
        config = GatedConfig(
            application(live, ready),
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=_STOP_S,
        )
        self._server = _Server(config)
        self.port: int | None = None

    async def run(self, stop: asyncio.Event, _beat: Beat) -> None:
        """Serve until `stop`. Raises ConfigurationError where the address cannot be had."""
        listener = self._listener()
        self.port = listener.getsockname()[1]
        log.info("http_listening", port=self.port)
        serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        self._server.should_exit = True
        stopping.cancel()
        await serving

    def _listener(self) -> socket.socket:
        host, port = self._settings.http_host, self._settings.http_port
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return socket.create_server((host, port), family=family, backlog=_QUEUE)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigurationError(
                f"ACENDE_HTTP_HOST, ACENDE_HTTP_PORT: cannot listen on {host} port {port}: {reason}"
            ) from None
