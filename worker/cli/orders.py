"""`acende orders`."""

from typing import Annotated

import typer

from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.opened import opened
from worker.cli.output import Json
from worker.store import timelines
from worker.store.timelines import OrderView, Which

app = typer.Typer()
_COLUMNS = ("order", "state", "stage", "for", "serial", "OLT", "port", "try", "reason")


@app.command()
def orders(
    waiting: Annotated[bool, typer.Option("--waiting", help="Only orders without a final result.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Only failed ones.")] = False,
    parked: Annotated[bool, typer.Option("--parked", help="Only those whose attempts ran out.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 100,
    as_json: Json = False,
) -> None:
    """Orders, those that changed last first."""
    which = _which(waiting=waiting, failed=failed, parked=parked)
    with opened() as (_, store, _):
        found = store.read_sync(timelines.orders, which, limit)
    if as_json:
        output.print_json(found)
        return
    output.console().print(output.table("Orders", _COLUMNS, [_row(order) for order in found]))


def _which(*, waiting: bool, failed: bool, parked: bool) -> Which:
    chosen: list[Which] = [*(("waiting",) if waiting else ()), *(("failed",) if failed else ())]
    chosen += ["parked"] if parked else []
    if len(chosen) > 1:
        raise Failure("choose one of --waiting, --failed, --parked", Status.USAGE)
    return chosen[0] if chosen else "all"


def _row(order: OrderView) -> list[object]:
    state = "parked" if order.parked else order.state
    return [
        order.id,
        state,
        order.stage if order.live else None,
        output.ago(order.since),
        order.serial,
        order.olt,
        order.port,
        order.attempts or None,
        order.text_pt,
    ]
