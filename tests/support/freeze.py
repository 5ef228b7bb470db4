"""A server that stops answering and keeps its connections, as behind a dead network; one that is killed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil

from dev import machine

SERVERS = ("java", "postgres")


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
    container = _container(port)
    container.pause()
    try:
        yield
    finally:
        container.unpause()


def killed(port: int) -> None:
    """Kill the server that listens on `port`, by SIGKILL: one that was started with `restarts`. Nobody there: nothing."""
    if process := _listener(port):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    elif machine.docker_works() and (container := _container(port)):
        container.kill()
        container.start()


def _container(port: int) -> Any:
    import docker  # type: ignore[import-untyped]

    running = docker.from_env().containers.list()
    return next((one for one in running if _publishes(one.ports, port)), None)


def _listener(port: int) -> psutil.Process | None:
    for process in psutil.process_iter(["name"]):
        if process.info["name"] not in SERVERS:
            continue
        with suppress(psutil.NoSuchProcess):
            connections = process.net_connections("tcp")
            if any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections):
                return process
    return None


def _publishes(ports: dict[str, list[dict[str, str]] | None], port: int) -> bool:
    return any(binding["HostPort"] == str(port) for bindings in ports.values() for binding in bindings or ())
