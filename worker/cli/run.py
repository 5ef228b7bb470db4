"""`acende run`."""

from typing import Annotated

import typer

from worker import settings
from worker.cli.failure import Failure, Status
from worker.runtime import LoopFailed

app = typer.Typer(add_completion=False)


@app.command()
def run(
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="Only this role (may be repeated): ingest, provision, publish."),
    ] = None,
) -> None:
    """Run a worker until SIGTERM or Ctrl-C: it then finishes the command in hand and releases its OLTs."""
    from worker.app import run as work  # noqa: PLC0415 - everything a worker needs

    known = settings.load(**({"roles": ",".join(role)} if role else {}))
    try:
        work(known)
    except LoopFailed as error:
        raise Failure(f"the worker ends: {error}", Status.BUG) from None
