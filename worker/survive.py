"""Unexpected errors that a loop survives: each is a metric and one line, and never a traceback beside the redactor."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from worker import logs, metrics

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


def tell(loop: str, event: str, error: BaseException, **where: Any) -> None:
    """Count the error and write its line. Never raises, whatever metrics and logs do."""
    with suppress(Exception):
        metrics.LOOP_ERRORS.labels(loop).inc()
    with suppress(Exception):
        log.error(event, **where, **logs.describe(error))
