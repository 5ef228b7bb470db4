"""`acende retry`."""

from typing import Annotated

import typer

from worker.cli import output
from worker.cli.failure import Failure
from worker.cli.opened import opened
from worker.cli.output import Json, Who, Why
from worker.store import Connection, timelines
from worker.store.apply import request_retry

app = typer.Typer()
_REFUSED = {
    "unknown": "no order {order!r} is known, or it was only ever cancelled",
    "live": "{order} has no final result yet: it is being worked on, see `acende status {order}`",
}


@app.command()
def retry(
    order: Annotated[str, typer.Argument(metavar="ORDER")],
    why: Why = None,
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Have an order that failed, was cancelled or completed worked on once more."""
    name, reason = output.signed(who, why)
    with opened(configured=True) as (_, store, _):
        refused = store.run_sync(_retry, order, name, reason)
    if refused:
        raise Failure(_REFUSED.get(refused, refused).format(order=order))
    done = {"order": order, "action": "retry", "who": name, "why": reason}
    output.print_json(done) if as_json else output.console().print(f"{order} is tried again.", markup=False)


def _retry(conn: Connection, order: str, who: str, why: str) -> str | None:
    refused = request_retry(conn, order, who, why)
    if refused is None:
        timelines.note(conn, who, "retry", order, why)
    return refused
