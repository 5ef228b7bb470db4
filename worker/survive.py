"""Unexpected errors that a loop survives: each is a metric and one line, and never a traceback beside the redactor."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from worker import logs, metrics
from worker.store.errors import StoreError, StoreUnavailable

log = logs.get(__name__)

ENDS = (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit)
"""What ends a task or the process. Anything else is survived: a panic of a compiled library is no `Exception`."""


@contextmanager
def survived(loop: str, event: str, **where: Any) -> Iterator[None]:
    """Whatever is raised inside is told as `event`, and goes no further."""
    try:
        yield
    except ENDS:
        raise
    except BaseException as error:  # noqa: BLE001 - see ENDS
        tell(loop, event, error, **where)


def tell(in_loop: str, event: str, error: BaseException, /, **where: Any) -> None:
    """Count the error and write its line. Never raises, whatever metrics and logs do."""
    with suppress(Exception):
        metrics.LOOP_ERRORS.labels(in_loop).inc()
    with suppress(Exception):
        log.error(event, **where, **logs.describe(error))


def waited(in_loop: str, error: StoreError, /, **where: Any) -> None:
    """A loop waits for the database: where it is there and refuses us, that is told as an error, not as its absence."""
    where = {"loop": in_loop} | where
    if not isinstance(error, StoreUnavailable):
        tell(in_loop, "store_faulty", error, **where)
        return
    metrics.STORE_WAITS.labels(in_loop).inc()
    log.warning("store_unavailable", **where, error=str(error))
