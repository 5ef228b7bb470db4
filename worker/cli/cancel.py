"""`acende cancel`."""

from typing import Annotated

import typer

from worker.cli import output
from worker.cli.failure import Failure
from worker.cli.opened import opened
from worker.cli.output import Json, Who, Why
from worker.store import Connection, timelines
from worker.store.apply import request_cancel

app = typer.Typer()
_REFUSED = {
    "unknown": "no order {order!r} is known",
    "cancelled": "{order} is cancelled already",
    "cancel_after_completion": "{order} was completed too long ago: the ERP must return the unit instead",
}


@app.command()
def cancel(
    order: Annotated[str, typer.Argument(metavar="ORDER")],
    why: Why = None,
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Cancel an order; what it made on OLTs is removed, and nothing else."""
    name, reason = output.signed(who, why)
    with opened(configured=True) as (_, store, _):
        refused = store.run_sync(_cancel, order, name, reason)
    if refused:
        raise Failure(_REFUSED.get(refused, refused).format(order=order))
    done = {"order": order, "action": "cancel", "who": name, "why": reason}
    output.print_json(done) if as_json else output.console().print(
        f"{order} is being cancelled.", markup=False
    )


def _cancel(conn: Connection, order: str, who: str, why: str) -> str | None:
    refused = request_cancel(conn, order, who, why)
    if refused is None:
        timelines.note(conn, who, "cancel", order, why)
    return refused
