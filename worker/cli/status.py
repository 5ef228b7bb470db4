"""`acende status`."""

import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from worker.cli import output, page
from worker.cli.failure import Failure
from worker.cli.opened import opened
from worker.cli.output import Json
from worker.store import Connection, timelines
from worker.store.db import Store

app = typer.Typer(add_completion=False)
_LOOK_S = 0.5


@app.command()
def status(
    subject: Annotated[
        str, typer.Argument(metavar="ORDER|SERIAL", help="An order's id, or a serial in any form.")
    ],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Tell each step as it comes, until the final result.")
    ] = False,
    commands: Annotated[
        bool, typer.Option("--commands", "-c", help="Also show the lines sent to the OLT and their replies.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Where an order stands and how it came there: its timeline."""
    with opened() as (_, store, _):
        found = store.read_sync(look, subject)
        if not found["orders"] and not found["unit"] and not found["rejected"]:
            raise Failure(f"nenhuma ordem e nenhuma ONU do estoque é conhecida como {subject!r}")
        if as_json:
            output.print_json(_ended(store, subject) if follow else found)
        elif follow:
            _follow(output.console(), store, subject, commands=commands)
        else:
            _print(output.console(), found, commands=commands)


def look(conn: Connection, subject: str) -> dict[str, Any]:
    """All that is known of an order or a serial."""
    orders = timelines.find(conn, subject)
    return {
        "unit": timelines.unit(conn, orders[0].serial if orders and orders[0].serial else subject),
        "orders": [
            {
                "order": order,
                "jobs": timelines.jobs(conn, order.id),
                "timeline": timelines.steps(conn, order.id),
            }
            for order in orders
        ],
        "rejected": timelines.requests_rejected(conn, subject),
    }


def _live(found: dict[str, Any]) -> list[Any]:
    return [one["order"] for one in found["orders"] if one["order"].live]


def _ended(store: Store, subject: str) -> dict[str, Any]:
    """What is known once no order is live any more."""
    while _live(found := store.read_sync(look, subject)):
        time.sleep(_LOOK_S)
    return found


def _follow(console: Console, store: Store, subject: str, *, commands: bool) -> None:
    """Each step as it comes; then where the orders stand."""
    last: dict[str, int] = {}
    with output.live(console, "…") as spinner:
        while True:
            found = store.read_sync(look, subject)
            for one in found["orders"]:
                _tell(console, one, last, commands=commands)
            if not (live := _live(found)):
                break
            if spinner:
                spinner.update(Text(f"{live[0].id}: {live[0].text_pt or ''}"))
            time.sleep(_LOOK_S)
    for one in found["orders"]:
        console.print(page.head(one["order"]), page.facts(one["order"], one["jobs"]), sep="\n")


def _tell(console: Console, one: dict[str, Any], last: dict[str, int], *, commands: bool) -> None:
    """The steps of an order that were not told yet."""
    order, steps = one["order"].id, one["timeline"]
    new = [step for step in steps if step.id > last.get(order, 0)]
    for at, _, said in page.told(new, commands=commands):
        console.print(Text(f"{output.text(at)}  {order}  {said}"))
    last[order] = steps[-1].id if steps else 0


def _print(console: Console, found: dict[str, Any], *, commands: bool) -> None:
    for one in found["orders"]:
        order = one["order"]
        console.print(page.head(order), page.facts(order, one["jobs"]), sep="\n")
        console.print(page.timeline(one["timeline"], commands=commands))
    if rejected := found["rejected"]:
        console.print(page.rejected(rejected))
    if unit := found["unit"]:
        received = unit["received"] or {}
        row = [unit["serial"], received.get("model"), received.get("warehouse"), unit["lent_to"]]
        console.print(output.table("Estoque", ("serial", "modelo", "depósito", "emprestada à ordem"), [row]))
