"""`acende orders`."""

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from worker.cli import output, words
from worker.cli.failure import Failure, Status
from worker.cli.opened import opened
from worker.cli.output import Json
from worker.store import timelines
from worker.store.db import Store
from worker.store.timelines import OrderView, Which

app = typer.Typer(add_completion=False)
_COLUMNS = ("ordem", "situação", "há", "serial", "lugar", "motivo")
_NARROW_COLUMNS = ("ordem", "situação", "há", "ONU", "motivo")
_NARROW = 110
_LOOK_S = 1.0
_AROUND = 6
"""Rows of a terminal that the table needs for itself."""


@app.command()
def orders(
    subject: Annotated[
        str | None, typer.Argument(metavar="[ORDER|SERIAL]", help="Only this order, or those of this serial.")
    ] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only orders without a final result.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Only failed ones.")] = False,
    parked: Annotated[bool, typer.Option("--parked", help="Only those whose attempts ran out.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 100,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Keep the table up to date, until Ctrl-C.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Orders, those that changed last first."""
    which, console = _which(waiting=waiting, failed=failed, parked=parked), output.console()
    if watch and (as_json or not console.is_terminal):
        raise Failure("--watch needs a terminal, and no --json", Status.USAGE)
    if subject is not None and (watch or which != "all"):
        raise Failure("an order or a serial is looked up alone, without --watch and a choice", Status.USAGE)
    with opened() as (_, store, _):
        if watch:
            _watch(console, store, which, limit)
        if subject is None:
            found = store.read_sync(timelines.orders, which, limit)
        else:
            found = store.read_sync(timelines.find, subject)[:limit]
    if as_json:
        output.print_json(found)
    else:
        console.print(_table(console, found) if found else "Nenhuma ordem.")


def _which(*, waiting: bool, failed: bool, parked: bool) -> Which:
    chosen: list[Which] = [*(("waiting",) if waiting else ()), *(("failed",) if failed else ())]
    chosen += ["parked"] if parked else []
    if len(chosen) > 1:
        raise Failure("choose one of --waiting, --failed, --parked", Status.USAGE)
    return chosen[0] if chosen else "all"


def _watch(console: Console, store: Store, which: Which, limit: int) -> None:
    with Live(console=console, auto_refresh=False) as live:
        while True:
            room = max(1, min(limit, console.height - _AROUND))
            live.update(_table(console, store.read_sync(timelines.orders, which, room)), refresh=True)
            time.sleep(_LOOK_S)


def _table(console: Console, found: list[OrderView]) -> Table:
    if console.width < _NARROW:
        return output.table("Ordens", _NARROW_COLUMNS, [_narrow_row(order) for order in found])
    return output.table("Ordens", _COLUMNS, [_row(order) for order in found])


def _row(order: OrderView) -> list[object]:
    return [
        order.id,
        words.state(order),
        output.ago(order.since),
        order.serial,
        f"{order.olt} {order.port}" if order.olt and order.port else order.olt,
        words.summary(order),
    ]


def _narrow_row(order: OrderView) -> list[object]:
    """The same with serial and place one below the other."""
    *head, serial, place, why = _row(order)
    return [*head, f"{serial or '–'}\n{place or ''}".rstrip(), why]
