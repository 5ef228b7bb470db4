"""A server that stops answering and keeps its connections, as behind a dead network; later it goes on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil


@contextmanager
def frozen(port: int) -> Iterator[None]:
    """While the block runs, the server that listens on `port` of this machine answers nobody."""
    process = _listener(port)
    if process is not None:
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)
        return
    import docker  # type: ignore[import-untyped]

    [container] = [one for one in docker.from_env().containers.list() if _publishes(one.ports, port)]
    container.pause()
    try:
        yield
    finally:
        container.unpause()


def _listener(port: int) -> psutil.Process | None:
    for process in psutil.process_iter(["name"]):
        if process.info["name"] != "java":
            continue
        connections = process.net_connections("tcp")
        if any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections):
            return process
    return None


def _publishes(ports: dict[str, list[dict[str, str]] | None], port: int) -> bool:
    return any(binding["HostPort"] == str(port) for bindings in ports.values() for binding in bindings or ())
